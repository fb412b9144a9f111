use kurbo::{Affine, Point, Vec2};
use proptest::prelude::*;

use super::*;
use crate::Vertex;

fn leaf() -> BezierShape {
    let vertex = |x: f64, y: f64, ix: f64, oy: f64| Vertex {
        anchor: Point::new(x, y),
        incoming: Vec2::new(ix, 0.5),
        outgoing: Vec2::new(1.0, oy),
    };
    let vertices = vec![vertex(0.0, 0.0, -1.0, 2.0), vertex(4.0, 1.0, 2.0, -1.0), vertex(2.0, 5.0, 1.0, -3.0)];
    BezierShape::new(vertices, true).expect("a leaf")
}

fn key(time: f64, kind: KeyKind, by: Affine) -> ShapeKey {
    ShapeKey { time, kind, shape: leaf().transformed(by).expect("finite") }
}

/// Keys on every frame from 0 on, the leaf moved to each place.
fn dense(places: impl Iterator<Item = (f64, f64)>) -> ShapeTrack {
    let keys = places.enumerate().map(|(k, at)| key(k as f64, KeyKind::Predicted, Affine::translate(at)));
    ShapeTrack::new(keys.collect()).expect("a track")
}

fn reduced(track: &ShapeTrack, last: i64, tolerance: f64) -> ShapeTrack {
    reduce_keys(&ShotShape::new("leaf", track.clone()), 0..=last, tolerance).expect("in range")
}

fn times(track: &ShapeTrack) -> Vec<f64> {
    track.keys().iter().map(|key| key.time).collect()
}

fn error(a: &ShapeTrack, b: &ShapeTrack, frame: i64) -> f64 {
    let (a, b) = (control_points(&a.at(frame as f64)), control_points(&b.at(frame as f64)));
    a.iter().zip(&b).map(|(a, b)| (*a - *b).hypot()).fold(0.0, f64::max)
}

#[test]
fn motion_in_straight_pieces_comes_back_with_exactly_its_corners() {
    let corners = [(0.0, 0.0), (7.0, 30.0), (19.0, -4.0), (20.0, 9.0), (40.0, 9.5)];
    let sparse: Vec<_> =
        corners.iter().map(|&(time, x)| key(time, KeyKind::Predicted, Affine::translate((x, 0.3 * x)))).collect();
    let sparse = ShapeTrack::new(sparse).expect("a track");
    let every: Vec<_> = (0..=40)
        .map(|frame| ShapeKey { time: f64::from(frame), kind: KeyKind::Predicted, shape: sparse.at(f64::from(frame)) })
        .collect();
    let every = ShapeTrack::new(every).expect("a track");
    for tolerance in [1e-9, 0.01] {
        assert_eq!(times(&reduced(&every, 40, tolerance)), [0.0, 7.0, 19.0, 20.0, 40.0]);
    }
}

#[test]
fn a_shape_that_rests_needs_one_key_and_rests_at_the_ends_need_none() {
    assert_eq!(reduced(&dense((0..50).map(|_| (3.0, 4.0))), 49, 0.0).keys().len(), 1);
    let ramp = dense((0..50).map(|k| (f64::from((k - 20).clamp(0, 10)), 0.0)));
    assert_eq!(times(&reduced(&ramp, 49, 1e-6)), [20.0, 30.0]);
}

#[test]
fn of_all_sets_of_keys_none_that_is_smaller_would_do() {
    let heights = [0.0, 0.9, 1.8, 0.2, -1.4, -3.0, -4.6];
    let track = dense(heights.into_iter().map(|y| (0.0, y)));
    let found = reduced(&track, 6, 0.3);
    let fewest = (1_u32..128)
        .filter_map(|set| {
            let keys: Vec<_> = (0..7).filter(|k| set >> k & 1 == 1).map(|k| track.keys()[k as usize].clone()).collect();
            let kept = ShapeTrack::new(keys).expect("some");
            (0..7).all(|frame| error(&track, &kept, frame) <= 0.3).then_some(set.count_ones())
        })
        .min();
    assert_eq!(Some(found.keys().len() as u32), fewest);
}

#[test]
fn hand_keys_stay_where_and_as_they_are() {
    let mut track = dense((0..=30).map(|k| (f64::from(k), 0.0)));
    let hand = [key(4.5, KeyKind::Hand, Affine::translate((4.5, 0.0))), key(12.0, KeyKind::Hand, Affine::scale(2.0))];
    for key in &hand {
        track.insert(key.clone()).expect("it fits");
    }
    let mut shape = ShotShape::new("leaf", track.clone());
    shape.hidden.extend(11..=13);
    let found = reduce_keys(&shape, 0..=30, 1e-9).expect("in range");
    assert!(hand.iter().all(|key| found.keys().contains(key)));
    assert_eq!(times(&found), [0.0, 4.5, 10.0, 12.0, 14.0, 30.0]);
}

