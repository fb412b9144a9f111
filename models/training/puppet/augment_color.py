"""Augmentation that leaves places as they are: light, color, focus, noise (NumPy alone).

Pictures are display-encoded float32 [h,w,3] in 0..1. Every function draws from its own generator.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labels import REC709_LUMA
from look_blur import gaussian, sampled

Picture = NDArray[np.float32]
Random = np.random.Generator
GAMMA = 2.2


def brightness(picture: Picture, rng: Random, stops: float = 0.8) -> Picture:
    """Exposure in linear light, and a little contrast."""
    gain = 2 ** rng.uniform(-stops, stops)
    lit = np.clip(picture * gain ** (1 / GAMMA), 0, 1)
    contrast = rng.uniform(0.8, 1.25)
    return np.clip((lit - 0.5) * contrast + 0.5, 0, 1).astype(np.float32)


def hue(picture: Picture, rng: Random, turn: float = 0.35) -> Picture:
    """Colors turned about grey by up to `turn` radians, more or less saturated; luma stays."""
    grey = (picture @ REC709_LUMA)[..., None]
    angle, strength = rng.uniform(-turn, turn), rng.uniform(0.5, 1.35)
    c, s = np.cos(angle), np.sin(angle)
    axis = 1 / np.sqrt(3)
    cross = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], np.float32) * axis
    matrix = np.eye(3) * c + cross * s + (1 - c) / 3
    color = (picture - grey) @ matrix.T.astype(np.float32)
    color -= (color @ REC709_LUMA)[..., None]
    return np.clip(grey + color * strength, 0, 1).astype(np.float32)


def blur(picture: Picture, rng: Random, most: float = 2.2) -> Picture:
    """Gaussian blur of up to `most` pixels."""
    sigma = rng.uniform(0.3, most)
    return gaussian(picture.transpose(2, 0, 1), sigma).transpose(1, 2, 0)


def motion(picture: Picture, rng: Random, most: float = 9.0) -> Picture:
    """Smeared along a random way of up to `most` pixels, centred: points stay where they are."""
    angle, length = rng.uniform(0, np.pi), rng.uniform(1, most)
    way = np.array([np.cos(angle), np.sin(angle)]) * length
    height, width = picture.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    planes = np.ascontiguousarray(picture.transpose(2, 0, 1))
    steps = max(3, int(np.ceil(length)) | 1)
    shares = (np.arange(steps) + 0.5) / steps - 0.5
    total = sum(
        sampled(planes, x + np.float32(way[0] * k), y + np.float32(way[1] * k)) for k in shares
    )
    return (total / steps).transpose(1, 2, 0).astype(np.float32)


def noise(picture: Picture, rng: Random, most: float = 0.04) -> Picture:
    """Grain."""
    strength = rng.uniform(0, most)
    grain = rng.standard_normal(picture.shape, np.float32)
    return np.clip(picture + np.float32(strength) * grain, 0, 1)
