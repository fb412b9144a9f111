"""Builds the scenes of the sets by name, and poses them (needs `bpy`).

They share forms and lights with `scene_build.py`, whose scenes stay as they are, and add materials,
gobos, contact, and a window of the camera's frame that holds the subject.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field

import bpy
import numpy as np
from mathutils import Vector

from backdrop import make_plate
from camera_view import Moment, View
from scene_build import (
    KEY_DISTANCE,
    BuiltScene,
    Mover,
    add_camera,
    add_plane,
    add_soft_light,
    add_wall,
    aim,
    empty_scene,
)
from scene_mesh import Object
from scene_objects import add_material
from set_plan import KEYS, SetShot
from studio_behind import Behind
from studio_forms import RADII, families, half_width, make_form, places, top
from studio_light import add_gobo, gobo_distance, studio_key, studio_world
from studio_materials import (
    MATERIALS,
    WIDE_MATERIALS,
    WITHHELD_MATERIALS,
    studio_material,
)

PLATES = {"plain": ("plain",), "textured": ("gradient", "noise", "bands"), "busy": ("clutter",)}
# How far to the side of the camera a key may stand, in radians.
WIDEST_KEY = 2.4
CLOSENESS = {"close": (0.55, 0.95), "many": (0.4, 0.75)}


@dataclass
class StudioScene(BuiltScene):
    """A scene with its gobo, what is behind it, and its window of the frame."""

    plan: SetShot = field(kw_only=True)
    behind: Behind = field(kw_only=True)
    gobo: Object | None = None
    gobo_away: float = 0.0
    drifts: list[tuple[Object, Vector]] = field(default_factory=list)
    origin: tuple[int, int] = (0, 0)

    def pose(self, share: float) -> None:
        """Moves everything to a point in time."""
        super().pose(share)
        for form, way in self.drifts:
            form.location = form.location + way * share
        if self.gobo is not None:
            towards = (self.key.location - self.target).normalized()
            aim(self.gobo, self.target + towards * self.gobo_away, self.target)
        bpy.context.view_layer.update()

    def moment(self, share: float) -> Moment:
        """Poses the scene, and tells where camera and forms then are."""
        self.pose(share)
        poses = {form.pass_index: np.array(form.matrix_world) for form in self.forms}
        moving = self.plan.motion in ("camera", "all")
        return Moment(self.view(), poses, self.behind.pan(share if moving else 0.0))

    def view(self) -> View:
        """The camera as it stands now."""
        data, plan = self.camera.data, self.plan
        longest = max(plan.frame_width, plan.frame_height)
        focal = data.lens / data.sensor_width * longest
        place = np.array(self.camera.matrix_world)
        return View(place, focal, plan.frame_width, plan.frame_height)


def build_studio(plan: SetShot) -> StudioScene:
    """Builds the scene of a shot; the same plan always gives the same scene."""
    rng = random.Random(plan.seed)
    empty_scene(plan)
    floor = plan.layout in ("touching", "stacked") or rng.random() < 0.7
    forms = _add_forms(plan, rng, floor)
    radius = RADII[plan.layout]
    middle = max(top(form) + form.location.z for form in forms) * 0.45
    target = Vector((rng.uniform(-0.2, 0.2), rng.uniform(-0.2, 0.2), middle))
    camera, camera_path = _add_camera(plan, rng, radius)
    if floor:
        _add_ground(rng, camera_path[0] + math.pi, radius)
    key, key_path = studio_key(plan, rng), _key_path(plan, rng, camera_path[0])
    world, panorama, _ = studio_world(plan, rng)
    plate = None
    if panorama is None:
        kinds = PLATES.get(plan.background, ("plain",))
        plate = make_plate(rng, plan.frame_width, plan.frame_height, kinds)
    movers, drifts = _movers(plan, rng, forms)
    scene = StudioScene(
        key=key,
        camera=camera,
        forms=forms,
        others=_others(plan, rng, key_path[0], target),
        target=target,
        exposure=2 ** rng.uniform(-0.5, 0.9),
        environment=panorama is not None,
        camera_path=camera_path,
        key_path=key_path,
        world=world,
        movers=movers,
        plan=plan,
        behind=Behind(panorama, plate, plan.frame_width),
        drifts=drifts,
    )
    _add_gobo(scene, rng, radius)
    scene.origin = _window_origin(scene, rng)
    return scene


def _add_forms(plan: SetShot, rng: random.Random, floor: bool) -> list[Object]:
    """The subject. The first form is of the shot's theme, of the others each second one."""
    names = families(rng, plan.layout, plan.withheld)
    small = plan.layout == "many"
    sizes = [rng.uniform(0.45, 0.85) if small else rng.uniform(0.7, 1.1) for _ in names]
    forms = [make_form(name, rng, size) for name, size in zip(names, sizes, strict=True)]
    known = MATERIALS | WIDE_MATERIALS if plan.wide else MATERIALS
    kinds = sorted(WITHHELD_MATERIALS if plan.withheld else known)
    for number, (form, place) in enumerate(
        zip(forms, places(rng, plan.layout, forms), strict=True)
    ):
        kind = plan.theme if number == 0 or rng.random() < 0.5 else rng.choice(kinds)
        if kind not in known and kind not in WITHHELD_MATERIALS:
            kind = "mixed"
        if plan.withheld and kind == "mixed":
            kind = rng.choice(kinds)
        form.data.materials.clear()
        form.data.materials.append(studio_material(kind, f"form{number + 1}", rng, sizes[number]))
        form.pass_index = number + 1
        form.location = place + Vector((0, 0, 0 if floor else rng.uniform(-0.4, 0.5)))
        heading = rng.uniform(0, 2 * math.pi)
        form.rotation_euler.z = heading
        if not floor:
            form.rotation_euler = (rng.uniform(-0.5, 0.5), rng.uniform(-0.5, 0.5), heading)
    return forms


