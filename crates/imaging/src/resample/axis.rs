//! The weights of one axis.

use super::Filter;
use crate::{Error, Result};
use std::f64::consts::PI;

impl Filter {
    /// The kernel is zero from this distance on, in pixels of the coarser grid.
    fn radius(self) -> f64 {
        match self {
            Filter::Triangle => 1.0,
            Filter::Mitchell | Filter::CatmullRom => 2.0,
            Filter::Lanczos3 => 3.0,
        }
    }

    fn weight(self, distance: f64) -> f64 {
        let d = distance.abs();
        match self {
            _ if d >= self.radius() => 0.0,
            Filter::Triangle => 1.0 - d,
            Filter::Mitchell => cubic(d, 1.0 / 3.0, 1.0 / 3.0),
            Filter::CatmullRom => cubic(d, 0.0, 0.5),
            Filter::Lanczos3 if d == 0.0 => 1.0,
            Filter::Lanczos3 => 3.0 * (PI * d).sin() * (PI * d / 3.0).sin() / (PI * d).powi(2),
        }
    }
}

/// Equation 8 of Mitchell and Netravali, for 0 ≤ d < 2.
fn cubic(d: f64, b: f64, c: f64) -> f64 {
    let sum = if d < 1.0 {
        (12.0 - 9.0 * b - 6.0 * c) * d.powi(3) + (-18.0 + 12.0 * b + 6.0 * c) * d.powi(2) + (6.0 - 2.0 * b)
    } else {
        (-b - 6.0 * c) * d.powi(3)
            + (6.0 * b + 30.0 * c) * d.powi(2)
            + (-12.0 * b - 48.0 * c) * d
            + (8.0 * b + 24.0 * c)
    };
    sum / 6.0
}

/// For every target pixel, the first source pixel that it takes from, and `count` weights from there on.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    starts: Vec<usize>,
    weights: Vec<f32>,
    count: usize,
    enlarges: bool,
}

/// The longest extent, and the farthest start of one.
const MAX_EXTENT_PX: f64 = 1e7;

impl Axis {
    pub(super) fn new(source: usize, (from, to): (f64, f64), target: usize, filter: Filter) -> Result<Self> {
        for (name, value) in [("source size", source), ("target size", target)] {
            if value == 0 {
                return Err(Error::Parameter { name, value: 0.0, range: "at least 1" });
            }
        }
        // The number of weights grows with the extent: one that no picture has would only fill the memory.
        let length = to - from;
        if !(length > 0.0 && length <= MAX_EXTENT_PX) {
            return Err(Error::Parameter { name: "extent to resample", value: length, range: "above 0, up to 1e7" });
        }
        if from.abs() > MAX_EXTENT_PX {
            return Err(Error::Parameter { name: "start of what to resample", value: from, range: "within ±1e7" });
        }
        let ratio = length / target as f64;
        let taps: Vec<_> =
            (0..target).map(|i| taps(source, from + (i as f64 + 0.5) * ratio, ratio.max(1.0), filter)).collect();
        // Weights of zero at the ends are dropped, so that a start could lie before the one of the pixel before.
        let mut starts: Vec<usize> = taps.iter().map(|(start, _)| *start).collect();
        for i in (1..target).rev() {
            starts[i - 1] = starts[i - 1].min(starts[i]);
        }
        let ends = taps.iter().map(|(start, weights)| start + weights.len());
        let count = ends.zip(&starts).map(|(end, start)| end - start).max().unwrap_or(1);
        let mut weights = vec![0.0; target * count];
        for ((own, begin), row) in taps.iter().zip(&mut starts).zip(weights.chunks_exact_mut(count)) {
            // All pixels take the same number; at the far edge the zeros come first, so that none lies outside.
            *begin = (*begin).min(source - count);
            row[own.0 - *begin..][..own.1.len()].copy_from_slice(&own.1);
        }
        Ok(Self { starts, weights, count, enlarges: ratio < 1.0 })
    }

    pub(super) fn enlarges(&self) -> bool {
        self.enlarges
    }

    pub(super) fn tap_count(&self) -> usize {
        self.count
    }

    /// The first source pixel and the weights of a target pixel.
    pub(super) fn taps(&self, target: usize) -> (usize, &[f32]) {
        (self.starts[target], &self.weights[target * self.count..][..self.count])
    }

    /// The source pixels that the target pixels `first..end` take from, `first < end`.
    pub(super) fn reach(&self, first: usize, end: usize) -> (usize, usize) {
        (self.starts[first], self.starts[end - 1] + self.count)
    }

