use std::ops::RangeInclusive;

use crate::{Analysis, Change, Edits, FrameState, Now, Presence};

/// Why a frame wants an artist's look.
#[derive(Debug, Clone, PartialEq)]
pub enum Concern {
    /// It was not analysed.
    Missing,
    /// This has changed since it was analysed.
    Stale(Change),
    /// The model is unsure of a landmark that no hand key sets.
    Unsure {
        /// Index of the landmark of which it is least sure.
        landmark: usize,
        /// How sure it is, 0 to 1.
        confidence: f64,
    },
}

/// Finds the frames of a shot that want an artist's look.
#[derive(Debug, Clone)]
pub struct Review<'a> {
    /// What was found.
    pub analysis: &'a Analysis,
    /// What was corrected.
    pub edits: &'a Edits,
    /// The frames that are asked for.
    pub frames: RangeInclusive<i64>,
    /// The confidence below which a landmark wants a look, 0 to 1; 0 asks for none.
    pub confidence_threshold: f64,
}

impl Review<'_> {
    /// Why a frame wants a look; `None` when all is well, as far as is known of it `now`.
    pub fn concern(&self, frame: i64, now: &Now<'_>) -> Option<Concern> {
        match self.analysis.state(frame, now) {
            FrameState::Missing => Some(Concern::Missing),
            FrameState::Stale(change) => Some(Concern::Stale(change)),
            FrameState::Current => self.unsure(frame),
        }
    }

    /// The first frame after `frame` that wants a look, and why. `now` says what is known of a frame.
    pub fn next<'n>(&self, frame: i64, now: impl Fn(i64) -> Now<'n>) -> Option<(i64, Concern)> {
        let first = frame.checked_add(1)?.max(*self.frames.start());
        (first..=*self.frames.end()).find_map(|frame| Some((frame, self.concern(frame, &now(frame))?)))
    }

    /// The last frame before `frame` that wants a look, and why.
    pub fn previous<'n>(&self, frame: i64, now: impl Fn(i64) -> Now<'n>) -> Option<(i64, Concern)> {
        let last = frame.checked_sub(1)?.min(*self.frames.end());
        (*self.frames.start()..=last).rev().find_map(|frame| Some((frame, self.concern(frame, &now(frame))?)))
    }

    fn unsure(&self, frame: i64) -> Option<Concern> {
        let by_hand =
            |landmark: &usize| self.edits.frame(frame).is_some_and(|edit| edit.landmarks.contains_key(landmark));
        let landmarks = self.analysis.frame(frame)?.landmarks.iter().enumerate();
        let doubted = landmarks.filter(|(index, landmark)| {
            landmark.presence != Presence::Missing && landmark.confidence < self.confidence_threshold && !by_hand(index)
        });
        let worst = doubted.min_by(|(_, a), (_, b)| a.confidence.total_cmp(&b.confidence))?;
        Some(Concern::Unsure { landmark: worst.0, confidence: worst.1.confidence })
    }
}
