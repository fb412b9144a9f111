"""What a training sees: relit shots, crops with shares of classes, and the loss over them."""

from __future__ import annotations

import random
import shutil
import tempfile
import unittest
from itertools import pairwise
from pathlib import Path

import numpy as np

try:
    import torch

    from augment import Look
    from frame_pairs import fetched, laid_motion, random_pairs, temporal_loss
    from look_h264 import h264_coded
    from recipe import Recipe
    from relit_shots import STILL_FRAMES, RelitPool, light_shot
    from set_plan import KEYS
    from shot_dataset import (
        CROPS,
        LARGEST_SCALE,
        LEAST_OF_WHOLE,
        WHOLE_SHARE,
        Frames,
        Place,
        load_split,
        one_hot,
        random_batch,
    )
    from tone_classes import BACKGROUND, HIGHLIGHT, MATERIAL
    from tone_loss import at_border, maps_loss, tone_loss
    from tone_run import Limits, Run, run_epoch

    from .layered_shot import FRAMES, SIDE, write_layered_shot
except ImportError as missing:
    raise unittest.SkipTest(f"training is not tested here: {missing}") from missing


class Folder(unittest.TestCase):
    def setUp(self) -> None:
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.root = Path(self.scratch.name)
        write_layered_shot(self.root / "one")
        write_layered_shot(self.root / "still", seed=1, locked_off=True)


class Relit(Folder):
    def test_a_shot_follows_from_its_seed(self) -> None:
        first, again = (light_shot(self.root / "one", "a") for _ in range(2))
        other = light_shot(self.root / "one", "b")
        np.testing.assert_array_equal(first.image, again.image)
        np.testing.assert_array_equal(first.soft, again.soft)
        self.assertFalse(np.array_equal(first.image, other.image))
        self.assertEqual(first.image.shape, (FRAMES, 3, SIDE, SIDE))

    def test_of_a_locked_off_shot_few_frames_are_enough(self) -> None:
        self.assertEqual(len(light_shot(self.root / "still", "a").image), STILL_FRAMES)

    def test_each_key_of_a_scene_is_relit_as_a_shot_of_its_own(self) -> None:
        write_layered_shot(self.root / "keys", motion=KEYS)
        keys, again = (light_shot(self.root / "keys", "a") for _ in range(2))
        np.testing.assert_array_equal(keys.image, again.image)
        self.assertEqual(len(keys.image), FRAMES)
        self.assertIsNone(keys.motion)
        # Pictures of noise differ; how bright they are on the whole is their light and look.
        bright = [float(image.mean()) for image in keys.image]
        shot = [float(image.mean()) for image in light_shot(self.root / "one", "a").image]
        self.assertLess(np.ptp(shot), 3)
        self.assertGreater(np.ptp(bright), 6)

    def test_another_key_fills_the_shadows_of_most_frames_but_none_through_a_gobo(self) -> None:
        write_layered_shot(self.root / "keys", motion=KEYS)
        write_layered_shot(self.root / "slats", motion=KEYS, light="slats")
        filled = 0
        for seed in "abcdefgh":
            keys, slats = (light_shot(self.root / name, seed) for name in ("keys", "slats"))
            # What is lit by a key stays what it is, but for what shines.
            for plane in range(FRAMES):
                filled += not np.array_equal(keys.image[plane], slats.image[plane])
                matte = (keys.label[plane] != HIGHLIGHT) & (slats.label[plane] != HIGHLIGHT)
                same = keys.label[plane] == slats.label[plane]
                self.assertTrue(bool(same[matte].all()))
        self.assertTrue(8 <= filled <= 20, filled)

    def test_half_of_the_shots_are_painted_over_and_keep_their_labels(self) -> None:
        painted = 0
        for seed in "abcdefgh":
            plain, other = (light_shot(self.root / "still", seed, paint) for paint in (False, True))
            np.testing.assert_array_equal(plain.label, other.label)
            np.testing.assert_array_equal(plain.soft, other.soft)
            painted += not np.array_equal(plain.image, other.image)
        self.assertTrue(2 <= painted <= 7, painted)

    def test_a_pool_gives_a_resumed_run_what_an_uninterrupted_one_had(self) -> None:
        shots = [self.root / "one", self.root / "still"]
        with RelitPool(shots, "1", period=2) as pool:
            whole = [pool.at(epoch) for epoch in range(4)]
        with RelitPool(shots, "1", period=2) as pool:
            resumed = pool.at(3)
        for shot, expected in zip(resumed, whole[3], strict=True):
            np.testing.assert_array_equal(shot.image, expected.image)
        changes = [
            [not np.array_equal(a.image, b.image) for a, b in zip(one, two, strict=True)]
            for one, two in pairwise(whole)
        ]
        self.assertEqual(changes, [[False, True], [True, False], [False, True]])

    def test_a_pool_that_keeps_lights_has_them_for_the_next_run(self) -> None:
        with RelitPool([self.root / "one"], "1", period=1, keep=True) as pool:
            first, again = ([pool.at(epoch)[0] for epoch in range(2)] for _ in range(2))
        self.assertIs(first[0], again[0])
        self.assertIs(first[1], again[1])
        self.assertIsNot(first[0], first[1])
        with RelitPool([self.root / "one"], "1", period=1, keep=True) as pool:
            plain, painted = (pool.at(0, repaint)[0] for repaint in (False, True))
        self.assertIsNot(plain, painted)


