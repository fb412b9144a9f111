"""Trains what stands behind FeatureDetect, from folders of frames.

python models/training/train_features.py DIR/synthetic DIR/film --work DIR/features
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from features.crops import CropChoices
from features.faces import FaceSet
from features.learn_landmarks import train_landmarks
from features.training import Plan, device_of


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("data", type=Path, nargs="+")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    args.work.mkdir(parents=True, exist_ok=True)
    faces = FaceSet(args.data, ("train",))
    plan = Plan(seed=args.seed, minutes=args.minutes, steps=50)
    train_landmarks(faces, plan, args.work / "landmarks.pt", device_of(), CropChoices())


if __name__ == "__main__":
    main()
