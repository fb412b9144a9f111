//! Areas of a matte as closed Béziers that go on from frame to frame.
//!
//! An artist wants to *draw* from the result: few vertices, on corners where there are some, each staying on its place of the
//! outline while it moves. So contours are found to a part of a pixel, linked from frame to frame by what they share, and all
//! frames of such a run are fitted with the same vertices. Where areas split or merge, or an outline changes so much that no
//! vertices follow it, tracks end and others begin.

mod carry;
mod contours;
mod nesting;
mod outline;
mod overlap;
mod pieces;
mod runs;
mod vertices;

use std::collections::BTreeSet;

use ndarray::ArrayView2;
use rayon::prelude::*;

use self::contours::contours;
use self::outline::Outline;
use self::runs::{Contour, Run, Runs};
use crate::exchange::limits::{MOST_HIDDEN, MOST_SHAPES};
use crate::{BezierShape, Error, KeyKind, Result, ShapeKey, ShapeTrack, Shot, ShotShape};

/// Contours of a frame that are traced, the largest: grain has more.
const MOST_CONTOURS: usize = 256;
/// As many as keys are reduced over.
const MOST_FRAMES: usize = 10_000;

/// How areas are traced.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TraceOptions {
    /// How far the curves may be from the edge of the matte, in pixels: 0.1 to 50. Edges without antialiasing need 1 or more.
    pub tolerance_px: f64,
    /// The value of the matte that its edge is at, above 0 and up to 1.
    pub level: f32,
    /// Islands and holes that never become this large are dropped, in square pixels: 0 or more.
    pub least_area_px: f64,
    /// An edge that turns by more than this has a corner, in degrees: 10 to 170.
    pub corner_deg: f64,
}

impl Default for TraceOptions {
    fn default() -> Self {
        Self { tolerance_px: 0.75, level: 0.5, least_area_px: 32.0, corner_deg: 40.0 }
    }
}

impl TraceOptions {
    fn check(&self) -> Result<()> {
        let within = |name, value: f64, fits: bool, range| match fits {
            true => Ok(()),
            false => Err(Error::Parameter { name, value, range }),
        };
        let Self { tolerance_px, level, least_area_px, corner_deg } = *self;
        within("tolerance of the trace", tolerance_px, (0.1..=50.0).contains(&tolerance_px), "0.1 to 50 px")?;
        within("level of the trace", level.into(), level > 0.0 && level <= 1.0, "above 0 and up to 1")?;
        let area = (0.0..=1e12).contains(&least_area_px);
        within("least area of the trace", least_area_px, area, "0 or more square pixels")?;
        within("corner angle of the trace", corner_deg, (10.0..=170.0).contains(&corner_deg), "10 to 170 degrees")
    }
}

/// What was traced.
#[derive(Debug, Clone, PartialEq)]
pub struct Traced {
    /// A shape for each area, `area_1` and so on, and for each hole, `hole_1` and so on, with a key on every frame that has it.
    /// On the others it is hidden. Drawn together by [`FillRule::EvenOdd`](crate::FillRule::EvenOdd), they are the matte; or one
    /// after the other, areas added and holes cut out: an area comes before its holes, and these before the islands in them.
    pub shot: Shot,
    /// The names of those that are holes.
    pub holes: BTreeSet<String>,
    /// How far the farthest place of an edge is from its curve, in pixels, next to corners aside: pixels round these. It is
    /// beyond the tolerance where an edge is so rough that the 96 vertices a shape may have are not enough.
    pub farthest_px: f64,
}

/// Takes the frames of a matte one after another, and makes shapes of them.
///
/// ```
/// use ndarray::Array2;
/// use roto::{TraceOptions, Tracer};
///
/// let mut tracer = Tracer::new(1001, TraceOptions::default())?;
/// for frame in 0..3 {
///     let far = |x: usize, y: usize| (x as f32 - 30.0 - frame as f32).hypot(y as f32 - 24.0);
///     let disc = Array2::from_shape_fn((48, 64), |(y, x)| (15.5 - far(x, y)).clamp(0.0, 1.0));
///     tracer.add(disc.view())?;
/// }
/// let traced = tracer.finish()?;
/// assert_eq!(traced.shot.frames(), 1001..=1003);
/// let disc = traced.shot.shape("area_1").expect("one area");
/// assert!(disc.track.vertex_count() <= 6 && traced.farthest_px < 0.75);
/// # Ok::<(), roto::Error>(())
/// ```
#[derive(Debug)]
pub struct Tracer {
    options: TraceOptions,
    first_frame: i64,
    frames: usize,
    size: Option<(usize, usize)>,
    runs: Runs,
}

