"""Trains what stands behind FeatureDetect: landmarks, shapes, a face finder; exports all three.

    python models/training/train_features.py DIR/synthetic DIR/film --work DIR/features
    python models/training/train_features.py DIR/nell --from puppet --work DIR/nell_run

A folder holds rendered sets, or is that of one's own character (`puppet/README.md`). Sets are read
again before every epoch: they may still grow. Every epoch is stored and gone on from. With `--from`
the networks of that family in `--models` are tuned, in 8 minutes unless told otherwise: landmarks
on projected and roto'd frames, shapes on projected ones if there are enough; the finder is kept.
"""

from __future__ import annotations

import argparse
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from checkpoint import restore
from cpu import use_cpu
from features.crops import CropChoices
from features.entries import KINDS, entries
from features.export import export_all, shipped_network
from features.faces import FaceSet
from features.geometry import Geometry
from features.learn_finder import train_finder
from features.learn_landmarks import landmark_net, settled, train_landmarks
from features.learn_shapes import stored_faces, train_shapes
from features.own import character_faces, geometry_of, is_character
from features.production import learnt_from
from features.training import Plan, device_of
from puppet.topology import Topology, read_topology

SHARES = {"landmarks": 0.7, "shapes": 0.15, "finder": 0.15}
# The landmark network learns on crops of this size for this share of its minutes, then at its own
# size with this share of the learning rate.
COARSE_SIZE, COARSE_SHARE, FINE_RATE = 128, 0.58, 0.7
MINUTES, TUNING_MINUTES = 60.0, 8.0
FACES = 12000
# Fewer projected frames than this say too little of a character's curves.
FEW = 40
# Of the faces that shapes are tuned on, this share is the character's own.
OWN_SHARE = 0.5


def plan_of(kind: str, args: argparse.Namespace) -> Plan:
    """How long and how fast a network learns."""
    rates = {"landmarks": 2e-3, "shapes": 2e-3, "finder": 2e-3}
    plan = Plan(
        seed=args.seed,
        peak=rates[kind],
        minutes=args.minutes * SHARES[kind] / sum(SHARES[each] for each in args.kinds),
        steps=100 if kind == "shapes" else 50,
        decay=0.999 if kind == "shapes" else 0.998,
    )
    if args.start:
        plan = replace(plan, peak=plan.peak / 4, trunk_rate=0.2, keep_norms=True, steps=25)
    return plan


def frames_of(
    args: argparse.Namespace, topology: Topology, net: nn.Module | None
) -> tuple[FaceSet, list[str]]:
    """All frames of the folders, and the names of the characters among them."""
    sets = [folder for folder in args.data if not is_character(folder)]
    faces, names = FaceSet(sets, ("train",), topology), []
    for folder in args.data:
        if is_character(folder):
            own = character_faces(folder, net, topology)
            faces.frames |= own.frames
            faces.plates += own.plates
            names.append(json.loads((folder / "character.json").read_text("utf-8"))["name"])
    faces.refresh()
    if not faces.frames:
        raise SystemExit("no frames to train on: see puppet/README.md for what a folder holds")
    roto = sum(name.startswith("roto_") for name in faces.frames)
    print(f"{len(faces.frames)} frames, {roto} of them drawn by an artist", flush=True)
    return faces, names


def tuned_geometry(faces: FaceSet, args: argparse.Namespace) -> Geometry | None:
    """A character's own faces among others; None where there are too few."""
    own = geometry_of(list(faces.frames.values()), faces.topology)
    if len(own) < FEW:
        return None
    others = stored_faces(args.work / "geometry", FACES // 10, args.seed, faces.topology)
    again = max(1, round(len(others) * OWN_SHARE / (1 - OWN_SHARE) / len(own)))
    parts = [own] * again + [others]
    return Geometry(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("landmarks", "facing", "vertices")
        )
    )


