"""The retraining loop on one shot: analyse, correct a few frames, export, fine-tune, measure again.

    cargo xtask retrain DIR/film/film_new16_id08_front --work DIR/retrain [--count 5]
    python models/training/retrain.py SHOT --work DIR --rotocel target/release/rotocel \
        --bundle target/bundle [--count 5] [--minutes 8] [--beside DIR/synthetic] [--out FILE.json]

An artist is simulated: on `--count` frames, evenly spread, everything is set to the truth of the
shot's annotations, through the node's Import. What the node then exports of these frames is all
that the networks are tuned on, unless `--beside` names more folders. One rough crop rectangle about
the faces of the whole shot is given, as an artist would; with `--finder` the node looks for itself.
The tuned networks run in the same bundle as a custom model. Figures are those of
`rotocel score features` on the other frames.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from features.entries import KINDS
from features.few_keys import spread
from features.shot_loop import Host, character_of, corrected, pictures_of, rough_crop
from manifest import sha256_of
from provenance import machine_kind, public_command, today
from puppet.annotation import load
from puppet.topology import read_topology

SCRIPT = Path(__file__).resolve().parent / "train_features.py"
TUNED = "tuned"


def frames_of(shot: Path) -> list[int]:
    """The frames of a shot that have their truth."""
    notes = {path.stem for path in (shot / "annotations").glob("*.json")}
    frames = [int(picture.stem) for picture in pictures_of(shot) if picture.stem in notes]
    if not frames:
        raise SystemExit(f"{shot / 'annotations'} has no %04d.json of the shot's pictures")
    return frames


def tuned(folders: list[Path], work: Path, args: argparse.Namespace) -> Path:
    """The landmark network tuned on folders, its companions beside it. Takes up what was begun."""
    models = work / "models"
    models.mkdir(parents=True, exist_ok=True)
    for name in ("manifest.toml", *(f"{args.start}_{kind}.onnx" for kind in KINDS)):
        shutil.copy2(args.models / name, models)
    command = [sys.executable, str(SCRIPT), *map(str, folders), "--from", args.start]
    command += ["--models", str(models), "--work", str(work / "run"), "--family", TUNED]
    command += ["--minutes", str(args.minutes), "--threads", str(args.threads)]
    subprocess.run(command, check=True)
    return models / f"{TUNED}_landmarks.onnx"


def row(figures: dict[str, Any]) -> dict[str, Any]:
    """What is compared."""
    own = figures["defaults"]
    effort = figures.get("effort") or {}
    return {
        "frames": own["frames"],
        "landmarks_mean_percent": own["landmarks_percent"]["mean"],
        "landmarks_p95_percent": own["landmarks_percent"]["p95"],
        "landmarks_mean_px": own["landmarks_px"]["mean"],
        "curves_p95_percent": own["curves_percent"]["p95"],
        "untouched_share": own["untouched_share"],
        "presence_f1": own["presence"]["f1"],
        "edits": effort.get("edits"),
        "edits_over_by_hand": effort.get("ratio"),
    }


def table(rows: dict[str, dict[str, Any]]) -> str:
    """The rows side by side, as Markdown."""
    lines = [f"| figure | {' | '.join(rows)} |", f"| --- |{' --: |' * len(rows)}"]
    for figure in next(iter(rows.values())):
        cells = ["-" if own[figure] is None else f"{own[figure]:g}" for own in rows.values()]
        lines.append(f"| {figure} | {' | '.join(cells)} |")
    return "\n".join(lines)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("shot", type=Path, help="folder of a shot with annotations")
    parser.add_argument("--work", type=Path, required=True, help="everything on the way")
    parser.add_argument("--rotocel", type=Path, required=True, help="the headless host")
    parser.add_argument("--bundle", type=Path, required=True, help="folder of the built bundle")
    parser.add_argument("--models", type=Path, default=Path("models"), help="of the networks")
    parser.add_argument("--from", dest="start", default="puppet", metavar="FAMILY")
    parser.add_argument("--count", type=int, default=5, help="frames that are corrected")
    parser.add_argument("--minutes", type=float, default=8.0, help="of tuning")
    parser.add_argument("--finder", action="store_true", help="give no crop rectangle")
    parser.add_argument("--beside", type=Path, nargs="*", default=[], help="sets to train on too")
    parser.add_argument("--topology", default="puppet")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, help="the figures as JSON")
    return parser.parse_args()


def main() -> None:
    args = parse_arguments()
    shot, work = args.shot.resolve(), args.work.resolve()
    host, topology = (
        Host(args.rotocel.resolve(), args.bundle.resolve()),
        read_topology(args.topology),
    )
    frames = frames_of(shot)
    if len(frames) <= args.count:
        raise SystemExit(f"{shot} has {len(frames)} frames; correct fewer than all, by --count")
    keys = spread(frames, args.count)
    print(f"{shot.name}: {len(frames)} frames, corrected on {keys}", flush=True)
    notes = [load(shot / "annotations" / f"{frame:04}.json") for frame in frames]
    crop = {} if args.finder else rough_crop(notes)
    rows = {"before": row(host.score(shot, keys, crop))}
    segments = corrected(host, shot, keys, work, topology, crop)
    character_of(shot, keys, segments, work / "character", TUNED, topology)
    model = tuned([work / "character", *args.beside], work, args)
    custom = {"custom_model": str(model), "model": "custom"}
    rows["after"] = row(host.score(shot, keys, crop | custom))
    facts = {
        "shot": shot.name,
        "date": today(),
        "machine": machine_kind(),
        "command": public_command("retrain.py", sys.argv[1:]),
        "from": {
            "family": args.start,
            "sha256": sha256_of(args.models / f"{args.start}_landmarks.onnx"),
        },
        "corrected_frames": keys,
        "minutes": args.minutes,
        "crop": "finder" if args.finder else "one rectangle for the shot",
        "beside": [folder.name for folder in args.beside],
        "figures": rows,
    }
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    print(table(rows))


if __name__ == "__main__":
    main()
