"""A shot through FeatureDetect and back: analyse, correct, export, measure (the program `rotocel`).

Corrections come in by the node's Import, from a file of ours that an artist's tool could have
written; what training reads is what the node exports.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from puppet.annotation import Annotation, load, save_json
from puppet.character import CHARACTER
from puppet.topology import FOLDER, Topology

NODE = "FeatureDetect"
# Nobody looks at what is rendered on the way.
TINY = "0.05"
# About the faces of a shot, in sides of one.
ROOM = 0.25


@dataclass(frozen=True)
class Host:
    """The headless host and the bundle that it loads."""

    rotocel: Path
    bundle: Path

    def run(self, *words: str) -> str:
        """Starts `rotocel`; what it printed. What it complained of ends this program."""
        command = [str(self.rotocel), *words, "--bundle", str(self.bundle)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)}\n{done.stderr.strip()}")
        return done.stdout

    def press(self, shot: Path, state: Path, buttons: list[str], **settings: str) -> None:
        """Presses buttons of the node on a shot; its parameters come from a file and go there."""
        frame = int(pictures_of(shot)[0].stem)
        words = ["render", NODE, "-i", str(shot / "frames" / "%04d.png"), "--json"]
        words += [
            "--skip-missing",
            "-o",
            str(state.with_suffix(".png")),
            "--frames",
            str(frame),
            "--scale",
            TINY,
        ]
        words += ["--load-params", str(state)] if state.exists() else []
        for name, value in settings.items():
            words += ["--set", f"{name}={value}"]
        for button in buttons:
            words += ["--press", button]
        self.run(*words, "--save-params", str(state))

    def score(self, shot: Path, left_out: list[int], settings: dict[str, str]) -> dict[str, Any]:
        """The figures of a shot on the frames that are not left out."""
        frames = ",".join(map(str, left_out))
        more = [word for pair in settings.items() for word in ("--set", "=".join(pair))]
        told = self.run("score", "features", str(shot), "--leave-out", frames, "--json", *more)
        return json.loads(told)["shots"][0]


def pictures_of(shot: Path) -> list[Path]:
    """The pictures of a shot, in order."""
    files = sorted((shot / "frames").glob("*.png"))
    if not files:
        raise SystemExit(f"{shot / 'frames'} holds no %04d.png, which training reads")
    return files


def rough_crop(notes: list[Annotation]) -> dict[str, str]:
    """One rectangle about all faces of a shot with some room, as an artist would drag it: settings
    of the node, whose y runs up."""
    boxes = np.array([note.boxes["face"] for note in notes])
    low, high = boxes[:, :2].min(0), (boxes[:, :2] + boxes[:, 2:]).max(0)
    room = ROOM * (boxes[:, 2:].max(1).mean())
    (left, top), (right, bottom) = (low - room).round(1), (high + room).round(1)
    height = notes[0].size[1]
    return {
        "use_crop_rectangle": "true",
        "crop_bottom_left": f"{left},{height - bottom}",
        "crop_top_right": f"{right},{height - top}",
    }


def landmark_names(topology: Topology) -> list[str]:
    """The names that exchange files have for landmarks."""
    facts = tomllib.loads((FOLDER / f"{topology.name}.toml").read_text("utf-8"))
    return [landmark["name"] for landmark in facts["landmarks"]]


def corrections(notes: list[Annotation], topology: Topology) -> dict[str, Any]:
    """Frames as an artist corrects them, as `rotocel-shot-1`: everything in its true place, by
    hand, and what is not in the picture hidden."""
    frames, shapes = [], []
    for note in notes:
        points = [
            [p.x, p.y, 1.0, "visible" if p.visible else "occluded"] if p.present else None
            for p in note.landmarks
        ]
        frames.append({"frame": note.frame, "points": points})
    for kind in topology.shapes:
        keys = []
        for note in notes:
            vertices = note.shapes[kind.name].vertices
            rows = vertices.reshape(len(vertices), 6).round(3).tolist()
            keys.append({"frame": note.frame, "kind": "hand", "vertices": rows})
        hidden = [[note.frame] * 2 for note in notes if not note.present[kind.name]]
        own = {"name": kind.name, "closed": kind.closed, "keys": keys}
        shapes.append(own | ({"hidden": hidden} if hidden else {}))
    return {
        "format": "rotocel-shot-1",
        "topology": topology.name,
        "width": notes[0].size[0],
        "height": notes[0].size[1],
        "first_frame": notes[0].frame,
        "last_frame": notes[-1].frame,
        "landmarks": {"names": landmark_names(topology), "frames": frames},
        "shapes": shapes,
    }


def corrected(
    host: Host,
    shot: Path,
    keys: list[int],
    work: Path,
    topology: Topology,
    settings: dict[str, str],
) -> Path:
    """Analyses a shot, sets the truth of some frames by hand, and exports cubic segments of all;
    the folder of these files."""
    state, out = work / "node.json", work / "segments"
    out.mkdir(parents=True, exist_ok=True)
    state.unlink(missing_ok=True)
    host.press(shot, state, ["analyse"], **settings)
    notes = [load(shot / "annotations" / f"{key:04}.json") for key in keys]
    path = work / "corrections.rotocel.json"
    save_json(path, corrections(notes, topology))
    host.press(shot, state, ["import"], import_file=str(path))
    more = {"export_dir": str(out), "export_name": "roto", "key_mode": "every", "overwrite": "true"}
    host.press(shot, state, ["export_segments"], **more)
    return out


def character_of(
    shot: Path, keys: list[int], segments: Path, folder: Path, name: str, topology: Topology
) -> None:
    """The folder to train on: the corrected frames as the node exported them."""
    shutil.rmtree(folder, ignore_errors=True)
    facts = {"format": CHARACTER, "name": name, "topology": topology.name}
    save_json(folder / "character.json", facts)
    target = folder / "roto" / shot.name
    for kind in ("roto_public", "frames"):
        (target / kind).mkdir(parents=True)
    for key in keys:
        shutil.copy2(segments / f"roto.{key:04}.json", target / "roto_public" / f"{key:04}.json")
        shutil.copy2(shot / "frames" / f"{key:04}.png", target / "frames")
