"""Which frames a set has and what each shows, all from seeds (NumPy alone).

A cue is all that moves in a frame: face, head, camera, light. Film shots are performed: cues of one
shot hang together, puppets move on twos, faces are replaced and blink.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field, replace

import numpy as np

from puppet.expression import EXPRESSIONS, Expression, closing
from puppet.identity import CROWD, HELD_OUT, TRAINING

HERO = TRAINING[0]
PLATE = (2348, 1566)
SENSOR_MM = 36.0
# What a face may be asked for; every name about equally often.
FACES = tuple(sorted(EXPRESSIONS))
# Faces of the crowd, and frames of each.
CROWD_FACES, CROWD_FRAMES = 144, 5


@dataclass(frozen=True)
class Cue:
    """One frame. Angles in radians, lengths in half heights of the head, camera along +y."""

    expression: Expression
    called: str
    gaze: tuple[float, float]
    turn: tuple[float, float, float]  # yaw to the viewer's right, pitch up, roll
    at: tuple[float, float, float]  # the head's middle
    camera: tuple[float, float, float]
    roll: float = 0.0  # of the camera
    flicker: float = 1.0
    prop: float = 0.0  # 0..1, a prop's way through the shot

    @property
    def pose(self) -> str:
        """front, side, down or up, as the founding document tells them apart."""
        yaw, pitch, _ = np.degrees(self.turn)
        if abs(yaw) > 35:
            return "side"
        return "down" if pitch < -15 else "up" if pitch > 15 else "front"


@dataclass(frozen=True)
class Shot:
    """One folder of frames."""

    name: str
    set: str
    split: (
        str  # train, test, new (held-out identities), own (the same, as their owner renders them)
    )
    seed: int
    identity: int
    frames: int
    size: tuple[int, int]
    kind: str = "poses"  # poses, or what a film shot does
    prop: str = ""
    on_twos: bool = True
    whole: bool = False  # the frame is rendered whole, not only about the head
    samples: int = 12
    lens: float = 70.0
    cues: list[Cue] = field(default_factory=list, repr=False)

    @property
    def film(self) -> bool:
        return self.set == "film"

    @property
    def focal_px(self) -> float:
        return self.lens / SENSOR_MM * max(self.size)


def halton(number: int, base: int) -> float:
    """The n-th of numbers that fill 0..1 evenly."""
    result, share = 0.0, 1.0
    while number > 0:
        share /= base
        result += share * (number % base)
        number //= base
    return result


def _pose_cue(shot: Shot, number: int, faces: list[str]) -> Cue:
    """A pose of the range in which a face is visible, filled evenly over the shot."""
    rng = random.Random(f"{shot.seed}/{number}")
    k = number + shot.seed % 1000
    yaw, pitch, roll = (2 * halton(k, base) - 1 for base in (2, 3, 5))
    turn = (math.radians(72) * yaw, math.radians(38) * pitch, math.radians(25) * roll)
    called = faces[(number - 1) % len(faces)]
    expression = EXPRESSIONS[called]
    if rng.random() < 0.15:
        expression = closing(expression, rng.uniform(0.2, 0.8))
    # About how many pixels a half height is to take.
    scale = shot.size[0] * rng.uniform(0.27, 0.46)
    distance = shot.focal_px / scale
    aside = [rng.uniform(-0.28, 0.28) for _ in range(2)]
    gaze = (rng.gauss(0, 0.22), rng.gauss(0, 0.14))
    return Cue(expression, called, gaze, turn, (0, 0, 0), (aside[0], -distance, aside[1]))


def synthetic(seed: int) -> list[Shot]:
    """936 frames and a few: half of the hero, the rest of the other training identities."""
    counts = {HERO: 480} | dict.fromkeys(TRAINING[1:], 66)
    return [
        _posed(f"syn_id{number:02}", "synthetic", "train", seed, number, count, 320)
        for number, count in counts.items()
    ]


def crowd(seed: int) -> list[Shot]:
    """A few frames of each of many more faces: what a face may be, for those never seen."""
    shots = [
        _posed(f"crowd_id{number:03}", "crowd", "train", seed + 11, number, CROWD_FRAMES, 320)
        for number in range(CROWD, CROWD + CROWD_FACES)
    ]
    return [replace(shot, samples=6) for shot in shots]


def own(seed: int) -> list[Shot]:
    """What the owner of a held-out character's 3D head renders of it."""
    return [
        _posed(f"own_id{number:02}", "own", "own", seed + 7, number, 120, 320)
        for number in HELD_OUT
    ]


def look(seed: int) -> list[Shot]:
    """A few small frames of every identity, to look at."""
    return [
        _posed(f"look_id{number:02}", "look", "look", seed + 3, number, 2, 200)
        for number in (*TRAINING, *HELD_OUT)
    ]


