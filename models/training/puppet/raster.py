"""Masks of shapes, for checks and contact sheets (NumPy alone)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from puppet.cubic import Array, Shape


def inside(ring: Array, width: int, height: int) -> NDArray[np.bool_]:
    """Pixels whose middle lies inside a closed line [n,2], by the even-odd rule."""
    mask = np.zeros((height, width), bool)
    x = np.arange(width) + 0.5
    ends = np.roll(ring, -1, axis=0)
    for row in range(height):
        y = row + 0.5
        crossed = (ring[:, 1] <= y) != (ends[:, 1] <= y)
        if not crossed.any():
            continue
        a, b = ring[crossed], ends[crossed]
        at = a[:, 0] + (y - a[:, 1]) / (b[:, 1] - a[:, 1]) * (b[:, 0] - a[:, 0])
        mask[row] = (at[:, None] < x).sum(0) % 2 == 1
    return mask


def mask_of(shape: Shape, width: int, height: int) -> NDArray[np.bool_]:
    """A closed shape's pixels."""
    return inside(shape.sampled(24), width, height)


def overlap(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    """Intersection over union; 1 where both are empty."""
    union = (a | b).sum()
    return float((a & b).sum() / union) if union else 1.0


def line_pixels(points: Array, width: int, height: int) -> tuple[NDArray, NDArray]:
    """Rows and columns of the pixels along a line of close points."""
    steps = np.linspace(0, 1, 8, endpoint=False)[None, :, None]
    dense = (points[:-1, None] * (1 - steps) + points[1:, None] * steps).reshape(-1, 2)
    column, row = np.floor(dense).astype(int).T
    there = (column >= 0) & (row >= 0) & (column < width) & (row < height)
    return row[there], column[there]
