"""Labelled shots that others made, as training reads them."""

from __future__ import annotations

import json
import random
import tempfile
import unittest
from pathlib import Path

import numpy as np

try:
    import torch

    from balance import fit_bias
    from exr_planes import plane_path, save_planes
    from labelled_frame import LabelledFrame
    from recipe import Recipe
    from shot_dataset import load_split, one_hot, random_batch
    from shot_folder import ShotError, colored, data_hash, frame_path, save_png
    from tone_classes import CLASSES, UNKNOWN
    from tone_loss import at_border, tone_loss
    from tone_net import ToneNet
    from tone_scores import confusion
except ImportError as missing:
    raise unittest.SkipTest(f"training is not tested here: {missing}") from missing

SIDE = 40
SIZE = (SIDE, SIDE)


class OwnShots(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.shot = Path(scratch.name) / "own"
        self.write_facts()
        labels = np.full(SIZE, 2, np.uint8)
        labels[: SIDE // 2] = UNKNOWN
        self.save("frames", np.full((*SIZE, 3), 99, np.uint8))
        self.save("labels", labels)

    def write_facts(self, **facts: object) -> None:
        facts = {"classes": CLASSES, "first_frame": 1, "frames": 1, "colorspace": "srgb"} | facts
        self.shot.mkdir(exist_ok=True)
        (self.shot / "shot.json").write_text(json.dumps(facts), "utf-8")

    def save(self, kind: str, pixels: np.ndarray) -> None:
        save_png(frame_path(self.shot, kind, 1), pixels)

    def refused(self, wording: str) -> None:
        with self.assertRaisesRegex(ShotError, wording):
            load_split([self.shot], "train")

    def test_without_split_and_subject_a_shot_is_trained_on_without_masks(self) -> None:
        frames = load_split([self.shot], "train").frames
        _, mask, target, inside, _ = random_batch(frames, random.Random(1), Recipe(no_mask_share=0))
        self.assertTrue(bool((mask == 0.5).all()))
        known = target.sum(1) > 0
        self.assertTrue(0.2 < float(known.float().mean()) < 0.8)
        torch.testing.assert_close(inside, known)

    def test_unknown_pixels_are_neither_learnt_nor_scored(self) -> None:
        frames = load_split([self.shot], "train").frames
        for recipe in (Recipe(), Recipe(soft_labels=False)):
            _, _, target, inside, _ = random_batch(frames, random.Random(1), recipe)
            logits = torch.zeros_like(target, requires_grad=True)
            tone_loss(logits, target, inside, recipe).backward()
            assert logits.grad is not None
            moved = logits.grad.abs().sum(1) > 0
            torch.testing.assert_close(moved, target.sum(1) > 0)
        label = frames.label[0].numpy()
        self.assertEqual(confusion(label, np.zeros_like(label)).sum(), label.size // 2)
        self.assertEqual(colored(label[0])[0, 0].tolist(), [0, 0, 0])

    def test_the_unknown_has_no_border(self) -> None:
        label = torch.full((1, 8, 8), 2)
        label[:, :, 4:] = UNKNOWN
        target = torch.stack([one_hot(plane) for plane in label])
        self.assertEqual(float(at_border(target).max()), 0)

    def test_a_frame_of_which_nothing_is_known_costs_nothing(self) -> None:
        nothing = torch.zeros(1, 5, 4, 4)
        inside = torch.zeros(1, 4, 4, dtype=torch.bool)
        self.assertEqual(float(tone_loss(torch.ones_like(nothing), nothing, inside, Recipe())), 0)

    def test_linear_exr_frames_are_seen_as_the_node_shows_them(self) -> None:
        png = data_hash([self.shot])
        frame_path(self.shot, "frames", 1).unlink()
        self.write_facts(colorspace="linear_rec709")
        linear = {"A": 1.0, "B": 0.0, "G": 2.0, "R": 0.5}
        planes = {name: np.full(SIZE, value, np.float16) for name, value in linear.items()}
        exr = frame_path(self.shot, "frames", 1).with_suffix(".exr")
        save_planes(exr, planes)
        image = load_split([self.shot], "train").frames.image[0]
        self.assertEqual(image[:, 3, 3].tolist(), [188, 255, 0])
        self.assertNotEqual(data_hash([self.shot]), png)
        save_planes(exr, {"Y": planes["A"]})
        self.refused(r"frames/0001\.exr: it lacks the channel R")
        exr.write_bytes(b"no picture")
        self.refused(r"frames/0001\.exr: .*write it again")

    def test_motion_leads_to_the_next_frame_and_is_refused_in_another_size(self) -> None:
        self.write_facts(frames=3)
        for number in (1, 2, 3):
            for kind, pixels in (("frames", (*SIZE, 3)), ("labels", SIZE)):
                save_png(frame_path(self.shot, kind, number), np.zeros(pixels, np.uint8))
        planes = {"x": np.full(SIZE, 2, np.float32), "y": np.full(SIZE, -3, np.float32)}
        for number in (1, 3):
            save_planes(plane_path(self.shot, "motion", number), planes)
        first, *others = load_split([self.shot], "train").frames.motion
        self.assertEqual(others, [None, None])
        assert first is not None
        self.assertEqual(first[:, 5, 7].tolist(), [2, -3])
        # Red and green are as good a name, in a layer, too, but not those of a picture.
        x, y = planes.values()
        save_planes(plane_path(self.shot, "motion", 1), {"motion.R": x, "motion.G": y})
        again = load_split([self.shot], "train").frames.motion[0]
        assert again is not None
        self.assertTrue(torch.equal(again, first))
        save_planes(plane_path(self.shot, "motion", 1), {"R": x, "G": y, "B": y})
        self.refused(r"motion/0001\.exr: it lacks the channel x")
        save_planes(plane_path(self.shot, "motion", 1), {"a.x": x, "a.y": y, "b.x": x, "b.y": y})
        self.refused(r"motion/0001\.exr: it has the layers a, b")
        save_planes(plane_path(self.shot, "motion", 1), {"X": x, "Y": y, "Z": x, "W": y})
        self.refused(r"motion/0001\.exr: .*both neighbors")
        small = {name: plane[1:] for name, plane in planes.items()}
        save_planes(plane_path(self.shot, "motion", 1), small)
        self.refused(r"motion/0001\.exr: it is 40x39, and its frame 40x40")
        save_planes(plane_path(self.shot, "motion", 1), {"x": planes["x"]})
        self.refused(r"motion/0001\.exr: it lacks the channel y")

    def test_capitals_and_what_systems_leave_are_no_matter(self) -> None:
        before = data_hash([self.shot])
        for kind in ("frames", "labels"):
            path = frame_path(self.shot, kind, 1)
            path.rename(path.with_suffix(".PNG"))
            path.with_name("._0001.png").write_bytes(b"")
        self.assertEqual(len(load_split([self.shot], "train").frames), 1)
        self.assertEqual(data_hash([self.shot]), before)

    def test_two_names_of_one_file_are_one_file(self) -> None:
        path = frame_path(self.shot, "frames", 1)
        path.with_suffix(".PNG").hardlink_to(path)
        self.assertEqual(len(load_split([self.shot], "train").frames), 1)

    def test_a_frame_of_any_size_is_balanced(self) -> None:
        frames = load_split([self.shot], "train").frames
        self.assertEqual(fit_bias(ToneNet().eval(), frames).shape, (5,))

    def test_grey_and_opaque_pictures_are_taken_as_color(self) -> None:
        opaque = np.full((*SIZE, 4), 255, np.uint8)
        for pixels in (np.full(SIZE, 7, np.uint8), opaque):
            self.save("frames", pixels)
            self.assertEqual(LabelledFrame.read(self.shot, 1, {}).image.shape, (*SIZE, 3))
        self.save("frames", opaque // 2)
        self.refused("RGBA; write opaque")

    def test_what_cannot_be_read_is_named(self) -> None:
        self.save("labels", np.full(SIZE, 9, np.uint8))
        self.refused(r"labels/0001\.png: 9 is no class; give 0 to 4, or 255")
        self.save("labels", np.zeros((4, 8), np.uint8))
        self.refused(r"labels/0001\.png: it is 8x4, and its frame 40x40")
        frame_path(self.shot, "labels", 1).write_bytes(b"no picture")
        self.refused(r"labels/0001\.png: .*write it again")
        with self.assertRaisesRegex(ShotError, "write it again"):
            data_hash([self.shot])
        frame_path(self.shot, "labels", 1).unlink()
        self.refused(r"labels/0001\.png is missing")
        self.write_facts(colorspace="logc3")
        self.refused(r"frames/0001\.png: a \.png frame is read as srgb, .* logc3; convert")
        (self.shot / "shot.json").write_text("{", "utf-8")
        self.refused(r"shot\.json: ")
        (self.shot / "shot.json").write_text('{"classes": ["a"]}', "utf-8")
        self.refused(r"shot\.json: classes are \['a'\]; they must be")

    def test_a_subject_of_object_numbers_is_no_matte(self) -> None:
        self.save("subject", np.ones(SIZE, np.uint8))
        self.refused(r"subject/0001\.png: its largest value is 1; inside, the subject is 255")
        self.save("subject", np.zeros(SIZE, np.uint8))
        self.assertEqual(len(load_split([self.shot], "train").frames), 1)

    def test_a_split_that_is_no_name_and_frames_that_are_not_there_are_told(self) -> None:
        self.write_facts(split=["train"])
        self.refused(r"shot\.json: its split is \['train'\]; it must be a name")
        self.write_facts(frames=2)
        self.refused(r"frames: it must hold .*2 frames from 1 on, .*frame 2 differs")
        self.write_facts()
        path = frame_path(self.shot, "frames", 1)
        frame_path(self.shot, "frames", 1).with_suffix(".exr").write_bytes(b"")
        self.refused(r"frames/0001\.exr: 0001\.png is there too")
        path.with_suffix(".exr").unlink()
        path.rename(path.with_name("plate.1.png"))
        self.refused(r"plate\.1\.png: frames are named by four digits")
