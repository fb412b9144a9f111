use std::collections::{BTreeMap, BTreeSet};

use super::fault::Fault;
use crate::{Landmark, LandmarkSet, Plate, Presence, Result, ShapeKey, ShapeTrack, Shot, ShotShape, Topology};

/// The widest plate, and the farthest its corner may lie from the origin, in pixels.
const FARTHEST_PX: f64 = 1e7;

/// How a shape is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct ShapeStyle {
    /// The layer that formats with layers put the shape into; none when empty.
    pub group: String,
    /// Width of the soft edge in pixels of the plate: positive, it lies outside of the edge; negative, inside.
    pub feather_px: f64,
    /// The power of the ramp across the feather, 0.01 to 100: 1 is linear; with more, the feather is thinner outside.
    pub feather_falloff: f64,
    /// From 0 to 1.
    pub opacity: f64,
    /// Width that an open shape is drawn with, in pixels of the plate; 0 draws nothing.
    pub stroke_width_px: f64,
    /// Whether the shape is cut out of what the shapes before it cover, rather than added: a hole.
    pub cut: bool,
    /// Feather and opacity over time, in order of frames; where there are any, they win over the two numbers above.
    pub keys: Vec<StyleKey>,
}

/// Feather and opacity at a frame. Between two keys both go straight; before the first and after the last they hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StyleKey {
    /// When.
    pub frame: i64,
    /// As [`ShapeStyle::feather_px`].
    pub feather_px: f64,
    /// As [`ShapeStyle::opacity`].
    pub opacity: f64,
}

impl StyleKey {
    /// The keys without those that the others say already; none where nothing changes.
    pub fn reduced(keys: &[Self]) -> Vec<Self> {
        let same =
            |a: &Self, b: &Self| (a.feather_px - b.feather_px).abs() <= 1e-6 && (a.opacity - b.opacity).abs() <= 1e-6;
        let mut kept: Vec<Self> = Vec::new();
        for (index, key) in keys.iter().enumerate() {
            let between = kept.last().zip(keys.get(index + 1)).is_some_and(|(last, next)| {
                let style = ShapeStyle { keys: vec![*last, *next], ..ShapeStyle::default() };
                let (feather_px, opacity) = (style.feather_at(key.frame), style.opacity_at(key.frame));
                same(key, &Self { feather_px, opacity, ..*key })
            });
            if !between {
                kept.push(*key);
            }
        }
        let held = kept.windows(2).rev().take_while(|pair| same(&pair[0], &pair[1])).count();
        kept.truncate(kept.len() - held);
        let held = kept.windows(2).take_while(|pair| same(&pair[0], &pair[1])).count();
        let kept = kept.split_off(held);
        if kept.len() < 2 { Vec::new() } else { kept }
    }
}

impl Default for ShapeStyle {
    fn default() -> Self {
        PLAIN
    }
}

/// The style of a shape that has none.
const PLAIN: ShapeStyle = ShapeStyle {
    group: String::new(),
    feather_px: 0.0,
    feather_falloff: 1.0,
    opacity: 1.0,
    stroke_width_px: 0.0,
    cut: false,
    keys: Vec::new(),
};

impl ShapeStyle {
    /// Width of the soft edge at a frame, as [`Self::feather_px`].
    pub fn feather_at(&self, frame: i64) -> f64 {
        self.at(frame, |key| key.feather_px).unwrap_or(self.feather_px)
    }

    /// Opacity at a frame, from 0 to 1.
    pub fn opacity_at(&self, frame: i64) -> f64 {
        self.at(frame, |key| key.opacity).unwrap_or(self.opacity)
    }

    /// Whether the edge is soft on some frame.
    pub fn is_soft(&self) -> bool {
        self.feather_keys().iter().any(|&(_, feather)| feather != 0.0)
    }

    /// Whether it can be seen through on some frame.
    pub fn is_translucent(&self) -> bool {
        self.opacity_keys().iter().any(|&(_, opacity)| opacity != 1.0)
    }

    /// Frame and feather of each key; one, at frame 0, where it never changes.
    pub fn feather_keys(&self) -> Vec<(i64, f64)> {
        self.values(|key| key.feather_px).unwrap_or_else(|| vec![(0, self.feather_px)])
    }

    /// Frame and opacity of each key; one, at frame 0, where it never changes.
    pub fn opacity_keys(&self) -> Vec<(i64, f64)> {
        self.values(|key| key.opacity).unwrap_or_else(|| vec![(0, self.opacity)])
    }

    /// One value where all keys have the same one.
    fn values(&self, of: impl Fn(&StyleKey) -> f64) -> Option<Vec<(i64, f64)>> {
        let first = of(self.keys.first()?);
        match self.keys.iter().all(|key| of(key) == first) {
            true => Some(vec![(0, first)]),
            false => Some(self.keys.iter().map(|key| (key.frame, of(key))).collect()),
        }
    }

