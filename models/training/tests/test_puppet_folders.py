"""Folders of film shots and of one's own character, without a renderer."""

from __future__ import annotations

import json
import shutil
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

import numpy as np

from puppet.annotation import (
    Annotation,
    from_public,
    load,
    save_json,
    to_json,
    to_public,
    with_more,
)
from puppet.character import CHARACTER, read_character, write_character
from puppet.handover import finish_film
from puppet.plan import film
from puppet.topology import PUPPET
from puppet.truth import face_box
from tests.test_puppet_augment import frontal

FRAMES = 12


def annotated_shot(folder: Path) -> None:
    """A shot's annotations and empty pictures, as rendering leaves them."""
    for number in range(1, FRAMES + 1):
        note = replace(frontal(0.01 * number), frame=number)
        note = with_more(note, {"identity": 8}, {"face": face_box(note)})
        save_json(folder / "annotations" / f"{number:04}.json", to_json(note))
        (folder / "frames").mkdir(exist_ok=True)
        (folder / "frames" / f"{number:04}.png").write_bytes(b"")
    save_json(folder / "shot.json", {"identity": 8})


class Folders(unittest.TestCase):
    def setUp(self) -> None:
        self.root = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        self.shot = replace(film(1)[0], frames=FRAMES, cues=[])
        annotated_shot(self.root / "shot")

    def test_a_finished_film_has_boxes_and_an_artists_shapes(self) -> None:
        folder = self.root / "shot"
        self.assertTrue(finish_film(folder, self.shot))
        first = {p: p.read_bytes() for p in folder.rglob("*.json")}
        self.assertTrue(finish_film(folder, self.shot))
        self.assertEqual(first, {p: p.read_bytes() for p in folder.rglob("*.json")})
        truth, drawn = (load(folder / kind / "0003.json") for kind in ("annotations", "artist"))
        self.assertIn("rough", truth.boxes)
        self.assertEqual((len(truth.landmarks), drawn.landmarks), (45, []))
        public = json.loads((folder / "artist_public" / "0003.json").read_text("utf-8"))
        self.assertIn("left_eyebrow", public)
        keys = json.loads((folder / "artist" / "keys.json").read_text("utf-8"))["keys"]
        self.assertEqual((keys[0], keys[-1]), (1, FRAMES))
        (folder / "annotations" / "0004.json").unlink()
        self.assertFalse(finish_film(folder, self.shot))

    def test_a_characters_folder_is_written_and_read(self) -> None:
        finish_film(self.root / "shot", self.shot)
        out = self.root / "own"
        self.assertEqual(
            write_character(out, "Nell", [self.root / "shot"], [self.root / "shot"], 2), 2
        )
        found = read_character(out)
        self.assertEqual(
            (found.name, len(found.projected), len(found.roto["shot"])), ("Nell", 12, 2)
        )
        shutil.rmtree(out / "roto" / "shot" / "roto")
        again = read_character(out)
        for ours, public in zip(found.roto["shot"], again.roto["shot"], strict=True):
            for name, shape in ours.note.shapes.items():
                np.testing.assert_allclose(
                    public.note.shapes[name].controls(), shape.controls(), atol=3e-3
                )

    def test_everything_that_is_wrong_is_told_at_once(self) -> None:
        out = self.root / "own"
        write_character(out, "Nell", [self.root / "shot"], [], 0)
        notes = sorted((out / "projected").rglob("annotations/*.json"))
        few: Annotation = load(notes[0])
        save_json(notes[0], to_json(replace(few, landmarks=few.landmarks[:27])))
        notes[1].write_text("{", "utf-8")
        (out / "projected" / "shot" / "frames" / "0003.png").unlink()
        save_json(out / "character.json", {"format": "other"})
        with self.assertRaises(ValueError) as caught:
            read_character(out)
        text = str(caught.exception)
        for part in ("27 landmarks", notes[1].name, "0003.png", CHARACTER):
            self.assertIn(part, text)
        self.assertEqual(len(text.splitlines()), 4)
        self.assertEqual(PUPPET.count, 45)

    def test_a_public_file_that_lies_about_its_shapes_is_told(self) -> None:
        eye = to_public(load(self.root / "shot" / "annotations" / "0001.json"))["left_eye"]
        wrong = (
            ({"left_ear": eye}, "unknown shapes left_ear"),
            ({"left_eye": eye[:-1]}, "left_eye is open"),
            ({"left_eye": [eye[0], *eye[2:]]}, "does not begin where"),
            ({"left_eye": [[0, 1], [2, 3]]}, "a segment is"),
            ({"left_eye": "round"}, "not lists of numbers"),
            ([], "no JSON object"),
        )
        for data, part in wrong:
            with self.assertRaisesRegex(ValueError, part):
                from_public(data)


if __name__ == "__main__":
    unittest.main()
