"""Sets by name, the camera's projection and motion, and what stands behind: all without Blender."""

from __future__ import annotations

import unittest
from dataclasses import replace

import numpy as np

from camera_view import Moment, View, motion, nearest
from set_list import listing, seconds_per_frame
from set_plan import ANYTHING, LIGHTS, SETS, THEMES, plan_set
from studio_behind import Behind, Panorama


class Sets(unittest.TestCase):
    def test_they_hold_what_they_promise(self) -> None:
        parity, train2 = plan_set("parity", 1), plan_set("train2", 1)
        self.assertEqual([shot.frames for shot in parity], [90] * 14)
        self.assertEqual(sum(shot.split == "heldout" for shot in parity), 3)
        self.assertGreaterEqual(len(train2), 60)
        self.assertTrue(all(shot.frames == 16 and shot.layers for shot in train2))
        self.assertEqual({shot.theme for shot in train2}, set(THEMES))
        self.assertEqual({shot.light for shot in train2}, set(LIGHTS))
        scenes = plan_set("scenes", 1)
        self.assertTrue(all(shot.frames == 1 and shot.layers for shot in scenes))
        self.assertEqual({shot.theme for shot in scenes}, set(THEMES))
        keys = plan_set("keys", 1)
        self.assertTrue(all(shot.frames == 4 and shot.layers and shot.wide for shot in keys))
        self.assertEqual({shot.theme for shot in keys}, {*THEMES, ANYTHING})
        unseen = plan_set("unseen", 1)
        self.assertTrue(all(shot.split == "heldout" and not shot.wide for shot in unseen))
        withheld = plan_set("withheld", 1)
        self.assertEqual([shot.frames for shot in withheld], [16] * 12)
        self.assertTrue(all(shot.withheld and shot.split == "withheld" for shot in withheld))
        self.assertFalse({shot.theme for shot in withheld} & (set(THEMES) - {"mixed"}))
        self.assertEqual([shot.width for shot in plan_set("stills4k", 1)], [3840] * 12)
        self.assertEqual(plan_set("shot1080", 1)[0].frames, 24)

    def test_no_two_shots_share_a_name_or_a_seed(self) -> None:
        shots = [shot for name in SETS for shot in plan_set(name, 1)]
        self.assertEqual(len({shot.name for shot in shots}), len(shots))
        self.assertEqual(len({shot.seed for shot in shots}), len(shots))

    def test_a_plan_follows_from_its_seed(self) -> None:
        self.assertEqual(plan_set("train2", 7), plan_set("train2", 7))
        self.assertNotEqual(plan_set("train2", 7), plan_set("train2", 8))

    def test_the_first_frames_of_a_cut_set_are_those_of_the_whole_one(self) -> None:
        whole = next(shot for shot in plan_set("withheld", 1) if not shot.still)
        cut = next(shot for shot in plan_set("withheld", 1, 4) if shot.name == whole.name)
        self.assertEqual(cut.frames, 4)
        self.assertEqual([cut.share(n) for n in range(1, 6)], [whole.share(n) for n in range(1, 6)])
        self.assertEqual(plan_set("stills4k", 1, 4)[0].frames, 1)
        for name in SETS:
            for whole, cut in zip(plan_set(name, 1), plan_set(name, 1, 3), strict=True):
                shares = [[shot.share(n) for n in range(1, 5)] for shot in (whole, cut)]
                self.assertEqual(*shares, whole.name)
                self.assertEqual(cut.length, whole.length)

    def test_a_still_shot_rests_at_every_frame_and_costs_one(self) -> None:
        still = next(shot for shot in plan_set("train2", 1) if shot.still)
        self.assertEqual({still.share(n) for n in range(1, 18)}, {0.0})
        moving = next(shot for shot in plan_set("train2", 1) if shot.motion == "all")
        self.assertAlmostEqual(seconds_per_frame(still) * 16, seconds_per_frame(moving))

    def test_further_keys_of_a_scene_count_whole_steps_and_cost_about_half_of_it(self) -> None:
        keys = plan_set("keys", 1)[0]
        self.assertEqual([keys.share(n) for n in range(1, 5)], [0.0, 1.0, 2.0, 3.0])
        scene = replace(keys, frames=1, motion="still")
        self.assertLess(4 * seconds_per_frame(keys), 3 * seconds_per_frame(scene))

    def test_a_listing_has_a_line_for_each_shot_and_a_sum(self) -> None:
        lines = listing(plan_set("withheld", 1)).splitlines()
        self.assertEqual(len(lines), 13)
        self.assertIn("192 frames", lines[-1])


