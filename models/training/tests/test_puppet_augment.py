"""Augmentation keeps points on what they mark; a simulated artist strays from the truth."""

from __future__ import annotations

import random
import unittest
from dataclasses import replace

import numpy as np

from labels import REC709_LUMA
from puppet import augment_color as color
from puppet.annotation import Annotation
from puppet.artist import KEYS_APART, curve_distance, redraw, rotoscope
from puppet.augment import CHANCES, STEPS, augmented
from puppet.augment_cloud import cloud, face_matte, hull, occlusion, rebackground, swatch
from puppet.augment_hand import hand
from puppet.augment_warp import FacePicture, Warp, cropped, flipped, turned, warped
from puppet.boxes import rough_boxes, square
from puppet.expression import EXPRESSIONS
from puppet.identity import HELD_OUT, TRAINING, Identity
from puppet.outlines import make_face
from puppet.plan import SETS, crowd, film, synthetic
from puppet.topology import PUPPET
from puppet.truth import annotate
from tests.test_puppet_shapes import SIDE, front_view, nothing_hides

DOTS = 5.0  # standard deviation of the dots that mark landmarks


def frontal(shift: float = 0.0, expression: str = "neutral") -> Annotation:
    pose = np.eye(4)
    pose[0, 3] = shift
    face = make_face(Identity.of(1), EXPRESSIONS[expression])
    return annotate(face, pose, front_view(), nothing_hides, 1)


def dotted(chosen: tuple[int, ...] = (0, 8, 21, 29, 43)) -> FacePicture:
    """A dark picture with a soft white dot at some landmarks."""
    note = frontal()
    places = note.places()
    y, x = np.mgrid[0:SIDE, 0:SIDE] + 0.5
    plane = np.zeros((SIDE, SIDE))
    for k in chosen:
        plane += np.exp(-((x - places[k, 0]) ** 2 + (y - places[k, 1]) ** 2) / (2 * DOTS**2))
    picture = np.repeat(plane[..., None], 3, 2).astype(np.float32) * 0.8
    return FacePicture(picture, places, *note.flags(), note.shapes)


def dot_near(picture: np.ndarray, place: np.ndarray, reach: int = 14) -> np.ndarray:
    """The centre of light near a place."""
    left, top = (max(int(v) - reach, 0) for v in place)
    part = picture[top : top + 2 * reach, left : left + 2 * reach, 0].astype(float)
    y, x = np.mgrid[0 : part.shape[0], 0 : part.shape[1]] + 0.5
    return np.array([(part * x).sum(), (part * y).sum()]) / part.sum() + [left, top]


class Moves(unittest.TestCase):
    chosen = (0, 8, 21, 29, 43)

    def follows(self, face: FacePicture, chosen: tuple[int, ...], within: float) -> None:
        for k in chosen:
            if face.visible[k]:
                found = dot_near(face.picture, face.landmarks[k])
                self.assertLess(np.abs(found - face.landmarks[k]).max(), within, k)
        for kind in PUPPET.shapes:
            vertices, landmarks = kind.bound()
            np.testing.assert_allclose(
                face.shapes[kind.name].vertices[vertices, 0], face.landmarks[landmarks], atol=1e-6
            )

    def test_rotation_scale_and_crop_take_points_along(self) -> None:
        for seed in range(3):
            self.follows(turned(dotted(), np.random.default_rng(seed)), self.chosen, 0.35)
        self.follows(cropped(dotted(), (40.5, 30.0, 320.0, 320.0), 300), self.chosen, 0.35)

    def test_warp_takes_points_along_and_can_be_undone(self) -> None:
        for seed in range(3):
            self.follows(warped(dotted(), np.random.default_rng(seed)), self.chosen, 1.0)
        warp = Warp.draw(np.random.default_rng(1), (SIDE, SIDE))
        places = np.random.default_rng(2).uniform(0, SIDE, (50, 2))
        np.testing.assert_allclose(warp.backward(warp.forward(places)), places, atol=0.02)

    def test_flip_swaps_sides_and_twice_is_nothing(self) -> None:
        face = dotted()
        once = flipped(face)
        self.follows(once, tuple(PUPPET.mirror[k] for k in self.chosen), 0.3)
        ring = once.shapes["left_eye"].sampled(8)
        self.assertLess(ring[:, 0].max(), once.landmarks[2, 0])
        x, y = ring.T
        self.assertGreater((x * np.roll(y, -1) - np.roll(x, -1) * y).sum(), 0)
        twice = flipped(once)
        np.testing.assert_array_equal(twice.picture, face.picture)
        for name, shape in face.shapes.items():
            np.testing.assert_allclose(twice.shapes[name].vertices, shape.vertices, atol=1e-9)


