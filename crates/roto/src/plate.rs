use kurbo::{Affine, Rect};
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Where the pixels of the plate lie in a host's canonical coordinates, whose y runs up.
///
/// A stored position is in pixels of the plate, so it means nothing without this. It is stored beside the positions: a later
/// change of the region of definition then moves none of them.
///
/// ```
/// use kurbo::Point;
/// use roto::Plate;
///
/// let plate = Plate { x1: -10.0, y2: 1080.0, width: 960.0, height: 1080.0, pixel_aspect: 2.0 };
/// let at = plate.from_canonical() * Point::new(100.0, 1000.0);
/// assert_eq!(at, Point::new(60.0, 80.0));
/// assert_eq!(plate.to_canonical() * at, Point::new(100.0, 1000.0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plate {
    /// Left edge of the picture in pixels: its canonical x divided by the pixel aspect.
    pub x1: f64,
    /// Top edge of the picture, in canonical y, which counts pixels upwards.
    pub y2: f64,
    /// Pixels from left to right.
    pub width: f64,
    /// Pixels from top to bottom.
    pub height: f64,
    /// How many times wider than high a pixel is shown.
    pub pixel_aspect: f64,
}

/// Farther out, squares of pixels lose what an editor needs.
pub(crate) const FARTHEST_PX: f64 = 1e7;

impl Plate {
    /// A plate of square pixels whose lower left corner is the host's origin.
    pub fn sized(width: f64, height: f64) -> Self {
        Self { x1: 0.0, y2: height, width, height, pixel_aspect: 1.0 }
    }

    /// The transform from pixels of the plate to the host's pixels: x right, y up, not scaled by the pixel aspect.
    pub fn to_host_pixels(&self) -> Affine {
        Affine::new([1.0, 0.0, 0.0, -1.0, self.x1, self.y2])
    }

    /// The transform from canonical coordinates to pixels of the plate.
    pub fn from_canonical(&self) -> Affine {
        Affine::new([1.0 / self.pixel_aspect, 0.0, 0.0, -1.0, -self.x1, self.y2])
    }

    /// The transform from pixels of the plate to canonical coordinates.
    pub fn to_canonical(&self) -> Affine {
        Affine::new([self.pixel_aspect, 0.0, 0.0, -1.0, self.x1 * self.pixel_aspect, self.y2])
    }

    /// The whole picture, in pixels of the plate.
    pub fn bounds(&self) -> Rect {
        Rect::new(0.0, 0.0, self.width, self.height)
    }

    /// The same plate, if its numbers make sense, as it comes back from a file: edges and sides to a millionth of a pixel,
    /// the pixel aspect to nine decimals.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an edge farther out than 10^7 px, a side that is not above 0 and up to 10^7 px, or a pixel
    /// aspect outside 0.01 to 100.
    pub fn checked(self) -> Result<Self> {
        let refuse = |name, value, range| Err(Error::Parameter { name, value, range });
        for (name, value) in [("left edge of the plate", self.x1), ("top edge of the plate", self.y2)] {
            if value.is_nan() || value.abs() > FARTHEST_PX {
                return refuse(name, value, "-10,000,000 to 10,000,000 px");
            }
        }
        for (name, value) in [("width of the plate", self.width), ("height of the plate", self.height)] {
            if !(value > 0.0 && value <= FARTHEST_PX) {
                return refuse(name, value, "above 0 and up to 10,000,000 px");
            }
        }
        if !(0.01..=100.0).contains(&self.pixel_aspect) {
            return refuse("pixel aspect of the plate", self.pixel_aspect, "0.01 to 100");
        }
        let pixels = |value: f64| rounded(value, 1e6);
        Ok(Self {
            x1: pixels(self.x1),
            y2: pixels(self.y2),
            width: pixels(self.width).max(1e-6),
            height: pixels(self.height).max(1e-6),
            pixel_aspect: rounded(self.pixel_aspect, 1e9),
        })
    }
}

/// `value` with as many decimals as `steps` has zeros. In JSON it is short, and is read back as the same number.
pub(crate) fn rounded(value: f64, steps: f64) -> f64 {
    (value * steps).round() / steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use kurbo::Point;

    const PLATE: Plate = Plate { x1: 12.5, y2: 1080.0, width: 1998.0, height: 1080.0, pixel_aspect: 1.5 };

    #[test]
    fn the_top_left_corner_of_the_picture_is_the_origin() {
        let corner = Point::new(12.5 * 1.5, 1080.0);
        assert_eq!(PLATE.from_canonical() * corner, Point::ORIGIN);
        let there_and_back = PLATE.from_canonical() * (PLATE.to_canonical() * Point::new(3.0, 7.0));
        assert!(there_and_back.distance(Point::new(3.0, 7.0)) < 1e-12);
    }

    #[test]
    fn a_plate_survives_json_after_it_was_checked() {
        let odd = Plate { x1: 1.0 / 3.0, pixel_aspect: 1.094_017_094_017_094, ..PLATE }.checked().expect("a plate");
        let text = serde_json::to_string(&odd).expect("json");
        assert_eq!(serde_json::from_str::<Plate>(&text).expect("the same"), odd);
        assert_eq!(odd.checked(), Ok(odd));
    }

    #[test]
    fn what_is_no_picture_is_refused_by_name() {
        let message = |plate: Plate| plate.checked().expect_err("no plate").to_string();
        assert!(message(Plate { width: 0.0, ..PLATE }).starts_with("width of the plate is 0"));
        assert!(message(Plate { y2: f64::NAN, ..PLATE }).starts_with("top edge"));
        assert!(message(Plate { pixel_aspect: -1.0, ..PLATE }).contains("0.01 to 100"));
    }
}
