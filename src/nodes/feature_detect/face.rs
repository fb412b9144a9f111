//! From a plate and a rough box to landmarks in pixels of the plate: the pure core of the analysis.

use imaging::resample::{Filter, Resampler};
use imaging::{Extent, Size};
use kurbo::{Point, Rect};
use ndarray::{Array3, ArrayView3};
use ofx_sdk::{Error, Result};
use roto::{Landmark, LandmarkSet, Plate, Presence, ShapeSpec, Topology};

/// The channels of a landmark network's answer.
pub const LANDMARK_CHANNELS: [&str; 4] = ["x", "y", "error", "visible"];

/// An error of this share of the crop halves a landmark's confidence.
const HALF_CONFIDENT: f64 = 0.02;

/// A landmark that is less likely than this to be seen counts as hidden.
const LEAST_VISIBLE: f64 = 0.5;

/// A shape of whose landmarks a smaller share than this lies in the picture is not to be seen.
const LEAST_INSIDE: f64 = 0.2;

/// A frame as the networks see it: at the render's scale, top row first.
pub struct Picture {
    /// Straight colors in display encoding, `[3, height, width]`, 0-1.
    pub display: Array3<f32>,
    /// Pixels of this picture per pixel of the plate, along x and y.
    pub scale: (f64, f64),
    /// Where the plate's upper left corner lies, in pixels of this picture.
    pub origin: Point,
}

impl Picture {
    /// Width and height in pixels.
    pub fn size(&self) -> Size {
        let (_, height, width) = self.display.dim();
        Size::new(width, height)
    }

    /// A part of the plate in pixels of this picture.
    fn extent(&self, part: Rect) -> Extent {
        let x = |x: f64| self.origin.x + x * self.scale.0;
        let y = |y: f64| self.origin.y + y * self.scale.1;
        Extent { x0: x(part.x0), y0: y(part.y0), x1: x(part.x1), y1: y(part.y1) }
    }

    /// Whether a place on the plate lies in this picture.
    fn holds(&self, place: Point) -> bool {
        let Size { width, height } = self.size();
        let at = Point::new(self.origin.x + place.x * self.scale.0, self.origin.y + place.y * self.scale.1);
        (0.0..=width as f64).contains(&at.x) && (0.0..=height as f64).contains(&at.y)
    }

    /// A part of the plate as a picture of `width` × `height` pixels, antialiased; beyond the border it continues.
    ///
    /// # Errors
    /// A part without area, or far outside.
    pub fn cut(&self, part: Rect, width: usize, height: usize, threads: usize) -> Result<Array3<f32>> {
        let resampler = Resampler::new(self.size(), self.extent(part), Size::new(width, height), Filter::Triangle);
        resampler.and_then(|resampler| resampler.resample(self.display.view(), threads)).map_err(Error::node)
    }

    /// All of this picture as one of `width` × `height` pixels, antialiased.
    ///
    /// # Errors
    /// A picture without pixels.
    pub fn whole(&self, width: usize, height: usize, threads: usize) -> Result<Array3<f32>> {
        let resampler = Resampler::whole(self.size(), Size::new(width, height), Filter::Triangle);
        resampler.and_then(|resampler| resampler.resample(self.display.view(), threads)).map_err(Error::node)
    }
}

/// What was seen of a face on one frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// The landmarks, in pixels of the plate.
    pub landmarks: LandmarkSet,
    /// How likely each shape is to be seen, 0-1.
    pub presence: Vec<f64>,
    /// What the network was shown, in pixels of the plate: a square on screen.
    pub crop: Rect,
}

impl Seen {
    /// How far the landmarks are to be trusted, 0-1: the mean of the better half, because half a face may be hidden.
    pub fn trust(&self) -> f64 {
        let mut all: Vec<f64> = self.landmarks.iter().map(|landmark| landmark.confidence).collect();
        all.sort_by(|a, b| b.total_cmp(a));
        let half = &all[..all.len().div_ceil(2)];
        half.iter().sum::<f64>() / half.len().max(1) as f64
    }

    /// The smallest square on screen that holds every known landmark.
    pub fn tight_square(&self, pixel_aspect: f64) -> Option<Rect> {
        let mut known = self.landmarks.iter().filter_map(|landmark| landmark.known_position());
        let first = known.next()?;
        let bounds = known.fold(Rect::from_points(first, first), |bounds, at| bounds.union_pt(at));
        Some(square(bounds, 1.0, pixel_aspect))
    }
}

