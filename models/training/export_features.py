"""Exports trained FeatureDetect networks from their checkpoints, with manifest entries.

    python models/training/export_features.py --work DIR/features --models models

`--untrained` exports random weights of the same networks, to build against.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from features.crops import CropChoices
from features.entries import KINDS
from features.export import export_all, network_of
from features.finder_net import FinderNet
from features.geometry import drawn_faces
from features.landmark_net import LandmarkNet
from features.learn_shapes import NEAR
from features.shape_data import near_landmarks
from features.shape_net import ShapeNet
from puppet.topology import read_topology


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--work", type=Path, help="folder of checkpoints")
    source.add_argument("--untrained", action="store_true")
    parser.add_argument("--models", type=Path, default=Path("models"), help="of manifest.toml")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--family", default="puppet")
    parser.add_argument("--label", default="Puppet Face")
    parser.add_argument("--topology", default="puppet")
    args = parser.parse_args()
    torch.manual_seed(0)
    topology = read_topology(args.topology)
    if args.untrained:
        near = near_landmarks(drawn_faces(24, 1, topology), topology, NEAR)
        nets = {
            "landmarks": LandmarkNet(topology.count, len(topology.shapes), CropChoices().size),
            "shapes": ShapeNet(topology, near),
            "finder": FinderNet(),
        }
    else:
        nets = {kind: network_of(args.work / f"{kind}.pt", topology) for kind in args.kinds}
    chosen = {kind: net for kind, net in nets.items() if kind in args.kinds}
    export_all(chosen, args.family, args.label, topology, args.models)


if __name__ == "__main__":
    main()
