"""One frame of a labelled shot as training and scoring read it, whoever made the shot.

Frames are display-encoded sRGB PNG or linear Rec.709 EXR, labels and subject 8-bit grey PNG; the
subject may be missing. Anything else is a `ShotError`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from display_curve import encode_srgb, to_bytes
from shot_folder import ShotError, frame_file, load_png_and_mode, stored
from tone_classes import CLASSES, UNKNOWN

Bytes = NDArray[np.uint8]
Planes = dict[str, NDArray[np.floating]]
# The encodings of frames that are read here, by the ending of their files.
COLORSPACES = {".png": "srgb", ".exr": "linear_rec709"}
# A subject whose largest value is from 1 to this is numbers of objects, not a matte.
MOST_INDEX = 16


@dataclass(frozen=True)
class LabelledFrame:
    """A frame and what is true of its pixels."""

    image: Bytes  # [h, w, 3], sRGB
    labels: Bytes  # [h, w], class numbers, UNKNOWN where nothing is known
    subject: Bytes | None  # [h, w], 255 inside; none if the shot does not tell

    @staticmethod
    def read(shot: Path, number: int, facts: dict[str, Any]) -> LabelledFrame:
        """A frame of a shot whose `shot.json` holds `facts`."""
        file = frame_file(shot, number)
        image = _image(file, facts.get("colorspace", COLORSPACES[file.suffix.lower()]))
        size = image.shape[:2]
        path, labels = _grey(shot / "labels", number, size)
        strange = labels[(labels >= len(CLASSES)) & (labels != UNKNOWN)]
        if strange.size:
            known = f"give 0 to {len(CLASSES) - 1}, or {UNKNOWN}"
            raise ShotError(f"{path}: {strange[0]} is no class; {known}")
        if not (shot / "subject").exists():
            return LabelledFrame(image, labels, None)
        path, subject = _grey(shot / "subject", number, size)
        if 1 <= subject.max() <= MOST_INDEX:
            message = f"its largest value is {subject.max()}; inside, the subject is 255"
            raise ShotError(f"{path}: {message}")
        return LabelledFrame(image, labels, subject)


def read_motion(
    shot: Path, number: int, size: tuple[int, ...] | None = None
) -> NDArray[np.float32] | None:
    """How far [2, h, w] the pixels of a frame move to the next one, x right and y down; none where
    the shot does not tell. `size` is height and width of the frame, to be held against."""
    from exr_planes import plane_path

    path = plane_path(shot, "motion", number)
    if not path.exists():
        return None
    motion = np.stack(_channels(path, _motion_planes, "xy"))
    if size is not None and motion.shape[1:] != size:
        found, wanted = (f"{shape[1]}x{shape[0]}" for shape in (motion.shape[1:], size))
        raise ShotError(f"{path}: it is {found}, and its frame {wanted}")
    return motion


def _motion_planes(path: Path) -> Planes:
    """Planes of the only layer, without its name; red and green are x and y where no blue makes a
    picture of them."""
    from exr_planes import load_planes

    layers: dict[str, Planes] = {}
    for name, plane in load_planes(path).items():
        layer, _, channel = name.rpartition(".")
        layers.setdefault(layer, {})[channel.lower()] = plane
    if "" not in layers and len(layers) > 1:
        raise ValueError(f"it has the layers {', '.join(sorted(layers))}, and one is wanted")
    planes = layers.get("") or next(iter(layers.values()), {})
    if "z" in planes:
        raise ValueError("its channels are x, y and more, as of vectors to both neighbors")
    if "b" not in planes:
        planes = {{"r": "x", "g": "y"}.get(name, name): plane for name, plane in planes.items()}
    return planes


def _image(path: Path, colorspace: str) -> Bytes:
    expected = COLORSPACES[path.suffix.lower()]
    if colorspace != expected:
        message = f"a {path.suffix} frame is read as {expected}, and shot.json says {colorspace}"
        raise ShotError(f"{path}: {message}; convert the frames")
    if path.suffix.lower() == ".exr":
        return _linear(path)
    pixels, mode = load_png_and_mode(path)
    if mode == "L":
        return np.repeat(pixels[..., None], 3, 2)
    if mode == "RGBA" and (pixels[..., 3] == 255).all():
        return np.ascontiguousarray(pixels[..., :3])
    if mode != "RGB":
        raise ShotError(f"{path}: its pixels are {mode}; write opaque 8-bit RGB")
    return pixels


def _linear(path: Path) -> Bytes:
    from exr_planes import load_whole

    return to_bytes(encode_srgb(np.stack(_channels(path, load_whole, "RGB"), -1)))


def _channels(path: Path, load: Callable[[Path], Planes], names: str) -> list[NDArray[np.float32]]:
    """Channels of an EXR that `load` reads, in the order of `names`, in whatever case they are."""
    try:
        planes = {name.lower(): plane for name, plane in load(path).items()}
    except (RuntimeError, OSError, ValueError) as error:
        raise ShotError(f"{path}: {error}; write it again") from None
    missing = [name for name in names if name.lower() not in planes]
    if missing:
        wanted = " and ".join([", ".join(names[:-1]), names[-1]])
        raise ShotError(f"{path}: it lacks the channel {missing[0]}; write {wanted}")
    return [planes[name.lower()].astype(np.float32) for name in names]


def _grey(folder: Path, number: int, size: tuple[int, ...]) -> tuple[Path, Bytes]:
    path = stored(folder, number, (".png",))
    pixels, mode = load_png_and_mode(path)
    if mode != "L":
        raise ShotError(f"{path}: its pixels are {mode}; write 8-bit grey")
    if pixels.shape != size:
        found, wanted = (f"{shape[1]}x{shape[0]}" for shape in (pixels.shape, size))
        raise ShotError(f"{path}: it is {found}, and its frame {wanted}")
    return path, pixels
