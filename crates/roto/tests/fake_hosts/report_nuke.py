"""Runs a script of ours in a Nuke that is not there, and prints what it built as JSON.

Arguments: script, first frame, last frame.
"""

import json
import runpy
import sys

import nuke
from nuke import rotopaint


def numbers(shape, frame):
    """left tangent, center, right tangent of each point."""
    members = [
        member
        for point in shape
        for member in (point.leftTangent, point.center, point.rightTangent)
    ]
    return [[curve.evaluate(frame) for curve in member.curves] for member in members]


def told(shape, layer, frames):
    values = dict(shape.attributes.values)
    opacity = values.pop("opc")
    for name, curve in values.items():
        values[name] = curve.keys if hasattr(curve, "keys") else curve
    times = sorted(
        {key[0] for point in shape for curve in point.center.curves for key in curve.keys}
    )
    return {
        "name": shape.name,
        "layer": layer,
        "open": shape.flags["open"],
        "keys": times,
        "attributes": values,
        "frames": {str(frame): numbers(shape, frame) for frame in frames},
        "opacity": [
            opacity.evaluate(frame) if hasattr(opacity, "evaluate") else opacity for frame in frames
        ],
    }


def walk(layer, frames):
    for item in layer:
        if isinstance(item, rotopaint.Layer):
            yield from walk(item, frames)
        else:
            yield told(item, layer.name, frames)


script, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
runpy.run_path(script)
(node,) = nuke.created
assert node["curves"].told == 1, "Nuke is not told that the curves changed"
shapes = list(walk(node["curves"].rootLayer, range(first, last + 1)))
json.dump({"kind": node.kind, "name": node.name, "shapes": shapes}, sys.stdout)
