use kurbo::{Point, Vec2};

/// A turn, a scale and a move.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Similarity {
    /// Scale × (cosine, sine) of the turn.
    turn: Vec2,
    from: Point,
    to: Point,
}

impl Similarity {
    pub(super) const IDENTITY: Self = Self { turn: Vec2::new(1.0, 0.0), from: Point::ZERO, to: Point::ZERO };

    /// Takes `from` to `to`, turned by `angle` (radians) and scaled about it.
    pub(super) fn new(from: Point, to: Point, scale: f64, angle: f64) -> Self {
        Self { turn: Vec2::from_angle(angle) * scale, from, to }
    }

    /// The one that brings the pairs (from, to, weight) nearest to each other (Umeyama 1991, in the plane). `None` for
    /// less than two different places.
    pub(super) fn between(pairs: &[(Point, Point, f64)]) -> Option<Self> {
        let total: f64 = pairs.iter().map(|pair| pair.2).sum();
        let mean = |of: fn(&(Point, Point, f64)) -> Point| {
            (pairs.iter().fold(Vec2::ZERO, |sum, pair| sum + of(pair).to_vec2() * pair.2) / total).to_point()
        };
        let (from, to) = (mean(|pair| pair.0), mean(|pair| pair.1));
        let (mut along, mut across, mut spread) = (0.0, 0.0, 0.0);
        for (a, b, weight) in pairs {
            let (a, b) = (*a - from, *b - to);
            along += weight * a.dot(b);
            across += weight * a.cross(b);
            spread += weight * a.hypot2();
        }
        let turn = Vec2::new(along, across) / spread;
        (turn.is_finite() && turn.hypot() > 1e-6).then_some(Self { turn, from, to })
    }

    pub(super) fn point(self, point: Point) -> Point {
        self.to + self.turned(point - self.from)
    }

    /// `direction` turned, without the scale.
    pub(super) fn direction(self, direction: Vec2) -> Vec2 {
        self.turned(direction) / self.turn.hypot()
    }

    pub(super) fn angle(self) -> f64 {
        self.turn.atan2()
    }

    fn turned(self, v: Vec2) -> Vec2 {
        Vec2::new(self.turn.x * v.x - self.turn.y * v.y, self.turn.y * v.x + self.turn.x * v.y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turned_scaled_and_moved_triangle_is_aligned() {
        let there = Similarity::new(Point::new(1.0, 2.0), Point::new(-3.0, 7.0), 2.5, 0.7);
        let corners = [(0.0, 0.0), (4.0, 1.0), (2.0, 5.0)].map(Point::from);
        let pairs: Vec<_> = corners.iter().map(|&corner| (corner, there.point(corner), 1.0)).collect();
        let found = Similarity::between(&pairs).expect("three places");
        assert!(corners.iter().all(|&corner| found.point(corner).distance(there.point(corner)) < 1e-9));
        assert!((found.angle() - 0.7).abs() < 1e-9);
        assert_eq!(Similarity::between(&[(corners[1], corners[0], 1.0)]), None);
    }
}
