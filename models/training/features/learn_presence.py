"""What landmarks that are seen say of shapes, learnt last and alone (needs torch).

The picture as a whole tells badly that a hat covers a brow; its landmarks tell it well. With all
else fixed this is a logistic regression: convex, and done in seconds.
"""

from __future__ import annotations

import torch
from torch.nn import functional

from features.crop_batches import EpochCrops, loaded
from features.landmark_net import LandmarkNet

ROUNDS = 60
# Of the squares of the weights, for each answer.
DECAY = 1e-3


def settle_presence(
    net: LandmarkNet, crops: EpochCrops, workers: int, device: torch.device
) -> dict[str, float]:
    """Fits `of_seen` to crops; the mean cross-entropy before and after."""
    pictures, landmarks, truth = [], [], []
    net.eval()
    with torch.no_grad():
        for batch in loaded(crops, workers):
            votes, presence = net.maps(batch.picture(device))
            pictures.append(presence)
            landmarks.append(net.decoded(votes)[2])
            truth.append(batch.present.to(device))
    presence, seen, present = torch.cat(pictures), torch.cat(landmarks), torch.cat(truth)
    layer, shown = net.of_seen, (present >= 0).float()

    def entropy() -> torch.Tensor:
        logits = net.there(presence, seen)
        each = functional.binary_cross_entropy_with_logits(
            logits, present.clamp(min=0), weight=shown, reduction="sum"
        )
        return each / shown.sum().clamp(min=1)

    before = float(entropy().detach())
    optimizer = torch.optim.LBFGS(
        layer.parameters(), max_iter=ROUNDS, line_search_fn="strong_wolfe"
    )

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        total = entropy() + DECAY * layer.weight.square().sum()
        total.backward()
        return total

    optimizer.step(closure)
    return {"before": before, "after": float(entropy().detach())}
