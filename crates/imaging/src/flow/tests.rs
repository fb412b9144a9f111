use super::*;
use crate::fixture::{noise, texture};
use ndarray::{Array2, Axis};
use proptest::prelude::*;
use std::ops::Range;

const SIZE: Size = Size { width: 160, height: 96 };

/// The plane whose pixel at `p` shows `at(p)` of a picture.
fn plane(size: Size, at: impl Fn(f32, f32) -> f32) -> Array2<f32> {
    Array2::from_shape_fn((size.height, size.width), |(y, x)| at(x as f32, y as f32))
}

/// The flow between two planes, and how far it lies off `truth`, on average and in the worst pixel at least `margin` from
/// the edge.
fn errors(from: &Array2<f32>, to: &Array2<f32>, margin: usize, truth: impl Fn(f32, f32) -> (f32, f32)) -> (f32, f32) {
    let flow = Flow::of_planes(from.view(), to.view(), 1).unwrap();
    let (mut sum, mut worst, mut count) = (0.0, 0f32, 0.0);
    let Size { width, height } = flow.size();
    for (y, x) in (margin..height - margin).flat_map(|y| (margin..width - margin).map(move |x| (y, x))) {
        let (u, v) = truth(x as f32, y as f32);
        let off = (flow.vectors[[0, y, x]] - u).hypot(flow.vectors[[1, y, x]] - v);
        (sum, worst, count) = (sum + off, worst.max(off), count + 1.0);
    }
    (sum / count, worst)
}

#[test]
fn a_translation_is_found_to_a_tenth_of_a_pixel() {
    for (u, v) in [(0.5, 0.0), (0.0, -0.3), (1.27, 0.81), (-3.6, 2.4), (11.3, -7.7), (-23.0, 9.0)] {
        let from = plane(SIZE, texture);
        let to = plane(SIZE, |x, y| texture(x - u, y - v));
        let (mean, worst) = errors(&from, &to, 30, |_, _| (u, v));
        assert!(mean < 0.03 && worst < 0.1, "({u}, {v}): {mean} on average, {worst} at worst");
    }
}

#[test]
fn a_rotation_is_found() {
    let (sin, cos) = 4f32.to_radians().sin_cos();
    let (cx, cy) = (80.0, 48.0);
    let turned =
        |x: f32, y: f32, sin: f32| (cx + cos * (x - cx) - sin * (y - cy), cy + sin * (x - cx) + cos * (y - cy));
    let from = plane(SIZE, texture);
    let to = plane(SIZE, |x, y| {
        let (x, y) = turned(x, y, -sin);
        texture(x, y)
    });
    let (mean, worst) = errors(&from, &to, 8, |x, y| {
        let (tx, ty) = turned(x, y, sin);
        (tx - x, ty - y)
    });
    assert!(mean < 0.12 && worst < 0.4, "{mean} on average, {worst} at worst");
}

#[test]
fn a_zoom_is_found() {
    let (cx, cy, zoom) = (70.0, 50.0, 1.06);
    let from = plane(SIZE, texture);
    let to = plane(SIZE, |x, y| texture(cx + (x - cx) / zoom, cy + (y - cy) / zoom));
    let (mean, worst) = errors(&from, &to, 8, |x, y| ((x - cx) * (zoom - 1.0), (y - cy) * (zoom - 1.0)));
    assert!(mean < 0.12 && worst < 0.4, "{mean} on average, {worst} at worst");
}

#[test]
fn a_change_of_brightness_moves_nothing() {
    let from = plane(SIZE, texture);
    let (mean, _) = errors(&from, &plane(SIZE, |x, y| texture(x - 2.0, y) + 0.1), 8, |_, _| (2.0, 0.0));
    assert!(mean < 0.05, "{mean} on average");
}

/// A square of another texture that moves by `(6, 3)` over a still ground, and the two frames.
fn square() -> [Array2<f32>; 2] {
    let shown = |x: f32, y: f32, (left, top): (f32, f32)| {
        let (in_x, in_y) = (x - left, y - top);
        if (0.0..40.0).contains(&in_x) && (0.0..32.0).contains(&in_y) {
            texture(1.7 * in_y + 300.0, 1.3 * in_x)
        } else {
            texture(x, y)
        }
    };
    [(50.0, 30.0), (56.0, 33.0)].map(|place| plane(SIZE, |x, y| shown(x, y, place)))
}

