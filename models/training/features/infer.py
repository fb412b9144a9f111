"""Runs exported networks as the node does: a box, a crop, landmarks, shapes (ONNX Runtime)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image

from features.entries import FACE_CELL, FACE_SIDE
from puppet.annotation import Box
from puppet.boxes import square
from puppet.cubic import Array, Shape
from puppet.topology import Topology

Pixels = NDArray[np.uint8]
SECOND_LOOK = 1.25  # sides of the tight square
SEEN = 0.5
# A shape of whose landmarks a smaller share lies in the picture is not to be seen.
LEAST_INSIDE = 0.2


@dataclass(frozen=True)
class Found:
    """What the landmark network says of a picture; places and errors in the picture's pixels."""

    places: Array  # [P,2]
    error: Array  # [P]
    visible: Array  # [P] 0..1
    presence: Array  # [K] 0..1


def session_of(path: Path, threads: int = 2) -> Any:
    """A network ready to run."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = threads, 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def crop_of(picture: Pixels, box: Box, size: int) -> NDArray[np.float32]:
    """A square of a picture, antialiased, as the network's input; outside, borders repeat."""
    left, top, side, _ = box
    low = np.floor([left, top]).astype(int) - 2
    high = np.ceil([left + side, top + side]).astype(int) + 2
    height, width = picture.shape[:2]
    columns = np.clip(np.arange(low[0], high[0]), 0, width - 1)
    rows = np.clip(np.arange(low[1], high[1]), 0, height - 1)
    part = Image.fromarray(np.ascontiguousarray(picture[rows][:, columns]))
    inner = (left - low[0], top - low[1], left - low[0] + side, top - low[1] + side)
    small = part.resize((size, size), Image.Resampling.BILINEAR, box=inner)
    return np.asarray(small, np.float32).transpose(2, 0, 1)[None] / np.float32(255)


def second_box(places: Array) -> Box:
    """The square of a second look about what the first one found."""
    low, high = places.min(0), places.max(0)
    left, top, side, _ = square((low[0], low[1], *(high - low)))
    wide = side * SECOND_LOOK
    return (left + (side - wide) / 2, top + (side - wide) / 2, wide, wide)


def images_of(topology: Topology) -> NDArray[np.int64]:
    """Which column of the landmark network's answer is the mirror image of each."""
    return np.array([*topology.mirror, *(topology.count + k for k in topology.shape_mirror)])


class Detector:
    """The networks of one family; `landmarks` and `shapes` are other files for two of them."""

    def __init__(
        self,
        models: Path,
        family: str,
        topology: Topology,
        threads: int = 2,
        landmarks: Path | None = None,
        shapes: Path | None = None,
    ) -> None:
        self.topology = topology
        self.landmarks = session_of(landmarks or models / f"{family}_landmarks.onnx", threads)
        self.shapes = session_of(shapes or models / f"{family}_shapes.onnx", threads)
        self.finder = session_of(models / f"{family}_finder.onnx", threads)
        self.size = self.landmarks.get_inputs()[0].shape[2]

    def look(self, picture: Pixels, box: Box, close: bool = False) -> Found:
        """Landmarks of one crop; when `close`, the mean of it and of its mirror image."""
        crop = crop_of(picture, box, self.size)
        count, rows = self.topology.count, self._answer(crop)
        if close:
            flipped = self._answer(np.ascontiguousarray(crop[..., ::-1]))
            flipped[0, :count] = 1 - flipped[0, :count]
            rows = (rows + flipped[:, images_of(self.topology)]) / 2
        places = rows[:2, :count].T * box[2] + box[:2]
        inside = ((places >= 0) & (places <= picture.shape[1::-1])).all(1)
        own = [inside[kind.bound()[1]] for kind in self.topology.shapes]
        shown = np.array([not part.size or part.mean() >= LEAST_INSIDE for part in own])
        visible, presence = rows[3, :count] * inside, rows[3, count:] * shown
        return Found(places, rows[2, :count] * box[2], visible, presence)

    def _answer(self, crop: NDArray[np.float32]) -> Array:
        (values,) = self.landmarks.run(None, {"image": crop})
        return values[0, :, 0].astype(float)

    def detect(self, picture: Pixels, box: Box, looks: int = 2) -> Found:
        """Landmarks after one look or more, each closely about what the one before found."""
        found = self.look(picture, box)
        for _ in range(looks - 1):
            found = self.look(picture, second_box(found.places), close=True)
        return found

    def draw(self, places: Array, visible: NDArray[np.bool_]) -> dict[str, Shape]:
        """All shapes through landmarks; those that are not visible are guesses."""
        middle = places.mean(0)
        scale = max(float(np.sqrt(((places - middle) ** 2).sum(1).mean())), 1e-6)
        points = np.concatenate([((places - middle) / scale).T, visible[None]])[None, :, None]
        (values,) = self.shapes.run(None, {"points": points.astype(np.float32)})
        return shapes_of(values, places, middle, scale, self.topology)

    def find(self, picture: Pixels) -> tuple[Box, float]:
        """The likeliest face's tight square, and its score."""
        height, width = picture.shape[:2]
        scale = FACE_SIDE / max(height, width)
        wide, tall = max(round(width * scale), 1), max(round(height * scale), 1)
        small = Image.fromarray(picture).resize((wide, tall), Image.Resampling.BILINEAR)
        shape = (-(-tall // FACE_CELL) * FACE_CELL, -(-wide // FACE_CELL) * FACE_CELL)
        padded = np.zeros((1, 3, *shape), np.float32)
        padded[0, :, :tall, :wide] = np.asarray(small, np.float32).transpose(2, 0, 1) / 255
        (cells,) = self.finder.run(None, {"image": padded})
        row, column = np.unravel_index(cells[0, 0].argmax(), cells.shape[2:])
        score, size, dx, dy = cells[0, :, row, column].astype(float)
        side = size * FACE_SIDE / scale
        x = (column + 0.5 + dx) * FACE_CELL / scale
        y = (row + 0.5 + dy) * FACE_CELL / scale
        return (x - side / 2, y - side / 2, side, side), score


def shapes_of(
    values: NDArray[np.float32], places: Array, middle: Array, scale: float, topology: Topology
) -> dict[str, Shape]:
    """The network's vertices [1,6,1,V] in pixels, with anchors that are landmarks put there."""
    vertices = values[0, :, 0].T.reshape(-1, 3, 2).astype(float) * scale
    vertices[:, 0] += middle
    shapes, start = {}, 0
    for kind in topology.shapes:
        own = vertices[start : start + len(kind.landmarks)].copy()
        at, bound = kind.bound()
        own[at, 0] = places[bound]
        shapes[kind.name] = Shape(own, kind.closed)
        start += len(own)
    return shapes
