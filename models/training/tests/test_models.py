"""What is committed fits together: ONNX files, manifest, metadata, scores and fixtures."""

from __future__ import annotations

import json
import tempfile
import unittest
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime

from manifest import METADATA_KEY, embedded_json, read_manifest, sha256_of, write_entry
from tiny_model import fixtures
from tone_classes import BACKGROUND, CAST_SHADOW, CLASSES, DIFFUSE_SHADOW, HIGHLIGHT, MATERIAL

MODELS = Path(__file__).resolve().parents[2]
FIXTURES = MODELS / "fixtures"
LARGEST_FILE = 16 * 1024 * 1024


def session_of(path: Path) -> Any:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def logits_of(session: Any, image: np.ndarray, subject: float) -> np.ndarray:
    mask = np.full((len(image), 1, *image.shape[2:]), subject, np.float32)
    (logits,) = session.run(None, {"image": image, "subject": mask})
    return np.asarray(logits)


class Manifest(unittest.TestCase):
    def setUp(self) -> None:
        self.every = read_manifest(MODELS / "manifest.toml")
        self.entries = [entry for entry in self.every if entry["node"] == "ToneSegment"]
        self.assertTrue(self.entries)

    def test_hash_and_size(self) -> None:
        for entry in self.every:
            path = MODELS / entry["file"]
            self.assertEqual(sha256_of(path), entry["sha256"])
            self.assertLess(path.stat().st_size, LARGEST_FILE)

    def test_classes_card_and_scores(self) -> None:
        for entry in self.entries:
            self.assertEqual(entry["classes"], list(CLASSES))
            self.assertTrue((MODELS / entry["card"]).exists())
            self.assertEqual(list(entry["scores"]), list(CLASSES))
            scores = json.loads((MODELS / "scores" / f"{entry['name']}.json").read_text("utf-8"))
            self.assertEqual(scores["sha256"], entry["sha256"])
            self.assertEqual(scores["sets"]["heldout"]["with_mask"]["iou"], entry["scores"])

    def test_metadata_equals_the_entry(self) -> None:
        for entry in self.every:
            model = onnx.load(MODELS / entry["file"])
            embedded = {item.key: item.value for item in model.metadata_props}[METADATA_KEY]
            self.assertEqual(json.loads(embedded), json.loads(embedded_json(entry)))

    def test_names_and_channels(self) -> None:
        for entry in self.entries:
            graph = onnx.load(MODELS / entry["file"]).graph
            for tensor, facts in (
                *zip(graph.input, entry["input"], strict=True),
                *zip(graph.output, [entry["output"]], strict=True),
            ):
                dims = tensor.type.tensor_type.shape.dim
                self.assertEqual(tensor.name, facts["name"])
                self.assertEqual(dims[1].dim_value, facts["channels"])
                self.assertEqual(
                    [dims[k].dim_param for k in (0, 2, 3)], ["batch", "height", "width"]
                )

    def test_runs_at_odd_multiples_of_the_stride(self) -> None:
        for entry in self.entries:
            session, stride = session_of(MODELS / entry["file"]), entry["stride"]
            for height, width in ((stride, 3 * stride), (7 * stride, 5 * stride)):
                image = np.random.default_rng(0).random((1, 3, height, width), np.float32)
                logits = logits_of(session, image, 0.5)
                self.assertEqual(logits.shape, (1, len(CLASSES), height, width))
                self.assertTrue(np.isfinite(logits).all())

    def test_the_8_bit_network_is_float_in_its_first_blocks_and_its_head_alone(self) -> None:
        graph = onnx.load(MODELS / "tone_fast.onnx").graph
        rounded = {node.output[0] for node in graph.node if node.op_type == "DequantizeLinear"}
        weights = [node.input[1] for node in graph.node if node.op_type == "Conv"]
        first = ("stem.", "phases.", "net.trunk.levels.0.", "net.trunk.levels.1.0.")
        exempt = {name for name in weights if name not in rounded}
        later = {name for name in exempt if not name.startswith(first)}
        self.assertEqual(later, {"net.head.weight"})
        self.assertGreater(len(weights), 5 * len(exempt))

    def test_written_manifest_reads_back(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "manifest.toml"
            for entry in self.every:
                write_entry(path, entry)
                write_entry(path, entry)
            self.assertEqual(read_manifest(path), self.every)


class Fixtures(unittest.TestCase):
    def test_committed_files_are_what_the_recipe_makes(self) -> None:
        for name, model in fixtures().items():
            data = model.SerializeToString(deterministic=True)
            self.assertEqual((FIXTURES / name).read_bytes(), data, name)

    def test_thresholds_of_tiny_tone(self) -> None:
        session = session_of(FIXTURES / "tiny_tone.onnx")
        for level, number in (
            (0.02, BACKGROUND),
            (0.15, CAST_SHADOW),
            (0.35, DIFFUSE_SHADOW),
            (0.6, MATERIAL),
            (0.9, HIGHLIGHT),
        ):
            image = np.full((1, 3, 16, 32), level, np.float32)
            for subject in (0.5, 1.0):
                self.assertTrue((logits_of(session, image, subject).argmax(1) == number).all())
            self.assertTrue((logits_of(session, image, 0.0).argmax(1) == BACKGROUND).all())

    def test_tiny_slow_is_tiny_tone_to_the_bit(self) -> None:
        image = np.random.default_rng(1).random((1, 3, 32, 16), np.float32)
        fast, slow = (
            logits_of(session_of(FIXTURES / f"{name}.onnx"), image, 0.5)
            for name in ("tiny_tone", "tiny_slow")
        )
        np.testing.assert_array_equal(fast, slow)

    def test_sizes_off_the_stride_are_refused(self) -> None:
        session = session_of(FIXTURES / "tiny_tone.onnx")
        with self.assertRaises(Exception):  # noqa: B017 - the runtime's own type is not public
            logits_of(session, np.zeros((1, 3, 16, 24), np.float32), 0.5)


if __name__ == "__main__":
    unittest.main()
