//! An analysis and an artist's edits as the landmarks and shapes to show.
//!
//! Predicted landmarks, with the corrections of hand keys blended in, go through the shape model; into the shapes that come
//! out, the corrections of their vertices and handles are blended. What an artist set on a frame is there exactly as it was
//! set. On other frames, only the difference between hand and prediction spreads: it goes straight from key to key, so that a
//! fix on two frames repairs those between, and beyond the outermost key it fades.
//!
//! - A key on a frame that was not analysed is measured against what the analysed frames around it predict.
//! - A frame without a prediction shows the keys themselves, interpolated, and beyond the outermost one the key itself as far
//!   as corrections reach.
//! - A landmark that a hand key reaches counts as seen, because the shape model passes over hidden ones. On the key itself its
//!   confidence is 1; between keys without a prediction it is one half.
//! - Presence is blended as positions are, with 1 for a shape that the artist shows and 0 for one that is hidden, and then
//!   compared with the threshold. Where nothing says anything about it, a shape is shown when it is known.

mod blend;
mod keys;
mod shot;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use kurbo::{Point, Vec2};

pub use shot::to_shot;

use self::blend::{Blended, HandKeys};
use self::keys::{KeysByPoint, VertexKeys};
use crate::{
    Analysis, Annotation, BezierShape, Edits, Error, FrameEdits, Landmark, LandmarkSet, Presence, Result, Topology,
    Vertex,
};

/// What makes shapes of landmarks: of each shape of the topology its curve, or `None` where it cannot tell.
///
/// It must give the same shapes for the same landmarks. It is asked for the frame itself and for the frames of hand keys
/// around it; one that takes its time should remember its last answers.
pub type ShapeModel<'a, E> = dyn Fn(&LandmarkSet) -> Result<Vec<Option<BezierShape>>, E> + 'a;

/// How far corrections reach, and when a shape is shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Blend {
    /// Frames over which a correction fades beyond the outermost hand key: with 0 it is on that frame only, below 0 it holds.
    pub falloff_frames: f64,
    /// The presence from which on a shape is shown, 0 to 1.
    pub presence_threshold: f64,
}

/// What is set by hand on a frame.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HandSet {
    /// Landmarks by index.
    pub landmarks: BTreeSet<usize>,
    /// Vertices of which a part is set, by shape and vertex; those whose landmark is set are not repeated here.
    pub vertices: BTreeSet<(usize, usize)>,
    /// Shapes by index that are shown or hidden by hand.
    pub presence: BTreeSet<usize>,
}

/// What one frame shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// The landmarks, in the topology's order.
    pub landmarks: LandmarkSet,
    /// The shapes that are to be seen, in the topology's order.
    pub shapes: Vec<Option<BezierShape>>,
    /// The curves of shapes that are hidden on this frame, as far as they are known, in the topology's order.
    pub hidden: Vec<Option<BezierShape>>,
    /// What is set by hand on this frame.
    pub hand: HandSet,
}

impl Resolved {
    /// The curve of a shape, whether it is to be seen or hidden; `None` also for an index that does not exist.
    pub fn curve(&self, shape: usize) -> Option<&BezierShape> {
        [&self.shapes, &self.hidden].into_iter().find_map(|curves| curves.get(shape)?.as_ref())
    }
}

/// Landmarks and shapes of one frame. Take a [`Resolver`] for many.
///
/// # Errors
/// As [`Resolver::new`] and [`Resolver::frame`].
pub fn resolve<E: From<Error>>(
    topology: &Topology,
    analysis: &Analysis,
    edits: &Edits,
    frame: i64,
    falloff_frames: f64,
    presence_threshold: f64,
    shape_model: &ShapeModel<E>,
) -> Result<Resolved, E> {
    let blend = Blend { falloff_frames, presence_threshold };
    Resolver::new(topology, analysis, edits, blend, shape_model)?.frame(frame)
}

/// Landmarks and shapes of any frame of a shot.
///
/// ```
/// use kurbo::{Point, Rect};
/// use roto::{Analysis, Blend, Edits, FrameAnalysis, Landmark, LandmarkSet, Plate, Resolver, Topology};
///
/// let topology = Topology::puppet()?;
/// let plate = Plate { x1: 0.0, y2: 1566.0, width: 2348.0, height: 1566.0, pixel_aspect: 1.0 };
/// let (mut analysis, mut edits) = (Analysis::new(&topology, "model", plate)?, Edits::new(&topology, plate)?);
/// for frame in 1..=5 {
///     let seen = Landmark::visible(Point::new(100.0 * frame as f64, 50.0));
///     let landmarks = LandmarkSet::new(vec![seen; 45])?;
///     let (presence, crop) = (vec![1.0; 9], Rect::new(0.0, 0.0, 800.0, 800.0));
///     analysis.insert(frame, FrameAnalysis { landmarks, presence, crop, picture: 0, settings: Default::default() })?;
/// }
/// edits.set_landmark(1, 7, Point::new(100.0, 54.0))?;
/// edits.set_landmark(5, 7, Point::new(500.0, 58.0))?;
///
/// let no_shapes = |_: &LandmarkSet| Ok::<_, roto::Error>(vec![None; 9]);
/// let blend = Blend { falloff_frames: 0.0, presence_threshold: 0.5 };
/// let mut resolver = Resolver::new(&topology, &analysis, &edits, blend, &no_shapes)?;
/// assert_eq!(resolver.frame(2)?.landmarks[7].position, Point::new(200.0, 55.0));
/// # Ok::<(), roto::Error>(())
/// ```
pub struct Resolver<'a, E> {
    topology: &'a Topology,
    analysis: &'a Analysis,
    edits: &'a Edits,
    blend: Blend,
    shape_model: &'a ShapeModel<'a, E>,
    keys: Rc<KeysByPoint>,
    /// What the shape model says on the frames of hand keys.
    at_keys: BTreeMap<i64, Rc<Vec<Option<BezierShape>>>>,
}

