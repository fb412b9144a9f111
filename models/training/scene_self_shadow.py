"""Families of forms that shadow themselves: open, hollow, wound or branching (needs `bpy`).

On compact forms nearly every cast shadow lies on the floor, and a network that has seen only those
takes a shadow on a form for the form's own dark side.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import bmesh
import bpy
from mathutils import Matrix, Vector

from scene_mesh import SMOOTH_ANGLE, Object, Path, active, beveled, joined, smooth, to_mesh, tube


def _coil(rng: random.Random) -> Object:
    """A spring, lying or standing, sometimes with a second one inside it."""
    turns, length = rng.uniform(2.5, 5.5), rng.uniform(1.2, 2.2)
    narrowing = rng.uniform(0.0, 0.5)
    tilt = Matrix.Rotation(rng.choice((0.0, math.pi / 2)), 3, "X")

    def path(radius: float, start: float) -> Path:
        points = []
        for k in range(240):
            share = k / 239
            away = radius * (1 - narrowing * share)
            angle = start + 2 * math.pi * turns * share
            at = Vector((away * math.cos(angle), away * math.sin(angle), length * (share - 0.5)))
            points.append(tuple(tilt @ at))
        return Path(points)

    paths = [path(0.75, 0.0)]
    if rng.random() < 0.3:
        paths.append(path(0.35, math.pi))
    return tube(paths, rng.uniform(0.07, 0.15))


def _loops(rng: random.Random) -> Object:
    """Closed curves that wander through a ball: rope, cable, pretzel."""
    paths = []
    for _ in range(rng.randint(1, 3)):
        waves = [
            [(rng.gauss(0, 1 / (n + 0.5)), rng.uniform(0, 2 * math.pi)) for n in range(3)]
            for _ in range(3)
        ]
        points = []
        for k in range(200):
            angle = 2 * math.pi * k / 200
            points.append(
                tuple(
                    sum(size * math.sin((n + 1) * angle + late) for n, (size, late) in enumerate(w))
                    for w in waves
                )
            )
        reach = max(Vector(point).length for point in points)
        paths.append(Path([tuple(Vector(point) / reach) for point in points], closed=True))
    return tube(paths, rng.uniform(0.08, 0.2))


def _chain(rng: random.Random) -> Object:
    """Links, each a quarter turn from the one before, hanging in an arc."""
    count, width = rng.randint(3, 5), rng.uniform(0.08, 0.14)
    bend = rng.uniform(-0.5, 0.5)
    paths = []
    for number in range(count):
        middle = Vector((0.62 * (number - (count - 1) / 2), 0, 0))
        middle.z = bend * middle.x**2
        twist = Matrix.Rotation(number * math.pi / 2 + rng.uniform(-0.3, 0.3), 3, "X")
        points = []
        for k in range(96):
            angle = 2 * math.pi * k / 96
            points.append(
                tuple(middle + twist @ Vector((0.5 * math.cos(angle), 0.32 * math.sin(angle), 0)))
            )
        paths.append(Path(points, closed=True))
    return tube(paths, width)


def _branches(rng: random.Random) -> Object:
    """A bare tree: limbs that taper, bend and fork."""
    paths: list[Path] = []

    def grow(start: Vector, heading: Vector, length: float, width: float, forks: int) -> None:
        points, widths = [tuple(start)], [width]
        at, way = start.copy(), heading.normalized()
        for step in range(12):
            way = (way + Vector([rng.gauss(0, 0.09) for _ in range(3)])).normalized()
            at = at + way * length / 12
            points.append(tuple(at))
            widths.append(width * (1 - 0.35 * (step + 1) / 12))
        paths.append(Path(points, widths=widths))
        if forks == 0:
            return
        for _ in range(rng.randint(2, 3)):
            spread = Vector([rng.gauss(0, 0.6) for _ in range(3)])
            grow(at, way + spread, length * rng.uniform(0.6, 0.85), widths[-1], forks - 1)

    grow(Vector((0, 0, -0.9)), Vector((0, 0, 1)), 0.7, 1.0, 3)
    return tube(paths, rng.uniform(0.09, 0.16))


def _bowl(rng: random.Random) -> Object:
    """An open shell: a bowl, a cup, a helmet."""
    bpy.ops.mesh.primitive_uv_sphere_add(radius=1, segments=128, ring_count=96)
    bowl = active()
    rim, depth = rng.uniform(-0.1, 0.5), rng.uniform(0.6, 1.4)
    shell = bmesh.new()
    shell.from_mesh(bowl.data)
    bmesh.ops.delete(
        shell, geom=[vertex for vertex in shell.verts if vertex.co.z > rim], context="VERTS"
    )
    shell.to_mesh(bowl.data)
    shell.free()
    for vertex in bowl.data.vertices:
        vertex.co.z *= depth
    thick = bowl.modifiers.new("thick", "SOLIDIFY")
    thick.thickness = rng.uniform(0.05, 0.15)
    to_mesh()
    active().rotation_euler = (rng.uniform(-1.2, 1.2), rng.uniform(-0.6, 0.6), 0)
    return smooth(SMOOTH_ANGLE)


def _cage(rng: random.Random) -> Object:
    """The edges of a solid as bars."""
    if rng.random() < 0.5:
        bpy.ops.mesh.primitive_ico_sphere_add(subdivisions=rng.choice((1, 2)), radius=1)
    else:
        bpy.ops.mesh.primitive_cube_add(size=1.4)
    bars = active().modifiers.new("bars", "WIREFRAME")
    bars.thickness = rng.uniform(0.12, 0.24)
    to_mesh()
    rounder = active().modifiers.new("round", "SUBSURF")
    rounder.levels = rounder.render_levels = 2
    to_mesh()
    return smooth()


def _steps(rng: random.Random) -> Object:
    """Blocks that stand in each other's light: stairs, houses, a keyboard."""
    across = rng.randint(3, 5)
    side = 1.6 / across
    parts = []
    for x in range(across):
        for y in range(rng.randint(1, across)):
            height = rng.uniform(0.3, 1.8)
            bpy.ops.mesh.primitive_cube_add(size=1)
            block = active()
            block.scale = (side * 0.96, side * 0.96, height)
            block.location = (
                (x + 0.5) * 1.6 / across - 0.8,
                (y + 0.5) * 1.6 / across - 0.8,
                height / 2,
            )
            parts.append(block)
    joined(parts)
    return beveled(0.03)


SELF_SHADOWING: dict[str, Callable[[random.Random], Object]] = {
    "coil": _coil,
    "loops": _loops,
    "chain": _chain,
    "branches": _branches,
    "bowl": _bowl,
    "cage": _cage,
    "steps": _steps,
}
