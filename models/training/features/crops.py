"""Crops as the landmark network is to see them, augmented, with their truth (NumPy alone)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from features.faces import FaceFrame, Pixels, halved
from puppet.augment import CHANCES, augmented
from puppet.augment_cloud import plain_or_made, swatch
from puppet.augment_warp import FacePicture, affine, flipped
from puppet.boxes import SCALES
from puppet.topology import Topology

Random = np.random.Generator
Plates = list[NDArray[np.float32]]
# Of the crops, this share is what a second look at 1.25 times the tight square sees.
NEAR_SHARE = 0.5
NEAR_SCALE = 1.25
# Weights of places by how well a picture tells them.
SEEN, HIDDEN, ABSENT, OUTSIDE = 1.0, 0.6, 0.1, 0.05
# Places farther outside of the crop than this share of it are not asked for.
MARGIN = 0.15
# Share of a shape's points that a cloud must leave, or it counts as gone.
LEFT = 0.2
NO_BACKGROUNDS = {"background": 0.0, "occlusion": 0.0, "hand": 0.0}


@dataclass(frozen=True)
class CropChoices:
    """What may vary about crops; ablations change it."""

    size: int = 160
    near_share: float = NEAR_SHARE
    degrees: float = 22.0
    scale_aware: bool = True
    # Crops as a second look sees them, always alike: no augmentation of any kind.
    plain: bool = False
    # Other backgrounds, and clouds before the face.
    backgrounds: bool = True
    # `turn` is part of the crop here; bends and smears cost most and are drawn less often.
    chances: dict[str, float] = field(
        default_factory=lambda: (
            CHANCES
            | {
                "turn": 0.0,
                "flip": 0.0,
                "warp": 0.25,
                "occlusion": 0.5,
                "hand": 0.25,
                "motion": 0.15,
                "blur": 0.35,
            }
        )
    )


@dataclass
class Crop:
    """One crop. Places are shares of it."""

    image: Pixels  # [S,S,3]
    places: NDArray[np.float32]
    weight: NDArray[np.float32]
    visible: NDArray[np.float32]
    present: NDArray[np.float32]  # of shapes; -1 where the crop does not show them


def near_box(frame: FaceFrame) -> tuple[float, float, float]:
    """Middle and side of the square that a second look sees."""
    left, top, side, _ = frame.tight
    return left + side / 2, top + side / 2, side * NEAR_SCALE


def drawn_box(frame: FaceFrame, rng: Random, near_share: float) -> tuple[float, float, float]:
    """Middle and side of a square, rough as an artist places it or as a second look has it."""
    left, top, side, _ = frame.tight
    if rng.random() < near_share:
        scale, shift = NEAR_SCALE * np.exp(rng.normal(0, 0.08)), rng.normal(0, 0.04, 2)
    else:
        scale = np.exp(rng.uniform(*np.log(SCALES)))
        shift = rng.uniform(-0.22, 0.22, 2) + rng.normal(0, 0.05, 2)
    x, y = np.array([left, top]) + side * (0.5 + shift)
    return float(x), float(y), float(side * scale)


def reduced(frame: FaceFrame, most: float) -> FaceFrame:
    """The frame at a half or a quarter, so that `most` of its pixels go to one of the crop."""
    picture, scale = frame.picture, 1.0
    while most / scale > 1.6:
        picture, scale = halved(picture), scale * 2
    if scale == 1.0:
        return frame
    tight = tuple(np.array(frame.tight) / scale)
    return replace(frame, picture=picture, landmarks=frame.landmarks / scale, tight=tight)


def looked_at(
    frame: FaceFrame, box: tuple[float, float, float], size: int, angle: float = 0.0
) -> tuple[FacePicture, NDArray[np.bool_]]:
    """The crop about a middle with a side, turned, and which of its pixels the picture holds."""
    x, y, side = box
    small = reduced(frame, side / size)
    share = small.picture.shape[1] / frame.picture.shape[1]
    share = small.tight[2] / frame.tight[2] if small is not frame else share
    zoom = size / (side * share)
    c, s = np.cos(angle) * zoom, np.sin(angle) * zoom
    matrix = np.array([[c, -s], [s, c]])
    offset = np.full(2, size / 2) - matrix @ (np.array([x, y]) * share)
    crop = affine(small.face(), matrix, offset, (size, size))
    row, column = np.mgrid[0:size, 0:size].astype(np.float32) + np.float32(0.5)
    back = np.stack([column - offset[0], row - offset[1]], -1) @ np.linalg.inv(matrix).T
    height, width = small.picture.shape[:2]
    inside = (back >= 0).all(-1) & (back[..., 0] < width) & (back[..., 1] < height)
    return crop, inside


def beyond(
    crop: FacePicture, inside: NDArray[np.bool_], rng: Random, plates: Plates
) -> FacePicture:
    """What lies outside of the picture: its border repeated, black, or another background."""
    kind = rng.random()
    if inside.all() or kind < 0.3:
        return crop
    width, height = crop.size
    if kind < 0.45:
        other = np.zeros_like(crop.picture)
    elif plates and kind < 0.8:
        other = swatch(plates[int(rng.integers(len(plates)))], rng, width, height)
    else:
        other = plain_or_made(rng, width, height)
    return replace(crop, picture=np.where(inside[..., None], crop.picture, other))


def shapes_left(
    frame: FaceFrame, before: FacePicture, after: FacePicture, topology: Topology
) -> NDArray[np.float32]:
    """Which shapes the crop shows: 1, 0, or -1 where all of their points lie outside of it."""
    size = before.size[0]
    inside = ((before.landmarks > 0) & (before.landmarks < size)).all(1)
    result = frame.shapes.astype(np.float32)
    for k, kind in enumerate(topology.shapes):
        bound = kind.bound()[1]
        seen = before.visible[bound].sum()
        if not inside[bound].any():
            result[k] = -1
        elif seen and after.visible[bound].sum() < LEFT * seen:
            result[k] = 0
    return result


def place_weights(face: FacePicture, choices: CropChoices) -> NDArray[np.float32]:
    """How much each place counts: less where it cannot be seen, more where the face is small."""
    places = face.landmarks / face.size[0]
    weight = np.where(face.visible, SEEN, np.where(face.present, HIDDEN, ABSENT))
    outside = ((places < -MARGIN) | (places > 1 + MARGIN)).any(1)
    weight = np.where(outside, OUTSIDE, weight)
    if choices.scale_aware:
        span = float(np.ptp(places, axis=0).max())
        weight = weight * np.clip(0.8 / max(span, 1e-6), 0.5, 3.0) ** 0.5
    return weight.astype(np.float32)


def drawn_crop(
    frame: FaceFrame, rng: Random, choices: CropChoices, topology: Topology, plates: Plates
) -> Crop:
    """One random crop of a frame, augmented."""
    size = choices.size
    if choices.plain:
        crop, _ = looked_at(frame, near_box(frame), size)
        return finished(crop, shapes_left(frame, crop, crop, topology), choices)
    angle = np.radians(rng.normal(0, choices.degrees / 2))
    box = drawn_box(frame, rng, choices.near_share)
    crop, inside = looked_at(frame, box, size, angle)
    before = beyond(crop, inside, rng, plates) if choices.backgrounds else crop
    chances = choices.chances | ({} if choices.backgrounds else NO_BACKGROUNDS)
    after = augmented(before, rng, chances, plates)
    shapes = shapes_left(frame, before, after, topology)
    if rng.random() < 0.5:
        after, shapes = flipped(after, topology), shapes[list(topology.shape_mirror)]
    return finished(after, shapes, choices)


def finished(after: FacePicture, shapes: NDArray[np.float32], choices: CropChoices) -> Crop:
    """A picture as the network takes it."""
    size = choices.size
    return Crop(
        image=np.clip(after.picture * 255 + 0.5, 0, 255).astype(np.uint8),
        places=(after.landmarks / size).astype(np.float32),
        weight=place_weights(after, choices),
        visible=after.visible.astype(np.float32),
        present=shapes,
    )
