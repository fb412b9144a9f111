use kurbo::Affine;
use ndarray::Array2;
use proptest::prelude::*;

use super::*;

/// Numbers from a normal distribution, the same on every run.
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 33) as f64 + 0.5) / (1_u64 << 31) as f64
    }

    fn vector(&mut self, deviation: f64) -> Vec2 {
        let (radius, angle) = ((-2.0 * self.uniform().ln()).sqrt(), std::f64::consts::TAU * self.uniform());
        Vec2::from_angle(angle) * radius * deviation
    }
}

fn seen(position: Point) -> Landmark {
    Landmark { confidence: 0.9, ..Landmark::visible(position) }
}

fn frame(landmarks: impl IntoIterator<Item = Landmark>) -> LandmarkSet {
    LandmarkSet::new(landmarks.into_iter().collect()).expect("landmarks in range")
}

/// Frames of landmarks at their true places with noise on them.
fn noisy(truth: &[Vec<Point>], deviation: f64) -> Vec<LandmarkSet> {
    let mut noise = Noise(7);
    truth.iter().map(|places| frame(places.iter().map(|&at| seen(at + noise.vector(deviation))))).collect()
}

/// The root mean square of the second difference of the error of a landmark.
fn jitter(frames: &[LandmarkSet], truth: &[Vec<Point>], landmark: usize) -> f64 {
    let miss: Vec<Vec2> =
        frames.iter().zip(truth).map(|(seen, truth)| seen[landmark].position - truth[landmark]).collect();
    let squares: Vec<f64> = miss.windows(3).map(|m| (m[0] - 2.0 * m[1] + m[2]).hypot2()).collect();
    (squares.iter().sum::<f64>() / squares.len() as f64).sqrt()
}

/// Motion that is the same all over a frame, known up to an error.
fn drifting(truth: &[Vec<Point>], error: f64) -> impl Carry + '_ {
    move |from: usize, to: usize, at: Point| {
        let wrong = Vec2::new((from * 7 + to * 3) as f64, (from * 5 + to * 11) as f64);
        let wrong = Vec2::new(wrong.x.sin(), wrong.y.cos()) * error;
        Some(Carried { position: at + (truth[to][0] - truth[from][0]) + wrong, trust: 0.9 })
    }
}

fn still(_: usize, _: usize, at: Point) -> Option<Carried> {
    Some(Carried { position: at, trust: 1.0 })
}

#[test]
fn jitter_falls_by_six_on_points_that_rest_and_on_points_that_move() {
    let resting: Vec<Vec<Point>> = (0..120).map(|_| vec![Point::new(50.0, 40.0), Point::new(80.0, 41.0)]).collect();
    let moving: Vec<Vec<Point>> = (0..120)
        .map(|k| {
            let t = f64::from(k);
            let at = Point::new(50.0 + 4.0 * t, 40.0 + 20.0 * (0.3 * t).sin());
            vec![at, at + Vec2::new(30.0, 1.0)]
        })
        .collect();
    for truth in [resting, moving] {
        let frames = noisy(&truth, 0.6);
        let fused = Dejitter::default().fuse(&frames, &drifting(&truth, 0.1)).expect("in range");
        for landmark in 0..2 {
            let (raw, left) = (jitter(&frames, &truth, landmark), jitter(&fused, &truth, landmark));
            assert!(left * 6.0 < raw, "{raw} {left}");
        }
    }
}

#[test]
fn a_blink_of_one_frame_keeps_nine_tenths_though_the_flow_misses_it() {
    // The lid's two points drop for one frame; the corners rest. The flow says that nothing moved.
    let drop = 6.0;
    let at = |k: i32| {
        let lid = if k == 30 { drop } else { 0.0 };
        vec![Point::new(10.0, 20.0), Point::new(16.0, 15.0 + lid), Point::new(22.0, 15.0 + lid), Point::new(28.0, 20.0)]
    };
    let truth: Vec<Vec<Point>> = (0..60).map(at).collect();
    let frames = noisy(&truth, 0.5);
    let fused = Dejitter::default().fuse(&frames, &still).expect("in range");
    for lid in [1, 2] {
        let amplitude = |frames: &[LandmarkSet]| {
            let open: f64 = (20..30).chain(31..41).map(|k: usize| frames[k][lid].position.y).sum::<f64>() / 20.0;
            frames[30][lid].position.y - open
        };
        assert!(amplitude(&fused) > 0.9 * amplitude(&frames) && amplitude(&fused) > 0.8 * drop);
        // The frames beside it are not pulled down.
        assert!((29..=31).step_by(2).all(|k| (fused[k][lid].position.y - 15.0).abs() < 1.2));
    }
    assert!(jitter(&fused, &truth, 0) * 5.0 < jitter(&frames, &truth, 0));
}

#[test]
fn faces_replaced_on_twos_are_not_smeared_even_where_a_point_hardly_moves() {
    // Every second frame the face is another one: most points jump far, one by less than its gate.
    let pose = |k: i32| {
        let jump = f64::from((k / 2) * 7 % 5);
        vec![
            Point::new(10.0 + 9.0 * jump, 20.0),
            Point::new(30.0, 20.0 + 11.0 * jump),
            Point::new(50.0 - 10.0 * jump, 9.0),
            Point::new(70.0 + 0.6 * jump, 20.0),
        ]
    };
    let truth: Vec<Vec<Point>> = (0..80).map(pose).collect();
    let frames = noisy(&truth, 0.3);
    let fused = Dejitter::default().fuse(&frames, &still).expect("in range");
    for landmark in 0..4 {
        let miss = |frames: &[LandmarkSet]| {
            let squares = frames.iter().zip(&truth).map(|(s, t)| (s[landmark].position - t[landmark]).hypot2());
            (squares.sum::<f64>() / 80.0).sqrt()
        };
        assert!(miss(&fused) < miss(&frames), "{landmark}: {} {}", miss(&fused), miss(&frames));
    }
}

