//! The guided filter: smooths mattes while keeping the edges of the picture they belong to.
//!
//! He, Sun, Tang, "Guided Image Filtering", IEEE TPAMI 35(6), 2013: within a window the result is a linear function of
//! the guide, `q = a · I + b`, with (a, b) fitted to the targets and averaged over all windows that hold a pixel.
//! [`GuidedFilter::fit`] with [`GuidedCoefficients::upsample`] is the fast form (He and Sun, "Fast Guided Filter",
//! arXiv 1505.00996): (a, b) come from a small picture, are enlarged, and meet the guide at full resolution, so that the
//! matte's edge lands on the picture's edge.
//!
//! The filter is linear in the targets: mattes that sum to one still do, to rounding.

mod coefficients;
mod upsample;

pub use upsample::{GuidedCoefficients, Mapping, guided_upsample};

use crate::box_sum::BoxSpan;
use crate::{Error, Region, Result, Window, bands, rows};
use coefficients::Fit;
use ndarray::{Array3, ArrayView3};

/// The largest radius; what a matte may need of a 16K frame, and far from overflowing anything.
const MAX_RADIUS_PX: f64 = 4096.0;

/// A guided filter of one radius and strength.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GuidedFilter {
    span: BoxSpan,
    epsilon: f32,
}

impl GuidedFilter {
    /// A filter whose windows reach `radius_px` around a pixel; fractions count the outermost pixels in part.
    ///
    /// `epsilon` is the variance of the guide (about 0 to 1) above which an edge is kept: 1e-4 keeps edges of one
    /// hundredth. Rounding shows below about 1e-4 where the guide has three channels, and below 1e-5 in any.
    ///
    /// # Errors
    /// When the radius is not within 0 to 4096, or epsilon not within 1e-5 to 1e6.
    pub fn new(radius_px: f64, epsilon: f64) -> Result<Self> {
        if !(0.0..=MAX_RADIUS_PX).contains(&radius_px) {
            return Err(Error::Parameter { name: "guided filter radius", value: radius_px, range: "0 to 4096" });
        }
        if !(1e-5..=1e6).contains(&epsilon) {
            return Err(Error::Parameter { name: "guided filter epsilon", value: epsilon, range: "1e-5 to 1e6" });
        }
        Ok(Self { span: BoxSpan::new(radius_px), epsilon: epsilon as f32 })
    }

    /// How far around its output [`filter`](Self::filter) reads: twice the radius, rounded up.
    pub fn margin_px(&self) -> usize {
        2 * self.span.reach()
    }

    /// Filters targets `[K, …]` by a guide `[1 or 3, …]`. Both hold `region.input`; the result holds `region.output`.
    ///
    /// Windows are cut at the frame's edge. A tile is bit for bit the same part of the whole frame's result.
    ///
    /// # Errors
    /// When the shapes do not fit the region, the margin is missing, or the guide has neither one nor three channels.
    pub fn filter(
        &self,
        guide: ArrayView3<f32>,
        targets: ArrayView3<f32>,
        region: &Region,
        threads: usize,
    ) -> Result<Array3<f32>> {
        region.check(self.margin_px())?;
        let fit = Fit::new(self.span, self.epsilon, guide, targets, region.frame, region.input)?;
        let mut out = Array3::zeros((targets.dim().0, region.output.height(), region.output.width()));
        bands::for_each_band(out.view_mut(), threads, |first, mut band| {
            let rows = (region.output.y0 + first as i64, region.output.y0 + (first + band.dim().1) as i64);
            fit.in_steps(Window::new(region.output.x0, rows.0, region.output.x1, rows.1), |window, fitted| {
                fitted.each_smoothed(window, |target, coefficient, y, x0, values| {
                    let row = rows::row_mut(&mut band, target, (y - rows.0) as usize);
                    let row = &mut row[(x0 - region.output.x0) as usize..][..values.len()];
                    match fit.guide_row(coefficient, y, x0, values.len()) {
                        Some(guide) => {
                            for ((out, a), i) in row.iter_mut().zip(values).zip(guide) {
                                *out += a * i;
                            }
                        }
                        None => row.iter_mut().zip(values).for_each(|(out, b)| *out += b),
                    }
                });
            });
        });
        Ok(out)
    }
}

#[cfg(test)]
mod tests;
