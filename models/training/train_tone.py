"""Trains the tone network on labelled shots.

    python models/training/train_tone.py --shots DIR/shots DIR/train2 --out DIR/run --seed 1

Writes `last.pt` after every epoch and resumes from it. Training ends after `--epochs` or
`--minutes` of training, whichever comes first; the learning rate follows the one that is nearer its
end, so that a run on a slow or busy machine is annealed too, not cut off. Shots with layers are
relit in turn; `--recipe` varies one thing at a time for an ablation. `--begin` goes on from an
exported network, the shipped one for example, on shots of one's own.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from cpu import use_cpu
from recipe import Recipe
from relit_shots import RelitPool
from shot_dataset import Frames, load_split
from shot_folder import errors_told, find_shots, split_of
from tone_run import Limits, Run, held_out_counts, run_epoch
from tone_scores import iou

CHECK_EVERY = 10
# Of many held-out frames about so many are looked at.
CHECK_FRAMES = 48


def check(run: Run, held_out: Frames) -> dict[str, dict[str, float | None]]:
    """Held-out figures to watch the run by, without and with a mask."""
    figures, stride = {}, max(1, len(held_out) // CHECK_FRAMES)
    for name, with_mask in (("without_mask", False), ("with_mask", True)):
        values = iou(held_out_counts(run, held_out, with_mask, stride))
        figures[name] = {key: value and round(value, 3) for key, value in values.items()}
    return figures


def told_splits(roots: list[Path]) -> str:
    """What the folders hold instead of frames to train on."""
    splits = sorted({split_of(shot) for root in roots for shot in find_shots(root)})
    where = ", ".join(map(str, roots))
    if not splits:
        return f"{where} holds no shot.json"
    return f"the shots in {where} are of the split {', '.join(splits)}, or without a frame"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--shots", type=Path, nargs="+", required=True, help="folders of shots")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--steps", type=int, default=60, help="steps of an epoch")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=2.5e-3, help="peak learning rate")
    parser.add_argument("--begin", type=Path, metavar="ONNX", help="go on from an exported network")
    parser.add_argument("--teacher", type=Path, metavar="ONNX", help="learn from its answers, too")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--relight-every", type=int, default=24, help="epochs between new lights of a shot"
    )
    parser.add_argument(
        "--recipe", nargs="*", default=[], metavar="NAME=VALUE", help="what differs from recipe.py"
    )
    args = parser.parse_args()
    try:
        args.recipe = Recipe.parse(args.recipe)
    except ValueError as error:
        parser.error(f"--recipe: {error}")
    if args.begin is not None and args.recipe.seed_network:
        parser.error("--begin goes on from a file of our network; leave seed_network out")
    return args


def main() -> None:
    args = parse_arguments()
    use_cpu(args.threads)
    training = load_split(args.shots, "train", relight=True)
    held_out = load_split(args.shots, "heldout")
    if not training.frames and not training.relit:
        raise SystemExit(f"nothing to train on: {told_splits(args.shots)}")
    for name, part in (("training", training), ("held-out", held_out)):
        counts = f"{len(part.frames)} {name} frames, {len(part.relit)} shots to relight"
        print(f"{counts}, {len(part.shots)} scenes, hash {part.hash}")
    args.out.mkdir(parents=True, exist_ok=True)
    checkpoint = args.out / "last.pt"
    run = Run(args.seed, args.rate, args.recipe, args.begin, args.teacher)
    if checkpoint.exists():
        run.load(checkpoint, training.hash)
        print(f"resumed after epoch {run.epoch}")

    limits = Limits(args.epochs, args.steps, args.minutes)
    with RelitPool(training.relit, run.draws, args.relight_every) as pool:
        while not limits.reached(run):
            frames = training.frames.with_lit(pool.at(run.epoch, run.recipe.repaint))
            loss = run_epoch(run, frames, limits)
            facts = {
                "epoch": run.epoch,
                "loss": round(loss, 4),
                "seconds": round(run.seconds),
                "frames": len(frames),
            }
            if run.epoch % CHECK_EVERY == 0:
                facts |= check(run, held_out.frames)
            run.log.append(facts)
            run.save(checkpoint, training.hash)
            print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    with errors_told():
        main()
