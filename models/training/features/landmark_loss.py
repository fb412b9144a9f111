"""What E[P|I] is trained on: places, votes, expected error, what is seen (needs torch)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from features.landmark_net import STRIDE, LandmarkNet

# Wing loss (Feng et al. 2018) in pixels of the crop: beyond this it is linear, below it steepens.
WING_PX, BEND_PX = 8.0, 1.0
# Standard deviation of the target of the cells' weights, in cells.
SPREAD = 0.8
WEIGHTS = {"places": 0.3, "votes": 0.5, "error": 0.1, "visible": 0.5, "presence": 0.5}


@dataclass
class CropBatch:
    """Crops with their truth. Places are shares of the crop."""

    image: Tensor  # uint8 [n,S,S,3]
    places: Tensor  # [n,P,2]
    weight: Tensor  # [n,P] of the places
    visible: Tensor  # [n,P] 0 or 1
    present: Tensor  # [n,K] 0 or 1; below 0 where the crop does not show it

    def picture(self, device: torch.device) -> Tensor:
        """What the network sees [n,3,S,S]."""
        planes = self.image.to(device).permute(0, 3, 1, 2).float() / 255
        return planes.contiguous(memory_format=torch.channels_last)


def wing(distance: Tensor) -> Tensor:
    """Wing loss of distances in pixels."""
    scale = torch.log1p(torch.tensor(WING_PX / BEND_PX))
    near = WING_PX * torch.log1p(distance / BEND_PX) / scale
    return torch.where(distance < WING_PX, near, distance)


def vote_loss(votes: Tensor, net: LandmarkNet, places: Tensor) -> Tensor:
    """Cross-entropy [n,P] of the cells' weights to a small Gaussian about the place; that of a
    place outside the crop is about the nearest cell."""
    cells = net.size // STRIDE
    inside = places.clamp(0.5 / cells, 1 - 0.5 / cells)
    away = ((net.cells[None, None] - inside[..., None]) * cells).square().sum(2)
    target = torch.softmax(-away / (2 * SPREAD**2), -1)
    return -(target * torch.log_softmax(votes[:, :, 0], -1)).sum(-1)


def landmark_loss(net: LandmarkNet, batch: CropBatch, device: torch.device) -> dict[str, Tensor]:
    """Every part, weighted; their sum is trained on."""
    with torch.autocast(device.type, dtype=torch.bfloat16):
        votes, presence = net.maps(batch.picture(device))
    votes, presence = votes.float(), presence.float()
    places, weight = batch.places.to(device), batch.weight.to(device)
    visible, present = batch.visible.to(device), batch.present.to(device)
    found, error, seen = net.decoded(votes)
    distance = torch.linalg.norm(found - places, dim=-1)
    total = weight.sum().clamp(min=1)
    off = distance.detach()
    shown = (present >= 0).float()
    parts = {
        "places": (wing(distance * net.size) * weight).sum() / total,
        "votes": (vote_loss(votes, net, places) * weight).sum() / total,
        # The mean of an exponential distribution: the expected distance.
        "error": ((off / error + torch.log(error)) * weight).sum() / total,
        "visible": functional.binary_cross_entropy_with_logits(seen, visible),
        "presence": functional.binary_cross_entropy_with_logits(
            net.there(presence, seen), present.clamp(min=0), weight=shown
        ),
    }
    return {name: WEIGHTS[name] * part for name, part in parts.items()}
