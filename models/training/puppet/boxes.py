"""Crop boxes: the tight one about a face, and rough ones as artists place them (NumPy alone)."""

from __future__ import annotations

import random

import numpy as np

from puppet.annotation import Box

SCALES = (0.8, 2.5)  # of a rough box, in sides of the tight square
JITTER = 0.05


def square(box: Box) -> Box:
    """The smallest square about a box, with the same middle."""
    side = max(box[2], box[3])
    return (box[0] + (box[2] - side) / 2, box[1] + (box[3] - side) / 2, side, side)


def rough_boxes(tight: list[Box], seed: int) -> list[Box]:
    """A rough square for every frame of a shot: one scale and shift, jittering by 5 %."""
    rng = random.Random(seed)
    scale = float(np.exp(rng.uniform(*np.log(SCALES))))
    aside, up = (rng.uniform(-0.22, 0.22) for _ in range(2))
    return [jittered(box, rng, scale, aside, up) for box in tight]


def jittered(box: Box, rng: random.Random, scale: float, aside: float, up: float) -> Box:
    """One rough box; shifts are shares of the tight square's side."""
    left, top, side, _ = square(box)
    scale = min(max(scale * (1 + rng.gauss(0, JITTER)), SCALES[0]), SCALES[1])
    x = left + side * (0.5 + aside + rng.gauss(0, JITTER))
    y = top + side * (0.5 + up + rng.gauss(0, JITTER))
    return (x - side * scale / 2, y - side * scale / 2, side * scale, side * scale)
