"""Keys, gobos and worlds of the studio scenes (needs `bpy`).

A gobo stands between key and scene, throws a patterned shadow and is itself never seen.
"""

from __future__ import annotations

import math
import random
from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray

from labels import REC709_LUMA
from scene_build import HELDOUT_WORLDS, KEY_DISTANCE, KEY_REFERENCE, TRAIN_WORLDS, add_key
from scene_mesh import Object, link
from set_plan import SetShot
from studio_behind import Panorama

Rect = tuple[float, float, float, float]
# Half the side of a gobo that is to cover the whole scene.
REACH = 8.0
MIRRORS = ("chrome", "glass", "black", "carpaint", "brushed", "frosted")


def studio_key(plan: SetShot, rng: random.Random) -> Object:
    """The key: a sun or a disc, small behind a gobo, sometimes colored; a white surface at a right
    angle shows `KEY_REFERENCE` whatever the color."""
    sun = plan.theme == "swap" or rng.random() < 0.4
    if sun:
        size = rng.uniform(0.005, 0.03 if plan.gobo else 0.06)
    else:
        size = rng.uniform(0.12, 0.4) if plan.gobo else rng.uniform(0.4, 2.2)
    if plan.theme in MIRRORS and not plan.gobo:
        # A small light's image in a mirror is a pixel or less; one that a softbox throws is seen.
        sun, size = False, rng.uniform(1.0, 2.4)
    key = add_key(sun, size, rng.uniform(-0.12, 0.12))
    if plan.light == "colored":
        hue = [rng.uniform(0.25, 1.0) for _ in range(3)]
        key.data.color = [part / max(hue) for part in hue]
    key.data.energy /= float(np.dot(REC709_LUMA, list(key.data.color)))
    key.visible_camera = False
    return key


def _slats(rng: random.Random) -> list[Rect]:
    """A blind."""
    pitch, duty = rng.uniform(0.35, 0.9), rng.uniform(0.35, 0.6)
    count = int(REACH / pitch)
    return [(-REACH, k * pitch, REACH, (k + duty) * pitch) for k in range(-count, count)]


def _holes(rng: random.Random) -> list[Rect]:
    """Foliage, torn cloth: cells of a grid, some of them open."""
    pitch, cover = rng.uniform(0.3, 0.7), rng.uniform(0.4, 0.6)
    count = int(REACH / 2 / pitch)
    cells: list[Rect] = []
    for x in range(-count, count):
        for y in range(-count, count):
            if rng.random() < cover:
                grow = rng.uniform(0.9, 1.3) * pitch
                left, low = x * pitch + rng.uniform(0, 0.3), y * pitch + rng.uniform(0, 0.3)
                cells.append((left, low, left + grow, low + grow))
    return cells


def _window(rng: random.Random) -> list[Rect]:
    """A wall with panes of glass in it."""
    wide, high, bar = rng.uniform(0.7, 1.3), rng.uniform(0.7, 1.3), rng.uniform(0.1, 0.25)
    columns, rows = rng.randint(2, 3), rng.randint(2, 3)
    half, tall = columns * (wide + bar) / 2, rows * (high + bar) / 2
    parts: list[Rect] = [
        (-REACH, tall, REACH, REACH),
        (-REACH, -REACH, REACH, -tall),
        (-REACH, -tall, -half, tall),
        (half, -tall, REACH, tall),
    ]
    parts += [
        (-half, k * (high + bar) - tall, half, k * (high + bar) - tall + bar) for k in range(rows)
    ]
    parts += [
        (k * (wide + bar) - half, -tall, k * (wide + bar) - half + bar, tall)
        for k in range(columns)
    ]
    return parts


SHAPES = {"slats": _slats, "holes": _holes, "window": _window}


def add_gobo(kind: str, rng: random.Random, edge: float = 0.0) -> Object:
    """A gobo in its own plane; `flag` covers all that is left of `edge`."""
    if kind == "flag":
        return _sheet([(edge - 2 * REACH, -REACH, edge, REACH)], 0.0)
    turn = rng.uniform(-0.9, 0.9) if kind != "window" else rng.uniform(-0.2, 0.2)
    return _sheet(SHAPES[kind](rng), turn)


