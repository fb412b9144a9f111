"""The founding document's augmentation of a face picture, as one draw (NumPy alone)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from puppet import augment_color as color
from puppet.augment_cloud import rebackground
from puppet.augment_hand import hand
from puppet.augment_warp import FacePicture, Random, flipped, turned, warped

Plates = list[NDArray[np.float32]]


def _painted(change: Callable[..., NDArray[np.float32]]) -> Callable[..., FacePicture]:
    return lambda face, rng: replace(face, picture=change(face.picture, rng))


# Every step by name: sheets show each alone, ablations leave some out.
STEPS: dict[str, Callable[[FacePicture, Random], FacePicture]] = {
    "flip": lambda face, rng: flipped(face),
    "turn": turned,
    "warp": warped,
    "background": lambda face, rng: rebackground(face, rng, over_face=False),
    "occlusion": rebackground,
    "hand": hand,
    "brightness": _painted(color.brightness),
    "hue": _painted(color.hue),
    "blur": _painted(color.blur),
    "motion": _painted(color.motion),
    "noise": _painted(color.noise),
}
# How often each step is taken.
CHANCES = {
    "flip": 0.5,
    "turn": 0.8,
    "warp": 0.4,
    "background": 0.0,
    "occlusion": 0.5,
    # Not of the founding document.
    "hand": 0.0,
    "brightness": 0.7,
    "hue": 0.5,
    "blur": 0.3,
    "motion": 0.2,
    "noise": 0.4,
}


def augmented(
    face: FacePicture,
    rng: Random,
    chances: dict[str, float] | None = None,
    plates: Plates | None = None,
) -> FacePicture:
    """One random augmentation; `chances` replaces some of the defaults, 0 leaves a step out."""
    taken = CHANCES | (chances or {})
    for name, step in STEPS.items():
        if rng.random() >= taken[name]:
            continue
        if name in ("background", "occlusion"):
            face = rebackground(face, rng, plates, name == "occlusion")
        else:
            face = step(face, rng)
    return face
