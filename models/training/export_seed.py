"""Exports the founding document's network, to time it or to score it beside ours; never shipped.

    python models/training/export_seed.py --untrained --out DIR/seed.onnx
    python models/training/export_seed.py --checkpoint DIR/seed/last.pt --out DIR/seed.onnx

Checkpoints are those of `train_seed.py`, and of `train_tone.py --recipe seed_network=true`, which
trains it on all that ours is trained on. The file has the inputs of ours, so that
`cargo xtask score tone … --also DIR/seed.onnx` takes it. Random weights take as long as learnt
ones.
"""

from __future__ import annotations

import argparse
import logging
import warnings
from pathlib import Path

import torch

from checkpoint import restore
from export_tone import TOLERANCE, export, largest_difference
from manifest import embedded_json, tone_entry
from seed_net import STRIDE, SeedNet


def seed_network(checkpoint: Path | None) -> SeedNet:
    """The network of a checkpoint, averaged where it is known so, or of random weights."""
    torch.manual_seed(0)
    net = SeedNet()
    if checkpoint is not None:
        state = restore(checkpoint)
        net.load_state_dict(state.get("average", state["net"]))
    return net.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--checkpoint", type=Path)
    source.add_argument("--untrained", action="store_true")
    parser.add_argument("--out", type=Path, required=True, help="the file to write")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)

    net = seed_network(args.checkpoint)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    part = args.out.with_suffix(".part")
    entry = tone_entry("seed", "Founding document's", args.out.name, "none", STRIDE)
    export(net, part, embedded_json(entry))
    worst = largest_difference(net, part)
    if worst > TOLERANCE:
        part.unlink()
        raise SystemExit(f"ONNX Runtime and torch differ by {worst:g}")
    part.replace(args.out)
    print(f"{args.out}: {args.out.stat().st_size} bytes, differs from torch by {worst:.2e} at most")


if __name__ == "__main__":
    main()
