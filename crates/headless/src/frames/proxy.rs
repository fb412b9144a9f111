//! Frames at other sizes.

use super::Frame;
use imaging::resample::{Filter, Resampler};
use imaging::{Extent, Size};
use ndarray::{Array3, ShapeBuilder as _};
use ofx_sdk::{Components, Premultiplication, RectI, RenderScale};

impl Frame {
    /// The frame at a render scale, as a host's proxy: its bounds are the pixels that its canonical rectangle touches.
    ///
    /// # Errors
    /// In words, when the result has no pixels or does not fit into memory's address range.
    pub fn at_scale(&self, scale: RenderScale) -> Result<Self, String> {
        if scale == RenderScale::FULL || self.bounds.is_empty() {
            return Ok(self.clone());
        }
        let to_scale = |bounds: &RectI| {
            bounds.to_canonical(RenderScale::FULL, self.pixel_aspect).to_pixels_enclosing(scale, self.pixel_aspect)
        };
        let bounds = to_scale(&self.bounds);
        let display = to_scale(&self.display_window());
        let along = |edge: i32, scale: f64, first: i32| f64::from(edge) / scale - f64::from(first);
        let extent = Extent::new(
            along(bounds.x1, scale.x, self.bounds.x1),
            along(bounds.y1, scale.y, self.bounds.y1),
            along(bounds.x2, scale.x, self.bounds.x1),
            along(bounds.y2, scale.y, self.bounds.y1),
        );
        let mut scaled = self.resampled(extent, bounds)?;
        scaled.display = [display.x2, display.y2];
        Ok(scaled)
    }

    /// The display window at another size, pixels outside the bounds as 0.
    ///
    /// # Errors
    /// As [`Frame::at_scale`].
    pub fn at_size(&self, width: usize, height: usize) -> Result<Self, String> {
        let window = self.display_window();
        let whole = if self.bounds == window { self.clone() } else { self.cropped_to(window) };
        let extent = Extent::of_size(Size::new(window.width(), window.height()));
        let target = RectI::new(0, 0, width as i32, height as i32);
        let mut sized = whole.resampled(extent, target)?;
        sized.display = [target.x2, target.y2];
        Ok(sized)
    }

    /// The part `extent` of the pixels, counted from the bounds' corner, as pixels of `target`.
    fn resampled(&self, extent: Extent, target: RectI) -> Result<Self, String> {
        let count = self.components.count();
        let (height, width) = (self.bounds.height(), self.bounds.width());
        let mut planar = Array3::zeros((count, height, width));
        // Colors that alpha hides must not bleed into those that show.
        let weighted =
            self.components == Components::Rgba && self.premultiplication == Premultiplication::Unpremultiplied;
        for (index, pixel) in self.pixels.chunks_exact(count).enumerate() {
            for (channel, value) in pixel.iter().enumerate() {
                let weight = if weighted && channel < 3 { pixel[3] } else { 1.0 };
                planar[[channel, index / width, index % width]] = value * weight;
            }
        }
        let target_size = Size::new(target.width(), target.height());
        let small = Resampler::new(Size::new(width, height), extent, target_size, Filter::Triangle)
            .and_then(|resampler| resampler.resample(planar.view(), 1))
            .map_err(|e| e.to_string())?;
        // Channels last, as the pixels of a frame lie.
        let mut pixels = Vec::with_capacity(target.width() * target.height() * count);
        let shape =
            (target.height(), target.width(), count).strides((target.width(), 1, target.width() * target.height()));
        let interleaved = ndarray::ArrayView3::from_shape(shape, small.as_slice().unwrap_or_default());
        pixels.extend(interleaved.map_err(|e| e.to_string())?.iter().copied());
        if weighted {
            for p in pixels.chunks_exact_mut(4).filter(|p| p[3] != 0.0) {
                let alpha = p[3];
                p[..3].iter_mut().for_each(|v| *v /= alpha);
            }
        }
        Ok(Self { bounds: target, pixels, header: self.header.clone(), ..self.without_pixels() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_scale_keeps_a_constant_and_the_place_of_things() {
        let mut frame = Frame::filling(8, 6, Components::Rgb, vec![0.25; 8 * 6 * 3]);
        let half = frame.at_scale(RenderScale::uniform(0.5)).unwrap();
        assert_eq!((half.bounds, half.display), (RectI::new(0, 0, 4, 3), [4, 3]));
        assert!(half.pixels.iter().all(|v| (v - 0.25).abs() < 1e-6));
        // A bright lowest row stays the lowest, and channels stay apart.
        frame.pixels[..8 * 3].iter_mut().skip(1).step_by(3).for_each(|v| *v = 1.0);
        let half = frame.at_scale(RenderScale::uniform(0.5)).unwrap();
        let (low, high) = (half.pixel(1, 0).unwrap(), half.pixel(1, 2).unwrap());
        assert!(low[1] > 0.5 && (low[0] - 0.25).abs() < 1e-6 && (high[1] - 0.25).abs() < 1e-6);
    }

    #[test]
    fn odd_offsets_round_outwards() {
        let frame = Frame::filling(4, 4, Components::Alpha, vec![1.0; 16]);
        let moved = Frame { bounds: RectI::new(-3, 1, 1, 5), ..frame };
        let half = moved.at_scale(RenderScale::uniform(0.5)).unwrap();
        assert_eq!(half.bounds, RectI::new(-2, 0, 1, 3));
        assert!(half.pixels.iter().all(|v| (v - 1.0).abs() < 1e-6));
    }

    #[test]
    fn hidden_colors_do_not_bleed() {
        let mut frame = Frame::filling(2, 1, Components::Rgba, vec![1.0, 0.0, 0.0, 1.0, 0.0, 9.0, 0.0, 0.0]);
        frame.premultiplication = Premultiplication::Unpremultiplied;
        let one = frame.at_size(1, 1).unwrap();
        assert!((one.pixels[0] - 1.0).abs() < 1e-6 && one.pixels[1].abs() < 1e-6, "{:?}", one.pixels);
    }
}
