"""What E[S|P] trains on: faces of geometry alone, bent, turned, with points hidden (torch)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from features.geometry import Geometry
from puppet.topology import Topology

# Of the batches' faces, this share has points that are not visible.
HIDDEN_FACES = 0.6
# Of the faces, this share has its closed shapes changed each on its own.
ALONE_FACES = 0.5
# Of the closed shapes changed, this share becomes some smooth loop.
LOOPS = 0.35
# Of the closed shapes changed, this share becomes one that an artist drew, where there are any.
DRAWN = 0.4
# Standard deviation of guessed places of hidden points, in root mean squares of the face.
GUESS = 0.08
# The same of what the landmark network leaves at visible ones.
UNSTEADY = 0.006


@dataclass
class ShapeBatch:
    """Normalised faces: points [n,3,1,P] as the network gets them, true places [n,P,2] and
    vertices [n,V,3,2], and how much each vertex counts [n,V]."""

    points: Tensor
    places: Tensor
    vertices: Tensor
    weight: Tensor

    def to(self, device: torch.device) -> ShapeBatch:
        """The batch on a device."""
        parts = (self.points, self.places, self.vertices, self.weight)
        return ShapeBatch(*(part.to(device) for part in parts))


def near_landmarks(faces: Geometry, topology: Topology, count: int) -> list[list[int]]:
    """For each shape the `count` landmarks of others that lie nearest to it on the average."""
    gap = faces.landmarks[:, :, None] - faces.landmarks[:, None]
    apart = np.sqrt((gap**2).sum(-1)).mean(0)
    found = []
    for kind in topology.shapes:
        own = kind.bound()[1]
        distance = apart[own].min(0)
        distance[own] = np.inf
        found.append(sorted(int(k) for k in np.argsort(distance, kind="stable")[:count]))
    return found


def owners(topology: Topology) -> Tensor:
    """Which landmarks belong to the shape of each vertex [V,P], as shares that sum to 1."""
    rows = []
    for kind in topology.shapes:
        row = torch.zeros(topology.count)
        own = kind.bound()[1]
        row[own] = 1 / len(own)
        rows += [row] * len(kind.landmarks)
    return torch.stack(rows)


class ShapeData:
    """Geometry as tensors, with augmented batches of it."""

    def __init__(
        self, faces: Geometry, topology: Topology, drawn: Sequence[NDArray[np.float32]] = ()
    ) -> None:
        """`drawn`: for each shape, curves [n,V,3,2] of other hands; see `production.py`."""
        self.topology = topology
        self.hands = [torch.from_numpy(curves) for curves in drawn]
        self.landmarks = torch.from_numpy(faces.landmarks)
        self.vertices = torch.from_numpy(faces.vertices)
        facing = torch.from_numpy(faces.facing).float()
        self.weight = 0.25 + 0.75 * facing @ owners(topology).T
        free = [[None in kind.landmarks] * len(kind.landmarks) for kind in topology.shapes]
        # Vertices of shapes that hang on others, as 1.
        self.free = torch.tensor([flag for flags in free for flag in flags]).float()

    def __len__(self) -> int:
        return len(self.landmarks)

    def whole(self) -> ShapeBatch:
        """Every face as it is, all points visible."""
        flags = torch.ones(len(self), self.topology.count)
        return batch_of(self.landmarks, self.landmarks, flags, self.vertices, self.weight)

    def drawn(self, rng: np.random.Generator, count: int) -> ShapeBatch:
        """A random batch."""
        random = torch.Generator().manual_seed(int(rng.integers(2**62)))
        pick = torch.from_numpy(rng.integers(0, len(self), count))
        places, vertices = self.landmarks[pick], self.vertices[pick]
        frame = frame_of(places)
        places, vertices = frame.places(places), frame.vertices(vertices)
        places, vertices = sheared(*bent(places, vertices, random), random)
        alone = torch.rand((count, 1), generator=random) < ALONE_FACES
        places, vertices = self._each_bent(places, vertices, alone, random)
        weight = self.weight[pick] * (1 - alone.float() * self.free)
        flags = self._flags(places, random)
        wrong = torch.where(flags[..., None] > 0, UNSTEADY, GUESS)
        wrong = wrong * torch.rand((count, 1, 1), generator=random)
        given = places + wrong * torch.randn(places.shape, generator=random)
        return batch_of(given, places, flags, vertices, weight)

    def _each_bent(
        self, places: Tensor, vertices: Tensor, alone: Tensor, random: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Shapes of some faces on their own: turned, stretched and bent about their middles, so
        that curves of other hands than the generator's are not far from what was trained on.
        Those with free vertices stay: their ends hang on other shapes."""
        places, changed, start = places.clone(), [], 0
        for number, kind in enumerate(self.topology.shapes):
            own = vertices[:, start : start + len(kind.landmarks)]
            start += len(kind.landmarks)
            if None in kind.landmarks:
                changed.append(own)
                continue
            frame = frame_of(own[:, :, 0])
            local = frame.vertices(own)
            if kind.closed:
                loop = torch.rand((len(places), 1, 1, 1), generator=random) < LOOPS
                local = torch.where(loop, loops(local[:, 0, 0], local.shape[1], random), local)
                local = self._redrawn(number, local, random)
            _, local = bent(local[:, :, 0], local, random, 1.2)
            _, local = sheared(local[:, :, 0], local, random, 0.25, 0.22)
            moved = torch.cat(
                [
                    local[:, :, :1] * frame.scale[..., None] + frame.middle[:, :, None],
                    local[:, :, 1:] * frame.scale[..., None],
                ],
                2,
            )
            own = torch.where(alone[..., None, None], moved, own)
            at, bound = kind.bound()
            places[:, bound] = own[:, at, 0]
            changed.append(own)
        return places, torch.cat(changed, 1)

    def _redrawn(self, number: int, local: Tensor, random: torch.Generator) -> Tensor:
        """Some of a shape's curves [n,V,3,2] as an artist drew one, in the same frame."""
        if number >= len(self.hands) or not len(self.hands[number]):
            return local
        curves = self.hands[number]
        pick = torch.randint(len(curves), (len(local),), generator=random)
        chosen = curves[pick]
        chosen = frame_of(chosen[:, :, 0]).vertices(chosen)
        taken = torch.rand((len(local), 1, 1, 1), generator=random) < DRAWN
        return torch.where(taken, chosen, local)

    def _flags(self, places: Tensor, random: torch.Generator) -> Tensor:
        """Which points are visible: often all; else some at random, or all on one side of a line,
        as something before the face would leave them."""
        count, points, _ = places.shape

        def drawn(*shape: int) -> Tensor:
            return torch.rand(shape, generator=random)

        angle = 2 * torch.pi * drawn(count, 1)
        along = places[..., 0] * torch.cos(angle) + places[..., 1] * torch.sin(angle)
        beside = along > 0.2 + 1.2 * drawn(count, 1)
        single = drawn(count, points) < 0.25 * drawn(count, 1)
        hidden = torch.where(drawn(count, 1) < 0.5, beside, single)
        return (~(hidden & (drawn(count, 1) < HIDDEN_FACES))).float()


