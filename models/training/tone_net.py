"""The tone network: a small U-Net from a frame and a subject mask to class logits."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from tone_classes import CLASSES

# About the middle and spread of display-encoded frames; part of the graph, so that whoever runs the
# exported file passes plain pixel values.
IMAGE_MIDDLE = 0.45
IMAGE_SPREAD = 0.25
# Channels of the levels, in units of the first one's, and residual blocks of each. Levels stand at
# 1/2, 1/4 … 1/32 of the picture: whether light is kept from a surface by its own form or by another
# is seen from far around, and there depth costs little.
WIDTHS = (1, 2, 4, 6, 8)
BLOCKS = (1, 1, 1, 2, 2)
# Height and width of what the network sees must be multiples of this.
STRIDE = 32


def _conv(inputs: int, outputs: int, size: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, padding=size // 2, bias=False), nn.BatchNorm2d(outputs)
    )


class Residual(nn.Module):
    """Two 3x3 convolutions and the way past them."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first, self.second = _conv(inputs, outputs), _conv(outputs, outputs)
        self.past = _conv(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        inner = self.second(functional.relu(self.first(x)))
        return functional.relu(inner + self.past(x))


class Surroundings(nn.Module):
    """Tells every place what the whole picture holds: how dark it is, whence light comes."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gather = nn.Conv2d(channels, channels // 2, 1)
        self.spread = nn.Conv2d(channels // 2, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        whole = x.mean((2, 3), keepdim=True)
        return x + self.spread(functional.relu(self.gather(whole)))


class ToneNet(nn.Module):
    """U-Net of five levels that begins and ends at half the picture's size.

    The picture's pixels go in as four phases of a half-size picture and logits come out the same
    way (Shi et al. 2016), so that the expensive full size is only ever touched by a reshuffle.
    No branch looks at a shape: the exporter traces one path, and a branch would hold only for the
    size that was traced. Padding to multiples of `STRIDE` is the caller's task.
    """

    def __init__(self, base: int = 24) -> None:
        super().__init__()
        self.base = base
        width = [base * times for times in WIDTHS]
        self.stem = Residual(4 * 4, width[0])
        self.encoder = nn.ModuleList(
            nn.Sequential(
                Residual(width[level - 1], width[level]),
                *(Residual(width[level], width[level]) for _ in range(BLOCKS[level] - 1)),
            )
            for level in range(1, len(width))
        )
        self.surroundings = Surroundings(width[-1])
        down_to_up = range(len(width) - 2, -1, -1)
        self.narrow = nn.ModuleList(_conv(width[k + 1], width[k], 1) for k in down_to_up)
        self.decoder = nn.ModuleList(Residual(2 * width[k], width[k]) for k in down_to_up)
        self.head = nn.Conv2d(width[0], 4 * len(CLASSES), 1)

    def forward(self, image: Tensor, subject: Tensor) -> Tensor:
        """Logits [N,5,H,W] from image [N,3,H,W] and subject [N,1,H,W], both in 0..1."""
        # The subject is centred so that "unknown" (0.5) is zero: no mask is no evidence.
        x = torch.cat([(image - IMAGE_MIDDLE) * (1.0 / IMAGE_SPREAD), (subject - 0.5) * 2.0], dim=1)
        x = self.stem(functional.pixel_unshuffle(x, 2))
        skips: list[Tensor] = []
        for block in self.encoder:
            skips.append(x)
            x = block(functional.max_pool2d(x, 2))
        x = self.surroundings(x)
        for narrow, block in zip(self.narrow, self.decoder, strict=True):
            grown = functional.interpolate(narrow(x), scale_factor=2.0, mode="nearest")
            x = block(torch.cat([skips.pop(), grown], dim=1))
        return functional.pixel_shuffle(self.head(x), 2)