#[test]
fn without_other_frames_nothing_changes() {
    let truth: Vec<Vec<Point>> = (0..9).map(|k| vec![Point::new(f64::from(k), 3.0)]).collect();
    let frames = noisy(&truth, 0.5);
    let nowhere = |_: usize, _: usize, _: Point| None;
    assert_eq!(Dejitter::default().fuse(&frames, &nowhere), Ok(frames.clone()));
    assert_eq!(Dejitter::default().fuse(&frames[..1], &still), Ok(frames[..1].to_vec()));
    assert_eq!(Dejitter { reach_frames: 0, noise_px: None }.fuse(&frames, &still), Ok(frames));
    assert_eq!(Dejitter::default().fuse(&[], &still), Ok(vec![]));
}

#[test]
fn an_absent_landmark_says_nothing_and_is_left_alone() {
    let mut frames: Vec<_> = (0..9).map(|_| frame([seen(Point::new(5.0, 5.0))])).collect();
    frames[4][0] = Landmark::MISSING;
    let fused = Dejitter::default().fuse(&frames, &still).expect("in range");
    assert_eq!(fused, frames);
}

#[test]
fn an_unsure_landmark_leans_on_its_surer_neighbors() {
    let mut frames: Vec<_> = (0..9).map(|_| frame([seen(Point::new(5.0, 5.0))])).collect();
    frames[4][0] = Landmark { confidence: 0.1, ..seen(Point::new(6.5, 5.0)) };
    let dejitter = Dejitter { reach_frames: 3, noise_px: Some(0.2) };
    let fused = dejitter.fuse(&frames, &still).expect("in range");
    assert!((fused[4][0].position.x - 5.0).abs() < 0.1, "{:?}", fused[4][0]);
}

#[test]
fn what_is_out_of_range_is_refused() {
    let mut frames = vec![frame([seen(Point::ORIGIN)]), frame([])];
    let fuse = |reach_frames, noise_px| Dejitter { reach_frames, noise_px }.fuse(&frames, &still);
    assert_eq!(fuse(2, None), Err(Error::LandmarkCount { frame: 1, expected: 1, found: 0 }));
    assert!(matches!(fuse(17, None), Err(Error::Parameter { .. })));
    assert!(matches!(fuse(2, Some(-1.0)), Err(Error::Parameter { .. })));
    assert!(AlongFlow::new(vec![], Affine::scale(0.0)).is_err());
    frames[1] = frame([Landmark { confidence: 0.0, ..seen(Point::ORIGIN) }]);
    frames[1][0].position.x = f64::NAN;
    assert!(matches!(Dejitter::default().fuse(&frames, &still), Err(Error::NotFinite { .. })));
}

#[test]
fn real_flow_carries_a_point_over_frames_forth_and_back() {
    // A pattern that moves by (2, 1) pixels a frame, seen in a crop at half of the plate's scale.
    let wave = |x: f32, y: f32| 0.5 + 0.2 * (0.3 * x).sin() + 0.2 * (0.2 * x + 0.35 * y).cos() + 0.1 * (0.41 * y).sin();
    let planes: Vec<Array2<f32>> = (0..4)
        .map(|k| Array2::from_shape_fn((64, 80), |(y, x)| wave(x as f32 - 2.0 * k as f32, y as f32 - k as f32)))
        .collect();
    let views: Vec<_> = planes.iter().map(|plane| plane.view()).collect();
    let to_flow = Affine::scale(0.5) * Affine::translate((-100.0, -40.0));
    let flow = AlongFlow::of_planes(&views, to_flow, 1).expect("planes of one size");
    let start = Point::new(100.0 + 2.0 * 40.0, 40.0 + 2.0 * 30.0);
    for (from, to) in [(0, 3), (3, 0), (1, 2)] {
        let steps = to as f64 - from as f64;
        let carried = flow.carry(from, to, start).expect("within the picture");
        let miss = carried.position - (start + Vec2::new(4.0, 2.0) * steps);
        assert!(miss.hypot() < 0.4 * steps.abs() && carried.trust > 0.5, "{miss:?} {}", carried.trust);
    }
    assert_eq!(flow.carry(2, 2, start).map(|carried| carried.trust), Some(1.0));
    assert_eq!(flow.carry(0, 1, Point::new(-5.0, 0.0)), None);
    assert_eq!(flow.carry(0, 9, start), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_place_leaves_the_range_of_its_opinions(
        places in prop::collection::vec((-1e6..1e6, -1e6..1e6, 0.0..=1.0, any::<bool>()), 1..12),
        noise in prop::option::of(0.0..1e7),
    ) {
        let frames: Vec<_> = places
            .iter()
            .map(|&(x, y, confidence, present)| {
                let presence = if present { Presence::Visible } else { Presence::Missing };
                frame([Landmark { position: Point::new(x, y), confidence, presence }])
            })
            .collect();
        let fused = Dejitter { reach_frames: 5, noise_px: noise }.fuse(&frames, &still).expect("in range");
        for (fused, own) in fused.iter().zip(&frames).map(|(fused, own)| (fused[0], own[0])) {
            prop_assert!(fused.position.is_finite() && fused.position.x.abs() <= 1e6 + 1e-6);
            prop_assert!(own.presence != Presence::Missing || fused == own);
        }
    }
}
