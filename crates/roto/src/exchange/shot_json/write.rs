use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::RangeInclusive;

use serde::Serialize;

use super::layout::{Key, LandmarkPoint, StyleKey};
use super::{FARTHEST_PX, FAULT, FORMAT, MOST_BYTES};
use crate::exchange::keying::keyed_track;
use crate::exchange::{Scene, TextFile, WriteOptions, Written};
use crate::{Landmark, Presence, Result, ShapeKey, ShotShape, Vertex};

/// The file of a scene, a key in each line, so that what changed shows in a comparison of files.
pub(in crate::exchange) fn write(scene: &Scene, options: &WriteOptions) -> Result<Written> {
    let mut text = head(scene)?;
    text.push_str("  \"landmarks\": ");
    push_landmarks(&mut text, scene, options)?;
    text.push_str(",\n  \"shapes\": [");
    for (index, shape) in scene.shot.shapes().iter().enumerate() {
        text.push_str(if index == 0 { "\n" } else { ",\n" });
        push_shape(&mut text, scene, shape, options)?;
    }
    text.push_str(if scene.shot.shapes().is_empty() { "]\n}\n" } else { "\n  ]\n}\n" });
    FAULT.at_most("file", text.len(), "bytes", MOST_BYTES)?;
    Ok(Written { files: vec![TextFile::whole(text)], notes: Vec::new() })
}

fn head(scene: &Scene) -> Result<String> {
    let (plate, frames) = (scene.plate, scene.shot.frames());
    let mut fields = vec![("format", json(&FORMAT)?)];
    if let Some(topology) = &scene.topology {
        fields.push(("topology", json(topology)?));
    }
    fields.extend([("width", json(&plate.width)?), ("height", json(&plate.height)?)]);
    fields.extend([("pixel_aspect", json(&plate.pixel_aspect)?), ("corner", json(&(plate.x1, plate.y2))?)]);
    fields.extend([("first_frame", json(frames.start())?), ("last_frame", json(frames.end())?)]);
    if let Some(rate) = scene.frame_rate {
        fields.push(("frame_rate", json(&rate)?));
    }
    let lines = fields.iter().map(|(name, value)| format!("  \"{name}\": {value},\n"));
    Ok(std::iter::once("{\n".to_owned()).chain(lines).collect())
}

fn push_landmarks(text: &mut String, scene: &Scene, options: &WriteOptions) -> Result<()> {
    let trackers = if options.include_tracks { &scene.trackers[..] } else { &[] };
    let names: Vec<_> = trackers.iter().map(|tracker| &tracker.name).collect();
    let frames: BTreeSet<i64> = trackers.iter().flat_map(|tracker| tracker.frames.keys().copied()).collect();
    let _ = write!(text, "{{\n    \"names\": {},\n    \"frames\": [", json(&names)?);
    for (index, frame) in frames.iter().enumerate() {
        let points = trackers.iter().map(|tracker| tracker.frames.get(frame).and_then(point));
        let points = json(&points.collect::<Vec<_>>())?;
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(text, "{comma}\n      {{\"frame\": {frame}, \"points\": {points}}}");
    }
    text.push_str(if frames.is_empty() { "]\n  }" } else { "\n    ]\n  }" });
    Ok(())
}

fn point(landmark: &Landmark) -> Option<LandmarkPoint> {
    let Landmark { position, confidence, presence } = *landmark;
    (presence != Presence::Missing).then_some(LandmarkPoint(position.x, position.y, confidence, presence))
}

fn push_shape(text: &mut String, scene: &Scene, shape: &ShotShape, options: &WriteOptions) -> Result<()> {
    let (style, track) = (scene.style(&shape.name), keyed_track(shape, scene.shot.frames(), options.keys)?);
    let mut fields = vec![
        ("name", json(&shape.name)?),
        ("group", json(&style.group)?),
        ("closed", json(&track.is_closed())?),
        ("feather_px", json(&style.feather_px)?),
        ("feather_falloff", json(&style.feather_falloff)?),
        ("opacity", json(&style.opacity)?),
        ("stroke_width_px", json(&style.stroke_width_px)?),
        ("hidden", json(&runs(&shape.hidden, scene.shot.frames()))?),
    ];
    if style.cut {
        fields.push(("cut", json(&true)?));
    }
    if !style.keys.is_empty() {
        let key = |key: &crate::exchange::StyleKey| StyleKey {
            frame: key.frame,
            feather_px: key.feather_px,
            opacity: key.opacity,
        };
        fields.push(("style_keys", json(&style.keys.iter().map(key).collect::<Vec<_>>())?));
    }
    let fields: Vec<_> = fields.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
    let _ = write!(text, "    {{\n      {},\n      \"keys\": [", fields.join(", "));
    for (index, key) in track.keys().iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(text, "{comma}\n        {}", json(&written(&shape.name, key)?)?);
    }
    text.push_str("\n      ]\n    }");
    Ok(())
}

fn written(name: &str, key: &ShapeKey) -> Result<Key> {
    let row = |v: &Vertex| [v.anchor.x, v.anchor.y, v.incoming.x, v.incoming.y, v.outgoing.x, v.outgoing.y];
    let vertices: Vec<_> = key.shape.vertices().iter().map(row).collect();
    match vertices.as_flattened().iter().find(|at| at.abs() > FARTHEST_PX) {
        Some(far) => Err(FAULT.of_key(name, key.time, format!("{far:?} is farther out than {FARTHEST_PX} px"))),
        None => Ok(Key { frame: key.time, kind: key.kind, vertices }),
    }
}

/// Runs of neighboring frames within the shot, first and last of each.
fn runs(frames: &BTreeSet<i64>, within: RangeInclusive<i64>) -> Vec<(i64, i64)> {
    let mut runs: Vec<(i64, i64)> = Vec::new();
    for &frame in frames.range(within) {
        match runs.last_mut().filter(|run| run.1.checked_add(1) == Some(frame)) {
            Some(run) => run.1 = frame,
            None => runs.push((frame, frame)),
        }
    }
    runs
}

fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|found| FAULT.at("file", found.to_string()))
}
