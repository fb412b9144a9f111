"""What E[S|P] is trained on (needs torch)."""

from __future__ import annotations

import torch
from torch import Tensor

from features.shape_data import ShapeBatch
from features.shape_net import ShapeNet
from puppet.topology import Topology

# Handles shorter than this, in root mean squares of the face, count as this long.
SHORT = 0.02
TIMES = (0.15, 0.3, 0.5, 0.7, 0.85)
WEIGHTS = {"tangents": 1.0, "anchors": 2.0, "curves": 6.0, "filled": 2.0}


def spans(topology: Topology) -> list[tuple[int, int, bool]]:
    """First and last vertex of each shape, and whether it is closed."""
    found, start = [], 0
    for kind in topology.shapes:
        end = start + len(kind.landmarks)
        found.append((start, end, kind.closed))
        start = end
    return found


def points_along(vertices: Tensor, closed: bool, times: tuple[float, ...] = TIMES) -> Tensor:
    """Points [n,segments,times,2] of one shape's vertices [n,V,3,2]."""
    ahead = torch.roll(vertices, -1, 1)
    here = vertices
    if not closed:
        here, ahead = here[:, :-1], ahead[:, :-1]
    start, end = here[:, :, 0], ahead[:, :, 0]
    controls = torch.stack([start, start + here[:, :, 2], end + ahead[:, :, 1], end], 2)
    t = torch.tensor(times, device=vertices.device)
    s = 1 - t
    weights = torch.stack([s**3, 3 * s * s * t, 3 * s * t * t, t**3], -1)
    return torch.einsum("tc,nvcd->nvtd", weights, controls)


def shape_loss(net: ShapeNet, batch: ShapeBatch, topology: Topology) -> dict[str, Tensor]:
    """Every part, weighted; their sum is trained on.

    The caller puts anchors that are landmarks where those lie: curves are compared with the true
    anchors, so that handles answer for themselves alone.
    """
    found = net(batch.points)[:, :, 0].transpose(1, 2).unflatten(2, (3, 2))
    truth, weight = batch.vertices, batch.weight
    total = weight.sum()
    gap = torch.linalg.norm(found - truth, dim=-1)
    length = torch.linalg.norm(truth, dim=-1).clamp(min=SHORT)
    handles = (gap[:, :, 1:] / length[:, :, 1:]).clamp(max=4.0)
    curves = []
    for start, end, closed in spans(topology):
        given, there = found[:, start:end].clone(), truth[:, start:end]
        bound = [k is not None for k in _landmarks(topology, start)]
        given[:, bound, 0] = there[:, bound, 0]
        away = points_along(given, closed) - points_along(there, closed)
        curves.append((away.square().sum(-1) + 1e-8).sqrt().mean((1, 2)) * weight[:, start])
    hidden = 1 - batch.points[:, 2, 0]
    moved = torch.linalg.norm(net.filled(batch.points) - batch.places, dim=-1)
    parts = {
        "tangents": (handles.sum(-1) * weight).sum() / total,
        "anchors": (gap[:, :, 0] * weight).sum() / total,
        "curves": torch.stack(curves).mean(),
        "filled": (moved * hidden).sum() / hidden.sum().clamp(min=1),
    }
    return {name: WEIGHTS[name] * part for name, part in parts.items()}


def _landmarks(topology: Topology, start: int) -> tuple[int | None, ...]:
    """Landmarks of the shape whose first vertex is `start`."""
    at = 0
    for kind in topology.shapes:
        if at == start:
            return kind.landmarks
        at += len(kind.landmarks)
    raise ValueError(f"no shape starts at vertex {start}")