class Colors(unittest.TestCase):
    def test_points_stay_where_light_and_focus_change(self) -> None:
        face = dotted()
        for change in (color.brightness, color.hue, color.blur, color.motion, color.noise):
            picture = change(face.picture, np.random.default_rng(3))
            self.assertEqual((picture.dtype, picture.shape), (np.float32, face.picture.shape))
            found = dot_near(picture, face.landmarks[8], 20)
            self.assertLess(np.abs(found - face.landmarks[8]).max(), 0.8, change.__name__)

    def test_hue_keeps_grey_and_luma(self) -> None:
        rng = np.random.default_rng(1)
        grey = np.full((4, 4, 3), 0.4, np.float32)
        np.testing.assert_allclose(color.hue(grey, rng), grey, atol=1e-5)
        painted = rng.uniform(0.35, 0.65, (8, 8, 3)).astype(np.float32)
        changed = color.hue(painted, rng)
        np.testing.assert_allclose(changed @ REC709_LUMA, painted @ REC709_LUMA, atol=1e-4)
        self.assertGreater(np.abs(changed - painted).max(), 0.01)


class Clouds(unittest.TestCase):
    def test_hull_holds_every_point(self) -> None:
        square_points = np.array([[0, 0], [4, 0], [4, 4], [0, 4], [2, 2], [1, 3]], float)
        self.assertEqual({tuple(p) for p in hull(square_points)}, {(0, 0), (4, 0), (4, 4), (0, 4)})

    def test_matte_keeps_the_face_and_drops_the_corners(self) -> None:
        face = cropped(dotted(), (-300.0, -300.0, 1000.0, 1000.0), SIDE)
        mattes = [face_matte(face, np.random.default_rng(seed)) for seed in range(6)]
        for matte in mattes:
            columns, rows = face.landmarks.mean(0).astype(int)
            self.assertEqual(matte[rows, columns], 1.0)
            self.assertEqual(matte[2, 2], 0.0)
        self.assertGreater(np.abs(mattes[0] - mattes[1]).mean(), 0.001)
        self.assertLess(np.abs(cloud(np.random.default_rng(1), 64, 48).mean()), 0.6)

    def test_hidden_points_are_marked_and_the_rest_is_untouched(self) -> None:
        face, hidden = dotted(), 0
        for seed in range(8):
            changed = rebackground(face, np.random.default_rng(seed))
            hidden += int((face.visible & ~changed.visible).sum())
            self.assertTrue((changed.visible <= face.visible).all())
            np.testing.assert_array_equal(changed.landmarks, face.landmarks)
        self.assertGreater(hidden, 0)
        kept = occlusion(face, np.random.default_rng(4))
        self.assertTrue(0.02 < kept.mean() < 0.98)

    def test_a_hand_is_of_the_face_s_skin_and_hides_what_it_covers(self) -> None:
        noted = frontal()
        skin = np.array([0.8, 0.5, 0.3], np.float32)
        picture = np.broadcast_to(skin, (SIDE, SIDE, 3)).copy()
        face = FacePicture(picture, noted.places(), *noted.flags(), noted.shapes)
        hidden, alike = 0, []
        for seed in range(12):
            changed = hand(face, np.random.default_rng(seed))
            self.assertTrue((changed.visible <= face.visible).all())
            np.testing.assert_array_equal(changed.landmarks, face.landmarks)
            hidden += int((face.visible & ~changed.visible).sum())
            self.assertTrue((changed.picture >= 0).all() and (changed.picture <= 1).all())
            color = changed.picture / changed.picture.sum(-1, keepdims=True).clip(1e-3)
            alike.append(np.abs(color - skin / skin.sum()).max() < 0.2)
            away = np.abs(changed.picture - face.picture).max(-1) < 1e-6
            self.assertGreater(away.mean(), 0.2, "most of the picture stays")
        self.assertGreater(hidden, 10)
        self.assertGreater(np.mean(alike), 0.5)

    def test_swatches_of_small_plates_repeat(self) -> None:
        plate = np.random.default_rng(1).random((20, 30, 3)).astype(np.float32)
        self.assertEqual(swatch(plate, np.random.default_rng(2), 64, 48).shape, (48, 64, 3))

    def test_one_draw_is_made_of_the_named_steps(self) -> None:
        self.assertEqual(set(STEPS), set(CHANCES))
        face = dotted()
        none = augmented(face, np.random.default_rng(1), dict.fromkeys(STEPS, 0.0))
        self.assertIs(none, face)
        one, two = (augmented(face, np.random.default_rng(5)) for _ in range(2))
        np.testing.assert_array_equal(one.picture, two.picture)


