"""What codecs take away: chroma at half size, and 8x8 blocks of coarse frequencies (NumPy alone).

Intra frames of ProRes, DNxHR and JPEG quantise frequencies of blocks; this does it as JPEG does,
with the tables of its standard, a frame at a time. `look_h264.py` codes whole shots.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
BLOCK = 8
TO_YCC = np.array(
    [[0.2126, 0.7152, 0.0722], [-0.114572, -0.385428, 0.5], [0.5, -0.454153, -0.045847]], np.float32
)
TO_RGB = np.linalg.inv(TO_YCC.astype(np.float64)).astype(np.float32)
LUMA = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ],
    np.float32,
)
CHROMA = np.full((BLOCK, BLOCK), 99, np.float32)
CHROMA[:4, :4] = [[17, 18, 24, 47], [18, 21, 26, 66], [24, 26, 56, 99], [47, 66, 99, 99]]


def _cosines() -> NDArray[np.float32]:
    k, n = np.mgrid[0:BLOCK, 0:BLOCK]
    table = np.cos((2 * n + 1) * k * np.pi / (2 * BLOCK)) * np.sqrt(2 / BLOCK)
    table[0] /= np.sqrt(2)
    return table.astype(np.float32)


COSINES = _cosines()


def subsampled(picture: Picture) -> Picture:
    """4:2:0: one color for each 2x2 pixels, every pixel its own luma."""
    ycc = picture @ TO_YCC.T
    return np.asarray(np.clip(_coarse_chroma(ycc) @ TO_RGB.T, 0, 1), np.float32)


def transform_coded(picture: Picture, quality: int) -> Picture:
    """The picture [h,w,3] after a codec of that quality, 1 to 100."""
    ycc = _coarse_chroma(picture @ TO_YCC.T)
    scale = 5000 / quality if quality < 50 else 200 - 2 * quality
    for k, table in enumerate((LUMA, CHROMA, CHROMA)):
        steps = np.clip(np.floor((table * scale + 50) / 100), 1, 255) / 255
        # Chroma is coded at half its size.
        plane = ycc[..., k] if k == 0 else ycc[::2, ::2, k]
        coded = _quantised(plane, steps.astype(np.float32))
        ycc[..., k] = coded if k == 0 else _doubled(coded, ycc.shape[:2])
    return np.asarray(np.clip(ycc @ TO_RGB.T, 0, 1), np.float32)


def _quantised(plane: Picture, steps: Picture) -> Picture:
    height, width = plane.shape
    padded = np.pad(plane, ((0, -height % BLOCK), (0, -width % BLOCK)), mode="edge")
    rows, columns = padded.shape[0] // BLOCK, padded.shape[1] // BLOCK
    blocks = padded.reshape(rows, BLOCK, columns, BLOCK).transpose(0, 2, 1, 3)
    frequencies = COSINES @ (blocks - 0.5) @ COSINES.T
    kept = np.rint(frequencies / steps) * steps
    back = COSINES.T @ kept @ COSINES + 0.5
    return back.transpose(0, 2, 1, 3).reshape(padded.shape)[:height, :width]


def _coarse_chroma(ycc: Picture) -> Picture:
    height, width = ycc.shape[:2]
    padded = np.pad(ycc[..., 1:], ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    small = padded.reshape(padded.shape[0] // 2, 2, padded.shape[1] // 2, 2, 2).mean((1, 3))
    result = ycc.copy()
    for k in range(2):
        result[..., k + 1] = _doubled(small[..., k], (height, width))
    return result


def _doubled(plane: Picture, size: tuple[int, ...]) -> Picture:
    return plane.repeat(2, 0).repeat(2, 1)[: size[0], : size[1]]