def _posed(
    name: str, group: str, split: str, seed: int, identity: int, count: int, side: int
) -> Shot:
    shot = Shot(name, group, split, seed * 1009 + identity, identity, count, (side, side))
    faces = list(FACES)
    random.Random(shot.seed).shuffle(faces)
    shot.cues.extend(_pose_cue(shot, number, faces) for number in range(1, count + 1))
    return shot


def film(seed: int) -> list[Shot]:
    """Training and test shots of the hero, some of others, and of held-out identities."""
    train = [("front", "", 40), ("side", "", 40), ("down", "rig", 40), ("up", "", 40)]
    train += [("front", "hand", 40)]
    test = [("front", "", 36), ("side", "", 36), ("down", "", 32), ("up", "rig", 32)]
    test += [("away", "", 24), ("exit", "", 24), ("front", "hand", 24), ("side", "hat", 24)]
    rows = [("train", HERO, *row) for row in train]
    rows += [("train", TRAINING[k], kind, "", 24) for k, kind in ((1, "front"), (3, "side"))]
    rows += [("train", TRAINING[6], "away", "", 24)]
    rows += [("test", HERO, *row) for row in test]
    kinds = (("front", ""), ("side", ""), ("down", "hand"), ("front", "rig"))
    rows += [("new", who, *kinds[k], 24) for k, who in enumerate(HELD_OUT)]
    shots = [_performed(seed, number, *row) for number, row in enumerate(rows)]
    return [*shots, _performed(seed, len(rows), "test", HERO, "front", "", 24, whole=True)]


def _performed(
    seed: int,
    number: int,
    split: str,
    who: int,
    kind: str,
    prop: str,
    frames: int,
    whole: bool = False,
) -> Shot:
    rng = random.Random(seed * 7717 + number)
    name = f"film_{split}{number:02}_id{who:02}_{kind}" + (f"_{prop}" if prop else "")
    shot = Shot(
        name=name + ("_whole" if whole else ""),
        set="film",
        split=split,
        seed=rng.getrandbits(30),
        identity=who,
        frames=frames,
        size=PLATE,
        kind=kind,
        prop=prop,
        on_twos=whole or rng.random() < 0.7,
        whole=whole,
        samples=8,
        lens=rng.choice((50.0, 70.0, 85.0)),
    )
    shot.cues.extend(perform(shot))
    return shot


BASE_TURNS = {  # degrees of yaw and pitch about which a shot's head moves
    "front": (0, 0),
    "side": (48, 0),
    "down": (8, -27),
    "up": (-8, 25),
    "away": (0, 0),
    "exit": (12, 0),
}


class Wander:
    """A smooth number that wanders about 0 with about unit reach."""

    def __init__(self, rng: random.Random, slow: float) -> None:
        self.parts = [(rng.uniform(0.5, 1.4) / slow, rng.uniform(0, 6.3)) for _ in range(3)]

    def __call__(self, frame: float) -> float:
        return sum(math.sin(2 * math.pi * f * frame + p) for f, p in self.parts) / 2


def perform(shot: Shot) -> list[Cue]:
    """The cues of a film shot."""
    return Performance(shot).cues()


