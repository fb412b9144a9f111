"""Shapes of the ray caster: hits on surfaces, normals as slopes of distances, sure cones."""

from __future__ import annotations

import unittest

import numpy as np

from caster_compound import Blob, Part, Torus
from caster_march import Shape, beam
from caster_props import bowl, drilled
from caster_scene import Camera
from caster_shapes import Box, Capsule, Cone, Cylinder, Ellipsoid, Plane, sphere
from caster_vectors import Pose, along, dot, length, turned, unit

BLOB = Blob((Part(sphere(0.5)), Part(sphere(0.4), Pose((0.5, 0.3, 0.0)))), 0.3)
SHAPES: dict[str, Shape] = {
    "sphere": sphere(0.7),
    "ellipsoid": Ellipsoid((0.8, 0.4, 0.6)),
    "box": Box((0.5, 0.3, 0.7)),
    "rounded box": Box((0.5, 0.3, 0.7), 0.1),
    "cylinder": Cylinder(0.4, 0.6),
    "capsule": Capsule(0.3, 0.5),
    "cone": Cone(0.5, 0.0, 0.6),
    "blunt cone": Cone(0.5, 0.2, 0.6),
    "torus": Torus(0.6, 0.2),
    "blob": BLOB,
    "bowl": bowl(0.6, 0.1),
    "drilled": drilled(0.5, 0.3),
}


def rays(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Rays from a ball of radius 4 towards places near the origin."""
    rng = np.random.default_rng(seed)
    o = unit(rng.standard_normal((3, count))) * 4
    return o, unit(rng.uniform(-0.8, 0.8, (3, count)) - o)


def slope(shape: Shape, p: np.ndarray, step: float = 1e-6) -> np.ndarray:
    """Central differences of the distance."""
    shifts = np.eye(3)[:, :, None] * step
    rows = [shape.distance(p + shift) - shape.distance(p - shift) for shift in shifts]
    return np.stack(rows) / (2 * step)


class Hits(unittest.TestCase):
    def test_hits_lie_on_the_surface_and_nothing_lies_before_them(self) -> None:
        o, d = rays(2000)
        for name, shape in SHAPES.items():
            with self.subTest(name):
                t = shape.hit(o, d)
                met = np.isfinite(t)
                self.assertGreater(met.mean(), 0.1)
                o_met, d_met, t_met = o[:, met], d[:, met], t[met]
                on = shape.distance(o_met + d_met * t_met)
                self.assertLess(float(np.abs(on).max()), 2e-4)
                for share in np.linspace(0.5, 0.999, 40):
                    before = shape.distance(o_met + d_met * (t_met * share))
                    self.assertGreater(float(before.min()), -1e-4)

    def test_rays_that_miss_stay_outside(self) -> None:
        o, d = rays(2000, seed=1)
        for name, shape in SHAPES.items():
            with self.subTest(name):
                missed = ~np.isfinite(shape.hit(o, d))
                self.assertTrue(missed.any())
                for t in np.linspace(2, 6, 200):
                    gap = shape.distance(o[:, missed] + d[:, missed] * t)
                    # A ray that cuts the thinnest slice off a flank may be let through.
                    self.assertGreater(float(gap.min()), -2e-3)

    def test_every_shape_lies_within_its_bound(self) -> None:
        p = np.random.default_rng(2).uniform(-2, 2, (3, 20_000))
        for name, shape in SHAPES.items():
            with self.subTest(name):
                inside = shape.distance(p) < 0
                self.assertLessEqual(float(length(p[:, inside]).max()), shape.bound)

    def test_a_plane_is_hit_from_above_only(self) -> None:
        o = np.array([[0.0, 0.0], [2.0, 2.0], [0.0, 0.0]])
        d = np.array([[0.6, 0.6], [-0.8, 0.8], [0.0, 0.0]])
        np.testing.assert_allclose(Plane().hit(o, d), [2.5, np.inf])


class Normals(unittest.TestCase):
    def test_normals_are_slopes_of_the_distance(self) -> None:
        o, d = rays(1000)
        for name, shape in SHAPES.items():
            with self.subTest(name):
                t = shape.hit(o, d)
                met = np.isfinite(t)
                p = (o + d * np.where(met, t, 0))[:, met]
                expected, found = slope(shape, p), shape.normal(p)
                np.testing.assert_allclose(length(found), 1, atol=1e-9)
                # All but points on an edge, where the slope is nobody's normal.
                apart = length(unit(expected) - found)
                self.assertLess(float(np.quantile(apart, 0.98)), 2e-3)

    def test_normals_face_the_ray(self) -> None:
        o, d = rays(1000)
        for name, shape in SHAPES.items():
            with self.subTest(name):
                t = shape.hit(o, d)
                met = np.isfinite(t)
                facing = dot(shape.normal((o + d * np.where(met, t, 0))[:, met]), d[:, met])
                self.assertGreater(float((facing < 1e-2).mean()), 0.99)


class Beams(unittest.TestCase):
    def test_what_a_cone_is_sure_of_holds_for_every_ray_in_it(self) -> None:
        o, d = rays(1500, seed=3)
        radius, far = 0.1, 8.0
        side = unit(np.cross(d.T, (0.3, 1.0, 0.2)).T)
        over = np.cross(d.T, side.T).T
        spread = np.full(o.shape[1], radius / far)
        for name, shape in SHAPES.items():
            if not shape.marchable:
                continue
            with self.subTest(name):
                free, dark = beam(shape, o, d, spread)
                self.assertFalse((free & dark).any())
                self.assertGreater(float(free.mean()), 0.1)
                self.assertGreater(float((free | dark).mean()), 0.5)
                for angle in np.linspace(0, 2 * np.pi, 12, endpoint=False):
                    target = o + d * far + radius * (np.cos(angle) * side + np.sin(angle) * over)
                    blocked = np.isfinite(shape.hit(o, unit(target - o)))
                    self.assertFalse((blocked & free).any())
                    self.assertTrue(blocked[dark].all())


class Poses(unittest.TestCase):
    def test_to_object_undoes_to_world(self) -> None:
        pose = Pose((1.0, -2.0, 0.5), turned(20, 130, -40))
        p = np.random.default_rng(0).standard_normal((3, 50))
        np.testing.assert_allclose(pose.to_object(pose.to_world(p)), p, atol=1e-12)
        np.testing.assert_allclose(pose.rotation @ pose.rotation.T, np.eye(3), atol=1e-12)

    def test_along_ends_where_it_should(self) -> None:
        start, end = (0.2, 1.0, -0.3), (0.5, 0.4, 0.6)
        half = float(np.linalg.norm(np.subtract(end, start))) / 2
        pose = along(start, end, (1.0, 0.0, 0.0))
        ends = pose.to_world(np.array([[0, 0], [-half, half], [0, 0]]))
        np.testing.assert_allclose(ends.T, [start, end], atol=1e-12)
        self.assertAlmostEqual(float(np.linalg.det(pose.rotation)), 1.0)

    def test_projecting_a_ray_gives_its_pixel_back(self) -> None:
        camera = Camera((1.0, 2.0, 5.0), (0.2, 0.3, 0.0), 45)
        x, y = np.array([0.5, 47.5, 20.25]), np.array([0.5, 26.5, 11.75])
        p = np.array(camera.eye)[:, None] + camera.rays(x, y, 48, 27) * 3.7
        np.testing.assert_allclose(camera.project(p, 48, 27), [x, y], atol=1e-9)


if __name__ == "__main__":
    unittest.main()