def _sheet(rects: list[Rect], turn: float) -> Object:
    vertices, faces = [], []
    cos, sin = math.cos(turn), math.sin(turn)
    for k, (left, low, right, high) in enumerate(rects):
        corners = ((left, low), (right, low), (right, high), (left, high))
        # A hair apart in depth: coplanar faces that overlap would fight.
        vertices += [(x * cos - y * sin, x * sin + y * cos, k * 1e-4) for x, y in corners]
        faces.append(tuple(range(4 * k, 4 * k + 4)))
    mesh = bpy.data.meshes.new("gobo")
    mesh.from_pydata(vertices, [], faces)
    sheet = link("gobo", mesh)
    sheet.visible_camera = sheet.visible_diffuse = sheet.visible_glossy = False
    sheet.visible_transmission = sheet.visible_volume_scatter = False
    return sheet


def load_panorama(name: str, turn: float, strength: float) -> Panorama:
    """One of the HDRIs that ship with Blender, scaled so that its mean luminance is `strength`."""
    folder = Path(bpy.utils.resource_path("LOCAL")) / "datafiles" / "studiolights" / "world"
    image = bpy.data.images.load(str(folder / f"{name}.exr"), check_existing=True)
    width, height = image.size
    pixels: NDArray[np.float32] = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(pixels)
    rgb = pixels.reshape(height, width, 4)[..., :3]
    return Panorama(rgb, turn, strength / mean_luminance(rgb))


def mean_luminance(rgb: NDArray[np.float32]) -> float:
    """Mean over the sphere: rows near the poles count less."""
    rows = np.sin((np.arange(rgb.shape[0]) + 0.5) / rgb.shape[0] * np.pi)
    return float(((rgb @ REC709_LUMA).mean(1) * rows).sum() / rows.sum())


def studio_world(
    plan: SetShot, rng: random.Random
) -> tuple[bpy.types.World, Panorama | None, float]:
    """Light from all around: an HDRI or a color; the HDRI that is seen, if any; its turn."""
    mirrors = plan.theme in MIRRORS
    level = (rng.uniform(0.1, 0.22) if mirrors else rng.uniform(0.02, 0.14)) * KEY_REFERENCE
    color = (rng.uniform(0.7, 1), rng.uniform(0.7, 1), rng.uniform(0.8, 1))
    turn, shown = rng.uniform(0, 2 * math.pi), rng.uniform(0.15, 0.6) * KEY_REFERENCE
    name = rng.choice(TRAIN_WORLDS if plan.split == "train" else HELDOUT_WORLDS)
    lit_by_picture = rng.random() < (0.8 if mirrors else 0.4)
    world = bpy.data.worlds.new("studio")
    world.use_nodes = True
    ambient = world.node_tree.nodes["Background"]
    ambient.inputs["Color"].default_value = (*color, 1)
    ambient.inputs["Strength"].default_value = level
    if plan.background != "environment" and not lit_by_picture:
        return world, None, turn
    panorama = load_panorama(name, turn, level)
    _picture_world(world, name, turn, panorama.scale)
    if plan.background != "environment":
        return world, None, turn
    return world, Panorama(panorama.pixels, turn, panorama.scale * shown / level), turn


def _picture_world(world: bpy.types.World, name: str, turn: float, scale: float) -> None:
    nodes, links = world.node_tree.nodes, world.node_tree.links
    picture = nodes.new("ShaderNodeTexEnvironment")
    picture.image = next(i for i in bpy.data.images if i.filepath.endswith(f"{name}.exr"))
    place, mapping = nodes.new("ShaderNodeTexCoord"), nodes.new("ShaderNodeMapping")
    mapping.inputs["Rotation"].default_value = (0, 0, turn)
    links.new(place.outputs["Generated"], mapping.inputs["Vector"])
    links.new(mapping.outputs["Vector"], picture.inputs["Vector"])
    ambient = nodes["Background"]
    links.new(picture.outputs["Color"], ambient.inputs["Color"])
    ambient.inputs["Strength"].default_value = scale
    # The map of where light comes from is made anew for every render; a fine one takes seconds.
    world.cycles.sampling_method = "MANUAL"
    world.cycles.sample_map_resolution = 256


def gobo_distance(radius: float) -> float:
    """How far before the target a gobo stands: clear of the forms, near enough to be sharp."""
    return min(max(3.5, radius + 1.5), KEY_DISTANCE / 2)
