"""The committed face shot: a film shot at a fraction of its size, as JPEG (needs pillow).

    python models/training/sample_face.py --shot DIR/film/film_test14_id00_front_hand \
        --out models/sample_face/puppet_hand

Frames are halved by area and stored as JPEG, because a film's grain makes PNGs of megabytes; the
truth is scaled with them. Its artist's lines are left out: the shot is for trying nodes.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

from PIL import Image

from puppet.annotation import Annotation, load, save_json, to_json
from puppet.cubic import Shape
from shot_folder import frame_numbers, frame_path

# What the repository allows for a sample shot.
MOST_BYTES = 4 << 20


def scaled(note: Annotation, by: float) -> Annotation:
    """The annotation of the picture at another size, `by` 0.5 for half of it."""
    return replace(
        note,
        size=(round(note.size[0] * by), round(note.size[1] * by)),
        landmarks=[replace(point, x=point.x * by, y=point.y * by) for point in note.landmarks],
        shapes={
            name: Shape(shape.vertices * by, shape.closed) for name, shape in note.shapes.items()
        },
        boxes={name: tuple(part * by for part in box) for name, box in note.boxes.items()},
        fit_error=note.fit_error * by,
    )


def write_sample(shot: Path, out: Path, part: int, quality: int) -> int:
    """Writes the shot at 1/`part` of its size; gives the bytes of its pictures."""
    facts = json.loads((shot / "shot.json").read_text("utf-8"))
    total = 0
    for number in frame_numbers(shot):
        note = scaled(load(shot / "annotations" / f"{number:04}.json"), 1 / part)
        with Image.open(frame_path(shot, "frames", number)) as picture:
            # Sides that are no multiples lose their last pixels, so that scales agree.
            width, height = picture.width // part, picture.height // part
            whole = picture.crop((0, 0, width * part, height * part)).reduce(part)
        path = out / "frames" / f"{number:04}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".part")
        whole.save(beside, format="JPEG", quality=quality, subsampling=0)
        beside.replace(path)
        total += path.stat().st_size
        save_json(
            out / "annotations" / f"{number:04}.json", to_json(replace(note, size=(width, height)))
        )
    kept = {key: facts[key] for key in ("set", "split", "identity", "seed") if key in facts}
    numbers = frame_numbers(shot)
    facts = {**kept, "name": out.name, "of": shot.name, "width": width, "height": height}
    save_json(out / "shot.json", {**facts, "frames": len(numbers), "first_frame": numbers[0]})
    return total


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shot", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--part", type=int, default=2, help="1/PART of width and height")
    parser.add_argument("--quality", type=int, default=90, help="of the JPEGs")
    arguments = parser.parse_args()
    if not frame_numbers(arguments.shot):
        parser.error(f"{arguments.shot} has no frames; render it with render_puppet.py --set film")
    size = write_sample(arguments.shot, arguments.out, arguments.part, arguments.quality)
    print(f"{arguments.out}: {size / 1e6:.2f} MB of pictures")
    if size > MOST_BYTES:
        raise SystemExit(
            f"that is more than {MOST_BYTES / 1e6:.1f} MB: lower --quality or raise --part"
        )


if __name__ == "__main__":
    main()
