"""Convex shapes of the ray caster, each about its own origin."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import reduce

import numpy as np

from caster_march import Shape, ball_span, march
from caster_vectors import Row, Vec, dot, length, unit


def entry(near: Row, far: Row) -> Row:
    """The near end of spans that are spans and lie ahead."""
    return np.where((near < far) & (near > 0), near, np.inf).astype(near.dtype)


def slab(o: Row, d: Row, half: float) -> tuple[Row, Row]:
    """Where rays are between two planes at -half and half."""
    safe = np.where(np.abs(d) < 1e-9, 1e-9, d).astype(d.dtype)
    a, b = (-half - o) / safe, (half - o) / safe
    return np.minimum(a, b), np.maximum(a, b)


def tube(o: Vec, d: Vec, radius: float) -> tuple[Row, Row]:
    """Where rays are inside an endless cylinder about y."""
    a = np.maximum(d[0] * d[0] + d[2] * d[2], 1e-12)
    b = o[0] * d[0] + o[2] * d[2]
    inside = b * b - a * (o[0] * o[0] + o[2] * o[2] - radius * radius)
    root = np.sqrt(np.maximum(inside, 0))
    return np.where(inside > 0, (-b - root) / a, np.inf), np.where(
        inside > 0, (-b + root) / a, -np.inf
    )


@dataclass(frozen=True)
class Plane(Shape):
    """Everything below y = 0."""

    convex = True
    bound = math.inf

    def distance(self, p: Vec) -> Row:
        return p[1]

    def normal(self, p: Vec) -> Vec:
        return np.broadcast_to(np.array([[0], [1], [0]], p.dtype), p.shape)

    def hit(self, o: Vec, d: Vec) -> Row:
        falling = (d[1] < -1e-6) & (o[1] > 0)
        return np.where(falling, o[1] / np.where(falling, -d[1], 1), np.inf).astype(o.dtype)


@dataclass(frozen=True)
class Ellipsoid(Shape):
    """Three half axes; a sphere where they are equal."""

    convex = True
    marchable = False
    axes: tuple[float, float, float]

    @property
    def bound(self) -> float:
        return max(self.axes)

    def distance(self, p: Vec) -> Row:
        axes = np.array(self.axes, p.dtype)[:, None]
        level = length(p / axes)
        # Exact to first order at the surface: enough for ambient occlusion, never marched.
        return level * (level - 1) / np.maximum(length(p / (axes * axes)), 1e-9)

    def normal(self, p: Vec) -> Vec:
        axes = np.array(self.axes, p.dtype)[:, None]
        return unit(p / (axes * axes))

    def hit(self, o: Vec, d: Vec) -> Row:
        axes = np.array(self.axes, o.dtype)[:, None]
        o, d = o / axes, d / axes
        a, b = dot(d, d), dot(o, d)
        inside = b * b - a * (dot(o, o) - 1)
        near = (-b - np.sqrt(np.maximum(inside, 0))) / a
        return np.where((inside > 0) & (near > 0), near, np.inf).astype(o.dtype)


def sphere(radius: float) -> Ellipsoid:
    """A ball."""
    return Ellipsoid((radius, radius, radius))


@dataclass(frozen=True)
class Box(Shape):
    """Three half sides; edges are rounded by `rounding`, inside of the half sides."""

    convex = True
    half: tuple[float, float, float]
    rounding: float = 0.0

    @property
    def bound(self) -> float:
        return math.hypot(*self.half)

    def distance(self, p: Vec) -> Row:
        q = np.abs(p) - (np.array(self.half, p.dtype) - self.rounding)[:, None].astype(p.dtype)
        outside = length(np.maximum(q, 0))
        return outside + np.minimum(q.max(axis=0), 0) - self.rounding

    def hit(self, o: Vec, d: Vec) -> Row:
        if self.rounding:
            return march(self, o, d)
        spans = [slab(o[k], d[k], self.half[k]) for k in range(3)]
        near = reduce(np.maximum, [span[0] for span in spans])
        return entry(near, reduce(np.minimum, [span[1] for span in spans]))


@dataclass(frozen=True)
class Cylinder(Shape):
    """About y, with flat ends."""

    convex = True
    radius: float
    half: float

    @property
    def bound(self) -> float:
        return math.hypot(self.radius, self.half)

    def distance(self, p: Vec) -> Row:
        side = np.hypot(p[0], p[2]) - self.radius
        end = np.abs(p[1]) - self.half
        outside = np.hypot(np.maximum(side, 0), np.maximum(end, 0))
        return outside + np.minimum(np.maximum(side, end), 0)

    def hit(self, o: Vec, d: Vec) -> Row:
        (near, far), (low, high) = tube(o, d, self.radius), slab(o[1], d[1], self.half)
        return entry(np.maximum(near, low), np.minimum(far, high)).astype(o.dtype)


@dataclass(frozen=True)
class Capsule(Shape):
    """About y: a cylinder of half length `half` with a half ball on each end."""

    convex = True
    radius: float
    half: float

    @property
    def bound(self) -> float:
        return self.radius + self.half

    def distance(self, p: Vec) -> Row:
        y = p[1] - np.clip(p[1], -self.half, self.half)
        return np.sqrt(p[0] * p[0] + y * y + p[2] * p[2]) - self.radius

    def normal(self, p: Vec) -> Vec:
        y = p[1] - np.clip(p[1], -self.half, self.half)
        return unit(np.stack([p[0], y, p[2]]))

    def hit(self, o: Vec, d: Vec) -> Row:
        near, far = tube(o, d, self.radius)
        on_side = np.abs(o[1] + np.where(np.isfinite(near), near, 0) * d[1]) <= self.half
        first = np.where(on_side, entry(near, far), np.inf)
        for end in (-self.half, self.half):
            shifted = o - np.array([[0], [end], [0]], o.dtype)
            near, _, meets = ball_span(shifted, d, self.radius)
            first = np.minimum(first, np.where(meets & (near > 0), near, np.inf))
        return first.astype(o.dtype)


@dataclass(frozen=True)
class Cone(Shape):
    """About y: radius `low` at -half, `high` at half (0 for a tip)."""

    convex = True
    low: float
    high: float
    half: float

    @property
    def bound(self) -> float:
        return math.hypot(max(self.low, self.high), self.half)

    def distance(self, p: Vec) -> Row:
        across = np.hypot(p[0], p[2])
        lid_x = across - np.minimum(across, np.where(p[1] < 0, self.low, self.high))
        lid_y = np.abs(p[1]) - self.half
        run, rise = self.high - self.low, 2 * self.half
        share = ((self.high - across) * run + (self.half - p[1]) * rise) / (run**2 + rise**2)
        share = np.clip(share, 0, 1)
        side_x, side_y = across - self.high + run * share, p[1] - self.half + rise * share
        sign = np.where((side_x < 0) & (lid_y < 0), -1, 1).astype(p.dtype)
        gap = np.minimum(lid_x**2 + lid_y**2, side_x**2 + side_y**2)
        return (sign * np.sqrt(gap)).astype(p.dtype)
