"""Sets of shots by name, and what each shot of them shows. Pure Python, as `shot_plan.py` is.

Themes, lights, backgrounds, layouts and motions are dealt like cards: each comes about equally
often in a set, in an order that the set's seed shuffles.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

# What the first form is made of; `swap` is dark albedo in light beside white in shadow.
THEMES = ("mixed", "chrome", "glass", "black", "skin", "chalk", "patterned", "swap")
# What lies between the kinds that have a name; dealt to a third of the first forms.
ANYTHING = "anything"
WITHHELD_THEMES = ("mixed", "carpaint", "brushed", "velvet", "frosted", "wax")
LIGHTS = ("plain", "colored", "slats", "holes", "window", "rim")
BACKGROUNDS = ("environment", "plain", "textured", "busy")
LAYOUTS = ("close", "still_life", "touching", "stacked", "many")
# What moves: nothing at all, forms, the key, the camera, or everything.
MOTIONS = ("still", "forms", "key", "camera", "all", "all")
# Nothing moves but the key, which in every frame stands somewhere else: other shadows on the same
# forms, which nobody tells apart by their color. What the key does not light is rendered once.
KEYS = "keys"
# Standard deviation of the grain of written frames, of the display-encoded range.
GRAIN = 0.006


def casts_gobo(theme: str | None, light: str | None) -> bool:
    """Whether a gobo stands before the key of shots with such a theme and light."""
    return theme == "swap" or light in ("slats", "holes", "window")


@dataclass(frozen=True)
class SetShot:
    """One shot of a set. `seed` fixes the scene, its motion and its renderer noise."""

    name: str
    split: str
    seed: int
    frames: int
    # The shot is a window of width x height of the camera's frame.
    width: int
    height: int
    frame_width: int
    frame_height: int
    theme: str = "mixed"
    light: str = "plain"
    background: str = "plain"
    layout: str = "still_life"
    motion: str = "all"
    withheld: bool = False
    layers: bool = False
    grain: float = GRAIN
    # Frames of the whole shot, where only the first ones are wanted; 0 where all are.
    whole: int = 0
    # Samples per sub-pixel, four of which make a pixel: of the picture, and of each white layer.
    beauty: int = 2
    white: int = 2

    @property
    def length(self) -> int:
        """Frames of the whole shot, however many of them are wanted."""
        return self.whole or self.frames

    @property
    def still(self) -> bool:
        """Locked off, and nothing moves: every frame is the first."""
        return self.motion == "still"

    @property
    def wide(self) -> bool:
        """Whether forms may be of a material without a name, too."""
        return self.motion == KEYS

    @property
    def gobo(self) -> bool:
        """Whether something between key and scene is seen by its shadow alone."""
        return casts_gobo(self.theme, self.light)

    def share(self, number: int) -> float:
        """Place of a frame, numbered from 1, in the motion of the shot; past the last one above 1.

        A short shot shows a part of the motion that forty frames have, so that pixels move about
        as far from frame to frame in each. Keys that jump count their frames.
        """
        if self.motion == KEYS:
            return float(number - 1)
        return 0.0 if self.still else (number - 1) / max(40, self.length)


def deal(rng: random.Random, options: Sequence[str], count: int) -> list[str]:
    """`count` options, each about equally often, shuffled."""
    cards = [option for _ in range(-(-count // len(options))) for option in options][:count]
    rng.shuffle(cards)
    return cards


def _dealt(shots: list[SetShot], seed: int, themes: Sequence[str]) -> list[SetShot]:
    rng = random.Random(seed)
    hands = {
        "theme": deal(rng, themes, len(shots)),
        "light": deal(rng, LIGHTS, len(shots)),
        "background": deal(rng, BACKGROUNDS, len(shots)),
        "layout": deal(rng, LAYOUTS, len(shots)),
        "motion": deal(rng, MOTIONS, len(shots)),
    }
    return [
        replace(shot, **{name: cards[k] for name, cards in hands.items()})
        for k, shot in enumerate(shots)
    ]


def _parity(seed: int) -> list[SetShot]:
    """The founding experiment's protocol: 14 scenes of 90 frames, three of them held out."""
    base = seed * 1_000_000 + 1_000
    shots = [
        SetShot(f"parity_{k:02}", "train", base + k, 90, 200, 200, 200, 200, grain=0.0)
        for k in range(1, 15)
    ]
    dealt = _dealt(shots, base, THEMES)
    # A shot of one frame repeated teaches little, so everything moves in these.
    moving = [replace(shot, motion="all") for shot in dealt]
    return [replace(shot, split="heldout") if k >= 11 else shot for k, shot in enumerate(moving)]


