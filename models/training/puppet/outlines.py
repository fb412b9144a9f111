"""The nine shapes of a face, drawn in the head's chart and carried onto its surface (NumPy).

In the chart they are cubics; on the surface they are fitted again, anchors exact and handles along
the true tangents, and those 3D cubics are the truth that every picture's shapes are projected from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from puppet.cubic import Array, Shape, evaluate, fit
from puppet.expression import Expression, Side
from puppet.identity import Identity
from puppet.surface import Head, degrees
from puppet.topology import PUPPET

# Points per segment on which curves are fitted.
FINE = 17
# A closed eye keeps a slit of this many degrees, so that its outline stays a curve.
SLIT = 0.35
Curve = Callable[[Array], Array]  # times [n] to chart places [n,2] in degrees


@dataclass(frozen=True)
class Face:
    """A head with an expression: shapes in its chart and, as 3D cubics, in its space."""

    who: Identity
    head: Head
    chart: dict[str, Shape]
    space: dict[str, Shape]
    landmarks: Array  # [45,3]
    error: float  # largest distance of a 3D cubic from its curve on the surface


def make_face(who: Identity, expression: Expression) -> Face:
    """Draws an identity's face in an expression."""
    head = Head(who, expression.smile, expression.gape)
    chart = chart_shapes(who, expression)
    space, errors = {}, []
    for name, shape in chart.items():
        space[name], error = on_surface(shape, head)
        errors.append(error)
    landmarks = np.zeros((PUPPET.count, 3))
    for kind in PUPPET.shapes:
        vertices, bound = kind.bound()
        landmarks[bound] = space[kind.name].vertices[vertices, 0]
    return Face(who, head, chart, space, landmarks, max(errors))


def on_surface(shape: Shape, head: Head) -> tuple[Shape, float]:
    """A chart shape as 3D cubics on the head, and their largest distance from it."""
    controls = shape.controls()
    t = np.broadcast_to(np.linspace(0, 1, FINE), (len(controls), FINE))
    points = head.point(evaluate(controls, t))
    near = np.broadcast_to(np.array([0, 1e-3, 1 - 1e-3, 1]), (len(controls), 4))
    ends = head.point(evaluate(controls, near))
    fitted, error = fit(points, ends[:, 1] - ends[:, 0], ends[:, 2] - ends[:, 3], t)
    return Shape.of_controls(fitted, shape.closed), float(error.max())


def chart_shapes(who: Identity, expression: Expression) -> dict[str, Shape]:
    """All shapes in the chart, in the topology's order. The right half is drawn as a left one."""
    shapes: dict[str, Shape] = {}
    for side, name in ((expression.left, "left"), (expression.right, "right")):
        half = {
            "left_eye": _drawn(_eye(who, side), (0, 1 / 6, 2 / 6, 0.5, 4 / 6, 5 / 6)),
            "left_brow": _drawn(_brow(who, side), tuple(k / 8 for k in range(8))),
            "left_sideburn": _sideburn(who),
        }
        half["left_seam"] = _seam(who, half["left_eye"].vertices[0, 0])
        shapes |= (
            half
            if name == "left"
            else {
                PUPPET.mirrored_shape(own)[0].name: mirrored(own, shape)
                for own, shape in half.items()
            }
        )
    inner = shapes["left_eye"].vertices[3, 0], shapes["right_eye"].vertices[0, 0]
    middle = np.array([0.0, (inner[0][1] + inner[1][1]) / 2 + np.radians(0.8)])
    shapes["nose_seam"] = _open([inner[0], middle, inner[1]])
    return {kind.name: shapes[kind.name] for kind in PUPPET.shapes}


def mirrored(name: str, shape: Shape) -> Shape:
    """The shape on the other half of the face."""
    _, order, turned = PUPPET.mirrored_shape(name)
    return shape.mapped(np.diag([-1.0, 1.0]), np.zeros(2)).reordered(order, turned)


