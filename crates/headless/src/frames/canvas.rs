//! What can be done to a frame without knowing files.

use super::Frame;
use imaging::color::luminance;
use ofx_sdk::{Components, Depth, Premultiplication, RectI};

impl Frame {
    /// A frame that fills its display window.
    ///
    /// # Panics
    /// When `pixels` does not hold `width × height × components.count()` values.
    pub fn filling(width: usize, height: usize, components: Components, pixels: Vec<f32>) -> Self {
        assert_eq!(pixels.len(), width * height * components.count());
        let bounds = RectI::new(0, 0, width as i32, height as i32);
        Self {
            display: [bounds.x2, bounds.y2],
            bounds,
            components,
            pixels,
            depth: Depth::Float,
            premultiplication: if components == Components::Rgba {
                Premultiplication::Premultiplied
            } else {
                Premultiplication::Opaque
            },
            pixel_aspect: 1.0,
            header: None,
        }
    }

    /// The display window: lower left corner (0, 0).
    pub fn display_window(&self) -> RectI {
        RectI::new(0, 0, self.display[0], self.display[1])
    }

    /// The values of one pixel, or nothing outside the bounds.
    pub fn pixel(&self, x: i32, y: i32) -> Option<&[f32]> {
        if x < self.bounds.x1 || x >= self.bounds.x2 || y < self.bounds.y1 || y >= self.bounds.y2 {
            return None;
        }
        let n = self.components.count();
        let column = (i64::from(x) - i64::from(self.bounds.x1)) as usize;
        let row = (i64::from(y) - i64::from(self.bounds.y1)) as usize;
        self.pixels.get((row * self.bounds.width() + column) * n..)?.get(..n)
    }

    /// One pixel as red, green, blue, alpha. Without alpha it is 1; a lone value stands in all of them.
    pub fn rgba(&self, x: i32, y: i32) -> Option<[f32; 4]> {
        let p = self.pixel(x, y)?;
        Some(match *p {
            [r, g, b, a] => [r, g, b, a],
            [r, g, b] => [r, g, b, 1.0],
            [v] => [v, v, v, v],
            _ => return None,
        })
    }

    /// The same picture with other bounds; what was not there is 0.
    pub fn cropped_to(&self, window: RectI) -> Self {
        let n = self.components.count();
        let mut pixels = vec![0.0; window.width() * window.height() * n];
        let common = self.bounds.intersection(&window);
        if !common.is_empty() {
            let run = common.width() * n;
            let column = |bounds: &RectI| (common.x1 - bounds.x1) as usize * n;
            for y in common.y1..common.y2 {
                let from = (y - self.bounds.y1) as usize * self.bounds.width() * n + column(&self.bounds);
                let to = (y - window.y1) as usize * window.width() * n + column(&window);
                pixels[to..to + run].copy_from_slice(&self.pixels[from..from + run]);
            }
        }
        Self { bounds: window, pixels, header: self.header.clone(), ..self.without_pixels() }
    }

    /// Everything but the pixels, the bounds and the header.
    pub(super) fn without_pixels(&self) -> Self {
        Self {
            display: self.display,
            bounds: RectI::default(),
            components: self.components,
            pixels: Vec::new(),
            depth: self.depth,
            premultiplication: self.premultiplication,
            pixel_aspect: self.pixel_aspect,
            header: None,
        }
    }

    /// Colors divided by alpha where they were multiplied by it; where alpha is 0 they are left as they are.
    pub fn unpremultiplied(mut self) -> Self {
        if self.components == Components::Rgba && self.premultiplication == Premultiplication::Premultiplied {
            for p in self.pixels.chunks_exact_mut(4) {
                if p[3] != 0.0 && p[3].is_finite() {
                    let alpha = p[3];
                    p[..3].iter_mut().for_each(|v| *v /= alpha);
                }
            }
            self.premultiplication = Premultiplication::Unpremultiplied;
        }
        self
    }

