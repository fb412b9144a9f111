"""Trains the founding document's direct regression and ours on one short schedule, scores both.

    python models/training/train_reference.py DIR/synthetic DIR/film --work DIR/reference

Same frames, crops, trunk, steps and learning rate; crops of 128 px. The row is printed as JSON.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from cpu import use_cpu
from features.crops import CropChoices
from features.entries import landmarks_entry
from features.export import export
from features.faces import FaceSet
from features.infer import Detector
from features.landmark_net import LandmarkNet
from features.learn_landmarks import train_landmarks
from features.reference_net import DirectNet
from features.score_frames import figures, score_split
from features.training import Plan, device_of
from puppet.topology import read_topology

SIZE = 128


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("data", type=Path, nargs="+", help="rendered sets; film is scored on")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--models", type=Path, default=Path("models"), help="shapes for the curves")
    parser.add_argument("--epochs", type=int, default=25, help="of 50 steps of 24 crops")
    parser.add_argument("--topology", default="puppet")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    use_cpu(args.threads)
    args.work.mkdir(parents=True, exist_ok=True)
    topology, device = read_topology(args.topology), device_of()
    faces = FaceSet(args.data, ("train",), topology)
    faces.refresh()
    plan = Plan(seed=args.seed, minutes=1e6, epochs=args.epochs, steps=50)
    rows = {}
    for name, kind in (("ours", LandmarkNet), ("reference", DirectNet)):
        torch.manual_seed(args.seed)
        net = kind(topology.count, len(topology.shapes), SIZE)
        path = args.work / f"{name}.pt"
        choices = CropChoices(size=SIZE)
        trained = train_landmarks(faces, plan, path, device, choices, args.workers, net)
        file = args.work / f"{name}.onnx"
        entry = landmarks_entry(name, name, topology, SIZE)
        export("reference" if name == "reference" else "landmarks", trained, topology, entry, file)
        detector = Detector(args.models, "puppet", topology, args.threads, file)
        rows[name] = figures(score_split(detector, args.data, "test"))
    print(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
