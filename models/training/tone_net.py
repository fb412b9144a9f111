"""The tone network: from a frame and a subject mask to class logits (needs torch)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from lite_trunk import LEVELS, STEM, LiteTrunk
from tone_classes import CLASSES

# Pixel values as the trunk was taught with them; part of the graph, so that whoever runs the
# exported file passes plain ones.
IMAGE_MIDDLE = 127 / 255
IMAGE_SPREAD = 128 / 255
# Channels that look at the pixels themselves, beside the trunk, which soon forgets where they were.
FINE = 24
# Channels of the decoder at 1/2, 1/4 … 1/32 of the picture.
WIDTHS = (32, 48, 64, 96, 128)
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
    """U-Net over a trunk that may have learnt on photographs.

    It ends at half the picture's size: logits are four phases of a half-size picture (Shi et al.
    2016), so that the expensive full size is only ever touched by a reshuffle. No branch looks at a
    shape: the exporter traces one path, and a branch would hold only for the size that was traced.
    Padding to multiples of `STRIDE` is the caller's task.
    """

    def __init__(self, pretrained: bool = False) -> None:
        super().__init__()
        self.trunk = LiteTrunk().learnt() if pretrained else LiteTrunk()
        # Nothing at first: the trunk begins with what it knows.
        self.mask = nn.Conv2d(4, STEM, 1, bias=False)
        nn.init.zeros_(self.mask.weight)
        self.fine = Residual(4 * 4, FINE)
        deepest = WIDTHS[-1]
        self.bottom = nn.Sequential(
            _conv(LEVELS[-1], deepest, 1), nn.ReLU(), Residual(deepest, deepest)
        )
        self.surroundings = Surroundings(deepest)
        skips = (LEVELS[0] + FINE, *LEVELS[1:])
        down_to_up = range(len(WIDTHS) - 2, -1, -1)
        self.narrow = nn.ModuleList(_conv(WIDTHS[k + 1], WIDTHS[k], 1) for k in down_to_up)
        self.decoder = nn.ModuleList(Residual(skips[k] + WIDTHS[k], WIDTHS[k]) for k in down_to_up)
        self.head = nn.Conv2d(WIDTHS[0], 4 * len(CLASSES), 1)

    def forward(self, image: Tensor, subject: Tensor) -> Tensor:
        """Logits [N,5,H,W] from image [N,3,H,W] and subject [N,1,H,W], both in 0..1."""
        return functional.pixel_shuffle(self.head(self.decoded(image, subject)), 2)

    def decoded(self, image: Tensor, subject: Tensor) -> Tensor:
        """What the decoder ends with, [N,32,H/2,W/2]; see `forward`."""
        image, subject = centred(image, subject)
        skips = self.trunk(image, self.mask(functional.pixel_unshuffle(subject, 2)))
        fine = self.fine(functional.pixel_unshuffle(torch.cat([image, subject], 1), 2))
        return self.decode(skips, fine)

    def decode(self, skips: list[Tensor], fine: Tensor) -> Tensor:
        """The same, of the trunk's features and of what looks at the pixels, [N,24,H/2,W/2]."""
        skips[0] = torch.cat([skips[0], fine], 1)
        x = self.surroundings(self.bottom(skips.pop()))
        for narrow, block in zip(self.narrow, self.decoder, strict=True):
            grown = functional.interpolate(narrow(x), scale_factor=2.0, mode="nearest")
            x = block(torch.cat([skips.pop(), grown], dim=1))
        return x


def centred(image: Tensor, subject: Tensor) -> tuple[Tensor, Tensor]:
    """Image and subject as the first layers see them.

    The subject is centred so that "unknown" (0.5) is zero: no mask is no evidence.
    """
    return (image - IMAGE_MIDDLE) * (1.0 / IMAGE_SPREAD), (subject - 0.5) * 2.0


def whole_logits(net: nn.Module, planes: Tensor) -> Tensor:
    """Logits [5,H,W] of image and subject [4,H,W], whatever the size."""
    padded = padded_to_stride(planes)[None]
    return net(padded[:, :3], padded[:, 3:])[0, :, : planes.shape[1], : planes.shape[2]]


def padded_to_stride(planes: Tensor) -> Tensor:
    """[C,H,W] with its borders repeated to multiples of the network's stride."""
    height, width = planes.shape[1:]
    pad = (0, -width % STRIDE, 0, -height % STRIDE)
    return functional.pad(planes[None], pad, mode="replicate")[0]