@dataclass
class Frame:
    """The frame in which the middle of some points is 0 and their root mean square distance 1."""

    middle: Tensor  # [n,1,2]
    scale: Tensor  # [n,1,1]

    def places(self, places: Tensor) -> Tensor:
        """Places [n,m,2] in this frame."""
        return (places - self.middle) / self.scale

    def vertices(self, vertices: Tensor) -> Tensor:
        """Vertices [n,V,3,2] in this frame."""
        anchors = (vertices[:, :, :1] - self.middle[:, :, None]) / self.scale[..., None]
        return torch.cat([anchors, vertices[:, :, 1:] / self.scale[..., None]], 2)


def frame_of(points: Tensor) -> Frame:
    """The frame of points [n,P,2], as the caller of the network makes it."""
    middle = points.mean(1, keepdim=True)
    scale = (points - middle).square().sum(-1).mean(1).sqrt()[:, None, None]
    return Frame(middle, scale.clamp(min=1e-6))


def batch_of(
    given: Tensor, places: Tensor, flags: Tensor, vertices: Tensor, weight: Tensor
) -> ShapeBatch:
    """What the network is given, and the truth, in the frame of what it is given."""
    frame = frame_of(given)
    points = as_input(frame.places(given), flags)
    return ShapeBatch(points, frame.places(places), frame.vertices(vertices), weight)


