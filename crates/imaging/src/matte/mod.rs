//! Soft class mattes `[K, height, width]`: from logits, and kept summing to one through every change.

mod borders;
mod continued;
mod fusion;
mod soften;

pub use borders::{BORDER_MARGIN_PX, draw_borders};
pub use fusion::{Beside, fuse};
pub use soften::Softening;

use crate::{Error, Result, approx, bands, rows};
use ndarray::{Array2, ArrayView3, ArrayViewMut3, Axis};

/// Logits beyond ± this count as this, so that infinities compare and subtract.
const LARGEST_LOGIT: f32 = 1e30;

/// Mattes beyond this count as this, so that their sum is finite.
const LARGEST_MATTE: f32 = 1e30;

/// Turns logits into mattes in place: each pixel's K values become positive and sum to one.
///
/// `bias` is added to the logits, one value a class. A pixel with a logit that is not a number becomes class 0, the
/// background; an infinite logit wins, several share.
///
/// # Errors
/// When there is not one finite bias for each class, or rows are not contiguous.
pub fn softmax(logits: ArrayViewMut3<f32>, bias: &[f32], threads: usize) -> Result<()> {
    rows::check_rows(&logits.view(), "logits")?;
    let classes = logits.dim().0;
    if bias.len() != classes {
        return Err(Error::Shape { what: "bias of each class", expected: vec![classes], found: vec![bias.len()] });
    }
    if let Some(&value) = bias.iter().find(|b| !b.is_finite()) {
        return Err(Error::Parameter { name: "bias of a class", value: value.into(), range: "finite" });
    }
    bands::for_each_band(logits, threads, |_, mut band| {
        let (mut most, mut sum, mut broken) = (Vec::new(), Vec::new(), Vec::new());
        for y in 0..band.dim().1 {
            let mut rows = rows::channels_mut(&mut band, y);
            let width = rows.first().map_or(0, |row| row.len());
            refill(&mut most, width, -LARGEST_LOGIT);
            refill(&mut sum, width, 0.0);
            refill(&mut broken, width, 0.0);
            for (row, bias) in rows.iter_mut().zip(bias) {
                for ((v, most), broken) in row.iter_mut().zip(&mut most).zip(&mut broken) {
                    let logit = (*v + bias).clamp(-LARGEST_LOGIT, LARGEST_LOGIT);
                    *broken = if logit.is_nan() { 1.0 } else { *broken };
                    *most = if logit > *most { logit } else { *most };
                    *v = logit;
                }
            }
            for row in &mut rows {
                for ((v, most), sum) in row.iter_mut().zip(&most).zip(&mut sum) {
                    *v = approx::exp(*v - most);
                    *sum += *v;
                }
            }
            for (class, row) in rows.iter_mut().enumerate() {
                let background = if class == 0 { 1.0 } else { 0.0 };
                for ((v, sum), broken) in row.iter_mut().zip(&sum).zip(&broken) {
                    *v = if *broken > 0.0 { background } else { *v / sum };
                }
            }
        }
    });
    Ok(())
}

/// Makes mattes positive and sum to one again, after a filter that overshoots. Where nothing is left, or a value is not
/// a number, the pixel becomes class 0, the background.
///
/// # Errors
/// When rows are not contiguous.
pub fn normalize(mattes: ArrayViewMut3<f32>, threads: usize) -> Result<()> {
    remap(mattes, threads, Remap { black: 0.0, most: LARGEST_MATTE }, Empty::Background)
}

/// Gives class 0, the background, what the other classes leave, then makes all positive and sum to one as [`normalize`].
///
/// A linear filter keeps the sum of mattes, so that one of them need not be filtered. What class 0 held is not read.
///
/// # Errors
/// When rows are not contiguous.
pub fn complete(mattes: ArrayViewMut3<f32>, threads: usize) -> Result<()> {
    rows::check_rows(&mattes.view(), "mattes")?;
    let remap = Remap { black: 0.0, most: LARGEST_MATTE };
    bands::for_each_band(mattes, threads, |_, mut band| {
        let (mut sum, mut rest) = (Vec::new(), Vec::new());
        for y in 0..band.dim().1 {
            let mut rows = rows::channels_mut(&mut band, y);
            let Some((background, tones)) = rows.split_first_mut() else { return };
            refill(&mut sum, background.len(), 0.0);
            refill(&mut rest, background.len(), 1.0);
            for row in tones.iter_mut() {
                for ((v, rest), sum) in row.iter_mut().zip(&mut rest).zip(&mut sum) {
                    // A sum that is not a number leaves nothing; what is no number itself is nothing.
                    *rest -= *v;
                    *v = remap.of(*v);
                    *sum += *v;
                }
            }
            for ((v, rest), sum) in background.iter_mut().zip(&rest).zip(&mut sum) {
                let rest = remap.of(*rest);
                *sum += rest;
                // Nobody's pixel is background.
                let nobody = if *sum > 0.0 { 0.0 } else { 1.0 };
                *sum = 1.0 / (*sum + nobody);
                *v = (rest + nobody) * *sum;
            }
            for row in tones {
                row.iter_mut().zip(&sum).for_each(|(v, scale)| *v *= scale);
            }
        }
    });
    Ok(())
}

