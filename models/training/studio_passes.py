"""Renders a posed studio scene into light layers, tile by tile (needs `bpy` and `OpenEXR`).

Everything is rendered at twice the shot's size with a box filter, so that four sub-pixels make up a
pixel and no more. Lights are rendered by group where the shot keeps its layers; else together, the
sum standing in the place of the first group. Noise is fixed per shot: what stands still keeps its
labels.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
import OpenEXR
from numpy.typing import NDArray

from camera_view import Moment, motion, nearest
from labels import Plane, luminance, median3
from layer_store import COLORS, FINE, GROUPS, Layers, pack
from relight import Relit, relight
from render_passes import white_material
from scene_build import FLOOR_INDEX
from set_plan import KEYS, SetShot
from soft_labels import GRID, SUBPIXELS, box, fold
from studio_behind import Window
from studio_scene import StudioScene

# A larger frame is rendered in tiles, which overlap so that the denoiser leaves no seams.
LARGEST_TILE = (1024, 600)
OVERLAP = 16
Channels = dict[str, Plane]


@dataclass(frozen=True)
class Tile:
    """One window of a frame, finished."""

    lit: Relit
    motion: NDArray[np.float32]
    layers: Layers | None


def tiles(plan: SetShot) -> list[Window]:
    """Windows of the shot, in its own pixels, that fill it without overlap."""
    across, down = (
        -(-size // largest)
        for size, largest in zip((plan.width, plan.height), LARGEST_TILE, strict=True)
    )
    xs = [plan.width * k // across for k in range(across + 1)]
    ys = [plan.height * k // down for k in range(down + 1)]
    return [
        (xs[i], ys[j], xs[i + 1] - xs[i], ys[j + 1] - ys[j])
        for j in range(down)
        for i in range(across)
    ]


class StudioRenderer:
    """Renders frames of one built scene."""

    def __init__(self, studio: StudioScene, threads: int, scratch: Path) -> None:
        self.studio, self.plan = studio, studio.plan
        self.scratch = scratch / f"layers_{os.getpid()}.exr"
        _set_up_render(self.plan, threads)
        self.white = white_material()
        self.dark = bpy.data.worlds.new("dark")
        self.dark.use_nodes = True
        self.dark.node_tree.nodes["Background"].inputs["Strength"].default_value = 0
        self._resting: dict[tuple[str, ...], Channels] = {}

    def render(self, now: Moment, then: Moment) -> Iterator[tuple[Window, Tile]]:
        """Every tile of the frame that the scene is posed for; `then` is the next frame."""
        whole = tiles(self.plan)
        for window in whole:
            yield window, self._tile(window, OVERLAP if len(whole) > 1 else 0, now, then)

    def _tile(self, window: Window, overlap: int, now: Moment, then: Moment) -> Tile:
        plan, studio = self.plan, self.studio
        left, top = window[0] + studio.origin[0], window[1] + studio.origin[1]
        area = _grown((left, top, *window[2:]), overlap, plan.frame_width, plan.frame_height)
        inner = (left - area[0], top - area[1])
        _set_border(area, plan)
        planes, positions, index = self._light_planes(area, inner, window[2:])
        behind = studio.behind.picture(now.view, now.pan, (left, top, *window[2:]))
        planes["behind"] = behind.transpose(2, 0, 1)
        layers = pack(planes)
        at, what = nearest(positions, index, now.view)
        return Tile(
            lit=relight(layers, reference=studio.reference),
            motion=motion(at, what, now, then, (left, top), studio.environment),
            layers=layers if plan.layers else None,
        )

    def _light_planes(
        self, area: Window, inner: tuple[int, int], size: tuple[int, int]
    ) -> tuple[Channels, NDArray[np.float64], NDArray[np.int64]]:
        """All layers but what is behind; world positions and form indices of sub-pixels."""

        def cut(plane: NDArray[np.float32]) -> NDArray[np.float32]:
            x, y = inner[0] * GRID, inner[1] * GRID
            return plane[y : y + size[1] * GRID, x : x + size[0] * GRID]

        planes = {name: np.zeros((3, size[1], size[0]), np.float32) for name in COLORS}
        planes |= {name: np.zeros((SUBPIXELS, size[1], size[0]), np.float32) for name in FINE}
        first: Channels = {}
        for groups in self._light_groups():
            passes = self._lights(groups)
            first = first or passes
            gloss = luminance(_rgb(passes, "Glossy Direct") * _rgb(passes, "Glossy Color"))
            planes[groups[0]] = box(cut(_rgb(passes, "Combined"))).transpose(2, 0, 1)
            planes[f"gloss_{groups[0]}"] = fold(cut(median3(gloss)))
        index = fold(cut(np.rint(first["Object Index.X"]).astype(np.int64)))
        position = np.stack([first[f"Position.{axis}"] for axis in "XYZ"], axis=-1)
        positions = np.stack([fold(cut(position[..., k])) for k in range(3)], axis=-1)
        planes["alpha"] = box(cut(first["Combined.A"]))[None]
        planes["subject"] = ((index > 0) & (index != FLOOR_INDEX)).astype(np.float32)
        for name, occluders in (("occluded", True), ("unoccluded", False)):
            planes[name] = fold(cut(luminance(_rgb(self._render_white(occluders), "Combined"))))
        return planes, positions.astype(np.float64), index

    def _light_groups(self) -> list[tuple[str, ...]]:
        if self.plan.layers:
            return [(name,) for name in GROUPS if name != "rest" or self.studio.others]
        # A gobo is there for the key alone.
        return [("key",), ("rest", "world")] if self.studio.gobo else [GROUPS]

    def _lights(self, groups: tuple[str, ...]) -> Channels:
        """A picture of these lights. Where the key alone moves, others are rendered once."""
        if self.plan.motion != KEYS or "key" in groups:
            return self._render_lights(groups)
        if groups not in self._resting:
            self._resting[groups] = self._render_lights(groups)
        return self._resting[groups]

    def _render_lights(self, groups: tuple[str, ...]) -> Channels:
        scene, studio = bpy.context.scene, self.studio
        scene.world = studio.world if "world" in groups else self.dark
        scene.cycles.samples = self.plan.beauty
        scene.cycles.denoising_quality = "BALANCED"
        scene.cycles.max_bounces = 6
        bpy.context.view_layer.material_override = None
        studio.key.hide_render = "key" not in groups
        for light in studio.others:
            light.hide_render = "rest" not in groups
        for form in studio.forms:
            form.visible_shadow = True
        if studio.gobo is not None:
            studio.gobo.visible_shadow = "key" in groups
        return self._render()

    def _render_white(self, occluders: bool) -> Channels:
        scene, studio = bpy.context.scene, self.studio
        scene.world = self.dark
        scene.cycles.samples = self.plan.white
        scene.cycles.denoising_quality = "FAST"
        scene.cycles.max_bounces = 0
        bpy.context.view_layer.material_override = self.white
        studio.key.hide_render = False
        for light in studio.others:
            light.hide_render = True
        for form in [*studio.forms, *([studio.gobo] if studio.gobo else [])]:
            form.visible_shadow = occluders
        return self._render()

    def _render(self) -> Channels:
        bpy.context.scene.render.filepath = str(self.scratch)
        bpy.ops.render.render(write_still=True)
        channels: Channels = {}
        for part in OpenEXR.File(str(self.scratch), separate_channels=True).parts:
            for name, channel in part.channels.items():
                channels[name.split(".", 1)[1]] = channel.pixels.astype(np.float32)
        return channels


def _set_up_render(plan: SetShot, threads: int) -> None:
    scene = bpy.context.scene
    render, cycles = scene.render, scene.cycles
    render.engine, cycles.device = "CYCLES", "CPU"
    render.resolution_x, render.resolution_y = plan.frame_width * GRID, plan.frame_height * GRID
    render.threads_mode, render.threads = "FIXED", threads
    render.use_persistent_data = True
    render.film_transparent = True
    # What is behind glass is laid in later, as it is behind everything else.
    cycles.film_transparent_glass, cycles.film_transparent_roughness = True, 0.5
    cycles.pixel_filter_type = "BOX"
    cycles.seed = plan.seed % 2**31
    cycles.use_adaptive_sampling = cycles.use_auto_tile = False
    cycles.use_denoising, cycles.denoiser = True, "OPENIMAGEDENOISE"
    cycles.denoising_prefilter = "FAST"
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.diffuse_bounces, cycles.glossy_bounces, cycles.transmission_bounces = 1, 2, 5
    settings = render.image_settings
    # The media type first: the file format is refused otherwise.
    settings.media_type = "MULTI_LAYER_IMAGE"
    settings.file_format = "OPEN_EXR_MULTILAYER"
    settings.color_depth, settings.exr_codec = "32", "NONE"
    for name in ("object_index", "position", "glossy_direct", "glossy_color"):
        setattr(bpy.context.view_layer, f"use_pass_{name}", True)


def _set_border(area: Window, plan: SetShot) -> None:
    """Only a window of the frame is rendered."""
    render = bpy.context.scene.render
    left, top, width, height = area
    render.use_border = render.use_crop_to_border = True
    render.border_min_x = left / plan.frame_width
    render.border_max_x = (left + width) / plan.frame_width
    # Blender counts from below.
    render.border_min_y = 1 - (top + height) / plan.frame_height
    render.border_max_y = 1 - top / plan.frame_height


def _grown(window: Window, by: int, width: int, height: int) -> Window:
    left, top = max(window[0] - by, 0), max(window[1] - by, 0)
    right = min(window[0] + window[2] + by, width)
    bottom = min(window[1] + window[3] + by, height)
    return (left, top, right - left, bottom - top)


def _rgb(channels: Channels, name: str) -> NDArray[np.float32]:
    return np.stack([channels[f"{name}.{part}"] for part in "RGB"], axis=-1)
