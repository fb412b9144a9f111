//! Temporal smoothing, as far as it is a function of arrays: one frame's logits and those of the frames around it.

use super::looks::{NetworkPicture, shrunk};
use crate::nodes::stages::Stage;
use imaging::flow::{FlowPyramid, Motion, luma};
use imaging::matte::{self, Beside};
use imaging::resample::{Filter, Resampler};
use imaging::{Result, Size};
use ndarray::{Array3, ArrayView3, Axis, s};
use std::sync::Arc;

/// The long side of the picture on which motion is found: to a fifth of a pixel of the network's picture at its default
/// size, for a quarter of the time.
const MOTION_SIDE: usize = 512;

/// What the network answered about a frame, and what it takes to bring the answer to another frame.
pub struct Sight {
    /// Of the padded picture.
    logits: Arc<Array3<f32>>,
    /// The picture that the network saw as luma, then the subject where there is one, `[1 or 2, height, width]`.
    seen: Array3<f32>,
    pyramid: FlowPyramid,
}

impl Sight {
    /// `logits` are those of `picture`, padded or not.
    ///
    /// # Errors
    /// When the picture has no pixels.
    pub fn new(picture: &NetworkPicture, logits: Arc<Array3<f32>>, threads: usize) -> Result<Self> {
        let luma = luma(picture.image.view())?.insert_axis(Axis(0));
        let (_, height, width) = luma.dim();
        let seen = match &picture.subject {
            Some(subject) => ndarray::concatenate![Axis(0), luma, *subject],
            None => luma.clone(),
        };
        let size = Size::new(width, height);
        let small = shrunk(size, MOTION_SIDE);
        let pyramid = if small == size {
            FlowPyramid::new(luma.index_axis(Axis(0), 0), threads)?
        } else {
            let small = Resampler::whole(size, small, Filter::Triangle)?.resample(luma.view(), threads)?;
            FlowPyramid::new(small.index_axis(Axis(0), 0), threads)?
        };
        Ok(Self { logits, seen, pyramid })
    }

    /// The logits of the picture itself.
    pub fn logits(&self) -> ArrayView3<'_, f32> {
        let (_, height, width) = self.seen.dim();
        inference::tensor::crop(&self.logits, width, height)
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        (self.logits.len() + self.seen.len()) * size_of::<f32>() + self.pyramid.bytes()
    }
}

/// The motion between two frames, both ways.
pub struct Between([Motion; 2]);

impl Between {
    /// From `a` to `b`, and back.
    ///
    /// # Errors
    /// When the frames differ in size.
    pub fn new(a: &Sight, b: &Sight, threads: usize) -> Result<Self> {
        Stage::Motion.time(|| Motion::there_and_back(&a.pyramid, &b.pyramid, threads)).map(Self)
    }

    /// From the first frame to the second, or back.
    pub fn way(&self, back: bool) -> &Motion {
        &self.0[usize::from(back)]
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.0.iter().map(Motion::bytes).sum()
    }
}

/// A frame around another one.
pub struct Around<'a> {
    /// How many pictures later; earlier where it is below 0. Never 0.
    pub distance: i32,
    pub sight: &'a Sight,
    /// The motion that leads to it.
    pub motion: &'a Motion,
}

