"""A few frames of a shot by hand, and what can be made of the others from them (NumPy, OpenCV).

Landmarks [P,2] in plate pixels by frame number. The methods that need no network: between two keys,
straight from one to the other; or every landmark followed from the nearest keys on either side by
the tracker of Lucas and Kanade on pyramids, both ways blended by their distance in time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from puppet.cubic import Array

Pixels = NDArray[np.uint8]
# Of the tracker: side of its window and levels of its pyramid, for faces of some hundred pixels.
WINDOW, LEVELS = 31, 4
# A step whose way back ends farther off, in pixels, is not trusted: the landmark goes along with
# the median of the others instead.
BACK_PX = 1.5


def spread(frames: Sequence[int], count: int) -> list[int]:
    """`count` of the frames, evenly spread: one is in the middle, of more the outermost are two."""
    if count >= len(frames):
        return list(frames)
    if count == 1:
        return [frames[len(frames) // 2]]
    at = np.linspace(0, len(frames) - 1, count).round().astype(int)
    return [frames[k] for k in at]


def neighbours(frame: int, keys: Sequence[int]) -> tuple[int, int]:
    """The keys on either side of a frame; beyond the outermost one, that one twice."""
    before = [key for key in keys if key <= frame]
    after = [key for key in keys if key >= frame]
    return (before or after[:1])[-1], (after or before[-1:])[0]


def share(frame: int, before: int, after: int) -> float:
    """How far a frame is from one key to the next, 0 to 1."""
    return 0.0 if before == after else (frame - before) / (after - before)


def interpolated(keys: dict[int, Array], frame: int) -> Array:
    """Straight between the keys, held beyond them."""
    before, after = neighbours(frame, sorted(keys))
    part = share(frame, before, after)
    return keys[before] * (1 - part) + keys[after] * part


def tracked(
    keys: dict[int, Array], frames: Sequence[int], grey: Callable[[int], Pixels]
) -> dict[int, Array]:
    """Every frame's landmarks, followed from the keys. `frames` are in order, without a gap; `grey`
    gives the picture of one."""
    forth = _followed(keys, frames, grey)
    back = _followed(keys, frames[::-1], grey)
    result = {}
    for frame in frames:
        before, after = neighbours(frame, sorted(keys))
        part = share(frame, before, after)
        if frame in keys or frame not in back:
            result[frame] = forth[frame]
        elif frame not in forth:
            result[frame] = back[frame]
        else:
            result[frame] = forth[frame] * (1 - part) + back[frame] * part
    return result


def _followed(
    keys: dict[int, Array], frames: Sequence[int], grey: Callable[[int], Pixels]
) -> dict[int, Array]:
    """Landmarks from the first key on, each key beginning anew."""
    found: dict[int, Array] = {}
    last: tuple[Pixels, Array] | None = None
    for frame in frames:
        if frame in keys:
            found[frame] = keys[frame]
        elif last is not None:
            found[frame] = stepped(last[0], grey(frame), last[1])
        if frame in found:
            last = (grey(frame), found[frame])
    return found


def stepped(one: Pixels, two: Pixels, places: Array) -> Array:
    """Landmarks of one picture in the next."""
    import cv2

    def flow(a: Pixels, b: Pixels, at: NDArray[np.float32]) -> NDArray[np.float32]:
        moved, _, _ = cv2.calcOpticalFlowPyrLK(
            a, b, at, None, winSize=(WINDOW, WINDOW), maxLevel=LEVELS
        )
        return moved

    # OpenCV counts from the middles of pixels.
    start = (places - 0.5).astype(np.float32)[:, None]
    moved = flow(one, two, start)
    again = flow(two, one, moved)
    step = (moved - start)[:, 0].astype(float)
    trusted = np.linalg.norm((again - start)[:, 0], axis=1) <= BACK_PX
    if trusted.any():
        step[~trusted] = np.median(step[trusted], axis=0)
    return places + step
