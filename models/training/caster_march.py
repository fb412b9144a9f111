"""What every shape of the ray caster can: be marched to by rays, and by the cones of wide lamps.

Marched shapes have a distance that is negative inside and changes by no more than the way gone, so
that it is never larger than the true one; simple shapes are hit by formula instead.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from caster_vectors import Mask, Row, Vec, dot, unit

# A marched ray has hit when the surface is this near; rays are offset by more than this.
HIT = 1e-4
STEPS = 64
# Depths behind that, or behind a first contact, at which a solid is looked for.
PROBES = 12


class Shape(ABC):
    """A solid within a ball of radius `bound` about its origin."""

    # A convex solid never shadows itself where it faces a light.
    convex = False
    # Whether distances are short enough to be marched by.
    marchable = True
    bound: float

    @abstractmethod
    def distance(self, p: Vec) -> Row:
        """Signed distance to the surface; marched shapes may give less."""

    def normal(self, p: Vec) -> Vec:
        """Outward unit normals of points on the surface: four distances, tetrahedral.

        In double precision, whose steps are so short that edges stay sharp.
        """
        total = np.zeros(p.shape)
        for signs in ((1, -1, -1), (-1, -1, 1), (-1, 1, -1), (1, 1, 1)):
            corner = np.array(signs, np.float64)[:, None]
            total += corner * self.distance(p + corner * 1e-5)
        return unit(total).astype(p.dtype)

    def hit(self, o: Vec, d: Vec) -> Row:
        """Distance along unit directions to where rays from outside enter; infinity: never."""
        return march(self, o, d)


def ball_span(o: Vec, d: Vec, radius: float) -> tuple[Row, Row, Mask]:
    """Where rays enter and leave a ball about the origin, and which of them do."""
    b, c = dot(o, d), dot(o, o) - radius * radius
    inside = b * b - c
    root = np.sqrt(np.maximum(inside, 0))
    return -b - root, -b + root, (inside > 0) & (root > b)


def march(shape: Shape, o: Vec, d: Vec) -> Row:
    """Sphere tracing inside the shape's bounding ball."""
    found = np.full(o.shape[1], np.inf, o.dtype)
    near, far, meets = ball_span(o, d, shape.bound)
    at = np.flatnonzero(meets)
    t, far, o, d = np.maximum(near[at], 0), far[at], o[:, at], d[:, at]
    for _ in range(STEPS):
        if not at.size:
            break
        gap = shape.distance(o + d * t)
        t = t + gap
        arrived = gap < HIT
        found[at[arrived]] = t[arrived]
        on = ~arrived & (t < far)
        at, t, far, o, d = at[on], t[on], far[on], o[:, on], d[:, on]
    if at.size:
        found[at] = _searched(shape, o, d, t, far)
    return found


def _searched(shape: Shape, o: Vec, d: Vec, t: Row, far: Row) -> Row:
    """Entries of rays that graze a flank, where marching hardly moves: by trial, then halving."""
    outside, inside = t.copy(), np.full_like(t, np.inf)
    for trial in range(1, PROBES + 1):
        depth = t + (far - t) * (trial / PROBES)
        first = ~np.isfinite(inside) & (shape.distance(o + d * depth) < 0)
        inside[first] = depth[first]
        still = ~np.isfinite(inside)
        outside[still] = depth[still]
    at = np.flatnonzero(np.isfinite(inside))
    for _ in range(14):
        middle = (outside[at] + inside[at]) / 2
        within = shape.distance(o[:, at] + d[:, at] * middle) < 0
        inside[at[within]] = middle[within]
        outside[at[~within]] = middle[~within]
    return inside


def beam(shape: Shape, o: Vec, d: Vec, spread: Row) -> tuple[Mask, Mask]:
    """Which cones from points outside miss a marched shape, and which it fills at some depth.

    `spread` is a cone's radius per length of its unit direction. Both answers are sure; of cones
    that are neither, rays must be sampled.
    """
    middle = -dot(o, d)
    t = np.maximum(middle - shape.bound, 0) * (1 - spread)
    stop = (middle + shape.bound) * (1 + spread)
    at = np.arange(o.shape[1])
    met = np.zeros(o.shape[1], bool)
    for _ in range(STEPS):
        if not at.size:
            break
        gap = shape.distance(o[:, at] + d[:, at] * t[at]) - spread[at] * t[at]
        met[at[gap < HIT]] = True
        t[at] += gap / (1 + spread[at])
        at = at[(gap >= HIT) & (t[at] < stop[at])]
    met[at] = True
    dark = np.zeros(o.shape[1], bool)
    at = np.flatnonzero(met)
    for probe in range(1, PROBES):
        depth = t[at] + shape.bound * (probe / PROBES)
        inside = -shape.distance(o[:, at] + d[:, at] * depth)
        dark[at[inside > spread[at] * depth]] = True
        at = at[~dark[at]]
    return ~met, dark
