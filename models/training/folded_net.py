"""The tone network with fewer passes over its largest tensors: the same numbers (needs torch).

What hides in a network that learns costs as much as a layer once it runs. Four pixels as channels
of one are a shuffle of memory, and the mask's way into the stem is a layer and a sum of its own;
here both are convolutions. It is made of weights that have learnt, and learns no more.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from tone_net import ToneNet, centred

# Image and subject, and the four pixels of each that become channels.
PLANES, PHASES = 4, 4


class FoldedToneNet(nn.Module):
    """`ToneNet` for export; takes and gives the same tensors."""

    def __init__(self, net: ToneNet) -> None:
        super().__init__()
        self.net = net.eval()
        self.stem = _stem_with_mask(net)
        # A convolution that only picks: exact, and faster than the shuffle.
        self.phases = nn.Conv2d(PLANES, PLANES * PHASES, 2, 2, bias=False)
        with torch.no_grad():
            picks = torch.eye(PLANES * PHASES).view(-1, PLANES, 2, 2)
            self.phases.weight.copy_(picks)

    def forward(self, image: Tensor, subject: Tensor) -> Tensor:
        """Logits [N,5,H,W] from image [N,3,H,W] and subject [N,1,H,W], both in 0..1."""
        planes = torch.cat(centred(image, subject), 1)
        # As `SamePadded` does: an odd sum has its larger half behind.
        stem = functional.relu6(self.stem(functional.pad(planes, (0, 1, 0, 1))))
        skips, fine = self.net.trunk.above(stem), self.net.fine(self.phases(planes))
        return functional.pixel_shuffle(self.net.head(self.net.decode(skips, fine)), 2)


@torch.no_grad()
def _stem_with_mask(net: ToneNet) -> nn.Conv2d:
    """The trunk's stem with a fourth plane, the subject.

    The mask's layer sees the two by two pixels that the stem's kernel of three by three begins
    with.
    """
    learnt = fuse_conv_bn_eval(net.trunk.stem[0], net.trunk.stem[1])
    stem = nn.Conv2d(PLANES, learnt.out_channels, learnt.kernel_size, learnt.stride)
    stem.weight.zero_()
    stem.weight[:, : PLANES - 1] = learnt.weight
    stem.weight[:, PLANES - 1, :2, :2] = net.mask.weight.view(-1, 2, 2)
    assert stem.bias is not None and learnt.bias is not None
    stem.bias.copy_(learnt.bias)
    return stem
