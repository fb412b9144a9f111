//! Shapes that the tests draw, and a reference that knows nothing of how they are drawn.

use imaging::Window;
use kurbo::{Affine, Circle, Point, Shape as _, Vec2};
use ndarray::Array2;
use roto::{BezierShape, FillRule, Style, Vertex, View, coverage};

pub fn polygon(corners: &[(f64, f64)]) -> BezierShape {
    BezierShape::new(corners.iter().map(|&at| Vertex::corner(Point::from(at))).collect(), true).expect("a polygon")
}

pub fn rectangle(x0: f64, y0: f64, x1: f64, y1: f64) -> BezierShape {
    polygon(&[(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
}

pub fn line(from: (f64, f64), to: (f64, f64)) -> BezierShape {
    let ends = [from, to].map(|at| Vertex::corner(Point::from(at)));
    BezierShape::new(ends.into(), false).expect("a line")
}

/// A circle of eight cubics: round to 5e-6 of its radius.
pub fn circle(x: f64, y: f64, radius: f64) -> BezierShape {
    let reach = radius * 4.0 / 3.0 * (std::f64::consts::PI / 16.0).tan();
    let vertex = |k: i32| {
        let (sin, cos) = (std::f64::consts::FRAC_PI_4 * f64::from(k)).sin_cos();
        let along = Vec2::new(-sin, cos) * reach;
        Vertex { anchor: Point::new(x + radius * cos, y + radius * sin), incoming: -along, outgoing: along }
    };
    let shape = BezierShape::new((0..8).map(vertex).collect(), true).expect("a circle");
    assert!((shape.signed_area() - Circle::new((x, y), radius).area()).abs() < 1e-4 * radius * radius);
    shape
}

/// An eye of four vertices with sharp corners, about 26 by 12 pixels.
pub fn eye() -> BezierShape {
    let vertex = |x, y, ix, iy, ox, oy| Vertex {
        anchor: Point::new(x, y),
        incoming: Vec2::new(ix, iy),
        outgoing: Vec2::new(ox, oy),
    };
    let vertices = vec![
        vertex(4.3, 14.2, 2.0, 4.0, 3.0, -5.0),
        vertex(16.0, 7.6, -5.0, 0.3, 6.0, -0.4),
        vertex(30.1, 12.5, -3.0, -4.0, -2.0, 3.0),
        vertex(17.0, 19.4, 6.0, 0.8, -7.0, -0.9),
    ];
    BezierShape::new(vertices, true).expect("an eye")
}

/// One curve that crosses itself and winds twice around a part of what it fills.
pub fn knot() -> BezierShape {
    let tip = |k: usize, radius: f64| {
        let (sin, cos) = (4.0 * std::f64::consts::PI * k as f64 / 5.0 + 0.3).sin_cos();
        let at = Vec2::new(cos, sin) * radius;
        let along = Vec2::new(-sin, cos) * 4.0;
        Vertex { anchor: Point::new(17.0, 14.0) + at, incoming: -along, outgoing: along }
    };
    BezierShape::new((0..5).map(|k| tip(k, 11.5)).collect(), true).expect("a knot")
}

/// What a host asks for: a window of pixels.
pub fn plate(width: i64, height: i64) -> View {
    View::of_plate(Window::new(0, 0, width, height))
}

pub fn draw(shapes: &[BezierShape], style: &Style, view: &View) -> Array2<f32> {
    coverage(shapes, style, view).expect("a matte")
}

/// The share of `n` by `n` samples of each pixel of the plate that the fill rule takes in, by kurbo's winding numbers of the
/// curves themselves.
pub fn supersampled(shapes: &[BezierShape], fill: FillRule, size: (usize, usize), n: usize) -> Array2<f32> {
    let paths: Vec<_> = shapes.iter().map(|shape| Affine::IDENTITY * shape.to_path()).collect();
    let inside = |at: Point| match fill {
        FillRule::Union => paths.iter().any(|path| path.winding(at) != 0),
        FillRule::EvenOdd => paths.iter().map(|path| path.winding(at)).sum::<i32>() % 2 != 0,
    };
    Array2::from_shape_fn(size, |(y, x)| {
        let at = |k: usize| (k as f64 + 0.5) / n as f64;
        let hits = (0..n * n).filter(|k| inside(Point::new(x as f64 + at(k % n), y as f64 + at(k / n)))).count();
        hits as f32 / (n * n) as f32
    })
}

/// The largest difference of any pixel.
pub fn apart(a: &Array2<f32>, b: &Array2<f32>) -> f32 {
    assert_eq!(a.dim(), b.dim());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// The sum of all pixels.
pub fn total(matte: &Array2<f32>) -> f64 {
    matte.iter().map(|&v| f64::from(v)).sum()
}
