"""Writes the tiny analytic networks that tests run instead of a trained one.

    python models/training/tiny_model.py --out models/fixtures

`tiny_tone.onnx` has the inputs, output, stride and metadata of `tone_small`, and an answer that can
be worked out by hand. With Y the Rec. 709 luma of the display-encoded image, the winning class is

| condition | class |
|---|---|
| subject <= 0.24, or Y < 0.05 | background |
| 0.05 < Y < 0.25 | cast_shadow |
| 0.25 < Y < 0.475 | diffuse_shadow |
| 0.475 < Y < 0.85 | material |
| 0.85 < Y | highlight |

and the logits are, with r(x) = max(x, 0),

| class | logit |
|---|---|
| background | 10000 r(0.25 - subject) |
| cast_shadow | 20 Y - 1 |
| diffuse_shadow | 40 Y - 6 |
| material | 60 Y - 15.5 |
| highlight | 80 Y - 32.5 |

so that two neighbouring classes differ by 20 times the distance to their threshold. A pooled branch
of weight zero makes the graph refuse sizes that are no multiple of the stride, as a U-Net does.

The other files are `tiny_tone` with one thing changed each: `tiny_wrong_input` (the image input is
called `picture`), `tiny_wrong_output` (4 channels; highlight is missing at the end of the classes),
`tiny_slow` (the same logits to the bit, after a chain of neutral convolutions that takes seconds).
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from manifest import METADATA_KEY, embedded_json, tone_entry
from tone_classes import BACKGROUND, CAST_SHADOW, DIFFUSE_SHADOW, HIGHLIGHT, MATERIAL

LUMA = (0.2126, 0.7152, 0.0722)
# From dark to bright: class and the luma above which it beats the one before it.
LADDER = (
    (CAST_SHADOW, 0.05),
    (DIFFUSE_SHADOW, 0.25),
    (MATERIAL, 0.475),
    (HIGHLIGHT, 0.85),
)
STRIDE = 16
SLOPE = 20.0
SUBJECT_THRESHOLD = 0.25
SUBJECT_SLOPE = 10000.0
# Neutral 3x3 convolutions in tiny_slow: well over a second at 512x512 on two cores.
SLOW_CONVOLUTIONS = 600


def luma_lines() -> tuple[np.ndarray, np.ndarray]:
    """Slope and offset of each class's logit as a line over luma.

    Each step up the ladder adds one line that is zero at its threshold; the largest of such sums
    changes exactly at the thresholds.
    """
    slopes, offsets = np.zeros(5), np.zeros(5)
    slope = offset = 0.0
    for number, threshold in LADDER:
        slope += SLOPE
        offset -= SLOPE * threshold
        slopes[number], offsets[number] = slope, offset
    return slopes, offsets


def tiny_tone(
    name: str, image_name: str = "image", channels: int = 5, slow: bool = False
) -> onnx.ModelProto:
    """The analytic network, or a variant of it."""
    slopes, offsets = luma_lines()
    tone = np.zeros((5, 4, 1, 1), np.float32)
    tone[:, :3, 0, 0] = slopes[:, None] * np.asarray(LUMA)
    outside = np.zeros((1, 4, 1, 1), np.float32)
    outside[0, 3] = -SUBJECT_SLOPE
    veto = np.zeros((5, 1, 1, 1), np.float32)
    veto[BACKGROUND] = 1.0
    weights = {
        "tone_weight": tone[:channels],
        "tone_bias": offsets[:channels].astype(np.float32),
        "outside_weight": outside,
        "outside_bias": np.array([SUBJECT_SLOPE * SUBJECT_THRESHOLD], np.float32),
        "veto_weight": veto[:channels],
        "grid_weight": np.zeros((1, 1, STRIDE, STRIDE), np.float32),
    }
    result = "tone_logits" if slow else "logits"
    nodes = [
        helper.make_node("Concat", [image_name, "subject"], ["stack"], axis=1),
        helper.make_node("Conv", ["stack", "tone_weight", "tone_bias"], ["tone"]),
        helper.make_node("Conv", ["stack", "outside_weight", "outside_bias"], ["outside_line"]),
        helper.make_node("Relu", ["outside_line"], ["outside"]),
        helper.make_node("Conv", ["outside", "veto_weight"], ["veto"]),
        helper.make_node(
            "AveragePool",
            ["subject"],
            ["pooled"],
            kernel_shape=[STRIDE, STRIDE],
            strides=[STRIDE, STRIDE],
        ),
        helper.make_node(
            "ConvTranspose", ["pooled", "grid_weight"], ["grid"], strides=[STRIDE, STRIDE]
        ),
        helper.make_node("Add", ["tone", "veto"], ["vetoed"]),
        helper.make_node("Add", ["vetoed", "grid"], [result]),
    ]
    if slow:
        neutral = np.zeros((channels, channels, 3, 3), np.float32)
        neutral[np.arange(channels), np.arange(channels), 1, 1] = 1.0
        weights["neutral_weight"] = neutral
        nodes += _neutral_chain(result, "logits")
    shape = ["batch", 0, "height", "width"]
    graph = helper.make_graph(
        nodes,
        name,
        [_tensor(image_name, shape, 3), _tensor("subject", shape, 1)],
        [_tensor("logits", shape, channels)],
        [numpy_helper.from_array(value, key) for key, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    entry = tone_entry(name, name.replace("_", " ").title(), f"{name}.onnx", "", STRIDE)
    helper.set_model_props(model, {METADATA_KEY: embedded_json(entry)})
    onnx.checker.check_model(model, full_check=True)
    return model


def _neutral_chain(source: str, result: str) -> list[onnx.NodeProto]:
    names = [source, *(f"n{step}" for step in range(1, SLOW_CONVOLUTIONS)), result]
    return [
        helper.make_node("Conv", [before, "neutral_weight"], [after], pads=[1, 1, 1, 1])
        for before, after in pairwise(names)
    ]


def _tensor(name: str, shape: list[str | int], channels: int) -> onnx.ValueInfoProto:
    sizes = [channels if size == 0 else size for size in shape]
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, sizes)


def fixtures() -> dict[str, onnx.ModelProto]:
    """Every fixture by file name."""
    return {
        "tiny_tone.onnx": tiny_tone("tiny_tone"),
        "tiny_wrong_input.onnx": tiny_tone("tiny_wrong_input", image_name="picture"),
        "tiny_wrong_output.onnx": tiny_tone("tiny_wrong_output", channels=4),
        "tiny_slow.onnx": tiny_tone("tiny_slow", slow=True),
    }


def write_fixtures(about: str, models: dict[str, onnx.ModelProto]) -> None:
    """The command line of a script that makes fixtures, the same bytes in every run."""
    parser = argparse.ArgumentParser(description=about.split("\n", 1)[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of the fixtures")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for name, model in models.items():
        data = model.SerializeToString(deterministic=True)
        (out / name).write_bytes(data)
        print(f"{name}: {len(data)} bytes")


if __name__ == "__main__":
    write_fixtures(__doc__, fixtures())
