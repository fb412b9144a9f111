//! Which place of an outline is which of the next frame's.
//!
//! Both are sampled evenly. Of all ways to begin, the one is taken after which a turn, a scale and a move bring the samples
//! nearest (Umeyama 1991; for shapes as complex numbers, Kendall 1984); of equally good ones, as a circle has, the one that
//! turns least. Then samples slide along the outline towards where the aligned ones say they are, neighbors together, so that
//! where only a part of the outline moves, the rest stays.

use kurbo::{Point, Vec2};

use super::outline::Outline;

const SAMPLES: usize = 192;
/// What a radian of turning costs, in shares of the outline's extent, squared.
const TURN: f64 = 2e-3;
/// Rounds of sliding.
const ROUNDS: usize = 24;
/// The farthest that a sample may slide, in samples; and the least distance that two keep.
const SLIDE: f64 = 24.0;
const LEAST_GAP: f64 = 0.1;

/// A rising map from arcs of one outline to arcs of another.
#[derive(Debug, Clone)]
pub(super) struct Carry {
    /// In samples of the other outline, for each sample of the one; it goes on by `SAMPLES` a round.
    places: Vec<f64>,
    lengths: [f64; 2],
}

impl Carry {
    pub(super) fn between(from: &Outline, to: &Outline) -> Self {
        let (shift, aligned) = align(&from.samples(SAMPLES), to);
        let mut slides = vec![0.0; SAMPLES];
        let step = to.length() / SAMPLES as f64;
        for _ in 0..ROUNDS {
            for (k, slide) in slides.iter_mut().enumerate() {
                let arc = (k as f64 + shift + *slide) * step;
                let along = to.chord(arc, 0.5 * step);
                let off = (aligned[k] - to.point(arc)).dot(along) / along.hypot2().max(1e-12);
                *slide = (*slide + 0.5 * off.clamp(-1.0, 1.0)).clamp(-SLIDE, SLIDE);
            }
            let next =
                |k: usize| (slides[(k + SAMPLES - 1) % SAMPLES] + 2.0 * slides[k] + slides[(k + 1) % SAMPLES]) / 4.0;
            slides = (0..SAMPLES).map(next).collect();
        }
        let mut places: Vec<f64> = slides.iter().enumerate().map(|(k, slide)| k as f64 + shift + slide).collect();
        for k in 1..SAMPLES {
            places[k] = places[k].max(places[k - 1] + LEAST_GAP);
        }
        let room = places[0] + SAMPLES as f64;
        for k in (1..SAMPLES).rev() {
            places[k] = places[k].min(room - LEAST_GAP * (SAMPLES - k) as f64);
        }
        Self { places, lengths: [from.length(), to.length()] }
    }

    /// The arc of the other outline, not brought between 0 and its length.
    pub(super) fn forth(&self, arc: f64) -> f64 {
        let at = arc / self.lengths[0] * SAMPLES as f64;
        let (rounds, at) = (at.div_euclid(SAMPLES as f64), at.rem_euclid(SAMPLES as f64));
        let before = (at as usize).min(SAMPLES - 1);
        let place = self.place(before) + (self.place(before + 1) - self.place(before)) * (at - before as f64);
        (place + rounds * SAMPLES as f64) / SAMPLES as f64 * self.lengths[1]
    }

    /// The arc of the one outline that goes to this one of the other.
    pub(super) fn back(&self, arc: f64) -> f64 {
        let at = arc / self.lengths[1] * SAMPLES as f64 - self.places[0];
        let rounds = at.div_euclid(SAMPLES as f64);
        let at = at.rem_euclid(SAMPLES as f64) + self.places[0];
        let before = self.places.partition_point(|&place| place <= at).saturating_sub(1);
        let (low, high) = (self.place(before), self.place(before + 1));
        let share = if high > low { (at - low) / (high - low) } else { 0.0 };
        (before as f64 + share + rounds * SAMPLES as f64) / SAMPLES as f64 * self.lengths[0]
    }

    fn place(&self, sample: usize) -> f64 {
        self.places[sample % SAMPLES] + (sample / SAMPLES * SAMPLES) as f64
    }
}

