"""As much of Natron's Python as scripts of ours call. It keeps what they make, for tests.

Calls that Natron refuses, such as a wrong count of arguments or a point that is not there, are
errors here too.
"""


class Item:
    def setScriptName(self, name):
        self.script_name = name

    def setLabel(self, label):
        self.label = label


class Bezier(Item):
    def __init__(self, x, y, time):
        self.count, self.points, self.feather, self.finished = 1, {}, {}, False
        self.values, self.activated, self.layer, self.operator = {}, {}, None, "over"
        self.styles = {}

    def addControlPoint(self, x, y):
        assert not self.finished, "points are added to open curves only"
        self.count += 1

    def setPointAtIndex(self, index, time, x, y, lx, ly, rx, ry):
        assert 0 <= index < self.count
        self.points.setdefault(time, {})[index] = [x, y, lx, ly, rx, ry]

    def setFeatherPointAtIndex(self, index, time, x, y, lx, ly, rx, ry):
        assert 0 <= index < self.count
        self.feather.setdefault(time, {})[index] = [x, y, lx, ly, rx, ry]

    def setCurveFinished(self, finished):
        self.finished = finished

    def setFeatherDistance(self, distance, time):
        self.values["feather"] = distance
        self.styles.setdefault(time, {})["feather"] = distance

    def setFeatherFallOff(self, falloff, time):
        self.values["falloff"] = falloff

    def setOpacity(self, opacity, time):
        self.values["opacity"] = opacity
        self.styles.setdefault(time, {})["opacity"] = opacity

    def setCompositingOperator(self, operator):
        self.operator = operator

    def setActivated(self, time, activated):
        self.activated[time] = activated

    def told(self, frames):
        assert self.points == self.feather, "the feather has another outline"
        seen = {
            frame: self.activated[max(t for t in self.activated if t <= frame)] for frame in frames
        }
        keys = [
            [time, [points[index] for index in range(self.count)]]
            for time, points in sorted(self.points.items())
        ]
        return {
            "name": self.script_name,
            "layer": self.layer,
            "closed": self.finished,
            "keys": keys,
            "values": self.values,
            "styles": [[time, *self.styles[time].values()] for time in sorted(self.styles)],
            "operator": self.operator,
            "hidden": [frame for frame in frames if not seen[frame]],
        }


class Layer(Item):
    def __init__(self):
        self.items = []

    def addItem(self, item):
        self.items.append(item)
        item.layer = self.script_name

    def removeItem(self, item):
        self.items.remove(item)


class Context:
    def __init__(self):
        self.base, self.beziers = Layer(), []
        self.base.setScriptName("Base")

    def getBaseLayer(self):
        return self.base

    def createLayer(self):
        return Layer()

    def createBezier(self, x, y, time):
        bezier = Bezier(x, y, time)
        self.beziers.append(bezier)
        self.base.addItem(bezier)
        return bezier


class Node(Item):
    def __init__(self, kind):
        self.kind, self.context = kind, Context()

    def getRotoContext(self):
        return self.context


class App:
    def __init__(self):
        self.nodes = []

    def createNode(self, kind):
        self.nodes.append(Node(kind))
        return self.nodes[-1]
