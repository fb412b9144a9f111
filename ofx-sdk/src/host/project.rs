//! The project that an instance lives in.

use crate::{Field, FrameRange};

/// What an instance is told of the project around it. Sizes are canonical: square pixels at full resolution.
#[derive(Clone, Debug, PartialEq)]
pub struct Project {
    /// Width and height of the frame.
    pub size: [f64; 2],
    /// Lower left corner of the frame.
    pub offset: [f64; 2],
    /// Width and height of the largest frame that the project may hold, counted from the origin.
    pub extent: [f64; 2],
    /// Width of a pixel over its height.
    pub pixel_aspect: f64,
    /// Frames a second.
    pub frame_rate: f64,
    /// First and last frame of the timeline.
    pub range: FrameRange,
    /// Field order of the footage.
    pub field: Field,
}

impl Project {
    /// A progressive project of square pixels, 24 frames a second, of the given size and range.
    pub fn new(width: f64, height: f64, range: FrameRange) -> Self {
        Self {
            size: [width, height],
            offset: [0.0, 0.0],
            extent: [width, height],
            pixel_aspect: 1.0,
            frame_rate: 24.0,
            range,
            field: Field::None,
        }
    }
}

impl Default for Project {
    /// 1920 × 1080, one frame.
    fn default() -> Self {
        Self::new(1920.0, 1080.0, FrameRange { min: 1.0, max: 1.0 })
    }
}
