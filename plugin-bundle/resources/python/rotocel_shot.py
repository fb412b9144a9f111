"""Shots as a Rotocel node exports them (rotocel-shot-1), in a host's coordinates. Python 2.7 and 3.

The node itself writes the file: a script sets its folder, presses its button, and reads what lies
there.
"""

import io
import json
import os
import shutil
import tempfile

FORMAT = "rotocel-shot-1"


class Problem(Exception):
    """What an artist is told."""


def exported(press):
    """The shot that `press(folder)` makes a node write into a folder that is gone afterwards."""
    folder = tempfile.mkdtemp(prefix="rotocel-")
    try:
        press(folder)
        files = sorted(name for name in os.listdir(folder) if name.endswith(".json"))
        if not files:
            raise Problem(
                "The node exported nothing: analyse the shot first, and see its messages."
            )
        with io.open(os.path.join(folder, files[0]), encoding="utf-8") as file:
            return checked(json.load(file))
    except ValueError as found:
        raise Problem("The node exported no JSON: {}".format(found))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def checked(shot):
    """The shot, if it is one."""
    found = shot.get("format") if isinstance(shot, dict) else None
    if found != FORMAT:
        raise Problem("The node exported {!r}, but these scripts read {}.".format(found, FORMAT))
    return shot


def place(shot, scale_x=1.0):
    """A function from the plate, y down, to the host's pixels, y up; x times `scale_x`."""
    left, top = shot.get("corner", (0.0, shot["height"]))
    return lambda x, y: ((x + left) * scale_x, top - y)


def stretches(shot, shape):
    """(first frame, last frame, visible) for each stretch of the shot, in order."""
    found, start = [], shot["first_frame"]
    for first, last in shape.get("hidden", []):
        if start < first:
            found.append((start, first - 1, True))
        found.append((first, last, False))
        start = last + 1
    if start <= shot["last_frame"]:
        found.append((start, shot["last_frame"], True))
    return found


def shapes(shot, scale_x=1.0):
    """The shapes as `rotocel_shapes` takes them."""
    to_host = place(shot, scale_x)

    def point(vertex):
        x, y, in_x, in_y, out_x, out_y = vertex
        return to_host(x, y) + (in_x * scale_x, -in_y, out_x * scale_x, -out_y)

    return [
        {
            "name": str(shape["name"]),
            "layer": str(shape.get("group", "")),
            "closed": shape["closed"],
            "cut": shape.get("cut", False),
            "feather": shape.get("feather_px", 0.0),
            "falloff": shape.get("feather_falloff", 1.0),
            "opacity": shape.get("opacity", 1.0),
            "width": shape.get("stroke_width_px", 0.0),
            "style": [
                (key["frame"], key["feather_px"], key["opacity"])
                for key in shape.get("style_keys", [])
            ],
            "stretches": stretches(shot, shape),
            "keys": [
                (key["frame"], [point(vertex) for vertex in key["vertices"]])
                for key in shape["keys"]
            ],
        }
        for shape in shot["shapes"]
    ]


def tracks(shot):
    """(name, {frame: (x, y)}) of each landmark that is known on some frame."""
    to_host = place(shot)
    landmarks = shot.get("landmarks", {"names": [], "frames": []})
    for index, name in enumerate(landmarks["names"]):
        known = {}
        for entry in landmarks["frames"]:
            if entry["points"][index] is not None:
                known[entry["frame"]] = to_host(*entry["points"][index][:2])
        if known:
            yield str(name), known
