"""The form of a head: a radius for each direction, smooth, with lids that bulge over eyeballs.

Directions are a chart: `u` aside (to the viewer's right) and `v` up, in radians; (0, 0) is straight
ahead, which is -y. Everything that lies on the face is drawn in this chart (NumPy alone).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from puppet.identity import Identity

Array = NDArray[np.float64]
# The lid's thickness, in shares of the eyeball's radius.
LID = 0.05
# How far the middle of an eyeball lies below the head's surface, in shares of its radius.
SUNK = 0.70


def directions(chart: Array) -> Array:
    """Unit directions [...,3] of chart places [...,2]."""
    u, v = chart[..., 0], chart[..., 1]
    return np.stack([np.cos(v) * np.sin(u), -np.cos(v) * np.cos(u), np.sin(v)], axis=-1)


def chart_of(points: Array) -> Array:
    """Chart places of points in the head's space."""
    x, y, z = np.moveaxis(points, -1, 0)
    return np.stack([np.arctan2(x, -y), np.arctan2(z, np.hypot(x, y))], axis=-1)


def rise(x: Array, start: float, end: float) -> Array:
    """0 up to `start`, 1 from `end` on, smooth between."""
    t = np.clip((x - start) / (end - start), 0, 1)
    return t * t * (3 - 2 * t)


class Head:
    """The surface of one identity; `smile` and `gape` move cheeks and chin."""

    def __init__(self, who: Identity, smile: float = 0.0, gape: float = 0.0) -> None:
        self.who, self.smile, self.gape = who, smile, gape
        self.eyeballs = {side: self._eyeball(side) for side in (-1, 1)}

    def point(self, chart: Array) -> Array:
        """Places in the head's space of chart places, in half heights."""
        return directions(chart) * self.radius(chart)[..., None]

    def normal(self, chart: Array, step: float = 2e-3) -> Array:
        """Unit normals, outwards."""
        # Near the poles the chart shrinks; steps along u grow to make up for it.
        wide = step / np.maximum(np.cos(chart[..., 1]), 0.02)
        du = np.stack([wide, np.zeros_like(wide)], axis=-1)
        dv = np.array([0.0, step])
        across = np.cross(
            self.point(chart + du) - self.point(chart - du),
            self.point(chart + dv) - self.point(chart - dv),
        )
        return across / np.maximum(np.linalg.norm(across, axis=-1, keepdims=True), 1e-12)

    def radius(self, chart: Array) -> Array:
        """The distance of the surface from the middle of the head."""
        radius = self.bare(chart)
        toward = directions(chart)
        for middle in self.eyeballs.values():
            along = toward @ middle
            reach = self.who.eyeball * (1 + LID)
            room = reach**2 - middle @ middle + along**2
            bulge = along + np.sign(room) * np.sqrt(np.abs(room))
            # A smooth maximum, so that lids run out into the face.
            over = np.clip(0.5 + (bulge - radius) / 0.10, 0, 1)
            radius = radius * (1 - over) + bulge * over + 0.05 * over * (1 - over)
        return radius

    def bare(self, chart: Array) -> Array:
        """The radius without lids."""
        u, v = np.degrees(chart[..., 0]), np.degrees(chart[..., 1])
        return self._skull(chart, v) + self._middle(u, v) + self._sides(u, v)

    def _skull(self, chart: Array, v: Array) -> Array:
        wide, deep, high, low, power, taper = self.who.head
        jaw = rise(-v, 5.0, 70.0)
        x, y, z = np.moveaxis(np.abs(directions(chart)), -1, 0)
        up = rise(v, -25.0, 25.0)
        return (
            (x / (wide * (1 - taper * jaw))) ** power
            + (y / (deep * (1 - 0.25 * taper * jaw))) ** power
            + (z / (high * up + low * (1 - up))) ** power
        ) ** (-1 / power)

    def _middle(self, u: Array, v: Array) -> Array:
        """Nose, muzzle and chin."""
        who = self.who
        out, half, tip = who.nose
        spread = half * (0.65 + 0.45 * rise(-v, -6.0, -tip))
        profile = rise(-v, -12.0, -tip - 1) * (1 - rise(-v, -tip, -tip + 9))
        nose = out * np.exp(-((u / spread) ** 2)) * profile
        muzzle = 0.05 * np.exp(-((u / 22) ** 2) - ((v - who.mouth[0]) / 13) ** 2)
        chin = who.chin * np.exp(-((u / 17) ** 2) - ((v + 58 + self.gape) / 13) ** 2)
        return nose + muzzle + chin

    def _sides(self, u: Array, v: Array) -> Array:
        """Cheeks, brow ridge and sockets."""
        who = self.who
        cheek = who.cheek + 0.03 * max(self.smile, 0.0)
        total = np.zeros_like(u)
        for side in (-1, 1):
            total += cheek * np.exp(-(((u - side * 37) / 16) ** 2) - ((v + 19) / 13) ** 2)
            total += who.ridge * np.exp(-(((u - side * 23) / 17) ** 2) - ((v - 19) / 7) ** 2)
            at = who.eye_at
            total -= 0.05 * np.exp(-(((u - side * at[0]) / 13) ** 2) - ((v - at[1]) / 10) ** 2)
        return total

    def _eyeball(self, side: int) -> Array:
        """The middle of an eyeball."""
        chart = np.radians(np.array([side * self.who.eye_at[0], self.who.eye_at[1]]))
        return directions(chart) * (float(self.bare(chart)) - SUNK * self.who.eyeball)


def degrees(*pairs: tuple[float, float]) -> Array:
    """Chart places [n,2] given in degrees."""
    return np.array([[math.radians(a), math.radians(b)] for a, b in pairs])
