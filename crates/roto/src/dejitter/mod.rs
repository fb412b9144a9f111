//! De-jitter: each frame's landmarks fused with those of the frames around it, carried along optical flow.
//!
//! A detector's error is new on every frame; the picture's motion is not. So a landmark of a neighboring frame, carried along
//! the flow, is a second opinion, and the mean of several is steadier than each. What must not happen is that quick motion
//! is averaged away: a blink, or a face that is replaced between two frames. There the flow fails, or shows that it does not
//! lead back, and what is carried disagrees with what the frame's own detector saw by more than its noise. Three things
//! keep such motion whole:
//! - trust: the flow there and back must meet (the caller's [`Carry`] says how well);
//! - a gate around the frame's own landmark, as wide as its noise allows: what is carried from outside of it counts nothing,
//!   however many frames agree. Within the gate, iteratively reweighted least squares with Tukey's biweight (Beaton and Tukey,
//!   Technometrics, 1974) finds the fused place;
//! - cuts: where most landmarks of a pair of frames disagree at once, the pair is not used at all.
//!
//! The noise is measured: it is taken from the lower quartile of the disagreements with the next frames, which three quarters
//! of quick frames do not disturb.

mod along_flow;

pub use along_flow::AlongFlow;

use kurbo::{Point, Vec2};

use crate::{Error, Landmark, LandmarkSet, Presence, Result};

/// The gate around a landmark, in standard deviations of the difference of two landmarks: 1.5 in 10,000 are turned away.
const GATE: f64 = 4.2;

/// The lower quartile of the length of a vector whose two parts are normal with deviation 1 (Rayleigh's distribution).
const QUARTILE: f64 = 0.758_528;

/// The least noise that is believed, in pixels: below it, nothing is to be seen.
const LEAST_NOISE_PX: f64 = 0.02;

/// The least confidence that counts in the width of the gate.
const LEAST_CONFIDENCE: f64 = 0.05;

/// Rounds of reweighting; they settle in four or five.
const ROUNDS: usize = 8;

/// The farthest frames that may be fused.
const FARTHEST: usize = 16;

/// A place that was carried to another frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Carried {
    /// Where it comes to lie, in pixels of the plate.
    pub position: Point,
    /// How far the way can be trusted, 0 to 1.
    pub trust: f64,
}

/// What carries places between frames, such as optical flow ([`AlongFlow`]). Closures will do.
pub trait Carry {
    /// Where the place `at` of frame `from` lies in frame `to`; `None` when nothing is known of it, or it leaves the picture.
    fn carry(&self, from: usize, to: usize, at: Point) -> Option<Carried>;
}

impl<F: Fn(usize, usize, Point) -> Option<Carried>> Carry for F {
    fn carry(&self, from: usize, to: usize, at: Point) -> Option<Carried> {
        self(from, to, at)
    }
}

/// How landmarks are fused.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dejitter {
    /// Frames before and after that have a say, 0 to 16; with 0 nothing changes.
    pub reach_frames: usize,
    /// The standard deviation of a landmark along each axis, in pixels, 0 or more; `None` measures it, per landmark.
    pub noise_px: Option<f64>,
}

impl Default for Dejitter {
    fn default() -> Self {
        Self { reach_frames: 3, noise_px: None }
    }
}

impl Dejitter {
    /// The fused landmarks of every frame, in the order of the given ones. Only positions change, and none of missing ones. A frame that no other can
    /// be carried to, or that they disagree with, keeps its own bit for bit.
    ///
    /// ```
    /// use kurbo::Point;
    /// use roto::{Carried, Dejitter, Landmark, LandmarkSet};
    ///
    /// // A point that rests, seen with an error that alternates.
    /// let seen = |x| LandmarkSet::new(vec![Landmark::visible(Point::new(x, 5.0))]);
    /// let frames = (0..9).map(|k| seen(if k % 2 == 0 { 9.5 } else { 10.5 })).collect::<roto::Result<Vec<_>>>()?;
    /// let still = |_, _, at| Some(Carried { position: at, trust: 1.0 });
    /// let fused = Dejitter::default().fuse(&frames, &still)?;
    /// assert!((fused[4][0].position.x - 10.0).abs() < 0.1);
    /// # Ok::<(), roto::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Parameter`] for a reach or noise out of its range, [`Error::LandmarkCount`] for a frame with more or fewer
    /// landmarks than the first, and as [`LandmarkSet::new`] for a landmark that was changed to be out of range.
    pub fn fuse(&self, frames: &[LandmarkSet], carry: &impl Carry) -> Result<Vec<LandmarkSet>> {
        self.check(frames)?;
        if self.reach_frames == 0 || frames.len() < 2 {
            return Ok(frames.to_vec());
        }
        let noise = self.noise(frames, carry);
        (0..frames.len()).map(|frame| self.fuse_frame(frames, frame, &noise, carry)).collect()
    }

    fn check(&self, frames: &[LandmarkSet]) -> Result<()> {
        if self.reach_frames > FARTHEST {
            let (value, range) = (self.reach_frames as f64, "0 to 16 frames");
            return Err(Error::Parameter { name: "reach of the de-jitter", value, range });
        }
        if let Some(value) = self.noise_px.filter(|noise| !(noise.is_finite() && *noise >= 0.0)) {
            return Err(Error::Parameter { name: "noise of landmarks", value, range: "0 px or more, and finite" });
        }
        let expected = frames.first().map_or(0, LandmarkSet::len);
        match frames.iter().position(|frame| frame.len() != expected) {
            Some(frame) => Err(Error::LandmarkCount { frame, expected, found: frames[frame].len() }),
            None => Ok(()),
        }
    }

