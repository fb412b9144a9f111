use super::same_shape;
use crate::Result;
use ndarray::{Array1, ArrayView3, Zip};
use std::collections::VecDeque;

/// The largest delay, either way, that is looked for, in frames.
pub const MOST_LAG: usize = 3;

/// How far around a delay correlations tell where it lies between two frames: as far as the bell below reaches.
const REACH: usize = 3;

/// The longest delay whose correlation is worked out, so that all around the largest lag is known.
const FARTHEST: usize = MOST_LAG + REACH;

/// Delays whose correlation is worked out: −`FARTHEST` to `FARTHEST`.
const TAPS: usize = 2 * FARTHEST + 1;

/// The Gaussian over time, in frames, through which both changes are seen.
const SIGMA_FRAMES: f64 = 1.0;

/// Fractions of a frame that are told apart.
const STEPS_PER_FRAME: i32 = 100;

/// Values of a frame that are looked at, at most: a regular grid of pixels stands for all.
const MOST_SITES: usize = 400_000;

/// A correlation that is no more than this comes from rounding.
const LEAST_CORRELATION: f64 = 1e-9;

/// Correlations of a flat top differ from the largest by no more than to this share.
const FLAT_TOP: f64 = 0.95;

/// How far found mattes run behind the truth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lag {
    /// The delay in frames, −[`MOST_LAG`] to [`MOST_LAG`]; negative where the mattes run ahead.
    pub frames: f64,
    /// How well the changes agree at the nearest whole delay, to 1.
    pub correlation: f64,
}

/// What the delay is worked out from; sums of several shots may be added up.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LagSums {
    /// Found change times the true one, for each delay.
    cross: [f64; TAPS],
    /// Pairs of changes that went into each of them.
    pairs: [f64; TAPS],
    /// The true change squared.
    truth: f64,
    /// The found change squared.
    found: f64,
    /// Changes that went into the squares.
    changes: f64,
}

impl LagSums {
    /// Adds those of another shot; one that is too short to see a delay in says nothing of it.
    pub fn merge(&mut self, other: &Self) {
        if !other.sees_delay() {
            return;
        }
        let add = |own: &mut [f64], other: &[f64]| own.iter_mut().zip(other).for_each(|(own, other)| *own += other);
        add(&mut self.cross, &other.cross);
        add(&mut self.pairs, &other.pairs);
        self.truth += other.truth;
        self.found += other.found;
        self.changes += other.changes;
    }

    /// Whether changes of neighboring frames were held against each other.
    fn sees_delay(&self) -> bool {
        self.pairs[FARTHEST - 1].min(self.pairs[FARTHEST + 1]) > 0.0
    }

    /// The delay at which found and true change agree best, of equals the smallest; `None` where nothing moved, what
    /// moved has nothing to do with the truth, or no run of frames was long enough to see a delay of one.
    pub fn lag(&self) -> Option<Lag> {
        if !self.sees_delay() {
            return None;
        }
        // One scale for all: by the changes of its own pairs, a delay that misses a pop at an end of the shot would win.
        let scale = (self.truth * self.found).sqrt() / self.changes;
        let correlations: [Option<f64>; TAPS] = std::array::from_fn(|tap| {
            let seen = self.pairs[tap] > 0.0 && scale > 0.0;
            seen.then(|| self.cross[tap] / self.pairs[tap] / scale)
        });
        let mut best = (FARTHEST, LEAST_CORRELATION);
        for tap in (0..=MOST_LAG).flat_map(|away| [FARTHEST + away, FARTHEST - away]) {
            if let Some(found) = correlations[tap].filter(|found| *found > best.1) {
                best = (tap, found);
            }
        }
        let (mut tap, correlation) = best;
        if correlation <= LEAST_CORRELATION {
            return None;
        }
        // Of a flat top any delay may be the largest: from there it is climbed to the middle.
        for _ in 0..TAPS {
            let next = nearest_tap(centre(&correlations, tap));
            if next == tap || correlations[next].is_none_or(|found| found < FLAT_TOP * correlation) {
                break;
            }
            tap = next;
        }
        let frames = between(&correlations, tap).clamp(-(MOST_LAG as f64), MOST_LAG as f64);
        let correlation = correlations[nearest_tap(frames)].unwrap_or(correlation);
        Some(Lag { frames, correlation })
    }
}

