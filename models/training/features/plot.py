"""Curves of a training run as a picture (needs pillow)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

SIZE, MARGIN = (720, 360), 48
INKS = ((20, 20, 20), (214, 69, 65), (46, 117, 182), (60, 150, 80), (190, 130, 30), (130, 80, 170))


def plot_losses(log: list[dict[str, Any]], path: Path) -> None:
    """Draws every loss over the epochs, on a logarithmic scale from the smallest to the largest."""
    names = [name for name in log[0] if name not in ("epoch", "step", "seconds")]
    values = np.array([[entry.get(name, np.nan) for name in names] for entry in log], float)
    values = np.where(values > 0, values, np.nan)
    if not np.isfinite(values).any():
        return
    low, high = np.nanmin(values), np.nanmax(values)
    scale = np.log(max(high / low, 1.001))
    picture = Image.new("RGB", SIZE, (255, 255, 255))
    draw = ImageDraw.Draw(picture)
    wide, tall = SIZE[0] - 2 * MARGIN, SIZE[1] - 2 * MARGIN
    draw.rectangle((MARGIN, MARGIN, MARGIN + wide, MARGIN + tall), outline=(170, 170, 170))
    draw.text((4, MARGIN - 6), f"{high:.3g}", fill=INKS[0])
    draw.text((4, MARGIN + tall - 6), f"{low:.3g}", fill=INKS[0])
    last = max(len(log) - 1, 1)
    for column, name in enumerate(names):
        ink = INKS[column % len(INKS)]
        draw.text((MARGIN + 110 * column, 16), name, fill=ink)
        line = [
            (MARGIN + wide * k / last, MARGIN + tall * (1 - np.log(value / low) / scale))
            for k, value in enumerate(values[:, column])
            if np.isfinite(value)
        ]
        if len(line) > 1:
            draw.line(line, fill=ink, width=2)
    part = path.with_suffix(".part")
    picture.save(part, format="PNG")
    part.replace(path)
