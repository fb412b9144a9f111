"""The model card says what the scores file says."""

from __future__ import annotations

import json
import unittest
from pathlib import Path

from write_card import CARDS, card, score_row, training_rows

MODELS = Path(__file__).resolve().parents[2]


class Card(unittest.TestCase):
    def test_every_committed_card_is_what_write_card_makes_of_its_scores(self) -> None:
        for template in CARDS.glob("*.md"):
            written = (MODELS / template.name).read_text()
            scores = json.loads((MODELS / "scores" / f"{template.stem}.json").read_text())
            self.assertEqual(card(template.read_text(), scores), written)

    def test_a_class_that_does_not_occur_has_a_dash(self) -> None:
        values = dict.fromkeys(("background", "highlight", "material", "diffuse_shadow"), 0.5)
        row = score_row("one", {**values, "cast_shadow": None})
        self.assertEqual(row, "| one | 0.500 | 0.500 | 0.500 | 0.500 | - |")

    def test_the_trainings_that_a_network_went_through_stand_in_their_order(self) -> None:
        known = {"scenes": 3, "frames": 9, "relit": 2, "epochs": 5, "steps": 200, "minutes": 4.5}
        last = {
            "sha256": "ab" * 32,
            **known,
            "data_hash": "cd" * 32,
            "before": {"sha256": "ef" * 32},
        }
        rows = training_rows(last)
        self.assertEqual(rows[0], "| 1 | - | - | - | - | - | - | - | `efefefefefefefef` |")
        self.assertEqual(
            rows[1], "| 2 | 3 | 9 | 2 | 5 | 200 | 4.5 | `cdcdcdcdcdcdcdcd` | `abababababababab` |"
        )

    def test_a_figure_that_nobody_has_is_an_error(self) -> None:
        scores = json.loads((MODELS / "scores" / "tone_small.json").read_text())
        with self.assertRaisesRegex(ValueError, "NOBODY"):
            card("{{NOBODY}}", scores)


if __name__ == "__main__":
    unittest.main()
