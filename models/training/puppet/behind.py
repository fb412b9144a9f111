"""What is seen behind a puppet, and how a finished frame looks (HDRIs need `bpy`)."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from backdrop import make_plate
from camera_view import View
from display_curve import encode_srgb, to_bytes
from look_blur import disc, gaussian
from looks import ShotLook
from puppet.plan import Shot
from relight import Relit
from scene_build import HELDOUT_WORLDS, TRAIN_WORLDS
from studio_light import load_panorama

Picture = NDArray[np.float32]
# A film plate reaches this much past the frame on each side, for the camera's moves.
PLATE_ROOM = 0.06


def posed_behind(shot: Shot, rng: random.Random) -> Picture:
    """Behind a posed frame: an HDRI seen any way up, a made plate, or one color. Linear [h,w,3]."""
    width, height = shot.size
    kind = rng.random()
    if kind < 0.15:
        return np.full((height, width, 3), [rng.uniform(0, 0.8) for _ in range(3)], np.float32)
    if kind < 0.35:
        plate = make_plate(rng, width, height)
        return plate[:, :width]
    picture = _worldly(rng, TRAIN_WORLDS, width, height, rng.uniform(0.5, 1.2))
    if rng.random() < 0.5:
        picture = picture[:, ::-1]
    return picture[::-1] if rng.random() < 0.3 else picture


def _worldly(
    rng: random.Random,
    names: tuple[str, ...],
    width: int,
    height: int,
    zoom: float,
    level: bool = False,
) -> Picture:
    """Part of an HDRI, turned any way or kept level; `zoom` 1 sees about 50 degrees."""
    panorama = load_panorama(rng.choice(names), rng.uniform(0, 6.3), rng.uniform(0.1, 0.5))
    tilt, roll = rng.uniform(-0.5, 0.4), rng.choice((0.0, 0.0, rng.uniform(-0.6, 0.6)))
    if level:
        tilt, roll = tilt * 0.4, 0.0
    up = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], float)
    c, s, p, q = math.cos(roll), math.sin(roll), math.cos(tilt), math.sin(tilt)
    place = np.eye(4)
    place[:3, :3] = (
        up
        @ np.array([[1, 0, 0], [0, p, -q], [0, q, p]])
        @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    )
    view = View(place, zoom * width, width, height)
    row, column = np.mgrid[0:height, 0:width].astype(np.float64)
    return panorama.look(view.directions(column + 0.5, row + 0.5))


def film_plate(shot: Shot) -> Picture:
    """A film shot's plate, larger than the frame: an out-of-focus set. Linear [h,w,3]."""
    rng = random.Random(shot.seed + 11)
    width, height = (int(side * (1 + 2 * PLATE_ROOM)) for side in shot.size)
    # An eighth is enough of what is out of focus.
    small = (width // 4, height // 4)
    names = TRAIN_WORLDS if shot.split == "train" else HELDOUT_WORLDS
    plate = _worldly(rng, names, *small, rng.uniform(0.7, 1.4), level=True)
    clutter = make_plate(rng, *small, ("clutter",))[:, : small[0]]
    share = rng.uniform(0.3, 0.7)
    mixed = plate * (1 - share) + clutter * share * rng.uniform(0.2, 0.6)
    blurred = disc(mixed.transpose(2, 0, 1), rng.uniform(1.2, 3.5)).transpose(1, 2, 0)
    return _enlarged(blurred, width, height)


def _enlarged(picture: Picture, width: int, height: int) -> Picture:
    """Bilinear, axis by axis."""
    for axis, size in ((0, height), (1, width)):
        at = np.clip((np.arange(size) + 0.5) * picture.shape[axis] / size - 0.5, 0, None)
        low = np.minimum(at.astype(int), picture.shape[axis] - 1)
        high = np.minimum(low + 1, picture.shape[axis] - 1)
        shape = (-1, 1, 1) if axis == 0 else (1, -1, 1)
        share = (at - low).astype(np.float32).reshape(shape)
        picture = picture.take(low, axis) * (1 - share) + picture.take(high, axis) * share
    return picture


def plate_window(plate: Picture, shot: Shot, number: int) -> Picture:
    """What a frame shows of its plate: what is far moves less than the head does."""
    cue, first = shot.cues[number - 1], shot.cues[0]
    width, height = shot.size
    room = (plate.shape[1] - width, plate.shape[0] - height)
    scale = shot.focal_px / -first.camera[1] * 0.35
    x = room[0] / 2 + (cue.camera[0] - first.camera[0]) * scale
    y = room[1] / 2 - (cue.camera[2] - first.camera[2]) * scale
    left, top = (int(min(max(v, 0), r)) for v, r in ((x, room[0]), (y, room[1])))
    return plate[top : top + height, left : left + width]


def feathered(alpha: Picture, edge: float, sides: tuple[bool, bool, bool, bool]) -> Picture:
    """Alpha that runs out towards the window's left, top, right and bottom, where these lie inside
    the frame, so that what the window cuts does not end in a line."""
    height, width = alpha.shape
    x, y = np.arange(width) + 0.5, np.arange(height) + 0.5
    ramps = [x / edge, y / edge, (width - x) / edge, (height - y) / edge]
    fall = [
        np.clip(r, 0, 1) if side else np.ones_like(r) for r, side in zip(ramps, sides, strict=True)
    ]
    return alpha * (fall[0] * fall[2] * (fall[1] * fall[3])[:, None]).astype(np.float32)


def develop_posed(picture: Picture, rng: random.Random) -> NDArray[np.uint8]:
    """A posed frame for display, blurred at random as the founding document does."""
    sigma = rng.choice((0.0, rng.uniform(0.3, 0.9), rng.uniform(0.6, 2.0)))
    if sigma:
        picture = gaussian(picture.transpose(2, 0, 1), sigma).transpose(1, 2, 0)
    noise = np.random.default_rng(rng.getrandbits(30)).standard_normal(picture.shape, np.float32)
    return to_bytes(encode_srgb(picture) + rng.uniform(0, 0.012) * noise)


class FilmLook:
    """One film shot's look: balance, grain, an S of contrast, darker corners."""

    def __init__(self, shot: Shot) -> None:
        rng = random.Random(shot.seed + 17)
        warm = rng.uniform(-0.12, 0.22)
        self.look = replace(
            ShotLook(seed=shot.seed),
            stops=rng.uniform(-0.5, 0.5),
            balance=(2**warm, 1.0, 2**-warm),
            grain=rng.uniform(0.02, 0.09),
            grain_size_px=rng.uniform(0.6, 1.3),
            grain_color=rng.uniform(0.2, 0.7),
        )
        self.contrast, self.black = rng.uniform(0.2, 0.7), rng.uniform(0.0, 0.03)
        self.corner = rng.uniform(0.0, 0.35)

    def develop(self, picture: Picture, number: int) -> NDArray[np.uint8]:
        """The display-encoded frame."""
        height, width = picture.shape[:2]
        y = (np.arange(height, dtype=np.float32) / height - 0.5)[:, None]
        x = (np.arange(width, dtype=np.float32) / width - 0.5)[None]
        picture = picture * (1 - self.corner * (x * x + y * y))[..., None]
        nothing = np.zeros((1, 1), np.float32)
        lit = Relit(picture, nothing.astype(np.uint8), nothing, nothing)
        encoded, _ = self.look.apply(lit, number)
        bent = encoded * encoded * (3 - 2 * encoded)
        graded = encoded + (bent - encoded) * self.contrast
        return to_bytes(self.black + graded * (1 - self.black))
