"""Vectors as three rows of many columns, and rigid poses; NumPy without matrix products.

Components are rows, because NumPy walks long rows fastest; products are written out, because a BLAS
may sum in another order on another run, and data sets are compared by hash.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Vec = NDArray[np.floating]  # [3, N]
Row = NDArray[np.floating]  # [N]
Mask = NDArray[np.bool_]
Index = NDArray[np.intp]
Triple = tuple[float, float, float]


def dot(a: Vec, b: Vec) -> Row:
    """Scalar product of each column."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def length(v: Vec) -> Row:
    """Length of each column."""
    return np.sqrt(dot(v, v))


def unit(v: Vec) -> Vec:
    """Columns of length 1; none stays none."""
    return v / np.maximum(length(v), 1e-12)


def column(triple: Triple, like: Vec) -> Vec:
    """One triple as a column that broadcasts, in the precision of another array."""
    return np.asarray(triple, like.dtype)[:, None]


def mix(a: Vec | Row | float, b: Vec | Row | float, share: Row) -> Vec:
    """From `a` at share 0 to `b` at share 1."""
    return np.asarray(a + (b - a) * share)


def smoothstep(low: float, high: float, value: Row) -> Row:
    """0 below `low`, 1 above `high`, smooth between."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


@dataclass(frozen=True)
class Pose:
    """A rotation, then a translation: from an object's own space to the world."""

    translation: Triple = (0.0, 0.0, 0.0)
    rotation: NDArray[np.float64] = field(default_factory=lambda: np.eye(3))

    def to_world(self, p: Vec) -> Vec:
        """Points of the object in the world."""
        return self.turn(p) + column(self.translation, p)

    def to_object(self, p: Vec) -> Vec:
        """Points of the world in the object's space."""
        return self.unturn(p - column(self.translation, p))

    def turn(self, v: Vec) -> Vec:
        """Directions of the object in the world."""
        return _rotate(self.rotation, v)

    def unturn(self, v: Vec) -> Vec:
        """Directions of the world in the object's space."""
        return _rotate(self.rotation.T, v)


def _rotate(matrix: NDArray[np.float64], v: Vec) -> Vec:
    turned_rows = []
    for row in matrix.tolist():
        # Most matrices are about one axis or none: half of the products are with nought or one.
        terms = [v[k] if a == 1 else v[k] * a for k, a in enumerate(row) if a]
        turned_rows.append(sum(terms[1:], start=terms[0]))
    return np.stack(turned_rows)


def turned(x_deg: float = 0.0, y_deg: float = 0.0, z_deg: float = 0.0) -> NDArray[np.float64]:
    """Rotation about z, then x, then y (yaw last, as a thing on a turntable)."""
    (cx, sx), (cy, sy), (cz, sz) = (
        (math.cos(math.radians(a)), math.sin(math.radians(a))) for a in (x_deg, y_deg, z_deg)
    )
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    # Rounded, so that right angles have true zeros.
    return np.round(np.einsum("ij,jk,kl->il", about_y, about_x, about_z), 14)


def along(start: Triple, end: Triple, side: Triple) -> Pose:
    """Pose whose y axis runs from `start` to `end`, about their middle; x stays near `side`."""
    a, b = np.array(start), np.array(end)
    y = (b - a) / np.linalg.norm(b - a)
    x = np.array(side) - y * float(np.sum(np.array(side) * y))
    x = x / np.linalg.norm(x)
    middle = (a + b) / 2
    rotation = np.stack([x, y, np.cross(x, y)], axis=1)
    return Pose((float(middle[0]), float(middle[1]), float(middle[2])), rotation)
