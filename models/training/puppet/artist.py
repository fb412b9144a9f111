"""A roto artist, simulated: keys now and then, linear between, vertices of their own (NumPy).

Shapes drawn by people have other vertices than the truth: their count, start and winding differ
from shot to shot, they slide along the curve from key to key, and under motion blur the line leans
to one side of the smear.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

import numpy as np

from puppet.annotation import Annotation
from puppet.cubic import Array, Shape, fit

KEYS_APART = (4, 10)
# How far, in plate pixels, the line between keys may miss before another key is set.
SATISFIED_PX = 6.0
# How far a vertex slides between keys, in shares of the way to its neighbour.
SLIDE = 0.12
HAND_PX = 0.25  # how unsteady the hand is, at the size of the plate
DENSE = 40


@dataclass(frozen=True)
class Habit:
    """How one shape is drawn throughout a shot."""

    count: int  # vertices
    start: float  # where on the curve the first one lies, 0..1
    turned: bool
    lean: float  # -1..1, to which end of the blur
    seed: int

    @staticmethod
    def draw(rng: random.Random, shape: Shape, lean: float) -> Habit:
        count = len(shape.vertices) + (rng.randint(-1, 3) if shape.closed else rng.randint(0, 1))
        start = rng.random() if shape.closed else 0.0
        return Habit(count, start, rng.random() < 0.5, lean, rng.getrandbits(30))


def key_frames(rng: random.Random, line: Array) -> list[int]:
    """Places of keys along a line of points [frames,n,2]: first, last and every few frames.

    Where a face is replaced or blinks, the line between keys misses by far, and more keys go in
    until it misses by no more than `SATISFIED_PX`.
    """
    keys = [0]
    while keys[-1] < len(line) - 1:
        keys.append(min(keys[-1] + rng.randint(*KEYS_APART), len(line) - 1))
    while True:
        missed = np.linalg.norm(_interpolated(line, keys) - line, axis=2).max(1)
        worst = int(missed.argmax())
        if missed[worst] <= SATISFIED_PX:
            return keys
        keys = sorted([*keys, worst])


def _interpolated(line: Array, keys: list[int]) -> Array:
    """A line of points as its keys alone tell it."""
    flat = line.reshape(len(line), -1)
    frames = np.arange(len(line))
    columns = [np.interp(frames, keys, flat[keys, k]) for k in range(flat.shape[1])]
    return np.stack(columns, axis=1).reshape(line.shape)


def rotoscope(
    truth: list[Annotation], seed: int, shutter: float = 0.5
) -> tuple[list[Annotation], list[int]]:
    """A shot as an artist hands it over, and which of its frames are keys (from 0).

    Nobody draws landmarks, so these are gone. A shape is drawn where it is present.
    """
    rng = random.Random(seed)
    outlines = [
        np.concatenate([shape.vertices[:, 0] for shape in note.shapes.values()]) for note in truth
    ]
    keys, lean = key_frames(rng, np.array(outlines)), rng.uniform(-1, 1)
    drawn: dict[str, list[Shape]] = {}
    for name in truth[0].shapes:
        habit = Habit.draw(rng, truth[0].shapes[name], lean)
        line = [note.shapes[name] for note in truth]
        posed = {key: _key(habit, line, key, shutter) for key in keys}
        drawn[name] = [_between(posed, keys, frame) for frame in range(len(truth))]
    handed = [
        replace(
            note,
            landmarks=[],
            shapes={n: drawn[n][frame] for n in drawn if note.present[n]},
            facts=note.facts | {"key": frame in keys, "drawn_by": "simulated artist"},
        )
        for frame, note in enumerate(truth)
    ]
    return handed, keys


def _key(habit: Habit, line: list[Shape], key: int, shutter: float) -> Shape:
    """The shape as drawn on a key."""
    rng = np.random.default_rng((habit.seed, key))
    shape = line[key]
    lean = habit.lean * shutter / 2 * _speed(line, key)
    slid = rng.uniform(-SLIDE, SLIDE, habit.count)
    if shape.closed:
        places = (habit.start + (np.arange(habit.count) + slid) / habit.count) % 1.0
    else:
        slid[[0, -1]] = 0.0
        places = (np.arange(habit.count) + slid) / (habit.count - 1)
    redrawn = redraw(shape, places)
    vertices = redrawn.vertices.copy()
    vertices[:, 0] += lean + rng.normal(0, HAND_PX, vertices[:, 0].shape)
    vertices[:, 1:] *= rng.normal(1, 0.06, (len(vertices), 2, 1))
    drawn = Shape(vertices, shape.closed)
    return drawn.reordered(list(range(len(vertices)))[::-1], True) if habit.turned else drawn


def redraw(shape: Shape, places: Array) -> Shape:
    """The same curve with vertices at other places [n], shares of its length, in rising order."""
    dense = shape.sampled(DENSE)
    if shape.closed:
        dense = np.concatenate([dense, dense[:1]])
    steps = np.linalg.norm(np.diff(dense, axis=0), axis=1)
    # Of lines that have shrunk to a point, every place is the same.
    along = np.concatenate([[0.0], np.cumsum(np.maximum(steps, 1e-9))])
    along /= along[-1]
    starts = places if shape.closed else places[:-1]
    ends = np.roll(places, -1) if shape.closed else places[1:]
    ends = np.where(ends <= starts, ends + 1, ends) if shape.closed else ends
    t = starts[:, None] + (ends - starts)[:, None] * np.linspace(0, 1, 17)
    wrapped = t % 1.0 if shape.closed else t
    points = np.stack([np.interp(wrapped, along, dense[:, k]) for k in range(2)], axis=-1)
    way = _directions(dense, along, places, shape.closed)
    first = way if shape.closed else way[:-1]
    last = -np.roll(way, -1, axis=0) if shape.closed else -way[1:]
    controls, _ = fit(points, first, last)
    return Shape.of_controls(controls, shape.closed)


def _directions(dense: Array, along: Array, places: Array, closed: bool) -> Array:
    """The curve's direction at places; over a corner, the mean of both sides."""
    tiny = 0.004
    before, after = places - tiny, places + tiny
    if closed:
        before, after = before % 1.0, after % 1.0
    ahead = np.stack([np.interp(after, along, dense[:, k]) for k in range(2)], axis=-1)
    behind = np.stack([np.interp(before, along, dense[:, k]) for k in range(2)], axis=-1)
    return ahead - behind


