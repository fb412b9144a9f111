use kurbo::{CubicBez, ParamCurve, ParamCurveDeriv, Point, Vec2};

use super::spans::{Knot, fit_spans};
use crate::{BezierShape, Error, Result};

/// Rounds of moving each sample to the nearest place of the curve and solving again, and those that go slowly first.
const ROUNDS: usize = 40;
const SLOW_ROUNDS: usize = 3;

/// The cubic from the first to the last of `samples` that lies nearest to all of them in the least-squares sense, and
/// leaves its ends along `start` and `end` (any length; both point forwards along the curve). What is free are the
/// lengths of its two handles (Schneider 1990, "An algorithm for automatically fitting digitized curves").
///
/// ```
/// use kurbo::{ParamCurve, Point, Vec2};
///
/// let curve = kurbo::CubicBez::new((0.0, 0.0), (3.0, 5.0), (8.0, 4.0), (9.0, 0.0));
/// let samples: Vec<Point> = (0..=20).map(|k| curve.eval(f64::from(k) / 20.0)).collect();
/// let found = roto::fit::fit_cubic(&samples, Vec2::new(3.0, 5.0), Vec2::new(1.0, -4.0))?;
/// assert!(found.eval(0.3).distance(curve.eval(0.3)) < 0.05);
/// # Ok::<(), roto::Error>(())
/// ```
///
/// # Errors
/// [`Error::Fit`] for less than two samples, a coordinate that is no number, or a direction without length.
pub fn fit_cubic(samples: &[Point], start: Vec2, end: Vec2) -> Result<CubicBez> {
    let ([first, .., last], true) = (samples, samples.iter().all(|sample| sample.is_finite())) else {
        return Err(Error::Fit(format!("{} samples; at least two finite points are needed", samples.len())));
    };
    let unit = |direction: Vec2, which: &str| match direction.is_finite() && direction.hypot() > 0.0 {
        true => Ok(direction.normalize()),
        false => Err(Error::Fit(format!("the direction at the {which} has no length; give where the curve goes"))),
    };
    Ok(one_span(*first, samples, *last, [unit(start, "start")?, unit(end, "end")?]))
}

/// As [`fit_cubic`], for finite points and unit directions.
pub(super) fn one_span(from: Point, samples: &[Point], to: Point, [start, end]: [Vec2; 2]) -> CubicBez {
    let mut lengths = vec![0.0];
    let mut before = from;
    for &sample in samples.iter().chain([&to]) {
        lengths.push(lengths[lengths.len() - 1] + before.distance(sample));
        before = sample;
    }
    let whole = lengths[lengths.len() - 1];
    let third = if whole > 0.0 { whole / 3.0 } else { 0.0 };
    let cubic = |a: f64, b: f64| CubicBez::new(from, from + start * a, to - end * b, to);
    let mut best = cubic(third, third);
    if whole <= 0.0 || samples.is_empty() {
        return best;
    }
    let mut places: Vec<f64> = lengths[1..=samples.len()].iter().map(|length| length / whole).collect();
    let mut cost = f64::INFINITY;
    for round in 0..ROUNDS {
        // At first a sample pulls its place as it is, then only across the curve, which may slide along: much faster.
        let along = (round >= SLOW_ROUNDS).then_some(&best);
        let Some((a, b)) = handle_lengths([from, to], [start, end], samples, &places, along) else { break };
        // A handle of no length or one pointing back would turn the curve's end round.
        let fits = |length: f64| (whole * 1e-3..=whole).contains(&length);
        if !fits(a) || !fits(b) {
            break;
        }
        let next = cubic(a, b);
        for (place, &sample) in places.iter_mut().zip(samples) {
            *place = nearer(&next, sample, nearer(&next, sample, *place));
        }
        let pairs = samples.iter().zip(&places);
        let found: f64 = pairs.map(|(sample, &t)| next.eval(t).distance_squared(*sample)).sum();
        if found > cost {
            break;
        }
        let settled = round > SLOW_ROUNDS && cost - found < 1e-9 * cost;
        (best, cost) = (next, found);
        if settled {
            break;
        }
    }
    best
}