    /// The standard deviation of each landmark along an axis.
    fn noise(&self, frames: &[LandmarkSet], carry: &impl Carry) -> Vec<f64> {
        let count = frames[0].len();
        if let Some(noise) = self.noise_px {
            return vec![noise.max(LEAST_NOISE_PX); count];
        }
        let measured = |landmark: usize| {
            let pairs = (0..frames.len() - 1).flat_map(|k| [(k, k + 1), (k + 1, k)]);
            let differences = pairs.filter_map(|(from, to)| {
                let (carried, own) = (carried(frames, from, to, landmark, carry)?, usable(&frames[to][landmark])?);
                (carried.trust > 0.25).then(|| (carried.position - own.position).hypot())
            });
            let mut differences: Vec<f64> = differences.collect();
            differences.sort_by(f64::total_cmp);
            // The difference of two landmarks has twice the variance of one.
            let quartile = differences.get(differences.len() / 4).copied().unwrap_or(0.0);
            (quartile / QUARTILE / std::f64::consts::SQRT_2).max(LEAST_NOISE_PX)
        };
        (0..count).map(measured).collect()
    }

    fn fuse_frame(
        &self,
        frames: &[LandmarkSet],
        frame: usize,
        noise: &[f64],
        carry: &impl Carry,
    ) -> Result<LandmarkSet> {
        let own = &frames[frame];
        let mut opinions: Vec<Vec<Opinion>> = vec![Vec::new(); own.len()];
        let first = frame.saturating_sub(self.reach_frames);
        let last = (frame + self.reach_frames).min(frames.len() - 1);
        for other in (first..=last).filter(|&other| other != frame) {
            // A triangle over time leaves less of the jitter's second difference than equal weights would.
            let near = 1.0 - frame.abs_diff(other) as f64 / (self.reach_frames + 1) as f64;
            let heard: Vec<_> = (0..own.len())
                .filter_map(|k| Some((k, opinion(frames, other, frame, k, noise[k], near, carry)?)))
                .collect();
            let agree = heard.iter().filter(|(_, opinion)| opinion.agrees).count();
            if 2 * agree >= heard.len() {
                heard.into_iter().filter(|(_, opinion)| opinion.agrees).for_each(|(k, o)| opinions[k].push(o));
            }
        }
        let fuse = |(k, own): (usize, &Landmark)| Landmark { position: settle(own, &opinions[k], noise[k]), ..*own };
        LandmarkSet::new(own.iter().enumerate().map(fuse).collect())
    }
}

/// What another frame says of a landmark.
#[derive(Debug, Clone, Copy)]
struct Opinion {
    position: Point,
    weight: f64,
    /// Whether it lies within the gate around the frame's own landmark.
    agrees: bool,
}

/// What frame `from` says of a landmark of frame `to`.
fn opinion(
    frames: &[LandmarkSet],
    from: usize,
    to: usize,
    landmark: usize,
    noise: f64,
    near: f64,
    carry: &impl Carry,
) -> Option<Opinion> {
    let own = usable(&frames[to][landmark])?;
    let other = usable(&frames[from][landmark])?;
    let carried = carried(frames, from, to, landmark, carry)?;
    let weight = near * other.confidence.clamp(0.0, 1.0) * carried.trust.clamp(0.0, 1.0);
    let gate = GATE * disagreement(own, noise);
    let agrees = (carried.position - own.position).hypot() <= gate;
    (weight > 0.0).then_some(Opinion { position: carried.position, weight, agrees })
}

/// A landmark that says something.
fn usable(seen: &Landmark) -> Option<&Landmark> {
    (seen.presence != Presence::Missing && seen.position.is_finite() && !seen.confidence.is_nan()).then_some(seen)
}

/// The standard deviation of what is carried from a landmark's own place. An unsure landmark may lie farther off than its
/// noise says.
fn disagreement(own: &Landmark, noise: f64) -> f64 {
    std::f64::consts::SQRT_2 * noise / own.confidence.clamp(LEAST_CONFIDENCE, 1.0).sqrt()
}

fn carried(frames: &[LandmarkSet], from: usize, to: usize, landmark: usize, carry: &impl Carry) -> Option<Carried> {
    let seen = usable(&frames[from][landmark])?;
    carry.carry(from, to, seen.position).filter(|carried| carried.position.is_finite() && !carried.trust.is_nan())
}

/// The place that a landmark and the opinions on it settle at.
fn settle(own: &Landmark, opinions: &[Opinion], noise: f64) -> Point {
    if usable(own).is_none() || opinions.is_empty() {
        return own.position;
    }
    let own_weight = own.confidence.clamp(LEAST_CONFIDENCE, 1.0);
    // Tukey's constant for an efficiency of 95 %.
    let scale = 4.685 * disagreement(own, noise);
    let mut place = own.position;
    for _ in 0..ROUNDS {
        let (mut sum, mut weights) = (Vec2::ZERO, 0.0);
        for (position, weight) in opinions.iter().map(|o| (o.position, o.weight)).chain([(own.position, own_weight)]) {
            let miss = ((position - place).hypot() / scale).min(1.0);
            let weight = weight * (1.0 - miss * miss).powi(2);
            sum += weight * (position - own.position);
            weights += weight;
        }
        if weights <= 0.0 {
            break;
        }
        place = own.position + sum / weights;
    }
    place
}

#[cfg(test)]
mod tests;
