"""What a training minimises (needs torch)."""

from __future__ import annotations

import random
import unittest

try:
    import torch

    from augment import regraded
    from recipe import Recipe
    from tone_loss import (
        USUAL_HIGHLIGHT,
        dice_loss,
        distillation_loss,
        highlight_share_weight,
        tone_loss,
    )
except ImportError:
    torch = None

from tone_classes import BACKGROUND, HIGHLIGHT

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
            recipe = Recipe(even_highlights=even)
            return float(dice_loss(self.missing(crop), self.truth, recipe))

        self.assertLess(cost(0, False), 0.1 * cost(1, False))
        # Of 1 and 2 pixels the loss is smoothed.
        self.assertGreater(cost(0, True), 0.5 * cost(1, True))

    def test_without_highlights_nothing_changes(self) -> None:
        truth = torch.zeros(2, 5, SIDE, SIDE)
        truth[:, 2] = 1
        share = torch.full_like(truth, 0.2)
        even, pooled = Recipe(even_highlights=True), Recipe()
        self.assertEqual(dice_loss(share, truth, even), dice_loss(share, truth, pooled))

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
class SoftDice(unittest.TestCase):
    def setUp(self) -> None:
        """Pixels of which material has 60 %, the background 40 %: the rim of a soft matte."""
        self.truth = torch.zeros(1, 5, SIDE, SIDE)
        self.truth[:, BACKGROUND], self.truth[:, 2] = 0.4, 0.6
        self.hard = torch.zeros_like(self.truth)
        self.hard[:, 2] = 1

    def test_soft_labels_are_met_by_their_own_shares(self) -> None:
        soft, pooled = Recipe(soft_dice=True), Recipe()
        self.assertAlmostEqual(float(dice_loss(self.truth, self.truth, soft)), 0, places=5)
        self.assertGreater(float(dice_loss(self.hard, self.truth, soft)), 0.4)
        # The overlap of shares is not least in error where they are equal.
        self.assertGreater(float(dice_loss(self.truth, self.truth, pooled)), 0.4)

    def test_a_class_of_hardly_a_pixel_is_not_there(self) -> None:
        few = self.truth.clone()
        few[:, HIGHLIGHT, 0, 0] = few[:, 2, 0, 0] * 0.01
        few[:, 2, 0, 0] *= 0.99
        soft = Recipe(soft_dice=True)
        self.assertLess(float(dice_loss(self.truth, few, soft)), 1e-3)

    def test_within_the_subject_the_background_of_rims_has_no_say(self) -> None:
        """A missed background costs in the Dice of the whole picture, not in the subject's."""
        inside = torch.ones(1, SIDE, SIDE, dtype=torch.bool)
        recipe = Recipe(soft_dice=True, dice_share=1.0)
        without = Recipe(dice_share=0.0)

        def dice(shares: torch.Tensor) -> float:
            logits = (shares + 1e-4).log()
            both, entropy = (
                tone_loss(logits, self.truth, inside, each) for each in (recipe, without)
            )
            return float(both - entropy)

        self.assertAlmostEqual(dice(self.truth), 0, places=3)
        wrong = self.truth.clone()
        wrong[:, BACKGROUND], wrong[:, 3] = 0, 0.4
        # Half of what is in the picture is missed, and nothing of what is in the subject.
        self.assertAlmostEqual(dice(wrong), 0.25, places=2)


@unittest.skipIf(torch is None, "torch is not installed")
class Distillation(unittest.TestCase):
    def test_the_teachers_answer_costs_nothing_and_its_doubts_count(self) -> None:
        taught = torch.tensor([4.0, 2.0, 0.0, -2.0, -4.0]).reshape(1, 5, 1, 1).expand(1, 5, 3, 3)
        # Shares do not know by how much all logits are raised.
        self.assertAlmostEqual(float(distillation_loss(taught + 7, taught)), 0, places=5)
        certain = taught.clone()
        certain[:, 1:] = -9
        swapped = taught[:, [0, 2, 1, 3, 4]]
        for other in (certain, swapped):
            self.assertGreater(float(distillation_loss(other, taught)), 0.1)


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
