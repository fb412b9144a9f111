//! Where the pictures of an input clip come from.

use super::image::HostImage;
use crate::{Components, Depth, Field, FrameRange, Premultiplication, RectD, RectI, RenderScale, Result};

/// What a clip says of itself before any preferences of the plug-in.
#[derive(Clone, Debug, PartialEq)]
pub struct ClipInfo {
    /// Components of its images.
    pub components: Components,
    /// Depth of its images.
    pub depth: Depth,
    /// What alpha has to do with color.
    pub premultiplication: Premultiplication,
    /// Width of a pixel over its height.
    pub pixel_aspect: f64,
    /// First and last frame.
    pub frame_range: FrameRange,
    /// Frames a second.
    pub frame_rate: f64,
    /// Field order.
    pub field: Field,
    /// Whether it can be sampled between frames.
    pub continuous: bool,
}

impl Default for ClipInfo {
    /// Premultiplied float RGBA, one progressive frame.
    fn default() -> Self {
        Self {
            components: Components::Rgba,
            depth: Depth::Float,
            premultiplication: Premultiplication::Premultiplied,
            pixel_aspect: 1.0,
            frame_range: FrameRange { min: 1.0, max: 1.0 },
            frame_rate: 24.0,
            field: Field::None,
            continuous: false,
        }
    }
}

/// The pictures of one clip.
pub trait Source: Send + Sync {
    /// What the clip is made of; constant while it is connected.
    fn info(&self) -> ClipInfo;

    /// The canonical rectangle in which the clip has pixels at `time`.
    fn region_of_definition(&self, time: f64) -> RectD;

    /// The picture at `time` and `scale`, covering at least `region` (pixels at that scale, inside the region of
    /// definition). More is fine; what is missing reads as zero.
    ///
    /// # Errors
    /// When there is no picture; the plug-in then sees a clip without an image at that time, and the error goes to the
    /// host's log and, once the action ends, to whoever asked for the render. [`Error::Missing`](crate::Error::Missing) says
    /// that the clip has a gap there: of another frame than the one rendered, it is the plug-in's affair.
    fn frame(&self, time: f64, scale: RenderScale, region: RectI) -> Result<HostImage>;

    /// A picture of another plane than color, by the plane's full name. None by default.
    ///
    /// # Errors
    /// As [`Source::frame`].
    fn plane(&self, plane: &str, time: f64, scale: RenderScale, region: RectI) -> Result<Option<HostImage>> {
        let _ = (plane, time, scale, region);
        Ok(None)
    }
}

/// One picture at every time; smaller scales are averaged from it.
#[derive(Clone, Debug)]
pub struct StillSource {
    image: HostImage,
    info: ClipInfo,
}

impl StillSource {
    /// A clip that shows `image`, a picture at full resolution, over `frame_range`.
    pub fn new(image: HostImage, frame_range: FrameRange) -> Self {
        let info = ClipInfo {
            components: image.components,
            depth: image.depth,
            premultiplication: image.premultiplication,
            pixel_aspect: image.pixel_aspect,
            frame_range,
            field: image.field,
            ..ClipInfo::default()
        };
        Self { image, info }
    }

    /// The same clip with other facts about it.
    pub fn with_info(mut self, info: ClipInfo) -> Self {
        self.info = info;
        self
    }
}

impl Source for StillSource {
    fn info(&self) -> ClipInfo {
        self.info.clone()
    }

    fn region_of_definition(&self, _time: f64) -> RectD {
        self.image.bounds.to_canonical(RenderScale::FULL, self.info.pixel_aspect)
    }

    fn frame(&self, time: f64, scale: RenderScale, region: RectI) -> Result<HostImage> {
        let _ = time;
        if scale == RenderScale::FULL {
            return Ok(self.image.clone());
        }
        let whole = self.region_of_definition(time).to_pixels_enclosing(scale, self.info.pixel_aspect);
        Ok(self.image.averaged(scale, region.intersection(&whole)))
    }
}
