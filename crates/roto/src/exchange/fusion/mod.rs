//! Fusion, also within Resolve: masks as a `.setting` file, to drop or paste into a composition. Positions are shares of the
//! picture around its middle, -0.5 to 0.5, y up; handles are relative. A closed shape is a Polygon that is filled, an open one
//! a Polygon that is a line; the masks of a shot are joined in a chain, each added to the one before, or subtracted from it.

use std::fmt::Write as _;

use kurbo::{Affine, Point};

use super::fault::Fault;
use super::keying::keyed_track;
use super::visibility::{Step, opacity_steps, stretches};
use super::{Scene, ShapeStyle, TextFile, WriteOptions, Written};
use crate::{Plate, Result, ShapeTrack, ShotShape};

const FAULT: Fault = Fault("Fusion");

/// The masks of the scene.
pub(super) fn write(scene: &Scene, options: &WriteOptions) -> Result<Written> {
    let mut tools = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for (index, shape) in scene.shot.shapes().iter().enumerate() {
        let name = tool_name(&shape.name, &names);
        let style = scene.style_of(&shape.name);
        push_mask(&mut tools, scene, shape, &name, names.last(), index);
        push_polyline(&mut tools, scene, shape, &name, options)?;
        let opacity = opacity_steps(&stretches(shape, scene.shot.frames()), style);
        push_number(&mut tools, &format!("{name}Level"), &opacity);
        push_feather(&mut tools, &name, style, scene.plate);
        names.push(name);
    }
    let text = format!("{{\n\tTools = ordered() {{\n{}\n\t}}\n}}\n", tools.join(",\n"));
    Ok(Written { files: vec![TextFile::whole(text)], notes: scene.falloff_notes().collect() })
}

/// A name that Fusion takes: letters, digits and `_`, not a digit first, not twice.
fn tool_name(shape: &str, taken: &[String]) -> String {
    let plain: String = shape.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect();
    let plain =
        if plain.starts_with(|first: char| first.is_ascii_alphabetic()) { plain } else { format!("Polygon_{plain}") };
    let numbered = (2..).map(|number| format!("{plain}_{number}"));
    std::iter::once(plain.clone()).chain(numbered).find(|name| !taken.contains(name)).unwrap_or(plain)
}

/// From plate pixels to shares around the middle, y up.
fn to_mask(plate: Plate) -> Affine {
    let middle = Point::new(plate.width / 2.0, plate.height / 2.0).to_vec2();
    Affine::scale_non_uniform(1.0 / plate.width, -1.0 / plate.height) * Affine::translate(-middle)
}

fn push_mask(
    tools: &mut Vec<String>,
    scene: &Scene,
    shape: &ShotShape,
    name: &str,
    before: Option<&String>,
    index: usize,
) {
    let (plate, style) = (scene.plate, scene.style_of(&shape.name));
    let mut text = format!(
        "\t\t{name} = PolylineMask {{\n\t\t\tDrawMode = \"InsertAndModify\",\n\t\t\tDrawMode2 = \"InsertAndModify\",\n\t\t\t\
         Inputs = {{\n\t\t\t\tFilter = Input {{ Value = FuID {{ \"Fast Gaussian\" }}, }},\n"
    );
    let mut input = |name: &str, value: String| {
        let _ = writeln!(text, "\t\t\t\t{name} = Input {{ Value = {value}, }},");
    };
    input("MaskWidth", plate.width.to_string());
    input("MaskHeight", plate.height.to_string());
    input("PixelAspect", format!("{{ {}, 1 }}", plate.pixel_aspect));
    input("ClippingMode", "FuID { \"None\" }".to_owned());
    if style.cut {
        input("PaintMode", "FuID { \"Subtract\" }".to_owned());
    }
    if !shape.track.is_closed() {
        input("Solid", "0".to_owned());
    }
    let feather = style.feather_keys();
    if let [(_, px)] = feather[..] {
        let [soft, border] = edges(px, style, plate);
        input("SoftEdge", soft.to_string());
        input("BorderWidth", border.to_string());
    }
    let mut link = |name: &str, tool: &str, output: &str| {
        let _ = writeln!(
            text,
            "\t\t\t\t{name} = Input {{\n\t\t\t\t\tSourceOp = \"{tool}\",\n\t\t\t\t\tSource = \"{output}\",\n\t\t\t\t}},"
        );
    };
    if feather.len() > 1 {
        link("SoftEdge", &format!("{name}SoftEdge"), "Value");
        link("BorderWidth", &format!("{name}BorderWidth"), "Value");
    }
    link("Level", &format!("{name}Level"), "Value");
    if let Some(before) = before {
        link("EffectMask", before, "Mask");
    }
    link("Polyline", &format!("{name}Polyline"), "Value");
    let _ = write!(text, "\t\t\t}},\n\t\t\tViewInfo = OperatorInfo {{ Pos = {{ {}, 0 }} }},\n\t\t}}", 110 * index);
    tools.push(text);
}

