//! From landmarks to Bézier shapes through a network that knows how these shapes run: E[S|P].

use kurbo::{Point, Vec2};
use ndarray::{Array3, ArrayView3};
use ofx_sdk::{Error, Result};
use roto::{BezierShape, LandmarkSet, Presence, Topology, Vertex};

/// The channels of a shape network's answer.
pub const VERTEX_CHANNELS: [&str; 6] = ["x", "y", "in_x", "in_y", "out_x", "out_y"];

/// A face whose landmarks lie closer together than this, in pixels, has no shape.
const LEAST_SPREAD_PX: f64 = 1e-3;

/// The space in which a shape network sees points: middle 0, root mean square distance 1, square on screen.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Space {
    middle: Point,
    spread: f64,
    pixel_aspect: f64,
}

impl Space {
    /// `None` where no landmark is known, or all lie in one place.
    fn of(landmarks: &LandmarkSet, pixel_aspect: f64) -> Option<Self> {
        let known: Vec<Point> = landmarks.iter().filter_map(|landmark| landmark.known_position()).collect();
        let on_screen = known.iter().map(|at| Vec2::new(at.x * pixel_aspect, at.y));
        let count = known.len() as f64;
        let middle = (on_screen.clone().sum::<Vec2>() / count).to_point();
        let square = on_screen.map(|at| (at.to_point() - middle).hypot2()).sum::<f64>() / count;
        let spread = square.sqrt();
        (spread >= LEAST_SPREAD_PX && spread.is_finite()).then_some(Self { middle, spread, pixel_aspect })
    }

    fn enter(&self, at: Point) -> Point {
        ((Point::new(at.x * self.pixel_aspect, at.y) - self.middle) / self.spread).to_point()
    }

    fn leave(&self, at: Point) -> Point {
        let at = self.middle + at.to_vec2() * self.spread;
        Point::new(at.x / self.pixel_aspect, at.y)
    }

    fn leave_handle(&self, handle: Vec2) -> Vec2 {
        Vec2::new(handle.x * self.spread / self.pixel_aspect, handle.y * self.spread)
    }
}

/// The shapes of the landmarks of one frame, in the topology's order. `run` is the network: `[3, 1, landmarks]` of x, y and
/// visible to `[6, 1, vertices]`. A vertex that is a landmark lies exactly there. A shape none of whose landmarks is known is
/// `None`; a landmark that is missing takes the place that the network gives its vertex.
///
/// # Errors
/// Those of `run`; an answer of another size than the topology needs, or one that is no number.
pub fn shapes(
    topology: &Topology,
    landmarks: &LandmarkSet,
    pixel_aspect: f64,
    run: &dyn Fn(Array3<f32>) -> Result<Array3<f32>>,
) -> Result<Vec<Option<BezierShape>>> {
    let Some(space) = Space::of(landmarks, pixel_aspect) else { return Ok(vec![None; topology.shapes().len()]) };
    let mut points = Array3::zeros((3, 1, landmarks.len()));
    for (k, landmark) in landmarks.iter().enumerate() {
        // What is missing stands in the middle, as nothing.
        let Some(at) = landmark.known_position().map(|at| space.enter(at)) else { continue };
        points[[0, 0, k]] = at.x as f32;
        points[[1, 0, k]] = at.y as f32;
        points[[2, 0, k]] = if landmark.presence == Presence::Visible { 1.0 } else { 0.0 };
    }
    let answer = run(points)?;
    read_shapes(topology, landmarks, &space, answer.view())
}