class Performance:
    """How head, camera and light of one film shot move."""

    def __init__(self, shot: Shot) -> None:
        rng = random.Random(shot.seed)
        self.shot, self.rng = shot, rng
        self.yaw, self.pitch = BASE_TURNS[shot.kind]
        self.yaw *= rng.choice((-1, 1))
        self.moves = [Wander(rng, rng.uniform(30, 60)) for _ in range(6)]
        self.drift = [Wander(rng, 90) for _ in range(3)]
        self.shake = [Wander(rng, 9) for _ in range(2)]
        self.scale = rng.uniform(150, 260)  # pixels of a half height
        self.middle = (
            rng.uniform(-0.9, 0.9) * 560 / self.scale,
            rng.uniform(-0.5, 0.4) * 330 / self.scale,
        )
        self.faces, self.flicker = _faces(shot, rng), rng.uniform(0.01, 0.05)

    def cues(self) -> list[Cue]:
        return [self._cue(number) for number in range(1, self.shot.frames + 1)]

    def _cue(self, number: int) -> Cue:
        shot = self.shot
        # On twos a pose is held for two frames; camera and light go on.
        held = (number - 1) // 2 * 2 + 1 if shot.on_twos else number
        # Hands never put a puppet back quite where it was.
        hands = random.Random(f"{shot.seed}/hands/{held}")
        chatter = [hands.gauss(0, 0.004) for _ in range(3)]
        called, expression, blink = self.faces[number - 1]
        moves, share = self.moves, self._share(held)
        return Cue(
            expression=closing(expression, blink) if blink else expression,
            called="blink" if blink > 0.9 else called,
            gaze=(0.25 * moves[0](held * 2.0), 0.12 * moves[1](held * 2.0)),
            turn=self._turn(held, share, chatter),
            at=(0.16 * moves[5](held), 0.0, 0.06 * moves[1](held) + chatter[2]),
            camera=self._camera(number, share),
            roll=math.radians(0.3 * self.shake[1](number)),
            flicker=1 + self.rng.gauss(0, self.flicker),
            prop=self._share(number),
        )

    def _share(self, frame: int) -> float:
        return (frame - 1) / max(self.shot.frames - 1, 1)

    def _turn(self, held: int, share: float, chatter: list[float]) -> tuple[float, float, float]:
        away = 118 * math.sin(math.pi * share) * _side(self.yaw)
        yaw = self.yaw + 13 * self.moves[2](held) + (away if self.shot.kind == "away" else 0.0)
        pitch = self.pitch + 8 * self.moves[3](held)
        roll = 7 * self.moves[4](held)
        return (
            math.radians(yaw) + chatter[0],
            math.radians(pitch) + chatter[1],
            math.radians(roll),
        )

    def _camera(self, number: int, share: float) -> tuple[float, float, float]:
        """Where the camera is; to let a head out of the frame, it moves on."""
        shot, drift, shake = self.shot, self.drift, self.shake
        aside, up = self.middle
        out = share * (shot.size[0] / 2 / self.scale - abs(aside)) * 1.02
        x = -aside - _side(aside) * (out if shot.kind == "exit" else 0.0)
        return (
            x + 0.12 * drift[0](number) + 0.006 * shake[0](number),
            -shot.focal_px / self.scale * (1 + 0.04 * drift[1](number)),
            -up + 0.08 * drift[2](number) + 0.006 * shake[1](number),
        )


def _side(x: float) -> float:
    return 1.0 if x >= 0 else -1.0


def _faces(shot: Shot, rng: random.Random) -> list[tuple[str, Expression, float]]:
    """Of each frame the face's name, its expression and how far a blink has closed it."""
    names: list[str] = []
    while len(names) < shot.frames:
        names += [rng.choice([n for n in FACES if n != "blink"])] * (2 * rng.randint(3, 7))
    blinks = [0.0] * shot.frames
    start = rng.randint(5, 14)
    while start + 4 < shot.frames:
        blinks[start : start + 4] = [0.5, 1.0, 1.0, 0.45]
        start += rng.randint(18, 34)
    return [
        (name, EXPRESSIONS[name], blink)
        for name, blink in zip(names[: shot.frames], blinks, strict=True)
    ]


SETS = {"synthetic": synthetic, "crowd": crowd, "film": film, "own": own, "look": look}
# Seconds of one thread: for a megasample, for a rendered megapixel on top (denoising, files), for a
# frame (a new face's meshes), and for a megapixel of a film's plate and look. Processor time of a
# two-core machine; on a busy one a frame takes longer by the clock.
SAMPLE_SECONDS, PIXEL_SECONDS, FRAME_SECONDS, FILM_SECONDS = 2.2, 3.0, 0.4, 0.3
# Half heights of the head that a film frame's window covers aside, above and below its middle.
WINDOW = (1.5, 1.75, 2.0)


def seconds_per_frame(shot: Shot) -> float:
    """Expected seconds of one thread."""
    pixels = shot.size[0] * shot.size[1] / 1e6
    rendered = pixels
    if shot.film and not shot.whole:
        scale = shot.focal_px / -shot.cues[0].camera[1]
        rendered = 2 * WINDOW[0] * (WINDOW[1] + WINDOW[2]) * scale**2 / 1e6
    finishing = FILM_SECONDS * pixels if shot.film else 0.0
    each = shot.samples * SAMPLE_SECONDS + PIXEL_SECONDS
    return FRAME_SECONDS + rendered * each + finishing


def listing(shots: list[Shot]) -> str:
    """A line for each shot, and the sum."""
    lines, total = [], 0.0
    for shot in shots:
        minutes = shot.frames * seconds_per_frame(shot) / 60
        total += minutes
        lines.append(
            f"{shot.name:34} {shot.split:6} identity {shot.identity:2} {shot.frames:4} frames "
            f"{shot.size[0]}x{shot.size[1]} {minutes:6.1f} min"
        )
    frames = sum(shot.frames for shot in shots)
    lines.append(f"{len(shots)} shots, {frames} frames, about {total:.0f} min of one thread")
    return "\n".join(lines)
