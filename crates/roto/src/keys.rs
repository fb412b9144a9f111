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

/// The most frames that are reduced at once, some seven minutes of film: the time goes with their square.
const MOST_FRAMES: u64 = 10_000;

/// Control points that a run may measure to decide on ways that only just stay within the tolerance, or only just do not. Each
/// costs as much time as the way is long, so that without a bound the time would go with the cube of the frames.
const MEASURED: usize = 1 << 32;

/// Frames that are measured of a way, or of a hold, when those with as many keys are compared.
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
/// Takes memory in proportion to the frames, and time in proportion to them and to the frames that one key can stand for, so
/// to the square of the frames at worst. To stay within that, runs of many hundred frames pass over some of the ways whose
/// error comes within a third of the tolerance: there a few keys more than the fewest may be left, never a larger error.
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
/// [`Error::FrameRange`] for an empty range, [`Error::Parameter`] for more than 10,000 frames, a tolerance below 0 or one that
/// is no number.
pub fn reduce_keys(shape: &ShotShape, frames: RangeInclusive<i64>, tolerance_px: f64) -> Result<ShapeTrack> {
    let (first, last) = (*frames.start(), *frames.end());
    if first > last {
        return Err(Error::FrameRange { first, last });
    }
    if first.abs_diff(last) >= MOST_FRAMES {
        let value = first.abs_diff(last) as f64 + 1.0;
        return Err(Error::Parameter { name: "number of frames", value, range: "up to 10,000" });
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
        // Backwards, so that what follows a key is known and its ways need not be stored.
        let mut onward: Vec<Option<Onward>> = vec![None; self.times.len()];
        for from in (0..self.times.len()).rev() {
            onward[from] = if ends[from] {
                Some(Onward { keys: 1, error: self.hold_error(from, self.times.len() - 1), next: None })
            } else {
                self.best_way(from, &self.ways(from, tolerance), &onward)
            };
        }
        let total =
            |start: usize| onward[start].map(|found| (found.keys, found.error + self.hold_error(start, 0), start));
        let best = starts.into_iter().filter_map(total).min_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let mut kept = Vec::new();
        let mut next = best.map(|(_, _, start)| start);
        while let Some(at) = next {
            kept.push(self.times[at]);
            next = onward[at].and_then(|found| found.next);
        }
        kept
    }

    /// The best of the ways from a key: the fewest keys, and along these the smallest sum of errors.
    fn best_way(&self, from: usize, ways: &[usize], onward: &[Option<Onward>]) -> Option<Onward> {
        let fewest = ways.iter().filter_map(|&to| Some(onward[to]?.keys)).min()?;
        let mut best: Option<Onward> = None;
        for &to in ways {
            let Some(rest) = onward[to].filter(|rest| rest.keys == fewest) else { continue };
            // Errors are not negative: what is no better without the way is not worth measuring.
            if best.is_some_and(|best| rest.error >= best.error) {
                continue;
            }
            let error = rest.error + self.way_error(from, to);
            if best.is_none_or(|best| error < best.error) {
                best = Some(Onward { keys: fewest + 1, error, next: Some(to) });
            }
        }
        best
    }

    /// Keys that may be the first: the shape holds before them, and no hand key is passed over.
    fn starts(&self, tolerance: f64) -> Vec<usize> {
        let last = if self.free.0 { self.times.len() - 1 } else { 0 };
        let hand = self.hand.iter().position(|&hand| hand).unwrap_or(last).min(last);
        self.holding(0..=hand, tolerance)
    }

    /// Whether each key may be the last one.
    fn ends(&self, tolerance: f64) -> Vec<bool> {
        let count = self.times.len();
        let first = if self.free.1 { 0 } else { count - 1 };
        let hand = self.hand.iter().rposition(|&hand| hand).unwrap_or(first).max(first);
        let mut ends = vec![false; count];
        self.holding((hand..count).rev(), tolerance).into_iter().for_each(|key| ends[key] = true);
        ends
    }

    /// The keys that are within the tolerance of all that come before them in `order`.
    fn holding(&self, order: impl Iterator<Item = usize> + Clone, tolerance: f64) -> Vec<usize> {
        let mut reach = Reach::all(self.points[0].len());
        let mut keys = Vec::new();
        for (passed, key) in order.clone().enumerate() {
            let place = |k: usize| self.points[key][k];
            let near = || order.clone().take(passed).all(|at| self.apart(key, at) <= tolerance);
            if reach.decide(place).unwrap_or_else(near) {
                keys.push(key);
            }
            reach.narrow(place, tolerance);
            if reach.is_empty() {
                break;
            }
        }
        keys
    }

    /// The keys that may follow a key: the straight way to them stays within the tolerance, and no hand key is passed over.
    ///
    /// A way that passes a frame within the tolerance has a velocity within a disc around that of the frame, so each frame
    /// passed narrows the velocities.
    fn ways(&self, from: usize, tolerance: f64) -> Vec<usize> {
        let start = &self.points[from];
        let mut reach = Reach::all(start.len());
        let mut budget = MEASURED / (self.times.len() * start.len());
        let mut ways = Vec::new();
        for to in from + 1..self.times.len() {
            let span = self.times[to] - self.times[from];
            let velocity = |k: usize| (self.points[to][k] - start[k]) / span;
            if reach.decide(velocity).unwrap_or_else(|| self.stays_within(from, to, tolerance, &mut budget)) {
                ways.push(to);
            }
            if self.hand[to] {
                break;
            }
            reach.narrow(velocity, tolerance / span);
            if reach.is_empty() {
                break;
            }
        }
        ways
    }

    /// Whether the straight way stays within the tolerance of each time between. No, too, once `budget` times were measured.
    fn stays_within(&self, from: usize, to: usize, tolerance: f64, budget: &mut usize) -> bool {
        (from + 1..to).all(|at| {
            let left = budget.checked_sub(1);
            *budget = left.unwrap_or(0);
            left.is_some() && self.off_way(from, to, at) <= tolerance
        })
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

    /// The sum of squared errors along a way.
    fn way_error(&self, from: usize, to: usize) -> f64 {
        sum_of_squares(to - from - 1, |k| self.off_way(from, to, from + 1 + k))
    }

    /// The sum of squared errors where a key holds up to an end.
    fn hold_error(&self, key: usize, end: usize) -> f64 {
        sum_of_squares(key.abs_diff(end), |k| self.apart(key, if end < key { end + k } else { key + 1 + k }))
    }
}

/// The best that follows a key.
#[derive(Clone, Copy)]
struct Onward {
    /// The key itself included.
    keys: usize,
    error: f64,
    next: Option<usize>,
}

/// The sum of `count` squared errors, by a few of them when there are many.
fn sum_of_squares(count: usize, error: impl Fn(usize) -> f64) -> f64 {
    let taken = count.min(COMPARED);
    let sum: f64 = (0..taken).map(|k| error((2 * k + 1) * count / (2 * taken)).powi(2)).sum();
    if taken < count { sum * count as f64 / taken as f64 } else { sum }
}

fn control_points(shape: &BezierShape) -> Vec<Vec2> {
    let ends = |v: &crate::Vertex| [v.anchor, v.anchor + v.incoming, v.anchor + v.outgoing].map(|p| p.to_vec2());
    shape.vertices().iter().flat_map(ends).collect()
}

/// Where each control point may be, or how fast it may go, to be within the tolerance of all that was passed: in the
/// intersection of discs. Boxes around the discs and within them settle almost all.
struct Reach {
    outer: Vec<Bounds>,
    inner: Vec<Bounds>,
}

impl Reach {
    fn all(count: usize) -> Self {
        Self { outer: vec![Bounds::ALL; count], inner: vec![Bounds::ALL; count] }
    }

    /// Whether all points are in all discs, where the boxes tell.
    fn decide(&self, point: impl Fn(usize) -> Vec2) -> Option<bool> {
        let within = |boxes: &[Bounds]| boxes.iter().enumerate().all(|(k, bounds)| bounds.holds(point(k)));
        if within(&self.inner) {
            return Some(true);
        }
        if within(&self.outer) { None } else { Some(false) }
    }

    fn narrow(&mut self, point: impl Fn(usize) -> Vec2, radius: f64) {
        for (k, (outer, inner)) in self.outer.iter_mut().zip(&mut self.inner).enumerate() {
            outer.narrow(point(k), radius * (1.0 + 1e-9) + 1e-12);
            // A little less than the square within the disc, so that rounding never lets the tolerance be passed.
            inner.narrow(point(k), radius * (std::f64::consts::FRAC_1_SQRT_2 - 1e-6));
        }
    }

    /// Whether some point cannot be anywhere, so that the search is over.
    fn is_empty(&self) -> bool {
        self.outer.iter().any(Bounds::is_empty)
    }
}

/// A box of places or velocities.
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
