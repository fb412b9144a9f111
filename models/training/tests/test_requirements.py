"""What is installed is what was chosen, by hash."""

from __future__ import annotations

import re
import unittest
from pathlib import Path

FOLDER = Path(__file__).parent.parent


def requirements(text: str) -> dict[str, tuple[str, int]]:
    """Version and number of hashes of each package, by its normalised name."""
    found = {}
    for part in re.split(r"\n(?=[A-Za-z])", re.sub(r"(?m)^#.*\n", "", text)):
        name, _, rest = part.strip().partition("==")
        version = re.split(r"[\s;\\]", rest)[0]
        found[re.sub(r"[-_.]+", "-", name).lower()] = (version, rest.count("--hash=sha256:"))
    return found


class Requirements(unittest.TestCase):
    def test_every_package_has_its_hashes_and_every_choice_is_among_them(self) -> None:
        chosen = sorted(FOLDER.glob("requirements-*.in"))
        self.assertEqual(len(chosen), 3)
        for path in chosen:
            locked = requirements(path.with_suffix(".txt").read_text())
            for name, (version, _) in requirements(path.read_text()).items():
                self.assertEqual(locked[name][0], version, f"{path.name}: {name}: lock it again")
            for name, (_, hashes) in locked.items():
                self.assertGreater(hashes, 0, f"{path.with_suffix('.txt').name}: {name}")


if __name__ == "__main__":
    unittest.main()