def _speed(line: list[Shape], frame: int) -> Array:
    """Mean movement of a shape in pixels a frame."""
    before, after = max(frame - 1, 0), min(frame + 1, len(line) - 1)
    if before == after:
        return np.zeros(2)
    moved = line[after].vertices[:, 0] - line[before].vertices[:, 0]
    return moved.mean(0) / (after - before)


def _between(posed: dict[int, Shape], keys: list[int], frame: int) -> Shape:
    """Linear between the keys about a frame, handles as well."""
    if frame in posed:
        return posed[frame]
    after = next(key for key in keys if key > frame)
    before = keys[keys.index(after) - 1]
    share = (frame - before) / (after - before)
    a, b = posed[before], posed[after]
    return Shape(a.vertices * (1 - share) + b.vertices * share, a.closed)


def curve_distance(a: Shape, b: Shape) -> Array:
    """Distances of points along `a` from the curve `b`, in pixels."""
    points, line = a.sampled(12), b.sampled(DENSE)
    ends = np.roll(line, -1, axis=0) if b.closed else line[1:]
    starts = line if b.closed else line[:-1]
    way = ends - starts
    share = ((points[:, None] - starts) * way).sum(-1) / np.maximum((way * way).sum(-1), 1e-12)
    nearest = starts + np.clip(share, 0, 1)[..., None] * way
    return np.linalg.norm(points[:, None] - nearest, axis=-1).min(1)
