"""What is seen behind a studio scene: a panorama or a plate (NumPy alone)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backdrop import Plate, pan_px
from camera_view import Array, View

Window = tuple[int, int, int, int]  # left, top, width, height in pixels of the camera's frame


@dataclass(frozen=True)
class Panorama:
    """An equirectangular picture, rows from below to above, turned about the vertical."""

    pixels: NDArray[np.float32]
    turn: float
    scale: float

    def look(self, directions: Array) -> NDArray[np.float32]:
        """Linear light from unit directions [...,3], blended between pixels."""
        height, width = self.pixels.shape[:2]
        around = np.arctan2(directions[..., 1], directions[..., 0]) + self.turn
        u = (0.5 - around / (2 * np.pi)) % 1.0 * width - 0.5
        rise = np.arcsin(np.clip(directions[..., 2], -1, 1))
        v = np.clip((rise / np.pi + 0.5) * height - 0.5, 0, height - 1.001)
        left, low = np.floor(u).astype(int), v.astype(int)
        right = (u - left)[..., None].astype(np.float32)
        up = (v - low)[..., None].astype(np.float32)
        rows = [
            self.pixels[row, left % width] * (1 - right)
            + self.pixels[row, (left + 1) % width] * right
            for row in (low, low + 1)
        ]
        return np.asarray((rows[0] * (1 - up) + rows[1] * up) * self.scale, np.float32)


@dataclass(frozen=True)
class Behind:
    """What stands behind everything: a panorama, or else a plate."""

    panorama: Panorama | None
    plate: Plate | None
    frame_width: int

    def pan(self, share: float) -> float:
        """Where the plate's window begins; the plate moves with the camera."""
        return 0.0 if self.plate is None else float(pan_px(self.plate, self.frame_width, share))

    def picture(self, view: View, pan: float, window: Window) -> NDArray[np.float32]:
        """Linear light [h,w,3] behind a window of the frame."""
        left, top, width, height = window
        if self.panorama is not None:
            row, column = np.mgrid[0:height, 0:width].astype(np.float64)
            return self.panorama.look(view.directions(column + left + 0.5, row + top + 0.5))
        if self.plate is None:
            raise ValueError("neither a panorama nor a plate")
        start = left + int(pan)
        return self.plate[top : top + height, start : start + width]
