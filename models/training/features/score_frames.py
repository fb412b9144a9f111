"""Scores the whole chain on film frames: box, landmarks, shapes, presence (ONNX Runtime)."""

from __future__ import annotations

import random
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.faces import FrameFile, frame_files
from features.infer import SECOND_LOOK, SEEN, Detector, Found
from features.measures import CROP_PX, apart, area, eyes_apart, f1, group_errors, summary
from puppet.annotation import Annotation, Box, load
from puppet.boxes import SCALES, jittered, square
from puppet.cubic import Array, Shape
from puppet.topology import Topology
from puppet.truth import face_box
from shot_folder import load_png

Pixels = NDArray[np.uint8]
# A shape counts as wholly seen when this share of its outline is.
WHOLE = 0.95
UNTOUCHED_PX = 1.0
# Groups whose errors the document adds up.
TOTAL = ("seams", "eyes", "brows")


@dataclass
class FrameScore:
    """All that is measured of one frame; distances in plate pixels."""

    name: str
    pose: str
    eyes: float  # distance of the eyes in the shot, see `eyes_of_shots`
    errors: Array  # of visible landmarks, rough box, two looks
    once: Array  # the same after one look
    tight: Array  # the same in a tight box, one look
    expected: Array  # what the network expected of them
    groups: dict[str, list[float]]  # pixels of the document's crop
    presence: list[tuple[bool, float]]  # truth and answer of every shape
    false_area: list[float]  # of closed shapes that are absent: area drawn, in shares of usual
    curves: dict[str, tuple[float, Array]]  # of present shapes: share seen, distances
    visible: list[tuple[bool, float]] = field(default_factory=list)


def shots_of(
    roots: list[Path], split: str, only: Container[str] | None = None
) -> Iterator[tuple[str, list[FrameFile]]]:
    """The shots of a split with their frames; `only` those with these names, where it is given."""
    shots: dict[str, list[FrameFile]] = {}
    for root in roots:
        for file in frame_files(root, (split,)):
            if only is None or file.name in only:
                shots.setdefault(file.name.split("/")[0], []).append(file)
    yield from shots.items()


def rough_box(note: Annotation, seed: int) -> Box:
    """The annotation's rough box; of shots that are not finished, one drawn alike."""
    if "rough" in note.boxes:
        return note.boxes["rough"]
    rng = random.Random(f"{seed}/{note.frame}")
    scale = float(np.exp(random.Random(seed).uniform(*np.log(SCALES))))
    return jittered(square(face_box(note)), rng, scale, 0.1, -0.1)


def score_frame(
    detector: Detector, picture: Pixels, note: Annotation, name: str, eyes: float, usual: Array
) -> FrameScore:
    """Everything about one frame. `usual` are areas of the shapes where they are present."""
    topology, truth = detector.topology, note.places()
    visible, _ = note.flags()
    tight = square(face_box(note))
    wide = tight[2] * SECOND_LOOK
    shift = (tight[2] - wide) / 2
    near = (tight[0] + shift, tight[1] + shift, wide, wide)
    rough = rough_box(note, sum(map(ord, name.split("/")[0])))
    found, once = detector.detect(picture, rough), detector.look(picture, rough)
    in_tight = detector.look(picture, near)

    def off(answer: Found) -> Array:
        return np.linalg.norm(answer.places - truth, axis=1)[visible]

    shapes = detector.draw(found.places, found.visible > SEEN)
    present = [note.present[kind.name] for kind in topology.shapes]
    return FrameScore(
        name=name,
        pose=str(note.facts.get("pose", "front")),
        eyes=eyes,
        errors=off(found),
        once=off(once),
        tight=off(in_tight),
        expected=found.error[visible],
        groups=group_errors(found.places, truth, visible, CROP_PX / wide, topology),
        presence=list(zip(present, found.presence.tolist(), strict=True)),
        false_area=_false_areas(found, shapes, present, usual, topology),
        curves=_curves(shapes, note),
        visible=list(zip(visible.tolist(), found.visible.tolist(), strict=True)),
    )


def _false_areas(
    found: Found, shapes: dict[str, Shape], present: list[bool], usual: Array, topology: Topology
) -> list[float]:
    areas = []
    for k, kind in enumerate(topology.shapes):
        if kind.closed and not present[k] and usual[k] > 0:
            shown = found.presence[k] > SEEN
            areas.append(area(shapes[kind.name]) / float(usual[k]) if shown else 0.0)
    return areas


def _curves(shapes: dict[str, Shape], note: Annotation) -> dict[str, tuple[float, Array]]:
    return {
        name: (note.seen_share.get(name, 1.0), apart(shapes[name], shape))
        for name, shape in note.shapes.items()
        if note.present[name]
    }


