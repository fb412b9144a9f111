"""FeatureDetect's committed networks fit their entries, scores and cards, and keep their word."""

from __future__ import annotations

import json
import unittest

import numpy as np
import onnx

from features.cards import TEMPLATES, card
from features.entries import KINDS, entries, vertex_count
from manifest import read_manifest
from puppet.topology import PUPPET
from tests.test_models import MODELS, session_of


class Shipped(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.entries = {entry["name"]: entry for entry in read_manifest(MODELS / "manifest.toml")}
        cls.sessions = {
            kind: session_of(MODELS / cls.entries[f"puppet_{kind}"]["file"]) for kind in KINDS
        }

    def test_entries_are_what_the_command_writes(self) -> None:
        size = self.entries["puppet_landmarks"]["input"][0]["size"]
        for entry in entries("puppet", "Puppet Face", PUPPET, size).values():
            found = dict(self.entries[entry["name"]])
            self.assertEqual({key: found[key] for key in entry}, entry)
            self.assertTrue(all(0 <= score <= 1 for score in found["scores"].values()))

    def test_scores_and_card_are_of_this_file(self) -> None:
        for kind in KINDS:
            name = f"puppet_{kind}"
            scores = json.loads((MODELS / "scores" / f"{name}.json").read_text("utf-8"))
            self.assertEqual(scores["sha256"], self.entries[name]["sha256"])
            template = (TEMPLATES / f"{kind}.md").read_text("utf-8")
            written = (MODELS / f"{name}.md").read_text("utf-8")
            self.assertEqual(card(template, scores, kind), written)

    def test_names_of_inputs_and_outputs(self) -> None:
        for kind in KINDS:
            entry = self.entries[f"puppet_{kind}"]
            graph = onnx.load(MODELS / entry["file"]).graph
            names = [tensor.name for tensor in (*graph.input, *graph.output)]
            self.assertEqual(names, [entry["input"][0]["name"], entry["output"]["name"]])

    def test_any_crop_gives_finite_points_and_probabilities(self) -> None:
        size = self.entries["puppet_landmarks"]["input"][0]["size"]
        for fill in (0.0, 1.0):
            image = np.full((1, 3, size, size), fill, np.float32)
            (values,) = self.sessions["landmarks"].run(None, {"image": image})
            self.assertEqual(values.shape, (1, 4, 1, PUPPET.count + len(PUPPET.shapes)))
            self.assertTrue(np.isfinite(values).all())
            self.assertTrue(((values[0, 3] >= 0) & (values[0, 3] <= 1)).all())
            self.assertTrue((values[0, 2, 0, : PUPPET.count] > 0).all())

    def test_any_points_give_finite_vertices(self) -> None:
        for points in (np.zeros((1, 3, 1, PUPPET.count)), np.ones((1, 3, 1, PUPPET.count))):
            feeds = {"points": points.astype(np.float32)}
            (values,) = self.sessions["shapes"].run(None, feeds)
            self.assertEqual(values.shape, (1, 6, 1, vertex_count(PUPPET)))
            self.assertTrue(np.isfinite(values).all())

    def test_the_finder_has_a_cell_for_every_16_pixels(self) -> None:
        for height, width in ((192, 320), (320, 160), (16, 320)):
            image = np.zeros((1, 3, height, width), np.float32)
            (values,) = self.sessions["finder"].run(None, {"image": image})
            self.assertEqual(values.shape, (1, 4, height // 16, width // 16))
            self.assertTrue(((values[0, 0] >= 0) & (values[0, 0] <= 1)).all())


if __name__ == "__main__":
    unittest.main()