fn mean(rows: Range<usize>, columns: Range<usize>, at: impl Fn(usize, usize) -> f32) -> f32 {
    let count = (rows.len() * columns.len()) as f32;
    rows.flat_map(|y| columns.clone().map(move |x| (y, x))).map(|(y, x)| at(y, x)).sum::<f32>() / count
}

#[test]
fn an_object_moves_over_a_still_background() {
    let [from, to] = square();
    let flow = Flow::of_planes(from.view(), to.view(), 1).unwrap();
    let off = |rows: Range<usize>, columns: Range<usize>, (u, v): (f32, f32)| {
        let at = |y: usize, x: usize| (flow.vectors[[0, y, x]] - u).hypot(flow.vectors[[1, y, x]] - v);
        mean(rows, columns, at)
    };
    let (object, ground) = (off(34..58, 54..86, (6.0, 3.0)), off(0..96, 104..160, (0.0, 0.0)));
    assert!(object < 0.15, "{object} px off on average in the object");
    assert!(ground < 1e-3, "{ground} px off on average in the ground");
}

#[test]
fn what_is_covered_has_no_way_back() {
    let [from, to] = square();
    let [from, to] = [from, to].map(|plane| FlowPyramid::new(plane.view(), 1).unwrap());
    let there = Flow::between(&from, &to, 1).unwrap();
    let back = Flow::between(&to, &from, 1).unwrap();
    let trust = there.consistency(&back, 1).unwrap();
    let trust = |rows, columns| mean(rows, columns, |y, x| trust[[y, x]]);
    // The square covers six columns of the ground at its right, and three rows below.
    let (covered, object, ground) = (trust(36..58, 91..95), trust(36..58, 56..84), trust(0..96, 110..160));
    assert!(covered < 0.3, "{covered}");
    assert!(object > 0.95 && ground > 0.99, "{object} {ground}");
}

#[test]
fn still_frames_have_a_flow_of_exactly_zero() {
    for plane in [plane(SIZE, texture), noise(1, 61, 77).index_axis_move(Axis(0), 0), Array2::from_elem((40, 50), 0.3)]
    {
        let flow = Flow::of_planes(plane.view(), plane.view(), 1).unwrap();
        assert!(flow.vectors.iter().all(|v| *v == 0.0));
        let picture = noise(3, flow.size().height, flow.size().width);
        assert_eq!(flow.warp(picture.view(), 1).unwrap(), picture);
        assert!(flow.consistency(&flow, 1).unwrap().iter().all(|v| *v == 1.0));
    }
}

#[test]
fn flat_broken_and_huge_values_have_a_finite_flow() {
    let flat = Array2::from_elem((64, 64), 0.5);
    let brighter = Array2::from_elem((64, 64), 0.7);
    assert!(
        Flow::of_planes(flat.view(), brighter.view(), 1).unwrap().vectors.iter().all(|v| *v == 0.0),
        "nothing to follow"
    );
    let broken = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -5.0, 1e-42, 60_000.0, 0.5];
    let odd = |step: usize| Array2::from_shape_fn((50, 70), |(y, x)| broken[(x * step / 3 + y / 5) % 8]);
    for (from, to) in [(odd(1), odd(2)), (Array2::from_elem((50, 70), 0.5), odd(1))] {
        let flow = Flow::of_planes(from.view(), to.view(), 1).unwrap();
        assert!(flow.vectors.iter().all(|v| v.is_finite()));
        assert!(flow.consistency(&flow, 1).unwrap().iter().all(|v| (0.0..=1.0).contains(v)));
    }
}

#[test]
fn sizes_that_differ_and_empty_planes_are_refused() {
    let pyramid = |h, w| FlowPyramid::new(Array2::zeros((h, w)).view(), 1);
    assert!(matches!(Flow::between(&pyramid(8, 9).unwrap(), &pyramid(9, 8).unwrap(), 1), Err(Error::Shape { .. })));
    assert!(matches!(pyramid(0, 5), Err(Error::Parameter { .. })));
    assert!(matches!(pyramid(5, 0), Err(Error::Parameter { .. })));
    let flow = Flow::of_planes(Array2::zeros((8, 9)).view(), Array2::zeros((8, 9)).view(), 1).unwrap();
    assert!(flow.warp(noise(1, 9, 8).view(), 1).is_err());
    let other = Flow::from_vectors(noise(2, 4, 4)).unwrap();
    assert!(flow.consistency(&other, 1).is_err());
    assert!(Flow::from_vectors(noise(3, 4, 4)).is_err());
}

