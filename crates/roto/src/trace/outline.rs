use kurbo::{Point, Vec2};

/// The most samples of an outline; a 2K frame's edge has twelve thousand half pixels.
const MOST_SAMPLES: usize = 1 << 14;
/// The distance of samples, in pixels.
const STEP_PX: f64 = 0.5;

/// A closed contour, evenly sampled and a little smoothed, by the length run through.
#[derive(Debug, Clone)]
pub(super) struct Outline {
    points: Vec<Point>,
    step: f64,
    /// Arcs of corners, and the places where their sides would meet.
    corners: Vec<(f64, Point)>,
}

impl Outline {
    /// `line` smoothed by a Gaussian of `smooth_px`; it breaks where its sides turn by more than `corner_deg`.
    pub(super) fn new(line: &[Point], smooth_px: f64, corner_deg: f64) -> Self {
        let length: f64 = pairs(line).map(|(a, b)| a.distance(b)).sum();
        let count = ((length / STEP_PX).ceil() as usize).clamp(8, MOST_SAMPLES);
        let step = length / count as f64;
        let points = smoothed(&evenly(line, count, step), smooth_px / step);
        // Smoothing shortens it a little.
        let step = pairs(&points).map(|(a, b)| a.distance(b)).sum::<f64>() / count as f64;
        let mut outline = Self { points, step, corners: Vec::new() };
        outline.corners = outline.find_corners(corner_deg.to_radians(), (4.0 * smooth_px).clamp(2.5, 8.0));
        outline
    }

    pub(super) fn length(&self) -> f64 {
        self.step * self.points.len() as f64
    }

    pub(super) fn corners(&self) -> &[(f64, Point)] {
        &self.corners
    }

    /// `arc` between 0 and the length.
    pub(super) fn wrap(&self, arc: f64) -> f64 {
        arc.rem_euclid(self.length())
    }

    pub(super) fn point(&self, arc: f64) -> Point {
        let at = self.wrap(arc) / self.step;
        let before = (at as usize) % self.points.len();
        self.points[before].lerp(self.points[(before + 1) % self.points.len()], at.fract())
    }

    /// From a place `reach` before to one `reach` after.
    pub(super) fn chord(&self, arc: f64, reach: f64) -> Vec2 {
        self.point(arc + reach) - self.point(arc - reach)
    }

    /// Evenly spaced places.
    pub(super) fn samples(&self, count: usize) -> Vec<Point> {
        (0..count).map(|k| self.point(self.length() * k as f64 / count as f64)).collect()
    }

    /// The corner nearest to `arc` within `reach`.
    pub(super) fn corner_near(&self, arc: f64, reach: f64) -> Option<(f64, Point)> {
        let length = self.length();
        let off = |&(corner, _): &(f64, Point)| {
            let gap = (corner - arc).rem_euclid(length);
            gap.min(length - gap)
        };
        let near = self.corners.iter().min_by(|a, b| off(a).total_cmp(&off(b)));
        near.filter(|corner| off(corner) <= reach).copied()
    }

    fn turn(&self, arc: f64, reach: f64) -> f64 {
        let at = self.point(arc);
        let (before, after) = (at - self.point(arc - reach), self.point(arc + reach) - at);
        before.cross(after).atan2(before.dot(after)).abs()
    }

    /// Where the outline breaks. A small circle turns on the way too, but twice as much over twice the way; a corner does not.
    fn find_corners(&self, least: f64, reach: f64) -> Vec<(f64, Point)> {
        if self.length() < 6.0 * reach {
            return Vec::new();
        }
        let arcs = (0..self.points.len()).map(|k| k as f64 * self.step);
        let turns: Vec<f64> = arcs.map(|arc| self.turn(arc, reach)).collect();
        let count = turns.len();
        let window = ((reach / self.step) as usize).clamp(1, count / 3);
        let strongest = |k: usize| {
            let others = (1..=window).flat_map(|by| [(k + by) % count, (k + count - by) % count].map(|at| (at, by)));
            // Of equals, the first along the outline.
            others.into_iter().all(|(at, _)| turns[k] > turns[at] || (turns[k] == turns[at] && k < at))
        };
        let corners = (0..count).filter(|&k| turns[k] > least && strongest(k));
        let corners = corners.map(|k| k as f64 * self.step);
        let breaks = |arc: &f64| self.turn(*arc, 2.0 * reach) < 1.5 * self.turn(*arc, reach);
        corners.filter(breaks).map(|arc| (arc, self.sides_meet(arc, reach))).collect()
    }

