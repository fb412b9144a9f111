"""Blur of planes [n,h,w]: Gaussian, a lens out of focus, an open shutter (NumPy alone)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Planes = NDArray[np.float32]
# Places along its way at which a moving pixel is looked up.
STEPS = 9


def gaussian(planes: Planes, sigma: float) -> Planes:
    """Separable Gaussian blur; borders repeat."""
    reach = math.ceil(2.5 * sigma)
    steps = np.arange(-reach, reach + 1)
    kernel = np.exp(-0.5 * (steps / sigma) ** 2).astype(np.float32)
    kernel /= kernel.sum()
    for axis in (1, 2):
        pad = [(0, 0)] * 3
        pad[axis] = (reach, reach)
        padded = np.pad(planes, pad, mode="edge")
        size = planes.shape[axis]
        parts = (padded.take(range(k, k + size), axis) * kernel[k] for k in range(2 * reach + 1))
        planes = np.asarray(sum(parts), np.float32)
    return planes


def disc(planes: Planes, radius: float) -> Planes:
    """What a lens out of focus makes of a point: an even disc with a soft rim."""
    reach = math.ceil(radius + 0.5)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    kernel = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1).astype(np.float32)
    kernel /= kernel.sum()
    height, width = planes.shape[1:]
    padded = np.pad(planes, ((0, 0), (reach, reach), (reach, reach)), mode="edge")
    total = np.zeros_like(planes)
    for row, column in zip(*np.nonzero(kernel), strict=True):
        total += padded[:, row : row + height, column : column + width] * kernel[row, column]
    return total


def along_motion(planes: Planes, motion: Planes) -> Planes:
    """The mean along each pixel's own way [2,h,w], centred on the pixel.

    A gather: what moves is smeared inside its outline and a fast form's border stays sharper than
    a real shutter leaves it. For that the way is first the longest among near neighbours.
    """
    height, width = planes.shape[1:]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    way = longest_near(motion)
    total = np.zeros_like(planes)
    for share in (np.arange(STEPS) + 0.5) / STEPS - 0.5:
        total += sampled(planes, x + way[0] * share, y + way[1] * share)
    return total / STEPS


def longest_near(motion: Planes, reach: int = 4) -> Planes:
    """The longest motion within `reach` pixels."""
    height, width = motion.shape[1:]
    best, length = motion.copy(), np.hypot(motion[0], motion[1])
    for dy in range(-reach, reach + 1, 2):
        for dx in range(-reach, reach + 1, 2):
            rows = np.clip(np.arange(height) + dy, 0, height - 1)
            columns = np.clip(np.arange(width) + dx, 0, width - 1)
            other = motion[:, rows][:, :, columns]
            there = np.hypot(other[0], other[1])
            longer = there > length
            best = np.where(longer, other, best)
            length = np.where(longer, there, length)
    return best


def sampled(planes: Planes, x: NDArray[np.float32], y: NDArray[np.float32]) -> Planes:
    """Planes at places between pixels; 0, 0 is the middle of the first one, borders repeat."""
    height, width = planes.shape[1:]
    x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
    left, top = x.astype(int), y.astype(int)
    right, low = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    u, v = (x - left).astype(np.float32), (y - top).astype(np.float32)
    upper = planes[:, top, left] * (1 - u) + planes[:, top, right] * u
    lower = planes[:, low, left] * (1 - u) + planes[:, low, right] * u
    return np.asarray(upper * (1 - v) + lower * v, np.float32)
