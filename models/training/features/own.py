"""The folder of one's own character as frames to train on (needs torch)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from features.faces import FaceFrame, FaceSet, behind, cut_out
from features.geometry import Geometry
from features.infer import crop_of, second_box
from features.revector import revectorised
from puppet.annotation import Annotation, Box, Landmark
from puppet.boxes import square
from puppet.character import CHARACTER, RotoFrame, read_character
from puppet.cubic import Array
from puppet.topology import PUPPET, Topology
from shot_folder import load_png

# Of what the artist has drawn, the landmarks' box is about this much larger than the curves'.
ROOM = 1.25


def is_character(folder: Path) -> bool:
    """Whether a folder says that it is a character's."""
    path = folder / "character.json"
    return path.exists() and CHARACTER in path.read_text("utf-8")


def drawn_box(note: Annotation) -> Box:
    """A square about everything that was drawn, with some room."""
    points = np.concatenate([shape.sampled(8) for shape in note.shapes.values()])
    low, high = points.min(0), points.max(0)
    left, top, side, _ = square((low[0], low[1], *(high - low)))
    wide = side * ROOM
    return (left + (side - wide) / 2, top + (side - wide) / 2, wide, wide)


@torch.inference_mode()
def guessed(net: nn.Module, picture: np.ndarray, box: Box, count: int) -> tuple[Array, Array]:
    """Landmarks that a trained network sees in a box after two looks, and which are visible."""
    device = next(net.parameters()).device
    for _ in range(2):
        crop = torch.from_numpy(crop_of(picture, box, net.size)).to(device)
        values = net(crop)[0, :, 0].double().cpu().numpy()
        places = values[:2, :count].T * box[2] + box[:2]
        box = second_box(places)
    return places, values[3, :count]


def with_landmarks(
    frame: RotoFrame, net: nn.Module, picture: np.ndarray, topology: Topology
) -> Annotation:
    """The annotation with landmarks on the artist's curves; those of shapes that were not drawn are
    where the network has them, and not in the picture."""
    note = frame.note
    guess, _ = guessed(net, picture, drawn_box(note), topology.count)
    places, known = revectorised(note.shapes, guess, topology)
    landmarks = [
        Landmark(float(x), float(y), bool(k), bool(k))
        for (x, y), k in zip(places, known, strict=True)
    ]
    present = {kind.name: kind.name in note.shapes for kind in topology.shapes}
    size = (picture.shape[1], picture.shape[0])
    return replace(note, landmarks=landmarks, present=present, size=size)


def character_faces(folder: Path, net: nn.Module | None, topology: Topology = PUPPET) -> FaceSet:
    """Projected and roto'd frames of a character. Roto'd ones need a trained network to begin
    from; without one they are left out."""
    found, faces = read_character(folder, topology), FaceSet([], (), topology)
    for frame in found.projected:
        name = f"{frame.picture.parents[1].name}/{frame.picture.stem}"
        picture = load_png(frame.picture)[..., :3]
        faces.frames[name] = cut_out(name, picture, frame.note, topology)
    for shot, frames in found.roto.items():
        for frame in frames if net is not None else []:
            picture, name = load_png(frame.picture)[..., :3], f"roto_{shot}/{frame.picture.stem}"
            note = with_landmarks(frame, net, picture, topology)
            faces.frames[name] = cut_out(name, picture, note, topology, film=True)
            plate = behind(picture, note)
            faces.plates += [] if plate is None else [plate]
    return faces


def geometry_of(frames: list[FaceFrame], topology: Topology) -> Geometry:
    """The true landmarks and shapes of projected frames."""
    names = [kind.name for kind in topology.shapes]
    whole = [f for f in frames if not f.film and all(name in f.outlines for name in names)]

    def vertices(frame: FaceFrame) -> Array:
        own = np.concatenate([frame.outlines[name].vertices for name in names])
        own[:, 0] -= frame.origin
        return own / frame.scale

    return Geometry(
        np.array([f.landmarks for f in whole], np.float32).reshape(-1, topology.count, 2),
        np.array([f.visible for f in whole]).reshape(-1, topology.count),
        np.array([vertices(f) for f in whole], np.float32),
    )
