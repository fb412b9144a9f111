use std::collections::{BTreeMap, BTreeSet};

use kurbo::{Point, Vec2};

use super::layout::{File, Key, LandmarkPoint, Landmarks, Shape};
use super::{FARTHEST_PX, FAULT, FORMAT, MOST_BYTES, MOST_FRAMES, MOST_LANDMARKS, MOST_VERTICES};
use crate::exchange::limits::{FARTHEST_FRAME, MOST_HIDDEN, MOST_SHAPES};
use crate::exchange::{Imported, Scene, ShapeStyle, StyleKey, Tracker};
use crate::{BezierShape, Landmark, Plate, Presence, Result, ShapeKey, ShapeTrack, Shot, ShotShape, Vertex};

/// Reads what [`super::write`] wrote, or anybody by the schema.
pub(in crate::exchange) fn read(text: &str) -> Result<Imported> {
    FAULT.at_most("file", text.len(), "bytes", MOST_BYTES)?;
    let file: File =
        serde_json::from_str(text).map_err(|found| FAULT.at("file", crate::exchange::fault::told(&found)))?;
    if file.format != FORMAT {
        let reason = format!(
            "\"format\" is {}, expected \"{FORMAT}\"; a later version of Rotocel may read it",
            crate::exchange::fault::shown(&file.format)
        );
        return Err(FAULT.at("file", reason));
    }
    let frames = file.first_frame..=file.last_frame;
    if frames.is_empty() {
        return Err(crate::Error::FrameRange { first: file.first_frame, last: file.last_frame });
    }
    if file.first_frame.abs_diff(file.last_frame) >= MOST_FRAMES {
        return Err(FAULT.at("file", format!("it has frames {frames:?}, expected at most {MOST_FRAMES} frames")));
    }
    FAULT.at_most("file", file.shapes.len(), "shapes", MOST_SHAPES)?;
    let (mut shapes, mut styles, mut room) = (Vec::new(), BTreeMap::new(), MOST_HIDDEN);
    for shape in file.shapes {
        styles.insert(shape.name.clone(), style(&shape));
        shapes.push(shot_shape(shape, &frames, &mut room)?);
    }
    let (x1, y2) = file.corner.unwrap_or((0.0, file.height));
    let scene = Scene {
        shot: Shot::new(file.first_frame, file.last_frame, shapes)?,
        plate: Plate { x1, y2, width: file.width, height: file.height, pixel_aspect: file.pixel_aspect },
        frame_rate: file.frame_rate,
        topology: file.topology,
        trackers: trackers(file.landmarks)?,
        styles,
    };
    scene.check()?;
    Ok(Imported { scene, notes: Vec::new() })
}

fn style(shape: &Shape) -> ShapeStyle {
    ShapeStyle {
        group: shape.group.clone(),
        feather_px: shape.feather_px,
        feather_falloff: shape.feather_falloff,
        opacity: shape.opacity,
        stroke_width_px: shape.stroke_width_px,
        cut: shape.cut,
        keys: shape
            .style_keys
            .iter()
            .map(|key| StyleKey { frame: key.frame, feather_px: key.feather_px, opacity: key.opacity })
            .collect(),
    }
}

/// The shape of the file; `room` is how many hidden frames the file may still have.
fn shot_shape(shape: Shape, frames: &std::ops::RangeInclusive<i64>, room: &mut u64) -> Result<ShotShape> {
    let Shape { name, closed, hidden: runs, keys, .. } = shape;
    let mut hidden = BTreeSet::new();
    for (first, last) in runs {
        if !(frames.contains(&first) && frames.contains(&last) && first <= last) {
            let reason = format!("it is hidden on [{first}, {last}], which is no run of frames within {frames:?}");
            return Err(FAULT.of_shape(&name, reason));
        }
        *room = room.checked_sub(first.abs_diff(last) + 1).ok_or_else(|| {
            FAULT.of_shape(&name, format!("the shapes are hidden on more than {MOST_HIDDEN} frames in all"))
        })?;
        hidden.extend(first..=last);
    }
    let keys = keys.into_iter().map(|key| shape_key(&name, closed, key)).collect::<Result<_>>()?;
    let track = ShapeTrack::new(keys).map_err(|found| FAULT.of_shape(&name, found.to_string()))?;
    Ok(ShotShape { hidden, ..ShotShape::new(name, track) })
}

fn shape_key(name: &str, closed: bool, key: Key) -> Result<ShapeKey> {
    let fault = |reason: String| FAULT.of_key(name, key.frame, reason);
    if key.vertices.len() > MOST_VERTICES {
        return Err(fault(format!("it has {} vertices, expected at most {MOST_VERTICES}", key.vertices.len())));
    }
    // As far as every program counts frames exactly.
    if !(-FARTHEST_FRAME..=FARTHEST_FRAME).contains(&key.frame) {
        return Err(fault(format!("frames lie within {FARTHEST_FRAME} either way")));
    }
    if let Some(far) = key.vertices.as_flattened().iter().find(|at| at.abs() > FARTHEST_PX) {
        return Err(fault(format!("{far:?} is farther out than {FARTHEST_PX} px")));
    }
    let vertices = key.vertices.iter().map(|&[x, y, in_x, in_y, out_x, out_y]| Vertex {
        anchor: Point::new(x, y),
        incoming: Vec2::new(in_x, in_y),
        outgoing: Vec2::new(out_x, out_y),
    });
    let shape = BezierShape::new(vertices.collect(), closed).map_err(|found| fault(found.to_string()))?;
    Ok(ShapeKey { time: key.frame, kind: key.kind, shape })
}

fn trackers(landmarks: Landmarks) -> Result<Vec<Tracker>> {
    FAULT.at_most("landmarks", landmarks.names.len(), "names", MOST_LANDMARKS)?;
    let count = landmarks.names.len();
    let mut trackers: Vec<_> =
        landmarks.names.into_iter().map(|name| Tracker { name, frames: BTreeMap::new() }).collect();
    let mut seen = BTreeSet::new();
    for entry in landmarks.frames {
        let place = format!("landmarks, frame {}", entry.frame);
        if !seen.insert(entry.frame) {
            return Err(FAULT.at(place, "the frame stands twice; keep one of them"));
        }
        if entry.points.len() != count {
            return Err(FAULT.at(place, format!("it has {} points, but there are {count} names", entry.points.len())));
        }
        for (tracker, point) in trackers.iter_mut().zip(entry.points) {
            let Some(LandmarkPoint(x, y, confidence, presence)) = point else { continue };
            let fine = (0.0..=1.0).contains(&confidence) && x.abs() <= FARTHEST_PX && y.abs() <= FARTHEST_PX;
            if !fine {
                let reason = format!("({x:?}, {y:?}) with confidence {confidence:?} is no landmark of a plate");
                return Err(FAULT.at(format!("{place}, {}", crate::exchange::fault::shown(&tracker.name)), reason));
            }
            if presence != Presence::Missing {
                tracker.frames.insert(entry.frame, Landmark { position: Point::new(x, y), confidence, presence });
            }
        }
    }
    Ok(trackers)
}
