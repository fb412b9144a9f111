"""Scores exported FeatureDetect networks, writes scores, manifest figures and cards.

    python models/training/evaluate_features.py DIR/film --models models --work DIR/features \
        --production DIR/laika --sheet DIR/worst.png

Frames of the splits `test` and `new` below the folders count; none of them was trained on.
`--work` is the folder of the training's checkpoints: the cards tell what they say of it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from checkpoint import restore
from features.cards import write_cards
from features.entries import KINDS, shapes_entry
from features.export import export, network_of
from features.geometry import drawn_faces
from features.infer import Detector
from features.score_finder import score_finder, timed
from features.score_frames import figures, score_split
from features.score_shapes import score_geometry, score_production
from features.sheets import worst_sheet
from manifest import Entry, read_manifest, sha256_of, write_entry
from provenance import machine_kind, public_command, today
from puppet.identity import HELD_OUT
from puppet.topology import read_topology

SPLITS = ("test", "new")
SHEET_FRAMES = 20
GEOMETRY_FACES, GEOMETRY_SEED = 120, 77
HIDDEN = 0.25


def training_facts(work: Path, kind: str) -> dict[str, Any]:
    """What a checkpoint says of its training."""
    state = restore(work / f"{kind}.pt")
    facts = {
        key: state["facts"][key]
        for key in ("frames", "faces", "data_hash", "production")
        if key in state["facts"]
    }
    early = work / f"{kind}_coarse.pt"
    if early.exists():
        coarse = restore(early)
        facts["coarse_steps"] = coarse["step"]
        facts["coarse_minutes"] = round(coarse["seconds"] / 60, 1)
    return facts | {
        "seed": state["plan"]["seed"],
        "peak_rate": state["plan"]["peak"],
        "epochs": state["epoch"],
        "steps": state["step"],
        "minutes": round(state["seconds"] / 60, 1),
        "loss": state["log"][-1]["loss"],
    }


def manifest_figures(kind: str, measured: dict[str, Any]) -> dict[str, float]:
    """The few figures that stand in the manifest, 0 to 1, higher is better."""
    if kind == "landmarks":
        test = measured["sets"]["test"]
        near = max(0.0, 1 - test["landmarks_percent"]["mean"] / 100)
        return {"landmarks": round(near, 4), "presence": test["presence"]["f1"]}
    if kind == "shapes":
        groups = measured["sets"]["geometry"].values()
        ratio = sum(group["distance_ratio"] for group in groups) / len(groups)
        return {"closer_than_catmull_rom": round(max(0.0, 1 - ratio), 4)}
    return {"usable": measured["sets"]["test"]["usable_share"]}


def store_scores(models: Path, entry: Entry, kind: str, sets: dict[str, Any], work: Path) -> None:
    """Writes a network's scores and puts its figures into the manifest."""
    measured = {
        "model": entry["name"],
        "sha256": sha256_of(models / entry["file"]),
        "date": today(),
        "machine": machine_kind(),
        "command": public_command("evaluate_features.py", sys.argv[1:]),
        "training": training_facts(work, kind),
        "sets": sets,
    }
    out = models / "scores" / f"{entry['name']}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(measured, indent=1) + "\n", "utf-8")
    write_entry(models / "manifest.toml", entry | {"scores": manifest_figures(kind, measured)})


def scored(kind: str, detector: Detector, args: argparse.Namespace) -> dict[str, Any]:
    """All figures of one network."""
    if kind == "shapes":
        faces = drawn_faces(GEOMETRY_FACES, GEOMETRY_SEED, detector.topology, HELD_OUT)
        shapes = {
            "geometry": score_geometry(detector, faces),
            "geometry_hidden": score_geometry(detector, faces, HIDDEN),
        }
        if args.production:
            shapes["production"] = score_production(detector, args.production)
            shapes["production_left_out"] = score_left_out(detector, args)
        return shapes
    if kind == "finder":
        return {split: score_finder(detector, args.data, split) for split in SPLITS}
    scores = {split: score_split(detector, args.data, split) for split in SPLITS}
    if args.sheet:
        worst_sheet(detector, args.data, "test", scores["test"], SHEET_FRAMES, args.sheet)
    frames = {split: figures(found) for split, found in scores.items() if found}
    return frames | {"milliseconds": timed(detector)}


def score_left_out(detector: Detector, args: argparse.Namespace) -> dict[str, Any]:
    """Production files as the runs of `--left-out` draw those that they did not learn from."""
    result: dict[str, Any] = {}
    topology = detector.topology
    for work in args.left_out:
        learnt = restore(work / "shapes.pt")["facts"].get("production", [])
        with tempfile.TemporaryDirectory() as scratch:
            file = Path(scratch) / "shapes.onnx"
            entry = shapes_entry(args.family, args.family, topology)
            export("shapes", network_of(work / "shapes.pt", topology), topology, entry, file)
            other = Detector(args.models, args.family, topology, args.threads, shapes=file)
        result |= score_production(other, args.production, learnt)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("data", type=Path, nargs="+", help="folders of film shots")
    parser.add_argument("--models", type=Path, required=True, help="the folder of manifest.toml")
    parser.add_argument("--work", type=Path, required=True, help="checkpoints of the training")
    parser.add_argument("--family", default="puppet")
    parser.add_argument("--production", type=Path, help="folder of public production splines")
    parser.add_argument(
        "--left-out",
        type=Path,
        nargs="+",
        default=[],
        metavar="WORK",
        help="runs whose shapes learnt from some of those files: they are scored on the others",
    )
    parser.add_argument("--sheet", type=Path, help="picture of the worst test frames")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    by_name = {entry["name"]: entry for entry in read_manifest(args.models / "manifest.toml")}
    family = {kind: by_name[f"{args.family}_{kind}"] for kind in KINDS}
    topology = read_topology(family["landmarks"]["topology"])
    detector = Detector(args.models, args.family, topology, args.threads)

    sets = {kind: scored(kind, detector, args) for kind in args.kinds}
    for kind in args.kinds:
        store_scores(args.models, family[kind], kind, sets[kind], args.work)
    for path in write_cards(args.models, args.family, args.kinds):
        print(path)
    print(json.dumps(sets, indent=1))


if __name__ == "__main__":
    main()
