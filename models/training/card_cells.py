"""Lines of the tables in model cards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tone_classes import CLASSES


def line(cells: Iterable[object]) -> str:
    """A line of a Markdown table."""
    return f"| {' | '.join(map(str, cells))} |"


def iou_cells(values: Mapping[str, float | None]) -> list[str]:
    """The IoU of each class in class order; a dash for one that does not occur."""
    return ["-" if values[known] is None else f"{values[known]:.3f}" for known in CLASSES]