impl Seen {
    /// The same, with what lies outside of `picture` hidden: a network that is shown the border, continued, takes half an
    /// eye for a whole one.
    pub fn within(self, picture: &Picture, topology: &Topology) -> Result<Self> {
        let inside: Vec<bool> = self
            .landmarks
            .iter()
            .map(|landmark| landmark.known_position().is_none_or(|at| picture.holds(at)))
            .collect();
        let hidden = self.landmarks.iter().zip(&inside).map(|(landmark, &inside)| match landmark.presence {
            Presence::Visible if !inside => Landmark { presence: Presence::Occluded, ..*landmark },
            _ => *landmark,
        });
        let landmarks = LandmarkSet::new(hidden.collect()).map_err(Error::node)?;
        let shown = |spec: &ShapeSpec| {
            let own: Vec<usize> = spec.vertices.iter().filter_map(|vertex| vertex.landmark()).collect();
            let count = own.iter().filter(|&&index| inside[index]).count();
            count as f64 >= LEAST_INSIDE * own.len() as f64
        };
        let shapes = topology.shapes().iter().zip(&self.presence);
        let presence = shapes.map(|(spec, &presence)| if shown(spec) { presence } else { 0.0 }).collect();
        Ok(Self { landmarks, presence, ..self })
    }
}

/// The square on screen around the middle of `bounds`, `scale` times as wide as its longer side, in pixels of the plate.
pub fn square(bounds: Rect, scale: f64, pixel_aspect: f64) -> Rect {
    let side = (bounds.width() * pixel_aspect).max(bounds.height()) * scale;
    Rect::from_center_size(bounds.center(), (side / pixel_aspect, side))
}

/// Reads a landmark network's answer, `[4, 1, landmarks + shapes]`, whose places are shares of `crop`.
///
/// # Errors
/// An answer of another size than the topology needs.
pub fn read_landmarks(answer: ArrayView3<'_, f32>, crop: Rect, topology: &Topology) -> Result<Seen> {
    let (points, shapes) = (topology.landmarks().len(), topology.shapes().len());
    if answer.dim() != (LANDMARK_CHANNELS.len(), 1, points + shapes) {
        let found = answer.dim();
        return Err(Error::node(format!(
            "the network answers {found:?}, but topology \"{}\" has {points} landmarks and {shapes} shapes",
            topology.name()
        )));
    }
    let value = |channel: usize, k: usize| f64::from(answer[[channel, 0, k]]);
    let landmark = |k: usize| {
        let position = Point::new(crop.x0 + value(0, k) * crop.width(), crop.y0 + value(1, k) * crop.height());
        let (error, visible) = (value(2, k), value(3, k));
        if !(position.is_finite() && error.is_finite() && visible.is_finite()) {
            return Landmark::MISSING;
        }
        let visible = visible.clamp(0.0, 1.0);
        let confidence = visible / (1.0 + (error / HALF_CONFIDENT).powi(2));
        let presence = if visible >= LEAST_VISIBLE { Presence::Visible } else { Presence::Occluded };
        Landmark { position, confidence, presence }
    };
    let landmarks = LandmarkSet::new((0..points).map(landmark).collect()).map_err(Error::node)?;
    let presence =
        (points..points + shapes).map(|k| value(3, k)).map(|v| if v.is_nan() { 0.0 } else { v.clamp(0.0, 1.0) });
    Ok(Seen { landmarks, presence: presence.collect(), crop })
}

