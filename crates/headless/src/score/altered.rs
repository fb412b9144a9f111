//! A shot's frames on their way into the node, changed.

use super::folder::Shot;
use super::looks::{Look, each_color, take};
use crate::source::FileSource;
use imaging::color::Colorspace;
use ndarray::{Array3, Axis};
use ofx_sdk::host::{ClipInfo, HostImage, Source};
use ofx_sdk::{Depth, FrameRange, RectD, RectI, RenderScale, Result};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// What is changed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// Every frame gets a look.
    Look(Look),
    /// Frames from 1 on are takes of one frame, each with grain and a codec of its own.
    Takes {
        /// The frame.
        of: i64,
        /// How many there are.
        count: i64,
    },
}

/// Files of a clip, changed as they are read. A node that looks at neighboring frames gets them changed too.
#[derive(Debug)]
pub struct Altered {
    files: Arc<FileSource>,
    change: Change,
    colorspace: Colorspace,
    /// The largest whole number that a value is stored as, where it is one.
    whole: Option<f32>,
    kept: Mutex<VecDeque<(i64, HostImage)>>,
    most_kept: usize,
}

impl Altered {
    /// The frames of a shot, of which `most_kept` stay in memory once they are changed.
    pub fn new(files: Arc<FileSource>, shot: &Shot, change: Change, most_kept: usize) -> Self {
        let log = matches!(change, Change::Look(look) if look.is_log());
        let whole = largest_number(shot.depth, log);
        Self { files, change, colorspace: shot.colorspace, whole, kept: Mutex::default(), most_kept }
    }

    /// The file's frame, and the seed, of a frame that is asked for.
    fn origin(&self, frame: i64) -> (i64, u64) {
        match self.change {
            Change::Look(_) => (frame, frame as u64),
            Change::Takes { of, .. } => (of, frame as u64),
        }
    }

    fn stored(&self) -> Colorspace {
        match self.change {
            Change::Look(look) => look.stored(self.colorspace),
            Change::Takes { .. } => self.colorspace,
        }
    }

    fn change(&self, image: &HostImage, seed: u64) -> Result<HostImage> {
        let mut values = image.to_f32();
        let shape = (3, image.bounds.height(), image.bounds.width());
        let mut light = Array3::zeros(shape);
        for (mut lane, pixel) in light.lanes_mut(Axis(0)).into_iter().zip(values.chunks_exact(4)) {
            let color = self.colorspace.to_linear_rec709([pixel[0], pixel[1], pixel[2]]);
            lane.iter_mut().zip(color).for_each(|(v, new)| *v = new);
        }
        match self.change {
            Change::Look(look) => look.apply(&mut light, seed),
            Change::Takes { .. } => take(&mut light, seed),
        }
        let stored = self.stored();
        each_color(&mut light, |color| {
            let color = stored.from_linear_rec709(color);
            self.whole.map_or(color, |levels| color.map(|v| (v.clamp(0.0, 1.0) * levels).round() / levels))
        });
        for (lane, pixel) in light.lanes(Axis(0)).into_iter().zip(values.chunks_exact_mut(4)) {
            pixel.iter_mut().zip(lane).for_each(|(v, new)| *v = *new);
        }
        let changed = HostImage::from_f32(image.bounds, image.components, &values)?;
        Ok(HostImage { premultiplication: image.premultiplication, pixel_aspect: image.pixel_aspect, ..changed })
    }
}

impl Source for Altered {
    fn info(&self) -> ClipInfo {
        let info = self.files.info();
        match self.change {
            Change::Look(_) => info,
            Change::Takes { count, .. } => ClipInfo { frame_range: FrameRange { min: 1.0, max: count as f64 }, ..info },
        }
    }

    fn region_of_definition(&self, time: f64) -> RectD {
        self.files.region_of_definition(self.origin(time.round() as i64).0 as f64)
    }

    fn frame(&self, time: f64, scale: RenderScale, region: RectI) -> Result<HostImage> {
        let range = self.info().frame_range;
        let frame = time.round().clamp(range.min, range.max) as i64;
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, image)) = kept().iter().find(|(known, image)| *known == frame && image.scale == scale) {
            return Ok(image.clone());
        }
        let (origin, seed) = self.origin(frame);
        let whole = self.region_of_definition(time).to_pixels_enclosing(scale, self.info().pixel_aspect);
        let image = self.files.frame(origin as f64, scale, whole)?;
        let changed = HostImage { scale, ..self.change(&image, seed)? };
        let _ = region;
        let mut kept = kept();
        kept.push_front((frame, changed.clone()));
        kept.truncate(self.most_kept);
        Ok(changed)
    }
}

/// The largest whole number of files of a depth. Nobody keeps a logarithmic curve in 8 bits.
fn largest_number(depth: Depth, log: bool) -> Option<f32> {
    match depth {
        Depth::Byte => Some(if log { 1023.0 } else { 255.0 }),
        Depth::Short => Some(65535.0),
        Depth::Half | Depth::Float => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_keeps_the_bits_of_the_files() {
        let of = |log| Depth::ALL.iter().map(|depth| largest_number(*depth, log)).collect::<Vec<_>>();
        assert_eq!(of(false), [Some(255.0), Some(65535.0), None, None]);
        assert_eq!(of(true), [Some(1023.0), Some(65535.0), None, None]);
    }
}
