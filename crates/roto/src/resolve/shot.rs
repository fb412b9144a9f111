use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::Resolver;
use crate::{Error, KeyKind, Result, ShapeKey, ShapeTrack, Shot, ShotShape, reduce_keys};

/// Which frames of a shot get keys. Hand keys stay in any case.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum KeyMode {
    /// Every frame.
    Every,
    /// The first frame of each run of frames that shows the shape, every so many after it, and the last. 0 counts as 1.
    EveryNth(u32),
    /// As few as show the same within a tolerance, see [`reduce_keys`].
    Reduced {
        /// The farthest that an anchor or the end of a handle may be off, in pixels of the plate.
        tolerance_px: f64,
    },
}

/// The shapes of a range of frames as tracks.
///
/// A frame on which a part of a shape's curve is set by hand gives it a [`KeyKind::Hand`] key. A shape is hidden where it is
/// absent or unknown; one that is nowhere known is left out.
///
/// # Errors
/// As [`Resolver::frame`] and [`reduce_keys`], and [`Error::FrameRange`] for an empty range.
pub fn to_shot<E: From<Error>>(
    resolver: &mut Resolver<'_, E>,
    frames: RangeInclusive<i64>,
    mode: KeyMode,
) -> Result<Shot, E> {
    const MOST_FRAMES: u64 = 100_000;
    let topology = resolver.topology();
    let (first, last) = (*frames.start(), *frames.end());
    if first <= last && first.abs_diff(last) >= MOST_FRAMES {
        let value = first.abs_diff(last) as f64 + 1.0;
        return Err(Error::Parameter { name: "number of frames", value, range: "up to 100,000" }.into());
    }
    let mut tracks: Vec<(Vec<ShapeKey>, BTreeSet<i64>)> = vec![Default::default(); topology.shapes().len()];
    for frame in frames.clone() {
        let mut resolved = resolver.frame(frame)?;
        for (shape, (keys, hidden)) in tracks.iter_mut().enumerate() {
            if resolved.shapes[shape].is_none() {
                hidden.insert(frame);
            }
            let kind = if resolved.hand.touches(topology, shape) { KeyKind::Hand } else { KeyKind::Predicted };
            let curve = resolved.shapes[shape].take().or(resolved.hidden[shape].take());
            keys.extend(curve.map(|shape| ShapeKey { time: frame as f64, kind, shape }));
        }
    }
    let mut shapes = Vec::new();
    for (spec, (keys, hidden)) in topology.shapes().iter().zip(tracks) {
        if !keys.is_empty() {
            let shape = ShotShape { hidden, ..ShotShape::new(&spec.name, ShapeTrack::new(keys)?) };
            shapes.push(thinned(shape, frames.clone(), mode)?);
        }
    }
    Ok(Shot::new(first, last, shapes)?)
}

fn thinned(shape: ShotShape, frames: RangeInclusive<i64>, mode: KeyMode) -> Result<ShotShape> {
    let track = match mode {
        KeyMode::Every | KeyMode::EveryNth(0 | 1) => return Ok(shape),
        KeyMode::EveryNth(step) => every_nth(&shape, frames, step)?,
        KeyMode::Reduced { tolerance_px } => reduce_keys(&shape, frames, tolerance_px)?,
    };
    Ok(ShotShape { track, ..shape })
}

fn every_nth(shape: &ShotShape, frames: RangeInclusive<i64>, step: u32) -> Result<ShapeTrack> {
    let runs = shape.present_runs(frames);
    let wanted = runs.into_iter().flat_map(|run| {
        let (first, last) = run.into_inner();
        (first..=last).step_by(step as usize).chain([last])
    });
    let wanted: BTreeSet<i64> = wanted.collect();
    let keys = shape.track.keys();
    let kept = keys.iter().filter(|key| key.kind == KeyKind::Hand || wanted.contains(&(key.time as i64)));
    let kept: Vec<ShapeKey> = kept.cloned().collect();
    // A shape that is nowhere to be seen keeps one key.
    ShapeTrack::new(if kept.is_empty() { keys[..1].to_vec() } else { kept })
}