class Artists(unittest.TestCase):
    def setUp(self) -> None:
        self.truth = [
            replace(frontal(0.02 * np.sin(k / 3), "squint" if k > 12 else "neutral"), frame=k + 1)
            for k in range(25)
        ]

    def test_redrawn_curve_is_the_same_curve(self) -> None:
        shape = self.truth[0].shapes["left_brow"]
        again = redraw(shape, (np.arange(11) + 0.3) / 11)
        self.assertEqual(len(again.vertices), 11)
        self.assertLess(curve_distance(again, shape).max(), 0.6)

    def test_keys_lines_and_other_vertices(self) -> None:
        drawn, keys = rotoscope(self.truth, 3)
        gaps = np.diff(keys)
        self.assertTrue((gaps <= KEYS_APART[1]).all())
        # The face is replaced between the places 12 and 13; nobody lets that run on as a line.
        self.assertTrue({12, 13} <= set(keys))
        self.assertLess(len(keys), 12)
        self.assertEqual((keys[0], keys[-1]), (0, 24))
        anchors = np.array([note.shapes["left_eye"].vertices for note in drawn])
        middle = (keys[0] + keys[1]) // 2
        self.assertNotIn(middle, keys)
        share = (middle - keys[0]) / (keys[1] - keys[0])
        between = anchors[keys[0]] * (1 - share) + anchors[keys[1]] * share
        np.testing.assert_allclose(anchors[middle], between, atol=1e-9)
        counts = {len(rotoscope(self.truth, s)[0][0].shapes["left_eye"].vertices) for s in range(6)}
        self.assertGreater(len(counts), 2)
        self.assertEqual(drawn[0].landmarks, [])

    def test_keys_are_near_the_truth_and_lean_under_motion(self) -> None:
        moving = [replace(frontal(0.05 * k), frame=k + 1) for k in range(9)]
        leans = []
        for seed in range(6):
            drawn, keys = rotoscope(moving, seed)
            key = keys[1] if len(keys) > 2 else keys[0]
            eye, true = drawn[key].shapes["left_eye"], moving[key].shapes["left_eye"]
            self.assertLess(np.median(curve_distance(eye, true)), 3.5)
            offset = eye.sampled(8).mean(0) - true.sampled(8).mean(0)
            leans.append(offset[0])
        self.assertGreater(np.ptp(leans), 0.8)


class Plans(unittest.TestCase):
    def test_sets_are_as_large_as_promised_and_hold_out_identities(self) -> None:
        posed, shots = synthetic(1), film(1)
        self.assertGreaterEqual(sum(shot.frames for shot in posed), 936)
        train = [shot for shot in shots if shot.split == "train"]
        self.assertGreaterEqual(len(train), 5)
        tested = sum(shot.frames for shot in shots if shot.split == "test" and not shot.whole)
        self.assertGreaterEqual(tested, 213)
        self.assertEqual([shot.frames for shot in shots if shot.whole], [24])
        for shot in [*posed, *train]:
            self.assertFalse(Identity.of(shot.identity).held_out)
        many = {shot.identity for shot in crowd(1)}
        self.assertGreaterEqual(len(many), 100)
        self.assertFalse(many & {*TRAINING, *HELD_OUT})
        new = [shot for shot in shots if shot.split == "new"]
        self.assertTrue(all(Identity.of(shot.identity).held_out for shot in new))
        for make in SETS.values():
            names = [shot.name for shot in make(1)]
            self.assertEqual(len(names), len(set(names)))

    def test_sets_follow_from_their_seed(self) -> None:
        self.assertEqual(film(1)[3].cues, film(1)[3].cues)
        self.assertNotEqual(film(1)[3].cues, film(2)[3].cues)

    def test_films_blink_hold_on_twos_and_turn_away(self) -> None:
        shots = film(1)
        for shot in shots:
            if shot.on_twos:
                for k in range(0, shot.frames - 1, 2):
                    first, second = shot.cues[k], shot.cues[k + 1]
                    self.assertEqual((first.turn, first.at), (second.turn, second.at))
        self.assertTrue(any(cue.called == "blink" for cue in shots[0].cues))
        away = next(shot for shot in shots if shot.kind == "away")
        self.assertGreater(max(abs(cue.turn[0]) for cue in away.cues), np.radians(95))
        poses = {cue.pose for shot in shots if shot.split == "test" for cue in shot.cues}
        self.assertEqual(poses, {"front", "side", "down", "up"})

    def test_rough_boxes_are_rough(self) -> None:
        tight = [(100.0 + k, 80.0, 60.0, 40.0) for k in range(30)]
        boxes = np.array(rough_boxes(tight, 4))
        shares = boxes[:, 2] / square(tight[0])[2]
        self.assertTrue((shares >= 0.79).all() and (shares <= 2.51).all())
        middles = boxes[:, :2] + boxes[:, 2:] / 2 - [[130 + k, 100] for k in range(30)]
        self.assertTrue(1.0 < middles.std(0).max() < 8.0)
        self.assertEqual(rough_boxes(tight, 4), rough_boxes(tight, 4))
        self.assertNotEqual(random.Random(1).random(), random.Random(2).random())


if __name__ == "__main__":
    unittest.main()
