use kurbo::{Point, Vec2};

use crate::arc_length::{ArcLengthCurve, Side};
use crate::{BezierShape, Error, LandmarkSet, Result, ShapeSpec};

/// What is expected of a vertex.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Expected {
    /// Where the reference has it.
    pub(super) reference: Option<Reference>,
    /// Where a landmark says it is on the plate, and how far that is to be trusted (0 to 1).
    pub(super) landmark: Option<(Point, f64)>,
}

/// A vertex of a reference shape.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Reference {
    pub(super) position: Point,
    /// Unit vector along the curve.
    pub(super) direction: Vec2,
    /// Radians that the curve turns by around the vertex.
    pub(super) turn: f64,
    /// Length to the next vertex by the length of the curve, 0 to 1.
    pub(super) share: f64,
}

/// What is known beforehand of the vertices that a contour shall get: a reference shape with the same vertices, such
/// as the previous frame's or the mean shape, and landmarks on the plate. Either is enough; with both, the reference
/// is moved to the landmarks, and these win.
///
/// A reference may be moved, turned and scaled as a whole, and differ in form; it is aligned first. It should not be
/// turned by more than some 45 degrees against the contour: an eye looks much the same upside down.
#[derive(Debug, Clone, PartialEq)]
pub struct Guide {
    closed: bool,
    vertices: Vec<Expected>,
    /// Center of the reference curve and its length, to align it by before anything else is known.
    extent: Option<(Point, f64)>,
}

impl Guide {
    /// Looks for the vertices of `reference`.
    pub fn from_reference(reference: &BezierShape) -> Self {
        let curve = ArcLengthCurve::new(reference);
        // A reference without extent says nothing; any length keeps its scale finite.
        let (arcs, length) = (curve.vertex_arcs(), curve.length().max(1e-6));
        let reach = Self::reach(length, arcs.len());
        let vertex = |(k, &arc): (usize, &f64)| {
            let next = arcs.get(k + 1).copied().unwrap_or(length);
            let through = curve.direction(arc, Side::Before) + curve.direction(arc, Side::After);
            let direction = if through.hypot() > 1e-9 { through.normalize() } else { Vec2::ZERO };
            let (position, turn, share) = (curve.point(arc), curve.turn(arc, reach), (next - arc) / length);
            Expected { reference: Some(Reference { position, direction, turn, share }), landmark: None }
        };
        let vertices = arcs.iter().enumerate().map(vertex).collect();
        Self { closed: reference.is_closed(), vertices, extent: Some((center(&curve), length)) }
    }

    /// Looks for the landmarks that `spec` passes through; its free vertices, and those that are missing, are spread
    /// between them.
    ///
    /// # Errors
    /// [`Error::Mismatch`] when `landmarks` has less landmarks than the topology, [`Error::Fit`] when a closed shape has
    /// less than two known ones: nothing would say where it begins, or which way it runs.
    pub fn from_landmarks(spec: &ShapeSpec, landmarks: &LandmarkSet) -> Result<Self> {
        let blank = Expected { reference: None, landmark: None };
        let guide = Self { closed: spec.closed, vertices: vec![blank; spec.vertices.len()], extent: None };
        let guide = guide.with_landmarks(spec, landmarks)?;
        let known = guide.vertices.iter().filter(|vertex| vertex.landmark.is_some()).count();
        match known >= if spec.closed { 2 } else { 1 } {
            true => Ok(guide),
            false => Err(Error::Fit(format!(
                "shape \"{}\" has {known} known landmarks; place more of them, or give a reference shape",
                spec.name
            ))),
        }
    }

    /// The same guide with the landmarks of `spec` added. Missing ones, and those of confidence 0, say nothing.
    ///
    /// # Errors
    /// [`Error::Mismatch`] when `spec` has other vertices than the guide, or `landmarks` less than the topology.
    pub fn with_landmarks(mut self, spec: &ShapeSpec, landmarks: &LandmarkSet) -> Result<Self> {
        let mismatch = |what: &str, expected: usize, found: usize| Error::Mismatch {
            what: format!("{what} of shape \"{}\"", spec.name),
            expected: expected.to_string(),
            found: found.to_string(),
        };
        if spec.vertices.len() != self.vertices.len() || spec.closed != self.closed {
            return Err(mismatch("vertices of the reference", spec.vertices.len(), self.vertices.len()));
        }
        for (expected, vertex) in self.vertices.iter_mut().zip(&spec.vertices) {
            let Some(index) = vertex.landmark() else { continue };
            if index >= landmarks.len() {
                return Err(mismatch("landmarks", index + 1, landmarks.len()));
            }
            let landmark = landmarks[index];
            let known = landmark.known_position().filter(|_| landmark.confidence > 0.0);
            expected.landmark = known.map(|position| (position, landmark.confidence));
        }
        Ok(self)
    }

    /// Whether it describes a closed shape.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    pub(super) fn vertices(&self) -> &[Expected] {
        &self.vertices
    }

    pub(super) fn extent(&self) -> Option<(Point, f64)> {
        self.extent
    }

    /// How far around a vertex a curve's turn is measured, in pixels.
    pub(super) fn reach(length: f64, vertices: usize) -> f64 {
        0.3 * length / vertices.max(1) as f64
    }
}

/// Mean of the curve's places.
pub(super) fn center(curve: &ArcLengthCurve) -> Point {
    const SAMPLES: usize = 64;
    let sum = curve.even_points(SAMPLES).fold(Vec2::ZERO, |sum, point| sum + point.to_vec2());
    (sum / SAMPLES as f64).to_point()
}
