"""Roto nodes from a FeatureDetect node in Natron, without a file dialog."""

import rotocel_shapes
import rotocel_shot
from rotocel_shot import Problem

IDENTIFIER = "org.rotocel.FeatureDetect"


def source(application):
    """The selected FeatureDetect node, or the only one of the project."""
    for nodes in (application.getSelectedNodes(), application.getChildren()):
        ours = [node for node in nodes if node.getPluginID().lower() == IDENTIFIER.lower()]
        if len(ours) == 1:
            return ours[0]
    raise Problem("Select one FeatureDetect node.")


def shot_of(node):
    """What the node exports by its button, into a folder of ours; its own folder is put back."""

    def press(folder):
        parameter = node.getParam("export_dir")
        before = parameter.getValue()
        parameter.setValue(folder)
        try:
            node.getParam("export_json").trigger()
        finally:
            parameter.setValue(before)

    return rotocel_shot.exported(press)


def create_roto(application):
    """A Roto node with the shapes of the FeatureDetect node, in canonical coordinates."""
    node = source(application)
    shot = shot_of(node)
    shapes = rotocel_shot.shapes(shot, shot.get("pixel_aspect", 1.0))
    if not shapes:
        raise Problem("The node has no shapes.")
    return rotocel_shapes.build(application, node.getLabel() + "_roto", shapes)
