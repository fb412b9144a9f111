"""Sub-pixel labels, the layers on disk, and new light for old renderings."""

from __future__ import annotations

import random
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

import numpy as np

from labels import Thresholds
from layer_store import CHANNELS, COLORS, FINE, create, open_layers, pack, span
from relight import AS_RENDERED, Gains, key_maps, recombine, relight
from soft_labels import box, fold, shares, strongest, unfold
from tone_classes import BACKGROUND, CAST_SHADOW, CLASSES, DIFFUSE_SHADOW, HIGHLIGHT, MATERIAL

HEIGHT, WIDTH = 6, 8


def random_planes(seed: int = 0) -> dict[str, np.ndarray]:
    """Layers of noise, with every class in them."""
    rng = np.random.default_rng(seed)
    planes = {name: rng.random((3, HEIGHT, WIDTH), np.float32) for name in COLORS}
    planes |= {name: rng.random((4, HEIGHT, WIDTH), np.float32) for name in FINE}
    planes["alpha"] = rng.random((1, HEIGHT, WIDTH), np.float32)
    planes["subject"] = np.rint(planes["subject"])
    planes["gloss_key"] *= 0.3
    return planes


def black_planes() -> dict[str, np.ndarray]:
    return {name: np.zeros_like(plane) for name, plane in random_planes().items()}


class Subpixels(unittest.TestCase):
    def test_folding_is_undone_by_unfolding(self) -> None:
        plane = np.arange(4 * 6).reshape(4, 6)
        np.testing.assert_array_equal(unfold(fold(plane)), plane)
        np.testing.assert_array_equal(fold(plane)[:, 0, 0], [0, 1, 6, 7])

    def test_the_mean_of_folded_planes_is_the_box_average(self) -> None:
        plane = np.random.default_rng(1).random((4, 6), np.float32)
        np.testing.assert_allclose(fold(plane).mean(0), box(plane), rtol=1e-6)

    def test_shares_of_a_pixel_sum_to_one(self) -> None:
        labels = np.random.default_rng(2).integers(0, 5, (4, 7, 9)).astype(np.uint8)
        np.testing.assert_array_equal(shares(labels).sum(0), np.ones((7, 9), np.float32))

    def test_a_tie_goes_to_the_class_that_is_decided_first(self) -> None:
        def winner(*of: int) -> int:
            return int(strongest(shares(np.array(of, np.uint8)[:, None, None]))[0, 0])

        self.assertEqual(winner(BACKGROUND, BACKGROUND, MATERIAL, MATERIAL), MATERIAL)
        self.assertEqual(winner(MATERIAL, CAST_SHADOW, MATERIAL, CAST_SHADOW), CAST_SHADOW)
        self.assertEqual(winner(DIFFUSE_SHADOW, CAST_SHADOW, HIGHLIGHT, MATERIAL), HIGHLIGHT)
        self.assertEqual(winner(BACKGROUND, BACKGROUND, BACKGROUND, HIGHLIGHT), BACKGROUND)


class Maps(unittest.TestCase):
    def test_each_is_a_half_where_its_class_begins(self) -> None:
        planes, rules = black_planes(), Thresholds()
        planes["unoccluded"][:] = rules.shade * 3
        planes["occluded"][:] = rules.shade * 3 * rules.cast
        planes["gloss_key"][:] = rules.highlight * 3
        planes["alpha"][:] = 0.25
        maps = key_maps(np.float32(pack(planes)), AS_RENDERED, 3.0, rules)
        for plane, value in zip(maps, (0.5, 0.5, 0.5, 0.25), strict=True):
            np.testing.assert_allclose(plane, value, atol=1e-3)

    def test_they_tell_the_same_classes_as_the_labels(self) -> None:
        planes = {name: plane[..., :1, :] for name, plane in random_planes(3).items()}
        for name in FINE:
            # One value a pixel: means over sub-pixels say nothing else.
            planes[name] = np.repeat(planes[name][:1], 4, 0)
        layers = np.float32(pack(planes))
        gains = Gains(key=(0.5, 0.5, 0.5), world=(2.0, 2.0, 2.0))
        facing, open_to_key, shine, _ = key_maps(layers, gains, 1.0, Thresholds())
        lit = relight(layers, gains, 1.0)
        for row, column in np.ndindex(lit.labels.shape):
            at, inside = (row, column), lit.subject[row, column] > 0.5
            expected = MATERIAL if inside else BACKGROUND
            if inside and facing[at] < 0.5:
                expected = DIFFUSE_SHADOW
            if facing[at] >= 0.5 and open_to_key[at] < 0.5:
                expected = CAST_SHADOW
            if inside and shine[at] > 0.5:
                expected = HIGHLIGHT
            self.assertEqual(lit.labels[at], expected)

    def test_where_no_key_falls_nothing_is_a_number_less(self) -> None:
        maps = key_maps(np.float32(pack(black_planes())), AS_RENDERED, 1.0, Thresholds())
        np.testing.assert_array_equal(maps, 0)


