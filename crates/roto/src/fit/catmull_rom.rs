use kurbo::{Point, Vec2};

use crate::{BezierShape, Error, Result, Vertex};

/// How far apart in parameter a Catmull-Rom curve takes its points to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Knots {
    /// All alike. The standard curve; it may loop where points crowd.
    Uniform,
    /// By the square root of their distance. No loop and no cusp between neighbors (Yuksel, Schaefer & Keyser 2011,
    /// "Parameterization and applications of Catmull-Rom curves").
    #[default]
    Centripetal,
}

impl Knots {
    fn step(self, from: Point, to: Point) -> f64 {
        match self {
            Self::Uniform => 1.0,
            Self::Centripetal => from.distance(to).sqrt(),
        }
    }
}

/// The Catmull-Rom curve through `points` as cubics (Catmull & Rom 1974; for knots of any spacing, Barry & Goldman 1988).
/// An open curve's end tangents are those of the parabola through its last three points.
///
/// ```
/// use kurbo::Point;
/// use roto::fit::{Knots, catmull_rom};
///
/// let points = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)].map(Point::from);
/// let shape = catmull_rom(&points, true, Knots::Centripetal)?;
/// assert!(shape.vertices().iter().zip(&points).all(|(vertex, point)| vertex.anchor == *point));
/// # Ok::<(), roto::Error>(())
/// ```
///
/// # Errors
/// [`Error::TooFewVertices`] for less than two points, [`Error::Fit`] for neighbors in the same place.
pub fn catmull_rom(points: &[Point], closed: bool, knots: Knots) -> Result<BezierShape> {
    let count = points.len();
    let pairs = if closed { count } else { count.saturating_sub(1) };
    let twins = (0..pairs).find(|&k| points[k].distance_squared(points[(k + 1) % count]) <= f64::EPSILON);
    if let (Some(k), true) = (twins, count >= 2) {
        let next = (k + 1) % count;
        return Err(Error::Fit(format!("points {k} and {next} are in the same place; leave one of them out")));
    }
    let vertex = |k: usize| {
        let before = (closed || k > 0).then(|| points[(k + count - 1) % count]);
        let after = (closed || k + 1 < count).then(|| points[(k + 1) % count]);
        handles(points[k], before, after, knots)
    };
    let mut vertices: Vec<_> = (0..count).map(vertex).collect();
    if !closed && count > 2 {
        let beside = (count - 2, points[count - 2]);
        vertices[0].outgoing = end_handle(&vertices[1], points[1], points[0], true);
        vertices[count - 1].incoming = end_handle(&vertices[beside.0], beside.1, points[count - 1], false);
    }
    BezierShape::new(vertices, closed)
}

/// The vertex at `at`: its velocity is that of the parabola through its neighbors, at their knots.
fn handles(at: Point, before: Option<Point>, after: Option<Point>, knots: Knots) -> Vertex {
    let (Some(before), Some(after)) = (before, after) else {
        let third = |other: Option<Point>| other.map_or(Vec2::ZERO, |other| (other - at) / 3.0);
        return Vertex { anchor: at, incoming: third(before), outgoing: third(after) };
    };
    let (back, forth) = (knots.step(before, at), knots.step(at, after));
    let velocity = ((at - before) * (forth / back) + (after - at) * (back / forth)) / (back + forth);
    Vertex { anchor: at, incoming: velocity * (-back / 3.0), outgoing: velocity * (forth / 3.0) }
}

/// The handle at an open curve's end that makes its last piece a parabola: both handles meet the same control point.
fn end_handle(beside: &Vertex, its_anchor: Point, end: Point, first: bool) -> Vec2 {
    let control = its_anchor + if first { beside.incoming } else { beside.outgoing } * 1.5;
    (control - end) * (2.0 / 3.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::blob;

    #[test]
    fn uniform_knots_give_the_textbook_handles() {
        let points = [(0.0, 0.0), (4.0, 1.0), (5.0, 7.0), (-2.0, 3.0)].map(Point::from);
        let shape = catmull_rom(&points, true, Knots::Uniform).expect("distinct points");
        let vertex = shape.vertices()[1];
        assert!((vertex.outgoing - (points[2] - points[0]) / 6.0).hypot() < 1e-12);
        assert!((vertex.incoming + (points[2] - points[0]) / 6.0).hypot() < 1e-12);
    }

    #[test]
    fn a_parabola_is_met_exactly_by_an_open_curve() {
        let points: Vec<_> = [0.0, 1.0, 2.0].iter().map(|&t| Point::new(3.0 * t, t * t - t)).collect();
        let shape = catmull_rom(&points, false, Knots::Uniform).expect("distinct points");
        for segment in shape.segments() {
            for k in 0..=10 {
                let at = kurbo::ParamCurve::eval(&segment, f64::from(k) / 10.0);
                let t = at.x / 3.0;
                assert!((at.y - (t * t - t)).abs() < 1e-12, "{at:?}");
            }
        }
    }

    #[test]
    fn the_direction_of_the_points_changes_nothing() {
        let forth: Vec<_> = blob(7).vertices().iter().map(|vertex| vertex.anchor).collect();
        let back: Vec<_> = forth.iter().rev().copied().collect();
        for (closed, knots) in [(false, Knots::Centripetal), (true, Knots::Centripetal), (false, Knots::Uniform)] {
            let one = catmull_rom(&forth, closed, knots).expect("distinct points");
            let other = catmull_rom(&back, closed, knots).expect("distinct points").reversed();
            for vertex in one.vertices() {
                let same = |found: &&Vertex| found.anchor == vertex.anchor;
                let twin = other.vertices().iter().find(same).expect("the same points");
                assert!((twin.incoming - vertex.incoming).hypot() + (twin.outgoing - vertex.outgoing).hypot() < 1e-9);
            }
        }
    }

    #[test]
    fn points_in_one_place_and_single_points_are_refused() {
        let twice = [Point::ZERO, Point::ZERO, Point::new(1.0, 0.0)];
        let message = catmull_rom(&twice, true, Knots::Uniform).expect_err("twins").to_string();
        assert!(message.contains("points 0 and 1 are in the same place"));
        assert!(catmull_rom(&twice[..1], false, Knots::Uniform).is_err());
        assert!(catmull_rom(&[], true, Knots::Uniform).is_err());
    }
}
