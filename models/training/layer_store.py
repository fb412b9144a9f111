"""Light layers of a shot in one file that a loader crops without decoding it (NumPy alone).

`layers.npy` is float16 [frames, channels, height, width], linear light before exposure, at the
shot's own size; `layers.json` names the channels. Light and backgrounds are means over a pixel.
What labels are made of is kept per sub-pixel, as four channels (`occluded.0` to `occluded.3`).

A frame counts as there when its picture in `frames/` is: that is written after its layers, so a
killed run at worst writes a frame's layers twice.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from soft_labels import SUBPIXELS

FORMAT = 1
# Light of one group each; a picture is their weighted sum over what is behind.
GROUPS = ("key", "rest", "world")
COLORS = (*GROUPS, "behind")
# Luminance of mirrored light per group, the white layers, and whether the subject is there.
FINE = (*(f"gloss_{group}" for group in GROUPS), "occluded", "unoccluded", "subject")
CHANNELS: tuple[str, ...] = (
    *(f"{name}.{part}" for name in COLORS for part in "rgb"),
    "alpha",
    *(f"{name}.{k}" for name in FINE for k in range(SUBPIXELS)),
)
LARGEST = float(np.finfo(np.float16).max)

Layers = NDArray[np.float16]


def span(name: str) -> slice:
    """Where the channels of a layer lie: three of a color, four of sub-pixels, one of alpha."""
    numbers = [k for k, channel in enumerate(CHANNELS) if channel.split(".")[0] == name]
    if not numbers:
        raise KeyError(f"no layer is named {name}")
    return slice(numbers[0], numbers[-1] + 1)


def pack(planes: dict[str, NDArray[np.floating]]) -> Layers:
    """[channels,h,w] from [n,h,w] planes by layer name; every layer must be there."""
    parts = [planes[name] for name in (*COLORS, "alpha", *FINE)]
    stacked = np.nan_to_num(np.concatenate(parts), nan=0.0, posinf=LARGEST, neginf=0.0)
    if stacked.shape[0] != len(CHANNELS):
        raise ValueError(f"{stacked.shape[0]} channels instead of {len(CHANNELS)}")
    return np.asarray(np.clip(stacked, -LARGEST, LARGEST), np.float16)


def create(shot: Path, shape: tuple[int, int, int], facts: dict[str, Any]) -> Layers:
    """The layers of a shot of (frames, height, width), writable; made empty if not there."""
    path, part = shot / "layers.npy", shot / "layers.part"
    frames, height, width = shape
    whole = (frames, len(CHANNELS), height, width)
    if not path.exists():
        shot.mkdir(parents=True, exist_ok=True)
        header = {"format": FORMAT, "dtype": "float16", "shape": whole, **facts}
        text = json.dumps({**header, "channels": list(CHANNELS)}, indent=1) + "\n"
        (shot / "layers.json").write_text(text, "utf-8")
        np.lib.format.open_memmap(part, "w+", np.float16, whole).flush()
        part.replace(path)
    layers = np.load(path, mmap_mode="r+")
    if layers.shape != whole:
        raise ValueError(f"{path} is {layers.shape}, not {whole}: it is of another plan")
    return layers


def open_layers(shot: Path) -> tuple[Layers, dict[str, Any]]:
    """Layers to read, mapped into memory, and what `layers.json` says of them."""
    facts: dict[str, Any] = json.loads((shot / "layers.json").read_text("utf-8"))
    if facts["channels"] != list(CHANNELS):
        raise ValueError(f"{shot}: channels are {facts['channels']}")
    return np.load(shot / "layers.npy", mmap_mode="r"), facts
