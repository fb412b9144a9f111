"""Contact sheets of puppet sets: frames with their shapes and landmarks (needs pillow).

    python models/training/puppet_sheet.py DIR/synthetic --out sheet.png [--per-shot 4] [--plain]
    python models/training/puppet_sheet.py DIR/film --out sheet.png --artist
    python models/training/puppet_sheet.py DIR/synthetic --out sheet.png --augment

With --augment a row is a frame, as it is and under each step, then under all of them at random.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from puppet.annotation import Annotation, load
from puppet.augment import STEPS, augmented
from puppet.augment_warp import FacePicture, cropped
from puppet.overlay import crop, drawn, drawn_face, sheet
from shot_folder import frame_numbers, frame_path, load_png, save_png

Pixels = NDArray[np.uint8]


def frames(roots: list[Path], per_shot: int) -> Iterator[tuple[Path, int, Pixels, Annotation]]:
    """Some frames of every shot."""
    for folder in sorted(path.parent for root in roots for path in root.rglob("shot.json")):
        numbers = frame_numbers(folder)
        at = np.linspace(0, len(numbers) - 1, min(per_shot, len(numbers))).round().astype(int)
        for number in (numbers[k] for k in at):
            truth = load(folder / "annotations" / f"{number:04}.json")
            yield folder, number, load_png(frame_path(folder, "frames", number)), truth


def cell_box(truth: Annotation, named: str) -> tuple[float, float, float, float]:
    """What a cell shows: a posed frame whole, else a box with some room."""
    if not named and max(truth.size) <= 1000:
        return (0.0, 0.0, float(truth.size[1]), float(truth.size[1]))
    left, top, side, _ = truth.boxes[named or "tight"]
    return (left - side * 0.3, top - side * 0.3, side * 1.6, side * 1.6)


def augmented_row(picture: Pixels, truth: Annotation, side: int, seed: int) -> list[Pixels]:
    """A frame under every step."""
    visible, present = truth.flags()
    whole = FacePicture(
        picture.astype(np.float32) / 255, truth.places(), visible, present, truth.shapes
    )
    face = cropped(whole, cell_box(truth, ""), side)
    row = [face]
    for number, step in enumerate(STEPS.values()):
        row.append(step(face, np.random.default_rng((seed, number))))
    row += [augmented(face, np.random.default_rng((seed, 99, k))) for k in range(3)]
    return [drawn_face(each) for each in row]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("sets", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--per-shot", type=int, default=2)
    parser.add_argument("--side", type=int, default=400, help="pixels of a cell")
    parser.add_argument("--columns", type=int, default=4)
    parser.add_argument("--box", default="", help="crop by this box: face, tight, rough, window")
    parser.add_argument("--plain", action="store_true", help="the picture beside its overlay")
    parser.add_argument("--artist", action="store_true", help="the artist's shapes for the truth's")
    parser.add_argument("--augment", action="store_true", help="each step of the augmentation")
    args = parser.parse_args()
    cells: list[Pixels] = []
    for folder, number, picture, truth in frames(args.sets, args.per_shot):
        if args.augment:
            cells += augmented_row(picture, truth, args.side, number)
            continue
        small, scale, origin = crop(picture, cell_box(truth, args.box), args.side)
        shown = load(folder / "artist" / f"{number:04}.json") if args.artist else truth
        cells += [small] if args.plain else []
        cells.append(drawn(small, shown, scale, origin))
    columns = len(STEPS) + 4 if args.augment else args.columns
    save_png(args.out, sheet(cells, columns))
    print(f"{len(cells)} cells: {args.out}")


if __name__ == "__main__":
    main()
