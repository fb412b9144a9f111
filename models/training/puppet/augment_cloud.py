"""Background and occlusion as the founding document has them (NumPy alone).

The convex hull of the landmarks, dilated, with a random cloud for an edge, is the matte; what lies
outside is replaced. Clouds that reach into the face stand for hats and hands before it.
"""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from backdrop import make_plate
from display_curve import encode_srgb
from puppet.augment_warp import FacePicture, Random
from puppet.cubic import Array
from puppet.raster import inside

Plane = NDArray[np.float32]
# A point counts as hidden where the matte keeps less than this of the picture.
KEPT = 0.5


def hull(points: Array) -> Array:
    """The convex hull of points [n,2], in order."""
    ordered = sorted(map(tuple, points))

    def half(line: list[tuple[float, float]]) -> list[tuple[float, float]]:
        kept: list[tuple[float, float]] = []
        for x, y in line:
            while len(kept) > 1:
                (ax, ay), (bx, by) = kept[-2:]
                if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0:
                    break
                kept.pop()
            kept.append((x, y))
        return kept[:-1]

    return np.array(half(ordered) + half(ordered[::-1]))


def cloud(rng: Random, width: int, height: int, cells: int = 4) -> Plane:
    """Smooth noise of several octaves, mean 0, mostly within -1..1."""
    total = np.zeros((height, width), np.float32)
    for octave in range(4):
        count = cells * 2**octave
        grid = rng.standard_normal((count + 2, count + 2)).astype(np.float32)
        y = np.linspace(0, count + 0.99, height)
        x = np.linspace(0, count + 0.99, width)
        rows, columns = y.astype(int), x.astype(int)
        v, u = (part * part * (3 - 2 * part) for part in (y - rows, x - columns))
        v, u = v[:, None], u[None]
        top = grid[rows][:, columns] * (1 - u) + grid[rows][:, columns + 1] * u
        low = grid[rows + 1][:, columns] * (1 - u) + grid[rows + 1][:, columns + 1] * u
        total += (top * (1 - v) + low * v).astype(np.float32) * np.float32(0.5**octave)
    return total / np.float32(1.2)


def distance_outside(ring: Array, width: int, height: int) -> Plane:
    """Pixels from a convex ring; 0 inside."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) + np.float32(0.5)
    best = np.full((height, width), np.inf, np.float32)
    for a, b in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        way = b - a
        share = ((x - a[0]) * way[0] + (y - a[1]) * way[1]) / max(float(way @ way), 1e-9)
        share = np.clip(share, 0, 1)
        best = np.minimum(best, np.hypot(x - a[0] - share * way[0], y - a[1] - share * way[1]))
    return np.where(inside(ring, width, height), np.float32(0), best).astype(np.float32)


def face_matte(face: FacePicture, rng: Random) -> Plane:
    """What is kept of the picture, 0..1: the hull, dilated, with a cloud for an edge."""
    points = face.landmarks[face.present] if face.present.sum() > 2 else face.landmarks
    width, height = face.size
    span = float(np.ptp(points, axis=0).max())
    away = distance_outside(hull(points), width, height)
    grown = span * rng.uniform(0.06, 0.35)
    edge = cloud(rng, width, height, int(rng.integers(3, 8))) * span * rng.uniform(0.02, 0.22)
    soft = rng.uniform(1.0, 6.0)
    # Clouds are added around the hull and never eat into it: `occlusion` does that.
    edge = np.maximum(edge, soft / 2 - grown)
    return np.clip((grown - away + edge) / soft + 0.5, 0, 1).astype(np.float32)


def occlusion(face: FacePicture, rng: Random) -> Plane:
    """What is kept, 0..1, where a cloud lies over part of the face, coming in from one side."""
    width, height = face.size
    points = face.landmarks
    low, high = points.min(0), points.max(0)
    angle = rng.uniform(0, 2 * np.pi)
    way = np.array([np.cos(angle), np.sin(angle)])
    middle, reach = (low + high) / 2, float(np.abs((high - low) / 2 @ np.abs(way)))
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) + np.float32(0.5)
    along = (x - middle[0]) * way[0] + (y - middle[1]) * way[1]
    line = reach * rng.uniform(0.3, 1.1)
    edge = cloud(rng, width, height) * reach * rng.uniform(0.05, 0.4)
    return np.clip((line - along + edge) / rng.uniform(1.0, 5.0) + 0.5, 0, 1).astype(np.float32)


def plain_or_made(rng: Random, width: int, height: int) -> Plane:
    """A background [h,w,3]: a blue or green screen, one color, or a made plate."""
    kind = rng.random()
    if kind < 0.2:
        screen = [(0.05, 0.55, 0.12), (0.08, 0.14, 0.6)][int(rng.integers(2))]
        return np.full((height, width, 3), screen, np.float32)
    if kind < 0.35:
        return np.full((height, width, 3), rng.uniform(0, 1, 3), np.float32)
    made = make_plate(random.Random(int(rng.integers(2**31))), width, height)[:, :width]
    return np.clip(encode_srgb(made), 0, 1)


def swatch(plate: Plane, rng: Random, width: int, height: int) -> Plane:
    """A random part of a plate [h,w,3], flipped and turned by quarters; small ones repeat."""
    plate = np.rot90(plate, int(rng.integers(4)))
    if rng.random() < 0.5:
        plate = plate[:, ::-1]
    again = (-(-height // plate.shape[0]), -(-width // plate.shape[1]), 1)
    plate = np.tile(plate, again) if max(again) > 1 else plate
    top = int(rng.integers(plate.shape[0] - height + 1))
    left = int(rng.integers(plate.shape[1] - width + 1))
    return np.ascontiguousarray(plate[top : top + height, left : left + width])


def rebackground(
    face: FacePicture, rng: Random, plates: list[Plane] | None = None, over_face: bool = True
) -> FacePicture:
    """The face over another background, sometimes with something in front of it.

    `plates` are film backgrounds, display encoded; without any, plain and made ones do.
    """
    width, height = face.size

    def other() -> Plane:
        if plates and rng.random() < 0.7:
            return swatch(plates[int(rng.integers(len(plates)))], rng, width, height)
        return plain_or_made(rng, width, height)

    matte = face_matte(face, rng)
    picture = laid_over(face.picture, matte, other())
    kept = np.ones_like(matte)
    if over_face and rng.random() < 0.35:
        kept = occlusion(face, rng)
        picture = laid_over(picture, kept, other())
    seen = values_at(np.minimum(matte, kept), face.landmarks) >= KEPT
    return replace(face, picture=picture, visible=face.visible & seen)


def laid_over(picture: Plane, matte: Plane, behind: Plane) -> Plane:
    """A picture where its matte is 1, what is behind it where it is 0."""
    return np.asarray(picture * matte[..., None] + behind * (1 - matte[..., None]), np.float32)


def values_at(plane: Plane, places: Array) -> Plane:
    """A plane's values at places; 0 outside it."""
    columns, rows = np.floor(places).astype(int).T
    height, width = plane.shape
    there = (columns >= 0) & (rows >= 0) & (columns < width) & (rows < height)
    values = plane[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)]
    return np.where(there, values, np.float32(0))
