"""A puppet's topology, cubics, outlines and projection, without a renderer."""

from __future__ import annotations

import json
import unittest

import numpy as np

from camera_view import View
from puppet.annotation import from_json, from_public, to_json, to_public
from puppet.cubic import Shape, evaluate, fit, split
from puppet.expression import EXPRESSIONS, closing, mix
from puppet.identity import CROWD, HAIRS, HELD_OUT, IRISES, SKINS, TRAINING, Identity
from puppet.outlines import make_face
from puppet.parts import INDEX
from puppet.raster import mask_of, overlap
from puppet.topology import PUPPET
from puppet.truth import annotate, covered, face_box, project

SIDE = 400


def front_view(distance: float = 6.0) -> View:
    """A camera that looks along +y at the head."""
    place = np.eye(4)
    place[:3, :3] = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], float)
    place[:3, 3] = (0, -distance, 0)
    return View(place, SIDE * distance / 2.6, SIDE, SIDE)


def nothing_hides(points: np.ndarray) -> np.ndarray:
    return np.zeros(len(points), bool)


def everything_hides(points: np.ndarray) -> np.ndarray:
    return np.ones(len(points), bool)


class Topologies(unittest.TestCase):
    def test_mirror_is_its_own_inverse_and_keeps_shapes(self) -> None:
        for k in range(PUPPET.count):
            self.assertEqual(PUPPET.mirror[PUPPET.mirror[k]], k)
        names = {PUPPET.mirrored_shape(kind.name)[0].name for kind in PUPPET.shapes}
        self.assertEqual(names, {kind.name for kind in PUPPET.shapes})
        self.assertEqual(PUPPET.mirrored_shape("nose_seam")[1:], ([2, 1, 0], True))
        self.assertEqual(PUPPET.mirrored_shape("left_seam")[1:], ([0, 1, 2], False))

    def test_every_landmark_is_in_a_group_and_on_a_shape(self) -> None:
        self.assertEqual(
            [k for k, group in enumerate(PUPPET.groups) if group == "seams"], [*range(5)]
        )
        on_shapes = sorted(k for kind in PUPPET.shapes for k in kind.bound()[1])
        self.assertEqual(on_shapes, list(range(PUPPET.count)))

    def test_the_public_files_have_names_of_their_own_for_brows(self) -> None:
        names = {kind.name: kind.public_name for kind in PUPPET.shapes}
        self.assertEqual((names["left_brow"], names["left_seam"]), ("left_eyebrow", "left_seam"))

    def test_a_closed_shape_has_orders_for_every_start_and_both_directions(self) -> None:
        orders = PUPPET.shape("left_eye").orders()
        self.assertEqual(len(orders), 12)
        self.assertIn(([2, 1, 0, 5, 4, 3], True), orders)
        self.assertEqual(
            PUPPET.shape("left_seam").orders(), [([0, 1, 2], False), ([2, 1, 0], True)]
        )

    def test_segments_are_those_of_the_public_files(self) -> None:
        counts = {kind.name: kind.segments for kind in PUPPET.shapes}
        self.assertEqual((counts["left_eye"], counts["right_brow"]), (6, 8))
        self.assertEqual((counts["left_sideburn"], counts["nose_seam"]), (6, 2))


class Cubics(unittest.TestCase):
    def test_fit_finds_the_cubic_that_points_come_from(self) -> None:
        controls = np.array([[[0, 0], [3, 4], [7, 4], [10, 0]]], float)
        points = evaluate(controls, np.linspace(0, 1, 17)[None] ** 1.3)
        ends = controls[:, 1] - controls[:, 0], controls[:, 2] - controls[:, 3]
        found, error = fit(points, *ends, rounds=60)
        self.assertLess(error[0], 0.01)
        np.testing.assert_allclose(found, controls, atol=0.2)

    def test_split_halves_are_the_curve(self) -> None:
        controls = np.array([[0, 0], [3, 4], [7, -4], [10, 0]], float)
        a, b = split(controls, 0.3)
        t = np.linspace(0, 1, 9)[None]
        np.testing.assert_allclose(evaluate(a[None], t), evaluate(controls[None], t * 0.3))
        np.testing.assert_allclose(evaluate(b[None], t), evaluate(controls[None], 0.3 + t * 0.7))

    def test_controls_and_vertices_are_the_same_shape(self) -> None:
        shape = make_face(Identity.of(0), EXPRESSIONS["neutral"]).chart["left_brow"]
        again = Shape.of_controls(shape.controls(), True)
        np.testing.assert_allclose(again.vertices, shape.vertices, atol=1e-12)


