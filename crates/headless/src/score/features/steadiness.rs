//! Whether landmarks jitter, and whether steadying them keeps a blink.

use roto::Topology;
use serde_json::{Value, json};

use super::figures::{Values, rounded};
use super::node::Shown;
use super::truth::AnnotatedShot;

/// An eye blinks in a shot when its true opening falls below this share of its largest.
const BLINK: f64 = 0.6;

/// Jitter and blinks of one shot, or of several.
#[derive(Debug, Clone, Default)]
pub struct Steadiness {
    /// Second differences of the errors of landmarks that are visible on three frames in a row, in plate pixels.
    pub jitter_px: Values,
    /// The same, not de-jittered.
    pub raw_jitter_px: Values,
    /// Of each eye that blinks, how far it closes, in percent of how far it closes without de-jitter.
    pub blink_kept_percent: Values,
    /// The same, in percent of how far it truly closes.
    pub blink_of_truth_percent: Values,
}

impl Steadiness {
    /// Compares what is shown, de-jittered and raw, with the truth.
    pub fn of(shot: &AnnotatedShot, shown: &Shown, raw: &Shown, topology: &Topology) -> Self {
        let mut all = Self { jitter_px: jitter(shot, shown), raw_jitter_px: jitter(shot, raw), ..Self::default() };
        for (index, _) in topology.shapes().iter().enumerate().filter(|(_, spec)| spec.group == "eyes" && spec.closed) {
            let Some((open, shut)) = blink(shot, index) else { continue };
            let closes = |area: &dyn Fn(i64) -> Option<f64>| Some(area(open)? - area(shut)?);
            let truly = |frame: i64| Some(shot.frames.get(&frame)?.shown(index)?.signed_area().abs());
            let of = |shown: &Shown| closes(&|frame| Some(shown.shape(frame, index)?.signed_area().abs()));
            if let (Some(steady), Some(raw), Some(truth)) = (of(shown), of(raw), closes(&truly)) {
                // An eye that stays open unsteadied has nothing to keep.
                if raw > 0.0 {
                    all.blink_kept_percent.push(steady / raw * 100.0);
                }
                all.blink_of_truth_percent.push(steady / truth * 100.0);
            }
        }
        all
    }

    /// Adds another shot's.
    pub fn join(&mut self, other: &Self) {
        self.jitter_px.extend(&other.jitter_px);
        self.raw_jitter_px.extend(&other.raw_jitter_px);
        self.blink_kept_percent.extend(&other.blink_kept_percent);
        self.blink_of_truth_percent.extend(&other.blink_of_truth_percent);
    }

    /// All figures.
    pub fn to_json(&self) -> Value {
        json!({
            "jitter_px": rounded(self.jitter_px.rms()),
            "raw_jitter_px": rounded(self.raw_jitter_px.rms()),
            "blinks": self.blink_kept_percent.len(),
            "blink_kept_percent": self.blink_kept_percent.to_json(),
            "blink_of_truth_percent": self.blink_of_truth_percent.to_json(),
        })
    }
}

fn jitter(shot: &AnnotatedShot, shown: &Shown) -> Values {
    let mut found = Values::default();
    let error = |frame: i64, landmark: usize| {
        let truth = shot.frames.get(&frame).filter(|truth| truth.visible[landmark])?;
        Some(shown.landmark(frame, landmark)? - truth.landmarks[landmark])
    };
    for (&frame, truth) in &shot.frames {
        for landmark in 0..truth.landmarks.len() {
            let around = [frame - 1, frame, frame + 1].map(|frame| error(frame, landmark));
            if let [Some(before), Some(now), Some(after)] = around {
                found.push((before - now * 2.0 + after).hypot());
            }
        }
    }
    found
}

/// The frames on which a shape is widest and narrowest, where that makes a blink.
fn blink(shot: &AnnotatedShot, shape: usize) -> Option<(i64, i64)> {
    let areas = shot.frames.iter().filter_map(|(&frame, truth)| Some((frame, truth.shown(shape)?.signed_area().abs())));
    let open = areas.clone().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let shut = areas.min_by(|a, b| a.1.total_cmp(&b.1))?;
    (shut.1 < BLINK * open.1).then_some((open.0, shut.0))
}
