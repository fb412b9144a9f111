"""Expressions of a replacement face, as numbers that mix (pure Python)."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace


@dataclass(frozen=True)
class Side:
    """One half of the face. Lids are in shares of the open eye, brows in degrees of the head."""

    upper: float = 1.0  # height of the upper lid's edge over the corners; below 0 closes
    lower: float = 1.0  # depth of the lower lid's edge under the corners
    slant: float = 0.0  # of the upper lid, positive where the inner half is lower
    brow_raise: float = 0.0
    brow_inner: float = 0.0  # further raise of the inner end
    brow_outer: float = 0.0
    brow_arch: float = 1.0  # in shares of the identity's own


@dataclass(frozen=True)
class Expression:
    """Both halves and the mouth (`smile` -1..1, `gape` in degrees, `stretch` in shares)."""

    left: Side = Side()
    right: Side = Side()
    smile: float = 0.0
    gape: float = 0.0
    stretch: float = 1.0


CLOSED = Side(upper=-0.42, lower=0.5)


def _both(side: Side, smile: float = 0.0, gape: float = 0.0, stretch: float = 1.0) -> Expression:
    return Expression(side, side, smile, gape, stretch)


EXPRESSIONS: dict[str, Expression] = {
    "neutral": Expression(),
    "blink": _both(CLOSED),
    "half_blink": _both(Side(upper=0.3, lower=0.85)),
    "squint": _both(Side(0.5, 0.45, 0.1, -2.0, -1.0, 0.0, 0.8), 0.1),
    "surprise": _both(Side(1.3, 1.15, 0.0, 5.5, 0.5, 0.0, 1.3), 0.0, 7.0, 0.75),
    "angry": _both(Side(0.8, 0.75, 0.35, -2.0, -4.0, 2.0, 0.7), -0.7, 0.0, 0.9),
    "sad": _both(Side(0.75, 1.0, -0.3, 0.5, 4.5, -3.0, 0.5), -0.9, 0.0, 0.85),
    "cocked_left": Expression(
        Side(1.15, 1.0, 0.0, 5.5, 0.0, 1.0, 1.4), Side(0.8, 0.9, 0.15, -1.5, -1.0), 0.25
    ),
    "cocked_right": Expression(
        Side(0.8, 0.9, 0.15, -1.5, -1.0), Side(1.15, 1.0, 0.0, 5.5, 0.0, 1.0, 1.4), 0.25
    ),
    "smile": _both(Side(0.85, 0.55, -0.1, 1.0, 0.5, 0.0, 1.2), 1.0, 2.0, 1.2),
    "grin": _both(Side(0.7, 0.4, -0.1, 2.0, 0.0, 0.0, 1.3), 1.0, 6.0, 1.25),
    "wink": Expression(Side(1.0, 0.7, 0.0, 1.5), CLOSED, 0.8, 0.0, 1.1),
    "talk_o": _both(Side(1.05, 1.0, 0.0, 1.0), 0.0, 8.0, 0.55),
    "talk_e": _both(Side(0.95, 0.95), 0.2, 3.0, 1.15),
}


def _mixed(a: Side, b: Side, share: float) -> Side:
    return Side(
        *(
            getattr(a, field.name) * (1 - share) + getattr(b, field.name) * share
            for field in fields(Side)
        )
    )


def mix(a: Expression, b: Expression, share: float) -> Expression:
    """Between two expressions; 0 is the first."""
    numbers = {
        name: getattr(a, name) * (1 - share) + getattr(b, name) * share
        for name in ("smile", "gape", "stretch")
    }
    left, right = _mixed(a.left, b.left, share), _mixed(a.right, b.right, share)
    return Expression(left, right, **numbers)


def closing(expression: Expression, share: float) -> Expression:
    """The expression with its lids closed by a share, brows as they are."""

    def shut(side: Side) -> Side:
        both = _mixed(side, CLOSED, share)
        return replace(side, upper=both.upper, lower=both.lower, slant=both.slant)

    return replace(expression, left=shut(expression.left), right=shut(expression.right))
