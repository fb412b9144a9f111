//! The frames around the one that is rendered, as far as the host gives them.

use super::ToneSegment;
use super::analysis::MOTIONS;
use super::input::{Analyst, Mask, Plate};
use super::smoothing::{Around, Between, Sight, smooth};
use crate::nodes::kept::{Key, Room};
use ndarray::Array3;
use ofx_sdk::plugin::{Clip, Image, MessageKind, RenderArgs};
use ofx_sdk::{Error, FrameRange, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Frames count as the clip's own up to this far past its ends: hosts give ends as they come out of their arithmetic.
const NEAR: f64 = 1e-6;

/// Whether the artist was told that temporal smoothing does nothing: once is enough for a node.
#[derive(Debug, Default)]
pub struct Notice {
    told: AtomicBool,
}

impl Notice {
    /// Tells it to the log and to the host, as a message that passes: one that stays would stop Nuke.
    fn once(&self, args: &RenderArgs<'_, ToneSegment>, kind: MessageKind, text: &str) {
        if !self.told.swap(true, Ordering::AcqRel) {
            log::warn!("{text}");
            args.message(kind, text);
        }
    }
}

/// The frames around one.
pub struct Neighbors {
    reach: i32,
    frames: Vec<Neighbor>,
}

struct Neighbor {
    offset: i32,
    key: Key,
    /// `None` where it equals the frame in the middle.
    sight: Option<Arc<Sight>>,
}

/// The frames around the rendered one that temporal smoothing wants, analysed; none where there are none, or where they
/// tell nothing that the frame itself does not. `own` is the key of the rendered `plate`, in whose bounds the others are looked
/// at: a bounding box often changes from frame to frame.
///
/// # Errors
/// As those of the frame itself.
pub fn neighbors(analyst: &Analyst<'_, '_>, plate: &Plate<'_, '_>, own: Key, notice: &Notice) -> Result<Neighbors> {
    let args = analyst.args;
    let reach = args.settings.temporal_smoothing;
    let mut frames = Vec::new();
    if reach > 0 && !args.host().supports_temporal_access {
        let text = format!(
            "Temporal smoothing works as 0: this host ({}) gives a node no other frame than the one rendered.",
            args.host().name
        );
        notice.once(args, MessageKind::Warning, &text);
        return Ok(Neighbors { reach, frames });
    }
    let range = if reach > 0 { args.clip(&Clip::SOURCE)?.frame_range() } else { None };
    let reachable = reachable(range, args.time, reach);
    // The nearest first: an abort loses least.
    for offset in (1..=reach).flat_map(|away| [-away, away]) {
        args.check_abort()?;
        let time = args.time + f64::from(offset);
        if holds(reachable, time) {
            frames.extend(neighbor(analyst, plate, own, (offset, time))?);
        }
    }
    if !frames.is_empty() && frames.iter().all(|frame| frame.sight.is_none()) {
        frames.clear();
        // For the log alone: most often it is footage that is held for a few frames.
        let text = format!(
            "Temporal smoothing works as 0 at frame {}: the frames around it hold the same picture. Either the clip stands \
             still there, or this host gives the current frame for every time.",
            args.time
        );
        notice.once(args, MessageKind::Log, &text);
    }
    Ok(Neighbors { reach, frames })
}

/// The frames that smoothing may look at around `time`: those of the clip, whose range is `range`, as far as the host says.
/// Where the frame itself lies outside of it, as in a still that is held, the range tells nothing of its neighbors.
pub fn reachable(range: Option<FrameRange>, time: f64, reach: i32) -> FrameRange {
    let reach = f64::from(reach);
    let wanted = FrameRange { min: time - reach, max: time + reach };
    match range.filter(|range| holds(*range, time)) {
        Some(range) => {
            FrameRange { min: wanted.min.max(range.min).min(time), max: wanted.max.min(range.max).max(time) }
        }
        None => wanted,
    }
}

fn holds(range: FrameRange, time: f64) -> bool {
    time >= range.min - NEAR && time <= range.max + NEAR
}

/// A frame, if the host has it in the shape of the rendered one: a cut to pixels of another aspect is no neighbor.
fn neighbor(
    analyst: &Analyst<'_, '_>,
    rendered: &Plate<'_, '_>,
    own: Key,
    (offset, time): (i32, f64),
) -> Result<Option<Neighbor>> {
    let image = analyst.args.image_at(&Clip::SOURCE, time)?;
    let bounds = rendered.bounds;
    let of_its_shape = |image: &Image<'_>| {
        image.pixel_aspect() == rendered.source.pixel_aspect() && !image.bounds().intersection(&bounds).is_empty()
    };
    let Some(source) = image.filter(of_its_shape) else { return Ok(None) };
    let mask = Mask::at(analyst.args, time)?;
    let plate = Plate { source: &source, mask: &mask, bounds, time };
    let key = analyst.key(&plate);
    if key == own {
        return Ok(Some(Neighbor { offset, key, sight: None }));
    }
    let sight = analyst.kept_sight(key, || {
        let (_, picture) = analyst.show(&plate)?;
        analyst.sight(&picture, time)
    })?;
    Ok(Some(Neighbor { offset, key, sight: Some(sight) }))
}

