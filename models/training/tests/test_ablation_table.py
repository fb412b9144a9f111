"""The table of the ablation says what the stored rows say."""

from __future__ import annotations

import json
import tempfile
import unittest
from pathlib import Path

from ablation_table import chance, results, table
from tone_classes import CLASSES


def write_row(folder: Path, name: str, mean: float, recipe: list[str], seed: int = 1) -> None:
    """A result as `ablate.py` stores it."""
    figures = {"iou": dict.fromkeys(CLASSES, mean), "mean_iou": mean, "flicker": mean / 10}
    sets = {"heldout": {"with_mask": figures, "without_mask": figures}}
    facts = {"row": name, "recipe": recipe, "seed": seed, "training": {"minutes": 11.6}}
    facts["sets"] = sets
    (folder / f"{name}.json").write_text(json.dumps(facts))


class AblationTable(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def test_every_row_stands_beside_the_first(self) -> None:
        write_row(self.folder, "a_row", 0.45, ["focal=2"])
        write_row(self.folder, "base", 0.5, [])
        _, _, base, row = table(results(self.folder)).splitlines()
        self.assertTrue(base.startswith("| base | - | 12 | 0.500 / 0.500 | 0.500 |"), base)
        start = "| a_row | `focal=2` | 12 | 0.450 (-0.050) / 0.450 (-0.050) | 0.450 |"
        self.assertTrue(row.startswith(start), row)
        self.assertTrue(row.endswith("| 4.5 % |"), row)

    def test_a_row_of_another_seed_says_so(self) -> None:
        write_row(self.folder, "base", 0.5, [])
        write_row(self.folder, "seed_2", 0.51, [], seed=2)
        write_row(self.folder, "a_row", 0.3, ["focal=2"])
        rows = results(self.folder)
        self.assertIn("| seed_2 | `seed=2` |", table(rows).splitlines()[-1])
        self.assertAlmostEqual(chance(rows), 0.01)

    def test_rows_without_the_first_say_how_to_make_it(self) -> None:
        write_row(self.folder, "a_row", 0.45, ["focal=2"])
        with self.assertRaisesRegex(ValueError, "--rows base"):
            results(self.folder)


if __name__ == "__main__":
    unittest.main()
