"""Labelled shots in memory, and random crops of them as training batches (needs torch)."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from augment import Look, spoil_mask
from shot_folder import data_hash, find_shots, frame_numbers, frame_path, load_png, read_shot

# Crop side and batch size: equal work each. Small crops reach small scales (a crop cannot show more
# than the frame), large ones show the network whole objects with their shadows.
CROPS = ((128, 24), (192, 10), (256, 6))
LARGEST_SCALE = 2.0
NO_MASK_SHARE = 0.5


@dataclass(frozen=True)
class Frames:
    """All frames of one split. `weight` evens out long and short shots."""

    image: list[Tensor]  # uint8 [3,H,W]
    label: list[Tensor]  # uint8 [1,H,W]
    subject: list[Tensor]  # uint8 [1,H,W]
    weight: list[float]
    shots: list[Path]
    hash: str

    def __len__(self) -> int:
        return len(self.image)


def load_split(root: Path, split: str) -> Frames:
    """Reads every finished frame of the shots of a split."""
    shots = [shot for shot in find_shots(root) if read_shot(shot)["split"] == split]
    image, label, subject, weight = [], [], [], []
    for shot in shots:
        numbers = frame_numbers(shot)
        for number in numbers:
            rgb = load_png(frame_path(shot, "frames", number))
            image.append(torch.from_numpy(np.ascontiguousarray(rgb.transpose(2, 0, 1))))
            label.append(
                torch.from_numpy(load_png(frame_path(shot, "labels", number)).copy())[None]
            )
            mask = load_png(frame_path(shot, "subject", number))
            subject.append(torch.from_numpy(mask.copy())[None])
            # Neighbouring frames of a long shot say nearly the same; a new scene says more.
            weight.append(1 / math.sqrt(len(numbers)))
    return Frames(image, label, subject, weight, shots, data_hash(shots))


# Image [N,3,S,S], the mask that the network sees [N,1,S,S], labels [N,S,S], and the pixels that are
# the subject's [N,S,S].
Batch = tuple[Tensor, Tensor, Tensor, Tensor]


def random_batch(frames: Frames, rng: random.Random) -> Batch:
    """A batch of random crops at random scales."""
    side, count = rng.choice(CROPS)
    picks = rng.choices(range(len(frames)), frames.weight, k=count)
    crops = [_random_crop(frames, pick, side, rng) for pick in picks]
    image, subject, label, inside = (torch.stack(parts) for parts in zip(*crops, strict=True))
    return image, subject, label[:, 0], inside[:, 0]


def _random_crop(frames: Frames, pick: int, side: int, rng: random.Random) -> Batch:
    height, width = frames.image[pick].shape[1:]
    smallest = side / min(height, width)
    scale = math.exp(rng.uniform(math.log(smallest), math.log(LARGEST_SCALE)))
    window = min(round(side / scale), height, width)
    y, x = rng.randint(0, height - window), rng.randint(0, width - window)
    part = (..., slice(y, y + window), slice(x, x + window))

    image = _resize(frames.image[pick][part].float() / 255, side)
    subject = _resize(frames.subject[pick][part].float() / 255, side)
    label = functional.interpolate(frames.label[pick][part][None].float(), (side, side))[0]
    flips = [axis for axis, share in ((-1, 0.5), (-2, 0.1)) if rng.random() < share]
    if flips:
        image, subject, label = (tensor.flip(flips) for tensor in (image, subject, label))

    inside = subject > 0.5
    image = Look.draw(rng).apply(image, rng)
    if rng.random() < NO_MASK_SHARE:
        subject = torch.full_like(subject, 0.5)
    else:
        subject = spoil_mask(subject, rng)
    return image, subject, label.long(), inside


def _resize(picture: Tensor, side: int) -> Tensor:
    resized = functional.interpolate(
        picture[None], (side, side), mode="bilinear", align_corners=False, antialias=True
    )
    return resized[0]