/// The handle lengths that bring the samples, each at its own place on the curve, nearest: in all, or only across
/// `along`, the curve so far.
fn handle_lengths(
    [from, to]: [Point; 2],
    [start, end]: [Vec2; 2],
    samples: &[Point],
    places: &[f64],
    along: Option<&CubicBez>,
) -> Option<(f64, f64)> {
    let (mut aa, mut ab, mut bb, mut ar, mut br) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (sample, &t) in samples.iter().zip(places) {
        let s = 1.0 - t;
        let velocity = along.map_or(Vec2::ZERO, |curve| curve.deriv().eval(t).to_vec2());
        let velocity = if velocity.hypot() > 0.0 { velocity.normalize() } else { Vec2::ZERO };
        let across = |v: Vec2| v - velocity * velocity.dot(v);
        let (a, b) = (across(start * (3.0 * s * s * t)), across(end * (-3.0 * s * t * t)));
        let rest = across(*sample - CubicBez::new(from, from, to, to).eval(t));
        aa += a.dot(a);
        ab += a.dot(b);
        bb += b.dot(b);
        ar += a.dot(rest);
        br += b.dot(rest);
    }
    let determinant = aa * bb - ab * ab;
    (determinant > 1e-9 * aa * bb).then(|| ((ar * bb - br * ab) / determinant, (br * aa - ar * ab) / determinant))
}

/// A step of Newton's search for the place of `curve` that is nearest to `sample`; stays if that would lead away.
pub(super) fn nearer(curve: &CubicBez, sample: Point, t: f64) -> f64 {
    let velocity = curve.deriv();
    let (off, first, second) = (curve.eval(t) - sample, velocity.eval(t).to_vec2(), velocity.deriv().eval(t).to_vec2());
    let slope = first.dot(first) + off.dot(second);
    let slope = if slope > 0.0 { slope } else { first.dot(first) };
    if slope <= 0.0 {
        return t;
    }
    let better = (t - off.dot(first) / slope).clamp(0.0, 1.0);
    match curve.eval(better).distance_squared(sample) <= off.hypot2() {
        true => better,
        false => t,
    }
}

/// Directions of arriving, leaving and passing through at the middle one of three samples. Passing through is the
/// tangent of the parabola over them, in the parameter of their distances.
fn directions(before: Point, here: Point, after: Point) -> [Vec2; 3] {
    let (back, forth) = (here - before, after - here);
    let (d0, d1) = (back.hypot(), forth.hypot());
    match (d0 > 0.0, d1 > 0.0) {
        (true, true) => [back, forth, back * (d1 / d0) + forth * (d0 / d1)],
        (true, false) => [back; 3],
        _ => [forth; 3],
    }
}

/// Direction in which the parabola over three samples leaves the first.
fn end_direction(end: Point, next: Point, third: Point) -> Vec2 {
    (next - end) * 4.0 - (third - end)
}

