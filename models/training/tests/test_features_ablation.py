"""The ablation table: its rows differ in what the document says, and one is trained in seconds."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from features.ablation import FULL, ROWS, shots_of_row, table

FILM, POSED = ["film_b", "film_a", "film_d", "film_c", "film_e"], ["syn_0"]


class Rows(unittest.TestCase):
    def test_rows_take_the_first_film_shots_by_name(self) -> None:
        self.assertEqual(shots_of_row(ROWS["shots_2"], FILM, POSED), ["film_a", "film_b", "syn_0"])
        self.assertEqual(shots_of_row(ROWS["synthetic_only"], FILM, POSED), ["syn_0"])
        self.assertEqual(shots_of_row(ROWS["no_synthetic"], FILM, POSED), sorted(FILM))

    def test_a_row_that_has_too_few_shots_is_refused_by_name(self) -> None:
        with self.assertRaisesRegex(ValueError, "3 shots .* takes 3 film shots .* there are 2"):
            shots_of_row(ROWS["shots_3"], FILM[:2], POSED)

    def test_published_totals_are_the_sums_of_their_parts(self) -> None:
        for name, row in ROWS.items():
            *parts, total = row.published
            self.assertAlmostEqual(sum(parts), total, delta=0.025, msg=name)

    def test_the_table_tells_ratios_to_the_full_row_beside_the_published_ones(self) -> None:
        def result(total: float) -> dict[str, object]:
            mae = {"seams": 1.0, "eyes": 2.0, "brows": total - 3, "total": total}
            return {"test": {"mae_400": mae, "mae_400_by_pose": {"up": {"total": 9.25}}}}

        lines = table({"no_scale": result(6.0), FULL: result(5.0)}).splitlines()
        self.assertEqual(len(lines), 4)
        full, no_scale = ([cell.strip() for cell in line.split("|")[1:-1]] for line in lines[2:])
        self.assertEqual(full[0], "5 shots + synthetic (full)")
        self.assertEqual(
            no_scale[1:9], ["1.00", "2.00", "3.00", "", "6.00", "1.20", "8.18", "1.14"]
        )
        self.assertEqual(no_scale[9:], ["", "", "", "9.25"])


class Command(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        try:
            import ablate_features
            from tests.test_features_own import shot_with_pictures
        except (ImportError, unittest.SkipTest) as missing:
            raise unittest.SkipTest(f"training is not tested here: {missing}") from missing
        cls.ablate = ablate_features
        cls.root = Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.root)
        shot_with_pictures(cls.root / "film" / "a", "train")
        shot_with_pictures(cls.root / "film" / "b", "test")

    def run_rows(self, *more: str) -> Path:
        out, models = self.root / "out", Path(__file__).resolve().parents[2]
        words = ["ablate_features.py", str(self.root / "film"), "--work", str(self.root / "work")]
        words += ["--out", str(out), "--models", str(models), "--images", "24", "--size", "64"]
        with mock.patch.object(sys, "argv", [*words, "--workers", "0", *more]):
            self.ablate.main()
        return out

    def test_rows_are_trained_scored_kept_and_never_mixed_with_others(self) -> None:
        out = self.run_rows("--rows", "raw_1_shot")
        path = out / "raw_1_shot.json"
        stored = json.loads(path.read_text("utf-8"))
        self.assertEqual((stored["images"], stored["seed"]), (24, 1))
        self.assertGreater(stored["test"]["mae_400"]["total"], 0)
        for key in ("data_hash", "test_hash", "date", "command", "schedule"):
            self.assertTrue(stored[key], key)
        shot_grows = self.root / "film" / "a" / "frames"
        shutil.copy2(next(shot_grows.glob("*.png")), shot_grows / "9999.png")
        before = path.stat().st_mtime_ns
        self.run_rows("--rows", "raw_1_shot")
        self.assertEqual(path.stat().st_mtime_ns, before, "a row that is there is left")
        with self.assertRaisesRegex(SystemExit, "another seed"):
            self.run_rows("--rows", "raw_1_shot", "--seed", "2")


if __name__ == "__main__":
    unittest.main()
