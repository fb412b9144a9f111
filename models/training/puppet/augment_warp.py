"""Augmentation that moves picture, landmarks and shapes alike (NumPy alone).

A face is a picture with landmarks [n,2], their flags, and shapes. Pixels are looked up backwards
through a map whose inverse moves the points; both come from one transform.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from look_blur import sampled
from puppet.cubic import Array, Shape, evaluate, fit
from puppet.topology import PUPPET, Topology

Picture = NDArray[np.float32]
Random = np.random.Generator
FINE = 17


@dataclass(frozen=True)
class FacePicture:
    """A picture [h,w,3] in 0..1 with its truth, in its own pixels."""

    picture: Picture
    landmarks: Array  # [n,2]
    visible: NDArray[np.bool_]
    present: NDArray[np.bool_]
    shapes: dict[str, Shape] = field(default_factory=dict)

    @property
    def size(self) -> tuple[int, int]:
        return self.picture.shape[1], self.picture.shape[0]


def affine(face: FacePicture, matrix: Array, offset: Array, size: tuple[int, int]) -> FacePicture:
    """Under x -> matrix x + offset, into a picture of another size; outside, borders repeat."""
    width, height = size
    inverse = np.linalg.inv(matrix)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64) + 0.5
    back = np.stack([x - offset[0], y - offset[1]], -1) @ inverse.T - 0.5
    landmarks = face.landmarks @ np.asarray(matrix).T + offset
    inside = (landmarks >= 0).all(1) & (landmarks[:, 0] < width) & (landmarks[:, 1] < height)
    return FacePicture(
        _looked_up(face.picture, back),
        landmarks,
        face.visible & inside,
        face.present,
        {name: shape.mapped(matrix, offset) for name, shape in face.shapes.items()},
    )


def _looked_up(picture: Picture, places: Array) -> Picture:
    """The picture at places [h,w,2]; 0, 0 is the middle of the first pixel."""
    planes = np.ascontiguousarray(picture.transpose(2, 0, 1))
    x, y = places[..., 0].astype(np.float32), places[..., 1].astype(np.float32)
    return np.ascontiguousarray(sampled(planes, x, y).transpose(1, 2, 0))


def cropped(face: FacePicture, box: tuple[float, float, float, float], side: int) -> FacePicture:
    """What a box shows, at `side` pixels."""
    scale = np.array([side / box[2], side / box[3]])
    return affine(face, np.diag(scale), -np.array(box[:2]) * scale, (side, side))


def turned(
    face: FacePicture, rng: Random, degrees: float = 25.0, scales: tuple[float, float] = (0.8, 1.25)
) -> FacePicture:
    """Rotation, scale and a shift about the middle."""
    angle, scale = np.radians(rng.uniform(-degrees, degrees)), np.exp(rng.uniform(*np.log(scales)))
    c, s = np.cos(angle) * scale, np.sin(angle) * scale
    matrix = np.array([[c, -s], [s, c]])
    middle = np.array(face.size) / 2
    shift = rng.uniform(-0.06, 0.06, 2) * face.size
    return affine(face, matrix, middle - matrix @ middle + shift, face.size)


def flipped(face: FacePicture, topology: Topology = PUPPET) -> FacePicture:
    """Left for right: points and shapes change names, closed shapes keep their winding."""
    width = face.size[0]
    order = list(topology.mirror)
    places = face.landmarks[order] * [-1, 1] + [width, 0]
    shapes = {}
    for name, shape in face.shapes.items():
        target, vertices, turned_round = topology.mirrored_shape(name)
        mirrored = shape.mapped(np.diag([-1.0, 1.0]), np.array([width, 0.0]))
        shapes[target.name] = mirrored.reordered(vertices, turned_round)
    return FacePicture(
        face.picture[:, ::-1], places, face.visible[order], face.present[order], shapes
    )


@dataclass(frozen=True)
class Warp:
    """A smooth bend: x -> x + sum of waves. Small enough to be inverted by iteration."""

    waves: Array  # [n,2] radians per pixel
    pushes: Array  # [n,2] pixels
    phases: Array  # [n]

    @staticmethod
    def draw(rng: Random, size: tuple[int, int], strength: float = 0.02) -> Warp:
        """Waves of half the picture and more; `strength` is a share of its side."""
        count, side = 4, max(size)
        angle = rng.uniform(0, 2 * np.pi, count)
        length = side * rng.uniform(0.5, 1.2, count)
        way = np.stack([np.cos(angle), np.sin(angle)], -1)
        pushes = rng.normal(0, strength * side / 2, (count, 2))
        return Warp(2 * np.pi * way / length[:, None], pushes, rng.uniform(0, 6.3, count))

    def shift(self, places: Array) -> Array:
        return np.sin(places @ self.waves.T + self.phases) @ self.pushes

    def forward(self, places: Array) -> Array:
        return places + self.shift(places)

    def backward(self, places: Array) -> Array:
        """Where places came from."""
        found = places - self.shift(places)
        for _ in range(8):
            found = places - self.shift(found)
        return found


def warped(face: FacePicture, rng: Random, strength: float = 0.02) -> FacePicture:
    """Bent smoothly; shapes are fitted again, anchors exact."""
    warp = Warp.draw(rng, face.size, strength)
    width, height = face.size
    y, x = np.mgrid[0:height, 0:width].astype(np.float64) + 0.5
    picture = _looked_up(face.picture, warp.backward(np.stack([x, y], -1)) - 0.5)
    landmarks = warp.forward(face.landmarks)
    shapes = {name: bent(shape, warp) for name, shape in face.shapes.items()}
    return replace(face, picture=picture, landmarks=landmarks, shapes=shapes)


def bent(shape: Shape, warp: Warp) -> Shape:
    """A shape under a warp."""
    controls = shape.controls()
    t = np.broadcast_to(np.linspace(0, 1, FINE), (len(controls), FINE))
    near = np.broadcast_to(np.array([0, 1e-3, 1 - 1e-3, 1]), (len(controls), 4))
    ends = warp.forward(evaluate(controls, near))
    points = warp.forward(evaluate(controls, t))
    fitted, _ = fit(points, ends[:, 1] - ends[:, 0], ends[:, 2] - ends[:, 3], t)
    return Shape.of_controls(fitted, shape.closed)
