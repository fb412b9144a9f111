"""Scores E[S|P] alone: on geometry of held-out identities and on production splines (ONNX)."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from features.geometry import Geometry
from features.infer import Detector
from features.measures import apart, catmull_rom, crossings, eyes_apart, handle_angles, summary
from features.production import read_frames
from puppet.cubic import Array, Shape
from puppet.topology import Topology

# A shape counts where most of its landmarks face the camera.
FACING = 0.5


def shapes_from(vertices: Array, topology: Topology) -> dict[str, Shape]:
    """Vertices [V,3,2] of all shapes in the topology's order, as shapes."""
    shapes, start = {}, 0
    for kind in topology.shapes:
        end = start + len(kind.landmarks)
        shapes[kind.name] = Shape(vertices[start:end].astype(float), kind.closed)
        start = end
    return shapes


class ShapeTally:
    """Distances and angles of ours and of the control, over many shapes."""

    def __init__(self) -> None:
        self.far: dict[str, list[float]] = {"ours": [], "catmull_rom": []}
        self.angles: dict[str, list[float]] = {"ours": [], "catmull_rom": []}
        self.crossed = self.shapes = 0

    def add(self, found: Shape, truth: Shape, unit: float) -> None:
        """One shape; distances count in `unit`."""
        control = catmull_rom(truth)
        self.shapes += 1
        self.crossed += crossings(found) > 0
        for name, shape in (("ours", found), ("catmull_rom", control)):
            self.far[name].append(float(apart(shape, truth).max()) / unit)
            self.angles[name] += handle_angles(shape, truth).tolist()

    def figures(self) -> dict[str, Any]:
        """Maximum distance of a shape, and the handles' angles."""
        both = ("ours", "catmull_rom")
        means = {name: float(np.mean(self.far[name])) for name in both}
        return {
            "shapes": self.shapes,
            "crossed_shapes": self.crossed,
            "max_distance": {name: summary(self.far[name]) for name in both},
            "handle_degrees": {name: summary(self.angles[name]) for name in both},
            "distance_ratio": round(means["ours"] / means["catmull_rom"], 3),
        }


def score_geometry(detector: Detector, faces: Geometry, hidden: float = 0.0) -> dict[str, Any]:
    """Figures over faces of geometry, by group of shapes; distances in percent of the eyes'
    distance. With `hidden`, that share of the points is not visible and their places are off."""
    topology, rng = detector.topology, np.random.default_rng(5)
    tallies: dict[str, ShapeTally] = {}
    for places, facing, vertices in zip(
        faces.landmarks.astype(float), faces.facing, faces.vertices, strict=True
    ):
        truth = shapes_from(vertices, topology)
        visible = rng.random(topology.count) >= hidden
        found = detector.draw(places, visible)
        # Percent of what the eyes are apart; at steep angles of half of the face's size at least.
        unit = max(eyes_apart(places, topology), 0.4 * float(np.ptp(places, axis=0).max())) / 100
        for kind in topology.shapes:
            bound = kind.bound()[1]
            if facing[bound].mean() >= FACING:
                group = "free ends" if None in kind.landmarks else topology.groups[bound[0]]
                tallies.setdefault(group, ShapeTally()).add(
                    found[kind.name], truth[kind.name], unit
                )
    return {group: tally.figures() for group, tally in tallies.items()}


def score_production(
    detector: Detector, folder: Path, without: Collection[str] = ()
) -> dict[str, Any]:
    """Figures on the public files that have our shapes, in pixels of their 800 px crops; `without`
    some, by name."""
    topology, result = detector.topology, {}
    for frame in read_frames(folder, topology):
        if frame.name in without:
            continue
        found = detector.draw(frame.places, frame.known)
        tallies: dict[str, ShapeTally] = {}
        for name, shape in frame.shapes.items():
            group = topology.groups[topology.shape(name).bound()[1][0]]
            tallies.setdefault(group, ShapeTally()).add(found[name], shape, 1.0)
        result[frame.name] = {group: tally.figures() for group, tally in tallies.items()}
    return result
