"""Balances the five logits of a trained network against each other (needs torch).

Class weights in the loss make a rare class be seen rather once too often than missed. What is best
for training is not best for the answer: five constants on the logits, fitted on training frames
alone, undo the surplus. They go into the bias of the last layer, so the graph stays as it is.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from shot_dataset import Frames
from tone_classes import CLASSES
from tone_net import ToneNet, padded_to_stride
from tone_scores import confusion, iou

# Every n-th frame where there are many, and every n-th pixel of it: plenty for five numbers.
FRAME_STRIDE = 6
FEWEST_FRAMES = 64
PIXEL_STRIDE = 3
STEPS = (0.8, 0.4, 0.2, 0.1)


def fit_bias(net: ToneNet, frames: Frames) -> NDArray[np.float32]:
    """The constants that make the mean IoU of training frames largest, by coordinate search."""
    logits, labels = _training_logits(net, frames)

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


@torch.inference_mode()
def _training_logits(net: ToneNet, frames: Frames) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Logits [pixels, 5] and labels of some training pixels, half with and half without a mask."""
    logits, labels = [], []
    stride = max(1, min(FRAME_STRIDE, len(frames) // FEWEST_FRAMES))
    for turn, pick in enumerate(range(0, len(frames), stride)):
        image = frames.image[pick].float()[None] / 255
        subject = frames.mask(pick)[None]
        mask = subject if turn % 2 else torch.full_like(subject, 0.5)
        padded = padded_to_stride(torch.cat([image, mask], 1)[0])[None]
        whole = net(padded[:, :3], padded[:, 3:])[0, :, : image.shape[2], : image.shape[3]]
        answer = whole.flatten(1)[:, ::PIXEL_STRIDE]
        logits.append(answer.T.numpy())
        labels.append(frames.label[pick].flatten()[::PIXEL_STRIDE].numpy())
    return np.concatenate(logits), np.concatenate(labels)
