//! After Effects: a script that makes a composition with a white solid, and a mask on it for each shape. Positions are pixels of
//! the plate, y down; tangents are relative; times are seconds from the start of the composition.

use std::fmt::Write as _;

use super::keying::keyed_track;
use super::python_data::literal;
use super::visibility::{Stretch, opacity_steps, stretches};
use super::{Scene, ShapeStyle, TextFile, WriteOptions, Written};
use crate::{Result, ShotShape, Vertex};

/// What is done with the shapes, below them in the script.
const BUILDER: &str = include_str!("build_masks.jsx");

/// A script for *File › Scripts › Run Script File*.
pub(super) fn write(scene: &Scene, options: &WriteOptions) -> Result<Written> {
    let (plate, frames) = (scene.plate, scene.shot.frames());
    let mut text = format!(
        "// Makes a composition with a mask for each shape: run it in After Effects.\nvar COMPOSITION = {{name: {}, width: {}, \
         height: {}, pixelAspect: {}, firstFrame: {}, frames: {}, frameRate: {}}};\n\n// Pixels of the composition, y down; \
         tangents are relative to their vertex; frames count from the first.\nvar SHAPES = [\n",
        literal(&options.name),
        plate.width.ceil(),
        plate.height.ceil(),
        plate.pixel_aspect,
        frames.start(),
        frames.start().abs_diff(*frames.end()) + 1,
        scene.frame_rate_or_usual()
    );
    for shape in scene.shot.shapes() {
        push_shape(&mut text, scene, shape, options)?;
    }
    let _ = write!(text, "];\n\n{BUILDER}");
    Ok(Written { files: vec![TextFile::whole(text)], notes: notes(scene) })
}

fn notes(scene: &Scene) -> Vec<String> {
    let mut notes = Vec::new();
    if scene.frame_rate.is_none() {
        notes.push(format!("No frame rate is known; {} frames a second were taken.", Scene::USUAL_FRAME_RATE));
    }
    for shape in scene.shot.shapes().iter().filter(|shape| !shape.track.is_closed()) {
        notes.push(format!("{}: an open mask draws nothing by itself; add a Stroke effect.", shape.name));
    }
    notes.extend(scene.falloff_notes());
    notes
}

fn push_shape(text: &mut String, scene: &Scene, shape: &ShotShape, options: &WriteOptions) -> Result<()> {
    let track = keyed_track(shape, scene.shot.frames(), options.keys)?;
    let (style, first) = (scene.style_of(&shape.name), *scene.shot.frames().start());
    // A mask's feather lies on both sides of its edge; an expansion by half of it brings it to the side where it belongs.
    let _ = write!(
        text,
        "  {{name: {}, closed: {}, cut: {},\n   feather: [{}],\n   opacity: [{}],\n   keys: [\n",
        literal(&shape.name),
        track.is_closed(),
        style.cut,
        feather(style, first).join(", "),
        steps(&stretches(shape, scene.shot.frames()), first, style).join(", ")
    );
    for (index, key) in track.keys().iter().enumerate() {
        let list = |pair: fn(&Vertex) -> (f64, f64)| {
            let pairs = key.shape.vertices().iter().map(pair);
            pairs.map(|(x, y)| format!("[{x:?}, {y:?}]")).collect::<Vec<_>>().join(", ")
        };
        let _ = write!(
            text,
            "    {}{{frame: {}, vertices: [{}],\n      inTangents: [{}],\n      outTangents: [{}]}}",
            if index == 0 { "" } else { "," },
            key.time - first as f64,
            list(|vertex| vertex.anchor.into()),
            list(|vertex| vertex.incoming.into()),
            list(|vertex| vertex.outgoing.into())
        );
        text.push('\n');
    }
    let last = scene.shot.shapes().last().is_some_and(|last| last.name == shape.name);
    text.push_str(if last { "   ]}\n" } else { "   ]},\n" });
    Ok(())
}

/// Frame, width and expansion of each key of the feather.
fn feather(style: &ShapeStyle, first: i64) -> Vec<String> {
    let keys = style.feather_keys();
    let still = keys.len() == 1;
    let key = |&(frame, px): &(i64, f64)| {
        let frame = if still { 0.0 } else { frame as f64 - first as f64 };
        format!("[{frame}, {}, {}]", px.abs(), px / 2.0)
    };
    keys.iter().map(key).collect()
}

/// Frame and percent of each change of opacity, and whether it holds until the next.
fn steps(stretches: &[Stretch], first: i64, style: &ShapeStyle) -> Vec<String> {
    let steps = opacity_steps(stretches, style).into_iter();
    steps.map(|step| format!("[{}, {}, {}]", first.abs_diff(step.frame), step.value * 100.0, step.holds)).collect()
}

#[cfg(test)]
mod tests;
