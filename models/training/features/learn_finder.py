"""Trains the face finder (needs torch)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from features.crops import Plates
from features.faces import FaceFrame, FaceSet
from features.finder_batch import marked, moved
from features.finder_data import CANVASES, drawn_canvas
from features.finder_net import FinderNet, finder_loss
from features.training import Losses, Plan, Training

BATCH = 16
# Of the canvases, this share has a face of a film plate.
FILM_SHARE = 0.4
# How often each canvas is used, a little different each time.
ECHO = 4
CANVAS = ("image", "face")
FinderBatch = tuple[Tensor, Tensor]


class EpochCanvases(Dataset[FinderBatch]):
    """The batches of one epoch, each of canvases of one size."""

    def __init__(
        self, frames: list[FaceFrame], plates: Plates, seeds: tuple[int, int], steps: int
    ) -> None:
        self.frames, self.plates, self.seeds, self.steps = frames, plates, seeds, steps
        self.film = [frame for frame in frames if frame.film]

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> FinderBatch:
        rng = np.random.default_rng((*self.seeds, step))
        size = CANVASES[int(rng.integers(len(CANVASES)))]
        made = []
        for _ in range(BATCH):
            pool = self.film if self.film and rng.random() < FILM_SHARE else self.frames
            frame = pool[int(rng.integers(len(pool)))]
            made.append(drawn_canvas(frame, rng, size, self.plates))

        images, faces = (np.stack([getattr(one, name) for one in made]) for name in CANVAS)
        return torch.from_numpy(images), torch.from_numpy(faces)


def train_finder(
    faces: FaceSet,
    plan: Plan,
    checkpoint: Path,
    device: torch.device,
    workers: int = 1,
    start: nn.Module | None = None,
) -> nn.Module:
    """The averaged network at the end of the plan; `start` is a network to go on from."""
    torch.manual_seed(plan.seed)
    net = start or FinderNet()
    training = Training(net, plan, device, {"kind": "finder", "arguments": {}})

    def batches(epoch: int) -> Iterator[FinderBatch]:
        faces.refresh()
        training.facts |= {"frames": len(faces.frames), "data_hash": faces.hash()}
        frames = [faces.frames[name] for name in sorted(faces.frames)]
        steps = -(-plan.steps // ECHO)
        fresh = EpochCanvases(frames, faces.plates, (plan.seed, epoch), steps)
        made = DataLoader(fresh, batch_size=None, num_workers=workers, prefetch_factor=4)
        for step, (image, places) in enumerate(made):
            yield image, places
            random = torch.Generator().manual_seed(hash((plan.seed, epoch, step)))
            for _ in range(ECHO - 1):
                yield moved(image, places, random)

    def loss(net: nn.Module, batch: FinderBatch) -> Losses:
        assert isinstance(net, FinderNet)
        image, places = batch
        heat, target, near = (t.to(device) for t in marked(places, *image.shape[1:3]))
        planes = image.to(device).permute(0, 3, 1, 2).float() / 255
        with torch.autocast(device.type, dtype=torch.bfloat16):
            cells = net.cells(planes.contiguous(memory_format=torch.channels_last))
        return finder_loss(cells, heat, target, near)

    return training.run(checkpoint, batches, loss)
