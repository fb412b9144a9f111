use std::time::Instant;

use imaging::Window;
use kurbo::{Affine, Point, Vec2};
use ndarray::Array2;
use proptest::prelude::*;

use super::*;
use crate::distance::matte_iou;
use crate::{BezierShape, FillRule, Style, Vertex, View, coverage};

const SIZE: (usize, usize) = (160, 120);

fn drawn(shapes: &[BezierShape], (width, height): (usize, usize)) -> Array2<f32> {
    let window = Window::new(0, 0, width as i64, height as i64);
    let view = View { window, to_output: Affine::IDENTITY, threads: 1 };
    coverage(shapes, &Style { fill: FillRule::EvenOdd, ..Style::default() }, &view).expect("shapes that can be drawn")
}

fn polygon(points: impl IntoIterator<Item = Point>) -> BezierShape {
    BezierShape::new(points.into_iter().map(Vertex::corner).collect(), true).expect("a polygon")
}

/// So many places that no corner is left.
fn disc(center: impl Into<Point>, radius: f64) -> BezierShape {
    let center = center.into();
    let at = |k: i32| center + Vec2::from_angle(f64::from(k) / 200.0 * std::f64::consts::TAU) * radius;
    polygon((0..200).map(at))
}

fn star(center: Point, turn: f64) -> BezierShape {
    let at = |k: i32| {
        let radius = if k % 2 == 0 { 45.0 } else { 20.0 };
        center + Vec2::from_angle(turn + f64::from(k) * std::f64::consts::PI / 5.0) * radius
    };
    polygon((0..10).map(at))
}

fn traced(frames: &[Array2<f32>], tolerance_px: f64) -> Traced {
    let options = TraceOptions { tolerance_px, ..TraceOptions::default() };
    let mut tracer = Tracer::new(1, options).expect("options in range");
    frames.iter().for_each(|matte| tracer.add(matte.view()).expect("mattes of one size"));
    tracer.finish().expect("shapes")
}

/// Traces mattes, and holds what is drawn from the shapes to them.
fn redrawn(mattes: &[Array2<f32>], tolerance_px: f64, least_iou: f64) -> Traced {
    let traced = traced(mattes, tolerance_px);
    let mut worst = 1.0_f64;
    for (frame, matte) in (1_i32..).zip(mattes) {
        let shapes: Vec<_> = traced.shot.shapes_at(frame.into()).map(|(_, shape)| shape).collect();
        worst =
            worst.min(matte_iou(drawn(&shapes, (matte.ncols(), matte.nrows())).view(), matte.view()).expect("sizes"));
    }
    let vertices: Vec<_> = traced.shot.shapes().iter().map(|shape| shape.track.vertex_count()).collect();
    println!("IoU {worst:.4}, farthest {:.3} px, vertices {vertices:?}", traced.farthest_px);
    assert!(worst > least_iou && traced.farthest_px <= tolerance_px, "{worst} {}", traced.farthest_px);
    traced
}

fn names(traced: &Traced) -> Vec<&str> {
    traced.shot.shapes().iter().map(|shape| shape.name.as_str()).collect()
}

#[test]
fn a_disc_that_moves_and_grows_has_few_vertices_that_do_not_run() {
    let center = |frame: i32| Point::new(50.0 + 3.3 * f64::from(frame), 60.0 - 0.7 * f64::from(frame));
    let radius = |frame: i32| 30.0 + 0.5 * f64::from(frame);
    let mattes: Vec<_> = (0..15).map(|frame| drawn(&[disc(center(frame), radius(frame))], SIZE)).collect();
    let traced = redrawn(&mattes, 0.5, 0.997);
    let track = &traced.shot.shapes()[0].track;
    assert_eq!((names(&traced), track.keys().len()), (vec!["area_1"], 15));
    assert!(track.vertex_count() <= 6, "{}", track.vertex_count());
    let angles = |frame: i32| {
        let shape = track.at(f64::from(frame + 1));
        shape.vertices().iter().map(|vertex| (vertex.anchor - center(frame)).atan2()).collect::<Vec<_>>()
    };
    for frame in 1..15 {
        for (now, first) in angles(frame).iter().zip(angles(0)) {
            let slid = (now - first).sin().abs() * radius(frame);
            assert!(slid < 1.5, "frame {frame}: {slid} px");
        }
    }
}

