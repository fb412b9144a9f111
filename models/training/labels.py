"""Tone labels from render passes, in NumPy alone.

The seed's rule thresholds the beauty's own passes. That calls every metal a shadow (no diffuse
pass) and every dark albedo one too. Here a white override layer under the key light alone,
rendered with and without occluders, says what light does, whatever the surface is made of.

All thresholds are shares of one reference per shot: what that white layer shows where the key falls
in at a right angle. A reference per frame (a percentile, say) would let classes flicker.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tone_classes import BACKGROUND, CAST_SHADOW, DIFFUSE_SHADOW, HIGHLIGHT, MATERIAL

Plane = NDArray[np.float32]
Labels = NDArray[np.uint8]

REC709_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


@dataclass(frozen=True)
class Thresholds:
    """Where one class ends and the next begins; shares of the shot's reference."""

    # Unoccluded key light below this: the surface faces away (0.2 is 78 degrees off the key).
    shade: float = 0.2
    # Occluded over unoccluded key light below this: inside the cast shadow's half-light line.
    cast: float = 0.5
    # Mirrored light above this: a highlight. A white matte surface facing the key shows 1.
    highlight: float = 0.25


def luminance(rgb: NDArray[np.float32]) -> Plane:
    """Rec. 709 luminance of a linear picture; NaN and infinity count as none."""
    value = np.nan_to_num(rgb.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0) @ REC709_LUMA
    return np.asarray(value, np.float32)


def median3(plane: Plane) -> Plane:
    """3x3 median. Direct passes are not denoised, and single bright samples would be highlights."""
    padded = np.pad(plane, 1, mode="edge")
    height, width = plane.shape
    shifts = [padded[y : y + height, x : x + width] for y in range(3) for x in range(3)]
    return np.asarray(np.median(np.stack(shifts), axis=0), np.float32)


def classify(
    occluded: Plane,
    unoccluded: Plane,
    glossy: Plane,
    subject: NDArray[np.bool_],
    reference: float,
    thresholds: Thresholds = Thresholds(),
) -> Labels:
    """Class numbers of one frame.

    `occluded` and `unoccluded` are the white layer's luminance under the key with and without
    occluders; `glossy` is the luminance of mirrored light in the beauty layer. Order of precedence:
    highlight, cast shadow, diffuse shadow, material; outside the subject only a cast shadow is not
    background.
    """
    if not reference > 0.0:
        raise ValueError("the reference of a shot must be positive")
    faces_key = unoccluded >= thresholds.shade * reference
    shadowed = faces_key & (occluded < thresholds.cast * unoccluded)
    shines = glossy > thresholds.highlight * reference

    labels = np.full(subject.shape, BACKGROUND, np.uint8)
    labels[subject] = MATERIAL
    labels[subject & ~faces_key] = DIFFUSE_SHADOW
    labels[shadowed] = CAST_SHADOW
    labels[subject & shines] = HIGHLIGHT
    return labels


def class_counts(labels: Labels) -> list[int]:
    """Pixels of each class."""
    return [int(n) for n in np.bincount(labels.ravel(), minlength=5)[:5]]
