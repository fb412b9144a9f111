//! Mattes of a region as if they went on past the frame.

use crate::{Region, rows};
use ndarray::ArrayView3;

/// The mattes of a region, continued past the frame by its border pixels.
pub(super) struct Continued<'a, 'b> {
    pub(super) mattes: &'a ArrayView3<'b, f32>,
    pub(super) region: &'a Region,
}

impl<'b> Continued<'_, 'b> {
    /// All that is at hand of row `y` of the frame.
    pub(super) fn row(&self, channel: usize, y: i64) -> &'b [f32] {
        let frame = self.region.frame;
        let y = y.clamp(frame.y0, frame.y1 - 1);
        rows::row(self.mattes, channel, (y - self.region.input.y0) as usize)
    }

    /// Row `y` from column `x0` on.
    pub(super) fn fill(&self, channel: usize, y: i64, x0: i64, out: &mut [f32]) {
        continue_into(self.row(channel, y), self.region.input.x0, x0, out);
    }
}

/// Copies a row that starts at column `row_x0` to `out`, which starts at column `x0` and may reach past its ends.
pub(super) fn continue_into(row: &[f32], row_x0: i64, x0: i64, out: &mut [f32]) {
    let (Some(&first), Some(&last)) = (row.first(), row.last()) else { return };
    let before = ((row_x0 - x0).max(0) as usize).min(out.len());
    let skip = (x0 - row_x0).max(0) as usize;
    let count = (out.len() - before).min(row.len().saturating_sub(skip));
    out[..before].fill(first);
    out[before..before + count].copy_from_slice(&row[skip..skip + count]);
    out[before + count..].fill(last);
}
