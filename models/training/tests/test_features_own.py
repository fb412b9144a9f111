"""A character's folder becomes frames to train on; scores and cards are made of answers."""

from __future__ import annotations

import json
import shutil
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

import numpy as np

try:
    import torch

    from features.cards import TEMPLATES, card
    from features.faces import FaceSet, frame_files
    from features.infer import Detector
    from features.landmark_net import LandmarkNet
    from features.own import character_faces, geometry_of, is_character
    from features.score_frames import figures, score_split
    from puppet.annotation import load, save_json
    from puppet.artist import curve_distance
    from puppet.character import write_character
    from puppet.cubic import Shape
    from puppet.handover import finish_film
    from puppet.plan import film
    from puppet.topology import PUPPET
    from shot_folder import save_png
    from tests.test_features_nets import SMALL
    from tests.test_puppet_folders import FRAMES, annotated_shot
except ImportError as missing:
    raise unittest.SkipTest(f"training is not tested here: {missing}") from missing

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"


def shot_with_pictures(folder: Path, split: str) -> None:
    """A film shot with its artist's shapes; its pictures are noise."""
    annotated_shot(folder)
    finish_film(folder, replace(film(1)[0], frames=FRAMES, cues=[]))
    width, height = load(folder / "annotations" / "0001.json").size
    noise = np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)
    for path in (folder / "frames").glob("*.png"):
        save_png(path, noise, grainy=True)
    save_json(folder / "shot.json", {"identity": 8, "split": split, "set": "film"})


class Own(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.root = Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.root)
        shot_with_pictures(cls.root / "shot", "test")
        write_character(cls.root / "own", "Nell", [cls.root / "shot"], [cls.root / "shot"], 2)

    def test_drawn_shapes_become_landmarks_on_their_curves(self) -> None:
        torch.manual_seed(0)
        net = LandmarkNet(PUPPET.count, len(PUPPET.shapes), 64, **SMALL).eval()
        self.assertTrue(is_character(self.root / "own"))
        self.assertFalse(is_character(self.root / "shot"))
        faces = character_faces(self.root / "own", net)
        roto = [frame for name, frame in faces.frames.items() if name.startswith("roto_")]
        self.assertEqual((len(faces.frames), len(roto)), (FRAMES + 2, 2))
        for frame in roto:
            self.assertTrue(frame.film)
            np.testing.assert_array_equal(frame.shapes, True)
            shape = frame.outlines["left_eye"]
            places = frame.landmarks[5:11] * frame.scale + frame.origin
            points = Shape(np.stack([places, 0 * places, 0 * places], 1), False)
            self.assertLess(curve_distance(points, shape)[::12].max(), 1.0)
        self.assertEqual(len(character_faces(self.root / "own", None).frames), FRAMES)

    def test_projected_frames_give_geometry(self) -> None:
        faces = character_faces(self.root / "own", None)
        made = geometry_of(list(faces.frames.values()), PUPPET)
        self.assertEqual(made.vertices.shape, (FRAMES, 49, 3, 2))
        np.testing.assert_allclose(made.vertices[:, :6, 0], made.landmarks[:, 5:11], atol=0.01)

    def test_a_set_that_grows_is_read_again(self) -> None:
        last = self.root / "shot" / "frames" / f"{FRAMES:04}.png"
        hidden = last.with_suffix(".away")
        last.rename(hidden)
        faces = FaceSet([self.root / "shot"], ("test",))
        self.assertEqual(faces.refresh(), FRAMES - 1)
        before = faces.hash()
        hidden.rename(last)
        self.assertEqual((faces.refresh(), faces.refresh()), (1, 0))
        self.assertNotEqual(faces.hash(), before)
        self.assertEqual(frame_files(self.root, ("train",)), [])

    def test_scores_of_the_fixtures_fill_the_card(self) -> None:
        detector = Detector(FIXTURES, "tiny", PUPPET, 1)
        found = figures(score_split(detector, [self.root / "shot"], "test"))
        self.assertEqual(found["frames"], FRAMES)
        self.assertGreater(found["landmarks_percent"]["mean"], 1)
        self.assertEqual(found["untouched_share"], 0)
        scores = {
            "model": "tiny_landmarks",
            "date": "2026-01-01",
            "machine": "none",
            "command": "none",
            "training": {"seed": 1, "epochs": 0, "steps": 0, "minutes": 0},
            "sets": {"test": found, "milliseconds": {"shapes": 1.0}},
        }
        template = (TEMPLATES / "landmarks.md").read_text("utf-8")
        written = card(template, json.loads(json.dumps(scores)), "landmarks")
        self.assertIn("| test, front |", written)
        with self.assertRaisesRegex(ValueError, "NOTHING"):
            card("{{NOTHING}}", scores, "landmarks")


if __name__ == "__main__":
    unittest.main()
