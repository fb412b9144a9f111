"""Trains the tone network on labelled shots.

    python models/training/train_tone.py --shots DIR/shots DIR/train2 --out DIR/run --seed 1

Writes `last.pt` after every epoch and resumes from it. Training ends after `--epochs` or
`--minutes` of training, whichever comes first; the learning rate follows the one that is nearer its
end, so that a run on a slow or busy machine is annealed too, not cut off. Shots with layers are
relit in turn; `--recipe` varies one thing at a time for an ablation.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset

from checkpoint import restore, store
from recipe import Recipe
from relit_shots import RelitPool
from shot_dataset import Batch, Frames, load_split, random_batch
from tone_loss import tone_loss
from tone_net import ToneNet
from tone_scores import confusion, iou

AVERAGE_DECAY = 0.995
WARM_UP = 0.1
CHECK_EVERY = 10
CHECK_STRIDE = 4


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

    def __init__(self, frames: Frames, run: Run, steps: int) -> None:
        self.frames, self.recipe, self.steps = frames, run.recipe, steps
        self.seed, self.epoch = run.seed, run.epoch

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> Batch:
        rng = random.Random(f"{self.seed}/{self.epoch}/{step}")
        return random_batch(self.frames, rng, self.recipe)


class Run:
    """A training run that can be stored and resumed between epochs."""

    def __init__(self, base: int, seed: int, peak: float, recipe: Recipe) -> None:
        torch.manual_seed(seed)
        self.base, self.seed, self.peak, self.recipe = base, seed, peak, recipe
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
            "recipe": asdict(self.recipe),
            "log": self.log,
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        store(state, path)

    def load(self, path: Path) -> None:
        """Takes up a stored run; one of another recipe is refused."""
        state = restore(path)
        recipe = Recipe(**state.get("recipe", asdict(self.recipe)))
        if (recipe, state["base"], state["seed"]) != (self.recipe, self.base, self.seed):
            stored = f"base {state['base']}, seed {state['seed']}, {recipe}"
            raise SystemExit(
                f"{path} is a run with {stored}; go on with that or choose another --out"
            )
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.epoch, self.step, self.seconds = state["epoch"], state["step"], state["seconds"]
        self.log = state["log"]

    def train_step(self, batch: Batch, progress: float) -> float:
        """One step of the optimizer; returns the loss."""
        image, subject, target, inside = batch
        for group in self.optimizer.param_groups:
            group["lr"] = one_cycle(progress, self.peak)
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = self.net(
                image.contiguous(memory_format=torch.channels_last),
                subject.contiguous(memory_format=torch.channels_last),
            )
        loss = tone_loss(logits.float(), target, inside, self.recipe)
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


class Limits:
    """How far a run goes: epochs of some steps, or seconds of training."""

    def __init__(self, epochs: int, steps: int, minutes: float) -> None:
        self.epochs, self.steps, self.seconds = epochs, steps, minutes * 60

    def progress(self, run: Run, more: float) -> float:
        """How much of the run is done, 0..1, when its epoch has taken `more` seconds."""
        by_step = run.step / (self.epochs * self.steps)
        return min(1.0, max(by_step, (run.seconds + more) / self.seconds))

    def reached(self, run: Run) -> bool:
        """Whether the run is at its end."""
        return run.epoch >= self.epochs or run.seconds >= self.seconds


def run_epoch(run: Run, frames: Frames, limits: Limits) -> float:
    """Trains for an epoch, or until the run is at its end; returns the mean loss."""
    batches = EpochBatches(frames, run, limits.steps)
    run.net.train()
    start, losses = time.perf_counter(), []
    for batch in DataLoader(batches, batch_size=None, num_workers=1, prefetch_factor=6):
        progress = limits.progress(run, time.perf_counter() - start)
        losses.append(run.train_step(batch, progress))
        if progress >= 1.0:
            break
    run.epoch += 1
    run.seconds += time.perf_counter() - start
    return sum(losses) / len(losses)


def check(run: Run, held_out: Frames) -> dict[str, dict[str, float | None]]:
    """Held-out figures to watch the run by, without and with a mask."""
    figures = {}
    for name, with_mask in (("without_mask", False), ("with_mask", True)):
        values = held_out_iou(run.average, held_out, with_mask)
        figures[name] = {key: value and round(value, 3) for key, value in values.items()}
    return figures


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--shots", type=Path, nargs="+", required=True, help="folders of shots")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--base", type=int, default=24, help="channels of the first level")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--steps", type=int, default=60, help="steps of an epoch")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=2.5e-3, help="peak learning rate")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--relight-every", type=int, default=24, help="epochs between new lights of a shot"
    )
    parser.add_argument(
        "--recipe", nargs="*", default=[], metavar="NAME=VALUE", help="what differs from recipe.py"
    )
    args = parser.parse_args()
    try:
        args.recipe = Recipe.parse(args.recipe)
    except ValueError as error:
        parser.error(f"--recipe: {error}")
    return args


def main() -> None:
    args = parse_arguments()
    torch.set_num_threads(args.threads)
    training = load_split(args.shots, "train", relight=True)
    held_out = load_split(args.shots, "heldout")
    for name, part in (("training", training), ("held-out", held_out)):
        counts = f"{len(part.frames)} {name} frames, {len(part.relit)} shots to relight"
        print(f"{counts}, {len(part.shots)} scenes, hash {part.hash}")
    args.out.mkdir(parents=True, exist_ok=True)
    checkpoint = args.out / "last.pt"
    run = Run(args.base, args.seed, args.rate, args.recipe)
    if checkpoint.exists():
        run.load(checkpoint)
        print(f"resumed after epoch {run.epoch}")

    limits = Limits(args.epochs, args.steps, args.minutes)
    with RelitPool(training.relit, args.seed, args.relight_every) as pool:
        while not limits.reached(run):
            frames = training.frames.with_lit(pool.at(run.epoch))
            loss = run_epoch(run, frames, limits)
            facts = {
                "epoch": run.epoch,
                "loss": round(loss, 4),
                "seconds": round(run.seconds),
                "frames": len(frames),
            }
            if run.epoch % CHECK_EVERY == 0:
                facts |= check(run, held_out.frames)
            run.log.append(facts)
            run.save(checkpoint, training.hash)
            print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    main()
