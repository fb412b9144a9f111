"""FeatureDetect's networks: what holds by construction, export, going on from a shipped file."""

from __future__ import annotations

import json
import tempfile
import unittest
from collections.abc import Iterator
from pathlib import Path

import numpy as np

try:
    import torch
    from torch import nn

    from features.entries import entries
    from features.export import export, export_all, network_of, shipped_network
    from features.finder_batch import marked, moved
    from features.finder_net import FinderNet, finder_loss
    from features.geometry import drawn_faces
    from features.infer import Detector
    from features.landmark_loss import CropBatch, vote_loss, wing
    from features.landmark_net import VALUES, LandmarkNet
    from features.learn_presence import settle_presence
    from features.learn_shapes import train_shapes
    from features.measures import catmull_rom, crossings
    from features.reference_net import DirectNet
    from features.score_shapes import shapes_from
    from features.shape_data import ShapeData, frame_of, near_landmarks
    from features.shape_loss import points_along, shape_loss
    from features.shape_net import ShapeNet, uncrossed
    from features.training import Plan, Training
    from manifest import read_manifest
    from puppet.cubic import Shape
    from puppet.topology import PUPPET
except ImportError as missing:
    raise unittest.SkipTest(f"training is not tested here: {missing}") from missing

SMALL = {"widths": (4, 4, 8, 8, 8), "blocks": (1, 1, 1, 1)}


def small_landmark_net() -> LandmarkNet:
    torch.manual_seed(0)
    return LandmarkNet(PUPPET.count, len(PUPPET.shapes), 64, **SMALL).eval()


def shaken(net: nn.Module) -> nn.Module:
    """The network with layers that start at 0 filled."""
    torch.manual_seed(1)
    with torch.no_grad():
        for name, value in net.named_parameters():
            if name.endswith(("last.weight", "last.bias")):
                value.normal_(0, 0.3)
    return net.eval()


class Landmarks(unittest.TestCase):
    def test_one_sure_cell_tells_the_place(self) -> None:
        net = small_landmark_net()
        votes = torch.zeros(1, PUPPET.count, VALUES, 64)
        votes[0, 3, 0, 8 * 2 + 5] = 50
        votes[0, 3, 1, 8 * 2 + 5] = 0.25
        places, error, seen = net.decoded(votes)
        # Cell 5, 2 of 8x8; a vote of 1 reaches 4 cells.
        np.testing.assert_allclose(places[0, 3], [(5.5 + 1) / 8, 2.5 / 8], atol=1e-5)
        self.assertTrue((error > 0).all() and seen.shape == (1, PUPPET.count))

    def test_votes_for_the_true_cell_cost_least(self) -> None:
        net = small_landmark_net()
        places = torch.full((1, PUPPET.count, 2), 0.5625)
        right, wrong = torch.zeros(2, 1, PUPPET.count, VALUES, 64)
        right[..., 0, 8 * 4 + 4], wrong[..., 0, 8 * 2 + 2] = 3, 3
        losses = [vote_loss(votes, net, places).sum() for votes in (right, wrong)]
        self.assertLess(float(losses[0]), float(losses[1]))

    def test_presence_is_learnt_last_from_landmarks_that_are_seen(self) -> None:
        net = small_landmark_net()
        nn.init.normal_(net.votes.weight, std=0.5)
        own = [kind.bound()[1][0] for kind in PUPPET.shapes]
        batches = []
        for seed in range(6):
            random = torch.Generator().manual_seed(seed)
            image = torch.randint(0, 256, (16, 64, 64, 3), generator=random, dtype=torch.uint8)
            nowhere = torch.zeros(16, PUPPET.count)
            batch = CropBatch(
                image, nowhere[..., None].expand(-1, -1, 2), nowhere, nowhere, nowhere
            )
            with torch.no_grad():
                seen = net.decoded(net.maps(batch.picture(torch.device("cpu")))[0])[2]
            batch.present = (seen[:, own] > seen.median()).float()
            batch.present[0] = -1
            batches.append(batch)
        kept = {name: value.clone() for name, value in net.state_dict().items()}
        told = settle_presence(net, batches, 0, torch.device("cpu"))
        self.assertLess(told["after"], 0.6 * told["before"])
        changed = {name for name, value in net.state_dict().items() if (value != kept[name]).any()}
        self.assertEqual(changed, {"of_seen.weight", "of_seen.bias"})

    def test_the_wing_is_continuous_and_rises(self) -> None:
        values = wing(torch.linspace(0, 16, 400))
        self.assertTrue((values.diff() > 0).all())
        self.assertLess(float(values.diff().max()), 0.2)


