//! The sample's face in a plate of 2348×1566, for as many frames as asked: to and fro over the shot, each a little brighter
//! or darker, so that no answer of a network is taken from its cache.

use crate::stage::{grey, picture, root};
use image::RgbImage;
use ofx_sdk::host::{ClipInfo, HostImage, Source, StillSource};
use ofx_sdk::{FrameRange, RectD, RectI, RenderScale};

/// The plate, and where the shot's picture lies in it.
pub const PLATE: RectI = RectI::new(0, 0, 2348, 1566);
const CORNER: (i32, i32) = (900, 420);
/// Frames of the sample.
const SAMPLE: usize = 24;
/// How much brighter or darker a frame may be.
const FLICKER: f32 = 0.02;

/// See the module.
pub struct Plates {
    faces: Vec<RgbImage>,
    empty: HostImage,
    info: StillSource,
    range: FrameRange,
}

impl Plates {
    /// Frames 1 to `frames`.
    pub fn load(frames: usize) -> Self {
        let folder = root().join("models/sample_face/puppet_hand/frames");
        let load = |number: usize| {
            let path = folder.join(format!("{number:04}.jpg"));
            image::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).to_rgb8()
        };
        let range = FrameRange { min: 1.0, max: frames as f64 };
        let empty = picture(PLATE, |_, _| grey(0.2));
        let info = StillSource::new(empty.clone(), range);
        Self { faces: (1..=SAMPLE).map(load).collect(), empty, info, range }
    }

    fn still(&self, time: f64) -> StillSource {
        let number = time.round().max(1.0) as usize - 1;
        let there = number % (2 * SAMPLE - 2);
        let face = &self.faces[there.min(2 * SAMPLE - 2 - there)];
        let light = 1.0 + FLICKER * (number as f32 * 0.618).fract();
        let (width, height) = (face.width() as i32, face.height() as i32);
        let top = PLATE.y2 - CORNER.1;
        let part = RectI::new(CORNER.0, top - height, CORNER.0 + width, top);
        let mut plate = self.empty.clone();
        plate.paste(&picture(part, |x, y| {
            let [r, g, b] = face.get_pixel((x - part.x1) as u32, (top - 1 - y) as u32).0;
            let [r, g, b] = [r, g, b].map(|value| f32::from(value) / 255.0 * light);
            [r, g, b, 1.0]
        }));
        StillSource::new(plate, self.range)
    }
}

impl Source for Plates {
    fn info(&self) -> ClipInfo {
        self.info.info()
    }

    fn region_of_definition(&self, time: f64) -> RectD {
        self.info.region_of_definition(time)
    }

    fn frame(&self, time: f64, scale: RenderScale, region: RectI) -> ofx_sdk::Result<HostImage> {
        self.still(time).frame(time, scale, region)
    }
}
