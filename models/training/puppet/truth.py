"""From a face in space to what a picture shows of it: shapes, landmarks, presence (NumPy alone)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from camera_view import View
from puppet.annotation import Annotation, Landmark
from puppet.cubic import Array, Shape, evaluate, fit
from puppet.outlines import FINE, Face
from puppet.parts import INDEX
from puppet.surface import chart_of
from puppet.topology import PUPPET

Hidden = Callable[[Array], NDArray[np.bool_]]
# A shape is in the picture when at least this share of its outline is seen.
PRESENT = 0.2
# The same of its area, as rendered; an area of fewer pixels per pixel of outline is too thin.
COVERED, THIN_PX = 0.1, 1.5
# The cosine between a surface's normal and the way to the camera, from which on it is seen.
HORIZON = 0.1
OUTLINE_SAMPLES = 6


def project(shape: Shape, pose: Array, view: View) -> tuple[Shape, float]:
    """A 3D shape as the camera sees it, and the fit's largest error in pixels.

    Perspective makes rational curves of cubics. Anchors and the directions of handles are exact;
    handle lengths are fitted through the projected curve.
    """
    controls = shape.controls() @ pose[:3, :3].T + pose[:3, 3]
    t = np.broadcast_to(np.linspace(0, 1, FINE), (len(controls), FINE))
    points, _ = view.project(evaluate(controls, t))
    flat, _ = view.project(controls)
    # Straight at the camera a handle has no direction in the picture; then the chord's will do.
    first = _direction(flat[:, 1] - flat[:, 0], points[:, 1] - points[:, 0])
    last = _direction(flat[:, 2] - flat[:, 3], points[:, -2] - points[:, -1])
    fitted, error = fit(points, first, last, t)
    return Shape.of_controls(fitted, shape.closed), float(error.max())


def _direction(way: Array, spare: Array) -> Array:
    short = np.linalg.norm(way, axis=1, keepdims=True) < 1e-6
    return np.where(short, spare, way)


def annotate(face: Face, pose: Array, view: View, hidden: Hidden, number: int) -> Annotation:
    """Everything that is true of a frame; places in pixels of the camera's whole frame."""

    def seen(points: Array) -> NDArray[np.bool_]:
        world = points @ pose[:3, :3].T + pose[:3, 3]
        place, _ = view.project(world)
        inside = (place > 0).all(1) & (place[:, 0] < view.width) & (place[:, 1] < view.height)
        # The clearance of `hidden` would let a point look over its own horizon.
        outward = face.head.normal(chart_of(points)) @ pose[:3, :3].T
        towards = view.world_from_camera[:3, 3] - world
        facing = (outward * towards).sum(1) > HORIZON * np.linalg.norm(towards, axis=1)
        return inside & facing & ~hidden(world)

    shapes, present, shares, errors = {}, {}, {}, []
    for name, shape in face.space.items():
        shapes[name], error = project(shape, pose, view)
        shares[name] = round(float(seen(shape.sampled(OUTLINE_SAMPLES)).mean()), 3)
        present[name] = shares[name] >= PRESENT
        errors.append(error)
    place, _ = view.project(face.landmarks @ pose[:3, :3].T + pose[:3, 3])
    visible = seen(face.landmarks)
    landmarks = [
        Landmark(float(x), float(y), bool(v), True)
        for (x, y), v in zip(place, visible, strict=True)
    ]
    return Annotation(
        frame=number,
        size=(view.width, view.height),
        landmarks=_flagged(landmarks, present),
        shapes=shapes,
        present=present,
        seen_share=shares,
        fit_error=round(max(errors), 4),
    )


def covered(note: Annotation, index: NDArray[np.integer]) -> Annotation:
    """The annotation with presence by what was rendered: `index` holds each pixel's object.

    At the head's horizon the outline alone says too little: a raised sideburn may stand over it, or
    be hidden although points of its border are not. Seams and closed eyes are too thin to count.
    """
    present = dict(note.present)
    for name, own in INDEX.items():
        x, y = note.shapes[name].sampled(12).T
        area = abs(float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())) / 2
        length = float(np.hypot(x - np.roll(x, -1), y - np.roll(y, -1)).sum())
        pixels = int((index == own).sum())
        thin = area < THIN_PX * length
        present[name] = pixels >= max(8, COVERED * area) or (present[name] and thin)
    return replace(note, present=present, landmarks=_flagged(note.landmarks, present))


def _flagged(landmarks: list[Landmark], present: dict[str, bool]) -> list[Landmark]:
    """Landmarks present with any of their shapes; what is not present is not visible."""
    there = np.zeros(len(landmarks), bool)
    for kind in PUPPET.shapes:
        there[kind.bound()[1]] |= present[kind.name]
    return [
        Landmark(p.x, p.y, bool(p.visible and t), bool(t))
        for p, t in zip(landmarks, there, strict=True)
    ]


def face_box(annotation: Annotation) -> tuple[float, float, float, float]:
    """Left, top, width, height of the box about all landmarks, hidden ones included."""
    places = annotation.places()
    low, high = places.min(0), places.max(0)
    return (float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1]))
