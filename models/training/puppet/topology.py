"""Which landmarks and shapes a face has, and what mirrors what. Data: nothing else knows an eye.

The order is that of the public data set. `left_*` lies on the viewer's left; closed shapes run
clockwise on screen.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ShapeKind:
    """One Bézier shape: the landmark at each of its vertices, in order."""

    name: str
    public_name: str
    group: str
    closed: bool
    landmarks: tuple[int, ...]

    @property
    def segments(self) -> int:
        return len(self.landmarks) - (not self.closed)


@dataclass(frozen=True)
class Topology:
    """Landmarks by number, shapes by name, and `mirror[k]`: the landmark k becomes in a flip."""

    name: str
    count: int
    shapes: tuple[ShapeKind, ...]
    mirror: tuple[int, ...]

    def shape(self, name: str) -> ShapeKind:
        return next(kind for kind in self.shapes if kind.name == name)

    def mirrored_shape(self, name: str) -> tuple[ShapeKind, list[int], bool]:
        """The shape that `name` becomes in a flip, which of its vertices each new one was, and
        whether the direction of travel turns round."""
        kind = self.shape(name)
        images = [self.mirror[k] for k in kind.landmarks]
        target = next(k for k in self.shapes if set(k.landmarks) == set(images))
        order = [images.index(k) for k in target.landmarks]
        step = (order[1] - order[0]) % len(order)
        turned = step == len(order) - 1 if kind.closed else order[0] > order[-1]
        return target, order, turned

    def groups(self) -> dict[str, list[int]]:
        """Landmarks of each group of shapes; a landmark counts for the first shape that has it."""
        taken: set[int] = set()
        found: dict[str, list[int]] = {}
        for kind in sorted(self.shapes, key=lambda kind: not kind.closed):
            fresh = [k for k in kind.landmarks if k not in taken]
            taken.update(fresh)
            found.setdefault(kind.group, []).extend(fresh)
        return {name: sorted(numbers) for name, numbers in found.items()}


def _span(first: int, count: int) -> tuple[int, ...]:
    return tuple(range(first, first + count))


def _mirror(pairs: dict[int, int], count: int) -> tuple[int, ...]:
    both = pairs | {b: a for a, b in pairs.items()}
    return tuple(both[k] for k in range(count))


# Seams meet the eyes' corners, so those are landmarks of both. From the left seam's outer end over
# the nose to the right one's: 0, 1, 2, 3, 4.
PUPPET = Topology(
    name="puppet",
    count=45,
    shapes=(
        ShapeKind("left_eye", "left_eye", "eyes", True, _span(5, 6)),
        ShapeKind("right_eye", "right_eye", "eyes", True, _span(11, 6)),
        ShapeKind("left_brow", "left_eyebrow", "brows", True, _span(17, 8)),
        ShapeKind("right_brow", "right_eyebrow", "brows", True, _span(25, 8)),
        ShapeKind("left_sideburn", "left_sideburn", "sideburns", True, _span(33, 6)),
        ShapeKind("right_sideburn", "right_sideburn", "sideburns", True, _span(39, 6)),
        ShapeKind("left_seam", "left_seam", "seams", False, (5, 1, 0)),
        ShapeKind("nose_seam", "nose_seam", "seams", False, (8, 2, 11)),
        ShapeKind("right_seam", "right_seam", "seams", False, (14, 3, 4)),
    ),
    # Left eyes and brows begin at their outer end, right ones at their inner end; a sideburn's
    # vertices are outer, top, above the seam, seam, below it, bottom (right: from the seam on).
    mirror=_mirror(
        {0: 4, 1: 3, 2: 2}
        | {5: 14, 6: 13, 7: 12, 8: 11, 9: 16, 10: 15}
        | {17: 29, 18: 28, 19: 27, 20: 26, 21: 25, 22: 32, 23: 31, 24: 30}
        | {33: 42, 34: 41, 35: 40, 36: 39, 37: 44, 38: 43},
        45,
    ),
)