class Relighting(unittest.TestCase):
    def test_a_picture_is_linear_in_its_gains(self) -> None:
        layers = pack(random_planes()).astype(np.float32)
        dark = Gains(*[(0.0, 0.0, 0.0)] * 4)
        first = replace(dark, key=(1.5, 0.5, 2.0), behind=(0.2, 0.4, 0.6))
        second = replace(dark, rest=(0.3, 0.7, 0.1), world=(2.0, 1.0, 0.5))
        both = replace(second, key=first.key, behind=first.behind)
        apart = recombine(layers, first) + recombine(layers, second)
        np.testing.assert_allclose(recombine(layers, both), apart, atol=1e-5)
        tripled = replace(first, key=(4.5, 1.5, 6.0), behind=(0.6, 1.2, 1.8))
        np.testing.assert_allclose(
            recombine(layers, tripled), 3 * recombine(layers, first), atol=1e-5
        )

    def test_as_rendered_it_is_the_sum_of_all_lights_over_what_is_behind(self) -> None:
        planes = random_planes()
        expected = planes["key"] + planes["rest"] + planes["world"]
        expected = expected + planes["behind"] * (1 - planes["alpha"])
        picture = relight(pack(planes)).picture
        np.testing.assert_allclose(picture, expected.transpose(1, 2, 0), atol=4e-3)

    def test_a_stronger_key_moves_no_shadow(self) -> None:
        planes = random_planes() | {
            f"gloss_{group}": np.zeros((4, HEIGHT, WIDTH)) for group in ("rest", "world")
        }
        layers = pack(planes)
        plain, strong = relight(layers), relight(layers, Gains(key=(4, 2, 3)))
        np.testing.assert_array_equal(plain.soft, strong.soft)
        np.testing.assert_array_equal(plain.labels, strong.labels)

    def test_a_mirrored_rim_is_a_highlight_only_when_it_is_strong(self) -> None:
        planes = black_planes()
        planes["subject"] += 1
        planes["occluded"] += 1
        planes["unoccluded"] += 1
        planes["gloss_rest"] += 0.2
        layers = pack(planes)
        self.assertTrue((relight(layers).labels == MATERIAL).all())
        self.assertTrue((relight(layers, Gains(rest=(2, 2, 2))).labels == HIGHLIGHT).all())

    def test_without_a_key_there_is_nothing_to_name(self) -> None:
        with self.assertRaises(ValueError):
            relight(pack(black_planes()), Gains(key=(0, 0, 0)))

    def test_shares_sum_to_one_and_labels_are_their_strongest(self) -> None:
        lit = relight(pack(random_planes(3)))
        np.testing.assert_array_equal(lit.soft.sum(0), np.ones((HEIGHT, WIDTH)))
        np.testing.assert_array_equal(lit.labels, strongest(lit.soft))
        self.assertEqual(lit.soft.shape[0], len(CLASSES))

    def test_drawn_gains_keep_the_key_and_follow_from_the_seed(self) -> None:
        for seed in range(20):
            gains = Gains.draw(random.Random(seed))
            self.assertEqual(gains, Gains.draw(random.Random(seed)))
            self.assertAlmostEqual(float(np.dot([0.2126, 0.7152, 0.0722], gains.key)), 1, places=5)


class Store(unittest.TestCase):
    def test_spans_cover_all_channels_once(self) -> None:
        found = sorted(
            k for name in (*COLORS, "alpha", *FINE) for k in range(len(CHANNELS))[span(name)]
        )
        self.assertEqual(found, list(range(len(CHANNELS))))

    def test_a_killed_run_finds_its_layers_again_and_a_crop_reads_what_was_written(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            shot, shape = Path(folder) / "shot", (3, HEIGHT, WIDTH)
            packed = pack(random_planes(4))
            first = create(shot, shape, {"reference": 1.0})
            first[1] = packed
            del first
            again = create(shot, shape, {"reference": 1.0})
            np.testing.assert_array_equal(again[1], packed)
            self.assertEqual(float(np.abs(again[2]).max()), 0.0)
            layers, facts = open_layers(shot)
            self.assertEqual(facts["channels"], list(CHANNELS))
            crop = relight(layers[1, :, 2:5, 1:7]).labels
            np.testing.assert_array_equal(crop, relight(packed).labels[2:5, 1:7])
            with self.assertRaises(ValueError):
                create(shot, (4, HEIGHT, WIDTH), {})

    def test_light_beyond_half_floats_is_held_at_their_end(self) -> None:
        planes = black_planes()
        planes["key"][0, 0, 0] = 1e9
        planes["key"][1, 0, 0] = np.nan
        packed = pack(planes)
        self.assertTrue(np.isfinite(packed).all())
        self.assertGreater(float(packed[0, 0, 0]), 6e4)


if __name__ == "__main__":
    unittest.main()
