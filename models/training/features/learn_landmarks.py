"""Trains E[P|I] on folders of frames, or goes on from a trained one (needs torch)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import nn

from checkpoint import restore, store
from features.crop_batches import EpochCrops, loaded
from features.crop_echo import varied
from features.crops import CropChoices, reduced
from features.faces import FaceFrame, FaceSet
from features.landmark_loss import CropBatch, landmark_loss
from features.landmark_net import LandmarkNet
from features.learn_presence import settle_presence
from features.reference_net import DirectNet, direct_loss
from features.training import Losses, Plan, Training
from puppet.boxes import SCALES

BATCH = 24
# Of the crops, this share comes from film on top of its share in the set.
FAVOURED = 0.25
# How often each crop is used, a little different each time.
ECHO = 3
# The "epoch" whose crops presence is learnt from last, and how many batches they are.
SETTLING, SETTLING_BATCHES = 1_000_000, 240


def landmark_net(faces: FaceSet, size: int) -> LandmarkNet:
    """An untrained network for a set's topology."""
    return LandmarkNet(faces.topology.count, len(faces.topology.shapes), size)


def fresh_crops(
    faces: FaceSet,
    small: dict[str, FaceFrame],
    choices: CropChoices,
    seeds: tuple[int, int],
    steps: int,
) -> EpochCrops:
    """Batches of crops of all frames. What no crop can use of a frame is left out once, and not
    with every crop: `small` holds what remains."""
    for name in faces.frames.keys() - small.keys():
        frame = faces.frames[name]
        small[name] = reduced(frame, SCALES[0] * frame.tight[2] / choices.size)
    frames = [small[name] for name in sorted(small)]
    return EpochCrops(frames, faces.plates, choices, faces.topology, seeds, steps, BATCH, FAVOURED)


def settled(
    net: LandmarkNet,
    faces: FaceSet,
    choices: CropChoices,
    checkpoint: Path,
    device: torch.device,
    workers: int = 1,
) -> LandmarkNet:
    """The network with what landmarks say of shapes learnt last, and stored."""
    state = restore(checkpoint)
    seeds = (state["plan"]["seed"], SETTLING)
    crops = fresh_crops(faces, {}, choices, seeds, SETTLING_BATCHES)
    told = settle_presence(net, crops, workers, device)
    print(f"presence: cross-entropy {told['before']:.4f}, then {told['after']:.4f}", flush=True)
    for name in ("net", "average"):
        state[name] |= {f"of_seen.{key}": part for key, part in net.of_seen.state_dict().items()}
    store(state | {"facts": state["facts"] | {"presence": told}}, checkpoint)
    return net


def train_landmarks(
    faces: FaceSet,
    plan: Plan,
    checkpoint: Path,
    device: torch.device,
    choices: CropChoices,
    workers: int = 1,
    start: nn.Module | None = None,
) -> nn.Module:
    """The averaged network at the end of the plan; `start` is a network to go on from.

    The set is looked through for new frames before every epoch.
    """
    torch.manual_seed(plan.seed)
    net = start or landmark_net(faces, choices.size)
    # Crops that are never augmented are not varied either.
    echo = 1 if choices.plain else ECHO
    kind = "reference" if isinstance(net, DirectNet) else "landmarks"
    training = Training(net, plan, device, {"kind": kind, "arguments": net.arguments})

    small: dict[str, FaceFrame] = {}

    def batches(epoch: int) -> Iterator[CropBatch]:
        if faces.refresh() or epoch == 0:
            print(f"landmarks: {len(faces.frames)} frames", flush=True)
        training.facts |= {"frames": len(faces.frames), "data_hash": faces.hash()}
        fresh = fresh_crops(faces, small, choices, (plan.seed, epoch), -(-plan.steps // echo))
        for step, batch in enumerate(loaded(fresh, workers)):
            yield batch
            random = torch.Generator().manual_seed(hash((plan.seed, epoch, step)))
            for _ in range(echo - 1):
                yield varied(batch, random, faces.topology)

    def loss(net: nn.Module, batch: CropBatch) -> Losses:
        if isinstance(net, DirectNet):
            return direct_loss(net, batch, device)
        assert isinstance(net, LandmarkNet)
        return landmark_loss(net, batch, device)

    return training.run(checkpoint, batches, loss)
