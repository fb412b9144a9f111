"""Where the scripts and the hosts that are not there lie, and a shot as a node exports it."""

import copy
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..", "..")
RESOURCES = os.path.join(ROOT, "plugin-bundle", "resources")
FAKES = os.path.join(ROOT, "crates", "roto", "tests", "fake_hosts")

# x right, y down, handles relative: nothing in it is symmetric.
SHOT = {
    "format": "rotocel-shot-1",
    "width": 200,
    "height": 120,
    "pixel_aspect": 2,
    "corner": [-16, 150],
    "first_frame": 1001,
    "last_frame": 1006,
    "landmarks": {
        "names": ["tip", "unknown"],
        "frames": [
            {"frame": 1001, "points": [[40, 15.25, 1, "visible"], None]},
            {"frame": 1002, "points": [[41, 16.25, 0.5, "occluded"], None]},
            {"frame": 1005, "points": [[44, 20, 1, "visible"], None]},
        ],
    },
    "shapes": [
        {
            "name": "left_eye",
            "group": "eyes",
            "closed": True,
            "feather_px": 3,
            "hidden": [[1003, 1003], [1006, 1006]],
            "keys": [
                {
                    "frame": 1001,
                    "kind": "predicted",
                    "vertices": [[10, 20, -1, 2, 3, -4], [30, 50, 5, 6, -7, 8]],
                },
                {
                    "frame": 1005,
                    "kind": "hand",
                    "vertices": [[14, 20, -1, 2, 3, -4], [38, 50, 5, 6, -7, 8]],
                },
            ],
        },
        {
            "name": "seam",
            "closed": False,
            "keys": [
                {
                    "frame": 1002,
                    "kind": "predicted",
                    "vertices": [[1, 2, 0, 0, 3, 4], [5, 6, 7, 8, 0, 0]],
                }
            ],
        },
    ],
}


def exporter(folder_of, shot):
    """What a node's button does: writes the shot into the folder that it is told at that moment."""

    def press():
        with open(os.path.join(folder_of(), "feature_detect.rotocel.json"), "w") as file:
            json.dump(shot, file)

    return press


def enter(host):
    """Makes the scripts of one host importable, and no other's."""
    for name in ("rotocel_roto", "rotocel_shapes", "rotocel_shot"):
        sys.modules.pop(name, None)
    sys.path[:0] = [os.path.join(RESOURCES, host), os.path.join(RESOURCES, "python"), FAKES]


def leave():
    del sys.path[:3]


def with_a_hole():
    """The shot with its second shape cut out of the first, feather and opacity keyed."""
    shot = copy.deepcopy(SHOT)
    shot["shapes"][1].update(
        cut=True,
        style_keys=[
            {"frame": 1001, "feather_px": 2, "opacity": 0.25},
            {"frame": 1005, "feather_px": 6, "opacity": 1},
        ],
    )
    return shot
