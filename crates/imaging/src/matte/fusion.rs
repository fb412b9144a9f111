//! The logits of several frames, brought to one of them along the motion between them.

use crate::flow::Motion;
use crate::flow::sample::{Plane, Tap};
use crate::resample::{Filter, Resampler};
use crate::{Result, Size, Window, bands, rows};
use ndarray::{Array3, ArrayView3, ArrayViewMut3, Axis};

/// Pixels that differ by this much along the motion are trusted half, in display values: twice the grain of fast film,
/// less than a highlight that comes or goes.
const TOLERANCE: f32 = 0.1;

/// Trust up to here is none, so that what is hidden or changed leaves no trace.
const LEAST_TRUST: f32 = 0.2;

/// Logits that lie this far from the mean of all frames weigh half: more than flicker, less than a change of mind.
const CONTRADICTION: f32 = 4.0;

/// How often the mean is taken anew with the weights that it gives.
const ROUNDS: usize = 2;

/// Rows whose motion is enlarged together.
const STEP: usize = 16;

/// A frame before or after the one whose logits are fused.
#[derive(Debug, Clone, Copy)]
pub struct Beside<'a> {
    /// Its logits, `[classes, height, width]`.
    pub logits: ArrayView3<'a, f32>,
    /// Its picture, `[channels, height, width]`, display values 0 to 1.
    pub picture: ArrayView3<'a, f32>,
    /// The motion from the fused frame to this one, at any size.
    pub motion: &'a Motion,
    /// What it weighs where it is fully trusted, above 0; the fused frame weighs 1.
    pub weight: f32,
}

/// Fuses a frame's logits with those of the frames beside it, `[classes, height, width]`.
///
/// With `l₀` the frame's own logits at a pixel, less their mean over the classes, and `lₙ` those of frame n where the
/// motion leads, the result is a weighted mean of both
///
/// `l = Σ wₙ rₙ lₙ / Σ wₙ rₙ`, with `w₀ = 1` and `wₙ = weightₙ · t(consistencyₙ · photometricₙ)`.
///
/// - *Consistency*: whether the way back meets the start ([`Flow::consistency`](crate::flow::Flow::consistency)).
/// - *Photometric*: `1 / (1 + (d / 0.1)⁴)` for the difference d of the pictures along the motion (the root of the sum of
///   squares over the channels). A highlight that blinks is another pixel, and is not smeared. Whatever else must agree, such
///   as a mask, may be one more channel.
/// - `t(x)` is 0 up to 0.2 and rises to 1. A pixel that trusts no frame keeps its own logits, bit for bit.
/// - `rₙ = 1 / (1 + |lₙ − l|² / 4²)`, taken anew twice: a robust mean (Cauchy's weights). Frames that agree but for noise are
///   averaged; where they contradict each other the majority is kept, sure as it was, in place of a haze of both.
///
/// A frame's logits that are not finite weigh nothing.
///
/// # Errors
/// When shapes do not fit each other, or rows are not contiguous.
pub fn fuse(
    logits: ArrayView3<f32>,
    picture: ArrayView3<f32>,
    beside: &[Beside<'_>],
    threads: usize,
) -> Result<Array3<f32>> {
    let size = rows::size(&logits);
    let (classes, channels) = (logits.dim().0, picture.dim().0);
    rows::check_rows(&logits, "logits to fuse")?;
    rows::check(&picture, "picture of the logits to fuse", channels, size)?;
    let mut out = logits.to_owned();
    if out.is_empty() {
        return Ok(out);
    }
    let mut frames = Vec::with_capacity(beside.len());
    for beside in beside {
        rows::check(&beside.logits, "logits of a frame beside", classes, size)?;
        rows::check(&beside.picture, "picture of a frame beside", channels, size)?;
        frames.push(Frame::new(beside, size)?);
    }
    bands::for_each_band(out.view_mut(), threads, |first, mut band| {
        let mut row = Row::new(classes, beside.len() + 1, size.width);
        let mut enlarged = Vec::new();
        for start in (0..band.dim().1).step_by(STEP) {
            let end = (start + STEP).min(band.dim().1);
            enlarged.clear();
            enlarged.extend(frames.iter().map(|frame| frame.enlarged(first + start, first + end, size)));
            for y in start..end {
                row.take_own(&logits, first + y);
                for (n, (frame, motion)) in frames.iter().zip(&enlarged).enumerate() {
                    row.take(n + 1, frame, &picture, &motion.view(), (y - start, first + y));
                }
                row.fuse(&mut band, y);
            }
        }
    });
    Ok(out)
}

/// A frame beside, ready to be sampled.
struct Frame<'a> {
    logits: Vec<Plane<'a>>,
    picture: Vec<Plane<'a>>,
    motion: &'a Motion,
    enlarge: Resampler,
    weight: f32,
}

