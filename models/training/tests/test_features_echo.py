"""Crops that are used again keep landmarks on what they mark."""

from __future__ import annotations

import unittest

import numpy as np

try:
    import torch

    from features.crop_echo import half_flipped, varied
    from features.landmark_loss import CropBatch
    from features.recolor import recolored
    from puppet.topology import PUPPET
    from tests.test_puppet_augment import dot_near
except ImportError as missing:
    raise unittest.SkipTest(f"training is not tested here: {missing}") from missing

SIDE = 96


def dotted_batch(count: int) -> CropBatch:
    """Dark crops with a soft dot at landmark 2, which is its own mirror."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] + 0.5
    place = np.array([0.55, 0.42])
    plane = 220 * np.exp(-((x - place[0] * SIDE) ** 2 + (y - place[1] * SIDE) ** 2) / 18)
    image = np.repeat(plane[None, ..., None], 3, 3).astype(np.uint8).repeat(count, 0)
    places = torch.rand(count, PUPPET.count, 2, generator=torch.Generator().manual_seed(1))
    places[:, 2] = torch.from_numpy(place)
    ones = torch.ones(count, PUPPET.count)
    shapes = torch.ones(count, len(PUPPET.shapes))
    return CropBatch(torch.from_numpy(image), places, ones, ones.clone(), shapes)


class Echo(unittest.TestCase):
    def test_landmarks_stay_on_what_they_mark(self) -> None:
        again = varied(dotted_batch(12), torch.Generator().manual_seed(3), PUPPET)
        for image, places in zip(again.image, again.places, strict=True):
            expected = places[2].numpy() * SIDE
            spot = dot_near(image.numpy(), expected, 10)
            self.assertLess(np.abs(spot - expected).max(), 0.6)

    def test_two_flips_are_none(self) -> None:
        batch, every = dotted_batch(3), torch.ones(3, dtype=torch.bool)
        batch.present[:, 0] = 0
        once = half_flipped(batch, every, PUPPET)
        self.assertEqual((float(once.present[0, 0]), float(once.present[0, 1])), (1, 0))
        twice = half_flipped(once, every, PUPPET)
        for name in ("image", "places", "weight", "visible", "present"):
            torch.testing.assert_close(getattr(twice, name), getattr(batch, name))

    def test_colors_change_and_grey_stays_grey(self) -> None:
        random = torch.Generator().manual_seed(5)
        grey = torch.full((40, 3, 2, 2), 0.4)
        torch.testing.assert_close(recolored(grey, random), grey, atol=1e-5, rtol=0)
        red = torch.tensor([0.7, 0.3, 0.2])[None, :, None, None].expand(400, 3, 2, 2)
        strongest = recolored(red, random)[:, :, 0, 0].argmax(1)
        shares = torch.bincount(strongest, minlength=3) / 400
        self.assertGreater(float(shares.min()), 0.04, "skin may be green or blue")
        self.assertGreater(float(shares[0]), 0.5)


if __name__ == "__main__":
    unittest.main()
