"""Shapes and landmarks drawn over a picture, to look at (NumPy alone)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from display_curve import to_bytes
from puppet.annotation import Annotation, Box, Landmark
from puppet.augment_warp import FacePicture
from puppet.raster import line_pixels

Pixels = NDArray[np.uint8]
SHAPE, ABSENT, SEEN, HIDDEN = (0, 255, 80), (255, 130, 0), (255, 255, 0), (255, 0, 0)


def enlarged(picture: Pixels, by: int) -> Pixels:
    """Each pixel `by` times as large."""
    return picture.repeat(by, 0).repeat(by, 1)


def crop(picture: Pixels, box: Box, side: int) -> tuple[Pixels, float, tuple[float, float]]:
    """A square crop resampled to `side`, its scale and its left and top; outside is black."""
    at = (np.arange(side) + 0.5) * box[2] / side
    columns, rows = np.floor(box[0] + at).astype(int), np.floor(box[1] + at).astype(int)
    height, width = picture.shape[:2]
    found = picture[np.clip(rows, 0, height - 1)][:, np.clip(columns, 0, width - 1)].copy()
    found[(rows < 0) | (rows >= height)] = 0
    found[:, (columns < 0) | (columns >= width)] = 0
    return found, side / box[2], (box[0], box[1])


def drawn(
    picture: Pixels, note: Annotation, scale: float = 1.0, origin: tuple[float, float] = (0, 0)
) -> Pixels:
    """Shapes (green; orange when not in the picture) and landmarks (yellow; red when hidden)."""
    result = picture.copy()
    height, width = result.shape[:2]
    for name, shape in note.shapes.items():
        points = (shape.sampled(24) - origin) * scale
        if shape.closed:
            points = np.concatenate([points, points[:1]])
        rows, columns = line_pixels(points, width, height)
        result[rows, columns] = SHAPE if note.present.get(name, True) else ABSENT
    for point in note.landmarks:
        x, y = (point.x - origin[0]) * scale, (point.y - origin[1]) * scale
        _ring(result, x, y, SEEN if point.visible else HIDDEN)
    return result


def drawn_face(face: FacePicture) -> Pixels:
    """A face under augmentation with what became of its truth."""
    landmarks = [
        Landmark(float(x), float(y), bool(v), bool(p))
        for (x, y), v, p in zip(face.landmarks, face.visible, face.present, strict=True)
    ]
    note = Annotation(0, face.size, landmarks, face.shapes, {})
    return drawn(to_bytes(face.picture), note)


def _ring(picture: Pixels, x: float, y: float, color: tuple[int, int, int]) -> None:
    angle = np.linspace(0, 2 * np.pi, 24)
    columns = np.floor(x + 2.5 * np.cos(angle)).astype(int)
    rows = np.floor(y + 2.5 * np.sin(angle)).astype(int)
    height, width = picture.shape[:2]
    there = (columns >= 0) & (rows >= 0) & (columns < width) & (rows < height)
    picture[rows[there], columns[there]] = color


def sheet(cells: list[Pixels], columns: int) -> Pixels:
    """Pictures side by side; smaller ones leave a black rest."""
    height = max(cell.shape[0] for cell in cells)
    width = max(cell.shape[1] for cell in cells)
    rows = -(-len(cells) // columns)
    whole = np.zeros((rows * (height + 4), columns * (width + 4), 3), np.uint8)
    for k, cell in enumerate(cells):
        y, x = k // columns * (height + 4), k % columns * (width + 4)
        whole[y : y + cell.shape[0], x : x + cell.shape[1]] = cell
    return whole
