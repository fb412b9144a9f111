//! Runs that no one set of vertices follows, cut where their outline changes most.

use std::ops::Range;

use super::outline::Outline;
use super::vertices::{Fitted, fit};
use crate::Result;

/// Where vertices cannot follow, curves run wild. So a run that is farther off than this many tolerances is cut.
const LOOSEST: f64 = 4.0;
/// A run that is cut so often in a row is rough everywhere; from then on it is halved, so that time stays within bounds.
const MOST_SOUGHT: usize = 12;

/// A part of a run with the same vertices on all of its frames.
pub(super) struct Piece {
    /// Its frames, counted from the run's first.
    pub(super) frames: Range<usize>,
    pub(super) fitted: Fitted,
}

/// The pieces of a run, in order: as few cuts as keep each near its outlines.
pub(super) fn pieces(outlines: &[Outline], tolerance: f64) -> Result<Vec<Piece>> {
    let mut waiting = vec![(0..outlines.len(), 0)];
    let mut pieces = Vec::new();
    while let Some((frames, cuts)) = waiting.pop() {
        let part = &outlines[frames.clone()];
        let fitted = fit(part, tolerance)?;
        if fitted.farthest_px <= LOOSEST * tolerance || part.len() == 1 {
            pieces.push(Piece { frames, fitted });
            continue;
        }
        let cut = if cuts < MOST_SOUGHT { greatest_change(part) } else { part.len() / 2 };
        let cut = frames.start + cut;
        // The earlier one is taken first.
        waiting.push((cut..frames.end, cuts + 1));
        waiting.push((frames.start..cut, cuts + 1));
    }
    Ok(pieces)
}

/// The frame whose outline differs most in length from the one before.
fn greatest_change(outlines: &[Outline]) -> usize {
    let change = |at: usize| {
        let [before, after] = [outlines[at - 1].length(), outlines[at].length()];
        (before - after).abs() / before.max(after).max(f64::MIN_POSITIVE)
    };
    (1..outlines.len()).max_by(|&a, &b| change(a).total_cmp(&change(b))).unwrap_or(1)
}
