"""Which shots a data set consists of, and in which order they are rendered.

Pure Python: the plan can be listed and tested without a renderer.
"""

from __future__ import annotations

from dataclasses import dataclass

SAMPLE_NAME = "tone_orbit"


@dataclass(frozen=True)
class ShotPlan:
    """One shot to render. `seed` fixes the scene, its motion and its renderer noise."""

    name: str
    split: str  # train, heldout or sample
    seed: int
    frames: int
    width: int
    height: int
    # Frames that the motion is laid out for, where a shot is cut short; 0 means all of them.
    span: int = 0
    # The first forms are of families that shadow themselves.
    self_shadowing: bool = False

    def share(self, number: int) -> float:
        """Place of a frame, numbered from 1, in the motion of the shot: 0..1."""
        return (number - 1) / max(1, (self.span or self.frames) - 1)


@dataclass(frozen=True)
class Counts:
    """How many shots of each kind a data set has, and how long they are."""

    long_shots: int = 8
    long_frames: int = 40
    short_shots: int = 24
    short_frames: int = 6
    # Short shots too, of forms that shadow themselves.
    self_shadow_shots: int = 0
    heldout: int = 2


def plan_shots(seed: int, counts: Counts) -> list[ShotPlan]:
    """The shots of a data set; every scene has its own seed, so splits are by whole scenes."""

    def square(
        name: str, split: str, number: int, frames: int, self_shadowing: bool = False
    ) -> ShotPlan:
        place = seed * 10_000 + number
        return ShotPlan(name, split, place, frames, 256, 256, self_shadowing=self_shadowing)

    shots = [
        square(f"train_long_{k:02}", "train", 100 + k, counts.long_frames)
        for k in range(1, counts.long_shots + 1)
    ]
    shots += [
        square(f"train_short_{k:02}", "train", 200 + k, counts.short_frames)
        for k in range(1, counts.short_shots + 1)
    ]
    shots += [
        square(f"train_self_{k:02}", "train", 500 + k, counts.short_frames, self_shadowing=True)
        for k in range(1, counts.self_shadow_shots + 1)
    ]
    shots += [
        square(f"heldout_{k:02}", "heldout", 900 + k, counts.long_frames)
        for k in range(1, counts.heldout + 1)
    ]
    return shots


def plan_sample(seed: int) -> ShotPlan:
    """The sample shot, of a scene that nothing trains on; as long as 4 MB of PNG allow."""
    return ShotPlan(SAMPLE_NAME, "sample", seed * 10_000 + 990, 27, 640, 360, span=32)


def render_order(shots: list[ShotPlan], chunk: int) -> list[tuple[ShotPlan, range]]:
    """Chunks of frames (numbered from 1), round robin over the shots.

    An interrupted rendering then still holds something of every scene, which trains better than all
    of a few scenes. A chunk is as long as is needed to pay for building its scene again.
    """
    order: list[tuple[ShotPlan, range]] = []
    longest = max((shot.frames for shot in shots), default=0)
    for start in range(1, longest + 1, chunk):
        for shot in shots:
            if start <= shot.frames:
                order.append((shot, range(start, min(start + chunk, shot.frames + 1))))
    return order