/// How many samples later the other outline begins, and the samples of the one brought to lie on it.
fn align(from: &[Point], to: &Outline) -> (f64, Vec<Point>) {
    let other = to.samples(SAMPLES);
    let fits: Vec<f64> = (0..SAMPLES).map(|shift| Fit::new(from, |k| other[(k + shift) % SAMPLES]).cost).collect();
    let best = (0..SAMPLES).min_by(|&a, &b| fits[a].total_cmp(&fits[b])).unwrap_or(0);
    // The lowest point of the parabola through the best and its neighbors.
    let [before, at, after] = [SAMPLES - 1, 0, 1].map(|by| fits[(best + by) % SAMPLES]);
    let bend = before - 2.0 * at + after;
    let shift = best as f64 + if bend > 1e-15 { (0.5 * (before - after) / bend).clamp(-0.5, 0.5) } else { 0.0 };
    let step = to.length() / SAMPLES as f64;
    let fit = Fit::new(from, |k| to.point((k as f64 + shift) * step));
    (shift, from.iter().map(|&point| fit.place(point)).collect())
}

/// The turn, scale and move that bring samples nearest to others.
struct Fit {
    turn: Vec2,
    from: Vec2,
    to: Vec2,
    cost: f64,
}

impl Fit {
    fn new(from: &[Point], to: impl Fn(usize) -> Point) -> Self {
        let count = from.len() as f64;
        let center =
            |of: &dyn Fn(usize) -> Point| (0..from.len()).fold(Vec2::ZERO, |sum, k| sum + of(k).to_vec2()) / count;
        let (a, b) = (center(&|k| from[k]), center(&to));
        let (mut along, mut across, mut own, mut other) = (0.0, 0.0, 0.0, 0.0);
        for (k, point) in from.iter().enumerate() {
            let (p, q) = (point.to_vec2() - a, to(k).to_vec2() - b);
            along += p.dot(q);
            across += p.cross(q);
            own += p.hypot2();
            other += q.hypot2();
        }
        let (own, other) = (own.max(1e-12), other.max(1e-12));
        let left = (1.0 - (along * along + across * across) / (own * other)).max(0.0);
        let angle = across.atan2(along);
        Self { turn: Vec2::new(along, across) / own, from: a, to: b, cost: left + TURN * angle * angle }
    }

    fn place(&self, point: Point) -> Point {
        let (p, turn) = (point.to_vec2() - self.from, self.turn);
        (self.to + Vec2::new(turn.x * p.x - turn.y * p.y, turn.y * p.x + turn.x * p.y)).to_point()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kurbo::Affine;

    /// An egg, begun at some angle.
    fn egg(begin: f64) -> Vec<Point> {
        let at = |k: i32| {
            let angle = begin + f64::from(k) * 0.005 * std::f64::consts::TAU;
            Point::new(200.0, 150.0) + Vec2::new(60.0 * angle.cos(), (30.0 + 6.0 * angle.cos()) * angle.sin())
        };
        (0..200).map(at).collect()
    }

    #[test]
    fn places_go_with_an_outline_that_moves_turns_and_grows() {
        let by =
            Affine::translate((25.0, -9.0)) * Affine::rotate_about(0.3, Point::new(200.0, 150.0)) * Affine::scale(1.1);
        let one = Outline::new(&egg(0.0), 0.3, 40.0);
        let other = Outline::new(&egg(2.0).iter().map(|&point| by * point).collect::<Vec<_>>(), 0.3, 40.0);
        let carry = Carry::between(&one, &other);
        for k in 0..50 {
            let arc = one.length() * f64::from(k) / 50.0;
            let miss = other.point(carry.forth(arc)).distance(by * one.point(arc));
            assert!(miss < 1.0, "{k}: {miss}");
            let around = (carry.back(carry.forth(arc)) - arc).rem_euclid(one.length());
            assert!(around.min(one.length() - around) < 1e-6, "{k}: {around}");
        }
    }

    #[test]
    fn a_circle_does_not_turn() {
        let circle = |begin: f64, x: f64| {
            let at = |k: i32| {
                Point::new(x, 90.0) + Vec2::from_angle(begin + f64::from(k) * 0.01 * std::f64::consts::TAU) * 40.0
            };
            Outline::new(&(0..100).map(at).collect::<Vec<_>>(), 0.3, 40.0)
        };
        let (one, other) = (circle(0.0, 90.0), circle(1.3, 97.0));
        let carry = Carry::between(&one, &other);
        let miss = other.point(carry.forth(17.0)) - one.point(17.0) - Vec2::new(7.0, 0.0);
        assert!(miss.hypot() < 0.7, "{miss:?}");
    }
}
