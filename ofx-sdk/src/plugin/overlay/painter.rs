//! What [`Overlay::draw`](super::Overlay::draw) paints with.

use crate::{
    RectD,
    drawing::{Color, DrawList, Primitive},
};
use std::f64::consts::{PI, TAU};

/// Lines that show on any plate lie on darker ones, this many pixels wider on each side.
const OUTLINE_PX: f32 = 1.0;

/// How wide the lines of rings and crosses are.
const POINT_LINE_PX: f32 = 1.5;

/// The color of outlines and shadows, at the opacity of what they lie under.
const OUTLINE: Color = Color { r: 0.0, g: 0.0, b: 0.0, a: 0.6 };

/// More than any overlay has; what is painted beyond is left out.
const MOST_PRIMITIVES: usize = 1 << 20;

/// How a line looks.
///
/// ```
/// use ofx_sdk::{drawing::Color, plugin::overlay::Stroke};
///
/// let stroke = Stroke::new(Color::rgb(1.0, 0.8, 0.0)).width(2.0);
/// assert!(stroke.outlined);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stroke {
    /// Its color.
    pub color: Color,
    /// Pixels of the screen.
    pub width: f32,
    /// Whether a dark outline lies under it, so that it shows on any plate.
    pub outlined: bool,
}

impl Stroke {
    /// An outlined line of one pixel.
    pub const fn new(color: Color) -> Self {
        Self { color, width: 1.0, outlined: true }
    }

    /// With another width, in pixels of the screen.
    pub const fn width(self, width: f32) -> Self {
        Self { width, ..self }
    }

    /// Without the dark outline.
    pub const fn plain(self) -> Self {
        Self { outlined: false, ..self }
    }
}

impl From<Color> for Stroke {
    fn from(color: Color) -> Self {
        Self::new(color)
    }
}

/// The form of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointForm {
    /// A filled circle.
    Disc,
    /// An empty circle.
    Ring,
    /// A filled square.
    Square,
    /// A filled square on its corner.
    Diamond,
    /// Two lines that cross at right angles, upright.
    Cross,
}

/// Records what an overlay paints.
///
/// Positions are canonical, with y up, whatever the zoom; sizes and widths are pixels of the screen. What is no number
/// is left out. Tests of painting code make a painter of their own and look at its [list](Self::finish).
pub struct Painter {
    list: DrawList,
    pixel_scale: [f64; 2],
    text_scale: u32,
}

impl Painter {
    /// A painter for a view whose screen pixels are so large, in canonical units.
    pub fn new(pixel_scale: [f64; 2]) -> Self {
        Self { list: DrawList::default(), pixel_scale, text_scale: 1 }
    }

    /// What was painted.
    pub fn finish(self) -> DrawList {
        self.list
    }

    /// The size of a pixel of the screen, in canonical units.
    pub fn pixel_scale(&self) -> [f64; 2] {
        self.pixel_scale
    }

    /// Makes text from now on `scale` times as large as 8 pixels, for screens of many small pixels. Hosts with a font
    /// of their own (the DrawSuite's) keep its size.
    pub fn set_text_scale(&mut self, scale: u32) {
        self.text_scale = scale.clamp(1, 16);
    }

    /// A position some pixels of the screen away.
    pub fn offset(&self, from: [f64; 2], pixels: [f64; 2]) -> [f64; 2] {
        [0, 1].map(|axis| from[axis] + pixels[axis] * self.pixel_scale[axis])
    }

    /// A line through points, which returns to the first where it is closed.
    pub fn polyline(&mut self, points: &[[f64; 2]], closed: bool, stroke: impl Into<Stroke>) {
        let Stroke { color, width, outlined } = stroke.into();
        if points.len() < 2 || width.is_nan() || width <= 0.0 {
            return;
        }
        if outlined {
            self.stroke(points, closed, width + 2.0 * OUTLINE_PX, under(color));
        }
        self.stroke(points, closed, width, color);
    }

    /// The outline of a rectangle.
    pub fn rectangle(&mut self, rect: RectD, stroke: impl Into<Stroke>) {
        self.polyline(&corners(rect), true, stroke);
    }

    /// A filled convex polygon. What is not convex is cut into convex pieces by who paints it.
    pub fn polygon(&mut self, points: &[[f64; 2]], color: Color) {
        if points.len() >= 3 {
            self.push(Primitive::Polygon { points: points.to_vec(), color });
        }
    }