class H264(unittest.TestCase):
    def test_a_higher_rate_factor_loses_more_and_twice_the_same(self) -> None:
        rng = np.random.default_rng(0)
        ramp = np.linspace(0.2, 0.8, 41, dtype=np.float32)[None, :, None] * np.ones((30, 1, 3))
        shot = [(ramp + 0.05 * rng.standard_normal(ramp.shape)).astype(np.float32)] * 4
        errors = []
        for crf in (4, 20, 36):
            coded, again = h264_coded(shot, crf), h264_coded(shot, crf)
            self.assertEqual([frame.shape for frame in coded], [frame.shape for frame in shot])
            np.testing.assert_array_equal(np.stack(coded), np.stack(again))
            errors.append(np.abs(np.stack(coded) - np.stack(shot)).mean())
        self.assertLess(errors[0], errors[1])
        self.assertLess(errors[1], errors[2])

    def test_colors_stay_where_they_are(self) -> None:
        flat = np.full((32, 32, 3), (0.8, 0.4, 0.1), np.float32)
        self.assertLess(np.abs(h264_coded([flat], 4)[0] - flat).max(), 0.02)


class Batches(Folder):
    def test_relit_frames_take_the_place_of_rendered_ones(self) -> None:
        split = load_split([self.root], "train", relight=True)
        self.assertEqual((len(split.frames), len(split.relit)), (0, 2))
        self.assertEqual(len(load_split([self.root], "train").frames), 2 * FRAMES)
        lit = [light_shot(shot, "a") for shot in split.relit]
        self.assertEqual(len(split.frames.with_lit(lit)), FRAMES + STILL_FRAMES)

    def test_targets_are_shares_that_sum_to_one(self) -> None:
        split = load_split([self.root], "train", relight=True)
        frames = split.frames.with_lit([light_shot(shot, "b") for shot in split.relit])
        for recipe in (Recipe(), Recipe(soft_labels=False), Recipe(color=False)):
            image, mask, target, inside, _ = random_batch(frames, random.Random(3), recipe)
            side = image.shape[-1]
            self.assertEqual(target.shape[1:], (5, side, side))
            self.assertEqual(inside.shape, target[:, 0].shape)
            torch.testing.assert_close(target.sum(1), torch.ones_like(target[:, 0]))
            self.assertTrue(bool(((mask >= 0) & (mask <= 1)).all()))
            hard = bool((target.amax(1) == 1).all())
            self.assertEqual(hard, not recipe.soft_labels)
            grey = torch.equal(image[:, 0], image[:, 2])
            self.assertEqual(grey, not recipe.color)

    def test_a_tie_without_soft_labels_goes_to_the_class_that_labels_give_it(self) -> None:
        shares = torch.zeros(5, SIDE, SIDE, dtype=torch.uint8)
        shares[BACKGROUND] = shares[MATERIAL] = 128
        picture = torch.zeros(3, SIDE, SIDE, dtype=torch.uint8)
        label = torch.full((1, SIDE, SIDE), MATERIAL, dtype=torch.uint8)
        frames = Frames([picture], [label], [shares], [None], [1.0], [None], [None])
        target = random_batch(frames, random.Random(1), Recipe(soft_labels=False))[2]
        self.assertTrue(bool((target[:, MATERIAL] == 1).all()))


