use super::{MattePair, same_shape};
use crate::Result;
use ndarray::{Array2, ArrayView2, ArrayView3};

/// How much the error of a matte changes along the motion of the picture: the root of the mean of the squared difference
/// between each pixel's error and the error, one frame later, where `motion` has carried the pixel. An error that sticks
/// to a surface is none here. Only pixels of `mask`, or all, that stay in the frame count, and whose errors are numbers;
/// `None` where there are none.
///
/// `motion` is `[2, height, width]`: pixels to the next frame, along x and along the rows in the order of the arrays.
/// Errors between pixels are interpolated bilinearly. After MESSDdt of Erofeev et al., "Perceptually Motivated
/// Benchmark for Video Matting", BMVC 2015, section 4, with signed errors in place of squared ones and a mean in place
/// of a sum, so that the figure compares with [`dtssd`](super::dtssd).
///
/// # Errors
/// When the arrays differ in size.
pub fn dtssd_along_motion(
    before: MattePair,
    now: MattePair,
    motion: ArrayView3<f32>,
    mask: Option<ArrayView2<bool>>,
) -> Result<Option<f64>> {
    let (height, width) = before.truth.dim();
    same_shape("found matte of the frame before", before.found.shape(), &[height, width])?;
    same_shape("matte of the next frame", now.truth.shape(), &[height, width])?;
    same_shape("found matte of the next frame", now.found.shape(), &[height, width])?;
    same_shape("motion", motion.shape(), &[2, height, width])?;
    if let Some(mask) = mask {
        same_shape("mask of the matte", mask.shape(), &[height, width])?;
    }
    let (error, later) = (&before.found - &before.truth, &now.found - &now.truth);
    let (mut sum, mut count) = (0.0, 0u64);
    for ((y, x), &error) in error.indexed_iter() {
        if mask.is_some_and(|mask| !mask[[y, x]]) {
            continue;
        }
        let (to_x, to_y) = (x as f32 + motion[[0, y, x]], y as f32 + motion[[1, y, x]]);
        let change = bilinear(&later, to_x, to_y).map(|later| later - error);
        if let Some(change) = change.filter(|change| change.is_finite()) {
            sum += f64::from(change).powi(2);
            count += 1;
        }
    }
    Ok((count > 0).then(|| (sum / count as f64).sqrt()))
}

/// The value at a place counted in pixel centers; nothing outside of them.
fn bilinear(plane: &Array2<f32>, x: f32, y: f32) -> Option<f32> {
    let (height, width) = plane.dim();
    let inside = x >= 0.0 && y >= 0.0 && x <= (width - 1) as f32 && y <= (height - 1) as f32;
    if !inside {
        return None;
    }
    let (left, top) = (x.floor() as usize, y.floor() as usize);
    let (right, bottom) = ((left + 1).min(width - 1), (top + 1).min(height - 1));
    let (fx, fy) = (x - left as f32, y - top as f32);
    // What has no share must not make the mean unknown.
    let mean = |a: f32, b: f32, share: f32| if share == 0.0 { a } else { a * (1.0 - share) + b * share };
    let row = |y: usize| mean(plane[[y, left]], plane[[y, right]], fx);
    Some(mean(row(top), row(bottom), fy))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::dtssd;
    use ndarray::{Array3, array};
    use proptest::prelude::*;

    #[test]
    fn an_error_that_moves_with_the_picture_does_not_flicker_and_one_that_stays_does() {
        let truth = Array2::zeros((1, 4));
        let (first, second) = (array![[0.0, 0.5, 0.0, 0.0]], array![[0.0, 0.0, 0.5, 0.0]]);
        let pair = |found: &'static Array2<f32>| MattePair { truth: truth.view(), found: found.view() };
        let [first, second] = [first, second].map(|found| &*Box::leak(Box::new(found)));
        let mut right = Array3::zeros((2, 1, 4));
        right.index_axis_mut(ndarray::Axis(0), 0).fill(1.0);
        assert_eq!(dtssd_along_motion(pair(first), pair(second), right.view(), None).unwrap(), Some(0.0));
        // Three pixels stay in the frame; the error at the second meets none, and one comes from none.
        let stays = dtssd_along_motion(pair(first), pair(first), right.view(), None).unwrap().unwrap();
        assert!((stays - (0.5f64 / 3.0).sqrt()).abs() < 1e-9, "{stays}");
        let half = right.mapv(|v: f32| v * 0.5);
        let between = dtssd_along_motion(pair(first), pair(first), half.view(), None).unwrap().unwrap();
        assert!((between - (0.125f64 / 3.0).sqrt()).abs() < 1e-9, "{between}");
        let nowhere = right.mapv(|v: f32| v * 9.0);
        assert_eq!(dtssd_along_motion(pair(first), pair(first), nowhere.view(), None).unwrap(), None);
        assert!(dtssd_along_motion(pair(first), pair(first), Array3::zeros((2, 2, 4)).view(), None).is_err());
        let unknown: &Array2<f32> = &array![[f32::NAN, 0.0, 0.0, f32::NAN]];
        let now = MattePair { truth: truth.view(), found: unknown.view() };
        let seen = dtssd_along_motion(pair(first), now, right.view(), None).unwrap().unwrap();
        assert!((seen - (0.25f64 / 2.0).sqrt()).abs() < 1e-9, "{seen}: two pixels come to known ones");
    }

    proptest! {
        #![proptest_config(crate::fixture::cases(32))]

        #[test]
        fn without_motion_it_is_dtssd(values in proptest::collection::vec(0.0f32..1.0, 80)) {
            let all = Array3::from_shape_vec((4, 4, 5), values).unwrap();
            let plane = |i: usize| all.index_axis(ndarray::Axis(0), i);
            let before = MattePair { truth: plane(0), found: plane(1) };
            let now = MattePair { truth: plane(2), found: plane(3) };
            let still = Array3::zeros((2, 4, 5));
            let along = dtssd_along_motion(before, now, still.view(), None).unwrap().unwrap();
            prop_assert!((along - dtssd(before, now, None).unwrap().unwrap()).abs() < 1e-6);
        }
    }
}
