"""Rendered layers as training frames: whole shots under new light and in a new look.

A shot is relit as one, with one set of gains and one look for all its frames. That takes most of a
second, too long for every crop; so a pool keeps every shot as it was last relit, and each epoch
relights a few of them in a process of its own. (NumPy, OpenEXR, PyAV)
"""

from __future__ import annotations

import multiprocessing
import random
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelled_frame import read_motion
from labels import Thresholds
from layer_store import Layers, open_layers, span
from look_h264 import h264_coded
from looks import ShotLook
from relight import Gains, relight
from repaint import draw_paints, repainted
from set_plan import KEYS, casts_gobo
from shot_folder import frame_numbers, read_shot

Bytes = NDArray[np.uint8]
# Of a frame of a scene under several keys, so often another of them fills the shadows, by so many
# stops: fills from elsewhere than the scene's own, with shadows that are of no key.
FILLED_SHARE = 0.6
FILL_STOPS = (-4.0, -1.75)
# Frames of a shot in which nothing moves differ by grain alone.
STILL_FRAMES = 2


@dataclass(frozen=True)
class LitShot:
    """The frames of a shot in one light and look."""

    image: Bytes  # [n, 3, h, w], as the look encodes it
    label: Bytes  # [n, h, w], class numbers
    soft: Bytes  # [n, 5, h, w], share of each class, 255 for all of the pixel
    subject: Bytes  # [n, h, w], 255 inside
    maps: Bytes  # [n, 4, h, w], what labels are decided by, as `relight.MAPS`
    motion: NDArray[np.float16] | None  # [n, 2, h, w], pixels to the next frame; none if unknown


def has_layers(shot: Path) -> bool:
    """Whether a shot can be relit."""
    return (shot / "layers.npy").exists()


def light_shot(shot: Path, seed: str, repaint: bool = False) -> LitShot:
    """A shot in a light, a look and, where wanted, a paint that follow from `seed`.

    Frames of a scene under several keys are each in a light and a look of their own.
    """
    layers, facts = open_layers(shot)
    numbers, about = frame_numbers(shot), read_shot(shot)
    if about["locked_off"]:
        numbers = numbers[:STILL_FRAMES]
    source = _Source(shot, layers, facts, about.get("shows", {}), repaint)
    if source.shows.get("motion") != KEYS:
        return source.lit(numbers, random.Random(seed))
    parts = []
    for number in numbers:
        rng = random.Random(f"{seed}/{number}")
        parts.append(source.lit([number], rng, source.fill(number, numbers, rng)))
    stacks = [
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("image", "label", "soft", "subject", "maps")
    ]
    # From one key to the next no light keeps its place.
    return LitShot(*stacks, None)


# The number of a frame whose key fills another frame's shadows, and by how much of it.
Fill = tuple[int, float]


@dataclass(frozen=True)
class _Source:
    """A shot with its layers open."""

    shot: Path
    layers: Layers
    facts: dict[str, Any]
    shows: dict[str, Any]
    repaint: bool

    def fill(self, number: int, numbers: list[int], rng: random.Random) -> Fill | None:
        """Another key of the scene to fill a frame's shadows, or none. Not one through a gobo."""
        others = [other for other in numbers if other != number]
        filled, stops = rng.random() < FILLED_SHARE, rng.uniform(*FILL_STOPS)
        if not filled or not others:
            return None
        other = rng.choice(others)
        gobo = casts_gobo(self.shows.get("theme"), self.shows.get("light"))
        return None if gobo else (other, 2**stops)

    def planes(self, number: int) -> NDArray[np.float32]:
        """The layers of a frame."""
        return np.array(self.layers[number - self.facts["first_frame"]], np.float32)

    def lit(self, numbers: list[int], rng: random.Random, fill: Fill | None = None) -> LitShot:
        """Some frames in one light and look."""
        gains, look = Gains.draw(rng), ShotLook.draw(rng.getrandbits(31))
        thresholds = Thresholds(**self.facts["thresholds"])
        paints = draw_paints(rng, self.shows.get("theme"))
        motions = _motions(self.shot, numbers)
        images, labels, softs, subjects, maps = [], [], [], [], []
        for k, number in enumerate(numbers):
            planes = self.planes(number)
            if fill is not None:
                other, gain = self.planes(fill[0]), fill[1]
                planes[span("rest")] += gain * other[span("key")]
                planes[span("gloss_rest")] += gain * other[span("gloss_key")]
            if self.repaint:
                planes = repainted(planes, *paints)
            lit = relight(planes, gains, self.facts["reference"], thresholds)
            motion = None if motions is None else motions[k]
            picture, lit = look.apply(lit, number, self.facts["exposure"], motion)
            images.append(picture)
            labels.append(lit.labels)
            softs.append(_bytes(lit.soft))
            subjects.append(_bytes(lit.subject))
            maps.append(_bytes(lit.maps))
        if look.h264_crf:
            images = h264_coded(images, look.h264_crf)
        planes = [_bytes(picture.transpose(2, 0, 1)) for picture in images]
        stacks = [np.stack(parts) for parts in (planes, labels, softs, subjects, maps)]
        return LitShot(*stacks, None if motions is None else motions.astype(np.float16))


