"""The model card says what the scores file says."""

from __future__ import annotations

import json
import unittest
from pathlib import Path
from typing import Any

from node_scores import kept, table, together, with_earlier, with_others
from tone_classes import CLASSES
from write_card import CARDS, card, score_row, training_rows, worst_shots, written

MODELS = Path(__file__).resolve().parents[2]


class Card(unittest.TestCase):
    def test_every_committed_card_is_what_write_card_makes_of_its_scores(self) -> None:
        for template in CARDS.glob("*.md"):
            with self.subTest(template.stem):
                committed = (MODELS / template.name).read_text("utf-8")
                self.assertEqual(written(MODELS, template.stem), committed)

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

    def test_of_many_shots_the_worst_have_lines_of_their_own(self) -> None:
        shots = {f"s{k}": {"material": (k * 7 % 10) / 10, "highlight": None} for k in range(10)}
        self.assertEqual(worst_shots(shots), ["s0", "s2", "s3", "s5", "s6", "s9"])

    def test_a_figure_that_nobody_has_is_an_error(self) -> None:
        scores = json.loads((MODELS / "scores" / "tone_small.json").read_text())
        with self.assertRaisesRegex(ValueError, "NOBODY"):
            card("{{NOBODY}}", scores, None)


def report() -> dict[str, Any]:
    """What `score tone` tells of a group, without looks."""
    tally = {
        "frames": 4,
        "mean_iou": 0.5,
        "mean_iou_of_tones_in_subject": 0.25,
        "boundary_f": 0.75,
        "mad_in_band": 0.1,
        "best_blurred": {"mad_in_band": 0.09, "sigma_px": 1.0},
        "dtssd": 0.1,
        "lag": None,
        "core": {"leaking_share": 0.01},
        "confusion": [[1]],
        "classes": {name: {"iou": 0.5} for name in CLASSES},
    }
    total = {
        "variants": {"default": tally},
        "looks": {"warm": tally},
        "worst_look": {"look": "warm", "mean_iou": 0.4},
        "locked_off": {"smoothing_off": 1.0, "smoothing_on": 0.5},
        "mean_of_shots": 0.5,
        "thresholds": None,
    }
    column = {"group": "target/shots", "model": "net abc", "total": total, "shots": [{}, {}]}
    command = ["x/rotocel", "score", "tone", "target/shots", "--also", "/o.onnx", "--looks"]
    return {
        "columns": [column, {**column, "model": "other def", "network": "other"}],
        "data_xxh3": {"target/shots": "77"},
        "date": "2026-11-22T13:12:51Z",
        "command": [*command, "--sample", "/s/orbit", "--bundle=/b", "--out=/r.json"],
        "settings": [],
        "boundary_px": 2.0,
    }


