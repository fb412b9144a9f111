"""The six shots of the ray caster: scenes laid by hand, whose tints and lights a seed varies."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from caster_compound import Blob, Part, Torus
from caster_figure import walker
from caster_march import Shape
from caster_props import (
    COAL,
    GOLD,
    STEEL,
    WHITE,
    around,
    bowl,
    drilled,
    ground,
    key_lamp,
    put,
    tinted,
    wall,
)
from caster_scene import Camera, Item, Lamp, Material, Scene
from caster_shapes import Box, Capsule, Cone, Cylinder, Ellipsoid, sphere
from caster_textures import bricks, checks, clouds, gradient, marble, plain, speckle, stripes
from caster_vectors import Pose, Triple, turned

FRAMES = 16


@dataclass(frozen=True)
class CasterShot:
    """A shot to cast."""

    name: str
    about: str
    seed: int
    scene: Scene
    # Nothing moves: labels are the same in every frame, only the grain is not.
    locked_off: bool = False


def still(rng: random.Random) -> Scene:
    """Chalk, coal and clay on a table: a black box in light, white things in its shadow."""
    azimuth = -52 + rng.uniform(-6, 6)
    key = key_lamp(azimuth, 38 + rng.uniform(-3, 3), 0.6)
    chalk = Material(plain(WHITE), 0.9, 0.6, mirror=0.0)
    coal = Material(plain(COAL), 0.75, 0.4)
    clay = Material(speckle(tinted(rng, 0.35), (0.3, 0.14, 0.08), 3), 0.55, 0.5)
    glaze = Material(stripes(tinted(rng, 0.4), WHITE, 0.11), 0.24, mirror=0.06)
    glass = Material(plain(COAL), 0.3, 0.1, mirror=0.06)
    items = (
        ground(Material(speckle((0.42, 0.36, 0.3), (0.3, 0.25, 0.2), 1.2), 0.8)),
        put(Box((0.4, 0.85, 0.3)), coal, (-0.75, 0.85, -0.3), rng.uniform(15, 35)),
        put(sphere(0.42), chalk, (0.35, 0.42, -0.95)),
        put(Cone(0.38, 0.0, 0.55), chalk, (1.75, 0.55, -0.5)),
        put(bowl(0.55, 0.07), glaze, (0.75, 0.55, 0.65)),
        put(sphere(0.3), glass, (-0.45, 0.3, 0.95)),
        put(Torus(0.36, 0.13), clay, (1.75, 0.13, 0.55)),
        put(Ellipsoid((0.3, 0.42, 0.3)), clay, (-1.75, 0.42, 0.25)),
    )
    camera = Camera((0.2, 2.3, 6.4), (0.1, 0.5, 0.0), 40)
    return Scene(
        items,
        lambda _: camera,
        lambda _: key,
        others=(Lamp(around(70, 35, 14), 1.0, (0.1, 0.12, 0.16)),),
        backdrop=gradient((0.2, 0.18, 0.16), (0.06, 0.07, 0.09)),
        exposure=0.95,
    )


def walk(rng: random.Random) -> Scene:
    """A figure of capsules walks past a wall and a bollard; the camera follows a little."""
    key = key_lamp(48 + rng.uniform(-8, 8), 36, 0.35)
    shirt = Material(stripes(tinted(rng, 0.3), WHITE, 0.07), 0.8, 0.5)
    trousers = Material(plain((0.05, 0.06, 0.1)), 0.8, 0.5)
    skin = Material(plain((0.55, 0.35, 0.26)), 0.36, 0.3)
    column_stone = Material(marble(WHITE, (0.2, 0.2, 0.25), 1.5), 0.3, mirror=0.06)
    pace = 0.062

    def path(time: float) -> tuple[float, float, float]:
        turn = 62 - 1.2 * time
        return -0.85 + pace * time, 0.1 + 0.018 * time, turn

    items = (
        ground(Material(checks((0.5, 0.48, 0.44), (0.3, 0.3, 0.3), 0.5), 0.6)),
        wall(Material(speckle((0.5, 0.45, 0.38), (0.42, 0.4, 0.36), 1.5), 0.9), -1.6),
        put(Capsule(0.2, 0.62), column_stone, (1.35, 0.82, 0.1)),
        *walker(path, 18, shirt, trousers, skin),
    )

    def camera(time: float) -> Camera:
        return Camera((0.25 + 0.03 * time, 1.35, 4.9), (-0.05 + 0.025 * time, 0.98, 0.0), 44)

    return Scene(items, camera, lambda _: key, sky=(0.2, 0.21, 0.24), exposure=0.9)


def moving_light(rng: random.Random) -> Scene:
    """The key travels over standing blocks; the camera rests."""
    start = -62 + rng.uniform(-6, 6)
    paint = Material(plain(tinted(rng, 0.45)), 0.4, 0.2)
    stone = Material(marble(WHITE, tinted(rng, 0.2), 1.3), 0.45)
    chalk = Material(plain(WHITE), 0.9, 0.6, mirror=0.0)
    dark = Material(stripes((0.06, 0.05, 0.05), (0.16, 0.12, 0.1), 0.1, axis=0), 0.35)
    items = (
        ground(Material(plain((0.5, 0.5, 0.5)), 0.8, 0.5)),
        put(drilled(0.5, 0.3), chalk, (-1.25, 0.5, 0.1), rng.uniform(20, 50)),
        put(Box((0.35, 0.75, 0.35), 0.12), paint, (0.15, 0.75, -0.5), rng.uniform(10, 40)),
        put(Cylinder(0.33, 0.45), stone, (1.2, 0.45, -0.4)),
        put(Ellipsoid((0.55, 0.3, 0.35)), dark, (0.35, 0.3, 0.75), rng.uniform(-30, 30)),
        put(Cone(0.42, 0.16, 0.42), paint, (2.05, 0.42, 0.45)),
        put(sphere(0.27), stone, (-0.45, 0.27, 1.0)),
    )
    camera = Camera((0.3, 2.6, 6.2), (0.3, 0.45, 0.0), 42)
    return Scene(
        items,
        lambda _: camera,
        lambda time: key_lamp(start + 7.5 * time, 34 + 0.8 * time, 0.45),
        backdrop=gradient((0.25, 0.25, 0.27), (0.1, 0.12, 0.16)),
    )


def orbit(rng: random.Random) -> Scene:
    """Around flowing marble and striped pillars on bricks, in fog."""
    key = key_lamp(-35 + rng.uniform(-8, 8), 44, 0.8)
    stone = Material(marble((0.75, 0.72, 0.66), (0.14, 0.1, 0.09), 1.1), 0.32)
    banded = Material(stripes(tinted(rng, 0.4), tinted(rng, 0.15), 0.28), 0.7, 0.4)
    blob = Blob(
        (
            Part(sphere(0.62), Pose((0.0, -0.25, 0.0))),
            Part(sphere(0.4), Pose((0.45, 0.35, 0.1))),
            Part(sphere(0.34), Pose((-0.35, 0.5, -0.1))),
            Part(Capsule(0.18, 0.35), Pose((-0.05, 0.75, 0.15), turned(z_deg=25))),
        ),
        0.35,
    )
    places = ((-1.9, -1.3), (0.2, -2.2), (2.1, -1.2), (-1.6, 1.0))
    pillars = [put(Cylinder(0.22, 1.0), banded, (x, 1.0, z)) for x, z in places]
    items = (
        ground(Material(bricks((0.42, 0.2, 0.14), (0.4, 0.38, 0.35), 0.55), 0.75, 0.4)),
        put(blob, stone, (0.0, 0.8, 0.0), rng.uniform(0, 60)),
        put(Torus(0.42, 0.16), Material(plain(tinted(rng, 0.3)), 0.35), (1.35, 0.16, 0.75)),
        *pillars,
    )

    def camera(time: float) -> Camera:
        return Camera(around(-14 + 2.2 * time, 16 + 0.3 * time, 6.4), (0.0, 0.75, 0.0), 42)

    fog_color = (0.5, 0.53, 0.58)
    return Scene(
        items,
        camera,
        lambda _: key,
        sky=(0.2, 0.22, 0.26),
        backdrop=gradient(fog_color, (0.42, 0.48, 0.6)),
        fog=0.045,
        fog_color=fog_color,
        exposure=0.9,
    )


def tumble(rng: random.Random) -> Scene:
    """Things turn and drift before a painted cloth, and shadow each other; there is no floor."""
    key = key_lamp(32 + rng.uniform(-8, 8), 40, 0.4)

    def drift(shape: Shape, material: Material, start: Triple, way: Triple, spin: Triple) -> Item:
        lean = tuple(rng.uniform(20, 70) for _ in range(3))

        def pose(time: float) -> Pose:
            x, y, z = (a + b * time for a, b in zip(start, way, strict=True))
            rx, ry, rz = (a + b * time for a, b in zip(lean, spin, strict=True))
            return Pose((x, y, z), turned(rx, ry, rz))

        return Item(shape, material, pose)

    chalk = Material(plain(WHITE), 0.85, 0.5)
    satin = Material(stripes(tinted(rng, 0.35), tinted(rng, 0.1), 0.14), 0.35)
    lacquer = Material(plain(tinted(rng, 0.16)), 0.25, 0.1)
    steel = Material(plain(STEEL), 0.4, metal=True)
    items = (
        drift(drilled(0.62, 0.36), chalk, (-0.9, -0.1, 0.0), (0.02, 0.01, 0.0), (1.5, 3.5, 0.5)),
        drift(Capsule(0.24, 0.5), lacquer, (0.15, 0.85, 0.75), (0.0, -0.02, 0.0), (4, 1, 2.5)),
        drift(Torus(0.5, 0.17), satin, (1.1, -0.35, -0.1), (-0.02, 0.015, 0.0), (3, 2, 0)),
        drift(Cone(0.4, 0.0, 0.45), chalk, (1.35, 0.85, -0.6), (0.01, 0.0, 0.03), (1, 0, 4)),
        drift(sphere(0.33), steel, (-1.9, 0.75, -0.4), (0.045, -0.02, 0.02), (0, 0, 0)),
        drift(Box((0.34, 0.22, 0.28)), satin, (0.15, -1.05, 0.5), (0.02, 0.01, -0.02), (2, -5, 1)),
    )
    camera = Camera((0.0, 0.15, 6.9), (0.0, 0.0, 0.0), 42)
    return Scene(
        items,
        lambda _: camera,
        lambda _: key,
        others=(Lamp(around(-120, 20, 14), 0.8, (0.2, 0.25, 0.35)),),
        backdrop=clouds(tinted(rng, 0.06), tinted(rng, 0.22), 4),
    )


def shine(rng: random.Random) -> Scene:
    """Metal, lacquer and coal before a dark cloth, a rim light, a hand-held camera."""
    key = key_lamp(-30 + rng.uniform(-6, 6), 46, 0.7)
    gold = Material(plain(GOLD), 0.35, metal=True)
    steel = Material(plain(STEEL), 0.5, metal=True)
    lacquer = Material(plain((0.4, 0.03, 0.03)), 0.22, 0.1)
    coal = Material(speckle(COAL, (0.07, 0.06, 0.06), 4), 0.5)
    chalk = Material(plain(WHITE), 0.9, 0.6, mirror=0.0)
    turn = rng.uniform(0, 90)

    def ring(time: float) -> Pose:
        return Pose((-1.35, 0.62, -0.1), turned(x_deg=90, y_deg=turn + 6 * time))

    items = (
        ground(Material(bricks((0.12, 0.1, 0.09), (0.2, 0.19, 0.18), 0.8), 0.65, mirror=0.0)),
        Item(Torus(0.46, 0.16), gold, ring),
        put(sphere(0.55), lacquer, (0.0, 0.55, 0.2)),
        put(Cylinder(0.34, 0.6), steel, (1.2, 0.6, -0.55)),
        put(Box((0.36, 0.36, 0.36), 0.08), coal, (1.45, 0.36, 0.75), rng.uniform(20, 60)),
        put(bowl(0.42, 0.06), gold, (-0.75, 0.42, 1.25)),
        put(Cone(0.3, 0.08, 0.5), chalk, (-0.45, 0.5, -1.15)),
    )

    def camera(time: float) -> Camera:
        sway = 0.05 * math.sin(0.9 * time)
        bob = 0.03 * math.sin(1.7 * time + 1)
        return Camera((0.5 - 0.03 * time + sway, 1.9 + bob, 5.9), (0.1 + sway / 2, 0.45, 0.0), 40)

    rim = replace(key_lamp(165, 30, 0.6), color=(0.45, 0.5, 0.6))
    return Scene(
        items,
        camera,
        lambda _: key,
        others=(rim,),
        sky=(0.16, 0.17, 0.19),
        backdrop=clouds((0.02, 0.02, 0.025), (0.07, 0.065, 0.06), 2.5),
    )


LAYOUTS: tuple[tuple[str, Callable[[random.Random], Scene]], ...] = (
    ("caster_still", still),
    ("caster_walk", walk),
    ("caster_light", moving_light),
    ("caster_orbit", orbit),
    ("caster_tumble", tumble),
    ("caster_shine", shine),
)


def plan_caster_shots(seed: int) -> list[CasterShot]:
    """The six shots of a seed; each has a seed of its own."""
    shots = []
    for number, (name, layout) in enumerate(LAYOUTS, start=1):
        own = seed * 10_000 + 700 + number
        about = (layout.__doc__ or "").rstrip()
        scene = layout(random.Random(own))
        shots.append(CasterShot(name, about, own, scene, locked_off=layout is still))
    return shots
