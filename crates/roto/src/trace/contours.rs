//! Where a matte passes a level, to a part of a pixel: marching squares with linear interpolation (Lorensen & Cline 1987, in
//! the plane). Where a cell can be read two ways, its middle decides.

use std::collections::HashMap;

use kurbo::Point;
use ndarray::ArrayView2;

/// The closed contours of `matte` at `level`, the inside on the right (rows down), in pixels. Beyond its edges the matte is 0.
pub(super) fn contours(matte: ArrayView2<'_, f32>, level: f32) -> Vec<Vec<Point>> {
    let cells = Cells { matte, level };
    let (mut order, mut next) = (Vec::new(), HashMap::new());
    for y in 0..=matte.nrows() {
        for x in 0..=matte.ncols() {
            cells.link(x, y, |from, to| {
                order.push(from);
                next.insert(from, to);
            });
        }
    }
    let mut found = Vec::new();
    for start in order {
        let mut line = Vec::new();
        let mut at = start;
        while let Some(to) = next.remove(&at) {
            line.push(cells.crossing(at));
            at = to;
        }
        if !line.is_empty() {
            found.push(line);
        }
    }
    found
}

/// A side of a cell, between two samples: the upper or left one, and whether the other lies below.
type Side = (usize, usize, bool);

/// Squares between the middles of pixels, the first of which are beyond the edge.
struct Cells<'a> {
    matte: ArrayView2<'a, f32>,
    level: f32,
}

impl Cells<'_> {
    /// A sample; the first and the last of a row or column lie beyond the edge.
    fn sample(&self, x: usize, y: usize) -> f32 {
        let inside = x.checked_sub(1).zip(y.checked_sub(1)).and_then(|(x, y)| self.matte.get((y, x)));
        inside.copied().filter(|value| !value.is_nan()).unwrap_or(0.0)
    }

    /// The pieces of contour through a cell, each from side to side.
    fn link(&self, x: usize, y: usize, mut piece: impl FnMut(Side, Side)) {
        let corners = [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)].map(|(x, y)| self.sample(x, y));
        let inside = corners.map(|value| value >= self.level);
        if inside == [inside[0]; 4] {
            return;
        }
        // Clockwise on screen, as the corners are: where it leaves the inside a piece begins, where it enters one ends.
        let sides = [(x, y, false), (x + 1, y, true), (x, y + 1, false), (x, y, true)];
        let leaves = |side: usize| inside[side] && !inside[(side + 1) % 4];
        let enters = |side: usize| !inside[side] && inside[(side + 1) % 4];
        let joined = corners.iter().sum::<f32>() / 4.0 >= self.level;
        for side in (0..4).filter(|&side| leaves(side)) {
            let twofold = inside[0] == inside[2] && inside[1] == inside[3];
            let end = match twofold {
                true => Some(if joined { (side + 1) % 4 } else { (side + 3) % 4 }),
                false => (0..4).find(|&side| enters(side)),
            };
            end.into_iter().for_each(|end| piece(sides[side], sides[end]));
        }
    }

    fn crossing(&self, (x, y, down): Side) -> Point {
        let (a, b) = (self.sample(x, y), if down { self.sample(x, y + 1) } else { self.sample(x + 1, y) });
        let share = ((self.level - a) / (b - a)).clamp(0.0, 1.0);
        // An infinite sample says where the inside is, and no more.
        let share = if share.is_finite() { f64::from(share) } else { 0.5 };
        let (x, y) = (x as f64 - 0.5, y as f64 - 0.5);
        if down { Point::new(x, y + share) } else { Point::new(x + share, y) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    fn area(line: &[Point]) -> f64 {
        let next = line.iter().cycle().skip(1);
        line.iter().zip(next).map(|(a, b)| 0.5 * a.to_vec2().cross(b.to_vec2())).sum()
    }

    #[test]
    fn an_edge_lies_where_the_coverage_says() {
        let found = contours(array![[1.0, 0.6, 0.0], [1.0, 0.6, 0.0]].view(), 0.5);
        assert_eq!(found.len(), 1);
        let right = found[0].iter().map(|point| point.x).fold(f64::MIN, f64::max);
        assert!((right - (1.5 + 0.1 / 0.6)).abs() < 1e-6 && area(&found[0]) > 0.0, "{right}");
    }

    #[test]
    fn a_hole_runs_the_other_way() {
        let ring = Array2::from_shape_fn((9, 9), |(y, x)| {
            let far = (x as f32 - 4.0).hypot(y as f32 - 4.0);
            (4.0 - far).min(far - 1.5).clamp(0.0, 1.0)
        });
        let mut areas: Vec<f64> = contours(ring.view(), 0.5).iter().map(|line| area(line)).collect();
        areas.sort_by(f64::total_cmp);
        assert!(areas.len() == 2 && areas[0] < -5.0 && areas[1] > 30.0, "{areas:?}");
    }

    #[test]
    fn pixels_that_touch_at_a_corner_are_joined_when_their_middle_is_inside() {
        let corner = |off: f32| contours(array![[1.0, off], [off, 1.0]].view(), 0.5).len();
        assert_eq!((corner(0.0), corner(0.4), contours(array![[0.0_f32, 0.4]].view(), 0.5).len()), (1, 1, 0));
        assert_eq!(contours(array![[0.9, 0.0], [0.0, 0.9]].view(), 0.5).len(), 2);
        assert_eq!(contours(array![[f32::NAN, f32::INFINITY]].view(), 0.5).len(), 1);
        assert_eq!(contours(Array2::<f32>::zeros((0, 0)).view(), 0.5).len(), 0);
    }
}
