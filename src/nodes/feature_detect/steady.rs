//! De-jitter of a run of neighboring frames, as they come in: what optical flow makes of each frame's landmarks on the others.

use super::face::{Picture, Seen};
use imaging::flow::{FlowPyramid, Motion, luma};
use kurbo::{Affine, Point, Rect};
use ofx_sdk::{Error, Result};
use roto::{AlongFlow, Carried, Carry, Dejitter, LandmarkSet};
use std::collections::BTreeMap;

/// Side of the picture that motion is measured in, in pixels: a little finer than what the landmark network sees.
const FLOW_SIDE: usize = 288;

/// How much of the faces' surroundings the motion is measured in, in sides of their common box.
const SURROUNDINGS: f64 = 1.15;

/// A run of frames. Of the pictures only the last is held.
pub struct Run {
    reach: usize,
    threads: usize,
    seen: Vec<LandmarkSet>,
    last: Option<(Picture, Rect)>,
    /// The motion of the last pairs of frames, the newest last.
    steps: Vec<AlongFlow>,
    /// Where the landmarks of a frame lie on another.
    carried: BTreeMap<(usize, usize), Vec<Option<Carried>>>,
}

impl Run {
    /// An empty run; with a reach of 0 frames nothing is steadied.
    pub fn new(reach: usize, threads: usize) -> Self {
        Self { reach, threads, seen: Vec::new(), last: None, steps: Vec::new(), carried: BTreeMap::new() }
    }

    /// Adds the next frame.
    ///
    /// # Errors
    /// Pictures without pixels.
    pub fn push(&mut self, picture: Picture, seen: &Seen) -> Result<()> {
        self.seen.push(seen.landmarks.clone());
        if self.reach == 0 {
            return Ok(());
        }
        if let Some((before, crop)) = self.last.take() {
            let around = seen.crop.union(crop);
            let part = Rect::from_center_size(around.center(), around.size() * SURROUNDINGS);
            self.steps.push(motion(&before, &picture, part, self.threads)?);
            if self.steps.len() > self.reach {
                self.steps.remove(0);
            }
            self.carry_newest();
        }
        self.last = Some((picture, seen.crop));
        Ok(())
    }

    /// Lets go of the last picture: no frame follows.
    pub fn close(&mut self) {
        self.last = None;
    }

    /// The steadied landmarks of all frames, in order.
    ///
    /// # Errors
    /// A reach that is too long.
    pub fn steadied(&self) -> Result<Vec<LandmarkSet>> {
        let dejitter = Dejitter { reach_frames: self.reach, noise_px: None };
        dejitter.fuse(&self.seen, self).map_err(Error::node)
    }

    /// Carries landmarks between the newest frame and those before it.
    fn carry_newest(&mut self) {
        let newest = self.seen.len() - 1;
        for back in 1..=self.steps.len() {
            let older = newest - back;
            let steps = &self.steps[self.steps.len() - back..];
            let forth = along(&self.seen[older], steps.iter().map(|step| (step, 0, 1)));
            let back = along(&self.seen[newest], steps.iter().rev().map(|step| (step, 1, 0)));
            self.carried.insert((older, newest), forth);
            self.carried.insert((newest, older), back);
        }
    }
}

impl Carry for Run {
    fn carry(&self, from: usize, to: usize, at: Point) -> Option<Carried> {
        // Only landmarks are asked for; those at one place go the same way.
        let landmark = self.seen.get(from)?.iter().position(|landmark| landmark.position == at)?;
        *self.carried.get(&(from, to))?.get(landmark)?
    }
}

/// Landmarks taken along some steps, each from one of its two frames to the other.
fn along<'a>(
    landmarks: &LandmarkSet,
    steps: impl Iterator<Item = (&'a AlongFlow, usize, usize)> + Clone,
) -> Vec<Option<Carried>> {
    let way = |at: Point| {
        steps.clone().try_fold(Carried { position: at, trust: 1.0 }, |carried, (step, from, to)| {
            let next = step.carry(from, to, carried.position)?;
            Some(Carried { trust: carried.trust * next.trust, ..next })
        })
    };
    landmarks.iter().map(|landmark| landmark.known_position().and_then(way)).collect()
}

/// The motion of a part of the plate from one picture to the next, and back.
fn motion(from: &Picture, to: &Picture, part: Rect, threads: usize) -> Result<AlongFlow> {
    let pyramid = |picture: &Picture| {
        let cut = picture.cut(part, FLOW_SIDE, FLOW_SIDE, threads)?;
        luma(cut.view()).and_then(|plane| FlowPyramid::new(plane.view(), threads)).map_err(Error::node)
    };
    let steps = Motion::there_and_back(&pyramid(from)?, &pyramid(to)?, threads).map_err(Error::node)?;
    let side = FLOW_SIDE as f64;
    let to_flow = Affine::scale_non_uniform(side / part.width(), side / part.height())
        * Affine::translate(-part.origin().to_vec2());
    AlongFlow::new(vec![steps], to_flow).map_err(Error::node)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;
    use roto::Landmark;

    /// A textured picture that has moved by `shift` pixels to the right.
    fn picture(shift: f64) -> Picture {
        let wave = |x: f64, y: f64| 0.5 + 0.2 * (0.11 * x + 0.05 * y).sin() + 0.2 * (0.07 * x - 0.13 * y).cos();
        let display =
            Array3::from_shape_fn((3, 240, 320), |(_, y, x)| wave(x as f64 + 0.5 - shift, y as f64 + 0.5) as f32);
        Picture { display, scale: (1.0, 1.0), origin: Point::ORIGIN }
    }

    fn seen(at: Point) -> Seen {
        let landmarks = LandmarkSet::new(vec![Landmark::visible(at), Landmark::MISSING]).unwrap();
        Seen { landmarks, presence: vec![1.0], crop: Rect::from_center_size(at, (120.0, 120.0)) }
    }

    fn run(reach: usize) -> (Vec<LandmarkSet>, Vec<Point>) {
        let truth: Vec<Point> = (0..7).map(|k| Point::new(140.0 + 3.0 * k as f64, 110.0)).collect();
        let mut run = Run::new(reach, 1);
        for (k, at) in truth.iter().enumerate() {
            let jitter = if k % 2 == 0 { 1.0 } else { -1.0 };
            run.push(picture(3.0 * k as f64), &seen(Point::new(at.x + jitter, at.y))).unwrap();
        }
        (run.steadied().unwrap(), truth)
    }

    #[test]
    fn jitter_on_a_moving_picture_is_taken_out_and_the_motion_stays() {
        let (steady, truth) = run(3);
        let error = |k: usize| steady[k][0].position.distance(truth[k]);
        assert!((1..6).all(|k| error(k) < 0.4), "{:?}", (0..7).map(error).collect::<Vec<_>>());
        assert!(steady.iter().all(|frame| frame[1] == Landmark::MISSING));
    }

    #[test]
    fn without_reach_every_frame_keeps_its_own() {
        let (kept, truth) = run(0);
        assert!((0..7).all(|k| (kept[k][0].position.distance(truth[k]) - 1.0).abs() < 1e-9));
    }
}
