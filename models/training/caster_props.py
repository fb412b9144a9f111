"""Colors, lamps and things that several shots of the ray caster are laid out with."""

from __future__ import annotations

import math
import random

from caster_compound import Carved, Part
from caster_march import Shape
from caster_scene import Item, Lamp, Material
from caster_shapes import Box, Cylinder, Plane, sphere
from caster_vectors import Pose, Triple, turned

WHITE: Triple = (0.82, 0.81, 0.78)
COAL: Triple = (0.03, 0.03, 0.035)
GOLD: Triple = (0.9, 0.65, 0.3)
STEEL: Triple = (0.6, 0.62, 0.64)


def around(azimuth_deg: float, elevation_deg: float, distance: float) -> Triple:
    """A place about the origin; azimuth 0 is towards the camera, 90 to its right."""
    a, e = math.radians(azimuth_deg), math.radians(elevation_deg)
    return (
        distance * math.cos(e) * math.sin(a),
        distance * math.sin(e),
        distance * math.cos(e) * math.cos(a),
    )


def tinted(rng: random.Random, bright: float) -> Triple:
    """A color of about some brightness."""
    r, g, b = (bright * rng.uniform(0.55, 1.35) for _ in range(3))
    return min(r, 0.9), min(g, 0.9), min(b, 0.9)


def put(shape: Shape, material: Material, at: Triple, yaw_deg: float = 0.0) -> Item:
    """An item that rests."""
    pose = Pose(at, turned(y_deg=yaw_deg))
    return Item(shape, material, lambda _: pose)


def ground(material: Material) -> Item:
    """The floor."""
    return Item(Plane(), material, subject=False)


def wall(material: Material, z: float) -> Item:
    """A wall that faces the camera."""
    pose = Pose((0.0, 0.0, z), turned(x_deg=90))
    return Item(Plane(), material, lambda _: pose, subject=False)


def key_lamp(azimuth_deg: float, elevation_deg: float, radius: float = 0.5) -> Lamp:
    """A key of strength 1, slightly warm."""
    return Lamp(around(azimuth_deg, elevation_deg, 14), radius, (1.03, 1.0, 0.92))


def bowl(radius: float, wall_thickness: float) -> Carved:
    """Half a hollow ball, open at the top."""
    lid = Box((2 * radius, radius, 2 * radius))
    hollow = Part(sphere(radius - wall_thickness))
    return Carved(sphere(radius), (hollow, Part(lid, Pose((0.0, radius * 1.15, 0.0)))))


def drilled(half: float, hole: float) -> Carved:
    """A cube with a round hole along each axis."""
    drill = Cylinder(hole, 2 * half)
    ways = (turned(), turned(x_deg=90), turned(z_deg=90))
    parts = tuple(Part(drill, Pose(rotation=way)) for way in ways)
    return Carved(Box((half, half, half), half * 0.12), parts)
