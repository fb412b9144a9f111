"""Other colors for a batch of pictures: a face is one in any skin (needs torch)."""

from __future__ import annotations

import torch
from torch import Tensor

from labels import REC709_LUMA

# Shares of the pictures that lose their colors, and whose channels change places.
GREY, SWAPPED = 0.15, 0.25
# Standard deviation of what channels take from each other.
MIXED = 0.12
LUMA = torch.from_numpy(REC709_LUMA)


def recolored(planes: Tensor, random: torch.Generator) -> Tensor:
    """Pictures [n,3,H,W], 0 to 1, each through a color matrix of its own."""
    count = len(planes)
    order = torch.argsort(torch.rand((count, 3), generator=random), 1)
    swapped = torch.eye(3)[order]
    keeps = torch.rand((count, 1, 1), generator=random) >= SWAPPED
    matrix = torch.where(keeps, torch.eye(3), swapped)
    mix = MIXED * torch.randn((count, 3, 3), generator=random)
    # Rows go on summing to 1: grey stays grey.
    matrix = matrix + mix - mix.mean(2, keepdim=True)
    grey = torch.rand((count, 1, 1), generator=random) < GREY
    matrix = torch.where(grey, LUMA.expand(3, 3), matrix)
    return torch.einsum("nij,njhw->nihw", matrix, planes).clamp(0, 1)
