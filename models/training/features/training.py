"""A network on its way: schedule, averaged weights, log, what is stored and resumed (torch)."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from checkpoint import restore, store
from features.plot import plot_losses
from schedule import follow, one_cycle

Losses = dict[str, Tensor]


@dataclass(frozen=True)
class Plan:
    """How far a run goes, whichever limit it reaches first, and how fast it learns."""

    seed: int = 1
    peak: float = 2e-3  # learning rate
    minutes: float = 40.0
    epochs: int = 1000
    steps: int = 100  # of an epoch
    decay: float = 0.998  # of the averaged weights
    trunk_rate: float = 1.0  # of parameters under `trunk.`, in shares of the others'
    keep_norms: bool = False  # batch normalisation keeps its statistics


def device_of(name: str = "") -> torch.device:
    """The device asked for, else a GPU if there is one."""
    return torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))


class Training:
    """Trains `net` by a plan; everything is stored after each epoch and taken up again."""

    def __init__(
        self, net: nn.Module, plan: Plan, device: torch.device, facts: dict[str, Any]
    ) -> None:
        self.plan, self.device, self.facts = plan, device, facts
        self.net = net.to(device, memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.net)
        trunk = [p for name, p in net.named_parameters() if name.startswith("trunk.")]
        others = [p for name, p in net.named_parameters() if not name.startswith("trunk.")]
        groups = [{"params": others, "share": 1.0}, {"params": trunk, "share": plan.trunk_rate}]
        self.optimizer = torch.optim.AdamW(
            [group for group in groups if group["params"]], plan.peak, weight_decay=0.02
        )
        self.epoch = self.step = 0
        self.seconds = 0.0
        self.log: list[dict[str, Any]] = []

    def save(self, path: Path) -> None:
        """Stores the run whole or not at all."""
        state = {
            "plan": asdict(self.plan),
            "facts": self.facts,
            "epoch": self.epoch,
            "step": self.step,
            "seconds": self.seconds,
            "log": self.log,
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        store(state, path)

    def load(self, path: Path) -> None:
        """Takes up a stored run of the same network; limits may have moved."""
        state = restore(path)
        for name in ("kind", "arguments"):
            if state["facts"].get(name) != self.facts.get(name):
                raise SystemExit(f"{path} is a run of another network; choose another --work")
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.epoch, self.step, self.seconds = state["epoch"], state["step"], state["seconds"]
        self.log = state["log"]

    def progress(self, more: float) -> float:
        """How much of the run is done, 0..1, when its epoch has taken `more` seconds."""
        by_step = self.step / (self.plan.epochs * self.plan.steps)
        return min(1.0, max(by_step, (self.seconds + more) / (60 * self.plan.minutes)))

    def train_step(self, losses: Losses, progress: float) -> dict[str, float]:
        """One step of the optimizer."""
        for group in self.optimizer.param_groups:
            group["lr"] = one_cycle(progress, self.plan.peak) * group["share"]
        total = torch.stack(list(losses.values())).sum()
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 2.0)
        self.optimizer.step()
        self.step += 1
        follow(self.average, self.net, self.step, self.plan.decay)
        return {name: float(part.detach()) for name, part in losses.items()}

    def run(
        self,
        checkpoint: Path,
        batches: Callable[[int], Iterable[Any]],
        loss: Callable[[nn.Module, Any], Losses],
        check: Callable[[nn.Module], dict[str, float]] | None = None,
        check_every: int = 5,
    ) -> nn.Module:
        """Trains to the end of the plan; returns the averaged network, ready to infer."""
        if checkpoint.exists():
            self.load(checkpoint)
            print(f"{checkpoint.stem}: taken up after epoch {self.epoch}", flush=True)
        while self.progress(0.0) < 1.0:
            self._epoch(batches(self.epoch), loss)
            if check is not None and (self.epoch % check_every == 0 or self.progress(0.0) >= 1.0):
                self.log[-1] |= check(self.average.eval())
            self.save(checkpoint)
            plot_losses(self.log, checkpoint.with_suffix(".png"))
            print(json.dumps(self.log[-1]), flush=True)
        return self.average.eval()

    def _epoch(self, batches: Iterable[Any], loss: Callable[[nn.Module, Any], Losses]) -> None:
        start, sums, count = time.perf_counter(), {}, 0
        self.net.train()
        if self.plan.keep_norms:
            for module in self.net.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()
        for batch in batches:
            progress = self.progress(time.perf_counter() - start)
            for name, value in self.train_step(loss(self.net, batch), progress).items():
                sums[name] = sums.get(name, 0.0) + value
            count += 1
            if progress >= 1.0:
                break
        self.epoch += 1
        self.seconds += time.perf_counter() - start
        means = {name: round(value / max(count, 1), 4) for name, value in sums.items()}
        facts = {"epoch": self.epoch, "step": self.step, "seconds": round(self.seconds)}
        self.log.append(facts | {"loss": round(sum(means.values()), 4)} | means)