fn nearest_tap(frames: f64) -> usize {
    (frames + FARTHEST as f64).round() as usize
}

/// [`centre`] around a tap and around the next one on its way, as far as it lies from each: seen from one alone it is drawn
/// towards that.
fn between(correlations: &[Option<f64>; TAPS], tap: usize) -> f64 {
    let near = centre(correlations, tap);
    let away = near - (tap as f64 - FARTHEST as f64);
    let next = if away > 0.0 { tap + 1 } else { tap.saturating_sub(1) };
    if away == 0.0 || correlations.get(next).is_none_or(Option::is_none) {
        return near;
    }
    near + (centre(correlations, next) - near) * away.abs()
}

/// Around which delay, within a frame of that of a tap, correlations are highest, seen through the Gaussian.
///
/// As many delays after the tap as before it have a say: where more overlap, the sum would be larger for their number alone.
fn centre(correlations: &[Option<f64>; TAPS], tap: usize) -> f64 {
    let known = |far: &usize| {
        let sides = tap.checked_sub(*far).zip(Some(tap + far).filter(|after| *after < TAPS));
        sides.is_some_and(|(before, after)| correlations[before].is_some() && correlations[after].is_some())
    };
    let reach = (1..=REACH).take_while(known).count();
    // Two Gaussians, one on either side, are one that is wider by the root of two.
    let bell = |frames: f64| (-0.25 * (frames / SIGMA_FRAMES).powi(2)).exp();
    let seen = |away: f64| {
        let around = (tap - reach..=tap + reach).zip(-(reach as i32)..);
        around.map(|(tap, at)| correlations[tap].unwrap_or(0.0) * bell(f64::from(at) - away)).sum::<f64>()
    };
    let mut best = (0.0, seen(0.0));
    for step in 1..=STEPS_PER_FRAME {
        let away = f64::from(step) / f64::from(STEPS_PER_FRAME);
        for away in [away, -away] {
            if seen(away) > best.1 + 1e-12 {
                best = (away, seen(away));
            }
        }
    }
    tap as f64 - FARTHEST as f64 + best.0
}

/// Looks at the frames of a shot in turn; remembers changes of a few frames only.
///
/// With *a(t)* and *b(t)* the changes of the true and of the found mattes from frame *t* − 1 to *t*, over all classes
/// and pixels, the lag is the delay τ that maximizes the correlation of *b(t)* and *a(t − τ)*, both seen through a Gaussian
/// of one frame, which makes something of what lies between two frames. A correlation, unlike a sum of squared differences,
/// does not mistake a weaker change for a later one; a smoothing that takes as much from before as from after has no lag.
/// A figure of our own: it tells what a smoothing over time costs where something moves. Where the truth moves as unevenly
/// as real things do it is good to about a tenth of a frame.
#[derive(Debug, Default)]
pub struct LagMeter {
    last: Option<(Array1<f32>, Array1<f32>)>,
    truth: VecDeque<Array1<f32>>,
    found: VecDeque<Array1<f32>>,
    sums: LagSums,
}

impl LagMeter {
    /// Takes the next frame's mattes, `[classes, height, width]`. Where a found matte is not a number nothing changes.
    ///
    /// # Errors
    /// When the arrays differ in size, from each other or from the frame before.
    pub fn push(&mut self, truth: ArrayView3<f32>, found: ArrayView3<f32>) -> Result<()> {
        same_shape("found mattes", found.shape(), truth.shape())?;
        let (truth, found) = (sites(truth), sites(found));
        if let Some((last_truth, last_found)) = &self.last {
            same_shape("mattes of the next frame", truth.shape(), last_truth.shape())?;
            let (mut true_change, mut change) = (&truth - last_truth, &found - last_found);
            Zip::from(&mut true_change).and(&mut change).for_each(|truth, found| {
                if found.is_nan() {
                    (*truth, *found) = (0.0, 0.0);
                }
            });
            self.truth.push_back(true_change);
            self.found.push_back(change);
            self.sum_up();
        }
        self.last = Some((truth, found));
        Ok(())
    }

    /// Says that the next frame does not follow the last.
    pub fn cut(&mut self) {
        *self = Self { sums: self.sums, ..Self::default() };
    }