    /// Where the sides of a corner meet, unless that is far from the rounded tip.
    fn sides_meet(&self, arc: f64, reach: f64) -> Point {
        let [tip, a, b, c, d] = [0.0, -2.0, -1.0, 1.0, 2.0].map(|k| self.point(arc + 0.75 * k * reach));
        let (along, back) = (b - a, c - d);
        let across = along.cross(back);
        if across.abs() < 1e-3 * along.hypot() * back.hypot() {
            return tip;
        }
        let meet = b + along * ((c - b).cross(back) / across);
        if meet.distance(tip) < 0.75 * reach { meet } else { tip }
    }
}

pub(super) fn pairs(line: &[Point]) -> impl Iterator<Item = (Point, Point)> + '_ {
    line.iter().copied().zip(line.iter().copied().cycle().skip(1))
}

/// The area within a closed line: positive when it runs clockwise on screen (rows down).
pub(super) fn area(line: &[Point]) -> f64 {
    pairs(line).map(|(a, b)| 0.5 * a.to_vec2().cross(b.to_vec2())).sum()
}

fn evenly(line: &[Point], count: usize, step: f64) -> Vec<Point> {
    let (mut even, mut passed) = (Vec::with_capacity(count), 0.0);
    for (a, b) in pairs(line) {
        let piece = a.distance(b);
        while even.len() < count && even.len() as f64 * step <= passed + piece && piece > 0.0 {
            even.push(a.lerp(b, ((even.len() as f64 * step - passed) / piece).clamp(0.0, 1.0)));
        }
        passed += piece;
    }
    even.resize(count, line[0]);
    even
}

/// Samples weighted by a Gaussian of this deviation, in samples.
fn smoothed(points: &[Point], deviation: f64) -> Vec<Point> {
    let reach = ((3.0 * deviation).ceil() as usize).min(points.len() / 4);
    let weight = |k: usize| (-0.5 * (k as f64 / deviation.max(1e-6)).powi(2)).exp();
    let weights: Vec<f64> = (0..=reach).map(weight).collect();
    let total = weights.iter().sum::<f64>() * 2.0 - 1.0;
    let count = points.len();
    let mean = |k: usize| {
        let sides = (1..=reach)
            .map(|by| (points[(k + by) % count].to_vec2() + points[(k + count - by) % count].to_vec2()) * weights[by]);
        (sides.fold(points[k].to_vec2(), |sum, side| sum + side) / total).to_point()
    };
    (0..count).map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corners_of_a_square_are_found_and_a_circle_has_none() {
        let square = [(10.0, 10.0), (40.0, 10.0), (40.0, 40.0), (10.0, 40.0)].map(Point::from);
        let outline = Outline::new(&square, 0.5, 40.0);
        assert_eq!(outline.corners().len(), 4);
        assert!(square.iter().all(|corner| outline.corners().iter().any(|(_, at)| at.distance(*corner) < 0.1)));
        for radius in [8.0, 60.0] {
            let at = |k: i32| {
                Point::new(90.0, 90.0) + Vec2::from_angle(f64::from(k) * 0.01 * std::f64::consts::TAU) * radius
            };
            let circle = Outline::new(&(0..100).map(at).collect::<Vec<_>>(), 0.5, 40.0);
            assert!(circle.corners().is_empty(), "{radius}");
            assert!((circle.length() / radius - std::f64::consts::TAU).abs() < 0.05);
        }
    }
}
