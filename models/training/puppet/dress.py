"""What a head wears and stands on: eyeballs, ears, hair, hats, strands, neck and coat (NumPy)."""

from __future__ import annotations

import itertools

import numpy as np

from puppet.cubic import Array
from puppet.identity import Identity
from puppet.outlines import Face
from puppet.parts import (
    INDEX,
    Part,
    ellipsoid,
    facing,
    grid_triangles,
    joined,
    lathe,
    lathed,
    tube,
    turned,
)
from puppet.surface import Head, degrees, directions, rise

HATS = ("cap", "topper", "beanie", "bowler", "crown")


def eyeball(face: Face, name: str, gaze: tuple[float, float]) -> Part:
    """An eye that looks `gaze` (right, up; radians): white, iris, pupil and a cornea's bulge."""
    who = face.who
    rings = np.concatenate(
        [
            np.linspace(0, who.iris_size * 0.45, 5),
            np.linspace(who.iris_size * 0.45, who.iris_size, 7)[1:],
            np.linspace(who.iris_size, np.pi, 18)[1:],
        ]
    )
    bulge = 1 + 0.035 * np.clip(1 - (rings / (who.iris_size * 1.15)) ** 2, 0, 1)
    profile = np.stack([np.sin(rings), np.cos(rings)], -1) * bulge[:, None] * who.eyeball
    vertices = lathe(profile, 40)
    triangles = grid_triangles(len(rings), 40, True)
    angle = rings[triangles // 40].mean(1)
    paint = np.where(angle < who.iris_size * 0.45, 2, np.where(angle < who.iris_size, 1, 0))
    side = -1 if name == "left_eye" else 1
    # Eyes that look straight ahead show their irises a little outside the middle of the head.
    way = directions(np.array([gaze[0] + side * np.radians(who.eye_at[0]) * 0.45, gaze[1]]))
    vertices = vertices @ facing(way).T + face.head.eyeballs[side]
    paints = ("eye_white", "iris", "pupil")
    return Part(f"{name}_ball", vertices, triangles, paints, paint.astype(int), INDEX[name])


def strands(face: Face, name: str) -> Part:
    """Hair over a brow: thin tapered strips that lean outwards."""
    who = face.who
    rng = np.random.default_rng((who.seed, INDEX[name]))
    shape = face.chart[name]
    upper, lower = shape.sampled(16)[:64], shape.sampled(16)[64:][::-1]
    side = -1.0 if name.startswith("left") else 1.0
    parts = []
    for _ in range(170):
        k, up = rng.integers(3, 60), rng.uniform(0.12, 0.88)
        root = upper[k] * up + lower[min(k, len(lower) - 1)] * (1 - up)
        length = np.radians(rng.uniform(2.2, 4.2))
        lean = np.array([side * rng.uniform(0.75, 1.0), rng.uniform(-0.15, 0.55)])
        steps = np.linspace(0, 1, 4)[:, None]
        line = root + lean * length * steps
        normal = face.head.normal(line)
        height = who.brow_height * (0.9 + 0.35 * np.sin(steps * np.pi))
        path = face.head.point(line) + normal * height
        parts.append(tube("strand", "strand", path, 0.005 * (1.05 - steps[:, 0]), 4))
    return joined(f"{name}_strands", parts, INDEX[name])


def ears(who: Identity, head: Head) -> list[Part]:
    parts = []
    for side in (-1, 1):
        at = head.point(degrees((side * 92, -4)))[0]
        turn = turned("z", side * 0.5)
        radii = np.array([0.06, who.ear * 0.62, who.ear])
        parts.append(ellipsoid("ear", "skin", at, radii, turn))
    return parts


def neck(who: Identity) -> list[Part]:
    """Neck, shoulders and collar; they stay behind when the head turns."""
    wide = who.head[0]
    low = -who.head[3]
    throat = [(0.36 * wide / 0.8, low + 0.35), (0.32, low - 0.1), (0.36, low - 0.5)]
    coat = [
        (0.30, low - 0.16),
        (0.46, low - 0.14),
        (0.52, low - 0.22),
        (0.85, low - 0.42),
        (1.12, low - 0.75),
        (1.18, low - 1.6),
        (1.1, low - 2.6),
        (1.0, low - 8.0),
    ]
    return [
        lathed("neck", "skin", throat),
        lathed("coat", "coat", coat, 1.12, 0.72),
    ]


def top(who: Identity, head: Head) -> list[Part]:
    """Hair or hat by the identity's kind; hats have short hair below them."""
    if who.top == "bald":
        return []
    if who.top in HATS:
        return [_hair(who, head, "short"), *_hat(who)]
    parts = [_hair(who, head, who.top)]
    if who.top == "plaits":
        parts += [_plait(who, head, side) for side in (-1, 1)]
    if who.top == "spikes":
        parts.append(_spikes(who, head))
    return parts


def hairline(u: Array, kind: str) -> Array:
    """Where hair begins, degrees up, for degrees aside."""
    front = {"bowl": 33.0, "short": 45.0, "swept": 42.0, "mohawk": 40.0, "curly": 40.0}
    start = front.get(kind, 42.0)
    aside = np.abs(u)
    side = rise(aside, 30.0, 72.0)
    back = rise(aside, 84.0, 125.0)
    return start * (1 - side) + 21.0 * side * (1 - back) - 42.0 * back


def _hair(who: Identity, head: Head, kind: str) -> Part:
    rows, columns = 40, 120
    u = np.linspace(-180, 180, columns, endpoint=False)
    edge = hairline(u, kind)
    share = np.linspace(0, 1, rows)
    v = edge[None] + (90 - edge[None]) * share[:, None]
    chart = np.radians(np.stack(np.broadcast_arrays(u[None], v), -1))
    base = head.point(chart)
    thick = _thickness(kind, who, np.broadcast_to(u[None], v.shape), v, share[:, None])
    vertices = base + directions(chart) * thick[..., None]
    # The edge is tucked into the skin.
    vertices[0] = base[0] * 0.97
    return Part("hair", vertices.reshape(-1, 3), grid_triangles(rows, columns, True), ("hair",))


def _thickness(kind: str, who: Identity, u: Array, v: Array, share: Array) -> Array:
    """Thickness of hair over the head."""
    rng = np.random.default_rng(who.seed)
    full = {"bowl": 0.14, "swept": 0.15, "curly": 0.16, "short": 0.05, "spikes": 0.05}
    high = full.get(kind, 0.07) * rise(share, -0.02, 0.10)
    phase = rng.uniform(0, 6, 4)
    a, b = np.radians(u), np.radians(v)
    if kind == "curly":
        lumps = np.abs(np.sin(9 * a + phase[0]) * np.sin(11 * b + phase[1]))
        return high * (0.55 + 0.75 * lumps * np.cos(b) + 0.2)
    if kind == "swept":
        comb = np.sin(14 * a + 9 * b + phase[0]) * 0.12 + np.sin(31 * a + 16 * b) * 0.05
        return high * (1 + comb + 0.55 * np.exp(-(((u - 25) / 40) ** 2) - ((v - 58) / 20) ** 2))
    if kind == "mohawk":
        ridge = np.exp(-((np.sin(a) * np.cos(b) / 0.16) ** 2))
        teeth = 0.8 + 0.2 * np.abs(np.sin(7 * b + phase[0]))
        return high * 0.3 + 0.55 * ridge * teeth * rise(share, 0.0, 0.25)
    return high * (1 + 0.07 * np.sin(40 * a + phase[0]) * np.cos(b))


def _spikes(who: Identity, head: Head) -> Part:
    rng = np.random.default_rng(who.seed)
    parts = []
    for _ in range(70):
        u, v = rng.uniform(-180, 180), 90 - 55 * np.sqrt(rng.uniform(0, 1))
        if v < float(hairline(np.array(u), "spikes")) + 4:
            continue
        chart = degrees((u, v))
        root, way = head.point(chart)[0], directions(chart)[0] + rng.normal(0, 0.2, 3)
        steps = np.linspace(0, 1, 5)[:, None]
        path = root + way * (0.28 * steps)
        parts.append(tube("spike", "hair", path, 0.09 * (1.02 - steps[:, 0]), 7))
    return joined("spikes", parts)


def _plait(who: Identity, head: Head, side: int) -> Part:
    """A row of knots that hangs behind the ear."""
    start = head.point(degrees((side * 104, 8)))[0] * 1.03
    knots = []
    for k in range(7):
        at = start + np.array([side * 0.02 * k, -0.01 * k, -0.19 * k])
        size = 0.14 - 0.008 * k
        turn = turned("y", 0.5 * (-1) ** k)
        knots.append(ellipsoid("knot", "hair", at, np.array([size, size * 0.8, size * 0.95]), turn))
    return joined("plait", knots)


def _hat(who: Identity) -> list[Part]:
    wide, deep, high = who.head[0] * 1.12, who.head[1] * 1.12, who.head[2]
    brim = high * 0.52
    kinds: dict[str, list[tuple[float, float]]] = {
        "cap": [
            (1.0, brim),
            (1.03, brim + 0.2),
            (0.85, high + 0.02),
            (0.4, high + 0.16),
            (0, high + 0.19),
        ],
        "topper": [
            (0.98, brim),
            (1.45, brim + 0.05),
            (1.47, brim + 0.1),
            (1.02, brim + 0.1),
            (0.97, brim + 0.75),
            (1.05, brim + 1.25),
            (0.98, brim + 1.28),
            (0, brim + 1.27),
        ],
        "beanie": [
            (1.02, brim - 0.06),
            (1.09, brim),
            (1.09, brim + 0.2),
            (1.02, brim + 0.22),
            (0.97, high - 0.05),
            (0.62, high + 0.24),
            (0.15, high + 0.36),
            (0, high + 0.37),
        ],
        "bowler": [
            (0.98, brim),
            (1.36, brim + 0.12),
            (1.38, brim + 0.16),
            (1.02, brim + 0.07),
            (1.02, brim + 0.35),
            (0.86, brim + 0.72),
            (0.5, brim + 0.92),
            (0, brim + 0.98),
        ],
        "crown": [(0.98, brim), (1.05, brim + 0.02), (1.12, brim + 0.55), (1.02, brim + 0.53)],
    }
    hat = lathed("hat", "hat", _rounded(kinds[who.top]), wide, deep)
    parts = [_tilted(hat, -0.10)]
    if who.top == "cap":
        parts.append(_tilted(_visor(wide, deep, brim), -0.10))
    return parts


def _rounded(profile: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """A profile with more points, so that smooth shading keeps its edges short."""
    rows = np.array(profile)
    fine = [rows[0]]
    for a, b in itertools.pairwise(rows):
        fine += [a * (1 - t) + b * t for t in (0.06, 0.5, 0.94, 1.0)]
    return [(float(r), float(z)) for r, z in fine]


def _visor(wide: float, deep: float, brim: float) -> Part:
    u = np.radians(np.linspace(-62, 62, 25))
    rows = []
    for out, drop in ((0.98, 0.05), (1.2, 0.03), (1.42, -0.05), (1.42, -0.08), (0.98, 0.0)):
        reach = 0.98 + (out - 0.98) * np.cos(u) ** 0.6
        row = [wide * reach * np.sin(u), -deep * reach * np.cos(u), np.full_like(u, brim + drop)]
        rows.append(np.stack(row, -1))
    return Part("visor", np.concatenate(rows), grid_triangles(5, 25, False), ("hat",))


def _tilted(part: Part, angle: float) -> Part:
    vertices = part.vertices @ turned("x", angle).T
    return Part(part.name, vertices, part.triangles, part.paints, part.paint, part.index)
