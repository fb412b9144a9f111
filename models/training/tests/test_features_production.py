"""An artist's splines from public files, as the shape network learns from them."""

from __future__ import annotations

import unittest
from pathlib import Path

import numpy as np

try:
    import torch

    from features.geometry import drawn_faces
    from features.shape_data import DRAWN, ShapeData, frame_of
except ModuleNotFoundError:  # torch is not among what the tests in CI have
    torch = None

from features.production import curves_by_kind, read_frames
from puppet.topology import PUPPET

SAMPLE = Path(__file__).resolve().parents[3] / "crates" / "roto" / "fixtures" / "laika"


class Production(unittest.TestCase):
    def setUp(self) -> None:
        self.frames = read_frames(SAMPLE, PUPPET)

    def test_anchors_of_a_file_are_its_landmarks(self) -> None:
        self.assertEqual(len(self.frames), 3)
        for frame in self.frames:
            for name, shape in frame.shapes.items():
                at, bound = PUPPET.shape(name).bound()
                self.assertTrue(frame.known[bound].all())
                off = np.abs(shape.vertices[at, 0] - frame.places[bound]).max()
                self.assertLess(off, 0.02, (frame.name, name))

    def test_curves_of_both_sides_run_alike_and_begin_alike(self) -> None:
        curves = curves_by_kind(self.frames, PUPPET)
        for kind, own in zip(PUPPET.shapes, curves, strict=True):
            files = sum(kind.name in frame.shapes for frame in self.frames)
            self.assertEqual(len(own), 2 * files if kind.closed else 0, kind.name)
            for vertices in own:
                x, y = vertices[:, 0].T
                area = (x * np.roll(y, -1) - np.roll(x, -1) * y).sum()
                self.assertGreater(area, 0, f"{kind.name} runs clockwise on screen")
        # The left eye begins at its outer corner, also where it is the right one's mirror image.
        for vertices in curves[0]:
            self.assertEqual(vertices[:, 0, 0].argmin(), 0)

    def test_a_mirror_image_keeps_its_handles_with_their_anchors(self) -> None:
        frame = self.frames[0]
        _, order, turned = PUPPET.mirrored_shape("right_eye")
        self.assertTrue(turned)
        original = frame.shapes["right_eye"].vertices
        image = curves_by_kind([frame], PUPPET)[0][1]
        for k, was in enumerate(order):
            np.testing.assert_allclose(image[k, 1], original[was, 2] * [-1, 1], atol=1e-4)
            np.testing.assert_allclose(image[k, 2], original[was, 1] * [-1, 1], atol=1e-4)

    @unittest.skipIf(torch is None, "needs torch")
    def test_some_shapes_of_a_batch_become_an_artists_in_the_same_frame(self) -> None:
        curves = curves_by_kind(self.frames, PUPPET)
        data = ShapeData(drawn_faces(24, 3, PUPPET), PUPPET, curves)
        own = frame_of(data.vertices[:, :6, 0]).vertices(data.vertices[:, :6]).repeat(40, 1, 1, 1)
        redrawn = data._redrawn(0, own, torch.Generator().manual_seed(1))
        changed = (redrawn != own).flatten(1).any(1)
        self.assertAlmostEqual(float(changed.float().mean()), DRAWN, delta=0.06)
        self.assertLess(float(redrawn[:, :, 0].mean(1).abs().max()), 1e-4)
        known = frame_of(data.hands[0][:, :, 0]).vertices(data.hands[0]).flatten(1)
        gap = (redrawn[changed].flatten(1)[:, None] - known).abs().amax(2).min(1).values
        self.assertLess(float(gap.max()), 1e-5)


if __name__ == "__main__":
    unittest.main()
