//! What is counted of one variant of the node's settings, frame by frame.

use super::folder::CLASSES;
use super::truth::{ClassTruth, Truth};
use imaging::Result;
use imaging::matte;
use imaging::metrics::{
    BoundaryCounts, ConfusionMatrix, CoreLeakage, LagMeter, LagSums, MattePair, dtssd, dtssd_along_motion, gaussian,
    mean_absolute_difference, one_hot,
};
use ndarray::{Array2, Array3, ArrayView2, ArrayView3, Axis, Zip};
use std::rc::Rc;

/// The blurs that a hard prediction gets in the control of soft mattes, as standard deviations in pixels.
pub const SIGMAS_PX: [f64; 7] = [0.0, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0];

/// A sum and how many numbers are in it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Mean {
    sum: f64,
    count: u64,
}

impl Mean {
    /// Adds a number, where there is one.
    pub fn add(&mut self, value: Option<f64>) {
        self.add_weighted(value, 1);
    }

    /// Adds a mean of `count` numbers.
    pub fn add_weighted(&mut self, value: Option<f64>, count: u64) {
        if let Some(value) = value {
            self.sum += value * count as f64;
            self.count += count;
        }
    }

    /// Adds another mean's numbers.
    pub fn merge(&mut self, other: &Self) {
        self.sum += other.sum;
        self.count += other.count;
    }

    /// The mean; `None` of nothing.
    pub fn value(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}

/// Which figures are wanted beside those of classes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// Boundary F.
    pub boundaries: bool,
    /// Figures of soft edges and cores.
    pub mattes: bool,
    /// The control of soft edges.
    pub blurred: bool,
    /// Flicker and lag.
    pub time: bool,
}

/// Sums over frames. Those of several shots may be merged.
#[derive(Debug, Clone)]
pub struct Tally {
    /// Frames counted.
    pub frames: usize,
    /// Pixels by true and found class.
    pub confusion: ConfusionMatrix,
    /// The same inside the subject.
    pub inside: ConfusionMatrix,
    /// Border pixels of each class.
    pub boundaries: [BoundaryCounts; CLASSES.len()],
    /// Absolute difference of each class's matte in the band around true borders, over pixels; of shots with shares.
    pub difference: [Mean; CLASSES.len()],
    /// The same over all classes of the found classes, blurred by each of [`SIGMAS_PX`].
    pub blurred: [Mean; SIGMAS_PX.len()],
    /// Cores that are seen through.
    pub core: CoreLeakage,
    /// dtSSD of the band, over pairs of frames.
    pub flicker: Mean,
    /// The same along the motion.
    pub flicker_along: Mean,
    /// What the lag is worked out from.
    pub lag: LagSums,
}

impl Tally {
    /// Nothing yet.
    pub fn new() -> Self {
        Self {
            frames: 0,
            confusion: ConfusionMatrix::new(CLASSES.len()),
            inside: ConfusionMatrix::new(CLASSES.len()),
            boundaries: Default::default(),
            difference: Default::default(),
            blurred: Default::default(),
            core: CoreLeakage::default(),
            flicker: Mean::default(),
            flicker_along: Mean::default(),
            lag: LagSums::default(),
        }
    }

    /// Counts the classes of a frame, everywhere and inside the subject.
    ///
    /// # Errors
    /// When sizes differ.
    pub fn count(&mut self, truth: &ClassTruth, found: &Array2<u8>) -> Result<()> {
        self.frames += 1;
        self.confusion.add(truth.labels.view(), found.view(), None)?;
        match &truth.subject {
            Some(subject) => self.inside.add(truth.labels.view(), found.view(), Some(subject.view())),
            None => Ok(()),
        }
    }

    /// Adds the sums of another shot.
    ///
    /// # Errors
    /// None that can happen between tallies of this module.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        self.frames += other.frames;
        self.confusion.merge(&other.confusion)?;
        self.inside.merge(&other.inside)?;
        let merge =
            |own: &mut [Mean], other: &[Mean]| own.iter_mut().zip(other).for_each(|(own, other)| own.merge(other));
        self.boundaries.iter_mut().zip(&other.boundaries).for_each(|(own, other)| own.merge(other));
        merge(&mut self.difference, &other.difference);
        merge(&mut self.blurred, &other.blurred);
        self.core.merge(&other.core);
        self.flicker.merge(&other.flicker);
        self.flicker_along.merge(&other.flicker_along);
        self.lag.merge(&other.lag);
        Ok(())
    }

    /// Mean IoU of the classes that are true somewhere. What is found of another one is missing from these.
    pub fn mean_iou(&self) -> Option<f64> {
        self.confusion.mean_iou_of_true(0..CLASSES.len())
    }

    /// Mean IoU of those of the four tones that are true somewhere inside the subject, over its pixels.
    pub fn tones_inside(&self) -> Option<f64> {
        self.inside.mean_iou_of_true(1..CLASSES.len())
    }

    /// Mean boundary F of the classes that have true borders.
    pub fn boundary(&self) -> Option<f64> {
        let mut mean = Mean::default();
        self.boundaries.iter().for_each(|class| mean.add(class.f()));
        mean.value()
    }

    /// Mean absolute difference in the band over the five classes.
    pub fn band_difference(&self) -> Option<f64> {
        let mut mean = Mean::default();
        self.difference.iter().for_each(|class| mean.add(class.value()));
        mean.value()
    }

    /// The blur that serves a hard prediction best, and its difference.
    pub fn best_blurred(&self) -> Option<(f64, f64)> {
        let all = SIGMAS_PX.iter().zip(&self.blurred).filter_map(|(sigma, mean)| Some((*sigma, mean.value()?)));
        all.min_by(|a, b| a.1.total_cmp(&b.1))
    }
}

