//! Silhouette: shapes as an `.fxs` file, XML. Positions are shares of the session's height around its middle, y down, x
//! scaled by the pixel aspect; handles are positions. Frames count from the start of the session.

use std::fmt::Write as _;

use kurbo::{Affine, Point};

use super::fault::Fault;
use super::keying::{keyed_track, on_whole_frames};
use super::layers::{layers, note};
use super::visibility::{opacity_steps, stretches};
use super::xml::escaped;
use super::{Scene, TextFile, WriteOptions, Written};
use crate::{Plate, Result, ShapeTrack, ShotShape};

const FAULT: Fault = Fault("Silhouette");

/// A session with a layer for each group, and one for the shapes that are in none.
pub(super) fn write(scene: &Scene, options: &WriteOptions) -> Result<Written> {
    let (plate, frames) = (scene.plate, scene.shot.frames());
    let last = frames.start().abs_diff(*frames.end());
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Silhouette width=\"{}\" height=\"{}\" workRangeStart=\"0\" \
         workRangeEnd=\"{last}\" sessionStartFrame=\"{}\">\n",
        plate.width,
        plate.height,
        frames.start()
    );
    for (group, shapes) in layers(scene) {
        let label = escaped(if group.is_empty() { &options.name } else { group });
        let _ = write!(
            text,
            "  <Layer type=\"Layer\" label=\"{label}\" expanded=\"True\">\n    <Properties>\n      <Property id=\"objects\" \
             constant=\"True\" expanded=\"True\">\n"
        );
        // The list of objects begins with what lies on top.
        let reversed = scene.has_cuts();
        let (up, down) = (shapes.iter().rev().filter(|_| reversed), shapes.iter().filter(|_| !reversed));
        for shape in up.chain(down) {
            push_shape(&mut text, scene, shape, options)?;
        }
        text.push_str("      </Property>\n    </Properties>\n  </Layer>\n");
    }
    text.push_str("</Silhouette>\n");
    let feathered = scene.shot.shapes().iter().filter(|shape| scene.style_of(&shape.name).is_soft());
    let notes = feathered.map(|shape| format!("{}: its feather is left out; set it in Silhouette.", shape.name));
    Ok(Written { files: vec![TextFile::whole(text)], notes: notes.chain(note(scene)).collect() })
}

/// From plate pixels to shares of the height around the middle.
fn to_session(plate: Plate) -> Affine {
    let middle = Point::new(plate.width / 2.0, plate.height / 2.0).to_vec2();
    Affine::scale_non_uniform(plate.pixel_aspect / plate.height, 1.0 / plate.height) * Affine::translate(-middle)
}

fn push_shape(text: &mut String, scene: &Scene, shape: &ShotShape, options: &WriteOptions) -> Result<()> {
    let track = on_whole_frames(&keyed_track(shape, scene.shot.frames(), options.keys)?)?;
    let start = *scene.shot.frames().start();
    let style = scene.style_of(&shape.name);
    let _ = write!(
        text,
        "        <Object type=\"Shape\" label=\"{}\" shape_type=\"Bezier\">\n          <Properties>\n            <Property \
         id=\"opacity\">\n",
        escaped(&shape.name)
    );
    for step in opacity_steps(&stretches(shape, scene.shot.frames()), style) {
        let (frame, percent) = (start.abs_diff(step.frame), step.value * 100.0);
        let way = if step.holds { "hold" } else { "linear" };
        let _ = writeln!(text, "              <Key frame=\"{frame}\" interp=\"{way}\">{percent}</Key>");
    }
    text.push_str("            </Property>\n");
    if style.cut {
        text.push_str("            <Property id=\"mode\" constant=\"True\"><Value>Subtract</Value></Property>\n");
    }
    if !track.is_closed() {
        let width = style.stroke_width_px / scene.plate.height;
        let _ = writeln!(
            text,
            "            <Property id=\"strokeWidth\" constant=\"True\"><Value>{width}</Value></Property>"
        );
    }
    push_path(text, &shape.name, &track, start, to_session(scene.plate))?;
    text.push_str("          </Properties>\n        </Object>\n");
    Ok(())
}

fn push_path(text: &mut String, name: &str, track: &ShapeTrack, start: i64, to_session: Affine) -> Result<()> {
    text.push_str("            <Property id=\"path\">\n");
    // The session has no frame before its first: what lies there shows in the shape that it begins with.
    let first = start as f64;
    let later = track.keys().iter().map(|key| key.time).filter(|&time| time > first);
    for time in std::iter::once(first).chain(later) {
        let turned = track.at(time).transformed(to_session).map_err(|e| FAULT.of_key(name, time, e.to_string()))?;
        let closed = if track.is_closed() { "True" } else { "False" };
        let _ = writeln!(
            text,
            "              <Key frame=\"{}\" interp=\"linear\">\n                <Path closed=\"{closed}\" type=\"Bezier\">",
            time - first
        );
        for vertex in turned.vertices() {
            let places = [vertex.anchor, vertex.anchor + vertex.incoming, vertex.anchor + vertex.outgoing];
            // Plain decimals: Silhouette refuses exponents.
            let pairs = places.map(|at| format!("({:.9},{:.9})", at.x, at.y));
            let _ = writeln!(text, "                  <Point>{}</Point>", pairs.join(","));
        }
        text.push_str("                </Path>\n              </Key>\n");
    }
    text.push_str("            </Property>\n");
    Ok(())
}

#[cfg(test)]
mod tests;