impl Tracer {
    /// Begins at a frame.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an option out of its range.
    pub fn new(first_frame: i64, options: TraceOptions) -> Result<Self> {
        options.check()?;
        Ok(Self { options, first_frame, frames: 0, size: None, runs: Runs::default() })
    }

    /// Takes the matte of the next frame: rows down, 1 inside. What is no number counts as 0.
    ///
    /// # Errors
    /// [`Error::Mismatch`] for a matte of another size than the first, [`Error::Parameter`] for more than 10,000 frames.
    pub fn add(&mut self, matte: ArrayView2<'_, f32>) -> Result<()> {
        let size = *self.size.get_or_insert(matte.dim());
        if size != matte.dim() {
            let [expected, found] = [size, matte.dim()].map(|(height, width)| format!("{width}×{height} pixels"));
            return Err(Error::Mismatch { what: format!("matte of frame {}", self.frame()), expected, found });
        }
        if self.frames >= MOST_FRAMES || self.first_frame.checked_add(self.frames as i64).is_none() {
            let (name, value) = ("number of traced frames", self.frames as f64 + 1.0);
            return Err(Error::Parameter { name, value, range: "up to 10,000" });
        }
        // What may still grow to the least area is kept for now.
        let least = 0.5 * self.options.least_area_px;
        let found = contours(matte, self.options.level).into_iter().map(Contour::new);
        let mut found: Vec<Contour> = found.filter(|contour| contour.area() >= least.max(1e-3)).collect();
        found.sort_by(|a, b| b.area().total_cmp(&a.area()));
        found.truncate(MOST_CONTOURS);
        self.runs.add(found);
        self.frames += 1;
        Ok(())
    }

    /// The shapes of all frames.
    ///
    /// # Errors
    /// [`Error::FrameRange`] when there was no frame.
    pub fn finish(self) -> Result<Traced> {
        let (first, last) = (self.first_frame, self.frame().saturating_sub(1));
        let large = |run: &Run| run.contours.iter().any(|contour| contour.area() >= self.options.least_area_px);
        let runs: Vec<Run> = self.runs.finish().into_iter().filter(large).collect();
        let mut traced = Traced { shot: Shot::new(first, last, vec![])?, holes: BTreeSet::new(), farthest_px: 0.0 };
        let (mut shapes, mut areas, mut hidden_frames) = (Vec::new(), 0, 0);
        for run in &runs {
            let hole = run.contours.first().is_some_and(|contour| contour.hole);
            for piece in pieces::pieces(&outlines(run, &self.options), self.options.tolerance_px)? {
                let name = if hole {
                    format!("hole_{}", traced.holes.len() + 1)
                } else {
                    areas += 1;
                    format!("area_{areas}")
                };
                traced.farthest_px = traced.farthest_px.max(piece.fitted.farthest_px);
                if shapes.len() >= MOST_SHAPES {
                    let (name, value) = ("number of traced shapes", shapes.len() as f64 + 1.0);
                    let range = "up to 1,024; drop small ones with a greater least area";
                    return Err(Error::Parameter { name, value, range });
                }
                hidden_frames += (self.frames - piece.frames.len()) as u64;
                if hidden_frames > MOST_HIDDEN {
                    let (name, value) = ("number of frames that traced shapes are hidden on", hidden_frames as f64);
                    let range = "up to 4,000,000; trace fewer frames, or drop small areas with a greater least area";
                    return Err(Error::Parameter { name, value, range });
                }
                let begin = first + (run.first + piece.frames.start) as i64;
                let shown = begin..begin + piece.frames.len() as i64;
                let track = track(begin, piece.fitted.shapes)?;
                let hidden = (first..=last).filter(|frame| !shown.contains(frame)).collect();
                if hole {
                    traced.holes.insert(name.clone());
                }
                shapes.push(ShotShape { hidden, ..ShotShape::new(name, track) });
            }
        }
        traced.shot = Shot::new(first, last, nesting::sorted(shapes))?;
        Ok(traced)
    }

    /// The number of the frame to come.
    fn frame(&self) -> i64 {
        self.first_frame.saturating_add(self.frames as i64)
    }
}

/// A key on each frame from `begin` on.
fn track(begin: i64, shapes: Vec<BezierShape>) -> Result<ShapeTrack> {
    let key = |(frame, shape): (i64, BezierShape)| ShapeKey { time: frame as f64, kind: KeyKind::Predicted, shape };
    ShapeTrack::new((begin..).zip(shapes).map(key).collect())
}

fn outlines(run: &Run, options: &TraceOptions) -> Vec<Outline> {
    let smooth_px = (0.75 * options.tolerance_px).min(1.5);
    run.contours.par_iter().map(|contour| Outline::new(&contour.line, smooth_px, options.corner_deg)).collect()
}

#[cfg(test)]
mod tests;
