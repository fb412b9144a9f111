"""Another cheap look at crops that were costly to make (needs torch).

Making a crop takes a processor longer than a training step does. Each is used a few times, turned,
moved, scaled, flipped and colored anew; after data echoing (Choi et al. 2019).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from features.crops import MARGIN, OUTSIDE
from features.landmark_loss import CropBatch
from features.recolor import recolored
from puppet.topology import Topology

TURN, ZOOM, SHIFT = 0.15, 0.10, 0.035  # standard deviations: radians, logarithm, shares of the crop
GAMMA, TINT = 0.2, 0.05


def varied(batch: CropBatch, random: torch.Generator, topology: Topology) -> CropBatch:
    """The crops again, a little different."""
    count = len(batch.image)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=random)

    angle, zoom = TURN * normal(count), torch.exp(ZOOM * normal(count))
    c, s = torch.cos(angle) * zoom, torch.sin(angle) * zoom
    # From places in the new crop to places in the old one, both about the middle.
    back = torch.stack([torch.stack([c, -s], -1), torch.stack([s, c], -1)], -2)
    shift = SHIFT * normal(count, 2)
    grid = functional.affine_grid(
        torch.cat([back, 2 * shift[..., None]], -1),
        [count, 3, *batch.image.shape[1:3]],
        align_corners=False,
    )
    planes = batch.image.permute(0, 3, 1, 2).float() / 255
    moved = functional.grid_sample(planes, grid, padding_mode="border", align_corners=False)
    gamma = torch.exp(GAMMA * normal(count, 1, 1, 1))
    tint = 1 + TINT * normal(count, 3, 1, 1)
    moved = (recolored(moved, random).clamp(1e-4, 1) ** gamma * tint).clamp(0, 1)
    forth = torch.linalg.inv(back).transpose(1, 2)
    places = (batch.places - 0.5 - shift[:, None]) @ forth + 0.5
    inside = ((places > 0) & (places < 1)).all(-1)
    far = ((places < -MARGIN) | (places > 1 + MARGIN)).any(-1)
    made = CropBatch(
        image=(moved * 255 + 0.5).to(torch.uint8).permute(0, 2, 3, 1),
        places=places,
        weight=torch.where(far, batch.weight.clamp(max=OUTSIDE), batch.weight),
        visible=batch.visible * inside,
        present=_shown(batch.present, inside, topology),
    )
    return half_flipped(made, torch.rand(count, generator=random) < 0.5, topology)


def _shown(present: Tensor, inside: Tensor, topology: Topology) -> Tensor:
    """-1 where all of a shape's points have left the crop."""
    any_inside = [inside[:, kind.bound()[1]].any(1) for kind in topology.shapes]
    gone = torch.full_like(present, -1)
    return torch.where(torch.stack(any_inside, 1), present, gone)


def half_flipped(batch: CropBatch, chosen: Tensor, topology: Topology) -> CropBatch:
    """Left for right where `chosen` [n] says so: points and shapes change names."""
    order = list(topology.mirror)
    shapes = list(topology.shape_mirror)
    mirrored = batch.places[:, order] * torch.tensor([-1.0, 1.0]) + torch.tensor([1.0, 0.0])
    one, two = chosen[:, None], chosen[:, None, None]
    return CropBatch(
        image=torch.where(two[..., None], batch.image.flip(2), batch.image),
        places=torch.where(two, mirrored, batch.places),
        weight=torch.where(one, batch.weight[:, order], batch.weight),
        visible=torch.where(one, batch.visible[:, order], batch.visible),
        present=torch.where(one, batch.present[:, shapes], batch.present),
    )