fn push_polyline(
    tools: &mut Vec<String>,
    scene: &Scene,
    shape: &ShotShape,
    name: &str,
    options: &WriteOptions,
) -> Result<()> {
    let track = keyed_track(shape, scene.shot.frames(), options.keys)?;
    let mut text = format!(
        "\t\t{name}Polyline = BezierSpline {{\n\t\t\tSplineColor = {{ Red = 173, Green = 255, Blue = 47 }},\n\t\t\tNameSet = true,\n\
         \t\t\tKeyFrames = {{\n"
    );
    for (index, key) in track.keys().iter().enumerate() {
        let turned = key.shape.transformed(to_mask(scene.plate));
        let turned = turned.map_err(|e| FAULT.of_key(&shape.name, key.time, e.to_string()))?;
        // The spline's own value counts keys; handles a third of the way to the neighbor keep it straight.
        let _ = writeln!(
            text,
            "\t\t\t\t[{}] = {{ {index}{}, Flags = {{ Linear = true, LockedY = true }}, Value = Polyline {{",
            key.time,
            handles(&track, index)
        );
        let _ = writeln!(text, "\t\t\t\t\t\tClosed = {},\n\t\t\t\t\t\tPoints = {{", track.is_closed());
        for vertex in turned.vertices() {
            let (at, before, after) = (vertex.anchor, vertex.incoming, vertex.outgoing);
            let _ = writeln!(
                text,
                "\t\t\t\t\t\t\t{{ X = {}, Y = {}, LX = {}, LY = {}, RX = {}, RY = {} }},",
                at.x, at.y, before.x, before.y, after.x, after.y
            );
        }
        text.push_str("\t\t\t\t\t\t}\n\t\t\t\t\t} },\n");
    }
    text.push_str("\t\t\t}\n\t\t}");
    tools.push(text);
    Ok(())
}

fn handles(track: &ShapeTrack, index: usize) -> String {
    let keys = track.keys();
    let toward = |other: usize| {
        let third = |a: f64, b: f64| a + (b - a) / 3.0;
        let (time, value) = (third(keys[index].time, keys[other].time), third(index as f64, other as f64));
        format!("{{ {time}, {value} }}")
    };
    let left = index.checked_sub(1).map(|before| format!(", LH = {}", toward(before))).unwrap_or_default();
    let right = if index + 1 < keys.len() { format!(", RH = {}", toward(index + 1)) } else { String::new() };
    left + &right
}

/// Width of the soft edge and of the border for a feather. Soft edges lie on both sides of the edge in Fusion; a border of half the
/// width brings them to the side where they belong. A line is a border, too.
fn edges(feather_px: f64, style: &ShapeStyle, plate: Plate) -> [f64; 2] {
    let (soft, border) = (feather_px.abs() / 2.0 / plate.width, feather_px / 2.0 / plate.width);
    [soft, border + style.stroke_width_px / 2.0 / plate.width]
}

/// Both widths over time, where they change.
fn push_feather(tools: &mut Vec<String>, name: &str, style: &ShapeStyle, plate: Plate) {
    let keys = style.feather_keys();
    if keys.len() < 2 {
        return;
    }
    for (index, input) in ["SoftEdge", "BorderWidth"].into_iter().enumerate() {
        let value = |px: f64| edges(px, style, plate)[index];
        let steps: Vec<_> = keys.iter().map(|&(frame, px)| Step { frame, value: value(px), holds: false }).collect();
        push_number(tools, &format!("{name}{input}"), &steps);
    }
}

/// A number over time, in steps and straight lines.
fn push_number(tools: &mut Vec<String>, name: &str, steps: &[Step]) {
    let mut text = format!(
        "\t\t{name} = BezierSpline {{\n\t\t\tSplineColor = {{ Red = 232, Green = 206, Blue = 77 }},\n\t\t\tNameSet = true,\n\
         \t\t\tKeyFrames = {{\n"
    );
    // A key says how the way that leads to it goes.
    let mut way = "StepIn";
    for Step { frame, value, holds } in steps {
        let _ = writeln!(text, "\t\t\t\t[{frame}] = {{ {value}, Flags = {{ {way} = true }} }},");
        way = if *holds { "StepIn" } else { "Linear" };
    }
    text.push_str("\t\t\t}\n\t\t}");
    tools.push(text);
}

#[cfg(test)]
mod tests;