    fn at(&self, frame: i64, of: impl Fn(&StyleKey) -> f64) -> Option<f64> {
        let after = self.keys.partition_point(|key| key.frame <= frame);
        let (from, to) = (self.keys.get(after.saturating_sub(1))?, self.keys.get(after).or(self.keys.last())?);
        if from.frame >= to.frame || frame <= from.frame {
            return Some(of(from));
        }
        let share = from.frame.abs_diff(frame) as f64 / from.frame.abs_diff(to.frame) as f64;
        Some(of(from) + (of(to) - of(from)) * share)
    }

    fn check(&self, shape: &str) -> Result<()> {
        let within = |what: &str, value: f64, low: f64, high: f64| match (low..=high).contains(&value) {
            true => Ok(()),
            false => Err(SCENE.of_shape(shape, format!("its {what} is {value:?}, but must be {low} to {high}"))),
        };
        within("feather", self.feather_px, -1e6, 1e6)?;
        within("feather falloff", self.feather_falloff, 0.01, 100.0)?;
        within("opacity", self.opacity, 0.0, 1.0)?;
        within("stroke width", self.stroke_width_px, 0.0, 1e6)?;
        for key in &self.keys {
            within(&format!("feather on frame {}", key.frame), key.feather_px, -1e6, 1e6)?;
            within(&format!("opacity on frame {}", key.frame), key.opacity, 0.0, 1.0)?;
        }
        match self.keys.windows(2).find(|pair| pair[0].frame >= pair[1].frame) {
            Some(pair) => {
                let reason =
                    format!("the key of its style on frame {} must come after {}", pair[1].frame, pair[0].frame);
                Err(SCENE.of_shape(shape, reason))
            }
            None => Ok(()),
        }
    }
}

/// A named landmark over time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tracker {
    /// Unique within the scene, such as `left_eye_inner`.
    pub name: String,
    /// What is known of it, by frame; on a frame that is not here, or where it is [`Presence::Missing`], nothing is.
    pub frames: BTreeMap<i64, Landmark>,
}

/// What an exchange file holds: the shapes of a shot, how they are drawn, tracked landmarks, and the plate that all
/// positions are pixels of.
///
/// ```
/// use kurbo::Point;
/// use roto::exchange::{Scene, ShapeStyle};
/// use roto::{BezierShape, Plate, ShapeTrack, Shot, ShotShape, Vertex};
///
/// let corners = [(2.0, 1.0), (9.0, 3.0), (4.0, 6.0)].map(|at| Vertex::corner(Point::from(at)));
/// let track = ShapeTrack::still(BezierShape::new(corners.into(), true)?);
/// let shot = Shot::new(1001, 1010, vec![ShotShape::new("left_eye", track)])?;
/// let mut scene = Scene::new(shot, Plate::sized(1920.0, 1080.0));
/// scene.styles.insert("left_eye".into(), ShapeStyle { feather_px: 3.0, ..ShapeStyle::default() });
/// assert_eq!(scene.style("left_eye").feather_px, 3.0);
/// assert_eq!(scene.style("right_eye"), ShapeStyle::default());
/// scene.check()?;
/// # Ok::<(), roto::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// The shapes and the range of frames.
    pub shot: Shot,
    /// Size, place and pixel aspect of the picture.
    pub plate: Plate,
    /// Frames a second, where it is known.
    pub frame_rate: Option<f64>,
    /// Name of the topology that shapes and landmarks belong to, where they do.
    pub topology: Option<String>,
    /// Landmarks over time, in the topology's order.
    pub trackers: Vec<Tracker>,
    /// Styles by the shape's name; a shape without one has the default.
    pub styles: BTreeMap<String, ShapeStyle>,
}

/// What errors of this file begin with.
const SCENE: Fault = Fault("scene");

impl Scene {
    /// Frames a second where a format needs a number and the scene has none.
    pub const USUAL_FRAME_RATE: f64 = 24.0;

    /// Shapes on a plate, with default styles and nothing else.
    pub fn new(shot: Shot, plate: Plate) -> Self {
        Self { shot, plate, frame_rate: None, topology: None, trackers: Vec::new(), styles: BTreeMap::new() }
    }

    /// How the shape with this name is drawn.
    pub fn style(&self, shape: &str) -> ShapeStyle {
        self.style_of(shape).clone()
    }

    /// As [`Self::style`], without a copy of its keys.
    pub(super) fn style_of(&self, shape: &str) -> &ShapeStyle {
        static NONE: ShapeStyle = PLAIN;
        self.styles.get(shape).unwrap_or(&NONE)
    }

