"""Renders labelled shots with Blender's `bpy`.

    python models/training/render_shots.py --set train2 --out DIR/train2 --seed 1
    python models/training/render_shots.py --out DIR/shots --seed 1
    python models/training/render_shots.py --out models/sample --seed 1 --sample

Frames that are already there are skipped, so an interrupted run is simply started again.
`--part 1/2` and `--part 2/2` share the work between two processes. Sets by name are described in
`set_plan.py`; `--list` tells what one would render, and how long that takes.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np

from backdrop import Plate, make_plate, window
from display_curve import encode_srgb, to_bytes
from labels import Thresholds, class_counts, classify
from render_passes import Passes, PassRenderer, Quality
from render_sets import render_set
from scene_build import BuiltScene, build
from scene_sample import build_sample
from set_list import listing
from set_plan import SETS, plan_set
from shot_folder import errors_told, frame_path, has_frame, save_png, write_shot
from shot_plan import Counts, ShotPlan, plan_sample, plan_shots, render_order

# The first chunk of a shot is rendered with full samples, the rest with half: later frames show the
# same scene again, and their time is better spent on more scenes.
CHUNK = 10


def shot_facts(plan: ShotPlan, built: BuiltScene, quality: Quality) -> dict[str, object]:
    """What `shot.json` records of a rendered shot."""
    return {
        "name": plan.name,
        "split": plan.split,
        "seed": plan.seed,
        "frames": plan.frames,
        "first_frame": 1,
        "width": plan.width,
        "height": plan.height,
        "colorspace": "srgb",
        "renderer": "bpy Cycles",
        "samples": {"beauty": quality.beauty, "white": quality.white},
        "reference": built.reference,
        "exposure": round(built.exposure, 6),
        "thresholds": asdict(Thresholds()),
    }


def write_frame(
    shot: Path, number: int, passes: Passes, built: BuiltScene, plate: Plate, share: float
) -> list[int]:
    """Writes labels, subject and, last, the frame; returns the pixels of each class."""
    labels = classify(
        passes.occluded, passes.unoccluded, passes.glossy, passes.subject, built.reference
    )
    picture = passes.beauty * built.exposure
    if not built.environment:
        behind = window(plate, picture.shape[1], share)
        picture = picture + behind * (1 - passes.alpha[..., None])
    save_png(frame_path(shot, "labels", number), labels)
    save_png(frame_path(shot, "subject", number), passes.subject.astype(np.uint8) * 255)
    save_png(frame_path(shot, "frames", number), to_bytes(encode_srgb(picture)))
    return class_counts(labels)


def render_chunk(
    plan: ShotPlan, numbers: range, out: Path, quality: Quality, threads: int, scratch: Path
) -> int:
    """Renders the missing frames of a chunk; returns how many there were."""
    shot = out / plan.name
    missing = [number for number in numbers if not has_frame(shot, number)]
    if not missing:
        return 0
    built = build_sample(plan) if plan.split == "sample" else build(plan)
    write_shot(shot, shot_facts(plan, built, quality))
    plate = make_plate(random.Random(plan.seed + 1), plan.width, plan.height)
    if plan.split != "sample" and numbers.start > CHUNK:
        quality = quality.halved()
    renderer = PassRenderer(built, quality, plan.seed, threads, scratch)
    for number in missing:
        start = time.perf_counter()
        share = plan.share(number)
        built.pose(share)
        counts = write_frame(shot, number, renderer.render(), built, plate, share)
        seconds = time.perf_counter() - start
        print(f"{plan.name} {number}/{plan.frames} {seconds:.2f} s, pixels {counts}", flush=True)
    return len(missing)


def render_named(args: argparse.Namespace, part: int, parts: int) -> None:
    """Renders a set by name, or tells what it holds."""
    plan = plan_set(args.set, args.seed, args.first_frames)
    shots = [shot for shot in plan if args.only in ("", shot.name)]
    chosen = shots[part - 1 :: parts]
    if args.list:
        print(listing(chosen))
    else:
        render_set(chosen, args.out, args.threads)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--out", type=Path, help="folder of the shots")
    parser.add_argument("--set", choices=sorted(SETS), help="a set by name instead")
    parser.add_argument("--list", action="store_true", help="tell what --set would render")
    parser.add_argument("--only", default="", metavar="NAME", help="one shot of --set")
    parser.add_argument(
        "--first-frames", type=int, metavar="N", help="no more than these of each shot of --set"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sample", action="store_true", help="the sample shot instead of the set")
    for count in fields(Counts):
        option = "--" + count.name.replace("_", "-")
        parser.add_argument(option, type=int, default=count.default)
    parser.add_argument("--beauty-samples", type=int, default=Quality.beauty)
    parser.add_argument("--white-samples", type=int, default=Quality.white)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--part", default="1/1", help="K/N: every N-th chunk (of a set: shot), from the K-th"
    )
    args = parser.parse_args()
    if args.list and not args.set:
        parser.error("--list tells of a set by name: --set")
    if args.out is None and not args.list:
        parser.error("--out says where the shots go")
    part, parts = (int(text) for text in args.part.split("/"))
    if args.set:
        return render_named(args, part, parts)
    quality = Quality(args.beauty_samples, args.white_samples)
    if args.sample:
        shots = [plan_sample(args.seed)]
    else:
        chosen = {count.name: getattr(args, count.name) for count in fields(Counts)}
        shots = plan_shots(args.seed, Counts(**chosen))
    start, done = time.perf_counter(), 0
    with tempfile.TemporaryDirectory() as scratch:
        for plan, numbers in render_order(shots, CHUNK)[part - 1 :: parts]:
            done += render_chunk(plan, numbers, args.out, quality, args.threads, Path(scratch))
    print(f"{done} frames in {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    with errors_told():
        main()
