"""The scene of the sample shot: a laid-out still life, composed rather than drawn at random.

It is the picture that a newcomer sees first, and nothing trains on it. Two of its forms are of
families that no training scene holds.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from mathutils import Vector

from scene_build import (
    BuiltScene,
    Mover,
    add_camera,
    add_key,
    add_plane,
    add_soft_light,
    add_world,
    empty_scene,
)
from scene_objects import Object, add_form, add_plain_material
from shot_plan import ShotPlan


@dataclass(frozen=True)
class Item:
    """One form of the still life."""

    family: str
    place: tuple[float, float]
    size: float
    heading: float
    color: tuple[float, float, float]
    roughness: float
    metallic: float = 0.0
    turn: float = 0.0


ITEMS = (
    Item("head", (1.15, 0.25), 1.05, 2.1, (0.75, 0.42, 0.22), 0.36, turn=-0.5),
    Item("vase", (-0.5, 1.55), 1.1, 0.0, (0.12, 0.30, 0.42), 0.24),
    Item("sphere", (0.3, -1.25), 0.8, 0.0, (0.72, 0.70, 0.66), 0.30),
    Item("torus", (-0.9, -2.2), 0.85, 0.6, (0.62, 0.14, 0.12), 0.32),
    Item("knot", (1.7, 1.75), 0.62, 1.0, (0.80, 0.62, 0.25), 0.34, metallic=1.0, turn=1.2),
    Item("box", (-1.9, 0.0), 0.95, 0.4, (0.55, 0.57, 0.52), 0.6),
)


def build_sample(plan: ShotPlan) -> BuiltScene:
    """Builds the still life; the camera orbits it while the key drifts a little."""
    rng = random.Random(plan.seed)
    empty_scene(plan)
    forms: list[Object] = []
    movers: list[Mover] = []
    for number, item in enumerate(ITEMS, 1):
        form = add_form(item.family, rng, item.size)
        form.data.materials.clear()
        form.data.materials.append(
            add_plain_material(item.family, item.color, item.roughness, item.metallic)
        )
        form.location = Vector((*item.place, 0.0))
        form.rotation_euler.z = item.heading
        form.pass_index = number
        forms.append(form)
        if item.turn:
            movers.append(Mover(form, form.location.copy(), item.turn, 0.0, item.heading))
    add_plane().data.materials.append(add_plain_material("ground", (0.5, 0.46, 0.4), 0.8, 0.0))

    target = Vector((0.05, 0.05, 0.6))
    key_path = (-1.3, 0.35, 0.75, 0.0)
    return BuiltScene(
        key=add_key(sun=False, size=1.5, warm=0.06),
        camera=add_camera(lens=50.0),
        forms=forms,
        others=[add_soft_light("fill", 0.06, 4.0, 2.2, 0.6, target)],
        target=target,
        exposure=0.9,
        environment=False,
        camera_path=(-0.45, 1.1, 10.6, 0.45, -0.06),
        key_path=key_path,
        world=add_world(0.05, (0.8, 0.9, 1.0)),
        movers=movers,
    )