def view(x: float = 0.0, turn: float = 0.0) -> View:
    """A camera at height 0 that looks along +y, turned to the left by an angle."""
    place = np.eye(4)
    cos, sin = np.cos(turn), np.sin(turn)
    right, up, back = (cos, sin, 0), (0, 0, 1), (sin, -cos, 0)
    place[:3, :3] = np.array([right, up, back]).T
    place[:3, 3] = (x, 0, 0)
    return View(place, 100.0, 64, 48)


def shifted(x: float, z: float = 0.0) -> np.ndarray:
    pose = np.eye(4)
    pose[:3, 3] = (x, 0, z)
    return pose


class Motion(unittest.TestCase):
    positions = np.full((2, 3, 3), (0.0, 10.0, 0.0))
    index = np.array([[1, 1, 100], [1, 0, 0]])

    def flow(self, now: Moment, then: Moment, environment: bool = False) -> np.ndarray:
        return motion(self.positions, self.index, now, then, (30, 20), environment)

    def test_projection_and_directions_are_each_others_inverse(self) -> None:
        seen = view(0.3, 0.4)
        x, y = np.array([3.5, 40.0]), np.array([9.0, 30.5])
        far = seen.directions(x, y)
        np.testing.assert_allclose(seen.project_directions(far), np.stack([x, y], -1))
        place = seen.world_from_camera[:3, 3] + far * 7
        np.testing.assert_allclose(seen.project(place)[0], np.stack([x, y], -1))

    def test_a_form_that_moves_right_and_up_has_positive_x_and_negative_y(self) -> None:
        now = Moment(view(), {1: shifted(0)})
        flow = self.flow(now, Moment(view(), {1: shifted(1, 0.5)}))
        np.testing.assert_allclose(flow[:, 0, 0], (10, -5), atol=1e-4)
        np.testing.assert_array_equal(flow[:, 0, 2], 0)
        np.testing.assert_array_equal(flow[:, 1, 1], 0)

    def test_a_camera_that_moves_right_shifts_the_world_left(self) -> None:
        poses = {1: shifted(0)}
        flow = self.flow(Moment(view(), poses), Moment(view(1.0), poses))
        np.testing.assert_allclose(flow[0, 0], -10, atol=1e-4)

    def test_a_plate_moves_with_its_window_and_an_environment_with_the_turn(self) -> None:
        poses = {1: shifted(0)}
        plate = self.flow(Moment(view(), poses, 2.0), Moment(view(), poses, 5.0))
        np.testing.assert_allclose(plate[:, 1, 1], (-3, 0))
        turned = self.flow(Moment(view(), poses), Moment(view(0, 0.01), poses), True)
        np.testing.assert_allclose(turned[0, 1, 1], 1.0, atol=0.02)

    def test_of_four_subpixels_the_nearest_counts(self) -> None:
        positions = np.array([(0, 9, 0), (0, 5, 0), (0, 0, 0), (0, 7, 0)], float)[:, None, None]
        at, what = nearest(positions, np.array([1, 2, 0, 3])[:, None, None], view())
        np.testing.assert_array_equal(at[0, 0], (0, 5, 0))
        self.assertEqual(int(what[0, 0]), 2)


class Behinds(unittest.TestCase):
    def test_a_panorama_shows_up_where_up_is(self) -> None:
        pixels = np.zeros((8, 16, 3), np.float32)
        pixels[-2:] = 1
        panorama = Panorama(pixels, 0.0, 2.0)
        up, down = np.array([[0, 0.01, 1.0]]), np.array([[0, 0.01, -1.0]])
        self.assertAlmostEqual(float(panorama.look(up)[0, 0]), 2.0, places=4)
        self.assertEqual(float(panorama.look(down)[0, 0]), 0.0)

    def test_a_plate_shows_its_window_of_the_frame(self) -> None:
        plate = np.arange(6 * 12, dtype=np.float32).reshape(6, 12, 1).repeat(3, 2)
        behind = Behind(None, plate, 8)
        self.assertEqual(behind.pan(1.0), 4.0)
        np.testing.assert_array_equal(behind.picture(view(), 4.0, (2, 1, 3, 2)), plate[1:3, 6:9])


if __name__ == "__main__":
    unittest.main()
