"""Label rules on pictures small enough to check by hand."""

from __future__ import annotations

import unittest

import numpy as np

from labels import Thresholds, class_counts, classify, luminance, median3
from tone_classes import BACKGROUND, CAST_SHADOW, DIFFUSE_SHADOW, HIGHLIGHT, MATERIAL


def plane(*values: float) -> np.ndarray:
    return np.array([values], np.float32)


def label(
    occluded: float, unoccluded: float, glossy: float, subject: bool, reference: float = 1.0
) -> int:
    mask = np.array([[subject]])
    return int(classify(plane(occluded), plane(unoccluded), plane(glossy), mask, reference)[0, 0])


class Classify(unittest.TestCase):
    def test_each_class(self) -> None:
        self.assertEqual(label(0.9, 0.9, 0.0, subject=False), BACKGROUND)
        self.assertEqual(label(0.9, 0.9, 0.0, subject=True), MATERIAL)
        self.assertEqual(label(0.1, 0.1, 0.0, subject=True), DIFFUSE_SHADOW)
        self.assertEqual(label(0.1, 0.9, 0.0, subject=True), CAST_SHADOW)
        self.assertEqual(label(0.9, 0.9, 0.9, subject=True), HIGHLIGHT)

    def test_highlight_comes_before_every_shadow(self) -> None:
        self.assertEqual(label(0.0, 0.9, 0.9, subject=True), HIGHLIGHT)
        self.assertEqual(label(0.0, 0.0, 0.9, subject=True), HIGHLIGHT)

    def test_outside_the_subject_only_cast_shadow_is_labelled(self) -> None:
        self.assertEqual(label(0.0, 0.9, 0.0, subject=False), CAST_SHADOW)
        self.assertEqual(label(0.0, 0.1, 0.0, subject=False), BACKGROUND)
        self.assertEqual(label(0.9, 0.9, 0.9, subject=False), BACKGROUND)

    def test_a_shadow_falls_only_on_what_faces_the_key(self) -> None:
        shade = Thresholds().shade
        self.assertEqual(label(0.0, shade * 1.01, 0.0, subject=True), CAST_SHADOW)
        self.assertEqual(label(0.0, shade * 0.99, 0.0, subject=True), DIFFUSE_SHADOW)

    def test_thresholds_are_shares_of_the_reference(self) -> None:
        for reference in (0.01, 1.0, 40.0):
            with self.subTest(reference=reference):
                lit, dim = 0.9 * reference, 0.1 * reference
                self.assertEqual(label(lit, lit, dim, True, reference), MATERIAL)
                self.assertEqual(label(dim, dim, 0.0, True, reference), DIFFUSE_SHADOW)
                self.assertEqual(label(lit, lit, lit, True, reference), HIGHLIGHT)

    def test_a_frame_is_judged_alone(self) -> None:
        """Brighter neighbours must not move a pixel's class: no per-frame reference."""
        subject = np.ones((1, 3), bool)
        zero = plane(0, 0, 0)
        for other in (0.0, 0.5, 50.0):
            values = plane(0.3, other, other)
            self.assertEqual(classify(values, values, zero, subject, 1.0)[0, 0], MATERIAL)

    def test_reference_must_be_positive(self) -> None:
        for reference in (0.0, -1.0, float("nan")):
            with self.assertRaises(ValueError):
                label(1, 1, 0, True, reference)

    def test_counts_have_five_entries(self) -> None:
        self.assertEqual(class_counts(np.array([[0, 0, 2]], np.uint8)), [2, 0, 1, 0, 0])


class Planes(unittest.TestCase):
    def test_luminance_of_broken_pixels_is_zero(self) -> None:
        picture = np.array([[[1, 1, 1], [np.nan] * 3, [np.inf] * 3]], np.float32)
        np.testing.assert_allclose(luminance(picture), [[1, 0, 0]], atol=1e-6)

    def test_median_drops_a_single_bright_sample(self) -> None:
        picture = np.zeros((5, 5), np.float32)
        picture[2, 2] = 100
        self.assertEqual(float(median3(picture).max()), 0.0)

    def test_median_keeps_a_straight_edge(self) -> None:
        picture = np.zeros((6, 6), np.float32)
        picture[:, 3:] = 1
        np.testing.assert_array_equal(median3(picture), picture)


if __name__ == "__main__":
    unittest.main()
