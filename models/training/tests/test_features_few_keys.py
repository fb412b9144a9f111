"""Keys on a few frames: which, straight between them, and followed through moving pictures."""

from __future__ import annotations

import unittest

import numpy as np

from features.few_keys import interpolated, neighbours, spread, tracked


class Keys(unittest.TestCase):
    def test_keys_are_spread_evenly_and_one_is_in_the_middle(self) -> None:
        self.assertEqual(spread(range(1, 15), 1), [8])
        self.assertEqual(spread(range(1, 15), 3), [1, 7, 14])
        self.assertEqual(spread([3, 4], 5), [3, 4])

    def test_between_two_keys_places_go_straight_and_beyond_them_they_hold(self) -> None:
        keys = {2: np.zeros((1, 2)), 6: np.array([[8.0, 4.0]])}
        np.testing.assert_allclose(interpolated(keys, 3), [[2, 1]])
        np.testing.assert_allclose(interpolated(keys, 9), [[8, 4]])
        np.testing.assert_allclose(interpolated(keys, 1), [[0, 0]])
        self.assertEqual(neighbours(6, [2, 6]), (6, 6))


class Tracker(unittest.TestCase):
    def test_landmarks_follow_a_picture_that_moves_from_both_sides(self) -> None:
        try:
            import cv2  # noqa: F401
        except ImportError as missing:
            raise unittest.SkipTest(f"tracking is not tested here: {missing}") from missing
        y, x = np.mgrid[0:160, 0:200]

        def way(frame: int) -> np.ndarray:
            # There and back: straight lines between the outermost frames miss it.
            return np.array([2.0 * min(frame, 8 - frame), 1.0 * min(frame, 8 - frame)])

        def grey(frame: int) -> np.ndarray:
            dx, dy = way(frame)
            u, v = x - dx, y - dy
            wave = np.sin(0.31 * u + 0.1 * v) + np.sin(0.17 * u - 0.27 * v) + np.cos(0.23 * v)
            return (128 + 40 * wave).clip(0, 255).astype(np.uint8)

        start = np.array([[80.5, 70.5], [100.0, 90.0], [60.25, 100.5]])
        keys = {0: start + way(0), 8: start + way(8)}
        found = tracked(keys, range(9), grey)
        for frame in range(9):
            off = np.linalg.norm(found[frame] - start - way(frame), axis=1).max()
            self.assertLess(off, 0.3, f"frame {frame}")
        self.assertGreater(np.abs(interpolated(keys, 4) - start - way(4)).max(), 7)


if __name__ == "__main__":
    unittest.main()
