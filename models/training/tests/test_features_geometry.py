"""Faces of geometry, crops of frames, an artist's curves: what E[P|I] and E[S|P] are fed with."""

from __future__ import annotations

import unittest
from dataclasses import replace

import numpy as np

try:
    from features.crops import (
        HIDDEN,
        OUTSIDE,
        SEEN,
        CropChoices,
        drawn_crop,
        looked_at,
        place_weights,
        shapes_left,
    )
    from features.faces import FaceFrame, behind, cut_out, halved
    from features.finder_data import drawn_canvas
    from features.geometry import drawn_faces, lengths_at, slid
    from features.measures import apart, crossings, eyes_apart, f1, handle_angles
    from features.revector import PLACES, landmarks_on, ordered, revectorised
    from puppet.annotation import with_more
    from puppet.artist import curve_distance, redraw
    from puppet.cubic import Shape
    from puppet.topology import PUPPET
    from tests.test_puppet_augment import dot_near, dotted, frontal
except ImportError as missing:
    raise unittest.SkipTest(f"training is not tested here: {missing}") from missing

CHOSEN = (0, 8, 21, 29, 43)


def dotted_frame() -> FaceFrame:
    """A frame with dots at some landmarks."""
    face, note = dotted(CHOSEN), frontal()
    picture = (face.picture * 255).astype(np.uint8)
    return cut_out("shot/0001", picture, note)


class Faces(unittest.TestCase):
    def test_faces_follow_from_their_seed(self) -> None:
        one, two, other = (drawn_faces(3, seed, PUPPET) for seed in (1, 1, 2))
        np.testing.assert_array_equal(one.vertices, two.vertices)
        self.assertFalse(np.array_equal(one.vertices, other.vertices))

    def test_anchors_of_shapes_lie_at_their_landmarks(self) -> None:
        faces = drawn_faces(2, 3, PUPPET, slid_share=1.0)
        start = 0
        for kind in PUPPET.shapes:
            at, bound = kind.bound()
            anchors = faces.vertices[:, start : start + len(kind.landmarks), 0]
            np.testing.assert_allclose(anchors[:, at], faces.landmarks[:, bound], atol=1e-3)
            start += len(kind.landmarks)

    def test_sliding_moves_vertices_and_leaves_the_curve(self) -> None:
        note = frontal()
        shapes = dict(note.shapes)
        places = slid(shapes, note.places(), 5, PUPPET)
        self.assertGreater(np.abs(places - note.places()).max(), 2.0)
        for name in ("left_eye", "right_brow", "nose_seam"):
            self.assertLess(curve_distance(shapes[name], note.shapes[name]).max(), 1.0)

    def test_lengths_at_the_vertices_of_a_square_are_quarters(self) -> None:
        corners = np.array([[0, 0], [30, 0], [30, 30], [0, 30]], float)
        out = (np.roll(corners, -1, 0) - corners) / 3
        into = (np.roll(corners, 1, 0) - corners) / 3
        square = Shape(np.stack([corners, into, out], 1), True)
        np.testing.assert_allclose(
            lengths_at(square, np.arange(4) / 4), np.arange(4) / 4, atol=1e-6
        )


class Crops(unittest.TestCase):
    def test_turned_crops_keep_landmarks_on_what_they_mark(self) -> None:
        frame = dotted_frame()
        x, y = (frame.tight[k] + frame.tight[2] / 2 for k in (0, 1))
        for angle, scale in ((0.0, 1.25), (0.4, 1.4), (-0.3, 2.2)):
            crop, _ = looked_at(frame, (x, y, frame.tight[2] * scale), 160, angle)
            for k in CHOSEN:
                spot = dot_near(crop.picture, crop.landmarks[k], 6)
                self.assertLess(np.abs(spot - crop.landmarks[k]).max(), 0.8, (angle, k))

    def test_large_faces_are_stored_smaller(self) -> None:
        note = frontal()
        tall = cut_out("a/1", np.zeros((note.size[1], note.size[0], 3), np.uint8), note)
        self.assertLess(tall.tight[2], 401)
        places = tall.landmarks * tall.scale + tall.origin
        np.testing.assert_allclose(places, note.places(), atol=1e-9)
        picture = np.arange(4 * 4 * 3, dtype=np.uint8).reshape(4, 4, 3)
        np.testing.assert_array_equal(halved(picture)[0, 0], [8, 9, 10])

    def test_a_drawn_crop_follows_from_its_seed_and_is_whole(self) -> None:
        frame, choices = dotted_frame(), CropChoices(size=64)
        one, two = (
            drawn_crop(frame, np.random.default_rng(7), choices, PUPPET, []) for _ in range(2)
        )
        np.testing.assert_array_equal(one.image, two.image)
        self.assertEqual(one.image.shape, (64, 64, 3))
        self.assertTrue(np.isfinite(one.places).all() and (one.weight > 0).all())

    def test_what_cannot_be_seen_counts_for_less(self) -> None:
        face = dotted_frame().face()
        choices = CropChoices(scale_aware=False)
        face.visible[0] = False
        face.landmarks[1] = -0.5 * face.size[0], 0
        weights = place_weights(face, choices)
        np.testing.assert_allclose(weights[:3], [HIDDEN, OUTSIDE, SEEN])

    def test_a_cloud_over_a_shape_takes_it_away(self) -> None:
        frame = dotted_frame()
        before = frame.face()
        eye = PUPPET.shape("left_eye").bound()[1]
        visible = before.visible.copy()
        visible[eye] = False
        after = replace(before, visible=visible)
        left = shapes_left(frame, before, after, PUPPET)
        self.assertEqual((left[0], left[1]), (0, 1))

    def test_a_plate_beside_a_face_is_a_background(self) -> None:
        note = frontal()
        wide = np.zeros((note.size[1], note.size[0] + 3000, 3), np.uint8)
        wide[:, note.size[0] :] = 255
        found = behind(wide, note)
        self.assertIsNotNone(found)
        self.assertGreater(float(found.mean()), 0.9)
        self.assertIsNone(behind(wide[:, : note.size[0]], with_more(note, {}, {})))


