//! Where along a contour each vertex lies.
//!
//! Contours are matched as in Sebastian, Klein & Kimia 2003 ("On aligning curves") and Milios & Petrakis 2000: a
//! cyclic, monotone assignment that dynamic programming finds exactly for each beginning. Costs are in units of the mean
//! distance between vertices.

use kurbo::{Point, Vec2};

use super::guide::{Expected, Guide, center};
use super::similarity::Similarity;
use crate::arc_length::{ArcLengthCurve, Side};

/// Evenly spaced samples per vertex, and their range.
const SAMPLES_PER_VERTEX: usize = 20;
const SAMPLES: (usize, usize) = (100, 240);
/// Beginnings that are tried for a closed curve.
const BEGINNINGS: usize = 16;
/// Rounds of assigning and aligning again.
const ROUNDS: usize = 4;
/// Rounds of moving vertices between samples and aligning again.
const REFINEMENTS: usize = 10;
/// First guesses of how far the reference is turned, in radians.
const TURNS: [f64; 3] = [0.0, -0.6, 0.6];

// What counts how much.
const POSITION: f64 = 1.0;
const LANDMARK: f64 = 40.0;
const DIRECTION: f64 = 0.6;
const TURN: f64 = 0.8;
const SHARE: f64 = 0.6;
const EVEN_SHARE: f64 = 0.15;
const BESIDE_CORNER: f64 = 0.3;
const TURNED_REFERENCE: f64 = 0.15;

/// An arc for each vertex, rising; past the beginning of a closed curve they start again from 0.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Assignment {
    pub(super) arcs: Vec<f64>,
    pub(super) cost: f64,
}

/// The best assignment of the guide's vertices to `curve`, whose strongest corners are at these arcs.
pub(super) fn find(curve: &ArcLengthCurve, corners: &[f64], guide: &Guide) -> Assignment {
    let field = Field::new(curve, corners, guide);
    let mut best = (Assignment { arcs: Vec::new(), cost: f64::INFINITY }, Similarity::IDENTITY);
    for start in field.first_alignments() {
        let found = field.settled(start);
        best = if found.0.cost < best.0.cost { found } else { best };
    }
    let (mut found, mut alignment) = best;
    for _ in 0..REFINEMENTS {
        found = field.refined(found, alignment);
        let Some(next) = field.align(&found.arcs, alignment) else { break };
        alignment = next;
    }
    found
}

/// A place that a vertex may take.
#[derive(Debug, Clone, Copy)]
struct Place {
    arc: f64,
    point: Point,
    direction: Vec2,
    turn: f64,
    /// Whether a corner lies so near that the vertex should be on it.
    beside_corner: bool,
}

struct Field<'c> {
    curve: &'c ArcLengthCurve,
    guide: &'c Guide,
    corners: &'c [f64],
    places: Vec<Place>,
    /// Mean distance of vertices, in pixels.
    unit: f64,
    /// Length to the next vertex that is expected, and what a deviation costs.
    shares: Vec<(f64, f64)>,
}

impl<'c> Field<'c> {
    fn new(curve: &'c ArcLengthCurve, corners: &'c [f64], guide: &'c Guide) -> Self {
        let (length, count) = (curve.length(), guide.vertices().len());
        let spans = if curve.is_closed() { count } else { count - 1 };
        let unit = length / spans as f64;
        let share = |expected: &Expected| match expected.reference {
            Some(reference) => (reference.share * length, SHARE),
            None => (unit, EVEN_SHARE),
        };
        let shares = guide.vertices().iter().map(share).collect();
        let mut field = Self { curve, guide, corners, places: Vec::new(), unit, shares };
        let samples = (count * SAMPLES_PER_VERTEX).clamp(SAMPLES.0, SAMPLES.1.max(count * 3));
        let gaps = if curve.is_closed() { samples } else { samples - 1 };
        let even = (0..samples).map(|k| length * k as f64 / gaps as f64);
        let mut arcs: Vec<_> = even.chain(corners.iter().copied()).collect();
        arcs.sort_by(f64::total_cmp);
        arcs.dedup_by(|a, b| *a - *b < 1e-9 * length);
        field.places = arcs.into_iter().map(|arc| field.place(arc)).collect();
        field
    }

