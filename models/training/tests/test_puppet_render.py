"""Rendered puppets agree with their annotations (needs `bpy`)."""

from __future__ import annotations

import shutil
import tempfile
import unittest
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np

HAS_BLENDER = all(find_spec(name) for name in ("bpy", "OpenEXR", "PIL"))
SIDE = 320
# Identity, expression, yaw, pitch and roll in degrees; clay brows, since hair would cover them.
POSES = (
    (0, "neutral", (0, 0, 0)),
    (4, "angry", (-25, -15, 5)),
    (10, "half_blink", (20, 10, 0)),
    (2, "blink", (0, 5, 0)),
)


@unittest.skipUnless(HAS_BLENDER, "needs bpy, OpenEXR and pillow")
class Coverage(unittest.TestCase):
    def test_masks_agree_with_rasterised_shapes(self) -> None:
        from puppet.parts import INDEX
        from puppet.raster import mask_of, overlap

        for number, expression, pose in POSES:
            note, index = self.seen(number, expression, pose)
            for name, own in INDEX.items():
                if note.seen_share[name] < 0.95:
                    continue
                both = overlap(mask_of(note.shapes[name], SIDE, SIDE), index == own)
                floor = 0.9 if "eye" in name else 0.85
                self.assertGreater(both, floor, (number, expression, name))

    def test_the_far_side_is_hidden(self) -> None:
        note, _ = self.seen(6, "neutral", (70, 0, 0))
        self.assertTrue(note.present["left_eye"] and note.present["left_sideburn"])
        self.assertFalse(note.present["right_sideburn"])
        self.assertFalse(note.landmarks[14].visible)
        self.assertTrue(note.landmarks[5].visible)

    def seen(self, number: int, expression: str, degrees: tuple[float, float, float]):  # noqa: ANN201
        """The annotation of a pose and each pixel's object index."""
        import bpy
        from mathutils import Vector

        from camera_view import View
        from puppet.expression import EXPRESSIONS
        from puppet.identity import Identity
        from puppet.render import index_picture, prepare
        from puppet.stage import Puppet, head_matrix, hidden_from
        from puppet.truth import annotate
        from scene_build import add_camera, aim

        bpy.ops.wm.read_factory_settings(use_empty=True)
        puppet = Puppet.enter(Identity.of(number))
        face = puppet.show(EXPRESSIONS[expression])
        pose = head_matrix(*np.radians(degrees))
        puppet.pose(pose)
        camera = add_camera(90)
        aim(camera, Vector((0, -7, 0)), Vector((0, 0, 0)))
        prepare(SIDE, SIDE, samples=1, threads=1)
        bpy.context.view_layer.update()
        view = View(np.array(camera.matrix_world), 90 / 36 * SIDE, SIDE, SIDE)
        note = annotate(face, pose, view, hidden_from(np.array(camera.location)), 1)
        with tempfile.TemporaryDirectory() as scratch:
            return note, index_picture(Path(scratch))


@unittest.skipUnless(HAS_BLENDER, "needs bpy, OpenEXR and pillow")
class Shooting(unittest.TestCase):
    """Small shots: what is there is left, and a film window shows what the whole frame does."""

    def setUp(self) -> None:
        self.root = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)

    def test_a_shot_resumes_with_what_is_missing(self) -> None:
        from puppet.plan import look
        from puppet.shoot import render_shot

        shot = replace(look(1)[3], size=(48, 48), samples=1)
        self.assertEqual(render_shot(shot, self.root, 1, (1, 2)), 1)
        folder = self.root / shot.name
        first = (folder / "frames" / "0001.png").read_bytes()
        self.assertEqual(render_shot(shot, self.root, 1), 1)
        self.assertEqual(render_shot(shot, self.root, 1), 0)
        self.assertEqual((folder / "frames" / "0001.png").read_bytes(), first)
        (folder / "frames" / "0001.png").unlink()
        self.assertEqual(render_shot(shot, self.root, 1), 1)
        self.assertEqual((folder / "frames" / "0001.png").read_bytes(), first)
        self.assertFalse(list(folder.rglob("*.part")))

    def test_a_film_frame_and_its_whole_counterpart_agree(self) -> None:
        from PIL import Image

        from puppet.annotation import load
        from puppet.plan import film
        from puppet.shoot import render_shot

        shot = replace(film(1)[4], size=(294, 196), samples=4)
        pictures = []
        for whole in (False, True):
            chosen = replace(shot, whole=whole, name=f"whole{int(whole)}")
            self.assertEqual(render_shot(chosen, self.root, 1, (12, 99)), 1)
            folder = self.root / chosen.name
            note = load(folder / "annotations" / "0012.json")
            with Image.open(folder / "frames" / "0012.png") as picture:
                pictures.append(np.asarray(picture).astype(float))
        self.assertEqual(pictures[0].shape, (196, 294, 3))
        left, top, side, _ = (int(part) for part in note.boxes["tight"])
        part = (slice(top, top + side), slice(left, left + side))
        self.assertLess(np.abs(pictures[0][part] - pictures[1][part]).mean(), 6.0)


if __name__ == "__main__":
    unittest.main()
