use kurbo::{CubicBez, Line, ParamCurve, ParamCurveDeriv, ParamCurveNearest, Point, Vec2};

use super::least_squares::{nearer, one_span};
use super::normal_equations::NormalEquations;
use crate::{BezierShape, Result, Vertex};

/// A vertex to be: where the curve passes, and the directions it arrives and leaves in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Knot {
    anchor: Point,
    arriving: f64,
    leaving: f64,
    smooth: bool,
}

impl Knot {
    /// The curve goes straight through, along `direction`.
    pub(crate) fn smooth(anchor: Point, direction: Vec2) -> Self {
        Self { anchor, arriving: direction.atan2(), leaving: direction.atan2(), smooth: true }
    }

    /// The curve may break; both directions point forwards along it.
    pub(crate) fn corner(anchor: Point, arriving: Vec2, leaving: Vec2) -> Self {
        Self { anchor, arriving: arriving.atan2(), leaving: leaving.atan2(), smooth: false }
    }
}

/// Beyond this many, each span is fitted by itself: the joint equations grow with the cube.
const MOST_JOINT: usize = 48;
/// Steps of the fit by least squares; rounds of weighing far samples more, and steps within each.
const FIRST_STEPS: usize = 60;
const ROUNDS: usize = 12;
const STEPS: usize = 8;
/// Parts of a cubic between whose ends the search for the nearest place begins.
const STOPS: usize = 16;
/// Places of a cubic that its distance to the samples is measured at.
const BACK_SAMPLES: usize = 24;
/// What a sample counts, by their mean.
const EMPHASIS: (f64, f64) = (0.05, 100.0);
/// What a radian that a tangent turns by costs, in pixels of a span's length: keeps directions that samples leave open.
const TURN_COST: f64 = 0.003;
/// What a handle costs that grows by a factor of e, in pixels of a span's length.
const STRETCH_COST: f64 = 0.001;
/// Handle lengths by the length of their span.
const HANDLE_RANGE: (f64, f64) = (0.05, 0.95);
/// How far a direction may turn from where it began, in radians: a handle across the contour would surprise an artist.
const MOST_TURN: f64 = 1.2;

/// One cubic from each of `knots` to the next, as near as can be to `spans`, the samples between them. Anchors stay;
/// the directions given are where the search begins. A smooth knot keeps its handles in one line.
pub(crate) fn fit_spans(knots: &[Knot], spans: &[Vec<Point>], closed: bool) -> Result<BezierShape> {
    let mut state = State::new(knots, spans);
    if knots.len() <= MOST_JOINT {
        // In a tight bend the tangent of one place may say little of the curve: also begin with a wider look.
        let mut other = State::new(&seen_from_afar(knots, spans, closed), spans);
        state.refine(spans);
        other.refine(spans);
        state = if other.farness(spans) < state.farness(spans) { other } else { state };
    }
    state.shape(closed)
}

/// The same knots, smooth ones with the direction from a sample some way before to one some way after.
fn seen_from_afar(knots: &[Knot], spans: &[Vec<Point>], closed: bool) -> Vec<Knot> {
    let (count, mut seen) = (knots.len(), knots.to_vec());
    for k in (if closed { 0 } else { 1 })..spans.len() {
        let (before, after) = (&spans[(k + count - 1) % count], &spans[k]);
        let ends = before.get(before.len() * 7 / 8).zip(after.get(after.len() / 8));
        if let (Some((before, after)), true) = (ends, knots[k].smooth)
            && before != after
        {
            seen[k] = Knot::smooth(knots[k].anchor, *after - *before);
        }
    }
    seen
}

/// A span's handles: logarithms of their lengths, and the length of its samples.
#[derive(Debug, Clone, Copy)]
struct Handles {
    start: f64,
    end: f64,
    span: f64,
}

/// The unknowns: two directions for each knot, two lengths for each span.
#[derive(Debug, Clone)]
struct State {
    knots: Vec<Knot>,
    handles: Vec<Handles>,
    /// Where on its cubic each sample's nearest place is.
    places: Vec<Vec<f64>>,
    /// How much each sample counts.
    emphasis: Vec<Vec<f64>>,
    first: Vec<Knot>,
    first_handles: Vec<Handles>,
}