    fn place(&self, arc: f64) -> Place {
        let through = self.curve.direction(arc, Side::Before) + self.curve.direction(arc, Side::After);
        let to_corner = |corner: &f64| super::apart(self.curve, *corner, self.curve.wrap(arc));
        let nearest = self.corners.iter().map(to_corner).fold(f64::INFINITY, f64::min);
        Place {
            arc,
            point: self.curve.point(arc),
            direction: if through.hypot() > 1e-9 { through.normalize() } else { Vec2::ZERO },
            turn: self.curve.turn(arc, Guide::reach(self.curve.length(), self.guide.vertices().len())),
            beside_corner: nearest > 1e-6 * self.curve.length() && nearest < 0.2 * self.unit,
        }
    }

    /// Where the search for the reference's alignment begins.
    fn first_alignments(&self) -> Vec<Similarity> {
        let pairs: Vec<_> = self.guide.vertices().iter().filter_map(landmark_pair).collect();
        if let Some(known) = Similarity::between(&pairs) {
            return vec![known];
        }
        match self.guide.extent() {
            Some((from, length)) => {
                let (to, scale) = (center(self.curve), self.curve.length() / length);
                TURNS.iter().map(|&turn| Similarity::new(from, to, scale, turn)).collect()
            }
            None => vec![Similarity::IDENTITY],
        }
    }

    /// Assigns and aligns in turn until it costs no less.
    fn settled(&self, start: Similarity) -> (Assignment, Similarity) {
        let (mut found, mut alignment) = (self.assign(start), start);
        for _ in 1..ROUNDS {
            let Some(next) = self.align(&found.arcs, alignment) else { break };
            let again = self.assign(next);
            if again.cost >= found.cost {
                break;
            }
            (found, alignment) = (again, next);
        }
        (found, alignment)
    }

    /// The alignment by an assignment. Where two landmarks or more say how the reference lies, it stays.
    fn align(&self, arcs: &[f64], before: Similarity) -> Option<Similarity> {
        let landmarks = self.guide.vertices().iter().filter_map(landmark_pair).count();
        let pair = |(expected, &arc): (&Expected, &f64)| {
            expected.reference.map(|reference| (reference.position, self.curve.point(arc), 1.0))
        };
        let pairs: Vec<_> = self.guide.vertices().iter().zip(arcs).filter_map(pair).collect();
        let next = if landmarks >= 2 { None } else { Similarity::between(&pairs) };
        next.filter(|next| *next != before)
    }

    /// What it costs that a vertex takes a place.
    fn cost_at(&self, expected: &Expected, place: &Place, alignment: Similarity) -> f64 {
        let mut cost = if place.beside_corner { BESIDE_CORNER } else { 0.0 };
        if let Some((position, confidence)) = expected.landmark {
            cost += LANDMARK * confidence * place.point.distance_squared(position) / (self.unit * self.unit);
        }
        if let Some(reference) = expected.reference {
            let off = place.point.distance_squared(alignment.point(reference.position)) / (self.unit * self.unit);
            cost += if expected.landmark.is_some() { 0.0 } else { POSITION * off };
            cost += DIRECTION * (1.0 - place.direction.dot(alignment.direction(reference.direction)));
            let turn = (place.turn - reference.turn) / std::f64::consts::FRAC_PI_2;
            cost += TURN * turn * turn;
        }
        cost
    }

    /// What it costs that the next vertex lies `length` further on.
    fn cost_between(&self, vertex: usize, length: f64) -> f64 {
        let (expected, weight) = self.shares[vertex];
        let off = (length - expected) / self.unit;
        weight * off * off
    }

    fn cost_of(&self, alignment: Similarity) -> f64 {
        let turn = alignment.angle() / std::f64::consts::FRAC_PI_4;
        if self.guide.extent().is_some() { TURNED_REFERENCE * turn * turn } else { 0.0 }
    }

    fn assign(&self, alignment: Similarity) -> Assignment {
        let row = |expected| self.places.iter().map(|place| self.cost_at(expected, place, alignment)).collect();
        let costs: Vec<Vec<f64>> = self.guide.vertices().iter().map(row).collect();
        let mut beginnings: Vec<usize> = (0..self.places.len()).collect();
        if self.curve.is_closed() {
            beginnings.sort_by(|&a, &b| costs[0][a].total_cmp(&costs[0][b]));
            // Without a word on the first vertex every beginning is as good: take some all around.
            if self.guide.vertices()[0] == (Expected { reference: None, landmark: None }) {
                beginnings = (0..BEGINNINGS).map(|k| k * self.places.len() / BEGINNINGS).collect();
            }
            beginnings.truncate(BEGINNINGS);
        } else {
            beginnings.truncate(1);
        }
        let lowest = |row: &Vec<f64>| row.iter().copied().fold(f64::INFINITY, f64::min);
        let others: f64 = costs[1..].iter().map(lowest).sum();
        let mut best = Assignment { arcs: Vec::new(), cost: f64::INFINITY };
        for first in beginnings {
            if costs[0][first] + others < best.cost {
                let found = self.assign_from(first, &costs);
                best = if found.cost < best.cost { found } else { best };
            }
        }
        Assignment { cost: best.cost + self.cost_of(alignment), ..best }
    }

