"""The tone network: its trunk's weights and padding, what learns when, and what a mask changes."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

try:
    import numpy as np
    import onnxruntime
    import torch
    from torch import nn

    from export_seed import seed_network
    from export_tone import blend
    from folded_net import FoldedToneNet
    from lite_trunk import LEVELS, STEM, LiteTrunk, SamePadded
    from recipe import Recipe
    from shot_dataset import Batch
    from tone_classes import CLASSES
    from tone_net import STRIDE, ToneNet
    from tone_run import THAW, Limits, Run
except ImportError as missing:
    raise unittest.SkipTest(f"training is not tested here: {missing}") from missing

Planes = tuple[torch.Tensor, torch.Tensor]


def planes(height: int, width: int) -> Planes:
    """A random image and a mask that knows nothing."""
    torch.manual_seed(1)
    return torch.rand(2, 3, height, width), torch.full((2, 1, height, width), 0.5)


class Folded(unittest.TestCase):
    def test_it_answers_as_the_network_that_it_was_made_of(self) -> None:
        net = ToneNet(pretrained=True).eval()
        # As if learnt: nothing of it is at the value that it begins with.
        torch.manual_seed(3)
        nn.init.normal_(net.mask.weight)
        for module in net.modules():
            if isinstance(module, nn.BatchNorm2d):
                nn.init.uniform_(module.bias, -0.5, 0.5)
                nn.init.uniform_(module.running_mean, -0.5, 0.5)
        image, _ = planes(64, 96)
        subject = torch.rand(2, 1, 64, 96)
        with torch.inference_mode():
            wanted = net(image, subject)
            found = FoldedToneNet(net)(image, subject)
            other = net(image, subject.flip(-1))
        self.assertLess(float((found - wanted).abs().max()), 1e-4 * float(wanted.abs().max()))
        self.assertGreater(float((other - wanted).abs().max()), 0.01 * float(wanted.abs().max()))


class Trunk(unittest.TestCase):
    def test_an_even_side_is_padded_behind_and_an_odd_one_around(self) -> None:
        conv = SamePadded(1, 1, 3, 2, bias=False)
        nn.init.ones_(conv.weight)
        row = torch.arange(1.0, 7.0).expand(1, 1, 6, 6)
        # Windows begin at columns 0, 2 and 4; the last one misses a column.
        self.assertEqual((conv(row)[0, 0, 0] / 3).tolist(), [6.0, 12.0, 11.0])
        still = SamePadded(1, 1, 3, 1, bias=False)
        nn.init.ones_(still.weight)
        self.assertEqual(still(row).shape, row.shape)

    def test_features_have_the_channels_and_sizes_that_are_promised(self) -> None:
        image, _ = planes(64, 96)
        features = LiteTrunk()(image, torch.zeros(2, STEM, 32, 48))
        sizes = [(2, channels, 32 >> k, 48 >> k) for k, channels in enumerate(LEVELS)]
        self.assertEqual([tuple(part.shape) for part in features], sizes)

    def test_every_weight_comes_from_the_stored_file(self) -> None:
        torch.manual_seed(2)
        one, other, random = LiteTrunk().learnt(), LiteTrunk().learnt(), LiteTrunk()
        for (name, a), b, c in zip(
            one.named_parameters(), other.parameters(), random.parameters(), strict=True
        ):
            self.assertTrue(torch.equal(a, b), name)
            self.assertFalse(torch.equal(a, c), name)

    def test_stored_statistics_are_those_of_its_own_layers(self) -> None:
        # A wrong activation or order of layers would show here: deep channels would not
        # vary as the file says. Noise is no photograph, so only the scale is compared.
        trunk = LiteTrunk().learnt().eval()
        ratios: list[torch.Tensor] = []

        def watch(module: nn.BatchNorm2d, given: tuple[torch.Tensor], _: object) -> None:
            spread = given[0].var((0, 2, 3)) + 1e-3
            ratios.append((spread / (module.running_var + 1e-3)).log().median())

        for module in trunk.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.register_forward_hook(watch)
        image, _ = planes(224, 224)
        blurred = nn.functional.avg_pool2d(image, 15, 1, 7)
        blurred = (blurred - blurred.mean()) / blurred.std() * 0.5
        with torch.no_grad():
            trunk(blurred, torch.zeros(2, STEM, 112, 112))
        self.assertLess(float(torch.stack(ratios).abs().median()), 1.0)

    def test_large_depthwise_kernels_never_learn_and_the_rest_when_it_is_let(self) -> None:
        trunk = LiteTrunk()
        trunk.hold(True)
        self.assertFalse(any(parameter.requires_grad for parameter in trunk.parameters()))
        trunk.hold(False)
        for module in trunk.modules():
            for parameter in module.parameters(recurse=False):
                kernels = isinstance(module, nn.Conv2d) and module.groups > 1
                large = kernels and module.weight.shape[-1] > 3
                self.assertEqual(parameter.requires_grad, not large)

    def test_a_strided_depthwise_convolution_trains_as_it_infers(self) -> None:
        torch.manual_seed(3)
        for side in (3, 5):
            conv = SamePadded(4, 4, side, 2, groups=4, bias=False)
            image = torch.rand(2, 4, 10, 12, requires_grad=True)
            answers, gradients = [], []
            for training in (True, False):
                answer = conv.train(training)(image)
                answers.append(answer.detach())
                seen = torch.autograd.grad(answer.square().sum(), [image, conv.weight])
                gradients.append(seen)
            torch.testing.assert_close(answers[0], answers[1])
            torch.testing.assert_close(gradients[0], gradients[1])


def maps_like(target: torch.Tensor) -> torch.Tensor:
    """Of everything a surface that faces the key, open to it, and does not shine."""
    return torch.tensor([1.0, 1.0, 0.0, 1.0])[:, None, None] * torch.ones_like(target[:, :4])


class Network(unittest.TestCase):
    def test_logits_have_the_size_of_the_picture(self) -> None:
        net = ToneNet().eval()
        for height, width in ((STRIDE, STRIDE), (2 * STRIDE, 3 * STRIDE)):
            with torch.no_grad():
                logits = net(*planes(height, width))
            self.assertEqual(tuple(logits.shape), (2, len(CLASSES), height, width))

    def test_an_unknown_subject_leaves_the_trunk_alone_and_a_known_one_is_seen(self) -> None:
        net = ToneNet(pretrained=True).eval()
        image, unknown = planes(STRIDE, STRIDE)
        with torch.no_grad():
            nothing = net(image, unknown)
            net.mask.weight.normal_()
            self.assertTrue(torch.equal(net(image, unknown), nothing))
            self.assertFalse(torch.equal(net(image, torch.ones_like(unknown)), nothing))

    def test_a_learnt_trunk_stands_still_until_the_thaw(self) -> None:
        run = Run(1, 1e-3, Recipe())
        image, subject = planes(STRIDE, STRIDE)
        target = torch.zeros(2, len(CLASSES), STRIDE, STRIDE)
        target[:, 2] = 1
        inside = torch.ones(2, STRIDE, STRIDE, dtype=torch.bool)
        weight = run.net.trunk.stem[0].weight
        before = weight.clone()
        run.train_step(Batch(image, subject, target, inside, maps_like(target)), None, THAW / 2)
        self.assertTrue(torch.equal(weight, before))
        run.train_step(Batch(image, subject, target, inside, maps_like(target)), None, THAW * 2)
        self.assertFalse(torch.equal(weight, before))

    def test_a_short_run_averages_over_its_last_tenth_and_a_long_one_over_200_steps(self) -> None:
        self.assertAlmostEqual(Limits(10, 40, 60).average_decay, 0.975)
        self.assertAlmostEqual(Limits(200, 60, 60).average_decay, 0.995)
        self.assertEqual(Limits(1, 2, 60).average_decay, 0)

    def test_maps_teach_the_network_and_are_no_part_of_it(self) -> None:
        image, subject = planes(STRIDE, STRIDE)
        target = torch.zeros(2, len(CLASSES), STRIDE, STRIDE)
        inside = torch.zeros(2, STRIDE, STRIDE, dtype=torch.bool)
        # Nothing is known of its classes, so that only the maps can teach it anything.
        batch = Batch(image, subject, target, inside, maps_like(target))
        for weight in (0.0, 0.5):
            run = Run(1, 1e-3, Recipe(pretrained=False, maps_weight=weight))
            run.train_step(batch, None, 0.5)
            gradient = run.net.decoder[-1].first[0].weight.grad
            learns = gradient is not None and float(gradient.abs().max()) > 0
            self.assertEqual(learns, weight > 0)
        names = set(run.average.state_dict())
        self.assertEqual(names, set(ToneNet().state_dict()))
        with tempfile.TemporaryDirectory() as folder:
            checkpoint = Path(folder) / "last.pt"
            run.save(checkpoint, "data")
            again = Run(1, 1e-3, run.recipe)
            again.load(checkpoint, "data")
        self.assertTrue(torch.equal(again.maps.weight, run.maps.weight))

    def test_a_shipped_network_is_gone_on_from_at_once_and_keeps_its_statistics(self) -> None:
        file = Path(__file__).resolve().parents[2] / "tone_small.onnx"
        run = Run(1, 1e-3, Recipe(), file)
        image, subject = planes(2 * STRIDE, 3 * STRIDE)
        shipped = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
        feeds = {"image": image.numpy(), "subject": subject.numpy()}
        (expected,) = shipped.run(None, feeds)
        run.set_to_learn()
        with torch.no_grad():
            logits = run.net(image, subject).numpy()
        self.assertLess(float(np.abs(logits - expected).max()), 1e-3)

        target = torch.zeros_like(torch.from_numpy(expected))
        target[:, 2] = 1
        inside = torch.ones(2, 2 * STRIDE, 3 * STRIDE, dtype=torch.bool)
        weight, norm = run.net.trunk.stem[0].weight, run.net.trunk.stem[1]
        before, statistics = weight.clone(), norm.running_mean.clone()
        run.train_step(Batch(image, subject, target, inside, maps_like(target)), None, 0.05)
        self.assertFalse(torch.equal(weight, before))
        self.assertTrue(torch.equal(norm.running_mean, statistics))

    def test_a_blend_lies_between_a_training_and_the_file_that_it_began_with(self) -> None:
        file = Path(__file__).resolve().parents[2] / "tone_small.onnx"
        run = Run(1, 1e-3, Recipe(), file)
        began = run.average.head.bias.detach().clone()
        with torch.no_grad():
            run.average.head.bias += 4
        with tempfile.TemporaryDirectory() as folder:
            checkpoint = Path(folder) / "last.pt"
            run.save(checkpoint, "data")
            net = blend(checkpoint, file, 0.25)
            torch.testing.assert_close(net.head.bias.detach(), began + 1)
            with self.assertRaisesRegex(SystemExit, "did not begin with"):
                blend(checkpoint, file.with_name("tone_fast.onnx"), 0.25)
            with self.assertRaisesRegex(SystemExit, "no share"):
                blend(checkpoint, file, 1.5)

    def test_a_run_that_goes_on_from_another_draws_other_lights_and_crops(self) -> None:
        file = Path(__file__).resolve().parents[2] / "tone_small.onnx"
        self.assertEqual(Run(1, 1e-3, Recipe()).draws, "1")
        self.assertNotEqual(Run(1, 1e-3, Recipe(), file).draws, "1")

    def test_the_founding_document_s_network_is_trained_as_ours_and_read_again(self) -> None:
        run = Run(1, 1e-3, Recipe(seed_network=True))
        image, subject = planes(STRIDE, STRIDE)
        target = torch.zeros(2, len(CLASSES), STRIDE, STRIDE)
        target[:, 2] = 1
        inside = torch.ones(2, STRIDE, STRIDE, dtype=torch.bool)
        first = run.net.down[0][0].weight
        before = first.clone()
        run.train_step(Batch(image, subject, target, inside, maps_like(target)), None, 0.05)
        self.assertFalse(torch.equal(first, before))
        with tempfile.TemporaryDirectory() as folder:
            checkpoint = Path(folder) / "last.pt"
            run.save(checkpoint, "data")
            again = seed_network(checkpoint)
        with torch.no_grad():
            expected = run.average.eval()(image, subject)
            self.assertTrue(torch.equal(again(image, subject), expected))


if __name__ == "__main__":
    unittest.main()
