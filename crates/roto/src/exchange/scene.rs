use std::collections::{BTreeMap, BTreeSet};

use super::fault::Fault;
use crate::{Landmark, LandmarkSet, Plate, Presence, Result, Shot, Topology};

/// The widest plate, and the farthest its corner may lie from the origin, in pixels.
const FARTHEST_PX: f64 = 1e7;

/// How a shape is drawn: the same on every frame.
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
}

impl Default for ShapeStyle {
    fn default() -> Self {
        Self { group: String::new(), feather_px: 0.0, feather_falloff: 1.0, opacity: 1.0, stroke_width_px: 0.0 }
    }
}

impl ShapeStyle {
    fn check(&self, shape: &str) -> Result<()> {
        let within = |what: &str, value: f64, low: f64, high: f64| match (low..=high).contains(&value) {
            true => Ok(()),
            false => Err(SCENE.of_shape(shape, format!("its {what} is {value}, but must be {low} to {high}"))),
        };
        within("feather", self.feather_px, -1e6, 1e6)?;
        within("feather falloff", self.feather_falloff, 0.01, 100.0)?;
        within("opacity", self.opacity, 0.0, 1.0)?;
        within("stroke width", self.stroke_width_px, 0.0, 1e6)
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
        self.styles.get(shape).cloned().unwrap_or_default()
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
            return Err(SCENE.at("frame rate", format!("{rate} is not within 0.01 to 10000 frames a second")));
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
                    "{width} by {height} px at ({x1}, {y2}) with pixel aspect {pixel_aspect} is no picture; sides are 1 to \
                     {FARTHEST_PX} px, the aspect 0.01 to 100"
                ),
            )),
        }
    }
}
