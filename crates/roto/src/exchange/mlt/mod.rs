//! MLT, and with it Kdenlive and Shotcut: the value of the rotoscoping filter's property `spline`, JSON. A point is
//! `[[h1x, h1y], [px, py], [h2x, h2y]]` in shares of the picture's width and height, y down, handles as positions. Keys are whole
//! frames that count from the start of the clip. A filter has one closed spline, so several shapes are an object by name.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::fault::Fault;
use super::keying::{keyed_track, on_whole_frames};
use super::python_data::literal;
use super::visibility::stretches;
use super::{Scene, TextFile, WriteOptions, Written};
use crate::{Plate, Result, ShotShape, Vertex};

const FAULT: Fault = Fault("MLT rotoscoping");

/// One spline where one closed shape is, else an object of splines by name.
pub(super) fn write(scene: &Scene, options: &WriteOptions) -> Result<Written> {
    let (mut splines, mut notes) = (Vec::new(), Vec::new());
    for shape in scene.shot.shapes() {
        if !shape.track.is_closed() {
            notes.push(format!("{} is left out: a spline of MLT is closed.", shape.name));
            continue;
        }
        splines.push((&shape.name, spline(scene, shape, options)?));
        notes.extend(losses(scene, shape));
    }
    let text = match &splines[..] {
        [] => return Err(FAULT.at("scene", "no shape is closed, and a spline of MLT is")),
        [(_, only)] => format!("{only}\n"),
        several => {
            notes.push("A filter has one spline: give each of these to a filter of its own.".to_owned());
            let lines: Vec<_> = several.iter().map(|(name, spline)| format!("{}: {spline}", literal(name))).collect();
            format!("{{\n{}\n}}\n", lines.join(",\n"))
        }
    };
    notes.extend(scene.falloff_notes());
    Ok(Written { files: vec![TextFile::whole(text)], notes })
}

/// What the spline itself does not say, for the artist to set.
fn losses(scene: &Scene, shape: &ShotShape) -> Vec<String> {
    let (style, mut notes) = (scene.style_of(&shape.name), Vec::new());
    let first = *scene.shot.frames().start();
    if style.is_soft() {
        let (feather, changes) = ((style.feather_at(first).abs() / 2.0).round(), style.feather_keys().len() > 1);
        let changes = if changes { "; that it changes is left out" } else { "" };
        notes.push(format!("{}: set the filter's feather to {feather}{changes}.", shape.name));
    }
    if style.is_translucent() {
        notes.push(format!("{}: its opacity of {} is left out.", shape.name, style.opacity_at(first)));
    }
    if style.cut {
        let told = "give it a filter of its own after the others, with Alpha Operation set to Subtract";
        notes.push(format!("{}: {told}.", shape.name));
    }
    if stretches(shape, scene.shot.frames()).iter().any(|stretch| !stretch.visible) {
        notes.push(format!("{}: on frames that hide it, the spline is moved out of the picture.", shape.name));
    }
    notes
}

/// Keys by frame. A spline cannot be hidden: where the shape is, it stands beside the picture, with keys on the frames
/// around so that it jumps.
fn spline(scene: &Scene, shape: &ShotShape, options: &WriteOptions) -> Result<String> {
    let frames = scene.shot.frames();
    let start = *frames.start();
    let track = on_whole_frames(&keyed_track(shape, frames.clone(), options.keys)?)?;
    let mut times: BTreeSet<i64> =
        track.keys().iter().map(|key| key.time as i64).filter(|&time| time > start).collect();
    times.insert(start);
    let stretches = stretches(shape, frames);
    if stretches.len() > 1 {
        times.extend(stretches.iter().flat_map(|stretch| [*stretch.frames.start(), *stretch.frames.end()]));
    }
    let key = |&time: &i64| {
        let (shown, aside) = (track.at(time as f64), !shape.is_present(time as f64));
        let points: Vec<_> = shown.vertices().iter().map(|vertex| point(vertex, scene.plate, aside)).collect();
        format!("\"{}\": [{}]", start.abs_diff(time), points.join(", "))
    };
    Ok(format!("{{{}}}", times.iter().map(key).collect::<Vec<_>>().join(", ")))
}

/// A point of the spline; beside the picture, two widths to the left, where the shape is hidden.
fn point(vertex: &Vertex, plate: Plate, aside: bool) -> String {
    let shift = if aside { -2.0 } else { 0.0 };
    let places = [vertex.anchor + vertex.incoming, vertex.anchor, vertex.anchor + vertex.outgoing];
    let mut text = String::from("[");
    for (index, at) in places.into_iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        let _ = write!(text, "{comma}[{:?}, {:?}]", at.x / plate.width + shift, at.y / plate.height);
    }
    text + "]"
}

#[cfg(test)]
mod tests;
