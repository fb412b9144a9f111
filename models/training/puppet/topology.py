"""Which landmarks and shapes a face has, and what mirrors what. Data: nothing else knows an eye.

The data are those of the nodes, `models/topologies/*.toml`: what is trained and what is drawn
cannot differ. `left_*` lies on the viewer's left; closed shapes run clockwise on screen.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "topologies"
FREE = "free"


@dataclass(frozen=True)
class ShapeKind:
    """One Bézier shape: the landmark at each of its vertices, in order; None at a free one."""

    name: str
    public_name: str
    closed: bool
    landmarks: tuple[int | None, ...]

    @property
    def segments(self) -> int:
        return len(self.landmarks) - (not self.closed)

    def bound(self) -> tuple[list[int], list[int]]:
        """The vertices that are landmarks, and which landmarks those are."""
        vertices = [k for k, landmark in enumerate(self.landmarks) if landmark is not None]
        return vertices, [landmark for landmark in self.landmarks if landmark is not None]

    def orders(self) -> list[tuple[list[int], bool]]:
        """Every order of the vertices that is the same curve, and whether it runs backwards."""
        count = len(self.landmarks)
        firsts = range(count) if self.closed else (0,)
        forth = [([(first + k) % count for k in range(count)], False) for first in firsts]
        last = (lambda first: first) if self.closed else (lambda first: count - 1 - first)
        back = [([(last(first) - k) % count for k in range(count)], True) for first in firsts]
        return forth + back


@dataclass(frozen=True)
class Topology:
    """Landmarks by number, shapes by name, and `mirror[k]`: the landmark k becomes in a flip."""

    name: str
    groups: tuple[str, ...]  # of each landmark
    shapes: tuple[ShapeKind, ...]
    mirror: tuple[int, ...]
    mirror_shapes: dict[str, str]

    @property
    def count(self) -> int:
        return len(self.groups)

    @property
    def shape_mirror(self) -> tuple[int, ...]:
        """`shape_mirror[k]`: the shape k becomes in a flip."""
        names = [kind.name for kind in self.shapes]
        return tuple(names.index(self.mirror_shapes[name]) for name in names)

    def shape(self, name: str) -> ShapeKind:
        return next(kind for kind in self.shapes if kind.name == name)

    def mirrored_shape(self, name: str) -> tuple[ShapeKind, list[int], bool]:
        """The shape that `name` becomes in a flip, which of its vertices each new one was, and
        whether the direction of travel turns round."""
        kind, target = self.shape(name), self.shape(self.mirror_shapes[name])
        images = [None if k is None else self.mirror[k] for k in kind.landmarks]
        fitting = [
            (order, turned)
            for order, turned in kind.orders()
            if [images[k] for k in order] == list(target.landmarks)
        ]
        # A flip turns a closed curve's direction round; where nothing else decides, an open one is
        # run through backwards when it becomes itself.
        wanted = kind.closed or target is kind
        order, turned = next((found for found in fitting if found[1] == wanted), fitting[0])
        return target, order, turned


def read_topology(name: str) -> Topology:
    """A topology by name, with the names that the public files have for its shapes."""
    facts = tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))
    layouts = tomllib.loads((FOLDER / f"{name}_layouts.toml").read_text("utf-8"))["layouts"]
    # Partial layouts are of our own files, in which names are the topology's.
    public = {
        entry["shape"]: entry["key"]
        for layout in layouts
        if not layout.get("partial")
        for entry in layout["shapes"]
    }
    groups = tuple(landmark["group"] for landmark in facts["landmarks"])
    both = [pair for one, two in facts["mirror_landmarks"] for pair in ((one, two), (two, one))]
    mirror = dict(both)
    shapes = [pair for one, two in facts["mirror_shapes"] for pair in ((one, two), (two, one))]
    return Topology(
        name=facts["name"],
        groups=groups,
        shapes=tuple(_kind(shape, public) for shape in facts["shapes"]),
        mirror=tuple(mirror[k] for k in range(len(groups))),
        mirror_shapes=dict(shapes),
    )


def _kind(shape: dict[str, Any], public: dict[str, str]) -> ShapeKind:
    return ShapeKind(
        name=shape["name"],
        public_name=public.get(shape["name"], shape["name"]),
        closed=shape["closed"],
        landmarks=tuple(None if k == FREE else k for k in shape["vertices"]),
    )


PUPPET = read_topology("puppet")
