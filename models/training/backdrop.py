"""Background plates: what stands behind a shot that has no visible environment.

A network that only ever saw plain backgrounds takes every texture for the subject.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Plate = NDArray[np.float32]

# A plate is this much wider than the frame, so that it can pan with the camera.
PAN_ROOM = 1.5
# Drawn from by number: another entry would change every plate that was ever made.
KINDS = ("plain", "gradient", "noise", "noise", "bands", "clutter", "clutter")


def make_plate(rng: random.Random, width: int, height: int, kinds: Sequence[str] = KINDS) -> Plate:
    """A linear RGB plate, wider than the frame: plain, gradient, noise, bands or clutter."""
    wide = int(width * PAN_ROOM)
    kind = rng.choice(kinds)
    low, high = _color(rng), _color(rng)
    if kind == "plain":
        share = np.zeros((height, wide), np.float32)
    elif kind == "gradient":
        share = np.broadcast_to(
            np.linspace(0, 1, height, dtype=np.float32)[:, None], (height, wide)
        )
    elif kind == "noise":
        share = _octaves(rng, wide, height)
    elif kind == "bands":
        share = _bands(rng, wide, height)
    else:
        return _clutter(rng, wide, height)
    return np.asarray(low + (high - low) * share[..., None], np.float32)


def window(plate: Plate, width: int, position: float) -> Plate:
    """The part of the plate that a frame shows; `position` 0..1 pans over it."""
    start = pan_px(plate, width, position)
    return plate[:, start : start + width]


def pan_px(plate: Plate, width: int, position: float) -> int:
    """Where the part of the plate that a frame shows begins."""
    return round((plate.shape[1] - width) * min(max(position, 0.0), 1.0))


def _color(rng: random.Random) -> NDArray[np.float32]:
    level = rng.choice((0.01, 0.05, 0.2, 0.4, 0.8)) * rng.uniform(0.6, 1.2)
    return np.array([level * rng.uniform(0.6, 1.1) for _ in range(3)], np.float32)


def _octaves(rng: random.Random, width: int, height: int) -> NDArray[np.float32]:
    noise = np.random.default_rng(rng.getrandbits(32))
    total = np.zeros((height, width), np.float32)
    cells = rng.choice((3, 5, 9))
    for octave in range(4):
        grid = noise.random((cells * 2**octave + 2, cells * 2**octave + 2), dtype=np.float32)
        total += _stretch(grid, width, height) * 0.5**octave
    total -= total.min()
    return total / max(float(total.max()), 1e-6)


def _stretch(grid: NDArray[np.float32], width: int, height: int) -> NDArray[np.float32]:
    """Bilinear enlargement of a small grid."""
    y = np.linspace(0, grid.shape[0] - 1.001, height)
    x = np.linspace(0, grid.shape[1] - 1.001, width)
    y0, x0 = y.astype(int), x.astype(int)
    fy, fx = (y - y0)[:, None], (x - x0)[None, :]
    top = grid[y0][:, x0] * (1 - fx) + grid[y0][:, x0 + 1] * fx
    bottom = grid[y0 + 1][:, x0] * (1 - fx) + grid[y0 + 1][:, x0 + 1] * fx
    return np.asarray(top * (1 - fy) + bottom * fy, np.float32)


def _bands(rng: random.Random, width: int, height: int) -> NDArray[np.float32]:
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    angle = rng.uniform(0, np.pi)
    wave = np.sin((x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / rng.uniform(12, 120))
    return np.asarray(np.clip(wave * rng.choice((1.0, 8.0)), -1, 1) * 0.5 + 0.5, np.float32)


def _clutter(rng: random.Random, width: int, height: int) -> Plate:
    """Overlapping flat and shaded rectangles and discs: shapes that are not the subject."""
    plate = np.empty((height, width, 3), np.float32)
    plate[:] = _color(rng)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    for _ in range(rng.randint(6, 24)):
        cx, cy = rng.uniform(0, width), rng.uniform(0, height)
        rx, ry = rng.uniform(0.03, 0.25) * width, rng.uniform(0.03, 0.3) * height
        if rng.random() < 0.5:
            inside = (np.abs(x - cx) < rx) & (np.abs(y - cy) < ry)
        else:
            inside = ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 < 1
        shade = 1 + rng.uniform(-0.6, 0.6) * ((x - cx) / rx)[inside]
        plate[inside] = np.clip(_color(rng)[None] * shade[:, None], 0, 2)
    return plate
