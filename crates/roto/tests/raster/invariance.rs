use imaging::Window;
use kurbo::{Affine, Point, Vec2};
use ndarray::{Array2, s};
use proptest::prelude::*;
use roto::{BezierShape, Falloff, FillRule, Style, Vertex, View, coverage};

use crate::shapes::{apart, circle, draw, eye, knot, line, plate, polygon, rectangle};

fn styles() -> Vec<Style> {
    let style = Style { stroke_width_px: 2.3, ..Style::default() };
    vec![
        style,
        Style { grow_px: 1.7, ..style },
        Style { grow_px: -0.8, feather_px: 5.0, fill: FillRule::EvenOdd, ..style },
        Style { feather_px: -3.0, falloff: Falloff::SMOOTH, ..style },
        Style { feather_px: 0.3, ..style },
    ]
}

/// The mean of each 2 by 2 pixels.
fn halved(matte: &Array2<f32>) -> Array2<f32> {
    let (h, w) = matte.dim();
    Array2::from_shape_fn((h / 2, w / 2), |(y, x)| matte.slice(s![2 * y..2 * y + 2, 2 * x..2 * x + 2]).sum() / 4.0)
}

#[test]
fn any_tile_has_the_bits_of_the_whole_for_any_number_of_threads() {
    let shapes = [eye(), knot(), line((2.0, 24.0), (33.0, 3.5))];
    let to_output = Affine::translate((-3.3, 7.1)) * Affine::scale_non_uniform(1.3, 0.8) * Affine::rotate(0.2);
    for style in styles() {
        let view = |window, threads| View { window, to_output, threads };
        let whole = draw(&shapes, &style, &view(Window::new(-8, -5, 52, 47), 1));
        assert!(whole.iter().any(|&v| v > 0.0 && v < 1.0));
        for (x, y, side) in [(-8, -5, 13), (5, 5, 7), (11, 20, 16), (20, 11, 1), (40, 30, 12)] {
            for threads in [1, 3] {
                let tile = draw(&shapes, &style, &view(Window::new(x, y, x + side, y + side), threads));
                let rows = (y + 5) as usize..(y + 5 + side) as usize;
                let columns = (x + 8) as usize..(x + 8 + side) as usize;
                assert!(whole.slice(s![rows, columns]) == tile, "{style:?} {x} {y}");
            }
        }
    }
}

#[test]
fn a_proxy_at_half_scale_is_the_full_picture_halved() {
    let half = View { to_output: Affine::scale(0.5), ..plate(32, 18) };
    let areas = [eye(), circle(44.0, 17.0, 9.0)];
    let off = |shapes: &[BezierShape], style: &Style| {
        apart(&draw(shapes, style, &half), &halved(&draw(shapes, style, &plate(64, 36))))
    };
    let exact = off(&areas, &Style::default());
    assert!(exact < 1.0 / 256.0, "{exact}");
    let [eye, circle] = areas;
    for style in styles() {
        // What is left is where a stroke crosses an edge: a pixel of the proxy looks at 16 parts there, four pixels at 64.
        let off = off(&[eye.clone(), circle.clone(), line((6.0, 29.0), (58.0, 25.0))], &style);
        println!("{style:?}: {off}");
        assert!(off < 0.04, "{style:?}: {off}");
    }
}

#[test]
fn shapes_without_area_without_pixels_or_out_of_the_window_draw_nothing() {
    let point = BezierShape::new(vec![Vertex::corner(Point::new(5.0, 5.0)); 3], true).expect("a shape");
    let there_and_back = polygon(&[(2.0, 2.0), (30.0, 20.0)]);
    let away = rectangle(1e5, 1e5, 2e5, 2e5);
    for style in styles() {
        let matte = draw(&[point.clone(), there_and_back.clone(), away.clone()], &style, &plate(32, 24));
        assert!(matte.iter().all(|&v| v == 0.0), "{style:?}");
        assert!(draw(&[], &style, &plate(8, 8)).iter().all(|&v| v == 0.0));
        assert_eq!(draw(&[eye()], &style, &plate(0, 9)).dim(), (9, 0));
        assert_eq!(draw(&[eye()], &style, &plate(9, -4)).dim(), (0, 9));
    }
}

#[test]
fn a_shape_far_larger_than_the_picture_fills_it() {
    for style in styles() {
        for size in [1e4, 1e9, 1e300] {
            let matte = draw(&[rectangle(-size, -size, size, size)], &style, &plate(32, 24));
            assert!(matte.iter().all(|&v| v == 1.0), "{style:?} {size}");
        }
    }
}

fn coordinate() -> impl Strategy<Value = f64> {
    prop_oneof![6 => -10.0..50.0, 2 => -2000.0..2000.0, 1 => prop::num::f64::NORMAL, 1 => Just(7.0), 1 => Just(8.5)]
}

fn any_shape() -> impl Strategy<Value = BezierShape> {
    let vertex = (prop::array::uniform6(coordinate()), any::<bool>()).prop_map(|(c, sharp)| {
        let handles = if sharp { [Vec2::ZERO; 2] } else { [Vec2::new(c[2], c[3]), Vec2::new(c[4], c[5])] };
        Vertex { anchor: Point::new(c[0], c[1]), incoming: handles[0], outgoing: handles[1] }
    });
    (prop::collection::vec(vertex, 2..9), any::<bool>())
        .prop_map(|(vertices, closed)| BezierShape::new(vertices, closed).expect("finite"))
}

fn any_style() -> impl Strategy<Value = Style> {
    let length = || prop_oneof![2 => Just(0.0), 4 => -20.0..20.0, 1 => -1e6..1e6];
    (any::<bool>(), 0.0..30.0, length(), length(), 0.05..8.0, any::<bool>()).prop_map(
        |(odd, width, grow, feather, e, smooth)| Style {
            fill: if odd { FillRule::EvenOdd } else { FillRule::Union },
            stroke_width_px: width,
            grow_px: grow,
            feather_px: feather,
            falloff: Falloff { exponent: e, smooth },
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn whatever_the_shapes_coverage_is_a_share_and_tiles_agree(
        shapes in prop::collection::vec(any_shape(), 0..4),
        style in any_style(),
        scale in prop_oneof![Just(1.0), 0.1..4.0, Just(1e-5), Just(1e5)],
        corner in (0_i64..30, 0_i64..20),
    ) {
        let view = |window| View { to_output: Affine::scale(scale), ..View::of_plate(window) };
        let whole = coverage(&shapes, &style, &view(Window::new(0, 0, 40, 30))).expect("in range");
        prop_assert!(whole.iter().all(|v| (0.0..=1.0).contains(v)));
        let (x, y) = corner;
        let tile = coverage(&shapes, &style, &view(Window::new(x, y, x + 10, y + 10))).expect("in range");
        let (x, y) = (x as usize, y as usize);
        prop_assert!(whole.slice(s![y..y + 10, x..x + 10]) == tile);
    }
}

#[test]
fn a_scribble_of_a_thousand_vertices_is_drawn_within_seconds() {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as f64 / (1_u64 << 31) as f64
    };
    let corners: Vec<_> = (0..1000).map(|_| (next() * 120.0, next() * 90.0)).collect();
    let started = std::time::Instant::now();
    for style in [Style::default(), Style { feather_px: 4.0, fill: FillRule::EvenOdd, ..Style::default() }] {
        draw(&[polygon(&corners)], &style, &plate(120, 90));
    }
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}