/// Sets what is at most `clip_black` to 0 and what is at least `clip_white` to 1, and shares each pixel among the classes
/// that are left, by how far they lie above what became 0. Mattes sum to one, so that a class is 1 where all others are 0:
/// classes become 0 up to `clip_black` or up to what `clip_white` leaves, whichever is more. Where none is left, the largest
/// takes the pixel, the lower class of equals.
///
/// Mattes must lie within 0 to 1 and sum to one, as [`softmax`] and [`normalize`] leave them.
///
/// # Errors
/// When a clip is not a number, or rows are not contiguous.
pub fn levels(mattes: ArrayViewMut3<f32>, clip_black: f32, clip_white: f32, threads: usize) -> Result<()> {
    for (name, value) in [("clip_black", clip_black), ("clip_white", clip_white)] {
        if !value.is_finite() {
            return Err(Error::Parameter { name, value: value.into(), range: "a finite number" });
        }
    }
    let black = clip_black.max(1.0 - clip_white).max(0.0);
    remap(mattes, threads, Remap { black, most: LARGEST_MATTE }, Empty::Largest)
}

/// `v − black`, from 0 to `most`.
#[derive(Debug, Clone, Copy)]
struct Remap {
    black: f32,
    most: f32,
}

impl Remap {
    #[inline]
    fn of(self, v: f32) -> f32 {
        // Written so that NaN falls to 0.
        let v = v - self.black;
        let v = if v > 0.0 { v } else { 0.0 };
        if v < self.most { v } else { self.most }
    }
}

/// Who takes a pixel of which nothing is left.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Empty {
    Background,
    Largest,
}

fn remap(mattes: ArrayViewMut3<f32>, threads: usize, remap: Remap, empty: Empty) -> Result<()> {
    rows::check_rows(&mattes.view(), "mattes")?;
    bands::for_each_band(mattes, threads, |_, mut band| {
        let mut sum = Vec::new();
        for y in 0..band.dim().1 {
            let mut rows = rows::channels_mut(&mut band, y);
            refill(&mut sum, rows.first().map_or(0, |row| row.len()), 0.0);
            for row in &rows {
                sum.iter_mut().zip(row.iter()).for_each(|(sum, &v)| *sum += remap.of(v));
            }
            for x in sum.iter().enumerate().filter(|(_, sum)| **sum <= 0.0).map(|(x, _)| x) {
                let class = if empty == Empty::Background { 0 } else { largest(rows.iter().map(|row| row[x])) };
                rows.iter_mut().enumerate().for_each(|(k, row)| row[x] = if k == class { f32::MAX } else { 0.0 });
            }
            for x in sum.iter_mut().filter(|sum| **sum <= 0.0) {
                *x = remap.most;
            }
            for row in &mut rows {
                row.iter_mut().zip(&sum).for_each(|(v, sum)| *v = remap.of(*v) / sum);
            }
        }
    });
    Ok(())
}

/// How sure each pixel is of its class, 0 to 1: one less the entropy of its mattes, in units of ln K.
///
/// 1 where one class has it all, 0 where all K are equal. A single class is always sure.
///
/// # Errors
/// When rows are not contiguous.
pub fn confidence(mattes: ArrayView3<f32>, threads: usize) -> Result<Array2<f32>> {
    rows::check_rows(&mattes, "mattes")?;
    let (classes, height, width) = mattes.dim();
    let scale = if classes > 1 { 1.0 / (classes as f32).ln() } else { 0.0 };
    let mut out = Array2::ones((height, width));
    bands::for_each_band(out.view_mut().insert_axis(Axis(0)), threads, |first, mut band| {
        for y in 0..band.dim().1 {
            let out = rows::row_mut(&mut band, 0, y);
            for class in 0..classes {
                for (out, &p) in out.iter_mut().zip(rows::row(&mattes, class, first + y)) {
                    // p ln p is 0 for 0; the smallest normal float is as good, and has a logarithm.
                    let p = if p > f32::MIN_POSITIVE { p } else { f32::MIN_POSITIVE };
                    *out += p * approx::ln(p) * scale;
                }
            }
            out.iter_mut().for_each(|v| *v = v.clamp(0.0, 1.0));
        }
    });
    Ok(out)
}

/// The number of each pixel's largest matte; of equals, the lower.
///
/// Class numbers beyond 255 do not fit and become 255.
pub fn strongest(mattes: ArrayView3<f32>) -> Array2<u8> {
    let (_, height, width) = mattes.dim();
    Array2::from_shape_fn((height, width), |(y, x)| {
        let class = largest((0..mattes.dim().0).map(|k| mattes[[k, y, x]]));
        u8::try_from(class).unwrap_or(u8::MAX)
    })
}

/// The place of the largest value, of equals the first; 0 when there is none that is a number.
fn largest(values: impl Iterator<Item = f32>) -> usize {
    let best = |best: (usize, f32), (place, v)| if v > best.1 { (place, v) } else { best };
    values.enumerate().fold((0, f32::NEG_INFINITY), best).0
}

fn refill(row: &mut Vec<f32>, width: usize, value: f32) {
    row.clear();
    row.resize(width, value);
}

#[cfg(test)]
mod tests;
