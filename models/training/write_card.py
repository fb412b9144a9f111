"""Writes a model card: its text from `cards/`, its figures from the scores file.

python models/training/write_card.py --models models [--name tone_fast]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ablation_table
from card_cells import iou_cells, line
from node_scores import table
from tone_classes import CLASSES

CARDS = Path(__file__).parent / "cards"
# Shots that have lines of their own.
MOST_SHOTS = 6


def score_row(name: str, values: dict[str, float | None], accuracy: float | None = None) -> str:
    """A line of a table: the IoU of each class, then the accuracy."""
    cells = iou_cells(values)
    if accuracy is not None:
        cells.append(f"{accuracy:.3f}")
    return line([name, *cells])


def worst_shots(shots: dict[str, dict[str, float | None]]) -> list[str]:
    """The names of all shots, or of the worst where there are many; in the order of the file."""

    def mean(name: str) -> float:
        known = [value for value in shots[name].values() if value is not None]
        return sum(known) / len(known)

    worst = set(sorted(shots, key=mean)[:MOST_SHOTS])
    return [name for name in shots if name in worst]


def training_rows(run: dict[str, Any]) -> list[str]:
    """A line of a table for a training and each that it went on from, the first of all on top."""
    earlier = training_rows(run["before"]) if "before" in run else []
    # Of a training whose scores were not kept, the network alone is known.
    counts = [
        run.get(key, "-") for key in ("scenes", "frames", "relit", "epochs", "steps", "minutes")
    ]
    hashes = [f"`{run[key][:16]}`" if key in run else "-" for key in ("data_hash", "sha256")]
    return [*earlier, line([len(earlier) + 1, *counts, *hashes])]


def card(
    template: str,
    scores: dict[str, Any],
    in_node: dict[str, Any] | None,
    ablation: Sequence[dict[str, Any]] = (),
) -> str:
    """The template with every `{{NAME}}` replaced.

    `in_node` is what `node_scores.py` stored, `ablation` what `ablate.py` did.
    """
    held_out, sample = scores["sets"]["heldout"], scores["sets"]["sample"]
    rows = [
        score_row(f"{name}, {how.replace('_', ' ')}", part[how]["iou"], part[how]["accuracy"])
        for name, part in (("held-out", held_out), ("sample shot", sample))
        for how in ("with_mask", "without_mask")
    ]
    worst = worst_shots(held_out["without_mask"]["shots"])
    shots = [
        score_row(f"{shot}, {how.replace('_', ' ')}", held_out[how]["shots"][shot])
        for how in ("with_mask", "without_mask")
        for shot in worst
    ]
    share = held_out["with_mask"]["pixel_share"]
    run = scores["training"]
    facts = {
        "ROWS": "\n".join(rows),
        "SHOTS": "\n".join(shots),
        "SHARE": " | ".join(f"{100 * share[c]:.1f} %" for c in CLASSES),
        "DATE": scores["date"],
        "MACHINE": scores["machine"],
        "COMMAND": scores["command"],
        "SEED": run["seed"],
        "EPOCHS": run["epochs"],
        "STEPS": run["steps"],
        "MINUTES": run["minutes"],
        "FRAMES": run["frames"],
        "SCENES": run["scenes"],
        "SHORT": run["short"],
        "SELF": run["self"],
        "HASH": run["data_hash"][:16],
        "HHASH": held_out["data_hash"][:16],
        "QHASH": sample["data_hash"][:16],
        "HF": held_out["frames"],
        "QF": sample["frames"],
        "RELIT": run.get("relit", 0),
        "TRAININGS": "\n".join(training_rows({"sha256": scores["sha256"], **run})),
    }
    if in_node is not None:
        if in_node["sha256"] != scores["sha256"]:
            raise ValueError("the node's figures are of another network; run node_scores.py")
        facts |= {
            "NODE": table(in_node),
            "NODE_DATE": in_node["date"],
            "NODE_MACHINE": in_node["machine"],
            "NODE_COMMAND": "`, `".join([in_node["command"], *in_node["commands_beside"]]),
        }
    if ablation:
        facts |= {
            "ABLATION": ablation_table.table(ablation),
            # Rows are made one after the other, over days; without `--rows` it makes them all.
            "ABLATION_COMMAND": ablation[0]["command"].split(" --rows ")[0],
            "ABLATION_DATE": ablation[0]["date"],
            "ABLATION_MACHINE": ablation[0]["machine"],
            "ABLATION_CHANCE": f"{ablation_table.chance(ablation):.3f}",
            "ABLATION_STEPS": ablation[0]["training"]["steps"],
        }
    for name, value in facts.items():
        template = template.replace("{{" + name + "}}", str(value))
    if "{{" in template:
        raise ValueError(f"no figure for {template[template.index('{{') :].split('}}')[0]}}}}}")
    return template


def written(models: Path, name: str) -> str:
    """The card of a model, from what is committed of it."""
    scores = json.loads((models / "scores" / f"{name}.json").read_text("utf-8"))
    node = models / "scores" / f"{name}_node.json"
    in_node = json.loads(node.read_text("utf-8")) if node.exists() else None
    rows = models / "scores" / "ablation"
    ablation = ablation_table.results(rows) if rows.exists() else []
    return card((CARDS / f"{name}.md").read_text("utf-8"), scores, in_node, ablation)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--name", default="tone_small")
    args = parser.parse_args()
    target = args.models / f"{args.name}.md"
    part = target.with_suffix(".part")
    part.write_text(written(args.models, args.name), "utf-8")
    part.replace(target)
    print(target)


if __name__ == "__main__":
    main()
