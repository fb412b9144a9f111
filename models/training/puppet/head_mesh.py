"""The meshes of a face: skin with real openings, brows and sideburns raised from it, seams.

The chart is triangulated with every outline as a constraint (`mathutils`, which ships with `bpy`),
so mesh borders *are* the shapes: an opening's edge runs through points of its 3D cubics.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import bpy  # noqa: F401  (brings mathutils along)
import numpy as np
from mathutils.geometry import delaunay_2d_cdt

from puppet.cubic import Array, Shape
from puppet.expression import Expression
from puppet.outlines import Face
from puppet.parts import INDEX, Part, grid_triangles
from puppet.surface import chart_of

PER_SEGMENT = 12
# Which of a grid's places, given in degrees aside and up, belong to it.
Keep = Callable[[Array, Array], Array]
# Later ones lie over earlier ones.
PAINTS = ("skin", "lid", "lip", "mouth", "seam")


@dataclass
class Plan:
    """Chart points and regions on their way into the triangulation."""

    points: list[Array] = field(default_factory=list)  # chart
    known: list[Array] = field(default_factory=list)  # places in space; NaN: on the surface
    regions: list[tuple[str, list[int]]] = field(default_factory=list)
    count: int = 0

    def add(self, points: Array, known: Array | None = None) -> list[int]:
        """Adds points and tells their numbers."""
        self.points.append(points)
        self.known.append(np.full((len(points), 3), np.nan) if known is None else known)
        self.count += len(points)
        return list(range(self.count - len(points), self.count))

    def add_region(self, name: str, ring: Array, known: Array | None = None) -> None:
        self.regions.append((name, self.add(ring, known)))


def face_parts(face: Face, expression: Expression) -> list[Part]:
    """Skin, brows, sideburns and the eyes' rims of a face."""
    plan, inset = Plan(), _mouth_ring(face, expression, 0.0)
    for name in ("left_eye", "right_eye"):
        plan.add_region("lid", _swollen(face.chart[name].sampled(10), face, name))
    plan.add_region("lip", _mouth_ring(face, expression, 2.2))
    plan.add_region("mouth", inset)
    for name in ("left_seam", "nose_seam", "right_seam"):
        plan.add_region("seam", _strip(face.chart[name], np.radians(face.who.seam_width) / 2))
    for name in INDEX:
        ring = face.space[name].sampled(PER_SEGMENT)
        plan.add_region(name, chart_of(ring), ring)
    borders = np.concatenate(plan.points)
    for extra in _grids(face):
        plan.add(_apart(extra, borders))
    return _cut(face, plan, inset)


def _grids(face: Face) -> list[Array]:
    """Points of the whole head, of the face, and finer ones where something is raised."""
    grids = [
        _grid((-180, 180), (-90, 90), 5.0, 4.5, lambda u, v: (np.abs(u) > 80) | (np.abs(v) > 70)),
        _grid((-80, 80), (-70, 70), 2.0, 2.0, lambda u, v: (np.abs(u) > 14) | (v > 14)),
        _grid((-14, 14), (-70, 14), 1.25, 1.25, lambda u, v: u < 99),
    ]
    for name in ("left_brow", "right_brow", "left_sideburn", "right_sideburn"):
        ring = np.degrees(face.chart[name].sampled(4))
        low, high = ring.min(0), ring.max(0)
        fine = 0.7 if "brow" in name else 1.2
        grids.append(_grid((low[0], high[0]), (low[1], high[1]), fine, fine, lambda u, v: u < 999))
    return grids


def _grid(us: tuple, vs: tuple, du: float, dv: float, keep: Keep) -> Array:
    u, v = np.meshgrid(
        np.linspace(*us, round((us[1] - us[0]) / du) + 1),
        np.linspace(*vs, round((vs[1] - vs[0]) / dv) + 1),
    )
    kept = keep(u, v)
    return np.radians(np.stack([u[kept], v[kept]], -1))


def _apart(points: Array, borders: Array, gap: float = 0.004) -> Array:
    """The points that keep away from borders, so that triangles stay fair."""
    taken = np.zeros((2048, 2048), bool)
    cells = np.floor(borders / gap).astype(int) % 2048
    for x in (-1, 0, 1):
        for y in (-1, 0, 1):
            taken[(cells[:, 0] + x) % 2048, (cells[:, 1] + y) % 2048] = True
    own = np.floor(points / gap).astype(int) % 2048
    return points[~taken[own[:, 0], own[:, 1]]]


def _swollen(ring: Array, face: Face, name: str) -> Array:
    """The lid around an eye, as large as for the open eye whatever the expression."""
    side = -1 if name == "left_eye" else 1
    half, high, low = face.who.eye_size
    angle = np.linspace(0, 2 * np.pi, len(ring), endpoint=False)[::-1]
    tall = np.where(np.sin(angle) > 0, high * 1.25 + 1.5, low * 1.15 + 1.5)
    wide = half + 2.2
    at = face.who.eye_at
    return np.radians(
        np.stack([side * at[0] + wide * np.cos(angle), at[1] + tall * np.sin(angle)], -1)
    )


