"""Trains the rows of FeatureDetect's ablation table on one reduced schedule, and scores them.

    python models/training/ablate_features.py DIR/synthetic DIR/film --work DIR/ablation \
        --out models/scores/features_ablation --images 30000 [--minutes 8] [--rows shots_5 no_scale]
    python models/training/ablate_features.py --out models/scores/features_ablation --table

Rows are those of the founding document (`features/ablation.py`), on a small trunk and small crops,
and its direct regression. All are scored on the film frames of the split `test`, in rough boxes,
after two looks. The first start writes down which frames there are: sets may grow on. A row goes on
from its last epoch; one whose result is written is skipped when it is of the same frames, seed and
schedule, and refused otherwise.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import torch
from torch import nn

from checkpoint import restore
from cpu import use_cpu
from features.ablation import ROWS, Row, shots_of_row, table
from features.crops import CropChoices
from features.entries import landmarks_entry
from features.export import export
from features.faces import FaceSet, frame_files
from features.infer import Detector
from features.landmark_net import LandmarkNet
from features.learn_landmarks import BATCH, train_landmarks
from features.reference_net import DirectNet
from features.score_frames import figures, score_split
from features.training import Plan, device_of
from provenance import machine_kind, public_command, today
from puppet.topology import Topology, read_topology

STEPS = 50
SMALL = {"widths": (16, 24, 32, 64, 96), "blocks": (1, 1, 2, 1)}
MOST_IMAGES = 30000


def chosen_frames(args: argparse.Namespace) -> dict[str, list[str]]:
    """The names of the frames of training and test, as the first start found them."""

    path = args.work / "frames.json"
    if not path.exists():
        files = {
            split: [file for root in args.data for file in frame_files(root, (split,))]
            for split in ("train", "test")
        }
        files["test"] = [file for file in files["test"] if file.film]
        names = {split: sorted(file.name for file in found) for split, found in files.items()}
        write_whole(
            path, {split: every_nth(found, args.most_frames) for split, found in names.items()}
        )
    return json.loads(path.read_text("utf-8"))


def every_nth(names: list[str], most: int | None) -> list[str]:
    """At most about so many of the names, spread evenly."""
    return names if not most else names[:: max(1, -(-len(names) // most))]


def write_whole(path: Path, value: Any) -> None:
    """Writes JSON, whole or not at all."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(value, indent=1) + "\n", "utf-8")
    part.replace(path)


class Shots:
    """The training frames by shot, each read once."""

    def __init__(self, roots: list[Path], names: list[str], topology: Topology) -> None:

        self.sets: dict[str, FaceSet] = {}
        self.film: set[str] = set()
        self.topology, wanted = topology, set(names)
        for file in (file for root in roots for file in frame_files(root, ("train",))):
            if file.name in wanted:
                shot = file.name.split("/")[0]
                self.sets.setdefault(shot, FaceSet([], ("train",), topology)).add(file)
                self.film |= {shot} if file.film else set()

    def of(self, row: Row) -> FaceSet:
        """A row's frames; backgrounds of all film shots, since nobody has to roto those."""

        faces = FaceSet([], ("train",), self.topology)
        for shot in shots_of_row(row, self.film, self.sets.keys() - self.film):
            faces.frames |= self.sets[shot].frames
        faces.plates = [plate for shot in sorted(self.film) for plate in self.sets[shot].plates]
        return faces


