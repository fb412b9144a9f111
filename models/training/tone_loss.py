"""What a training minimises: how far class shares are from those of the labels (needs torch)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from recipe import Recipe
from tone_classes import BACKGROUND, CAST_SHADOW, HIGHLIGHT

# Pixels on either side of a border that count as being at it.
BORDER_REACH = 2
# Crops with more highlight than this share do not teach it by so much more.
USUAL_HIGHLIGHT = 0.005
# How much more than others a pixel counts that shines, in the map of what does.
SHINE_WEIGHT = 4.0
# Shares closer to the extremes than this, and logarithms of them, say nothing.
LEAST_SHARE = 1e-6
# A class with less than this share of a batch's pixels is not there, for the Dice of soft labels:
# of so few pixels it is chance.
LEAST_PRESENT = 1e-4
# Answers are softened by this before they are held against a teacher's: what it finds second best
# is half of what it tells.
TEMPERATURE = 2.0


def tone_loss(logits: Tensor, target: Tensor, inside: Tensor, recipe: Recipe) -> Tensor:
    """Weighted cross-entropy, plus the mean Dice loss over all pixels and over the subject's.

    `logits` and `target` (shares that sum to 1, or 0 where nothing is known) are [N,5,H,W],
    `inside` is [N,H,W].
    """
    weights = torch.tensor(recipe.class_weights(), dtype=logits.dtype)[:, None, None]
    if recipe.even_highlights:
        weights = weights.expand(len(target), -1, -1, -1).clone()
        weights[:, HIGHLIGHT] *= highlight_share_weight(target)
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
    within = inside[:, None].to(share.dtype).expand_as(share)
    if recipe.soft_dice:
        within = within.clone()
        within[:, BACKGROUND] = 0
    dice = dice_loss(share, target, recipe) + dice_loss(share * within, target * within, recipe)
    return mean + recipe.dice_share / 2 * dice


def dice_loss(share: Tensor, truth: Tensor, recipe: Recipe) -> Tensor:
    """The mean Dice loss of the classes that the batch holds (Milletari et al. 2016).

    With `soft_dice` it is 0 where shares are equal, not only where both are 0 or 1, and nowhere
    less (Wang et al., "Dice Semimetric Losses", 2023). With `even_highlights`, that of the
    highlight is the mean over the crops that have some.
    """
    there = truth.sum((2, 3))
    total = share.sum((2, 3)) + there
    if recipe.soft_dice:
        overlap = (total - (share - truth).abs().sum((2, 3))) / 2
        present = there.sum(0) > LEAST_PRESENT * truth[:, 0].numel()
    else:
        overlap = (share * truth).sum((2, 3))
        present = there.sum(0) > 0
    dice = _dice(overlap.sum(0), total.sum(0))
    if recipe.even_highlights and present[HIGHLIGHT]:
        lit = there[:, HIGHLIGHT] > 0
        each = _dice(overlap[lit, HIGHLIGHT], total[lit, HIGHLIGHT])
        dice = torch.cat([dice[:HIGHLIGHT], each.mean()[None], dice[HIGHLIGHT + 1 :]])
    return dice[present].mean() if present.any() else dice.sum() * 0


def _dice(overlap: Tensor, total: Tensor) -> Tensor:
    return 1 - (2 * overlap + 1) / (total + 1)


def maps_loss(logits: Tensor, maps: Tensor) -> Tensor:
    """Cross-entropy of the three maps [N,3,H,W] that `maps` [N,4,H,W] (`relight.MAPS`) begins with.

    Where there is no surface there is nothing to tell, and where no key falls nothing holds it
    back. Shining pixels are few.
    """
    truth, covered = maps[:, :3], maps[:, 3:]
    facing, _, shine = truth.split(1, 1)
    weight = torch.cat(
        [covered, covered * (2 * facing).clamp_max(1), covered * (1 + SHINE_WEIGHT * shine)], 1
    )
    entropy = functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    each = (entropy * weight).sum((0, 2, 3)) / weight.sum((0, 2, 3)).clamp_min(1)
    return each.mean()


def distillation_loss(logits: Tensor, taught: Tensor) -> Tensor:
    """How far softened shares are from a teacher's (Hinton et al. 2015), the mean over all pixels.

    Both are logits [N,5,H,W].
    """
    found = (logits / TEMPERATURE).log_softmax(1)
    wanted = (taught / TEMPERATURE).log_softmax(1)
    apart = (wanted.exp() * (wanted - found)).sum(1)
    return TEMPERATURE**2 * apart.mean()


def highlight_share_weight(target: Tensor) -> Tensor:
    """What the highlights of each crop weigh, [N,1,1]: less the more of the crop they are."""
    share = target[:, HIGHLIGHT].mean((1, 2), keepdim=True)
    return (USUAL_HIGHLIGHT / share.clamp_min(USUAL_HIGHLIGHT)).sqrt()


def at_border(target: Tensor) -> Tensor:
    """How much the shares change near each pixel, [N,H,W] in 0..1."""
    side = 2 * BORDER_REACH + 1
    most = functional.max_pool2d(target, side, 1, BORDER_REACH)
    least = -functional.max_pool2d(-target, side, 1, BORDER_REACH)
    # Where the known meets the unknown no classes do.
    known = -functional.max_pool2d(-target.sum(1, keepdim=True), side, 1, BORDER_REACH) > 0.5
    return ((most - least) * known).amax(1)