def _strip(seam: Shape, half: float) -> Array:
    """A narrow band along an open curve."""
    line = seam.sampled(PER_SEGMENT)
    way = np.gradient(line, axis=0)
    aside = np.stack([-way[:, 1], way[:, 0]], -1)
    aside *= half / np.maximum(np.linalg.norm(aside, axis=1, keepdims=True), 1e-9)
    return np.concatenate([line + aside, (line - aside)[::-1]])


def _mouth_ring(face: Face, expression: Expression, grown: float) -> Array:
    """The outline of the mouth, `grown` by degrees for the lips around it."""
    height, half = face.who.mouth
    half = half * expression.stretch + grown * 0.6
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)[::-1]
    s, bow = np.cos(angle), np.sin(angle)
    gape = 0.9 + expression.gape
    tall = np.where(bow > 0, 0.35 * gape, 0.65 * gape) + grown
    bend = 4.5 * expression.smile * (s * s - 0.35)
    return np.radians(np.stack([half * s, height + bend + tall * bow], -1))


def _cut(face: Face, plan: Plan, mouth: Array) -> list[Part]:
    """Triangulates the plan and takes its regions apart."""
    chart = np.concatenate(plan.points)
    rings = [_leftwards(ring, chart) for _, ring in plan.regions]
    found = delaunay_2d_cdt([tuple(p) for p in chart], [], rings, 0, 1e-7, True)
    flat = np.array([tuple(p) for p in found[0]])
    triangles = np.array(found[2])
    places = face.head.point(flat)
    known = np.concatenate(plan.known)
    for number, olds in enumerate(found[3]):
        for old in olds:
            if not np.isnan(known[old, 0]):
                places[number] = known[old]
    names = [name for name, _ in plan.regions]
    inside = [{names[k] for k in olds if k < len(names)} for olds in found[5]]
    places = places + _dented(face, flat, mouth)
    return [_skin(places, triangles, inside)] + [
        part
        for name in INDEX
        for part in (
            _raised(face, name, flat, places, triangles, inside)
            if "eye" not in name
            else [_rim(face, name)]
        )
    ]


def _leftwards(ring: list[int], chart: Array) -> list[int]:
    """The ring run against the clock: another way round its inside would be everything else."""
    x, y = chart[ring].T
    area = (x * np.roll(y, -1) - np.roll(x, -1) * y).sum()
    return ring if area > 0 else ring[::-1]


def _dented(face: Face, flat: Array, mouth: Array) -> Array:
    """How places move where the mouth is cut into the face."""
    middle = mouth.mean(0)
    reach = np.abs(mouth - middle).max(0)
    away = np.sqrt((((flat - middle) / reach) ** 2).sum(1))
    inward = -face.head.normal(flat) if len(flat) else flat
    deep = np.clip(1 - away, 0, 1) ** 0.5 * min(0.12, reach[1] * 1.2)
    return inward * deep[:, None]


def _skin(places: Array, triangles: Array, inside: list[set[str]]) -> Part:
    paint = np.zeros(len(triangles), np.int64)
    kept = np.ones(len(triangles), bool)
    for number, names in enumerate(inside):
        if names & INDEX.keys():
            kept[number] = False
        for layer, name in enumerate(PAINTS):
            if name in names:
                paint[number] = layer
    return _compact(Part("skin", places, triangles[kept], PAINTS, paint[kept], 10))


def _raised(
    face: Face, name: str, flat: Array, places: Array, triangles: Array, inside: list[set[str]]
) -> list[Part]:
    """A brow or sideburn: what lies within its outline, raised with a round edge."""
    own = np.array([name in names for names in inside])
    used = np.unique(triangles[own])
    ring = face.space[name].sampled(PER_SEGMENT)
    depth = np.full(len(places), 0.0)
    for chunk in np.array_split(used, 8):
        depth[chunk] = np.linalg.norm(places[chunk][:, None] - ring[None], axis=2).min(1)
    high = face.who.brow_height if "brow" in name else face.who.burn_height
    share = np.clip(depth / max(high * 1.3, float(depth.max()) * 0.7), 0, 1)
    lift = high * np.sqrt(1 - (1 - share) ** 2)
    raised = places.copy()
    raised[used] += face.head.normal(flat[used]) * lift[used, None]
    paint = "brow" if "brow" in name else "burn"
    return [_compact(Part(name, raised, triangles[own], (paint,), index=INDEX[name]))]


def _rim(face: Face, name: str) -> Part:
    """The edge of the lids, from the opening down to the eyeball."""
    ring = face.space[name].sampled(PER_SEGMENT)
    middle = face.head.eyeballs[-1 if name == "left_eye" else 1]
    way = ring - middle
    inner = middle + way * (0.985 * face.who.eyeball / np.linalg.norm(way, axis=1, keepdims=True))
    triangles = grid_triangles(2, len(ring), True)
    return Part(
        f"{name}_rim", np.concatenate([ring, inner]), triangles, ("rim",), index=INDEX[name]
    )


def _compact(part: Part) -> Part:
    """Without vertices that no triangle uses."""
    used, triangles = np.unique(part.triangles, return_inverse=True)
    return replace(part, vertices=part.vertices[used], triangles=triangles.reshape(-1, 3))