#[test]
fn the_vertices_of_a_turning_star_are_its_corners_and_turn_with_it() {
    let (center, turn) = (Point::new(78.0, 61.0), |frame: i32| 0.1 + 0.06 * f64::from(frame));
    let stars: Vec<_> = (0..20).map(|frame| star(center, turn(frame))).collect();
    let mattes: Vec<_> = stars.iter().map(|star| drawn(std::slice::from_ref(star), SIZE)).collect();
    let traced = redrawn(&mattes, 0.5, 0.985);
    let track = &traced.shot.shapes()[0].track;
    assert_eq!(track.vertex_count(), 10);
    // Which corner of the star the first frame's vertices are on, they are on in every frame.
    let corner = |frame: usize, at: Point| {
        let off = |k: &usize| stars[frame].vertices()[*k].anchor.distance(at);
        let nearest = (0..10).min_by(|a, b| off(a).total_cmp(&off(b))).expect("ten corners");
        assert!(off(&nearest) < 1.0, "frame {frame}: {}", off(&nearest));
        nearest
    };
    let corners = |frame: usize| {
        let shape = track.at(frame as f64 + 1.0);
        shape.vertices().iter().map(|vertex| corner(frame, vertex.anchor)).collect::<Vec<_>>()
    };
    assert!((1..20).all(|frame| corners(frame) == corners(0)));
}

/// A body with teeth below it, at other places for each `kind`.
fn comb(kind: usize) -> BezierShape {
    let teeth = 4 + 8 * (kind % 3);
    let apart = 120.0 / teeth as f64;
    let tooth = |k: usize| {
        let (left, right) = (20.0 + apart * (k as f64 + 0.25), 20.0 + apart * (k as f64 + 0.75));
        [(left, 60.0), (left, 105.0), (right, 105.0), (right, 60.0)]
    };
    let below = (0..teeth).flat_map(tooth);
    let above = [(140.0, 60.0), (140.0, 15.0), (20.0, 15.0), (20.0, 60.0)];
    polygon(below.chain(above).map(Point::from))
}

#[test]
fn an_outline_that_no_vertices_follow_is_cut_and_does_not_run_wild() {
    let mattes: Vec<_> = (0..12).map(|frame| drawn(&[comb(frame / 4)], SIZE)).collect();
    let traced = redrawn(&mattes, 0.75, 0.965);
    assert!(traced.shot.shapes().len() >= 3, "a comb of its own for each kind: {:?}", names(&traced));
    for frame in 1..=12 {
        assert_eq!(traced.shot.shapes_at(frame.into()).count(), 1, "frame {frame}");
    }
}

#[test]
fn an_ellipse_that_turns_takes_its_vertices_along() {
    let turn = |frame: i32| 0.08 * f64::from(frame);
    let center = Point::new(80.0, 60.0);
    let shape = |frame: i32| {
        let by =
            Affine::translate(center.to_vec2()) * Affine::rotate(turn(frame)) * Affine::scale_non_uniform(1.0, 0.5);
        disc(Point::ORIGIN, 50.0).transformed(by).expect("finite")
    };
    let mattes: Vec<_> = (0..15).map(|frame| drawn(&[shape(frame)], SIZE)).collect();
    let traced = redrawn(&mattes, 0.5, 0.985);
    let track = &traced.shot.shapes()[0].track;
    let first = track.at(1.0);
    for frame in 1..15 {
        let by = Affine::rotate_about(turn(frame), center);
        for (now, then) in track.at(f64::from(frame + 1)).vertices().iter().zip(first.vertices()) {
            let slid = now.anchor.distance(by * then.anchor);
            assert!(slid < 3.0, "frame {frame}: {slid} px");
        }
    }
}

#[test]
fn where_two_areas_merge_their_tracks_end_and_another_begins() {
    let pair = |frame: i32| [disc((45.0 + 2.0 * f64::from(frame), 60.0), 20.0), disc((111.0, 58.0), 22.0)];
    let union = |frame: i32| {
        let [one, other] = pair(frame).map(|disc| drawn(&[disc], SIZE));
        let mut both = one;
        both.zip_mut_with(&other, |a, b| *a = a.max(*b));
        both
    };
    let mattes: Vec<_> = (0..20).map(union).collect();
    let traced = redrawn(&mattes, 0.75, 0.985);
    assert_eq!(names(&traced), ["area_1", "area_2", "area_3"]);
    let begun =
        1 + (0..20).position(|frame| traced.shot.shapes_at(f64::from(frame + 1)).count() == 1).expect("they meet");
    for (shape, shown) in traced.shot.shapes().iter().zip([1..begun, 1..begun, begun..21]) {
        let hidden: Vec<i64> = (1..21).filter(|frame| !shown.contains(frame)).map(|frame| frame as i64).collect();
        assert!(shape.hidden.iter().copied().eq(hidden), "{}", shape.name);
    }
}

#[test]
fn a_ring_is_an_area_and_a_hole_and_crumbs_are_dropped() {
    let frame = |k: i32| {
        let by = f64::from(k);
        let crumbs = [disc((140.0, 100.0), 2.0), disc((70.0 + by, 20.0), 1.5)];
        let ring = [disc((60.0 + by, 60.0), 45.0), disc((55.0 + by, 62.0), 25.0 - 0.5 * by)];
        (drawn(&ring, SIZE), drawn(&[ring.as_slice(), &crumbs].concat(), SIZE))
    };
    let clean: Vec<_> = (0..8).map(|k| frame(k).0).collect();
    let traced = redrawn(&clean, 0.5, 0.997);
    assert_eq!(
        (names(&traced), traced.holes.clone()),
        (vec!["area_1", "hole_1"], BTreeSet::from(["hole_1".to_owned()]))
    );
    let crumbly: Vec<_> = (0..8).map(|k| frame(k).1).collect();
    assert_eq!(names(&self::traced(&crumbly, 0.5)), ["area_1", "hole_1"]);
}

