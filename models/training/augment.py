"""Looks: what a camera, a grade and a codec do to a frame, drawn at random (needs torch).

Frames are display encoded; gains are applied in approximately linear light, where exposure and
white balance act.
"""

from __future__ import annotations

import io
import math
import random
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

DISPLAY_GAMMA = 2.2


@dataclass(frozen=True)
class Look:
    """One look. Zero blur, noise or JPEG quality mean none."""

    gains: tuple[float, float, float]
    gamma: float
    contrast: float
    saturation: float
    blur: float
    noise: float
    jpeg: int

    @staticmethod
    def draw(rng: random.Random) -> Look:
        """A random look; half of the crops keep their picture as rendered."""
        if rng.random() < 0.5:
            return Look((1, 1, 1), 1, 1, 1, 0, 0, 0)
        exposure = 2 ** rng.uniform(-0.9, 0.9)
        red, green, blue = (exposure * 2 ** rng.uniform(-0.25, 0.25) for _ in range(3))
        return Look(
            gains=(red, green, blue),
            gamma=2 ** rng.uniform(-0.4, 0.4),
            contrast=rng.uniform(0.8, 1.25),
            saturation=0.0 if rng.random() < 0.15 else rng.uniform(0.5, 1.4),
            blur=rng.uniform(0.4, 1.5) if rng.random() < 0.25 else 0.0,
            noise=rng.uniform(0.003, 0.04) if rng.random() < 0.4 else 0.0,
            jpeg=rng.randint(40, 95) if rng.random() < 0.2 else 0,
        )

    def apply(self, image: Tensor, rng: random.Random, frame: int = 0) -> Tensor:
        """The image [3,H,W] in this look, clipped to 0..1; every `frame` has noise of its own."""
        gains = torch.tensor(self.gains)[:, None, None]
        image = (image * gains ** (1 / DISPLAY_GAMMA)).clamp(0, 1)
        image = image**self.gamma
        image = (image - 0.5) * self.contrast + 0.5
        grey = image.mean(0, keepdim=True)
        image = grey + (image - grey) * self.saturation
        if self.blur:
            image = _blur(image, self.blur)
        if self.noise:
            source = torch.Generator().manual_seed(rng.getrandbits(31) + frame)
            image = image + self.noise * torch.randn(image.shape, generator=source)
        image = image.clamp(0, 1)
        return _jpeg(image, self.jpeg) if self.jpeg else image


def regraded(image: Tensor, rng: random.Random) -> Tensor:
    """The image [3,H,W] with another exposure and balance, clipped to 0..1 before and after."""
    warm, green = rng.gauss(0, 0.35), rng.gauss(0, 0.1)
    stops = rng.uniform(-2, 2)
    gains = torch.tensor([2 ** (stops + warm), 2 ** (stops + green), 2 ** (stops - warm)])
    low = image / 12.92
    linear = torch.where(image <= 0.04045, low, ((image + 0.055) / 1.055) ** 2.4)
    linear = (linear * gains[:, None, None]).clamp(0, 1)
    high = 1.055 * linear.clamp_min(0.0031308) ** (1 / 2.4) - 0.055
    return torch.where(linear <= 0.0031308, 12.92 * linear, high)


def spoil_mask(subject: Tensor, rng: random.Random) -> Tensor:
    """A subject mask as artists hand it over: grown, shrunk or soft by a few pixels."""
    if rng.random() < 0.5:
        return subject
    reach = rng.choice((3, 5))
    grown = functional.max_pool2d(subject[None], reach, 1, reach // 2)[0]
    shrunk = -functional.max_pool2d(-subject[None], reach, 1, reach // 2)[0]
    chosen = rng.choice((grown, shrunk, subject))
    return _blur(chosen, rng.uniform(0.5, 2.0)) if rng.random() < 0.5 else chosen


def _blur(image: Tensor, sigma: float) -> Tensor:
    reach = math.ceil(2.5 * sigma)
    steps = torch.arange(-reach, reach + 1, dtype=torch.float32)
    kernel = torch.exp(-0.5 * (steps / sigma) ** 2)
    kernel /= kernel.sum()
    padded = functional.pad(image[None], (reach,) * 4, mode="replicate")[0][:, None]
    rows = functional.conv2d(padded, kernel[None, None, :, None])
    return functional.conv2d(rows, kernel[None, None, None, :])[:, 0]


def _jpeg(image: Tensor, quality: int) -> Tensor:
    pixels = (image * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="JPEG", quality=quality)
    decoded = np.asarray(Image.open(stream), np.float32) / 255
    return torch.from_numpy(decoded).permute(2, 0, 1)
