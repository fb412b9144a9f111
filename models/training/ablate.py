"""Trains the rows of an ablation table, each on the same reduced schedule, and scores them.

    python models/training/ablate.py --shots DIR/keys DIR/unseen --test DIR/caster \
        --teacher models/tone_small.onnx --work DIR/ablation --out models/scores/ablation --seed 1 \
        [--rows grey focal]

A row differs from the first in one thing; two differ in their seed alone, to show what chance does.
`temporal` needs shots with motion among the training ones, as of `--set train2`. Rows resume per
epoch; a row whose result is written is skipped when it is of the same data, seed and schedule, and
refused otherwise. Each result is a JSON file with the hashes of the data, the seed, the date and
the command.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from balance import fit_bias
from cpu import use_cpu
from provenance import machine_kind, public_command, today
from recipe import Recipe
from relit_shots import RelitPool
from shot_dataset import Frames, Split, as_seen, load_split
from shot_folder import errors_told, find_shots, split_of
from tone_net import whole_logits
from tone_run import Limits, Run, predictions, run_epoch
from tone_scores import Classes, accuracy, confusion, flicker, iou

ROWS: dict[str, list[str]] = {
    "base": [],
    "seed_2": [],
    "seed_3": [],
    "from_scratch": ["pretrained=false"],
    "seed_network": ["seed_network=true"],
    "grey": ["color=false"],
    "hard_labels": ["soft_labels=false"],
    "no_dice": ["dice_share=0"],
    "soft_dice": ["soft_dice=true"],
    "even_classes": ["highlight_weight=1", "background_weight=1"],
    "even_shadows": ["shadow_on_form_weight=1"],
    "focal": ["focal=2"],
    "border": ["border_weight=2"],
    "even_highlights": ["even_highlights=true"],
    "repaint": ["repaint=true"],
    "maps": ["maps_weight=0.5"],
    "regraded": ["regraded_share=0.25"],
    "temporal": ["temporal_weight=1"],
    "distilled": ["distilled=1"],
    "always_mask": ["no_mask_share=0"],
    "never_mask": ["no_mask_share=1"],
}
# Rows without anything else of their own: what is added to the seed.
OTHER_SEEDS = {"seed_2": 1, "seed_3": 2}
RATE = 2.5e-3
# The split that the logits of every row are balanced on.
HELD_OUT = "heldout"
# Epochs between new lights of a shot.
RELIGHT_EVERY = 24


def train_row(run: Run, checkpoint: Path, training: Split, pool: RelitPool, limits: Limits) -> None:
    """Trains what is missing of a row."""
    if checkpoint.exists():
        run.load(checkpoint, training.hash)
    while not limits.reached(run):
        loss = run_epoch(
            run, training.frames.with_lit(pool.at(run.epoch, run.recipe.repaint)), limits
        )
        run.save(checkpoint, training.hash)
        print(f"epoch {run.epoch}, loss {loss:.4f}, {run.seconds:.0f} s", flush=True)


def balanced(run: Run, held_out: Frames) -> NDArray[np.float32]:
    """The constants on the logits with which a network ships (`export_tone.py`).

    Without them a table would mostly tell which classes a loss has a network overrate.
    """
    seen = [as_seen(image.float() / 255, run.recipe) * 255 for image in held_out.image]
    frames = replace(held_out, image=[image.round().to(torch.uint8) for image in seen])
    return fit_bias(run.average.eval(), frames, whole_logits)


def score(run: Run, split: Split, bias: NDArray[np.float32]) -> dict[str, Any]:
    """Figures over whole frames of a split, with and without a mask.

    `flicker` is the share of the pixels that keep their label along the motion and change what is
    found there, where the split has any motion.
    """
    figures: dict[str, Any] = {"frames": len(split.frames), "data_hash": split.hash}
    for name, with_mask in (("with_mask", True), ("without_mask", False)):
        seen = list(predictions(run, split.frames, with_mask, bias=bias))
        counts = sum(confusion(label, found) for label, found in seen)
        per_class = {key: value and round(value, 4) for key, value in iou(counts).items()}
        known = [value for value in per_class.values() if value is not None]
        figures[name] = {
            "iou": per_class,
            "mean_iou": round(sum(known) / max(1, len(known)), 4),
            "accuracy": round(accuracy(counts), 4),
        }
        kept, changed = flickering(seen, split.frames.motion)
        if kept:
            figures[name]["flicker"] = round(changed / kept, 4)
    return figures


def flickering(seen: list[tuple[Classes, Classes]], motion: list[Tensor | None]) -> tuple[int, int]:
    """`tone_scores.flicker` over all frames whose motion to the next one is known."""
    kept = changed = 0
    for k, known in enumerate(motion):
        if known is not None:
            (label, found), (label_after, found_after) = seen[k : k + 2]
            more = flicker((label, label_after), (found, found_after), known.float().numpy())
            kept, changed = kept + more[0], changed + more[1]
    return kept, changed


def check_same(result: Path, wanted: dict[str, Any]) -> None:
    """Refuses a table whose rows would be of different data, tests, seeds or schedules."""
    stored = json.loads(result.read_text("utf-8"))
    done = stored["training"]
    there = {
        "recipe": stored["recipe"],
        "training data": done["data_hash"],
        "test data": {name: figures["data_hash"] for name, figures in stored["sets"].items()},
        "seed": stored["seed"],
        "epochs": done["epochs"],
        "steps": done["steps"],
        "teacher": stored.get("teacher", ""),
    }
    differing = [name for name, value in wanted.items() if there[name] != value]
    if differing:
        others = ", ".join(f"other {name}" for name in differing)
        raise SystemExit(f"{result} is of {others}; choose another --out")


def make_row(
    row: str, args: argparse.Namespace, training: Split, pool: RelitPool, tests: dict[str, Split]
) -> None:
    """Trains and scores a row, unless its result is there."""
    result = args.out / f"{row}.json"
    seed = args.seed + OTHER_SEEDS.get(row, 0)
    run = Run(seed, RATE, Recipe.parse(ROWS[row]), teacher=args.teacher)
    if result.exists():
        wanted = {
            "recipe": ROWS[row],
            "training data": training.hash,
            "test data": {name: split.hash for name, split in tests.items()},
            "seed": run.seed,
            "epochs": args.epochs,
            "steps": args.epochs * args.steps,
            "teacher": run.taught,
        }
        return check_same(result, wanted)
    print(row, flush=True)
    limits = Limits(args.epochs, args.steps, float("inf"))
    # The rate falls along the schedule: a row that is half done by one cannot go on by another.
    checkpoint = args.work / f"{row}_{args.epochs}x{args.steps}.pt"
    train_row(run, checkpoint, training, pool, limits)
    bias = balanced(run, tests[HELD_OUT].frames)
    facts = {
        "row": row,
        "recipe": ROWS[row],
        "seed": run.seed,
        "date": today(),
        "machine": machine_kind(),
        "command": public_command("ablate.py", sys.argv[1:]),
        "teacher": run.taught,
        "training": {
            "data_hash": training.hash,
            "epochs": run.epoch,
            "steps": run.step,
            "minutes": round(run.seconds / 60, 1),
        },
        "bias": [round(float(value), 2) for value in bias],
        "sets": {name: score(run, split, bias) for name, split in tests.items()},
    }
    part = result.with_suffix(".part")
    part.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    part.replace(result)


def test_splits(roots: list[Path]) -> dict[str, Split]:
    """What is scored: every split of the test folders, by name."""
    names = {split_of(shot) for root in roots for shot in find_shots(root)}
    if "train" in names:
        raise SystemExit("--test holds training shots; give folders of other splits only")
    return {name: load_split(roots, name) for name in sorted(names)}


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--shots", type=Path, nargs="+", required=True)
    parser.add_argument("--test", type=Path, nargs="*", default=[], help="further labelled shots")
    parser.add_argument("--work", type=Path, required=True, help="checkpoints")
    parser.add_argument("--out", type=Path, required=True, help="results, one JSON file a row")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--steps", type=int, default=40, help="steps of an epoch")
    parser.add_argument("--rows", nargs="+", choices=list(ROWS), default=list(ROWS))
    parser.add_argument("--teacher", type=Path, metavar="ONNX", help="what `distilled` learns from")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    if args.teacher is None and any(Recipe.parse(ROWS[row]).distilled for row in args.rows):
        parser.error("--teacher: give the exported network that the row distilled learns from")
    return args


def main() -> None:
    args = parse_arguments()
    use_cpu(args.threads)
    training = load_split(args.shots, "train", relight=True)
    tests = {HELD_OUT: load_split(args.shots, HELD_OUT)}
    for name, split in test_splits(args.test).items():
        if name in tests:
            raise SystemExit(f"--test has a split {name}, as --shots has; give another folder")
        tests[name] = split
    args.work.mkdir(parents=True, exist_ok=True)
    args.out.mkdir(parents=True, exist_ok=True)
    with RelitPool(training.relit, str(args.seed), RELIGHT_EVERY, keep=True) as pool:
        for row in args.rows:
            make_row(row, args, training, pool, tests)


if __name__ == "__main__":
    with errors_told():
        main()
