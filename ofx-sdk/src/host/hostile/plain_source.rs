//! Footage of one value.

use super::weather::Sky;
use crate::{
    Components, Depth, Error, FrameRange, RectD, RectI, RenderScale, Result,
    host::{ClipInfo, HostImage, Source},
};
use std::sync::Arc;

/// What it covers.
pub(super) const BOUNDS: RectI = RectI::new(-2, 1, 5, 6);

/// What every pixel of a life without lies holds.
pub(super) const CALM: f32 = 0.5;

/// A picture of one value, of any size.
pub(super) struct Plain {
    pub components: Components,
    pub depth: Depth,
    pub value: f32,
    pub sky: Arc<Sky>,
}

impl Source for Plain {
    fn info(&self) -> ClipInfo {
        let frame_range = FrameRange { min: 1.0, max: 3.0 };
        ClipInfo { components: self.components, depth: self.depth, frame_range, ..ClipInfo::default() }
    }

    fn region_of_definition(&self, _time: f64) -> RectD {
        BOUNDS.to_canonical(RenderScale::FULL, 1.0)
    }

    fn frame(&self, time: f64, _scale: RenderScale, region: RectI) -> Result<HostImage> {
        if time != 1.0 && self.sky.has_only_this_frame() {
            return Err(Error::Missing(format!("frame {time}")));
        }
        let values = vec![self.value; region.width() * region.height() * self.components.count()];
        HostImage::from_f32(region, self.components, &values)?.converted(self.components, self.depth)
    }
}