def coarse_minutes(
    plan: Plan, args: argparse.Namespace, faces: FaceSet, over: bool, device: torch.device
) -> float:
    """Trains on small crops first: places become roughly right at less than half the cost. Minutes
    that it took; once it is `over`, a longer run gives the rest to the network's own size."""
    path = args.work / "landmarks_coarse.pt"
    if not over:
        early = replace(plan, minutes=plan.minutes * COARSE_SHARE)
        choices = CropChoices(size=COARSE_SIZE)
        train_landmarks(faces, early, path, device, choices, args.workers)
    return restore(path)["seconds"] / 60 if path.exists() else 0.0


def learnt(
    kind: str, args: argparse.Namespace, faces: FaceSet, start: nn.Module | None
) -> nn.Module:
    """A trained network of a kind; where there is nothing to tune it on, the one to start from."""
    plan, checkpoint, device = plan_of(kind, args), args.work / f"{kind}.pt", device_of(args.device)
    if kind == "landmarks" and start is None:
        spent = coarse_minutes(plan, args, faces, checkpoint.exists(), device)
        plan = replace(plan, minutes=plan.minutes - spent, peak=plan.peak * FINE_RATE)
        start = landmark_net(faces, CropChoices().size)
        if not checkpoint.exists():
            start.load_state_dict(restore(args.work / "landmarks_coarse.pt")["average"])
    if kind == "landmarks":
        choices = CropChoices(size=start.size)
        net = train_landmarks(faces, plan, checkpoint, device, choices, args.workers, start)
        if args.start:
            # A few frames say nothing of what a shape that is gone looks like.
            return net
        return settled(net, faces, choices, checkpoint, device, args.workers)
    if kind == "finder":
        return start or train_finder(faces, plan, checkpoint, device, args.workers)
    if start is None:
        geometry = stored_faces(args.work / "geometry", FACES, args.seed, faces.topology)
        drawn = learnt_from(args.production, faces.topology) if args.production else None
        return train_shapes(geometry, faces.topology, plan, checkpoint, device, drawn=drawn)
    own = tuned_geometry(faces, args)
    if own is None:
        return start
    return train_shapes(own, faces.topology, plan, checkpoint, device, start)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("data", type=Path, nargs="+", help="rendered sets, or a character's folder")
    parser.add_argument("--work", type=Path, required=True, help="checkpoints and loss plots")
    parser.add_argument("--models", type=Path, default=Path("models"), help="of manifest.toml")
    parser.add_argument("--from", dest="start", default="", metavar="FAMILY")
    parser.add_argument("--family", default="", help="name of the networks, as puppet")
    parser.add_argument("--label", default="", help="what the artist reads")
    parser.add_argument("--topology", default="puppet")
    parser.add_argument("--production", type=Path, help="folder of an artist's splines, for shapes")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--minutes", type=float, help="of all networks together")
    parser.add_argument("--no-export", action="store_true", help="train alone")
    parser.add_argument("--device", default="", help="cpu, cuda; a GPU if there is one")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, default=1, help="processes that make crops")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    args.minutes = args.minutes or (TUNING_MINUTES if args.start else MINUTES)
    return args


def main() -> None:
    args = parse_arguments()
    use_cpu(args.threads)
    args.work.mkdir(parents=True, exist_ok=True)
    topology = read_topology(args.topology)
    starts: dict[str, nn.Module | None] = dict.fromkeys(KINDS)
    if args.start:
        for kind, entry in entries(args.start, "", topology, 0).items():
            starts[kind] = shipped_network(kind, args.models / entry["file"], topology)
    faces, names = frames_of(args, topology, starts["landmarks"] and starts["landmarks"].eval())
    named = names[0] if names else "puppet"
    family = args.family or re.sub(r"\W+", "_", named.lower())
    label = args.label or (named if names else "Puppet Face")
    nets = {kind: learnt(kind, args, faces, starts[kind]) for kind in args.kinds}
    if not args.no_export:
        export_all(nets, family, label, topology, args.models)


if __name__ == "__main__":
    main()
