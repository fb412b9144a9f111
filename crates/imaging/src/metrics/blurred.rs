use super::check_px;
use crate::Result;
use ndarray::{Array2, Array3, ArrayView2, Axis, Zip};

/// Standard deviations after which the bell is cut off.
const REACH: f64 = 3.0;

/// A plane blurred by a Gaussian of `sigma_px` pixels; 0 returns it as it is.
///
/// The bell is sampled at pixel centers, cut off after three standard deviations, and normalized by the weights that lie
/// inside the frame, so that a constant stays constant up to its edges.
///
/// # Errors
/// When `sigma_px` is negative or not a number.
pub fn gaussian(plane: ArrayView2<f32>, sigma_px: f64) -> Result<Array2<f32>> {
    check_px("sigma of the blur", sigma_px)?;
    let reach = (REACH * sigma_px).ceil() as usize;
    if reach == 0 {
        return Ok(plane.to_owned());
    }
    let bell = |d: usize| (-0.5 * (d as f64 / sigma_px).powi(2)).exp() as f32;
    let weights: Vec<f32> = (0..=reach).map(bell).collect();
    let down = along_rows(plane, &weights);
    // Rows are what memory holds together, so the second pass runs over the transposed plane.
    let across = along_rows(down.t().as_standard_layout().view(), &weights);
    Ok(across.reversed_axes().as_standard_layout().into_owned())
}

/// Blurs along the first axis: whole rows are added, each by its weight.
fn along_rows(plane: ArrayView2<f32>, weights: &[f32]) -> Array2<f32> {
    let (height, width) = plane.dim();
    let mut out = Array2::zeros((height, width));
    for (y, mut row) in out.axis_iter_mut(Axis(0)).enumerate() {
        let reach = weights.len() - 1;
        let rows = y.saturating_sub(reach)..(y + reach + 1).min(height);
        let sum: f32 = rows.clone().map(|from| weights[from.abs_diff(y)]).sum();
        for from in rows {
            row.scaled_add(weights[from.abs_diff(y)] / sum, &plane.row(from));
        }
    }
    out
}

/// Class numbers as mattes of 0 and 1, `[classes, height, width]`; a number that is no class is 0 in all of them.
pub fn one_hot(labels: ArrayView2<u8>, classes: usize) -> Array3<f32> {
    let (height, width) = labels.dim();
    let mut mattes = Array3::zeros((classes, height, width));
    for (class, matte) in mattes.axis_iter_mut(Axis(0)).enumerate() {
        Zip::from(matte)
            .and(labels)
            .for_each(|matte, &label| *matte = f32::from(u8::from(usize::from(label) == class)));
    }
    mattes
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    #[test]
    fn one_pixel_becomes_the_bell_and_zero_changes_nothing() {
        let mut point = Array2::zeros((15, 15));
        point[[7, 7]] = 1.0;
        let soft = gaussian(point.view(), 1.0).unwrap();
        let bell: Vec<f64> = (-3..=3).map(|d| (-0.5 * f64::from(d * d)).exp()).collect();
        let sum: f64 = bell.iter().sum();
        assert!((f64::from(soft[[7, 7]]) - 1.0 / (sum * sum)).abs() < 1e-6);
        assert!((f64::from(soft[[8, 5]]) - bell[4] * bell[1] / (sum * sum)).abs() < 1e-6);
        assert_eq!(soft[[7, 11]], 0.0, "beyond the reach");
        assert_eq!(gaussian(point.view(), 0.0).unwrap(), point);
        assert!(gaussian(point.view(), -1.0).is_err() && gaussian(point.view(), f64::NAN).is_err());
    }

    #[test]
    fn labels_become_mattes_and_no_class_none() {
        let mattes = one_hot(array![[1, 0, 255]].view(), 2);
        assert_eq!(mattes, array![[[0.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]]]);
    }

    proptest! {
        #![proptest_config(crate::fixture::cases(32))]

        #[test]
        fn blurred_classes_still_sum_to_one(
            labels in proptest::collection::vec(0u8..5, 63),
            sigma in 0.1f64..4.0,
        ) {
            let labels = Array2::from_shape_vec((7, 9), labels).unwrap();
            let mut sum = Array2::<f32>::zeros((7, 9));
            for matte in one_hot(labels.view(), 5).axis_iter(Axis(0)) {
                let soft = gaussian(matte, sigma).unwrap();
                prop_assert!(soft.iter().all(|v| (0.0..=1.0001).contains(v)));
                sum += &soft;
            }
            prop_assert!(sum.iter().all(|v| (v - 1.0).abs() < 1e-5));
        }
    }
}
