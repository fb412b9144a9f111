//! The frames around the one that is rendered, as far as the host gives them.

use super::ToneSegment;
use super::analysis::{MOTIONS, SMOOTHING_NODES};
use super::input::{Analyst, Mask, Plate};
use super::smoothing::{Around, Between, Sight, smooth};
use crate::nodes::analysis::NEAR;
use crate::nodes::kept::{Key, Room};
use ndarray::Array3;
use ofx_sdk::plugin::{Clip, Image, MessageKind, RenderArgs};
use ofx_sdk::{Error, FrameRange, Result};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the artist was told something, such as that temporal smoothing does nothing: once is enough for a node.
#[derive(Debug, Default)]
pub struct Notice {
    told: AtomicBool,
}

/// What an artist is told once.
#[derive(Debug, Default)]
pub struct Notices {
    /// Temporal smoothing does nothing.
    pub smoothing: Notice,
    /// The GPU failed.
    pub device: Notice,
}

impl Notice {
    /// Lets it be told once more.
    pub fn again(&self) {
        self.told.store(false, Ordering::Release);
    }

    /// Tells it to the log and to the host, as a message that passes: one that stays would stop Nuke.
    pub fn once(&self, args: &RenderArgs<'_, ToneSegment>, kind: MessageKind, text: &str) {
        if !self.told.swap(true, Ordering::AcqRel) {
            log::warn!("{text}");
            args.message(kind, text);
        }
    }
}

/// The pictures around one.
pub struct Neighbors {
    reach: i32,
    pictures: Vec<Neighbor>,
}

struct Neighbor {
    /// How many pictures later; earlier where it is below 0. Never 0.
    distance: i32,
    /// How many frames later it lies.
    offset: i32,
    key: Key,
}

/// The pictures around the rendered frame that temporal smoothing wants; none where there are none, or where they
/// tell nothing that the frame itself does not. `own` is the key of the rendered `plate`, in whose bounds the others are looked
/// at: a bounding box often changes from frame to frame.
///
/// # Errors
/// As those of the frame itself.
pub fn neighbors(analyst: &Analyst<'_, '_>, plate: &Plate<'_, '_>, own: Key, notice: &Notice) -> Result<Neighbors> {
    let args = analyst.args;
    let reach = args.settings.temporal_smoothing;
    let mut pictures = Vec::new();
    if reach > 0 && !args.host().supports_temporal_access {
        let text = format!(
            "Temporal smoothing works as 0: this host ({}) gives a node no other frame than the one rendered.",
            args.host().name
        );
        notice.once(args, MessageKind::Warning, &text);
        return Ok(Neighbors { reach, pictures });
    }
    let range = if reach > 0 { args.clip(&Clip::SOURCE)?.frame_range() } else { None };
    let reachable = reachable(range, args.time, reach);
    let time = |offset: i32| args.time + f64::from(offset);
    let mut keys = BTreeMap::new();
    for offset in (1..=reach).flat_map(|away| [-away, away]) {
        args.check_abort()?;
        if holds(reachable, time(offset)) {
            keys.extend(with_frame(analyst, plate, time(offset), |plate| Ok((offset, analyst.key(plate))))?);
        }
    }
    if !keys.is_empty() && keys.values().all(|key| *key == own) {
        // For the log alone: most often it is footage that is held for a few frames.
        let text = format!(
            "Temporal smoothing works as 0 at frame {}: the frames around it hold the same picture. Either the clip stands \
             still there, or this host gives the current frame for every time.",
            args.time
        );
        notice.once(args, MessageKind::Log, &text);
    }
    let seen = around_the_hold(own, reach, &keys).into_iter();
    pictures.extend(seen.map(|(distance, offset, key)| Neighbor { distance, offset, key }));
    Ok(Neighbors { reach, pictures })
}

/// The pictures around the one that is held at offset 0, the nearest first: how far away each is, counted in pictures, at
/// which offset it lies, and its key. `keys` are those of the frames at most `reach` away that there are.
///
/// A drawing that is held for some frames is one picture, and must be smoothed alike in each of them, or it would flicker
/// within the hold. So only pictures count that all frames of the hold can see.
fn around_the_hold(own: Key, reach: i32, keys: &BTreeMap<i32, Key>) -> Vec<(i32, i32, Key)> {
    let hold = |step: i32| (1..=reach).take_while(|away| keys.get(&(step * away)) == Some(&own)).count() as i32;
    let (first, last) = (-hold(-1), hold(1));
    let mut found = Vec::new();
    for (step, begin, end) in [(-1, first, (last - reach).max(-reach)), (1, last, (first + reach).min(reach))] {
        let (mut distance, mut before) = (0, Some(own));
        for away in step * begin + 1..=step * end {
            let key = keys.get(&(step * away)).copied();
            // A frame that is missing may have been any picture.
            if key.is_none() || key != before {
                distance += 1;
                found.extend(key.map(|key| (step * distance, step * away, key)));
            }
            before = key;
        }
    }
    found.sort_by_key(|(distance, ..)| distance.abs());
    found
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

/// Does something with a frame, if the host has it in the shape of the rendered one: a cut to pixels of another aspect is no
/// neighbor.
fn with_frame<T>(
    analyst: &Analyst<'_, '_>,
    rendered: &Plate<'_, '_>,
    time: f64,
    work: impl FnOnce(&Plate<'_, '_>) -> Result<T>,
) -> Result<Option<T>> {
    let image = analyst.args.image_at(&Clip::SOURCE, time)?;
    let bounds = rendered.bounds;
    let of_its_shape = |image: &Image<'_>| {
        image.pixel_aspect() == rendered.source.pixel_aspect() && !image.bounds().intersection(&bounds).is_empty()
    };
    let Some(source) = image.filter(of_its_shape) else { return Ok(None) };
    let mask = Mask::at(analyst.args, time)?;
    work(&Plate { source: &source, mask: &mask, bounds, time }).map(Some)
}

