//! How far shapes and mattes are from each other.

use kurbo::Vec2;
use ndarray::ArrayView2;

use crate::arc_length::{ArcLengthCurve, Side};
use crate::{BezierShape, Error, Result};

/// Spacing of the samples that distances are measured at.
const SPACING_PX: f64 = 0.5;
const FEWEST_SAMPLES: usize = 128;
const MOST_SAMPLES: usize = 4096;

/// Distances between two curves, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CurveDistance {
    /// Half of the places are nearer.
    pub median_px: f64,
    /// 95 of 100 places are nearer.
    pub p95_px: f64,
    /// The farthest place: the Hausdorff distance, to the spacing of samples.
    pub max_px: f64,
}

/// The symmetric distance of two curves. Both are sampled evenly by length, at most 0.5 px apart on curves up to 2048 px
/// long; each sample's distance is that to the nearest place of the other curve, which is found to a billionth of
/// a segment's parameter. Vertices, direction and beginning do not matter.
///
/// ```
/// use kurbo::Affine;
/// use roto::distance::curve_distance;
/// use roto::{BezierShape, Vertex};
///
/// let ends = [(0.0, 0.0), (80.0, 0.0)].map(|at| Vertex::corner(at.into()));
/// let line = BezierShape::new(ends.into(), false)?;
/// let found = curve_distance(&line, &line.transformed(Affine::translate((0.0, 3.0)))?);
/// assert!((found.median_px - 3.0).abs() < 1e-9 && (found.max_px - 3.0).abs() < 1e-9);
/// # Ok::<(), roto::Error>(())
/// ```
pub fn curve_distance(one: &BezierShape, other: &BezierShape) -> CurveDistance {
    between(&ArcLengthCurve::new(one), &ArcLengthCurve::new(other))
}

/// The distances that [`curve_distance`] is made of, in pixels, rising: for figures over many curves together.
pub fn curve_distances(one: &BezierShape, other: &BezierShape) -> Vec<f64> {
    sorted_distances(&ArcLengthCurve::new(one), &ArcLengthCurve::new(other))
}

pub(crate) fn between(one: &ArcLengthCurve, other: &ArcLengthCurve) -> CurveDistance {
    let found = sorted_distances(one, other);
    let rank = |share: f64| found[((found.len() as f64 * share).ceil() as usize).clamp(1, found.len()) - 1];
    CurveDistance { median_px: rank(0.5), p95_px: rank(0.95), max_px: rank(1.0) }
}

fn sorted_distances(one: &ArcLengthCurve, other: &ArcLengthCurve) -> Vec<f64> {
    let wanted = one.length().max(other.length()) / SPACING_PX;
    let count = (wanted.ceil() as usize).clamp(FEWEST_SAMPLES, MOST_SAMPLES);
    let there = one.even_points(count).map(|point| other.nearest(point).0);
    let mut found: Vec<f64> = there.chain(other.even_points(count).map(|point| one.nearest(point).0)).collect();
    found.sort_by(f64::total_cmp);
    found
}

/// Angles between the handles of two shapes at one vertex, in degrees from 0 to 180. `None` where an open shape has no
/// handle, or a shape is a single place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HandleAngles {
    /// Between the handles of the segments that end at the vertex.
    pub incoming_deg: Option<f64>,
    /// Between the handles of the segments that begin at the vertex.
    pub outgoing_deg: Option<f64>,
}

/// The angles between the handles of two shapes, vertex by vertex. A handle without length counts as the direction that
/// its curve leaves in.
///
/// # Errors
/// [`Error::Mismatch`] unless both are open or both closed, with as many vertices.
pub fn handle_angles(one: &BezierShape, other: &BezierShape) -> Result<Vec<HandleAngles>> {
    let kind = |shape: &BezierShape| {
        let word = if shape.is_closed() { "closed" } else { "open" };
        format!("{word}, {} vertices", shape.vertices().len())
    };
    if kind(one) != kind(other) {
        let what = "shapes whose handles are compared".to_owned();
        return Err(Error::Mismatch { what, expected: kind(one), found: kind(other) });
    }
    let directions = |shape: &BezierShape, side: Side| -> Vec<Option<Vec2>> {
        let (segments, count) = (shape.segments().collect::<Vec<_>>(), shape.vertices().len());
        let direction = |vertex: usize| {
            let (segment, t) = match side {
                Side::After => (vertex, 0.0),
                Side::Before if vertex == 0 && !shape.is_closed() => return None,
                Side::Before => ((vertex + count - 1) % count, 1.0),
            };
            let found = crate::arc_length::direction(segments.get(segment)?, t);
            (found != Vec2::ZERO).then_some(found)
        };
        (0..count).map(direction).collect()
    };
    let angles = |side: Side| {
        let pairs = directions(one, side).into_iter().zip(directions(other, side));
        pairs.map(|(a, b)| a.zip(b).map(|(a, b)| a.cross(b).abs().atan2(a.dot(b)).to_degrees())).collect::<Vec<_>>()
    };
    let pairs = angles(Side::Before).into_iter().zip(angles(Side::After));
    Ok(pairs.map(|(incoming_deg, outgoing_deg)| HandleAngles { incoming_deg, outgoing_deg }).collect())
}

