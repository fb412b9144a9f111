"""Withheld families of the studio scenes, and forms that touch or stand on each other (`bpy`)."""

from __future__ import annotations

import math
import random

import bpy
from mathutils import Matrix, Vector, noise

from scene_mesh import SMOOTH_ANGLE, Object, Path, active, beveled, joined, link, smooth, tube
from scene_objects import FAMILIES, WITHHELD_FAMILIES, add_form
from scene_self_shadow import SELF_SHADOWING


def _gear(rng: random.Random) -> Object:
    """A toothed wheel, lying or standing."""
    teeth, depth, inner = rng.randint(8, 16), rng.uniform(0.15, 0.35), rng.uniform(0.7, 0.82)
    corners = []
    for k in range(teeth * 4):
        radius = 1.0 if k % 4 in (1, 2) else inner
        angle = 2 * math.pi * (k + (0.2 if k % 4 in (0, 1) else -0.2)) / (teeth * 4)
        corners.append((radius * math.cos(angle), radius * math.sin(angle)))
    return _extruded(corners, depth, standing=rng.random() < 0.6)


def _extruded(corners: list[tuple[float, float]], depth: float, standing: bool) -> Object:
    count = len(corners)
    vertices = [(x, y, -depth) for x, y in corners] + [(x, y, depth) for x, y in corners]
    faces: list[tuple[int, ...]] = [tuple(reversed(range(count))), tuple(range(count, 2 * count))]
    for k in range(count):
        right = (k + 1) % count
        faces.append((k, right, right + count, k + count))
    mesh = bpy.data.meshes.new("extruded")
    mesh.from_pydata(vertices, [], faces)
    mesh.update()
    link("extruded", mesh)
    if standing:
        active().rotation_euler.x = math.pi / 2
    return beveled(0.04)


def _shell(rng: random.Random) -> Object:
    """A sea shell: a tube that winds outward and widens."""
    turns, growth, lift = rng.uniform(2.5, 4), rng.uniform(0.3, 0.45), rng.uniform(0.5, 1.3)
    points, widths = [], []
    for k in range(260):
        angle = 2 * math.pi * turns * k / 259
        away = math.exp(growth * (angle - 2 * math.pi * turns))
        points.append((0.6 * away * math.cos(angle), 0.6 * away * math.sin(angle), -lift * away))
        widths.append(max(away, 0.02))
    return tube([Path(points, widths=widths)], rng.uniform(0.28, 0.4))


def _crystals(rng: random.Random) -> Object:
    """A cluster of six-sided prisms with points, hard edges everywhere."""
    parts = []
    for _ in range(rng.randint(4, 8)):
        width, height = rng.uniform(0.12, 0.3), rng.uniform(0.6, 1.6)
        turn = Matrix.Rotation(rng.uniform(0, 0.7), 4, "X")
        turn = Matrix.Rotation(rng.uniform(0, 2 * math.pi), 4, "Z") @ turn
        for kind, low, high in (("shaft", 0.0, height), ("point", height, height + 1.6 * width)):
            bpy.ops.mesh.primitive_cone_add(
                vertices=6,
                radius1=width,
                radius2=width if kind == "shaft" else 0.01,
                depth=high - low,
            )
            middle = Matrix.Translation((0, 0, (low + high) / 2))
            active().matrix_world = turn @ middle
            parts.append(active())
    joined(parts)
    return smooth(SMOOTH_ANGLE / 3)


def _rock(rng: random.Random) -> Object:
    """A displaced sphere, pushed outward from its middle."""
    bpy.ops.mesh.primitive_ico_sphere_add(subdivisions=6, radius=0.85)
    offset = Vector([rng.uniform(-50, 50) for _ in range(3)])
    size, depth = rng.uniform(0.8, 2.6), rng.uniform(0.1, 0.35)
    for vertex in active().data.vertices:
        out = vertex.co.normalized()
        vertex.co += out * noise.fractal(vertex.co * size + offset, 0.8, 2.0, 3) * depth
    return smooth()