impl State {
    fn new(knots: &[Knot], spans: &[Vec<Point>]) -> Self {
        let emphasis = spans.iter().map(|samples| vec![1.0; samples.len()]).collect();
        let (first, first_handles) = (knots.to_vec(), Vec::new());
        let mut state = Self { knots: knots.to_vec(), handles: vec![], places: vec![], emphasis, first, first_handles };
        for (k, samples) in spans.iter().enumerate() {
            let (from, to) = (knots[k], knots[(k + 1) % knots.len()]);
            let directions = [Vec2::from_angle(from.leaving), Vec2::from_angle(to.arriving)];
            let cubic = one_span(from.anchor, samples, to.anchor, directions);
            let mut span = 0.0;
            let mut lengths = Vec::new();
            let mut before = from.anchor;
            for &sample in samples.iter().chain([&to.anchor]) {
                span += before.distance(sample);
                lengths.push(span);
                before = sample;
            }
            lengths.pop();
            // A span without extent has nothing to fit; any positive length keeps the logarithms finite.
            let span = if span > 0.0 { span } else { 1e-6 };
            let log = |handle: f64| (handle.clamp(span * HANDLE_RANGE.0, span * HANDLE_RANGE.1)).ln();
            state.handles.push(Handles {
                start: log((cubic.p1 - cubic.p0).hypot()),
                end: log((cubic.p3 - cubic.p2).hypot()),
                span,
            });
            state.places.push(lengths.iter().map(|length| length / span).collect());
        }
        state.first_handles.clone_from(&state.handles);
        state
    }

    fn cubic(&self, k: usize) -> CubicBez {
        let (from, to, handles) = (self.knots[k], self.knots[(k + 1) % self.knots.len()], self.handles[k]);
        let start = Vec2::from_angle(from.leaving) * handles.start.exp();
        let end = Vec2::from_angle(to.arriving) * handles.end.exp();
        CubicBez::new(from.anchor, from.anchor + start, to.anchor - end, to.anchor)
    }

    /// Index of the unknown that is the direction at a knot; a smooth knot has one for both.
    fn direction_index(&self, knot: usize, leaving: bool) -> usize {
        2 * knot + usize::from(leaving && !self.knots[knot].smooth)
    }

    /// Moves each sample's place to where its cubic is nearest. A search by slope alone is caught on the wrong side of a
    /// bend, so it begins at the nearest of some stops.
    fn follow(&mut self, spans: &[Vec<Point>]) {
        for (k, samples) in spans.iter().enumerate() {
            let cubic = self.cubic(k);
            let stop = |i: usize| (i as f64 / STOPS as f64, cubic.eval(i as f64 / STOPS as f64));
            let stops: Vec<_> = (0..=STOPS).map(stop).collect();
            for (place, &sample) in self.places[k].iter_mut().zip(samples) {
                let mut best = (cubic.eval(*place).distance_squared(sample), *place);
                for (t, point) in &stops {
                    let found = point.distance_squared(sample);
                    best = if found < best.0 { (found, *t) } else { best };
                }
                *place = nearer(&cubic, sample, nearer(&cubic, sample, best.1));
            }
        }
    }

    /// Squared distances of all samples, each counting for the length it stands for, and what the regularisers cost.
    fn cost(&self, spans: &[Vec<Point>]) -> f64 {
        let samples = spans.iter().enumerate().map(|(k, samples)| {
            let (cubic, weight) = (self.cubic(k), self.weight(k, samples.len()));
            let each = samples.iter().zip(&self.places[k]).zip(&self.emphasis[k]);
            each.map(|((sample, &t), by)| weight * by * cubic.eval(t).distance_squared(*sample)).sum::<f64>()
        });
        samples.sum::<f64>() + self.regularisers().map(|(residual, _, _)| residual * residual).sum::<f64>()
    }

