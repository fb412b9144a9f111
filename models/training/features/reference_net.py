"""The founding document's E[P|I] as a measure: coordinates regressed directly (needs torch).

Its EfficientNet is our trunk here, so that nothing but the way of answering differs: pooled, dense,
two numbers for each landmark; weighted L1 (w_valid, w_part and w_point are the crops' weights).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from features.landmark_loss import CropBatch
from features.landmark_net import CropNet

DENSE = 256


class DirectNet(CropNet):
    """Crops [n,3,S,S] to values [n,4,1,P+K] like the landmark network's; it knows no errors, and
    takes everything for visible and present."""

    def __init__(self, landmarks: int, shapes: int, size: int = 128, **more: Any) -> None:
        super().__init__(landmarks, shapes, size, **more)
        widths = self.widths
        # The map of stride 32 as it is: a mean over it would not know where anything was.
        cells = (size // 32) ** 2
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Linear(widths[4] * cells, DENSE),
            nn.ReLU(inplace=True),
            nn.Linear(DENSE, 2 * landmarks),
        )
        nn.init.constant_(self.head[-1].bias, 0.5)

    def places(self, image: Tensor) -> Tensor:
        """Shares of the crop [n,P,2]."""
        return self.head(self.trunk(image)[2]).reshape(-1, self.landmarks, 2)

    def forward(self, image: Tensor) -> Tensor:
        places = self.places(image)
        rest = torch.ones_like(places) * places.new_tensor([0.01, 1.0])
        points = torch.cat([places, rest], -1)
        shapes = torch.ones_like(points[:, :1]).expand(-1, self.shapes, -1)
        return torch.cat([points, shapes], 1).transpose(1, 2)[:, :, None]


def direct_loss(net: DirectNet, batch: CropBatch, device: torch.device) -> dict[str, Tensor]:
    """The document's loss: weighted absolute differences, in pixels of the crop."""
    with torch.autocast(device.type, dtype=torch.bfloat16):
        found = net.places(batch.picture(device))
    weight = batch.weight.to(device)
    off = (found.float() - batch.places.to(device)).abs().sum(-1) * net.size
    return {"places": (off * weight).sum() / weight.sum().clamp(min=1)}