class Faces(unittest.TestCase):
    def test_every_identity_and_expression_has_fair_shapes(self) -> None:
        for number in (*TRAINING, *HELD_OUT):
            for name in sorted(EXPRESSIONS)[number % 3 :: 3]:
                expression = EXPRESSIONS[name]
                face = make_face(Identity.of(number), expression)
                self.assertLess(face.error, 0.01, (number, name))
                note = annotate(face, np.eye(4), front_view(), nothing_hides, 1)
                for kind in PUPPET.shapes:
                    ring = note.shapes[kind.name].sampled(8)
                    self.assertEqual(len(note.shapes[kind.name].vertices), len(kind.landmarks))
                    if kind.closed:
                        x, y = ring.T
                        area = (x * np.roll(y, -1) - np.roll(x, -1) * y).sum()
                        self.assertGreater(area, 0, (number, name, kind.name))

    def test_held_out_colors_and_tops_are_withheld(self) -> None:
        for kind in ("skin", "hair", "iris", "top"):
            seen = {getattr(Identity.of(number), kind) for number in TRAINING}
            held = {getattr(Identity.of(number), kind) for number in HELD_OUT}
            self.assertFalse(seen & held, kind)

    def test_the_crowd_wears_colors_between_those_of_training(self) -> None:
        for number in range(CROWD, CROWD + 40):
            who = Identity.of(number)
            self.assertFalse(who.held_out)
            for color, options in ((who.skin, SKINS), (who.hair, HAIRS), (who.iris, IRISES)):
                low, high = np.min(options, axis=0) * 0.8, np.max(options, axis=0) * 1.15
                self.assertTrue(np.all(color >= low) and np.all(color <= high), (number, color))
        skins = {Identity.of(number).skin for number in range(CROWD, CROWD + 40)}
        self.assertEqual(len(skins), 40)

    def test_expressions_do_what_they_are_called(self) -> None:
        who = Identity.of(2)

        def height(expression: str, shape: str) -> float:
            note = annotate(
                make_face(who, EXPRESSIONS[expression]), np.eye(4), front_view(), nothing_hides, 1
            )
            ring = note.shapes[shape].sampled(8)
            return float(np.ptp(ring[:, 1]))

        self.assertLess(height("blink", "left_eye"), 0.4 * height("neutral", "left_eye"))
        self.assertGreater(height("surprise", "left_eye"), 1.1 * height("neutral", "left_eye"))
        self.assertLess(height("wink", "right_eye"), 0.4 * height("wink", "left_eye"))
        half = closing(EXPRESSIONS["angry"], 0.5)
        self.assertEqual(half.left.brow_inner, EXPRESSIONS["angry"].left.brow_inner)
        self.assertLess(half.left.upper, EXPRESSIONS["angry"].left.upper)
        self.assertEqual(mix(EXPRESSIONS["sad"], EXPRESSIONS["smile"], 1), EXPRESSIONS["smile"])