class Reference(unittest.TestCase):
    def test_the_reference_answers_like_ours_and_is_exported(self) -> None:
        net = DirectNet(PUPPET.count, len(PUPPET.shapes), 64, **SMALL).eval()
        with torch.inference_mode():
            values = net(torch.rand(2, 3, 64, 64))
        self.assertEqual(values.shape, (2, 4, 1, PUPPET.count + len(PUPPET.shapes)))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "reference.onnx"
            entry = entries("tiny", "Tiny", PUPPET, 64)["landmarks"]
            self.assertLess(export("reference", net, PUPPET, entry, path), 1e-4)


class Shapes(unittest.TestCase):
    def setUp(self) -> None:
        self.faces = drawn_faces(4, 1, PUPPET)
        self.net = shaken(ShapeNet(PUPPET, near_landmarks(self.faces, PUPPET, 6), 16, 2))
        self.data = ShapeData(self.faces, PUPPET)

    def test_an_untrained_network_draws_catmull_rom_curves(self) -> None:
        net = ShapeNet(PUPPET, near_landmarks(self.faces, PUPPET, 6), 16, 2).eval()
        batch = self.data.whole()
        with torch.inference_mode():
            found = net(batch.points)[0, :, 0].T.reshape(-1, 3, 2).numpy()
        eye = shapes_from(found, PUPPET)["left_eye"]
        expected = catmull_rom(Shape(eye.vertices, True))
        off = np.abs(eye.vertices - expected.vertices).max(axis=(1, 2))
        # Handles of very flat corners are shortened, so that none crosses over.
        self.assertLess(np.median(off), 1e-5)

    def test_no_handles_cross_and_open_ends_have_none_outward(self) -> None:
        batch = self.data.drawn(np.random.default_rng(0), 32)
        with torch.inference_mode():
            found = self.net(batch.points)[:, :, 0].transpose(1, 2).reshape(32, -1, 3, 2)
        given = batch.points[:, :2, 0].transpose(1, 2).numpy()
        for face, places in zip(found.double().numpy(), given, strict=True):
            for kind in PUPPET.shapes:
                shape = shapes_from(face, PUPPET)[kind.name]
                at, bound = kind.bound()
                shape.vertices[at, 0] = places[bound]
                self.assertEqual(crossings(shape), 0, kind.name)
                if not kind.closed:
                    self.assertEqual(float(np.abs(shape.vertices[0, 1]).max()), 0)
                    self.assertEqual(float(np.abs(shape.vertices[-1, 2]).max()), 0)

    def test_handles_that_do_not_meet_are_left_alone(self) -> None:
        anchors = torch.tensor([[[0.0, 0], [1, 0], [1, 1], [0, 1]]])
        out = (torch.roll(anchors, -1, 1) - anchors) * 0.4
        into = (torch.roll(anchors, 1, 1) - anchors) * 0.4
        kept = uncrossed(anchors, into, out, True)
        torch.testing.assert_close(kept, (into, out))
        cut = uncrossed(anchors, 2 * into, 2 * out, True)
        torch.testing.assert_close(cut[1], out * 1.25)

    def test_visible_points_are_kept_where_they_are(self) -> None:
        batch = self.data.whole()
        filled = self.net.filled(batch.points)
        torch.testing.assert_close(filled, batch.points[:, :2, 0].transpose(1, 2))

    def test_batches_are_normalised_and_anchors_stay_at_landmarks(self) -> None:
        batch = self.data.drawn(np.random.default_rng(1), 16)
        frame = frame_of(batch.points[:, :2, 0].transpose(1, 2))
        torch.testing.assert_close(frame.scale, torch.ones(16, 1, 1))
        start = 0
        for kind in PUPPET.shapes:
            at, bound = kind.bound()
            anchors = batch.vertices[:, start : start + len(kind.landmarks), 0]
            torch.testing.assert_close(anchors[:, at], batch.places[:, bound])
            start += len(kind.landmarks)

    def test_the_truth_costs_nothing_but_hidden_points(self) -> None:
        batch = self.data.whole()

        class Oracle(nn.Module):
            def forward(self, points: torch.Tensor) -> torch.Tensor:
                return batch.vertices.flatten(2).transpose(1, 2)[:, :, None]

            def filled(self, points: torch.Tensor) -> torch.Tensor:
                return batch.places

        losses = shape_loss(Oracle(), batch, PUPPET)
        self.assertLess(float(sum(losses.values())), 1e-2)

    def test_points_along_are_those_of_numpy(self) -> None:
        vertices = self.data.whole().vertices[:1, :6]
        ours = points_along(vertices, True, (0.25, 0.5))[0].reshape(-1, 2)
        shape = Shape(vertices[0].double().numpy(), True)
        expected = shape.sampled(4).reshape(6, 4, 2)[:, 1:3].reshape(-1, 2)
        np.testing.assert_allclose(ours, expected, atol=1e-5)


