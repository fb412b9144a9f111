"""An artist's splines from a production, as public files hold them (NumPy alone).

The files are those of the founding document's data set (annotations © Intel Corporation, CC BY
4.0), revectorised or test frames; what is in them is told by the topology's layouts.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from puppet.annotation import from_public
from puppet.cubic import Array, Shape
from puppet.topology import FOLDER, Topology

LAYOUTS = (("revec_shapes-*.json", "revectorised"), ("shapes-test-*.json", "test"))


@dataclass(frozen=True)
class Frame:
    """One file: its shapes with the topology's vertices, landmarks [P,2] and which are known."""

    name: str
    shapes: dict[str, Shape]
    places: Array
    known: NDArray[np.bool_]


def read_frames(folder: Path, topology: Topology) -> list[Frame]:
    """All files of a folder that have the topology's vertices, by name."""
    layouts = tomllib.loads((FOLDER / f"{topology.name}_layouts.toml").read_text("utf-8"))
    by_name = {layout["name"]: layout for layout in layouts["layouts"]}
    return [
        _frame(path, by_name[layout], topology)
        for pattern, layout in LAYOUTS
        for path in sorted(folder.glob(pattern))
    ]


def _frame(path: Path, layout: dict[str, Any], topology: Topology) -> Frame:
    data = json.loads(path.read_text("utf-8"))
    shapes = {}
    for entry in layout["shapes"]:
        shape = from_public({entry["key"]: data[entry["key"]]}, topology)[entry["shape"]]
        order = entry.get("vertices", list(range(len(shape.vertices))))
        # Vertices of the file to the topology's; where they run backwards, handles change sides.
        back = (order[1] - order[0]) % len(order) != 1
        inverse = [order.index(k) for k in range(len(order))]
        shapes[entry["shape"]] = shape.reordered(inverse, back)
    places, known = np.zeros((topology.count, 2)), np.zeros(topology.count, bool)
    for (x, y), landmark in zip(data["points"], layout["points"], strict=True):
        known[landmark] = (x, y) != (0, 0)
        places[landmark] = x, y
    places[~known] = places[known].mean(0)
    return Frame(path.stem, shapes, places, known)


@dataclass(frozen=True)
class Curves:
    """Curves to learn from: the files, and what `curves_by_kind` makes of them."""

    files: list[str]
    by_kind: list[NDArray[np.float32]]


def learnt_from(folder: Path, topology: Topology) -> Curves:
    """All curves of a folder.

    A folder without any ends the run.
    """
    frames = read_frames(folder, topology)
    if not frames:
        names = " or ".join(pattern for pattern, _ in LAYOUTS)
        raise SystemExit(f"{folder}: no {names}; see features/README.md")
    return Curves([frame.name for frame in frames], curves_by_kind(frames, topology))


def curves_by_kind(frames: list[Frame], topology: Topology) -> list[NDArray[np.float32]]:
    """For each kind of shape, in the topology's order, the frames' closed curves of that kind and
    mirror images of its partner's: vertices [n,V,3,2], handles relative."""
    curves: list[list[Array]] = [[] for _ in topology.shapes]
    names = [kind.name for kind in topology.shapes]
    mirror = np.diag([-1.0, 1.0])
    for frame in frames:
        for name, shape in frame.shapes.items():
            if not shape.closed:
                continue
            target, order, turned = topology.mirrored_shape(name)
            flipped = shape.mapped(mirror, np.zeros(2)).reordered(order, turned)
            curves[names.index(name)].append(shape.vertices)
            curves[names.index(target.name)].append(flipped.vertices)
    return [
        np.array(own, np.float32).reshape(-1, len(kind.landmarks), 3, 2)
        for own, kind in zip(curves, topology.shapes, strict=True)
    ]
