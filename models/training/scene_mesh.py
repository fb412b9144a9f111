"""Mesh handling that all families of forms share (needs `bpy`)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import bpy

Object = bpy.types.Object
SMOOTH_ANGLE = math.radians(35)


def active() -> Object:
    """The active object."""
    return bpy.context.view_layer.objects.active


def link(name: str, data: bpy.types.ID) -> Object:
    """Puts data into the scene as an object and makes that active."""
    created = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(created)
    bpy.ops.object.select_all(action="DESELECT")
    created.select_set(True)
    bpy.context.view_layer.objects.active = created
    return created


def to_mesh() -> Object:
    """Converts the active object to a mesh, modifiers applied."""
    bpy.ops.object.convert(target="MESH")
    return active()


def smooth(angle: float | None = None) -> Object:
    """Shades the active object smooth, up to an angle between faces if one is given."""
    if angle is None:
        bpy.ops.object.shade_smooth()
    else:
        bpy.ops.object.shade_smooth_by_angle(angle=angle)
    return active()


def beveled(width: float) -> Object:
    """Rounds the edges of the active object and shades it smooth between them."""
    bevel = active().modifiers.new("bevel", "BEVEL")
    bevel.width, bevel.segments = width, 5
    to_mesh()
    return smooth(SMOOTH_ANGLE)


def joined(parts: list[Object]) -> Object:
    """Makes one mesh of several, with their places and sizes applied."""
    bpy.ops.object.select_all(action="DESELECT")
    for part in parts:
        part.select_set(True)
    bpy.context.view_layer.objects.active = parts[0]
    bpy.ops.object.transform_apply(location=True, rotation=True, scale=True)
    bpy.ops.object.join()
    return active()


@dataclass(frozen=True)
class Path:
    """The middle line of a tube; `widths`, one per point, taper it."""

    points: list[tuple[float, float, float]]
    closed: bool = False
    widths: list[float] | None = None


def tube(paths: list[Path], width: float) -> Object:
    """One mesh of round tubes of radius `width` along paths."""
    data = bpy.data.curves.new("tube", "CURVE")
    data.dimensions, data.fill_mode = "3D", "FULL"
    data.bevel_depth, data.bevel_resolution = width, 8
    data.use_fill_caps = True
    for path in paths:
        spline = data.splines.new("POLY")
        spline.points.add(len(path.points) - 1)
        spline.use_cyclic_u = path.closed
        for number, place in enumerate(path.points):
            spline.points[number].co = (*place, 1)
            if path.widths:
                spline.points[number].radius = path.widths[number]
    link("tube", data)
    to_mesh()
    return smooth()
