"""What a camera, a lab and a codec do to a shot: drawn once, the same for all its frames (NumPy).

The order is that of a camera. In linear light: exposure and white balance, defocus, motion blur,
grain; then the camera's curve; then the codec (H.264 needs the shot's other frames, and is applied
by `relit_shots.py`). Blur acts on the labels' shares as on the picture, for a soft border is soft
in both; a highlight spreads by its light, as it does in the picture. Everything follows from the
look's seed and a frame's number.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from display_curve import encode_srgb
from labels import REC709_LUMA
from look_blur import along_motion, disc, gaussian
from look_codec import subsampled, transform_coded
from relight import MAPS, Relit
from soft_labels import strongest
from tone_classes import HIGHLIGHT

Picture = NDArray[np.float32]

SHINE = MAPS.index("shine")
# Light of a pixel, and share of it, below which there is as good as none.
LEAST_LIGHT = 1e-4


def linear_curve(x: Picture) -> Picture:
    """No curve at all: scene-linear, as renders and plates are handed over."""
    return np.maximum(x, 0)


def logc3_curve(x: Picture) -> Picture:
    """ARRI LogC3 at exposure index 800."""
    high = 0.247190 * np.log10(5.555556 * np.maximum(x, 0.010591) + 0.052272) + 0.385537
    return np.where(x > 0.010591, high, 5.367655 * x + 0.092809)


def cineon_curve(x: Picture) -> Picture:
    """Printing density of scanned film: black at 95, white at 685 of 1023."""
    black = 10 ** ((95 - 685) / 300)
    density = np.log10(np.maximum(x, 0) * (1 - black) + black) * 300 + 685
    return density / 1023


CURVES: dict[str, Callable[[Picture], Picture]] = {
    "linear": linear_curve,
    "srgb": encode_srgb,
    "logc3": logc3_curve,
    "cineon": cineon_curve,
}


# How often a shot is shown in each. A node is told how its plates are encoded; that an artist
# forgot to tell it is the exception.
CURVE_WEIGHTS = {"linear": 0.05, "srgb": 0.83, "logc3": 0.08, "cineon": 0.04}


@dataclass(frozen=True)
class ShotLook:
    """One look. A zero switches a part of it off."""

    seed: int = 0
    stops: float = 0.0
    balance: tuple[float, float, float] = (1.0, 1.0, 1.0)
    curve: str = "srgb"
    grain: float = 0.0  # standard deviation at middle grey, in shares of it
    grain_size_px: float = 0.6
    grain_color: float = 0.5  # 0: the same in all channels, 1: independent
    defocus_px: float = 0.0  # radius
    shutter: float = 0.0  # share of the time to the next frame
    subsampling: bool = False  # 4:2:0
    quality: int = 0  # of the transform codec, 1 to 100
    h264_crf: int = 0  # constant rate factor of H.264, which codes a whole shot at once

    @staticmethod
    def draw(seed: int) -> ShotLook:
        """A random look; a fifth of the shots only get a curve."""
        rng = random.Random(seed)
        if rng.random() < 0.2:
            return ShotLook(seed=seed, curve=_curve(rng))
        warm, green = rng.gauss(0, 0.18), rng.gauss(0, 0.06)
        codec = rng.choice(("none", "none", "intra", "h264"))
        return ShotLook(
            seed=seed,
            stops=rng.uniform(-2, 2) if rng.random() < 0.4 else rng.gauss(0, 0.4),
            balance=(2**warm, 2**green, 2**-warm),
            curve=_curve(rng),
            grain=rng.uniform(0.01, 0.15) if rng.random() < 0.6 else 0.0,
            grain_size_px=rng.uniform(0.3, 1.2),
            grain_color=rng.random(),
            defocus_px=rng.uniform(0.5, 3.0) if rng.random() < 0.25 else 0.0,
            shutter=rng.choice((0.25, 0.5, 0.5, 1.0)) if rng.random() < 0.5 else 0.0,
            subsampling=rng.random() < 0.2,
            quality=rng.randint(35, 92) if codec == "intra" else 0,
            h264_crf=rng.randint(16, 34) if codec == "h264" else 0,
        )

    def apply(
        self, lit: Relit, number: int, exposure: float = 1.0, motion: Picture | None = None
    ) -> tuple[Picture, Relit]:
        """The encoded picture [h,w,3] in 0..1, and the frame with its blurred labels.

        `number` is the frame's, `exposure` the shot's own, `motion` [2,h,w] pixels to the next
        frame.
        """
        gain = exposure * 2**self.stops * np.array(self.balance, np.float32)
        lit = self.through_lens(replace(lit, picture=lit.picture * gain), motion)
        picture = self._grained(lit.picture, np.random.default_rng((self.seed, number)))
        encoded = np.clip(CURVES[self.curve](picture), 0, 1)
        if self.subsampling:
            encoded = subsampled(encoded)
        if self.quality:
            encoded = transform_coded(encoded, self.quality)
        return np.asarray(np.rint(encoded * 255) / 255, np.float32), lit

    def through_lens(self, lit: Relit, motion: Picture | None) -> Relit:
        """Defocus and motion blur, of the picture and of every share."""
        # Most scenes rest, and looking along no motion at all takes longer than the rest of a look.
        moves = bool(self.shutter) and motion is not None and bool(np.any(motion))
        if not self.defocus_px and not moves:
            return lit
        maps = [] if lit.maps is None else [lit.maps]
        light = np.maximum(lit.picture @ REC709_LUMA, LEAST_LIGHT)[None]
        shining = [lit.soft[HIGHLIGHT, None] * light, *(plane[[SHINE]] * light for plane in maps)]
        parts = [
            lit.picture.transpose(2, 0, 1),
            lit.soft,
            lit.subject[None],
            light,
            *shining,
            *maps,
        ]
        planes = np.concatenate(parts)
        if self.defocus_px:
            planes = disc(planes, self.defocus_px)
        if moves and motion is not None:
            planes = along_motion(planes, motion * np.float32(self.shutter))
        ends = np.cumsum([len(part) for part in parts])
        picture, soft, subject, light, glint, *others = np.split(planes, ends[:-1])
        soft = _with_highlight(soft, np.minimum(glint / light, subject)[0])
        blurred_maps = None
        if others:
            shine, blurred_maps = others
            blurred_maps[[SHINE]] = shine / light
        picture = np.ascontiguousarray(picture.transpose(1, 2, 0))
        return Relit(picture, strongest(soft), soft, subject[0], blurred_maps)

    def _grained(self, picture: Picture, rng: np.random.Generator) -> Picture:
        """Grain of a size, growing with the root of light as photons do, with a floor."""
        if not self.grain:
            return picture
        own = rng.standard_normal((3, *picture.shape[:2]), np.float32)
        common = rng.standard_normal((1, *picture.shape[:2]), np.float32)
        noise = common * math.sqrt(1 - self.grain_color) + own * math.sqrt(self.grain_color)
        if self.grain_size_px > 0:
            noise = gaussian(noise, self.grain_size_px)
            noise /= max(float(noise.std()), 1e-6)
        grey = 0.18
        deviation = self.grain * np.sqrt(np.clip(picture, 0, 4) * grey + 0.02 * grey**2)
        return picture + noise.transpose(1, 2, 0) * deviation


def _with_highlight(soft: NDArray[np.float32], share: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shares [5,h,w] with this one of the highlight [h,w], the others in proportion.

    A blurred highlight is as large as what it whitens. By the share of the area that it came from
    it would be gone, and clipped white would be called material.
    """
    rest = np.maximum(1 - soft[HIGHLIGHT], LEAST_LIGHT)
    changed = soft * ((1 - share) / rest)
    changed[HIGHLIGHT] = share
    return np.asarray(changed / changed.sum(0), np.float32)


def _curve(rng: random.Random) -> str:
    return rng.choices(list(CURVE_WEIGHTS), list(CURVE_WEIGHTS.values()))[0]