def as_input(places: Tensor, flags: Tensor) -> Tensor:
    """[n,3,1,P] of places and flags."""
    return torch.cat([places, flags[..., None]], -1).transpose(1, 2)[:, :, None].contiguous()


def loops(first: Tensor, count: int, random: torch.Generator) -> Tensor:
    """Smooth closed curves [n,count,3,2] about the middle, clockwise on screen, first vertices in
    the directions [n,2]: ellipses whose radius sways, vertices about evenly about them."""
    faces = len(first)

    def drawn(*shape: int) -> Tensor:
        return torch.rand(shape, generator=random)

    step = (torch.arange(count) + 0.7 * (drawn(faces, count) - 0.5)) * 2 * torch.pi / count
    turn = torch.atan2(first[:, 1], first[:, 0])[:, None]
    height = 0.2 + 0.8 * drawn(faces, 1)
    order = torch.tensor([2.0, 3.0])
    size = torch.tensor([0.15, 0.08]) * torch.randn((faces, 1, 2), generator=random)
    phase = 2 * torch.pi * drawn(faces, 1, 2)
    wave = step[..., None] * order + phase
    radius = 1 + (size * torch.cos(wave)).sum(-1)
    slope = -(size * order * torch.sin(wave)).sum(-1)
    c, s = torch.cos(step), torch.sin(step)
    flat = torch.stack([radius * c, height * radius * s], -1)
    way = torch.stack([slope * c - radius * s, height * (slope * s + radius * c)], -1)
    ahead = (torch.roll(step, -1, 1) - step) % (2 * torch.pi)
    handles = (-way * torch.roll(ahead, 1, 1)[..., None] / 3, way * ahead[..., None] / 3)
    back = torch.stack([torch.cos(turn), torch.sin(turn)], -1)
    matrix = torch.cat([back, torch.stack([-back[..., 1], back[..., 0]], -1)], 1)
    return torch.stack([flat, *handles], 2) @ matrix[:, None]


def sheared(
    places: Tensor,
    vertices: Tensor,
    random: torch.Generator,
    turn_by: float = 0.5,
    bend_by: float = 0.12,
) -> tuple[Tensor, Tensor]:
    """Under a random linear map: turned, stretched, sheared. Cubics stay cubics."""
    count = len(places)
    angle = turn_by * torch.randn(count, generator=random)
    c, s = torch.cos(angle), torch.sin(angle)
    turn = torch.stack([torch.stack([c, -s], -1), torch.stack([s, c], -1)], -2)
    bend = torch.eye(2) + bend_by * torch.randn((count, 2, 2), generator=random)
    matrix = (turn @ bend).transpose(1, 2)
    return places @ matrix, vertices @ matrix[:, None]


def bent(
    places: Tensor, vertices: Tensor, random: torch.Generator, strength: float = 1.0
) -> tuple[Tensor, Tensor]:
    """Under smooth waves: anchors move along, handles turn and stretch by the waves' slope."""
    count, waves = len(places), 3

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=random)

    ways = 1.3 * normal(count, waves, 2)
    pushes = 0.06 * strength * normal(count, waves, 2) * torch.rand((count, 1, 1), generator=random)
    phases = 3 * normal(count, 1, waves)

    def moved(at: Tensor) -> Tensor:
        return at + torch.sin(at @ ways.transpose(1, 2) + phases) @ pushes

    anchors = vertices[:, :, 0]
    slope = torch.cos(anchors @ ways.transpose(1, 2) + phases)  # [n,V,waves]
    handles = []
    for k in (1, 2):
        handle = vertices[:, :, k]
        handles.append(handle + (slope * (handle @ ways.transpose(1, 2))) @ pushes)
    return moved(places), torch.stack([moved(anchors), *handles], 2)