STUDIO_FAMILIES = {"rock": _rock}
STUDIO_WITHHELD = {"gear": _gear, "shell": _shell, "crystals": _crystals}
# The rock stands in for the lump, whose normals are computed anew for each of its vertices.
TRAIN_NAMES = (
    *(name for name in FAMILIES if name not in (*WITHHELD_FAMILIES, "lump")),
    *SELF_SHADOWING,
    *STUDIO_FAMILIES,
)
WITHHELD_NAMES = (*WITHHELD_FAMILIES, *STUDIO_WITHHELD)
# Others can stand on these.
BASES = ("box", "cylinder", "steps")
COUNTS = {"close": (1, 2), "still_life": (3, 5), "touching": (2, 4), "stacked": (2, 3)}
RADII = {"close": 0.6, "still_life": 1.9, "touching": 1.2, "stacked": 0.9, "many": 3.0}


def families(rng: random.Random, layout: str, withheld: bool) -> list[str]:
    """Which families a scene shows; in withheld scenes the first two are withheld ones."""
    low, high = COUNTS.get(layout, (8, 11))
    names = rng.sample(TRAIN_NAMES, rng.randint(low, high))
    if withheld:
        chosen = rng.sample(WITHHELD_NAMES, 2)
        names[: len(chosen)] = chosen
    if layout == "stacked":
        # The first form, which the picture is about, stands on the last one.
        names[-1] = rng.choice(BASES)
    return names


def make_form(family: str, rng: random.Random, size: float) -> Object:
    """A form of about `size` radius that rests on z = 0 at the origin."""
    own = STUDIO_FAMILIES | STUDIO_WITHHELD
    if family not in own:
        return add_form(family, rng, size)
    form = own[family](rng)
    bpy.ops.object.transform_apply(location=True, rotation=True, scale=True)
    return rested(form, size)


def rested(form: Object, size: float) -> Object:
    """Scales a form to `size` radius about its middle and rests it on z = 0."""
    corners = [vertex.co for vertex in form.data.vertices]
    low = Vector([min(co[axis] for co in corners) for axis in range(3)])
    high = Vector([max(co[axis] for co in corners) for axis in range(3)])
    middle = (low + high) / 2
    reach = max((co - middle).length for co in corners)
    form.data.transform(Matrix.Scale(size / reach, 4) @ Matrix.Translation(-middle))
    form.data.transform(Matrix.Translation((0, 0, (high.z - low.z) / 2 * size / reach)))
    form.data.update()
    return form


def top(form: Object) -> float:
    """Height of a form that stands on z = 0."""
    return max(vertex.co.z for vertex in form.data.vertices)


def half_width(form: Object) -> float:
    """How far a form reaches sideways from its axis, on average over four sides."""
    xs = [vertex.co.x for vertex in form.data.vertices]
    ys = [vertex.co.y for vertex in form.data.vertices]
    return (max(xs) - min(xs) + max(ys) - min(ys)) / 4


def places(rng: random.Random, layout: str, forms: list[Object]) -> list[Vector]:
    """Where the forms of a scene stand."""
    if layout == "stacked":
        above = Vector((rng.uniform(-0.1, 0.1), rng.uniform(-0.1, 0.1), top(forms[-1]) - 0.01))
        lean = half_width(forms[-1]) + 0.8 * half_width(forms[-2]) if len(forms) > 2 else 0.0
        angle = rng.uniform(0, 2 * math.pi)
        beside = Vector((lean * math.cos(angle), lean * math.sin(angle), 0))
        return [above, *([beside] if len(forms) > 2 else []), Vector((0, 0, 0))]
    if layout == "touching":
        found = [Vector((0, 0, 0))]
        angle = rng.uniform(0, 2 * math.pi)
        for form in forms[1:]:
            away = 0.92 * (half_width(forms[0]) + half_width(form))
            found.append(Vector((away * math.cos(angle), away * math.sin(angle), 0)))
            angle += rng.uniform(1.2, 2.2)
        return found
    return _spread(rng, RADII[layout], [half_width(form) for form in forms])


def _spread(rng: random.Random, radius: float, widths: list[float]) -> list[Vector]:
    """Roomy spots on a disc, the first near its middle."""
    found: list[Vector] = []
    for number, width in enumerate(widths):
        best, room = Vector((0, 0, 0)), -math.inf
        for _ in range(40):
            angle = rng.uniform(0, 2 * math.pi)
            away = radius * math.sqrt(rng.random()) * (0.3 if number == 0 else 1.0)
            spot = Vector((away * math.cos(angle), away * math.sin(angle), 0))
            gaps = [
                (spot - other).length - taken for other, taken in zip(found, widths, strict=False)
            ]
            gap = min(gaps, default=0.0) - width
            if gap > room:
                best, room = spot, gap
        found.append(best)
    return found
