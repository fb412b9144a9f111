"""Roto and Tracker nodes from a FeatureDetect node, without a file dialog."""

import nuke
import nuke.rotopaint as rotopaint
import rotocel_seen
import rotocel_shapes
import rotocel_shot
from rotocel_shot import Problem

# Nuke puts OFX and a version around an identifier, and writes it in small letters.
CLASS = "OFXorg.rotocel.{}_v1"

# The columns of a Tracker's table: numbers before the name, the name.
COLUMNS = (
    ("5 1 20", "enable e"),
    ("3 1 75", "name name"),
    ("2 1 58", "track_x track_x"),
    ("2 1 58", "track_y track_y"),
    ("2 1 63", "offset_x offset_x"),
    ("2 1 63", "offset_y offset_y"),
    ("4 1 27", "T T"),
    ("4 1 27", "R R"),
    ("4 1 27", "S S"),
    ("2 0 45", "error error"),
)
NUMBERS = (
    "error_min error_max pattern_x pattern_y pattern_r pattern_t "
    "search_x search_y search_r search_t"
)
KEYS = (
    "key_track key_search_x key_search_y key_search_r key_search_t "
    "key_track_x key_track_y key_track_r key_track_t key_centre_offset_x key_centre_offset_y"
)


def create_node(name):
    """Makes a node of ours, in whichever spelling of its class this Nuke has."""
    for spelling in (name.lower(), name):
        try:
            return nuke.createNode(CLASS.format(spelling))
        except RuntimeError:
            continue
    nuke.message(
        "Nuke knows no {}: is Rotocel.ofx.bundle in a folder of OFX_PLUGIN_PATH?".format(name)
    )
    return None


def run(command):
    """Does what a menu item stands for; an artist reads what went wrong."""
    try:
        with nuke.Undo():
            return command()
    except Problem as problem:
        nuke.message(str(problem))
        return None


def is_ours(node):
    return node.Class().lower().startswith("ofxorg.rotocel.featuredetect")


def source():
    """The selected FeatureDetect node, or the only one of the script."""
    for nodes in (nuke.selectedNodes(), nuke.allNodes()):
        ours = [node for node in nodes if is_ours(node)]
        if len(ours) == 1:
            return ours[0]
    raise Problem("Select one FeatureDetect node.")


def shot_of(node):
    """What the node exports by its button, into a folder of ours; its own folder is put back."""

    def press(folder):
        wanted = {"export_dir": folder.replace("\\", "/"), "include_tracks": True}
        before = {name: node[name].value() for name in wanted}
        try:
            for name, value in wanted.items():
                node[name].setValue(value)
            node["export_json"].execute()
        finally:
            for name, value in before.items():
                node[name].setValue(value)

    return rotocel_shot.exported(press)


def create_roto():
    """A Roto node with the shapes of the FeatureDetect node."""
    shapes = rotocel_shot.shapes(shot_of(source()))
    if not shapes:
        raise Problem("The node has no shapes.")
    node = nuke.createNode("Roto", inpanel=False)
    rotocel_shapes.build(node["curves"], shapes)
    return node


def create_tracker():
    """A Tracker node with the landmarks of the FeatureDetect node."""
    tracks = list(rotocel_shot.tracks(shot_of(source())))
    if not tracks:
        raise Problem("The node has no landmarks.")
    node = nuke.createNode("Tracker4", inpanel=False)
    node["tracks"].fromScript(table(tracks))
    return node


def table(tracks):
    """The text of a Tracker's table."""
    columns = list(COLUMNS) + [("1 1 0", "{0} {0}".format(name)) for name in NUMBERS.split()]
    columns += [("2 1 0", "{0} {0}".format(name)) for name in KEYS.split()]
    header = "\n".join("{{ {} {} 1 }}".format(*column) for column in columns)
    rows = "\n".join(row(name, known) for name, known in tracks)
    return "{{ 1 {} {} }}\n{{ {} }}\n{{\n{}\n}}\n".format(len(columns), len(tracks), header, rows)


def row(name, known):
    first = min(known)
    x, y = (curve({frame: at[axis] for frame, at in known.items()}) for axis in range(2))
    return (
        '{{ {{curve K x{0} 1}} "{1}" {{{2}}} {{{3}}} {{curve K x{0} 0}} {{curve K x{0} 0}} 0 0 0 '
        "{{curve x{0} 0}} 1 0 -32 -32 32 32 -22 -22 22 22{4} }}"
    ).format(first, name, x, y, " {}" * 11)


def curve(values):
    """Values by frame; a frame is told at the start and after each gap."""
    words, expected = ["curve"], None
    for frame in sorted(values):
        if frame != expected:
            words.append("x{}".format(frame))
        words.append(repr(float(values[frame])))
        expected = frame + 1
    return " ".join(words)


def overwrite_selected():
    """Sets keys and visibility of our shapes in the selected Roto node, within the shot's frames.

    All else in the node stays as it is.
    """
    rotos = [node for node in nuke.selectedNodes() if node.Class() in ("Roto", "RotoPaint")]
    if len(rotos) != 1:
        raise Problem("Select one Roto node, and one FeatureDetect node if there are several.")
    shot = shot_of(source())
    missing, unlike, closed_eyes = overwrite(
        rotos[0]["curves"], rotocel_shot.shapes(shot), shot["first_frame"], shot["last_frame"]
    )
    told = []
    if missing:
        told.append("Added: {}.".format(", ".join(missing)))
    if unlike:
        told.append(
            "Left alone, because an artist changed the number of their points: {}.".format(
                ", ".join(unlike)
            )
        )
    if closed_eyes:
        told.append("Hidden by the eye in the list of shapes: {}.".format(", ".join(closed_eyes)))
    if told:
        nuke.message("\n".join(told))
    return rotos[0]


def overwrite(knob, shapes, first, last):
    """Names of the shapes that were added, of those whose points do not match, and of those that
    would be seen but for their eye."""
    there = dict((shape.name, shape) for shape in walk(knob.rootLayer))
    missing = [data for data in shapes if data["name"] not in there]
    unlike, closed_eyes = [], []
    for data in shapes:
        shape = there.get(data["name"])
        if shape is None:
            continue
        if len(shape) != len(data["keys"][0][1]):
            unlike.append(data["name"])
            continue
        remove_keys(shape, first, last)
        keys = [key for key in data["keys"] if first <= key[0] <= last]
        for frame, points in keys:
            rotocel_shapes.set_key(shape, frame, points)
        for before, after in zip(keys, keys[1:]):
            rotocel_shapes.straighten(shape, before, after)
        if rotocel_seen.overwrite(shape.getAttributes(), data, first, last):
            closed_eyes.append(data["name"])
    if missing:
        rotocel_shapes.build(knob, missing)
    else:
        knob.changed()
    return [data["name"] for data in missing], unlike, closed_eyes


def walk(layer):
    for item in layer:
        if isinstance(item, rotopaint.Layer):
            for inner in walk(item):
                yield inner
        elif isinstance(item, rotopaint.Shape):
            yield item


def remove_keys(shape, first, last):
    for point in shape:
        for member in rotocel_shapes.members(point):
            for time in list(member.getControlPointKeyTimes()):
                if first <= time <= last:
                    member.removePositionKey(time)