#[test]
fn an_area_comes_before_its_hole_and_that_before_the_island_in_it() {
    // The island is seen before the area that it lies in.
    let frame = |k: i32| {
        let island = disc((60.0, 60.0), 16.0 + 0.2 * f64::from(k));
        let around = [disc((60.0, 60.0), 50.0), disc((58.0, 61.0), 34.0)];
        if k < 3 { drawn(&[island], SIZE) } else { drawn(&[around[0].clone(), around[1].clone(), island], SIZE) }
    };
    let traced = redrawn(&(0..8).map(frame).collect::<Vec<_>>(), 0.75, 0.985);
    assert_eq!(names(&traced), ["area_2", "hole_1", "area_1"]);
}

#[test]
fn a_matte_without_antialiasing_is_traced_without_its_steps() {
    let hard = |frame: i32| {
        drawn(&[disc((70.0 + 1.3 * f64::from(frame), 60.0), 40.0)], SIZE).mapv(|v| if v >= 0.5 { 1.0 } else { 0.0 })
    };
    let mattes: Vec<_> = (0..6).map(hard).collect();
    let traced = redrawn(&mattes, 1.0, 0.985);
    assert!(traced.shot.shapes()[0].track.vertex_count() <= 10);
}

#[test]
fn what_leaves_the_picture_and_comes_back_is_hidden_between() {
    let mattes: Vec<_> = [true, true, false, true]
        .map(|there| match there {
            true => drawn(&[disc((0.0, 60.0), 30.0)], SIZE),
            false => Array2::zeros((SIZE.1, SIZE.0)),
        })
        .into();
    let traced = redrawn(&mattes, 0.75, 0.97);
    assert!(traced.shot.shapes()[0].hidden.iter().eq(&[3, 4]) && traced.shot.shapes()[1].hidden.iter().eq(&[1, 2, 3]));
}

#[test]
fn large_frames_are_traced_as_near_as_small_ones() {
    let size = (2048, 1152);
    let frame = |k: i32| {
        let by = Affine::translate((f64::from(k) * 4.0, 0.0)) * Affine::scale(9.0);
        drawn(&[star(Point::new(80.0, 60.0), 0.2).transformed(by).expect("finite"), disc((1500.0, 500.0), 300.0)], size)
    };
    let mattes: Vec<_> = (0..4).map(frame).collect();
    let start = Instant::now();
    let traced = redrawn(&mattes, 0.75, 0.99);
    println!("{:?} for 4 frames of 2048×1152", start.elapsed());
    assert_eq!(traced.shot.shapes().len(), 2);
}

#[test]
fn options_and_mattes_out_of_range_are_refused() {
    for options in [
        TraceOptions { tolerance_px: 0.0, ..TraceOptions::default() },
        TraceOptions { level: f32::NAN, ..TraceOptions::default() },
        TraceOptions { least_area_px: -1.0, ..TraceOptions::default() },
        TraceOptions { corner_deg: 200.0, ..TraceOptions::default() },
    ] {
        assert!(Tracer::new(1, options).is_err());
    }
    let mut tracer = Tracer::new(i64::MAX, TraceOptions::default()).expect("options in range");
    tracer.add(Array2::zeros((3, 4)).view()).expect("the first frame");
    let message = tracer.add(Array2::zeros((4, 3)).view()).expect_err("another size").to_string();
    assert!(message.contains("expected 4×3 pixels, found 3×4"), "{message}");
    assert!(Tracer::new(1, TraceOptions::default()).expect("in range").finish().is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_mattes_become_shapes(
        (width, height) in (1_usize..16, 1_usize..16),
        values in prop::collection::vec(prop_oneof![4 => 0.0_f32..1.0, 1 => any::<f32>()], 16 * 16 * 3),
        tolerance_px in 0.1..3.0,
    ) {
        let options = TraceOptions { tolerance_px, least_area_px: 2.0, ..TraceOptions::default() };
        let mut tracer = Tracer::new(-1, options).expect("options in range");
        for frame in values.chunks(16 * 16) {
            tracer.add(Array2::from_shape_fn((height, width), |(y, x)| frame[y * 16 + x]).view()).expect("one size");
        }
        let traced = tracer.finish().expect("shapes");
        for (_, shape) in (-1..=1).flat_map(|frame| traced.shot.shapes_at(f64::from(frame))) {
            let bounds = shape.to_path().control_box();
            prop_assert!(bounds.x0 > -60.0 && bounds.y1 < 84.0, "{bounds:?}");
        }
    }
}
