"""Who a puppet is: proportions, colors, hair, hat, all from a number (pure Python).

Angles are degrees seen from the middle of the head; lengths are shares of its half height.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

# Held-out identities: their kinds and colors never stand in a training frame either.
TRAINING = tuple(range(8))
HELD_OUT = tuple(range(8, 12))
# From here on the crowd: any number of faces for training, with colors between those of the others.
CROWD = 12

Color = tuple[float, float, float]
SKINS: tuple[Color, ...] = (
    (0.72, 0.46, 0.34),
    (0.80, 0.60, 0.47),
    (0.46, 0.25, 0.15),
    (0.24, 0.12, 0.07),
    (0.62, 0.36, 0.20),
    (0.84, 0.66, 0.55),
)
WITHHELD_SKINS: tuple[Color, ...] = (
    (0.40, 0.50, 0.36),
    (0.12, 0.06, 0.035),
    (0.60, 0.50, 0.60),
    (0.88, 0.72, 0.40),
)
HAIRS: tuple[Color, ...] = (
    (0.05, 0.03, 0.02),
    (0.17, 0.08, 0.03),
    (0.45, 0.17, 0.04),
    (0.60, 0.42, 0.16),
    (0.30, 0.28, 0.27),
)
WITHHELD_HAIRS: tuple[Color, ...] = (
    (0.70, 0.70, 0.68),
    (0.04, 0.10, 0.22),
    (0.30, 0.03, 0.06),
    (0.01, 0.01, 0.012),
)
IRISES: tuple[Color, ...] = (
    (0.10, 0.05, 0.02),
    (0.10, 0.20, 0.35),
    (0.12, 0.22, 0.09),
    (0.20, 0.13, 0.04),
)
WITHHELD_IRISES: tuple[Color, ...] = ((0.45, 0.25, 0.02), (0.30, 0.32, 0.34), (0.03, 0.03, 0.03))
TOPS = ("short", "swept", "curly", "bowl", "spikes", "bald", "cap", "topper", "beanie")
WITHHELD_TOPS = ("mohawk", "plaits", "bowler", "crown")
BROW_KINDS = ("clay", "strands", "clay", "strands", "felt")


@dataclass(frozen=True)
class Identity:
    """All that stays the same about a puppet, whatever it does."""

    number: int
    seed: int
    # Head: half width, half depth, height above and below the middle, how square, jaw taper.
    head: tuple[float, float, float, float, float, float]
    nose: tuple[float, float, float]  # how far out, half width and lowest point, degrees
    cheek: float
    chin: float
    ridge: float
    eye_at: tuple[float, float]  # degrees aside and up
    eye_size: tuple[float, float, float]  # half width, upper and lower height, degrees
    eye_tilt: float
    eye_point: float  # 0 round, 1 almond
    eyeball: float  # radius
    brow_at: tuple[float, float, float]  # outer and inner end aside, height
    brow_thick: float  # half, degrees
    brow_arch: float
    brow_taper: float  # 0 even, 1 pointed at the outer end
    brow_height: float
    brow_kind: str
    burn: tuple[float, float, float, float]  # inner and outer edge aside, top, bottom
    burn_height: float
    seam_width: float  # degrees
    seam_dark: float
    mouth: tuple[float, float]  # height and half width
    ear: float
    skin: Color
    hair: Color
    brow_color: Color
    iris: Color
    iris_size: float  # radians on the eyeball
    coat: Color
    hat: Color
    top: str
    freckles: float

    @property
    def held_out(self) -> bool:
        return self.number in HELD_OUT

    @staticmethod
    def of(number: int) -> Identity:
        """The identity of a number; the same in every set, whatever the set's seed."""
        seed = 9173 + 7919 * number
        rng = random.Random(seed)
        held = number in HELD_OUT
        slot = number - HELD_OUT[0] if held else number

        def pick(options: tuple, withheld: tuple) -> Any:
            choice = withheld if held else options
            return choice[slot % len(choice)]

        mixed = random.Random(seed + 1)

        def color(options: tuple[Color, ...], withheld: tuple[Color, ...]) -> Color:
            if number < CROWD:
                return pick(options, withheld)
            return _between(*mixed.sample(options, 2), mixed)

        hair = color(HAIRS, WITHHELD_HAIRS)
        return Identity(
            number=number,
            seed=seed,
            skin=color(SKINS, WITHHELD_SKINS),
            hair=hair,
            brow_color=tuple(part * rng.uniform(0.5, 1.1) for part in hair),
            iris=color(IRISES, WITHHELD_IRISES),
            top=pick(TOPS, WITHHELD_TOPS),
            brow_kind=BROW_KINDS[slot % len(BROW_KINDS)],
            coat=_bright(rng),
            hat=_bright(rng),
            freckles=rng.choice((0.0, 0.3, 0.8)),
            **_form(rng),
            **_eyes(rng),
            **_brows_and_burns(rng),
        )


def _between(first: Color, second: Color, rng: random.Random) -> Color:
    share, level = rng.random(), rng.uniform(0.8, 1.15)
    return tuple(level * (a + share * (b - a)) for a, b in zip(first, second, strict=True))


def _bright(rng: random.Random) -> Color:
    level = rng.uniform(0.05, 0.5)
    return (level * rng.uniform(0.2, 1), level * rng.uniform(0.2, 1), level * rng.uniform(0.2, 1))


def _form(rng: random.Random) -> dict[str, object]:
    return {
        "head": (
            rng.uniform(0.80, 0.98),
            rng.uniform(0.80, 0.95),
            rng.uniform(0.92, 1.08),
            rng.uniform(0.90, 1.12),
            rng.uniform(2.0, 2.7),
            rng.uniform(0.05, 0.32),
        ),
        "nose": (rng.uniform(0.14, 0.36), rng.uniform(6.5, 10.5), rng.uniform(-22, -13)),
        "cheek": rng.uniform(0.02, 0.09),
        "chin": rng.uniform(0.02, 0.12),
        "ridge": rng.uniform(0.0, 0.05),
        "mouth": (rng.uniform(-41, -35), rng.uniform(11, 18)),
        "ear": rng.uniform(0.16, 0.26),
    }


def _eyes(rng: random.Random) -> dict[str, object]:
    width = rng.uniform(11.5, 14.5)
    return {
        "eye_at": (rng.uniform(21.5, 25.0), rng.uniform(1.0, 6.0)),
        "eye_size": (width, width * rng.uniform(0.55, 0.8), width * rng.uniform(0.38, 0.55)),
        "eye_tilt": rng.uniform(-8, 8),
        "eye_point": rng.uniform(0.2, 0.75),
        "eyeball": rng.uniform(0.27, 0.31),
        "iris_size": rng.uniform(0.42, 0.58),
    }


def _brows_and_burns(rng: random.Random) -> dict[str, object]:
    inner = rng.uniform(47, 53)
    return {
        "brow_at": (rng.uniform(38, 45), rng.uniform(7.5, 12), rng.uniform(19.0, 23.0)),
        "brow_thick": rng.uniform(1.5, 3.1),
        "brow_arch": rng.uniform(1.0, 6.0),
        "brow_taper": rng.uniform(0.1, 0.8),
        "brow_height": rng.uniform(0.010, 0.024),
        "burn": (inner, inner + rng.uniform(14, 20), rng.uniform(17, 24), rng.uniform(-30, -14)),
        "burn_height": rng.uniform(0.008, 0.018),
        "seam_width": rng.uniform(0.45, 0.8),
        "seam_dark": rng.uniform(0.3, 0.65),
    }
