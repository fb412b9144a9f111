"""Builds a scene from a seed and poses it for a frame (needs `bpy`).

What the network must not lean on is drawn at random: where the key stands, how far the camera is,
whether there is a floor, how strong the fill is, what is behind.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from pathlib import Path

import bpy
from mathutils import Vector

from scene_objects import FAMILIES, WITHHELD_FAMILIES, Object, add_form, add_material
from scene_self_shadow import SELF_SHADOWING
from shot_plan import ShotPlan

FLOOR_INDEX = 100
# HDRIs that ship inside the bpy wheel (CC0). The last two are for held-out scenes alone.
TRAIN_WORLDS = ("city", "courtyard", "forest", "interior", "night", "studio")
HELDOUT_WORLDS = ("sunrise", "sunset")
LAYOUTS = ("close", "still_life", "still_life", "many")
# Shadows of a form on itself are only seen from near.
SELF_SHADOW_LAYOUTS = ("close", "close", "close", "still_life")
KEY_DISTANCE = 9.0
# What a white matte surface shows under the key at a right angle. Keys are set to this strength and
# keep their distance, so it holds for a whole shot; brightness varies by exposure instead.
KEY_REFERENCE = 1.0


@dataclass
class Mover:
    """An object that turns and bobs over the shot."""

    form: Object
    home: Vector
    turn: float
    bob: float
    heading: float


@dataclass
class BuiltScene:
    """A scene with what is needed to pose it, light it and encode its frames."""

    key: Object
    camera: Object
    # What casts shadows; the ground never does, or a wall would put a whole shot in the shade.
    forms: list[Object]
    others: list[Object]
    target: Vector
    exposure: float
    environment: bool
    camera_path: tuple[float, float, float, float, float]
    key_path: tuple[float, float, float, float]
    world: bpy.types.World
    movers: list[Mover] = field(default_factory=list)
    reference: float = KEY_REFERENCE

    def pose(self, share: float) -> None:
        """Moves everything to a point in time; `share` runs 0..1 over the shot."""
        start, sweep, distance, height, push = self.camera_path
        angle = start + sweep * share
        away = distance * (1 + push * math.sin(math.pi * share))
        flat = away * math.cos(height)
        offset = Vector((flat * math.cos(angle), flat * math.sin(angle), away * math.sin(height)))
        aim(self.camera, self.target + offset, self.target)
        around, arc, rise, lift = self.key_path
        aim(
            self.key,
            self.target + key_offset(around + arc * share, rise + lift * share),
            self.target,
        )
        for mover in self.movers:
            mover.form.rotation_euler.z = mover.heading + mover.turn * share
            mover.form.location = mover.home + Vector(
                (0, 0, mover.bob * abs(math.sin(2 * math.pi * share)))
            )


def key_offset(around: float, rise: float) -> Vector:
    flat = KEY_DISTANCE * math.cos(rise)
    return Vector((flat * math.cos(around), flat * math.sin(around), KEY_DISTANCE * math.sin(rise)))


def aim(thing: Object, place: Vector, target: Vector) -> None:
    thing.location = place
    thing.rotation_euler = (target - place).to_track_quat("-Z", "Y").to_euler()


def empty_scene(plan: ShotPlan) -> None:
    """An empty scene of the shot's frame size."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    render = bpy.context.scene.render
    render.resolution_x, render.resolution_y = plan.width, plan.height
    render.resolution_percentage = 100


def build(plan: ShotPlan) -> BuiltScene:
    """Builds the scene of a shot; the same plan always gives the same scene."""
    rng = random.Random(plan.seed)
    empty_scene(plan)
    layout = rng.choice(SELF_SHADOW_LAYOUTS if plan.self_shadowing else LAYOUTS)
    floor = (layout != "close" and rng.random() < 0.75) or rng.random() < 0.4
    forms, movers, radius = _place_forms(plan, rng, layout, floor)

    # Aiming a little off the middle keeps objects from always sitting in the centre.
    height = max(0.6, radius * 0.3) if layout != "close" else 0.9
    target = Vector((rng.uniform(-0.2, 0.2), rng.uniform(-0.2, 0.2), height))
    camera, camera_path = _random_camera(rng, layout, radius, plan.width / plan.height)
    if floor:
        _add_ground(rng, camera_path[0] + camera_path[1] / 2 + math.pi, radius)
    key, key_path = _random_key(rng, camera_path[0])
    others = _add_others(rng, key_path, target)
    environment = rng.random() < 0.35
    world = _add_world(plan, rng, environment)
    # White matte in full light lands between a low-key and a clipped exposure.
    white = 2 ** rng.uniform(-0.5, 0.9)
    return BuiltScene(
        key=key,
        camera=camera,
        forms=forms,
        others=others,
        target=target,
        exposure=white / KEY_REFERENCE,
        environment=environment,
        camera_path=camera_path,
        key_path=key_path,
        movers=movers,
        world=world,
    )