class InNode(unittest.TestCase):
    def test_a_table_has_what_the_report_has_and_dashes_for_the_rest(self) -> None:
        scores = kept(report(), "abc", "a machine")
        self.assertEqual(
            scores["command"], "cargo xtask score tone DIR/shots --also DIR/o.onnx --looks"
        )
        self.assertEqual([group["name"] for group in scores["groups"]], ["shots"])
        self.assertNotIn("confusion", json.dumps(scores))
        rows = dict(line.strip("| ").split(" | ") for line in table(scores).splitlines())
        self.assertEqual(rows["shots, frames"], "2, 4")
        self.assertEqual(rows["worst look, loss"], "warm, 0.100")
        self.assertEqual(rows["MAD in thousandths in the band, best blurred"], "100 / 90")
        self.assertEqual(rows["locked-off of 255, smoothing off / on"], "255 / 128")
        self.assertEqual(rows["control: other"], "0.500")
        for missing in ("tones in the subject, with Mask", "lag in frames, smoothing on"):
            self.assertEqual(rows[missing], "-")

    def test_other_networks_may_come_from_a_report_of_the_same_shots(self) -> None:
        slow = report()
        slow["columns"] = [{**slow["columns"][1], "network": "slow"}]
        scores = kept(report(), "abc", "a machine", [slow])
        for name in ("control: other | 0.500", "control: slow | 0.500"):
            self.assertIn(name, table(scores))
        with self.assertRaisesRegex(ValueError, "other shots in target/shots"):
            kept(report(), "abc", "a machine", [{**slow, "data_xxh3": {"target/shots": "78"}}])
        with self.assertRaisesRegex(ValueError, "other settings"):
            kept(report(), "abc", "a machine", [{**slow, "settings": ["exposure=1"]}])

    def test_another_network_is_added_to_scores_of_the_same_shots(self) -> None:
        stored, later = kept(report(), "abc", "a machine"), report()
        later["columns"] = [{**later["columns"][1], "network": "later"}]
        scores = with_others(stored, "abc", [later])
        for name in ("control: other | 0.500", "control: later | 0.500"):
            self.assertIn(name, table(scores))
        self.assertEqual(len(scores["commands_beside"]), 1)
        again = with_others(scores, "abc", [later])
        self.assertEqual(again["commands_beside"], scores["commands_beside"])
        self.assertEqual(stored["commands_beside"], [])
        self.assertNotIn("later", table(stored))
        with self.assertRaisesRegex(ValueError, "not of 999"):
            with_others(stored, "999", [later])
        with self.assertRaisesRegex(ValueError, "other shots in shots"):
            with_others(stored, "abc", [{**later, "data_xxh3": {"target/shots": "78"}}])
        with self.assertRaisesRegex(ValueError, "second_look=false"):
            with_others(stored, "abc", [{**later, "settings": ["second_look=false"]}])

    def test_other_networks_stay_when_ours_has_learnt_on(self) -> None:
        shots = {
            "name": "shots",
            "data_xxh3": "77",
            "other_networks": {"theirs": {"mean_iou": 0.4}},
        }
        old = {"commands_beside": ["then"], "groups": [shots]}
        new = {"commands_beside": ["now"], "groups": [{**shots, "other_networks": {}}]}
        self.assertEqual(with_earlier(new, old)["groups"], old["groups"])
        self.assertEqual(with_earlier(new, old)["commands_beside"], ["then", "now"])
        again = {**new, "groups": [{**new["groups"][0], "data_xxh3": "78"}]}
        self.assertEqual(with_earlier(again, old), again)

    def test_no_line_of_the_committed_table_is_without_any_figure(self) -> None:
        scores = json.loads((MODELS / "scores" / "tone_fast_node.json").read_text("utf-8"))
        for line in table(scores).splitlines():
            name, *cells = line.strip("| ").split(" | ")
            self.assertNotEqual(set(cells), {"-"}, name)

    def test_reports_of_different_groups_stand_side_by_side(self) -> None:
        large = report()
        large["columns"] = [{**large["columns"][0], "group": "target/large"}]
        large["data_xxh3"] = {"target/large": "88"}
        large["command"] = ["x/rotocel", "score", "tone", "target/large"]
        scores = kept(together([report(), large]), "abc", "a machine")
        self.assertEqual([group["name"] for group in scores["groups"]], ["shots", "large"])
        self.assertEqual([group["data_xxh3"] for group in scores["groups"]], ["77", "88"])
        self.assertEqual(scores["commands_beside"], ["cargo xtask score tone DIR/large"])

    def test_figures_of_another_network_or_of_other_settings_are_refused(self) -> None:
        with self.assertRaisesRegex(ValueError, "not of 999"):
            kept(report(), "999", "a machine")
        with self.assertRaisesRegex(ValueError, "second_look=false"):
            kept({**report(), "settings": ["second_look=false"]}, "abc", "a machine")
        for field, other in (("smoothing", 4), ("columns", [{"model": "older 77"}])):
            with self.assertRaisesRegex(ValueError, "score (it anew|them alike)"):
                together([report(), {**report(), field: other}])
        with self.assertRaisesRegex(ValueError, "is in two reports"):
            together([report(), report()])
        with self.assertRaisesRegex(ValueError, "--boundary-px"):
            kept({**report(), "boundary_px": 5.0}, "abc", "a machine")
        scores = json.loads((MODELS / "scores" / "tone_small.json").read_text())
        with self.assertRaisesRegex(ValueError, "another network"):
            card("", scores, kept(report(), "abc", "a machine"))


if __name__ == "__main__":
    unittest.main()
