//! Key reduction: the fewest keys from which a shape over time comes back within a tolerance.
//!
//! Greedy simplification (Douglas and Peucker, Cartographica, 1973) may keep many more keys than needed. Here each frame is a
//! node, and one frame may follow another when the straight way between them stays within the tolerance on every frame
//! between; the fewest keys are a shortest path (Imai and Iri, "Polygonal approximations of a curve: formulations and
//! algorithms", Computational Morphology, 1988).

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use kurbo::Vec2;

use crate::{BezierShape, Error, KeyKind, Result, ShapeKey, ShapeTrack, ShotShape};

/// The most frames that are reduced at once: an hour and more of film.
const MOST_FRAMES: u64 = 100_000;

/// Frames of a way that are measured when ways with as many keys are compared.
const COMPARED: usize = 16;

/// The track with the fewest keys that shows, on every frame of `frames` on which the shape is present, what the given one
/// shows, within `tolerance_px`.
///
/// The error is that of anchors and of the ends of handles, in pixels of the plate; as a curve lies in the hull of these, no
/// place on it is farther off. All points of the shape share key times, interpolation is linear, and before the first and
/// after the last key the shape holds. Every hand key stays, on hidden frames too and at fractions of frames. Predicted keys
/// are set on whole frames. Where the shape is hidden, its course is free, and the runs on either side are reduced each on
/// its own. Of equally few keys, those with the smaller errors are taken.
///
/// Takes time in proportion to the square of the number of frames that one key can stand for.
///
/// ```
/// use kurbo::{Affine, Point};
/// use roto::{BezierShape, KeyKind, ShapeKey, ShapeTrack, ShotShape, Vertex, reduce_keys};
///
/// let line = [(0.0, 0.0), (4.0, 0.0)].map(|at| Vertex::corner(Point::from(at)));
/// let line = BezierShape::new(line.into(), false)?;
/// let key = |frame: i32| {
///     let at = Affine::translate((f64::from((frame - 8).abs()), 0.0));
///     Ok(ShapeKey { time: frame.into(), kind: KeyKind::Predicted, shape: line.transformed(at)? })
/// };
/// let track = ShapeTrack::new((0..=20).map(key).collect::<roto::Result<_>>()?)?;
/// let reduced = reduce_keys(&ShotShape::new("seam", track), 0..=20, 0.1)?;
/// assert!(reduced.keys().iter().map(|key| key.time).eq([0.0, 8.0, 20.0]));
/// # Ok::<(), roto::Error>(())
/// ```
///
/// # Errors
/// [`Error::FrameRange`] for an empty range, [`Error::Parameter`] for more than 100,000 frames, a tolerance below 0 or one that
/// is no number.
pub fn reduce_keys(shape: &ShotShape, frames: RangeInclusive<i64>, tolerance_px: f64) -> Result<ShapeTrack> {
    let (first, last) = (*frames.start(), *frames.end());
    if first > last {
        return Err(Error::FrameRange { first, last });
    }
    if first.abs_diff(last) >= MOST_FRAMES {
        let value = first.abs_diff(last) as f64;
        return Err(Error::Parameter { name: "number of frames", value, range: "up to 100,000" });
    }
    if !(tolerance_px >= 0.0 && tolerance_px.is_finite()) {
        let range = "0 px or more, and finite";
        return Err(Error::Parameter { name: "key tolerance", value: tolerance_px, range });
    }
    let track = &shape.track;
    let hand = |key: &&ShapeKey| key.kind == KeyKind::Hand;
    let hand_times: Vec<f64> = track.keys().iter().filter(hand).map(|key| key.time).collect();
    let runs = shape.present_runs(frames);
    let mut times: BTreeSet<Time> = hand_times.iter().copied().map(Time).collect();
    for (index, run) in runs.iter().enumerate() {
        // Holding is for the outermost keys only.
        let free = (index == 0 && before(&hand_times, run), index + 1 == runs.len() && after(&hand_times, run));
        times.extend(Run::new(track, run, &hand_times, free).reduce(tolerance_px).into_iter().map(Time));
    }
    if times.is_empty() {
        times.insert(Time(first as f64));
    }
    let key = |Time(time): Time| {
        let set = track.keys().iter().find(|key| key.time == time && key.kind == KeyKind::Hand);
        set.cloned().unwrap_or_else(|| ShapeKey { time, kind: KeyKind::Predicted, shape: track.at(time) })
    };
    ShapeTrack::new(times.into_iter().map(key).collect())
}

