"""The folder of one's own character: 3D-projected frames, and frames that artists roto'd.

`README.md` describes it for those who fill it. Reading tells all that is wrong at once, with the
file's name, before anything is trained.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from puppet.annotation import (
    Annotation,
    from_json,
    from_public,
    load,
    save_json,
    to_json,
    to_public,
)
from puppet.topology import PUPPET, Topology

CHARACTER = "rotocel-character-1"


@dataclass(frozen=True)
class RotoFrame:
    """A frame with shapes of any vertices, and no landmarks."""

    picture: Path
    note: Annotation


@dataclass
class Character:
    """What a folder holds."""

    name: str
    projected: list[RotoFrame] = field(default_factory=list)
    roto: dict[str, list[RotoFrame]] = field(default_factory=dict)


def read_character(folder: Path, topology: Topology = PUPPET) -> Character:
    """Reads a character's folder; a ValueError lists what is wrong."""
    wrong: list[str] = []
    facts = _facts(folder, wrong)
    found = Character(str(facts.get("name", folder.name)))
    for path in sorted((folder / "projected").glob("**/annotations/*.json")):
        picture = path.parents[1] / "frames" / f"{path.stem}.png"
        note = _note(path, picture, wrong, topology, landmarks=True)
        if note is not None:
            found.projected.append(RotoFrame(picture, note))
    for shot in sorted(path for path in (folder / "roto").glob("*") if path.is_dir()):
        found.roto[shot.name] = _roto_shot(shot, wrong, topology)
    if not found.projected and not any(found.roto.values()):
        wrong.append(f"{folder}: neither projected/ nor roto/ holds a frame")
    if wrong:
        raise ValueError("\n".join(wrong))
    return found


def _facts(folder: Path, wrong: list[str]) -> dict[str, Any]:
    path = folder / "character.json"
    if not path.exists():
        wrong.append(f"{path}: missing")
        return {}
    try:
        facts: Any = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        wrong.append(f"{path}: {error}")
        return {}
    if not isinstance(facts, dict) or facts.get("format") != CHARACTER:
        wrong.append(f"{path}: its format is not {CHARACTER}")
        return {}
    return facts


def _roto_shot(shot: Path, wrong: list[str], topology: Topology) -> list[RotoFrame]:
    """The roto'd frames of a shot; our form goes before the public one."""
    frames = {}
    for form in ("roto_public", "roto"):
        for path in sorted((shot / form).glob("*.json")):
            picture = shot / "frames" / f"{path.stem}.png"
            note = _note(path, picture, wrong, topology, landmarks=False)
            if note is not None:
                frames[path.stem] = RotoFrame(picture, note)
    return [frames[name] for name in sorted(frames)]


def _note(
    path: Path, picture: Path, wrong: list[str], topology: Topology, landmarks: bool
) -> Annotation | None:
    """One annotation of either form."""
    if not picture.exists():
        wrong.append(f"{path}: no picture {picture}")
        return None
    try:
        data = json.loads(path.read_text("utf-8"))
        note = (
            from_json(data)
            if isinstance(data, dict) and "format" in data
            else _of_public(data, path, topology)
        )
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        wrong.append(f"{path}: {type(error).__name__} {error}")
        return None
    wrong.extend(f"{path}: {text}" for text in _faults(note, topology, landmarks))
    return note


def _of_public(data: Any, path: Path, topology: Topology) -> Annotation:
    shapes = from_public(data, topology)
    present = {kind.name: kind.name in shapes for kind in topology.shapes}
    return Annotation(int(path.stem), (0, 0), [], shapes, present)


def _faults(note: Annotation, topology: Topology, landmarks: bool) -> list[str]:
    faults = []
    known = {kind.name: kind for kind in topology.shapes}
    if landmarks and len(note.landmarks) != topology.count:
        faults.append(f"{len(note.landmarks)} landmarks, not {topology.count}")
    for name, shape in note.shapes.items():
        if name not in known:
            faults.append(f"unknown shape {name}")
        elif shape.closed != known[name].closed:
            faults.append(f"{name} is {'closed' if shape.closed else 'open'}")
        elif landmarks and len(shape.vertices) != len(known[name].landmarks):
            faults.append(f"{name} has {len(shape.vertices)} vertices")
        if not np.isfinite(shape.vertices).all():
            faults.append(f"{name} has numbers that are none")
    return faults


def write_character(
    out: Path, name: str, projected: list[Path], shots: list[Path], count: int
) -> int:
    """Makes a character's folder of rendered ones: all of `projected`, and of each film shot
    `count` roto'd frames, which are keys of its artist where there are enough. Returns how many."""
    save_json(out / "character.json", {"format": CHARACTER, "name": name, "topology": PUPPET.name})
    for shot in projected:
        shutil.copytree(shot, out / "projected" / shot.name, dirs_exist_ok=True)
    written = 0
    for shot in shots:
        keys = json.loads((shot / "artist" / "keys.json").read_text("utf-8"))["keys"]
        at = np.linspace(0, len(keys) - 1, min(count, len(keys))).round().astype(int)
        for number in sorted({keys[k] for k in at}):
            note, file = load(shot / "artist" / f"{number:04}.json"), f"{number:04}.json"
            target = out / "roto" / shot.name
            save_json(target / "roto" / file, to_json(note))
            save_json(target / "roto_public" / file, to_public(note))
            (target / "frames").mkdir(parents=True, exist_ok=True)
            shutil.copy2(shot / "frames" / f"{number:04}.png", target / "frames")
            written += 1
    return written
