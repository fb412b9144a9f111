"""Scores the exported tone network, as committed, on labelled shots it never trained on.

    python models/training/evaluate_tone.py --shots DIR/shots --sample models/sample \
        --checkpoint DIR/run/last.pt --models models [--name tone_fast]

Writes `scores/NAME.json` and puts the held-out figures into `manifest.toml`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from checkpoint import restore
from contact_sheet import load_session, predict
from labelled_frame import LabelledFrame
from manifest import read_manifest, sha256_of, write_entry
from provenance import earlier_training, machine_kind, public_command, today
from relit_shots import has_layers
from shot_folder import data_hash, errors_told, find_shots, frame_numbers, read_shot, split_of
from tone_classes import CLASSES
from tone_scores import Counts, accuracy, confusion, iou


def figures(counts: Counts) -> dict[str, Any]:
    """What is reported of one set of frames."""
    per_class = {name: value and round(value, 4) for name, value in iou(counts).items()}
    shares = counts.sum(1) / max(1, counts.sum())
    return {
        "iou": per_class,
        "accuracy": round(accuracy(counts), 4),
        "pixel_share": {
            name: round(float(share), 5) for name, share in zip(CLASSES, shares, strict=True)
        },
    }


def score_shots(session: Any, shots: list[Path]) -> dict[str, Any]:
    """Figures of some shots, together and each alone, with the subject mask and without."""
    result: dict[str, Any] = {"frames": sum(len(frame_numbers(shot)) for shot in shots)}
    result["data_hash"] = data_hash(shots)
    for key, masked in (("with_mask", True), ("without_mask", False)):
        per_shot: dict[str, Counts] = {}
        for shot in shots:
            counts = np.zeros((len(CLASSES), len(CLASSES)), np.int64)
            facts = read_shot(shot)
            for number in frame_numbers(shot):
                frame = LabelledFrame.read(shot, number, facts)
                mask = frame.subject if masked else None
                counts += confusion(frame.labels, predict(session, frame.image, mask))
            per_shot[shot.name] = counts
        result[key] = figures(np.sum(list(per_shot.values()), axis=0))
        if len(per_shot) > 1:
            result[key]["shots"] = {name: figures(part)["iou"] for name, part in per_shot.items()}
    return result


def shots_of(roots: list[Path], split: str) -> list[Path]:
    """The shots of a split."""
    found = [shot for root in roots for shot in find_shots(root)]
    return [shot for shot in found if split_of(shot) == split]


def training_facts(checkpoint: Path, roots: list[Path], scores: Path) -> dict[str, Any]:
    """What the checkpoint says of its own training, and what there was to train on."""
    state = restore(checkpoint)
    shots = shots_of(roots, "train")
    if data_hash(shots) != state["data_hash"]:
        raise SystemExit(f"--shots are not what {checkpoint} was trained on")
    facts = {
        "seed": state["seed"],
        "epochs": state["epoch"],
        "steps": state["step"],
        "minutes": round(state["seconds"] / 60, 1),
        "data_hash": state["data_hash"],
        "frames": sum(len(frame_numbers(shot)) for shot in shots),
        "scenes": len(shots),
        "short": sum("_short_" in shot.name for shot in shots),
        "self": sum("_self_" in shot.name for shot in shots),
        "relit": sum(has_layers(shot) for shot in shots),
    }
    if state["begun"]:
        facts["before"] = earlier_training(state["begun"], scores)
    return facts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--shots", type=Path, nargs="+", required=True, help="the rendered data")
    parser.add_argument("--sample", type=Path, required=True, help="folder of the sample shot")
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True, help="the folder of manifest.toml")
    parser.add_argument("--name", default="tone_small", help="the model's name in the manifest")
    args = parser.parse_args()

    model = args.models / f"{args.name}.onnx"
    session = load_session(model)
    held_out = shots_of(args.shots, "heldout")
    start = time.perf_counter()
    # Tone Fast is of the same training as the network that it was made from.
    trained = args.models / "scores" / "tone_small.json"
    sets = {
        "heldout": score_shots(session, held_out),
        "sample": score_shots(session, find_shots(args.sample)),
    }
    scores = {
        "model": args.name,
        "sha256": sha256_of(model),
        "date": today(),
        "machine": machine_kind(),
        "command": public_command("evaluate_tone.py", sys.argv[1:]),
        "training": training_facts(args.checkpoint, args.shots, trained),
        "seconds": round(time.perf_counter() - start, 1),
        "sets": sets,
    }
    out = args.models / "scores" / f"{args.name}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(scores, indent=1) + "\n", "utf-8")

    manifest = args.models / "manifest.toml"
    entry = next(entry for entry in read_manifest(manifest) if entry["name"] == args.name)
    entry["scores"] = sets["heldout"]["with_mask"]["iou"]
    write_entry(manifest, entry)
    for name, group in sets.items():
        for key in ("with_mask", "without_mask"):
            values = "  ".join(f"{c} {v}" for c, v in group[key]["iou"].items())
            print(f"{name:8} {key:12} {values}  accuracy {group[key]['accuracy']}")


if __name__ == "__main__":
    with errors_told():
        main()
