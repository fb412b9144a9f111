"""The founding document's ablations: its rows, its figures, and the table (no packages)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

GROUPS = ("seams", "eyes", "brows", "sideburns", "total")
POSES = ("front", "side", "down", "up")
FULL = "shots_5"


@dataclass(frozen=True)
class Row:
    """What a network of one row learns from, and what the document found."""

    what: str
    shots: int  # film shots, the first ones by name
    synthetic: bool
    choices: dict[str, Any] = field(default_factory=dict)  # of crops, beside the usual
    net: str = "landmarks"
    published: tuple[float, ...] = ()  # seams, eyes, brows, total


NO_BACKGROUND = {"backgrounds": False}
PUBLISHED_FULL = (2.45, 2.55, 2.17, 7.17)
# By name, in the order of the table. Values are those of the document's tables 2, 3 and 4: the mean
# absolute error of a coordinate in pixels of its 400 px crop; `total` adds seams, eyes and brows.
ROWS: dict[str, Row] = {
    "raw_1_shot": Row(
        "1 shot, raw", 1, False, {"plain": True}, published=(209.75, 200.1, 192.39, 602.22)
    ),
    "synthetic_only": Row("synthetic only", 0, True, published=(14.17, 12.12, 16.34, 42.64)),
    "augmented_1_shot": Row("1 shot, augmented", 1, False, published=(22.93, 17.94, 19.39, 60.26)),
    "shots_1": Row("1 shot + synthetic", 1, True, published=(6.45, 5.56, 5.30, 17.31)),
    "shots_2": Row("2 shots + synthetic", 2, True, published=(5.08, 3.91, 4.27, 13.26)),
    "shots_3": Row("3 shots + synthetic", 3, True, published=(4.73, 3.33, 3.36, 11.42)),
    "shots_4": Row("4 shots + synthetic", 4, True, published=(3.34, 2.95, 3.36, 9.65)),
    FULL: Row("5 shots + synthetic (full)", 5, True, published=PUBLISHED_FULL),
    "no_synthetic": Row("without synthetic", 5, False, published=(3.92, 3.25, 4.04, 11.21)),
    "no_background": Row(
        "without background augmentation",
        5,
        True,
        NO_BACKGROUND,
        published=(4.08, 3.05, 4.50, 11.63),
    ),
    "no_synthetic_no_background": Row(
        "without both", 5, False, NO_BACKGROUND, published=(4.96, 3.57, 5.92, 14.45)
    ),
    "synthetic_no_background": Row(
        "synthetic without background",
        0,
        True,
        NO_BACKGROUND,
        published=(19.27, 11.73, 15.21, 46.20),
    ),
    "no_scale": Row(
        "without scale-aware loss",
        5,
        True,
        {"scale_aware": False},
        published=(2.95, 2.56, 2.67, 8.18),
    ),
    "reference": Row("direct regression, full", 5, True, net="reference", published=PUBLISHED_FULL),
}


def shots_of_row(row: Row, film: Iterable[str], synthetic: Iterable[str]) -> list[str]:
    """The names of the shots that a row learns from."""
    film = sorted(film)
    if len(film) < row.shots:
        raise ValueError(
            f"{row.what}: it takes {row.shots} film shots of the split train, there are {len(film)}"
        )
    return film[: row.shots] + (sorted(synthetic) if row.synthetic else [])


def table(results: dict[str, dict[str, Any]]) -> str:
    """What is known of the rows as Markdown; `results` are the rows' files by name."""
    full = results.get(FULL)
    head = ["row", *GROUPS, "ratio", "published", "its ratio", *POSES]
    lines = [head, ["---"] + ["--:"] * (len(head) - 1)]
    for name, row in ROWS.items():
        if name not in results:
            continue
        test = results[name]["test"]
        own, poses = test["mae_400"], test["mae_400_by_pose"]
        cells = [row.what, *(_number(own.get(group)) for group in GROUPS)]
        cells.append(_number(full and own["total"] / full["test"]["mae_400"]["total"]))
        cells += [_number(row.published[3]), _number(row.published[3] / PUBLISHED_FULL[3])]
        cells += [_number(poses.get(pose, {}).get("total")) for pose in POSES]
        lines.append(cells)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
