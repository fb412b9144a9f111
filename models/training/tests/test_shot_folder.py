"""What is written of a shot: one seed, one size."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

import numpy as np

try:
    from shot_folder import ShotError, frame_path, read_shot, save_png, write_shot
except ImportError as missing:
    raise unittest.SkipTest(f"shots are not read here: {missing}") from missing

FACTS = {"seed": 1, "width": 4, "height": 2, "frames": 2, "samples": {"beauty": 8}}


class Facts(unittest.TestCase):
    def test_frames_of_another_seed_size_or_quality_are_not_mixed_with_those_that_are_there(
        self,
    ) -> None:
        with tempfile.TemporaryDirectory() as folder:
            shot = Path(folder) / "one"
            write_shot(shot, FACTS)
            # Nothing is rendered yet.
            write_shot(shot, FACTS | {"seed": 2})
            save_png(frame_path(shot, "frames", 1), np.zeros((2, 4, 3), np.uint8))
            write_shot(shot, FACTS | {"seed": 2, "frames": 9})
            for other in ({"seed": 3}, {"width": 8}, {"samples": {"beauty": 4}}):
                with self.assertRaisesRegex(ShotError, r"shot\.json: .* is wanted"):
                    write_shot(shot, FACTS | {"seed": 2} | other)
            self.assertEqual(read_shot(shot)["frames"], 9)


if __name__ == "__main__":
    unittest.main()