impl<'a> Frame<'a> {
    fn new(beside: &Beside<'a>, size: Size) -> Result<Self> {
        let planes =
            |array: &ArrayView3<'a, f32>| (0..array.dim().0).map(|channel| Plane::of(array, channel)).collect();
        Ok(Self {
            logits: planes(&beside.logits),
            picture: planes(&beside.picture),
            motion: beside.motion,
            enlarge: Resampler::whole(beside.motion.size(), size, Filter::Triangle)?,
            weight: beside.weight,
        })
    }

    /// The motion of some rows, in pixels of the logits.
    fn enlarged(&self, first: usize, end: usize, size: Size) -> Array3<f32> {
        let window = Window::new(0, first as i64, size.width as i64, end as i64);
        let field = self.motion.field();
        let mut motion = self.enlarge.resample_window(field, window, 1).expect("the window lies in the logits");
        let own = self.motion.size();
        let scale = [size.width as f32 / own.width as f32, size.height as f32 / own.height as f32];
        for (mut plane, scale) in motion.axis_iter_mut(Axis(0)).zip(scale) {
            plane.iter_mut().for_each(|v| *v *= scale);
        }
        motion
    }
}

/// One row of every frame, the fused one first.
struct Row {
    classes: usize,
    width: usize,
    /// For each frame and class a row of logits, less their mean.
    logits: Vec<Vec<f32>>,
    /// For each frame a row.
    weights: Vec<Vec<f32>>,
    mean: Vec<Vec<f32>>,
    total: Vec<Vec<f32>>,
    sum: Vec<f32>,
    scratch: Vec<f32>,
    taps: Vec<Tap>,
}

impl Row {
    fn new(classes: usize, frames: usize, width: usize) -> Self {
        let rows = |count: usize| vec![vec![0.0; width]; count];
        Self {
            classes,
            width,
            logits: rows(frames * classes),
            weights: rows(frames),
            mean: rows(classes),
            total: rows(classes),
            sum: vec![0.0; width],
            scratch: vec![0.0; width],
            taps: Vec::with_capacity(width),
        }
    }

    fn take_own(&mut self, logits: &ArrayView3<f32>, y: usize) {
        for class in 0..self.classes {
            self.logits[class].copy_from_slice(rows::row(logits, class, y));
        }
        self.weights[0].fill(1.0);
        self.center(0);
    }

