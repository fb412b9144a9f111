"""A camera's projection, and motion from where things are to where they go (NumPy alone).

Blender's vector pass has no motion for what is behind everything, and blends that of two forms at
their border. Positions with the forms' own poses give it for every pixel, unblended.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
STILLNESS = 1e-5  # pixels


@dataclass(frozen=True)
class View:
    """A camera at one moment. It looks along its own -z with +y up, as Blender's do."""

    world_from_camera: Array  # [4, 4]
    focal_px: float
    width: int
    height: int

    def project(self, points: Array) -> tuple[Array, Array]:
        """Pixel places (x right, y down; centres at +0.5) of world points [n,3], and depths."""
        rotation, place = self.world_from_camera[:3, :3], self.world_from_camera[:3, 3]
        return self._on_film((points - place) @ rotation)

    def project_directions(self, directions: Array) -> Array:
        """Pixel places of what is endlessly far."""
        return self._on_film(directions @ self.world_from_camera[:3, :3])[0]

    def directions(self, x: Array, y: Array) -> Array:
        """Unit directions in the world of pixel places."""
        own = np.stack(
            [
                (x - self.width / 2) / self.focal_px,
                (self.height / 2 - y) / self.focal_px,
                np.full_like(x, -1.0),
            ],
            axis=-1,
        )
        turned = own @ self.world_from_camera[:3, :3].T
        return np.asarray(turned / np.linalg.norm(turned, axis=-1, keepdims=True))

    def _on_film(self, own: Array) -> tuple[Array, Array]:
        depth = np.maximum(-own[..., 2], 1e-6)
        x = self.width / 2 + self.focal_px * own[..., 0] / depth
        y = self.height / 2 - self.focal_px * own[..., 1] / depth
        return np.stack([x, y], axis=-1), depth


@dataclass(frozen=True)
class Moment:
    """A frame's camera, the pose of every form by its index, and the pan of the plate."""

    view: View
    poses: dict[int, Array]
    pan: float = 0.0


def nearest(positions: Array, index: NDArray[np.integer], view: View) -> tuple[Array, Array]:
    """Of each pixel's sub-pixels [n,h,w,3] the one nearest to the camera, and its index."""
    depth = np.where(index > 0, view.project(positions)[1], np.inf)
    pick = depth.argmin(0)[None]
    at = np.take_along_axis(positions, pick[..., None], 0)[0]
    return at, np.take_along_axis(index, pick, 0)[0]


def motion(
    positions: Array,
    index: NDArray[np.integer],
    now: Moment,
    then: Moment,
    origin: tuple[int, int],
    environment: bool,
) -> NDArray[np.float32]:
    """Pixels to the next frame, [2,h,w] (right, down), of world positions [h,w,3].

    `index` tells forms apart (0 is nothing, other unknown ones rest). What is behind is endlessly
    far where there is an environment, else a plate that pans. `origin` is the crop's place.
    """
    moved = positions.copy()
    for number, pose in now.poses.items():
        there = index == number
        change = then.poses[number] @ np.linalg.inv(pose)
        moved[there] = positions[there] @ change[:3, :3].T + change[:3, 3]
    result = then.view.project(moved)[0] - now.view.project(positions)[0]
    behind = index == 0
    if environment:
        row, column = np.nonzero(behind)
        x, y = column + origin[0] + 0.5, row + origin[1] + 0.5
        far = then.view.project_directions(now.view.directions(x, y))
        result[behind] = far - np.stack([x, y], axis=-1)
    else:
        result[behind] = (now.pan - then.pan, 0.0)
    # What rests is to rest exactly; what is left of it here are rounding errors.
    result[np.abs(result).max(-1) < STILLNESS] = 0.0
    return np.ascontiguousarray(result.transpose(2, 0, 1), np.float32)
