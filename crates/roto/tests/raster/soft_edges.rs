use imaging::Window;
use kurbo::{Affine, ParamCurveNearest, Point, Shape as _};
use ndarray::Array2;
use roto::{Error, Falloff, FillRule, Style, View};

use crate::shapes::{apart, circle, draw, eye, knot, line, plate, rectangle};

/// What distances at a pixel's middle or parts may miss of its area.
const BY_DISTANCE: f32 = 0.01;

#[test]
fn growing_by_a_distance_gives_the_circle_that_is_larger_by_it() {
    for grow_px in [4.0, 0.7, -0.7, -6.5] {
        let style = Style { grow_px, ..Style::default() };
        let found = draw(&[circle(20.3, 19.8, 10.0)], &style, &plate(40, 40));
        let exact = draw(&[circle(20.3, 19.8, 10.0 + grow_px)], &Style::default(), &plate(40, 40));
        let off = apart(&found, &exact);
        assert!(off < BY_DISTANCE, "{grow_px}: {off}");
    }
    let gone = Style { grow_px: -10.2, ..Style::default() };
    assert!(draw(&[circle(20.3, 19.8, 10.0)], &gone, &plate(40, 40)).iter().all(|&v| v == 0.0));
}

#[test]
fn soft_and_grown_edges_are_those_of_samples_of_the_distance_to_the_curve() {
    let (shape, path, n) = (eye(), eye().to_path(), 12);
    let distance = |at: Point| {
        let nearest =
            shape.segments().map(|segment| segment.nearest(at, 1e-4).distance_sq).fold(f64::INFINITY, f64::min);
        if path.winding(at) != 0 { -nearest.sqrt() } else { nearest.sqrt() }
    };
    let samples: Vec<f64> = (0..28 * n)
        .flat_map(|y| (0..34 * n).map(move |x| Point::new((x as f64 + 0.5) / n as f64, (y as f64 + 0.5) / n as f64)))
        .map(distance)
        .collect();
    // Samples of a hard edge are off by up to half a column of them. An inner feather of 9 px has a ridge in the eye, which
    // the middle of a pixel does not see.
    for (grow_px, feather_px, allowed) in [
        (0.0, 5.0, 0.002),
        (0.0, 6.0, 0.01),
        (0.4, -9.0, 0.03),
        (1.3, -3.0, 0.002),
        (-1.1, 1.0, 0.005),
        (1.7, 0.0, 0.03),
    ] {
        let found =
            draw(std::slice::from_ref(&shape), &Style { grow_px, feather_px, ..Style::default() }, &plate(34, 28));
        let (inner, outer) = (grow_px + feather_px.min(0.0), grow_px + feather_px.max(0.0));
        let value = |s: f64| if s <= inner { 1.0 } else { ((outer - s) / (outer - inner)).max(0.0) };
        let mean = Array2::from_shape_fn((28, 34), |(y, x)| {
            let at = |k: usize| samples[(y * n + k / n) * 34 * n + x * n + k % n];
            ((0..n * n).map(|k| value(at(k))).sum::<f64>() / (n * n) as f64) as f32
        });
        let off = apart(&found, &mean);
        println!("grow {grow_px}, feather {feather_px}: {off}");
        assert!(off < allowed, "grow {grow_px}, feather {feather_px}: {off}");
    }
}

#[test]
fn growing_by_almost_nothing_changes_almost_nothing() {
    for grow_px in [1e-9, -1e-9] {
        let style = Style { grow_px, ..Style::default() };
        for shape in [eye(), knot()] {
            let off = apart(
                &draw(std::slice::from_ref(&shape), &style, &plate(34, 28)),
                &draw(std::slice::from_ref(&shape), &Style::default(), &plate(34, 28)),
            );
            assert!(off < 2.0 * BY_DISTANCE, "{off}");
        }
    }
}

