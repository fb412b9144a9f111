use std::fmt::Write as _;

use super::number::text as number;
use super::tcl::quoted;
use super::{FARTHEST_PX, MOST_BYTES, OPEN, RELATIVE, ROTO, lifetime};
use crate::exchange::keying::keyed_track;
use crate::exchange::layers::{layers, note};
use crate::exchange::limits::FARTHEST_FRAME;
use crate::exchange::visibility::{Stretch, opacity_keys, stretches};
use crate::exchange::{KeyMode, Scene, ShapeStyle, TextFile, WriteOptions, Written};
use crate::{Result, ShapeKey, ShapeTrack, ShotShape, Vertex};

/// A script with one Roto node, to paste or to import.
pub(in crate::exchange) fn write(scene: &Scene, options: &WriteOptions) -> Result<Written> {
    let plate = scene.plate;
    let mut notes = Vec::new();
    let mut text = String::from("Roto {\n output alpha\n cliptype none\n");
    if let Some(format) = format_knob(scene) {
        let _ = writeln!(text, " format {format}");
    }
    let pivot = plate.to_host_pixels() * kurbo::Point::new(plate.width / 2.0, plate.height / 2.0);
    let pivot = format!("{} {}", number(pivot.x), number(pivot.y));
    let _ = write!(
        text,
        " curves {{{{{{v x3f99999a}}\n  {{f 0}}\n  {{n\n   {{layer Root\n    {{f 2097152}}\n    {{t {pivot}}}\n    {{a}}"
    );
    let mut smooth = false;
    for (group, shapes) in layers(scene) {
        if !group.is_empty() {
            let _ = write!(text, "\n    {{layer {}\n    {{f 0}}\n    {{t {pivot}}}\n    {{a}}", quoted(group));
        }
        // Nuke lists what lies on top first.
        let reversed = scene.has_cuts();
        let (up, down) = (shapes.iter().rev().filter(|_| reversed), shapes.iter().filter(|_| !reversed));
        for shape in up.chain(down) {
            let track = keyed_track(shape, scene.shot.frames(), options.keys)?;
            smooth |= track.keys().len() > 1;
            push_shape(&mut text, scene, shape, &track)?;
            ROTO.at_most("file", text.len(), "bytes", MOST_BYTES)?;
        }
        text.push_str(if group.is_empty() { "" } else { "}" });
    }
    notes.extend(note(scene));
    let _ = write!(text, "}}}}}}}}\n name {}\n}}\n", quoted(&node_name(&options.name)));
    if smooth && options.keys != KeyMode::Every {
        notes.push(
            "Nuke's own way between keys is a smooth curve; for exactly these shapes between keys, write a key on every frame, \
             or build the node with the Python."
                .to_owned(),
        );
    }
    Ok(Written { files: vec![TextFile::whole(text)], notes })
}

/// The format of a plate with whole numbers that begins where formats do.
fn format_knob(scene: &Scene) -> Option<String> {
    let plate = scene.plate;
    let whole = [plate.width, plate.height].iter().all(|side| side.fract() == 0.0)
        && (plate.x1, plate.y2) == (0.0, plate.height);
    let (width, height) = (plate.width, plate.height);
    whole.then(|| format!("\"{width} {height} 0 0 {width} {height} {} rotocel\"", plate.pixel_aspect))
}

/// Names of nodes are made of letters, digits and `_`.
pub(super) fn node_name(name: &str) -> String {
    let name: String = name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect();
    if name.starts_with(|first: char| first.is_ascii_alphabetic()) { name } else { format!("Roto_{name}") }
}

fn push_shape(text: &mut String, scene: &Scene, shape: &ShotShape, track: &ShapeTrack) -> Result<()> {
    let to_host = scene.plate.to_host_pixels();
    let mut keys = Vec::with_capacity(track.keys().len());
    for key in track.keys() {
        let turned = key.shape.transformed(to_host).map_err(|e| ROTO.of_key(&shape.name, key.time, e.to_string()))?;
        check_key(&shape.name, key.time, turned.vertices())?;
        keys.push(ShapeKey { time: key.time, kind: key.kind, shape: turned });
    }
    let flags = RELATIVE | if track.is_closed() { 0 } else { OPEN };
    let _ = write!(text, "\n    {{curvegroup {} 512 bezier\n     {{{{cc\n       {{f {flags}}}\n", quoted(&shape.name));
    match &keys[..] {
        [only] => push_still(text, only),
        _ => push_moving(text, &keys),
    }
    let middle = keys[0].shape.bounding_box().center();
    let (time, style) = (number(keys[0].time), scene.style_of(&shape.name));
    let _ = write!(text, "}}}}     idem}}\n     {{tx {time} {} {}}}\n     ", number(middle.x), number(middle.y));
    push_attributes(text, style, &stretches(shape, scene.shot.frames()));
    text.push('}');
    Ok(())
}

