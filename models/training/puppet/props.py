"""What comes between camera and face on a set: rigs, a hand, a hat's brim (NumPy alone)."""

from __future__ import annotations

import random

import numpy as np

from puppet.cubic import Array
from puppet.identity import Identity
from puppet.parts import Part, ellipsoid, joined, lathed, tube, turned


def rig(rng: random.Random) -> Part:
    """Rods with joints that hold something up; one of them crosses the face."""
    side = rng.choice((-1, 1))
    low = np.array([side * rng.uniform(1.2, 1.6), -0.9, -1.9])
    joint = np.array([side * rng.uniform(0.45, 0.75), -1.35, rng.uniform(-0.4, 0.1)])
    end = np.array([-side * rng.uniform(0.3, 0.9), -1.3, rng.uniform(0.5, 1.1)])
    rods = [
        tube("rod", "metal", _line(a, b), np.full(9, 0.035), 12)
        for a, b in ((low, joint), (joint, end))
    ]
    balls = [ellipsoid("joint", "metal", at, np.full(3, 0.085)) for at in (joint, end)]
    return joined("rig", rods + balls)


def hand(who: Identity, rng: random.Random) -> Part:
    """A puppet's hand with four fingers, before its face; the middle of the palm is its origin."""
    side = rng.choice((-1.0, 1.0))
    palm = ellipsoid("palm", "skin", np.zeros(3), np.array([0.26, 0.11, 0.30]))
    parts = [palm]
    for k in range(3):
        root = np.array([(k - 1) * 0.17, 0.0, 0.22])
        tip = np.array([(k - 1) * rng.uniform(0.24, 0.30), -0.08, rng.uniform(0.62, 0.74)])
        parts.append(_finger(root, tip, 0.085))
    thumb_tip = np.array([side * 0.48, -0.06, rng.uniform(0.12, 0.30)])
    parts.append(_finger(np.array([side * 0.18, 0.0, -0.08]), thumb_tip, 0.09))
    parts.append(tube("arm", "skin", _line([0, 0, -0.2], [0, 0.1, -1.9]), np.full(9, 0.15), 14))
    whole = joined("hand", parts)
    lean = turned("y", rng.uniform(-0.7, 0.7))
    return Part("hand", whole.vertices @ lean.T, whole.triangles, ("skin",))


def hand_place(share: float, seed: int) -> Array:
    """Where the hand is; it comes into the picture, covers part of the face and goes again."""
    rng = random.Random(seed)
    side, high = rng.choice((-1, 1)), rng.uniform(-0.75, -0.15)
    aside = side * (0.25 + 1.9 * (2 * share - 1) ** 2)
    return np.array([aside, -1.5, high - 0.6 * (2 * share - 1) ** 2])


def brim(who: Identity) -> Part:
    """A hat drawn low, over the brows."""
    wide, deep, high = who.head[0] * 1.16, who.head[1] * 1.18, who.head[2]
    low = high * 0.33
    profile = [
        (0.99, low),
        (1.6, low - 0.05),
        (1.62, low - 0.02),
        (1.05, low + 0.06),
        (1.03, low + 0.55),
        (0.9, low + 0.8),
        (0, low + 0.86),
    ]
    hat = lathed("brim", "hat", profile, wide, deep)
    return Part("brim", hat.vertices @ turned("x", 0.06).T, hat.triangles, ("hat",))


def _finger(root: Array, tip: Array, radius: float) -> Part:
    share = np.linspace(0, 1, 9)[:, None]
    bend = np.array([0.0, -0.05, 0.0]) * np.sin(share * np.pi)
    radii = radius * np.sqrt(np.clip(1 - (2 * share[:, 0] - 1) ** 8, 0.002, 1))
    return tube("finger", "skin", root * (1 - share) + tip * share + bend, radii, 12)


def _line(a: Array | list[float], b: Array | list[float]) -> Array:
    share = np.linspace(0, 1, 9)[:, None]
    return np.asarray(a) * (1 - share) + np.asarray(b) * share