impl Neighbors {
    /// Whether there is nothing to smooth with.
    pub fn is_empty(&self) -> bool {
        self.pictures.is_empty()
    }

    /// The key of a frame smoothed with these.
    pub fn key(&self, own: Key) -> Key {
        if self.is_empty() {
            return own;
        }
        let distances: Vec<_> = self.pictures.iter().map(|picture| picture.distance).collect();
        let keys = self.pictures.iter().map(|picture| picture.key);
        Key::joined([own].into_iter().chain(keys), &format!("smoothed {} {distances:?}", self.reach))
    }

    /// What the network answers about each of these, in their order. `plate` is the frame in the middle.
    ///
    /// # Errors
    /// As those of the frame itself; a frame that the host no longer has.
    pub fn sights(&self, analyst: &Analyst<'_, '_>, plate: &Plate<'_, '_>) -> Result<Vec<Arc<Sight>>> {
        let sight = |picture: &Neighbor| {
            analyst.args.check_abort()?;
            let time = plate.time + f64::from(picture.offset);
            analyst.kept_sight(picture.key, || {
                let made = with_frame(analyst, plate, time, |plate| {
                    let (_, picture) = analyst.show(plate)?;
                    analyst.sight(plate, &picture)
                })?;
                made.ok_or_else(|| {
                    Error::node(format!(
                        "Source has no frame {time} any more: render again, or lower Temporal smoothing"
                    ))
                })
            })
        };
        self.pictures.iter().map(sight).collect()
    }

    /// The logits of the frame in the middle, smoothed with these, whose `sights` they are.
    ///
    /// # Errors
    /// An abort.
    pub fn smooth(
        &self,
        analyst: &Analyst<'_, '_>,
        (own_key, own): (Key, &Sight),
        sights: &[Arc<Sight>],
    ) -> Result<Array3<f32>> {
        let mut between = Vec::new();
        for (picture, sight) in self.pictures.iter().zip(sights) {
            between.push(self.between(analyst, (own_key, own), (picture.key, sight))?);
        }
        analyst.args.check_abort()?;
        let all = self.pictures.iter().zip(sights).zip(&between);
        let around: Vec<_> = all
            .map(|((picture, sight), between)| Around {
                distance: picture.distance,
                sight,
                motion: between.way(own_key > picture.key),
            })
            .collect();
        smooth(own, &around, self.reach, analyst.args.thread_count()).map_err(Error::node)
    }

    /// The motion between the frame in the middle and another picture, from the one with the lesser key to the other: the
    /// other's render finds it here.
    fn between(&self, analyst: &Analyst<'_, '_>, own: (Key, &Sight), other: (Key, &Sight)) -> Result<Arc<Between>> {
        let args = analyst.args;
        args.check_abort()?;
        let [(first, from), (second, to)] = if own.0 < other.0 { [own, other] } else { [other, own] };
        // Every pair of a window that a later frame asks for again; as far as memory goes, of each node.
        let pairs = (self.reach * (self.reach + 1) + 2) as usize;
        let room = Room { least: pairs, most: 2 * pairs * SMOOTHING_NODES.count() };
        MOTIONS.find_or_make(Key::joined([first, second], "motion"), room, &|| args.aborted(), || {
            Between::new(from, to, args.thread_count()).map_err(Error::node)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For each frame of footage, a letter a picture and a dot a gap, the letters around it with their distances.
    fn seen(footage: &str, reach: i32) -> Vec<String> {
        let letters: Vec<char> = footage.chars().collect();
        let key = |letter: &char| Key::of_texts(&[&letter.to_string()]);
        let around = |now: usize| {
            let offset = |at: usize| at as i32 - now as i32;
            let there = |(at, letter): &(usize, &char)| offset(*at).abs() <= reach && *at != now && **letter != '.';
            let keys = letters.iter().enumerate().filter(there).map(|(at, letter)| (offset(at), key(letter))).collect();
            let found = around_the_hold(key(&letters[now]), reach, &keys);
            let told = found
                .iter()
                .map(|(distance, offset, _)| format!("{}{distance}", letters[(now as i32 + offset) as usize]));
            told.collect::<String>()
        };
        (0..letters.len()).map(around).collect()
    }

    #[test]
    fn without_holds_each_frame_is_a_picture_and_a_gap_stays_one() {
        assert_eq!(seen("abcde", 2)[2], "b-1d1a-2e2");
        assert_eq!(seen("abcde", 2)[0], "b1c2");
        assert_eq!(seen("a.cde", 2)[2], "d1a-2e2");
    }

    #[test]
    fn all_frames_of_a_held_drawing_see_the_same_as_on_twos_and_threes() {
        let twos = seen("yyzzaabbcc", 3);
        assert_eq!((&*twos[4], &*twos[5]), ("z-1b1", "z-1b1"));
        let farther = seen("yyzzaabbcc", 4);
        assert_eq!((&*farther[4], &*farther[5]), ("z-1b1y-2c2", "z-1b1y-2c2"));
        let threes = seen("zzzaaabbb", 3);
        assert!(threes[3..6].iter().all(|seen| seen == "z-1b1"), "{threes:?}");
        // What not all of them see none looks at.
        assert!(seen("zzaabb", 1)[2..4].iter().all(String::is_empty));
        assert!(seen("zaaaaaab", 3)[1..7].iter().all(String::is_empty));
        // A picture that comes back is another one.
        assert_eq!(seen("abaca", 2)[2], "b-1c1a-2a2");
    }

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
