"""New light for a rendered frame: gains and colors per group of lights (NumPy alone).

A picture is linear in its lights, so one rendering holds many: key, rest (fill and rim) and world
are weighted anew and laid over what is behind. Labels follow. Thresholds are shares of what a white
surface shows under the key, so a stronger key changes no shadow; but another light mirrored in a
surface is a highlight only where it still stands out against the key.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labels import REC709_LUMA, Labels, Thresholds, classify
from layer_store import CHANNELS, GROUPS, span
from soft_labels import shares, strongest

RGB = tuple[float, float, float]
# Labels follow the key alone. Much brighter, the rim would outshine it, and what is labelled a
# shadow would be the brightest of the picture.
MOST_REST_STOPS = 0.6
# From here up to the most, fill and world are about as bright as rendered.
LEAST_RENDERED_STOPS = -0.7
WHITE: RGB = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Gains:
    """What each group of lights, and what is behind, is multiplied with."""

    key: RGB = WHITE
    rest: RGB = WHITE
    world: RGB = WHITE
    behind: RGB = WHITE

    @staticmethod
    def draw(rng: random.Random) -> Gains:
        """Random gains. The key stays at its strength: exposure is a look, drawn elsewhere."""
        return Gains(
            key=_tinted(rng, 1.0, 0.35),
            rest=_tinted(rng, _stops(rng, -3.0), 0.5),
            world=_tinted(rng, _stops(rng, -2.5), 0.4),
            behind=_tinted(rng, 2 ** rng.uniform(-2.0, 1.0), 0.3),
        )


# What labels are decided by, as maps (`key_maps`), and how much of the pixel is surface at all.
MAPS = ("facing", "open", "shine", "covered")


@dataclass(frozen=True)
class Relit:
    """A frame, or a crop of one, under its new light; exposure is not yet applied."""

    picture: NDArray[np.float32]  # [h, w, 3], linear
    labels: Labels
    soft: NDArray[np.float32]  # [5, h, w]
    subject: NDArray[np.float32]  # [h, w], share of the pixel
    maps: NDArray[np.float32] | None = None  # [4, h, w], as `MAPS`


AS_RENDERED = Gains()
AS_LABELLED = Thresholds()


def relight(
    layers: NDArray[np.floating],
    gains: Gains = AS_RENDERED,
    reference: float = 1.0,
    thresholds: Thresholds = AS_LABELLED,
) -> Relit:
    """A crop of the layers [channels,h,w] as a picture with its labels."""
    if layers.shape[0] != len(CHANNELS):
        raise ValueError(f"{layers.shape[0]} channels instead of {len(CHANNELS)}")
    planes = np.asarray(layers, np.float32)
    soft = shares(sub_labels(planes, gains, reference, thresholds))
    maps = key_maps(planes, gains, reference, thresholds)
    return Relit(
        picture=recombine(planes, gains),
        labels=strongest(soft),
        soft=soft,
        subject=planes[span("subject")].mean(0),
        maps=maps,
    )


def recombine(planes: NDArray[np.float32], gains: Gains) -> NDArray[np.float32]:
    """The linear picture [h,w,3]: weighted light over what is behind."""
    total = planes[span("behind")] * _column(gains.behind) * (1 - planes[span("alpha")])
    for group in GROUPS:
        total = total + planes[span(group)] * _column(getattr(gains, group))
    return np.ascontiguousarray(total.transpose(1, 2, 0))


def key_maps(
    planes: NDArray[np.float32], gains: Gains, reference: float, thresholds: Thresholds
) -> NDArray[np.float32]:
    """How near pixels are to the thresholds of classes, [4,h,w] in 0..1: each is a half there.

    `facing` is unoccluded key light, bent so that it differs up to full light, `open` how much of
    it no occluder holds back (nothing where there is none), `shine` is mirrored light; `covered`
    says where there is a surface.
    """
    unoccluded, occluded = planes[span("unoccluded")], planes[span("occluded")]
    facing = np.clip(unoccluded / reference, 0, 1) ** (math.log(0.5) / math.log(thresholds.shade))
    lit = np.maximum(unoccluded, 1e-6 * reference)
    open_to_key = occluded / lit * (0.5 / thresholds.cast)
    shine = mirrored(planes, gains) / (2 * thresholds.highlight * reference)
    maps = [np.clip(plane, 0, 1).mean(0) for plane in (facing, open_to_key, shine)]
    return np.stack([*maps, np.clip(planes[span("alpha")][0], 0, 1)]).astype(np.float32)


def mirrored(planes: NDArray[np.float32], gains: Gains) -> NDArray[np.float32]:
    """Luminance of mirrored light of each sub-pixel, [4,h,w], in shares of the key's gain."""
    strength = {group: float(np.dot(REC709_LUMA, getattr(gains, group))) for group in GROUPS}
    if not strength["key"] > 0:
        raise ValueError("without a key there are no shadows to name")
    gloss = sum(planes[span(f"gloss_{group}")] * strength[group] for group in GROUPS)
    return np.asarray(gloss / strength["key"], np.float32)


def sub_labels(
    planes: NDArray[np.float32], gains: Gains, reference: float, thresholds: Thresholds
) -> Labels:
    """Class numbers of each sub-pixel, [4,h,w]."""
    return classify(
        planes[span("occluded")],
        planes[span("unoccluded")],
        mirrored(planes, gains),
        planes[span("subject")] > 0.5,
        reference,
        thresholds,
    )


def _stops(rng: random.Random, least: float) -> float:
    """A gain of fill or world: half of the time about as rendered, when shadows are hardest."""
    return 2 ** rng.uniform(rng.choice((least, LEAST_RENDERED_STOPS)), MOST_REST_STOPS)


def _tinted(rng: random.Random, level: float, tint: float) -> RGB:
    """A color of the given luminance, half of the time without any hue."""
    if rng.random() < 0.5:
        return (level, level, level)
    color = [1 - tint * rng.random() for _ in range(3)]
    scale = level / float(np.dot(REC709_LUMA, color))
    return (color[0] * scale, color[1] * scale, color[2] * scale)


def _column(color: RGB) -> NDArray[np.float32]:
    return np.array(color, np.float32)[:, None, None]
