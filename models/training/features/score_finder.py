"""Scores the face finder on film frames, and times every network (ONNX Runtime)."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from features.infer import SECOND_LOOK, Detector
from features.measures import summary
from features.score_frames import shots_of
from puppet.annotation import Box, load
from puppet.boxes import square
from puppet.truth import face_box
from shot_folder import load_png

RUNS = 15
# A box is usable when it is as rough as what the landmark network was trained on.
USABLE_SCALE, USABLE_SHIFT = (0.8, 2.5), 0.35


def overlap(one: Box, two: Box) -> float:
    """Intersection over union of two boxes."""
    low = np.maximum(one[:2], two[:2])
    high = np.minimum(np.add(one[:2], one[2:]), np.add(two[:2], two[2:]))
    shared = float(np.prod(np.maximum(high - low, 0)))
    return shared / (one[2] * one[3] + two[2] * two[3] - shared)


def usable(found: Box, tight: Box) -> bool:
    """Whether the landmark network can start from `SECOND_LOOK` times this square."""
    scale = found[2] * SECOND_LOOK / tight[2]
    shift = np.abs(np.add(found[:2], found[2] / 2) - np.add(tight[:2], tight[2] / 2)).max()
    return bool(USABLE_SCALE[0] <= scale <= USABLE_SCALE[1] and shift < USABLE_SHIFT * tight[2])


def score_finder(detector: Detector, roots: list[Path], split: str) -> dict[str, Any]:
    """How well first boxes fit, and landmarks that start from them, on the frames of a split."""
    overlaps, fits, errors = [], [], []
    for _, files in shots_of(roots, split):
        for file in files:
            note, picture = load(file.note), load_png(file.picture)[..., :3]
            tight = square(face_box(note))
            found, _ = detector.find(picture)
            overlaps.append(overlap(found, tight))
            fits.append(usable(found, tight))
            side = found[2] * SECOND_LOOK
            shift = (found[2] - side) / 2
            box = (found[0] + shift, found[1] + shift, side, side)
            visible, _ = note.flags()
            places = detector.detect(picture, box).places
            off = np.linalg.norm(places - note.places(), axis=1)[visible]
            errors += (100 * off / tight[2]).tolist()
    return {
        "frames": len(fits),
        "usable_share": round(float(np.mean(fits)), 4) if fits else None,
        "overlap": summary(overlaps),
        "landmarks_percent_of_tight_side": summary(errors),
    }


def milliseconds(work: Callable[[], Any]) -> float:
    """The median time of a few runs."""
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    return round(float(np.median(times)), 2)


def timed(detector: Detector) -> dict[str, float]:
    """Milliseconds of one 2K frame with the detector's threads."""
    picture = np.random.default_rng(0).integers(0, 256, (1080, 2048, 3), np.uint8)
    box = (700.0, 200.0, 600.0, 600.0)
    places = detector.look(picture, box).places
    visible = np.ones(len(places), bool)
    return {
        "crop_and_landmarks": milliseconds(lambda: detector.look(picture, box)),
        "two_looks_and_shapes": milliseconds(
            lambda: detector.draw(detector.detect(picture, box).places, visible)
        ),
        "shapes": milliseconds(lambda: detector.draw(places, visible)),
        "finder": milliseconds(lambda: detector.find(picture)),
    }
