"""What the face finder trains on: faces of any size, anywhere, before any background (NumPy)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from features.crops import Plates, beyond, reduced
from features.faces import FaceFrame, Pixels
from puppet.augment import CHANCES, augmented
from puppet.augment_cloud import plain_or_made, swatch
from puppet.augment_warp import affine

Random = np.random.Generator
SIZES_PX = (20.0, 260.0)  # of tight squares
# Canvases: wide, square, tall.
CANVASES = ((320, 176), (320, 192), (320, 224), (320, 320), (192, 320))
NO_FACE = 0.12
STEPS = CHANCES | {"turn": 0.0, "warp": 0.0, "occlusion": 0.35, "motion": 0.05, "blur": 0.2}


@dataclass
class Canvas:
    """A frame with the middle and the side of its face in pixels; without any, the side is 0."""

    image: Pixels  # [H,W,3]
    face: NDArray[np.float32]  # x, y, side


def canvas(image: Pixels, face: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Canvas:
    """A canvas with its face, or without any."""
    return Canvas(image, np.array(face, np.float32))


def drawn_canvas(frame: FaceFrame, rng: Random, size: tuple[int, int], plates: Plates) -> Canvas:
    """A frame's face put somewhere into a canvas, or a background alone."""
    width, height = size
    if rng.random() < NO_FACE:
        empty = plain_or_made(rng, width, height)
        if plates and rng.random() < 0.6:
            empty = swatch(plates[int(rng.integers(len(plates)))], rng, width, height)
        return canvas(_bytes(empty))
    side = np.exp(rng.uniform(*np.log(SIZES_PX)))
    small = reduced(frame, frame.tight[2] / side)
    angle, zoom = rng.normal(0, 0.12), side / small.tight[2]
    c, s = np.cos(angle) * zoom, np.sin(angle) * zoom
    matrix = np.array([[c, -s], [s, c]])
    middle = np.array(small.tight[:2]) + small.tight[2] / 2
    at = rng.uniform(-0.02, 1.02, 2) * size
    offset = at - matrix @ middle
    face = affine(small.face(), matrix, offset, size)
    row, column = np.mgrid[0:height, 0:width].astype(np.float32) + np.float32(0.5)
    back = np.stack([column - offset[0], row - offset[1]], -1) @ np.linalg.inv(matrix).T
    tall, wide = small.picture.shape[:2]
    inside = (back >= 0).all(-1) & (back[..., 0] < wide) & (back[..., 1] < tall)
    face = replace(face, visible=np.ones_like(face.visible), present=np.ones_like(face.present))
    face = beyond(face, inside, rng, plates)
    face = augmented(face, rng, STEPS | {"flip": 0.0}, plates)
    image = _bytes(face.picture)
    if rng.random() < 0.5:
        image, at = np.ascontiguousarray(image[:, ::-1]), np.array([width - at[0], at[1]])
    return canvas(image, (float(at[0]), float(at[1]), float(side)))


def _bytes(picture: NDArray[np.float32]) -> Pixels:
    return np.clip(picture * 255 + 0.5, 0, 255).astype(np.uint8)
