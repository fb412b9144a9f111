"""New albedo for a rendered frame."""

from __future__ import annotations

import random
import unittest

import numpy as np

from labels import REC709_LUMA
from layer_store import CHANNELS, span
from relight import relight
from repaint import DARKEST, KINDS, LEAST_ON_FLOOR, NOT_PAINTED, Paint, draw_paints, repainted

SIDE = 32


def frame() -> np.ndarray:
    """A form in the left half, a floor in the lower right quarter, nothing above it."""
    planes = np.zeros((len(CHANNELS), SIDE, SIDE), np.float32)
    left, floor = np.s_[:, : SIDE // 2], np.s_[SIDE // 2 :, SIDE // 2 :]
    for name in ("alpha", "subject"):
        planes[span(name)][(slice(None), *left)] = 1
    planes[span("alpha")][(slice(None), *floor)] = 1
    scene = planes[span("alpha")][0]
    planes[span("key")], planes[span("rest")], planes[span("world")] = scene, scene / 2, scene / 4
    planes[span("behind")] = 0.7
    for name in ("occluded", "unoccluded"):
        planes[span(name)] = 0.8 * scene
    return planes


def paint(**facts: object) -> Paint:
    """A paint of halves, unless told otherwise."""
    known = {"colors": ((1.0, 1.0, 1.0), (0.5, 0.25, 0.1)), "cell": 0.2, "angle": 0.5}
    return Paint(**{"seed": 1, "kind": "checks", "softness": 0.0, "bend": 0.3} | known | facts)


class Repainting(unittest.TestCase):
    def test_scattered_light_is_multiplied_and_what_is_behind_is_not(self) -> None:
        planes, forms = frame(), paint()
        painted = repainted(planes, forms, None)
        albedo = forms.albedo(SIDE, SIDE)
        for group in ("key", "rest", "world"):
            expected = planes[span(group)].copy()
            expected[:, :, : SIDE // 2] *= albedo[:, :, : SIDE // 2]
            np.testing.assert_allclose(painted[span(group)], expected, atol=1e-6)
        np.testing.assert_array_equal(painted[span("behind")], planes[span("behind")])
        self.assertTrue((planes == frame()).all(), "what is given is not changed")

    def test_a_floor_keeps_a_share_of_its_light(self) -> None:
        planes = frame()
        black = paint(colors=((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)))
        key = repainted(planes, None, black)[span("key")]
        np.testing.assert_allclose(key[:, SIDE // 2 :, SIDE // 2 :], LEAST_ON_FLOOR, atol=1e-6)
        np.testing.assert_array_equal(
            key[:, :, : SIDE // 2], planes[span("key")][:, :, : SIDE // 2]
        )

    def test_what_is_mirrored_keeps_its_light(self) -> None:
        planes = frame()
        planes[span("gloss_key")] = 0.75
        black = paint(colors=((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)))
        key = repainted(planes, black, None)[span("key")]
        np.testing.assert_allclose(key[:, :, : SIDE // 2], 0.75, atol=1e-6)

    def test_labels_stay_as_they_are(self) -> None:
        before, after = relight(frame()), relight(repainted(frame(), paint(), paint(seed=2)))
        np.testing.assert_array_equal(before.soft, after.soft)
        self.assertGreater(float(np.abs(before.picture - after.picture).max()), 0.1)


class Paints(unittest.TestCase):
    def test_a_pattern_holds_both_of_its_colors_and_none_beyond(self) -> None:
        for kind in KINDS:
            for softness in (0.0, 0.6):
                albedo = paint(kind=kind, softness=softness).albedo(64, 96)
                self.assertEqual(albedo.shape, (3, 64, 96))
                self.assertGreater(float(albedo[2].max()), 0.9, kind)
                self.assertLess(float(albedo[2].min()), 0.3, kind)
                self.assertTrue(((albedo > 0.099) & (albedo < 1.001)).all(), kind)

    def test_it_follows_from_its_seed(self) -> None:
        blotches = paint(kind="blotches")
        np.testing.assert_array_equal(blotches.albedo(40, 40), blotches.albedo(40, 40))
        other = paint(kind="blotches", seed=2)
        self.assertGreater(float(np.abs(blotches.albedo(40, 40) - other.albedo(40, 40)).max()), 0.1)

    def test_random_paints_are_bright_and_dark(self) -> None:
        rng = random.Random(3)
        for _ in range(200):
            bright, dark = (float(np.dot(REC709_LUMA, c)) for c in Paint.draw(rng).colors)
            self.assertAlmostEqual(bright, 1.0, places=5)
            self.assertTrue(DARKEST - 1e-6 < dark < 0.71, dark)

    def test_glass_and_chrome_are_not_painted_but_the_floor_below_them(self) -> None:
        for theme in NOT_PAINTED:
            rng = random.Random(4)
            draws = [draw_paints(rng, theme) for _ in range(100)]
            self.assertTrue(all(forms is None for forms, _ in draws))
            self.assertTrue(20 < sum(floor is not None for _, floor in draws) < 60)
        rng = random.Random(4)
        forms = sum(draw_paints(rng, "skin")[0] is not None for _ in range(100))
        self.assertTrue(30 < forms < 70, forms)


if __name__ == "__main__":
    unittest.main()
