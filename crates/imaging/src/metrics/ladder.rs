use super::same_shape;
use crate::{Error, Result};
use ndarray::{Array2, ArrayView2, Zip};

/// Steps of brightness that thresholds are looked for between.
pub const STEPS: usize = 256;

/// How the brightness of each class is spread: what a [`Ladder`] is fitted on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrightnessByClass {
    /// `[class, step]`
    counts: Array2<u64>,
}

impl BrightnessByClass {
    /// Nothing counted, of this many classes.
    pub fn new(classes: usize) -> Self {
        Self { counts: Array2::zeros((classes, STEPS)) }
    }

    /// Counts the pixels of a picture, or those of `mask`. Brightness is 0 to 1, and clamped to it; labels that are no
    /// class are left out.
    ///
    /// # Errors
    /// When the arrays differ in size.
    pub fn add(
        &mut self,
        labels: ArrayView2<u8>,
        brightness: ArrayView2<f32>,
        mask: Option<ArrayView2<bool>>,
    ) -> Result<()> {
        same_shape("brightness", brightness.shape(), labels.shape())?;
        let classes = self.counts.dim().0;
        let mut count = |label: u8, brightness: f32| {
            if usize::from(label) < classes {
                self.counts[[label.into(), step(brightness)]] += 1;
            }
        };
        match mask {
            None => Zip::from(labels).and(brightness).for_each(|&label, &brightness| count(label, brightness)),
            Some(mask) => {
                same_shape("mask of labels", mask.shape(), labels.shape())?;
                Zip::from(labels).and(brightness).and(mask).for_each(|&label, &brightness, &inside| {
                    if inside {
                        count(label, brightness);
                    }
                });
            }
        }
        Ok(())
    }

    /// Adds what another one has counted.
    ///
    /// # Errors
    /// When it has another number of classes.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        same_shape("brightness by class", other.counts.shape(), self.counts.shape())?;
        self.counts += &other.counts;
        Ok(())
    }
}

fn step(brightness: f32) -> usize {
    // What is not a number becomes 0.
    ((brightness.clamp(0.0, 1.0) * STEPS as f32) as usize).min(STEPS - 1)
}

/// Thresholds on brightness, and the class of each rung between them, dark to bright: what one can do without a network.
#[derive(Debug, Clone, PartialEq)]
pub struct Ladder {
    /// Where each rung but the first begins, 0 to 1, ascending.
    pub thresholds: Vec<f64>,
    /// The classes of the rungs; one more than there are thresholds.
    pub classes: Vec<u8>,
}

impl Ladder {
    /// The ladder with the largest mean IoU that one rung for each of `classes` can have, in the best of all orders: found
    /// exactly, by dynamic programming over the rungs in use and the brightness that they reach, because the IoU of a
    /// rung depends on its own two ends alone.
    ///
    /// # Errors
    /// When a class was not counted, is named twice, or there are more than eight.
    pub fn fit(spread: &BrightnessByClass, classes: &[u8]) -> Result<Self> {
        let known = spread.counts.dim().0;
        let twice = |i: usize| classes[..i].contains(&classes[i]);
        if let Some(&bad) = classes.iter().find(|c| usize::from(**c) >= known) {
            return Err(Error::Parameter {
                name: "class of the ladder",
                value: bad.into(),
                range: "one that was counted",
            });
        }
        if classes.is_empty() || classes.len() > 8 || (0..classes.len()).any(twice) {
            return Err(Error::Parameter {
                name: "number of rungs",
                value: classes.len() as f64,
                range: "1 to 8, of different classes",
            });
        }
        Ok(Rungs::new(spread, classes).best())
    }

    /// The class of a brightness.
    pub fn class(&self, brightness: f32) -> u8 {
        // As it was counted: a rung that begins above the last step is one that nothing reaches, not even white.
        let reached = step(brightness) as f64 / STEPS as f64;
        self.classes[self.thresholds.iter().filter(|threshold| reached >= **threshold).count()]
    }
}

/// Counts up to each step, from which the IoU of any rung follows at once.
struct Rungs<'a> {
    classes: &'a [u8],
    /// Of each class of the ladder, pixels darker than each step.
    below: Vec<Vec<u64>>,
    /// The same of all classes that were counted.
    all: Vec<u64>,
}

impl<'a> Rungs<'a> {
    fn new(spread: &BrightnessByClass, classes: &'a [u8]) -> Self {
        let sums = |counts: Vec<u64>| {
            let running = counts.iter().scan(0, |sum, count| {
                *sum += count;
                Some(*sum)
            });
            std::iter::once(0).chain(running).collect::<Vec<u64>>()
        };
        let below = classes.iter().map(|c| sums(spread.counts.row((*c).into()).to_vec())).collect();
        Self { classes, below, all: sums(spread.counts.sum_axis(ndarray::Axis(0)).to_vec()) }
    }

    /// IoU of a class that has the rung from one step to another.
    fn iou(&self, class: usize, from: usize, to: usize) -> f64 {
        let below = &self.below[class];
        let (both, found, truth) = (below[to] - below[from], self.all[to] - self.all[from], below[STEPS]);
        match (truth, found) {
            (0, 0) => 0.0,
            // A class that is nowhere true costs the mean more than a poor one.
            (0, _) => -1.0,
            _ => both as f64 / (truth + found - both) as f64,
        }
    }

