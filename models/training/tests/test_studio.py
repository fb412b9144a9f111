"""Pictures of a lit ball in each material, and what rendered shots promise (needs `bpy`)."""

from __future__ import annotations

import contextlib
import io
import math
import random
import tempfile
import unittest
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from layer_store import span
from set_plan import ANYTHING, KEYS, SetShot, plan_set
from tone_classes import BACKGROUND, DIFFUSE_SHADOW, HIGHLIGHT, MATERIAL

HAS_BLENDER = all(find_spec(name) for name in ("bpy", "OpenEXR", "PIL"))
SIDE = 48
BALL = SetShot("ball", "look", 5, 4, SIDE, SIDE, SIDE, SIDE, motion="still", grain=0.0, beauty=4)
# The key stands to the right of the camera and above: angles about the vertical, and of rise.
AROUND, RISE = 0.9, 0.6


def direction(around: float, rise: float) -> np.ndarray:
    flat = math.cos(rise)
    return np.array([flat * math.cos(around), flat * math.sin(around), math.sin(rise)])


TO_KEY = direction(AROUND, RISE)
TO_EYE = direction(0.0, 0.0)


@unittest.skipUnless(HAS_BLENDER, "needs bpy, OpenEXR and pillow")
class Studio(unittest.TestCase):
    """What the tests below share: a ball of radius 1 before a camera, under a key."""

    def ball(self, kind: str, plan: SetShot = BALL, way: tuple[float, float] = (0, 0)):  # noqa: ANN201
        import bpy
        from mathutils import Vector

        from backdrop import make_plate
        from scene_build import add_camera, add_key, add_world, empty_scene
        from scene_mesh import active, smooth
        from studio_behind import Behind
        from studio_materials import studio_material
        from studio_scene import Mover, StudioScene

        empty_scene(plan)
        bpy.ops.mesh.primitive_uv_sphere_add(radius=1, segments=96, ring_count=64)
        ball = smooth()
        active().data.materials.append(studio_material(kind, kind, random.Random(3)))
        ball.pass_index = 1
        plate = make_plate(random.Random(1), plan.frame_width, plan.frame_height, ("plain",))
        key = add_key(sun=False, size=1.4, warm=0.0)
        key.visible_camera = False
        return StudioScene(
            key=key,
            camera=add_camera(lens=50),
            forms=[ball],
            others=[],
            target=Vector((0, 0, 0)),
            exposure=1.0,
            environment=False,
            camera_path=(0.0, 0.0, 5.0, 0.0, 0.0),
            key_path=(AROUND, 0.0, RISE, 0.0),
            world=add_world(0.03, (1, 1, 1)),
            movers=[Mover(ball, Vector((0, 0, 0)), 0.0, 0.0, 0.0)],
            plan=plan,
            behind=Behind(None, plate, plan.frame_width),
            drifts=[(ball, Vector((0, *way)))],
        )

    def shoot(self, scene, share: float = 0.0, later: float = 0.0):  # noqa: ANN001, ANN201
        from render_sets import assemble
        from studio_passes import StudioRenderer

        with tempfile.TemporaryDirectory() as scratch, quiet():
            renderer = StudioRenderer(scene, 1, Path(scratch))
            then, now = scene.moment(later), scene.moment(share)
            return assemble(scene.plan, renderer.render(now, then)), now


def quiet() -> contextlib.AbstractContextManager[object]:
    return contextlib.redirect_stdout(io.StringIO())


def class_at(frame, moment, normal: np.ndarray) -> int:  # noqa: ANN001
    """Class of the pixel where the ball's surface faces along `normal`."""
    x, y = moment.view.project((normal / np.linalg.norm(normal))[None])[0][0]
    return int(frame.labels[int(y), int(x)])


def facing(lit: float) -> np.ndarray:
    """The visible normal at that cosine to the key, on the great circle through key and eye."""
    across = TO_EYE - TO_EYE.dot(TO_KEY) * TO_KEY
    return lit * TO_KEY + math.sqrt(1 - lit**2) * across / np.linalg.norm(across)


