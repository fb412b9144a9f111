"""The tiny networks of FeatureDetect answer what their recipe says."""

from __future__ import annotations

import tempfile
import tomllib
import unittest
from pathlib import Path

import numpy as np

from features.entries import entries, vertex_count
from manifest import read_manifest, write_entry
from puppet.topology import PUPPET
from tests.test_models import FIXTURES, session_of
from tiny_features import FACE, MOUTH, RADIUS, SIZE, fixtures, layout, mouth_stand

ROOT = Path(__file__).resolve().parents[3]


class FeatureFixtures(unittest.TestCase):
    def test_committed_files_are_what_the_recipe_makes(self) -> None:
        for name, model in fixtures().items():
            data = model.SerializeToString(deterministic=True)
            self.assertEqual((FIXTURES / name).read_bytes(), data, name)

    def test_landmarks_follow_the_centroid_of_brightness(self) -> None:
        session = session_of(FIXTURES / "tiny_landmarks.onnx")
        image = np.zeros((1, 3, SIZE, SIZE), np.float32)
        image[..., 16:24, 40:48] = 0.5
        (found,) = session.run(None, {"image": image})
        self.assertEqual(found.shape, (1, 4, 1, PUPPET.count + len(PUPPET.shapes)))
        expected = layout() + np.array([44, 20]) / SIZE
        np.testing.assert_allclose(found[0, :2, 0, : PUPPET.count].T, expected, atol=1e-4)
        visible = found[0, 3, 0]
        np.testing.assert_allclose(visible[: PUPPET.count], 10 * 0.5 * 64 / SIZE**2, atol=1e-5)
        names = [kind.name for kind in PUPPET.shapes]
        self.assertEqual(visible[PUPPET.count + names.index("nose_seam")], 0)
        (black,) = session.run(None, {"image": image * 0})
        np.testing.assert_allclose(black[0, :2, 0, : PUPPET.count].T, layout() + 0.5, atol=1e-4)

    def test_shapes_are_straight_polygons_through_the_landmarks(self) -> None:
        session = session_of(FIXTURES / "tiny_shapes.onnx")
        points = np.ones((1, 3, 1, PUPPET.count), np.float32)
        points[0, :2, 0] = layout().T
        (found,) = session.run(None, {"points": points})
        self.assertEqual(found.shape, (1, 6, 1, vertex_count(PUPPET)))
        eye = found[0, :, 0, :6].T
        np.testing.assert_allclose(eye[:, :2], layout()[5:11], atol=1e-6)
        np.testing.assert_allclose(eye[0, 4:], (layout()[6] - layout()[5]) / 3, atol=1e-6)
        np.testing.assert_allclose(eye[0, 2:4], (layout()[10] - layout()[5]) / 3, atol=1e-6)
        self.assertAlmostEqual(float(np.linalg.norm(eye[0, 4:])), RADIUS / 3, places=5)
        nose = found[0, :, 0, -6:-3].T
        np.testing.assert_allclose(nose[:, :2], layout()[[8, 2, 11]], atol=1e-6)
        np.testing.assert_array_equal(nose[[0, 2], [2, 4]], 0)

    def test_the_mouth_is_that_of_the_rust_crates(self) -> None:
        facts = tomllib.loads((ROOT / "crates/roto/fixtures/topologies/mouth.toml").read_text())
        groups = tuple(landmark["group"] for landmark in facts["landmarks"])
        self.assertEqual((facts["name"], groups), (MOUTH.name, MOUTH.groups))
        for found, kind in zip(facts["shapes"], MOUTH.shapes, strict=True):
            vertices = tuple(None if k == "free" else k for k in found["vertices"])
            self.assertEqual(
                (found["name"], found["closed"], vertices), (kind.name, kind.closed, kind.landmarks)
            )

    def test_the_mouths_free_vertices_lie_where_its_landmarks_do(self) -> None:
        session = session_of(FIXTURES / "tiny_mouth_shapes.onnx")
        places = mouth_stand().places
        points = np.ones((1, 3, 1, MOUTH.count), np.float32)
        points[0, :2, 0] = places.T
        (found,) = session.run(None, {"points": points})
        anchors = found[0, :2, 0].T
        np.testing.assert_allclose(anchors[8:12], places[[8, 4, 9, 0]], atol=1e-6)
        np.testing.assert_allclose(anchors[12:], places[[7, 10, 5]], atol=1e-6)

    def test_the_finder_scores_bright_cells(self) -> None:
        session = session_of(FIXTURES / "tiny_finder.onnx")
        image = np.zeros((1, 3, 192, 320), np.float32)
        image[..., 32:48, 64:80] = 1
        (found,) = session.run(None, {"image": image})
        self.assertEqual(found.shape, (1, 4, 12, 20))
        row, column = np.unravel_index(found[0, 0].argmax(), (12, 20))
        self.assertEqual((row, column), (2, 4))
        np.testing.assert_allclose(found[0, 1:, 2, 4], FACE)


class Entries(unittest.TestCase):
    def test_entries_read_back_from_the_manifest(self) -> None:
        made = list(entries("tiny", "Tiny Face", PUPPET, SIZE).values())
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "manifest.toml"
            for entry in made:
                write_entry(path, entry)
            self.assertEqual(read_manifest(path), made)


if __name__ == "__main__":
    unittest.main()
