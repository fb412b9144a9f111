use kurbo::{CubicBez, ParamCurve, ParamCurveDeriv, ParamCurveNearest, Point, Rect, Vec2};

use crate::BezierShape;

/// Parts of a segment that lengths are stored for.
const STEPS: usize = 32;
/// Of `kurbo`'s search for the nearest point: an error of the parameter, 0 to 1 along a segment. The place is off along the
/// curve by that times the segment's speed, so by 1e-5 px where a plate's width is run through.
const NEAREST_T: f64 = 1e-9;
/// Gauss-Legendre quadrature of order 3: (position in 0..1, weight).
const GAUSS: [(f64, f64); 3] =
    [(0.112_701_665_379_258_3, 5.0 / 18.0), (0.5, 8.0 / 18.0), (0.887_298_334_620_741_7, 5.0 / 18.0)];

/// Which of the two pieces that meet at a place is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The piece that ends there.
    Before,
    /// The piece that begins there.
    After,
}

/// A curve by the length run through since its first vertex, in pixels. A closed curve goes on from its length as from
/// 0; an open one ends.
#[derive(Debug, Clone)]
pub(crate) struct ArcLengthCurve {
    segments: Vec<CubicBez>,
    closed: bool,
    /// Length up to part `k % STEPS` of segment `k / STEPS`, and the whole length last.
    table: Vec<f64>,
}

impl ArcLengthCurve {
    pub(crate) fn new(shape: &BezierShape) -> Self {
        let segments: Vec<_> = shape.segments().collect();
        let mut table = vec![0.0];
        let mut length = 0.0;
        for segment in &segments {
            for step in 0..STEPS {
                let (from, to) = (step as f64 / STEPS as f64, (step + 1) as f64 / STEPS as f64);
                length += partial(segment, from, to);
                table.push(length);
            }
        }
        Self { segments, closed: shape.is_closed(), table }
    }

    /// The whole length in pixels; 0 for a curve that is a single place.
    pub(crate) fn length(&self) -> f64 {
        self.table.last().copied().unwrap_or(0.0)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Length up to each vertex.
    pub(crate) fn vertex_arcs(&self) -> Vec<f64> {
        let last = if self.closed { self.segments.len() - 1 } else { self.segments.len() };
        (0..=last).map(|vertex| self.table[vertex * STEPS]).collect()
    }

    pub(crate) fn point(&self, arc: f64) -> Point {
        let (segment, t) = self.locate(arc, Side::After);
        self.segments[segment].eval(t)
    }

    /// Unit vector along the curve, as it arrives at or leaves `arc`; zero for a curve that is a single place.
    pub(crate) fn direction(&self, arc: f64, side: Side) -> Vec2 {
        let (segment, t) = self.locate(arc, side);
        direction(&self.segments[segment], t)
    }

    /// Angle in radians that the curve turns by between `reach` before and `reach` after `arc`, as its chords show it:
    /// positive clockwise on screen. A corner within counts in full.
    pub(crate) fn turn(&self, arc: f64, reach: f64) -> f64 {
        let at = self.point(arc);
        let (before, after) = (at - self.point(arc - reach), self.point(arc + reach) - at);
        before.cross(after).atan2(before.dot(after))
    }

    /// Distance from `to` to the nearest place, and the arc there.
    pub(crate) fn nearest(&self, to: Point) -> (f64, f64) {
        let mut best = (f64::INFINITY, 0, 0.0);
        // The nearest end first: it spares most segments the search. It is also the answer on a segment without extent,
        // which has no nearest point in floating point.
        for (index, segment) in self.segments.iter().enumerate() {
            for (end, t) in [(segment.p0, 0.0), (segment.p3, 1.0)] {
                if end.distance_squared(to) < best.0 {
                    best = (end.distance_squared(to), index, t);
                }
            }
        }
        for (index, segment) in self.segments.iter().enumerate() {
            let around = control_box(segment);
            let (x, y) = (outside(to.x, around.x0, around.x1), outside(to.y, around.y0, around.y1));
            if x * x + y * y >= best.0 {
                continue;
            }
            let found = segment.nearest(to, NEAREST_T);
            if found.distance_sq < best.0 {
                best = (found.distance_sq, index, found.t);
            }
        }
        let (squared, index, t) = best;
        (squared.max(0.0).sqrt(), self.arc_at(index, t))
    }

    /// Places at equal distances, in the middle of `count` equal parts.
    pub(crate) fn even_points(&self, count: usize) -> impl Iterator<Item = Point> + '_ {
        let step = self.length() / count as f64;
        (0..count).map(move |k| self.point((k as f64 + 0.5) * step))
    }

