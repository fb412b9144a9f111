"""Meshes as arrays, and the simple forms that a puppet's parts are made of (NumPy alone)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from puppet.cubic import Array

Triangles = NDArray[np.int64]
# Pass indices, of which masks are made.
INDEX = {
    "left_eye": 1,
    "right_eye": 2,
    "left_brow": 3,
    "right_brow": 4,
    "left_sideburn": 5,
    "right_sideburn": 6,
}


@dataclass(frozen=True)
class Part:
    """One mesh in the head's space. `paint[k]` is the number in `paints` of triangle k."""

    name: str
    vertices: Array  # [n,3]
    triangles: Triangles  # [m,3]
    paints: tuple[str, ...]
    paint: NDArray[np.int64] | None = None
    index: int = 20  # Blender's pass index, which masks are made from
    smooth: bool = True


def grid_triangles(rows: int, columns: int, wrapped: bool) -> Triangles:
    """Triangles of a grid of vertices, row by row; `wrapped` joins the last column to the first."""
    across = np.arange(columns if wrapped else columns - 1)
    row, column = np.meshgrid(np.arange(rows - 1), across, indexing="ij")
    then = (column + 1) % columns
    a, b = row * columns + column, row * columns + then
    c, d = (row + 1) * columns + then, (row + 1) * columns + column
    return np.concatenate(
        [np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)]
    )


def lathe(profile: Array, sides: int = 48, wide: float = 1.0, deep: float = 1.0) -> Array:
    """Vertices of (radius, height) pairs turned about z, row by row, stretched to an ellipse."""
    angle = np.arange(sides) * 2 * np.pi / sides
    ring = np.stack([wide * np.cos(angle), deep * np.sin(angle)], -1)
    flat = profile[:, None, :1] * ring[None]
    height = np.broadcast_to(profile[:, None, 1:], (*flat.shape[:2], 1))
    return np.concatenate([flat, height], -1).reshape(-1, 3)


def lathed(
    name: str, paint: str, profile: list[tuple[float, float]], wide: float = 1.0, deep: float = 1.0
) -> Part:
    """A turned form."""
    rows = np.array(profile)
    vertices = lathe(rows, 48, wide, deep)
    return Part(name, vertices, grid_triangles(len(rows), 48, True), (paint,))


def ellipsoid(
    name: str, paint: str, middle: Array, radii: Array, turn: Array | None = None
) -> Part:
    """An ellipsoid; `turn` is a rotation matrix."""
    angle = np.linspace(-np.pi / 2, np.pi / 2, 17)
    ball = lathe(np.stack([np.cos(angle), np.sin(angle)], -1), 24) * radii
    if turn is not None:
        ball = ball @ turn.T
    return Part(name, ball + middle, grid_triangles(17, 24, True), (paint,))


def tube(name: str, paint: str, path: Array, radii: Array, sides: int = 10) -> Part:
    """A round tube [n,3] of radii [n], closed by its own narrow ends where they are small."""
    way = np.gradient(path, axis=0)
    way /= np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-9)
    helper = np.array([0.31, 0.17, 0.94]) if abs(way[0, 2]) < 0.9 else np.array([1.0, 0.1, 0.0])
    one = np.cross(way, helper)
    one /= np.linalg.norm(one, axis=1, keepdims=True)
    two = np.cross(way, one)
    angle = np.arange(sides) * 2 * np.pi / sides
    ring = one[:, None] * np.cos(angle)[None, :, None] + two[:, None] * np.sin(angle)[None, :, None]
    vertices = path[:, None] + ring * radii[:, None, None]
    caps = np.stack([path[0], path[-1]])
    body = grid_triangles(len(path), sides, True)
    last = (len(path) - 1) * sides
    around = np.arange(sides)
    then = (around + 1) % sides
    start = np.stack([np.full(sides, len(path) * sides), then, around], -1)
    end = np.stack([np.full(sides, len(path) * sides + 1), last + around, last + then], -1)
    return Part(
        name,
        np.concatenate([vertices.reshape(-1, 3), caps]),
        np.concatenate([body, start, end]),
        (paint,),
    )


def joined(name: str, parts: list[Part], index: int = 20) -> Part:
    """One mesh of several of one paint."""
    vertices, triangles, count = [], [], 0
    for part in parts:
        vertices.append(part.vertices)
        triangles.append(part.triangles + count)
        count += len(part.vertices)
    return Part(
        name, np.concatenate(vertices), np.concatenate(triangles), parts[0].paints, index=index
    )


def turned(axis: str, angle: float) -> Array:
    """The rotation matrix about an axis."""
    c, s = np.cos(angle), np.sin(angle)
    rows = {
        "x": [[1, 0, 0], [0, c, -s], [0, s, c]],
        "y": [[c, 0, s], [0, 1, 0], [-s, 0, c]],
        "z": [[c, -s, 0], [s, c, 0], [0, 0, 1]],
    }
    return np.array(rows[axis], float)


def facing(way: Array) -> Array:
    """A rotation that turns +z towards a direction."""
    z = way / np.linalg.norm(way)
    x = np.cross([0.0, 1.0, 0.0] if abs(z[1]) < 0.95 else [1.0, 0.0, 0.0], z)
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(z, x), z], axis=1)
