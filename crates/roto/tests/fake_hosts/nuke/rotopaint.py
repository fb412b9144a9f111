"""Shapes whose keys are joined by smooth curves, as Nuke's are unless it is told otherwise."""

import bisect


class AnimCurve:
    """A number over time: a cubic with Catmull-Rom slopes."""

    def __init__(self):
        self.keys = []

    def addKey(self, time, value):
        self.keys = sorted([key for key in self.keys if key[0] != time] + [(time, value)])

    def slope(self, index):
        low, high = max(index - 1, 0), min(index + 1, len(self.keys) - 1)
        rise = self.keys[high][1] - self.keys[low][1]
        return rise / (self.keys[high][0] - self.keys[low][0]) if high > low else 0.0

    def evaluate(self, time):
        if not self.keys:
            return 1.0
        after = bisect.bisect_right([key[0] for key in self.keys], time)
        if after == 0:
            return self.keys[0][1]
        if after == len(self.keys):
            return self.keys[-1][1]
        (t0, v0), (t1, v1) = self.keys[after - 1], self.keys[after]
        span = t1 - t0
        u = (time - t0) / span
        m0, m1 = self.slope(after - 1) * span, self.slope(after) * span
        return (
            (2 * u**3 - 3 * u**2 + 1) * v0
            + (u**3 - 2 * u**2 + u) * m0
            + (3 * u**2 - 2 * u**3) * v1
            + (u**3 - u**2) * m1
        )


class AnimControlPoint:
    def __init__(self):
        self.curves = AnimCurve(), AnimCurve()

    def getPositionAnimCurve(self, axis):
        return self.curves[axis]

    def getControlPointKeyTimes(self):
        return sorted({key[0] for curve in self.curves for key in curve.keys})

    def removePositionKey(self, time):
        for curve in self.curves:
            curve.keys = [key for key in curve.keys if key[0] != time]


class ShapeControlPoint:
    def __init__(self, x, y):
        self.at = x, y
        self.center, self.leftTangent, self.rightTangent = (AnimControlPoint() for _ in range(3))


# What attributes are that nobody set.
DEFAULTS = {"vis": 1, "opc": 1.0}


class AnimAttributes:
    def __init__(self):
        self.values = {name: AnimCurve() for name in ("opc", "fx", "fy")}

    def set(self, name, value):
        self.values[name] = value

    def getCurve(self, name):
        """The curve of an attribute; a constant becomes one with a key, which holds everywhere."""
        if not hasattr(self.values[name], "keys"):
            constant, self.values[name] = self.values[name], AnimCurve()
            self.values[name].addKey(0, constant)
        return self.values[name]

    def getValue(self, time, name):
        value = self.values.get(name, DEFAULTS.get(name, 0))
        return value.evaluate(time) if hasattr(value, "keys") else value


class FlagType:
    eOpenFlag = "open"


class Shape(list):
    def __init__(self, knob):
        super().__init__()
        self.knob, self.flags, self.attributes = knob, {}, AnimAttributes()

    def setFlag(self, flag, value):
        self.flags[flag] = value

    def getAttributes(self):
        return self.attributes


class Layer(list):
    def __init__(self, knob):
        super().__init__()
        self.knob = knob