class Projections(unittest.TestCase):
    def setUp(self) -> None:
        self.face = make_face(Identity.of(1), EXPRESSIONS["squint"])

    def test_projected_cubics_follow_the_curve(self) -> None:
        angle = np.radians(35)
        pose = np.eye(4)
        pose[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        for name, shape in self.face.space.items():
            flat, error = project(shape, pose, front_view())
            self.assertLess(error, 0.05, name)
            world = shape.vertices[:, 0] @ pose[:3, :3].T
            np.testing.assert_allclose(flat.vertices[:, 0], front_view().project(world)[0])

    def test_left_is_the_viewers_left_and_points_hang_together(self) -> None:
        note = annotate(self.face, np.eye(4), front_view(), nothing_hides, 1)
        places = note.places()
        self.assertTrue((np.diff(places[:5, 0]) > 0).all())
        self.assertLess(places[17:25, 0].max(), places[25:33, 0].min())
        for kind in PUPPET.shapes:
            vertices, landmarks = kind.bound()
            np.testing.assert_allclose(
                note.shapes[kind.name].vertices[vertices, 0], places[landmarks], atol=1e-6
            )
        left, top, width, height = face_box(note)
        self.assertTrue(0 < left < SIDE / 2 < left + width and 0 < top < top + height < SIDE)

    def test_what_faces_away_or_is_hidden_is_not_visible(self) -> None:
        half_turn = np.diag([-1.0, -1.0, 1.0, 1.0])
        note = annotate(self.face, half_turn, front_view(), nothing_hides, 1)
        self.assertFalse(any(note.present.values()))
        self.assertFalse(note.flags()[0].any())

        def upper_hides(points: np.ndarray) -> np.ndarray:
            return points[:, 2] > 0.15

        note = annotate(self.face, np.eye(4), front_view(), upper_hides, 1)
        self.assertFalse(note.present["left_brow"])
        self.assertTrue(note.present["nose_seam"])
        self.assertFalse(note.landmarks[19].visible)

    def test_presence_follows_what_was_rendered(self) -> None:
        note = annotate(self.face, np.eye(4), front_view(), nothing_hides, 1)
        index = np.zeros((SIDE, SIDE), int)
        for name, own in INDEX.items():
            if name != "right_sideburn":
                index[mask_of(note.shapes[name], SIDE, SIDE)] = own
        seen = covered(note, index)
        self.assertFalse(seen.present["right_sideburn"])
        self.assertFalse(seen.landmarks[41].present or seen.landmarks[41].visible)
        self.assertTrue(seen.present["left_sideburn"] and seen.present["right_seam"])
        far = covered(annotate(self.face, np.eye(4), front_view(), everything_hides, 1), index)
        self.assertTrue(far.present["left_brow"])
        self.assertFalse(far.present["nose_seam"])

    def test_json_of_both_forms_reads_back(self) -> None:
        note = annotate(self.face, np.eye(4), front_view(), nothing_hides, 7)
        again = from_json(json.loads(json.dumps(to_json(note))))
        self.assertEqual(again.present, note.present)
        np.testing.assert_allclose(again.places(), note.places(), atol=1e-3)
        public = json.loads(json.dumps(to_public(note)))
        self.assertEqual(list(public), sorted(public))
        for name, shape in from_public(public).items():
            np.testing.assert_allclose(shape.controls(), note.shapes[name].controls(), atol=3e-3)
        # FeatureDetect calls brows by our names in the same form.
        ours = {name.replace("eyebrow", "brow"): part for name, part in public.items()}
        self.assertEqual(from_public(ours).keys(), from_public(public).keys())
        with self.assertRaisesRegex(ValueError, "left_brow, right_brow: given by both"):
            from_public(ours | public)
        crop = to_public(note, (100.0, 50.0, 200.0, 200.0))
        np.testing.assert_allclose(crop["points"], (note.places() - [100, 50]) * 4, atol=1e-2)


class Masks(unittest.TestCase):
    def test_mask_of_a_round_shape_has_its_area(self) -> None:
        k = 0.5523 * 20
        vertices = np.array(
            [
                [[30, 10], [-k, 0], [k, 0]],
                [[50, 30], [0, -k], [0, k]],
                [[30, 50], [k, 0], [-k, 0]],
                [[10, 30], [0, k], [0, -k]],
            ],
            float,
        )
        mask = mask_of(Shape(vertices, True), 64, 60)
        self.assertAlmostEqual(mask.sum() / (np.pi * 400), 1, delta=0.01)
        self.assertEqual(overlap(mask, mask), 1.0)


if __name__ == "__main__":
    unittest.main()
