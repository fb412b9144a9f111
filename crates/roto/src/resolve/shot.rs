use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::Resolver;
use crate::exchange::{KeyMode, keyed_track};
use crate::{Error, KeyKind, Result, ShapeKey, ShapeTrack, Shot, ShotShape};

/// The shapes of a range of frames as tracks, with a key on every frame (also by [`KeyMode::Keep`]), or on those of `mode`.
///
/// A frame on which a part of a shape's curve is set by hand gives it a [`KeyKind::Hand`] key. A shape is hidden where it is
/// absent or unknown; one that is nowhere known is left out.
///
/// # Errors
/// As [`Resolver::frame`] and [`reduce_keys`](crate::reduce_keys), and [`Error::FrameRange`] for an empty range.
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
            let track = keyed_track(&shape, frames.clone(), mode)?;
            shapes.push(ShotShape { track, ..shape });
        }
    }
    Ok(Shot::new(first, last, shapes)?)
}
