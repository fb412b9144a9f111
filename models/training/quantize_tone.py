"""Makes the fast variant of the exported tone network: 8-bit integers, checked against the floats.

    python models/training/quantize_tone.py --shots DIR/shots --out models

The weights are laid out for speed first (`folded_net.py`). Then those of a channel and the
activations of a tensor are rounded to 8 bits (static quantisation, with Q/DQ pairs in the graph);
ranges come from training frames in random looks. In float stay the head, so that a matte has more
than 256 steps, and the trunk's first blocks, whose few channels differ too much for one range.
Weights use 7 bits, because processors without VNNI sum pairs of products in 16 bits, where 8 would
overflow. Scores are zero until `evaluate_tone.py` has run.
"""

from __future__ import annotations

import argparse
import logging
import random
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from augment import Look
from contact_sheet import load_session
from export_tone import export
from folded_net import FoldedToneNet
from manifest import METADATA_KEY, embedded_json, sha256_of, tone_entry, write_entry
from onnx_weights import load_weights
from shot_dataset import Frames, load_split
from shot_folder import errors_told
from tone_classes import CLASSES
from tone_net import STRIDE, ToneNet, padded_to_stride

# What comes before this weight in the graph stays in float: its few channels differ too much.
FIRST_INTEGER = "net.trunk.levels.1.1."
CALIBRATION_FRAMES = 64
CHECK_FRAMES = 24
# Height and width of the picture that both are timed on.
TIMED = (288, 512)
TIMED_RUNS = 8
# Mean difference of a class's share, and share of pixels whose class changes, that are let pass.
LARGEST_DIFFERENCE = 0.01
LARGEST_FLIPS = 0.02

Feeds = dict[str, NDArray[np.float32]]


def feeds_of(frames: Frames, rng: random.Random, with_mask: bool) -> Feeds:
    """A random frame in a random look, as the network is fed."""
    pick = rng.randrange(len(frames))
    image = Look.draw(rng).apply(frames.image[pick].float() / 255, rng)
    subject = frames.mask(pick)
    mask = subject if with_mask else torch.full_like(subject, 0.5)
    padded = padded_to_stride(torch.cat([image, mask]))[None]
    return {"image": padded[:, :3].numpy(), "subject": padded[:, 3:].numpy()}


class Calibration(CalibrationDataReader):
    """Frames over which the quantiser watches the ranges of all tensors."""

    def __init__(self, frames: Frames, seed: int) -> None:
        rng = random.Random(seed)
        self.feeds = iter(
            [feeds_of(frames, rng, with_mask=bool(k % 2)) for k in range(CALIBRATION_FRAMES)]
        )

    def get_next(self) -> Feeds | None:
        """The next frame, or None at the end."""
        return next(self.feeds, None)


def quantize(source: Path, target: Path, frames: Frames, seed: int, metadata: str) -> None:
    """Writes the 8-bit network."""
    net = ToneNet()
    load_weights(net, source)
    with tempfile.TemporaryDirectory() as scratch:
        folded, prepared = Path(scratch) / "folded.onnx", Path(scratch) / "prepared.onnx"
        export(FoldedToneNet(net), folded, metadata)
        quant_pre_process(str(folded), str(prepared), skip_symbolic_shape=True)
        exempt = float_nodes(onnx.load(prepared).graph)
        quantize_static(
            str(prepared),
            str(target),
            Calibration(frames, seed),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            nodes_to_exclude=exempt,
        )
    model = onnx.load(target)
    del model.graph.value_info[:]
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, {METADATA_KEY: metadata})
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, target)


def float_nodes(graph: onnx.GraphProto) -> list[str]:
    """The names of the nodes that are not rounded: the first blocks and the head."""
    nodes = list(graph.node)
    first = next(
        k for k, node in enumerate(nodes) if any(x.startswith(FIRST_INTEGER) for x in node.input)
    )
    head = [node for node in nodes if node.op_type == "Conv"][-1]
    return [node.name for node in (*nodes[:first], head)]


def differences(source: Path, target: Path, frames: Frames, seed: int) -> tuple[float, float]:
    """Mean difference of shares between both files, and share of pixels whose class differs."""
    sessions: list[Any] = [load_session(path) for path in (source, target)]
    rng = random.Random(seed)
    apart, flips = [], []
    for k in range(CHECK_FRAMES):
        feeds = feeds_of(frames, rng, with_mask=bool(k % 2))
        one, other = (torch.from_numpy(session.run(None, feeds)[0]) for session in sessions)
        apart.append(float((one.softmax(1) - other.softmax(1)).abs().mean()))
        flips.append(float((one.argmax(1) != other.argmax(1)).float().mean()))
    return float(np.mean(apart)), float(np.mean(flips))


def time_share(source: Path, target: Path) -> float:
    """Time of the 8-bit network over that of the floats, one thread, the best of some runs."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    rng, best = np.random.default_rng(0), []
    feeds = {"image": rng.random((1, 3, *TIMED), np.float32)}
    feeds["subject"] = np.full((1, 1, *TIMED), 0.5, np.float32)
    for path in (source, target):
        session = onnxruntime.InferenceSession(str(path), options, ["CPUExecutionProvider"])
        seconds = []
        for _ in range(TIMED_RUNS):
            start = time.process_time()
            session.run(None, feeds)
            seconds.append(time.process_time() - start)
        best.append(min(seconds))
    return best[1] / best[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--shots", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True, help="the folder of manifest.toml")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)

    entry = tone_entry("tone_fast", "Tone Fast", "tone_fast.onnx", "tone_fast.md", STRIDE)
    source, target = args.out / "tone_small.onnx", args.out / entry["file"]
    frames = load_split(args.shots, "train").frames
    part = target.with_suffix(".part")
    try:
        quantize(source, part, frames, args.seed, embedded_json(entry))
        # Other frames and looks than those that the ranges were taken from.
        apart, flips = differences(source, part, frames, args.seed + 1)
        print(f"shares differ by {apart:.4f}, classes of {100 * flips:.2f} % of the pixels")
        if apart > LARGEST_DIFFERENCE or flips > LARGEST_FLIPS:
            raise SystemExit(
                f"too far from the network in float; look at the ranges. {target} stays as it was"
            )
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    share = time_share(source, target)
    print(f"takes {share:.2f} of the time of {source.name} at {TIMED[1]}x{TIMED[0]}, one thread")
    entry["sha256"] = sha256_of(target)
    entry["scores"] = {name: 0.0 for name in CLASSES}
    write_entry(args.out / "manifest.toml", entry)
    print(f"{target.name}: {target.stat().st_size} bytes, sha256 {entry['sha256']}")


if __name__ == "__main__":
    with errors_told():
        main()
