"""Figures of landmarks and shapes against the truth (NumPy alone)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from puppet.artist import curve_distance
from puppet.cubic import Array, Shape
from puppet.topology import Topology

# The document's crop, whose pixels its table counts.
CROP_PX = 400.0
# Handles shorter than this share of their chord have no direction worth the name.
SHORT = 0.02


def eyes_apart(places: Array, topology: Topology) -> float:
    """Distance between the middles of two mirrored closed shapes of the group `eyes`; of faces
    without any, a third of the larger side of the box about all landmarks."""
    middles = [
        places[kind.bound()[1]].mean(0)
        for kind in topology.shapes
        if topology.groups[kind.bound()[1][0]] == "eyes" and kind.closed
    ]
    if len(middles) != 2:
        return float(np.ptp(places, axis=0).max()) / 3
    return float(np.linalg.norm(middles[0] - middles[1]))


def group_errors(
    found: Array, truth: Array, counted: NDArray[np.bool_], scale: float, topology: Topology
) -> dict[str, list[float]]:
    """(|dx| + |dy|) / 2 of counted points by group, in pixels of the document's crop."""
    errors = np.abs(found - truth).mean(1) * scale
    result: dict[str, list[float]] = {}
    for k, group in enumerate(topology.groups):
        if counted[k]:
            result.setdefault(group, []).append(float(errors[k]))
    return result


def summary(values: Any) -> dict[str, float]:
    """Mean, median, 95th percentile and maximum."""
    array = np.asarray(values, float)
    if not array.size:
        return {}
    return {
        "mean": round(float(array.mean()), 4),
        "median": round(float(np.median(array)), 4),
        "p95": round(float(np.percentile(array, 95)), 4),
        "max": round(float(array.max()), 4),
        "count": int(array.size),
    }


def apart(one: Shape, two: Shape) -> Array:
    """Symmetric distances of two curves, in pixels: points of each from the other."""
    return np.concatenate([curve_distance(one, two), curve_distance(two, one)])


def handle_angles(found: Shape, truth: Shape) -> Array:
    """Degrees between handles and the true ones, of those that have a direction."""
    angles = []
    for side, turn in ((1, 1), (2, -1)):
        chord = np.linalg.norm(
            np.roll(truth.vertices[:, 0], turn, axis=0) - truth.vertices[:, 0], axis=1
        )
        a, b = found.vertices[:, side], truth.vertices[:, side]
        long = np.minimum(np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1)) > SHORT * chord
        a, b = a[long], b[long]
        cross = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
        angles.append(np.degrees(np.abs(np.arctan2(cross, (a * b).sum(1)))))
    return np.concatenate(angles)


def area(shape: Shape) -> float:
    """The area inside a closed shape, in square pixels."""
    x, y = shape.sampled(12).T
    return abs(float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())) / 2


def crossings(shape: Shape) -> int:
    """Segments whose handles reach past each other along the chord."""
    controls = shape.controls()
    chord = controls[:, 3] - controls[:, 0]
    length = (chord**2).sum(1)
    one = np.maximum(((controls[:, 1] - controls[:, 0]) * chord).sum(1), 0)
    two = np.maximum(((controls[:, 3] - controls[:, 2]) * chord).sum(1), 0)
    return int((one + two > 1.001 * length + 1e-9).sum())


def f1(hit: int, wrong: int, missed: int) -> float:
    """The harmonic mean of precision and recall; 1 where there was nothing to find."""
    total = 2 * hit + wrong + missed
    return round(2 * hit / total, 4) if total else 1.0


def catmull_rom(shape: Shape) -> Shape:
    """The control: the curve of Catmull and Rom through a shape's anchors."""
    anchors = shape.vertices[:, 0]
    before, after = np.roll(anchors, 1, axis=0), np.roll(anchors, -1, axis=0)
    tangent = (after - before) / 6
    if not shape.closed:
        tangent[0], tangent[-1] = (after[0] - anchors[0]) / 3, (anchors[-1] - before[-1]) / 3
    return Shape(np.stack([anchors, -tangent, tangent], axis=1), shape.closed)
