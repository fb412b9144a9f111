"""Labelled shots in memory, and random crops of them as training batches (needs torch)."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from augment import Look, regraded, spoil_mask
from labelled_frame import LabelledFrame, read_motion
from labels import REC709_LUMA
from recipe import Recipe
from relight import MAPS
from relit_shots import LitShot, has_layers
from set_plan import KEYS
from shot_folder import check_complete, data_hash, find_shots, frame_numbers, read_shot, split_of
from soft_labels import PRECEDENCE
from tone_classes import CAST_SHADOW, CLASSES, HIGHLIGHT

# Crop side and batch size: about equal work each. Small crops reach small scales (a crop cannot
# show more than the frame), large ones show the network forms as large as the node shows them.
CROPS = ((160, 14), (192, 10), (288, 5), (352, 3))
# The node shows the network whole frames: so do this share of the crops, or nearly, whatever their
# side. The scale of the others is drawn from what fits to the largest.
WHOLE_SHARE = 0.6
LEAST_OF_WHOLE = 0.8
LARGEST_SCALE = 2.0
# A frame that cannot be relit counts so much of one that can: its light is always the same, its
# labels are hard, and it lacks the glints that sets by name have (`studio_passes.py`).
AS_RENDERED_SHARE = 0.4
# Of a pixel of a crop so much must be known that its shares count. Soft ones, of 255, all are.
LEAST_KNOWN = 0.5


@dataclass(frozen=True)
class Frames:
    """All frames of one split. `weight` evens out long and short shots."""

    image: list[Tensor]  # uint8 [3,H,W]
    label: list[Tensor]  # uint8 [1,H,W]
    # uint8 [5,H,W], shares of 255; none where a frame is only known as rendered. A frame that has
    # them has a look, too.
    soft: list[Tensor | None]
    subject: list[Tensor | None]  # uint8 [1,H,W]; none where the shot does not tell
    weight: list[float]
    # float16 [2,H,W], pixels to the frame that follows in this list; none where none does.
    motion: list[Tensor | None]
    # uint8 [4,H,W], what labels are decided by, as `relight.MAPS`; none where it is unknown.
    maps: list[Tensor | None]

    def __len__(self) -> int:
        return len(self.image)

    def mask(self, pick: int) -> Tensor:
        """The subject [1,H,W] in 0..1 as a mask shows it; a half everywhere if it is unknown."""
        subject = self.subject[pick]
        if subject is None:
            return torch.full(self.label[pick].shape, 0.5)
        return subject.float() / 255

    def with_lit(self, lit: list[LitShot]) -> Frames:
        """These frames and those of relit shots."""
        image, label, soft = list(self.image), list(self.label), list(self.soft)
        subject, weight, motion = list(self.subject), list(self.weight), list(self.motion)
        maps = list(self.maps)
        for shot in lit:
            image += torch.from_numpy(shot.image)
            label += torch.from_numpy(shot.label)[:, None]
            soft += torch.from_numpy(shot.soft)
            subject += torch.from_numpy(shot.subject)[:, None]
            maps += torch.from_numpy(shot.maps)
            weight += [_weight(len(shot.image))] * len(shot.image)
            known = [] if shot.motion is None else list(torch.from_numpy(shot.motion))[:-1]
            motion += known + [None] * (len(shot.image) - len(known))
        return Frames(image, label, soft, subject, weight, motion, maps)


@dataclass(frozen=True)
class Split:
    """The shots of one split: frames as rendered, and shots to relight."""

    frames: Frames
    shots: list[Path]
    relit: list[Path]
    hash: str


def load_split(roots: list[Path], split: str, relight: bool = False) -> Split:
    """Reads every finished frame of the shots of a split.

    With `relight`, shots with layers are named in `relit`, and none of their frames is read. A shot
    that cannot be read is a `ShotError`.
    """
    found = [shot for root in roots for shot in find_shots(root)]
    shots = [shot for shot in found if split_of(shot) == split]
    relit = [shot for shot in shots if relight and has_layers(shot)]
    image, label, weight = [], [], []
    subject: list[Tensor | None] = []
    motion: list[Tensor | None] = []
    for shot in (shot for shot in shots if shot not in relit):
        facts, numbers = read_shot(shot), frame_numbers(shot)
        check_complete(shot, facts, numbers)
        moves = facts.get("shows", {}).get("motion") != KEYS
        for number, after in zip(numbers, [*numbers[1:], None], strict=True):
            frame = LabelledFrame.read(shot, number, facts)
            image.append(torch.from_numpy(np.ascontiguousarray(frame.image.transpose(2, 0, 1))))
            label.append(torch.from_numpy(frame.labels)[None])
            inside = frame.subject
            subject.append(None if inside is None else torch.from_numpy(inside)[None])
            weight.append((AS_RENDERED_SHARE if relight else 1) * _weight(len(numbers)))
            followed = moves and after == number + 1
            motion.append(_motion(shot, number, frame.labels.shape) if followed else None)
    unknown: list[Tensor | None] = [None] * len(image)
    frames = Frames(image, label, list(unknown), subject, weight, motion, list(unknown))
    return Split(frames, shots, relit, data_hash(shots))


def _motion(shot: Path, number: int, size: tuple[int, ...]) -> Tensor | None:
    motion = read_motion(shot, number, size)
    return None if motion is None else torch.from_numpy(motion.astype(np.float16))


def _weight(frames: int) -> float:
    """Neighbouring frames of a long shot say nearly the same; a new scene says more."""
    return 1 / math.sqrt(frames)


class Batch(NamedTuple):
    """Crops, and what is to be learnt of them."""

    image: Tensor  # [N,3,S,S]
    mask: Tensor  # [N,1,S,S], as the network sees it
    target: Tensor  # [N,5,S,S], shares of the classes
    inside: Tensor  # [N,S,S], the pixels that are the subject's
    maps: Tensor  # [N,4,S,S], as `relight.MAPS`; 0 where unknown


def random_batch(frames: Frames, rng: random.Random, recipe: Recipe) -> Batch:
    """A batch of random crops at random scales."""
    side, count = rng.choice(CROPS)
    picks = rng.choices(range(len(frames)), frames.weight, k=count)
    crops = []
    for pick in picks:
        # Each draws for itself: a row of an ablation that draws once more sees the same places.
        own = random.Random(rng.getrandbits(64))
        crops.append(crop(frames, pick, Place.draw(frames, pick, side, own), own, recipe))
    return stacked(crops)


@dataclass(frozen=True)
class Place:
    """Where a crop is cut from a frame, and how it is laid out."""

    y: int
    x: int
    window: int  # side, in pixels of the frame
    side: int  # side of the crop that it becomes
    flips: tuple[int, ...]

    @staticmethod
    def draw(frames: Frames, pick: int, side: int, rng: random.Random) -> Place:
        """A random place in a frame."""
        height, width = frames.image[pick].shape[1:]
        smallest = side / min(height, width)
        if rng.random() < WHOLE_SHARE:
            scale = smallest / rng.uniform(LEAST_OF_WHOLE, 1)
        else:
            largest = max(smallest, LARGEST_SCALE)
            scale = math.exp(rng.uniform(math.log(smallest), math.log(largest)))
        window = min(round(side / scale), height, width)
        y, x = rng.randint(0, height - window), rng.randint(0, width - window)
        flips = tuple(axis for axis, share in ((-1, 0.5), (-2, 0.1)) if rng.random() < share)
        return Place(y, x, window, side, flips)

    def cut(self, picture: Tensor) -> Tensor:
        """The window of a picture [C,H,W]."""
        return picture[:, self.y : self.y + self.window, self.x : self.x + self.window]

    def laid(self, cut: Tensor) -> Tensor:
        """A cut window as a crop [C,side,side]."""
        size = (self.side, self.side)
        resized = functional.interpolate(
            cut[None].float(), size, mode="bilinear", align_corners=False, antialias=True
        )[0]
        return resized.flip(self.flips) if self.flips else resized


def crop(
    frames: Frames, pick: int, place: Place, rng: random.Random, recipe: Recipe, after: int = 0
) -> tuple[Tensor, ...]:
    """One entry of a batch, its members in order; `after` so many frames, in the same look, its
    noise is another."""
    image = place.laid(place.cut(frames.image[pick])) / 255
    soft = frames.soft[pick]
    if soft is None:
        target = place.laid(one_hot(place.cut(frames.label[pick])[0]))
        image = Look.draw(rng).apply(image, rng, after)
    else:
        target = place.laid(place.cut(soft))
        if recipe.regraded_share and rng.random() < recipe.regraded_share:
            image = regraded(image, rng)
    known = target.sum(0, keepdim=True)
    target = torch.where(known >= LEAST_KNOWN, target / known.clamp_min(LEAST_KNOWN), 0)
    if not recipe.soft_labels:
        order = torch.tensor(PRECEDENCE)
        target = one_hot(order[target[order].argmax(0)]) * (known >= LEAST_KNOWN)
    unknown = torch.full_like(target[:1], 0.5)
    unmasked = rng.random() < recipe.no_mask_share
    stored = frames.subject[pick]
    if stored is None:
        # Its forms are what has a tone; a cast shadow may as well lie beside them.
        mask, inside = unknown, target[HIGHLIGHT:CAST_SHADOW].sum(0, keepdim=True) > 0.5
    else:
        subject = place.laid(place.cut(stored)) / 255
        mask, inside = unknown if unmasked else spoil_mask(subject, rng), subject > 0.5
    stored = frames.maps[pick]
    maps = torch.zeros(len(MAPS), place.side, place.side)
    if stored is not None and recipe.maps_weight:
        maps = place.laid(place.cut(stored)) / 255
    return as_seen(image, recipe), mask, target, inside, maps


def stacked(crops: list[tuple[Tensor, ...]]) -> Batch:
    """A batch of crops of one size."""
    image, mask, target, inside, maps = (torch.stack(parts) for parts in zip(*crops, strict=True))
    return Batch(image, mask, target, inside[:, 0], maps)


def as_seen(image: Tensor, recipe: Recipe) -> Tensor:
    """An image [3,H,W] as a network of this recipe sees it."""
    if recipe.color:
        return image
    return (
        (image * torch.from_numpy(REC709_LUMA)[:, None, None])
        .sum(0, keepdim=True)
        .expand(3, -1, -1)
    )


def one_hot(label: Tensor) -> Tensor:
    """Shares [5,H,W] of class numbers [H,W]; none of any class where the number is unknown."""
    known = label < len(CLASSES)
    shares = functional.one_hot(torch.where(known, label, 0).long(), len(CLASSES)).movedim(-1, 0)
    return shares.float() * known
