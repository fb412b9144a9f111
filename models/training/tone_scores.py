"""Figures of a prediction against labels: confusion counts and per-class IoU, in NumPy alone.

Means over classes hide the rare highlight (a fraction of a percent of the pixels), so every figure
stays per class.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tone_classes import CLASSES, UNKNOWN

Counts = NDArray[np.int64]


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


def accuracy(counts: Counts) -> float:
    """Share of pixels with the right class."""
    return float(np.trace(counts) / max(1, counts.sum()))
