"""Renders one posed scene three times and reads the passes back (needs `bpy` and `OpenEXR`).

1. The beauty picture with every light, denoised.
2. A white override of every surface under the key light alone, no bounces.
3. The same without occluders: no form casts a shadow.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
import OpenEXR
from numpy.typing import NDArray

from labels import Plane, luminance, median3
from scene_build import FLOOR_INDEX, BuiltScene

Picture = NDArray[np.float32]


@dataclass(frozen=True)
class Passes:
    """What a frame's labels and picture are made of; linear light, exposure not yet applied."""

    beauty: Picture
    alpha: Plane
    glossy: Plane
    occluded: Plane
    unoccluded: Plane
    subject: NDArray[np.bool_]


@dataclass(frozen=True)
class Quality:
    """Samples per pixel of the beauty and of each white layer."""

    beauty: int = 16
    white: int = 8

    def halved(self) -> Quality:
        """Half the samples; the denoiser hides most of the difference."""
        return Quality(max(1, self.beauty // 2), max(1, self.white // 2))


class PassRenderer:
    """Renders frames of one built scene."""

    def __init__(
        self, built: BuiltScene, quality: Quality, seed: int, threads: int, scratch: Path
    ) -> None:
        self.built = built
        self.quality = quality
        self.scratch = scratch / f"passes_{os.getpid()}.exr"
        scene = bpy.context.scene
        scene.render.engine = "CYCLES"
        scene.cycles.device = "CPU"
        scene.cycles.use_adaptive_sampling = False
        scene.cycles.denoiser = "OPENIMAGEDENOISE"
        scene.cycles.denoising_prefilter = "FAST"
        scene.cycles.seed = seed % 2**31
        scene.cycles.use_auto_tile = False
        scene.cycles.caustics_reflective = scene.cycles.caustics_refractive = False
        scene.render.threads_mode, scene.render.threads = "FIXED", threads
        scene.render.use_persistent_data = True
        settings = scene.render.image_settings
        # The media type first: the file format is refused otherwise.
        settings.media_type = "MULTI_LAYER_IMAGE"
        settings.file_format = "OPEN_EXR_MULTILAYER"
        settings.color_depth, settings.exr_codec = "32", "NONE"
        self.layer = bpy.context.view_layer
        for name in ("object_index", "glossy_direct", "glossy_color"):
            setattr(self.layer, f"use_pass_{name}", True)
        self.white = white_material()
        self.dark = bpy.data.worlds.new("dark")
        self.dark.use_nodes = True
        self.dark.node_tree.nodes["Background"].inputs["Strength"].default_value = 0

    def render(self) -> Passes:
        """All passes of the scene as it is posed now."""
        beauty = self._render_beauty()
        occluded = self._render_white(occluders=True)
        unoccluded = self._render_white(occluders=False)
        index = np.rint(beauty["Object Index.X"]).astype(int)
        combined = _rgb(beauty, "Combined")
        return Passes(
            beauty=combined,
            alpha=beauty["Combined.A"],
            glossy=median3(luminance(_rgb(beauty, "Glossy Direct") * _rgb(beauty, "Glossy Color"))),
            # Without bounces the white layer's picture is its direct light, and unlike the direct
            # pass the picture is denoised: half-shadows get clean borders from few samples.
            occluded=luminance(_rgb(occluded, "Combined")),
            unoccluded=luminance(_rgb(unoccluded, "Combined")),
            subject=(index > 0) & (index != FLOOR_INDEX),
        )

    def _render_beauty(self) -> dict[str, Plane]:
        scene = bpy.context.scene
        scene.world = self.built.world
        scene.render.film_transparent = not self.built.environment
        scene.cycles.samples = self.quality.beauty
        scene.cycles.use_denoising = True
        scene.cycles.max_bounces = 2
        self.layer.material_override = None
        for light in self.built.others:
            light.hide_render = False
        for form in self.built.forms:
            form.visible_shadow = True
        return self._render()

    def _render_white(self, occluders: bool) -> dict[str, Plane]:
        scene = bpy.context.scene
        scene.world = self.dark
        scene.cycles.samples = self.quality.white
        scene.cycles.use_denoising = True
        scene.cycles.max_bounces = 0
        self.layer.material_override = self.white
        for light in self.built.others:
            light.hide_render = True
        for form in self.built.forms:
            form.visible_shadow = occluders
        return self._render()

    def _render(self) -> dict[str, Plane]:
        bpy.context.scene.render.filepath = str(self.scratch)
        bpy.ops.render.render(write_still=True)
        channels: dict[str, Plane] = {}
        for part in OpenEXR.File(str(self.scratch), separate_channels=True).parts:
            for name, channel in part.channels.items():
                channels[name.split(".", 1)[1]] = channel.pixels.astype(np.float32)
        return channels


def white_material() -> bpy.types.Material:
    """A white matte surface, which shows what light does."""
    material = bpy.data.materials.new("white")
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    matte = nodes.new("ShaderNodeBsdfDiffuse")
    matte.inputs["Color"].default_value = (1, 1, 1, 1)
    links.new(matte.outputs[0], nodes["Material Output"].inputs["Surface"])
    return material


def _rgb(channels: dict[str, Plane], name: str) -> Picture:
    return np.stack([channels[f"{name}.{part}"] for part in "RGB"], axis=-1)
