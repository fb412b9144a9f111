use kurbo::Affine;

use crate::landmarks::mirror_at;
use crate::{BezierShape, Error, LandmarkSet, Result, Topology};

/// What is known of a character in one frame: its landmarks, and its shapes as far as they are there.
#[derive(Debug, Clone, PartialEq)]
pub struct Annotation {
    landmarks: LandmarkSet,
    shapes: Vec<Option<BezierShape>>,
}

impl Annotation {
    /// An annotation that belongs to `topology`. `shapes` are in its order; `None` stands for a shape that the frame
    /// does not have.
    ///
    /// # Errors
    /// [`Error::Mismatch`] when a count differs from the topology's, or a shape is open that should be closed.
    pub fn new(topology: &Topology, landmarks: LandmarkSet, shapes: Vec<Option<BezierShape>>) -> Result<Self> {
        landmarks.check_count(topology)?;
        let mismatch = |what: String, expected: String, found: String| Err(Error::Mismatch { what, expected, found });
        if shapes.len() != topology.shapes().len() {
            let (expected, found) = (topology.shapes().len().to_string(), shapes.len().to_string());
            return mismatch(format!("shapes of topology \"{}\"", topology.name()), expected, found);
        }
        for (spec, shape) in topology.shapes().iter().zip(&shapes) {
            let Some(shape) = shape else { continue };
            let kind = |closed: bool, vertices: usize| {
                format!("{} with {vertices} vertices", if closed { "a closed curve" } else { "an open curve" })
            };
            let expected = kind(spec.closed, spec.vertices.len());
            let found = kind(shape.is_closed(), shape.vertices().len());
            if expected != found {
                return mismatch(format!("shape \"{}\"", spec.name), expected, found);
            }
        }
        Ok(Self { landmarks, shapes })
    }

    /// The landmarks, in the topology's order.
    pub fn landmarks(&self) -> &LandmarkSet {
        &self.landmarks
    }

    /// The shapes, in the topology's order; `None` for one that the frame does not have.
    pub fn shapes(&self) -> &[Option<BezierShape>] {
        &self.shapes
    }

    /// Everything moved, scaled, turned or sheared.
    ///
    /// # Errors
    /// [`Error::NotFinite`] when the transform takes a point out of the numbers.
    pub fn transformed(&self, by: Affine) -> Result<Self> {
        let shapes = self.shapes.iter().map(|shape| shape.as_ref().map(|shape| shape.transformed(by)).transpose());
        Ok(Self { landmarks: self.landmarks.transformed(by)?, shapes: shapes.collect::<Result<_>>()? })
    }

    /// The annotation of the mirrored picture: left becomes right by name, winding and order of vertices included.
    /// `axis_x` is the vertical line that sides are swapped at, in pixels; half the width for a whole picture.
    ///
    /// # Errors
    /// As [`LandmarkSet::mirrored`].
    pub fn mirrored(&self, topology: &Topology, axis_x: f64) -> Result<Self> {
        let landmarks = self.landmarks.mirrored(topology, axis_x)?;
        let mut shapes = vec![None; self.shapes.len()];
        for (shape, mirror) in self.shapes.iter().zip(topology.shape_mirrors()) {
            if let Some(shape) = shape {
                shapes[mirror.shape] = Some(mirror.order.apply(&shape.transformed(mirror_at(axis_x))?));
            }
        }
        Self::new(topology, landmarks, shapes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{mouth, mouth_frame};

    #[test]
    fn anchors_stay_on_their_landmarks_in_the_mirror() {
        let (topology, frame) = (mouth(), mouth_frame());
        let image = frame.mirrored(&topology, 250.0).expect("a topology with a mirror");
        for (spec, shape) in topology.shapes().iter().zip(image.shapes()) {
            let shape = shape.as_ref().expect("all three shapes");
            for (vertex, place) in shape.vertices().iter().zip(&spec.vertices) {
                if let Some(index) = place.landmark() {
                    assert!(vertex.anchor.distance(image.landmarks()[index].position) < 1e-9, "{}", spec.name);
                }
            }
        }
        let area = |frame: &Annotation| frame.shapes()[0].as_ref().map(BezierShape::signed_area);
        let (before, after) = (area(&frame).expect("lips"), area(&image).expect("lips"));
        assert!((before - after).abs() < 1e-6, "the winding is kept: {before}, {after}");
        let back = image.mirrored(&topology, 250.0).expect("a topology with a mirror");
        let worst = |one: &Annotation, other: &Annotation| {
            let pairs = one.shapes().iter().flatten().zip(other.shapes().iter().flatten());
            let vertices = pairs.flat_map(|(a, b)| a.vertices().iter().zip(b.vertices()));
            vertices.map(|(a, b)| a.anchor.distance(b.anchor) + (a.incoming - b.incoming).hypot()).fold(0.0, f64::max)
        };
        assert!(worst(&back, &frame) < 1e-9);
    }

    #[test]
    fn an_open_curve_is_no_closed_shape() {
        let (topology, frame) = (mouth(), mouth_frame());
        let mut shapes = frame.shapes().to_vec();
        shapes.swap(1, 2);
        let message = Annotation::new(&topology, frame.landmarks().clone(), shapes).expect_err("swapped").to_string();
        assert!(message.starts_with("shape \"opening\": expected a closed curve with 4 vertices, found an open curve"));
    }
}