def _movers(
    plan: SetShot, rng: random.Random, forms: list[Object]
) -> tuple[list[Mover], list[tuple[Object, Vector]]]:
    """What turns, bobs and drifts; forms that touch or stand on others only turn a little."""
    if plan.motion not in ("forms", "all"):
        return [], []
    loose = plan.layout in ("close", "still_life", "many")
    movers, drifts = [], []
    for number, form in enumerate(forms):
        if number > 0 and rng.random() < 0.4:
            continue
        turn = rng.uniform(-2.5, 2.5) if loose else rng.uniform(-0.8, 0.8)
        bob = rng.uniform(0.1, 0.8) if loose and rng.random() < 0.35 else 0.0
        movers.append(Mover(form, form.location.copy(), turn, bob, form.rotation_euler.z))
        if loose and rng.random() < 0.5:
            angle, away = rng.uniform(0, 2 * math.pi), rng.uniform(0.3, 1.5)
            drifts.append((form, Vector((away * math.cos(angle), away * math.sin(angle), 0))))
    return movers, drifts


def _add_camera(
    plan: SetShot, rng: random.Random, radius: float
) -> tuple[Object, tuple[float, float, float, float, float]]:
    camera = add_camera(rng.uniform(28, 75))
    data = camera.data
    aspect = plan.frame_width / plan.frame_height
    half = math.atan(data.sensor_width / 2 / data.lens) / max(1.0, aspect)
    fill = (radius + 1.0) / math.tan(half)
    low, high = CLOSENESS.get(plan.layout, (0.5, 0.95))
    distance = max(fill * rng.uniform(low, high), radius + 1.6)
    start, sweep = rng.uniform(0, 2 * math.pi), rng.uniform(-1.6, 1.6)
    height, push = rng.uniform(0.08, 1.0), rng.uniform(-0.25, 0.25)
    if plan.motion not in ("camera", "all"):
        sweep = push = 0.0
    return camera, (start, sweep, distance, height, push)


def _key_path(
    plan: SetShot, rng: random.Random, camera_angle: float
) -> tuple[float, float, float, float]:
    """Angle, its change, height and its change, per `share` of the motion."""
    if plan.motion == KEYS:
        return _key_stands(plan.length, rng, camera_angle)
    around = camera_angle + rng.choice((-1, 1)) * rng.uniform(0.2, WIDEST_KEY)
    arc, rise, to = rng.uniform(-1.5, 1.5), rng.uniform(0.45, 1.15), rng.uniform(0.42, 1.15)
    if plan.motion not in ("key", "all"):
        arc, to = 0.0, rise
    return around, arc, rise, to - rise


