"""Trains the founding document's network by its own protocol, for the comparison that it asks for.

    python models/training/train_seed.py --shots DIR/parity --out DIR/seed --minutes 80

Cross-entropy, Adam at 1e-4, batches of 32 whole frames, 40 epochs; of the scenes that are not held
out, a fifth of the frames is kept for validation, picked frame by frame as the document did (so
neighbours leak; the held-out scenes do not). Stores `last.pt` after every epoch and resumes from
it. Writes `seed_parity.json` at the end of a call, with the epochs it is of: the rate is constant,
so that a run of fewer epochs is the longer one's beginning.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from checkpoint import restore, store
from cpu import use_cpu
from provenance import machine_kind, public_command, today
from seed_net import STRIDE, SeedNet
from shot_dataset import Frames, Split, load_split
from shot_folder import errors_told
from tone_classes import UNKNOWN
from tone_scores import accuracy, confusion, iou

BATCH = 32
EPOCHS = 40
RATE = 1e-4
VALIDATION_SHARE = 0.2


def stack(frames: Frames, picks: list[int]) -> tuple[Tensor, Tensor]:
    """Frames [N,3,H,W] in 0..1 and labels [N,H,W], padded to the network's stride."""
    image = torch.cat([frames.image[pick][None] for pick in picks]).float() / 255
    label = torch.cat([frames.label[pick] for pick in picks]).long()
    pad = (0, -image.shape[3] % STRIDE, 0, -image.shape[2] % STRIDE)
    return functional.pad(image, pad, mode="replicate"), label


def logits_of(net: SeedNet, image: Tensor, label: Tensor) -> Tensor:
    """Logits of the frames, without the padding."""
    image = image.contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = net(image, image[:, :1])
    return logits[..., : label.shape[1], : label.shape[2]].float()


@torch.inference_mode()
def scores(net: SeedNet, frames: Frames, picks: list[int]) -> dict[str, Any]:
    """Cross-entropy, accuracy and per-class IoU over some frames."""
    net.eval()
    counts, entropy = 0, 0.0
    for pick in picks:
        image, label = stack(frames, [pick])
        logits = logits_of(net, image, label)
        entropy += functional.cross_entropy(logits, label, ignore_index=UNKNOWN).item()
        counts = counts + confusion(label[0].numpy(), logits.argmax(1)[0].numpy())
    return {
        "frames": len(picks),
        "cross_entropy": round(entropy / len(picks), 4),
        "accuracy": round(accuracy(counts), 4),
        "iou": {name: value and round(value, 4) for name, value in iou(counts).items()},
    }


class Training:
    """The network, its optimizer and how far they are."""

    def __init__(self, seed: int, data: str) -> None:
        """A training that has not begun, of the frames with the hash `data`."""
        torch.manual_seed(seed)
        self.seed, self.data = seed, data
        self.net = SeedNet().to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.Adam(self.net.parameters(), RATE)
        self.epoch, self.seconds = 0, 0.0
        self.losses: list[float] = []

    def run_epoch(self, frames: Frames, picks: list[int]) -> None:
        """One pass over the picked frames."""
        self.net.train()
        start, total, batches = time.perf_counter(), 0.0, 0
        for first in range(0, len(picks), BATCH):
            image, label = stack(frames, picks[first : first + BATCH])
            self.optimizer.zero_grad(set_to_none=True)
            loss = functional.cross_entropy(
                logits_of(self.net, image, label), label, ignore_index=UNKNOWN
            )
            loss.backward()
            self.optimizer.step()
            total, batches = total + loss.item(), batches + 1
        self.epoch += 1
        self.losses.append(round(total / batches, 4))
        self.seconds += time.perf_counter() - start

    def save(self, path: Path) -> None:
        """Stores everything whole or not at all."""
        state = {
            "seed": self.seed,
            "data_hash": self.data,
            "net": self.net.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "epoch": self.epoch,
            "seconds": self.seconds,
            "losses": self.losses,
        }
        store(state, path)

    def load(self, path: Path) -> None:
        """Takes up a stored training; one by another seed, which chose what validates, or of other
        data is refused."""
        state = restore(path)
        if (state.get("seed"), state.get("data_hash")) != (self.seed, self.data):
            message = "is by another seed or of other data; give those, or another --out"
            raise SystemExit(f"{path} {message}")
        self.net.load_state_dict(state["net"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.epoch, self.seconds, self.losses = state["epoch"], state["seconds"], state["losses"]


def report(
    run: Training, data: dict[str, Split], validation: list[int], seed: int
) -> dict[str, Any]:
    """What a scores file keeps of the run as far as it is."""
    frames, held_out = data["train"].frames, data["heldout"].frames
    return {
        "network": "the founding document's, 31.0 M parameters",
        "seed": seed,
        "date": today(),
        "machine": machine_kind(),
        "command": public_command("train_seed.py", sys.argv[1:]),
        "data_hash": {split: part.hash for split, part in data.items()},
        "epochs": f"{run.epoch} of {EPOCHS}",
        "minutes": round(run.seconds / 60, 1),
        "losses": run.losses,
        "validation": scores(run.net, frames, validation),
        "heldout": scores(run.net, held_out, list(range(len(held_out)))),
    }


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--shots", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=80.0, help="of this call")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def main() -> None:
    args = parse_arguments()
    use_cpu(args.threads)
    data = {split: load_split([args.shots], split) for split in ("train", "heldout")}
    frames, held_out = data["train"].frames, data["heldout"].frames
    order = random.Random(args.seed).sample(range(len(frames)), len(frames))
    kept = round(VALIDATION_SHARE * len(order))
    validation, training = order[:kept], order[kept:]
    print(f"{len(training)} frames to train on, {kept} to validate, {len(held_out)} held out")

    args.out.mkdir(parents=True, exist_ok=True)
    checkpoint, run = args.out / "last.pt", Training(args.seed, data["train"].hash)
    if checkpoint.exists():
        run.load(checkpoint)
    start = time.perf_counter()
    while run.epoch < EPOCHS and time.perf_counter() - start < args.minutes * 60:
        shuffled = random.Random(f"{args.seed}/{run.epoch}").sample(training, len(training))
        run.run_epoch(frames, shuffled)
        run.save(checkpoint)
        print(f"epoch {run.epoch}: loss {run.losses[-1]}, {run.seconds:.0f} s", flush=True)
    if run.epoch < EPOCHS:
        print(f"{run.epoch} of {EPOCHS} epochs; start again to go on")
    result = report(run, data, validation, args.seed)
    part = args.out / "seed_parity.part"
    part.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    part.replace(args.out / "seed_parity.json")
    print(json.dumps(result["heldout"]))


if __name__ == "__main__":
    with errors_told():
        main()
