//! Curves as chains of short straight pieces, in pixels of the output.

use std::ops::Range;

use kurbo::{Affine, CubicBez, ParamCurve, Point, Rect};

use crate::BezierShape;

/// How far a chain may stray from its curve, in pixels of the output. A pixel's coverage is off by less than this.
pub(super) const TOLERANCE_PX: f64 = 1.0 / 256.0;

/// Coordinates of the output are held within ± this many pixels: far beyond any picture, and still exact to 1e-9 px.
const LIMIT_PX: f64 = (1 << 22) as f64;

/// Coordinates of the plate are held within ± this, so that no transform takes them out of the numbers.
const PLATE_LIMIT_PX: f64 = 1e15;

/// The most pieces of one curve, and of all together; beyond, the tolerance gives way, so that memory does not.
const MOST_PIECES: (f64, f64) = ((1 << 14) as f64, (1 << 20) as f64);

/// One curve as a chain of points. A closed one goes on from its last point to its first.
pub(super) struct Chain {
    pub(super) points: Range<usize>,
    pub(super) closed: bool,
}

/// Curves as chains of points, in the order of their shapes.
#[derive(Default)]
pub(super) struct Outline {
    pub(super) points: Vec<Point>,
    pub(super) chains: Vec<Chain>,
}

impl Outline {
    pub(super) fn new<'a>(shapes: impl Iterator<Item = &'a BezierShape> + Clone, to_output: Affine) -> Self {
        let curves = |shape: &'a BezierShape| shape.segments().map(move |segment| placed(segment, to_output));
        let total: f64 = shapes.clone().flat_map(curves).map(pieces).sum();
        let share = (MOST_PIECES.1 / total.max(1.0)).min(1.0);
        let mut outline = Self::default();
        for shape in shapes {
            let start = outline.points.len();
            let mut end = None;
            for curve in curves(shape) {
                let count = (pieces(curve) * share).ceil().max(1.0);
                let steps = (0..count as usize).map(|k| if k == 0 { curve.p0 } else { curve.eval(k as f64 / count) });
                outline.points.extend(steps);
                end = Some(curve.p3);
            }
            if !shape.is_closed() {
                outline.points.extend(end);
            }
            outline.chains.push(Chain { points: start..outline.points.len(), closed: shape.is_closed() });
        }
        outline
    }

    /// The straight pieces of a chain, in order.
    pub(super) fn pieces(&self, chain: &Chain) -> impl Iterator<Item = [Point; 2]> + '_ {
        let points = &self.points[chain.points.clone()];
        let closing = chain.closed.then(|| [points[points.len() - 1], points[0]]);
        points.windows(2).map(|pair| [pair[0], pair[1]]).chain(closing)
    }

    /// The smallest rectangle that holds every point; `None` without points.
    pub(super) fn bounds(&self) -> Option<Rect> {
        let first = *self.points.first()?;
        Some(self.points.iter().fold(Rect::from_points(first, first), |bounds, &point| bounds.union_pt(point)))
    }
}

/// A curve in the output, held within the limits.
fn placed(curve: CubicBez, to_output: Affine) -> CubicBez {
    let held = |p: Point, limit: f64| Point::new(p.x.clamp(-limit, limit), p.y.clamp(-limit, limit));
    let place = |p: Point| held(to_output * held(p, PLATE_LIMIT_PX), LIMIT_PX);
    CubicBez::new(place(curve.p0), place(curve.p1), place(curve.p2), place(curve.p3))
}

/// Into how many pieces of equal parameter length a curve is cut: Wang's bound on the distance between a Bézier curve and
/// its chord (Wang Guozhao, "The subdivision method for finding the intersection between two Bézier curves or surfaces",
/// Zhejiang University Journal, 1984), for degree 3.
fn pieces(curve: CubicBez) -> f64 {
    if is_straight(curve) {
        return 1.0;
    }
    let bend = |a: Point, b: Point, c: Point| (a.to_vec2() - 2.0 * b.to_vec2() + c.to_vec2()).hypot();
    let bend = bend(curve.p0, curve.p1, curve.p2).max(bend(curve.p1, curve.p2, curve.p3));
    (0.75 * bend / TOLERANCE_PX).sqrt().ceil().clamp(1.0, MOST_PIECES.0)
}

/// Whether the chord stands for the curve: both handles lie along it, so the curve, which never leaves the hull of its
/// control points, does too.
fn is_straight(curve: CubicBez) -> bool {
    let chord = curve.p3 - curve.p0;
    let length = chord.hypot();
    [curve.p1, curve.p2].into_iter().all(|handle| {
        let reach = handle - curve.p0;
        let along = reach.dot(chord);
        reach.cross(chord).abs() <= 0.25 * TOLERANCE_PX * length && along >= 0.0 && along <= length * length
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Vertex;
    use kurbo::{ParamCurveNearest, Vec2};

    #[test]
    fn a_chain_stays_within_the_tolerance_of_its_curve() {
        let vertex = |x, y, h: [f64; 4]| Vertex {
            anchor: Point::new(x, y),
            incoming: Vec2::new(h[0], h[1]),
            outgoing: Vec2::new(h[2], h[3]),
        };
        let vertices = vec![vertex(0.0, 0.0, [-40.0, 90.0, 300.0, -70.0]), vertex(200.0, 50.0, [80.0, 9.0, -4.0, 2.0])];
        let shape = BezierShape::new(vertices, true).expect("a shape");
        let outline = Outline::new([&shape].into_iter(), Affine::scale(2.0));
        for [a, b] in outline.pieces(&outline.chains[0]) {
            let middle = a.midpoint(b);
            let off = shape
                .segments()
                .map(|segment| (Affine::scale(2.0) * segment).nearest(middle, 1e-9).distance_sq.sqrt())
                .fold(f64::INFINITY, f64::min);
            assert!(off <= TOLERANCE_PX, "{off}");
        }
    }

    #[test]
    fn a_straight_side_is_one_piece() {
        let corners = [(0.0, 0.0), (900.0, 0.0), (0.0, 900.0)].map(|at| Vertex::corner(Point::from(at)));
        let shape = BezierShape::new(corners.into(), true).expect("a triangle");
        assert_eq!(Outline::new([&shape].into_iter(), Affine::IDENTITY).points.len(), 3);
    }

    #[test]
    fn wild_coordinates_stay_few_finite_points() {
        let vertex = |x: f64| Vertex {
            anchor: Point::new(x, -x),
            incoming: Vec2::new(1e300, 1e300),
            outgoing: Vec2::new(-1e300, 1e307),
        };
        let shape = BezierShape::new((0..500).map(|k| vertex(1e305 * f64::from(k - 250))).collect(), true);
        let outline = Outline::new([&shape.expect("finite")].into_iter(), Affine::scale(1e6));
        assert!(outline.points.len() <= (1 << 20) + 500);
        assert!(outline.points.iter().all(|point| point.is_finite()));
    }
}