def _drawn(curve: Curve, anchors: tuple[float, ...]) -> Shape:
    """A closed shape of cubics along a curve of period 1 with anchors at given times."""
    starts = np.array(anchors)
    ends = np.append(starts[1:], 1.0)
    t = starts[:, None] + (ends - starts)[:, None] * np.linspace(0, 1, FINE)
    points = np.radians(curve(t.ravel() % 1.0).reshape(*t.shape, 2))
    tiny = 1e-4
    first = curve((starts + tiny) % 1.0) - curve((starts - tiny) % 1.0)
    last = -np.roll(first, -1, axis=0)
    controls, _ = fit(points, first, last)
    return Shape.of_controls(controls, True)


def _eye(who: Identity, side: Side) -> Curve:
    """The left eye's opening, clockwise on screen from its outer corner over the upper lid."""
    half, high, low = who.eye_size
    tilt = np.radians(who.eye_tilt)
    top, bottom = high * side.upper, -low * side.lower
    top = max(top, bottom + SLIT)

    def curve(t: Array) -> Array:
        angle = 2 * np.pi * t
        s, bow = -np.cos(angle), np.sin(angle)
        pointed = who.eye_point
        bow = (1 - pointed) * bow + pointed * bow * np.abs(bow)
        upper = top * (1 - side.slant * s)
        y = np.where(t < 0.5, upper * bow, -bottom * bow)
        x = half * s
        # Positive tilt lifts the outer corner, where s is -1.
        turned = x * np.cos(tilt) + y * np.sin(tilt), -x * np.sin(tilt) + y * np.cos(tilt)
        return np.stack([turned[0] - who.eye_at[0], turned[1] + who.eye_at[1]], axis=-1)

    return curve


def _brow(who: Identity, side: Side) -> Curve:
    """The left brow's outline, clockwise on screen from its outer end along the upper edge."""
    outer, inner, height = who.brow_at

    def curve(t: Array) -> Array:
        angle = 2 * np.pi * t
        s, bow = (1 - np.cos(angle)) / 2, np.sin(angle)
        x = -outer + (outer - inner) * s
        lift = height + side.brow_raise + side.brow_inner * s**1.5
        lift = lift + side.brow_outer * (1 - s) ** 1.5 - 3.0 * (1 - s) ** 2
        arch = who.brow_arch * side.brow_arch * 4 * s * (1 - s)
        thick = who.brow_thick * (1 - who.brow_taper * 0.6 * (1 - s))
        full = bow * (1.2 - 0.2 * bow * bow)
        return np.stack([x, lift + arch + thick * full], axis=-1)

    return curve


def _sideburn(who: Identity) -> Shape:
    """The left sideburn: outer edge, top, above the seam, at it, below it, bottom."""
    inner, outer, top, bottom = who.burn
    middle = (inner + outer) / 2
    seam = who.eye_at[1] - 2
    return _closed(
        degrees(
            (-outer, 2),
            (-middle, top),
            (-inner, seam + 0.5 * (top - seam)),
            (-inner - 0.5, seam),
            (-inner - 2.0, seam + 0.5 * (bottom - seam)),
            (-(inner + 2 * outer) / 3, bottom),
        )
    )


def _seam(who: Identity, corner: Array) -> Shape:
    """The left seam, from the eye's outer corner to the sideburn."""
    inner = who.burn[0]
    end = degrees((-inner - 0.5, who.eye_at[1] - 2))[0]
    middle = (corner + end) / 2 + np.radians(np.array([0.0, -0.7]))
    return _open([corner, middle, end])


def _closed(anchors: Array) -> Shape:
    """A smooth closed shape through anchors."""
    before, after = np.roll(anchors, 1, axis=0), np.roll(anchors, -1, axis=0)
    way = after - before
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    reach = [np.linalg.norm(near - anchors, axis=1, keepdims=True) / 3 for near in (before, after)]
    return Shape(np.stack([anchors, -way * reach[0], way * reach[1]], axis=1), True)


def _open(places: list[Array]) -> Shape:
    """A smooth open shape of two segments through three places."""
    a, b, c = places
    way = (c - a) / np.linalg.norm(c - a)
    near, far = np.linalg.norm(b - a) / 3, np.linalg.norm(c - b) / 3
    vertices = np.zeros((3, 3, 2))
    vertices[:, 0] = places
    vertices[1, 1:] = -way * near, way * far
    vertices[0, 2] = (b - way * near - a) / 2
    vertices[2, 1] = (b + way * far - c) / 2
    return Shape(vertices, False)