class Materials(Studio):
    def check(self, kind: str, shines: bool) -> None:
        frame, moment = self.shoot(self.ball(kind))
        counts = np.bincount(frame.labels.ravel(), minlength=5)
        mirror = class_at(frame, moment, TO_KEY + TO_EYE)
        self.assertEqual(mirror, HIGHLIGHT if shines else MATERIAL, f"{kind}: {counts}")
        # The terminator is where a white surface would show a fifth of the key.
        self.assertEqual(class_at(frame, moment, facing(0.3)), MATERIAL)
        self.assertEqual(class_at(frame, moment, facing(0.1)), DIFFUSE_SHADOW)
        self.assertEqual(class_at(frame, moment, facing(-0.2)), DIFFUSE_SHADOW)
        self.assertEqual(frame.labels[0, 0], BACKGROUND)
        self.assertGreater(counts[MATERIAL], counts[HIGHLIGHT])
        if not shines:
            self.assertEqual(counts[HIGHLIGHT], 0)
        np.testing.assert_array_equal(frame.soft.astype(np.float32).sum(0), 1)

    def test_chrome_shines_where_it_mirrors_the_key(self) -> None:
        self.check("chrome", shines=True)

    def test_glass_shines_where_it_mirrors_the_key(self) -> None:
        self.check("glass", shines=True)

    def test_black_gloss_shines_and_in_light_is_no_shadow(self) -> None:
        self.check("black", shines=True)

    def test_chalk_has_no_highlight(self) -> None:
        self.check("chalk", shines=False)

    def test_coal_in_light_is_material(self) -> None:
        self.check("coal", shines=False)

    def test_skin_has_its_terminator_where_chalk_has(self) -> None:
        frame, moment = self.shoot(self.ball("skin"))
        self.assertEqual(class_at(frame, moment, facing(0.3)), MATERIAL)
        self.assertEqual(class_at(frame, moment, facing(0.1)), DIFFUSE_SHADOW)
        chalk, _ = self.shoot(self.ball("chalk"))
        differs = (frame.labels != chalk.labels) & (frame.labels != HIGHLIGHT)
        self.assertLess(differs.mean(), 0.01)


