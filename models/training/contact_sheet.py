"""Contact sheets: frames beside their labels, and a network's answer where one is given.

    python models/training/contact_sheet.py --shots DIR/shots --out sheet.png [--per-shot 2]
    python models/training/contact_sheet.py --shots models/sample --model models/tone_small.onnx \
        --out sheet.png
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelled_frame import LabelledFrame
from manifest import METADATA_KEY
from shot_folder import colored, errors_told, find_shots, frame_numbers, read_shot, save_png


def load_session(model: Path) -> Any:
    """An ONNX Runtime session; imported here, because sheets of labels alone need none."""
    import onnxruntime

    return onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])


def predict(
    session: Any, frame: NDArray[np.uint8], subject: NDArray[np.uint8] | None
) -> NDArray[np.int64]:
    """Class numbers of one frame; `subject` is the mask or None for unknown."""
    stride = json.loads(session.get_modelmeta().custom_metadata_map[METADATA_KEY])["stride"]
    height, width = frame.shape[:2]
    pad = ((0, -height % stride), (0, -width % stride))
    image = np.pad(frame, (*pad, (0, 0)), mode="edge").astype(np.float32) / 255
    mask = np.full(image.shape[:2], 0.5, np.float32)
    if subject is not None:
        mask = np.pad(subject, pad, mode="edge").astype(np.float32) / 255
    feeds = {"image": image.transpose(2, 0, 1)[None], "subject": mask[None, None]}
    (logits,) = session.run(None, feeds)
    return logits[0, :, :height, :width].argmax(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--shots", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--match", default="", help="only shots whose name contains this")
    parser.add_argument("--per-shot", type=int, default=1)
    parser.add_argument("--columns", type=int, default=3, help="pictures sets side by side")
    args = parser.parse_args()
    session = load_session(args.model) if args.model else None

    cells = []
    for shot in find_shots(args.shots):
        numbers = frame_numbers(shot)
        if args.match not in shot.name or not numbers:
            continue
        at = np.linspace(0, len(numbers) - 1, min(args.per_shot, len(numbers))).round().astype(int)
        for number in (numbers[k] for k in at):
            frame = LabelledFrame.read(shot, number, read_shot(shot))
            row = [frame.image, colored(frame.labels)]
            if session is not None:
                row += [
                    colored(predict(session, frame.image, None)),
                    colored(predict(session, frame.image, frame.subject)),
                ]
            cells.append(np.concatenate(row, 1))
    height = max(cell.shape[0] for cell in cells)
    width = max(cell.shape[1] for cell in cells)
    rows = -(-len(cells) // args.columns)
    sheet = np.zeros((rows * (height + 4), args.columns * (width + 8), 3), np.uint8)
    for k, cell in enumerate(cells):
        y, x = k // args.columns * (height + 4), k % args.columns * (width + 8)
        sheet[y : y + cell.shape[0], x : x + cell.shape[1]] = cell
    save_png(args.out, sheet)
    print(f"{len(cells)} frames: {args.out}")


if __name__ == "__main__":
    with errors_told():
        main()
