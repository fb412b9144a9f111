"""Labelled shots on disk: `shot.json`, `frames/`, `labels/` and `subject/`, as the README has them.

Files are written beside their place and moved into it, so that an interrupted run never leaves half
a picture that a resumed one would take for done.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tone_classes import CLASSES, PALETTE, UNKNOWN

FORMAT = 1
FRAME_ENDINGS = (".png", ".exr")


class ShotError(ValueError):
    """A labelled shot that cannot be read; it names the file, and what to do."""


@contextmanager
def errors_told() -> Iterator[None]:
    """Ends the program with the message of a shot that cannot be read."""
    try:
        yield
    except ShotError as error:
        raise SystemExit(str(error)) from None


def frame_path(shot: Path, kind: str, number: int) -> Path:
    """Path of one PNG; `kind` is frames, labels or subject."""
    return shot / kind / f"{number:04}.png"


def save_png(path: Path, pixels: NDArray[np.uint8], grainy: bool = False) -> None:
    """Writes a PNG whole or not at all; of a grainy one no time is spent on its size."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    effort = {"compress_level": 3} if grainy else {"optimize": True}
    Image.fromarray(pixels).save(part, format="PNG", **effort)
    part.replace(path)


def load_png(path: Path) -> NDArray[np.uint8]:
    """Reads a PNG as it is stored."""
    return load_png_and_mode(path)[0]


def load_png_and_mode(path: Path) -> tuple[NDArray[np.uint8], str]:
    """A PNG as it is stored, and what its pixels are in Pillow's words: L, RGB, P, …"""
    if not path.exists():
        raise ShotError(f"{path} is missing; every frame needs one")
    try:
        with Image.open(path) as picture:
            return np.array(picture), picture.mode
    except (OSError, SyntaxError, ValueError) as error:
        raise ShotError(f"{path}: {error}; write it again") from None


def has_frame(shot: Path, number: int) -> bool:
    """Whether everything of a frame is there; the frame itself is written last."""
    return frame_path(shot, "frames", number).exists()


def frame_file(shot: Path, number: int) -> Path:
    """The frame itself, PNG or EXR; of a frame that is not there, where its PNG would be."""
    return stored(shot / "frames", number, FRAME_ENDINGS)


def stored(folder: Path, number: int, endings: tuple[str, ...]) -> Path:
    """The file of a number, its ending in small letters or capitals; the usual one if none is."""
    names = [f"{number:04}{ending}" for known in endings for ending in (known, known.upper())]
    paths = [folder / name for name in reversed(names) if (folder / name).exists()]
    # Where capitals are no other name, both spellings are one file.
    found = list({path.stat().st_ino: path for path in paths}.values())[::-1]
    if len(found) > 1:
        raise ShotError(f"{found[1]}: {found[0].name} is there too; leave one of both")
    return found[0] if found else folder / names[0]


def frame_numbers(shot: Path) -> list[int]:
    """Numbers of the finished frames."""
    inside = [path for path in (shot / "frames").glob("*.*") if not path.name.startswith(".")]
    files = [path for path in inside if path.suffix.lower() in FRAME_ENDINGS]
    strange = [path for path in files if path.stem != f"{_number(path):04}"]
    if strange:
        raise ShotError(f"{strange[0]}: frames are named by four digits, such as 0001.png")
    return sorted({_number(path) for path in files})


def _number(path: Path) -> int:
    return int(path.stem) if path.stem.isascii() and path.stem.isdigit() else -1


# What frames of one shot have in common.
FIXED = ("seed", "width", "height", "laid_out_for", "samples", "samples_per_subpixel")


def write_shot(shot: Path, facts: dict[str, Any]) -> None:
    """Writes `shot.json`; classes are named in it, so that numbers never travel alone.

    Frames that are there already must be of the same seed, size and samples.
    """
    if (shot / "shot.json").exists() and frame_numbers(shot):
        before = read_shot(shot)
        for name in FIXED:
            if {name} & before.keys() & facts.keys() and before[name] != facts[name]:
                message = f"{name} is {before[name]}, and {facts[name]} is wanted"
                raise ShotError(f"{shot / 'shot.json'}: {message}; give that, or another --out")
    shot.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"format": FORMAT, "classes": list(CLASSES), **facts}, indent=1) + "\n"
    part = shot / "shot.part"
    part.write_text(text, "utf-8")
    part.replace(shot / "shot.json")


def read_shot(shot: Path) -> dict[str, Any]:
    """Reads `shot.json`, and refuses a folder whose classes are not ours."""
    path = shot / "shot.json"
    try:
        facts = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ShotError(f"{path}: {error}") from None
    classes = facts.get("classes") if isinstance(facts, dict) else None
    if classes != list(CLASSES):
        raise ShotError(f"{path}: classes are {classes}; they must be {list(CLASSES)}")
    return dict(facts)


def split_of(shot: Path) -> str:
    """The split of a shot; one that names none is there to be trained on."""
    split = read_shot(shot).get("split")
    if split is not None and not isinstance(split, str):
        raise ShotError(f"{shot / 'shot.json'}: its split is {split}; it must be a name")
    return split or "train"


def check_complete(shot: Path, facts: dict[str, Any], numbers: list[int]) -> None:
    """Refuses a shot of others that lacks frames; ours may still be rendering."""
    if "format" in facts:
        return
    first, count = facts.get("first_frame"), facts.get("frames")
    if not isinstance(first, int) or not isinstance(count, int):
        raise ShotError(f"{shot / 'shot.json'}: it must hold first_frame and frames, two numbers")
    wrong = sorted(set(range(first, first + count)) ^ set(numbers))
    if wrong or not numbers:
        message = f"{count} frames from {first} on, says shot.json"
        example = f"; frame {wrong[0]} differs" if wrong else ""
        raise ShotError(f"{shot / 'frames'}: it must hold %04d.png or .exr, {message}{example}")


def find_shots(root: Path) -> list[Path]:
    """All labelled shots below a folder (or the folder itself), by name."""
    return sorted(path.parent for path in root.rglob("shot.json"))


def add_pictures(digest: Any, shot: Path, number: int, name: str) -> None:
    """Adds the pictures of a frame to a hash, PNG decoded, each under its kind and `name`."""
    for kind in ("frames", "labels", "subject"):
        path = stored(shot / kind, number, FRAME_ENDINGS)
        if path.exists():
            digest.update(f"{name}{kind}/{number:04}".encode())
            exr = path.suffix.lower() == ".exr"
            digest.update(path.read_bytes() if exr else load_png(path).tobytes())


def data_hash(shots: list[Path]) -> str:
    """One hash over names and decoded pixels: equal for equal data, whatever wrote the PNGs."""
    digest = hashlib.sha256()
    for shot in sorted(shots, key=lambda path: path.name):
        for number in frame_numbers(shot):
            add_pictures(digest, shot, number, f"{shot.name}/")
    return digest.hexdigest()


def colored(labels: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Class numbers as flat colors; black where nothing is known."""
    colors = np.zeros((UNKNOWN + 1, 3), np.uint8)
    colors[: len(PALETTE)] = PALETTE
    return colors[labels]