/// The logits of a frame smoothed with those of the frames around it, at most `reach` away: [`matte::fuse`] with weights
/// that fall off evenly, to nothing at the first frame that is not looked at. A frame has no say where its subject is another:
/// a mask that an artist drew for one frame must not be outvoted by the frames without it.
///
/// # Errors
/// When frames differ in size.
pub fn smooth(own: &Sight, around: &[Around<'_>], reach: i32, threads: usize) -> Result<Array3<f32>> {
    // Where one of the frames has no subject, subjects are not compared.
    let planes = around.iter().map(|frame| frame.sight.seen.dim().0).fold(own.seen.dim().0, usize::min);
    let beside: Vec<_> = around
        .iter()
        .map(|frame| Beside {
            logits: frame.sight.logits(),
            picture: frame.sight.seen.slice(s![..planes, .., ..]),
            motion: frame.motion,
            weight: 1.0 - frame.distance.abs() as f32 / (reach + 1) as f32,
        })
        .collect();
    Stage::Fuse.time(|| matte::fuse(own.logits(), own.seen.slice(s![..planes, .., ..]), &beside, threads))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nodes::tone_segment::output::CLASSES;

    fn wave(t: i32, y: usize, x: usize) -> f32 {
        let x = x as f32 - 3.0 * t as f32;
        0.5 + 0.2 * (0.21 * x + 0.05 * y as f32).sin() + 0.2 * (0.13 * y as f32 - 0.08 * x).cos()
    }

    fn sight_picture(t: i32, size: Size) -> Array3<f32> {
        Array3::from_shape_fn((3, size.height, size.width), |(_, y, x)| wave(t, y, x))
    }

    /// A frame of waves that move three pixels a frame, whose logits follow the brightness, padded to 16 pixels more.
    fn sight(t: i32, size: Size, flicker: f32) -> Sight {
        let image = sight_picture(t, size);
        let wave = |y: usize, x: usize| wave(t, y, x);
        let logits = Array3::from_shape_fn((CLASSES, size.height + 16, size.width + 16), |(k, y, x)| {
            if k == 2 { 20.0 * (wave(y, x) - 0.5) + flicker } else { 0.0 }
        });
        Sight::new(&NetworkPicture { image, subject: None }, Arc::new(logits), 1).unwrap()
    }

    #[test]
    fn flicker_is_averaged_along_the_motion_on_any_grid() {
        for size in [Size::new(120, 80), Size::new(700, 90)] {
            let flickers = [1.0, -1.0, 1.5, -1.5, 1.0];
            let sights: Vec<_> = (-2..=2).zip(flickers).map(|(t, flicker)| sight(t, size, flicker)).collect();
            let between: Vec<_> = sights.iter().map(|other| Between::new(&sights[2], other, 1).unwrap()).collect();
            let around: Vec<_> = [0, 1, 3, 4]
                .map(|i| Around { distance: i as i32 - 2, sight: &sights[i], motion: between[i].way(false) })
                .into_iter()
                .collect();
            let smoothed = smooth(&sights[2], &around, 2, 1).unwrap();
            let steady = sight(0, size, 0.0);
            let off = |logits: ArrayView3<f32>| {
                let middle = s![2, 20..60, 30..90];
                let (found, wanted) = (logits.slice(middle).to_owned(), steady.logits().slice(middle).to_owned());
                let zero = |logits: ArrayView3<f32>| logits.slice(s![0, 20..60, 30..90]).to_owned();
                let error = (found - zero(logits)) - wanted;
                error.mapv(f32::abs).mean().unwrap()
            };
            let (before, after) = (off(sights[2].logits()), off(smoothed.view()));
            assert!(after < 0.35 * before, "{before} becomes {after} at {size:?}");
        }
    }

    #[test]
    fn frames_without_the_subject_do_not_outvote_the_frame_that_has_it() {
        let size = Size::new(64, 48);
        let image = sight_picture(0, size);
        let of = |subject: f32| {
            let subject = Some(Array3::from_elem((1, size.height, size.width), subject));
            let logits = Array3::from_shape_fn((CLASSES, size.height, size.width), |(k, _, _)| {
                let tone = usize::from(k == 2) as f32 * subject.as_ref().map_or(0.0, |s| s[[0, 0, 0]]);
                10.0 * tone + 10.0 * f32::from(u8::from(k == 0)) * (1.0 - tone)
            });
            Sight::new(&NetworkPicture { image: image.clone(), subject }, Arc::new(logits), 1).unwrap()
        };
        let (own, without) = (of(1.0), of(0.0));
        let still = Between::new(&own, &own, 1).unwrap();
        let around: Vec<_> =
            [-2, -1, 1, 2].map(|distance| Around { distance, sight: &without, motion: still.way(false) }).into();
        assert_eq!(smooth(&own, &around, 2, 1).unwrap(), own.logits());
    }

    #[test]
    fn the_way_back_is_the_way_there_of_the_other() {
        let size = Size::new(64, 48);
        let [a, b] = [0, 1].map(|t| sight(t, size, 0.0));
        let (there, back) = (Between::new(&a, &b, 1).unwrap(), Between::new(&b, &a, 1).unwrap());
        assert!(there.way(true) == back.way(false) && there.way(false) == back.way(true));
    }

    #[test]
    fn without_frames_around_it_a_frame_keeps_its_logits() {
        let own = sight(0, Size::new(33, 21), 0.3);
        assert_eq!(smooth(&own, &[], 4, 1).unwrap(), own.logits());
    }
}
