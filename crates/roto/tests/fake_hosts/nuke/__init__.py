"""As much of Nuke's Python as scripts of ours call. It keeps what they make, for tests."""

from . import rotopaint

created, messages, commands, script, selected = [], [], [], [], []


class Knob:
    """A knob with a value; a button calls `action`."""

    def __init__(self, value=None, action=None):
        self.now, self.action = value, action

    def value(self):
        return self.now

    def setValue(self, value):
        self.now = value

    def fromScript(self, text):
        self.now = text

    def execute(self):
        self.action()


class CurveKnob:
    """The `curves` knob of a Roto node."""

    def __init__(self):
        self.rootLayer = rotopaint.Layer(self)
        self.rootLayer.name = "Root"
        self.told = 0

    def changed(self):
        self.told += 1


class Node:
    def __init__(self, kind, **knobs):
        self.kind = kind
        self.knobs = dict(knobs, curves=CurveKnob(), tracks=Knob())

    def __getitem__(self, name):
        return self.knobs[name]

    def Class(self):
        return self.kind

    def setName(self, name):
        self.name = name


class Undo:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False


class Menu:
    def addMenu(self, name):
        commands.append((name, None))
        return self

    def addCommand(self, label, command):
        commands.append((label, command))

    def addSeparator(self):
        pass


def createNode(kind, inpanel=True):
    if kind not in ("Roto", "Tracker4", "OFXorg.rotocel.featuredetect_v1"):
        raise RuntimeError("no such node: " + kind)
    created.append(Node(kind))
    return created[-1]


def menu(name):
    return Menu()


def message(text):
    messages.append(text)


def selectedNodes():
    return list(selected)


def allNodes():
    return list(script)
