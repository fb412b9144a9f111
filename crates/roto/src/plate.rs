use kurbo::{Affine, Point};
use serde::{Deserialize, Serialize};

/// Where the picture that positions are pixels of lies in a host's canonical coordinates, which run up and have square
/// units: the region of definition when the analysis ran. It is stored with what was found, so that a later change of the
/// region moves nothing.
///
/// ```
/// use kurbo::Point;
/// use roto::Plate;
///
/// let plate = Plate { x1: -20.0, y2: 1100.0, width: 1920.0, height: 1080.0, pixel_aspect: 2.0 };
/// assert_eq!(plate.to_pixels(Point::new(0.0, 1090.0)), Point::new(20.0, 10.0));
/// assert_eq!(plate.to_canonical(Point::new(20.0, 10.0)), Point::new(0.0, 1090.0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plate {
    /// Its left edge, in pixels from the host's origin: the canonical x divided by the pixel aspect.
    pub x1: f64,
    /// Its top edge in the host's coordinates, which run up.
    pub y2: f64,
    /// Its width in pixels.
    pub width: f64,
    /// Its height in pixels.
    pub height: f64,
    /// Width of a pixel by its height.
    pub pixel_aspect: f64,
}

impl Plate {
    /// A plate of square pixels whose lower left corner is the host's origin.
    pub fn sized(width: f64, height: f64) -> Self {
        Self { x1: 0.0, y2: height, width, height, pixel_aspect: 1.0 }
    }

    /// From plate pixels to the host's pixels: x right, y up, not scaled by the pixel aspect.
    pub fn to_host_pixels(self) -> Affine {
        Affine::new([1.0, 0.0, 0.0, -1.0, self.x1, self.y2])
    }

    /// Where a point of the plate, in its pixels, lies in canonical coordinates.
    pub fn to_canonical(self, at: Point) -> Point {
        let pixels = self.to_host_pixels() * at;
        Point::new(pixels.x * self.pixel_aspect, pixels.y)
    }

    /// Where a point in canonical coordinates lies on the plate, in its pixels.
    pub fn to_pixels(self, at: Point) -> Point {
        Point::new(at.x / self.pixel_aspect - self.x1, self.y2 - at.y)
    }
}
