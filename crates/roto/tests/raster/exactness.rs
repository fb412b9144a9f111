use kurbo::Affine;
use roto::{FillRule, KeyKind, ShapeKey, ShapeTrack, Shutter, Style, motion_blurred};

use crate::shapes::{apart, circle, draw, eye, knot, line, plate, polygon, rectangle, supersampled, total};

/// 16 by 16 samples themselves are off by up to half a column of samples along an upright edge.
const SAMPLED: f32 = 1.0 / 32.0 + 1.0 / 256.0;

#[test]
fn coverage_is_that_of_supersampling_for_either_fill_rule() {
    let overlapping = [eye(), knot(), rectangle(20.25, 3.5, 29.5, 24.75).reversed()];
    for fill in [FillRule::Union, FillRule::EvenOdd] {
        for shapes in [&overlapping[..1], &overlapping[1..2], &overlapping[..]] {
            let found = draw(shapes, &Style { fill, ..Style::default() }, &plate(34, 28));
            let off = apart(&found, &supersampled(shapes, fill, (28, 34), 16));
            assert!(off < SAMPLED, "{fill:?}: {off}");
        }
    }
}

#[test]
fn a_circle_has_its_area_however_it_lies_between_pixels() {
    for (x, y, radius) in [(20.0, 20.0, 15.0), (20.37, 19.81, 15.5), (20.5, 20.5, 0.3), (20.1, 20.9, 0.05)] {
        let found = total(&draw(&[circle(x, y, radius)], &Style::default(), &plate(40, 40)));
        let exact = std::f64::consts::PI * radius * radius;
        // A chain lies within its curve by up to 1/256 px.
        assert!(
            (found - exact).abs() < 2.0 * std::f64::consts::PI * radius / 256.0 + 1e-4,
            "{radius}: {found} {exact}"
        );
    }
}

#[test]
fn a_slanted_edge_covers_what_geometry_says() {
    // The edge runs from (1, 0) to (0, 2): half of both pixels of the first column.
    let matte = draw(&[polygon(&[(1.0, 0.0), (0.0, 2.0), (0.0, 0.0)])], &Style::default(), &plate(2, 2));
    assert_eq!(matte.as_slice().expect("rows"), [0.75, 0.0, 0.25, 0.0]);
}

#[test]
fn two_shapes_that_share_a_slanted_side_leave_no_seam() {
    let halves = [polygon(&[(2.0, 2.0), (18.0, 2.0), (2.0, 18.0)]), polygon(&[(18.0, 18.0), (2.0, 18.0), (18.0, 2.0)])];
    let whole = draw(&[rectangle(2.0, 2.0, 18.0, 18.0)], &Style::default(), &plate(20, 20));
    assert!(apart(&draw(&halves, &Style::default(), &plate(20, 20)), &whole) < 1e-6);
}

#[test]
fn a_shape_within_another_cuts_a_hole_by_even_odd_and_none_in_a_union() {
    for inner in [rectangle(6.0, 6.0, 10.0, 10.0), rectangle(6.0, 6.0, 10.0, 10.0).reversed()] {
        let shapes = [rectangle(2.0, 2.0, 18.0, 18.0), inner];
        let area = |fill| total(&draw(&shapes, &Style { fill, ..Style::default() }, &plate(20, 20)));
        assert!((area(FillRule::Union) - 256.0).abs() < 1e-4);
        assert!((area(FillRule::EvenOdd) - 240.0).abs() < 1e-4);
    }
}

#[test]
fn a_stroke_has_the_area_of_its_width_and_round_ends() {
    for width in [6.0, 1.0, 0.4, 0.1] {
        let style = Style { stroke_width_px: width, ..Style::default() };
        let found = total(&draw(&[line((8.3, 9.1), (31.0, 22.6))], &style, &plate(40, 32)));
        let length = (31.0_f64 - 8.3).hypot(22.6 - 9.1);
        let exact = width * length + std::f64::consts::PI * width * width / 4.0;
        assert!((found - exact).abs() < 0.004 * exact + 0.01 * width, "{width}: {found} {exact}");
    }
    let no_width = Style { stroke_width_px: 0.0, grow_px: 3.0, ..Style::default() };
    assert_eq!(total(&draw(&[line((8.0, 9.0), (31.0, 22.0))], &no_width, &plate(40, 32))), 0.0);
}

#[test]
fn an_upright_stroke_covers_its_columns_exactly() {
    let style = Style { stroke_width_px: 2.5, ..Style::default() };
    let matte = draw(&[line((5.0, -50.0), (5.0, 50.0))], &style, &plate(10, 3));
    let expected = [0.0, 0.0, 0.0, 0.25, 1.0, 1.0, 0.25, 0.0, 0.0, 0.0];
    assert!(matte.row(1).iter().zip(expected).all(|(found, exact)| (found - exact).abs() < 1e-6), "{matte:?}");
}

#[test]
fn a_moving_square_blurs_to_a_trapezoid() {
    let key = |time: f64, x: f64| {
        let shape = rectangle(x, 1.0, x + 10.0, 3.0);
        ShapeKey { time, kind: KeyKind::Predicted, shape }
    };
    // 8 pixels a frame; a shutter of half a frame around frame 5 sees x from 40 - 2 to 40 + 2.
    let track = ShapeTrack::new(vec![key(0.0, 0.0), key(10.0, 80.0)]).expect("a track");
    let shutter = Shutter::centered(0.5, 64);
    let matte = motion_blurred(&[&track], 5.0, &shutter, &Style::default(), &plate(64, 4)).expect("a matte");
    for (x, &found) in matte.row(2).iter().enumerate() {
        let middle = x as f64 + 0.5;
        let exact = ((middle - 38.0) / 4.0).min((52.0 - middle) / 4.0).clamp(0.0, 1.0);
        assert!((f64::from(found) - exact).abs() < 4.0 / 64.0 / 4.0, "{x}: {found} {exact}");
    }
}

#[test]
fn a_shape_that_turns_is_blurred_through_its_fractional_frames() {
    let turned = |angle: f64| eye().transformed(Affine::rotate_about(angle, (17.0, 13.5))).expect("finite");
    let key = |time, shape| ShapeKey { time, kind: KeyKind::Predicted, shape };
    let track = ShapeTrack::new(vec![key(0.0, turned(0.0)), key(1.0, turned(0.4))]).expect("a track");
    let shutter = Shutter::from_start(1.0, 4);
    let found = motion_blurred(&[&track], 0.0, &shutter, &Style::default(), &plate(34, 28)).expect("a matte");
    let mut mean = found.clone() * 0.0;
    for time in [0.125, 0.375, 0.625, 0.875] {
        mean += &supersampled(&[track.at(time)], FillRule::Union, (28, 34), 16);
    }
    assert!(apart(&found, &(mean / 4.0)) < SAMPLED);
    // Vertices and handles go straight, so halfway the shape is smaller than one that turned rigidly.
    assert!(track.at(0.5).signed_area() < turned(0.2).signed_area() * 0.99);
}
