"""Overlays of answers over frames, worst first (needs pillow)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from features.faces import FrameFile
from features.infer import SECOND_LOOK, SEEN, Detector, crop_of
from features.score_frames import FrameScore, rough_box, shots_of
from puppet.annotation import load
from puppet.boxes import square
from puppet.cubic import Array
from puppet.truth import face_box
from shot_folder import load_png, save_png

SIDE, COLUMNS = 380, 5
TRUE, SHAPE, POINT, UNSEEN = (40, 220, 90), (255, 80, 60), (255, 230, 40), (150, 150, 255)


def overlay(detector: Detector, file: FrameFile, label: str) -> Image.Image:
    """A face with true shapes in green, ours in red where they are taken for present, landmarks
    in yellow (blue where they are taken for hidden)."""
    picture, note = load_png(file.picture)[..., :3], load(file.note)
    tight = square(face_box(note))
    side = tight[2] * SECOND_LOOK * 1.1
    left, top = (tight[k] + (tight[2] - side) / 2 for k in (0, 1))
    cell = crop_of(picture, (left, top, side, side), SIDE)[0].transpose(1, 2, 0)
    image = Image.fromarray((cell * 255).astype(np.uint8))
    draw, scale = ImageDraw.Draw(image), SIDE / side

    def line(points: Array) -> list[tuple[float, float]]:
        return [(float(x), float(y)) for x, y in (points - [left, top]) * scale]

    found = detector.detect(picture, rough_box(note, sum(map(ord, file.name.split("/")[0]))))
    shapes = detector.draw(found.places, found.visible > SEEN)
    for k, kind in enumerate(detector.topology.shapes):
        for shape, shown, ink in (
            (note.shapes[kind.name], note.present[kind.name], TRUE),
            (shapes[kind.name], found.presence[k] > SEEN, SHAPE),
        ):
            points = line(shape.sampled(12))
            if shown:
                draw.line(points + points[:1] if kind.closed else points, fill=ink)
    for (x, y), seen in zip(line(found.places), found.visible > SEEN, strict=True):
        draw.ellipse((x - 2, y - 2, x + 2, y + 2), outline=POINT if seen else UNSEEN)
    draw.text((4, 4), label, fill=(255, 255, 255))
    return image


def worst_sheet(
    detector: Detector,
    roots: list[Path],
    split: str,
    scores: list[FrameScore],
    count: int,
    out: Path,
) -> None:
    """Writes a sheet of the frames whose landmarks are farthest off on the average."""
    files = {file.name: file for _, shot in shots_of(roots, split) for file in shot}
    with_points = [score for score in scores if score.errors.size]
    ordered = sorted(with_points, key=lambda score: -float(score.errors.mean() / score.eyes))
    cells = [
        overlay(
            detector,
            files[score.name],
            f"{score.name} {100 * score.errors.mean() / score.eyes:.2f} %",
        )
        for score in ordered[:count]
    ]
    rows = -(-len(cells) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * SIDE, rows * SIDE))
    for k, cell in enumerate(cells):
        sheet.paste(cell, (k % COLUMNS * SIDE, k // COLUMNS * SIDE))
    save_png(out, np.asarray(sheet))