class Finder(unittest.TestCase):
    def test_canvases_have_the_size_asked_for(self) -> None:
        frame = dotted_frame()
        for seed in range(4):
            canvas = drawn_canvas(frame, np.random.default_rng(seed), (192, 320), [])
            self.assertEqual(canvas.image.shape, (320, 192, 3))
            self.assertEqual(canvas.face.shape, (3,))


class Revectorise(unittest.TestCase):
    def test_an_artists_vertices_give_back_the_landmarks(self) -> None:
        note = frontal()
        for name in ("left_eye", "right_brow", "left_sideburn"):
            kind, shape = PUPPET.shape(name), note.shapes[name]
            places = (0.13 + np.arange(9) / 9) % 1.0
            drawn = redraw(shape, np.sort(places))
            for one in (drawn, drawn.reordered(list(range(9))[::-1], True)):
                truth = note.places()[kind.bound()[1]]
                found = landmarks_on(one, truth + np.array([6.0, -4.0]))
                self.assertLess(np.linalg.norm(found - truth, axis=1).max(), 10.0, name)
                self.assertLess(np.linalg.norm(found - truth, axis=1).mean(), 4.0, name)

    def test_landmarks_of_what_was_not_drawn_stay_where_they_were_guessed(self) -> None:
        note = frontal()
        drawn = {"left_eye": note.shapes["left_eye"]}
        places, known = revectorised(drawn, note.places(), PUPPET)
        self.assertEqual(known.sum(), 6)
        np.testing.assert_array_equal(places[~known], note.places()[~known])

    def test_places_rise_around_a_closed_curve(self) -> None:
        rng = np.random.default_rng(3)
        for _ in range(20):
            found, total = ordered(rng.random((6, PLACES)), True)
            turned = (found - found[0]) % PLACES
            self.assertTrue((np.diff(turned) > 0).all())
            self.assertLess(total, 1.0)


class Measures(unittest.TestCase):
    def test_the_same_curve_is_no_distance_and_no_angle_apart(self) -> None:
        shape = frontal().shapes["left_eye"]
        self.assertLess(apart(shape, shape).max(), 0.02)
        self.assertLess(handle_angles(shape, shape).max(), 1e-6)
        moved = shape.mapped(np.eye(2), np.array([3.0, 0.0]))
        self.assertAlmostEqual(apart(shape, moved).max(), 3.0, delta=0.1)

    def test_handles_that_pass_each_other_are_counted(self) -> None:
        vertices = np.zeros((2, 3, 2))
        vertices[1, 0] = 10, 0
        vertices[0, 2], vertices[1, 1] = (6, 2), (-3, 2)
        self.assertEqual(crossings(Shape(vertices, False)), 0)
        vertices[1, 1] = -5, 2
        self.assertEqual(crossings(Shape(vertices, False)), 1)

    def test_f1_and_the_distance_of_the_eyes(self) -> None:
        self.assertEqual(f1(8, 2, 2), 0.8)
        self.assertEqual(f1(0, 0, 0), 1.0)
        places = frontal().places()
        middles = places[5:11].mean(0), places[11:17].mean(0)
        expected = np.linalg.norm(middles[0] - middles[1])
        self.assertAlmostEqual(eyes_apart(places, PUPPET), float(expected))


if __name__ == "__main__":
    unittest.main()
