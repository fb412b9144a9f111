"""One frame of the ray caster: picture, labels, subject, share of each class, motion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caster_scene import Moment, Scene
from caster_shade import Shaded, cast
from caster_vectors import Index, Row, Vec, column
from labels import Labels, Plane
from tone_classes import CLASSES

# Sub-pixel samples of a refined pixel: a grid of GRID x GRID.
GRID = 3
# Neighbours that differ by more than this in display-encoded color get a pixel refined.
CONTRAST = 0.06
# Rays cast at once: their rows stay in the processor's cache.
CHUNK = 16_384


@dataclass(frozen=True)
class Frame:
    """What is written of a frame."""

    picture: NDArray[np.float32]  # [H, W, 3], linear, exposure not yet applied
    labels: Labels
    subject: NDArray[np.bool_]
    soft: NDArray[np.float32]  # [5, H, W]
    motion: NDArray[np.float32]  # [2, H, W]


def encode(linear: NDArray[np.floating]) -> NDArray[np.float32]:
    """Linear light to display-encoded sRGB, 0..1."""
    x = np.clip(linear, 0, 1)
    curve = 1.055 * np.maximum(x, 0.0031308) ** (1 / 2.4) - 0.055
    return np.asarray(np.where(x <= 0.0031308, 12.92 * x, curve), np.float32)


def render(scene: Scene, time: float, width: int, height: int) -> Frame:
    """The frame at a time, in frames; motion is towards `time + 1`."""
    moment = scene.at(time)
    centre = _cast_places(moment, *_centres(width, height), width, height)
    labels = centre.labels().reshape(height, width)
    picture = centre.color.T.reshape(height, width, 3).astype(np.float32)
    soft = np.stack([(labels == k) for k in range(len(CLASSES))]).astype(np.float32)
    at = np.flatnonzero(_edges(picture * scene.exposure, labels, centre.which))
    if at.size:
        color, shares = _refined(moment, at, width, height)
        picture.reshape(-1, 3)[at] = color.T
        soft.reshape(len(CLASSES), -1)[:, at] = shares
    return Frame(
        picture=picture,
        labels=labels,
        subject=centre.subject.reshape(height, width),
        soft=soft,
        motion=motion(moment, scene.at(time + 1), centre.depth, centre.which, width, height),
    )


def motion(now: Moment, then: Moment, depth: Row, which: Index, width: int, height: int) -> Plane:
    """Pixels to where the point in each pixel's centre lies a frame later, x right and y down.

    Points ride on their items; what lies behind everything is endlessly far. Double precision: what
    rests does so exactly to a billionth of a pixel.
    """
    x, y = _centres(width, height)
    d = now.camera.rays(x, y, width, height)
    p = column(now.camera.eye, d) + d * np.where(which >= 0, depth, 0).astype(np.float64)
    for k in np.unique(which[which >= 0]):
        at = np.flatnonzero(which == k)
        p[:, at] = then.poses[k].to_world(now.poses[k].to_object(p[:, at]))
    to_x, to_y = then.camera.project(p, width, height)
    far_x, far_y = then.camera.project_direction(d, width, height)
    dx = np.where(which >= 0, to_x, far_x) - x
    dy = np.where(which >= 0, to_y, far_y) - y
    return np.stack([dx, dy]).reshape(2, height, width).astype(np.float32)


def _centres(width: int, height: int) -> tuple[Row, Row]:
    y, x = np.divmod(np.arange(width * height), width)
    return x + 0.5, y + 0.5


def _cast_places(moment: Moment, x: Row, y: Row, width: int, height: int) -> Shaded:
    parts = []
    for start in range(0, len(x), CHUNK):
        span = slice(start, start + CHUNK)
        d = moment.camera.rays(x[span], y[span], width, height).astype(np.float32)
        parts.append(cast(moment, d))
    return Shaded(
        color=np.concatenate([part.color for part in parts], axis=1),
        depth=np.concatenate([part.depth for part in parts]),
        which=np.concatenate([part.which for part in parts]),
        subject=np.concatenate([part.subject for part in parts]),
        occluded=np.concatenate([part.occluded for part in parts]),
        unoccluded=np.concatenate([part.unoccluded for part in parts]),
        glossy=np.concatenate([part.glossy for part in parts]),
    )


def _edges(picture: NDArray[np.float32], labels: Labels, which: Index) -> NDArray[np.bool_]:
    """Pixels that differ from one of their neighbours in item, class or color."""
    height, width = labels.shape
    planes = np.stack([which.reshape(height, width), labels.astype(np.intp)])
    shown = encode(picture).transpose(2, 0, 1)
    edges = np.zeros((height, width), bool)
    for dy, dx in ((0, 1), (1, 0), (1, 1), (1, -1)):
        here = (slice(0, height - dy), slice(max(0, -dx), width - max(0, dx)))
        there = (slice(dy, height), slice(max(0, dx), width - max(0, -dx)))
        differ = (planes[(slice(None), *here)] != planes[(slice(None), *there)]).any(axis=0)
        jump = np.abs(shown[(slice(None), *here)] - shown[(slice(None), *there)]).max(axis=0)
        differ |= jump > CONTRAST
        edges[here] |= differ
        edges[there] |= differ
    return edges


def _refined(moment: Moment, at: Index, width: int, height: int) -> tuple[Vec, Row]:
    """Mean color and class shares of pixels, from a grid of samples in each."""
    y, x = np.divmod(at, width)
    places = [((k + 0.5) / GRID, (j + 0.5) / GRID) for j, k in np.ndindex(GRID, GRID)]
    sub_x = np.concatenate([x + place[0] for place in places])
    sub_y = np.concatenate([y + place[1] for place in places])
    samples = _cast_places(moment, sub_x, sub_y, width, height)
    # Clipped first, or one bright sample would undo the smoothing of its edge.
    color = np.minimum(samples.color, np.float32(1 / moment.scene.exposure))
    labels = samples.labels().reshape(len(places), at.size)
    shares = np.stack([(labels == k).mean(axis=0) for k in range(len(CLASSES))])
    return color.reshape(3, len(places), at.size).mean(axis=1), shares
