//! Artists' vertices lie anywhere: begun anywhere, run through either way, more or fewer from shot to shot. Here such a
//! curve gets a topology's vertices, each at the place of the same meaning, so that every frame has the same points
//! and handles.
//!
//! First the places are found, by dynamic programming over samples of the contour ([`Guide`] says what to look for).
//! Then one cubic per pair of neighbors is fitted, jointly, with handles in one line wherever the contour is smooth.

mod correspondence;
mod guide;
mod similarity;

use kurbo::Point;

use crate::arc_length::{ArcLengthCurve, Side};
use crate::distance::{self, CurveDistance};
use crate::fit::{Knot, fit_spans};
use crate::{BezierShape, Error, Result};

pub use guide::Guide;

/// A contour that breaks by more than this has a corner, which is kept.
const CORNER_DEG: f64 = 30.0;
/// Above any character's shape. Assigning vertices takes time by their number and the square of the places that they may
/// take, which are some hundred samples, three per vertex where these are more, and the corners.
const MOST_VERTICES: usize = 128;
/// Corners that vertices are drawn to, the strongest: a contour as rough as a saw has thousands, and they cost as above.
const MOST_CORNERS: usize = 128;
/// Samples of a span that its cubic is fitted to.
const SPAN_SAMPLES: usize = 32;

/// A curve with the topology's vertices.
#[derive(Debug, Clone, PartialEq)]
pub struct Revectorised {
    /// The curve. Its anchors lie on the contour that was given.
    pub shape: BezierShape,
    /// Where each vertex lies on that contour: the length up to it by the whole length, from 0 to 1, in the contour's
    /// own direction.
    pub shares: Vec<f64>,
    /// Whether the contour was run through backwards to go the guide's way.
    pub reversed: bool,
    /// Whether each vertex is a corner of the contour. At every other one the handles lie in one line.
    pub corners: Vec<bool>,
    /// How far the curve is from the contour.
    pub error: CurveDistance,
}

/// Gives `raw` the vertices that `guide` describes.
///
/// ```
/// use kurbo::Point;
/// use roto::revectorise::{Guide, revectorise};
/// use roto::{BezierShape, VertexOrder, fit};
///
/// let points = [(0.0, 0.0), (60.0, -10.0), (90.0, 30.0), (20.0, 50.0)].map(Point::from);
/// let before = fit::catmull_rom(&points, true, fit::Knots::Centripetal)?;
/// // The same curve as another artist would have it: begun elsewhere, run through backwards.
/// let raw = VertexOrder { reversed: true, first: 2 }.apply(&before);
/// let found = revectorise(&raw, &Guide::from_reference(&before))?;
/// assert!(found.reversed && found.error.max_px < 0.1);
/// assert!(found.shape.vertices()[1].anchor.distance(points[1]) < 0.5);
/// # Ok::<(), roto::Error>(())
/// ```
///
/// # Errors
/// [`Error::Mismatch`] when one is open and the other closed, [`Error::Fit`] for a contour without extent, for more than
/// 128 vertices, and for a guide whose numbers are too large to compute with.
pub fn revectorise(raw: &BezierShape, guide: &Guide) -> Result<Revectorised> {
    let word = |closed: bool| if closed { "a closed curve" } else { "an open curve" }.to_owned();
    if raw.is_closed() != guide.is_closed() {
        let (expected, found) = (word(guide.is_closed()), word(raw.is_closed()));
        return Err(Error::Mismatch { what: "the contour to revectorise".to_owned(), expected, found });
    }
    let contour = |shape: &BezierShape| {
        let curve = ArcLengthCurve::new(shape);
        let corners = corners(&curve);
        (curve, corners)
    };
    let (forth, back) = (contour(raw), contour(&raw.reversed()));
    if !(1e-6..1e9).contains(&forth.0.length()) {
        return Err(Error::Fit(format!(
            "the contour is {} px long, expected more than 0 and less than 1e9",
            forth.0.length()
        )));
    }
    let count = guide.vertices().len();
    if count > MOST_VERTICES {
        return Err(Error::Fit(format!("the shape has {count} vertices, at most {MOST_VERTICES} can be revectorised")));
    }
    let there = correspondence::find(&forth.0, &strongest(&forth.1), guide);
    let other = correspondence::find(&back.0, &strongest(&back.1), guide);
    // A seam of which only the middle is known may run either way; then the artist's stays.
    let reversed = other.cost < there.cost - 1e-6;
    let ((curve, corners), places) = if reversed { (back, other.arcs) } else { (forth, there.arcs) };
    if places.len() != count {
        return Err(Error::Fit("the guide's positions are too far out; give them in pixels of the plate".to_owned()));
    }
    let is_corner = |arc: f64| corners.iter().any(|corner| apart(&curve, corner.arc, arc) < 1e-6 * curve.length());
    let corners: Vec<_> = places.iter().map(|&arc| is_corner(arc)).collect();
    let shape = fitted(&curve, &places, &corners)?;
    let share = |arc: &f64| if reversed { 1.0 - arc / curve.length() } else { arc / curve.length() };
    Ok(Revectorised {
        error: distance::between(&curve, &ArcLengthCurve::new(&shape)),
        shares: places.iter().map(share).collect(),
        shape,
        reversed,
        corners,
    })
}

