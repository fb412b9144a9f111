"""Cubic Bézier shapes as arrays, in the plane and in space, and their least-squares fit (NumPy)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Shape:
    """Vertices [n,3,d]: anchor, incoming and outgoing handle, handles relative to their anchor."""

    vertices: Array
    closed: bool

    def controls(self) -> Array:
        """Control points [segments,4,d]."""
        here = self.vertices
        then = np.roll(here, -1, axis=0)
        if not self.closed:
            here, then = here[:-1], then[:-1]
        start, end = here[:, 0], then[:, 0]
        return np.stack([start, start + here[:, 2], end + then[:, 1], end], axis=1)

    @staticmethod
    def of_controls(controls: Array, closed: bool) -> Shape:
        """The shape of joined segments [m,4,d]; an open one's outer handles are zero."""
        count = len(controls) + (not closed)
        vertices = np.zeros((count, 3, controls.shape[2]))
        vertices[: len(controls), 0] = controls[:, 0]
        vertices[: len(controls), 2] = controls[:, 1] - controls[:, 0]
        ends = (np.arange(len(controls)) + 1) % count
        vertices[ends, 0] = controls[:, 3]
        vertices[ends, 1] = controls[:, 2] - controls[:, 3]
        return Shape(vertices, closed)

    def sampled(self, per_segment: int) -> Array:
        """Points along the shape [n,d], the last one of an open shape included."""
        steps = np.arange(per_segment) / per_segment
        points = evaluate(self.controls(), np.broadcast_to(steps, (self.segments, per_segment)))
        points = points.reshape(-1, points.shape[-1])
        return points if self.closed else np.concatenate([points, self.vertices[-1:, 0]])

    @property
    def segments(self) -> int:
        return len(self.vertices) - (not self.closed)

    def mapped(self, matrix: Array, offset: Array) -> Shape:
        """Under the affine map x -> matrix x + offset."""
        moved = self.vertices @ np.asarray(matrix).T
        moved[:, 0] += offset
        return Shape(moved, self.closed)

    def reordered(self, order: list[int], turned: bool) -> Shape:
        """Vertices in another order; `turned` says that it runs the other way."""
        vertices = self.vertices[order]
        return Shape(vertices[:, [0, 2, 1]] if turned else vertices, self.closed)


def bernstein(t: Array) -> Array:
    """Weights [...,4] of the control points."""
    s = 1 - t
    return np.stack([s**3, 3 * s * s * t, 3 * s * t * t, t**3], axis=-1)


def evaluate(controls: Array, t: Array) -> Array:
    """Points [m,k,d] of segments [m,4,d] at their own times [m,k]."""
    return np.einsum("mkc,mcd->mkd", bernstein(t), controls)


def derivative(controls: Array, t: Array) -> Array:
    """First derivative [m,k,d]."""
    steps = 3 * np.diff(controls, axis=1)
    s = 1 - t
    weights = np.stack([s * s, 2 * s * t, t * t], axis=-1)
    return np.einsum("mkc,mcd->mkd", weights, steps)


def split(controls: Array, at: float) -> tuple[Array, Array]:
    """One segment [4,d] cut in two that together are the same curve."""
    a = controls[:-1] * (1 - at) + controls[1:] * at
    b = a[:-1] * (1 - at) + a[1:] * at
    c = b[0] * (1 - at) + b[1] * at
    return np.stack([controls[0], a[0], b[0], c]), np.stack([c, b[1], a[2], controls[3]])


def fit(
    points: Array, first: Array, last: Array, times: Array | None = None, rounds: int = 6
) -> tuple[Array, Array]:
    """One cubic per run of points [m,k,d], through its ends, and the largest distance of each [m].

    `first` and `last` [m,d] are the directions in which the handles leave their anchors (`last`
    points backwards). Only their lengths are fitted: what is smooth at an anchor stays so.
    `times` [m,k] is a first guess of where on the curve the points lie; else it is their distance.
    """
    t = _distances(points) if times is None else np.array(times)
    first, last = (v / np.maximum(np.linalg.norm(v, axis=1), 1e-12)[:, None] for v in (first, last))
    controls = _lengths_fitted(points, t, first, last)
    for _ in range(rounds):
        t = _nearer(controls, points, t)
        controls = _lengths_fitted(points, t, first, last)
    gap = evaluate(controls, _nearer(controls, points, t)) - points
    return controls, np.linalg.norm(gap, axis=2).max(axis=1)


def _distances(points: Array) -> Array:
    """Each point's share [m,k] of its run's length."""
    steps = np.linalg.norm(np.diff(points, axis=1), axis=2)
    along = np.concatenate([np.zeros((len(points), 1)), np.cumsum(steps, axis=1)], axis=1)
    return along / np.maximum(along[:, -1:], 1e-12)


def _lengths_fitted(points: Array, t: Array, first: Array, last: Array) -> Array:
    """The cubics whose handle lengths bring them nearest to the points at given times."""
    start, end = points[:, 0], points[:, -1]
    weights = bernstein(t)
    straight = np.einsum("mkc,mcd->mkd", weights, np.stack([start, start, end, end], axis=1))
    left = points - straight
    a = weights[..., 1:2] * first[:, None]
    b = weights[..., 2:3] * last[:, None]
    aa, bb, ab = ((x * y).sum((1, 2)) for x, y in ((a, a), (b, b), (a, b)))
    ar, br = (a * left).sum((1, 2)), (b * left).sum((1, 2))
    det = aa * bb - ab * ab
    chord = np.linalg.norm(end - start, axis=1)
    third = np.maximum(np.linalg.norm(np.diff(points, axis=1), axis=2).sum(1), chord) / 3
    safe = np.where(np.abs(det) > 1e-9 * aa * bb, det, np.inf)
    one, two = (ar * bb - br * ab) / safe, (br * aa - ar * ab) / safe
    # A handle never points back, nor far past the other end.
    bad = (one <= 0) | (two <= 0) | (one > 6 * third) | (two > 6 * third)
    one, two = np.where(bad, third, one)[:, None], np.where(bad, third, two)[:, None]
    return np.stack([start, start + one * first, end + two * last, end], axis=1)


def _nearer(controls: Array, points: Array, t: Array) -> Array:
    """Times moved by one Newton step towards the nearest places on the curve; ends stay."""
    gap = evaluate(controls, t) - points
    speed = derivative(controls, t)
    bend = 6 * (
        (1 - t)[..., None] * (controls[:, 2] - 2 * controls[:, 1] + controls[:, 0])[:, None]
        + t[..., None] * (controls[:, 3] - 2 * controls[:, 2] + controls[:, 1])[:, None]
    )
    slope = (speed * speed).sum(-1) + (gap * bend).sum(-1)
    step = (gap * speed).sum(-1) / np.where(slope > 1e-12, slope, np.inf)
    moved = np.clip(t - np.clip(step, -0.1, 0.1), 0, 1)
    moved[:, 0], moved[:, -1] = 0, 1
    return moved
