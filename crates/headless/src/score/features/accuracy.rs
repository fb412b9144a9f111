//! How near landmarks and curves are to the truth, and what is shown that is not there.

use roto::distance::curve_distances;
use roto::{BezierShape, Topology};
use serde_json::{Value, json};

use super::figures::{Flags, Values, rounded};
use super::node::Shown;
use super::truth::{AnnotatedShot, FaceTruth};

/// A frame on which no curve is farther off needs no hand, in pixels of a plate of about 2K.
const UNTOUCHED_PX: f64 = 1.0;
/// From this share on, an outline counts as wholly seen.
const WHOLE: f64 = 0.95;

/// A face half of whose visible landmarks are farther off, in distances of the eyes, was taken for another place of the plate.
const ASTRAY: f64 = 1.0;

/// The figures of one shot, or of several.
#[derive(Debug, Clone, Default)]
pub struct Accuracy {
    /// Frames with truth.
    pub frames: usize,
    /// Frames on which no face was found though a shape is there.
    pub lost: usize,
    /// Frames on which the face was seen in a wrong place.
    pub astray: usize,
    /// Distances of visible landmarks in plate pixels.
    pub landmarks_px: Values,
    /// The same in percent of the eyes' distance.
    pub landmarks_percent: Values,
    /// Distances of curves that are there and shown, in percent of the eyes' distance.
    pub curves_percent: Values,
    /// The same of curves that nothing hides.
    pub seen_curves_percent: Values,
    /// The farthest place of any curve of each frame, in plate pixels; frames with all shapes right alone.
    pub worst_px: Values,
    /// Frames that no artist has to touch.
    pub untouched: usize,
    /// Shapes by frame: whether they are there, and whether they are shown.
    pub presence: Flags,
    /// Area of the closed shapes that are absent and known from other frames, shown or not, in percent of their usual area.
    pub false_matte_percent: Values,
}

impl Accuracy {
    /// Compares what is shown of a shot with the truth.
    pub fn of(shot: &AnnotatedShot, shown: &Shown, topology: &Topology) -> Self {
        let (eyes, usual) = (eyes_apart_px(shot, topology), usual_areas(shot));
        let mut all = Self { frames: shot.frames.len(), ..Self::default() };
        for (&frame, truth) in &shot.frames {
            all.add_landmarks(frame, truth, shown, eyes);
            let worst = all.add_shapes(frame, truth, shown, eyes, &usual);
            all.untouched += usize::from(worst.is_some_and(|worst| worst <= UNTOUCHED_PX));
            worst.into_iter().for_each(|worst| all.worst_px.push(worst));
        }
        all
    }

    fn add_landmarks(&mut self, frame: i64, truth: &FaceTruth, shown: &Shown, eyes: f64) {
        if !shown.landmarks.contains_key(&frame) {
            self.lost += usize::from(truth.present.contains(&true));
            return;
        }
        let mut own = Values::default();
        for (index, &at) in truth.landmarks.iter().enumerate().filter(|(index, _)| truth.visible[*index]) {
            shown.landmark(frame, index).into_iter().for_each(|found| own.push(found.distance(at)));
        }
        self.astray += usize::from(own.percentile(50.0).is_some_and(|middle| middle > ASTRAY * eyes));
        self.landmarks_percent.extend_scaled(&own, 100.0 / eyes);
        self.landmarks_px.extend(&own);
    }

    /// The farthest place of any curve, unless a shape is missing or shown where it is not.
    fn add_shapes(
        &mut self,
        frame: i64,
        truth: &FaceTruth,
        shown: &Shown,
        eyes: f64,
        usual: &[Option<f64>],
    ) -> Option<f64> {
        let (mut worst, mut right) = (0.0_f64, true);
        for (index, usual) in usual.iter().enumerate() {
            let (there, found) = (truth.present[index], shown.shape(frame, index));
            self.presence.add(there, found.is_some());
            right &= there == found.is_some();
            match (truth.shown(index), found) {
                (Some(curve), Some(found)) => {
                    let apart = curve_distances(found, curve);
                    worst = worst.max(apart.last().copied().unwrap_or(0.0));
                    let apart = Values::of(apart);
                    self.curves_percent.extend_scaled(&apart, 100.0 / eyes);
                    if truth.seen[index] >= WHOLE {
                        self.seen_curves_percent.extend_scaled(&apart, 100.0 / eyes);
                    }
                }
                (None, found) if !there => {
                    let area = found.map_or(0.0, |found| found.signed_area().abs());
                    usual.iter().for_each(|usual| self.false_matte_percent.push(area / usual * 100.0));
                }
                _ => {}
            }
        }
        right.then_some(worst)
    }

    /// Adds another shot's.
    pub fn join(&mut self, other: &Self) {
        self.frames += other.frames;
        self.lost += other.lost;
        self.astray += other.astray;
        self.untouched += other.untouched;
        self.presence.join(other.presence);
        for (own, more) in [
            (&mut self.landmarks_px, &other.landmarks_px),
            (&mut self.landmarks_percent, &other.landmarks_percent),
            (&mut self.curves_percent, &other.curves_percent),
            (&mut self.seen_curves_percent, &other.seen_curves_percent),
            (&mut self.worst_px, &other.worst_px),
            (&mut self.false_matte_percent, &other.false_matte_percent),
        ] {
            own.extend(more);
        }
    }

