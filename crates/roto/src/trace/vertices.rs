//! The vertices of a run: the same ones on every frame, few, and each on its own place of the outline.
//!
//! They begin at the corners, or at the outermost places of an outline without. Where a frame's cubics are off by more than
//! the tolerance, a vertex is added, on the frame that needs it most, and carried to all others.

use kurbo::{CubicBez, Line, ParamCurve, ParamCurveNearest, Point, Vec2};
use rayon::prelude::*;

use super::carry::Carry;
use super::outline::Outline;
use crate::fit::fit_cubic;
use crate::{BezierShape, Result, Vertex};

/// Above this, a shape is no longer one that anybody edits.
const MOST_VERTICES: usize = 96;
const ROUNDS: usize = 10;
/// Places of a span that its cubic is fitted to, and the most that its distance is measured at.
const FITTED: usize = 24;
const MEASURED: f64 = 80.0;
/// Straight pieces that a cubic is measured as.
const PIECES: usize = 24;
/// The distance from a corner within which the outline is rounder than what it shows, in pixels.
const CORNER_PX: f64 = 3.0;
/// The length below which a span is not split, in pixels.
const LEAST_SPAN_PX: f64 = 5.0;
/// Frames that vertices are sought on before all are asked.
const PROBED: usize = 9;

/// A run's shapes, and how far the farthest place of an outline is from them.
pub(super) struct Fitted {
    pub(super) shapes: Vec<BezierShape>,
    pub(super) farthest_px: f64,
}

/// Fits shapes of equal vertices to the outlines of frames one after another.
pub(super) fn fit(outlines: &[Outline], tolerance: f64) -> Result<Fitted> {
    let carries: Vec<Carry> = outlines.par_windows(2).map(|pair| Carry::between(&pair[0], &pair[1])).collect();
    let mut vertices = Vertices { outlines, carries: &carries, arcs: Vec::new() };
    vertices.begin();
    let all: Vec<usize> = (0..outlines.len()).collect();
    let step = outlines.len().div_ceil(PROBED).max(1);
    let probed: Vec<usize> = (0..outlines.len()).step_by(step).chain([outlines.len() - 1]).collect();
    vertices.refine(&probed, tolerance)?;
    vertices.refine(&all, tolerance)?;
    let frames = vertices.fitted(&all)?;
    let farthest_px = frames.iter().flat_map(|frame| &frame.worst).map(|worst| worst.off).fold(0.0, f64::max);
    Ok(Fitted { shapes: frames.into_iter().map(|frame| frame.shape).collect(), farthest_px })
}

/// The place of a span that is farthest from its cubic.
#[derive(Debug, Clone, Copy)]
struct Worst {
    off: f64,
    arc: f64,
}

struct Frame {
    frame: usize,
    shape: BezierShape,
    /// By span.
    worst: Vec<Worst>,
}

struct Vertices<'a> {
    outlines: &'a [Outline],
    carries: &'a [Carry],
    /// Of each vertex its arc on every frame; on each frame they go once around, in order.
    arcs: Vec<Vec<f64>>,
}