    /// What has been summed up.
    pub fn sums(&self) -> &LagSums {
        &self.sums
    }

    /// Every pair of a found and a true change that lie close enough goes into the sums once, so that a delay and its
    /// opposite are looked at alike.
    fn sum_up(&mut self) {
        let dot = |a: &Array1<f32>, b: &Array1<f32>| a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum::<f64>();
        let now = self.truth.len() - 1;
        let mut add = |tap: usize, product: f64| {
            self.sums.cross[tap] += product;
            self.sums.pairs[tap] += 1.0;
        };
        for back in 0..=now.min(FARTHEST) {
            add(FARTHEST + back, dot(&self.found[now], &self.truth[now - back]));
            if back > 0 {
                add(FARTHEST - back, dot(&self.found[now - back], &self.truth[now]));
            }
        }
        self.sums.truth += dot(&self.truth[now], &self.truth[now]);
        self.sums.found += dot(&self.found[now], &self.found[now]);
        self.sums.changes += 1.0;
        if now == FARTHEST {
            self.truth.pop_front();
            self.found.pop_front();
        }
    }
}

/// Values on a grid over the frame, few enough to remember.
fn sites(mattes: ArrayView3<f32>) -> Array1<f32> {
    let step = (mattes.len() as f64 / MOST_SITES as f64).sqrt().ceil().max(1.0) as usize;
    let mut values = Vec::new();
    for plane in mattes.outer_iter() {
        for row in plane.outer_iter().step_by(step) {
            values.extend(row.iter().step_by(step));
        }
    }
    values.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;
    use proptest::prelude::*;

    /// Two mattes of a soft border at `edge`.
    fn border(edge: f64) -> Array3<f32> {
        let matte = |x: usize| ((x as f64 + 0.5 - edge) / 4.0 + 0.5).clamp(0.0, 1.0) as f32;
        Array3::from_shape_fn((2, 3, 64), |(k, _, x)| if k == 0 { matte(x) } else { 1.0 - matte(x) })
    }

    /// The lag of a border that moves, where the found one is `found(t)` as the true one is `truth(t)`.
    fn measured(truth: impl Fn(f64) -> f64, found: impl Fn(f64) -> Array3<f32>) -> Option<Lag> {
        let mut meter = LagMeter::default();
        for t in 0..24 {
            meter.push(border(truth(f64::from(t))).view(), found(f64::from(t)).view()).unwrap();
        }
        meter.sums().lag()
    }

    /// A path that turns round, so that no delay looks like another place.
    fn path(t: f64) -> f64 {
        32.0 + 20.0 * (t * 0.45).sin()
    }

    #[test]
    fn whole_frames_of_delay_are_found_either_way() {
        for delay in [-3.0, -1.0, 0.0, 1.0, 2.0, 3.0] {
            let lag = measured(path, |t| border(path(t - delay))).unwrap();
            assert!((lag.frames - delay).abs() < 0.1 && lag.correlation > 0.9, "{delay}: {lag:?}");
        }
    }

    #[test]
    fn what_moves_slowly_or_for_a_few_frames_only_is_as_late_as_what_moves_fast() {
        // Changes that overlap correlate at every delay: the largest counts, not that with the most around it.
        for speed in [0.25, 0.5, 1.0] {
            for delay in [-2.0, -1.0, 0.0, 1.0, 2.0] {
                let lag = measured(|t| 20.0 + speed * t, |t| border(20.0 + speed * (t - delay))).unwrap();
                assert!((lag.frames - delay).abs() < 0.1, "{delay} at {speed} a frame: {lag:?}");
            }
        }
        let mut meter = LagMeter::default();
        for t in [0.0, 1.0, 2.0] {
            meter.push(border(20.0 + t).view(), border(19.0 + t).view()).unwrap();
        }
        assert!((meter.sums().lag().unwrap().frames - 1.0).abs() < 0.1, "{:?}", meter.sums().lag());
    }

    #[test]
    fn the_mean_of_this_frame_and_the_last_runs_half_a_frame_behind() {
        let lag = measured(path, |t| (border(path(t)) + border(path(t - 1.0))) * 0.5).unwrap();
        assert!((lag.frames - 0.5).abs() < 0.03, "{lag:?}");
        let around = |t: f64| (border(path(t - 1.0)) + border(path(t)) + border(path(t + 1.0))) / 3.0;
        assert!(measured(path, around).unwrap().frames.abs() < 0.02, "a mean over both sides does not lag");
    }

    #[test]
    fn a_patch_that_pops_up_once_is_no_lag_wherever_in_the_shot() {
        for speed in [0.25, 0.5, 1.0] {
            for pop in [1, 2, 12, 22, 23] {
                let found = |t: f64| {
                    let mut mattes = border(20.0 + speed * t);
                    if t as i32 == pop {
                        let patch = mattes.indexed_iter_mut().filter(|((_, _, x), _)| (50..56).contains(x));
                        patch.for_each(|(_, matte)| *matte = 1.0 - *matte);
                    }
                    mattes
                };
                let lag = measured(|t| 20.0 + speed * t, found).unwrap();
                assert!(lag.frames.abs() < 0.1, "at {pop}, {speed} a frame: {lag:?}");
            }
        }
    }

    #[test]
    fn mattes_that_change_less_do_not_lag() {
        let faint = |t: f64| border(path(t)) * 0.3 + 0.35;
        assert!(measured(path, faint).unwrap().frames.abs() < 0.02);
    }

    #[test]
    fn what_never_moves_has_no_lag_and_cuts_are_no_change() {
        assert_eq!(measured(path, |_| border(20.0)), None);
        assert_eq!(measured(|_| 20.0, |t| border(path(t))), None);
        let mut meter = LagMeter::default();
        for t in [0.0, 20.0, 40.0] {
            meter.push(border(path(t)).view(), border(path(t)).view()).unwrap();
            assert_eq!(meter.sums().lag(), None, "one frame does not change");
            meter.cut();
        }
        meter.push(border(1.0).view(), border(1.0).view()).unwrap();
        assert!(meter.push(border(1.0).view(), Array3::zeros((2, 3, 4)).view()).is_err());
    }

    #[test]
    fn one_change_alone_shows_no_delay_and_adds_none() {
        let run = |frames: i32| {
            let mut meter = LagMeter::default();
            for t in (0..frames).map(f64::from) {
                meter.push(border(path(t)).view(), border(path(t - 1.0)).view()).unwrap();
            }
            *meter.sums()
        };
        assert_eq!(run(2).lag(), None);
        let mut both = run(20);
        both.merge(&run(2));
        assert_eq!(both, run(20));
    }

    #[test]
    fn a_matte_that_is_no_number_has_not_changed() {
        let halved = |t: f64| {
            let mut found = border(path(t - 1.0));
            found.indexed_iter_mut().filter(|((_, y, _), _)| *y > 0).for_each(|(_, matte)| *matte = f32::NAN);
            found
        };
        let lag = measured(path, halved).unwrap();
        assert!((lag.frames - 1.0).abs() < 0.1 && lag.correlation > 0.9, "{lag:?}");
    }

    #[test]
    fn a_large_frame_is_looked_at_on_a_grid() {
        assert_eq!(sites(Array3::zeros((5, 400, 1000)).view()).len(), 5 * 134 * 334);
        assert_eq!(sites(Array3::zeros((5, 100, 100)).view()).len(), 50_000);
    }

    proptest! {
        #![proptest_config(crate::fixture::cases(24))]

        #[test]
        fn a_fraction_of_a_frame_is_found_within_a_tenth(delay in -2.5f64..2.5) {
            let lag = measured(path, |t| border(path(t - delay))).unwrap();
            prop_assert!((lag.frames - delay).abs() < 0.1, "{} for {}", lag.frames, delay);
        }

        #[test]
        fn sums_of_two_shots_lie_between_them(a in 0.0f64..2.0, b in 0.0f64..2.0) {
            let sums = |delay: f64| {
                let mut meter = LagMeter::default();
                for t in 0..20 {
                    let t = f64::from(t);
                    meter.push(border(path(t)).view(), border(path(t - delay)).view()).unwrap();
                }
                *meter.sums()
            };
            let (first, second) = (sums(a), sums(b));
            let mut both = first;
            both.merge(&second);
            let of = |sums: &LagSums| sums.lag().unwrap().frames;
            let (least, most) = (of(&first).min(of(&second)), of(&first).max(of(&second)));
            prop_assert!(of(&both) > least - 0.15 && of(&both) < most + 0.15);
        }
    }
}
