"""Frames to train and test on: what is about the face, with its truth, in memory (NumPy, pillow).

Rendered sets and the folder of one's own character are read alike. A set may grow while training
goes on: `FaceSet.refresh` adds the frames that were not there before.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from puppet.annotation import Annotation, load
from puppet.augment_warp import FacePicture
from puppet.boxes import square
from puppet.cubic import Array, Shape
from puppet.topology import PUPPET, Topology
from puppet.truth import face_box
from shot_folder import load_png

Pixels = NDArray[np.uint8]
Box = tuple[float, float, float, float]
# Sides of the tight square that are kept about a face: no crop reaches farther.
KEPT = 3.4
# Tight squares larger than this are stored at half the size.
LARGE_PX = 400.0
# Of a film shot, every so many frames give a background.
PLATE_EVERY = 8


@dataclass(frozen=True)
class FaceFrame:
    """The surroundings of a face with its truth, in its own pixels."""

    name: str  # shot/number
    picture: Pixels
    landmarks: Array  # [P,2]
    visible: NDArray[np.bool_]
    present: NDArray[np.bool_]  # landmarks
    shapes: NDArray[np.bool_]  # [K] which are in the picture
    tight: Box
    outlines: dict[str, Shape] = field(default_factory=dict)
    origin: tuple[float, float] = (0.0, 0.0)  # of the picture in the plate
    scale: float = 1.0  # plate pixels of one of its own
    film: bool = False

    def face(self) -> FacePicture:
        """As augmentation takes it, without shapes."""
        picture = self.picture.astype(np.float32) / np.float32(255)
        return FacePicture(picture, self.landmarks, self.visible, self.present)


def halved(picture: Pixels) -> Pixels:
    """The mean of every two by two pixels; an odd last row or column is left out."""
    height, width = (side // 2 * 2 for side in picture.shape[:2])
    quads = picture[:height, :width].reshape(height // 2, 2, width // 2, 2, 3)
    return ((quads.sum((1, 3), dtype=np.uint16) + 2) // 4).astype(np.uint8)


def cut_out(
    name: str, plate: Pixels, note: Annotation, topology: Topology = PUPPET, film: bool = False
) -> FaceFrame:
    """The part of a plate about a face."""
    tight = square(face_box(note))
    side = tight[2] * KEPT
    left = max(int(tight[0] + tight[2] / 2 - side / 2), 0)
    top = max(int(tight[1] + tight[3] / 2 - side / 2), 0)
    right, low = min(left + int(side), plate.shape[1]), min(top + int(side), plate.shape[0])
    picture, scale = np.ascontiguousarray(plate[top:low, left:right]), 1.0
    while tight[2] / scale > LARGE_PX:
        picture, scale = halved(picture), scale * 2
    origin = np.array([left, top], float)
    visible, present = note.flags()
    return FaceFrame(
        name=name,
        picture=picture,
        landmarks=(note.places() - origin) / scale,
        visible=visible,
        present=present,
        shapes=np.array([note.present.get(kind.name, False) for kind in topology.shapes]),
        tight=tuple((np.array(tight) - [left, top, 0, 0]) / scale),  # type: ignore[arg-type]
        outlines=note.shapes,
        origin=(float(left), float(top)),
        scale=scale,
        film=film,
    )


def behind(plate: Pixels, note: Annotation) -> NDArray[np.float32] | None:
    """What a film plate shows beside the face, at half its size in 0..1; None where that is too
    narrow to serve as a background."""
    left, _, side, _ = square(face_box(note))
    before, after = int(left - side), int(left + 2 * side)
    strips = [plate[:, : max(before, 0)], plate[:, max(after, 0) :]]
    widest = max(strips, key=lambda strip: strip.shape[1])
    if widest.shape[1] < 400:
        return None
    return halved(widest).astype(np.float32) / np.float32(255)


@dataclass(frozen=True)
class FrameFile:
    """Where a finished frame lies."""

    name: str  # shot/number
    picture: Path
    note: Path
    film: bool


def frame_files(root: Path, splits: tuple[str, ...]) -> list[FrameFile]:
    """Every finished frame of some splits below a folder."""
    found = []
    for path in sorted(root.rglob("shot.json")):
        shot, facts = path.parent, json.loads(path.read_text("utf-8"))
        if facts["split"] not in splits:
            continue
        for picture in sorted((shot / "frames").glob("*.png")):
            note = shot / "annotations" / f"{picture.stem}.json"
            name, film = f"{shot.name}/{picture.stem}", facts["set"] == "film"
            found.append(FrameFile(name, picture, note, film))
    return found


@dataclass
class FaceSet:
    """Frames of some folders, by name."""

    roots: list[Path]
    splits: tuple[str, ...]
    topology: Topology = PUPPET
    frames: dict[str, FaceFrame] = field(default_factory=dict)
    plates: list[NDArray[np.float32]] = field(default_factory=list)

    def refresh(self) -> int:
        """Reads what is new; how many frames that were."""
        before = len(self.frames)
        for root in self.roots:
            for file in frame_files(root, self.splits):
                if file.name not in self.frames:
                    self.add(file)
        return len(self.frames) - before

    def add(self, file: FrameFile) -> None:
        """Reads a frame."""
        pixels, note = load_png(file.picture)[..., :3], load(file.note)
        self.frames[file.name] = cut_out(file.name, pixels, note, self.topology, file.film)
        if file.film and note.frame % PLATE_EVERY == 1:
            plate = behind(pixels, note)
            self.plates += [] if plate is None else [plate]

    def hash(self) -> str:
        """One hash over names, pixels and landmarks."""
        digest = hashlib.sha256()
        for name in sorted(self.frames):
            frame = self.frames[name]
            digest.update(name.encode())
            digest.update(frame.picture.tobytes())
            digest.update(np.round(frame.landmarks, 2).tobytes())
        return digest.hexdigest()
