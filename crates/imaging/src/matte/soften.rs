//! Edge softness.

use super::continued::{Continued, continue_into};
use crate::box_sum::{BoxSpan, Scratch};
use crate::{Error, Region, Result, Window, bands, rows};
use ndarray::{Array3, ArrayView3, ArrayViewMut3};

/// A blur of a given reach: two boxes in a row along each axis, which is a tent (Heckbert, "Filtering by Repeated
/// Integration", SIGGRAPH 1986). Fractions of a pixel count. The frame's border pixels continue outside.
///
/// Linear, positive and normalised, so mattes stay between 0 and 1 and keep summing to one (to rounding).
#[derive(Debug, Clone, PartialEq)]
pub struct Softening {
    span: BoxSpan,
    /// The weights of the tent, where it is short enough to be summed directly.
    pub(super) kernel: Option<Vec<f32>>,
}

/// Tents of up to this many pixels to either side are summed directly.
const DIRECT_REACH: usize = 8;

impl Softening {
    /// The blur that carries a hard edge `radius_px` pixels to either side; 0 changes nothing.
    ///
    /// # Errors
    /// When the radius is not within 0 to 8192.
    pub fn new(radius_px: f64) -> Result<Self> {
        if !(0.0..=8192.0).contains(&radius_px) {
            return Err(Error::Parameter { name: "softness radius", value: radius_px, range: "0 to 8192" });
        }
        let span = BoxSpan::new(radius_px / 2.0);
        Ok(Self { span, kernel: (span.reach() * 2 <= DIRECT_REACH).then(|| tent(span)) })
    }

    /// Whether it changes nothing.
    pub fn is_none(&self) -> bool {
        self.margin_px() == 0
    }

    /// How far around its output [`soften`](Self::soften) reads.
    pub fn margin_px(&self) -> usize {
        2 * self.span.reach()
    }

    /// Blurs mattes `[K, …]` that hold `region.input`; the result holds `region.output`.
    ///
    /// A tile is bit for bit the same part of the whole frame's result.
    ///
    /// # Errors
    /// When the shape does not fit the region, or the margin is missing.
    pub fn soften(&self, mattes: ArrayView3<f32>, region: &Region, threads: usize) -> Result<Array3<f32>> {
        let mut out = Array3::zeros((mattes.dim().0, region.output.height(), region.output.width()));
        self.soften_into(mattes, region, out.view_mut(), threads)?;
        Ok(out)
    }

    /// As [`soften`](Self::soften), into an array that the caller keeps.
    ///
    /// # Errors
    /// As `soften`, and when `out` is not `[K, output height, output width]` with contiguous rows.
    pub fn soften_into(
        &self,
        mattes: ArrayView3<f32>,
        region: &Region,
        out: ArrayViewMut3<f32>,
        threads: usize,
    ) -> Result<()> {
        region.check(self.margin_px())?;
        rows::check(&mattes, "mattes to soften", mattes.dim().0, region.input.size())?;
        rows::check(&out.view(), "softened mattes", mattes.dim().0, region.output.size())?;
        let output = region.output;
        bands::for_each_band(out, threads, |first, mut band| {
            let (y0, y1) = (output.y0 + first as i64, output.y0 + (first + band.dim().1) as i64);
            let window = Window::new(output.x0, y0, output.x1, y1);
            let source = Continued { mattes: &mattes, region };
            for channel in 0..band.dim().0 {
                match &self.kernel {
                    Some(kernel) => direct(kernel, &source, channel, window, &mut band),
                    None => self.in_boxes(&source, channel, window, &mut band),
                }
            }
        });
        Ok(())
    }

    fn in_boxes(&self, source: &Continued, channel: usize, window: Window, out: &mut ArrayViewMut3<f32>) {
        let mut scratch = Scratch::default();
        let between = window.grow(self.span.reach());
        let area = 1.0 / (self.span.full_weight() * self.span.full_weight());
        let mut once = vec![0.0; between.width() * between.height()];
        let place = |y: i64, x: i64| (y - between.y0) as usize * between.width() + (x - between.x0) as usize;
        let fill = |y, x0, row: &mut [f32]| source.fill(channel, y, x0, row);
        self.span.sums(between, &mut scratch, fill, |y, x0, sums| {
            once[place(y, x0)..][..sums.len()].iter_mut().zip(sums).for_each(|(out, sum)| *out = sum * area);
        });
        let fill = |y, x0, row: &mut [f32]| row.copy_from_slice(&once[place(y, x0)..][..row.len()]);
        self.span.sums(window, &mut scratch, fill, |y, x0, sums| {
            let row = &mut rows::row_mut(out, channel, (y - window.y0) as usize)[(x0 - window.x0) as usize..];
            row.iter_mut().zip(sums).for_each(|(out, sum)| *out = sum * area);
        });
    }
}

/// The weights of two boxes in a row, summing to one.
fn tent(span: BoxSpan) -> Vec<f32> {
    let reach = span.reach() as i64;
    let own: Vec<f32> = (-reach..=reach).map(|i| span.weight_within(0, i, i + 1)).collect();
    let mut kernel = vec![0.0; 2 * own.len() - 1];
    for (i, a) in own.iter().enumerate() {
        for (j, b) in own.iter().enumerate() {
            kernel[i + j] += a * b;
        }
    }
    let sum: f32 = kernel.iter().sum();
    kernel.iter_mut().for_each(|w| *w /= sum);
    kernel
}

/// Sums a short kernel along y, then along x, row by row.
fn direct(kernel: &[f32], source: &Continued, channel: usize, window: Window, out: &mut ArrayViewMut3<f32>) {
    let reach = (kernel.len() / 2) as i64;
    let input = source.region.input;
    // Only columns that are read are mixed; the border continues by a copy of the mixed row.
    let (first, end) = ((window.x0 - reach).max(input.x0), (window.x1 + reach).min(input.x1));
    let mut mixed = vec![0.0; (end - first).max(0) as usize];
    let mut padded = vec![0.0; window.width() + kernel.len() - 1];
    for (y, row) in (window.y0..window.y1).zip(0..) {
        let from = (first - input.x0) as usize..(end - input.x0) as usize;
        rows::mix(&mut mixed, kernel, |t| &source.row(channel, y - reach + t as i64)[from.clone()]);
        continue_into(&mixed, first, window.x0 - reach, &mut padded);
        let row = rows::row_mut(out, channel, row);
        rows::mix(row, kernel, |t| &padded[t..][..window.width()]);
    }
}