    /// The share of frames that no artist has to touch.
    pub fn untouched_share(&self) -> Option<f64> {
        (self.frames > 0).then(|| self.untouched as f64 / self.frames as f64)
    }

    /// All figures.
    pub fn to_json(&self) -> Value {
        json!({
            "frames": self.frames,
            "frames_without_face": self.lost,
            "frames_astray": self.astray,
            "landmarks_px": self.landmarks_px.to_json(),
            "landmarks_percent": self.landmarks_percent.to_json(),
            "curves_percent": self.curves_percent.to_json(),
            "curves_percent_wholly_seen": self.seen_curves_percent.to_json(),
            "worst_of_frame_px": self.worst_px.to_json(),
            "untouched_share": rounded(self.untouched_share()),
            "presence": self.presence.to_json(),
            "false_matte_percent": self.false_matte_percent.to_json(),
        })
    }
}

/// The distance of the eyes in plate pixels, the largest of the shot: between the middles of the landmarks of the two closed
/// shapes of the group `eyes`; of faces without any, a third of the larger side of the box about all landmarks.
pub fn eyes_apart_px(shot: &AnnotatedShot, topology: &Topology) -> f64 {
    let apart = |truth: &FaceTruth| {
        let eyes: Vec<_> = topology.shapes().iter().filter(|spec| spec.group == "eyes" && spec.closed).collect();
        let middle = |spec: &roto::ShapeSpec| {
            let own: Vec<_> =
                spec.vertices.iter().filter_map(|v| Some(truth.landmarks[v.landmark()?].to_vec2())).collect();
            own.iter().copied().sum::<kurbo::Vec2>() / own.len().max(1) as f64
        };
        match eyes.as_slice() {
            [one, other] => (middle(one) - middle(other)).hypot(),
            _ => {
                let all = truth.landmarks.iter().map(|&at| kurbo::Rect::from_points(at, at)).reduce(|a, b| a.union(b));
                all.map_or(1.0, |all| all.width().max(all.height()) / 3.0)
            }
        }
    };
    shot.frames.values().map(apart).fold(1e-6, f64::max)
}

/// The mean area of each closed shape where it is there, in square pixels; `None` of open ones, and of those that never are.
fn usual_areas(shot: &AnnotatedShot) -> Vec<Option<f64>> {
    let shapes = shot.frames.values().next().map_or(0, |truth| truth.present.len());
    let closed = |curve: &&BezierShape| curve.is_closed();
    let mean = |shape: usize| {
        let own = shot.frames.values().filter_map(|truth| truth.shown(shape)).filter(closed);
        let areas: Vec<f64> = own.map(|curve| curve.signed_area().abs()).collect();
        let sum: f64 = areas.iter().sum();
        (sum > 0.0).then(|| sum / areas.len() as f64)
    };
    (0..shapes).map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::features::fixture::{puppet, shot, shown};

    #[test]
    fn what_is_shown_right_is_without_error_and_untouched() {
        let (topology, shot) = (puppet(), shot(3));
        let figures = Accuracy::of(&shot, &shown(&shot, |_, at| at), &topology);
        assert_eq!((figures.frames, figures.lost, figures.astray, figures.untouched), (3, 0, 0, 3));
        assert!(
            figures.landmarks_px.percentile(100.0).unwrap() < 1e-9
                && figures.worst_px.percentile(100.0).unwrap() < 1e-6
        );
        assert_eq!((figures.presence.f1(), figures.presence.wrong), (Some(1.0), 0));
        assert_eq!(figures.false_matte_percent.mean(), None);
    }

    #[test]
    fn a_face_that_is_off_is_off_by_as_much_everywhere() {
        let (topology, shot) = (puppet(), shot(2));
        let figures = Accuracy::of(&shot, &shown(&shot, |_, at| at + kurbo::Vec2::new(3.0, 4.0)), &topology);
        let eyes = eyes_apart_px(&shot, &topology);
        assert!((figures.landmarks_px.mean().unwrap() - 5.0).abs() < 1e-9);
        assert!((figures.landmarks_percent.percentile(95.0).unwrap() - 500.0 / eyes).abs() < 1e-9);
        let worst = figures.worst_px.percentile(100.0).unwrap();
        let far = shown(&shot, |frame, at| at + kurbo::Vec2::new(if frame == 2 { 1.2 * eyes } else { 0.0 }, 0.0));
        assert_eq!(Accuracy::of(&shot, &far, &topology).astray, 1);
        assert!(worst > 3.0 && worst <= 5.0 + 1e-9 && figures.untouched == 0, "{worst}");
    }

    #[test]
    fn a_shape_that_is_absent_counts_as_false_by_its_usual_area_and_a_missing_one_is_no_untouched_frame() {
        let (topology, mut shot) = (puppet(), shot(3));
        let (eye, brow) = (topology.shape_index("left_eye").unwrap(), topology.shape_index("left_brow").unwrap());
        let mut all = shown(&shot, |_, at| at);
        shot.frames.get_mut(&2).unwrap().present[eye] = false;
        all.shapes.get_mut(&3).unwrap()[brow] = None;
        let figures = Accuracy::of(&shot, &all, &topology);
        assert!((figures.false_matte_percent.mean().unwrap() - 100.0).abs() < 1.0);
        assert_eq!((figures.presence.wrong, figures.presence.missed, figures.untouched), (1, 1, 1));
        all.landmarks.remove(&1);
        assert_eq!(Accuracy::of(&shot, &all, &topology).lost, 1);
    }
}
