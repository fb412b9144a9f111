use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut1, Axis};

/// The exact squared Euclidean distance, in pixels, from each pixel's center to the nearest one that `mask` holds; 0 in
/// the mask, infinity where the mask is empty.
///
/// Felzenszwalb and Huttenlocher, "Distance Transforms of Sampled Functions", Theory of Computing 8, 2012: the lower
/// envelope of parabolas, along the columns and then along the rows. Linear in the number of pixels.
pub fn squared_distance_to(mask: ArrayView2<bool>) -> Array2<f64> {
    let mut distance = mask.mapv(|inside| if inside { 0.0 } else { f64::INFINITY });
    let mut envelope = Envelope::default();
    for axis in [Axis(1), Axis(0)] {
        distance.axis_iter_mut(axis).for_each(|line| envelope.transform(line));
    }
    distance
}

/// The exact Euclidean distance in pixels; see [`squared_distance_to`].
pub fn distance_to(mask: ArrayView2<bool>) -> Array2<f32> {
    squared_distance_to(mask).mapv(|squared| squared.sqrt() as f32)
}

/// The lower envelope of the parabolas `(x − place)² + height`.
#[derive(Debug, Default)]
struct Envelope {
    places: Vec<f64>,
    heights: Vec<f64>,
    /// From where on each parabola is the lowest.
    starts: Vec<f64>,
}

impl Envelope {
    fn transform(&mut self, mut line: ArrayViewMut1<f64>) {
        self.build(line.view());
        if self.places.is_empty() {
            return;
        }
        let mut lowest = 0;
        for (x, out) in line.iter_mut().enumerate() {
            let x = x as f64;
            while self.starts.get(lowest + 1).is_some_and(|&start| start < x) {
                lowest += 1;
            }
            *out = (x - self.places[lowest]).powi(2) + self.heights[lowest];
        }
    }

    fn build(&mut self, line: ArrayView1<f64>) {
        self.places.clear();
        self.heights.clear();
        self.starts.clear();
        for (place, &height) in line.iter().enumerate().filter(|(_, height)| height.is_finite()) {
            let place = place as f64;
            let mut start = f64::NEG_INFINITY;
            while let (Some(&p), Some(&h), Some(&s)) = (self.places.last(), self.heights.last(), self.starts.last()) {
                start = ((height + place * place) - (h + p * p)) / (2.0 * (place - p));
                if start > s {
                    break;
                }
                self.places.pop();
                self.heights.pop();
                self.starts.pop();
                start = f64::NEG_INFINITY;
            }
            self.places.push(place);
            self.heights.push(height);
            self.starts.push(start);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    #[test]
    fn distances_around_one_pixel_are_those_of_pythagoras() {
        let mut mask = Array2::from_elem((3, 4), false);
        mask[[1, 0]] = true;
        assert_eq!(
            squared_distance_to(mask.view()),
            array![[1.0, 2.0, 5.0, 10.0], [0.0, 1.0, 4.0, 9.0], [1.0, 2.0, 5.0, 10.0]]
        );
        assert_eq!(distance_to(mask.view())[[1, 3]], 3.0);
    }

    #[test]
    fn an_empty_mask_is_infinitely_far() {
        assert!(distance_to(Array2::from_elem((2, 3), false).view()).iter().all(|d| d.is_infinite()));
    }

    proptest! {
        #![proptest_config(crate::fixture::cases(256))]

        #[test]
        fn it_is_the_smallest_of_all_distances(bits in proptest::collection::vec(any::<bool>(), 63), width in 1usize..10) {
            let mask = Array2::from_shape_vec((bits.len() / width, width), bits[..bits.len() / width * width].to_vec());
            let mask = mask.unwrap();
            let found = squared_distance_to(mask.view());
            for ((y, x), &found) in found.indexed_iter() {
                let all = mask.indexed_iter().filter(|(_, inside)| **inside);
                let nearest = all.map(|((my, mx), _)| (my.abs_diff(y).pow(2) + mx.abs_diff(x).pow(2)) as f64);
                prop_assert_eq!(found, nearest.fold(f64::INFINITY, f64::min));
            }
        }
    }
}