class Files(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = Path(scratch.name)

    def test_a_family_is_exported_and_answers_as_torch_does(self) -> None:
        near = [[0, 1, 2]] * len(PUPPET.shapes)
        nets = {"shapes": shaken(ShapeNet(PUPPET, near, 8, 1)), "finder": FinderNet((4, 4, 4, 4))}
        made = entries("tiny", "Tiny", PUPPET, 64)
        for kind, net in nets.items():
            path = self.root / made[kind]["file"]
            self.assertLess(export(kind, net, PUPPET, made[kind], path), 1e-4)
        self.assertEqual(sorted(p.suffix for p in self.root.iterdir()), [".onnx", ".onnx"])

    def test_a_shipped_landmark_network_can_be_gone_on_from(self) -> None:
        net = small_landmark_net()
        with torch.no_grad():
            for module in net.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.running_mean.normal_()
                    module.running_var.uniform_(0.5, 2)
        export_all({"landmarks": net}, "tiny", "Tiny", PUPPET, self.root)
        (entry,) = read_manifest(self.root / "manifest.toml")
        self.assertEqual((entry["input"][0]["size"], entry["output"]["length"]), (64, 54))
        again = shipped_network("landmarks", self.root / entry["file"], PUPPET).eval()
        image = torch.rand(1, 3, 64, 64)
        with torch.inference_mode():
            torch.testing.assert_close(again(image), net.eval()(image), atol=1e-4, rtol=1e-3)

    def test_a_run_is_resumed_after_its_last_epoch(self) -> None:
        faces, path = drawn_faces(8, 2, PUPPET), self.root / "shapes.pt"
        plan = Plan(minutes=60, epochs=1, steps=2)
        train_shapes(faces, PUPPET, plan, path, torch.device("cpu"))
        train_shapes(faces, PUPPET, Plan(minutes=60, epochs=2, steps=2), path, torch.device("cpu"))
        state = torch.load(path, weights_only=True)
        self.assertEqual((state["epoch"], state["step"], len(state["log"])), (2, 4, 2))
        self.assertTrue(path.with_suffix(".png").exists())
        self.assertIsInstance(network_of(path, PUPPET), ShapeNet)

    def test_a_run_of_another_network_is_refused(self) -> None:
        path = self.root / "one.pt"
        cpu = torch.device("cpu")
        one = Training(nn.Linear(2, 2), Plan(), cpu, {"kind": "a", "arguments": {}})
        one.save(path)
        other = Training(nn.Linear(2, 2), Plan(), cpu, {"kind": "b", "arguments": {}})
        with self.assertRaisesRegex(SystemExit, "another network"):
            other.load(path)

    def test_the_rate_falls_to_the_end_and_the_loss_falls(self) -> None:
        torch.manual_seed(0)
        net = nn.Linear(4, 1)
        plan = Plan(minutes=60, epochs=3, steps=40, peak=0.05)
        run = Training(net, plan, torch.device("cpu"), {"kind": "line", "arguments": {}})

        def batches(epoch: int) -> Iterator[torch.Tensor]:
            for step in range(40):
                yield torch.randn(16, 4, generator=torch.Generator().manual_seed(epoch * 40 + step))

        def loss(net: nn.Module, x: torch.Tensor) -> dict[str, torch.Tensor]:
            return {"square": (net(x)[:, 0] - x.sum(1)).square().mean()}

        run.run(self.root / "line.pt", batches, loss)
        self.assertEqual(run.epoch, 3)
        self.assertLess(run.log[-1]["loss"], 0.05 * run.log[0]["loss"] + 0.05)
        self.assertLess(run.optimizer.param_groups[0]["lr"], 0.005)


class Finder(unittest.TestCase):
    def test_the_middle_of_a_face_is_marked_in_its_cell(self) -> None:
        faces = torch.tensor([[100.0, 60.0, 64.0], [0, 0, 0], [-20, 60, 64]])
        heat, target, near = marked(faces, 192, 320)
        row, column = np.unravel_index(int(heat[0].argmax()), (12, 20))
        self.assertEqual((row, column, float(heat[0].max())), (3, 6, 1.0))
        shift = target[0, 1:, row, column].numpy()
        np.testing.assert_allclose(16 * (np.array([6.5, 3.5]) + shift), (100, 60), atol=1e-4)
        self.assertEqual((float(heat[1:].max()), float(near[1:].max())), (0, 0))

    def test_a_canvas_used_again_keeps_its_face(self) -> None:
        image = torch.zeros(8, 192, 320, 3, dtype=torch.uint8)
        image[:, 90:110, 150:170] = 255
        faces = torch.tensor([[160.0, 100.0, 20.0]]).repeat(8, 1)
        pixels, places = moved(image, faces, torch.Generator().manual_seed(2))
        self.assertGreater(float((places[:, 0] - 160).abs().max()), 10)
        for picture, (x, y, side) in zip(pixels.float(), places.tolist(), strict=True):
            if 30 < x < 290 and 30 < y < 160:
                self.assertGreater(float(picture[int(y), int(x), 0]), 250)
                lit = float((picture[..., 0] > 127).sum()) ** 0.5
                self.assertAlmostEqual(lit, side, delta=2.5)

    def test_the_right_cell_costs_least(self) -> None:
        heat = torch.zeros(1, 3, 4)
        heat[0, 1, 2] = 1
        near, target = (heat > 0).float(), torch.zeros(1, 3, 3, 4)
        right, wrong = torch.full((2, 1, 4, 3, 4), -5.0)
        right[:, 1:], wrong[:, 1:] = 0, 0
        right[0, 0, 1, 2], wrong[0, 0, 0, 0] = 5, 5
        losses = [sum(finder_loss(c, heat, target, near).values()) for c in (right, wrong)]
        self.assertLess(float(losses[0]), 0.1)
        self.assertGreater(float(losses[1]), 3)


class Chain(unittest.TestCase):
    def test_fixture_networks_run_as_the_node_runs_them(self) -> None:
        fixtures = Path(__file__).resolve().parents[2] / "fixtures"
        detector = Detector(fixtures, "tiny", PUPPET, 1)
        picture = np.zeros((300, 400, 3), np.uint8)
        picture[140:160, 190:210] = 255
        found = detector.look(picture, (100.0, 50.0, 200.0, 200.0))
        np.testing.assert_allclose(found.places.mean(0)[0], 200, atol=1.5)
        np.testing.assert_allclose(found.error, 0.01 * 200, rtol=1e-4)
        shapes = detector.draw(found.places, found.visible > 0.5)
        np.testing.assert_allclose(shapes["left_eye"].vertices[:, 0], found.places[5:11])
        out = detector.look(picture[:, :200], (100.0, 50.0, 200.0, 200.0))
        outside = out.places[:, 0] > 200
        self.assertTrue(0 < outside.sum() < PUPPET.count)
        self.assertTrue((out.visible[outside] == 0).all() and (out.visible[~outside] > 0).all())
        gone = [outside[kind.bound()[1]].all() for kind in PUPPET.shapes]
        self.assertTrue(sum(gone) > 0 and (out.presence[gone] == 0).all())
        box, score = detector.find(picture)
        self.assertGreater(score, 0.2)
        self.assertAlmostEqual(box[2], 0.3125 * 400, places=2)
        entry = json.loads(detector.landmarks.get_modelmeta().custom_metadata_map["rotocel"])
        self.assertEqual(entry["companions"]["shapes"], "tiny_shapes")


if __name__ == "__main__":
    unittest.main()
