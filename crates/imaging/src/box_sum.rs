//! Sums over a sliding window, each made of the same additions wherever its pixel lies.
//!
//! The usual moving sum carries its rounding along the row, so that a tile's result depends on where the tile starts.
//! Here the sum over n neighbors is put together from sums over 1, 2, 4, 8, … of them, each of which is two sums of half
//! the length. That takes about log₂ n additions a pixel instead of two, but over contiguous memory and without a chain
//! of dependent additions, and a result is the same bits in every tile.

use crate::Window;

/// A box of `2 whole + 1` pixels and a `part` (0 to 1) of one more on either side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct BoxSpan {
    whole: usize,
    part: f32,
}

/// Buffers that a thread keeps between boxes.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    row: Vec<f32>,
    rows: Vec<f32>,
    strip: Vec<f32>,
    spare: Vec<f32>,
    sums: Vec<f32>,
    planes: Vec<Vec<f32>>,
}

impl Scratch {
    /// A plane of `length` values, whatever they are. Fresh memory costs more than the sums that go into it.
    pub(crate) fn plane(&mut self, length: usize) -> Vec<f32> {
        let mut plane = self.planes.pop().unwrap_or_default();
        plane.resize(length, 0.0);
        plane
    }

    /// Takes planes back that [`plane`](Self::plane) has given.
    pub(crate) fn keep(&mut self, planes: impl IntoIterator<Item = Vec<f32>>) {
        self.planes.extend(planes);
    }
}

/// Columns that are summed down together: few enough that a strip stays in the processor's second cache.
const STRIP: usize = 128;

impl BoxSpan {
    /// The box that reaches `radius` pixels to either side of a pixel's own.
    pub(crate) fn new(radius: f64) -> Self {
        Self { whole: radius as usize, part: radius.fract() as f32 }
    }

    /// How many pixels to either side the box reads.
    pub(crate) fn reach(&self) -> usize {
        self.whole + usize::from(self.part > 0.0)
    }

    /// The sum of the weights of a box along one axis, where nothing cuts it.
    pub(crate) fn full_weight(&self) -> f32 {
        (2 * self.whole + 1) as f32 + self.part * 2.0
    }

    /// The sum of the weights of those pixels of the box around `center` that lie in `first..end`.
    pub(crate) fn weight_within(&self, center: i64, first: i64, end: i64) -> f32 {
        let (low, high) = (center - self.whole as i64, center + self.whole as i64 + 1);
        let whole = (high.min(end) - low.max(first)).max(0) as f32;
        let inside = |i: i64| i >= first && i < end;
        whole + self.part * f32::from(u8::from(inside(low - 1)) + u8::from(inside(high)))
    }

    /// The sums of the box around every pixel of `output`.
    ///
    /// `fill(y, x0, row)` writes the picture's row `y` from column `x0` on; it is asked for pixels as far as the box
    /// reaches. `emit(y, x0, sums)` receives the sums of a piece of row `y` from column `x0` on.
    pub(crate) fn sums(
        &self,
        output: Window,
        scratch: &mut Scratch,
        mut fill: impl FnMut(i64, i64, &mut [f32]),
        mut emit: impl FnMut(i64, i64, &[f32]),
    ) {
        let Scratch { row, rows, strip, spare, sums, .. } = scratch;
        let (reach, width, height) = (self.reach(), output.width(), output.height());
        let (padded_width, padded_height) = (width + 2 * reach, height + 2 * reach);
        let (x0, y0) = (output.x0 - reach as i64, output.y0 - reach as i64);
        rows.resize(padded_height * width, 0.0);
        for (y, sums) in (y0..).zip(rows.chunks_exact_mut(width)) {
            row.resize(padded_width, 0.0);
            fill(y, x0, row);
            self.sum(row, spare, 1, sums);
        }
        for first in (0..width).step_by(STRIP) {
            let columns = STRIP.min(width - first);
            strip.clear();
            rows.chunks_exact(width).for_each(|row| strip.extend_from_slice(&row[first..first + columns]));
            sums.resize(height * columns, 0.0);
            self.sum(strip, spare, columns, sums);
            for (y, sums) in (output.y0..).zip(sums.chunks_exact(columns)) {
                emit(y, output.x0 + first as i64, sums);
            }
        }
    }

