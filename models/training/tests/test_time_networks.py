"""Timing: all networks see the same picture, in turns; sizes are read as they are meant."""

from __future__ import annotations

import argparse
import unittest

try:
    import numpy as np

    from time_networks import seconds, size_of
except ImportError as missing:
    raise unittest.SkipTest(f"networks are not timed here: {missing}") from missing


class Recorder:
    """A session that writes down who was asked, and for what."""

    def __init__(self, name: str, calls: list[tuple[str, bytes, tuple[int, ...]]]) -> None:
        self.name, self.calls = name, calls

    def run(self, _: None, feeds: dict[str, np.ndarray]) -> None:
        self.calls.append((self.name, feeds["image"].tobytes(), feeds["subject"].shape))


class Timing(unittest.TestCase):
    def test_networks_take_turns_on_one_picture(self) -> None:
        calls: list[tuple[str, bytes, tuple[int, ...]]] = []
        best = seconds([Recorder("ours", calls), Recorder("theirs", calls)], 4, 6, turns=2)
        self.assertEqual([name for name, _, _ in calls], ["ours", "theirs"] * 3)
        self.assertEqual(len({picture for _, picture, _ in calls}), 1)
        self.assertEqual({shape for _, _, shape in calls}, {(1, 1, 4, 6)})
        self.assertTrue(all(0 < value < 60 for value in best))

    def test_a_size_is_height_by_width(self) -> None:
        self.assertEqual(size_of("352x640"), (352, 640))
        for wrong in ("352", "0x5", "axb", "3x4x5", "-3x4"):
            with self.assertRaises(argparse.ArgumentTypeError):
                size_of(wrong)