    /// The row of frame n where the motion, whose row is `y.0`, leads from row `y.1`; weighed by how far that is trusted.
    fn take(
        &mut self,
        n: usize,
        frame: &Frame,
        picture: &ArrayView3<f32>,
        motion: &ArrayView3<f32>,
        y: (usize, usize),
    ) {
        let size = Size::new(self.width, picture.dim().1);
        Tap::fill(&mut self.taps, size, y.1, rows::row(motion, 0, y.0), rows::row(motion, 1, y.0));
        let difference = &mut self.scratch;
        difference.fill(0.0);
        let scale = 1.0 / (TOLERANCE * TOLERANCE);
        for (channel, plane) in frame.picture.iter().enumerate() {
            let own = rows::row(picture, channel, y.1);
            for ((sum, own), tap) in difference.iter_mut().zip(own).zip(&self.taps) {
                let d = plane.sample(tap) - own;
                *sum += d * d * scale;
            }
        }
        let consistency = rows::row(motion, 2, y.0);
        for (((weight, d), consistency), tap) in
            self.weights[n].iter_mut().zip(difference.iter()).zip(consistency).zip(&self.taps)
        {
            let trust = consistency / (1.0 + d * d);
            // Written so that NaN is no trust.
            let trusted =
                if trust > LEAST_TRUST && tap.inside { (trust - LEAST_TRUST) / (1.0 - LEAST_TRUST) } else { 0.0 };
            *weight = frame.weight * trusted;
        }
        for (row, plane) in self.logits[n * self.classes..].iter_mut().zip(&frame.logits) {
            row.iter_mut().zip(&self.taps).for_each(|(v, tap)| *v = plane.sample(tap));
        }
        self.center(n);
    }

    /// Takes the mean over the classes from a frame's logits; what is not finite becomes 0, and weighs nothing.
    fn center(&mut self, n: usize) {
        let rows = &mut self.logits[n * self.classes..][..self.classes];
        let mean = &mut self.scratch;
        mean.fill(0.0);
        for row in rows.iter() {
            mean.iter_mut().zip(row).for_each(|(sum, v)| *sum += v);
        }
        let share = 1.0 / self.classes as f32;
        for (sum, weight) in mean.iter_mut().zip(&mut self.weights[n]) {
            *weight = if sum.is_finite() { *weight } else { 0.0 };
            *sum *= share;
        }
        for row in rows {
            for (v, mean) in row.iter_mut().zip(mean.iter()) {
                *v = if mean.is_finite() { *v - mean } else { 0.0 };
            }
        }
    }

    /// Writes the robust mean into row `y` of a band that holds the frame's own logits, where any other frame is trusted.
    fn fuse(&mut self, out: &mut ArrayViewMut3<f32>, y: usize) {
        self.average(false);
        for _ in 0..ROUNDS {
            self.average(true);
        }
        let trusted = &mut self.scratch;
        trusted.fill(0.0);
        for weights in &self.weights[1..] {
            trusted.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += weight);
        }
        // A frame whose own logits are not finite has no place among the others.
        trusted.iter_mut().zip(&self.weights[0]).for_each(|(trusted, own)| *trusted *= own);
        for (row, mean) in rows::channels_mut(out, y).into_iter().zip(&self.mean) {
            for ((v, mean), trusted) in row.iter_mut().zip(mean).zip(trusted.iter()) {
                *v = if *trusted > 0.0 { *mean } else { *v };
            }
        }
    }

    /// The mean of all frames; `robust` weighs each by how near it lies to the last mean.
    fn average(&mut self, robust: bool) {
        self.total.iter_mut().for_each(|row| row.fill(0.0));
        self.sum.fill(0.0);
        for (logits, weights) in self.logits.chunks_exact(self.classes).zip(&self.weights) {
            let nearness = &mut self.scratch;
            nearness.fill(0.0);
            if robust {
                for (row, mean) in logits.iter().zip(&self.mean) {
                    for ((sum, v), mean) in nearness.iter_mut().zip(row).zip(mean) {
                        *sum += (v - mean) * (v - mean);
                    }
                }
            }
            const SCALE: f32 = 1.0 / (CONTRADICTION * CONTRADICTION);
            for ((sum, nearness), weight) in self.sum.iter_mut().zip(nearness.iter_mut()).zip(weights) {
                *nearness = weight / (1.0 + *nearness * SCALE);
                *sum += *nearness;
            }
            for (total, row) in self.total.iter_mut().zip(logits) {
                for ((total, v), weight) in total.iter_mut().zip(row).zip(nearness.iter()) {
                    *total += v * weight;
                }
            }
        }
        for total in &mut self.total {
            total.iter_mut().zip(&self.sum).for_each(|(total, sum)| *total /= sum);
        }
        std::mem::swap(&mut self.mean, &mut self.total);
    }
}

#[cfg(test)]
mod tests;
