"""New albedo for a rendered frame: patterns on forms and floor that no rendering held (NumPy).

What tells a dark field of a pattern from a shadow is learnt from patterns alone, and a rendered set
holds few. Light that a surface scatters is proportional to its albedo, so a rendering is painted
over by multiplying all of its light but what is mirrored. Labels follow the light and stay as they
are. Bounces keep the old colors, which is below what an eye sees.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labels import REC709_LUMA
from layer_store import GROUPS, span

Plane = NDArray[np.float32]
RGB = tuple[float, float, float]

# Light that passes through glass is not scattered by its surface, and chrome scatters none.
NOT_PAINTED = ("glass", "chrome")
PAINTED_SHARE = 0.5
FLOOR_SHARE = 0.4
KINDS = ("blotches", "blotches", "marble", "stripes", "checks", "dots")
# The darkest paint reflects so much of what the brightest does.
DARKEST = 0.08
# A floor keeps at least so much of its light: shadows on it are learnt from few scenes.
LEAST_ON_FLOOR = 0.35


@dataclass(frozen=True)
class Paint:
    """A pattern of two colors across a frame; which of them is where follows from the seed."""

    seed: int
    kind: str
    colors: tuple[RGB, RGB]
    cell: float  # of the pattern, in shares of the frame's height
    angle: float
    softness: float  # of its borders, 0 hard to 1
    bend: float  # how far the pattern is pushed about, in cells

    @staticmethod
    def draw(rng: random.Random) -> Paint:
        """A random pattern."""
        bright = _color(rng, 1.0)
        dark = _color(rng, math.exp(rng.uniform(math.log(DARKEST), math.log(0.7))))
        kind = rng.choice(KINDS)
        return Paint(
            seed=rng.getrandbits(31),
            kind=kind,
            colors=(bright, dark),
            cell=math.exp(rng.uniform(math.log(0.03), math.log(0.35))),
            angle=rng.uniform(0, math.pi),
            softness=rng.choice((0.0, 0.0, rng.uniform(0.1, 1.0))),
            bend=rng.uniform(0.0, 0.8),
        )

    def albedo(self, height: int, width: int) -> Plane:
        """[3,height,width], what the light of each pixel is multiplied with."""
        rng = np.random.default_rng(self.seed)
        share = self._share(rng, height, width)
        bright, dark = (np.array(color, np.float32)[:, None, None] for color in self.colors)
        return np.asarray(dark + (bright - dark) * share, np.float32)

    def _share(self, rng: np.random.Generator, height: int, width: int) -> Plane:
        """How much of the first color is in each pixel, [height,width] in 0..1."""
        cell = self.cell * height
        y, x = np.mgrid[:height, :width].astype(np.float32) / cell
        x = x + self.bend * _noise(rng, height, width, 2 * cell)
        y = y + self.bend * _noise(rng, height, width, 2 * cell)
        cosine, sine = math.cos(self.angle), math.sin(self.angle)
        along, across = cosine * x + sine * y, cosine * y - sine * x
        turn = 2 * math.pi
        match self.kind:
            case "stripes":
                wave = np.sin(turn * along)
            case "checks":
                wave = np.sin(turn * along / 2) * np.sin(turn * across / 2)
            case "dots":
                wave = 0.6 - 2 * np.hypot(along - np.rint(along), across - np.rint(across))
            case "marble":
                vein = _noise(rng, height, width, cell) + _noise(rng, height, width, cell / 3) / 2
                wave = np.sin(turn * (along / 2 + vein))
            case _:
                wave = _noise(rng, height, width, cell) + _noise(rng, height, width, cell / 3) / 3
        # A pixel's width of softness at least: rendered borders are antialiased, too.
        slope = 1.0 / max(self.softness, turn / max(cell, 2.0))
        return np.asarray(np.clip(0.5 + 0.5 * slope * wave, 0, 1), np.float32)


def repainted(planes: Plane, forms: Paint | None, floor: Paint | None) -> Plane:
    """Layers [channels,h,w] with other albedo; `planes` is not changed."""
    height, width = planes.shape[1:]
    inside = planes[span("subject")].mean(0)
    outside = np.clip(planes[span("alpha")][0] - inside, 0, 1)
    factor = np.ones((3, height, width), np.float32)
    if forms is not None:
        factor -= inside * (1 - forms.albedo(height, width))
    if floor is not None:
        kept = LEAST_ON_FLOOR + (1 - LEAST_ON_FLOOR) * floor.albedo(height, width)
        factor -= outside * (1 - kept)
    painted = planes.copy()
    for group in GROUPS:
        light = planes[span(group)]
        mirrored = np.minimum(light, planes[span(f"gloss_{group}")].mean(0))
        painted[span(group)] = mirrored + (light - mirrored) * factor
    return painted


def draw_paints(rng: random.Random, theme: str | None) -> tuple[Paint | None, Paint | None]:
    """What the forms and the floor of a shot are painted with, if they are."""
    draws = [Paint.draw(rng) if rng.random() < PAINTED_SHARE else None for _ in range(2)]
    floor_too = rng.random() < FLOOR_SHARE / PAINTED_SHARE
    return (None if theme in NOT_PAINTED else draws[0]), (draws[1] if floor_too else None)


def _noise(rng: np.random.Generator, height: int, width: int, cell: float) -> Plane:
    """Smooth noise within -1 and 1 whose forms are `cell` pixels large: a random lattice, eased."""
    rows, columns = (math.ceil(side / cell) + 2 for side in (height, width))
    lattice = rng.uniform(-1, 1, (rows, columns)).astype(np.float32)
    y, upper = _eased(rng, height, cell)
    x, left = _eased(rng, width, cell)
    top = lattice[upper][:, left] * (1 - x) + lattice[upper][:, left + 1] * x
    bottom = lattice[upper + 1][:, left] * (1 - x) + lattice[upper + 1][:, left + 1] * x
    return np.asarray(top * (1 - y[:, None]) + bottom * y[:, None], np.float32)


def _eased(rng: np.random.Generator, side: int, cell: float) -> tuple[Plane, NDArray[np.intp]]:
    """How far each pixel of a side lies between two lattice points, and which is the first."""
    place = (np.arange(side) + 0.5) / cell + rng.random() * 0.5
    first = place.astype(np.intp)
    t = (place - first).astype(np.float32)
    return t * t * (3 - 2 * t), first


def _color(rng: random.Random, luminance: float) -> RGB:
    """A color of this luminance; one in four has no hue."""
    if rng.random() < 0.25:
        return (luminance, luminance, luminance)
    raw = [rng.uniform(0.15, 1.0) for _ in range(3)]
    scale = luminance / float(np.dot(REC709_LUMA, raw))
    return (raw[0] * scale, raw[1] * scale, raw[2] * scale)
