"""A walking figure of capsules: each limb rigid, on joints that swing."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from caster_scene import Item, Material
from caster_shapes import Box, Capsule, sphere
from caster_vectors import Pose, Triple, along, turned

Path = Callable[[float], tuple[float, float, float]]  # time to x, z, yaw in degrees
Point = NDArray[np.float64]

THIGH, SHIN, UPPER, LOWER = 0.46, 0.46, 0.32, 0.3
HIP, SHOULDER = 0.98, 1.46


def _swing(start: Point, size: float, angle_deg: float, spread: float = 0.0) -> Point:
    """End of a limb that hangs down, swung forward (z) and spread sideways."""
    angle = math.radians(angle_deg)
    way = np.array([spread, -math.cos(angle), math.sin(angle)])
    return np.asarray(start + size * way / np.linalg.norm(way))


def _joints(phase: float) -> dict[str, tuple[Point, Point]]:
    """Both ends of every limb at a phase of the step, in radians; the figure looks along z."""
    limbs = {}
    for name, side, shift in (("left", 1, 0.0), ("right", -1, math.pi)):
        swing = math.sin(phase + shift)
        hip, shoulder = np.array([side * 0.11, HIP, 0]), np.array([side * 0.25, SHOULDER, 0])
        knee = _swing(hip, THIGH, 28 * swing)
        bend = 30 * max(0.0, math.cos(phase + shift)) + 6
        ankle = _swing(knee, SHIN, 28 * swing - bend)
        elbow = _swing(shoulder, UPPER, -30 * swing, side * 0.22)
        hand = _swing(elbow, LOWER, -30 * swing + 35, side * 0.05)
        limbs |= {
            f"{name} thigh": (hip, knee),
            f"{name} shin": (knee, ankle),
            f"{name} upper arm": (shoulder, elbow),
            f"{name} lower arm": (elbow, hand),
        }
    return limbs


def _limb(
    name: str, radius: float, cloth: Material, path: Path, phase: Callable[[float], float]
) -> Item:
    def ends(time: float) -> tuple[Point, Point]:
        return _joints(phase(time))[name]

    first, last = ends(0)
    half = float(np.linalg.norm(last - first)) / 2

    def pose(time: float) -> Pose:
        a, b = ends(time)
        inner = along(_triple(a), _triple(b), (1.0, 0.0, 0.0))
        return _carried(path(time), inner)

    return Item(Capsule(radius, half), cloth, pose)


def _carried(place: tuple[float, float, float], inner: Pose) -> Pose:
    x, z, yaw = place
    body = Pose((x, 0.0, z), turned(y_deg=yaw))
    at = body.to_world(np.array(inner.translation)[:, None])[:, 0]
    return Pose(_triple(at), np.asarray(np.einsum("ij,jk->ik", body.rotation, inner.rotation)))


def _triple(p: Point) -> Triple:
    return float(p[0]), float(p[1]), float(p[2])


def walker(
    path: Path, step_frames: float, shirt: Material, trousers: Material, skin: Material
) -> list[Item]:
    """Items of a figure 1.8 high that walks a path, two steps in `step_frames`."""

    def phase(time: float) -> float:
        return 0.6 + 2 * math.pi * time / step_frames

    def fixed(height: float, lean_deg: float = 0.0) -> Callable[[float], Pose]:
        inner = Pose((0.0, height, 0.0), turned(x_deg=lean_deg))
        return lambda time: _carried(path(time), inner)

    items = [
        Item(Box((0.21, 0.26, 0.13), 0.1), shirt, fixed(1.28, 3)),
        Item(Box((0.17, 0.13, 0.12), 0.09), trousers, fixed(0.99)),
        Item(Capsule(0.055, 0.05), skin, fixed(1.56)),
        Item(sphere(0.14), skin, fixed(1.74)),
    ]
    for side in ("left", "right"):
        items += [
            _limb(f"{side} thigh", 0.09, trousers, path, phase),
            _limb(f"{side} shin", 0.065, trousers, path, phase),
            _limb(f"{side} upper arm", 0.06, shirt, path, phase),
            _limb(f"{side} lower arm", 0.048, skin, path, phase),
        ]
    return items
