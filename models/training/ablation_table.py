"""What each choice of the recipe is worth, from the results that `ablate.py` stored.

python models/training/ablation_table.py models/scores/ablation
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from card_cells import iou_cells, line
from tone_classes import CLASSES

BASE = "base"


def results(folder: Path) -> list[dict[str, Any]]:
    """The stored rows, the one that all are held against first; raises ValueError without it."""
    found = [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))]
    if not any(row["row"] == BASE for row in found):
        raise ValueError(f"{folder} has no {BASE}.json; run ablate.py --rows {BASE}")
    return sorted(found, key=lambda row: row["row"] != BASE)


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Mean IoU of each set with a mask and without, and its distance from the first row's; then,
    without a mask, the classes and the flicker of the last set. The minutes are those of the
    training."""
    names = list(rows[0]["sets"])
    head = ["row", "what differs", "minutes", *(f"{name}, mask / no mask" for name in names)]
    head += [f"{names[-1]}, {known.replace('_', ' ')}" for known in (*CLASSES, "flicker")]
    lines = [head, ["---"] * len(head)]
    for row in rows:
        cells = [row["row"], _differences(row, rows[0])]
        cells.append(f"{row['training']['minutes']:.0f}")
        cells += [_means(row["sets"][name], rows[0]["sets"][name]) for name in names]
        last = row["sets"][names[-1]]["without_mask"]
        flicker = f"{100 * last['flicker']:.1f} %" if "flicker" in last else "-"
        lines.append([*cells, *iou_cells(last["iou"]), flicker])
    return "\n".join(map(line, lines))


def chance(rows: Sequence[dict[str, Any]]) -> float:
    """How far apart, at most, mean IoUs lie of rows that differ in their seed alone."""
    base = rows[0]
    alike = [row for row in rows if row["recipe"] == base["recipe"]]
    spreads = []
    for name in base["sets"]:
        for how in ("with_mask", "without_mask"):
            means = [row["sets"][name][how]["mean_iou"] for row in alike]
            spreads.append(max(means) - min(means))
    return max(spreads)


def _differences(row: dict[str, Any], base: dict[str, Any]) -> str:
    words = list(row["recipe"])
    if row["seed"] != base["seed"]:
        words.append(f"seed={row['seed']}")
    return ", ".join(f"`{word}`" for word in words) or "-"


def _means(figures: dict[str, Any], base: dict[str, Any]) -> str:
    shown = []
    for how in ("with_mask", "without_mask"):
        mean, of_base = figures[how]["mean_iou"], base[how]["mean_iou"]
        distance = "" if figures is base else f" ({mean - of_base:+.3f})"
        shown.append(f"{mean:.3f}{distance}")
    return " / ".join(shown)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("folder", type=Path)
    try:
        print(table(results(parser.parse_args().folder)))
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
