"""Figures and plans, checked by hand."""

from __future__ import annotations

import unittest

import numpy as np

from shot_plan import Counts, plan_sample, plan_shots, render_order
from tone_classes import UNKNOWN
from tone_scores import accuracy, confusion, flicker, iou


class Scores(unittest.TestCase):
    def test_iou_and_accuracy(self) -> None:
        truth = np.array([[0, 0, 0, 2]], np.uint8)
        guess = np.array([[0, 0, 2, 2]])
        counts = confusion(truth, guess)
        self.assertEqual(counts.sum(), 4)
        self.assertEqual(counts[0, 2], 1)
        values = iou(counts)
        self.assertAlmostEqual(values["background"] or 0, 2 / 3)
        self.assertAlmostEqual(values["material"] or 0, 1 / 2)
        self.assertIsNone(values["highlight"])
        self.assertAlmostEqual(accuracy(counts), 3 / 4)

    def test_only_what_changes_where_the_label_stays_flickers(self) -> None:
        labels = (np.array([[2, 2, 3, UNKNOWN]], np.uint8), np.array([[4, 2, 2, 4]], np.uint8))
        motion = np.zeros((2, 1, 4), np.float32)
        motion[0] = 1
        # To the right by a pixel: 2 on 2 twice, 3 on 4, and what is unknown out of the frame.
        steady = np.array([[0, 2, 2, 1]], np.uint8)
        self.assertEqual(flicker(labels, (steady[:, [1, 2, 0, 0]], steady), motion), (2, 0))
        self.assertEqual(flicker(labels, (steady, steady), motion), (2, 1))


class Plan(unittest.TestCase):
    def setUp(self) -> None:
        self.shots = plan_shots(1, Counts(short_shots=4, self_shadow_shots=3))

    def test_scenes_are_not_shared_between_splits(self) -> None:
        seeds = [shot.seed for shot in (*self.shots, plan_sample(1))]
        self.assertEqual(len(seeds), len(set(seeds)))

    def test_order_covers_every_frame_once(self) -> None:
        order = render_order(self.shots, 10)
        frames = [(shot.name, number) for shot, numbers in order for number in numbers]
        self.assertEqual(len(frames), len(set(frames)))
        self.assertEqual(len(frames), sum(shot.frames for shot in self.shots))
        first_round = {shot.name for shot, _ in order[: len(self.shots)]}
        self.assertEqual(first_round, {shot.name for shot in self.shots})


if __name__ == "__main__":
    unittest.main()
