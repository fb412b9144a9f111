"""Trains the tone network on labelled shots.

    python models/training/train_tone.py --shots DIR/shots --out DIR/run --seed 1

Writes `last.pt` after every epoch and resumes from it. Training ends after `--epochs` or
`--minutes` of training, whichever comes first; the learning rate follows the one that is nearer its
end, so that a run on a slow or busy machine is annealed too, not cut off.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from checkpoint import restore, store
from shot_dataset import Batch, Frames, load_split, random_batch
from tone_classes import CAST_SHADOW, CLASSES
from tone_net import ToneNet
from tone_scores import confusion, iou

# In class order. Highlights are well under a percent of the pixels; the Dice terms keep this weight
# from making the network see them everywhere.
CLASS_WEIGHTS = (0.7, 4.0, 1.0, 1.0, 1.0)
# Cast shadows are a fifth of what is dark on forms. Unweighted, the network learns that all of it
# faces away from the key, and never what a shadow looks like.
SHADOW_ON_FORM_WEIGHT = 2.5
DICE_SHARE = 0.5
AVERAGE_DECAY = 0.995
WARM_UP = 0.1
CHECK_EVERY = 10
CHECK_STRIDE = 4


def tone_loss(logits: Tensor, labels: Tensor, inside: Tensor) -> Tensor:
    """Weighted cross-entropy, plus the mean Dice loss over all pixels and over the subject's."""
    entropy = functional.cross_entropy(
        logits, labels, weight=torch.tensor(CLASS_WEIGHTS), reduction="none"
    )
    class_weight = torch.tensor(CLASS_WEIGHTS)[labels]
    on_form = inside & (labels == CAST_SHADOW)
    more = torch.where(on_form, SHADOW_ON_FORM_WEIGHT, 1.0)
    mean = (entropy * more).sum() / (class_weight * more).sum()
    share = logits.softmax(1)
    truth = functional.one_hot(labels, len(CLASSES)).movedim(-1, 1).to(share.dtype)
    subject = inside[:, None].to(share.dtype)
    dice = dice_loss(share, truth) + dice_loss(share * subject, truth * subject)
    return mean + DICE_SHARE / 2 * dice


def dice_loss(share: Tensor, truth: Tensor) -> Tensor:
    """The mean Dice loss of the classes that the batch holds."""
    overlap = (share * truth).sum((0, 2, 3))
    total = share.sum((0, 2, 3)) + truth.sum((0, 2, 3))
    present = truth.sum((0, 2, 3)) > 0
    dice = 1 - (2 * overlap + 1) / (total + 1)
    return dice[present].mean()


def one_cycle(progress: float, peak: float) -> float:
    """Learning rate at `progress` 0..1: up in a cosine, down in a cosine."""
    if progress < WARM_UP:
        return peak * (0.04 + 0.96 * (1 - math.cos(math.pi * progress / WARM_UP)) / 2)
    return peak * max(1e-3, (1 + math.cos(math.pi * (progress - WARM_UP) / (1 - WARM_UP))) / 2)


class EpochBatches(Dataset[Batch]):
    """The batches of one epoch, made in a process of their own beside the training.

    Each is seeded by its place, so that a resumed run draws what an uninterrupted one would have.
    In one process with the training, the many small operations of a look would each wait for all
    threads, which on a busy machine takes longer than the step itself.
    """

    def __init__(self, frames: Frames, seed: int, epoch: int, steps: int) -> None:
        self.frames, self.seed, self.epoch, self.steps = frames, seed, epoch, steps

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> Batch:
        return random_batch(self.frames, random.Random(f"{self.seed}/{self.epoch}/{step}"))