def _place_forms(
    plan: ShotPlan, rng: random.Random, layout: str, floor: bool
) -> tuple[list[Object], list[Mover], float]:
    """Adds the subject: forms on a disc, far enough apart not to run into each other much."""
    names = [n for n in FAMILIES if plan.split != "train" or n not in WITHHELD_FAMILIES]
    count = {"close": rng.randint(1, 2), "still_life": rng.randint(3, 6), "many": 12}[layout]
    families = rng.sample(names, min(count, len(names)))
    if plan.split == "heldout":
        families[0] = WITHHELD_FAMILIES[plan.seed % len(WITHHELD_FAMILIES)]
    if plan.self_shadowing:
        chosen = rng.sample(sorted(SELF_SHADOWING), min(2, len(families)))
        families[: len(chosen)] = chosen
    radius = {"close": 0.6, "still_life": 2.0, "many": 3.2}[layout]
    forms: list[Object] = []
    movers: list[Mover] = []
    spots: list[tuple[float, float, float]] = []
    for number, family in enumerate(families, 1):
        size = rng.uniform(0.75, 1.1) if layout != "many" else rng.uniform(0.45, 0.9)
        form = add_form(family, rng, size)
        x, y = _free_spot(rng, radius, size, spots)
        spots.append((x, y, size))
        home = Vector((x, y, 0 if floor else rng.uniform(-0.6, 0.8)))
        heading = rng.uniform(0, 2 * math.pi)
        if not floor or rng.random() < 0.2:
            form.rotation_euler = (rng.uniform(-0.5, 0.5), rng.uniform(-0.5, 0.5), heading)
        form.rotation_euler.z = heading
        form.location = home
        form.pass_index = number
        shiny = rng.random() < 0.7
        roughness = rng.uniform(0.18, 0.42) if shiny else rng.uniform(0.42, 0.9)
        form.data.materials.clear()
        form.data.materials.append(
            add_material(
                f"form{number}",
                rng,
                roughness,
                1.0 if rng.random() < 0.15 else 0.0,
                rng.random() < 0.35,
                1 / size,
            )
        )
        if rng.random() < 0.5:
            bob = rng.uniform(0, 0.8) if rng.random() < 0.5 else 0.0
            movers.append(Mover(form, home, rng.uniform(-2, 2), bob, heading))
        forms.append(form)
    return forms, movers, radius


def _free_spot(
    rng: random.Random, radius: float, size: float, taken: list[tuple[float, float, float]]
) -> tuple[float, float]:
    """The roomiest of some random spots."""
    best, room = (0.0, 0.0), -math.inf
    for _ in range(40):
        angle, away = rng.uniform(0, 2 * math.pi), radius * math.sqrt(rng.random())
        x, y = away * math.cos(angle), away * math.sin(angle)
        gap = min((math.hypot(x - tx, y - ty) - ts - size for tx, ty, ts in taken), default=0.0)
        if gap > room:
            best, room = (x, y), gap
    return best


def _add_ground(rng: random.Random, behind: float, radius: float) -> None:
    """The floor, sometimes with a wall across from the camera, which shadows climb."""
    ground = [add_plane()]
    if rng.random() < 0.3:
        away = radius + rng.uniform(1.5, 4)
        ground.append(add_wall(behind, away))
    patterned = rng.random() < 0.45
    material = add_material("ground", rng, rng.uniform(0.6, 1.0), 0.0, patterned, 0.3)
    for plane in ground:
        plane.data.materials.append(material)


def add_wall(behind: float, away: float) -> Object:
    """A plane of the ground that stands upright, `away` from the middle at the angle `behind`."""
    place = Vector((away * math.cos(behind), away * math.sin(behind), 0))
    wall = add_plane()
    wall.location = place
    wall.rotation_euler = Vector((-place.x, -place.y, 0)).to_track_quat("Z", "Y").to_euler()
    return wall


def add_plane() -> Object:
    """A large plane of the ground, which receives shadows and casts none."""
    bpy.ops.mesh.primitive_plane_add(size=60)
    plane: Object = bpy.context.view_layer.objects.active
    plane.pass_index = FLOOR_INDEX
    plane.visible_shadow = False
    return plane


def add_camera(lens: float) -> Object:
    """The scene's camera."""
    data = bpy.data.cameras.new("camera")
    data.lens = lens
    camera = bpy.data.objects.new("camera", data)
    bpy.context.scene.collection.objects.link(camera)
    bpy.context.scene.camera = camera
    return camera


def _random_camera(
    rng: random.Random, layout: str, radius: float, aspect: float
) -> tuple[Object, tuple[float, float, float, float, float]]:
    camera = add_camera(rng.uniform(28, 75))
    data = camera.data
    # The distance at which the set fills the frame's short side.
    half = math.atan(data.sensor_width / 2 / data.lens) / max(1.0, aspect)
    fill = (radius + 1.0) / math.tan(half)
    closeness = {"close": (0.55, 1.0), "still_life": (0.42, 0.95), "many": (0.35, 0.75)}[layout]
    distance = max(fill * rng.uniform(*closeness), radius + 1.5)
    start, sweep = rng.uniform(0, 2 * math.pi), rng.uniform(-1.6, 1.6)
    return camera, (start, sweep, distance, rng.uniform(0.08, 1.0), rng.uniform(-0.25, 0.25))