def _train2(seed: int) -> list[SetShot]:
    base = seed * 1_000_000 + 2_000
    shots = [
        SetShot(f"train2_{k:02}", "train", base + k, 16, 256, 256, 1024, 576, layers=True)
        for k in range(1, 65)
    ]
    return _dealt(shots, base, THEMES)


def _scenes(seed: int) -> list[SetShot]:
    """One frame each of many scenes: another scene says more than another frame of the same."""
    base = seed * 1_000_000 + 7_000
    shots = [
        SetShot(f"scene_{k:03}", "train", base + k, 1, 288, 288, 512, 288, layers=True)
        for k in range(1, 481)
    ]
    return [replace(shot, motion="still") for shot in _dealt(shots, base, THEMES)]


def _keys(seed: int) -> list[SetShot]:
    """Scenes under four keys each. A key costs about half of what a scene does."""
    base = seed * 1_000_000 + 8_000
    shots = [
        SetShot(f"keys_{k:03}", "train", base + k, 4, 288, 288, 512, 288, layers=True)
        for k in range(1, 401)
    ]
    themes = (*THEMES, *[ANYTHING] * 4)
    return [replace(shot, motion=KEYS) for shot in _dealt(shots, base, themes)]


def _unseen(seed: int) -> list[SetShot]:
    """Frames of scenes as those that are trained on, to choose by; whole, as the node sees them."""
    base = seed * 1_000_000 + 9_000
    shots = [
        SetShot(f"unseen_{k:02}", "heldout", base + k, 1, 512, 288, 512, 288) for k in range(1, 49)
    ]
    return [replace(shot, motion="still") for shot in _dealt(shots, base, THEMES)]


def _withheld(seed: int) -> list[SetShot]:
    base = seed * 1_000_000 + 3_000
    shots = [
        SetShot(f"withheld_{k:02}", "withheld", base + k, 16, 512, 288, 512, 288, withheld=True)
        for k in range(1, 13)
    ]
    return _dealt(shots, base, WITHHELD_THEMES)


def _stills4k(seed: int) -> list[SetShot]:
    base = seed * 1_000_000 + 4_000
    size = (3840, 2160, 3840, 2160)
    shots = [
        SetShot(f"still4k_{k:02}", "large", base + k, 1, *size, beauty=1, white=1)
        for k in range(1, 13)
    ]
    return [replace(shot, motion="still") for shot in _dealt(shots, base, THEMES)]


def _shot1080(seed: int) -> list[SetShot]:
    base = seed * 1_000_000 + 5_000
    size = (1920, 1080, 1920, 1080)
    about = {"theme": "chrome", "light": "rim", "background": "busy", "layout": "touching"}
    return [SetShot("shot1080", "large", base, 24, *size, beauty=1, white=1, **about)]


def _showcase(seed: int) -> list[SetShot]:
    """One small frame of every theme, to look at."""
    base = seed * 1_000_000 + 6_000
    shots = [
        SetShot(f"look_{theme}", "look", base + k, 1, 128, 128, 160, 128, theme=theme, layers=True)
        for k, theme in enumerate((*THEMES, *WITHHELD_THEMES[1:]))
    ]
    rng = random.Random(base)
    lights = deal(rng, LIGHTS, len(shots))
    backgrounds = deal(rng, BACKGROUNDS, len(shots))
    return [
        replace(
            shot,
            light=lights[k],
            background=backgrounds[k],
            layout=("close", "still_life", "touching", "stacked")[k % 4],
            withheld=shot.theme in WITHHELD_THEMES[1:],
        )
        for k, shot in enumerate(shots)
    ]


SETS: dict[str, Callable[[int], list[SetShot]]] = {
    "parity": _parity,
    "train2": _train2,
    "scenes": _scenes,
    "keys": _keys,
    "unseen": _unseen,
    "withheld": _withheld,
    "stills4k": _stills4k,
    "shot1080": _shot1080,
    "look": _showcase,
}


def plan_set(name: str, seed: int, first_frames: int | None = None) -> list[SetShot]:
    """The shots of a set; the same for the same seed. `first_frames` cuts longer ones there."""
    shots = SETS[name](seed)
    if first_frames is None:
        return shots
    return [
        replace(shot, frames=min(shot.frames, first_frames), whole=shot.frames) for shot in shots
    ]
