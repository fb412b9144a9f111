"""Renders the posed scene with Cycles, whole or a window of it (needs `bpy` and `OpenEXR`)."""

from __future__ import annotations

import os
from pathlib import Path

import bpy
import numpy as np
import OpenEXR
from numpy.typing import NDArray

Picture = NDArray[np.float32]
Window = tuple[int, int, int, int]  # left, top, width, height


def prepare(width: int, height: int, samples: int, threads: int, seed: int = 0) -> None:
    """Settings of the frame; linear light with alpha is written, as EXR."""
    scene = bpy.context.scene
    render, cycles = scene.render, scene.cycles
    render.engine, cycles.device = "CYCLES", "CPU"
    render.resolution_x, render.resolution_y, render.resolution_percentage = width, height, 100
    render.threads_mode, render.threads = "FIXED", threads
    render.use_persistent_data = False  # faces are replaced from frame to frame
    render.film_transparent = True
    cycles.samples, cycles.seed = samples, seed % 2**31
    cycles.use_adaptive_sampling = cycles.use_auto_tile = False
    cycles.use_denoising, cycles.denoiser = samples > 1, "OPENIMAGEDENOISE"
    cycles.denoising_prefilter, cycles.denoising_quality = "FAST", "BALANCED"
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 3, 2, 1
    cycles.caustics_reflective = cycles.caustics_refractive = False
    settings = render.image_settings
    # The media type first: the file format is refused otherwise.
    settings.media_type = "MULTI_LAYER_IMAGE"
    settings.file_format = "OPEN_EXR_MULTILAYER"
    settings.color_depth, settings.exr_codec = "32", "NONE"
    bpy.context.view_layer.use_pass_object_index = True


def render_window(
    scratch: Path, window: Window | None = None
) -> tuple[Picture, Picture, NDArray[np.int64]]:
    """Linear light [h,w,3] over black, alpha [h,w] and object indices, of the frame or a window."""
    render = bpy.context.scene.render
    render.use_border = render.use_crop_to_border = window is not None
    if window is not None:
        left, top, width, height = window
        across, down = render.resolution_x, render.resolution_y
        # Blender rounds down, and counts from below; a quarter pixel guards against float32.
        low = down - top - height
        render.border_min_x = (left + 0.25) / across
        render.border_max_x = (left + width + 0.25) / across
        render.border_min_y = (low + 0.25) / down
        render.border_max_y = (low + height + 0.25) / down
    planes = _render(scratch)
    light = np.stack([planes[f"Combined.{part}"] for part in "RGB"], axis=-1)
    index = np.rint(planes["Object Index.X"]).astype(np.int64)
    return np.nan_to_num(light), planes["Combined.A"], index


def index_picture(scratch: Path) -> NDArray[np.int64]:
    """Each pixel's object index; wants one sample and no denoiser."""
    bpy.context.scene.cycles.pixel_filter_type = "BOX"
    return np.rint(_render(scratch)["Object Index.X"]).astype(np.int64)


def _render(scratch: Path) -> dict[str, Picture]:
    path = scratch / f"puppet_{os.getpid()}.exr"
    bpy.context.scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    planes: dict[str, Picture] = {}
    for part in OpenEXR.File(str(path), separate_channels=True).parts:
        for name, channel in part.channels.items():
            planes[name.split(".", 1)[1]] = channel.pixels.astype(np.float32)
    return planes