class Places(unittest.TestCase):
    def test_most_crops_show_the_frame_nearly_whole_and_some_a_small_part(self) -> None:
        frame = torch.zeros(3, 288, 512)
        frames, rng = Frames([frame], [], [], [], [], [], []), random.Random(4)
        for side, _ in CROPS:
            places = [Place.draw(frames, 0, side, rng) for _ in range(400)]
            shown = np.array([place.window for place in places]) / 288
            self.assertGreater((shown >= LEAST_OF_WHOLE).mean(), WHOLE_SHARE - 0.1)
            self.assertLess((shown >= LEAST_OF_WHOLE).mean(), 1.0)
            least = side / LARGEST_SCALE / 288
            self.assertTrue(least - 0.01 < shown.min() < 1.2 * least)
            self.assertLessEqual(shown.max(), 1.0)


class Pairs(Folder):
    def test_a_pair_is_a_frame_and_the_one_that_follows(self) -> None:
        split = load_split([self.root], "train", relight=True)
        frames = split.frames.with_lit([light_shot(shot, "a") for shot in split.relit])
        # The last frame of a shot has nothing to be followed by.
        followed = [motion is not None for motion in frames.motion]
        self.assertEqual(followed, [True, True, False, True, False])
        pairs = random_pairs(frames, random.Random(5), Recipe(temporal_weight=1.0))
        assert pairs is not None
        (image, mask, target, inside, _), motion = pairs
        self.assertEqual(len(image), 2 * len(motion))
        self.assertEqual(motion.shape[2:], image.shape[2:])
        self.assertTrue(len(mask) == len(target) == len(inside) == len(image))

    def test_grain_is_another_in_the_next_frame_of_one_look(self) -> None:
        grey, look = torch.full((3, 8, 8), 0.5), Look((1, 1, 1), 1, 1, 1, 0, 0.1, 0)
        now, again, after = (look.apply(grey, random.Random(5), frame) for frame in (0, 0, 1))
        self.assertTrue(torch.equal(now, again))
        self.assertFalse(torch.equal(now, after))

    def still_frames(self) -> Frames:
        """Frames of shots that do not tell their motion."""
        for shot in ("one", "still"):
            shutil.rmtree(self.root / shot / "motion")
        return load_split([self.root], "train").frames

    def test_frames_as_rendered_are_paired_but_not_from_key_to_key(self) -> None:
        write_layered_shot(self.root / "keys", motion=KEYS)
        motion = load_split([self.root], "train").frames.motion
        known = [plane is not None for plane in motion]
        self.assertEqual(known, [False] * FRAMES + 2 * [True, True, False])

    def test_without_motion_there_are_no_pairs(self) -> None:
        frames = self.still_frames()
        self.assertIsNone(random_pairs(frames, random.Random(5), Recipe()))

    def test_a_run_that_wants_pairs_is_refused_where_there_are_none(self) -> None:
        run = Run(1, 1e-3, Recipe(temporal_weight=1, pretrained=False))
        frames = self.still_frames()
        with self.assertRaisesRegex(SystemExit, "temporal_weight"):
            run_epoch(run, frames, Limits(1, 1, 1.0))

    def test_a_run_without_the_teacher_that_its_recipe_wants_is_refused(self) -> None:
        with self.assertRaisesRegex(SystemExit, "--teacher"):
            Run(1, 1e-3, Recipe(distilled=1, pretrained=False))

    def test_a_run_learns_from_its_teacher_and_is_not_gone_on_with_under_another(self) -> None:
        shipped = Path(__file__).resolve().parents[2] / "tone_small.onnx"
        run = Run(1, 1e-3, Recipe(distilled=100, pretrained=False), teacher=shipped)
        alone = Run(1, 1e-3, Recipe(pretrained=False))
        frames = self.still_frames()
        limits = Limits(1, 1, 1.0)
        # What the teacher says differs from random weights, and weighs.
        self.assertGreater(run_epoch(run, frames, limits), run_epoch(alone, frames, limits) + 1)
        checkpoint = self.root / "run.pt"
        run.save(checkpoint, "data")
        run.load(checkpoint, "data")
        run.taught = "another"
        with self.assertRaisesRegex(SystemExit, "teacher"):
            run.load(checkpoint, "data")
        run.peak = 2e-3
        with self.assertRaisesRegex(SystemExit, "rate of 0.001"):
            run.load(checkpoint, "data")

    def test_motion_shrinks_and_turns_with_its_crop(self) -> None:
        motion = torch.tensor([4.0, 2.0])[:, None, None].expand(2, 8, 8)
        laid = laid_motion(motion, Place(0, 0, window=8, side=4, flips=(-1,)))
        torch.testing.assert_close(laid[:, 1, 1], torch.tensor([-2.0, 1.0]))

    def test_what_moves_as_told_costs_nothing_and_flicker_does(self) -> None:
        label = torch.zeros(8, 8, dtype=torch.long)
        label[:, :3] = 2
        now = one_hot(label)
        after = now.roll(2, -1)
        after[:, :, :2] = now[:, :, :1]
        target = torch.stack([now, after])
        motion = torch.tensor([2.0, 0.0])[None, :, None, None].expand(1, 2, 8, 8)
        carried, inside = fetched(target[1:], motion)
        torch.testing.assert_close(carried[..., :6], target[:1, ..., :6])
        self.assertEqual(inside[0, 0].tolist(), [True] * 6 + [False] * 2)
        calm = temporal_loss(20 * target, target, motion)
        flickering = temporal_loss(20 * torch.stack([now, 1 - after]), target, motion)
        self.assertLess(float(calm), 1e-6)
        self.assertGreater(float(flickering), 0.1)

    def test_where_labels_change_nothing_is_asked(self) -> None:
        one, other = one_hot(torch.full((4, 4), 2)), one_hot(torch.full((4, 4), 4))
        target = torch.stack([one, other])
        still = torch.zeros(1, 2, 4, 4)
        self.assertLess(float(temporal_loss(20 * target, target, still)), 1e-4)


