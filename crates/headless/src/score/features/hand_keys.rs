//! The same shot by hand alone: the fewest keys, linear between, that come as near to the truth.
//!
//! A shape is keyed either as hosts have it, all of its vertices on the same frames, or each vertex on frames of its own; what is
//! less work counts. One edit is one vertex, with its handles, set on one frame. Before the first and after the last key
//! of a run of frames the shape holds. Where a shape is absent nothing is keyed, and hiding it costs nothing.
//! The shortest way over frames as nodes is exact (Imai and Iri, as in `roto::reduce_keys`, which measures control points
//! where this measures the curve).

use kurbo::Point;
use roto::distance::curve_distance;
use roto::{BezierShape, Vertex};

use super::truth::AnnotatedShot;

/// What a shot takes by hand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HandKeys {
    /// Keys of shapes, all vertices at once.
    pub shape_keys: usize,
    /// Vertices set on frames, by the cheaper way for each shape.
    pub edits: usize,
}

impl HandKeys {
    /// The fewest that keep every curve of a shot within `content_px` of the truth.
    pub fn of(shot: &AnnotatedShot, content_px: f64) -> Self {
        let shapes = shot.frames.values().next().map_or(0, |truth| truth.present.len());
        let mut all = Self::default();
        for run in (0..shapes).flat_map(|shape| runs(shot, shape)) {
            let vertices = run[0].vertices().len();
            let together = fewest(run.len(), &|keys, at| stays(&run, keys, at, content_px));
            let apart: usize = (0..vertices)
                .map(|vertex| fewest(run.len(), &|keys, at| vertex_stays(&run, vertex, keys, at, content_px)))
                .sum();
            all.shape_keys += together;
            all.edits += apart.min(together * vertices);
        }
        all
    }
}

/// The curves of a shape on each run of frames on which it is there, one after another.
fn runs(shot: &AnnotatedShot, shape: usize) -> Vec<Vec<&BezierShape>> {
    let mut runs: Vec<Vec<&BezierShape>> = Vec::new();
    let mut last = None;
    for (&frame, truth) in &shot.frames {
        let Some(curve) = truth.shown(shape) else { continue };
        match (runs.last_mut(), last) {
            (Some(run), Some(before)) if before + 1 == frame => run.push(curve),
            _ => runs.push(vec![curve]),
        }
        last = Some(frame);
    }
    runs
}

/// The fewest keys on `count` frames. `stays((from, to), at)` tells whether keys on two frames serve the frame `at` between
/// them, or beyond them where both are the same key.
fn fewest(count: usize, stays: &dyn Fn((usize, usize), usize) -> bool) -> usize {
    let way = |from: usize, to: usize| middle_first(from + 1, to).all(|at| stays((from, to), at));
    let mut keys: Vec<Option<usize>> = Vec::with_capacity(count);
    for to in 0..count {
        let first = (0..to).rev().all(|at| stays((to, to), at)).then_some(1);
        let before = (0..to).filter_map(|from| Some((from, keys[from]?)));
        // A way is tried only where it would save a key.
        let best = before.fold(first, |best, (from, so_far)| match best {
            Some(best) if best <= so_far + 1 => Some(best),
            _ if way(from, to) => Some(so_far + 1),
            best => best,
        });
        keys.push(best);
    }
    let holds = |last: usize| (last + 1..count).all(|at| stays((last, last), at));
    (0..count).filter(|&last| holds(last)).filter_map(|last| keys[last]).min().unwrap_or(count)
}

/// `from..to`, beginning in the middle, where a straight way is farthest off most often.
fn middle_first(from: usize, to: usize) -> impl Iterator<Item = usize> {
    let middle = (from + to) / 2;
    (middle..to).chain(from..middle.max(from).min(to))
}

fn share((from, to): (usize, usize), at: usize) -> f64 {
    if to == from { 0.0 } else { (at - from) as f64 / (to - from) as f64 }
}

