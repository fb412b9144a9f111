"""Lights of the sets: even and neutral, or as on film: a strong key, colored rim, little fill."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import bpy
from mathutils import Vector

from puppet.plan import Shot
from scene_build import add_key, add_soft_light, add_world, aim, key_offset

MIDDLE = Vector((0, 0, 0))
# Angles about the vertical are counted from the camera, which stands at -y.
FRONT = -math.pi / 2


@dataclass
class Lights:
    """The lights of a shot, and their strength before any flicker."""

    key: bpy.types.Object
    others: list[bpy.types.Object]
    energies: list[float]

    def flicker(self, factor: float) -> None:
        """All lights a little brighter or darker."""
        for light, energy in zip([self.key, *self.others], self.energies, strict=True):
            light.data.energy = energy * factor

    def vary(self, rng: random.Random) -> None:
        """Another place and balance, for sets whose frames do not hang together."""
        around = FRONT + rng.uniform(-1.1, 1.1)
        aim(self.key, key_offset(around, rng.uniform(0.15, 1.0)), MIDDLE)
        fill = self.others[0]
        aim(fill, key_offset(around + rng.choice((-1, 1)) * 1.7, rng.uniform(0, 0.6)), MIDDLE)
        self.energies[1] = self.energies[0] * rng.uniform(0.05, 0.35)
        self.flicker(2 ** rng.uniform(-0.5, 0.35))
        node = bpy.context.scene.world.node_tree.nodes["Background"]
        node.inputs["Strength"].default_value = rng.uniform(0.10, 0.4)


def add_lights(shot: Shot) -> Lights:
    """Lights of a shot."""
    rng = random.Random(shot.seed + 5)
    made = _film(rng) if shot.film else _even(rng)
    return Lights(*made, [light.data.energy for light in (made[0], *made[1])])


def _even(rng: random.Random) -> tuple[bpy.types.Object, list[bpy.types.Object]]:
    key = add_key(False, 1.6, 0.04)
    aim(key, key_offset(FRONT, 0.6), MIDDLE)
    fill = add_soft_light("fill", 0.15, 4, FRONT + 1.6, 0.3, MIDDLE)
    add_world(0.25, (0.95, 0.97, 1.0))
    return key, [fill]


def _film(rng: random.Random) -> tuple[bpy.types.Object, list[bpy.types.Object]]:
    side = rng.choice((-1, 1))
    key = add_key(False, rng.uniform(0.3, 1.4), rng.uniform(-0.12, 0.2))
    key.data.energy *= rng.uniform(0.9, 1.8)
    around = FRONT + side * rng.uniform(0.5, 1.35)
    aim(key, key_offset(around, rng.uniform(0.2, 0.9)), MIDDLE)
    fill = add_soft_light("fill", rng.uniform(0.08, 0.25), 4, FRONT - side * 0.9, 0.1, MIDDLE)
    rim = add_soft_light(
        "rim", rng.uniform(0.4, 1.4), 1.5, FRONT - side * rng.uniform(2.2, 2.8), 0.5, MIDDLE
    )
    warm = rng.random() < 0.5
    rim.data.color = (0.55, 0.75, 1.0) if warm else (1.0, 0.72, 0.45)
    fill.data.color = (0.6, 0.8, 1.0) if warm else (0.9, 0.8, 0.75)
    key.data.color = (1.0, 0.78, 0.52) if warm else (0.75, 0.88, 1.0)
    add_world(rng.uniform(0.08, 0.22), (0.6, 0.75, 1.0) if warm else (0.9, 0.8, 0.8))
    return key, [fill, rim]