# A shot, how often it was relit before, and whether shots are painted over.
Turn = tuple[Path, int, bool]


class RelitPool:
    """Shots as they were last relit; each shot is relit every `period` epochs, in turn.

    What an epoch sees follows from the seed and its number alone, so that a resumed run sees what
    an uninterrupted one would have. With `keep`, lights stay known when their epoch is over, for
    runs that one after the other see the same epochs.
    """

    def __init__(self, shots: list[Path], seed: str, period: int, keep: bool = False) -> None:
        self.shots, self.seed, self.period, self.keep = shots, seed, period, keep
        # Forking beside torch's threads could hang, so the helper process is started afresh.
        context = multiprocessing.get_context("spawn")
        self._process = ProcessPoolExecutor(1, mp_context=context)
        self._lit: dict[Turn, Future[LitShot]] = {}

    def at(self, epoch: int, repaint: bool = False) -> list[LitShot]:
        """Every shot as this epoch sees it; begins with what the next epoch will need."""
        now = self._begin(epoch, repaint)
        self._help(now)
        self._lit |= now
        then = self._begin(epoch + 1, repaint)
        self._lit = (self._lit if self.keep else now) | then
        return [future.result() for future in now.values()]

    def _help(self, lit: dict[Turn, Future[LitShot]]) -> None:
        """Relights what the helper process has not begun, from the back: it works from the front.

        Before the first epoch that is nearly all, and nothing can be learnt meanwhile.
        """
        for turn, future in reversed(list(lit.items())):
            if future.cancel():
                lit[turn] = Future()
                lit[turn].set_result(light_shot(turn[0], self._seed_of(turn), turn[2]))

    def close(self) -> None:
        """Ends the helper process."""
        self._process.shutdown(cancel_futures=True)

    def __enter__(self) -> RelitPool:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def _begin(self, epoch: int, repaint: bool) -> dict[Turn, Future[LitShot]]:
        """The relit shots of an epoch in their order, begun if they were not."""
        lit = {}
        for k, shot in enumerate(self.shots):
            turn = (shot, (epoch + k) // self.period, repaint)
            begun = self._lit.get(turn)
            seed = self._seed_of(turn)
            lit[turn] = begun or self._process.submit(light_shot, shot, seed, repaint)
        return lit

    def _seed_of(self, turn: Turn) -> str:
        return f"{self.seed}/{turn[0].name}/{turn[1]}"


def _motions(shot: Path, numbers: list[int]) -> NDArray[np.float32] | None:
    motions = [read_motion(shot, number) for number in numbers]
    known = [motion for motion in motions if motion is not None]
    return np.stack(known) if len(known) == len(numbers) else None


def _bytes(share: NDArray[np.floating]) -> Bytes:
    return np.rint(np.clip(share, 0, 1) * 255).astype(np.uint8)
