"""As much of Nuke's Python as scripts of ours call. It keeps what they make, for tests to look at."""

from . import rotopaint

created = []


class Knob:
    """The `curves` knob of a Roto node."""

    def __init__(self):
        self.rootLayer = rotopaint.Layer(self)
        self.rootLayer.name = "Root"
        self.told = 0

    def changed(self):
        self.told += 1


class Node:
    def __init__(self, kind):
        self.kind = kind
        self.knobs = {"curves": Knob()}

    def __getitem__(self, name):
        return self.knobs[name]

    def setName(self, name):
        self.name = name


def createNode(kind, inpanel=True):
    created.append(Node(kind))
    return created[-1]
