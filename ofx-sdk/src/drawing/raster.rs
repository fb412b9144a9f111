//! Pictures of drawings, made on the CPU as a graphics card makes them: each triangle paints the pixels whose centres
//! it covers.

use super::{
    DrawList,
    mesh::{Vertex, mesh},
};

/// No screen has more pixels each way.
const MOST_ACROSS: usize = 1 << 14;

/// The part of the canonical plane that a picture shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Viewport {
    /// The canonical position of the lower left corner.
    pub origin: [f64; 2],
    /// The canonical width and height of a pixel.
    pub pixel_scale: [f64; 2],
    /// Pixels across.
    pub width: usize,
    /// Pixels from top to bottom.
    pub height: usize,
    /// What shows where nothing is drawn: red, green, blue, opacity.
    pub background: [f32; 4],
}

impl Viewport {
    /// A canonical pixel for each pixel, from the canonical origin on, over black.
    pub const fn new(width: usize, height: usize) -> Self {
        Self { origin: [0.0; 2], pixel_scale: [1.0; 2], width, height, background: [0.0, 0.0, 0.0, 1.0] }
    }
}

/// A picture of eight bits: red, green, blue, opacity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Pixels across.
    pub width: usize,
    /// Pixels from top to bottom.
    pub height: usize,
    /// Row by row from the top.
    pub pixels: Vec<[u8; 4]>,
}

impl Picture {
    /// A pixel, counted from the top left; `None` outside.
    pub fn pixel(&self, x: usize, y: usize) -> Option<[u8; 4]> {
        if x < self.width && y < self.height { self.pixels.get(y * self.width + x).copied() } else { None }
    }
}

impl DrawList {
    /// A picture of what was drawn, of at most 16384 pixels each way.
    pub fn rasterized(&self, viewport: &Viewport) -> Picture {
        let Viewport { origin, pixel_scale, background, .. } = *viewport;
        let (width, height) = (viewport.width.min(MOST_ACROSS), viewport.height.min(MOST_ACROSS));
        let mut canvas = Canvas { width, height, pixels: vec![background; width * height] };
        // Pixels right of and below the top left corner.
        let place = |vertex: &Vertex| Corner {
            x: (vertex.position[0] - origin[0]) / pixel_scale[0],
            y: height as f64 - (vertex.position[1] - origin[1]) / pixel_scale[1],
            color: vertex.color,
        };
        let corners: Vec<Corner> = mesh(self, pixel_scale).iter().map(place).collect();
        for triangle in corners.as_chunks::<3>().0 {
            canvas.paint(*triangle);
        }
        let byte = |v: f32| (v.clamp(0.0, 1.0) * 255.0).round() as u8;
        Picture { width, height, pixels: canvas.pixels.iter().map(|pixel| pixel.map(byte)).collect() }
    }
}

#[derive(Clone, Copy)]
struct Corner {
    x: f64,
    y: f64,
    color: [f32; 4],
}

struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<[f32; 4]>,
}

/// Twice the area of the triangle from an edge to a point; positive to the right of the edge, y being down.
fn side(a: Corner, b: Corner, [x, y]: [f64; 2]) -> f64 {
    (b.x - a.x) * (y - a.y) - (b.y - a.y) * (x - a.x)
}

/// Of two triangles that share an edge, the one for which it is a left or a top one owns the pixels on it.
fn owns(a: Corner, b: Corner) -> bool {
    (b.y < a.y) || (b.y == a.y && b.x > a.x)
}

impl Canvas {
    fn paint(&mut self, [a, mut b, mut c]: [Corner; 3]) {
        let area = side(a, b, [c.x, c.y]);
        if area == 0.0 || !area.is_finite() {
            return;
        }
        if area < 0.0 {
            (b, c) = (c, b);
        }
        let area = area.abs();
        let span = |values: [f64; 3], most: usize| {
            let low = values.iter().copied().fold(f64::INFINITY, f64::min).floor().max(0.0);
            let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max).ceil().min(most as f64);
            low as usize..high.max(0.0) as usize
        };
        for y in span([a.y, b.y, c.y], self.height) {
            for x in span([a.x, b.x, c.x], self.width) {
                let center = [x as f64 + 0.5, y as f64 + 0.5];
                let sides = [(b, c), (c, a), (a, b)].map(|(from, to)| (side(from, to, center), owns(from, to)));
                if sides.iter().all(|(side, owned)| *side > 0.0 || (*side == 0.0 && *owned)) {
                    let share = sides.map(|(side, _)| (side / area) as f32);
                    let of = |k: usize| a.color[k] * share[0] + b.color[k] * share[1] + c.color[k] * share[2];
                    over(&mut self.pixels[y * self.width + x], std::array::from_fn(of));
                }
            }
        }
    }
}

/// Paints a color over a pixel.
fn over(pixel: &mut [f32; 4], [r, g, b, a]: [f32; 4]) {
    for (under, color) in pixel.iter_mut().zip([r, g, b]) {
        *under = *under * (1.0 - a) + color * a;
    }
    pixel[3] = pixel[3] * (1.0 - a) + a;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::{Color, Primitive};

    fn picture(primitive: Primitive) -> Picture {
        DrawList { primitives: vec![primitive] }.rasterized(&Viewport::new(20, 20))
    }

    #[test]
    fn neighbouring_triangles_paint_no_pixel_twice_and_leave_none_out() {
        let points = vec![[2.0, 3.0], [17.0, 2.0], [18.0, 16.0], [9.0, 18.0], [3.0, 12.0]];
        let picture = picture(Primitive::Polygon { points, color: Color::WHITE.with_alpha(0.5) });
        let inside: Vec<u8> = (6..14)
            .flat_map(|y| (6..14).map(move |x| (x, y)))
            .map(|(x, y)| picture.pixel(x, y).expect("inside the picture")[0])
            .collect();
        assert!(inside.iter().all(|v| (127..=128).contains(v)), "{inside:?}");
    }

    #[test]
    fn up_on_the_canonical_plane_is_up_in_the_picture() {
        let text = Primitive::Text { at: [0.0, 10.0], text: "L".to_owned(), scale: 1, color: Color::WHITE };
        let picture = picture(text);
        // The foot of the L, on the baseline, is wider than its top.
        let lit = |y: usize| (0..8).filter(|x| picture.pixel(*x, y).is_some_and(|p| p[0] > 0)).count();
        assert!(lit(9) > lit(5), "{} {}", lit(9), lit(5));
        assert_eq!(lit(10), 0);
        assert_eq!(picture.pixel(20, 0), None);
        assert_eq!(picture.pixel(0, 20), None);
    }

    #[test]
    fn a_line_of_three_pixels_is_three_pixels_wide() {
        let points = vec![[10.5, 0.0], [10.5, 20.0]];
        let picture = picture(Primitive::Line { points, closed: false, width: 3.0, color: Color::WHITE });
        let row: Vec<u8> = (8..13).map(|x| picture.pixel(x, 10).expect("inside the picture")[0]).collect();
        assert_eq!(row[1..4], [255, 255, 255], "{row:?}");
        assert!(row[0] < 10 && row[4] < 10, "{row:?}");
    }
}