/// Whether no hand key stands before a run.
fn before(hand_times: &[f64], run: &RangeInclusive<i64>) -> bool {
    hand_times.iter().all(|&time| time >= *run.start() as f64)
}

/// Whether no hand key stands after a run.
fn after(hand_times: &[f64], run: &RangeInclusive<i64>) -> bool {
    hand_times.iter().all(|&time| time <= *run.end() as f64)
}

/// A time in frames, which is a finite number, so that it has an order. -0 and 0 are one time.
#[derive(Clone, Copy)]
struct Time(f64);

impl PartialEq for Time {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Time {}

impl PartialOrd for Time {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Time {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0 + 0.0).total_cmp(&(other.0 + 0.0))
    }
}

/// Frames on which a shape is present, one after another, and the hand keys among them.
struct Run {
    times: Vec<f64>,
    /// Control points at each of the times, in one row.
    points: Vec<Vec<Vec2>>,
    /// Whether a hand key stands there.
    hand: Vec<bool>,
    /// Whether the shape may hold before the first and after the last key.
    free: (bool, bool),
}

impl Run {
    fn new(track: &ShapeTrack, frames: &RangeInclusive<i64>, hand_times: &[f64], free: (bool, bool)) -> Self {
        let within = |time: &&f64| **time >= *frames.start() as f64 && **time <= *frames.end() as f64;
        let mut times: BTreeSet<Time> = frames.clone().map(|frame| Time(frame as f64)).collect();
        times.extend(hand_times.iter().filter(within).map(|&time| Time(time)));
        let times: Vec<f64> = times.into_iter().map(|time| time.0).collect();
        let points = times.iter().map(|&time| control_points(&track.at(time))).collect();
        let hand = times.iter().map(|time| hand_times.contains(time)).collect();
        Self { times, points, hand, free }
    }

    /// The times of the fewest keys.
    fn reduce(&self, tolerance: f64) -> Vec<f64> {
        let (starts, ends) = (self.starts(tolerance), self.ends(tolerance));
        let ways: Vec<Vec<usize>> = (0..self.times.len()).map(|from| self.ways(from, tolerance)).collect();
        let to_end = self.fewest(&ways, &ends);
        // Along the ways that need the fewest keys, the smallest sum of errors.
        let mut best: Vec<Option<(f64, usize)>> = vec![None; self.times.len()];
        let need = starts.iter().filter_map(|&start| to_end[start]).min();
        for from in (0..self.times.len()).rev() {
            let Some(keys) = to_end[from] else { continue };
            if keys == 1 {
                best[from] = Some((self.hold_error(from, self.times.len() - 1), from));
                continue;
            }
            for &to in ways[from].iter().filter(|&&to| to_end[to] == Some(keys - 1)) {
                let Some((rest, _)) = best[to] else { continue };
                let error = rest + self.way_error(from, to);
                if best[from].is_none_or(|(least, _)| error < least) {
                    best[from] = Some((error, to));
                }
            }
        }
        let candidates = starts.into_iter().filter(|&start| to_end[start] == need);
        let error = |start: usize| best[start].map_or(f64::INFINITY, |(error, _)| error) + self.hold_error(start, 0);
        let start = candidates.min_by(|&a, &b| error(a).total_cmp(&error(b)));
        let mut kept = Vec::new();
        let mut next = start;
        while let Some(at) = next {
            kept.push(self.times[at]);
            next = best[at].map(|(_, to)| to).filter(|&to| to > at);
        }
        kept
    }

    /// Keys that may be the first: the shape holds before them, and no hand key is passed over.
    fn starts(&self, tolerance: f64) -> Vec<usize> {
        let last = if self.free.0 { self.times.len() - 1 } else { 0 };
        let hand = self.hand.iter().position(|&hand| hand).unwrap_or(last).min(last);
        (0..=hand).filter(|&key| (0..key).all(|at| self.apart(key, at) <= tolerance)).collect()
    }

    /// Whether each key may be the last one.
    fn ends(&self, tolerance: f64) -> Vec<bool> {
        let count = self.times.len();
        let first = if self.free.1 { 0 } else { count - 1 };
        let hand = self.hand.iter().rposition(|&hand| hand).unwrap_or(first).max(first);
        (0..count).map(|key| key >= hand && (key..count).all(|at| self.apart(key, at) <= tolerance)).collect()
    }

    /// The fewest keys from each on to the end, itself included.
    fn fewest(&self, ways: &[Vec<usize>], ends: &[bool]) -> Vec<Option<usize>> {
        let mut to_end = vec![None; self.times.len()];
        for from in (0..self.times.len()).rev() {
            let onward = ways[from].iter().filter_map(|&to| to_end[to]).min();
            to_end[from] = if ends[from] { Some(1) } else { onward.map(|keys: usize| keys + 1) };
        }
        to_end
    }

