"""What goes into the node and comes out of it again on the way to a tuned network."""

from __future__ import annotations

import shutil
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

from features.shot_loop import (
    character_of,
    corrections,
    landmark_names,
    pictures_of,
    rough_crop,
)
from puppet.annotation import save_json, to_public
from puppet.character import read_character
from puppet.topology import PUPPET
from tests.test_puppet_augment import frontal


class Loop(unittest.TestCase):
    def setUp(self) -> None:
        note = replace(frontal(0.1), frame=7)
        self.note = replace(note, present=note.present | {"left_eye": False})

    def test_corrected_frames_are_a_file_of_hand_keys_on_them_alone(self) -> None:
        seen = replace(self.note, frame=9, present=dict.fromkeys(self.note.present, True))
        found = corrections([self.note, seen], PUPPET)
        self.assertEqual((found["first_frame"], found["last_frame"]), (7, 9))
        names, (frame, _) = found["landmarks"]["names"], found["landmarks"]["frames"]
        self.assertEqual(names, landmark_names(PUPPET))
        self.assertEqual((len(frame["points"]), frame["frame"]), (PUPPET.count, 7))
        shapes = {shape["name"]: shape for shape in found["shapes"]}
        self.assertEqual(shapes["left_eye"]["hidden"], [[7, 7]])
        self.assertNotIn("hidden", shapes["right_eye"])
        key, other = shapes["right_eye"]["keys"]
        self.assertEqual(other["frame"], 9)
        self.assertEqual((key["kind"], key["frame"], len(key["vertices"])), ("hand", 7, 6))
        vertex = self.note.shapes["right_eye"].vertices[2].ravel().round(3).tolist()
        self.assertEqual(key["vertices"][2], vertex)

    def test_a_rough_crop_holds_all_faces_and_counts_upwards(self) -> None:
        boxes = {"face": (100.0, 50.0, 40.0, 80.0)}, {"face": (150.0, 60.0, 40.0, 80.0)}
        found = rough_crop([replace(self.note, boxes=box, size=(640, 400)) for box in boxes])
        # A quarter of 80 px around x 100..190, y 50..140.
        self.assertEqual(found["crop_bottom_left"], "80.0,240.0")
        self.assertEqual(found["crop_top_right"], "210.0,370.0")

    def test_what_the_node_exported_becomes_a_folder_to_train_on(self) -> None:
        root = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, root)
        shot = root / "shot"
        (shot / "frames").mkdir(parents=True)
        with self.assertRaisesRegex(SystemExit, "no %04d.png"):
            pictures_of(shot)
        for number in (7, 8):
            (shot / "frames" / f"{number:04}.png").write_bytes(b"")
            save_json(root / "segments" / f"roto.{number:04}.json", to_public(self.note))
        character_of(shot, [7], root / "segments", root / "character", "Nell", PUPPET)
        found = read_character(root / "character")
        self.assertEqual(
            (found.name, [frame.picture.stem for frame in found.roto["shot"]]), ("Nell", ["0007"])
        )
        self.assertNotIn("left_eye", found.roto["shot"][0].note.shapes)


if __name__ == "__main__":
    unittest.main()
