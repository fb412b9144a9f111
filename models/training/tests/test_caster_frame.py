"""Frames of the ray caster: classes where geometry puts them, shares, motion, equal runs."""

from __future__ import annotations

import contextlib
import io
import math
import tempfile
import unittest
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from caster_frame import Frame, render
from caster_scene import Camera, Item, Lamp, Material, Scene
from caster_shapes import Box, Plane, sphere
from caster_shots import plan_caster_shots
from caster_textures import plain
from caster_vectors import Pose, Triple, column
from tone_classes import BACKGROUND, CAST_SHADOW, CLASSES, DIFFUSE_SHADOW, HIGHLIGHT, MATERIAL

WIDTH, HEIGHT = 96, 54
# Writing needs two wheels that the environment of the checks does without.
CAN_WRITE = all(find_spec(name) for name in ("OpenEXR", "PIL"))
KEY = Lamp((-8.0, 8.0, 4.0), 0.3, (1.0, 1.0, 1.0))
CAMERA = Camera((0.0, 1.5, 6.0), (0.0, 0.8, 0.0), 45)


def lit_sphere() -> Scene:
    """A glossy ball of radius 1 on a floor, key from the left and above."""
    gloss, matte = Material(plain((0.4, 0.4, 0.4)), 0.3), Material(plain((0.5, 0.5, 0.5)), 0.9)
    ball = Item(sphere(1.0), gloss, lambda _: Pose((0.0, 1.0, 0.0)))
    return Scene((Item(Plane(), matte, subject=False), ball), lambda _: CAMERA, lambda _: KEY)


def class_at(frame: Frame, point: Triple) -> int:
    """Class of the pixel that shows a point of the world."""
    x, y = CAMERA.project(np.array(point)[:, None], WIDTH, HEIGHT)
    return int(frame.labels[int(y[0]), int(x[0])])


def on_ball(direction: np.ndarray) -> Triple:
    x, y, z = np.array([0.0, 1.0, 0.0]) + direction / np.linalg.norm(direction)
    return float(x), float(y), float(z)


class Classes(unittest.TestCase):
    frame: Frame

    @classmethod
    def setUpClass(cls) -> None:
        cls.frame = render(lit_sphere(), 0, WIDTH, HEIGHT)

    def test_a_lit_ball_on_a_floor_has_all_five_where_geometry_puts_them(self) -> None:
        to_key = np.array(KEY.position) - (0.0, 1.0, 0.0)
        to_key = to_key / np.linalg.norm(to_key)
        to_eye = np.array(CAMERA.eye) - (0.0, 1.0, 0.0)
        shining = on_ball(to_key + to_eye / np.linalg.norm(to_eye))
        self.assertEqual(class_at(self.frame, shining), HIGHLIGHT)
        self.assertEqual(class_at(self.frame, on_ball(np.array([0.0, 0.0, 1.0]))), MATERIAL)
        self.assertEqual(class_at(self.frame, on_ball(np.array([0.8, -0.5, 0.5]))), DIFFUSE_SHADOW)
        # Where the ray from the key through the ball's centre meets the floor, and further left.
        foot = np.array([0.0, 1.0, 0.0]) - to_key / to_key[1]
        self.assertEqual(class_at(self.frame, (foot[0] + 0.6, 0.0, foot[2])), CAST_SHADOW)
        self.assertEqual(class_at(self.frame, (-2.0, 0.0, 0.5)), BACKGROUND)
        self.assertEqual(self.frame.labels[0, 0], BACKGROUND)

    def test_the_border_of_the_diffuse_shadow_is_where_the_key_falls_below_its_share(self) -> None:
        normals = ball_normals(WIDTH, HEIGHT)
        inside = ~np.isnan(normals[0]) & (self.frame.labels != HIGHLIGHT)
        to_key = np.array(KEY.position)[:, None, None] - (normals + np.array([[[0]], [[1]], [[0]]]))
        cosine = (to_key * normals).sum(axis=0) / np.sqrt((to_key**2).sum(axis=0))
        away = inside & (cosine < 0.19)
        towards = inside & (cosine > 0.21)
        self.assertTrue((self.frame.labels[away] == DIFFUSE_SHADOW).all())
        self.assertTrue((self.frame.labels[towards] == MATERIAL).all())
        self.assertGreater(min(away.sum(), towards.sum()), 100)

    def test_shares_sum_to_one_and_agree_with_labels_off_edges(self) -> None:
        np.testing.assert_allclose(self.frame.soft.sum(axis=0), 1, atol=1e-6)
        labels = self.frame.labels
        flat = np.ones((HEIGHT, WIDTH), bool)
        flat[[0, -1]] = flat[:, [0, -1]] = False
        for dy, dx in np.ndindex(3, 3):
            flat &= np.roll(labels, (dy - 1, dx - 1), (0, 1)) == labels
        self.assertGreater(flat.mean(), 0.6)
        self.assertTrue((self.frame.soft.argmax(axis=0) == labels)[flat].all())
        self.assertTrue(((self.frame.soft.max(axis=0) < 1) & ~flat).any())

    def test_the_subject_is_the_ball_without_its_floor(self) -> None:
        np.testing.assert_array_equal(self.frame.subject, ~np.isnan(ball_normals(WIDTH, HEIGHT)[0]))

    def test_albedo_does_not_move_a_label(self) -> None:
        scene = lit_sphere()
        black = Material(plain((0.02, 0.02, 0.02)), 0.3)
        ball = Item(scene.items[1].shape, black, scene.items[1].pose)
        other = Scene((scene.items[0], ball), scene.camera, scene.key)
        np.testing.assert_array_equal(render(other, 0, WIDTH, HEIGHT).labels, self.frame.labels)

    def test_a_ceiling_darkens_what_faces_the_key(self) -> None:
        scene = lit_sphere()
        lid = Item(Box((3.0, 0.1, 3.0)), scene.items[1].material, lambda _: Pose((-2.0, 3.5, 0.0)))
        frame = render(Scene((*scene.items, lid), scene.camera, scene.key), 0, WIDTH, HEIGHT)
        self.assertEqual(class_at(frame, on_ball(np.array([-0.5, 0.5, 0.7]))), CAST_SHADOW)


