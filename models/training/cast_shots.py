"""Casts six labelled shots with the NumPy ray caster, which shares no code with the Blender scenes.

    python models/training/cast_shots.py --out DIR/caster --seed 1 [--only caster_walk]

Only the definition of the classes (`labels.py`) is common. Frames that are already there are
skipped, so an interrupted run is simply started again.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from caster_frame import GRID, Frame, encode, render
from caster_shade import KEY_SAMPLES
from caster_shots import FRAMES, CasterShot, plan_caster_shots
from exr_planes import plane_path, save_planes
from labels import Thresholds, class_counts
from shot_folder import data_hash, errors_told, frame_path, has_frame, save_png, write_shot
from tone_classes import CLASSES

# Standard deviation of the film grain, of the display-encoded range.
GRAIN = 0.006


def shot_facts(shot: CasterShot, frames: int, width: int, height: int) -> dict[str, object]:
    """What `shot.json` records."""
    return {
        "name": shot.name,
        "split": "independent",
        "about": shot.about,
        "seed": shot.seed,
        "frames": frames,
        "first_frame": 1,
        "width": width,
        "height": height,
        "colorspace": "srgb",
        "renderer": "rotocel ray caster",
        "samples": {"edges": GRID * GRID, "key": KEY_SAMPLES},
        "locked_off": shot.locked_off,
        "reference": 1.0,
        "exposure": shot.scene.exposure,
        "thresholds": asdict(Thresholds()),
    }


def developed(frame: Frame, exposure: float, seed: int, number: int) -> NDArray[np.uint8]:
    """The display-encoded picture with its grain."""
    shown = encode(frame.picture * exposure)
    rng = np.random.default_rng((seed, number))
    grain = rng.standard_normal(shown.shape[:2], np.float32)[..., None] * np.float32(GRAIN)
    return np.asarray(np.rint(np.clip(shown + grain, 0, 1) * 255), np.uint8)


def write_frame(folder: Path, number: int, frame: Frame, picture: NDArray[np.uint8]) -> None:
    """Writes everything of a frame; the picture last, as the mark that the rest is there."""
    soft = {name: frame.soft[k].astype(np.float16) for k, name in enumerate(CLASSES)}
    save_planes(plane_path(folder, "soft", number), soft)
    save_planes(plane_path(folder, "motion", number), {"x": frame.motion[0], "y": frame.motion[1]})
    save_png(frame_path(folder, "labels", number), frame.labels)
    save_png(frame_path(folder, "subject", number), frame.subject.astype(np.uint8) * 255)
    save_png(frame_path(folder, "frames", number), picture)


def cast_shot(shot: CasterShot, out: Path, frames: int, width: int, height: int) -> int:
    """Casts the missing frames of a shot; returns how many there were."""
    folder = out / shot.name
    missing = [number for number in range(1, frames + 1) if not has_frame(folder, number)]
    if missing:
        write_shot(folder, shot_facts(shot, frames, width, height))
    for number in missing:
        start = time.perf_counter()
        frame = render(shot.scene, number - 1, width, height)
        picture = developed(frame, shot.scene.exposure, shot.seed, number)
        write_frame(folder, number, frame, picture)
        seconds, counts = time.perf_counter() - start, class_counts(frame.labels)
        print(f"{shot.name} {number}/{frames} {seconds:.2f} s, pixels {counts}", flush=True)
    return len(missing)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of the shots")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", metavar="NAME", help="one shot instead of all six")
    parser.add_argument("--frames", type=int, default=FRAMES)
    parser.add_argument("--width", type=int, default=480)
    parser.add_argument("--height", type=int, default=270)
    args = parser.parse_args()
    shots = plan_caster_shots(args.seed)
    chosen = [shot for shot in shots if args.only in ("", shot.name)]
    if not chosen:
        parser.error(f"no shot is named {args.only}; there are {[shot.name for shot in shots]}")
    start, done = time.perf_counter(), 0
    for shot in chosen:
        done += cast_shot(shot, args.out, args.frames, args.width, args.height)
    print(f"{done} frames in {time.perf_counter() - start:.0f} s")
    print(f"data set {data_hash([args.out / shot.name for shot in chosen])}")


if __name__ == "__main__":
    with errors_told():
        main()