class Shots(Studio):
    def test_a_still_shot_has_the_same_labels_however_often_it_is_rendered(self) -> None:
        plan = replace(plan_set("look", 1)[2], width=SIDE, height=SIDE, motion="still")
        found = []
        for number in (1, 3):
            from studio_scene import build_studio

            with quiet():
                scene = build_studio(plan)
            found.append(self.shoot(scene, plan.share(number), plan.share(number + 1))[0])
        for name in ("labels", "soft", "subject", "motion", "layers", "picture"):
            np.testing.assert_array_equal(getattr(found[0], name), getattr(found[1], name))
        np.testing.assert_array_equal(found[0].motion, 0)

    def test_under_another_key_all_other_light_and_every_form_stay(self) -> None:
        from render_sets import render_set

        plan = replace(plan_set("look", 1)[1], name="tiny", motion=KEYS, theme=ANYTHING)
        plan = replace(plan, split="train", frames=2, width=SIDE, height=SIDE)
        with tempfile.TemporaryDirectory() as folder, quiet():
            render_set([plan], Path(folder), 1)
            first, second = np.load(Path(folder) / "tiny/layers.npy")
        for name in ("rest", "world", "behind", "alpha", "subject", "gloss_world"):
            np.testing.assert_array_equal(first[span(name)], second[span(name)])
        for name in ("key", "unoccluded"):
            there, then = (frame[span(name)].astype(np.float32) for frame in (first, second))
            self.assertGreater(np.abs(there - then).mean(), 0.1 * there.mean(), name)

    def test_motion_points_to_where_the_ball_is_in_the_next_frame(self) -> None:
        plan = replace(BALL, motion="forms")
        scene = self.ball("chalk", plan, way=(0.8, 0.4))
        first, _ = self.shoot(scene, 0.0, 0.5)
        second, _ = self.shoot(self.ball("chalk", plan, way=(0.8, 0.4)), 0.5, 1.0)
        inside = first.subject > 0.99
        moved = first.motion[:, inside].mean(1)
        # What is seen of the ball is nearer than its outline, and so goes a little farther.
        went = middle(second.subject) - middle(first.subject)
        np.testing.assert_allclose(moved, went, rtol=0.2)
        self.assertTrue(moved[0] > 2 and moved[1] < -1, f"right and up, not {moved}")

    def test_it_is_the_motion_of_blenders_own_vector_pass(self) -> None:
        scene = self.ball("chalk", replace(BALL, motion="forms"), way=(0.8, 0.4))
        ours, _ = self.shoot(scene, 0.0, 0.5)
        theirs = vector_pass(scene, (0.0, 0.5))
        inside = ours.subject > 0.99
        inside[1:-1, 1:-1] &= inside[:-2, 1:-1] & inside[2:, 1:-1]
        np.testing.assert_allclose(ours.motion[:, inside], theirs[:, inside], atol=0.1)

    def test_two_runs_are_equal_and_a_killed_one_takes_up_its_work(self) -> None:
        from render_sets import render_set
        from shot_hash import whole_hash

        plan = replace(plan_set("look", 1)[0], name="tiny", frames=2, width=32, height=32)
        with tempfile.TemporaryDirectory() as folder, quiet():
            one, two = Path(folder) / "one", Path(folder) / "two"
            render_set([plan], one, 1)
            render_set([plan], two, 1)
            whole = whole_hash(one / "tiny")
            self.assertEqual(whole, whole_hash(two / "tiny"))
            for kind in ("frames/0002.png", "soft/0002.exr"):
                (two / "tiny" / kind).unlink()
            np.load(two / "tiny/layers.npy", mmap_mode="r+")[1] = 7
            render_set([plan], two, 1)
            self.assertEqual(whole, whole_hash(two / "tiny"))

    def test_a_panorama_stands_where_blender_shows_it(self) -> None:
        from studio_scene import build_studio

        plan = replace(plan_set("look", 1)[4], theme="chalk", light="plain", seed=77)
        with quiet():
            scene = build_studio(replace(plan, background="environment"))
        moment = scene.moment(0.0)
        ours = scene.behind.picture(moment.view, 0.0, (0, 0, plan.frame_width, plan.frame_height))
        theirs = world_picture(scene)
        ours, theirs = np.log(ours + 1e-3), np.log(theirs + 1e-3)
        ours, theirs = ours - ours.mean(), theirs - theirs.mean()
        likeness = (ours * theirs).mean() / (ours.std() * theirs.std())
        self.assertGreater(likeness, 0.98)


def middle(subject: np.ndarray) -> np.ndarray:
    y, x = np.mgrid[0 : subject.shape[0], 0 : subject.shape[1]]
    return np.array([(x * subject).sum(), (y * subject).sum()]) / subject.sum()


def vector_pass(scene, shares: tuple[float, float]) -> np.ndarray:  # noqa: ANN001
    """Blender's motion to the next frame, of the ball keyed at frames 1 and 2."""
    import bpy

    from soft_labels import box
    from studio_passes import StudioRenderer

    ball = scene.forms[0]
    with tempfile.TemporaryDirectory() as scratch, quiet():
        renderer = StudioRenderer(scene, 1, Path(scratch))
        bpy.context.view_layer.use_pass_vector = True
        for number, share in enumerate(shares, 1):
            scene.pose(share)
            ball.keyframe_insert("location", frame=number)
        bpy.context.scene.frame_set(1)
        passes = renderer._render_lights(("key", "rest", "world"))
    # Blender counts upwards, and from the next frame back to this one.
    return np.stack([-box(passes["Vector.Z"]), box(passes["Vector.W"])]) / 2


def world_picture(scene) -> np.ndarray:  # noqa: ANN001
    """What Blender itself shows behind, no forms."""
    import bpy

    from soft_labels import box
    from studio_passes import StudioRenderer

    with tempfile.TemporaryDirectory() as scratch, quiet():
        renderer = StudioRenderer(scene, 1, Path(scratch))
        bpy.context.scene.render.film_transparent = False
        for thing in bpy.context.scene.objects:
            thing.hide_render = thing.type == "MESH"
        passes = renderer._render_lights(("world",))
    return box(np.stack([passes[f"Combined.{part}"] for part in "RGB"], -1))


if __name__ == "__main__":
    unittest.main()
