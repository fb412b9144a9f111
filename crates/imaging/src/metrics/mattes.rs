use super::same_shape;
use crate::Result;
use ndarray::{ArrayView2, Zip};

/// A true matte and the one that was found, of the same frame and class, `[height, width]`.
#[derive(Debug, Clone, Copy)]
pub struct MattePair<'a> {
    /// The true matte.
    pub truth: ArrayView2<'a, f32>,
    /// The matte that was found.
    pub found: ArrayView2<'a, f32>,
}

impl MattePair<'_> {
    /// The sum of `measure(found − truth)` over the pixels of `mask`, or all, and how many they are.
    fn sum(&self, mask: Option<ArrayView2<bool>>, measure: impl Fn(f64) -> f64) -> Result<(f64, u64)> {
        same_shape("found matte", self.found.shape(), self.truth.shape())?;
        let (mut sum, mut count) = (0.0, 0);
        let mut add = |&truth: &f32, &found: &f32| {
            sum += measure(f64::from(found) - f64::from(truth));
            count += 1;
        };
        match mask {
            None => Zip::from(self.truth).and(self.found).for_each(add),
            Some(mask) => {
                same_shape("mask of the matte", mask.shape(), self.truth.shape())?;
                Zip::from(self.truth).and(self.found).and(mask).for_each(|truth, found, &inside| {
                    if inside {
                        add(truth, found);
                    }
                });
            }
        }
        Ok((sum, count))
    }
}

/// The mean absolute difference over the pixels of `mask`, or all; `None` for no pixels.
///
/// # Errors
/// When the arrays differ in size.
pub fn mean_absolute_difference(pair: MattePair, mask: Option<ArrayView2<bool>>) -> Result<Option<f64>> {
    Ok(mean(pair.sum(mask, f64::abs)?))
}

/// The mean squared error over the pixels of `mask`, or all; `None` for no pixels.
///
/// # Errors
/// When the arrays differ in size.
pub fn mean_squared_error(pair: MattePair, mask: Option<ArrayView2<bool>>) -> Result<Option<f64>> {
    Ok(mean(pair.sum(mask, |d| d * d)?))
}

/// How much the error changes from one frame to the next: the root of the mean of the squared difference between the
/// found matte's change and the true one's, over the pixels of `mask`, or all; `None` for no pixels.
///
/// Erofeev et al., "Perceptually Motivated Benchmark for Video Matting", BMVC 2015, section 4, as a mean over the pixels
/// instead of a sum, so that the figure does not depend on the size of the frame.
///
/// # Errors
/// When the arrays differ in size.
pub fn dtssd(before: MattePair, now: MattePair, mask: Option<ArrayView2<bool>>) -> Result<Option<f64>> {
    same_shape("matte of the frame before", before.truth.shape(), now.truth.shape())?;
    same_shape("found matte of the frame before", before.found.shape(), now.found.shape())?;
    same_shape("found matte", now.found.shape(), now.truth.shape())?;
    let (found, truth) = (&now.found - &before.found, &now.truth - &before.truth);
    Ok(mean_squared_error(MattePair { truth: truth.view(), found: found.view() }, mask)?.map(f64::sqrt))
}

fn mean((sum, count): (f64, u64)) -> Option<f64> {
    (count > 0).then(|| sum / count as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn differences_are_averaged_by_hand() {
        let (truth, found) = (array![[0.0, 1.0], [0.5, 0.0]], array![[0.5, 1.0], [0.25, 0.0]]);
        let pair = MattePair { truth: truth.view(), found: found.view() };
        assert_eq!(mean_absolute_difference(pair, None).unwrap(), Some(0.75 / 4.0));
        assert_eq!(mean_squared_error(pair, None).unwrap(), Some((0.25 + 0.0625) / 4.0));
        let left = array![[true, false], [false, false]];
        assert_eq!(mean_absolute_difference(pair, Some(left.view())).unwrap(), Some(0.5));
        let nowhere = Array2::from_elem((2, 2), false);
        assert_eq!(mean_absolute_difference(pair, Some(nowhere.view())).unwrap(), None);
    }

    #[test]
    fn an_error_that_stays_does_not_flicker_and_one_that_comes_does() {
        let (truth, wrong) = (array![[0.25, 0.5]], array![[0.5, 0.5]]);
        let (right, off) = (
            MattePair { truth: truth.view(), found: truth.view() },
            MattePair { truth: truth.view(), found: wrong.view() },
        );
        assert_eq!(dtssd(off, off, None).unwrap(), Some(0.0));
        let appearing = dtssd(right, off, None).unwrap().unwrap();
        assert!((appearing - (0.0625f64 / 2.0).sqrt()).abs() < 1e-9);
    }

    #[test]
    fn a_truth_that_moves_with_the_found_matte_does_not_count() {
        let (early, late) = (array![[0.0, 0.5]], array![[0.5, 1.0]]);
        let (before, now) = (
            MattePair { truth: early.view(), found: early.view() },
            MattePair { truth: late.view(), found: late.view() },
        );
        assert_eq!(dtssd(before, now, None).unwrap(), Some(0.0));
    }

    #[test]
    fn arrays_of_different_size_are_refused() {
        let (small, large) = (Array2::zeros((1, 2)), Array2::zeros((2, 2)));
        assert!(mean_absolute_difference(MattePair { truth: small.view(), found: large.view() }, None).is_err());
        let (a, b) = (
            MattePair { truth: small.view(), found: small.view() },
            MattePair { truth: large.view(), found: large.view() },
        );
        assert!(dtssd(a, b, None).is_err());
    }
}