    /// `arc` on the curve: between 0 and the length.
    pub(crate) fn wrap(&self, arc: f64) -> f64 {
        match self.closed && self.length() > 0.0 {
            true => arc.rem_euclid(self.length()),
            // Not `clamp`, which panics where coordinates are so wild that no length is a number.
            false => arc.max(0.0).min(self.length()),
        }
    }

    fn arc_at(&self, segment: usize, t: f64) -> f64 {
        let step = ((t * STEPS as f64) as usize).min(STEPS - 1);
        let from = step as f64 / STEPS as f64;
        self.table[segment * STEPS + step] + partial(&self.segments[segment], from, t)
    }

    /// Segment and parameter at `arc`; on a join, `side` says whose.
    fn locate(&self, arc: f64, side: Side) -> (usize, f64) {
        let (length, joined) = (self.length(), self.length() * 1e-9);
        let arc = match (self.wrap(arc), side) {
            (arc, Side::Before) if self.closed && arc <= joined => length,
            (arc, Side::After) if self.closed && arc >= length - joined => 0.0,
            (arc, _) => arc,
        };
        let beyond = match side {
            Side::Before => self.table.partition_point(|&start| start < arc - joined),
            Side::After => self.table.partition_point(|&start| start <= arc + joined),
        };
        let part = beyond.clamp(1, self.table.len() - 1) - 1;
        let (segment, from) = (part / STEPS, (part % STEPS) as f64 / STEPS as f64);
        let (curve, inside) = (&self.segments[segment], arc - self.table[part]);
        let whole = self.table[part + 1] - self.table[part];
        if whole <= 0.0 {
            return (segment, from);
        }
        let mut t = from + (inside / whole).clamp(0.0, 1.0) / STEPS as f64;
        for _ in 0..2 {
            let speed = curve.deriv().eval(t).to_vec2().hypot();
            if speed > 0.0 {
                let better = t - (partial(curve, from, t) - inside) / speed;
                t = better.clamp(from, from + 1.0 / STEPS as f64);
            }
        }
        (segment, t)
    }
}

fn outside(value: f64, low: f64, high: f64) -> f64 {
    (low - value).max(value - high).max(0.0)
}

fn partial(segment: &CubicBez, from: f64, to: f64) -> f64 {
    let (velocity, span) = (segment.deriv(), to - from);
    GAUSS.iter().map(|(at, weight)| weight * span * velocity.eval(from + at * span).to_vec2().hypot()).sum()
}

/// Unit vector along `segment` at `t`. Where a handle has no length the curve leaves towards the next control point.
pub(crate) fn direction(segment: &CubicBez, t: f64) -> Vec2 {
    let around = control_box(segment);
    let least = (around.width() + around.height()) * 1e-9;
    let velocity = segment.deriv().eval(t).to_vec2();
    let chords = match t < 0.5 {
        true => [velocity, segment.p2 - segment.p0, segment.p3 - segment.p0],
        false => [velocity, segment.p3 - segment.p1, segment.p3 - segment.p0],
    };
    let found = chords.into_iter().find(|chord| chord.hypot() > least);
    found.map_or(Vec2::ZERO, Vec2::normalize)
}

fn control_box(segment: &CubicBez) -> Rect {
    Rect::from_points(segment.p0, segment.p3).union_pt(segment.p1).union_pt(segment.p2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Vertex;
    use crate::fixture::blob;

    #[test]
    fn places_are_found_back_by_their_arc() {
        let curve = ArcLengthCurve::new(&blob(5));
        let exact: f64 = blob(5).segments().map(|segment| kurbo::ParamCurveArclen::arclen(&segment, 1e-9)).sum();
        assert!((curve.length() - exact).abs() < 1e-4);
        for k in 0..200 {
            let arc = (f64::from(k) + 0.37) / 200.0 * curve.length();
            let (distance, found) = curve.nearest(curve.point(arc));
            assert!(distance < 1e-3 && (found - arc).abs() < 1e-2, "{arc}: {found}, {distance}");
        }
    }

    #[test]
    fn a_corner_has_two_directions_and_a_lost_handle_one() {
        let corners = [(0.0, 0.0), (10.0, 0.0), (10.0, 5.0)].map(|at| Vertex::corner(at.into()));
        let curve = ArcLengthCurve::new(&BezierShape::new(corners.into(), true).expect("a triangle"));
        assert!((curve.direction(10.0, Side::Before) - Vec2::new(1.0, 0.0)).hypot() < 1e-9);
        assert!((curve.direction(10.0, Side::After) - Vec2::new(0.0, 1.0)).hypot() < 1e-9);
        assert!((curve.direction(0.0, Side::Before) - Vec2::new(-2.0, -1.0).normalize()).hypot() < 1e-9);
        assert!((curve.turn(10.0, 2.0) - std::f64::consts::FRAC_PI_2).abs() < 1e-9);
    }
}
