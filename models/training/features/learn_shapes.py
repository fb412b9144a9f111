"""Trains E[S|P] on geometry alone (needs torch)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import nn

from features.geometry import Geometry, drawn_faces
from features.production import Curves
from features.shape_data import ShapeBatch, ShapeData, near_landmarks
from features.shape_loss import shape_loss
from features.shape_net import ShapeNet
from features.training import Losses, Plan, Training
from puppet.topology import Topology

BATCH = 256
# Landmarks of other shapes that a shape sees.
NEAR = 6
# Faces that are drawn at a time and stored.
PART = 1200
SLID_SHARE = 0.35


def stored_faces(folder: Path, count: int, seed: int, topology: Topology) -> Geometry:
    """`count` faces of a seed, drawn once and stored in parts."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for number in range(-(-count // PART)):
        path = folder / f"faces_{seed}_{number}.npz"
        if not path.exists():
            made = drawn_faces(PART, seed * 1000 + number, topology, slid_share=SLID_SHARE)
            part = path.with_suffix(".part.npz")
            np.savez(part, landmarks=made.landmarks, facing=made.facing, vertices=made.vertices)
            part.replace(path)
            print(f"shapes: {(number + 1) * PART} faces drawn", flush=True)
        with np.load(path) as stored:
            parts.append(Geometry(stored["landmarks"], stored["facing"], stored["vertices"]))
    return Geometry(
        *(
            np.concatenate([getattr(part, name) for part in parts])[:count]
            for name in ("landmarks", "facing", "vertices")
        )
    )


def train_shapes(
    faces: Geometry,
    topology: Topology,
    plan: Plan,
    checkpoint: Path,
    device: torch.device,
    start: nn.Module | None = None,
    drawn: Curves | None = None,
) -> nn.Module:
    """The averaged network at the end of the plan; `start` is a network to go on from, `drawn` are
    an artist's curves."""
    torch.manual_seed(plan.seed)
    net = start or ShapeNet(topology, near_landmarks(faces, topology, NEAR))
    data = ShapeData(faces, topology, drawn.by_kind if drawn else [])
    arguments = {"topology": topology.name, "near": net.near}
    facts = {"kind": "shapes", "arguments": arguments, "faces": len(data)}
    facts |= {"production": drawn.files} if drawn else {}
    training = Training(net, plan, device, facts)

    def batches(epoch: int) -> Iterator[ShapeBatch]:
        for step in range(plan.steps):
            batch = data.drawn(np.random.default_rng((plan.seed, epoch, step)), BATCH)
            yield batch.to(device)

    def loss(net: nn.Module, batch: ShapeBatch) -> Losses:
        assert isinstance(net, ShapeNet)
        return shape_loss(net, batch, topology)

    return training.run(checkpoint, batches, loss)
