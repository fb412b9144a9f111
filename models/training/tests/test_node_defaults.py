"""The node's defaults as the training knows them are those that hosts are told."""

from __future__ import annotations

import re
import unittest
from pathlib import Path

from node_defaults import MOST_ENLARGED, WORKING_SIZE

ROOT = Path(__file__).resolve().parents[3]
TOLD = ROOT / "tests/snapshots/describe__tone_segment_general.snap"
LOOKS = ROOT / "src/nodes/tone_segment/looks.rs"


class NodeDefaults(unittest.TestCase):
    def found(self, path: Path, pattern: str) -> float:
        match = re.search(pattern, path.read_text("utf-8"))
        self.assertIsNotNone(match, f"{path.name} has no {pattern}")
        return float(match[1])

    def test_the_network_is_shown_a_frame_as_the_node_shows_it(self) -> None:
        self.assertEqual(self.found(TOLD, r'working_size "[^"]*" = (\d+)'), WORKING_SIZE)
        self.assertEqual(self.found(LOOKS, r"MOST_ENLARGED: f64 = ([\d.]+);"), MOST_ENLARGED)
        # Two looks, of which the second counts half where both can see.
        self.assertIn('second_look "Second look" = true', TOLD.read_text("utf-8"))
        self.assertEqual(self.found(LOOKS, r"const STEP: usize = (\d+);"), 2)


if __name__ == "__main__":
    unittest.main()
