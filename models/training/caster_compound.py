"""Shapes of the ray caster that shadow themselves: rings, blobs, and bodies with parts cut out."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import reduce

import numpy as np

from caster_march import Shape
from caster_vectors import Pose, Row, Vec


@dataclass(frozen=True)
class Torus(Shape):
    """About y: a tube of radius `thick` around a circle of radius `ring`."""

    ring: float
    thick: float

    @property
    def bound(self) -> float:
        return self.ring + self.thick

    def distance(self, p: Vec) -> Row:
        return np.hypot(np.hypot(p[0], p[2]) - self.ring, p[1]) - self.thick


@dataclass(frozen=True)
class Part:
    """A shape at a place inside a compound one."""

    shape: Shape
    pose: Pose = field(default_factory=Pose)

    def distance(self, p: Vec) -> Row:
        """Signed distance of the part."""
        return self.shape.distance(self.pose.to_object(p))

    @property
    def reach(self) -> float:
        """How far from the compound's origin it can extend."""
        return math.hypot(*self.pose.translation) + self.shape.bound


@dataclass(frozen=True)
class Blob(Shape):
    """Parts that flow into each other over `blend`."""

    parts: tuple[Part, ...]
    blend: float

    @property
    def bound(self) -> float:
        return max(part.reach for part in self.parts) + len(self.parts) * self.blend / 4

    def distance(self, p: Vec) -> Row:
        def join(a: Row, b: Row) -> Row:
            h = np.maximum(self.blend - np.abs(a - b), 0) / self.blend
            return np.minimum(a, b) - h * h * (self.blend / 4)

        return reduce(join, [part.distance(p) for part in self.parts])


@dataclass(frozen=True)
class Carved(Shape):
    """A body from which parts are cut: bowls, blocks with holes."""

    body: Shape
    cutters: tuple[Part, ...]

    @property
    def bound(self) -> float:
        return self.body.bound

    def distance(self, p: Vec) -> Row:
        cut = [-part.distance(p) for part in self.cutters]
        return reduce(np.maximum, [self.body.distance(p), *cut])
