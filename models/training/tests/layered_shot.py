"""A small shot with layers on disk, made of noise, for tests."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np

from exr_planes import plane_path, save_planes
from labels import Thresholds
from layer_store import COLORS, FINE, create, pack
from shot_folder import frame_path, save_png, write_shot

FRAMES = 3
SIDE = 48


def write_layered_shot(
    shot: Path, seed: int = 0, locked_off: bool = False, motion: str = "all", light: str = "plain"
) -> None:
    """A folder as `render_sets.py` leaves it."""
    rng = np.random.default_rng(seed)
    facts = {
        "first_frame": 1,
        "reference": 1.0,
        "exposure": 0.8,
        "thresholds": asdict(Thresholds()),
    }
    told = {"name": shot.name, "split": "train", "locked_off": locked_off}
    write_shot(shot, {**told, **facts, "shows": {"motion": motion, "light": light}})
    store = create(shot, (FRAMES, SIDE, SIDE), facts)
    for number in range(1, FRAMES + 1):
        planes = {name: rng.random((3, SIDE, SIDE), np.float32) for name in COLORS}
        planes |= {name: rng.random((4, SIDE, SIDE), np.float32) for name in FINE}
        planes["alpha"] = np.ones((1, SIDE, SIDE), np.float32)
        planes["subject"] = np.rint(planes["subject"])
        store[number - 1] = pack(planes)
        right = np.full((SIDE, SIDE), 2.0, np.float32)
        save_planes(plane_path(shot, "motion", number), {"x": right, "y": 0 * right})
        for kind, value in (("labels", 2), ("subject", 255)):
            save_png(frame_path(shot, kind, number), np.full((SIDE, SIDE), value, np.uint8))
        save_png(frame_path(shot, "frames", number), np.full((SIDE, SIDE, 3), 99, np.uint8))
    store.flush()
