"""Builds shapes in Nuke's Roto node through its documented interface.

A shape is a dictionary: name, layer (or empty), closed, cut (out of those before it), feather,
falloff, opacity, width, style of (frame, feather, opacity) where these change, stretches of (first
frame, last frame, visible) and keys of (frame, points). A point is (x, y,
incoming x, y, outgoing x, y) in pixels of the format, y up, with handles relative to the point.
`rotocel convert` writes this file below the shapes that it exports.
"""

import math

import nuke  # noqa: F401 - the script that this file ends up in makes a node
import nuke.rotopaint as rotopaint

# Between keys shapes go straight; where Nuke's own way is farther off than this, in pixels, keys
# are added.
DRIFT_PX = 0.25

# What Nuke calls a lifetime from one frame to another.
LIFETIME_RANGE = 4


def members(point):
    """The parts of a control point that have keys, in the order of the numbers in SHAPES."""
    return point.center, point.leftTangent, point.rightTangent


def set_key(shape, frame, points):
    for index, numbers in enumerate(points):
        for part, member in enumerate(members(shape[index])):
            for axis in range(2):
                member.getPositionAnimCurve(axis).addKey(frame, numbers[2 * part + axis])


def straight(before, after, frame):
    """The points at a frame between two keys."""
    share = (frame - before[0]) / (after[0] - before[0])
    pairs = [zip(one, other) for one, other in zip(before[1], after[1])]
    return [tuple(one + (other - one) * share for one, other in pair) for pair in pairs]


def drift(shape, frame, points):
    """How far the shape is from what it should be at a frame, in pixels."""
    worst = 0.0
    for index, numbers in enumerate(points):
        for part, member in enumerate(members(shape[index])):
            off = [
                member.getPositionAnimCurve(axis).evaluate(frame) - numbers[2 * part + axis]
                for axis in range(2)
            ]
            worst = max(worst, math.hypot(*off))
    return worst


def straighten(shape, before, after):
    """Adds keys between two until Nuke's way between them is straight enough."""
    todo = [(before, after)]
    while todo:
        before, after = todo.pop()
        frames = range(int(math.floor(before[0])) + 1, int(math.ceil(after[0])))
        wanted = [(float(frame), straight(before, after, frame)) for frame in frames]
        offs = [(drift(shape, frame, points), frame, points) for frame, points in wanted]
        if not offs or max(offs)[0] <= DRIFT_PX:
            continue
        _, frame, points = max(offs)
        set_key(shape, frame, points)
        todo += [(before, (frame, points)), ((frame, points), after)]


def style_at(data, frame, part):
    """Feather (part 1) or opacity (part 2) at a frame: straight between keys, held outside."""
    keys = data["style"]
    if not keys:
        return data["opacity"] if part == 2 else data["feather"]
    before = [key for key in keys if key[0] <= frame] or keys[:1]
    after = [key for key in keys if key[0] > frame] or keys[-1:]
    (start, end) = (before[-1], after[0])
    if end[0] <= start[0] or frame <= start[0]:
        return start[part]
    share = (frame - start[0]) / float(end[0] - start[0])
    return start[part] + (end[part] - start[part]) * share


def set_number(attributes, name, data, part):
    """Sets an attribute that feather or opacity gives, with keys where it changes."""
    values = {key[part] for key in data["style"]}
    if len(values) < 2:
        attributes.set(name, style_at(data, 0, part))
        return
    curve = attributes.getCurve(name)
    for key in data["style"]:
        curve.addKey(key[0], key[part])


def seen_frames(data, first, last):
    """Frames of a stretch that opacity has keys on, so that no smooth way leads out of it."""
    inner = [key[0] for key in data["style"] if first <= key[0] <= last]
    return sorted({first, min(first + 1, last), max(last - 1, first), last}.union(inner))


def set_seen(attributes, data):
    """Hides the shape: by its lifetime where it is seen in one run, by its opacity otherwise.

    The eye in Nuke's list of shapes is the artist's.
    """
    shown = [stretch for stretch in data["stretches"] if stretch[2]]
    if not shown:
        attributes.set("opc", 0.0)
        return
    if len(data["stretches"]) > 1 and len(shown) == 1:
        attributes.set("ltn", shown[0][0])
        attributes.set("ltm", shown[0][1])
        attributes.set("ltt", LIFETIME_RANGE)
    if len(shown) < 2:
        set_number(attributes, "opc", data, 2)
        return
    opacity = attributes.getCurve("opc")
    for first, last, visible in data["stretches"]:
        for frame in seen_frames(data, first, last):
            opacity.addKey(frame, style_at(data, frame, 2) if visible else 0.0)


def build_shape(knob, data):
    shape = rotopaint.Shape(knob)
    shape.name = data["name"]
    for numbers in data["keys"][0][1]:
        shape.append(rotopaint.ShapeControlPoint(numbers[0], numbers[1]))
    shape.setFlag(rotopaint.FlagType.eOpenFlag, not data["closed"])
    for frame, points in data["keys"]:
        set_key(shape, frame, points)
    for before, after in zip(data["keys"], data["keys"][1:]):
        straighten(shape, before, after)
    attributes = shape.getAttributes()
    for name in ("fx", "fy"):
        set_number(attributes, name, data, 1)
    for name, value in (("ff", "falloff"), ("osw", "width")):
        attributes.set(name, data[value])
    if data["cut"]:
        # Painted over the others with nothing.
        for channel in "rgba":
            attributes.set(channel, 0)
    set_seen(attributes, data)
    return shape


def build(knob, shapes):
    """Puts shapes into the curves of a Roto node, each into its layer."""
    layers = {"": knob.rootLayer}
    for item in knob.rootLayer:
        # A node that is written into again keeps its layers, and what an artist did to them.
        if isinstance(item, rotopaint.Layer):
            layers.setdefault(item.name, item)
    # Nuke lists what lies on top first; layers would change which comes first.
    if any(data["cut"] for data in shapes):
        shapes = [dict(data, layer="") for data in reversed(shapes)]
    for data in shapes:
        if data["layer"] not in layers:
            layer = rotopaint.Layer(knob)
            layer.name = data["layer"]
            knob.rootLayer.append(layer)
            layers[data["layer"]] = layer
        layers[data["layer"]].append(build_shape(knob, data))
    knob.changed()