#[test]
fn what_is_hidden_is_free_and_what_is_seen_on_either_side_is_not() {
    let wild = dense((0..=30).map(|k| if (10..=20).contains(&k) { (1e4 * f64::from(k % 3), 0.0) } else { (0.0, 0.0) }));
    let mut shape = ShotShape::new("leaf", wild.clone());
    shape.hidden.extend(10..=20);
    let found = reduce_keys(&shape, 0..=30, 0.1).expect("in range");
    assert!(found.keys().len() <= 4, "{:?}", times(&found));
    for frame in (0..=9).chain(21..=30) {
        assert!(error(&wild, &found, frame) <= 0.1);
    }
    shape.hidden.extend(0..=30);
    assert_eq!(reduce_keys(&shape, 0..=30, 0.1).expect("in range").keys().len(), 1);
}

#[test]
fn of_a_thousand_frames_those_are_kept_that_the_motion_needs() {
    let wave = |k: i32| {
        let t = f64::from(k);
        (40.0 * (0.07 * t).sin() + 3.0 * (0.5 * t).cos(), 25.0 * (0.031 * t).cos())
    };
    let track = dense((0..1000).map(wave));
    let found = reduced(&track, 999, 0.5);
    assert!(found.keys().len() < 400, "{}", found.keys().len());
    assert_eq!(reduced(&dense((0..1000).map(|_| (0.0, 0.0))), 999, 0.5).keys().len(), 1);
    let drift = dense((0..1000).map(|k| (0.1 * f64::from(k), if k == 500 { 3.0 } else { 0.0 })));
    assert_eq!(times(&reduced(&drift, 999, 0.5)), [0.0, 499.0, 500.0, 501.0, 999.0]);
}

#[test]
fn rest_and_straight_motion_of_any_length_need_one_key_and_two() {
    const LAST: i32 = 5_999;
    let rest = dense((0..=LAST).map(|_| (3.0, 4.0)));
    assert_eq!(reduced(&rest, LAST.into(), 0.5).keys().len(), 1);
    let straight = dense((0..=LAST).map(|k| (0.25 * f64::from(k), -0.5 * f64::from(k))));
    assert_eq!(times(&reduced(&straight, LAST.into(), 0.01)), [0.0, f64::from(LAST)]);
}

#[test]
fn ways_that_are_too_dear_to_measure_are_passed_over() {
    let bent = dense([0.0, 0.9, 0.0].into_iter().map(|y| (0.0, y)));
    let run = Run::new(&bent, &(0..=2), &[], (true, true));
    for (mut budget, allowed) in [(1, true), (0, false)] {
        assert_eq!(run.stays_within(0, 2, 1.0, &mut budget), allowed);
    }
}

#[test]
fn what_is_out_of_range_is_refused() {
    let shape = ShotShape::new("leaf", ShapeTrack::still(leaf()));
    assert_eq!(reduce_keys(&shape, RangeInclusive::new(3, 2), 0.5), Err(Error::FrameRange { first: 3, last: 2 }));
    assert!(matches!(reduce_keys(&shape, 0..=3, f64::NAN), Err(Error::Parameter { .. })));
    let long = reduce_keys(&shape, 1..=10_001, 0.5).expect_err("a frame too many");
    assert!(long.to_string().contains("10001"), "{long}");
    assert!(reduce_keys(&shape, 1..=10_000, 0.5).is_ok());
    assert!(matches!(reduce_keys(&shape, i64::MIN..=i64::MAX, 0.5), Err(Error::Parameter { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_present_frame_is_off_by_more_than_the_tolerance_and_no_hand_key_is_lost(
        steps in prop::collection::vec((-3.0..3.0, -3.0..3.0), 1..60),
        tolerance in 0.0..6.0,
        hidden in prop::collection::btree_set(0_i64..60, 0..8),
        hand in prop::collection::btree_set(0_usize..60, 0..5),
    ) {
        let mut at = (0.0, 0.0);
        let mut track = dense(steps.iter().map(|step| { at = (at.0 + step.0, at.1 + step.1); at }));
        let last = steps.len() as i64 - 1;
        for k in hand.into_iter().filter(|&k| k < steps.len()) {
            let key = ShapeKey { kind: KeyKind::Hand, ..track.keys()[k].clone() };
            track.insert(key).expect("it fits");
        }
        let shape = ShotShape { hidden, ..ShotShape::new("leaf", track.clone()) };
        let found = reduce_keys(&shape, 0..=last, tolerance).expect("in range");
        for frame in (0..=last).filter(|&frame| shape.is_present(frame as f64)) {
            prop_assert!(error(&track, &found, frame) <= tolerance + 1e-9);
        }
        for key in track.keys().iter().filter(|key| key.kind == KeyKind::Hand) {
            prop_assert!(found.keys().contains(key));
        }
    }
}
