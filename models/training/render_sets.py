"""Renders sets of shots by name; `render_shots.py --set` starts it (needs `bpy`).

Frames that are already there are skipped. The picture of a frame is written last, so whatever is
killed in between is rendered again, and nothing half done counts.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from display_curve import encode_srgb, to_bytes
from exr_planes import plane_path, save_planes
from labels import Labels, Thresholds, class_counts
from layer_store import Layers, create
from set_list import seconds_per_frame
from set_plan import SetShot
from shot_folder import frame_path, has_frame, save_png, write_shot
from soft_labels import SUBPIXELS
from studio_behind import Window
from studio_passes import StudioRenderer, Tile
from studio_scene import StudioScene, build_studio
from tone_classes import CLASSES


@dataclass(frozen=True)
class Frame:
    """What is written of a frame."""

    picture: NDArray[np.float32]  # linear, exposure not yet applied
    labels: Labels
    soft: NDArray[np.float16]
    subject: NDArray[np.float32]
    motion: NDArray[np.float32]
    layers: Layers | None


def assemble(plan: SetShot, tiles: Iterable[tuple[Window, Tile]]) -> Frame:
    """A frame from its tiles."""
    size = (plan.height, plan.width)
    frame = Frame(
        picture=np.zeros((*size, 3), np.float32),
        labels=np.zeros(size, np.uint8),
        soft=np.zeros((len(CLASSES), *size), np.float16),
        subject=np.zeros(size, np.float32),
        motion=np.zeros((2, *size), np.float32),
        layers=None,
    )
    for (left, top, width, height), tile in tiles:
        if tile.layers is not None:
            # A shot with layers is small: one tile is all of it.
            return Frame(
                tile.lit.picture,
                tile.lit.labels,
                tile.lit.soft.astype(np.float16),
                tile.lit.subject,
                tile.motion,
                tile.layers,
            )
        part = (slice(top, top + height), slice(left, left + width))
        frame.picture[part], frame.labels[part] = tile.lit.picture, tile.lit.labels
        frame.subject[part] = tile.lit.subject
        frame.soft[(slice(None), *part)] = tile.lit.soft
        frame.motion[(slice(None), *part)] = tile.motion
    return frame


def shot_facts(plan: SetShot, studio: StudioScene) -> dict[str, object]:
    """What `shot.json` records."""
    samples = {"beauty": plan.beauty, "white": plan.white}
    return {
        "name": plan.name,
        "split": plan.split,
        "seed": plan.seed,
        "frames": plan.frames,
        "laid_out_for": plan.length,
        "first_frame": 1,
        "width": plan.width,
        "height": plan.height,
        "colorspace": "srgb",
        "renderer": "bpy Cycles",
        "frame": {"width": plan.frame_width, "height": plan.frame_height, "at": studio.origin},
        "shows": {
            name: getattr(plan, name)
            for name in ("theme", "light", "background", "layout", "motion", "withheld")
        },
        "locked_off": plan.still,
        "samples_per_subpixel": samples,
        "subpixels": SUBPIXELS,
        "grain": plan.grain,
        "reference": studio.reference,
        "exposure": round(studio.exposure, 6),
        "thresholds": asdict(Thresholds()),
    }


def developed(frame: Frame, exposure: float, plan: SetShot, number: int) -> NDArray[np.uint8]:
    """The display-encoded picture, with its grain."""
    shown = encode_srgb(np.nan_to_num(frame.picture * exposure, nan=0.0)).clip(0, 1)
    rng = np.random.default_rng((plan.seed, number))
    grain = rng.standard_normal(shown.shape[:2], np.float32)[..., None] * np.float32(plan.grain)
    return to_bytes(shown + grain)


def write_frame(shot: Path, number: int, frame: Frame, picture: NDArray[np.uint8]) -> None:
    """Writes everything of a frame; the picture last, as the mark that the rest is there."""
    soft = {name: frame.soft[k] for k, name in enumerate(CLASSES)}
    save_planes(plane_path(shot, "soft", number), soft)
    save_planes(plane_path(shot, "motion", number), {"x": frame.motion[0], "y": frame.motion[1]})
    save_png(frame_path(shot, "labels", number), frame.labels)
    save_png(frame_path(shot, "subject", number), (frame.subject >= 0.5).astype(np.uint8) * 255)
    save_png(frame_path(shot, "frames", number), picture)


@dataclass
class Progress:
    """Tells how long frames take and how long the rest will."""

    left: float  # expected seconds
    expected: float = 0.0
    spent: float = 0.0

    def done(self, plan: SetShot, number: int, seconds: float, counts: list[int]) -> None:
        """Prints a line for a frame."""
        self.left -= seconds_per_frame(plan)
        self.expected += seconds_per_frame(plan)
        self.spent += seconds
        minutes = max(self.left, 0) * self.spent / max(self.expected, 1e-9) / 60
        line = f"{plan.name} {number}/{plan.frames} {seconds:.2f} s, pixels {counts}"
        print(f"{line}, {minutes:.0f} min left", flush=True)


def missing_frames(plan: SetShot, out: Path) -> list[int]:
    """Numbers of the frames that are not there yet."""
    return [n for n in range(1, plan.frames + 1) if not has_frame(out / plan.name, n)]


def render_shot(plan: SetShot, out: Path, threads: int, scratch: Path, progress: Progress) -> int:
    """Renders the missing frames of a shot; returns how many there were."""
    shot, missing = out / plan.name, missing_frames(plan, out)
    if not missing:
        return 0
    studio = build_studio(plan)
    facts = shot_facts(plan, studio)
    write_shot(shot, facts)
    store = None
    if plan.layers:
        known = ("reference", "exposure", "thresholds", "first_frame")
        store = create(
            shot,
            (plan.frames, plan.height, plan.width),
            {name: facts[name] for name in known},
        )
    renderer, frame = StudioRenderer(studio, threads, scratch), None
    for number in missing:
        start = time.perf_counter()
        # Where nothing moves, the first frame found is every frame but for its grain.
        if frame is None or not plan.still:
            then = studio.moment(plan.share(number + 1))
            now = studio.moment(plan.share(number))
            frame = assemble(plan, renderer.render(now, then))
        if store is not None and frame.layers is not None:
            store[number - 1] = frame.layers
            store.flush()
        write_frame(shot, number, frame, developed(frame, studio.exposure, plan, number))
        progress.done(plan, number, time.perf_counter() - start, class_counts(frame.labels))
    return len(missing)


def render_set(shots: list[SetShot], out: Path, threads: int) -> None:
    """Renders what is missing of a set."""
    start, done = time.perf_counter(), 0
    expected = sum(len(missing_frames(plan, out)) * seconds_per_frame(plan) for plan in shots)
    progress = Progress(left=expected)
    with tempfile.TemporaryDirectory() as scratch:
        for plan in shots:
            done += render_shot(plan, out, threads, Path(scratch), progress)
    print(f"{done} frames in {time.perf_counter() - start:.0f} s")
