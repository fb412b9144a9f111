"""A frame's annotation: our form on disk and the public cubic-segment form (NumPy alone)."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from puppet.cubic import Array, Shape
from puppet.topology import PUPPET, Topology

FORMAT = "rotocel-face-1"
# Files round to thousandths of a pixel.
JOINED_PX = 0.01
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Landmark:
    """A point in pixels (centres at +0.5, y down). It is `present` when a shape that it belongs to
    is in the picture, and `visible` when nothing hides it."""

    x: float
    y: float
    visible: bool
    present: bool


@dataclass(frozen=True)
class Annotation:
    """One frame. Shapes are given whole, hidden parts included."""

    frame: int
    size: tuple[int, int]  # width and height of the full picture
    landmarks: list[Landmark]
    shapes: dict[str, Shape]
    present: dict[str, bool]
    seen_share: dict[str, float] = field(default_factory=dict)  # of each shape's outline
    fit_error: float = 0.0  # pixels
    boxes: dict[str, Box] = field(default_factory=dict)  # left, top, width, height
    facts: dict[str, Any] = field(default_factory=dict)

    def places(self) -> Array:
        """Landmarks [n,2]."""
        return np.array([[point.x, point.y] for point in self.landmarks])

    def flags(self) -> tuple[np.ndarray, np.ndarray]:
        """Which landmarks are visible, and which present."""
        visible = np.array([point.visible for point in self.landmarks])
        return visible, np.array([point.present for point in self.landmarks])


def with_more(note: Annotation, facts: dict[str, Any], boxes: dict[str, Box]) -> Annotation:
    """The annotation with more facts and boxes."""
    return replace(note, facts=note.facts | facts, boxes=note.boxes | boxes)


def to_json(note: Annotation) -> dict[str, Any]:
    """Our form."""
    return {
        "format": FORMAT,
        "frame": note.frame,
        "width": note.size[0],
        "height": note.size[1],
        "landmarks": [
            [round(p.x, 3), round(p.y, 3), int(p.visible), int(p.present)] for p in note.landmarks
        ],
        "shapes": {name: _shape_json(shape, note, name) for name, shape in note.shapes.items()},
        "boxes": {name: [round(part, 2) for part in box] for name, box in note.boxes.items()},
        "fit_error": note.fit_error,
        "facts": note.facts,
    }


def _shape_json(shape: Shape, note: Annotation, name: str) -> dict[str, Any]:
    return {
        "closed": shape.closed,
        "present": bool(note.present.get(name, True)),
        "seen": note.seen_share.get(name, 1.0),
        "vertices": [
            dict(zip(("anchor", "in", "out"), np.round(vertex, 3).tolist(), strict=True))
            for vertex in shape.vertices
        ],
    }


def from_json(data: dict[str, Any]) -> Annotation:
    """Reads our form."""
    if data.get("format") != FORMAT:
        raise ValueError(f"not {FORMAT}: {data.get('format')}")
    shapes = {
        name: Shape(
            np.array([[v["anchor"], v["in"], v["out"]] for v in shape["vertices"]], float),
            bool(shape["closed"]),
        )
        for name, shape in data["shapes"].items()
    }
    return Annotation(
        frame=data["frame"],
        size=(data["width"], data["height"]),
        landmarks=[Landmark(x, y, bool(v), bool(p)) for x, y, v, p in data["landmarks"]],
        shapes=shapes,
        present={name: shape["present"] for name, shape in data["shapes"].items()},
        seen_share={name: shape["seen"] for name, shape in data["shapes"].items()},
        fit_error=data.get("fit_error", 0.0),
        boxes={name: tuple(box) for name, box in data.get("boxes", {}).items()},
        facts=data.get("facts", {}),
    )


def to_public(
    note: Annotation, box: Box | None = None, side: float = 800.0, topology: Topology = PUPPET
) -> dict[str, Any]:
    """The public cubic-segment form: keys by their public names, `points` in landmark order.

    With a box, coordinates are those of its crop enlarged to `side`. A point that is not visible
    is (0, 0), and shapes that are not in the picture are left out, as in the public files.
    """
    scale, left, top = 1.0, 0.0, 0.0
    if box is not None:
        left, top, scale = box[0], box[1], side / box[2]
    found: dict[str, Any] = {
        "points": [
            [round((p.x - left) * scale, 3), round((p.y - top) * scale, 3)]
            if p.visible
            else [0.0, 0.0]
            for p in note.landmarks
        ]
    }
    for name, shape in note.shapes.items():
        if not note.present.get(name, True):
            continue
        moved = shape.mapped(np.eye(2) * scale, -np.array([left, top]) * scale)
        found[topology.shape(name).public_name] = _public_segments(moved)
    return dict(sorted(found.items()))


def _public_segments(shape: Shape) -> list[Any]:
    controls = shape.controls()
    columns = np.stack(
        [
            controls[:, 0],
            controls[:, 1] - controls[:, 0],
            controls[:, 3],
            controls[:, 2] - controls[:, 3],
        ],
        axis=-1,
    )
    return np.round(columns, 3).tolist()


def from_public(data: Any, topology: Topology = PUPPET) -> dict[str, Shape]:
    """Shapes of a public file, by our names; points are not read, since their layouts differ.
    FeatureDetect exports the same form with our names, which are taken too.

    A ValueError names what the file has that the form or the topology has not.
    """
    if not isinstance(data, dict):
        raise ValueError("the file is no JSON object")
    known = {kind.public_name: kind for kind in topology.shapes}
    ours = {kind.name: kind.public_name for kind in topology.shapes}
    if twice := sorted(
        name for name in ours if name != ours[name] and {name, ours[name]} <= set(data)
    ):
        raise ValueError(f"{', '.join(twice)}: given by both of its names")
    data = {ours.get(name, name): part for name, part in data.items()}
    unknown = sorted(set(data) - set(known) - {"points"})
    if unknown:
        raise ValueError(f"unknown shapes {', '.join(unknown)}; known are {', '.join(known)}")
    return {
        kind.name: _of_segments(name, data[name], kind.closed)
        for name, kind in known.items()
        if name in data
    }


def _of_segments(name: str, segments: Any, closed: bool) -> Shape:
    try:
        rows = np.array(segments, float)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: segments are not lists of numbers") from None
    if rows.ndim != 3 or rows.shape[1:] != (2, 4):
        raise ValueError(f"{name}: a segment is [[x0, tx0, x3, tx3], [y0, ty0, y3, ty3]]")
    starts, ends = rows[:, :, 0], rows[:, :, 2]
    if np.abs(ends[:-1] - starts[1:]).max(initial=0.0) > JOINED_PX:
        raise ValueError(f"{name}: a segment does not begin where the one before ends")
    if (np.abs(ends[-1] - starts[0]).max() <= JOINED_PX) != closed:
        raise ValueError(f"{name} is {'open' if closed else 'closed'}, and should not be")
    rows = rows.transpose(0, 2, 1)  # [m, 4, 2]
    controls = np.stack(
        [rows[:, 0], rows[:, 0] + rows[:, 1], rows[:, 2] + rows[:, 3], rows[:, 2]], 1
    )
    return Shape.of_controls(controls, closed)


def save_json(path: Path, data: dict[str, Any]) -> None:
    """Writes a JSON file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Of two processes that finish the same shot, each has a file of its own until it is whole.
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps(data, separators=(",", ":")) + "\n", "utf-8")
    part.replace(path)


def load(path: Path) -> Annotation:
    """Reads a file of our form."""
    return from_json(json.loads(path.read_text("utf-8")))
