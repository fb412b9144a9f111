"""Model cards of FeatureDetect's networks: text of `cards/features/`, figures of the scores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from features.entries import KINDS

TEMPLATES = Path(__file__).resolve().parents[1] / "cards" / "features"
GROUPS = ("seams", "eyes", "brows", "sideburns", "total")


def number(value: float | None, digits: int = 2) -> str:
    """A figure, or a dash where there is none."""
    return "-" if value is None else f"{value:.{digits}f}"


def mae_rows(figures: dict[str, Any], label: str) -> list[str]:
    """The document's table: a row for all frames, and one for each pose."""
    rows = {"all": figures["mae_400"]} | figures["mae_400_by_pose"]
    return [
        f"| {label}, {name} | {' | '.join(number(row.get(group)) for group in GROUPS)} |"
        for name, row in rows.items()
    ]


def frame_rows(figures: dict[str, Any]) -> dict[str, str]:
    """What is measured of one split's frames, by its name in the table."""
    marks, curves = figures["landmarks_percent"], figures["curves_percent"]
    whole = figures["curves_percent_wholly_seen"]
    presence, visible = figures["presence"], figures["visible"]
    return {
        "landmarks, visible: mean / median / p95, % of the eyes' distance": (
            f"{number(marks['mean'])} / {number(marks['median'])} / {number(marks['p95'])}"
        ),
        "landmarks, visible: mean, plate px": number(figures["landmarks_px"]["mean"]),
        "rough box, one look, against tight box": f"{number(figures['rough_over_tight'])} times",
        "rough box, two looks, against tight box": (
            f"{number(figures['rough_two_looks_over_tight'])} times"
        ),
        "curves end to end: median / p95, % of the eyes' distance": (
            f"{number(curves['median'])} / {number(curves['p95'])}"
        ),
        "the same of wholly seen shapes": f"{number(whole['median'])} / {number(whole['p95'])}",
        "frames whose curves are all within 1 plate px": (
            f"{number(100 * figures['untouched_share'], 1)} %"
        ),
        "presence F1, present / absent": (
            f"{number(presence['f1'], 3)} / {number(presence['f1_absent'], 3)}"
        ),
        "visibility F1, visible / hidden": (
            f"{number(visible['f1'], 3)} / {number(visible['f1_absent'], 3)}"
        ),
        "false matte on absent frames, % of shape area": number(figures["false_matte_percent"]),
        "correlation of expected and true error (logarithms)": number(
            figures["expected_error_correlation"]
        ),
        "frames": str(figures["frames"]),
    }


def landmark_facts(scores: dict[str, Any]) -> dict[str, str]:
    """Tables of the landmark network's card."""
    sets = {name: scores["sets"][name] for name in ("test", "new") if name in scores["sets"]}
    columns = {name: frame_rows(figures) for name, figures in sets.items()}
    first = next(iter(columns.values()))
    rows = [
        f"| {name} | {' | '.join(column[name] for column in columns.values())} |" for name in first
    ]
    times = scores["sets"]["milliseconds"]
    return {
        "FIGURES": "\n".join(
            [f"| | {' | '.join(columns)} |", f"|---|{'---|' * len(columns)}", *rows]
        ),
        "MAE": "\n".join(row for name, figures in sets.items() for row in mae_rows(figures, name)),
        "TIMES": ", ".join(f"{name.replace('_', ' ')} {time}" for name, time in times.items()),
    }


def shape_facts(scores: dict[str, Any]) -> dict[str, str]:
    """Tables of the shape network's card."""

    def rows(groups: dict[str, Any]) -> list[str]:
        found = []
        for group, figures in groups.items():
            far, angle = figures["max_distance"], figures["handle_degrees"]
            cells = [
                f"{number(part['ours'][key], 3)} / {number(part['catmull_rom'][key], 3)}"
                for part, key in ((far, "mean"), (far, "p95"), (angle, "mean"))
            ]
            crossed = f"{figures['crossed_shapes']} of {figures['shapes']}"
            found.append(f"| {group} | {' | '.join(cells)} | {crossed} |")
        return found

    sets = scores["sets"]

    def files(key: str) -> str:
        found = [
            row.replace("| ", f"| {name}, ", 1)
            for name, groups in sets.get(key, {}).items()
            for row in rows(groups)
        ]
        return "\n".join(found) or "| none scored | | | | |"

    return {
        "GEOMETRY": "\n".join(rows(sets["geometry"])),
        "HIDDEN": "\n".join(rows(sets["geometry_hidden"])),
        "PRODUCTION": files("production"),
        "LEFT_OUT": files("production_left_out"),
    }


def finder_facts(scores: dict[str, Any]) -> dict[str, str]:
    """The table of the finder's card."""
    rows = []
    for split, figures in scores["sets"].items():
        marks = figures["landmarks_percent_of_tight_side"]
        rows.append(
            f"| {split} | {figures['frames']} | {number(100 * figures['usable_share'], 1)} % | "
            f"{number(figures['overlap']['mean'])} | {number(marks['mean'])} / "
            f"{number(marks['p95'])} |"
        )
    return {"ROWS": "\n".join(rows)}


def card(template: str, scores: dict[str, Any], kind: str) -> str:
    """The template with every `{{NAME}}` replaced."""
    makers = {"landmarks": landmark_facts, "shapes": shape_facts, "finder": finder_facts}
    run = scores["training"]
    facts = makers[kind](scores) | {
        "NAME": scores["model"],
        "DATE": scores["date"],
        "MACHINE": scores["machine"],
        "COMMAND": scores["command"],
        "SEED": run["seed"],
        "EPOCHS": run["epochs"],
        "STEPS": run["steps"],
        "MINUTES": run["minutes"],
        "COARSE_STEPS": run.get("coarse_steps", 0),
        "COARSE_MINUTES": run.get("coarse_minutes", 0),
        "FRAMES": run.get("frames", run.get("faces", "-")),
        "HASH": str(run.get("data_hash", "-"))[:16],
    }
    for name, value in facts.items():
        template = template.replace("{{" + name + "}}", str(value))
    if "{{" in template:
        raise ValueError(f"no figure for {template[template.index('{{') :].split('}}')[0]}}}}}")
    return template


def write_cards(models: Path, family: str, kinds: tuple[str, ...] = KINDS) -> list[Path]:
    """Writes the cards of a family's networks from their scores."""
    written = []
    for kind in kinds:
        name = f"{family}_{kind}"
        scores = json.loads((models / "scores" / f"{name}.json").read_text("utf-8"))
        target = models / f"{name}.md"
        part = target.with_suffix(".part")
        part.write_text(card((TEMPLATES / f"{kind}.md").read_text("utf-8"), scores, kind), "utf-8")
        part.replace(target)
        written.append(target)
    return written