#[test]
fn a_feather_is_as_wide_as_asked_falls_all_the_way_and_lies_on_the_side_of_its_sign() {
    let half_plane = rectangle(-500.0, -500.0, 20.0, 500.0);
    for falloff in [Falloff::LINEAR, Falloff::SMOOTH, Falloff { exponent: 2.0, smooth: false }] {
        for feather_px in [8.0, -8.0] {
            let style = Style { feather_px, falloff, ..Style::default() };
            let matte = draw(std::slice::from_ref(&half_plane), &style, &plate(40, 3));
            let (start, end) = if feather_px > 0.0 { (20, 28) } else { (12, 20) };
            for (x, pair) in matte.row(1).windows(2).into_iter().enumerate() {
                assert!(pair[0] >= pair[1], "{x}");
            }
            for (x, &found) in matte.row(1).iter().enumerate() {
                // The mean of the ramp over the pixel, by many samples.
                let ramp = |v: f64| {
                    let u = ((f64::from(end) - v) / 8.0).clamp(0.0, 1.0).powf(falloff.exponent);
                    if falloff.smooth { u * u * (3.0 - 2.0 * u) } else { u }
                };
                let exact = (0..100).map(|k| ramp(x as f64 + (f64::from(k) + 0.5) / 100.0)).sum::<f64>() / 100.0;
                assert!((f64::from(found) - exact).abs() < 1e-3, "{falloff:?} {feather_px} {x}: {found} {exact}");
            }
            assert_eq!((matte[[1, start - 1]], matte[[1, end as usize]]), (1.0, 0.0));
        }
    }
}

#[test]
fn a_feather_narrower_than_a_pixel_ends_in_the_hard_edge() {
    let hard = draw(&[eye()], &Style::default(), &plate(34, 28));
    let soft = Style { feather_px: 0.01, ..Style::default() };
    let off = apart(&draw(&[eye()], &soft, &plate(34, 28)), &hard);
    assert!(off < 2.0 * BY_DISTANCE, "{off}");
}

#[test]
fn no_edge_shows_where_feathered_shapes_overlap() {
    let style = Style { feather_px: -6.0, ..Style::default() };
    let pair = [rectangle(4.0, 4.0, 24.0, 24.0), rectangle(14.0, 4.0, 44.0, 24.0).reversed()];
    let whole = draw(&[rectangle(4.0, 4.0, 44.0, 24.0)], &style, &plate(48, 28));
    assert!(apart(&draw(&pair, &style, &plate(48, 28)), &whole) < 1e-6);
    let hole = Style { fill: FillRule::EvenOdd, ..style };
    assert!(draw(&pair, &hole, &plate(48, 28))[[14, 19]] == 0.0);
}

#[test]
fn strokes_join_areas_without_a_double_edge() {
    let style = Style { stroke_width_px: 8.0, feather_px: 4.0, ..Style::default() };
    let both = draw(&[rectangle(4.0, 10.0, 20.0, 18.0), line((20.0, 14.0), (36.0, 14.0))], &style, &plate(44, 28));
    for x in 6..36 {
        assert!((both[[19, x]] - 0.625).abs() < 1e-6, "{x}: {}", both[[19, x]]);
    }
}

#[test]
fn lengths_are_of_the_plate_on_both_axes_of_squeezed_pixels() {
    let view = View { to_output: Affine::scale_non_uniform(0.5, 2.0), ..View::of_plate(Window::new(0, 0, 40, 160)) };
    let style = Style { feather_px: 8.0, ..Style::default() };
    let matte = draw(&[rectangle(20.0, 20.0, 60.0, 60.0)], &style, &view);
    // Half of the feather is 4 px of the plate: 2 columns to the right, 8 rows down.
    let between = |a: f32, b: f32| 0.5 * (a + b);
    assert!((between(matte[[80, 31]], matte[[80, 32]]) - 0.5).abs() < 1e-6);
    assert!((between(matte[[127, 20]], matte[[128, 20]]) - 0.5).abs() < 1e-6);
}

#[test]
fn what_is_out_of_range_is_refused_by_name() {
    let draw =
        |style: &Style, view: &View| roto::coverage(&[eye()], style, view).expect_err("out of range").to_string();
    assert!(draw(&Style { feather_px: f64::NAN, ..Style::default() }, &plate(4, 4)).starts_with("feather is NaN"));
    assert!(draw(&Style { stroke_width_px: -1.0, ..Style::default() }, &plate(4, 4)).starts_with("stroke width is -1"));
    let flat = View { to_output: Affine::scale_non_uniform(1.0, 0.0), ..plate(4, 4) };
    assert!(matches!(roto::coverage(&[], &Style::default(), &flat), Err(Error::Transform { .. })));
    assert!(draw(&Style::default(), &plate(1 << 30, 1 << 30)).contains("number of pixels"));
    assert!(draw(&Style::default(), &plate(i64::MAX, 4)).contains("side of the window"));
}