/// The cubics between `places`, which rise along `curve`; on a closed one they may pass its beginning.
fn fitted(curve: &ArcLengthCurve, places: &[f64], corners: &[bool]) -> Result<BezierShape> {
    let knot = |(&arc, &corner): (&f64, &bool)| {
        let (arriving, leaving) = (curve.direction(arc, Side::Before), curve.direction(arc, Side::After));
        match corner {
            true => Knot::corner(curve.point(arc), arriving, leaving),
            // Where the contour breaks a little, straight through the middle of the break.
            false => Knot::smooth(curve.point(arc), arriving + leaving),
        }
    };
    let knots: Vec<_> = places.iter().zip(corners).map(knot).collect();
    let count = if curve.is_closed() { places.len() } else { places.len() - 1 };
    let span = |k: usize| -> Vec<Point> {
        let (from, to) = (places[k], places[(k + 1) % places.len()]);
        let length = if to > from { to - from } else { to - from + curve.length() };
        let at = |i: usize| curve.point(from + length * (i as f64 + 0.5) / SPAN_SAMPLES as f64);
        (0..SPAN_SAMPLES).map(at).collect()
    };
    fit_spans(&knots, &(0..count).map(span).collect::<Vec<_>>(), curve.is_closed())
}

/// Length along `curve` between two arcs, the shorter way.
fn apart(curve: &ArcLengthCurve, one: f64, other: f64) -> f64 {
    let gap = (one - other).abs();
    if curve.is_closed() { gap.min(curve.length() - gap).abs() } else { gap }
}

/// A vertex at which a contour breaks.
struct Corner {
    arc: f64,
    /// The angle between its two directions.
    break_deg: f64,
}

/// All corners of a contour, along it.
fn corners(curve: &ArcLengthCurve) -> Vec<Corner> {
    let corner = |arc: f64| {
        let (before, after) = (curve.direction(arc, Side::Before), curve.direction(arc, Side::After));
        Corner { arc, break_deg: before.cross(after).abs().atan2(before.dot(after)).to_degrees() }
    };
    curve.vertex_arcs().into_iter().map(corner).filter(|corner| corner.break_deg > CORNER_DEG).collect()
}

/// Arcs of the corners that break most, as many as vertices may be drawn to.
fn strongest(corners: &[Corner]) -> Vec<f64> {
    let mut order: Vec<&Corner> = corners.iter().collect();
    order.sort_by(|a, b| b.break_deg.total_cmp(&a.break_deg));
    order.into_iter().take(MOST_CORNERS).map(|corner| corner.arc).collect()
}

#[cfg(test)]
mod tests;
