"""Rows of an ablation are scored balanced, and by what flickers (needs torch)."""

from __future__ import annotations

import json
import tempfile
import unittest
from pathlib import Path

import numpy as np

try:
    import torch

    from ablate import (
        HELD_OUT,
        OTHER_SEEDS,
        ROWS,
        balanced,
        check_same,
        flickering,
        score,
    )
    from recipe import Recipe
    from shot_dataset import Frames, Split
    from tone_run import Run, predictions
except ImportError as missing:
    raise unittest.SkipTest(f"training is not tested here: {missing}") from missing

SIDE = 32
MATERIAL, DIFFUSE_SHADOW = 2, 3


def two_frames() -> Frames:
    """Red on the left, blue on the right, alike in grey; nothing moves from one to the other."""
    image = torch.zeros(3, SIDE, SIDE, dtype=torch.uint8)
    image[0, :, : SIDE // 2] = 100
    image[2, :, SIDE // 2 :] = 255
    label = torch.full((1, SIDE, SIDE), MATERIAL, dtype=torch.uint8)
    still = torch.zeros(2, SIDE, SIDE, dtype=torch.float16)
    unknown = [None, None]
    return Frames([image] * 2, [label] * 2, unknown, unknown, [1, 1], [still, None], unknown)


class Scored(unittest.TestCase):
    def setUp(self) -> None:
        self.run = Run(1, 1e-3, Recipe(pretrained=False))
        # Nothing is known, and one class is overrated.
        with torch.no_grad():
            head = self.run.average.head
            head.weight.zero_()
            head.bias.zero_()
            head.bias[4 * DIFFUSE_SHADOW : 4 * DIFFUSE_SHADOW + 4] = 0.3

    def test_what_a_network_overrates_is_balanced_on_the_held_out_frames(self) -> None:
        split = Split(two_frames(), [], [], "hash")
        plain = score(self.run, split, np.zeros(5, np.float32))
        even = score(self.run, split, balanced(self.run, split.frames))
        self.assertEqual(plain["without_mask"]["accuracy"], 0)
        self.assertEqual(even["without_mask"]["accuracy"], 1)
        self.assertEqual(even["without_mask"]["flicker"], 0)

    def test_only_frames_with_a_known_motion_are_held_against_their_followers(self) -> None:
        frames = two_frames()
        (label, found), _ = predictions(self.run, frames, with_mask=False)
        other = found.copy()
        other[:4] = 0
        kept, changed = flickering([(label, found), (label, other)], frames.motion)
        self.assertEqual((kept, changed), (SIDE * SIDE, 4 * SIDE))
        self.assertEqual(flickering([(label, found), (label, other)], [None, None]), (0, 0))

    def test_a_row_of_other_tests_or_another_schedule_is_no_row_of_the_table(self) -> None:
        wanted = {"recipe": [], "training data": "a", "test data": {"heldout": "b"}, "seed": 1}
        wanted |= {"epochs": 2, "steps": 8, "teacher": ""}
        stored = {"recipe": [], "seed": 1, "sets": {"heldout": {"data_hash": "b"}}}
        stored["training"] = {"data_hash": "a", "epochs": 2, "steps": 8}
        with tempfile.TemporaryDirectory() as folder:
            result = Path(folder) / "base.json"
            result.write_text(json.dumps(stored), "utf-8")
            check_same(result, wanted)
            for name, other in (("test data", {"heldout": "c"}), ("epochs", 4), ("recipe", ["x"])):
                with self.assertRaisesRegex(SystemExit, f"base.json is of other {name}"):
                    check_same(result, wanted | {name: other})

    def test_every_row_is_a_recipe_and_a_seed_is_all_that_those_without_one_have(self) -> None:
        for row, words in ROWS.items():
            self.assertEqual(Recipe.parse(words) == Recipe(), row == "base" or row in OTHER_SEEDS)
        self.assertEqual(HELD_OUT, "heldout")


if __name__ == "__main__":
    unittest.main()
