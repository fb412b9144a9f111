"""Solid textures and backdrops of the ray caster: colors as functions of a place or a direction."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from caster_vectors import Row, Triple, Vec, column, mix, smoothstep

# Linear colors [3, N] of points in an object's space, or of directions of the world.
Texture = Callable[[Vec], Vec]


def _lattice(cell: NDArray[np.int64]) -> Row:
    """Random values 0..1 of whole-numbered places, by integer hashing."""
    x, y, z = cell.astype(np.uint32)
    h = x * np.uint32(0x8DA6B343) ^ y * np.uint32(0xD8163841) ^ z * np.uint32(0xCB1AB31F)
    h = (h ^ (h >> np.uint32(15))) * np.uint32(0x2C1B3C6D)
    h = (h ^ (h >> np.uint32(12))) * np.uint32(0x297A2D39)
    return ((h ^ (h >> np.uint32(15))) >> np.uint32(8)).astype(np.float32) / np.float32(1 << 24)


def noise(p: Vec) -> Row:
    """Value noise, 0..1, of grain size 1."""
    floor = np.floor(p)
    cell, f = floor.astype(np.int64), p - floor
    u = f * f * (3 - 2 * f)
    total = np.zeros_like(p[0])
    for corner in np.ndindex(2, 2, 2):
        shift = np.array(corner)[:, None]
        weight = np.where(shift == 1, u, 1 - u)
        total += weight[0] * weight[1] * weight[2] * _lattice(cell + shift)
    return total


def turbulence(p: Vec, octaves: int = 3) -> Row:
    """Noise on noise of half the size and strength, 0..1."""
    total, weight = np.zeros_like(p[0]), 1.0
    for _ in range(octaves):
        total += weight * noise(p)
        # Off by an odd shift, so that lattices of two octaves never coincide.
        p, weight = p * 2.03 + 17.3, weight / 2
    return total / (2 - 2 * weight)


def plain(color: Triple) -> Texture:
    """One color."""
    return lambda p: np.broadcast_to(column(color, p), p.shape)


def marble(light: Triple, vein: Triple, scale: float) -> Texture:
    """Veins along x, bent by turbulence."""

    def color(p: Vec) -> Vec:
        wave = np.sin((p[0] + 2.5 * turbulence(p * scale)) * (3 * scale))
        return mix(column(light, p), column(vein, p), smoothstep(0.55, 1.0, np.abs(wave)))

    return color


def stripes(one: Triple, two: Triple, width: float, axis: int = 1) -> Texture:
    """Bands across an axis."""

    def color(p: Vec) -> Vec:
        odd = np.floor(p[axis] / width) % 2
        return mix(column(one, p), column(two, p), odd)

    return color


def checks(one: Triple, two: Triple, side: float) -> Texture:
    """Squares on the ground plane."""

    def color(p: Vec) -> Vec:
        odd = (np.floor(p[0] / side) + np.floor(p[2] / side)) % 2
        return mix(column(one, p), column(two, p), odd)

    return color


def bricks(brick: Triple, mortar: Triple, width: float) -> Texture:
    """Bricks on the ground plane, each of a tint of its own."""

    def color(p: Vec) -> Vec:
        row = np.floor(p[2] / (width * 0.45))
        along = p[0] / width + row * 0.5
        x, y = along - np.floor(along), p[2] / (width * 0.45) - row
        edge = np.minimum(np.minimum(x, 1 - x), np.minimum(y, 1 - y) * 0.45)
        cell = np.stack([np.floor(along), row, row]).astype(np.int64)
        tint = column(brick, p) * (0.75 + 0.5 * _lattice(cell))
        return mix(column(mortar, p), tint, smoothstep(0.02, 0.05, edge))

    return color


def speckle(base: Triple, fleck: Triple, scale: float) -> Texture:
    """Soft patches of a second color."""

    def color(p: Vec) -> Vec:
        share = smoothstep(0.4, 0.7, turbulence(p * scale))
        return mix(column(base, p), column(fleck, p), share)

    return color


def gradient(below: Triple, above: Triple) -> Texture:
    """Backdrop: from the lower to the upper color by the direction's height."""

    def color(d: Vec) -> Vec:
        share = smoothstep(-0.5, 0.5, d[1])
        return mix(column(below, d), column(above, d), share)

    return color


def clouds(dark: Triple, light: Triple, scale: float) -> Texture:
    """Backdrop: noise over directions, as a painted cloth far behind."""

    def color(d: Vec) -> Vec:
        share = smoothstep(0.25, 0.75, turbulence(d * scale, 4))
        return mix(column(dark, d), column(light, d), share)

    return color
