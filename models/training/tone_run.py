"""A training run of the tone network: batches, steps, schedule, what is stored (needs torch)."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from checkpoint import restore, store
from frame_pairs import random_pairs, temporal_loss
from manifest import sha256_of
from onnx_weights import load_weights
from recipe import Recipe
from schedule import follow, one_cycle
from seed_net import SeedNet
from shot_dataset import Batch, Frames, as_seen, random_batch
from tone_classes import CLASSES
from tone_loss import distillation_loss, maps_loss, tone_loss
from tone_net import WIDTHS, ToneNet, whole_logits
from tone_scores import Counts, confusion

# Learning rate of a trunk that has learnt on photographs, in shares of the others', and the share
# of the run before which it stands still: what hangs on it is random then, and would spoil it.
TRUNK_RATE = 0.25
THAW = 0.15
# Of these steps, with a temporal weight, one trains on pairs of neighbouring frames.
PAIRS_EVERY = 2
AVERAGE_DECAY = 0.995
# A short run averages over a smaller part of it: so many times longer than the average looks back.
AVERAGE_SHARE = 10
# Maps of `relight.MAPS` that a network draws; the last one only says where there is anything.
KEY_MAPS = 3
# Share of the run in which the maps' layer learns alone: it is random then, and what the network
# knows would be bent to it.
MAPS_ALONE = 0.05


class EpochBatches(Dataset[tuple[Batch, Tensor | None]]):
    """The batches of one epoch, made in a process of their own beside the training.

    Each is seeded by its place, so that a resumed run draws what an uninterrupted one would have.
    In one process with the training, the many small operations of a look would each wait for all
    threads, which on a busy machine takes longer than the step itself.
    """

    def __init__(self, frames: Frames, run: Run, steps: int) -> None:
        self.frames, self.recipe, self.steps = frames, run.recipe, steps
        self.seed, self.epoch = run.draws, run.epoch

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> tuple[Batch, Tensor | None]:
        rng = random.Random(f"{self.seed}/{self.epoch}/{step}")
        if self.recipe.temporal_weight and step % PAIRS_EVERY == 0:
            pairs = random_pairs(self.frames, rng, self.recipe)
            if pairs is not None:
                return pairs
        return random_batch(self.frames, rng, self.recipe), None


def network(recipe: Recipe, learnt: bool) -> ToneNet | SeedNet:
    """The network of a recipe; with `learnt`, its trunk begins as the recipe has it."""
    return SeedNet() if recipe.seed_network else ToneNet(learnt and recipe.learnt_trunk)


def loaded_teacher(recipe: Recipe, file: Path | None) -> tuple[ToneNet | None, str]:
    """The teacher that a recipe wants, and its file's hash; none and "" where it wants none."""
    if not recipe.distilled:
        return None, ""
    if file is None:
        raise SystemExit("distilled: give the exported network to learn from with --teacher")
    teacher = ToneNet()
    load_weights(teacher, file)
    return teacher.eval().to(memory_format=torch.channels_last), sha256_of(file)