def score_split(
    detector: Detector, roots: list[Path], split: str, only: Container[str] | None = None
) -> list[FrameScore]:
    """Every frame of a split; `only` those with these names, where it is given."""
    scores = []
    for _, files in shots_of(roots, split, only):
        notes = [load(file.note) for file in files]
        eyes = max(eyes_apart(note.places(), detector.topology) for note in notes)
        usual = usual_areas(notes, detector.topology)
        for file, note in zip(files, notes, strict=True):
            picture = load_png(file.picture)[..., :3]
            scores.append(score_frame(detector, picture, note, file.name, eyes, usual))
    return scores


def usual_areas(notes: list[Annotation], topology: Topology) -> Array:
    """The mean area of each closed shape in a shot where it is present; 0 where it never is."""
    areas = np.zeros(len(topology.shapes))
    for k, kind in enumerate(topology.shapes):
        own = [area(note.shapes[kind.name]) for note in notes if note.present[kind.name]]
        areas[k] = np.mean(own) if own and kind.closed else 0.0
    return areas


def percent(scores: list[FrameScore], name: str) -> list[float]:
    """Errors of all frames in percent of the eyes' distance."""
    return [float(v) for s in scores for v in 100 * getattr(s, name) / s.eyes]


def table_row(scores: list[FrameScore]) -> dict[str, float]:
    """The document's row: mean of each group in pixels of its crop, and their total."""
    means = {}
    for group in dict.fromkeys(g for score in scores for g in score.groups):
        values = [v for score in scores for v in score.groups.get(group, [])]
        means[group] = round(float(np.mean(values)), 3)
    return means | {"total": round(sum(means.get(group, 0.0) for group in TOTAL), 3)}


def figures(scores: list[FrameScore]) -> dict[str, Any]:
    """What is reported of some frames."""
    errors = np.concatenate([s.errors for s in scores])
    once, tight = (np.concatenate([getattr(s, n) for s in scores]) for n in ("once", "tight"))
    pairs = [pair for s in scores for pair in s.presence]
    poses = {s.pose for s in scores}
    whole = [(d, s) for s in scores for seen, d in s.curves.values() if seen >= WHOLE]
    every = [(d, s) for s in scores for _, d in s.curves.values()]
    worst = [max((d.max() for _, d in s.curves.values()), default=0.0) for s in scores]
    return {
        "frames": len(scores),
        "landmarks_percent": summary(percent(scores, "errors")),
        "landmarks_percent_one_look": summary(percent(scores, "once")),
        "landmarks_px": summary(errors),
        "rough_px": round(float(once.mean()), 3),
        "rough_two_looks_px": round(float(errors.mean()), 3),
        "tight_px": round(float(tight.mean()), 3),
        "rough_over_tight": round(float(once.mean() / tight.mean()), 3),
        "rough_two_looks_over_tight": round(float(errors.mean() / tight.mean()), 3),
        "mae_400": table_row(scores),
        "mae_400_by_pose": {
            pose: table_row([s for s in scores if s.pose == pose]) for pose in sorted(poses)
        },
        "expected_error_correlation": _correlation(scores),
        "presence": _flags(pairs),
        "visible": _flags([pair for s in scores for pair in s.visible]),
        "false_matte_percent": _mean_percent([v for s in scores for v in s.false_area]),
        "curves_percent": summary([v for d, s in every for v in 100 * d / s.eyes]),
        "curves_percent_wholly_seen": summary([v for d, s in whole for v in 100 * d / s.eyes]),
        "untouched_share": round(float(np.mean(np.array(worst) <= UNTOUCHED_PX)), 4),
    }


def _correlation(scores: list[FrameScore]) -> float:
    """Of the logarithms of expected and true errors."""
    expected = np.concatenate([s.expected for s in scores])
    errors = np.concatenate([s.errors for s in scores])
    return round(float(np.corrcoef(np.log(expected), np.log(errors + 1e-3))[0, 1]), 3)


def _flags(pairs: list[tuple[bool, float]]) -> dict[str, float]:
    """F1 of what is there, and of what is not."""
    truth, answer = np.array([t for t, _ in pairs]), np.array([a > SEEN for _, a in pairs])
    hit, wrong = int((truth & answer).sum()), int((~truth & answer).sum())
    missed, none = int((truth & ~answer).sum()), int((~truth & ~answer).sum())
    return {
        "f1": f1(hit, wrong, missed),
        "f1_absent": f1(none, missed, wrong),
        "present": hit + missed,
        "absent": wrong + none,
    }


def _mean_percent(values: list[float]) -> float | None:
    return round(100 * float(np.mean(values)), 2) if values else None
