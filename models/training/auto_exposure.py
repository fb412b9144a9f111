"""The exposure at which a network is shown every frame (NumPy).

How much light a camera let in says nothing about tones, so a network need not learn them anew for
every exposure: each frame is brought to one. Measured is what most of the picture's brightness lies
below. Weighed by brightness, a black surround, as of an element on nothing, hardly counts. White is
where it stops: no frame is brightened until highlights are lost in what they lie on, nor darkened
until what a camera cut off is grey. So a frame that has white stays as it is. The node's
`auto_exposure` does the same, and before the frame is cut off at white.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from display_curve import decode_srgb, encode_srgb
from labels import REC709_LUMA

# This share of a frame's brightness, summed over its pixels in display encoding, lies below LEVEL
# once it is exposed.
SHARE = 0.9
LEVEL = 0.7
# This share of the pixels may lie above white: hot pixels and the tail of the grain, but no
# highlight of an eye.
WHITE_SHARE = 0.0001
# No more than these stops either way: what is darker is noise.
MOST_STOPS = 6.0
# Every so many-th pixel is measured that this many lie along the longer side, or fewer.
SAMPLES = 384


def stops_of(linear: NDArray[np.float32]) -> float:
    """The stops that expose a picture [h,w,3] in linear light; 0 where there is no light."""
    step = -(-max(linear.shape[:2]) // SAMPLES)
    luminance = np.clip(linear[step // 2 :: step, step // 2 :: step] @ REC709_LUMA, 0.0, None)
    order = np.sort(luminance, axis=None)
    weight = np.cumsum(encode_srgb(np.minimum(order, 1.0)), dtype=np.float64)
    if not weight.size or weight[-1] <= 0.0:
        return 0.0
    last = len(order) - 1
    place = min(int(np.searchsorted(weight, SHARE * weight[-1])), last)
    light = float(decode_srgb(np.float32(LEVEL)))
    wanted = light / max(float(order[place]), 1e-9)
    white = max(float(order[last - int(WHITE_SHARE * last)]), 1e-9)
    stops = np.log2(float(np.clip(wanted, *sorted((1.0, 1.0 / white)))))
    return float(np.clip(stops, -MOST_STOPS, MOST_STOPS))


def exposed(image: NDArray[np.float32], stops: float = 0.0) -> NDArray[np.float32]:
    """A display-encoded picture [3,h,w] in 0..1 at the common exposure, and `stops` more."""
    linear = decode_srgb(image)
    gain = np.float32(2 ** (stops_of(linear.transpose(1, 2, 0)) + stops))
    return np.minimum(encode_srgb(linear * gain), 1.0)
