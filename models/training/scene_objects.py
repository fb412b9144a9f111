"""Forms and materials of the scene generator, procedural from a random source (needs `bpy`).

Every family returns one mesh object of about unit radius. Meshes are dense and smooth-shaded,
because facets would put their own shadow terminators into the labels.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import bpy
from mathutils import Vector, noise

from scene_mesh import SMOOTH_ANGLE, Object, Path, active, beveled, link, smooth, to_mesh, tube
from scene_self_shadow import SELF_SHADOWING

Family = Callable[[random.Random], Object]


def _sphere(rng: random.Random) -> Object:
    bpy.ops.mesh.primitive_uv_sphere_add(radius=1, segments=96, ring_count=64)
    active().scale = (1, rng.uniform(0.6, 1), rng.uniform(0.5, 1.1))
    return smooth()


def _box(rng: random.Random) -> Object:
    bpy.ops.mesh.primitive_cube_add(size=1.5)
    active().scale = (1, rng.uniform(0.5, 1), rng.uniform(0.4, 1.3))
    bpy.ops.object.transform_apply(location=False, rotation=False)
    return beveled(rng.choice((0.02, 0.06, 0.15, 0.25)))


def _cylinder(rng: random.Random) -> Object:
    depth = rng.uniform(0.5, 2.0)
    bpy.ops.mesh.primitive_cylinder_add(radius=rng.uniform(0.4, 0.9), depth=depth, vertices=128)
    return beveled(rng.uniform(0.02, 0.15))


def _cone(rng: random.Random) -> Object:
    bpy.ops.mesh.primitive_cone_add(
        radius1=rng.uniform(0.6, 1), radius2=rng.uniform(0, 0.4), depth=1.8, vertices=128
    )
    return beveled(0.04)


def _torus(rng: random.Random) -> Object:
    bpy.ops.mesh.primitive_torus_add(
        major_radius=0.75,
        minor_radius=rng.uniform(0.12, 0.35),
        major_segments=128,
        minor_segments=48,
    )
    active().rotation_euler = (rng.choice((0.0, math.pi / 2, rng.uniform(0, 3))), 0, 0)
    return smooth()


def _head(_rng: random.Random) -> Object:
    bpy.ops.mesh.primitive_monkey_add(size=1.8)
    subdivision = active().modifiers.new("subdivision", "SUBSURF")
    subdivision.levels = subdivision.render_levels = 3
    to_mesh()
    return smooth()


def _metaball(balls: list[tuple[tuple[float, float, float], float]]) -> Object:
    data = bpy.data.metaballs.new("balls")
    data.resolution = 0.07
    data.threshold = 0.3
    for position, radius in balls:
        element = data.elements.new()
        element.co, element.radius = position, radius
    link("balls", data)
    to_mesh()
    return smooth()


def _blobs(rng: random.Random) -> Object:
    spread = [tuple(rng.uniform(-0.7, 0.7) for _ in range(3)) for _ in range(rng.randint(3, 7))]
    return _metaball([(at, rng.uniform(0.35, 0.8)) for at in spread])


def _figure(rng: random.Random) -> Object:
    """A rough standing figure, limbs posed at random."""
    balls = [((0.0, 0.0, 1.55), 0.42), ((0, 0, 1.0), 0.5), ((0, 0, 0.65), 0.48)]
    for side in (-1, 1):
        swing, lift = rng.uniform(-0.5, 0.5), rng.uniform(-0.6, 0.7)
        for step in range(5):
            reach = 0.25 + 0.17 * step
            balls.append(((side * reach, swing * reach * 0.6, 1.15 + lift * reach), 0.24))
        stride = rng.uniform(-0.3, 0.3)
        for step in range(6):
            balls.append(((side * 0.2, stride * step / 5, 0.5 - 0.19 * step), 0.27))
    return _metaball([((x, y, z - 0.55), radius) for (x, y, z), radius in balls])


def _lump(rng: random.Random) -> Object:
    """A displaced sphere: rock, dough, fruit."""
    bpy.ops.mesh.primitive_ico_sphere_add(subdivisions=6, radius=0.85)
    lump = active()
    offset = Vector([rng.uniform(-50, 50) for _ in range(3)])
    size, depth = rng.uniform(0.8, 2.6), rng.uniform(0.1, 0.35)
    for vertex in lump.data.vertices:
        rise = noise.fractal(vertex.co * size + offset, 0.8, 2.0, 3)
        vertex.co += vertex.normal * rise * depth
    return smooth()


def _text(rng: random.Random) -> Object:
    data = bpy.data.curves.new("text", "FONT")
    data.body = "".join(rng.choice("ABCDEGHKMQRSXZ2358&@") for _ in range(rng.randint(1, 3)))
    data.align_x = "CENTER"
    data.size, data.extrude = 1.6, rng.uniform(0.1, 0.3)
    data.bevel_depth, data.bevel_resolution = rng.uniform(0.01, 0.05), 3
    link("text", data).rotation_euler = (math.pi / 2, 0, 0)
    to_mesh()
    return smooth(SMOOTH_ANGLE)


def _vase(rng: random.Random) -> Object:
    """A turned form: a smooth random profile swept round the axis."""
    knots = [rng.uniform(0.3, 0.9) for _ in range(5)]
    rows, columns = 80, 96
    vertices, faces = [], []
    for row in range(rows + 1):
        at = row / rows * (len(knots) - 1)
        low = min(int(at), len(knots) - 2)
        ease = (1 - math.cos(math.pi * (at - low))) / 2
        radius = knots[low] + (knots[low + 1] - knots[low]) * ease
        for column in range(columns):
            angle = 2 * math.pi * column / columns
            vertices.append(
                (radius * math.cos(angle), radius * math.sin(angle), row / rows * 2 - 1)
            )
    for row in range(rows):
        for column in range(columns):
            right = (column + 1) % columns
            a, b = row * columns + column, row * columns + right
            faces.append((a, b, b + columns, a + columns))
    faces.append(tuple(reversed(range(columns))))
    faces.append(tuple(range(rows * columns, (rows + 1) * columns)))
    mesh = bpy.data.meshes.new("vase")
    mesh.from_pydata(vertices, [], faces)
    link("vase", mesh)
    return smooth(SMOOTH_ANGLE)


def _folds(rng: random.Random) -> Object:
    """A hanging cloth: waves that widen downward."""
    bpy.ops.mesh.primitive_grid_add(x_subdivisions=160, y_subdivisions=100, size=2)
    cloth = active()
    offset = Vector([rng.uniform(-50, 50) for _ in range(3)])
    waves, depth = rng.uniform(2, 5), rng.uniform(0.08, 0.2)
    for vertex in cloth.data.vertices:
        x, y, _ = vertex.co
        drift = noise.noise(Vector((x * 1.5, y * 0.7, 0)) + offset)
        fold = math.sin(math.pi * waves * (x + 0.25 * drift)) * (0.4 + 0.6 * (1 - y) / 2)
        vertex.co = (x, fold * depth * 1.5 + drift * 0.12, y)
    thick = cloth.modifiers.new("thick", "SOLIDIFY")
    thick.thickness = 0.03
    to_mesh()
    return smooth()


def _star(rng: random.Random) -> Object:
    points, inner = rng.randint(4, 9), rng.uniform(0.45, 0.8)
    corners = [
        (
            math.cos(math.pi * k / points) * (inner if k % 2 else 1),
            math.sin(math.pi * k / points) * (inner if k % 2 else 1),
        )
        for k in range(2 * points)
    ]
    count, depth = len(corners), rng.uniform(0.15, 0.5)
    vertices = [(x, -depth, z) for x, z in corners] + [(x, depth, z) for x, z in corners]
    faces: list[tuple[int, ...]] = [tuple(range(count)), tuple(reversed(range(count, 2 * count)))]
    for k in range(count):
        right = (k + 1) % count
        faces.append((k, k + count, right + count, right))
    mesh = bpy.data.meshes.new("star")
    mesh.from_pydata(vertices, [], faces)
    mesh.update()
    link("star", mesh)
    return beveled(0.05)


def _knot(rng: random.Random) -> Object:
    p, q = rng.choice(((2, 3), (3, 2), (2, 5)))
    width = rng.uniform(0.1, 0.16)
    steps = 240
    points = []
    for k in range(steps):
        angle = 2 * math.pi * k / steps
        radius = 0.62 + 0.26 * math.cos(q * angle)
        points.append(
            (
                radius * math.cos(p * angle),
                0.3 * math.sin(q * angle),
                radius * math.sin(p * angle),
            )
        )
    return tube([Path(points, closed=True)], width)


# General scenes draw from these by number, so the list stays as it is: another entry would change
# every scene that was ever rendered. New families go into groups of their own.
FAMILIES: dict[str, Family] = {
    "sphere": _sphere,
    "box": _box,
    "cylinder": _cylinder,
    "cone": _cone,
    "torus": _torus,
    "head": _head,
    "blobs": _blobs,
    "figure": _figure,
    "lump": _lump,
    "text": _text,
    "vase": _vase,
    "folds": _folds,
    "star": _star,
    "knot": _knot,
}
# Never in a training scene, so that held-out scores also speak of forms that are new.
WITHHELD_FAMILIES = ("knot", "vase")


def add_form(family: str, rng: random.Random, size: float) -> Object:
    """Adds a form of about `size` radius that rests on z = 0 at the origin."""
    form = (FAMILIES | SELF_SHADOWING)[family](rng)
    bpy.ops.object.transform_apply(location=True, rotation=True, scale=True)
    reach = max(vertex.co.length for vertex in form.data.vertices)
    for vertex in form.data.vertices:
        vertex.co *= size / reach
    lowest = min(vertex.co.z for vertex in form.data.vertices)
    for vertex in form.data.vertices:
        vertex.co.z -= lowest
    return form


def random_color(rng: random.Random, darkest: float = 0.02) -> tuple[float, float, float, float]:
    """A surface color; a quarter are dark, because dark in light is no shadow."""
    value = rng.uniform(darkest, 0.12) if rng.random() < 0.25 else rng.uniform(0.15, 0.85)
    tint = rng.random() * 0.7
    hue = [rng.random() for _ in range(3)]
    peak = max(hue)
    red, green, blue = (value * (1 - tint + tint * part / peak) for part in hue)
    return (red, green, blue, 1.0)


def add_plain_material(
    name: str, color: tuple[float, float, float], roughness: float, metallic: float
) -> bpy.types.Material:
    """A principled material of one color."""
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    surface = material.node_tree.nodes["Principled BSDF"]
    surface.inputs["Base Color"].default_value = (*color, 1.0)
    surface.inputs["Roughness"].default_value = roughness
    surface.inputs["Metallic"].default_value = metallic
    return material


def add_material(
    name: str, rng: random.Random, roughness: float, metallic: float, patterned: bool, scale: float
) -> bpy.types.Material:
    """A principled material, plain or with one of four two-color patterns."""
    first = random_color(rng, 0.3 if metallic else 0.02)
    material = add_plain_material(name, first[:3], roughness, metallic)
    nodes, links = material.node_tree.nodes, material.node_tree.links
    surface = nodes["Principled BSDF"]
    if not patterned:
        return material
    kind = rng.choice(("Noise", "Checker", "Wave", "Voronoi"))
    texture = nodes.new(f"ShaderNodeTex{kind}")
    texture.inputs["Scale"].default_value = rng.uniform(2, 8) * scale
    mix = nodes.new("ShaderNodeMix")
    mix.data_type = "RGBA"
    place = nodes.new("ShaderNodeTexCoord")
    links.new(place.outputs["Object"], texture.inputs["Vector"])
    amount = texture.outputs.get("Fac") or texture.outputs[0]
    links.new(amount, mix.inputs["Factor"])
    # The node has an A and a B for every data type; only the colors of it are wanted.
    color_inputs = [s for s in mix.inputs if s.type == "RGBA"]
    color_inputs[0].default_value = first
    color_inputs[1].default_value = random_color(rng)
    result = next(s for s in mix.outputs if s.type == "RGBA")
    links.new(result, surface.inputs["Base Color"])
    return material
