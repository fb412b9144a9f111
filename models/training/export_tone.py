"""Exports a trained tone network to ONNX, runs what it exported, and writes the manifest entry.

Scores in the manifest are zero until `evaluate_tone.py` has run on the exported file.

    python models/training/export_tone.py --checkpoint DIR/run/last.pt --shots DIR/shots \\
        --out models

With `--shots`, the logits are first balanced on the training frames (`balance.py`), or, of folders
that have none, on the held-out frames: then these are no measure of it any more. `--blend 0.6
models/tone_small.onnx` takes that share of the weights from a training that began with this file,
and the rest from the file: what a training gains is mostly kept, and what it costs mostly not.
`--untrained` exports random weights of the same architecture, to build against.
"""

from __future__ import annotations

import argparse
import logging
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import nn

from balance import add_bias, fit_bias
from checkpoint import restore
from manifest import embedded_json, sha256_of, tone_entry, write_entry
from onnx_file import OPSET, finish_file
from onnx_weights import load_weights
from shot_dataset import Frames, load_split
from shot_folder import errors_told
from tone_classes import CLASSES
from tone_net import STRIDE, ToneNet

# Sizes that the exported file must run at: square, wide, tall, odd multiples of the stride.
CHECK_SIZES = ((32, 32), (256, 256), (352, 640), (224, 160), (576, 1024))
TOLERANCE = 1e-4


def load_network(checkpoint: Path) -> ToneNet:
    """The averaged weights of a checkpoint of `train_tone.py`, ready to infer."""
    state = restore(checkpoint)
    net = ToneNet()
    net.load_state_dict(state["average"])
    return net.eval()


def blend(checkpoint: Path, before: Path, share: float) -> ToneNet:
    """Weights between those of a training, at a share of 1, and those that it began with, at 0.

    Wortsman et al., "Robust fine-tuning of zero-shot models" (2022).
    """
    if restore(checkpoint)["begun"] != sha256_of(before):
        raise SystemExit(f"--blend: {checkpoint} did not begin with {before}")
    if not 0 < share <= 1:
        raise SystemExit(f"--blend: {share} is no share; give a number above 0, up to 1")
    net, old = load_network(checkpoint), ToneNet()
    load_weights(old, before)
    pairs = zip(net.state_dict().values(), old.state_dict().values(), strict=True)
    with torch.no_grad():
        for value, began in pairs:
            if value.is_floating_point():
                value.lerp_(began, 1 - share)
    return net.eval()


def frames_to_balance_on(roots: list[Path]) -> Frames:
    """The training frames of some folders, or the held-out ones if there are no others."""
    for split in ("train", "heldout"):
        frames = load_split(roots, split).frames
        if frames:
            return frames
    raise SystemExit(f"--shots: {', '.join(map(str, roots))}: no frame to train on or held out")


def export(net: nn.Module, path: Path, metadata: str) -> None:
    """Writes `net` as one ONNX file with named dynamic dimensions."""
    dynamic = torch.export.Dim.DYNAMIC
    free = {0: dynamic, 2: dynamic, 3: dynamic}
    # A batch of two: one would be traced as a constant.
    example = (torch.rand(2, 3, 64, 96), torch.rand(2, 1, 64, 96))
    torch.onnx.export(
        net,
        example,
        str(path),
        input_names=["image", "subject"],
        output_names=["logits"],
        dynamo=True,
        opset_version=OPSET,
        dynamic_shapes=(free, free),
        external_data=False,
        optimize=True,
        verbose=False,
    )
    size: list[str | int] = ["height", "width"]
    channels = {"image": 3, "subject": 1, "logits": len(CLASSES)}
    finish_file(path, {key: ["batch", value, *size] for key, value in channels.items()}, metadata)


def largest_difference(net: ToneNet, path: Path) -> float:
    """Runs the file at several sizes against torch; the largest difference of any logit."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    worst = 0.0
    for height, width in CHECK_SIZES:
        if height % STRIDE or width % STRIDE:
            raise ValueError(f"{height}x{width} is no multiple of the stride")
        image, subject = torch.rand(1, 3, height, width), torch.rand(1, 1, height, width)
        with torch.inference_mode():
            expected = net(image, subject).numpy()
        feeds = {"image": image.numpy(), "subject": subject.numpy()}
        (actual,) = session.run(None, feeds)
        worst = max(worst, float(np.abs(actual - expected).max()))
    return worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--checkpoint", type=Path)
    source.add_argument("--untrained", action="store_true")
    parser.add_argument(
        "--shots", type=Path, nargs="+", help="balance on the frames of these folders"
    )
    parser.add_argument(
        "--blend",
        nargs=2,
        metavar=("SHARE", "ONNX"),
        help="with the file that the training began with",
    )
    parser.add_argument("--out", type=Path, required=True, help="the folder of manifest.toml")
    args = parser.parse_args()
    if args.blend and args.untrained:
        parser.error("--blend needs a --checkpoint")
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    torch.manual_seed(0)

    if args.untrained:
        net = ToneNet().eval()
    elif args.blend:
        net = blend(args.checkpoint, Path(args.blend[1]), float(args.blend[0]))
    else:
        net = load_network(args.checkpoint)
    if args.shots:
        bias = fit_bias(net, frames_to_balance_on(args.shots))
        add_bias(net, bias)
        print("logits balanced by", ", ".join(f"{value:+.2f}" for value in bias))
    entry = tone_entry("tone_small", "Tone Small", "tone_small.onnx", "tone_small.md", STRIDE)
    path = args.out / entry["file"]
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    try:
        export(net, part, embedded_json(entry))
        worst = largest_difference(net, part)
        if worst > TOLERANCE:
            raise SystemExit(f"ONNX Runtime and torch differ by {worst:g}; {path} stays as it was")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)

    entry["sha256"] = sha256_of(path)
    # Unknown for these weights until `evaluate_tone.py` has scored the file.
    entry["scores"] = {name: 0.0 for name in CLASSES}
    write_entry(args.out / "manifest.toml", entry)
    parameters = sum(tensor.numel() for tensor in net.parameters())
    print(f"{path.name}: {path.stat().st_size} bytes, {parameters} parameters")
    print(f"largest difference to torch at {len(CHECK_SIZES)} sizes: {worst:.2e}")
    print(f"sha256 {entry['sha256']}")


if __name__ == "__main__":
    with errors_told():
        main()
