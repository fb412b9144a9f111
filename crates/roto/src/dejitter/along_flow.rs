use imaging::flow::{FlowPyramid, Motion};
use kurbo::{Affine, Point};
use ndarray::ArrayView2;

use super::{Carried, Carry};
use crate::{Error, Result};

/// The least trust of a step; below it, the way is lost.
const LOST: f64 = 0.02;

/// Places carried along the optical flow between neighboring frames, step by step.
///
/// Each step is trusted as far as the flow there and back meets ([`Motion::there_and_back`]); a way is trusted as its steps
/// are, multiplied.
#[derive(Debug, Clone, PartialEq)]
pub struct AlongFlow {
    /// From each frame to the next, and back.
    steps: Vec<[Motion; 2]>,
    to_flow: Affine,
    to_plate: Affine,
}

impl AlongFlow {
    /// Carries along `steps`, the motion from each frame to the next and the one back. `to_flow` takes pixels of the plate to
    /// those of the flow: identity when it is of the whole plate at full resolution; of a crop at half scale, a translation
    /// and then a scale.
    ///
    /// # Errors
    /// [`Error::Transform`] when `to_flow` has no inverse.
    pub fn new(steps: Vec<[Motion; 2]>, to_flow: Affine) -> Result<Self> {
        let to_plate = to_flow.inverse();
        let finite = |by: Affine| by.as_coeffs().iter().all(|v| v.is_finite());
        if !finite(to_flow) || !finite(to_plate) {
            return Err(Error::Transform { coefficients: to_flow.as_coeffs() });
        }
        Ok(Self { steps, to_flow, to_plate })
    }

    /// Works the flow out between neighbors of `planes`, each `[height, width]` as [`FlowPyramid::new`] takes them.
    ///
    /// # Errors
    /// As [`new`](Self::new), and [`Error::Imaging`] for planes without pixels or of different sizes.
    pub fn of_planes(planes: &[ArrayView2<f32>], to_flow: Affine, threads: usize) -> Result<Self> {
        let mut steps = Vec::with_capacity(planes.len().saturating_sub(1));
        let mut last: Option<FlowPyramid> = None;
        for plane in planes {
            let next = FlowPyramid::new(plane.view(), threads)?;
            if let Some(last) = &last {
                steps.push(Motion::there_and_back(last, &next, threads)?);
            }
            last = Some(next);
        }
        Self::new(steps, to_flow)
    }

    /// One step, in pixels of the flow.
    fn step(&self, from: usize, to: usize, at: Point) -> Option<Carried> {
        let [there, back] = self.steps.get(from.min(to))?;
        let motion = if from < to { there } else { back };
        let size = motion.size();
        let inside = at.x >= 0.0 && at.y >= 0.0 && at.x <= size.width as f64 && at.y <= size.height as f64;
        if !inside {
            return None;
        }
        let [dx, dy, trust] = [0, 1, 2].map(|channel| sample(motion, channel, at));
        let position = Point::new(at.x + dx, at.y + dy);
        (trust > LOST).then_some(Carried { position, trust: trust.min(1.0) })
    }
}

impl Carry for AlongFlow {
    fn carry(&self, from: usize, to: usize, at: Point) -> Option<Carried> {
        let mut carried = Carried { position: self.to_flow * at, trust: 1.0 };
        let mut frame = from;
        while frame != to {
            let next = if to > frame { frame + 1 } else { frame - 1 };
            let step = self.step(frame, next, carried.position)?;
            carried = Carried { position: step.position, trust: carried.trust * step.trust };
            frame = next;
        }
        carried.position = self.to_plate * carried.position;
        Some(carried)
    }
}

/// A channel of a motion between its pixels' middles, bilinear; held beyond the outermost.
fn sample(motion: &Motion, channel: usize, at: Point) -> f64 {
    let (field, size) = (motion.field(), motion.size());
    let split = |v: f64, side: usize| {
        let v = (v - 0.5).clamp(0.0, (side - 1) as f64);
        let before = v as usize;
        (before, (before + 1).min(side - 1), v - before as f64)
    };
    let ((x0, x1, fx), (y0, y1, fy)) = (split(at.x, size.width), split(at.y, size.height));
    let row = |y: usize| {
        let (a, b) = (f64::from(field[[channel, y, x0]]), f64::from(field[[channel, y, x1]]));
        a + (b - a) * fx
    };
    row(y0) + (row(y1) - row(y0)) * fy
}