def _key_stands(
    frames: int, rng: random.Random, camera_angle: float
) -> tuple[float, float, float, float]:
    """Keys of one scene, evenly about what the camera sees of it, from one side to the other."""
    step = rng.choice((-1, 1)) * 2 * WIDEST_KEY / frames
    first = camera_angle - step * frames / 2 + step * rng.random()
    rise, to = rng.uniform(0.45, 1.15), rng.uniform(0.42, 1.15)
    return first, step, rise, (to - rise) / max(1, frames - 1)


def _others(plan: SetShot, rng: random.Random, key_angle: float, target: Vector) -> list[Object]:
    """Fill, and a rim where the plan has one or chance gives one."""
    around = key_angle + rng.choice((-1, 1)) * math.pi * 0.75
    share, size, rise = rng.uniform(0.01, 0.14), rng.uniform(2, 5), rng.uniform(0.2, 0.9)
    lights = [add_soft_light("fill", share, size, around, rise, target)]
    if plan.light == "rim" or rng.random() < 0.15:
        share, size, rise = rng.uniform(0.15, 0.45), rng.uniform(1, 3), rng.uniform(0.2, 0.7)
        lights.append(add_soft_light("rim", share, size, key_angle + math.pi, rise, target))
    for light in lights:
        light.visible_camera = False
        if plan.light == "colored":
            light.data.color = [rng.uniform(0.4, 1.0) for _ in range(3)]
    return lights


def _add_ground(rng: random.Random, behind: float, radius: float) -> None:
    """The floor, sometimes with a wall across from the camera, which shadows climb."""
    ground = [add_plane()]
    if rng.random() < 0.35:
        away = radius + rng.uniform(1.5, 4)
        ground.append(add_wall(behind, away))
    material = add_material(
        "ground", rng, rng.uniform(0.5, 1.0), 0.0, rng.random() < 0.45, rng.choice((0.3, 1.0))
    )
    for plane in ground:
        plane.data.materials.append(material)


def _add_gobo(scene: StudioScene, rng: random.Random, radius: float) -> None:
    plan = scene.plan
    if not plan.gobo:
        return
    scene.gobo_away = gobo_distance(radius)
    if plan.theme == "swap":
        scene.gobo = add_gobo("flag", rng, _swap(scene, rng))
    else:
        scene.gobo = add_gobo(plan.light, rng)


def _swap(scene: StudioScene, rng: random.Random) -> float:
    """Dark forms into the light, white ones into the shade; where the flag's edge is to be."""
    scene.pose(scene.plan.share(1 + scene.plan.length // 2))
    across = scene.key.matrix_world.col[0].to_3d()
    ordered = sorted(scene.forms, key=lambda form: (form.location - scene.target).dot(across))
    half = max(1, len(ordered) // 2)
    places = [(form.location - scene.target).dot(across) for form in ordered]
    for number, form in enumerate(ordered):
        kind = "chalk" if number < half else rng.choice(("coal", "coal", "black"))
        form.data.materials.clear()
        form.data.materials.append(studio_material(kind, f"swap{number}", rng))
    if len(ordered) == 1:
        return places[0]
    edge = (places[half - 1] + half_width(ordered[half - 1]) + places[half]) / 2
    # A sun's rays are parallel; a disc's shadow grows with distance from it.
    sun = scene.key.data.type == "SUN"
    return edge * (1.0 if sun else (KEY_DISTANCE - scene.gobo_away) / KEY_DISTANCE)


def _window_origin(scene: StudioScene, rng: random.Random) -> tuple[int, int]:
    """Left and top of the shot's window in the frame: about the first form, halfway through."""
    plan = scene.plan
    room = (plan.frame_width - plan.width, plan.frame_height - plan.height)
    jitter = [rng.uniform(-0.2, 0.2) * size for size in (plan.width, plan.height)]
    if room == (0, 0):
        return (0, 0)
    scene.pose(plan.share(1 + plan.length // 2))
    form = scene.forms[0]
    middle = form.matrix_world @ Vector((0, 0, top(form) / 2))
    place = scene.view().project(np.array(middle)[None])[0][0]
    found = [
        min(max(round(place[k] + jitter[k] - (plan.width, plan.height)[k] / 2), 0), room[k])
        for k in range(2)
    ]
    return (found[0], found[1])