#[test]
fn a_warp_samples_between_pixels_and_holds_the_border() {
    let ramp = Array3::from_shape_fn((2, 5, 8), |(c, y, x)| c as f32 * 100.0 + 10.0 * y as f32 + x as f32);
    let mut vectors = Array3::zeros((2, 5, 8));
    vectors.index_axis_mut(Axis(0), 0).fill(1.25);
    vectors.index_axis_mut(Axis(0), 1).fill(-0.5);
    let warped = Flow::from_vectors(vectors).unwrap().warp(ramp.view(), 1).unwrap();
    assert_eq!(warped[[0, 2, 3]], 15.0 + 4.25);
    assert_eq!(warped[[1, 2, 3]], 115.0 + 4.25);
    assert_eq!(warped[[0, 0, 7]], 7.0);
}

#[test]
fn a_resized_flow_has_vectors_of_the_new_pixels() {
    let mut vectors = Array3::zeros((2, 6, 8));
    vectors.index_axis_mut(Axis(0), 0).fill(1.0);
    vectors.index_axis_mut(Axis(0), 1).fill(-2.0);
    let large = Flow::from_vectors(vectors).unwrap().resized(Size::new(16, 18), 1).unwrap();
    assert!(large.vectors().index_axis(Axis(0), 0).iter().all(|v| (v - 2.0).abs() < 1e-6));
    assert!(large.vectors().index_axis(Axis(0), 1).iter().all(|v| (v + 6.0).abs() < 1e-6));
}

proptest! {
    #![proptest_config(crate::fixture::cases(32))]

    #[test]
    fn any_size_has_the_same_bits_on_any_number_of_threads((w, h) in (1usize..200, 1usize..140), shift in -6.0f32..6.0) {
        let size = Size::new(w, h);
        let [from, to] = [0.0, shift].map(|shift| plane(size, |x, y| texture(x - shift, y + 0.5 * shift)));
        let on = |threads| {
            let [from, to] = [&from, &to].map(|plane| FlowPyramid::new(plane.view(), threads).unwrap());
            let (there, back) = (Flow::between(&from, &to, threads).unwrap(), Flow::between(&to, &from, threads).unwrap());
            let trust = there.consistency(&back, threads).unwrap();
            let larger = there.resized(Size::new(2 * w + 1, 3 * h), threads).unwrap();
            let warped = there.warp(noise(2, h, w).view(), threads).unwrap();
            let motion = Motion::there_and_back(&from, &to, threads).unwrap();
            (there, trust, larger, warped, motion)
        };
        let one = on(1);
        prop_assert!(one.0.vectors.iter().all(|v| v.is_finite()));
        prop_assert_eq!(one.0.size(), size);
        for threads in [2, 3, 7] {
            prop_assert!(on(threads) == one, "{} threads", threads);
        }
    }

    #[test]
    fn lines_of_one_pixel_are_followed_along_themselves(n in 40usize..120, shift in -3.0f32..3.0) {
        for (w, h) in [(n, 1), (1, n)] {
            let along = |x: f32, y: f32| texture(x + y, 0.0);
            let from = plane(Size::new(w, h), along);
            let to = plane(Size::new(w, h), |x, y| if w > 1 { along(x - shift, y) } else { along(x, y - shift) });
            let flow = Flow::of_planes(from.view(), to.view(), 1).unwrap();
            prop_assert!(flow.vectors.iter().all(|v| v.is_finite()));
            let along = flow.vectors.index_axis(Axis(0), usize::from(w == 1));
            let mut along: Vec<f32> = along.iter().copied().collect();
            along.sort_by(f32::total_cmp);
            prop_assert!((along[n / 2] - shift).abs() < 0.1, "{} instead of {shift}", along[n / 2]);
        }
    }
}
