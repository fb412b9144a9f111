"""Neighbouring frames as training pairs, and what keeps their answers alike (needs torch).

The loss is the motion-guided one of ETC (Liu et al. 2020): the answer of the next frame, fetched
along the motion, should be this frame's answer. Where the labels themselves differ along it, by an
occlusion or a shadow that moves over a surface, nothing is asked.
"""

from __future__ import annotations

import random

import torch
from torch import Tensor
from torch.nn import functional

from recipe import Recipe
from shot_dataset import CROPS, Batch, Frames, Place, crop, stacked

# How fast the demand fades where labels differ along the motion.
DOUBT = 8.0


def random_pairs(frames: Frames, rng: random.Random, recipe: Recipe) -> tuple[Batch, Tensor] | None:
    """A batch whose first half are crops of frames and whose second half are their followers.

    With it comes the motion [N,2,S,S] between them, in pixels of the crops. None where no frame has
    a known motion. Both crops of a pair have the same place and look, but for its
    noise, and masks that are spoilt alike.
    """
    followed = [k for k, motion in enumerate(frames.motion) if motion is not None]
    if not followed:
        return None
    side, count = rng.choice(CROPS)
    weights = [frames.weight[k] for k in followed]
    now, after, motions = [], [], []
    for pick in rng.choices(followed, weights, k=count // 2):
        place, fate = Place.draw(frames, pick, side, rng), rng.getrandbits(32)
        now.append(crop(frames, pick, place, random.Random(fate), recipe))
        after.append(crop(frames, pick + 1, place, random.Random(fate), recipe, after=1))
        motion = frames.motion[pick]
        assert motion is not None
        motions.append(laid_motion(motion, place))
    return stacked(now + after), torch.stack(motions)


def laid_motion(motion: Tensor, place: Place) -> Tensor:
    """The motion [2,H,W] of a frame as that of a crop of it: shorter in a smaller one, mirrored."""
    laid = place.laid(place.cut(motion)) * (place.side / place.window)
    turned = [-1.0 if axis in place.flips else 1.0 for axis in (-1, -2)]
    return laid * torch.tensor(turned)[:, None, None]


def fetched(planes: Tensor, motion: Tensor) -> tuple[Tensor, Tensor]:
    """Planes [N,C,S,S] of the next frame where pixels move to, and which of them are in it."""
    height, width = planes.shape[2:]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    at_x, at_y = x + motion[:, 0], y + motion[:, 1]
    grid = torch.stack([(2 * at_x + 1) / width - 1, (2 * at_y + 1) / height - 1], -1)
    there = functional.grid_sample(planes, grid, padding_mode="border", align_corners=False)
    return there, (grid.abs() <= 1).all(-1)


def temporal_loss(logits: Tensor, target: Tensor, motion: Tensor) -> Tensor:
    """Mean squared difference of shares along the motion, where the labels stay what they are."""
    now, after = logits.softmax(1).chunk(2)
    label_now, label_after = target.chunk(2)
    carried, inside = fetched(torch.cat([after, label_after], 1), motion)
    share, label = carried.chunk(2, 1)
    steady = torch.exp(-DOUBT * (label_now - label).abs().sum(1)) * inside
    return ((now - share).square().sum(1) * steady).sum() / steady.sum().clamp_min(1)