/// Where the plate's pixels lie in a picture with these bounds, whose rows a host counts upwards.
pub fn placed(display: Array3<f32>, bounds: ofx_sdk::RectI, scale: ofx_sdk::RenderScale, plate: &Plate) -> Picture {
    let origin = Point::new(plate.x1 * scale.x - f64::from(bounds.x1), f64::from(bounds.y2) - plate.y2 * scale.y);
    Picture { display, scale: (scale.x, scale.y), origin }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ofx_sdk::{RectI, RenderScale};

    fn answer(fill: impl Fn(usize, usize) -> f32) -> Array3<f32> {
        Array3::from_shape_fn((4, 1, 54), |(channel, _, k)| fill(channel, k))
    }

    #[test]
    fn shares_of_the_crop_become_pixels_of_the_plate_and_columns_past_the_landmarks_are_shapes() {
        let puppet = Topology::puppet().unwrap();
        let crop = Rect::new(100.0, 50.0, 300.0, 250.0);
        let answer = answer(|channel, k| match channel {
            0 => 0.25,
            1 => 0.5,
            2 => 0.02,
            _ => {
                if k < 45 {
                    1.0
                } else {
                    (k - 45) as f32 / 8.0
                }
            }
        });
        let seen = read_landmarks(answer.view(), crop, &puppet).unwrap();
        assert_eq!(seen.landmarks[7].position, Point::new(150.0, 150.0));
        assert!((seen.landmarks[7].confidence - 0.5).abs() < 1e-6);
        assert_eq!((seen.presence[0], seen.presence[8]), (0.0, 1.0));
        assert!((seen.trust() - 0.5).abs() < 1e-6);
    }

    #[test]
    fn what_is_no_number_is_missing_and_another_size_is_refused() {
        let puppet = Topology::puppet().unwrap();
        let wild = answer(|channel, k| if channel == 1 && k == 3 { f32::NAN } else { 0.9 });
        let seen = read_landmarks(wild.view(), Rect::new(0.0, 0.0, 8.0, 8.0), &puppet).unwrap();
        assert_eq!(seen.landmarks[3], Landmark::MISSING);
        assert_eq!(seen.landmarks[4].presence, Presence::Visible);
        let short = Array3::zeros((4, 1, 45));
        let message = read_landmarks(short.view(), Rect::ZERO, &puppet).unwrap_err().to_string();
        assert!(message.contains("(4, 1, 45)") && message.contains("puppet"), "{message}");
    }

    #[test]
    fn what_has_left_the_picture_is_hidden_and_its_shapes_are_gone() {
        let puppet = Topology::puppet().unwrap();
        // Half scale, its left border at 100 px of the plate.
        let picture =
            Picture { display: Array3::zeros((3, 200, 400)), scale: (0.5, 0.5), origin: Point::new(-50.0, 0.0) };
        let left: Vec<usize> = puppet.shapes()[0].vertices.iter().filter_map(|vertex| vertex.landmark()).collect();
        let (last, gone) = left.split_last().unwrap();
        let answer = answer(|channel, k| match channel {
            0 if gone.contains(&k) => 0.05,
            0 => 0.5,
            _ => 0.9,
        });
        let seen = read_landmarks(answer.view(), Rect::new(0.0, 0.0, 800.0, 400.0), &puppet).unwrap();
        let within = seen.clone().within(&picture, &puppet).unwrap();
        assert!(gone.iter().all(|&k| within.landmarks[k].presence == Presence::Occluded));
        assert_eq!(within.landmarks[*last], seen.landmarks[*last]);
        assert_eq!(within.landmarks[gone[0]].position, seen.landmarks[gone[0]].position, "a guess is kept");
        assert_eq!((within.presence[0], within.presence[1]), (0.0, seen.presence[1]), "one point of six is none");
    }

    #[test]
    fn a_square_is_square_on_screen() {
        let wide = square(Rect::new(0.0, 0.0, 10.0, 10.0), 1.5, 2.0);
        assert_eq!((wide.width(), wide.height(), wide.center()), (15.0, 30.0, Point::new(5.0, 5.0)));
    }

    #[test]
    fn a_cut_shows_the_same_part_of_the_plate_at_any_scale_and_origin() {
        let plate = Plate { x1: -8.0, y2: 40.0, width: 64.0, height: 48.0, pixel_aspect: 1.0 };
        let ramp = |scale: f64| {
            let (width, height) = ((64.0 * scale) as usize, (48.0 * scale) as usize);
            let display = Array3::from_shape_fn((3, height, width), |(_, y, x)| {
                ((x + 2 * y) as f32 + 1.5) / (192.0 * scale) as f32
            });
            let (x1, y2) = ((-8.0 * scale) as i32, (40.0 * scale) as i32);
            let bounds = RectI::new(x1, y2 - height as i32, x1 + width as i32, y2);
            placed(display, bounds, RenderScale::uniform(scale), &plate)
        };
        let part = Rect::new(16.0, 12.0, 32.0, 28.0);
        let (full, half) = (ramp(1.0).cut(part, 8, 8, 1).unwrap(), ramp(0.5).cut(part, 8, 8, 1).unwrap());
        assert!((full[[0, 0, 0]] - (17.0 + 2.0 * 13.0) as f32 / 192.0).abs() < 1e-3, "{}", full[[0, 0, 0]]);
        assert!(full.iter().zip(&half).all(|(a, b)| (a - b).abs() < 1e-3));
    }
}
