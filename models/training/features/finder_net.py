"""A coarse finder of faces in whole frames: tiny, fully convolutional (needs torch)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from features.landmark_net import convolved

DILATIONS = (1, 2, 4, 8)
# Size of a face to begin with, as a share of the longer side.
USUAL = 0.2


class Wide(nn.Module):
    """A residual block whose first convolution looks far."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.first = nn.Sequential(
            nn.Conv2d(width, width, 3, 1, dilation, dilation, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
        )
        self.second = nn.Sequential(
            nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width)
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.second(self.first(x)))


class FinderNet(nn.Module):
    """Frames [n,3,H,W] to cells [n,4,H/16,W/16] as the manifest has them."""

    def __init__(self, widths: tuple[int, int, int, int] = (16, 24, 48, 80)) -> None:
        super().__init__()
        steps = zip((3, *widths[:-1]), widths, strict=True)
        self.trunk = nn.Sequential(
            *(convolved(a, b, 2) for a, b in steps), *(Wide(widths[-1], d) for d in DILATIONS)
        )
        self.head = nn.Conv2d(widths[-1], 4, 1)
        nn.init.constant_(self.head.bias, 0.0)
        with torch.no_grad():
            self.head.bias[0] = -4.0

    def cells(self, image: Tensor) -> Tensor:
        """Logits of the score, logarithms of the size over the usual one, dx, dy."""
        return self.head(self.trunk((image - 0.5) * 4))

    def forward(self, image: Tensor) -> Tensor:
        score, size, shift = self.cells(image).split((1, 1, 2), 1)
        return torch.cat([torch.sigmoid(score), USUAL * torch.exp(size), shift], 1)


def finder_loss(cells: Tensor, heat: Tensor, target: Tensor, near: Tensor) -> dict[str, Tensor]:
    """Penalty-reduced focal loss (Law and Deng 2018) of the score, L1 of the rest near a middle.

    `heat` [n,h,w] is 1 at middles and less about them, `target` [n,3,h,w], `near` [n,h,w] 0 or 1.
    """
    cells = cells.float()
    logit = cells[:, 0]
    chance = torch.sigmoid(logit)
    middle = (heat >= 1).float()
    hit = -functional.logsigmoid(logit) * (1 - chance).square() * middle
    miss = -functional.logsigmoid(-logit) * chance.square() * (1 - heat).pow(4) * (1 - middle)
    count = middle.sum().clamp(min=1)
    off = (cells[:, 1:] - target).abs().sum(1) * near
    return {
        "score": (hit.sum() + miss.sum()) / count,
        "place": 0.5 * off.sum() / near.sum().clamp(min=1),
    }
