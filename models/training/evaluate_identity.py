"""A new identity: what a few roto'd frames of a shot are worth, by tuning and by other means.

    python models/training/evaluate_identity.py DIR/film/film_new16_id08_front --work DIR/identity \
        --counts 1 5 20 [--minutes 8] [--tuned 5=DIR/retrain/models/tuned_landmarks.onnx] \
        --out models/scores/new_identity.json

For each count, so many frames of the shot, evenly spread, are known. On all other frames the
visible landmarks are compared: the network as it ships; the network tuned on the known frames
(their curves alone, as roto'd); both with the corrections of the known frames blended between them,
as the node does with an artist's keys, and held beyond; the known landmarks followed by Lucas and
Kanade's tracker; the known landmarks interpolated. Networks take two looks from the rough box. A
tuning goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.few_keys import interpolated, spread, tracked
from features.infer import Detector
from features.measures import eyes_apart, summary
from features.score_frames import rough_box
from features.shot_loop import character_of
from labels import REC709_LUMA
from manifest import sha256_of
from provenance import machine_kind, public_command, today
from puppet.annotation import Annotation, load, save_json, to_public
from puppet.cubic import Array
from puppet.topology import Topology, read_topology
from retrain import frames_of, tuned
from shot_folder import load_png

METHODS = (
    "no_tuning",
    "tuned",
    "no_tuning_corrected",
    "tuned_corrected",
    "tracked_keys",
    "interpolated_keys",
)


class Shot:
    """A shot's pictures and truth; pictures are read when they are asked for."""

    def __init__(self, folder: Path, topology: Topology) -> None:
        self.folder, self.frames = folder, frames_of(folder)
        self.notes = {k: load(folder / "annotations" / f"{k:04}.json") for k in self.frames}
        self.eyes = max(eyes_apart(note.places(), topology) for note in self.notes.values())
        self.greys: dict[int, NDArray[np.uint8]] = {}

    def picture(self, frame: int) -> NDArray[np.uint8]:
        return load_png(self.folder / "frames" / f"{frame:04}.png")[..., :3]

    def grey(self, frame: int) -> NDArray[np.uint8]:
        if frame not in self.greys:
            self.greys[frame] = (self.picture(frame) @ REC709_LUMA + 0.5).astype(np.uint8)
        return self.greys[frame]

    def errors(self, frames: list[int], found: Callable[[int], Array]) -> dict[str, float]:
        """Distances of visible landmarks in percent of the eyes' distance."""
        off = []
        for frame in frames:
            visible, _ = self.notes[frame].flags()
            apart = np.linalg.norm(found(frame) - self.notes[frame].places(), axis=1)[visible]
            off += (100 * apart / self.eyes).tolist()
        return summary(off)


def seen_by(detector: Detector, shot: Shot) -> Callable[[int], Array]:
    """What a network makes of a frame."""
    seed = sum(map(ord, shot.folder.name))

    @cache
    def places(frame: int) -> Array:
        return detector.detect(shot.picture(frame), rough_box(shot.notes[frame], seed)).places

    return places


def corrected(found: Callable[[int], Array], known: dict[int, Array]) -> Callable[[int], Array]:
    """What a network makes of a frame, moved as the known frames would have it."""
    off = {key: places - found(key) for key, places in known.items()}
    return lambda frame: found(frame) + interpolated(off, frame)


def roto_folder(shot: Shot, keys: list[int], work: Path, topology: Topology) -> Path:
    """The known frames as a folder to train on: their curves in the public form, no landmarks."""
    segments = work / "segments"
    for key in keys:
        note: Annotation = shot.notes[key]
        shapes = {name: part for name, part in to_public(note).items() if name != "points"}
        save_json(segments / f"roto.{key:04}.json", shapes)
    character_of(shot.folder, keys, segments, work / "character", "tuned", topology)
    return work / "character"


def compared(
    shot: Shot, count: int, topology: Topology, args: argparse.Namespace
) -> dict[str, Any]:
    """All methods with so many known frames."""
    keys = spread(shot.frames, count)
    rest = [frame for frame in shot.frames if frame not in keys]
    known = {key: shot.notes[key].places() for key in keys}
    model = args.known.get(count)
    if model is None:
        work = args.work / f"{count}"
        model = tuned([roto_folder(shot, keys, work, topology), *args.beside], work, args)
    own = seen_by(Detector(args.models, args.start, topology, args.threads), shot)
    mine = seen_by(Detector(args.models, args.start, topology, args.threads, model), shot)
    followed = tracked(known, shot.frames, shot.grey)
    found = (
        own,
        mine,
        corrected(own, known),
        corrected(mine, known),
        lambda frame: followed[frame],
        lambda frame: interpolated(known, frame),
    )
    rows = {m: shot.errors(rest, f) for m, f in zip(METHODS, found, strict=True)}
    print(f"{count} known frames {keys}: p95 of {len(rest)} others", flush=True)
    for method, row in rows.items():
        print(f"  {method:20} {row['p95']:8.2f} % (mean {row['mean']:.2f} %)", flush=True)
    return {"known_frames": keys, "frames": len(rest), "sha256": sha256_of(model), "methods": rows}


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("shot", type=Path, help="folder of a shot with annotations")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--counts", type=int, nargs="+", default=[1, 5, 20])
    parser.add_argument(
        "--tuned", nargs="*", default=[], metavar="COUNT=FILE", help="tuned already"
    )
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--from", dest="start", default="puppet", metavar="FAMILY")
    parser.add_argument("--minutes", type=float, default=8.0, help="of each tuning")
    parser.add_argument("--beside", type=Path, nargs="*", default=[], help="sets to train on too")
    parser.add_argument("--topology", default="puppet")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True, help="the figures as JSON")
    args = parser.parse_args()
    pairs = (text.partition("=") for text in args.tuned)
    args.known = {int(count): Path(file) for count, _, file in pairs}
    args.work = args.work.resolve()
    return args


def main() -> None:
    args = parse_arguments()
    topology = read_topology(args.topology)
    shot = Shot(args.shot.resolve(), topology)
    counts = [count for count in args.counts if count < len(shot.frames)]
    for count in sorted(set(args.counts) - set(counts)):
        print(f"{count} known frames: left out, the shot has {len(shot.frames)}", flush=True)
    rows = {str(count): compared(shot, count, topology, args) for count in counts}
    facts = {
        "shot": shot.folder.name,
        "date": today(),
        "machine": machine_kind(),
        "command": public_command("evaluate_identity.py", sys.argv[1:]),
        "minutes": args.minutes,
        "unit": "visible landmarks, percent of the eyes' distance",
        "by_known_frames": rows,
    }
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
