"""Renders the frames of a set with their truth; what is there already is left (needs `bpy`).

A frame's annotation is written before its picture, and the picture beside its place and then moved
into it: a frame is there when its picture is.
"""

from __future__ import annotations

import random
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray

from camera_view import View
from puppet.annotation import Annotation, save_json, to_json, with_more
from puppet.behind import (
    FilmLook,
    develop_posed,
    feathered,
    film_plate,
    plate_window,
    posed_behind,
)
from puppet.boxes import jittered, square
from puppet.handover import SHUTTER
from puppet.identity import Identity
from puppet.light import add_lights
from puppet.paint import material
from puppet.plan import PLATE, WINDOW, Cue, Shot, seconds_per_frame
from puppet.props import brim, hand, hand_place, rig
from puppet.render import prepare, render_window
from puppet.stage import Puppet, add_part, head_matrix, hidden_from
from puppet.truth import annotate, covered, face_box
from scene_build import add_camera
from shot_folder import frame_path, has_frame, save_png

FORMAT = "rotocel-puppet-1"
# Pixels of a plate over which a window's border runs out into it.
FEATHER = 40
Window = tuple[int, int, int, int]


class Set:
    """A shot's scene, ready for its cues."""

    def __init__(self, shot: Shot, threads: int) -> None:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        # Keys made below are to be joined by straight lines: a shutter sees even motion.
        bpy.context.preferences.edit.keyframe_new_interpolation_type = "LINEAR"
        self.shot = shot
        self.puppet = Puppet.enter(Identity.of(shot.identity))
        self.camera = add_camera(shot.lens)
        self.camera.rotation_mode = "QUATERNION"
        self.lights = add_lights(shot)
        self.prop = self._add_prop()
        prepare(*shot.size, shot.samples, threads, shot.seed)
        if shot.film:
            self._open_lens()
            self.plate, self.look = film_plate(shot), FilmLook(shot)

    def _add_prop(self) -> bpy.types.Object | None:
        shot, rng = self.shot, random.Random(self.shot.seed + 3)
        if not shot.prop:
            return None
        materials = self.puppet.materials | {"metal": material("metal", (0.3, 0.3, 0.32), 0.35)}
        who = self.puppet.who
        makers = {"rig": lambda: rig(rng), "hand": lambda: hand(who, rng), "hat": lambda: brim(who)}
        made = add_part(makers[shot.prop](), materials)
        if shot.prop == "hat":
            made.parent = self.puppet.pivot
        return made

    def _open_lens(self) -> None:
        """Shallow focus, and a shutter that is open for half a frame."""
        rng, scene = random.Random(self.shot.seed + 7), bpy.context.scene
        scene.render.use_motion_blur = True
        scene.render.motion_blur_shutter = SHUTTER
        scene.render.motion_blur_position = "CENTER"
        focus = self.camera.data.dof
        focus.use_dof = True
        # Radius of the lens in half heights of the head.
        focus.aperture_fstop = self.shot.lens / 1000 / (2 * rng.uniform(0.04, 0.22))

    def show(self, number: int) -> tuple[Any, NDArray[np.float64]]:
        """Poses everything for a frame; the face and the head's pose."""
        cue = self.shot.cues[number - 1]
        face = self.puppet.show(cue.expression, cue.gaze)
        if self.shot.film:
            # Neighbours first: motion blur wants to know where things come from and go.
            for at, step in ((0, -1), (2, 1), (1, 0)):
                self._place(self._near(number, step), at)
            bpy.context.scene.frame_set(1)
            self.camera.data.dof.focus_distance = -cue.camera[1] - 0.7
            self.lights.flicker(cue.flicker)
        else:
            self._place(cue, None)
            self.lights.vary(random.Random(f"{self.shot.seed}/light/{number}"))
        bpy.context.view_layer.update()
        return face, _pose(cue)

    def _near(self, number: int, step: int) -> Cue:
        """The cue beside a frame's. What is animated on twos stands still while the shutter is
        open; the camera goes on."""
        cues, now = self.shot.cues, self.shot.cues[number - 1]
        near = cues[min(max(number - 1 + step, 0), len(cues) - 1)]
        return replace(near, turn=now.turn, at=now.at) if self.shot.on_twos else near

    def _place(self, cue: Cue, frame: int | None) -> None:
        pose = Matrix(_pose(cue).tolist())
        moved = [(self.puppet.pivot, pose.to_translation(), pose.to_quaternion())]
        turn = Matrix.Rotation(cue.roll, 3, "Y") @ Matrix.Rotation(np.pi / 2, 3, "X")
        moved.append((self.camera, cue.camera, turn.to_quaternion()))
        if self.prop is not None and self.shot.prop == "hand":
            place = hand_place(cue.prop, self.shot.seed)
            moved.append((self.prop, place, Matrix.Identity(3).to_quaternion()))
        for thing, place, turned in moved:
            thing.rotation_mode = "QUATERNION"
            thing.location, thing.rotation_quaternion = place, turned
            if frame is not None:
                thing.keyframe_insert("location", frame=frame)
                thing.keyframe_insert("rotation_quaternion", frame=frame)

    def view(self) -> View:
        return View(np.array(self.camera.matrix_world), self.shot.focal_px, *self.shot.size)

    def window(self, number: int) -> Window | None:
        """What of a film frame is rendered: about the head."""
        if not self.shot.film or self.shot.whole:
            return None
        cue, view = self.shot.cues[number - 1], self.view()
        (x, y), depth = (found[0] for found in view.project(np.array([cue.at])))
        scale = self.shot.focal_px / depth
        across, up, down = (reach * scale for reach in WINDOW)
        left, top = max(int(x - across), 0), max(int(y - up), 0)
        right = min(int(x + across), self.shot.size[0])
        low = min(int(y + down), self.shot.size[1])
        return (left, top, max(right - left, 8), max(low - top, 8))

    def picture(
        self, number: int, scratch: Path
    ) -> tuple[NDArray[np.uint8], Window | None, NDArray[np.int64]]:
        """The display-encoded frame, its rendered window, and the objects seen in that."""
        rng = random.Random(f"{self.shot.seed}/{number}/behind")
        window = self.window(number)
        light, alpha, index = render_window(scratch, window)
        if not self.shot.film:
            behind = posed_behind(self.shot, rng)
            return develop_posed(light + behind * (1 - alpha[..., None]), rng), None, index
        whole = plate_window(self.plate, self.shot, number) * self.shot.cues[number - 1].flicker
        left, top, width, height = window or (0, 0, *self.shot.size)
        full = self.shot.size
        inner = (left > 0, top > 0, left + width < full[0], top + height < full[1])
        shown = feathered(alpha, FEATHER * full[0] / PLATE[0], inner)
        part = (slice(top, top + height), slice(left, left + width))
        # The light is over black already, as much of it as alpha says.
        kept = np.divide(shown, alpha, out=np.zeros_like(alpha), where=alpha > 1e-6)
        whole[part] = light * kept[..., None] + whole[part] * (1 - shown[..., None])
        return self.look.develop(whole, number), window, index


