//! Drawings as triangles, whose soft edges look alike in every back end, whatever a graphics card does with lines.

use super::{Color, DrawList, Primitive, glyphs};

/// A corner of a triangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Vertex {
    /// Canonical.
    pub(crate) position: [f64; 2],
    pub(crate) color: [f32; 4],
}

/// Edges fade over this many pixels.
const FRINGE: f64 = 1.0;

/// How much longer than the line is wide a corner may be.
const LONGEST_MITER: f64 = 2.0;

/// Every three corners a triangle. `pixel_scale` is the size of a pixel of the screen in canonical units.
pub(crate) fn mesh(list: &DrawList, pixel_scale: [f64; 2]) -> Vec<Vertex> {
    let mut mesh = Mesh { vertices: Vec::new(), pixel_scale };
    for primitive in &list.primitives {
        match primitive {
            Primitive::Line { points, closed, width, color } => mesh.line(points, *closed, f64::from(*width), *color),
            Primitive::Polygon { points, color } => mesh.polygon(points, *color),
            Primitive::Text { at, text, scale, color } => mesh.text(*at, text, f64::from(*scale), *color),
        }
    }
    mesh.vertices
}

/// Positions here are pixels of the screen, from the canonical origin.
type Point = [f64; 2];

struct Mesh {
    vertices: Vec<Vertex>,
    pixel_scale: [f64; 2],
}

impl Mesh {
    fn to_pixels(&self, points: &[Point], closed: bool) -> Vec<Point> {
        let mut pixels: Vec<Point> =
            points.iter().map(|p| [p[0] / self.pixel_scale[0], p[1] / self.pixel_scale[1]]).collect();
        pixels.retain(|p| p.iter().all(|v| v.is_finite()));
        // Two points in one place have no direction between them.
        let same = |a: &Point, b: &Point| (a[0] - b[0]).hypot(a[1] - b[1]) < 1e-6;
        pixels.dedup_by(|a, b| same(a, b));
        if closed && pixels.len() > 1 && same(&pixels[0], &pixels[pixels.len() - 1]) {
            pixels.pop();
        }
        pixels
    }

    fn triangle(&mut self, corners: [(Point, Color); 3]) {
        self.vertices.extend(corners.map(|(at, color)| Vertex {
            position: [at[0] * self.pixel_scale[0], at[1] * self.pixel_scale[1]],
            color: color.to_array(),
        }));
    }

    fn quad(&mut self, [a, b, c, d]: [(Point, Color); 4]) {
        self.triangle([a, b, c]);
        self.triangle([a, c, d]);
    }

    fn line(&mut self, points: &[Point], closed: bool, width: f64, color: Color) {
        let points = self.to_pixels(points, closed);
        let count = points.len();
        if count < 2 || width.is_nan() || width <= 0.0 {
            return;
        }
        let closed = closed && count > 2;
        let core = ((width - FRINGE) / 2.0).max(0.0);
        let color = color.with_alpha(color.a * width.min(1.0) as f32);
        let clear = color.with_alpha(0.0);
        let miters = miters(&points, closed);
        let offsets = [-(core + FRINGE), -core, core, core + FRINGE];
        let colors = [clear, color, color, clear];
        let across = |i: usize| -> [(Point, Color); 4] {
            let (p, m) = (points[i], miters[i]);
            std::array::from_fn(|k| ([p[0] + m[0] * offsets[k], p[1] + m[1] * offsets[k]], colors[k]))
        };
        for i in 0..if closed { count } else { count - 1 } {
            let (from, to) = (across(i), across((i + 1) % count));
            for k in 0..3 {
                // The core of a thin line has no width.
                if offsets[k] < offsets[k + 1] {
                    self.quad([from[k], from[k + 1], to[k + 1], to[k]]);
                }
            }
        }
    }

    fn polygon(&mut self, points: &[Point], color: Color) {
        let mut points = self.to_pixels(points, true);
        let count = points.len();
        if count < 3 {
            return;
        }
        if doubled_area(&points) < 0.0 {
            points.reverse();
        }
        // Counterclockwise, the normals of the edges point outwards.
        let miters = miters(&points, true);
        let moved = |i: usize, by: f64| [points[i][0] + miters[i][0] * by, points[i][1] + miters[i][1] * by];
        let inner: Vec<Point> = (0..count).map(|i| moved(i, -FRINGE / 2.0)).collect();
        let outer: Vec<Point> = (0..count).map(|i| moved(i, FRINGE / 2.0)).collect();
        let clear = color.with_alpha(0.0);
        for i in 1..count - 1 {
            self.triangle([(inner[0], color), (inner[i], color), (inner[i + 1], color)]);
        }
        for i in 0..count {
            let next = (i + 1) % count;
            self.quad([(inner[i], color), (outer[i], clear), (outer[next], clear), (inner[next], color)]);
        }
    }

