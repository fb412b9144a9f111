"""The committed face shot: a window of a film shot, as JPEG (needs pillow).

    python models/training/sample_face.py --shot DIR/film/film_test14_id00_front_hand \
        --out models/sample_face/puppet_hand

The window lies about the face, the same in every frame. JPEG, because a film's grain makes PNGs of
megabytes. The artist's lines are left out: the shot is for trying nodes.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from puppet.annotation import Annotation, Box, load, save_json, to_json
from puppet.cubic import Shape
from shot_folder import frame_numbers, frame_path

# What the repository allows for a sample shot.
MOST_BYTES = 4_000_000


def moved(note: Annotation, left: int, top: int, size: tuple[int, int]) -> Annotation:
    """The annotation of a window of the picture."""
    anchors = np.array([[left, top], [0, 0], [0, 0]], float)
    boxes: dict[str, Box] = {
        name: (box[0] - left, box[1] - top, box[2], box[3]) for name, box in note.boxes.items()
    }
    return replace(
        note,
        size=size,
        landmarks=[replace(point, x=point.x - left, y=point.y - top) for point in note.landmarks],
        shapes={
            name: Shape(shape.vertices - anchors, shape.closed)
            for name, shape in note.shapes.items()
        },
        boxes=boxes,
    )


def window_about(notes: list[Annotation], size: tuple[int, int]) -> tuple[int, int]:
    """Left and top of a window of this size, within the picture, about all faces."""
    faces = np.array([note.boxes["face"] for note in notes])
    middle = (faces[:, :2].min(0) + (faces[:, :2] + faces[:, 2:]).max(0)) / 2
    room = np.array(notes[0].size) - size
    left, top = np.clip(np.round(middle - np.array(size) / 2), 0, room).astype(int)
    return int(left), int(top)


def write_sample(shot: Path, out: Path, size: tuple[int, int], quality: int) -> int:
    """Writes the window of the shot; gives the bytes of its pictures."""
    numbers = frame_numbers(shot)
    notes = [load(shot / "annotations" / f"{number:04}.json") for number in numbers]
    left, top = window_about(notes, size)
    total = 0
    for number, note in zip(numbers, notes, strict=True):
        path = out / "frames" / f"{number:04}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".part")
        with Image.open(frame_path(shot, "frames", number)) as picture:
            window = picture.crop((left, top, left + size[0], top + size[1]))
            window.save(beside, format="JPEG", quality=quality, subsampling=0)
        beside.replace(path)
        total += path.stat().st_size
        truth = to_json(moved(note, left, top, size))
        save_json(out / "annotations" / f"{number:04}.json", truth)
    facts = json.loads((shot / "shot.json").read_text("utf-8"))
    kept = {key: facts[key] for key in ("set", "split", "identity", "seed") if key in facts}
    about = {"name": out.name, "of": shot.name, "width": size[0], "height": size[1]}
    more = {"frames": len(numbers), "first_frame": numbers[0], "window": [left, top]}
    save_json(out / "shot.json", {**kept, **about, **more})
    return total


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shot", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--size", type=int, nargs=2, default=(800, 600), metavar=("W", "H"))
    parser.add_argument("--quality", type=int, default=90, help="of the JPEGs")
    arguments = parser.parse_args()
    if not frame_numbers(arguments.shot):
        parser.error(f"{arguments.shot} has no frames; render it with render_puppet.py --set film")
    size = write_sample(arguments.shot, arguments.out, tuple(arguments.size), arguments.quality)
    print(f"{arguments.out}: {size / 1e6:.2f} MB of pictures")
    if size > MOST_BYTES:
        raise SystemExit(f"that is more than {MOST_BYTES / 1e6:.1f} MB: lower --quality or --size")


if __name__ == "__main__":
    main()
