//! Shapes as literals of Python, for scripts that build them inside a host.

use std::fmt::Write as _;

use kurbo::Affine;

use super::fault::Fault;
use super::keying::keyed_track;
use super::layers::layers;
use super::visibility::stretches;
use super::{Scene, WriteOptions};
use crate::{Result, ShotShape, Vertex};

/// A string of Python. JSON's escapes are Python's as well.
pub(super) fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A list of dictionaries, one a shape, in the order of their layers:
/// `name`, `layer` (or empty), `closed`, `cut`, `feather`, `falloff`, `opacity`, `width`, `style` of (frame, feather, opacity)
/// where these change, `stretches` of (first frame, last frame, visible), and `keys` of (frame, points), a point being (x, y, incoming x, y, outgoing x, y) with relative handles.
/// Coordinates are those of the host that `to_host` leads to.
pub(super) fn shapes(scene: &Scene, options: &WriteOptions, to_host: Affine, fault: Fault) -> Result<String> {
    let mut text = String::from("[\n");
    for (layer, shapes) in layers(scene) {
        for shape in shapes {
            push_shape(&mut text, scene, shape, layer, options, to_host, fault)?;
        }
    }
    text.push(']');
    Ok(text)
}

fn push_shape(
    text: &mut String,
    scene: &Scene,
    shape: &ShotShape,
    layer: &str,
    options: &WriteOptions,
    to_host: Affine,
    fault: Fault,
) -> Result<()> {
    let track = keyed_track(shape, scene.shot.frames(), options.keys)?;
    let style = scene.style_of(&shape.name);
    let boolean = |value: bool| if value { "True" } else { "False" };
    let seen = stretches(shape, scene.shot.frames());
    let seen: Vec<_> =
        seen.iter().map(|s| format!("({}, {}, {})", s.frames.start(), s.frames.end(), boolean(s.visible))).collect();
    let keys = style.keys.iter().map(|key| format!("({}, {:?}, {:?})", key.frame, key.feather_px, key.opacity));
    let keys: Vec<_> = keys.collect();
    let _ = write!(
        text,
        "    {{\n        \"name\": {}, \"layer\": {}, \"closed\": {}, \"cut\": {},\n        \"feather\": {:?}, \"falloff\": \
         {:?}, \"opacity\": {:?}, \"width\": {:?},\n        \"style\": [{}],\n        \"stretches\": [{}],\n        \
         \"keys\": [\n",
        literal(&shape.name),
        literal(layer),
        boolean(track.is_closed()),
        boolean(style.cut),
        style.feather_px,
        style.feather_falloff,
        style.opacity,
        style.stroke_width_px,
        keys.join(", "),
        seen.join(", ")
    );
    for key in track.keys() {
        let turned = key.shape.transformed(to_host).map_err(|e| fault.of_key(&shape.name, key.time, e.to_string()))?;
        let point = |v: &Vertex| {
            let (at, before, after) = (v.anchor, v.incoming, v.outgoing);
            format!("({:?}, {:?}, {:?}, {:?}, {:?}, {:?})", at.x, at.y, before.x, before.y, after.x, after.y)
        };
        let points: Vec<_> = turned.vertices().iter().map(point).collect();
        let _ = writeln!(text, "            ({:?}, [{}]),", key.time, points.join(", "));
    }
    text.push_str("        ],\n    },\n");
    Ok(())
}
