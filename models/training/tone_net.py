"""The tone network: a small U-Net from a frame and a subject mask to class logits."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tone_classes import CLASSES

# About the middle and spread of display-encoded frames; part of the graph, so that whoever runs the
# exported file passes plain pixel values.
IMAGE_MIDDLE = 0.45
IMAGE_SPREAD = 0.25
LEVELS = 4


class DoubleConv(nn.Sequential):
    """Two 3x3 convolutions, each with batch normalisation and ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class ToneNet(nn.Module):
    """U-Net of four levels; height and width must be multiples of 16.

    No branch looks at a shape: the exporter traces one path, and a branch would hold only for the
    size that was traced. Padding is the caller's task.
    """

    def __init__(self, base: int = 16) -> None:
        super().__init__()
        self.base = base
        width = [base * 2**level for level in range(LEVELS + 1)]
        self.stem = DoubleConv(4, width[0])
        self.encoder = nn.ModuleList(
            DoubleConv(width[level], width[level + 1]) for level in range(LEVELS)
        )
        self.pool = nn.MaxPool2d(2)
        down_to_up = range(LEVELS - 1, -1, -1)
        self.upsample = nn.ModuleList(
            nn.ConvTranspose2d(width[level + 1], width[level], 2, stride=2) for level in down_to_up
        )
        self.decoder = nn.ModuleList(
            DoubleConv(2 * width[level], width[level]) for level in down_to_up
        )
        self.head = nn.Conv2d(width[0], len(CLASSES), 1)

    def forward(self, image: Tensor, subject: Tensor) -> Tensor:
        """Logits [N,5,H,W] from image [N,3,H,W] and subject [N,1,H,W], both in 0..1."""
        # The subject is centred so that "unknown" (0.5) is zero: no mask is no evidence.
        x = torch.cat([(image - IMAGE_MIDDLE) * (1.0 / IMAGE_SPREAD), (subject - 0.5) * 2.0], dim=1)
        x = self.stem(x)
        skips: list[Tensor] = []
        for block in self.encoder:
            skips.append(x)
            x = block(self.pool(x))
        for grow, block in zip(self.upsample, self.decoder, strict=True):
            x = block(torch.cat([skips.pop(), grow(x)], dim=1))
        return self.head(x)
