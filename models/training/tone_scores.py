"""Figures of a prediction against labels: confusion counts and per-class IoU, in NumPy alone.

Means over classes hide the rare highlight (a fraction of a percent of the pixels), so every figure
stays per class.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tone_classes import CLASSES, UNKNOWN

Counts = NDArray[np.int64]
Classes = NDArray[np.uint8]


def confusion(labels: NDArray[np.uint8], predicted: NDArray[np.integer]) -> Counts:
    """5x5 pixel counts, one row per true class; pixels of unknown truth do not count."""
    classes = len(CLASSES)
    known = labels != UNKNOWN
    pairs = labels[known].astype(np.int64) * classes + predicted[known].astype(np.int64)
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def iou(counts: Counts) -> dict[str, float | None]:
    """Intersection over union of each class; None where truth and prediction both lack it."""
    hit = np.diag(counts)
    union = counts.sum(0) + counts.sum(1) - hit
    return {
        name: (float(hit[k] / union[k]) if union[k] else None) for k, name in enumerate(CLASSES)
    }


def flicker(
    labels: tuple[Classes, Classes], found: tuple[Classes, Classes], motion: NDArray[np.floating]
) -> tuple[int, int]:
    """Of a frame's pixels [h, w] that keep their label on their way [2, h, w] to the next frame,
    how many there are, and how many of them change what was found."""
    height, width = labels[0].shape
    y, x = np.indices((height, width))
    to_x, to_y = np.rint(x + motion[0]).astype(int), np.rint(y + motion[1]).astype(int)
    there = (to_x >= 0) & (to_x < width) & (to_y >= 0) & (to_y < height) & (labels[0] != UNKNOWN)
    to = (to_y[there], to_x[there])
    same = labels[0][there] == labels[1][to]
    changed = found[0][there] != found[1][to]
    return int(same.sum()), int((same & changed).sum())


def accuracy(counts: Counts) -> float:
    """Share of pixels with the right class."""
    return float(np.trace(counts) / max(1, counts.sum()))