    fn best(&self) -> Ladder {
        let sets = 1usize << self.classes.len();
        // The best sum of IoUs, and the last rung's class and beginning, by the rungs in use and where they end.
        let mut best = vec![[(f64::NEG_INFINITY, 0usize, 0usize); STEPS + 1]; sets];
        best[0][0].0 = 0.0;
        for set in 1..sets {
            for class in (0..self.classes.len()).filter(|class| set & (1 << class) != 0) {
                let before = best[set & !(1 << class)];
                for (to, place) in best[set].iter_mut().enumerate() {
                    for (from, (sum, ..)) in before.iter().enumerate().take(to + 1).filter(|(_, b)| b.0.is_finite()) {
                        let sum = sum + self.iou(class, from, to);
                        if sum > place.0 {
                            *place = (sum, class, from);
                        }
                    }
                }
            }
        }
        self.ladder(&best)
    }

    /// Walks back from the brightest rung.
    fn ladder(&self, best: &[[(f64, usize, usize); STEPS + 1]]) -> Ladder {
        let (mut set, mut to) = (best.len() - 1, STEPS);
        let (mut thresholds, mut classes) = (Vec::new(), Vec::new());
        while set != 0 {
            let (_, class, from) = best[set][to];
            classes.push(self.classes[class]);
            thresholds.push(from as f64 / STEPS as f64);
            set &= !(1 << class);
            to = from;
        }
        // The darkest rung begins at nothing.
        thresholds.pop();
        thresholds.reverse();
        classes.reverse();
        Ladder { thresholds, classes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    #[test]
    fn classes_of_their_own_brightness_are_told_apart_without_a_mistake() {
        let labels = array![[2, 2, 0, 0, 1, 1, 255]];
        let brightness = array![[0.1, 0.2, 0.4, 0.45, 0.9, 1.0, 0.3]];
        let mut spread = BrightnessByClass::new(3);
        spread.add(labels.view(), brightness.view(), None).unwrap();
        let ladder = Ladder::fit(&spread, &[0, 1, 2]).unwrap();
        assert_eq!(ladder.classes, [2, 0, 1]);
        for (&label, &brightness) in labels.iter().zip(&brightness).take(6) {
            assert_eq!(ladder.class(brightness), label, "{brightness}: {ladder:?}");
        }
    }

    #[test]
    fn a_mask_leaves_pixels_out_and_counts_add_up() {
        let (labels, brightness) = (array![[0, 1]], array![[f32::NAN, 2.0]]);
        let mut spread = BrightnessByClass::new(2);
        spread.add(labels.view(), brightness.view(), Some(array![[false, true]].view())).unwrap();
        let mut other = BrightnessByClass::new(2);
        other.add(labels.view(), brightness.view(), Some(array![[true, false]].view())).unwrap();
        spread.merge(&other).unwrap();
        assert_eq!((spread.counts[[0, 0]], spread.counts[[1, STEPS - 1]], spread.counts.sum()), (1, 1, 2));
        assert!(spread.merge(&BrightnessByClass::new(3)).is_err());
        assert!(spread.add(labels.view(), Array2::zeros((2, 2)).view(), None).is_err());
    }

    #[test]
    fn a_class_that_is_nowhere_gets_no_rung_of_its_own() {
        let mut spread = BrightnessByClass::new(2);
        spread.add(array![[0, 0]].view(), array![[0.0, 1.0]].view(), None).unwrap();
        let ladder = Ladder::fit(&spread, &[0, 1]).unwrap();
        assert_eq!((ladder.class(0.0), ladder.class(0.5), ladder.class(1.0)), (0, 0, 0), "{ladder:?}");
        // Of equal ladders that with the absent class above white is found here.
        let mut spread = BrightnessByClass::new(3);
        spread.add(array![[0, 2]].view(), array![[0.0, 1.0]].view(), None).unwrap();
        let ladder = Ladder::fit(&spread, &[0, 1, 2]).unwrap();
        assert_eq!((ladder.class(0.0), ladder.class(1.0)), (0, 2), "{ladder:?}");
        for bad in [&[0u8, 0][..], &[], &[3]] {
            assert!(Ladder::fit(&spread, bad).is_err(), "{bad:?}");
        }
    }

    /// The mean IoU of a ladder on what it was fitted on, counted the long way.
    fn mean_iou(labels: &Array2<u8>, brightness: &Array2<f32>, ladder: &Ladder) -> f64 {
        let mut matrix = crate::metrics::ConfusionMatrix::new(3);
        matrix.add(labels.view(), brightness.mapv(|v| ladder.class(v)).view(), None).unwrap();
        (0..3).filter_map(|class| matrix.iou(class)).sum()
    }

    proptest! {
        #![proptest_config(crate::fixture::cases(24))]

        #[test]
        fn no_other_ladder_is_better(
            labels in proptest::collection::vec(0u8..3, 40),
            brightness in proptest::collection::vec(0.0f32..=1.0, 40),
            a in 0usize..256,
            b in 0usize..256,
            order in Just(vec![0u8, 1, 2]).prop_shuffle(),
        ) {
            let labels = Array2::from_shape_vec((5, 8), labels).unwrap();
            let brightness = Array2::from_shape_vec((5, 8), brightness).unwrap();
            let mut spread = BrightnessByClass::new(3);
            spread.add(labels.view(), brightness.view(), None).unwrap();
            let fitted = Ladder::fit(&spread, &[0, 1, 2]).unwrap();
            let thresholds = vec![a.min(b) as f64 / STEPS as f64, a.max(b) as f64 / STEPS as f64];
            let other = Ladder { thresholds, classes: order };
            prop_assert!(mean_iou(&labels, &brightness, &fitted) >= mean_iou(&labels, &brightness, &other) - 1e-9);
        }
    }
}
