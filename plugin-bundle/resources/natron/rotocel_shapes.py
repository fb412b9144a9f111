"""Builds shapes in Natron's Roto node.

A shape is a dictionary as in Nuke's rotocel_shapes, in canonical coordinates, y up.
`rotocel convert` writes this file below the shapes that it exports.
"""


def positions(numbers):
    """Position, and those of the ends of both handles, from a point of SHAPES."""
    x, y, in_x, in_y, out_x, out_y = numbers
    return x, y, x + in_x, y + in_y, x + out_x, y + out_y


def build_shape(context, data):
    first, points = data["keys"][0]
    bezier = context.createBezier(points[0][0], points[0][1], first)
    bezier.setScriptName(data["name"])
    bezier.setLabel(data["name"])
    for numbers in points[1:]:
        bezier.addControlPoint(numbers[0], numbers[1])
    for frame, points in data["keys"]:
        for index, numbers in enumerate(points):
            bezier.setPointAtIndex(index, frame, *positions(numbers))
            bezier.setFeatherPointAtIndex(index, frame, *positions(numbers))
    bezier.setCurveFinished(data["closed"])
    bezier.setFeatherFallOff(data["falloff"], first)
    for frame, feather, opacity in data["style"] or [(first, data["feather"], data["opacity"])]:
        bezier.setFeatherDistance(feather, frame)
        bezier.setOpacity(opacity, frame)
    if data["cut"]:
        # What lies below, times what the shape does not cover.
        from NatronEngine import Natron

        bezier.setCompositingOperator(Natron.MergingFunctionEnum.eMergeStencil)
    for start, _, visible in data["stretches"]:
        bezier.setActivated(start, visible)
    return bezier


def build(application, label, shapes):
    """Makes a Roto node with the shapes, each in its layer, and returns it."""
    node = application.createNode("fr.inria.built-in.Roto")
    node.setLabel(label)
    context = node.getRotoContext()
    base = context.getBaseLayer()
    layers = {}
    # A new shape lies on top of those before it; layers would change which comes first.
    cuts = any(data["cut"] for data in shapes)
    for data in shapes:
        bezier = build_shape(context, data)
        if not data["layer"] or cuts:
            continue
        if data["layer"] not in layers:
            layers[data["layer"]] = context.createLayer()
            layers[data["layer"]].setScriptName(data["layer"])
            layers[data["layer"]].setLabel(data["layer"])
        base.removeItem(bezier)
        layers[data["layer"]].addItem(bezier)
    return node
