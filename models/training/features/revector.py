"""An artist's curve with any vertices to landmarks on it (NumPy alone).

A guess says where a shape's landmarks are about to be: the landmark network's. The guess is laid
onto the curve's middle and size; then each landmark goes to a place on the curve near its own
guess, all of them in the topology's order, the way round that fits better.
"""

from __future__ import annotations

import numpy as np

from features.measures import catmull_rom
from puppet.cubic import Array, Shape
from puppet.topology import Topology

# Places on the curve among which landmarks choose.
PLACES = 192
# How much the guess may grow or shrink.
SIZES = (0.6, 1.6)


def dense(shape: Shape) -> Array:
    """`PLACES` points along a shape, evenly by length [n,2]."""
    points = shape.sampled(24)
    if shape.closed:
        points = np.concatenate([points, points[:1]])
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(np.maximum(steps, 1e-9))])
    at = np.linspace(0, along[-1], PLACES, endpoint=not shape.closed)
    return np.stack([np.interp(at, along, points[:, k]) for k in range(2)], axis=-1)


def laid(guess: Array, about: Array, curve: Array) -> Array:
    """Guessed landmarks moved by what takes the guessed curve's middle and size to the curve's."""
    middle, target = about.mean(0), curve.mean(0)
    size = np.sqrt(((about - middle) ** 2).sum(1).mean())
    wanted = np.sqrt(((curve - target) ** 2).sum(1).mean())
    scale = np.clip(wanted / max(size, 1e-9), *SIZES)
    return (guess - middle) * scale + target


def ordered(cost: Array, closed: bool) -> tuple[Array, float]:
    """The places [k] that cost least in rising order, and their cost; `cost` is [k,n].

    On a closed curve the order may begin anywhere: it is cut at each of the first landmark's few
    best places in turn.
    """
    if not closed:
        return _rising(cost)
    best, least = np.zeros(len(cost), int), np.inf
    for start in np.argsort(cost[0])[:12]:
        turned = np.roll(cost, -int(start), axis=1)
        places, total = _rising(turned[1:, 1:])
        total += float(cost[0, start])
        if total < least:
            least = total
            best = np.concatenate([[0], places + 1]) + int(start)
    return best % cost.shape[1], least


def _rising(cost: Array) -> tuple[Array, float]:
    """Dynamic programming over places that rise strictly."""
    count, places = cost.shape
    total = cost[0].copy()
    came = np.zeros((count, places), int)
    for k in range(1, count):
        # The best place so far at or before each, then one step on.
        low = np.minimum.accumulate(total)
        at = np.maximum.accumulate(np.where(total <= low, np.arange(places), 0))
        came[k, 1:], came[k, 0] = at[:-1], 0
        total = np.concatenate([[np.inf], low[:-1]]) + cost[k]
    found = np.zeros(count, int)
    found[-1] = int(total.argmin())
    for k in range(count - 1, 0, -1):
        found[k - 1] = came[k, found[k]]
    return found, float(total.min())


def landmarks_on(drawn: Shape, guess: Array) -> Array:
    """Where landmarks [k,2], guessed in order along a shape, lie on the artist's curve."""
    curve, moved = dense(drawn), guess
    if drawn.closed:
        anchors = np.stack([guess, 0 * guess, 0 * guess], axis=1)
        moved = laid(guess, dense(catmull_rom(Shape(anchors, True))), curve)
    both = []
    for line in (curve, curve[::-1]):
        cost = ((moved[:, None] - line[None]) ** 2).sum(-1)
        at, total = ordered(cost, drawn.closed)
        both.append((total, line[at]))
    return min(both, key=lambda pair: pair[0])[1]


def revectorised(
    drawn: dict[str, Shape], guess: Array, topology: Topology
) -> tuple[Array, np.ndarray]:
    """All landmarks [P,2], those of drawn shapes on their curves, and which those are."""
    places, known = guess.copy(), np.zeros(topology.count, bool)
    for kind in topology.shapes:
        if kind.name in drawn:
            bound = kind.bound()[1]
            places[bound] = landmarks_on(drawn[kind.name], guess[bound])
            known[bound] = True
    return places, known
