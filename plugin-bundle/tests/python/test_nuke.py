"""The menu in Nuke, in a Nuke that is not there."""

import copy
import importlib
import os
import runpy
import unittest

import hosts


class Nuke(unittest.TestCase):
    def setUp(self):
        hosts.enter("nuke")
        self.addCleanup(hosts.leave)
        self.nuke = importlib.import_module("nuke")
        for kept in ("created", "messages", "commands", "script", "selected"):
            del getattr(self.nuke, kept)[:]
        self.roto = importlib.import_module("rotocel_roto")

    def detector(self, shot):
        folder = self.nuke.Knob("/mine")
        button = self.nuke.Knob(action=hosts.exporter(folder.value, shot))
        knobs = {
            "export_dir": folder,
            "export_json": button,
            "include_tracks": self.nuke.Knob(False),
        }
        node = self.nuke.Node("OFXorg.rotocel.featuredetect_v1", **knobs)
        self.nuke.script.append(node)
        return node

    def points(self, shape, frame):
        members = [
            member
            for point in shape
            for member in (point.center, point.leftTangent, point.rightTangent)
        ]
        return [tuple(curve.evaluate(frame) for curve in member.curves) for member in members]

    def test_create_roto_builds_the_shapes_in_the_host_s_pixels(self):
        detector = self.detector(hosts.SHOT)
        node = self.roto.run(self.roto.create_roto)
        self.assertEqual(detector["export_dir"].value(), "/mine")
        self.assertFalse(detector["include_tracks"].value())
        root = node["curves"].rootLayer
        layer, seam = root
        self.assertEqual((layer.name, layer[0].name, seam.name), ("eyes", "left_eye", "seam"))
        expected = [(-6, 130), (-1, -2), (3, 4), (14, 100), (5, -6), (-7, -8)]
        self.assertEqual(self.points(layer[0], 1001), expected)
        self.assertEqual(self.points(layer[0], 1005)[0], (-2, 130))
        self.assertEqual((layer[0].flags["open"], seam.flags["open"]), (False, True))
        values = layer[0].attributes.values
        self.assertEqual((values["fx"], values["fy"]), (3, 3))
        seen = [values["opc"].evaluate(frame) for frame in range(1001, 1007)]
        self.assertEqual(seen, [1, 1, 0, 1, 1, 0])
        self.assertEqual(self.nuke.messages, [])

    def test_create_tracker_writes_a_table_with_a_frame_after_each_gap(self):
        self.detector(hosts.SHOT)
        node = self.roto.run(self.roto.create_tracker)
        text = node["tracks"].value()
        self.assertTrue(text.startswith("{ 1 31 1 }\n"), text)
        self.assertIn(
            '"tip" {curve x1001 24.0 25.0 x1005 28.0} {curve x1001 134.75 133.75 x1005 130.0}', text
        )
        self.assertEqual(text.count("{"), text.count("}"))
        self.assertEqual(text.count(" 1 }\n"), 31)

    def test_overwrite_touches_our_shapes_in_our_range_only(self):
        self.detector(hosts.SHOT)
        node = self.roto.create_roto()
        eye = node["curves"].rootLayer[0][0]
        own = copy.deepcopy(eye)
        own.name = "artist"
        node["curves"].rootLayer.append(own)
        for shape in (eye, own):
            for frame in (990, 1003, 1050):
                self.roto.rotocel_shapes.set_key(shape, frame, [(float(frame),) * 6] * 2)
        self.nuke.selected.append(node)
        untouched = self.points(own, 1003)
        self.roto.run(self.roto.overwrite_selected)
        times = eye[0].center.getControlPointKeyTimes()
        self.assertEqual((times[0], times[-1]), (990, 1050))
        self.assertEqual(self.points(eye, 1001)[0], (-6, 130))
        self.assertAlmostEqual(self.points(eye, 1003)[0][0], -4, delta=0.26)
        self.assertEqual(self.points(eye, 1050)[0], (1050, 1050))
        self.assertEqual(self.points(own, 1003), untouched)
        self.assertEqual(self.nuke.messages, [])

    def seen(self, shape, frames):
        """What is seen of a shape on each frame, by what Nuke says of lifetimes and opacity."""
        attributes = shape.getAttributes()
        kind, begin, end = (attributes.getValue(0, name) for name in ("ltt", "ltn", "ltm"))
        lives = {
            0: lambda frame: True,
            1: lambda frame: frame <= end,
            2: lambda frame: frame == begin,
            3: lambda frame: frame >= begin,
            4: lambda frame: begin <= frame <= end,
        }[kind]
        return [
            round(attributes.getValue(frame, "opc"), 6) if lives(frame) else 0 for frame in frames
        ]

    def test_overwrite_shows_and_hides_our_shapes_in_our_range_only(self):
        self.detector(hosts.SHOT)
        node = self.roto.create_roto()
        layer, seam = node["curves"].rootLayer
        eye = layer[0]
        own = copy.deepcopy(eye)
        own.name = "artist"
        node["curves"].rootLayer.append(own)
        # The artist made the eye half as dense and showed the seam only before the shot.
        eye.getAttributes().set("opc", 0.5)
        for name, value in (("ltt", 4), ("ltn", 980), ("ltm", 990)):
            seam.getAttributes().set(name, value)
        before = self.seen(own, range(970, 1030))
        self.nuke.selected.append(node)
        self.roto.run(self.roto.overwrite_selected)
        # Left of the shot, the shot with frames 1003 and 1006 hidden, right of it.
        shown = [0.5] * 10 + [0.5, 0.5, 0, 0.5, 0.5, 0] + [0.5] * 10
        self.assertEqual(self.seen(eye, range(991, 1017)), shown)
        self.assertEqual(self.seen(seam, range(970, 1000)), [0] * 10 + [1] * 11 + [0] * 9)
        self.assertEqual(self.seen(seam, range(1000, 1010)), [0] + [1] * 6 + [0] * 3)
        self.assertEqual(self.seen(own, range(970, 1030)), before)
        self.assertEqual(self.nuke.messages, [])

    def test_overwrite_leaves_visibility_alone_where_it_is_right(self):
        self.detector(hosts.SHOT)
        node = self.roto.create_roto()
        layer, seam = node["curves"].rootLayer
        kept = [copy.deepcopy(shape.getAttributes().values) for shape in (layer[0], seam)]
        layer[0].getAttributes().set("vis", 0)
        self.nuke.selected.append(node)
        self.roto.run(self.roto.overwrite_selected)
        self.assertEqual(layer[0].getAttributes().values["opc"].keys, kept[0]["opc"].keys)
        self.assertEqual(seam.getAttributes().values["opc"], kept[1]["opc"])
        self.assertEqual(self.nuke.messages, ["Hidden by the eye in the list of shapes: left_eye."])

    def test_a_hole_is_painted_over_with_nothing_and_keys_of_style_are_set(self):
        self.detector(hosts.with_a_hole())
        seam, eye = self.roto.create_roto()["curves"].rootLayer
        self.assertEqual((seam.name, eye.name), ("seam", "left_eye"))
        self.assertEqual([seam.attributes.values[name] for name in "rgba"], [0] * 4)
        self.assertNotIn("a", eye.attributes.values)
        self.assertEqual(seam.attributes.values["fx"].keys, [(1001, 2), (1005, 6)])
        self.assertEqual(seam.attributes.values["opc"].keys, [(1001, 0.25), (1005, 1)])

    def test_overwrite_adds_what_is_missing_and_leaves_other_points_alone(self):
        self.detector(hosts.SHOT)
        node = self.roto.create_roto()
        root = node["curves"].rootLayer
        del root[1]
        root[0][0].append(copy.deepcopy(root[0][0][0]))
        before = self.points(root[0][0], 1001)
        self.nuke.selected.append(node)
        self.roto.run(self.roto.overwrite_selected)
        self.assertEqual([item.name for item in root], ["eyes", "seam"])
        self.assertEqual(self.points(root[0][0], 1001), before)
        (message,) = self.nuke.messages
        self.assertIn("Added: seam.", message)
        self.assertIn("changed the number of their points: left_eye.", message)

    def test_what_goes_wrong_is_told_and_nothing_is_made(self):
        self.roto.run(self.roto.create_roto)
        self.assertEqual(self.nuke.messages.pop(), "Select one FeatureDetect node.")
        node = self.detector(hosts.SHOT)
        for shot, said in (
            ({"format": "rotocel-shot-2"}, "rotocel-shot-2"),
            ([1], "None"),
            (dict(hosts.SHOT, shapes=[]), "no shapes"),
        ):
            node["export_json"].action = hosts.exporter(node["export_dir"].value, shot)
            self.roto.run(self.roto.create_roto)
            self.assertIn(said, self.nuke.messages.pop())
        node["export_json"].action = lambda: None
        self.roto.run(self.roto.create_roto)
        self.assertIn("analyse the shot first", self.nuke.messages.pop())
        self.roto.run(self.roto.overwrite_selected)
        self.assertIn("Select one Roto node", self.nuke.messages.pop())
        self.assertEqual((self.nuke.created, node["export_dir"].value()), ([], "/mine"))

    def test_the_menu_calls_functions_that_exist(self):
        for name in ("init.py", "menu.py"):
            runpy.run_path(os.path.join(hosts.RESOURCES, "nuke", name))
        labels = [label for label, _ in self.nuke.commands]
        self.assertEqual(labels[0], "Rotocel")
        for wanted in (
            "Feature Detect",
            "Create Roto node",
            "Create Tracker node",
            "Overwrite selected Roto node",
        ):
            self.assertIn(wanted, labels)
        self.detector(hosts.SHOT)
        for label, command in self.nuke.commands[1:]:
            if "Overwrite" in label:
                self.nuke.selected.append(self.nuke.created[-2])
            exec(command, {"rotocel_roto": self.roto})
        kinds = [node.kind for node in self.nuke.created]
        self.assertEqual(kinds, ["OFXorg.rotocel.featuredetect_v1", "Roto", "Tracker4"])
        self.assertEqual(len(self.nuke.messages), 1, self.nuke.messages)
        self.assertIn("Nuke knows no ToneSegment", self.nuke.messages[0])


if __name__ == "__main__":
    unittest.main()