    /// The best assignment whose vertex 0 is at place `first`. Of an open curve the last vertex is at its end.
    fn assign_from(&self, first: usize, costs: &[Vec<f64>]) -> Assignment {
        let (count, width, closed) = (costs.len(), self.places.len(), self.curve.is_closed());
        let place = |step: usize| (first + step) % width;
        let arc =
            |step: usize| self.places[place(step)].arc + if first + step >= width { self.curve.length() } else { 0.0 };
        let start = arc(0);
        let mut best = vec![f64::INFINITY; width];
        best[0] = costs[0][first];
        let mut from = vec![vec![0_usize; width]; count];
        for vertex in 1..count {
            let mut next = vec![f64::INFINITY; width];
            let least = best.iter().copied().fold(f64::INFINITY, f64::min);
            for step in vertex..width {
                // From the nearest back: once a gap is too long to pay, a longer one is too.
                for before in (vertex - 1..step).rev() {
                    let gap = arc(step) - arc(before);
                    let between = self.cost_between(vertex - 1, gap);
                    if gap > self.shares[vertex - 1].0 && between + least >= next[step] {
                        break;
                    }
                    if best[before] + between < next[step] {
                        next[step] = best[before] + between;
                        from[vertex][step] = before;
                    }
                }
                next[step] += costs[vertex][place(step)];
            }
            best = next;
        }
        let closing = |step: usize| match closed {
            true => best[step] + self.cost_between(count - 1, start + self.curve.length() - arc(step)),
            false if step == width - 1 => best[step],
            false => f64::INFINITY,
        };
        let last = (0..width).min_by(|&a, &b| closing(a).total_cmp(&closing(b))).unwrap_or(0);
        let (mut arcs, mut step) = (vec![0.0; count], last);
        for vertex in (0..count).rev() {
            arcs[vertex] = self.curve.wrap(arc(step));
            step = from[vertex][step];
        }
        if !closed {
            arcs[count - 1] = self.curve.length();
        }
        Assignment { arcs, cost: closing(last) }
    }

    /// The same assignment with each vertex moved between the samples to where it costs least. Corners keep theirs.
    fn refined(&self, mut found: Assignment, alignment: Similarity) -> Assignment {
        let (count, length, closed) = (found.arcs.len(), self.curve.length(), self.curve.is_closed());
        let step = length / self.places.len() as f64;
        let on_corner = |arc: f64| self.corners.iter().any(|&corner| (corner - arc).abs() < 1e-6 * length);
        let movable = if closed { 0..count } else { 1..count.saturating_sub(1) };
        for _ in 0..3 {
            for vertex in movable.clone().filter(|&vertex| !on_corner(found.arcs[vertex])).collect::<Vec<_>>() {
                let arc = found.arcs[vertex];
                let gap = |from: f64, to: f64| if closed { (to - from).rem_euclid(length) } else { to - from };
                let back = gap(found.arcs[(vertex + count - 1) % count], arc);
                let forth = gap(arc, found.arcs[(vertex + 1) % count]);
                let cost = |by: f64| {
                    let place = self.place(arc + by);
                    self.cost_at(&self.guide.vertices()[vertex], &place, alignment)
                        + self.cost_between((vertex + count - 1) % count, back + by)
                        + self.cost_between(vertex, forth - by)
                };
                let by = golden(cost, -(0.45 * back).min(step), (0.45 * forth).min(step));
                found.arcs[vertex] = self.curve.wrap(arc + by);
            }
        }
        found
    }
}

fn landmark_pair(expected: &Expected) -> Option<(Point, Point, f64)> {
    expected.reference.zip(expected.landmark).map(|(reference, (at, confidence))| (reference.position, at, confidence))
}

/// Golden-section search for the smallest value between `low` and `high`; 0 if that is no larger (Kiefer 1953).
fn golden(value: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    const RATIO: f64 = 0.618_033_988_749_895;
    for _ in 0..18 {
        let (a, b) = (high - RATIO * (high - low), low + RATIO * (high - low));
        if value(a) <= value(b) {
            high = b;
        } else {
            low = a;
        }
    }
    let found = 0.5 * (low + high);
    if value(found) < value(0.0) { found } else { 0.0 }
}
