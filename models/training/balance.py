"""Balances the five logits of a trained network against each other (needs torch).

Class weights in the loss make a rare class be seen rather once too often than missed. What is best
for training is not best for the answer: five constants on the logits, fitted on frames, undo the
surplus. They go into the bias of the last layer, so the graph stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from node_defaults import MOST_ENLARGED, WORKING_SIZE
from shot_dataset import Frames
from tone_classes import CLASSES
from tone_net import ToneNet, whole_logits
from tone_scores import confusion, iou

# Every n-th frame where there are many, and every n-th pixel of it: plenty for five numbers.
FRAME_STRIDE = 6
FEWEST_FRAMES = 64
PIXEL_STRIDE = 3
STEPS = (0.8, 0.4, 0.2, 0.1)
# Constants no larger: a class that so little brings back is not seen at all.
MOST = 1.0


def node_logits(net: nn.Module, picture: Tensor) -> Tensor:
    """Logits [5,H,W] of image and mask [4,H,W] from the two looks that the node takes by default.

    `looks.rs` says why; the node follows the borders of the frame besides, which moves no class
    against the others.
    """
    height, width = picture.shape[1:]
    scale = min(WORKING_SIZE / max(height, width), MOST_ENLARGED)
    near = _resized(picture, round(height * scale), round(width * scale))
    far = _resized(near, -(-near.shape[1] // 2), -(-near.shape[2] // 2))
    together, smaller = whole_logits(net, near), whole_logits(net, far)
    missing = smaller - _resized(together, *smaller.shape[1:])
    return _resized(together + _resized(missing, *together.shape[1:]) / 2, height, width)


def fit_bias(
    net: nn.Module, frames: Frames, shown: Callable[[nn.Module, Tensor], Tensor] = node_logits
) -> NDArray[np.float32]:
    """The constants that make the mean IoU of frames largest, by coordinate search.

    `shown` makes the logits [5,H,W] of a network for an image and mask [4,H,W].
    """
    logits, labels = _logits(lambda picture: shown(net, picture), frames)

    def mean_iou(bias: NDArray[np.float32]) -> float:
        values = iou(confusion(labels, (logits + bias).argmax(1))).values()
        return float(np.mean([value or 0.0 for value in values]))

    bias = np.zeros(len(CLASSES), np.float32)
    best = mean_iou(bias)
    for step in STEPS:
        for number in range(len(CLASSES)):
            for change in (-step, step):
                while True:
                    moved = bias.copy()
                    moved[number] += change
                    if abs(moved[number]) > MOST:
                        break
                    value = mean_iou(moved)
                    if value <= best:
                        break
                    best, bias = value, moved
    return bias - bias.mean()


def add_bias(net: ToneNet, bias: NDArray[np.float32]) -> None:
    """Adds constants to the logits of a network."""
    with torch.no_grad():
        # Each class has several neighbouring channels of the head, one for each phase of a pixel.
        phases = len(net.head.bias) // len(bias)
        net.head.bias += torch.from_numpy(bias).repeat_interleave(phases)


def _resized(planes: Tensor, height: int, width: int) -> Tensor:
    resize = functional.interpolate
    return resize(planes[None], (height, width), mode="bilinear", antialias=True)[0]


@torch.inference_mode()
def _logits(
    shown: Callable[[Tensor], Tensor], frames: Frames
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Logits [pixels, 5] and labels of some pixels, half with and half without a mask."""
    logits, labels = [], []
    stride = max(1, min(FRAME_STRIDE, len(frames) // FEWEST_FRAMES))
    for turn, pick in enumerate(range(0, len(frames), stride)):
        image, subject = frames.image[pick].float() / 255, frames.mask(pick)
        mask = subject if turn % 2 else torch.full_like(subject, 0.5)
        answer = shown(torch.cat([image, mask])).flatten(1)[:, ::PIXEL_STRIDE]
        logits.append(answer.T.numpy())
        labels.append(frames.label[pick].flatten()[::PIXEL_STRIDE].numpy())
    return np.concatenate(logits), np.concatenate(labels)
