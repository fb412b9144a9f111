"""Recipes are read word by word, and say what is wrong with one."""

from __future__ import annotations

import unittest

from provenance import public_command
from recipe import Recipe


class Words(unittest.TestCase):
    def test_words_change_what_they_name_and_nothing_else(self) -> None:
        recipe = Recipe.parse(["focal=2", "color=false"])
        self.assertEqual(recipe, Recipe(focal=2.0, color=False))
        self.assertEqual(Recipe.parse([]), Recipe())

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
