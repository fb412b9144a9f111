"""The menu Rotocel in Nuke's toolbar of nodes."""

import nuke
import rotocel_roto  # noqa: F401 - the commands call it by name

NODES = (("Feature Detect", "FeatureDetect"), ("Tone Segment", "ToneSegment"))
COMMANDS = (
    ("Create Roto node", "create_roto"),
    ("Create Tracker node", "create_tracker"),
    ("Overwrite selected Roto node", "overwrite_selected"),
)

menu = nuke.menu("Nodes").addMenu("Rotocel")
for label, node in NODES:
    menu.addCommand(label, "rotocel_roto.create_node({!r})".format(node))
menu.addSeparator()
for label, function in COMMANDS:
    menu.addCommand(label, "rotocel_roto.run(rotocel_roto.{})".format(function))