    /// Whether a shape is cut out of others, so that it matters which comes first.
    pub fn has_cuts(&self) -> bool {
        self.shot.shapes().iter().any(|shape| self.styles.get(&shape.name).is_some_and(|style| style.cut))
    }

    /// The scene in pixels of another plate of the same pixel aspect: in the host everything stays where it is.
    ///
    /// # Errors
    /// Positions that leave the numbers on the way.
    pub fn on_plate(mut self, plate: Plate) -> Result<Self> {
        let moved = plate.to_host_pixels().inverse() * self.plate.to_host_pixels();
        let shapes = self.shot.shapes().iter().map(|shape| {
            let keys =
                shape.track.keys().iter().map(|key| Ok(ShapeKey { shape: key.shape.transformed(moved)?, ..*key }));
            let track = ShapeTrack::new(keys.collect::<Result<_>>()?)?;
            Ok(ShotShape { track, ..shape.clone() })
        });
        let frames = self.shot.frames();
        self.shot = Shot::new(*frames.start(), *frames.end(), shapes.collect::<Result<_>>()?)?;
        for landmark in self.trackers.iter_mut().flat_map(|tracker| tracker.frames.values_mut()) {
            landmark.position = moved * landmark.position;
        }
        self.plate = plate;
        Ok(self)
    }

    /// What to say of soft edges with a falloff of their own, in a format that has none.
    pub(super) fn falloff_notes(&self) -> impl Iterator<Item = String> {
        let names = self.shot.shapes().iter().map(|shape| &shape.name);
        let uneven = names.filter(|name| self.style_of(name).is_soft() && self.style_of(name).feather_falloff != 1.0);
        uneven.map(|name| format!("{name}: the falloff of its feather is left out."))
    }

    /// Gives every shape that a topology knows its group and stroke width there, and names the topology.
    pub fn apply_topology(&mut self, topology: &Topology) {
        self.topology = Some(topology.name().to_owned());
        for spec in topology.shapes().iter().filter(|spec| self.shot.shape(&spec.name).is_some()) {
            let style = self.styles.entry(spec.name.clone()).or_default();
            style.group.clone_from(&spec.group);
            style.stroke_width_px = spec.stroke_width_px;
        }
    }

    /// Takes the landmarks of a topology in, by frame; a landmark that is missing on every frame gets no tracker. Sets
    /// of another count than the topology's are refused.
    ///
    /// # Errors
    /// [`crate::Error::Mismatch`].
    pub fn set_landmarks(&mut self, topology: &Topology, frames: &BTreeMap<i64, LandmarkSet>) -> Result<()> {
        let mut trackers: Vec<_> =
            topology.landmarks().iter().map(|spec| Tracker { name: spec.name.clone(), ..Tracker::default() }).collect();
        for (&frame, set) in frames {
            set.check_count(topology)?;
            for (tracker, landmark) in trackers.iter_mut().zip(set.iter()) {
                if landmark.presence != Presence::Missing {
                    tracker.frames.insert(frame, *landmark);
                }
            }
        }
        trackers.retain(|tracker| !tracker.frames.is_empty());
        self.trackers = trackers;
        Ok(())
    }

    /// Frames a second, or the usual number.
    pub fn frame_rate_or_usual(&self) -> f64 {
        self.frame_rate.unwrap_or(Self::USUAL_FRAME_RATE)
    }

    /// Holds the scene to what every writer relies on: finite numbers in range, and names that are unique.
    ///
    /// # Errors
    /// [`crate::Error::Exchange`] names the shape, the landmark or the number.
    pub fn check(&self) -> Result<()> {
        self.check_plate()?;
        if let Some(rate) = self.frame_rate.filter(|rate| !(0.01..=10_000.0).contains(rate)) {
            return Err(SCENE.at("frame rate", format!("{rate:?} is not within 0.01 to 10000 frames a second")));
        }
        self.shot.shapes().iter().try_for_each(|shape| self.style(&shape.name).check(&shape.name))?;
        let mut names = BTreeSet::new();
        for tracker in &self.trackers {
            if !names.insert(&tracker.name) {
                return Err(SCENE.of_landmark(&tracker.name, "two landmarks have this name; rename one of them"));
            }
            let wild = |(_, landmark): &(&i64, &Landmark)| {
                !(landmark.position.is_finite() && (0.0..=1.0).contains(&landmark.confidence))
            };
            if let Some((frame, Landmark { position, confidence, .. })) = tracker.frames.iter().find(wild) {
                let reason = format!("on frame {frame} it is at {position} with confidence {confidence}");
                return Err(SCENE.of_landmark(&tracker.name, reason));
            }
        }
        Ok(())
    }