def trained(row: Row, faces: FaceSet, args: argparse.Namespace, checkpoint: Path) -> nn.Module:
    """The row's network at the end of the schedule."""

    epochs = max(1, round(args.images / BATCH / STEPS))
    steps = STEPS if epochs > 1 else max(1, min(STEPS, args.images // BATCH))
    plan = Plan(seed=args.seed, minutes=args.minutes or 1e6, epochs=epochs, steps=steps)
    torch.manual_seed(args.seed)
    kind = DirectNet if row.net == "reference" else LandmarkNet
    net = kind(faces.topology.count, len(faces.topology.shapes), args.size, **SMALL)
    choices = CropChoices(size=args.size, **row.choices)
    return train_landmarks(faces, plan, checkpoint, device_of(), choices, args.workers, net)


def scored(
    row: Row, net: nn.Module, topology: Topology, names: set[str], args: argparse.Namespace
) -> dict[str, Any]:
    """The figures of an exported row on the test frames."""

    file = args.work / "row.onnx"
    export(row.net, net, topology, landmarks_entry("row", "Row", topology, args.size), file)
    detector = Detector(args.models, "puppet", topology, args.threads, file)
    return figures(score_split(detector, args.data, "test", names))


def schedule_of(args: argparse.Namespace) -> dict[str, Any]:
    """What must be alike in all rows."""
    return {"images": args.images, "minutes": args.minutes, "size": args.size, "trunk": str(SMALL)}


def run_row(name: str, shots: Shots, tests: set[str], args: argparse.Namespace) -> None:
    """Trains and scores what is missing of a row, and writes its file."""

    row, result = ROWS[name], args.out / f"{name}.json"
    faces = shots.of(row)
    facts = {
        "row": name,
        "what": row.what,
        "seed": args.seed,
        "schedule": schedule_of(args),
        "frames": len(faces.frames),
        "data_hash": faces.hash(),
        "test_hash": hashlib.sha256("\n".join(sorted(tests)).encode()).hexdigest(),
    }
    if result.exists():
        stored = json.loads(result.read_text("utf-8"))
        if any(stored[key] != facts[key] for key in facts):
            raise SystemExit(
                f"{result} is of other data, another seed or schedule; choose another --out"
            )
        return
    print(f"{name}: {row.what}, {len(faces.frames)} frames", flush=True)
    checkpoint = args.work / f"{name}.pt"
    net = trained(row, faces, args, checkpoint)
    state = restore(checkpoint)
    facts |= {
        "date": today(),
        "machine": machine_kind(),
        "command": public_command("ablate_features.py", sys.argv[1:]),
        "images": state["step"] * BATCH,
        "training_minutes": round(state["seconds"] / 60, 1),
        "published": dict(zip(("seams", "eyes", "brows", "total"), row.published, strict=True)),
        "test": scored(row, net, faces.topology, tests, args),
    }
    write_whole(result, facts)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("data", type=Path, nargs="*", help="folders of rendered sets")
    parser.add_argument("--work", type=Path, help="checkpoints")
    parser.add_argument("--out", type=Path, required=True, help="results, one JSON file a row")
    parser.add_argument("--models", type=Path, default=Path("models"), help="shapes for the curves")
    parser.add_argument("--images", type=int, default=MOST_IMAGES, help="crops that a row sees")
    parser.add_argument("--minutes", type=float, help="the most that a row trains")
    parser.add_argument("--size", type=int, default=96, help="side of a crop")
    parser.add_argument("--rows", nargs="+", choices=list(ROWS), default=list(ROWS))
    parser.add_argument("--most-frames", type=int, help="of a split, to try the command")
    parser.add_argument("--topology", default="puppet")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--table", action="store_true", help="print the table of what there is")
    args = parser.parse_args()
    if not args.table and not (args.data and args.work):
        parser.error("give the folders of sets and --work, or --table")
    return args


def main() -> None:
    args = parse_arguments()
    if not args.table:
        use_cpu(args.threads)
        for folder in (args.work, args.out):
            folder.mkdir(parents=True, exist_ok=True)
        names = chosen_frames(args)
        shots = Shots(args.data, names["train"], read_topology(args.topology))
        for name in args.rows:
            run_row(name, shots, set(names["test"]), args)
    files = {name: args.out / f"{name}.json" for name in ROWS}
    there = {
        name: json.loads(path.read_text("utf-8")) for name, path in files.items() if path.exists()
    }
    print(table(there))


if __name__ == "__main__":
    main()
