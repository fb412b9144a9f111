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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::features::fixture::{puppet, shot, shown};
    use kurbo::Vec2;

    #[test]
    fn an_error_that_does_not_change_is_no_jitter_and_one_that_alternates_is_four_times_itself() {
        let (topology, shot) = (puppet(), shot(5));
        let still = shown(&shot, |_, at| at + Vec2::new(2.0, 0.0));
        let shaking = shown(&shot, |frame, at| at + Vec2::new(if frame % 2 == 0 { 0.5 } else { -0.5 }, 0.0));
        let found = Steadiness::of(&shot, &still, &shaking, &topology);
        assert!(found.jitter_px.rms().unwrap() < 1e-9);
        assert!((found.raw_jitter_px.rms().unwrap() - 2.0).abs() < 1e-9);
        assert_eq!(found.blink_kept_percent.len(), 0, "no eye closes");
    }

    #[test]
    fn a_blink_that_is_halved_is_kept_by_half() {
        let (topology, mut shot) = (puppet(), shot(5));
        let eye = topology.shape_index("left_eye").unwrap();
        let squeezed = |shape: &roto::BezierShape, by: f64| {
            let middle = shape.bounding_box().center().to_vec2();
            let about = kurbo::Affine::translate(middle)
                * kurbo::Affine::scale_non_uniform(1.0, by)
                * kurbo::Affine::translate(-middle);
            shape.transformed(about).unwrap()
        };
        let open = shot.frames[&3].curves[eye].clone().unwrap();
        let (mut raw, mut steady) = (shown(&shot, |_, at| at), shown(&shot, |_, at| at));
        shot.frames.get_mut(&3).unwrap().curves[eye] = Some(squeezed(&open, 0.2));
        raw.shapes.get_mut(&3).unwrap()[eye] = Some(squeezed(&open, 0.2));
        steady.shapes.get_mut(&3).unwrap()[eye] = Some(squeezed(&open, 0.6));
        let found = Steadiness::of(&shot, &steady, &raw, &topology);
        assert_eq!(found.blink_kept_percent.len(), 1);
        assert!((found.blink_kept_percent.mean().unwrap() - 50.0).abs() < 1e-6);
        assert!((found.blink_of_truth_percent.mean().unwrap() - 50.0).abs() < 1e-6);
    }
}