    /// `out[i]` = the box's sum over `source[i]`, `source[i + step]`, …; `source` and `spare` are used up.
    fn sum(&self, source: &mut Vec<f32>, spare: &mut Vec<f32>, step: usize, out: &mut [f32]) {
        let reach = self.reach();
        let own = &source[(reach - self.whole) * step..];
        if self.part > 0.0 {
            let far = &source[2 * reach * step..];
            for (((out, &near), &far), &own) in out.iter_mut().zip(source.iter()).zip(far).zip(own) {
                *out = self.part * (near + far) + own;
            }
        } else {
            out.copy_from_slice(&own[..out.len()]);
        }
        // `source[i]` becomes the sum over `length` pixels; the bits of the box's length pick from them. The length is
        // odd, so its first bit has been taken.
        let mut start = (reach - self.whole + 1) * step;
        let mut remaining = self.whole;
        let mut length = step;
        while remaining > 0 {
            spare.resize(source.len() - length, 0.0);
            for ((out, near), far) in spare.iter_mut().zip(source.iter()).zip(&source[length..]) {
                *out = near + far;
            }
            std::mem::swap(source, spare);
            length *= 2;
            if remaining & 1 == 1 {
                out.iter_mut().zip(&source[start..]).for_each(|(out, &v)| *out += v);
                start += length;
            }
            remaining >>= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::noise;
    use crate::rows;
    use proptest::prelude::*;

    /// The sums of a picture that is zero outside itself.
    fn box_sums(picture: &ndarray::Array3<f32>, span: BoxSpan, output: Window) -> Vec<f32> {
        let view = picture.view();
        let size = rows::size(&view);
        let mut out = vec![0.0; output.width() * output.height()];
        let fill = |y: i64, x0: i64, row: &mut [f32]| {
            for (x, v) in (x0..).zip(row) {
                let inside = Window::of_size(size).contains(&Window::new(x, y, x + 1, y + 1));
                *v = if inside { picture[[0, y as usize, x as usize]] } else { 0.0 };
            }
        };
        span.sums(output, &mut Scratch::default(), fill, |y, x0, sums| {
            let at = (y - output.y0) as usize * output.width() + (x0 - output.x0) as usize;
            out[at..at + sums.len()].copy_from_slice(sums);
        });
        out
    }

    proptest! {
        #![proptest_config(crate::fixture::cases(256))]

        #[test]
        fn a_sum_is_the_sum_over_its_box_in_any_window(
            radius in 0.0f64..9.0, x0 in 0i64..40, y0 in 0i64..20, w in 1i64..45, h in 1i64..12,
        ) {
            let picture = noise(1, 30, 80);
            let span = BoxSpan::new(radius);
            let window = Window::new(x0, y0, (x0 + w).min(80), (y0 + h).min(30));
            let whole = box_sums(&picture, span, Window::new(0, 0, 80, 30));
            let found = box_sums(&picture, span, window);
            let weight = |d: i64| (radius + 1.0 - d.abs() as f64).clamp(0.0, 1.0);
            for (i, &sum) in found.iter().enumerate() {
                let (x, y) = (window.x0 + i as i64 % window.width() as i64, window.y0 + i as i64 / window.width() as i64);
                prop_assert_eq!(sum, whole[(y * 80 + x) as usize]);
                let direct: f64 = picture.indexed_iter().map(|((_, py, px), &v)| {
                    f64::from(v) * weight(px as i64 - x) * weight(py as i64 - y)
                }).sum();
                prop_assert!((f64::from(sum) - direct).abs() < 1e-4, "{sum} {direct} at {x} {y}");
            }
        }

        #[test]
        fn the_weight_is_the_sum_over_ones(radius in 0.0f64..9.0, center in 0i64..20, end in 1i64..20) {
            let span = BoxSpan::new(radius);
            let direct: f64 = (0..end).map(|i| (radius + 1.0 - (i - center).abs() as f64).clamp(0.0, 1.0)).sum();
            prop_assert!((f64::from(span.weight_within(center, 0, end)) - direct).abs() < 1e-5);
        }
    }
}