def ball_normals(width: int, height: int) -> np.ndarray:
    """Normals of the ball by its formula, [3, H, W]; NaN beside it."""
    y, x = np.divmod(np.arange(width * height), width)
    d = CAMERA.rays(x + 0.5, y + 0.5, width, height)
    o = column(CAMERA.eye, d) - column((0.0, 1.0, 0.0), d)
    b, c = (o * d).sum(axis=0), (o * o).sum() - 1
    with np.errstate(invalid="ignore"):
        t = -b - np.sqrt(b * b - c)
    return (o + d * t).reshape(3, height, width)


class Motion(unittest.TestCase):
    def scene(self, velocity: Triple, pan: float = 0.0) -> Scene:
        ball = Item(
            sphere(1.0),
            Material(plain((0.5, 0.5, 0.5))),
            lambda time: Pose((velocity[0] * time, velocity[1] * time, velocity[2] * time)),
        )

        def camera(time: float) -> Camera:
            angle = math.radians(pan) * time
            return Camera((0.0, 0.0, 5.0), (5 * math.sin(angle), 0.0, 5 - 5 * math.cos(angle)), 40)

        return Scene((ball,), camera, lambda _: KEY)

    def test_a_ball_that_drifts_sideways_moves_by_focal_length_over_depth(self) -> None:
        frame = render(self.scene((0.1, -0.05, 0.0)), 0, WIDTH, HEIGHT)
        focal = WIDTH / 2 / math.tan(math.radians(20))
        x, y = np.meshgrid(np.arange(WIDTH) + 0.5 - WIDTH / 2, np.arange(HEIGHT) + 0.5 - HEIGHT / 2)
        # The nearer root of |(0, 0, 5) + t (x, -y, -focal)| = 1; depth is t focal.
        a, half_b = x**2 + y**2 + focal**2, -5 * focal
        with np.errstate(invalid="ignore"):
            depth = focal * (-half_b - np.sqrt(half_b**2 - a * 24)) / a
        on = frame.subject & np.isfinite(depth)
        self.assertGreater(on.sum(), 500)
        # The hit itself is single precision; a ray that grazes the ball is the least exact.
        np.testing.assert_allclose(frame.motion[0][on], (focal * 0.1 / depth)[on], atol=2e-3)
        np.testing.assert_allclose(frame.motion[1][on], (focal * 0.05 / depth)[on], atol=2e-3)
        self.assertLess(float(np.abs(frame.motion[:, ~frame.subject]).max()), 1e-9)

    def test_what_rests_has_no_motion(self) -> None:
        frame = render(self.scene((0.0, 0.0, 0.0)), 3, WIDTH, HEIGHT)
        self.assertLess(float(np.abs(frame.motion).max()), 1e-9)

    def test_a_panning_camera_moves_what_is_behind_everything(self) -> None:
        frame = render(self.scene((0.0, 0.0, 0.0), pan=1.0), 0, WIDTH, HEIGHT)
        focal = WIDTH / 2 / math.tan(math.radians(20))
        angle = math.atan((0.5 - WIDTH / 2) / focal) - math.radians(1)
        expected = focal * math.tan(angle) - (0.5 - WIDTH / 2)
        middle = frame.motion[0, HEIGHT // 2, 0]
        self.assertAlmostEqual(float(middle), expected, delta=1e-3)


class Shots(unittest.TestCase):
    def test_a_locked_off_shot_has_the_same_labels_in_every_frame(self) -> None:
        (shot,) = [shot for shot in plan_caster_shots(1) if shot.locked_off]
        first, later = (render(shot.scene, time, 64, 36) for time in (0, 11))
        np.testing.assert_array_equal(first.labels, later.labels)
        np.testing.assert_array_equal(first.soft, later.soft)
        self.assertLess(float(np.abs(later.motion).max()), 1e-9)

    def test_every_shot_shows_every_class(self) -> None:
        for shot in plan_caster_shots(1):
            with self.subTest(shot.name):
                shares = render(shot.scene, 7, 112, 63).soft.sum(axis=(1, 2))
                self.assertTrue((shares > 0).all(), dict(zip(CLASSES, shares, strict=True)))

    def test_a_seed_makes_equal_frames_and_another_one_others(self) -> None:
        frames = [render(plan_caster_shots(seed)[2].scene, 5, 48, 27) for seed in (1, 1, 2)]
        np.testing.assert_array_equal(frames[0].picture, frames[1].picture)
        np.testing.assert_array_equal(frames[0].motion, frames[1].motion)
        self.assertFalse(np.array_equal(frames[0].labels, frames[2].labels))


@unittest.skipUnless(CAN_WRITE, "needs OpenEXR and pillow")
class Written(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def cast(self, out: str) -> tuple[Path, int]:
        from cast_shots import cast_shot

        shot = plan_caster_shots(3)[4]
        with contextlib.redirect_stdout(io.StringIO()):
            done = cast_shot(shot, self.root / out, 2, 48, 27)
        return self.root / out / shot.name, done

    def test_two_runs_have_equal_hashes(self) -> None:
        from exr_planes import load_planes, plane_path
        from shot_folder import data_hash

        (one, _), (two, _) = self.cast("one"), self.cast("two")
        self.assertEqual(data_hash([one]), data_hash([two]))
        for kind, names in (("soft", CLASSES), ("motion", ("x", "y"))):
            a, b = (load_planes(plane_path(shot, kind, 2)) for shot in (one, two))
            self.assertEqual(sorted(a), sorted(names))
            for name in names:
                np.testing.assert_array_equal(a[name], b[name])

    def test_a_run_is_resumed_at_the_missing_frame(self) -> None:
        from shot_folder import data_hash, frame_path

        shot, done = self.cast("one")
        whole = data_hash([shot])
        frame_path(shot, "frames", 2).unlink()
        self.assertEqual((done, self.cast("one")[1], data_hash([shot])), (2, 1, whole))

    def test_planes_read_back_as_they_were_rendered(self) -> None:
        from exr_planes import load_planes, plane_path
        from shot_folder import frame_path, load_png, read_shot

        shot, _ = self.cast("one")
        frame = render(plan_caster_shots(3)[4].scene, 1, 48, 27)
        soft, motion = (load_planes(plane_path(shot, kind, 2)) for kind in ("soft", "motion"))
        for k, name in enumerate(CLASSES):
            np.testing.assert_allclose(soft[name], frame.soft[k], atol=5e-4)
        np.testing.assert_array_equal(np.stack([motion["x"], motion["y"]]), frame.motion)
        np.testing.assert_array_equal(load_png(frame_path(shot, "labels", 2)), frame.labels)
        self.assertEqual(read_shot(shot)["split"], "independent")


if __name__ == "__main__":
    unittest.main()
