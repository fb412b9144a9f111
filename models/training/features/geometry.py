"""Faces as landmarks and true shapes alone, projected without any rendering (NumPy alone).

Who they are: the training identities and others that the same generator makes of further numbers;
held-out identities are never drawn unless asked for.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from camera_view import View
from puppet.artist import redraw
from puppet.cubic import Array, Shape
from puppet.expression import EXPRESSIONS, Expression, closing, mix
from puppet.identity import TRAINING, Identity
from puppet.outlines import Face, make_face
from puppet.surface import chart_of
from puppet.topology import Topology
from puppet.truth import HORIZON, project

# Numbers from here on are nobody's in any rendered set.
STRANGERS = 1000
# Share of the faces that are of rendered training identities.
KNOWN_SHARE = 0.3
# A picture of this side, in pixels, with the head in its middle.
SIDE = 800
POSES_PER_FACE = 12
# How far a vertex slides along its curve, in shares of the mean way between two.
SLIDE = 0.3
PER_SEGMENT = 24


@dataclass(frozen=True)
class Geometry:
    """Many faces: landmarks [n,P,2], which of them face the camera, vertices [n,V,3,2] of all
    shapes in the topology's order, handles relative to their anchors. Pixels of 800x800."""

    landmarks: NDArray[np.float32]
    facing: NDArray[np.bool_]
    vertices: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.landmarks)


def drawn_expression(rng: random.Random) -> Expression:
    """Any of the expressions, mixed with another, each half its own now and then, lids closing."""
    names = sorted(EXPRESSIONS)
    one, two = (EXPRESSIONS[rng.choice(names)] for _ in range(2))
    mixed = mix(one, two, rng.random()) if rng.random() < 0.6 else one
    if rng.random() < 0.3:
        mixed = Expression(mixed.left, two.right, mixed.smile, mixed.gape, mixed.stretch)
    return closing(mixed, rng.random()) if rng.random() < 0.3 else mixed


def drawn_view(rng: random.Random) -> tuple[Array, View]:
    """A pose of the head and a camera, over somewhat more than the range of rendered frames."""
    yaw, pitch, roll = (math.radians(rng.uniform(-reach, reach)) for reach in (80.0, 42.0, 30.0))
    turn = _rotation(2, yaw) @ _rotation(0, -pitch) @ _rotation(1, roll)
    pose = np.eye(4)
    pose[:3, :3] = turn
    camera = np.eye(4)
    # Looks along +y with z up.
    camera[:3, :3] = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], float)
    distance = rng.uniform(4.5, 16.0)
    camera[:3, 3] = rng.uniform(-0.4, 0.4), -distance, rng.uniform(-0.4, 0.4)
    return pose, View(camera, 260.0 * distance, SIDE, SIDE)


def _rotation(axis: int, angle: float) -> Array:
    a, b = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.eye(3)
    matrix[a, a] = matrix[b, b] = math.cos(angle)
    matrix[b, a], matrix[a, b] = math.sin(angle), -math.sin(angle)
    return matrix


def seen_from(
    face: Face, pose: Array, view: View, topology: Topology
) -> tuple[Array, NDArray[np.bool_], dict[str, Shape]]:
    """Landmarks, which of them face the camera, and the shapes of a face as a camera sees it."""
    world = face.landmarks @ pose[:3, :3].T + pose[:3, 3]
    outward = face.head.normal(chart_of(face.landmarks)) @ pose[:3, :3].T
    towards = view.world_from_camera[:3, 3] - world
    facing = (outward * towards).sum(1) > HORIZON * np.linalg.norm(towards, axis=1)
    shapes = {kind.name: project(face.space[kind.name], pose, view)[0] for kind in topology.shapes}
    return view.project(world)[0], facing, shapes


def slid(shapes: dict[str, Shape], places: Array, seed: int, topology: Topology) -> Array:
    """Moves every shape's vertices along its curve, in place; the landmarks [P,2] that go along."""
    rng, places = np.random.default_rng(seed), places.copy()
    for kind in topology.shapes:
        shape, count = shapes[kind.name], len(kind.landmarks)
        at = np.arange(count) / (count if kind.closed else count - 1)
        step = rng.uniform(-SLIDE, SLIDE, count) / count
        if not kind.closed:
            step[[0, -1]] = 0
        moved = redraw(shape, lengths_at(shape, at) + step)
        vertices, bound = kind.bound()
        shapes[kind.name] = moved
        places[bound] = moved.vertices[vertices, 0]
    return places


def lengths_at(shape: Shape, times: Array) -> Array:
    """Shares of a shape's length at which its vertices lie, given as shares of its segments."""
    dense = shape.sampled(PER_SEGMENT)
    ends = dense[:1] if shape.closed else dense[:0]
    steps = np.linalg.norm(np.diff(np.concatenate([dense, ends]), axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(np.maximum(steps, 1e-9))])
    return np.interp(times, np.linspace(0, 1, len(along)), along / along[-1])


def drawn_faces(
    count: int,
    seed: int,
    topology: Topology,
    identities: tuple[int, ...] = (),
    slid_share: float = 0.0,
) -> Geometry:
    """`count` faces from a seed; of some identities alone where these are given. Of `slid_share`
    of them the vertices are moved along their curves."""
    rng = random.Random(seed)
    landmarks, facing, vertices = [], [], []
    while len(landmarks) < count:
        known = identities or (TRAINING if rng.random() < KNOWN_SHARE else ())
        number = rng.choice(known) if known else STRANGERS + rng.randrange(10**6)
        face = make_face(Identity.of(number), drawn_expression(rng))
        for _ in range(min(POSES_PER_FACE, count - len(landmarks))):
            places, towards, shapes = seen_from(face, *drawn_view(rng), topology)
            if rng.random() < slid_share:
                places = slid(shapes, places, rng.getrandbits(30), topology)
            landmarks.append(places)
            facing.append(towards)
            vertices.append(np.concatenate([shape.vertices for shape in shapes.values()]))
    return Geometry(
        np.array(landmarks, np.float32), np.array(facing), np.array(vertices, np.float32)
    )
