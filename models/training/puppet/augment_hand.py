"""A hand before the face, in the face's own skin (NumPy alone).

Clouds of other pictures differ from a face in color and grain, so that a network learns to see
their edges. An animator's hand is of the same puppet: only its outline and its shadow tell it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from look_blur import gaussian
from puppet.augment_cloud import KEPT, cloud, laid_over, values_at
from puppet.augment_warp import FacePicture, Random
from puppet.cubic import Array

Plane = NDArray[np.float32]
# How often the hand is of the face's skin, and not gloved.
BARE = 0.75
AMBIENT = 0.4  # share of a finger's light that comes from everywhere


@dataclass(frozen=True)
class Finger:
    """A capsule seen from above: a line with round ends, in pixels."""

    tip: Array
    base: Array
    radius: float

    def normal(self, places: Array) -> Array:
        """Across [h,w,2], in radii from the middle line: 1 at the outline."""
        way = self.base - self.tip
        share = np.clip((places - self.tip) @ way / max(float(way @ way), 1e-9), 0, 1)
        return (places - self.tip - share[..., None] * way) / self.radius


def hand(face: FacePicture, rng: Random) -> FacePicture:
    """The face with a few fingers, and sometimes a palm, before it; what they cover is not
    visible."""
    width, height = face.size
    y, x = np.mgrid[0:height, 0:width] + 0.5
    places = np.stack([x, y], -1)
    light = rng.normal(0, 1, 3)
    light[2] = abs(light[2]) + 0.5
    light /= np.linalg.norm(light)
    fingers, soft = drawn_fingers(face, rng), rng.uniform(0.7, 4.0)
    matte, lit = np.zeros((2, height, width), np.float32)
    for finger in fingers:
        across = finger.normal(places)
        away = np.hypot(across[..., 0], across[..., 1])
        own = np.clip((1 - away) * finger.radius / soft + 0.5, 0, 1).astype(np.float32)
        depth = np.sqrt(np.clip(1 - away**2, 0, 1))
        facing = np.clip(across @ light[:2] + depth * light[2], 0, 1)
        lit += own * (AMBIENT + (1 - AMBIENT) * facing - lit).astype(np.float32)
        matte += own * (1 - matte)
    shadow = _shadow(matte, light, fingers[0].radius, rng)
    picture = face.picture * (1 - shadow[..., None])
    skin = _skin(face, rng) * (lit * (1 + 0.08 * cloud(rng, width, height, 8)))[..., None]
    picture = laid_over(np.clip(skin, 0, 1), matte, picture)
    hidden = values_at(matte, face.landmarks) > 1 - KEPT
    return replace(face, picture=picture, visible=face.visible & ~hidden)


def drawn_fingers(face: FacePicture, rng: Random) -> list[Finger]:
    """One to four fingers side by side, from somewhere on the face to beyond it."""
    low, high = face.landmarks.min(0), face.landmarks.max(0)
    span = float((high - low).max())
    tip, angle = rng.uniform(low, high), rng.uniform(0, 2 * np.pi)
    radius = max(span * rng.uniform(0.03, 0.085), 1.5)
    beside = np.array([-np.sin(angle), np.cos(angle)])
    count = int(rng.integers(1, 5))
    length = radius * rng.uniform(5, 9)
    fingers = []
    for k in range(count):
        start = tip + beside * radius * (k * rng.uniform(1.9, 2.8) + rng.normal(0, 0.2))
        bent = angle + rng.normal(0, 0.08)
        way = np.array([np.cos(bent), np.sin(bent)])
        start = start + way * radius * rng.uniform(0, 2.5)
        fingers.append(Finger(start, start + way * length, radius * rng.uniform(0.85, 1.15)))
    if count > 1 and rng.random() < 0.6:
        ends = [finger.base for finger in fingers]
        fingers.insert(0, Finger(ends[0], ends[-1], radius * rng.uniform(2.2, 3.5)))
    return fingers


def _skin(face: FacePicture, rng: Random) -> Plane:
    """A color [3]: of the face between some of its landmarks, or any."""
    if rng.random() > BARE:
        return rng.uniform(0, 1, 3).astype(np.float32)
    width, height = face.size
    weights = rng.dirichlet(np.ones(len(face.landmarks)) * 0.3, 64)
    column, row = np.floor(weights @ face.landmarks).astype(int).T
    taken = face.picture[np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)]
    # The median leaves out lashes, brows and highlights.
    return np.median(taken, 0) * np.float32(rng.uniform(0.9, 1.5))


def _shadow(matte: Plane, light: Array, radius: float, rng: Random) -> Plane:
    """What the hand takes of the face's light, falling away from the light."""
    dx, dy = (-light[:2] * radius * rng.uniform(0.3, 1.5)).round().astype(int)
    moved = np.roll(matte, (dy, dx), (0, 1))
    blurred = gaussian(moved[None], max(radius * rng.uniform(0.1, 0.5), 0.5))[0]
    return blurred * np.float32(rng.uniform(0.1, 0.5))