def _pose(cue: Cue) -> NDArray[np.float64]:
    return head_matrix(*cue.turn, np.array(cue.at))


def truth_of(stage: Set, number: int) -> Annotation:
    """The annotation of a frame for which the stage is posed."""
    cue = stage.shot.cues[number - 1]
    face, pose = stage.show(number)
    note = annotate(face, pose, stage.view(), hidden_from(np.array(cue.camera)), number)
    facts = {
        "identity": stage.shot.identity,
        "expression": cue.called,
        "pose": cue.pose,
        "turn": [round(float(part), 3) for part in np.degrees(cue.turn)],
    }
    return with_more(note, facts, {"face": face_box(note)})


def render_shot(
    shot: Shot, out: Path, threads: int, part: tuple[int, int] = (1, 1), most: int = 0
) -> int:
    """Renders a shot's missing frames, or every N-th of them; returns how many there were.

    `most` stops after the first frames of a shot, to look at them.
    """
    folder = out / shot.name
    numbers = range(part[0], (most or shot.frames) + 1, part[1])
    missing = [number for number in numbers if not has_frame(folder, number)]
    if not missing:
        return 0
    stage = Set(shot, threads)
    save_json(folder / "shot.json", shot_facts(shot))
    with tempfile.TemporaryDirectory() as scratch:
        for number in missing:
            start, worked = time.perf_counter(), time.process_time()
            note = truth_of(stage, number)
            picture, window, index = stage.picture(number, Path(scratch))
            note = covered(note, index)
            rng = random.Random(f"{shot.seed}/box/{number}")
            boxes: dict[str, Any] = {"window": window} if window else {}
            if not shot.film:
                aside = [rng.uniform(-0.22, 0.22) for _ in range(2)]
                scale = float(np.exp(rng.uniform(np.log(0.8), np.log(2.5))))
                boxes["rough"] = jittered(note.boxes["face"], rng, scale, *aside)
            boxes["tight"] = square(note.boxes["face"])
            save_json(
                folder / "annotations" / f"{number:04}.json", to_json(with_more(note, {}, boxes))
            )
            save_png(frame_path(folder, "frames", number), picture, grainy=True)
            took, worked = time.perf_counter() - start, time.process_time() - worked
            line = f"{shot.name} {number}/{shot.frames} {took:.2f} s, {worked:.2f} s of processor"
            print(line, flush=True)
    return len(missing)


def shot_facts(shot: Shot) -> dict[str, Any]:
    """What `shot.json` records."""
    return {
        "format": FORMAT,
        "topology": "puppet",
        "name": shot.name,
        "set": shot.set,
        "split": shot.split,
        "seed": shot.seed,
        "identity": shot.identity,
        "frames": shot.frames,
        "first_frame": 1,
        "width": shot.size[0],
        "height": shot.size[1],
        "colorspace": "srgb",
        "shows": shot.kind,
        "prop": shot.prop,
        "on_twos": shot.on_twos if shot.film else None,
        "whole": shot.whole,
        "samples": shot.samples,
        "renderer": "bpy Cycles",
        "seconds_expected": round(seconds_per_frame(shot), 1),
    }