/// The shape with vertices at some of `samples` that lies nearest to all of them. `samples` run along the curve, a
/// closed one's once round; `vertices` are the indices of those that become vertices, in rising order, the first and the last
/// sample among them if the curve is open. A vertex in `corners` may break; at every other one the curve goes straight
/// through, so its handles lie in one line.
///
/// ```
/// use kurbo::{Point, Vec2};
///
/// let samples: Vec<Point> = (0..60).map(|k| Point::ZERO + 50.0 * Vec2::from_angle(f64::from(k).to_radians() * 6.0)).collect();
/// let circle = roto::fit::fit_shape(&samples, &[0, 15, 30, 45], &[], true)?;
/// assert!((circle.signed_area() - 2500.0 * std::f64::consts::PI).abs() < 15.0);
/// # Ok::<(), roto::Error>(())
/// ```
///
/// # Errors
/// [`Error::Fit`] for indices that are not as above, or coordinates that are no numbers.
pub fn fit_shape(samples: &[Point], vertices: &[usize], corners: &[usize], closed: bool) -> Result<BezierShape> {
    let count = samples.len();
    let refuse = |reason: &str| Err(Error::Fit(reason.to_owned()));
    let ([first, .., last], true) = (vertices, samples.iter().all(|sample| sample.is_finite())) else {
        return refuse("at least two vertices and finite samples are needed");
    };
    if vertices.windows(2).any(|pair| pair[0] >= pair[1]) || *last >= count {
        return Err(Error::Fit(format!("vertices must be rising indices of the {count} samples")));
    }
    if !closed && (*first != 0 || *last != count - 1) {
        return refuse("an open curve's first and last sample must be vertices");
    }
    let step = |at: usize, by: isize| match closed {
        true => samples[(at as isize + by).rem_euclid(count as isize) as usize],
        false => samples[(at as isize + by).clamp(0, count as isize - 1) as usize],
    };
    let knot = |&at: &usize| {
        let [arriving, leaving, tangent] = directions(step(at, -1), samples[at], step(at, 1));
        let end = (!closed && count > 2).then(|| match at {
            0 => Some(end_direction(samples[0], samples[1], samples[2])),
            at if at == count - 1 => Some(-end_direction(samples[at], samples[at - 1], samples[at - 2])),
            _ => None,
        });
        match corners.contains(&at) {
            true => Knot::corner(samples[at], arriving, leaving),
            false => Knot::smooth(samples[at], end.flatten().unwrap_or(tangent)),
        }
    };
    let knots: Vec<_> = vertices.iter().map(knot).collect();
    let pieces = if closed { vertices.len() } else { vertices.len() - 1 };
    let span = |k: usize| -> Vec<Point> {
        let (from, to) = (vertices[k], vertices[(k + 1) % vertices.len()]);
        let to = if to > from { to } else { to + count };
        (from + 1..to).map(|index| samples[index % count]).collect()
    };
    fit_spans(&knots, &(0..pieces).map(span).collect::<Vec<_>>(), closed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::arc_length::ArcLengthCurve;
    use crate::distance::curve_distance;
    use crate::fixture::blob;

    #[test]
    fn end_directions_are_kept_even_where_samples_say_otherwise() {
        let samples: Vec<_> = (0..=20).map(|k| Point::new(f64::from(k), (f64::from(k) * 0.3).sin() * 3.0)).collect();
        let (start, end) = (Vec2::new(1.0, -1.0), Vec2::new(2.0, 1.0));
        let found = fit_cubic(&samples, start, end).expect("finite samples");
        assert!((found.p1 - found.p0).cross(start).abs() < 1e-9 && (found.p1 - found.p0).dot(start) > 0.0);
        assert!((found.p3 - found.p2).cross(end).abs() < 1e-9 && (found.p3 - found.p2).dot(end) > 0.0);
    }

    #[test]
    fn samples_in_one_place_and_lost_directions_do_not_hang_or_panic() {
        let place = [Point::new(3.0, 4.0); 5];
        assert!(fit_cubic(&place, Vec2::new(1.0, 0.0), Vec2::new(1.0, 0.0)).expect("a place").is_finite());
        assert!(fit_cubic(&place, Vec2::ZERO, Vec2::new(1.0, 0.0)).is_err());
        assert!(fit_cubic(&place[..1], Vec2::new(1.0, 0.0), Vec2::new(1.0, 0.0)).is_err());
        assert!(fit_shape(&place, &[0, 2], &[], true).expect("a place").bounding_box().area() < 1e-9);
        assert!(fit_shape(&place, &[0, 9], &[], true).is_err());
        assert!(fit_shape(&place, &[0, 3], &[], false).is_err());
    }

    #[test]
    fn a_corner_stays_a_corner() {
        let square: Vec<_> = (0..40)
            .map(|k| {
                let (side, along) = (k / 10, f64::from(k % 10) * 3.0);
                [(along, 0.0), (30.0, along), (30.0 - along, 30.0), (0.0, 30.0 - along)][side as usize].into()
            })
            .collect();
        let vertices = [0, 10, 20, 30];
        let found = fit_shape(&square, &vertices, &vertices, true).expect("a square");
        assert!((found.signed_area() - 900.0).abs() < 0.5, "{}", found.signed_area());
        let round = fit_shape(&square, &vertices, &[], true).expect("a square");
        assert!(round.vertices().iter().all(|v| v.incoming.cross(v.outgoing).abs() < 1e-6));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn a_curves_own_vertices_bring_it_back(count in 3_usize..9, closed: bool) {
            let shape = BezierShape::new(blob(count).vertices().to_vec(), closed).expect("a fixture");
            let curve = ArcLengthCurve::new(&shape);
            let arcs = curve.vertex_arcs();
            let mut samples = Vec::new();
            let mut vertices = Vec::new();
            for (k, arc) in arcs.iter().enumerate() {
                let next = arcs.get(k + 1).copied().unwrap_or(curve.length());
                vertices.push(samples.len());
                let within = if *arc < next { 24 } else { 1 };
                samples.extend((0..within).map(|i| curve.point(arc + (next - arc) * f64::from(i) / 24.0)));
            }
            let found = fit_shape(&samples, &vertices, &[], closed).expect("samples of a curve");
            prop_assert_eq!(found.is_closed(), closed);
            let distance = curve_distance(&shape, &found);
            prop_assert!(distance.max_px < 0.1, "{distance:?}");
        }
    }
}