fn read_shapes(
    topology: &Topology,
    landmarks: &LandmarkSet,
    space: &Space,
    answer: ArrayView3<'_, f32>,
) -> Result<Vec<Option<BezierShape>>> {
    let vertices: usize = topology.shapes().iter().map(|spec| spec.vertices.len()).sum();
    if answer.dim() != (VERTEX_CHANNELS.len(), 1, vertices) {
        let found = answer.dim();
        return Err(Error::node(format!(
            "the shape network answers {found:?}, but the shapes of topology \"{}\" have {vertices} vertices",
            topology.name()
        )));
    }
    let pair = |channel: usize, k: usize| {
        Vec2::new(f64::from(answer[[channel, 0, k]]), f64::from(answer[[channel + 1, 0, k]]))
    };
    let mut first = 0;
    let mut shapes = Vec::with_capacity(topology.shapes().len());
    for spec in topology.shapes() {
        let own = |k: usize| spec.vertices[k].landmark().and_then(|landmark| landmarks[landmark].known_position());
        let vertex = |k: usize| {
            let at = first + k;
            Vertex {
                anchor: own(k).unwrap_or_else(|| space.leave(pair(0, at).to_point())),
                incoming: space.leave_handle(pair(2, at)),
                outgoing: space.leave_handle(pair(4, at)),
            }
        };
        let count = spec.vertices.len();
        let known = (0..count).any(|k| own(k).is_some());
        let shape = known.then(|| BezierShape::new((0..count).map(vertex).collect(), spec.closed));
        shapes.push(shape.transpose().map_err(Error::node)?);
        first += count;
    }
    Ok(shapes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use roto::Landmark;

    /// Answers with every landmark's own place for its vertices, the middle for free ones, and fixed handles.
    fn echo(topology: &Topology) -> impl Fn(Array3<f32>) -> Result<Array3<f32>> {
        let owners: Vec<Option<usize>> =
            topology.shapes().iter().flat_map(|spec| spec.vertices.iter().map(|v| v.landmark())).collect();
        move |points| {
            Ok(Array3::from_shape_fn((6, 1, owners.len()), |(channel, _, k)| match (channel, owners[k]) {
                (0 | 1, Some(landmark)) => points[[channel, 0, landmark]],
                (0 | 1, None) => 0.0,
                (2, _) => -0.5,
                (5, _) => 0.25,
                _ => 0.0,
            }))
        }
    }

    fn ring(count: usize) -> LandmarkSet {
        let at = |k: usize| 800.0 * Vec2::from_angle(k as f64) + Vec2::new(1000.0, 700.0);
        LandmarkSet::new((0..count).map(|k| Landmark::visible(at(k).to_point())).collect()).unwrap()
    }

    #[test]
    fn anchors_lie_exactly_on_landmarks_and_handles_come_back_in_pixels() {
        let puppet = Topology::puppet().unwrap();
        let landmarks = ring(45);
        let made = shapes(&puppet, &landmarks, 2.0, &echo(&puppet)).unwrap();
        let space = Space::of(&landmarks, 2.0).unwrap();
        for (spec, shape) in puppet.shapes().iter().zip(&made) {
            let shape = shape.as_ref().unwrap();
            assert_eq!(shape.is_closed(), spec.closed);
            for (vertex, spec) in shape.vertices().iter().zip(&spec.vertices) {
                match spec.landmark() {
                    Some(k) => assert_eq!(vertex.anchor, landmarks[k].position),
                    None => assert!((space.enter(vertex.anchor) - Point::ORIGIN).hypot() < 1e-9),
                }
                assert!((vertex.incoming.x + 0.5 * space.spread / 2.0).abs() < 1e-9, "half as many wide pixels");
                assert!((vertex.outgoing.y - 0.25 * space.spread).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn points_are_shown_around_their_middle_at_a_spread_of_one_and_missing_ones_as_nothing() {
        let puppet = Topology::puppet().unwrap();
        let mut landmarks = ring(45);
        landmarks[5] = Landmark::MISSING;
        landmarks[6].presence = Presence::Occluded;
        let looked = std::cell::RefCell::new(Array3::zeros((0, 0, 0)));
        shapes(&puppet, &landmarks, 1.0, &|points| {
            *looked.borrow_mut() = points.clone();
            echo(&puppet)(points)
        })
        .unwrap();
        let points = looked.into_inner();
        let sum = |channel: usize| points.slice(ndarray::s![channel, 0, ..]).iter().map(|v| f64::from(*v)).sum::<f64>();
        let square: f64 = points.slice(ndarray::s![..2, 0, ..]).iter().map(|v| f64::from(*v).powi(2)).sum();
        assert!(sum(0).abs() < 1e-4 && sum(1).abs() < 1e-4 && (square / 44.0 - 1.0).abs() < 1e-5);
        assert_eq!(sum(2), 43.0, "one is missing, one is hidden");
        assert_eq!((points[[0, 0, 5]], points[[1, 0, 5]]), (0.0, 0.0));
    }

    #[test]
    fn a_shape_without_any_landmark_is_not_there_and_wild_answers_are_refused() {
        let puppet = Topology::puppet().unwrap();
        let mut landmarks = ring(45);
        (17..25).for_each(|k| landmarks[k] = Landmark::MISSING);
        let made = shapes(&puppet, &landmarks, 1.0, &echo(&puppet)).unwrap();
        let there: Vec<_> = made.iter().map(Option::is_some).collect();
        assert_eq!(there.iter().position(|there| !there), puppet.shape_index("left_brow"));
        assert_eq!(there.iter().filter(|there| !**there).count(), 1);
        let none = shapes(&puppet, &LandmarkSet::missing(45), 1.0, &|_| panic!("nothing to run on")).unwrap();
        assert!(none.iter().all(Option::is_none));
        let wild = shapes(&puppet, &landmarks, 1.0, &|_| Ok(Array3::from_elem((6, 1, 49), f32::NAN)));
        assert!(wild.is_err());
        let short = shapes(&puppet, &landmarks, 1.0, &|_| Ok(Array3::zeros((6, 1, 48)))).unwrap_err().to_string();
        assert!(short.contains("(6, 1, 48)") && short.contains("49 vertices"), "{short}");
    }
}