fn between(run: &[&BezierShape], keys: (usize, usize), at: usize, vertex: usize) -> Vertex {
    run[keys.0].vertices()[vertex].lerp(run[keys.1].vertices()[vertex], share(keys, at))
}

fn vertex_stays(run: &[&BezierShape], vertex: usize, keys: (usize, usize), at: usize, content_px: f64) -> bool {
    let (found, truth) = (between(run, keys, at, vertex), run[at].vertices()[vertex]);
    controls(found).iter().zip(controls(truth)).all(|(found, truth)| found.distance(truth) <= content_px)
}

fn stays(run: &[&BezierShape], keys: (usize, usize), at: usize, content_px: f64) -> bool {
    let count = run[at].vertices().len();
    // A curve lies in the hull of its control points.
    if (0..count).all(|vertex| vertex_stays(run, vertex, keys, at, content_px)) {
        return true;
    }
    let vertices = (0..count).map(|vertex| between(run, keys, at, vertex)).collect();
    let found = BezierShape::new(vertices, run[at].is_closed());
    found.is_ok_and(|found| curve_distance(&found, run[at]).max_px <= content_px)
}

/// An anchor and the ends of its handles.
pub fn controls(vertex: Vertex) -> [Point; 3] {
    [vertex.anchor, vertex.anchor + vertex.incoming, vertex.anchor + vertex.outgoing]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values, one a frame, that keys must come within `tolerance` of.
    fn fewest_of(values: &[f64], tolerance: f64) -> usize {
        fewest(values.len(), &|keys, at| {
            let (from, to) = (values[keys.0], values[keys.1]);
            let there = from + (to - from) * if keys.0 == keys.1 { 0.0 } else { share(keys, at) };
            (there - values[at]).abs() <= tolerance
        })
    }

    #[test]
    fn what_stands_still_needs_one_key_and_what_turns_one_at_each_turn() {
        assert_eq!(fewest_of(&[5.0; 9], 0.0), 1);
        assert_eq!(fewest_of(&[0.0, 1.0, 2.0, 3.0, 4.0], 0.01), 2);
        assert_eq!(fewest_of(&[0.0, 1.0, 2.0, 1.0, 0.0], 0.01), 3);
        assert_eq!(fewest_of(&[0.0, 0.0, 9.0, 9.0, 9.0], 0.01), 2);
        assert_eq!(fewest_of(&[], 0.0), 0);
    }

    #[test]
    fn a_tolerance_saves_keys_but_never_passes_itself() {
        let wave: Vec<f64> = (0..13).map(|k| f64::from(k).sin() * 2.0).collect();
        let counts: Vec<usize> = [0.0, 0.5, 1.0, 2.1].iter().map(|&t| fewest_of(&wave, t)).collect();
        assert!(counts.windows(2).all(|pair| pair[0] >= pair[1]), "{counts:?}");
        assert_eq!((counts[0], counts[3]), (13, 1));
    }

    #[test]
    fn a_sliding_vertex_costs_a_curve_nothing_and_vertices_moved_alone_are_counted_alone() {
        let corner = |x: f64, y: f64| Vertex::corner(Point::new(x, y));
        // The middle vertex slides along a straight line.
        let slid: Vec<BezierShape> = [0.0, 20.0, -10.0, 30.0]
            .map(|x| BezierShape::new(vec![corner(-50.0, 0.0), corner(x, 0.0), corner(50.0, 0.0)], false).unwrap())
            .into();
        let run: Vec<&BezierShape> = slid.iter().collect();
        assert_eq!(fewest(4, &|keys, at| stays(&run, keys, at, 1.5)), 1);
        let apart = |vertex: usize| fewest(4, &|keys, at| vertex_stays(&run, vertex, keys, at, 1.5));
        assert_eq!([0, 1, 2].map(apart), [1, 4, 1]);
    }
}