    /// Whether its four channels are one and the same in every pixel. To be shown, such a picture is a matte, and is not
    /// multiplied by itself; what it was made as it cannot tell, for a premultiplied white is one, too.
    pub fn is_matte(&self) -> bool {
        self.components == Components::Rgba
            && self.pixels.chunks_exact(4).all(|p| p[..3].iter().all(|v| v.to_bits() == p[3].to_bits()))
    }

    /// One value a pixel, for a clip of masks: the alpha where `alpha` is asked for and there is one, otherwise the
    /// luminance (Rec.709 weights).
    pub fn as_mask(&self, alpha: bool) -> Self {
        let pixels = match self.components {
            Components::Alpha => self.pixels.clone(),
            Components::Rgba if alpha => self.pixels.chunks_exact(4).map(|p| p[3]).collect(),
            Components::Rgb | Components::Rgba => {
                let luminance = |p: &[f32]| luminance([p[0], p[1], p[2]]);
                self.pixels.chunks_exact(self.components.count()).map(luminance).collect()
            }
        };
        Self {
            bounds: self.bounds,
            components: Components::Alpha,
            pixels,
            header: self.header.clone(),
            ..self.without_pixels()
        }
    }

    /// Red, green, blue and alpha of every pixel; alpha is 1 where the file has none.
    pub fn into_rgba(self) -> Self {
        let pixels = match self.components {
            Components::Rgba => return self,
            Components::Rgb => self.pixels.chunks_exact(3).flat_map(|p| [p[0], p[1], p[2], 1.0]).collect(),
            Components::Alpha => self.pixels.iter().flat_map(|v| [*v; 4]).collect(),
        };
        let bounds = self.bounds;
        let header = self.header.clone();
        Self { bounds, components: Components::Rgba, pixels, header, ..self.without_pixels() }
    }

    /// Whether some pixel has an alpha other than 1.
    pub fn has_transparency(&self) -> bool {
        self.components == Components::Rgba && self.pixels.chunks_exact(4).any(|p| p[3] != 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cropping_keeps_pixels_at_their_place_and_fills_with_zero() {
        let frame = Frame::filling(3, 2, Components::Alpha, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let cropped = frame.cropped_to(RectI::new(1, -1, 4, 2));
        assert_eq!(cropped.pixels, vec![0.0, 0.0, 0.0, 2.0, 3.0, 0.0, 5.0, 6.0, 0.0]);
        assert_eq!(cropped.pixel(2, 1), Some(&[6.0][..]));
        assert_eq!(cropped.pixel(0, 0), None);
    }

    #[test]
    fn transparent_pixels_survive_unpremultiplication() {
        let mut frame = Frame::filling(2, 1, Components::Rgba, vec![0.2, 0.1, 0.0, 0.5, 3.0, 2.0, 1.0, 0.0]);
        frame = frame.unpremultiplied();
        assert_eq!(frame.pixels, vec![0.4, 0.2, 0.0, 0.5, 3.0, 2.0, 1.0, 0.0]);
        assert_eq!(frame.premultiplication, Premultiplication::Unpremultiplied);
    }

    #[test]
    fn a_picture_is_a_matte_only_where_all_of_its_pixels_are() {
        let frame =
            |second: f32| Frame::filling(2, 1, Components::Rgba, vec![0.2, 0.2, 0.2, 0.2, 0.4, 0.4, 0.4, second]);
        assert!(frame(0.4).is_matte() && !frame(0.5).is_matte());
        assert!(!Frame::filling(1, 1, Components::Rgb, vec![0.2; 3]).is_matte());
    }

    #[test]
    fn a_mask_is_alpha_or_luminance() {
        let frame = Frame::filling(1, 1, Components::Rgba, vec![1.0, 1.0, 1.0, 0.25]);
        assert_eq!(frame.as_mask(true).pixels, vec![0.25]);
        assert!((frame.as_mask(false).pixels[0] - 1.0).abs() < 1e-6);
    }
}
