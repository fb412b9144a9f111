"""E[S|P]: landmarks to the vertices of all shapes, one small network per shape (needs torch).

A first network moves the points that are not visible to where the others want them. Then each shape
sees its own landmarks and a few near ones in its own frame (middle 0, root mean square 1), through
blocks that are given the input again, as the founding document has it. What is learnt is how far
handles depart from those of a Catmull-Rom curve, in lengths of the chord beside them.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from puppet.topology import Topology

# Squared lengths below this are taken for it, so that shapes shrunk to a point divide by something.
TINY = 1e-8


class Skipping(nn.Module):
    """[dense, ReLU, dense, ReLU, concatenate the input] x blocks, then dense, which starts at 0."""

    def __init__(self, inward: int, outward: int, width: int, blocks: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList()
        size = inward
        for _ in range(blocks):
            self.blocks.append(
                nn.Sequential(nn.Linear(size, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
            )
            size = width + inward
        self.last = nn.Linear(size, outward)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for block in self.blocks:
            y = torch.cat([block(y), x], -1)
        return self.last(y)


def uncrossed(anchors: Tensor, into: Tensor, out: Tensor, closed: bool) -> tuple[Tensor, Tensor]:
    """Handles [n,V,2] of which no two on a segment reach past each other along its chord."""
    following = torch.roll(anchors, -1, 1)
    chord = following - anchors
    length = chord.square().sum(-1).clamp(min=TINY)
    back = torch.roll(into, -1, 1)
    reach = torch.relu((out * chord).sum(-1)) + torch.relu(-(back * chord).sum(-1))
    fit = (length / reach.clamp(min=TINY)).clamp(max=1.0)[..., None]
    out, back = out * fit, back * fit
    into = torch.roll(back, 1, 1)
    if not closed:
        ends = torch.ones_like(into[:1, :, :1])
        first, last = ends.clone(), ends.clone()
        first[:, 0], last[:, -1] = 0, 0
        into, out = into * first, out * last
    return into, out


class OneShape(nn.Module):
    """One shape's network: completed points, their flags and the points as given to its vertices
    [n,V,6]."""

    def __init__(
        self,
        landmarks: tuple[int | None, ...],
        closed: bool,
        near: list[int],
        width: int,
        blocks: int,
    ) -> None:
        super().__init__()
        self.closed, self.count = closed, len(landmarks)
        own = [k for k in landmarks if k is not None]
        # Where a free vertex is, to begin with: at the mean of what the shape sees.
        self.register_buffer("seen", torch.tensor([*own, *near]), persistent=False)
        self.own = len(own)
        place = torch.zeros(self.count, len(own) + len(near))
        for vertex, landmark in enumerate(landmarks):
            if landmark is None:
                place[vertex] = 1 / place.shape[1]
            else:
                place[vertex, own.index(landmark)] = 1
        self.register_buffer("place", place, persistent=False)
        free = torch.tensor([float(k is None) for k in landmarks])
        self.register_buffer("free", free[None, :, None], persistent=False)
        self.net = Skipping(3 * place.shape[1], 6 * self.count, width, blocks)

    def forward(self, points: Tensor, flags: Tensor, given: Tensor) -> Tensor:
        chosen = points[:, self.seen]
        middle = chosen[:, : self.own].mean(1, keepdim=True)
        away = chosen - middle
        # Of few landmarks the near ones tell the scale, too.
        scale = away.square().sum(-1).mean(1).clamp(min=TINY).sqrt()[:, None, None]
        local = away / scale
        learnt = self.net(torch.cat([local.flatten(1), flags[:, self.seen]], 1))
        learnt = learnt.reshape(-1, self.count, 6)
        anchors = self.place @ local + self.free * learnt[..., :2]
        into, out = self.handles(anchors, learnt)
        # The caller draws through the landmarks as they were given.
        drawn = self.place @ ((given[:, self.seen] - middle) / scale)
        drawn = drawn * (1 - self.free) + anchors * self.free
        into, out = uncrossed(drawn, into, out, self.closed)
        return torch.cat([anchors * scale + middle, into * scale, out * scale], -1)

    def handles(self, anchors: Tensor, learnt: Tensor) -> tuple[Tensor, Tensor]:
        """A Catmull-Rom curve's handles, changed by what was learnt."""
        after, before = torch.roll(anchors, -1, 1), torch.roll(anchors, 1, 1)
        tangent = (after - before) / 6
        if not self.closed:
            first, last = (after - anchors)[:, :1] / 3, (anchors - before)[:, -1:] / 3
            tangent = torch.cat([first, tangent[:, 1:-1], last], 1)

        def chord(way: Tensor) -> Tensor:
            return way.square().sum(-1, keepdim=True).clamp(min=TINY).sqrt()

        into = -tangent + chord(anchors - before) * learnt[..., 2:4]
        return into, tangent + chord(after - anchors) * learnt[..., 4:6]


class ShapeNet(nn.Module):
    """Points [n,3,1,P] to vertices [n,6,1,V] as the manifest has them."""

    def __init__(
        self, topology: Topology, near: list[list[int]], width: int = 96, blocks: int = 2
    ) -> None:
        super().__init__()
        self.near = near
        self.completed = Skipping(3 * topology.count, 2 * topology.count, 192, 2)
        self.shapes = nn.ModuleList(
            OneShape(kind.landmarks, kind.closed, beside, width, blocks)
            for kind, beside in zip(topology.shapes, near, strict=True)
        )

    def filled(self, points: Tensor) -> Tensor:
        """Places [n,P,2] with those that are not visible where the others want them."""
        rows = points[:, :, 0].transpose(1, 2)
        moved = self.completed(rows.flatten(1)).reshape(len(rows), -1, 2)
        return rows[..., :2] + (1 - rows[..., 2:]) * moved

    def forward(self, points: Tensor) -> Tensor:
        places, flags = self.filled(points), points[:, 2, 0]
        given = points[:, :2, 0].transpose(1, 2)
        vertices = torch.cat([shape(places, flags, given) for shape in self.shapes], 1)
        return vertices.transpose(1, 2)[:, :, None]