impl<'a, E: From<Error>> Resolver<'a, E> {
    /// # Errors
    /// [`Error::Mismatch`] when analysis or edits were made with another topology, or the two on different plates
    /// ([`Edits::on_plate`] moves them), [`Error::Parameter`] for a threshold outside 0 to 1.
    pub fn new(
        topology: &'a Topology,
        analysis: &'a Analysis,
        edits: &'a Edits,
        blend: Blend,
        shape_model: &'a ShapeModel<'a, E>,
    ) -> Result<Self, E> {
        analysis.check(topology)?;
        edits.check(topology)?;
        if analysis.plate() != edits.plate() {
            let (expected, found) = (format!("{:?}", analysis.plate()), format!("{:?}", edits.plate()));
            return Err(Error::Mismatch { what: "plate of the edits".to_owned(), expected, found }.into());
        }
        if !(0.0..=1.0).contains(&blend.presence_threshold) {
            let (name, value) = ("presence threshold", blend.presence_threshold);
            return Err(Error::Parameter { name, value, range: "0 to 1" }.into());
        }
        let keys = Rc::new(KeysByPoint::of(edits));
        Ok(Self { topology, analysis, edits, blend, shape_model, keys, at_keys: BTreeMap::new() })
    }

    /// The topology's shapes.
    pub(crate) fn topology(&self) -> &'a Topology {
        self.topology
    }

    /// The landmarks of a frame, corrections blended in.
    ///
    /// # Errors
    /// [`Error::NotFinite`], which no stored analysis and edits give.
    pub fn landmarks(&self, frame: i64) -> Result<LandmarkSet> {
        let predicted = self.analysis.frame(frame);
        let landmarks = (0..self.topology.landmarks().len()).map(|landmark| {
            let predicted = predicted.map_or(Landmark::MISSING, |found| found.landmarks[landmark]);
            self.landmark(frame, landmark, predicted)
        });
        LandmarkSet::new(landmarks.collect())
    }

    fn landmark(&self, frame: i64, landmark: usize, predicted: Landmark) -> Landmark {
        let Some(keys) = self.keys.landmarks.get(&landmark) else { return predicted };
        let at_key = |key| Ok::<_, std::convert::Infallible>(self.predicted_near(landmark, key));
        let known = predicted.known_position().map(Point::to_vec2);
        let Ok(blended) = keys.blend(frame, self.blend.falloff_frames, known, at_key);
        let seen = |at: Vec2, confidence| Landmark { confidence, ..Landmark::visible(at.to_point()) };
        match blended {
            Blended::Hand(at) => seen(at, 1.0),
            Blended::Corrected(at) => seen(at, predicted.confidence),
            Blended::BetweenKeys(at) => seen(at, 0.5),
            Blended::Predicted(_) | Blended::Unknown => predicted,
        }
    }

    /// Where the analysis sees a landmark on a frame, or would, going by the frames around it.
    fn predicted_near(&self, landmark: usize, frame: i64) -> Option<Vec2> {
        match self.analysis.known_around(landmark, frame) {
            [Some((before, one)), Some((after, other))] if before < after => {
                let share = frame.abs_diff(before) as f64 / after.abs_diff(before) as f64;
                Some(one.lerp(other, share).to_vec2())
            }
            [one, other] => one.or(other).map(|(_, at)| at.to_vec2()),
        }
    }

    /// What a frame shows.
    ///
    /// # Errors
    /// What the shape model gives, and [`Error::Mismatch`] for shapes of it that do not belong to the topology.
    pub fn frame(&mut self, frame: i64) -> Result<Resolved, E> {
        let landmarks = self.landmarks(frame)?;
        let predicted = self.shapes_of(&landmarks)?;
        let (mut shapes, mut hidden) = (Vec::new(), Vec::new());
        for (shape, predicted) in predicted.iter().enumerate() {
            let curve = self.curve(frame, shape, predicted.as_ref(), &landmarks)?;
            let (seen, unseen) = if self.is_shown(frame, shape) { (curve, None) } else { (None, curve) };
            shapes.push(seen);
            hidden.push(unseen);
        }
        let hand = self.edits.frame(frame).map(HandSet::of).unwrap_or_default();
        Ok(Resolved { landmarks, shapes, hidden, hand })
    }

    fn shapes_of(&self, landmarks: &LandmarkSet) -> Result<Vec<Option<BezierShape>>, E> {
        if landmarks.iter().all(|landmark| landmark.presence == Presence::Missing) {
            return Ok(vec![None; self.topology.shapes().len()]);
        }
        let shapes = (self.shape_model)(landmarks)?;
        Ok(Annotation::new(self.topology, landmarks.clone(), shapes)?.shapes().to_vec())
    }

    /// What the shape model says on the frame of a hand key.
    fn vertex_at_key(&mut self, frame: i64, (shape, vertex): (usize, usize)) -> Result<Option<Vertex>, E> {
        if !self.at_keys.contains_key(&frame) {
            let shapes = self.shapes_of(&self.landmarks(frame)?)?;
            self.at_keys.insert(frame, Rc::new(shapes));
        }
        let shapes = self.at_keys.get(&frame);
        Ok(shapes.and_then(|shapes| shapes[shape].as_ref()).map(|curve| curve.vertices()[vertex]))
    }

    /// A shape with the corrections of its vertices; `None` when a part of it is not known.
    fn curve(
        &mut self,
        frame: i64,
        shape: usize,
        predicted: Option<&BezierShape>,
        landmarks: &LandmarkSet,
    ) -> Result<Option<BezierShape>, E> {
        let spec = &self.topology.shapes()[shape];
        let mut vertices = Vec::with_capacity(spec.vertices.len());
        for (vertex, place) in spec.vertices.iter().enumerate() {
            let predicted = predicted.map(|curve| curve.vertices()[vertex]);
            let Some(mut known) = self.vertex(frame, (shape, vertex), predicted, place.landmark(), landmarks)? else {
                return Ok(None);
            };
            let on_landmark = place.landmark().map(|index| landmarks[index]);
            if let Some(seen) = on_landmark.filter(|landmark| landmark.presence == Presence::Visible) {
                known.anchor = seen.position;
            }
            vertices.push(known);
        }
        Ok(Some(BezierShape::new(vertices, spec.closed)?))
    }

    fn vertex(
        &mut self,
        frame: i64,
        at: (usize, usize),
        predicted: Option<Vertex>,
        landmark: Option<usize>,
        landmarks: &LandmarkSet,
    ) -> Result<Option<Vertex>, E> {
        let (keys, falloff) = (self.keys.clone(), self.blend.falloff_frames);
        let Some(VertexKeys { anchor, incoming, outgoing }) = keys.vertices.get(&at) else { return Ok(predicted) };
        let mut part = |keys: &HandKeys<Vec2>, of: fn(Vertex) -> Vec2| {
            let at_key = |key| self.vertex_at_key(key, at).map(|vertex| vertex.map(of));
            Ok::<_, E>(keys.blend(frame, falloff, predicted.map(of), at_key)?.value())
        };
        let own = part(anchor, |vertex| vertex.anchor.to_vec2())?;
        let on_landmark = landmark.and_then(|index| landmarks[index].known_position()).map(Point::to_vec2);
        let (incoming, outgoing) = (part(incoming, |v| v.incoming)?, part(outgoing, |v| v.outgoing)?);
        Ok(match (own.or(on_landmark), incoming, outgoing) {
            (Some(anchor), Some(incoming), Some(outgoing)) => {
                Some(Vertex { anchor: anchor.to_point(), incoming, outgoing })
            }
            _ => None,
        })
    }

    fn is_shown(&self, frame: i64, shape: usize) -> bool {
        let presence = |frame| self.analysis.frame(frame).map(|found| found.presence[shape]);
        let Some(keys) = self.keys.presence.get(&shape) else {
            return presence(frame).is_none_or(|presence| presence >= self.blend.presence_threshold);
        };
        let at_key = |key| Ok::<_, std::convert::Infallible>(presence(key));
        let Ok(blended) = keys.blend(frame, self.blend.falloff_frames, presence(frame), at_key);
        match blended {
            Blended::Hand(shown) => shown > 0.5,
            blended => blended.value().is_none_or(|presence| presence >= self.blend.presence_threshold),
        }
    }
}

impl HandSet {
    fn of(edit: &FrameEdits) -> Self {
        Self {
            landmarks: edit.landmarks.keys().copied().collect(),
            vertices: edit.vertices.keys().copied().collect(),
            presence: edit.presence.keys().copied().collect(),
        }
    }

    /// Whether a part of the curve of a shape is set.
    pub fn touches(&self, topology: &Topology, shape: usize) -> bool {
        let landmarks = topology.shapes().get(shape).into_iter().flat_map(|spec| &spec.vertices);
        landmarks.filter_map(|vertex| vertex.landmark()).any(|index| self.landmarks.contains(&index))
            || self.vertices.range((shape, 0)..=(shape, usize::MAX)).next().is_some()
    }
}

#[cfg(test)]
mod tests;
