"""The network of the founding document, as a measure for ours; nothing of it is shipped.

U-Net of 64 to 1024 channels: double 3x3 convolutions without bias, batch normalisation, ReLU, 2x2
maximum pooling, 2x2 transposed convolutions, concatenated skips, a 1x1 convolution to five classes.
It sees grey frames and no subject. 31.0 M parameters.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from labels import REC709_LUMA
from tone_classes import CLASSES

WIDTHS = (64, 128, 256, 512, 1024)
# Height and width must be multiples of this.
STRIDE = 16


def _double(inputs: int, outputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for channels in (inputs, outputs):
        layers += [
            nn.Conv2d(channels, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(*layers)


class SeedNet(nn.Module):
    """Takes the inputs of `ToneNet`, so that one program trains, exports and scores both."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("luma", torch.tensor(REC709_LUMA)[None, :, None, None])
        self.down = nn.ModuleList(
            _double(inputs, outputs) for inputs, outputs in zip((1, *WIDTHS), WIDTHS, strict=False)
        )
        self.pool = nn.MaxPool2d(2)
        pairs = list(zip(WIDTHS[:0:-1], WIDTHS[-2::-1], strict=True))
        self.grow = nn.ModuleList(
            nn.ConvTranspose2d(deep, wide, 2, stride=2) for deep, wide in pairs
        )
        self.up = nn.ModuleList(_double(2 * wide, wide) for _, wide in pairs)
        self.head = nn.Conv2d(WIDTHS[0], len(CLASSES), 1)

    def forward(self, image: Tensor, subject: Tensor) -> Tensor:
        """Logits [N,5,H,W] from image [N,3,H,W] in 0..1; `subject` [N,1,H,W] is not looked at."""
        x = (image * self.luma).sum(1, keepdim=True) + 0.0 * subject
        skips: list[Tensor] = []
        for block in self.down[:-1]:
            x = block(x)
            skips.append(x)
            x = self.pool(x)
        x = self.down[-1](x)
        for grow, block in zip(self.grow, self.up, strict=True):
            x = block(torch.cat([skips.pop(), grow(x)], dim=1))
        return self.head(x)
