"""E[P|I]: a crop of the picture to landmarks, as votes on a coarse map (needs torch).

Each cell of a map of stride 8 says, for every landmark, how likely it is the cell to ask, where the
landmark lies from it, how far off that may be and whether it is seen. The softmax over all cells of
the first weighs the others: sub-pixel, differentiable, and able to point outside of the crop. After
PIPNet (Jin et al. 2021) and integral regression (Sun et al. 2018).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

STRIDE = 8
# Reach of a cell's vote, in cells.
REACH = 4.0
VALUES = 5  # of a landmark in a cell: weight, x, y, error, visible
# Logits of being seen beyond this say no more of a shape's presence.
SURE = 4.0
# Smallest expected error, as a share of the crop.
LEAST_ERROR = 1e-3


def convolved(inward: int, outward: int, stride: int = 1) -> nn.Sequential:
    """A 3x3 convolution with batch normalisation and ReLU."""
    return nn.Sequential(
        nn.Conv2d(inward, outward, 3, stride, 1, bias=False),
        nn.BatchNorm2d(outward),
        nn.ReLU(inplace=True),
    )


class Residual(nn.Module):
    """Two 3x3 convolutions about a shortcut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = convolved(width, width)
        self.second = nn.Sequential(
            nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width)
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.second(self.first(x)))


def stage(inward: int, outward: int, blocks: int) -> nn.Sequential:
    """Half the size, then residual blocks."""
    return nn.Sequential(convolved(inward, outward, 2), *(Residual(outward) for _ in range(blocks)))


class Trunk(nn.Module):
    """A residual trunk; gives maps of strides 8, 16 and 32."""

    def __init__(self, widths: tuple[int, int, int, int, int], blocks: tuple[int, ...]) -> None:
        super().__init__()
        self.stem = convolved(3, widths[0], 2)
        self.stages = nn.ModuleList(
            stage(a, b, n) for a, b, n in zip(widths[:-1], widths[1:], blocks, strict=True)
        )

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = self.stages[0](self.stem((image - 0.5) * 4))
        eighth = self.stages[1](x)
        sixteenth = self.stages[2](eighth)
        return eighth, sixteenth, self.stages[3](sixteenth)


class CropNet(nn.Module):
    """What looks at square crops of `size` pixels: the trunk, and what it was made with."""

    def __init__(
        self,
        landmarks: int,
        shapes: int,
        size: int = 160,
        widths: tuple[int, int, int, int, int] = (16, 32, 48, 96, 128),
        blocks: tuple[int, ...] = (1, 2, 3, 2),
    ) -> None:
        super().__init__()
        self.landmarks, self.shapes, self.size, self.widths = landmarks, shapes, size, widths
        self.arguments = {
            "landmarks": landmarks,
            "shapes": shapes,
            "size": size,
            "widths": widths,
            "blocks": blocks,
        }
        self.trunk = Trunk(widths, blocks)


class LandmarkNet(CropNet):
    """Crops [n,3,S,S] to values [n,4,1,P+K] as the manifest has them."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        landmarks, shapes, widths = self.landmarks, self.shapes, self.widths
        neck = widths[2]
        self.from_32 = nn.Conv2d(widths[4], widths[3], 1)
        self.from_16 = nn.Sequential(Residual(widths[3]), nn.Conv2d(widths[3], neck, 1))
        self.joined = nn.Sequential(Residual(neck), convolved(neck, 2 * neck))
        self.votes = nn.Conv2d(2 * neck, VALUES * landmarks, 1)
        self.presence = nn.Sequential(
            nn.Linear(2 * widths[4], 96), nn.ReLU(inplace=True), nn.Linear(96, shapes)
        )
        # What landmarks that are seen say of shapes, on top of the picture as a whole.
        self.of_seen = nn.Linear(landmarks, shapes)
        nn.init.zeros_(self.of_seen.weight)
        nn.init.zeros_(self.of_seen.bias)
        nn.init.normal_(self.votes.weight, std=0.01)
        cells = self.size // STRIDE
        middle = (torch.arange(cells, dtype=torch.float32) + 0.5) / cells
        y, x = torch.meshgrid(middle, middle, indexing="ij")
        self.register_buffer("cells", torch.stack([x.flatten(), y.flatten()]), persistent=False)

    def maps(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Votes [n,P,VALUES,cells] and what the picture says of presence [n,K]."""
        eighth, sixteenth, deep = self.trunk(image)
        up = functional.interpolate(self.from_32(deep), scale_factor=2.0, mode="nearest")
        middle = self.from_16(sixteenth + up)
        joined = eighth + functional.interpolate(middle, scale_factor=2.0, mode="nearest")
        votes = self.votes(self.joined(joined))
        votes = votes.reshape(-1, self.landmarks, VALUES, (self.size // STRIDE) ** 2)
        pooled = torch.cat([deep.mean((2, 3)), deep.amax((2, 3))], 1)
        return votes, self.presence(pooled)

    def decoded(self, votes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Places [n,P,2] and expected errors [n,P] in shares of the crop, logits of being seen."""
        weight = torch.softmax(votes[:, :, 0], -1)[:, :, None]
        pooled = (votes[:, :, 1:] * weight).sum(-1)
        at = (weight * self.cells).sum(-1)
        places = at + pooled[:, :, :2] * (REACH * STRIDE / self.size)
        error = functional.softplus(pooled[:, :, 2] - 3) * 0.2 + LEAST_ERROR
        return places, error, pooled[:, :, 3]

    def there(self, presence: Tensor, seen: Tensor) -> Tensor:
        """Logits [n,K] of shapes being in the picture, from logits of `maps` and `decoded`."""
        return presence + self.of_seen(seen.detach().clamp(-SURE, SURE))

    def forward(self, image: Tensor) -> Tensor:
        votes, presence = self.maps(image)
        places, error, seen = self.decoded(votes)
        points = torch.cat([places, error[..., None], torch.sigmoid(seen)[..., None]], -1)
        there = torch.sigmoid(self.there(presence, seen))[..., None]
        shapes = torch.cat([torch.zeros_like(there).expand(-1, -1, 3), there], -1)
        return torch.cat([points, shapes], 1).transpose(1, 2)[:, :, None]
