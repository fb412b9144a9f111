"""What a training minimises: how far class shares are from those of the labels (needs torch)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from recipe import Recipe
from tone_classes import CAST_SHADOW

# Pixels on either side of a border that count as being at it.
BORDER_REACH = 2
# Shares closer to the extremes than this, and logarithms of them, say nothing.
LEAST_SHARE = 1e-6


def tone_loss(logits: Tensor, target: Tensor, inside: Tensor, recipe: Recipe) -> Tensor:
    """Weighted cross-entropy, plus the mean Dice loss over all pixels and over the subject's.

    `logits` and `target` (shares that sum to 1, or 0 where nothing is known) are [N,5,H,W],
    `inside` is [N,H,W].
    """
    weights = torch.tensor(recipe.class_weights(), dtype=logits.dtype)[:, None, None]
    weighted = target * weights
    log_share = logits.log_softmax(1)
    entropy = -weighted * log_share
    if recipe.focal:
        entropy = entropy * (1 - log_share.exp()).clamp_min(LEAST_SHARE) ** recipe.focal
    on_form = inside & (target[:, CAST_SHADOW] > 0.5)
    more = torch.where(on_form, recipe.shadow_on_form_weight, 1.0)
    if recipe.border_weight:
        more = more * (1 + recipe.border_weight * at_border(target))
    mean = (entropy.sum(1) * more).sum() / (weighted.sum(1) * more).sum().clamp_min(LEAST_SHARE)
    if not recipe.dice_share:
        return mean
    share = log_share.exp() * (target.sum(1, keepdim=True) > 0)
    subject = inside[:, None].to(share.dtype)
    dice = dice_loss(share, target) + dice_loss(share * subject, target * subject)
    return mean + recipe.dice_share / 2 * dice


def dice_loss(share: Tensor, truth: Tensor) -> Tensor:
    """The mean Dice loss of the classes that the batch holds (Milletari et al. 2016)."""
    overlap = (share * truth).sum((0, 2, 3))
    total = share.sum((0, 2, 3)) + truth.sum((0, 2, 3))
    present = truth.sum((0, 2, 3)) > 0
    dice = 1 - (2 * overlap + 1) / (total + 1)
    return dice[present].mean() if present.any() else dice.sum() * 0


def at_border(target: Tensor) -> Tensor:
    """How much the shares change near each pixel, [N,H,W] in 0..1."""
    side = 2 * BORDER_REACH + 1
    most = functional.max_pool2d(target, side, 1, BORDER_REACH)
    least = -functional.max_pool2d(-target, side, 1, BORDER_REACH)
    # Where the known meets the unknown no classes do.
    known = -functional.max_pool2d(-target.sum(1, keepdim=True), side, 1, BORDER_REACH) > 0.5
    return ((most - least) * known).amax(1)
