"""Labelled shots that others made, as training reads them."""

from __future__ import annotations

import random
import tempfile
import unittest
from pathlib import Path

import numpy as np

try:
    import torch

    from exr_planes import save_planes
    from labelled_frame import LabelledFrame
    from recipe import Recipe
    from shot_dataset import load_split, random_batch
    from shot_folder import colored, data_hash, frame_numbers, frame_path, save_png, write_shot
    from tone_classes import UNKNOWN
    from tone_loss import tone_loss
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
        write_shot(self.shot, {"colorspace": "srgb"})
        labels = np.full(SIZE, 2, np.uint8)
        labels[: SIDE // 2] = UNKNOWN
        self.save("frames", np.full((*SIZE, 3), 99, np.uint8))
        self.save("labels", labels)

    def save(self, kind: str, pixels: np.ndarray) -> None:
        save_png(frame_path(self.shot, kind, 1), pixels)

    def refused(self, wording: str) -> None:
        with self.assertRaisesRegex(ValueError, wording):
            load_split([self.shot], "train")

    def test_without_split_and_subject_a_shot_is_trained_on_without_masks(self) -> None:
        frames = load_split([self.shot], "train").frames
        _, mask, target, inside = random_batch(frames, random.Random(1), Recipe(no_mask_share=0))
        self.assertTrue(bool((mask == 0.5).all()))
        known = target.sum(1) > 0
        self.assertTrue(0.2 < float(known.float().mean()) < 0.8)
        torch.testing.assert_close(inside, known)

    def test_unknown_pixels_are_neither_learnt_nor_scored(self) -> None:
        frames = load_split([self.shot], "train").frames
        for recipe in (Recipe(), Recipe(soft_labels=False)):
            _, _, target, inside = random_batch(frames, random.Random(1), recipe)
            logits = torch.zeros_like(target, requires_grad=True)
            tone_loss(logits, target, inside, recipe).backward()
            assert logits.grad is not None
            moved = logits.grad.abs().sum(1) > 0
            torch.testing.assert_close(moved, target.sum(1) > 0)
        label = frames.label[0].numpy()
        self.assertEqual(confusion(label, np.zeros_like(label)).sum(), label.size // 2)
        self.assertEqual(colored(label[0])[0, 0].tolist(), [0, 0, 0])

    def test_a_frame_of_which_nothing_is_known_costs_nothing(self) -> None:
        nothing = torch.zeros(1, 5, 4, 4)
        inside = torch.zeros(1, 4, 4, dtype=torch.bool)
        self.assertEqual(float(tone_loss(torch.ones_like(nothing), nothing, inside, Recipe())), 0)

    def test_linear_exr_frames_are_seen_as_the_node_shows_them(self) -> None:
        png = data_hash([self.shot])
        frame_path(self.shot, "frames", 1).unlink()
        write_shot(self.shot, {"colorspace": "linear_rec709"})
        planes = {name: np.full(SIZE, 0.5, np.float16) for name in "RGBA"}
        save_planes(frame_path(self.shot, "frames", 1).with_suffix(".exr"), planes)
        image = load_split([self.shot], "train").frames.image[0]
        self.assertEqual(image.unique().tolist(), [188])
        self.assertNotEqual(data_hash([self.shot]), png)

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
        frame_path(self.shot, "labels", 1).unlink()
        self.refused(r"labels/0001\.png is missing")
        write_shot(self.shot, {"colorspace": "logc3"})
        self.refused(r"frames/0001\.png: a \.png frame is read as srgb, .* logc3; convert")
        (self.shot / "shot.json").write_text("{", "utf-8")
        self.refused(r"shot\.json: ")
        (self.shot / "shot.json").write_text('{"classes": ["a"]}', "utf-8")
        self.refused(r"shot\.json: classes are \['a'\]; they must be")

    def test_frames_are_named_by_four_digits(self) -> None:
        self.save("frames", np.zeros((*SIZE, 3), np.uint8))
        path = frame_path(self.shot, "frames", 1)
        path.rename(path.with_name("plate.1.png"))
        with self.assertRaisesRegex(ValueError, "plate.1.png: frames are named by four digits"):
            frame_numbers(self.shot)
