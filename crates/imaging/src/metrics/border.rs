use super::{LEFT_OUT, check_px, same_shape, squared_distance_to};
use crate::Result;
use ndarray::{Array2, ArrayView2, Zip};

/// Border pixels of one class, over any number of frames: what its boundary F measure is worked out from.
///
/// The measure is the harmonic mean of the share of found border pixels that have a true one within a tolerance, and the
/// reverse (Csurka et al., "What is a good evaluation measure for semantic segmentation?", BMVC 2013). Pixels are summed up
/// over frames before shares are taken, so that a stray pixel counts as one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BoundaryCounts {
    truth: u64,
    truth_near: u64,
    found: u64,
    found_near: u64,
}

impl BoundaryCounts {
    /// Counts a class's borders in a frame.
    ///
    /// A border pixel differs from its right, next-row or diagonal neighbor in belonging to the class, as in Perazzi et al.,
    /// "A Benchmark Dataset and Evaluation Methodology for Video Object Segmentation", CVPR 2016; distances are exact.
    /// Borders within the tolerance of a pixel that is [`LEFT_OUT`] of the truth do not count: what they should match may
    /// lie in there.
    ///
    /// # Errors
    /// When the arrays differ in size, or the tolerance is negative or not a number.
    pub fn add(&mut self, truth: ArrayView2<u8>, found: ArrayView2<u8>, class: u8, tolerance_px: f64) -> Result<()> {
        same_shape("found labels", found.shape(), truth.shape())?;
        check_px("tolerance of the boundary measure", tolerance_px)?;
        let counted = truth.mapv(|label| label != LEFT_OUT);
        let hidden = within(counted.mapv(|counted| !counted).view(), tolerance_px);
        let visible =
            |borders: &Array2<bool>| Zip::from(borders).and(&hidden).map_collect(|border, hidden| *border && !hidden);
        let borders = |labels| class_border(labels, counted.view(), class);
        let (truth, found) = (borders(truth), borders(found));
        let add = |(near, all): (&mut u64, &mut u64), more: (u64, u64)| (*near, *all) = (*near + more.0, *all + more.1);
        // What counts may be matched by what does not: a pixel apart, one of both may be hidden and the other not.
        add((&mut self.truth_near, &mut self.truth), near_and_all(&visible(&truth), &found, tolerance_px));
        add((&mut self.found_near, &mut self.found), near_and_all(&visible(&found), &truth, tolerance_px));
        Ok(())
    }

    /// Adds those of other frames.
    pub fn merge(&mut self, other: &Self) {
        self.truth += other.truth;
        self.truth_near += other.truth_near;
        self.found += other.found;
        self.found_near += other.found_near;
    }

    /// The boundary F measure, 0 to 1; `None` where the truth has no border of the class anywhere. What is found of it then
    /// is a false border of the class that it lies in.
    pub fn f(&self) -> Option<f64> {
        if self.truth == 0 {
            return None;
        }
        let precision = self.found_near as f64 / self.found.max(1) as f64;
        let recall = self.truth_near as f64 / self.truth as f64;
        let sum = precision + recall;
        Some(if sum > 0.0 { 2.0 * precision * recall / sum } else { 0.0 })
    }
}

/// The pixels at most `within_px` from a border between any two labels. A pixel that touches another label with a side
/// is at distance 0. Where what is [`LEFT_OUT`] begins there is no border.
///
/// # Errors
/// When the distance is negative or not a number.
pub fn border_band(labels: ArrayView2<u8>, within_px: f64) -> Result<Array2<bool>> {
    check_px("width of the border band", within_px)?;
    Ok(within(touches(labels, false).view(), within_px))
}

/// The pixels farther than `beyond_px` from any border, and from what is [`LEFT_OUT`], where a border may lie unseen.
///
/// # Errors
/// When the distance is negative or not a number.
pub fn core_area(labels: ArrayView2<u8>, beyond_px: f64) -> Result<Array2<bool>> {
    check_px("distance of the core from borders", beyond_px)?;
    let near = within(touches(labels, true).view(), beyond_px);
    Ok(Zip::from(&near).and(labels).map_collect(|near, label| !near && *label != LEFT_OUT))
}

/// The pixels that touch another label with a side; whether what is left out is one of them is asked for.
fn touches(labels: ArrayView2<u8>, left_out_too: bool) -> Array2<bool> {
    let (height, width) = labels.dim();
    let differ = |own: u8, other: u8| own != other && (left_out_too || (own != LEFT_OUT && other != LEFT_OUT));
    Array2::from_shape_fn((height, width), |(y, x)| {
        let own = labels[[y, x]];
        (x > 0 && differ(own, labels[[y, x - 1]]))
            || (y > 0 && differ(own, labels[[y - 1, x]]))
            || (x + 1 < width && differ(own, labels[[y, x + 1]]))
            || (y + 1 < height && differ(own, labels[[y + 1, x]]))
    })
}

fn within(mask: ArrayView2<bool>, px: f64) -> Array2<bool> {
    squared_distance_to(mask).mapv(|squared| squared <= px * px)
}

/// Where belonging to the class changes, between pixels that count.
fn class_border(labels: ArrayView2<u8>, counted: ArrayView2<bool>, class: u8) -> Array2<bool> {
    let (height, width) = labels.dim();
    let at = |y: usize, x: usize| [y.min(height - 1), x.min(width - 1)];
    Array2::from_shape_fn((height, width), |(y, x)| {
        let own = labels[[y, x]] == class;
        let changes = |there: [usize; 2]| counted[there] && (labels[there] == class) != own;
        counted[[y, x]] && [at(y, x + 1), at(y + 1, x), at(y + 1, x + 1)].into_iter().any(changes)
    })
}