    /// A point of a form, `size` pixels wide, with a dark outline.
    pub fn point(&mut self, at: [f64; 2], form: PointForm, size: f32, color: Color) {
        let radius = f64::from(size) / 2.0;
        if radius.is_nan() || radius <= 0.0 {
            return;
        }
        let filled = |painter: &mut Self, outline: &dyn Fn(f64) -> Vec<[f64; 2]>| {
            let (below, above) = (outline(radius + f64::from(OUTLINE_PX)), outline(radius));
            painter.polygon(&painter.around(at, &below), under(color));
            painter.polygon(&painter.around(at, &above), color);
        };
        match form {
            PointForm::Disc => filled(self, &circle),
            PointForm::Square => filled(self, &|r| vec![[-r, -r], [r, -r], [r, r], [-r, r]]),
            PointForm::Diamond => filled(self, &|r| vec![[0.0, -r], [r, 0.0], [0.0, r], [-r, 0.0]]),
            PointForm::Ring => {
                self.polyline(&self.around(at, &circle(radius)), true, Stroke::new(color).width(POINT_LINE_PX));
            }
            PointForm::Cross => {
                let across = self.around(at, &[[-radius, 0.0], [radius, 0.0]]);
                let upright = self.around(at, &[[0.0, -radius], [0.0, radius]]);
                // Both outlines first, or one would cut through the other line.
                for line in [&across, &upright] {
                    self.stroke(line, false, POINT_LINE_PX + 2.0 * OUTLINE_PX, under(color));
                }
                for line in [&across, &upright] {
                    self.stroke(line, false, POINT_LINE_PX, color);
                }
            }
        }
    }

    /// A line of text with a shadow, its left end and baseline `pixels` away from a position.
    pub fn text(&mut self, at: [f64; 2], pixels: [f64; 2], text: &str, color: Color) {
        if text.is_empty() {
            return;
        }
        let shadow = f64::from(self.text_scale);
        let scale = self.text_scale;
        for (moved, color) in [(shadow, under(color)), (0.0, color)] {
            let at = self.offset(at, [pixels[0] + moved, pixels[1] - moved]);
            self.push(Primitive::Text { at, text: text.to_owned(), scale, color });
        }
    }

    fn stroke(&mut self, points: &[[f64; 2]], closed: bool, width: f32, color: Color) {
        self.push(Primitive::Line { points: points.to_vec(), closed, width, color });
    }

    fn push(&mut self, primitive: Primitive) {
        let is_number = primitive.points().iter().flatten().all(|v| v.is_finite())
            && primitive.color().to_array().iter().all(|v| v.is_finite());
        if is_number && self.list.primitives.len() < MOST_PRIMITIVES {
            self.list.primitives.push(primitive);
        }
    }

    /// Offsets in pixels as positions around a position.
    fn around(&self, at: [f64; 2], pixels: &[[f64; 2]]) -> Vec<[f64; 2]> {
        pixels.iter().map(|offset| self.offset(at, *offset)).collect()
    }
}

/// The color of what lies under a color, and makes it show.
fn under(color: Color) -> Color {
    OUTLINE.with_alpha(OUTLINE.a * color.a)
}

fn corners(rect: RectD) -> [[f64; 2]; 4] {
    [[rect.x1, rect.y1], [rect.x2, rect.y1], [rect.x2, rect.y2], [rect.x1, rect.y2]]
}

/// A circle around the origin, with so many corners that it is nowhere an eighth of a pixel off.
fn circle(radius: f64) -> Vec<[f64; 2]> {
    const OFF: f64 = 0.125;
    let half_angle = (1.0 - OFF / radius.max(2.0 * OFF)).acos();
    let count = (PI / half_angle).ceil().clamp(8.0, 128.0) as usize;
    (0..count)
        .map(|i| TAU * i as f64 / count as f64)
        .map(|angle| [radius * angle.cos(), radius * angle.sin()])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_pixels_of_the_screen_and_positions_canonical() {
        let mut painter = Painter::new([0.5, 2.0]);
        painter.point([100.0, 50.0], PointForm::Square, 10.0, Color::WHITE);
        let list = painter.finish();
        let Some(Primitive::Polygon { points, .. }) = list.of_color(Color::WHITE).next() else { panic!("{list:?}") };
        assert_eq!(points[..], [[97.5, 40.0], [102.5, 40.0], [102.5, 60.0], [97.5, 60.0]]);
        // The outline lies below, a pixel wider on each side.
        assert_eq!(list.primitives[0].points()[0], [97.0, 38.0]);
    }

    #[test]
    fn what_is_no_number_or_has_no_size_is_left_out() {
        let mut painter = Painter::new([1.0; 2]);
        painter.point([f64::NAN, 0.0], PointForm::Cross, 9.0, Color::WHITE);
        painter.point([0.0, 0.0], PointForm::Disc, f32::NAN, Color::WHITE);
        painter.polyline(&[[0.0, 0.0], [f64::INFINITY, 0.0]], true, Color::WHITE);
        painter.polyline(&[[0.0, 0.0]], false, Color::WHITE);
        painter.polygon(&[[0.0, 0.0], [1.0, 0.0]], Color::WHITE);
        painter.polygon(&[[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], Color { r: f32::NAN, ..Color::WHITE });
        painter.text([0.0, 0.0], [0.0, 0.0], "", Color::WHITE);
        assert_eq!(painter.finish(), DrawList::default());
    }
}
