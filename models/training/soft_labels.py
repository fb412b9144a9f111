"""Sub-pixel planes folded into pixels, and the share of each class in a pixel (NumPy alone).

Label passes are rendered at twice a shot's size. A plane of that size is kept as four planes of the
shot's own size, one per sub-pixel, so that a crop of pixels is a crop of everything.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labels import Labels
from tone_classes import BACKGROUND, CAST_SHADOW, CLASSES, DIFFUSE_SHADOW, HIGHLIGHT, MATERIAL

# Sub-pixels along a pixel's side.
GRID = 2
SUBPIXELS = GRID * GRID
# Which class a pixel takes where two have the same share; the order in which `classify` decides.
PRECEDENCE = (HIGHLIGHT, CAST_SHADOW, DIFFUSE_SHADOW, MATERIAL, BACKGROUND)


def fold(plane: NDArray[np.generic]) -> NDArray[np.generic]:
    """[2h,2w] to [4,h,w]: sub-pixels from left to right, then down."""
    height, width = plane.shape[0] // GRID, plane.shape[1] // GRID
    parts = plane.reshape(height, GRID, width, GRID).transpose(1, 3, 0, 2)
    return parts.reshape(SUBPIXELS, height, width)


def unfold(planes: NDArray[np.generic]) -> NDArray[np.generic]:
    """[4,h,w] back to [2h,2w]."""
    _, height, width = planes.shape
    parts = planes.reshape(GRID, GRID, height, width).transpose(2, 0, 3, 1)
    return parts.reshape(height * GRID, width * GRID)


def box(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """[2h,2w,...] to [h,w,...]: the mean of each pixel's sub-pixels."""
    height, width = picture.shape[0] // GRID, picture.shape[1] // GRID
    parts = picture.reshape(height, GRID, width, GRID, *picture.shape[2:])
    return np.asarray(parts.mean((1, 3)), np.float32)


def shares(labels: Labels) -> NDArray[np.float32]:
    """Share of each class per pixel, [5,h,w], from the class numbers of sub-pixels [n,h,w]."""
    return np.stack([(labels == k).mean(0, dtype=np.float32) for k in range(len(CLASSES))])


def strongest(soft: NDArray[np.floating]) -> Labels:
    """The class with the largest share; of equal ones the first in `PRECEDENCE`."""
    order = np.array(PRECEDENCE, np.uint8)
    return np.asarray(order[soft[order].argmax(0)], np.uint8)