    /// Resamples a row: `source` starts at source pixel `source_start`, `out` at target pixel `first`.
    pub(super) fn along(&self, source: &[f32], source_start: usize, first: usize, out: &mut [f32]) {
        let starts = &self.starts[first..first + out.len()];
        let weights = &self.weights[first * self.count..(first + out.len()) * self.count];
        self.along_by_count(source, source_start, starts, weights, out);
        // Nothing of an infinite pixel is not a number; what weighs nothing must not be taken.
        if out.iter().any(|v| v.is_nan()) {
            for ((out, &start), weights) in out.iter_mut().zip(starts).zip(weights.chunks_exact(self.count)) {
                let taken = source[start - source_start..].iter().zip(weights);
                *out = taken.filter(|(_, weight)| **weight != 0.0).fold(0.0, |sum, (s, w)| sum + s * w);
            }
        }
    }

    fn along_by_count(&self, source: &[f32], source_start: usize, starts: &[usize], weights: &[f32], out: &mut [f32]) {
        match self.count {
            1 => along::<1>(source, source_start, starts, weights, out),
            2 => along::<2>(source, source_start, starts, weights, out),
            3 => along::<3>(source, source_start, starts, weights, out),
            4 => along::<4>(source, source_start, starts, weights, out),
            5 => along::<5>(source, source_start, starts, weights, out),
            6 => along::<6>(source, source_start, starts, weights, out),
            count => {
                for ((out, &start), weights) in out.iter_mut().zip(starts).zip(weights.chunks_exact(count)) {
                    let taken = &source[start - source_start..][..count];
                    *out = taken.iter().zip(weights).fold(0.0, |sum, (s, w)| sum + s * w);
                }
            }
        }
    }
}

/// [`Axis::along`] for a number of weights that the compiler can unroll.
fn along<const N: usize>(source: &[f32], source_start: usize, starts: &[usize], weights: &[f32], out: &mut [f32]) {
    let (weights, _) = weights.as_chunks::<N>();
    for ((out, &start), weights) in out.iter_mut().zip(starts).zip(weights) {
        let taken = &source[start - source_start..][..N];
        let mut sum = 0.0;
        for t in 0..N {
            sum += taken[t] * weights[t];
        }
        *out = sum;
    }
}

/// The weights of one target pixel whose center is `center`, with the kernel widened by `widening`.
fn taps(source: usize, center: f64, widening: f64, filter: Filter) -> (usize, Vec<f32>) {
    let radius = filter.radius() * widening;
    let (first, end) = ((center - radius - 0.5).floor() as i64, (center + radius + 0.5).ceil() as i64);
    let offset = |i: i64| i as f64 + 0.5 - center;
    let mut weights: Vec<f64> = (first..end).map(|i| filter.weight(offset(i) / widening)).collect();

    // Sampled at an odd phase, a widened kernel's centroid lies beside its center, and a ramp would come out bumpy.
    let moment: f64 = weights.iter().zip(first..).map(|(w, i)| w * offset(i)).sum();
    let spread: f64 = weights.iter().zip(first..).map(|(w, i)| w.abs() * offset(i).powi(2)).sum();
    // A kernel that falls on one pixel has no spread to lean on, and needs no correction.
    if spread > 1e-6 {
        for (w, i) in weights.iter_mut().zip(first..) {
            *w -= moment / spread * w.abs() * offset(i);
        }
    }

    fold_into(source, first, &weights)
}

/// Puts the weights of pixels that do not exist onto the border pixel, and makes the sum one.
fn fold_into(source: usize, first: i64, weights: &[f64]) -> (usize, Vec<f32>) {
    let last = source as i64 - 1;
    let inside = |i: i64| i.clamp(0, last) as usize;
    let start = inside(first);
    let mut folded = vec![0.0; inside(first + weights.len() as i64 - 1) - start + 1];
    for (w, i) in weights.iter().zip(first..) {
        folded[inside(i) - start] += w;
    }
    let sum: f64 = folded.iter().sum();
    let mut single: Vec<f32> = folded.iter().map(|w| (w / sum) as f32).collect();
    // What rounding has taken from the sum goes to the largest weight, so that a constant stays constant.
    let missing = 1.0 - single.iter().map(|&w| f64::from(w)).sum::<f64>();
    if let Some(largest) = single.iter_mut().max_by(|a, b| a.total_cmp(b)) {
        *largest = (f64::from(*largest) + missing) as f32;
    }
    let used = |w: &f32| w.abs() > 1e-9;
    let (head, tail) = (single.iter().position(used), single.iter().rposition(used));
    match (head, tail) {
        (Some(head), Some(tail)) => (start + head, single[head..=tail].to_vec()),
        _ => (start, single),
    }
}