    fn check_plate(&self) -> Result<()> {
        let Plate { x1, y2, width, height, pixel_aspect } = self.plate;
        let fine = [x1, y2].iter().all(|at| at.abs() <= FARTHEST_PX)
            && [width, height].iter().all(|side| (1.0..=FARTHEST_PX).contains(side))
            && (0.01..=100.0).contains(&pixel_aspect);
        match fine {
            true => Ok(()),
            false => Err(SCENE.at(
                "plate",
                format!(
                    "{width:?} by {height:?} px at ({x1:?}, {y2:?}) with pixel aspect {pixel_aspect:?} is no picture; sides are 1 to \
                     {FARTHEST_PX} px, the aspect 0.01 to 100"
                ),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(frame: i64, feather_px: f64, opacity: f64) -> StyleKey {
        StyleKey { frame, feather_px, opacity }
    }

    #[test]
    fn styles_go_straight_between_keys_and_hold_outside() {
        let style = ShapeStyle { keys: vec![key(-2, 4.0, 0.0), key(2, -4.0, 1.0)], ..ShapeStyle::default() };
        let at = |frame: i64| (style.feather_at(frame), style.opacity_at(frame));
        assert_eq!([-9, -2, -1, 2, 9].map(at), [(4.0, 0.0), (4.0, 0.0), (2.0, 0.25), (-4.0, 1.0), (-4.0, 1.0)]);
        let still = ShapeStyle { feather_px: 3.0, opacity: 0.5, ..ShapeStyle::default() };
        assert_eq!((still.feather_at(7), still.opacity_at(7)), (3.0, 0.5));
        assert_eq!((style.feather_keys().len(), still.feather_keys()), (2, vec![(0, 3.0)]));
        let ends = ShapeStyle { keys: vec![key(i64::MIN, 0.0, 0.0), key(i64::MAX, 0.0, 1.0)], ..still };
        assert!((ends.opacity_at(0) - 0.5).abs() < 1e-9 && ends.feather_keys() == [(0, 0.0)]);
    }

    #[test]
    fn on_another_plate_nothing_moves_in_the_host() {
        let scene = crate::exchange::fixture::scene();
        let moved =
            scene.clone().on_plate(Plate { pixel_aspect: scene.plate.pixel_aspect, ..Plate::sized(400.0, 300.0) });
        let moved = moved.expect("finite");
        let first = |scene: &Scene| {
            let vertex = scene.shot.shapes()[0].track.keys()[0].shape.vertices()[0];
            let tracker = scene.trackers[0].frames.values().next().expect("a landmark").position;
            let to_host = scene.plate.to_canonical();
            (to_host * vertex.anchor, vertex.outgoing, to_host * tracker)
        };
        let (here, there) = (first(&scene), first(&moved));
        assert!((here.0 - there.0).hypot() < 1e-9 && (here.2 - there.2).hypot() < 1e-9, "{here:?} {there:?}");
        assert_eq!(here.1, there.1);
        assert_ne!(scene.shot.shapes()[0].track.keys()[0].shape, moved.shot.shapes()[0].track.keys()[0].shape);
        assert_eq!((moved.plate.width, moved.styles.len()), (400.0, scene.styles.len()));
        let back = moved.on_plate(scene.plate).expect("finite");
        assert_eq!(back.shot.shapes()[0].hidden, scene.shot.shapes()[0].hidden);
    }

    #[test]
    fn only_keys_that_say_something_are_kept() {
        let frames =
            |opacity: fn(i64) -> f64| (0..=20).map(|frame| key(frame, 2.0, opacity(frame))).collect::<Vec<_>>();
        let ramp = frames(|frame| ((frame - 5) as f64 / 10.0).clamp(0.0, 1.0));
        assert_eq!(StyleKey::reduced(&ramp), [key(5, 2.0, 0.0), key(15, 2.0, 1.0)]);
        assert_eq!(StyleKey::reduced(&frames(|_| 0.5)), []);
        assert_eq!(StyleKey::reduced(&[]), []);
        let curved = frames(|frame| (frame as f64 / 20.0).powi(2));
        assert_eq!(StyleKey::reduced(&curved), curved);
    }

    #[test]
    fn keys_of_style_out_of_range_or_order_are_refused_by_name() {
        let mut scene = crate::exchange::fixture::scene();
        let mut told = |keys: Vec<StyleKey>| {
            scene.styles.entry("left_eye".into()).or_default().keys = keys;
            scene.check().expect_err("no style").to_string()
        };
        assert!(told(vec![key(4, 0.0, 1.5)]).contains("shape \"left_eye\": its opacity on frame 4 is 1.5"));
        assert!(told(vec![key(4, f64::NAN, 1.0)]).contains("its feather on frame 4"));
        assert!(told(vec![key(4, 0.0, 1.0), key(4, 1.0, 1.0)]).contains("on frame 4 must come after 4"));
    }
}
