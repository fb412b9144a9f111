"""Batches of crops, made in processes of their own beside the training (needs torch)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from features.crops import Crop, CropChoices, Plates, drawn_crop
from features.faces import FaceFrame
from features.landmark_loss import CropBatch
from puppet.topology import Topology

Random = np.random.Generator


def stacked(crops: list[Crop]) -> CropBatch:
    """Crops as one batch."""

    def all_of(name: str) -> torch.Tensor:
        return torch.from_numpy(np.stack([getattr(crop, name) for crop in crops]))

    return CropBatch(
        *(all_of(name) for name in ("image", "places", "weight", "visible", "present"))
    )


class EpochCrops(Dataset[CropBatch]):
    """The batches of one epoch. Each is seeded by its place, so that resuming repeats nothing."""

    def __init__(
        self,
        frames: list[FaceFrame],
        plates: Plates,
        choices: CropChoices,
        topology: Topology,
        seeds: tuple[int, int],
        steps: int,
        batch: int,
        favoured: float = 0.0,
    ) -> None:
        self.frames, self.plates, self.choices, self.topology = frames, plates, choices, topology
        self.seeds, self.steps, self.batch = seeds, steps, batch
        self.film = [frame for frame in frames if frame.film]
        self.favoured = favoured if self.film else 0.0

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> CropBatch:
        rng = np.random.default_rng((*self.seeds, step))
        return stacked(
            [
                drawn_crop(self._pick(rng), rng, self.choices, self.topology, self.plates)
                for _ in range(self.batch)
            ]
        )

    def _pick(self, rng: Random) -> FaceFrame:
        pool = self.film if rng.random() < self.favoured else self.frames
        return pool[int(rng.integers(len(pool)))]


def loaded(batches: EpochCrops, workers: int) -> Iterable[CropBatch]:
    """The batches, made ahead by worker processes; without any, in this one."""
    ahead = 4 if workers else None
    return DataLoader(batches, batch_size=None, num_workers=workers, prefetch_factor=ahead)