impl Neighbors {
    /// Whether there is nothing to smooth with.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// The key of a frame smoothed with these.
    pub fn key(&self, own: Key) -> Key {
        if self.is_empty() {
            return own;
        }
        let offsets: Vec<_> = self.frames.iter().map(|frame| frame.offset).collect();
        let keys = self.frames.iter().map(|frame| frame.key);
        Key::joined([own].into_iter().chain(keys), &format!("smoothed {} {offsets:?}", self.reach))
    }

    /// The logits of the frame in the middle, smoothed with these.
    ///
    /// # Errors
    /// An abort.
    pub fn smooth(&self, analyst: &Analyst<'_, '_>, own_key: Key, own: &Sight) -> Result<Array3<f32>> {
        let between: Vec<_> =
            self.frames.iter().map(|frame| self.between(analyst, (own_key, own), frame)).collect::<Result<_>>()?;
        analyst.args.check_abort()?;
        let around: Vec<_> = self
            .frames
            .iter()
            .zip(&between)
            .map(|(frame, between)| Around {
                offset: frame.offset,
                sight: frame.sight.as_deref().unwrap_or(own),
                motion: between.way(own_key > frame.key),
            })
            .collect();
        smooth(own, &around, self.reach, analyst.args.thread_count()).map_err(Error::node)
    }

    /// The motion between the frame in the middle and another, from the one with the lesser key to the other: the other's
    /// render finds it here.
    fn between(&self, analyst: &Analyst<'_, '_>, own: (Key, &Sight), frame: &Neighbor) -> Result<Arc<Between>> {
        let args = analyst.args;
        let Some(other) = &frame.sight else { return Ok(Arc::new(Between::still(own.1))) };
        args.check_abort()?;
        let [(first, from), (second, to)] =
            if own.0 < frame.key { [own, (frame.key, &**other)] } else { [(frame.key, &**other), own] };
        // Every pair of a window that a later frame asks for again.
        let pairs = (self.reach * (self.reach + 1) + 2) as usize;
        let room = Room { least: pairs, most: 2 * pairs };
        MOTIONS.find_or_make(Key::joined([first, second], "motion"), room, &|| args.aborted(), || {
            Between::new(from, to, args.thread_count()).map_err(Error::node)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smoothing_asks_for_frames_of_the_clip_alone_unless_it_is_held_beyond_its_ends() {
        let clip = FrameRange { min: 1.0, max: 9.0 };
        let of = |range, time| {
            let FrameRange { min, max } = reachable(range, time, 2);
            (min, max)
        };
        assert_eq!(of(Some(clip), 5.0), (3.0, 7.0));
        assert_eq!(of(Some(clip), 1.0), (1.0, 3.0));
        assert_eq!(of(Some(clip), 8.5), (6.5, 9.0));
        assert_eq!(of(Some(clip), 40.0), (38.0, 42.0));
        assert_eq!(of(None, 1.0), (-1.0, 3.0));
        // An end as a host's arithmetic gives it does not cut the frame itself off.
        assert_eq!(of(Some(FrameRange { max: 9.0 - 1e-9, ..clip }), 9.0), (7.0, 9.0));
    }
}