fn check_key(name: &str, time: f64, vertices: &[Vertex]) -> Result<()> {
    let numbers = vertices.iter().flat_map(|v| coordinates(v).concat());
    match numbers.into_iter().find(|at| at.abs() > FARTHEST_PX) {
        Some(far) => Err(ROTO.of_key(name, time, format!("{far:?} is farther out than {FARTHEST_PX} px"))),
        None if time.abs() > FARTHEST_FRAME => {
            Err(ROTO.of_key(name, time, format!("frames lie within {FARTHEST_FRAME} either way")))
        }
        None => Ok(()),
    }
}

/// Left tangent, position, right tangent.
fn coordinates(vertex: &Vertex) -> [[f64; 2]; 3] {
    let Vertex { anchor, incoming, outgoing } = vertex;
    [[incoming.x, incoming.y], [anchor.x, anchor.y], [outgoing.x, outgoing.y]]
}

fn push_still(text: &mut String, key: &ShapeKey) {
    let _ = write!(text, "       {{px {}", number(key.time));
    for [x, y] in key.shape.vertices().iter().flat_map(coordinates) {
        let _ = write!(text, "\n        {{{} {}}}", number(x), number(y));
    }
}

fn push_moving(text: &mut String, keys: &[ShapeKey]) {
    text.push_str("       {p");
    for (index, pair) in (0..keys[0].shape.vertices().len()).flat_map(|index| (0..3).map(move |pair| (index, pair))) {
        text.push_str("\n        {");
        for axis in 0..2 {
            text.push('{');
            for key in keys {
                let value = coordinates(&key.shape.vertices()[index])[pair][axis];
                let _ = write!(text, "{{{} {}}}", number(key.time), number(value));
            }
            text.push('}');
        }
        text.push('}');
    }
}

/// A number, or its keys.
fn keyed(keys: &[(i64, f64)]) -> String {
    match keys {
        [(_, only)] => number(*only),
        _ => {
            let keys = keys.iter().map(|(frame, value)| format!("{{{} {}}}", number(*frame as f64), number(*value)));
            format!("{{{}}}", keys.collect::<String>())
        }
    }
}

/// Width of an open shape, feather, color, and when the shape is to be seen: by its lifetime where that is one run of frames, by
/// keys of its opacity otherwise. A shape that cuts is painted over the others with nothing, color and alpha 0.
fn push_attributes(text: &mut String, style: &ShapeStyle, stretches: &[Stretch]) {
    let _ = write!(text, "{{a osw {} osf 0 str 1", number(style.stroke_width_px));
    if style.cut {
        text.push_str(" r 0 g 0 b 0 a 0");
    }
    if style.is_soft() || style.feather_falloff != 1.0 {
        let feather = keyed(&style.feather_keys());
        let _ = write!(text, " fo 1 fx {feather} fy {feather} ff {}", number(style.feather_falloff));
    }
    let shown: Vec<&Stretch> = stretches.iter().filter(|stretch| stretch.visible).collect();
    let opacity = keyed(&style.opacity_keys());
    match (&shown[..], stretches.len()) {
        ([], _) => text.push_str(" vis 0"),
        ([_], 1) => {}
        ([run], _) => {
            let (first, last) = (number(*run.frames.start() as f64), number(*run.frames.end() as f64));
            let _ = write!(text, " ltn {first} ltm {last} ltt {}", number(lifetime::RANGE));
        }
        _ => {
            let _ = write!(text, " opc {} tt x40800000}}", keyed(&opacity_keys(stretches, style)));
            return;
        }
    }
    let _ = write!(text, " opc {opacity} tt x40800000}}");
}
