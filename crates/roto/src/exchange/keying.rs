//! Which keys a writer sets: the track of a shape in the wanted mode.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::KeyMode;
use super::fault::Fault;
use crate::{KeyKind, Result, ShapeKey, ShapeTrack, ShotShape, reduce_keys};

/// Vertices of all keys of a shape that are set anew; each takes some hundred bytes of a file.
const MOST_VERTICES: usize = 1 << 21;

/// The track of `shape` over `frames` with the keys of `mode`; see [`KeyMode`].
pub(crate) fn keyed_track(shape: &ShotShape, frames: RangeInclusive<i64>, mode: KeyMode) -> Result<ShapeTrack> {
    match mode {
        KeyMode::Keep => Ok(shape.track.clone()),
        KeyMode::Reduce(tolerance_px) => reduce_keys(shape, frames, tolerance_px),
        KeyMode::Every => spaced(shape, frames, 1),
        KeyMode::EveryNth(step) => spaced(shape, frames, step.max(1)),
    }
}

fn spaced(shape: &ShotShape, frames: RangeInclusive<i64>, step: u32) -> Result<ShapeTrack> {
    let track = &shape.track;
    let mut wanted = BTreeSet::new();
    for run in shape.present_runs(frames.clone()) {
        wanted.extend(run.clone().step_by(step as usize));
        wanted.insert(*run.end());
    }
    if wanted.is_empty() {
        wanted.insert(*frames.start());
    }
    if wanted.len().saturating_mul(track.vertex_count()) > MOST_VERTICES {
        let reason = format!("{} keys of {} vertices are too many; reduce them", wanted.len(), track.vertex_count());
        return Err(Fault("keys").of_shape(&shape.name, reason));
    }
    let hand = track.keys().iter().filter(|key| key.kind == KeyKind::Hand).cloned();
    let mut keys: Vec<ShapeKey> = hand.collect();
    let taken: Vec<f64> = keys.iter().map(|key| key.time).collect();
    let at = |time: f64| ShapeKey { time, kind: KeyKind::Predicted, shape: track.at(time) };
    keys.extend(wanted.iter().map(|&frame| frame as f64).filter(|time| !taken.contains(time)).map(at));
    ShapeTrack::new(keys)
}

/// The track with keys on whole frames only, for formats that know no others: a key at a fraction becomes one on the frames on
/// either side, with the shapes that are to be seen there.
pub(super) fn on_whole_frames(track: &ShapeTrack) -> Result<ShapeTrack> {
    let mut times = BTreeSet::new();
    for key in track.keys() {
        times.extend([key.time.floor() as i64, key.time.ceil() as i64]);
    }
    let at = |&frame: &i64| ShapeKey { time: frame as f64, kind: KeyKind::Predicted, shape: track.at(frame as f64) };
    ShapeTrack::new(times.iter().map(at).collect())
}