def add_key(sun: bool, size: float, warm: float) -> Object:
    """The key light, a sun (`size` in radians) or a disc, of the strength `KEY_REFERENCE`."""
    data = bpy.data.lights.new("key", "SUN" if sun else "AREA")
    if sun:
        data.angle = size
        data.energy = math.pi * KEY_REFERENCE
    else:
        data.shape, data.size = "DISK", size
        # A small disc of P watts lights a white surface at distance d with P / (pi d)^2.
        data.energy = (math.pi * KEY_DISTANCE) ** 2 * KEY_REFERENCE
    data.color = (1 + min(warm, 0), 1 - abs(warm) * 0.4, 1 - max(warm, 0))
    key = bpy.data.objects.new("key", data)
    bpy.context.scene.collection.objects.link(key)
    return key


def _random_key(
    rng: random.Random, camera_angle: float
) -> tuple[Object, tuple[float, float, float, float]]:
    sun = rng.random() < 0.4
    size = rng.uniform(0.005, 0.06) if sun else rng.uniform(0.5, 2.2)
    key = add_key(sun, size, rng.uniform(-0.12, 0.12))
    side = rng.choice((-1, 1)) * rng.uniform(0.2, 2.5)
    path = (camera_angle + side, rng.uniform(-1.5, 1.5), rng.uniform(0.45, 1.2), 0.0)
    return key, (*path[:3], rng.uniform(0.42, 1.2) - path[2])


def _add_others(
    rng: random.Random, key_path: tuple[float, float, float, float], target: Vector
) -> list[Object]:
    """Fill and sometimes rim: weak next to the key, and no part of the shadow labels."""
    lights: list[Object] = []
    roles = [("fill", math.pi * 0.75, rng.uniform(0.0, 0.12))]
    if rng.random() < 0.3:
        roles.append(("rim", math.pi, rng.uniform(0.1, 0.3)))
    for name, apart, share in roles:
        size = rng.uniform(2, 5)
        around = key_path[0] + apart * rng.choice((-1, 1))
        lights.append(add_soft_light(name, share, size, around, rng.uniform(0.2, 0.9), target))
    return lights


def add_soft_light(
    name: str, share: float, size: float, around: float, rise: float, target: Vector
) -> Object:
    """A disc light that stands still, `share` as strong as the key."""
    data = bpy.data.lights.new(name, "AREA")
    data.shape, data.size = "DISK", size
    data.energy = share * (math.pi * KEY_DISTANCE) ** 2 * KEY_REFERENCE
    light = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(light)
    aim(light, target + key_offset(around, rise), target)
    return light


def add_world(level: float, color: tuple[float, float, float]) -> bpy.types.World:
    """A world of one color, which lights from all around."""
    world = bpy.data.worlds.new("world")
    world.use_nodes = True
    bpy.context.scene.world = world
    ambient = world.node_tree.nodes["Background"]
    ambient.inputs["Color"].default_value = (*color, 1)
    ambient.inputs["Strength"].default_value = level * KEY_REFERENCE
    return world


def _add_world(plan: ShotPlan, rng: random.Random, environment: bool) -> bpy.types.World:
    """Weak light from all around: a color, or an HDRI that is seen brighter than it lights."""
    level = rng.uniform(0.01, 0.12)
    color = (rng.uniform(0.7, 1), rng.uniform(0.7, 1), rng.uniform(0.8, 1))
    world = add_world(level, color)
    nodes, links = world.node_tree.nodes, world.node_tree.links
    ambient = nodes["Background"]
    if not environment:
        return world
    names = TRAIN_WORLDS if plan.split == "train" else HELDOUT_WORLDS
    folder = Path(bpy.utils.resource_path("LOCAL")) / "datafiles" / "studiolights" / "world"
    picture = nodes.new("ShaderNodeTexEnvironment")
    picture.image = bpy.data.images.load(str(folder / f"{rng.choice(names)}.exr"))
    seen, mix = nodes.new("ShaderNodeBackground"), nodes.new("ShaderNodeMixShader")
    ray = nodes.new("ShaderNodeLightPath")
    links.new(picture.outputs["Color"], ambient.inputs["Color"])
    links.new(picture.outputs["Color"], seen.inputs["Color"])
    seen.inputs["Strength"].default_value = rng.uniform(0.3, 1.2) * KEY_REFERENCE
    links.new(ray.outputs["Is Camera Ray"], mix.inputs[0])
    links.new(ambient.outputs[0], mix.inputs[1])
    links.new(seen.outputs[0], mix.inputs[2])
    links.new(mix.outputs[0], nodes["World Output"].inputs["Surface"])
    return world
