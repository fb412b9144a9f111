"""What H.264 takes away from a shot: motion-compensated frames, 4:2:0 (needs PyAV)."""

from __future__ import annotations

import io

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

Picture = NDArray[np.float32]
RATE = 24


def h264_coded(pictures: list[Picture], crf: int) -> list[Picture]:
    """Pictures [h,w,3] in 0..1 after x264 at this constant rate factor, 0 (best) to 51.

    One thread: with more, x264's choices may depend on timing.
    """
    if not pictures:
        return []
    height, width = pictures[0].shape[:2]
    stream = _encoded([_even(picture) for picture in pictures], crf)
    with av.open(stream, format="h264") as file:
        decoded = [
            frame.to_ndarray(format="rgb24", src_colorspace=Colorspace.ITU709)
            for frame in file.decode(video=0)
        ]
    if len(decoded) != len(pictures):
        raise RuntimeError(f"x264 gave back {len(decoded)} of {len(pictures)} frames")
    return [frame[:height, :width].astype(np.float32) / 255 for frame in decoded]


def _encoded(pictures: list[Picture], crf: int) -> io.BytesIO:
    stream = io.BytesIO()
    with av.open(stream, "w", format="h264") as file:
        video = file.add_stream("libx264", rate=RATE)
        video.height, video.width = pictures[0].shape[:2]
        video.pix_fmt = "yuv420p"
        video.options = {"crf": str(crf), "preset": "veryfast", "threads": "1"}
        for picture in pictures:
            bytes_ = np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(bytes_, format="rgb24").reformat(
                format="yuv420p",
                dst_colorspace=Colorspace.ITU709,
                dst_color_range=ColorRange.MPEG,
            )
            file.mux(video.encode(frame))
        file.mux(video.encode(None))
    stream.seek(0)
    return stream


def _even(picture: Picture) -> Picture:
    """Padded to even sides, which 4:2:0 needs."""
    height, width = picture.shape[:2]
    return np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
