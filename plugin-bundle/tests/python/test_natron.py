"""The menu in Natron, in a Natron that is not there."""

import importlib
import os
import runpy
import sys
import types
import unittest

import hosts


class Parameter:
    def __init__(self, value=None, action=None):
        self.now, self.action = value, action

    def getValue(self):
        return self.now

    def setValue(self, value):
        self.now = value

    def trigger(self):
        self.action()


class Detector:
    def __init__(self, shot):
        folder = Parameter("/mine")
        self.parameters = {
            "export_dir": folder,
            "export_json": Parameter(action=hosts.exporter(folder.getValue, shot)),
        }

    def getParam(self, name):
        return self.parameters[name]

    def getPluginID(self):
        return "org.rotocel.FeatureDetect"

    def getLabel(self):
        return "FeatureDetect1"


class Natron(unittest.TestCase):
    def setUp(self):
        hosts.enter("natron")
        self.addCleanup(hosts.leave)
        self.app = importlib.import_module("fake_natron").App()
        self.app.getSelectedNodes = lambda: []
        self.children = [Detector(hosts.SHOT)]
        self.app.getChildren = lambda: self.children
        self.commands, self.warnings = {}, []
        gui = types.ModuleType("NatronGui")
        gui.natron = types.SimpleNamespace(
            getActiveInstance=lambda: self.app,
            addMenuCommand=lambda label, function: self.commands.update({label: function}),
            warningDialog=lambda title, text: self.warnings.append(text),
        )
        sys.modules["NatronGui"] = gui
        self.addCleanup(sys.modules.pop, "NatronGui")
        self.names = runpy.run_path(os.path.join(hosts.RESOURCES, "natron", "initGui.py"))

    def press(self):
        (function,) = self.commands.values()
        self.names[function]()

    def test_the_menu_builds_the_shapes_in_canonical_coordinates(self):
        self.press()
        self.assertEqual((list(self.commands), self.warnings), (["Rotocel/Create Roto node"], []))
        (node,) = self.app.nodes
        self.assertEqual(node.label, "FeatureDetect1_roto")
        eye, seam = [bezier.told(range(1001, 1007)) for bezier in node.context.beziers]
        self.assertEqual(
            (eye["name"], eye["layer"], eye["closed"], eye["hidden"]),
            ("left_eye", "eyes", True, [1003, 1006]),
        )
        # Twice as wide, with handles as positions.
        self.assertEqual(eye["keys"][0][1][0], [-12, 130, -14, 128, -6, 134])
        self.assertEqual(eye["keys"][1][0], 1005)
        self.assertEqual(
            (seam["layer"], seam["closed"], eye["values"]["feather"]), ("Base", False, 3)
        )
        self.assertEqual(self.children[0].getParam("export_dir").getValue(), "/mine")

    def test_a_hole_is_a_stencil_above_the_shapes_before_it_and_keys_of_style_are_set(self):
        self.children[:] = [Detector(hosts.with_a_hole())]
        self.press()
        (node,) = self.app.nodes
        eye, seam = [bezier.told(range(1001, 1007)) for bezier in node.context.beziers]
        self.assertEqual((eye["operator"], seam["operator"]), ("over", "stencil"))
        self.assertEqual((eye["layer"], seam["layer"]), ("Base", "Base"))
        self.assertEqual(seam["styles"], [[1001, 2, 0.25], [1005, 6, 1]])

    def test_what_goes_wrong_is_told_and_nothing_is_made(self):
        self.children[0].parameters["export_json"].action = lambda: None
        self.press()
        self.assertIn("analyse the shot first", self.warnings.pop())
        self.children.append(self.children[0])
        self.press()
        self.assertEqual((self.warnings, self.app.nodes), (["Select one FeatureDetect node."], []))


if __name__ == "__main__":
    unittest.main()
