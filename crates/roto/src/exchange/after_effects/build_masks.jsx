function buildMask(layer, data, frameDuration) {
    var mask = layer.property("ADBE Mask Parade").addProperty("ADBE Mask Atom");
    mask.name = data.name;
    mask.maskMode = !data.closed ? MaskMode.NONE : data.cut ? MaskMode.SUBTRACT : MaskMode.ADD;
    var path = mask.property("ADBE Mask Shape");
    for (var i = 0; i < data.keys.length; i++) {
        var shape = new Shape();
        shape.vertices = data.keys[i].vertices;
        shape.inTangents = data.keys[i].inTangents;
        shape.outTangents = data.keys[i].outTangents;
        shape.closed = data.closed;
        path.setValueAtTime(data.keys[i].frame * frameDuration, shape);
    }
    for (var k = 1; k <= path.numKeys; k++) {
        path.setInterpolationTypeAtKey(k, KeyframeInterpolationType.LINEAR, KeyframeInterpolationType.LINEAR);
    }
    var feather = mask.property("ADBE Mask Feather");
    var offset = mask.property("ADBE Mask Offset");
    for (var f = 0; f < data.feather.length; f++) {
        var width = [data.feather[f][1], data.feather[f][1]];
        if (data.feather.length == 1) {
            feather.setValue(width);
            offset.setValue(data.feather[f][2]);
        } else {
            feather.setValueAtTime(data.feather[f][0] * frameDuration, width);
            offset.setValueAtTime(data.feather[f][0] * frameDuration, data.feather[f][2]);
        }
    }
    var opacity = mask.property("ADBE Mask Opacity");
    for (var j = 0; j < data.opacity.length; j++) {
        opacity.setValueAtTime(data.opacity[j][0] * frameDuration, data.opacity[j][1]);
    }
    // What comes into a key is what goes out of the one before: a fade does not end as a jump because its last key holds.
    var incoming = KeyframeInterpolationType.LINEAR;
    for (var h = 1; h <= opacity.numKeys; h++) {
        var outgoing = data.opacity[h - 1][2] ? KeyframeInterpolationType.HOLD : KeyframeInterpolationType.LINEAR;
        opacity.setInterpolationTypeAtKey(h, incoming, outgoing);
        incoming = outgoing;
    }
}

(function () {
    var c = COMPOSITION;
    app.beginUndoGroup("Rotocel masks");
    var frameDuration = 1 / c.frameRate;
    var comp = app.project.items.addComp(c.name, c.width, c.height, c.pixelAspect, c.frames * frameDuration, c.frameRate);
    comp.displayStartTime = c.firstFrame * frameDuration;
    var solid = comp.layers.addSolid([1, 1, 1], c.name, c.width, c.height, c.pixelAspect);
    for (var i = 0; i < SHAPES.length; i++) {
        buildMask(solid, SHAPES[i], frameDuration);
    }
    comp.openInViewer();
    app.endUndoGroup();
})();