    /// Hard edges: a pixel of the font is a pixel of the screen.
    fn text(&mut self, at: Point, text: &str, scale: f64, color: Color) {
        let [x, y] = [at[0] / self.pixel_scale[0], at[1] / self.pixel_scale[1]];
        if !(x.is_finite() && y.is_finite()) {
            return;
        }
        for run in glyphs::runs(text) {
            let (left, right) = (x + scale * f64::from(run.left), x + scale * f64::from(run.right));
            let bottom = y + scale * f64::from(run.row);
            let top = bottom + scale;
            self.quad([[left, bottom], [right, bottom], [right, top], [left, top]].map(|corner| (corner, color)));
        }
    }
}

fn doubled_area(points: &[Point]) -> f64 {
    let next = points.iter().cycle().skip(1);
    points.iter().zip(next).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum()
}

/// To the right of the way from one point to the next, one pixel long.
fn normal(from: Point, to: Point) -> Point {
    let (x, y) = (to[0] - from[0], to[1] - from[1]);
    let length = x.hypot(y);
    [y / length, -x / length]
}

/// For each point, where the edge of a line of half width 1 passes: the mean of the normals on both sides, lengthened
/// so that the line keeps its width around the corner.
fn miters(points: &[Point], closed: bool) -> Vec<Point> {
    let count = points.len();
    (0..count)
        .map(|i| {
            let before = (i > 0 || closed).then(|| normal(points[(i + count - 1) % count], points[i]));
            let after = (i + 1 < count || closed).then(|| normal(points[i], points[(i + 1) % count]));
            let (a, b) = match (before, after) {
                (Some(a), Some(b)) => (a, b),
                (Some(one), None) | (None, Some(one)) => (one, one),
                (None, None) => ([0.0; 2], [0.0; 2]),
            };
            let mean = [(a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0];
            let squared = mean[0] * mean[0] + mean[1] * mean[1];
            // Where a line turns back on itself there is no mean.
            if squared < 1e-12 {
                return a;
            }
            let longer = (1.0 / squared).min(LONGEST_MITER / squared.sqrt());
            [mean[0] * longer, mean[1] * longer]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RED: Color = Color::rgb(1.0, 0.0, 0.0);

    fn of(primitive: Primitive, pixel_scale: [f64; 2]) -> Vec<Vertex> {
        mesh(&DrawList { primitives: vec![primitive] }, pixel_scale)
    }

    #[test]
    fn a_line_is_as_wide_on_the_screen_whatever_the_zoom() {
        for zoom in [0.1, 1.0, 7.0] {
            let points = vec![[0.0, 0.0], [100.0 * zoom, 0.0]];
            let vertices = of(Primitive::Line { points, closed: false, width: 3.0, color: RED }, [zoom; 2]);
            let highest = vertices.iter().map(|v| v.position[1] / zoom).fold(f64::MIN, f64::max);
            let solid = vertices.iter().filter(|v| v.color[3] == 1.0).map(|v| v.position[1] / zoom);
            assert!((highest - 2.0).abs() < 1e-9, "{highest}");
            assert!((solid.fold(f64::MIN, f64::max) - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn what_has_no_extent_or_is_no_number_draws_nothing() {
        let line = |points| Primitive::Line { points, closed: true, width: 2.0, color: RED };
        assert!(of(line(vec![]), [1.0; 2]).is_empty());
        assert!(of(line(vec![[1.0, 1.0], [1.0, 1.0]]), [1.0; 2]).is_empty());
        assert!(of(line(vec![[f64::NAN, 1.0], [1.0, f64::INFINITY]]), [1.0; 2]).is_empty());
        assert!(of(Primitive::Polygon { points: vec![[0.0, 0.0], [1.0, 0.0]], color: RED }, [1.0; 2]).is_empty());
        let text = Primitive::Text { at: [f64::NAN, 0.0], text: "a".to_owned(), scale: 1, color: RED };
        assert!(of(text, [1.0; 2]).is_empty());
        assert!(of(line(vec![[0.0, 0.0], [1.0, 1.0]]), [0.0; 2]).is_empty());
    }

    #[test]
    fn a_polygon_covers_the_same_area_whichever_way_round_it_is_given() {
        let square = vec![[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]];
        let turned: Vec<Point> = square.iter().rev().copied().collect();
        let reach = |points| {
            let vertices = of(Primitive::Polygon { points, color: RED }, [1.0; 2]);
            vertices.iter().map(|v| v.position[0]).fold(f64::MIN, f64::max)
        };
        assert!((reach(square) - 10.5).abs() < 1e-9);
        assert!((reach(turned) - 10.5).abs() < 1e-9);
    }
}
