//! The box around a selection: its corners and sides scale, the ring above it turns.
//!
//! Everything here is canonical, where pixels are square on the screen and y runs up.

use kurbo::{Affine, Point, Rect, Vec2};
use ofx_sdk::drawing::Color;
use ofx_sdk::plugin::overlay::{Painter, PointForm, Stroke};

/// What the box looks like.
const COLOR: Color = Color::rgb(0.45, 0.80, 1.0);
const HANDLE: f32 = 7.0;
const RING: f32 = 9.0;

/// How far the box stands off what it encloses, and the ring off the box, in pixels of the screen: farther than the pen
/// reaches, so that no handle lies on a point of the selection.
const PADDING_PX: f64 = 14.0;
const RING_PX: f64 = 26.0;

/// How near the pen must be to a handle, in pixels of the screen.
const REACH_PX: f64 = 8.0;

/// A side has a handle of its own from this length on, in pixels of the screen.
const LEAST_SIDE_PX: f64 = 56.0;

/// Nothing is scaled to less, nor turned inside out: a selection that lies in one place could not be taken apart again.
const LEAST_SCALE: f64 = 0.02;

/// Shift turns in steps of so many degrees.
const STEP_DEGREES: f64 = 15.0;

/// Where a handle stands along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Left, or below.
    Low,
    /// Between both.
    Middle,
    /// Right, or above.
    High,
}

/// A handle of the box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoxHandle {
    /// Scales along the axes on which it stands at a side.
    Scale(Side, Side),
    /// Turns.
    Turn,
}

/// The keys that are held down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Constraint {
    /// Shift: the same scale along both axes, turns in steps.
    pub even: bool,
    /// Control: around the middle instead of the opposite side.
    pub centered: bool,
}

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TransformBox {
    /// What it encloses.
    bounds: Rect,
    /// The size of a pixel of the screen.
    pixel: [f64; 2],
}

impl TransformBox {
    /// The box around some places; none around fewer than two, which can be neither scaled nor turned.
    pub fn around(places: impl IntoIterator<Item = Point>, pixel: [f64; 2]) -> Option<Self> {
        let mut places = places.into_iter();
        let first = places.next()?;
        let bounds = places.fold(Rect::from_points(first, first), |bounds, at| bounds.union_pt(at));
        let usable = bounds.is_finite() && pixel.iter().all(|side| side.is_finite() && *side > 0.0);
        (usable && (bounds.width() > 0.0 || bounds.height() > 0.0)).then_some(Self { bounds, pixel })
    }

    fn padded(&self) -> Rect {
        self.bounds.inflate(PADDING_PX * self.pixel[0], PADDING_PX * self.pixel[1])
    }

    /// Every handle with its place.
    pub fn handles(&self) -> Vec<(BoxHandle, Point)> {
        use Side::{High, Low, Middle};
        let outer = self.padded();
        let is_long = [outer.width() / self.pixel[0], outer.height() / self.pixel[1]].map(|side| side >= LEAST_SIDE_PX);
        let x = |side| along(side, outer.x0, outer.x1);
        let y = |side| along(side, outer.y0, outer.y1);
        let mut handles = Vec::new();
        for (across, up) in [Low, Middle, High].into_iter().flat_map(|x| [Low, Middle, High].map(|y| (x, y))) {
            let shown = match (across, up) {
                (Middle, Middle) => false,
                (Middle, _) => is_long[0],
                (_, Middle) => is_long[1],
                _ => true,
            };
            if shown {
                handles.push((BoxHandle::Scale(across, up), Point::new(x(across), y(up))));
            }
        }
        handles.push((BoxHandle::Turn, Point::new(x(Middle), outer.y1 + RING_PX * self.pixel[1])));
        handles
    }

    /// The handle that the pen takes hold of; `distance` tells how far a place is from it, in pixels of the screen.
    pub fn handle_at(&self, distance: impl Fn(Point) -> f64) -> Option<BoxHandle> {
        let near = self.handles().into_iter().map(|(handle, at)| (handle, distance(at)));
        near.filter(|(_, far)| *far <= REACH_PX).min_by(|a, b| a.1.total_cmp(&b.1)).map(|(handle, _)| handle)
    }

    /// What a drag of a handle does to all that the box encloses.
    pub fn transform(&self, handle: BoxHandle, from: Point, to: Point, held: Constraint) -> Affine {
        match handle {
            BoxHandle::Turn => self.turned(from, to, held.even),
            BoxHandle::Scale(across, up) => self.scaled(across, up, from, to, held),
        }
    }

    fn turned(&self, from: Point, to: Point, even: bool) -> Affine {
        let middle = self.bounds.center();
        let angle = (to - middle).atan2() - (from - middle).atan2();
        let step = STEP_DEGREES.to_radians();
        let angle = if even { (angle / step).round() * step } else { angle };
        Affine::rotate_about(angle, middle)
    }

    fn scaled(&self, across: Side, up: Side, from: Point, to: Point, held: Constraint) -> Affine {
        let pivot = match held.centered {
            true => self.bounds.center(),
            // The opposite side.
            false => {
                Point::new(along(across, self.bounds.x1, self.bounds.x0), along(up, self.bounds.y1, self.bounds.y0))
            }
        };
        let factor = |side: Side, from: f64, to: f64| match side {
            Side::Middle => 1.0,
            // A handle stands off its pivot by the padding at least.
            Side::Low | Side::High => (to / from).max(LEAST_SCALE),
        };
        let (before, after) = (from - pivot, to - pivot);
        let [x, y] = match (held.even, across, up) {
            (true, Side::Middle, _) => [factor(up, before.y, after.y); 2],
            (true, _, Side::Middle) => [factor(across, before.x, after.x); 2],
            (true, ..) => [along_line(before, after).max(LEAST_SCALE); 2],
            (false, ..) => [factor(across, before.x, after.x), factor(up, before.y, after.y)],
        };
        let affine =
            Affine::translate(pivot.to_vec2()) * Affine::scale_non_uniform(x, y) * Affine::translate(-pivot.to_vec2());
        if affine.is_finite() { affine } else { Affine::IDENTITY }
    }