impl Vertices<'_> {
    fn begin(&mut self) {
        // Of frames with as many corners, the first.
        let most = self.outlines.iter().map(|outline| outline.corners().len()).max().unwrap_or(0);
        let frame = self.outlines.iter().position(|outline| outline.corners().len() == most).unwrap_or(0);
        let outline = &self.outlines[frame];
        let mut places: Vec<f64> = outline.corners().iter().map(|corner| corner.0).take(MOST_VERTICES / 2).collect();
        if places.len() < 3 {
            let apart = outline.length() / 12.0;
            for place in outermost(outline) {
                let gap = |other: &f64| {
                    let gap = (place - other).rem_euclid(outline.length());
                    gap.min(outline.length() - gap)
                };
                if places.iter().all(|other| gap(other) > apart) {
                    places.push(place);
                }
            }
        }
        // The outermost places of a spiral are all on a small part of it.
        if places.len() == 1 {
            places.push(outline.wrap(places[0] + 0.5 * outline.length()));
        }
        places.sort_by(f64::total_cmp);
        for place in places {
            self.insert(frame, place);
        }
    }

    /// Adds a vertex at a place of a frame, and carries it to the others.
    fn insert(&mut self, frame: usize, arc: f64) {
        let mut arcs = vec![0.0; self.outlines.len()];
        arcs[frame] = self.outlines[frame].wrap(arc);
        let corner = self.outlines[frame].corner_near(arc, 1e-6).is_some();
        for at in frame + 1..arcs.len() {
            arcs[at] = self.settled(at, self.carries[at - 1].forth(arcs[at - 1]), corner);
        }
        for at in (0..frame).rev() {
            arcs[at] = self.settled(at, self.carries[at].back(arcs[at + 1]), corner);
        }
        let slot = self.slot(frame, arcs[frame]);
        if self.arcs.len() >= 2 {
            let (before, after) = ((slot + self.arcs.len() - 1) % self.arcs.len(), slot % self.arcs.len());
            for (at, arc) in arcs.iter_mut().enumerate() {
                *arc = self.between(at, before, after, *arc);
            }
        }
        self.arcs.insert(slot, arcs);
    }

    /// A carried place, on the corner that it belongs to.
    fn settled(&self, frame: usize, arc: f64, corner: bool) -> f64 {
        let outline = &self.outlines[frame];
        let near = corner.then(|| outline.corner_near(outline.wrap(arc), (0.03 * outline.length()).max(CORNER_PX)));
        near.flatten().map_or(outline.wrap(arc), |(at, _)| at)
    }

    /// Where among the vertices a new one comes to stand.
    fn slot(&self, frame: usize, arc: f64) -> usize {
        let Some(first) = self.arcs.first() else { return 0 };
        let length = self.outlines[frame].length();
        let from_first = |arc: f64| (arc - first[frame]).rem_euclid(length);
        self.arcs.iter().position(|other| from_first(other[frame]) > from_first(arc)).unwrap_or(self.arcs.len())
    }

    /// `arc`, kept well between two neighboring vertices.
    fn between(&self, frame: usize, before: usize, after: usize, arc: f64) -> f64 {
        const MARGIN: f64 = 0.08;
        let length = self.outlines[frame].length();
        let from = self.arcs[before][frame];
        let span = self.span(frame, before, after);
        let off = (arc - from).rem_euclid(length);
        // Beyond the next vertex, or just before the last one: nearer to which of the two?
        let share = if off <= span {
            off / span
        } else if off - span < length - off {
            1.0
        } else {
            0.0
        };
        (from + span * share.clamp(MARGIN, 1.0 - MARGIN)).rem_euclid(length)
    }

    fn span(&self, frame: usize, before: usize, after: usize) -> f64 {
        let (length, span) = (self.outlines[frame].length(), self.arcs[after][frame] - self.arcs[before][frame]);
        let span = span.rem_euclid(length);
        if span > 1e-9 { span } else { length }
    }

    fn refine(&mut self, frames: &[usize], tolerance: f64) -> Result<()> {
        for _ in 0..ROUNDS {
            let fitted = self.fitted(frames)?;
            let worst = |span: usize| fitted.iter().max_by(|a, b| a.worst[span].off.total_cmp(&b.worst[span].off));
            let wanted: Vec<(usize, f64)> = (0..self.arcs.len())
                .filter_map(|span| Some((span, worst(span)?)))
                .filter(|&(span, frame)| frame.worst[span].off > tolerance && self.may_split(frame.frame, span))
                .map(|(span, frame)| (frame.frame, self.split(frame.frame, span, frame.worst[span].arc)))
                .take(MOST_VERTICES - self.arcs.len().min(MOST_VERTICES))
                .collect();
            if wanted.is_empty() {
                break;
            }
            wanted.into_iter().for_each(|(frame, arc)| self.insert(frame, arc));
        }
        Ok(())
    }

    fn may_split(&self, frame: usize, span: usize) -> bool {
        self.span(frame, span, (span + 1) % self.arcs.len()) > LEAST_SPAN_PX
    }

    /// Where a span is split whose farthest place this is: on a corner if one is near, and never close to an end.
    fn split(&self, frame: usize, span: usize, worst: f64) -> f64 {
        let outline = &self.outlines[frame];
        let (from, length) = (self.arcs[span][frame], self.span(frame, span, (span + 1) % self.arcs.len()));
        let corner =
            outline.corner_near(worst, 1.5 * CORNER_PX).map(|(arc, _)| (arc - from).rem_euclid(outline.length()));
        if let Some(off) = corner.filter(|off| (0.1 * length..0.9 * length).contains(off)) {
            return from + off;
        }
        from + (worst - from).rem_euclid(outline.length()).clamp(0.25 * length, 0.75 * length)
    }

    fn fitted(&self, frames: &[usize]) -> Result<Vec<Frame>> {
        frames.par_iter().map(|&frame| self.fit_frame(frame)).collect()
    }

    fn fit_frame(&self, frame: usize) -> Result<Frame> {
        let (outline, count) = (&self.outlines[frame], self.arcs.len());
        let spans: Vec<(f64, f64)> =
            (0..count).map(|k| (self.arcs[k][frame], self.span(frame, k, (k + 1) % count))).collect();
        let knots: Vec<Knot> =
            (0..count).map(|k| Knot::new(outline, spans[k].0, spans[(k + count - 1) % count].1, spans[k].1)).collect();
        let cubic = |k: usize| {
            let ((from, length), start, end) = (spans[k], knots[k], knots[(k + 1) % count]);
            let between = (0..FITTED).map(|at| outline.point(from + length * (at as f64 + 0.5) / FITTED as f64));
            let samples: Vec<Point> = [start.anchor].into_iter().chain(between).chain([end.anchor]).collect();
            fit_cubic(&samples, start.leaving, end.arriving)
        };
        let cubics = (0..count).map(cubic).collect::<Result<Vec<CubicBez>>>()?;
        let vertex = |k: usize| {
            let (before, after) = (cubics[(k + count - 1) % count], cubics[k]);
            Vertex { anchor: knots[k].anchor, incoming: before.p2 - before.p3, outgoing: after.p1 - after.p0 }
        };
        let shape = BezierShape::new((0..count).map(vertex).collect(), true)?;
        let worst = shape.segments().zip(&spans).map(|(cubic, &(from, length))| farthest(outline, cubic, from, length));
        Ok(Frame { frame, worst: worst.collect(), shape })
    }
}

