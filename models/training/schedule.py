"""Learning rate and averaged weights of a training run (needs torch)."""

from __future__ import annotations

import math

import torch
from torch import nn

WARM_UP = 0.1


def one_cycle(progress: float, peak: float) -> float:
    """Learning rate at `progress` 0..1: up in a cosine, down in a cosine."""
    if progress < WARM_UP:
        return peak * (0.04 + 0.96 * (1 - math.cos(math.pi * progress / WARM_UP)) / 2)
    return peak * max(1e-3, (1 + math.cos(math.pi * (progress - WARM_UP) / (1 - WARM_UP))) / 2)


@torch.no_grad()
def follow(average: nn.Module, net: nn.Module, step: int, most: float) -> None:
    """Moves averaged weights; faster at first, when there is nothing worth averaging."""
    decay = min(most, (1 + step) / (10 + step))
    theirs = net.state_dict()
    for name, value in average.state_dict().items():
        if value.is_floating_point():
            value.lerp_(theirs[name], 1 - decay)
        else:
            value.copy_(theirs[name])
