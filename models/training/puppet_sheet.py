"""Contact sheets of puppet sets: frames with their shapes and landmarks (needs pillow).

python models/training/puppet_sheet.py DIR/synthetic --out sheet.png [--per-shot 4]
python models/training/puppet_sheet.py DIR/film --out sheet.png --artist
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from puppet.annotation import load
from puppet.overlay import crop, drawn, sheet
from shot_folder import frame_numbers, frame_path, load_png, save_png


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("sets", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--per-shot", type=int, default=2)
    parser.add_argument("--side", type=int, default=400, help="pixels of a cell")
    parser.add_argument("--columns", type=int, default=4)
    parser.add_argument(
        "--box", default="", help="crop by this box; else film frames by tight ones"
    )
    parser.add_argument("--plain", action="store_true", help="the picture beside its overlay")
    parser.add_argument("--artist", action="store_true", help="the artist's shapes for the truth's")
    args = parser.parse_args()
    cells = []
    for folder in sorted(path.parent for root in args.sets for path in root.rglob("shot.json")):
        numbers = frame_numbers(folder)
        at = np.linspace(0, len(numbers) - 1, min(args.per_shot, len(numbers))).round().astype(int)
        for number in (numbers[k] for k in at):
            picture = load_png(frame_path(folder, "frames", number))
            truth = load(folder / "annotations" / f"{number:04}.json")
            box = (0.0, 0.0, float(picture.shape[0]), float(picture.shape[0]))
            if args.box or "window" in truth.boxes or picture.shape[1] > 1000:
                left, top, side, _ = truth.boxes[args.box or "tight"]
                box = (left - side * 0.3, top - side * 0.3, side * 1.6, side * 1.6)
            small, scale, origin = crop(picture, box, args.side)
            shown = load(folder / "artist" / f"{number:04}.json") if args.artist else truth
            cells += [small] if args.plain else []
            cells.append(drawn(small, shown, scale, origin))
    save_png(args.out, sheet(cells, args.columns))
    print(f"{len(cells)} cells: {args.out}")


if __name__ == "__main__":
    main()
