use super::same_shape;
use crate::{Error, Result};
use ndarray::{Array2, Array3, ArrayView3, Axis, Zip};

/// How far the mattes of each pixel wander over pictures that should all give the same.
#[derive(Debug, Clone, Default)]
pub struct PixelRange {
    least_and_most: Option<(Array3<f32>, Array3<f32>)>,
}

impl PixelRange {
    /// Takes the mattes of one more picture, `[classes, height, width]`.
    ///
    /// # Errors
    /// When their size is not that of the first.
    pub fn add(&mut self, mattes: ArrayView3<f32>) -> Result<()> {
        let Some((least, most)) = &mut self.least_and_most else {
            self.least_and_most = Some((mattes.to_owned(), mattes.to_owned()));
            return Ok(());
        };
        same_shape("mattes of another picture", mattes.shape(), least.shape())?;
        Zip::from(least).and(most).and(mattes).for_each(|least, most, &matte| {
            *least = least.min(matte);
            *most = most.max(matte);
        });
        Ok(())
    }

    /// The largest less the smallest value of each pixel, of the class where this is largest; `None` before the first
    /// picture.
    pub fn widest(&self) -> Option<Array2<f32>> {
        let (least, most) = self.least_and_most.as_ref()?;
        let wide = |range: &f32, (least, most): (&f32, &f32)| range.max(most - least);
        let (_, height, width) = least.dim();
        let mut widest = Array2::zeros((height, width));
        for (least, most) in least.axis_iter(Axis(0)).zip(most.axis_iter(Axis(0))) {
            Zip::from(&mut widest)
                .and(least)
                .and(most)
                .for_each(|range, least, most| *range = wide(range, (least, most)));
        }
        Some(widest)
    }
}

/// The value below which `percent` of the values lie, interpolated between neighbors in order (definition 7 of Hyndman
/// and Fan, "Sample Quantiles in Statistical Packages", 1996); `None` where there is no value. Puts the values in order.
///
/// # Errors
/// When `percent` lies outside 0 to 100.
pub fn percentile(values: &mut [f64], percent: f64) -> Result<Option<f64>> {
    if !(0.0..=100.0).contains(&percent) {
        return Err(Error::Parameter { name: "percentile", value: percent, range: "0 to 100" });
    }
    values.sort_unstable_by(f64::total_cmp);
    let Some(last) = values.len().checked_sub(1) else { return Ok(None) };
    let place = percent / 100.0 * last as f64;
    let (below, above) = (values[place.floor() as usize], values[place.ceil() as usize]);
    Ok(Some(below + (above - below) * place.fract()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    #[test]
    fn the_range_is_that_of_the_class_that_wanders_most() {
        let mut range = PixelRange::default();
        assert!(range.widest().is_none());
        for mattes in [
            array![[[0.5, 0.0]], [[0.5, 1.0]]],
            array![[[0.25, 0.0]], [[0.75, 1.0]]],
            array![[[0.5, 0.0]], [[0.375, 1.0]]],
        ] {
            range.add(mattes.view()).unwrap();
        }
        assert_eq!(range.widest().unwrap(), array![[0.375, 0.0]]);
        assert!(range.add(Array3::zeros((2, 1, 3)).view()).is_err());
    }

    #[test]
    fn percentiles_are_interpolated_between_neighbors() {
        let mut values = [4.0, 1.0, 3.0, 2.0];
        assert_eq!(percentile(&mut values, 0.0).unwrap(), Some(1.0));
        assert_eq!(percentile(&mut values, 50.0).unwrap(), Some(2.5));
        assert_eq!(percentile(&mut values, 100.0).unwrap(), Some(4.0));
        assert!((percentile(&mut values, 10.0).unwrap().unwrap() - 1.3).abs() < 1e-12);
        assert_eq!(percentile(&mut [], 10.0).unwrap(), None);
        assert!(percentile(&mut values, 101.0).is_err() && percentile(&mut values, f64::NAN).is_err());
    }

    proptest! {
        #![proptest_config(crate::fixture::cases(64))]

        #[test]
        fn a_percentile_lies_among_the_values_and_grows(
            mut values in proptest::collection::vec(-1.0f64..1.0, 1..30),
            low in 0.0f64..100.0,
            high in 0.0f64..100.0,
        ) {
            let (low, high) = (low.min(high), low.max(high));
            let low = percentile(&mut values, low).unwrap().unwrap();
            let high = percentile(&mut values, high).unwrap().unwrap();
            prop_assert!(values[0] <= low && low <= high && high <= values[values.len() - 1]);
        }
    }
}
