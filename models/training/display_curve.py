"""The display curve of the frames that are written."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def encode_srgb(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """Linear light to display-encoded sRGB; below 0 is black, above 1 the curve goes on."""
    x = np.maximum(linear, 0.0)
    curve = 1.055 * np.maximum(x, 0.0031308) ** (1 / 2.4) - 0.055
    return np.asarray(np.where(x <= 0.0031308, 12.92 * x, curve), np.float32)


def to_bytes(encoded: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Display values to 8 bits, clipped; what is not a number is black."""
    return np.asarray(np.rint(np.clip(np.nan_to_num(encoded, nan=0.0), 0.0, 1.0) * 255), np.uint8)
