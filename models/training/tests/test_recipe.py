"""Recipes are read word by word, and say what is wrong with one."""

from __future__ import annotations

import json
import tempfile
import unittest
from pathlib import Path

from provenance import earlier_training, public_command
from recipe import Recipe


class Words(unittest.TestCase):
    def test_words_change_what_they_name_and_nothing_else(self) -> None:
        recipe = Recipe.parse(["focal=2", "color=false"])
        self.assertEqual(recipe, Recipe(focal=2.0, color=False))
        self.assertEqual(Recipe.parse([]), Recipe())

    def test_the_founding_network_is_not_asked_for_maps(self) -> None:
        with self.assertRaisesRegex(ValueError, "maps_weight"):
            Recipe.parse(["seed_network=true", "maps_weight=0.5"])

    def test_a_wrong_word_is_named(self) -> None:
        for word in ("speed=3", "focal=fast", "focal=-1", "focal=nan", "color=1", "focal"):
            with self.assertRaisesRegex(ValueError, word.split("=")[0]):
                Recipe.parse([word])


class Commands(unittest.TestCase):
    def test_a_command_is_told_without_the_paths_of_a_machine(self) -> None:
        words = ["--shots", "/home/me/work/shots", "--out=/home/me/out", "--seed", "1"]
        told = public_command("ablate.py", words)
        self.assertEqual(
            told, "python models/training/ablate.py --shots DIR/shots --out=DIR/out --seed 1"
        )


class Origins(unittest.TestCase):
    def test_a_training_tells_of_the_one_that_it_went_on_from(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            scores = Path(folder) / "tone_small.json"
            first = {"sha256": "aa", "training": {"seed": 1, "minutes": 70.0}}
            scores.write_text(json.dumps(first))
            told = {"sha256": "aa", "seed": 1, "minutes": 70.0}
            self.assertEqual(earlier_training("aa", scores), told)
            # The network has been scored since, and its file now tells of both.
            second = {"sha256": "bb", "training": {"seed": 2, "before": told}}
            scores.write_text(json.dumps(second))
            self.assertEqual(earlier_training("aa", scores), told)
            self.assertEqual(earlier_training("cc", scores), {"sha256": "cc"})
