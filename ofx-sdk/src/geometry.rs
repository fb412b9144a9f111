//! Rectangles, scales and time ranges.
//!
//! *Pixel* coordinates are whole numbers of an image at its own render scale. *Canonical* coordinates are the
//! standard's: square pixels at full resolution. Both have y up, and a pixel's centre lies at +0.5.

/// A rectangle of pixels: `x1 ≤ x < x2`, `y1 ≤ y < y2`.
#[doc(alias = "OfxRectI")]
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RectI {
    /// Left edge, inside.
    pub x1: i32,
    /// Lower edge, inside.
    pub y1: i32,
    /// Right edge, outside.
    pub x2: i32,
    /// Upper edge, outside.
    pub y2: i32,
}

impl RectI {
    /// A rectangle from its lower left and upper right corners.
    pub const fn new(x1: i32, y1: i32, x2: i32, y2: i32) -> Self {
        Self { x1, y1, x2, y2 }
    }

    /// Pixels across; 0 for an empty or inverted rectangle.
    pub const fn width(&self) -> usize {
        let n = self.x2 as i64 - self.x1 as i64;
        if n > 0 { n as usize } else { 0 }
    }

    /// Pixels up; 0 for an empty or inverted rectangle.
    pub const fn height(&self) -> usize {
        let n = self.y2 as i64 - self.y1 as i64;
        if n > 0 { n as usize } else { 0 }
    }

    /// Whether no pixel lies inside.
    pub const fn is_empty(&self) -> bool {
        self.width() == 0 || self.height() == 0
    }

    /// The pixels that lie in both.
    pub fn intersection(&self, other: &Self) -> Self {
        Self {
            x1: self.x1.max(other.x1),
            y1: self.y1.max(other.y1),
            x2: self.x2.min(other.x2),
            y2: self.y2.min(other.y2),
        }
    }

    /// Whether every pixel of `other` lies inside; an empty `other` always does.
    pub fn contains(&self, other: &Self) -> bool {
        other.is_empty() || (self.x1 <= other.x1 && self.y1 <= other.y1 && self.x2 >= other.x2 && self.y2 >= other.y2)
    }

    /// The canonical rectangle of these pixels.
    pub fn to_canonical(&self, scale: RenderScale, pixel_aspect: f64) -> RectD {
        RectD {
            x1: f64::from(self.x1) * pixel_aspect / scale.x,
            y1: f64::from(self.y1) / scale.y,
            x2: f64::from(self.x2) * pixel_aspect / scale.x,
            y2: f64::from(self.y2) / scale.y,
        }
    }
}

/// A rectangle in canonical coordinates.
#[doc(alias = "OfxRectD")]
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RectD {
    /// Left edge.
    pub x1: f64,
    /// Lower edge.
    pub y1: f64,
    /// Right edge.
    pub x2: f64,
    /// Upper edge.
    pub y2: f64,
}

impl RectD {
    /// A rectangle from its lower left and upper right corners.
    pub const fn new(x1: f64, y1: f64, x2: f64, y2: f64) -> Self {
        Self { x1, y1, x2, y2 }
    }

    /// Whether the rectangle has no area, or an edge that is not a number.
    pub fn is_empty(&self) -> bool {
        !(self.x2 > self.x1 && self.y2 > self.y1)
    }

    /// The smallest rectangle that holds both; an empty one adds nothing.
    pub fn union(&self, other: &Self) -> Self {
        if self.is_empty() {
            return *other;
        }
        if other.is_empty() {
            return *self;
        }
        Self {
            x1: self.x1.min(other.x1),
            y1: self.y1.min(other.y1),
            x2: self.x2.max(other.x2),
            y2: self.y2.max(other.y2),
        }
    }

    /// The area that lies in both.
    pub fn intersection(&self, other: &Self) -> Self {
        Self {
            x1: self.x1.max(other.x1),
            y1: self.y1.max(other.y1),
            x2: self.x2.min(other.x2),
            y2: self.y2.min(other.y2),
        }
    }

    /// The pixels that this area touches. Edges a hair (10⁻⁶ px) over a pixel's border do not count as touching
    /// it, because hosts compute them in floating point.
    pub fn to_pixels_enclosing(&self, scale: RenderScale, pixel_aspect: f64) -> RectI {
        const HAIR: f64 = 1e-6;
        RectI {
            x1: (self.x1 * scale.x / pixel_aspect + HAIR).floor() as i32,
            y1: (self.y1 * scale.y + HAIR).floor() as i32,
            x2: (self.x2 * scale.x / pixel_aspect - HAIR).ceil() as i32,
            y2: (self.y2 * scale.y - HAIR).ceil() as i32,
        }
    }
}

/// Pixels rendered per canonical pixel: 1 at full resolution, 0.5 for a half-size proxy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RenderScale {
    /// Along x.
    pub x: f64,
    /// Along y.
    pub y: f64,
}

impl RenderScale {
    /// Full resolution.
    pub const FULL: Self = Self { x: 1.0, y: 1.0 };

    /// The same scale along both axes.
    pub const fn uniform(scale: f64) -> Self {
        Self { x: scale, y: scale }
    }
}

impl Default for RenderScale {
    fn default() -> Self {
        Self::FULL
    }
}

/// A range of frames, both ends inside.
#[doc(alias = "OfxRangeD")]
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FrameRange {
    /// First frame.
    pub min: f64,
    /// Last frame.
    pub max: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverted_rectangles_are_empty_and_do_not_overflow() {
        let r = RectI::new(i32::MAX, 0, i32::MIN, 1);
        assert!(r.is_empty());
        assert_eq!(RectI::new(i32::MIN, 0, i32::MAX, 1).width(), u32::MAX as usize);
    }

    #[test]
    fn canonical_and_pixel_rectangles_round_trip_at_every_proxy_scale() {
        for scale in [1.0, 0.5, 0.25, 0.125, 1.0 / 3.0] {
            for aspect in [1.0, 2.0, 0.9118] {
                let pixels = RectI::new(-7, 3, 123, 77);
                let scale = RenderScale::uniform(scale);
                assert_eq!(pixels.to_canonical(scale, aspect).to_pixels_enclosing(scale, aspect), pixels);
            }
        }
    }
}
