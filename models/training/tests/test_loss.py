"""What a training minimises (needs torch)."""

from __future__ import annotations

import random
import unittest

try:
    import torch

    from augment import regraded
    from recipe import Recipe
    from tone_loss import USUAL_HIGHLIGHT, dice_loss, highlight_share_weight, tone_loss
except ImportError:
    torch = None

from tone_classes import HIGHLIGHT

SIDE = 20


@unittest.skipIf(torch is None, "torch is not installed")
class EvenHighlights(unittest.TestCase):
    def setUp(self) -> None:
        """Two crops of material: one with a glint of 2 pixels, one half of chrome."""
        self.truth = torch.zeros(2, 5, SIDE, SIDE)
        self.truth[:, 2] = 1
        self.of_highlight(0, slice(0, 1), slice(0, 2))
        self.of_highlight(1, slice(0, SIDE // 2), slice(0, SIDE))

    def of_highlight(self, crop: int, rows: slice, columns: slice) -> None:
        self.truth[crop, :, rows, columns] = 0
        self.truth[crop, HIGHLIGHT, rows, columns] = 1

    def missing(self, crop: int) -> torch.Tensor:
        """An answer that is right but for the highlight of one crop, which it calls material."""
        share = self.truth.clone()
        share[crop, 2] += share[crop, HIGHLIGHT]
        share[crop, HIGHLIGHT] = 0
        return share

    def test_a_missed_glint_costs_as_much_dice_as_missed_chrome(self) -> None:
        def cost(crop: int, even: bool) -> float:
            return float(dice_loss(self.missing(crop), self.truth, even))

        self.assertLess(cost(0, False), 0.1 * cost(1, False))
        # Of 1 and 2 pixels the loss is smoothed.
        self.assertGreater(cost(0, True), 0.5 * cost(1, True))

    def test_without_highlights_nothing_changes(self) -> None:
        truth = torch.zeros(2, 5, SIDE, SIDE)
        truth[:, 2] = 1
        share = torch.full_like(truth, 0.2)
        self.assertEqual(dice_loss(share, truth, True), dice_loss(share, truth, False))

    def test_much_highlight_weighs_less_a_pixel(self) -> None:
        glint, chrome = highlight_share_weight(self.truth).flatten().tolist()
        self.assertEqual(glint, 1)
        self.assertAlmostEqual(chrome, (USUAL_HIGHLIGHT / 0.5) ** 0.5, places=5)

    def test_the_whole_loss_falls_towards_the_truth_either_way(self) -> None:
        inside = torch.ones(2, SIDE, SIDE, dtype=torch.bool)
        for even in (False, True):
            recipe = Recipe(even_highlights=even)
            steps = [
                float(tone_loss(self.truth * certainty, self.truth, inside, recipe))
                for certainty in (0.0, 2.0, 8.0)
            ]
            self.assertEqual(steps, sorted(steps, reverse=True))


@unittest.skipIf(torch is None, "torch is not installed")
class Regrading(unittest.TestCase):
    def test_black_and_clipped_white_stay_and_values_stay_in_range(self) -> None:
        image = torch.linspace(0, 1, 48).reshape(3, 4, 4)
        image[:, 0, 0] = 0
        for seed in range(20):
            graded = regraded(image, random.Random(seed))
            self.assertTrue(bool(((graded >= 0) & (graded <= 1)).all()))
            self.assertEqual(graded[:, 0, 0].tolist(), [0, 0, 0])

    def test_it_is_a_gain_in_linear_light(self) -> None:
        grey = torch.full((3, 1, 2), 0.5)
        grey[:, :, 1] = 0.25
        graded = regraded(grey, random.Random(5))

        def light(code: torch.Tensor) -> torch.Tensor:
            return torch.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)

        gains = light(graded) / light(grey)
        self.assertTrue(bool((graded < 1).all()), "of this seed none clips")
        torch.testing.assert_close(gains[:, :, 0], gains[:, :, 1], rtol=1e-3, atol=1e-3)


if __name__ == "__main__":
    unittest.main()