/// A frame that the next one is compared with.
#[derive(Debug)]
struct Last {
    number: i64,
    truth: Rc<Truth>,
    found: Array3<f32>,
}

/// Counts the frames of a shot in turn.
#[derive(Debug)]
pub struct Meter {
    /// What has been counted.
    pub tally: Tally,
    wanted: Wanted,
    boundary_px: f64,
    lag: LagMeter,
    last: Option<Last>,
}

impl Meter {
    /// A meter for one shot.
    pub fn new(wanted: Wanted, boundary_px: f64) -> Self {
        Self { tally: Tally::new(), wanted, boundary_px, lag: LagMeter::default(), last: None }
    }

    /// Takes the mattes of a frame.
    ///
    /// # Errors
    /// When sizes differ.
    pub fn add(&mut self, number: i64, truth: &Rc<Truth>, found: ArrayView3<f32>) -> Result<()> {
        let classes = matte::strongest(found);
        self.tally.count(&truth.classes, &classes)?;
        if self.wanted.boundaries {
            for (class, counts) in self.tally.boundaries.iter_mut().enumerate() {
                counts.add(truth.classes.labels.view(), classes.view(), class as u8, self.boundary_px)?;
            }
        }
        if self.wanted.mattes {
            self.tally.core.add(truth.classes.labels.view(), found, truth.core.view())?;
        }
        if self.wanted.mattes && truth.soft {
            self.add_band(truth, found, &classes)?;
        }
        if self.wanted.time {
            self.add_change(number, truth, found)?;
        }
        Ok(())
    }

    fn add_band(&mut self, truth: &Truth, found: ArrayView3<f32>, classes: &Array2<u8>) -> Result<()> {
        let band = truth.band.view();
        let pixels = truth.band.iter().filter(|inside| **inside).count() as u64;
        let difference = |class: usize, found: ArrayView2<f32>| {
            let pair = MattePair { truth: truth.mattes.index_axis(Axis(0), class), found };
            mean_absolute_difference(pair, Some(band))
        };
        for (class, found) in found.outer_iter().enumerate() {
            self.tally.difference[class].add_weighted(difference(class, found)?, pixels);
        }
        if self.wanted.blurred {
            for (class, hard) in one_hot(classes.view(), CLASSES.len()).outer_iter().enumerate() {
                for (sigma, mean) in SIGMAS_PX.iter().zip(&mut self.tally.blurred) {
                    mean.add_weighted(difference(class, gaussian(hard, *sigma)?.view())?, pixels);
                }
            }
        }
        Ok(())
    }

    /// Flicker against the frame before, in the band of either, as the root of the mean over classes; and the lag.
    fn add_change(&mut self, number: i64, truth: &Rc<Truth>, found: ArrayView3<f32>) -> Result<()> {
        let mut found = found.to_owned();
        for mut plane in found.outer_iter_mut() {
            // What is left out has no error that could change.
            Zip::from(&mut plane).and(&truth.counted).for_each(|matte, counted| {
                if !counted {
                    *matte = f32::NAN;
                }
            });
        }
        match self.last.take().filter(|last| last.number + 1 == number) {
            None => self.lag.cut(),
            Some(last) => {
                let counted = &last.truth.counted & &truth.counted;
                let band = (&last.truth.band | &truth.band) & &counted;
                let (mut squares, mut along) = (Mean::default(), Mean::default());
                for class in 0..CLASSES.len() {
                    let before = pair(&last.truth, last.found.view(), class);
                    let now = pair(truth, found.view(), class);
                    squares.add(dtssd(before, now, Some(band.view()))?.map(|v| v * v));
                    if let Some(motion) = &last.truth.motion {
                        let moved = dtssd_along_motion(before, now, motion.view(), Some(last.truth.band.view()))?;
                        along.add(moved.map(|v| v * v));
                    }
                }
                self.tally.flicker.add(squares.value().map(f64::sqrt));
                self.tally.flicker_along.add(along.value().map(f64::sqrt));
            }
        }
        self.lag.push(truth.mattes.view(), found.view())?;
        self.tally.lag = *self.lag.sums();
        self.last = Some(Last { number, truth: truth.clone(), found });
        Ok(())
    }
}

fn pair<'a>(truth: &'a Truth, found: ArrayView3<'a, f32>, class: usize) -> MattePair<'a> {
    MattePair { truth: truth.mattes.index_axis(Axis(0), class), found: found.index_axis_move(Axis(0), class) }
}