/// Intersection over union of two mattes of coverage (0 to 1): the sum of each pixel's smaller value by the sum of its
/// larger one. 1 for two empty mattes. Values outside 0 to 1, and what is no number, count as the nearer end and as 0.
///
/// # Errors
/// [`Error::Mismatch`] for mattes of different sizes.
pub fn matte_iou(one: ArrayView2<'_, f32>, other: ArrayView2<'_, f32>) -> Result<f64> {
    if one.dim() != other.dim() {
        let size = |(height, width): (usize, usize)| format!("{width}×{height} pixels");
        let what = "mattes that are compared".to_owned();
        return Err(Error::Mismatch { what, expected: size(one.dim()), found: size(other.dim()) });
    }
    let coverage = |value: f32| if value.is_nan() { 0.0 } else { f64::from(value.clamp(0.0, 1.0)) };
    let pairs = one.iter().zip(other.iter()).map(|(a, b)| (coverage(*a), coverage(*b)));
    let (both, either) = pairs.fold((0.0, 0.0), |(both, either), (a, b)| (both + a.min(b), either + a.max(b)));
    Ok(if either > 0.0 { both / either } else { 1.0 })
}

#[cfg(test)]
mod tests {
    use kurbo::{Affine, Point};
    use ndarray::array;
    use proptest::prelude::*;

    use super::*;
    use crate::fixture::blob;
    use crate::{Vertex, VertexOrder};

    #[test]
    fn the_distance_of_concentric_circles_is_their_gap() {
        let circle = |radius: f64| {
            let handle = radius * 0.551_915_024_494;
            let at = |k: i32| f64::from(k).to_radians() * 90.0;
            let vertex = |k: i32| {
                let (out, along) = (Vec2::from_angle(at(k)), Vec2::from_angle(at(k + 1)));
                Vertex { anchor: (out * radius).to_point(), incoming: along * -handle, outgoing: along * handle }
            };
            BezierShape::new((0..4).map(vertex).collect(), true).expect("a circle")
        };
        let found = curve_distance(&circle(50.0), &circle(53.0));
        for distance in [found.median_px, found.p95_px, found.max_px] {
            assert!((distance - 3.0).abs() < 0.03, "{found:?}");
        }
    }

    #[test]
    fn a_bulge_on_one_side_shows_in_the_maximum_from_both_sides() {
        let (plain, mut vertices) = (blob(6), blob(6).vertices().to_vec());
        vertices[2].anchor += Vec2::new(0.0, 12.0);
        let bulged = plain.with_vertices(vertices);
        let (there, back) = (curve_distance(&plain, &bulged), curve_distance(&bulged, &plain));
        assert_eq!(there, back);
        assert!(there.median_px < 0.01 && there.max_px > 8.0 && there.max_px < 12.0, "{there:?}");
    }

    #[test]
    fn a_turned_shape_has_that_handle_angle_and_swapped_handles_show() {
        let shape = blob(5);
        let turned = shape.transformed(Affine::rotate(0.3)).expect("finite");
        for angles in handle_angles(&shape, &turned).expect("the same vertices") {
            assert!((angles.incoming_deg.expect("closed") - 0.3_f64.to_degrees()).abs() < 1e-6);
            assert!((angles.outgoing_deg.expect("closed") - 0.3_f64.to_degrees()).abs() < 1e-6);
        }
        let swapped = shape.vertices().iter().map(|v| Vertex { incoming: v.outgoing, outgoing: v.incoming, ..*v });
        let swapped = shape.with_vertices(swapped.collect());
        assert!(handle_angles(&shape, &swapped).expect("as many")[0].outgoing_deg.expect("closed") > 170.0);
        let message = handle_angles(&shape, &blob(6)).expect_err("five and six").to_string();
        assert!(message.contains("expected closed, 5 vertices, found closed, 6 vertices"), "{message}");
    }

    #[test]
    fn an_open_shape_has_no_handle_before_its_start_and_a_lost_handle_keeps_its_direction() {
        let ends = [Vertex::corner(Point::ZERO), Vertex::corner(Point::new(9.0, 0.0))];
        let line = BezierShape::new(ends.into(), false).expect("two vertices");
        let tilted = line.transformed(Affine::rotate(0.1)).expect("finite");
        let angles = handle_angles(&line, &tilted).expect("as many");
        assert_eq!((angles[0].incoming_deg, angles[1].outgoing_deg), (None, None));
        assert!((angles[0].outgoing_deg.expect("it leaves") - 0.1_f64.to_degrees()).abs() < 1e-9);
    }

    #[test]
    fn mattes_that_share_a_third_have_that_iou() {
        let (one, other) = (array![[1.0_f32, 1.0, 0.0], [0.0, 0.0, 0.0]], array![[0.0_f32, 1.0, 1.0], [0.0, 0.0, 0.0]]);
        assert!((matte_iou(one.view(), other.view()).expect("one size") - 1.0 / 3.0).abs() < 1e-12);
        let empty = array![[0.0_f32]];
        assert_eq!(matte_iou(empty.view(), empty.view()), Ok(1.0));
        assert!(matte_iou(one.view(), empty.view()).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn neither_direction_nor_beginning_changes_a_distance(count in 3_usize..9, first in 0_usize..9, reversed: bool) {
            let (one, other) = (blob(count), blob(count).transformed(Affine::translate((2.0, -1.0))).expect("finite"));
            let turned = VertexOrder { reversed, first: first % count }.apply(&other);
            let (before, after) = (curve_distance(&one, &other), curve_distance(&one, &turned));
            prop_assert!((before.median_px - after.median_px).abs() < 0.02, "{before:?} {after:?}");
            prop_assert!((before.max_px - after.max_px).abs() < 0.02, "{before:?} {after:?}");
            prop_assert!(curve_distance(&turned, &other).max_px < 1e-3);
        }
    }
}
