"""Looks: curves, grain, codec and blur do what cameras do, and twice the same."""

from __future__ import annotations

import unittest
from dataclasses import replace

import numpy as np

from look_blur import along_motion, disc, gaussian
from look_codec import COSINES, subsampled, transform_coded
from looks import CURVES, ShotLook
from relight import Relit
from soft_labels import strongest

SIDE = 48


def half_and_half(left: float = 0.05, right: float = 0.4) -> Relit:
    """A hard border between material and cast shadow."""
    picture = np.full((SIDE, SIDE, 3), left, np.float32)
    picture[:, SIDE // 2 :] = right
    soft = np.zeros((5, SIDE, SIDE), np.float32)
    soft[4, :, : SIDE // 2] = soft[2, :, SIDE // 2 :] = 1
    return Relit(picture, strongest(soft), soft, np.ones((SIDE, SIDE), np.float32))


class Curves(unittest.TestCase):
    def test_they_rise_and_put_middle_grey_where_cameras_do(self) -> None:
        x = np.linspace(0, 4, 200).astype(np.float32)
        grey = np.array([0.18], np.float32)
        for name, place in (("linear", 0.18), ("srgb", 0.461), ("logc3", 0.391), ("cineon", 0.457)):
            with self.subTest(curve=name):
                self.assertTrue((np.diff(CURVES[name](x)) > 0).all())
                self.assertAlmostEqual(float(CURVES[name](grey)[0]), place, places=2)


class Looks(unittest.TestCase):
    def test_a_look_follows_from_its_seed_and_differs_by_frame_only_in_grain(self) -> None:
        lit = half_and_half()
        for seed in range(12):
            look = ShotLook.draw(seed)
            self.assertEqual(look, ShotLook.draw(seed))
            one, _ = look.apply(lit, 3)
            np.testing.assert_array_equal(one, look.apply(lit, 3)[0])
            other = look.apply(lit, 4)[0]
            self.assertEqual(np.array_equal(one, other), look.grain == 0)
            self.assertTrue(one.min() >= 0 and one.max() <= 1)

    def test_exposure_is_in_stops(self) -> None:
        lit = half_and_half(0.05, 0.05)
        twice = ShotLook(stops=1, curve="linear").apply(lit, 1)[0]
        once = ShotLook(curve="linear").apply(lit, 1)[0]
        self.assertAlmostEqual(float(twice.mean()), 2 * float(once.mean()), delta=0.01)

    def test_grain_grows_with_light_and_is_correlated(self) -> None:
        look = ShotLook(seed=5, curve="linear", grain=0.2, grain_size_px=1.0)
        picture = look.apply(half_and_half(0.05, 0.5), 1)[0]
        dark, bright = picture[:, : SIDE // 2, 1], picture[:, SIDE // 2 :, 1]
        self.assertGreater(bright.std(), 2 * dark.std())
        flat = bright - bright.mean()
        self.assertGreater((flat[:, 1:] * flat[:, :-1]).mean(), 0.5 * (flat**2).mean())

    def test_defocus_softens_the_shares_as_it_does_the_picture(self) -> None:
        picture, lit = ShotLook(curve="linear", defocus_px=3.0).apply(half_and_half(0, 1), 1)
        np.testing.assert_allclose(lit.soft.sum(0), 1, atol=1e-5)
        np.testing.assert_allclose(lit.soft[2], picture[..., 0], atol=0.01)
        self.assertTrue(((lit.soft[2] > 0.1) & (lit.soft[2] < 0.9)).any())

    def test_defocus_softens_the_maps_of_a_crop_too(self) -> None:
        maps = np.zeros((4, SIDE, SIDE), np.float32)
        maps[:, :, SIDE // 2 :] = 1
        _, seen = ShotLook(defocus_px=3.0).apply(replace(half_and_half(), maps=maps), 1)
        assert seen.maps is not None
        np.testing.assert_allclose(seen.maps[1], seen.soft[2], atol=1e-5)

    def test_a_blurred_highlight_is_labelled_as_far_as_it_whitens_and_never_beyond_the_subject(
        self,
    ) -> None:
        glint = np.s_[20:24, 20:24]
        picture = np.full((SIDE, SIDE, 3), 0.3, np.float32)
        soft = np.zeros((5, SIDE, SIDE), np.float32)
        soft[2] = 1
        picture[glint] = 20
        soft[(slice(None), *glint)] = 0
        soft[1][glint] = 1
        subject = np.ones((SIDE, SIDE), np.float32)
        maps = np.stack([subject, subject, soft[1], subject])
        lit = Relit(picture, strongest(soft), soft, subject, maps)
        way = np.zeros((2, SIDE, SIDE), np.float32)
        way[0] = 8
        for look in (ShotLook(defocus_px=3.0), ShotLook(shutter=1.0)):
            with self.subTest(look=look):
                white, seen = look.apply(lit, 1, 1.0, way)
                whitened = (white.min(2) > 0.999).sum()
                self.assertGreater(whitened, 1.5 * 16)
                self.assertGreaterEqual((seen.labels == 1).sum(), whitened)
                self.assertLess((seen.labels == 1).sum(), 1.6 * whitened)
                np.testing.assert_allclose(seen.soft.sum(0), 1, atol=1e-5)
                assert seen.maps is not None
                np.testing.assert_allclose(seen.maps[2], seen.soft[1], atol=1e-5)
        subject = subject.copy()
        subject[:, 24:] = 0
        _, seen = ShotLook(defocus_px=3.0).apply(replace(lit, subject=subject, maps=None), 1)
        self.assertTrue((seen.soft[1] <= seen.subject + 1e-6).all())

    def test_without_blur_labels_stay_as_they_are(self) -> None:
        lit = half_and_half()
        look = replace(ShotLook.draw(3), defocus_px=0.0, shutter=0.0)
        np.testing.assert_array_equal(look.apply(lit, 1)[1].labels, lit.labels)

    def test_what_rests_is_not_smeared(self) -> None:
        lit, still = half_and_half(), np.zeros((2, SIDE, SIDE), np.float32)
        _, seen = ShotLook(shutter=1.0).apply(lit, 1, motion=still)
        self.assertIs(seen.soft, lit.soft)

    def test_motion_smears_along_its_way_only(self) -> None:
        across = np.zeros((2, SIDE, SIDE), np.float32)
        across[0] = 10
        blurred = ShotLook(curve="linear", shutter=1.0).apply(half_and_half(), 1, 1.0, across)[1]
        self.assertEqual(int(((blurred.soft[2] > 0.02) & (blurred.soft[2] < 0.98))[0].sum()), 10)
        along = across[::-1].copy()
        still = ShotLook(curve="linear", shutter=1.0).apply(half_and_half(), 1, 1.0, along)[1]
        np.testing.assert_allclose(still.soft, half_and_half().soft, atol=1e-6)


class Blur(unittest.TestCase):
    def test_flat_planes_stay_flat(self) -> None:
        flat = np.full((2, 20, 24), 0.3, np.float32)
        way = np.full((2, 20, 24), 5, np.float32)
        for blurred in (gaussian(flat, 1.3), disc(flat, 2.5), along_motion(flat, way)):
            np.testing.assert_allclose(blurred, flat, atol=1e-6)


class Codec(unittest.TestCase):
    def test_the_transform_is_orthonormal(self) -> None:
        np.testing.assert_allclose(COSINES @ COSINES.T, np.eye(8), atol=1e-6)

    def test_lower_quality_loses_more(self) -> None:
        picture = np.random.default_rng(0).random((37, 51, 3)).astype(np.float32)
        loss = [np.abs(transform_coded(picture, q) - picture).mean() for q in (95, 60, 20)]
        self.assertTrue(loss[0] < loss[1] < loss[2])

    def test_grey_survives_subsampling_and_color_does_not(self) -> None:
        rng = np.random.default_rng(1)
        grey = np.repeat(rng.random((21, 30, 1)), 3, 2).astype(np.float32)
        np.testing.assert_allclose(subsampled(grey), grey, atol=1e-5)
        color = rng.random((21, 30, 3)).astype(np.float32)
        self.assertGreater(np.abs(subsampled(color) - color).mean(), 0.05)


if __name__ == "__main__":
    unittest.main()
