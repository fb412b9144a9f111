"""Planes of numbers in OpenEXR files: shares of classes, motion (needs `OpenEXR`)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenEXR
from numpy.typing import NDArray


def plane_path(shot: Path, kind: str, number: int) -> Path:
    """Path of one EXR; `kind` is soft or motion."""
    return shot / kind / f"{number:04}.exr"


def save_planes(path: Path, planes: dict[str, NDArray[np.floating]]) -> None:
    """Writes named channels, half or float as they come, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    channels = {name: np.ascontiguousarray(plane) for name, plane in planes.items()}
    OpenEXR.File(header, channels).write(str(part))
    part.replace(path)


def load_planes(path: Path) -> dict[str, NDArray[np.floating]]:
    """Reads every channel by name, as it is stored."""
    with OpenEXR.File(str(path), separate_channels=True) as file:
        return {name: np.array(channel.pixels) for name, channel in file.channels().items()}


def load_whole(path: Path) -> dict[str, NDArray[np.floating]]:
    """Every channel by name, of a file that is neither cropped nor larger than its picture."""
    with OpenEXR.File(str(path), separate_channels=True) as file:
        header = file.header()
        data, display = (np.array(header[name]) for name in ("dataWindow", "displayWindow"))
        if not np.array_equal(data, display):
            raise ValueError("its data window is not its display window")
        return {name: np.array(channel.pixels) for name, channel in file.channels().items()}