    fn weight(&self, span: usize, samples: usize) -> f64 {
        self.handles[span].span / samples.max(1) as f64
    }

    /// Residual, unknown, slope: turned directions and stretched handles, by how much curve they hold.
    fn regularisers(&self) -> impl Iterator<Item = (f64, usize, f64)> + '_ {
        let count = self.knots.len();
        let each = move |k: usize| {
            let (now, first, to) = (self.handles[k], self.first_handles[k], (k + 1) % count);
            let (turn, stretch) = (TURN_COST * now.span.powf(1.5), STRETCH_COST * now.span.powf(1.5));
            [
                (turn * (self.knots[k].leaving - self.first[k].leaving), self.direction_index(k, true), turn),
                (turn * (self.knots[to].arriving - self.first[to].arriving), self.direction_index(to, false), turn),
                (stretch * (now.start - first.start), 2 * (count + k), stretch),
                (stretch * (now.end - first.end), 2 * (count + k) + 1, stretch),
            ]
        };
        (0..self.handles.len()).flat_map(each)
    }

    fn equations(&self, spans: &[Vec<Point>]) -> NormalEquations {
        let count = self.knots.len();
        let mut equations = NormalEquations::new(2 * (count + self.handles.len()));
        for (residual, unknown, slope) in self.regularisers() {
            equations.add(residual, &[(unknown, slope)], 1.0);
        }
        for (k, samples) in spans.iter().enumerate() {
            let (cubic, weight, to) = (self.cubic(k), self.weight(k, samples.len()), (k + 1) % count);
            let (start, end) = (cubic.p1 - cubic.p0, cubic.p3 - cubic.p2);
            let turned = |handle: Vec2| Vec2::new(-handle.y, handle.x);
            for ((sample, &t), by) in samples.iter().zip(&self.places[k]).zip(&self.emphasis[k]) {
                // Along the curve a sample may slide; only its distance across counts.
                let velocity = cubic.deriv().eval(t).to_vec2();
                if velocity.hypot() <= 0.0 {
                    continue;
                }
                let across = turned(velocity.normalize());
                let (s, off) = (1.0 - t, cubic.eval(t) - *sample);
                let (by_start, by_end) = (across * (3.0 * s * s * t), across * (-3.0 * s * t * t));
                let slopes = [
                    (self.direction_index(k, true), by_start.dot(turned(start))),
                    (self.direction_index(to, false), by_end.dot(turned(end))),
                    (2 * (count + k), by_start.dot(start)),
                    (2 * (count + k) + 1, by_end.dot(end)),
                ];
                equations.add(off.dot(across), &slopes, weight * by);
            }
        }
        equations
    }

    fn stepped(&self, step: &[f64]) -> Self {
        let (mut next, count) = (self.clone(), self.knots.len());
        let held = |change: f64| change.clamp(-0.3, 0.3);
        for k in 0..count {
            let (first, knot) = (self.first[k], &mut next.knots[k]);
            let near = |angle: f64, first: f64| first + (angle - first).clamp(-MOST_TURN, MOST_TURN);
            knot.leaving = near(knot.leaving + held(step[self.direction_index(k, true)]), first.leaving);
            knot.arriving = near(knot.arriving + held(step[self.direction_index(k, false)]), first.arriving);
        }
        for (k, handles) in next.handles.iter_mut().enumerate() {
            let (low, high) = ((handles.span * HANDLE_RANGE.0).ln(), (handles.span * HANDLE_RANGE.1).ln());
            handles.start = (handles.start + held(step[2 * (count + k)])).clamp(low, high);
            handles.end = (handles.end + held(step[2 * (count + k) + 1])).clamp(low, high);
        }
        next
    }

    /// Fits by least squares, then step by step towards the smallest largest distance, which an artist's tolerance is
    /// nearer to (Lawson's reweighting, 1961, in part). The best of these is kept.
    fn refine(&mut self, spans: &[Vec<Point>]) {
        self.follow(spans);
        self.descend(spans, FIRST_STEPS);
        let mut best = (self.farness(spans), self.clone());
        for _ in 0..ROUNDS {
            self.weigh_far_samples(spans);
            self.descend(spans, STEPS);
            let found = self.farness(spans);
            if found < best.0 {
                best = (found, self.clone());
            }
        }
        *self = best.1;
    }

    /// Median, 95th percentile and maximum of the distances both ways, added: a curve may be near all samples and yet
    /// bulge elsewhere.
    fn farness(&self, spans: &[Vec<Point>]) -> f64 {
        let stops = spans
            .iter()
            .zip(&self.knots)
            .flat_map(|(samples, knot)| [knot.anchor].into_iter().chain(samples.iter().copied()));
        let end = self.knots.get(spans.len()).or(self.knots.first()).map(|knot| knot.anchor);
        let stops: Vec<_> = stops.chain(end).collect();
        let lines: Vec<_> = stops.windows(2).map(|pair| Line::new(pair[0], pair[1])).collect();
        let mut found = Vec::new();
        for (k, samples) in spans.iter().enumerate() {
            let (cubic, weight) = (self.cubic(k), self.weight(k, samples.len()));
            let pairs = samples.iter().zip(&self.places[k]);
            found.extend(pairs.map(|(sample, &t)| (cubic.eval(t).distance(*sample), weight)));
            for i in 1..BACK_SAMPLES {
                let at = cubic.eval(i as f64 / BACK_SAMPLES as f64);
                let nearest = lines.iter().map(|line| line.nearest(at, 0.0).distance_sq).fold(f64::INFINITY, f64::min);
                found.push((nearest.sqrt(), self.weight(k, BACK_SAMPLES)));
            }
        }
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        let total: f64 = found.iter().map(|(_, weight)| weight).sum();
        let rank = |share: f64| {
            let mut sum = 0.0;
            let place = found.iter().find(|(_, weight)| {
                sum += weight;
                sum >= share * total
            });
            place.or(found.last()).map_or(0.0, |(distance, _)| *distance)
        };
        rank(0.5) + rank(0.95) + rank(1.0)
    }

    fn weigh_far_samples(&mut self, spans: &[Vec<Point>]) {
        for (k, samples) in spans.iter().enumerate() {
            let cubic = self.cubic(k);
            let pairs = samples.iter().zip(&self.places[k]);
            for (by, (sample, &t)) in self.emphasis[k].iter_mut().zip(pairs) {
                *by *= (1e-3 + cubic.eval(t).distance(*sample)).powf(0.15);
            }
        }
        let (count, sum) = self.emphasis.iter().flatten().fold((0.0, 0.0), |(n, sum), by| (n + 1.0, sum + by));
        for by in self.emphasis.iter_mut().flatten() {
            *by = (*by * count / sum).clamp(EMPHASIS.0, EMPHASIS.1);
        }
    }

    /// Levenberg-Marquardt on distances across the curve, samples following to their nearest places. Only steps that
    /// bring the curve nearer are taken.
    fn descend(&mut self, spans: &[Vec<Point>], steps: usize) {
        let (mut cost, mut damping) = (self.cost(spans), 1e-3);
        for _ in 0..steps {
            let Some(step) = self.equations(spans).step(damping) else { return };
            let mut next = self.stepped(&step);
            next.follow(spans);
            let found = next.cost(spans);
            if found < cost {
                let settled = cost - found < 1e-5 * cost;
                (*self, cost, damping) = (next, found, (damping * 0.3_f64).max(1e-9));
                if settled {
                    return;
                }
            } else {
                damping *= 6.0;
            }
        }
    }

    fn shape(&self, closed: bool) -> Result<BezierShape> {
        let mut vertices: Vec<_> = self.knots.iter().map(|knot| Vertex::corner(knot.anchor)).collect();
        let count = vertices.len();
        for k in 0..self.handles.len() {
            let cubic = self.cubic(k);
            vertices[k].outgoing = cubic.p1 - cubic.p0;
            vertices[(k + 1) % count].incoming = cubic.p2 - cubic.p3;
        }
        BezierShape::new(vertices, closed)
    }
}