class Run:
    """A training run that can be stored and resumed between epochs."""

    def __init__(
        self,
        seed: int,
        peak: float,
        recipe: Recipe,
        begin: Path | None = None,
        teacher: Path | None = None,
    ) -> None:
        """A run of random weights and a learnt trunk, or of those in an exported file.

        The teacher of a recipe that wants one is an exported file, too.
        """
        torch.manual_seed(seed)
        self.seed, self.peak, self.recipe = seed, peak, recipe
        # The file's hash: another file of the same name is another run.
        self.begun = "" if begin is None else sha256_of(begin)
        self.net = network(recipe, learnt=begin is None)
        if begin is not None:
            load_weights(self.net, begin)
        self.net.to(memory_format=torch.channels_last)
        self.teacher, self.taught = loaded_teacher(recipe, teacher)
        self.average = network(recipe, learnt=False)
        self.average.load_state_dict(self.net.state_dict())
        # Beside the network, for it is no part of what is averaged and exported.
        self.maps = nn.Conv2d(WIDTHS[0], 4 * KEY_MAPS, 1)
        trunk, others = [], list(self.maps.parameters())
        for name, parameter in self.net.named_parameters():
            (trunk if name.startswith("trunk.") else others).append(parameter)
        share = TRUNK_RATE if recipe.learnt_trunk else 1.0
        groups = [{"params": others, "share": 1.0}, {"params": trunk, "share": share}]
        self.optimizer = torch.optim.AdamW(groups, peak, weight_decay=0.01)
        self.epoch = self.step = 0
        self.seconds = 0.0
        self.log: list[dict[str, Any]] = []

    @property
    def draws(self) -> str:
        """What lights, looks and crops are drawn by: others than those of the run before."""
        return f"{self.seed}{self.begun[:8]}"

    def save(self, path: Path, data: str) -> None:
        """Stores the run whole or not at all."""
        state = {
            "seed": self.seed,
            "epoch": self.epoch,
            "step": self.step,
            "seconds": self.seconds,
            "data_hash": data,
            "recipe": asdict(self.recipe),
            "peak": self.peak,
            "begun": self.begun,
            "taught": self.taught,
            "log": self.log,
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "maps": self.maps.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        store(state, path)

    def load(self, path: Path, data: str) -> None:
        """Takes up a stored run; one of another recipe, rate or data is refused."""
        state = restore(path)
        recipe, begun = Recipe(**state["recipe"]), state["begun"]
        if (recipe, state["seed"], begun) != (self.recipe, self.seed, self.begun):
            origin = f", begun from {begun[:16]}" if begun else ""
            stored = f"seed {state['seed']}, {recipe}{origin}"
            raise SystemExit(
                f"{path} is a run with {stored}; go on with it or choose another --out"
            )
        if state["data_hash"] != data:
            raise SystemExit(f"{path} was trained on other data; give its shots or another --out")
        # Runs of before have not stored it.
        if state.get("peak", self.peak) != self.peak:
            message = f"was trained at a rate of {state['peak']:g}; give that, or another --out"
            raise SystemExit(f"{path} {message}")
        if state.get("taught", "") != self.taught:
            raise SystemExit(f"{path} has another teacher; give its file or choose another --out")
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.maps.load_state_dict(state["maps"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.epoch, self.step, self.seconds = state["epoch"], state["step"], state["seconds"]
        self.log = state["log"]

    def set_to_learn(self) -> None:
        """Batch normalisation that an export has folded away is a bias: its statistics stay.

        Normalising each batch by its own again was tried, with statistics measured anew so that
        nothing changed at first: batches of so few crops take more than five minutes give back.
        """
        self.net.train()
        if self.begun:
            for module in self.net.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()

    def train_step(
        self,
        batch: Batch,
        motion: Tensor | None,
        progress: float,
        decay: float = AVERAGE_DECAY,
    ) -> float:
        """One step of the optimizer; returns the loss. With `motion` the batch holds pairs."""
        image = batch.image.contiguous(memory_format=torch.channels_last)
        subject = batch.mask.contiguous(memory_format=torch.channels_last)
        for group in self.optimizer.param_groups:
            group["lr"] = one_cycle(progress, self.peak) * group["share"]
        if self.recipe.learnt_trunk:
            self.net.trunk.hold(progress < THAW and not self.begun)
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            if self.recipe.maps_weight:
                decoded = self.net.decoded(image, subject)
                logits = functional.pixel_shuffle(self.net.head(decoded), 2)
                known = decoded.detach() if progress < MAPS_ALONE else decoded
                maps = functional.pixel_shuffle(self.maps(known), 2)
            else:
                logits, maps = self.net(image, subject), None
        loss = tone_loss(logits.float(), batch.target, batch.inside, self.recipe)
        if maps is not None:
            loss = loss + self.recipe.maps_weight * maps_loss(maps.float(), batch.maps)
        if self.teacher is not None:
            with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
                taught = self.teacher(image, subject).float()
            loss = loss + self.recipe.distilled * distillation_loss(logits.float(), taught)
        if motion is not None:
            steady = temporal_loss(logits.float(), batch.target, motion)
            loss = loss + self.recipe.temporal_weight * steady
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        follow(self.average, self.net, self.step, decay)
        return loss.item()


@torch.inference_mode()
def predictions(
    run: Run,
    frames: Frames,
    with_mask: bool,
    stride: int = 1,
    bias: NDArray[np.float32] | None = None,
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Labels of every `stride`-th of some whole frames, and the classes that the averaged weights
    find there, with constants on their logits (`balance.py`) or without."""
    net = run.average.eval()
    more = torch.zeros(len(CLASSES)) if bias is None else torch.from_numpy(bias)
    for pick in range(0, len(frames), stride):
        image, label = frames.image[pick], frames.label[pick]
        mask = frames.mask(pick) if with_mask else torch.full(label.shape, 0.5)
        seen = torch.cat([as_seen(image.float() / 255, run.recipe), mask])
        found = (whole_logits(net, seen) + more[:, None, None]).argmax(0)
        yield label[0].numpy(), found.to(torch.uint8).numpy()


def held_out_counts(run: Run, frames: Frames, with_mask: bool, stride: int = 1) -> Counts:
    """Confusion counts of the averaged weights over every `stride`-th of some whole frames."""
    counts = confusion(np.zeros(0, np.uint8), np.zeros(0, np.uint8))
    for label, found in predictions(run, frames, with_mask, stride):
        counts = counts + confusion(label, found)
    return counts


class Limits:
    """How far a run goes: epochs of some steps, or seconds of training."""

    def __init__(self, epochs: int, steps: int, minutes: float) -> None:
        self.epochs, self.steps, self.seconds = epochs, steps, minutes * 60

    @property
    def average_decay(self) -> float:
        """How much of the averaged weights a step leaves."""
        return max(0.0, min(AVERAGE_DECAY, 1 - AVERAGE_SHARE / (self.epochs * self.steps)))

    def progress(self, run: Run, more: float) -> float:
        """How much of the run is done, 0..1, when its epoch has taken `more` seconds."""
        by_step = run.step / (self.epochs * self.steps)
        return min(1.0, max(by_step, (run.seconds + more) / self.seconds))

    def reached(self, run: Run) -> bool:
        """Whether the run is at its end."""
        return run.epoch >= self.epochs or run.seconds >= self.seconds


def run_epoch(run: Run, frames: Frames, limits: Limits) -> float:
    """Trains for an epoch, or until the run is at its end; returns the mean loss."""
    if run.recipe.temporal_weight and all(motion is None for motion in frames.motion):
        raise SystemExit("temporal_weight: no shot has motion/ to pair frames by; add one")
    batches = EpochBatches(frames, run, limits.steps)
    run.set_to_learn()
    start, losses = time.perf_counter(), []
    for batch, motion in DataLoader(batches, batch_size=None, num_workers=1, prefetch_factor=6):
        progress = limits.progress(run, time.perf_counter() - start)
        losses.append(run.train_step(batch, motion, progress, limits.average_decay))
        if progress >= 1.0:
            break
    run.epoch += 1
    run.seconds += time.perf_counter() - start
    return sum(losses) / len(losses)
