use super::same_shape;
use crate::{Error, Result};
use ndarray::{Array2, ArrayView2, Axis, Zip};

/// How many pixels of each true class were given each class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfusionMatrix {
    /// `[true class, found class]`
    counts: Array2<u64>,
}

impl ConfusionMatrix {
    /// An empty matrix for `classes` classes.
    pub fn new(classes: usize) -> Self {
        Self { counts: Array2::zeros((classes, classes)) }
    }

    /// Counts the pixels of a picture, or of those of its pixels that `mask` holds.
    ///
    /// Pixels whose true label is not a class (such as 255) are left out.
    ///
    /// # Errors
    /// When the arrays differ in size, or a found label is not a class.
    pub fn add(&mut self, truth: ArrayView2<u8>, found: ArrayView2<u8>, mask: Option<ArrayView2<bool>>) -> Result<()> {
        same_shape("found labels", found.shape(), truth.shape())?;
        let classes = self.counts.dim().0;
        if let Some(&label) = found.iter().find(|&&label| usize::from(label) >= classes) {
            return Err(Error::Parameter { name: "found label", value: label.into(), range: "one of the classes" });
        }
        let mut count = |&truth: &u8, &found: &u8| {
            if usize::from(truth) < classes {
                self.counts[[truth.into(), found.into()]] += 1;
            }
        };
        match mask {
            None => Zip::from(truth).and(found).for_each(count),
            Some(mask) => {
                same_shape("mask of labels", mask.shape(), truth.shape())?;
                Zip::from(truth).and(found).and(mask).for_each(|truth, found, &inside| {
                    if inside {
                        count(truth, found);
                    }
                });
            }
        }
        Ok(())
    }

    /// Adds what another matrix has counted.
    ///
    /// # Errors
    /// When it has another number of classes.
    pub fn merge(&mut self, other: &ConfusionMatrix) -> Result<()> {
        same_shape("confusion matrix", other.counts.shape(), self.counts.shape())?;
        self.counts += &other.counts;
        Ok(())
    }

    /// The counts, `[true class, found class]`.
    pub fn counts(&self) -> ArrayView2<'_, u64> {
        self.counts.view()
    }

    /// Intersection over union of a class; `None` where it is neither true nor found anywhere.
    pub fn iou(&self, class: usize) -> Option<f64> {
        let both = *self.counts.get([class, class])?;
        let truth = self.counts.index_axis(Axis(0), class).sum();
        let found = self.counts.index_axis(Axis(1), class).sum();
        ratio(both, truth + found - both)
    }

    /// The same of a class that is true somewhere; `None` of another one, whatever was found of it.
    pub fn iou_of_true(&self, class: usize) -> Option<f64> {
        let is_true = class < self.counts.dim().0 && self.counts.row(class).sum() > 0;
        self.iou(class).filter(|_| is_true)
    }

    /// The mean of those of `classes` that are true somewhere.
    ///
    /// One that is only found has no share in it: a single stray pixel would count as much as a class that is all wrong. Its
    /// pixels are missing from the classes that they belong to.
    pub fn mean_iou_of_true(&self, classes: impl IntoIterator<Item = usize>) -> Option<f64> {
        let (sum, count) = classes
            .into_iter()
            .filter_map(|class| self.iou_of_true(class))
            .fold((0.0, 0), |(sum, count), iou| (sum + iou, count + 1));
        (count > 0).then(|| sum / f64::from(count))
    }

    /// The share of pixels that were given their true class.
    pub fn accuracy(&self) -> Option<f64> {
        ratio(self.counts.diag().sum(), self.counts.sum())
    }
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn iou_and_accuracy_are_counted_by_hand() {
        let truth = array![[0, 0, 1, 1], [0, 2, 1, 255]];
        let found = array![[0, 1, 1, 1], [0, 0, 2, 0]];
        let mut matrix = ConfusionMatrix::new(4);
        matrix.add(truth.view(), found.view(), None).unwrap();
        assert_eq!(matrix.iou(0), Some(2.0 / 4.0));
        assert_eq!(matrix.iou(1), Some(2.0 / 4.0));
        assert_eq!(matrix.iou(2), Some(0.0));
        assert_eq!(matrix.iou(3), None);
        assert_eq!(matrix.iou(9), None);
        assert_eq!(matrix.mean_iou_of_true(0..4), Some(1.0 / 3.0));
        assert_eq!(matrix.accuracy(), Some(4.0 / 7.0));
    }

    #[test]
    fn a_class_that_is_only_found_costs_what_it_takes_from_the_others() {
        let mut matrix = ConfusionMatrix::new(3);
        matrix.add(array![[0, 0, 0, 1]].view(), array![[0, 0, 2, 1]].view(), None).unwrap();
        assert_eq!((matrix.iou(2), matrix.iou_of_true(2)), (Some(0.0), None));
        assert_eq!(matrix.mean_iou_of_true(0..9), Some((2.0 / 3.0 + 1.0) / 2.0));
    }

    #[test]
    fn a_mask_leaves_pixels_out_and_matrices_add_up() {
        let (truth, found) = (array![[0, 1]], array![[1, 1]]);
        let mut matrix = ConfusionMatrix::new(2);
        matrix.add(truth.view(), found.view(), Some(array![[false, true]].view())).unwrap();
        assert_eq!(matrix.accuracy(), Some(1.0));
        let mut other = ConfusionMatrix::new(2);
        other.add(truth.view(), found.view(), Some(array![[true, false]].view())).unwrap();
        matrix.merge(&other).unwrap();
        assert_eq!(matrix.counts(), array![[0, 1], [0, 1]]);
        assert!(matrix.merge(&ConfusionMatrix::new(3)).is_err());
    }

    #[test]
    fn an_empty_matrix_has_no_score() {
        let matrix = ConfusionMatrix::new(3);
        assert_eq!((matrix.accuracy(), matrix.iou(0), matrix.mean_iou_of_true(0..3)), (None, None, None));
    }

    #[test]
    fn a_found_label_that_is_no_class_is_an_error() {
        let mut matrix = ConfusionMatrix::new(2);
        assert!(matrix.add(array![[0]].view(), array![[2]].view(), None).is_err());
        assert!(matrix.add(array![[0]].view(), array![[0, 1]].view(), None).is_err());
    }
}