/// Where the curve passes on a frame, and the directions that it arrives and leaves in.
#[derive(Debug, Clone, Copy)]
struct Knot {
    anchor: Point,
    arriving: Vec2,
    leaving: Vec2,
}

impl Knot {
    /// The vertex at `arc` of an outline, between spans of these lengths.
    fn new(outline: &Outline, arc: f64, before: f64, after: f64) -> Self {
        let Some((arc, anchor)) = outline.corner_near(arc, 1.0) else {
            let through = direction(outline.chord(arc, (0.2 * before.min(after)).clamp(1.0, 12.0)));
            return Self { anchor: outline.point(arc), arriving: through, leaving: through };
        };
        let side = |sign: f64, span: f64| {
            let reach = (0.25 * span).clamp(1.0, 2.0 * CORNER_PX);
            direction((outline.point(arc + sign * reach) - anchor) * sign)
        };
        Self { anchor, arriving: side(-1.0, before), leaving: side(1.0, after) }
    }
}

/// Its direction; any one for what has none, as for an outline that folds back on itself.
fn direction(chord: Vec2) -> Vec2 {
    if chord.hypot() > 1e-9 { chord.normalize() } else { Vec2::new(1.0, 0.0) }
}

/// The place between `from` and `length` further on that is farthest from `cubic`; what is next to a corner is left out, as
/// pixels round it.
fn farthest(outline: &Outline, cubic: CubicBez, from: f64, length: f64) -> Worst {
    let at = |k: usize| cubic.eval(k as f64 / PIECES as f64);
    let pieces: Vec<Line> = (0..PIECES).map(|k| Line::new(at(k), at(k + 1))).collect();
    let count = length.clamp(8.0, MEASURED) as usize;
    let mut worst = Worst { off: 0.0, arc: from + 0.5 * length };
    for k in 0..count {
        let arc = from + length * (k as f64 + 0.5) / count as f64;
        if outline.corner_near(arc, CORNER_PX).is_some() {
            continue;
        }
        let point = outline.point(arc);
        let squared = pieces.iter().map(|piece| piece.nearest(point, 1e-6).distance_sq).fold(f64::INFINITY, f64::min);
        if squared.sqrt() > worst.off {
            worst = Worst { off: squared.sqrt(), arc };
        }
    }
    worst
}

/// The arcs of the leftmost, topmost, rightmost and lowest places.
fn outermost(outline: &Outline) -> [f64; 4] {
    const SAMPLES: usize = 256;
    let samples = outline.samples(SAMPLES);
    let least = |of: fn(&Point) -> f64| {
        let best = (0..SAMPLES).min_by(|&a, &b| of(&samples[a]).total_cmp(&of(&samples[b]))).unwrap_or(0);
        outline.length() * best as f64 / SAMPLES as f64
    };
    [least(|p| p.x), least(|p| p.y), least(|p| -p.x), least(|p| -p.y)]
}