class Loss(unittest.TestCase):
    def setUp(self) -> None:
        label = torch.zeros(1, 8, 8, dtype=torch.long)
        label[:, :, 4:] = 4
        self.target = torch.stack([one_hot(plane) for plane in label])
        self.inside = torch.ones(1, 8, 8, dtype=torch.bool)

    def test_the_right_answer_costs_least(self) -> None:
        for recipe in (Recipe(), Recipe(focal=2.0), Recipe(border_weight=2.0, dice_share=0.0)):
            right = tone_loss(20 * self.target, self.target, self.inside, recipe)
            none = tone_loss(0 * self.target, self.target, self.inside, recipe)
            wrong = tone_loss(-20 * self.target, self.target, self.inside, recipe)
            self.assertLess(right, 1e-3)
            self.assertLess(right, none)
            self.assertLess(none, wrong)

    def test_of_half_a_pixel_half_is_wanted(self) -> None:
        target = torch.zeros(1, 5, 1, 1)
        target[:, 2], target[:, 3] = 0.5, 0.5
        logits = torch.full_like(target, -20.0)
        logits[:, 2:4] = 0.0
        logits.requires_grad_()
        recipe = Recipe(dice_share=0.0)
        tone_loss(logits, target, self.inside[:, :1, :1], recipe).backward()
        self.assertLess(float(logits.grad.abs().max()), 1e-6)

    def test_shadows_on_forms_weigh_more(self) -> None:
        logits = 2 * self.target.clone()
        logits[:, 4, :, 4:] = -2.0
        costs = [
            tone_loss(logits, self.target, inside, Recipe(dice_share=0.0))
            for inside in (self.inside, ~self.inside)
        ]
        self.assertGreater(costs[0], costs[1])

    def test_maps_are_asked_for_only_where_there_is_a_surface_and_a_key(self) -> None:
        logits = torch.zeros(1, 3, 2, 2)
        maps = torch.zeros(1, 4, 2, 2)
        self.assertEqual(float(maps_loss(logits, maps)), 0)
        maps[:, 3, 0] = 1
        maps[:, 1] = torch.rand(2, 2)
        facing = torch.full((1, 2, 2), -20.0)
        logits[:, 0], logits[:, 2] = facing, facing
        self.assertLess(float(maps_loss(logits, maps)), 1e-6, "no key falls, so none is held back")
        maps[:, 0, 0] = 1
        self.assertGreater(float(maps_loss(logits, maps)), 1)

    def test_borders_are_where_classes_meet(self) -> None:
        near = at_border(self.target)[0]
        self.assertTrue(bool((near[:, 2:6] == 1).all()))
        self.assertTrue(bool((near[:, :2] == 0).all() and (near[:, 6:] == 0).all()))