class Run:
    """A training run that can be stored and resumed between epochs."""

    def __init__(self, base: int, seed: int, peak: float) -> None:
        torch.manual_seed(seed)
        self.base, self.seed, self.peak = base, seed, peak
        self.net = ToneNet(base).to(memory_format=torch.channels_last)
        self.average = ToneNet(base)
        self.average.load_state_dict(self.net.state_dict())
        self.optimizer = torch.optim.AdamW(self.net.parameters(), peak, weight_decay=0.01)
        self.epoch = self.step = 0
        self.seconds = 0.0
        self.log: list[dict[str, Any]] = []

    def save(self, path: Path, data: str) -> None:
        """Stores the run whole or not at all."""
        state = {
            "base": self.base,
            "seed": self.seed,
            "epoch": self.epoch,
            "step": self.step,
            "seconds": self.seconds,
            "data_hash": data,
            "log": self.log,
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        store(state, path)

    def load(self, path: Path) -> None:
        """Takes up a stored run."""
        state = restore(path)
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.epoch, self.step, self.seconds = state["epoch"], state["step"], state["seconds"]
        self.log = state["log"]

    def train_step(self, batch: Batch, progress: float) -> float:
        """One step of the optimizer; returns the loss."""
        image, subject, labels, inside = batch
        for group in self.optimizer.param_groups:
            group["lr"] = one_cycle(progress, self.peak)
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = self.net(
                image.contiguous(memory_format=torch.channels_last),
                subject.contiguous(memory_format=torch.channels_last),
            )
        loss = tone_loss(logits.float(), labels, inside)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        self._follow()
        return loss.item()

    @torch.no_grad()
    def _follow(self) -> None:
        """Moves the averaged weights; faster at first, when there is nothing worth averaging."""
        decay = min(AVERAGE_DECAY, (1 + self.step) / (10 + self.step))
        ours, theirs = self.average.state_dict(), self.net.state_dict()
        for name, value in ours.items():
            if value.is_floating_point():
                value.lerp_(theirs[name], 1 - decay)
            else:
                value.copy_(theirs[name])


@torch.inference_mode()
def held_out_iou(net: ToneNet, frames: Frames, with_mask: bool) -> dict[str, float | None]:
    """Per-class IoU on every fourth held-out frame: enough to watch a run by."""
    net.eval()
    counts = 0
    for pick in range(0, len(frames), CHECK_STRIDE):
        image, subject, label = frames.image[pick], frames.subject[pick], frames.label[pick]
        mask = subject.float() / 255 if with_mask else torch.full(subject.shape, 0.5)
        logits = net(image.float()[None] / 255, mask[None])
        counts = counts + confusion(label[0].numpy(), logits.argmax(1)[0].numpy())
    return iou(counts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--shots", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--base", type=int, default=24, help="channels of the first level")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--steps", type=int, default=60, help="steps of an epoch")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=2.5e-3, help="peak learning rate")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)

    training, held_out = load_split(args.shots, "train"), load_split(args.shots, "heldout")
    print(f"{len(training)} training frames of {len(training.shots)} scenes, hash {training.hash}")
    print(f"{len(held_out)} held-out frames of {len(held_out.shots)} scenes, hash {held_out.hash}")
    args.out.mkdir(parents=True, exist_ok=True)
    checkpoint = args.out / "last.pt"
    run = Run(args.base, args.seed, args.rate)
    if checkpoint.exists():
        run.load(checkpoint)
        print(f"resumed after epoch {run.epoch}")

    limit, total = args.minutes * 60, args.epochs * args.steps
    while run.epoch < args.epochs and run.seconds < limit:
        batches = EpochBatches(training, args.seed, run.epoch, args.steps)
        run.net.train()
        start, losses = time.perf_counter(), []
        for batch in DataLoader(batches, batch_size=None, num_workers=1, prefetch_factor=6):
            elapsed = run.seconds + time.perf_counter() - start
            progress = min(1.0, max(run.step / total, elapsed / limit))
            losses.append(run.train_step(batch, progress))
            if progress >= 1.0:
                break
        run.epoch += 1
        run.seconds += time.perf_counter() - start
        mean_loss = sum(losses) / len(losses)
        facts = {
            "epoch": run.epoch,
            "loss": round(mean_loss, 4),
            "seconds": round(run.seconds),
            "frames": len(training),
        }
        if run.epoch % CHECK_EVERY == 0:
            for name, with_mask in (("without_mask", False), ("with_mask", True)):
                values = held_out_iou(run.average, held_out, with_mask)
                facts[name] = {key: value and round(value, 3) for key, value in values.items()}
        run.log.append(facts)
        run.save(checkpoint, training.hash)
        print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    main()