    /// The keys that may follow a key: the straight way to them stays within the tolerance, and no hand key is passed over.
    ///
    /// A way that passes a frame within the tolerance has a velocity within a disc around that of the frame, so each frame
    /// passed narrows the velocities. Boxes around the discs and within them settle almost all; the search ends when the
    /// outer box of some point is empty.
    fn ways(&self, from: usize, tolerance: f64) -> Vec<usize> {
        let start = &self.points[from];
        let mut outer = vec![Bounds::ALL; start.len()];
        let mut inner = outer.clone();
        let mut ways = Vec::new();
        for to in from + 1..self.times.len() {
            let span = self.times[to] - self.times[from];
            let velocity = |k: usize| (self.points[to][k] - start[k]) / span;
            if (0..start.len()).all(|k| outer[k].holds(velocity(k))) {
                let surely = (0..start.len()).all(|k| inner[k].holds(velocity(k)));
                if surely || (from + 1..to).all(|at| self.off_way(from, to, at) <= tolerance) {
                    ways.push(to);
                }
            }
            if self.hand[to] {
                break;
            }
            for k in 0..start.len() {
                outer[k].narrow(velocity(k), tolerance / span * (1.0 + 1e-9) + 1e-12);
                // A little less than the square within the disc, so that rounding never lets the tolerance be passed.
                inner[k].narrow(velocity(k), tolerance / span * (std::f64::consts::FRAC_1_SQRT_2 - 1e-6));
            }
            if outer.iter().any(Bounds::is_empty) {
                break;
            }
        }
        ways
    }

    /// How far the straight way between two keys passes from a time between them.
    fn off_way(&self, from: usize, to: usize, at: usize) -> f64 {
        let share = (self.times[at] - self.times[from]) / (self.times[to] - self.times[from]);
        let points = self.points[from].iter().zip(&self.points[to]).zip(&self.points[at]);
        points.map(|((&a, &b), &own)| (a.lerp(b, share) - own).hypot2()).fold(0.0, f64::max).sqrt()
    }

    /// How far the shape at one time is from that at another.
    fn apart(&self, a: usize, b: usize) -> f64 {
        let points = self.points[a].iter().zip(&self.points[b]);
        points.map(|(&a, &b)| (a - b).hypot2()).fold(0.0, f64::max).sqrt()
    }

    /// The sum of squared errors along a way, by a few of its frames when it is long.
    fn way_error(&self, from: usize, to: usize) -> f64 {
        let (count, taken) = (to - from - 1, (to - from - 1).min(COMPARED));
        let at = |k: usize| from + 1 + (2 * k + 1) * count / (2 * taken);
        let sum: f64 = (0..taken).map(|k| self.off_way(from, to, at(k)).powi(2)).sum();
        if taken < count { sum * count as f64 / taken as f64 } else { sum }
    }

    /// The sum of squared errors where a key holds up to an end.
    fn hold_error(&self, key: usize, end: usize) -> f64 {
        (key.min(end)..=key.max(end)).map(|at| self.apart(key, at).powi(2)).sum()
    }
}

fn control_points(shape: &BezierShape) -> Vec<Vec2> {
    let ends = |v: &crate::Vertex| [v.anchor, v.anchor + v.incoming, v.anchor + v.outgoing].map(|p| p.to_vec2());
    shape.vertices().iter().flat_map(ends).collect()
}

/// Velocities along both axes.
#[derive(Clone)]
struct Bounds {
    min: Vec2,
    max: Vec2,
}

impl Bounds {
    const ALL: Self =
        Self { min: Vec2::new(f64::NEG_INFINITY, f64::NEG_INFINITY), max: Vec2::new(f64::INFINITY, f64::INFINITY) };

    fn holds(&self, v: Vec2) -> bool {
        v.x >= self.min.x && v.x <= self.max.x && v.y >= self.min.y && v.y <= self.max.y
    }

    fn narrow(&mut self, around: Vec2, reach: f64) {
        self.min = Vec2::new(self.min.x.max(around.x - reach), self.min.y.max(around.y - reach));
        self.max = Vec2::new(self.max.x.min(around.x + reach), self.max.y.min(around.y + reach));
    }

    fn is_empty(&self) -> bool {
        self.min.x > self.max.x || self.min.y > self.max.y
    }
}

#[cfg(test)]
mod tests;