/// How many of the pixels of `these` have one of `those` within the tolerance, and how many there are.
fn near_and_all(these: &Array2<bool>, those: &Array2<bool>, tolerance_px: f64) -> (u64, u64) {
    let squared = squared_distance_to(those.view());
    let (mut near, mut all) = (0, 0);
    Zip::from(these).and(&squared).for_each(|&border, &squared| {
        all += u64::from(border);
        near += u64::from(border && squared <= tolerance_px * tolerance_px);
    });
    (near, all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn boundary_f(truth: ArrayView2<u8>, found: ArrayView2<u8>, class: u8, tolerance_px: f64) -> Result<Option<f64>> {
        let mut counts = BoundaryCounts::default();
        counts.add(truth, found, class, tolerance_px)?;
        Ok(counts.f())
    }

    /// Class 1 from column `edge` on.
    fn halves(edge: usize) -> Array2<u8> {
        Array2::from_shape_fn((10, 20), |(_, x)| u8::from(x >= edge))
    }

    #[test]
    fn a_border_moved_by_two_pixels_counts_from_a_tolerance_of_two() {
        let (truth, found) = (halves(8), halves(10));
        assert_eq!(boundary_f(truth.view(), found.view(), 1, 1.9).unwrap(), Some(0.0));
        assert_eq!(boundary_f(truth.view(), found.view(), 1, 2.0).unwrap(), Some(1.0));
        assert_eq!(boundary_f(truth.view(), truth.view(), 1, 0.0).unwrap(), Some(1.0));
    }

    #[test]
    fn half_of_the_found_border_beside_the_truth_is_a_precision_of_a_half() {
        let truth = halves(8);
        // A second, false border of the same length at column 15.
        let found = Array2::from_shape_fn((10, 20), |(_, x)| u8::from((8..16).contains(&x)));
        let f = boundary_f(truth.view(), found.view(), 1, 1.0).unwrap().unwrap();
        assert!((f - 2.0 * 0.5 / 1.5).abs() < 1e-12, "{f}");
    }

    #[test]
    fn without_any_border_there_is_no_measure_and_with_one_only_it_is_zero() {
        let flat = Array2::zeros((10, 20));
        assert_eq!(boundary_f(flat.view(), flat.view(), 1, 2.0).unwrap(), None);
        assert_eq!(boundary_f(flat.view(), halves(5).view(), 1, 2.0).unwrap(), None);
        assert_eq!(boundary_f(halves(5).view(), flat.view(), 1, 2.0).unwrap(), Some(0.0));
        assert!(boundary_f(flat.view(), halves(5).view(), 1, f64::NAN).is_err());
    }

    #[test]
    fn over_frames_a_stray_pixel_counts_as_one() {
        let (truth, mut stray) = (halves(8), Array2::zeros((10, 20)));
        stray[[5, 15]] = 1;
        let mut counts = BoundaryCounts::default();
        counts.add(truth.view(), truth.view(), 1, 1.0).unwrap();
        let mut other = BoundaryCounts::default();
        other.add(Array2::zeros((10, 20)).view(), stray.view(), 1, 1.0).unwrap();
        counts.merge(&other);
        // Ten true pixels, all found, and the four around the stray one.
        assert!((counts.f().unwrap() - 2.0 * 10.0 / (10.0 + 14.0)).abs() < 1e-12, "{counts:?}");
    }

    #[test]
    fn a_band_lies_on_both_sides_of_a_border() {
        let band = border_band(array![[0, 0, 0, 3, 3, 3]].view(), 1.0).unwrap();
        assert_eq!(band, array![[false, true, true, true, true, false]]);
        assert!(!border_band(Array2::zeros((3, 3)).view(), 100.0).unwrap().iter().any(|&b| b));
    }

    #[test]
    fn a_border_is_matched_by_one_that_the_left_out_hides() {
        let stripe = |from: usize| Array2::from_shape_fn((10, 20), |(_, x)| u8::from((from..16).contains(&x)));
        // One border lies two pixels beside what is left out, and the other three.
        for (true_edge, found_edge) in [(6, 7), (7, 6)] {
            let mut truth = stripe(true_edge);
            truth.indexed_iter_mut().filter(|((_, x), _)| *x < 4).for_each(|(_, label)| *label = LEFT_OUT);
            assert_eq!(boundary_f(truth.view(), stripe(found_edge).view(), 1, 2.0).unwrap(), Some(1.0));
        }
    }

    #[test]
    fn what_is_left_out_makes_no_border_and_hides_those_beside_it() {
        let out = |y: usize, x: usize| (3..6).contains(&y) && (14..17).contains(&x);
        let truth = Array2::from_shape_fn((10, 20), |(y, x)| if out(y, x) { LEFT_OUT } else { u8::from(x >= 8) });
        // Whatever is found inside, and at its rim, is nobody's mistake.
        let found = Array2::from_shape_fn((10, 20), |(y, x)| u8::from(x >= 8 && !((3..6).contains(&y) && x == 15)));
        for tolerance in [0.0, 2.0] {
            assert_eq!(boundary_f(truth.view(), found.view(), 1, tolerance).unwrap(), Some(1.0));
        }
        // A ring along the whole border, as some data sets have it, leaves nothing to measure.
        let ring = Array2::from_shape_fn((10, 20), |(_, x)| if (6..10).contains(&x) { LEFT_OUT } else { 0 });
        assert_eq!(boundary_f(ring.view(), halves(8).view(), 1, 2.0).unwrap(), None);
        assert!(!border_band(ring.view(), 3.0).unwrap().iter().any(|&near| near));
        assert_eq!(
            core_area(ring.view(), 2.0).unwrap().row(0).to_vec(),
            [&[true; 3][..], &[false; 10], &[true; 7]].concat()
        );
    }
}