    /// Draws it as it lies once `by` has been done to it.
    pub fn paint(&self, painter: &mut Painter, by: Affine) {
        let place = |at: Point| {
            let at = by * at;
            [at.x, at.y]
        };
        let outer = self.padded();
        let corners = [(outer.x0, outer.y0), (outer.x1, outer.y0), (outer.x1, outer.y1), (outer.x0, outer.y1)];
        painter.polyline(&corners.map(|at| place(at.into())), true, Stroke::new(COLOR));
        for (handle, at) in self.handles() {
            match handle {
                BoxHandle::Scale(..) => painter.point(place(at), PointForm::Square, HANDLE, COLOR),
                BoxHandle::Turn => {
                    painter.polyline(&[place(Point::new(at.x, outer.y1)), place(at)], false, COLOR);
                    painter.point(place(at), PointForm::Ring, RING, COLOR);
                }
            }
        }
    }
}

fn along(side: Side, low: f64, high: f64) -> f64 {
    match side {
        Side::Low => low,
        Side::Middle => low.midpoint(high),
        Side::High => high,
    }
}

/// How many times `before` fits along itself into `after`.
fn along_line(before: Vec2, after: Vec2) -> f64 {
    after.dot(before) / before.hypot2()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREE: Constraint = Constraint { even: false, centered: false };
    const CORNER: BoxHandle = BoxHandle::Scale(Side::High, Side::High);

    fn unit() -> TransformBox {
        let places = [Point::new(100.0, 200.0), Point::new(300.0, 300.0)];
        TransformBox::around(places, [0.5, 0.5]).unwrap()
    }

    fn place(of: BoxHandle) -> Point {
        unit().handles().into_iter().find(|(handle, _)| *handle == of).unwrap().1
    }

    fn dragged(handle: BoxHandle, to: Point, held: Constraint) -> Affine {
        unit().transform(handle, place(handle), to, held)
    }

    fn assert_near(found: Point, expected: (f64, f64)) {
        assert!(found.distance(expected.into()) < 1e-9, "{found:?}, expected {expected:?}");
    }

    #[test]
    fn a_corner_scales_around_the_opposite_one_and_shift_scales_both_axes_alike() {
        assert_eq!(place(CORNER), Point::new(307.0, 307.0), "14 px of half a pixel each stand off");
        let wider = dragged(CORNER, Point::new(514.0, 307.0), FREE);
        assert_near(wider * Point::new(300.0, 300.0), (500.0, 300.0));
        assert_near(wider * Point::new(100.0, 200.0), (100.0, 200.0));
        let both = dragged(CORNER, Point::new(514.0, 414.0), Constraint { even: true, ..FREE });
        assert_near(both * Point::new(300.0, 300.0), (500.0, 400.0));
        let centered = dragged(CORNER, Point::new(414.0, 307.0), Constraint { centered: true, ..FREE });
        assert_near(centered * Point::new(200.0, 250.0), (200.0, 250.0));
        assert_near(centered * Point::new(100.0, 250.0), (0.0, 250.0));
    }

    #[test]
    fn a_side_scales_one_axis_and_the_ring_turns_around_the_middle() {
        let right = BoxHandle::Scale(Side::High, Side::Middle);
        let wider = dragged(right, Point::new(514.0, 999.0), FREE);
        assert_near(wider * Point::new(300.0, 300.0), (500.0, 300.0));
        let quarter = dragged(BoxHandle::Turn, Point::new(0.0, 250.0), FREE);
        assert_near(quarter * Point::new(300.0, 250.0), (200.0, 350.0));
        let nearly = dragged(BoxHandle::Turn, Point::new(0.0, 255.0), Constraint { even: true, ..FREE });
        assert_near(nearly * Point::new(300.0, 250.0), (200.0, 350.0));
    }

    #[test]
    fn nothing_is_scaled_to_a_point_or_turned_inside_out() {
        for to in [Point::new(-500.0, -500.0), Point::new(100.0, 200.0)] {
            for even in [false, true] {
                let small = dragged(CORNER, to, Constraint { even, ..FREE });
                assert!(small.as_coeffs()[0] >= LEAST_SCALE && small.as_coeffs()[3] >= LEAST_SCALE, "{small:?}");
            }
        }
    }

    #[test]
    fn handles_are_hit_in_pixels_of_the_screen_and_short_sides_have_none() {
        let far = |pen: Point| move |at: Point| (at - pen).hypot() / 0.5;
        assert_eq!(unit().handle_at(far(Point::new(310.0, 308.0))), Some(CORNER));
        assert_eq!(unit().handle_at(far(Point::new(313.0, 308.0))), None, "12 px off");
        assert_eq!(unit().handles().len(), 9);
        let small = TransformBox::around([Point::ZERO, Point::new(8.0, 1.0)], [1.0, 1.0]).unwrap();
        assert_eq!(small.handles().len(), 5, "corners and ring");
        assert_eq!(TransformBox::around([Point::ZERO], [1.0, 1.0]), None);
    }
}
