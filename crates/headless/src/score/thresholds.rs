//! The control of what luminance alone can do: thresholds in place of a network.
//!
//! Luminance is Rec.709 luma of the picture as sRGB shows it. Two ladders of thresholds are fitted, each the best that
//! there is for the frames that it is fitted on: one of five rungs for the whole frame, and one of four rungs, the tones,
//! inside the subject, where what lies outside is background. The first stands beside the node without Mask, the second
//! beside the node with it.

use super::folder::{CLASSES, Shot};
use super::tally::Tally;
use super::truth::{ClassTruth, read_display};
use crate::error::{Error, Result};
use imaging::color;
use imaging::metrics::{BrightnessByClass, Ladder};
use ndarray::{Array2, Axis};
use serde_json::{Value, json};

/// The two ladders.
#[derive(Debug, Clone)]
pub struct Thresholds {
    whole: Ladder,
    inside: Option<Ladder>,
    /// What they were fitted on.
    pub fitted_on: String,
}

/// What the ladders find.
#[derive(Debug, Clone)]
pub struct Found {
    /// The first ladder's classes.
    pub whole: Tally,
    /// The second's; of shots with a subject.
    pub masked: Tally,
}

impl Thresholds {
    /// Fits both ladders.
    ///
    /// # Errors
    /// When a file of the shots cannot be read.
    pub fn fit(shots: &[Shot], fitted_on: String) -> Result<Self> {
        let mut whole = BrightnessByClass::new(CLASSES.len());
        let mut inside = whole.clone();
        let mut subjects = false;
        for shot in shots {
            for &frame in &shot.frames {
                let wrong = |e: imaging::Error| Error::input(&shot.pictures.path(frame), e);
                let (truth, luma) = (ClassTruth::read(shot, frame)?, luminance(shot, frame)?);
                whole.add(truth.labels.view(), luma.view(), None).map_err(wrong)?;
                if let Some(subject) = &truth.subject {
                    inside.add(truth.labels.view(), luma.view(), Some(subject.view())).map_err(wrong)?;
                    subjects = true;
                }
            }
        }
        let wrong = |e: imaging::Error| Error::Usage(format!("thresholds: {e}"));
        let inside = subjects.then(|| Ladder::fit(&inside, &[1, 2, 3, 4])).transpose().map_err(wrong)?;
        Ok(Self { whole: Ladder::fit(&whole, &[0, 1, 2, 3, 4]).map_err(wrong)?, inside, fitted_on })
    }

    /// Counts what they find in a shot.
    ///
    /// # Errors
    /// As [`Thresholds::fit`].
    pub fn count(&self, shot: &Shot) -> Result<Found> {
        let mut found = Found { whole: Tally::new(), masked: Tally::new() };
        for &frame in &shot.frames {
            let wrong = |e: imaging::Error| Error::input(&shot.pictures.path(frame), e);
            let (truth, luma) = (ClassTruth::read(shot, frame)?, luminance(shot, frame)?);
            found.whole.count(&truth, &luma.mapv(|v| self.whole.class(v))).map_err(wrong)?;
            if let (Some(ladder), Some(subject)) = (&self.inside, &truth.subject) {
                let mut classes = luma.mapv(|v| ladder.class(v));
                classes.zip_mut_with(subject, |class, inside| *class = if *inside { *class } else { 0 });
                found.masked.count(&truth, &classes).map_err(wrong)?;
            }
        }
        Ok(found)
    }

    /// The thresholds and the classes between them.
    pub fn to_json(&self) -> Value {
        let ladder = |ladder: &Ladder| {
            let classes: Vec<&str> = ladder.classes.iter().map(|class| CLASSES[usize::from(*class)]).collect();
            json!({ "thresholds": ladder.thresholds, "classes_dark_to_bright": classes })
        };
        json!({
            "fitted_on": self.fitted_on,
            "whole_frame": ladder(&self.whole),
            "inside_subject": self.inside.as_ref().map(ladder),
        })
    }
}

fn luminance(shot: &Shot, frame: i64) -> Result<Array2<f32>> {
    let display = read_display(shot, frame)?;
    Ok(display.map_axis(Axis(0), |color| color::luminance([color[0], color[1], color[2]])))
}
