use super::*;
use crate::fixture::{noise, texture};
use crate::flow::FlowPyramid;
use ndarray::Array2;

const SIZE: Size = Size { width: 120, height: 80 };
const CLASSES: usize = 5;

/// A frame of a made-up shot: what is seen, and what a network says of it.
struct Shown {
    picture: Array3<f32>,
    logits: Array3<f32>,
}

impl Shown {
    /// A frame whose picture and class are functions of the pixel; the class has `sure` more than the others.
    fn new(sure: f32, picture: impl Fn(f32, f32) -> f32, class: impl Fn(f32, f32) -> usize) -> Self {
        let at = |y: usize, x: usize| (x as f32, y as f32);
        Self {
            picture: Array3::from_shape_fn((1, SIZE.height, SIZE.width), |(_, y, x)| picture(at(y, x).0, at(y, x).1)),
            logits: Array3::from_shape_fn((CLASSES, SIZE.height, SIZE.width), |(k, y, x)| {
                if k == class(at(y, x).0, at(y, x).1) { sure } else { 0.0 }
            }),
        }
    }

    fn pyramid(&self) -> FlowPyramid {
        FlowPyramid::new(self.picture.index_axis(Axis(0), 0), 1).unwrap()
    }
}

/// The frame in the middle, fused with those beside it.
fn fused(frames: &[Shown], threads: usize) -> Array3<f32> {
    let middle = frames.len() / 2;
    let own = &frames[middle];
    let beside: Vec<_> = (0..frames.len()).filter(|i| *i != middle).collect();
    let motions: Vec<Motion> = beside
        .iter()
        .map(|i| Motion::there_and_back(&own.pyramid(), &frames[*i].pyramid(), threads).unwrap()[0].clone())
        .collect();
    let beside: Vec<_> = beside
        .iter()
        .zip(&motions)
        .map(|(i, motion)| Beside {
            logits: frames[*i].logits.view(),
            picture: frames[*i].picture.view(),
            motion,
            weight: 1.0 - i.abs_diff(middle) as f32 / (middle + 1) as f32,
        })
        .collect();
    fuse(own.logits.view(), own.picture.view(), &beside, threads).unwrap()
}

/// How far class 1 stands above class 0.
fn margin(logits: &Array3<f32>) -> Array2<f32> {
    &logits.index_axis(Axis(0), 1) - &logits.index_axis(Axis(0), 0)
}

/// Frames −2 to 2 of a texture that moves by `step` a frame, with a border at column 50 of it between classes 0 and 1.
fn moving(step: (f32, f32)) -> Vec<Shown> {
    let border = |x: f32| usize::from(x < 50.0);
    (-2..=2)
        .map(|t| t as f32)
        .map(|t| Shown::new(4.0, |x, y| texture(x - t * step.0, y - t * step.1), |x, _| border(x - t * step.0)))
        .collect()
}

#[test]
fn noise_is_halved_on_a_moving_pattern() {
    let mut frames = moving((2.6, -1.3));
    let clean = frames[2].logits.clone();
    for (t, frame) in frames.iter_mut().enumerate() {
        let noise = noise(CLASSES * 5, SIZE.height, SIZE.width);
        let own = noise.slice_axis(Axis(0), ndarray::Slice::from(t * CLASSES..(t + 1) * CLASSES));
        frame.logits += &(own.to_owned() * 4.0 - 2.0);
    }
    let off = |logits: &Array3<f32>| {
        let off = margin(logits) - margin(&clean);
        let inside = off.indexed_iter().filter(|((y, x), _)| (12..68).contains(y) && (12..40).contains(x));
        let squares: Vec<f32> = inside.map(|(_, v)| v * v).collect();
        (squares.iter().sum::<f32>() / squares.len() as f32).sqrt()
    };
    let (before, after) = (off(&frames[2].logits), off(&fused(&frames, 1)));
    assert!(after < 0.5 * before, "{before} becomes {after}");
}

#[test]
fn edges_keep_their_place_within_a_quarter_of_a_frame() {
    for step in [(4.0, 0.0), (-7.0, 2.0), (0.5, 0.0)] {
        let frames = moving(step);
        // Columns of class 1, with the fraction that the border's pixel has of it.
        let area = |logits: &Array3<f32>| {
            let share = margin(logits).mapv(|m| (m / 8.0 + 0.5).clamp(0.0, 1.0));
            let rows = share.rows().into_iter().skip(15).take(50).map(|row| row.sum());
            rows.sum::<f32>() / 50.0
        };
        let moved = (area(&fused(&frames, 1)) - area(&frames[2].logits)).abs();
        assert!(moved <= 0.25 * step.0.abs().max(1.0), "{moved} px at {step:?} px a frame");
    }
}

#[test]
fn what_was_hidden_keeps_its_own_logits() {
    // A square moves over a still ground by its whole width in two frames; what it uncovers is seen in later frames only.
    let shot = |t: f32| {
        let left = 30.0 + 9.0 * t;
        let inside = move |x: f32, y: f32| (left..left + 30.0).contains(&x) && (20.0..60.0).contains(&y);
        let picture = move |x: f32, y: f32| {
            if inside(x, y) { 0.4 + 0.6 * texture(2.0 * (x - left), 300.0 + y) } else { 0.5 * texture(x, y) }
        };
        Shown::new(6.0, picture, move |x, y| usize::from(inside(x, y)))
    };
    let frames = [shot(-1.0), shot(0.0), shot(1.0)];
    let own = &frames[1].logits;
    let wrong = margin(&fused(&frames, 1)).iter().zip(&margin(own)).filter(|(a, b)| (**a > 0.0) != (**b > 0.0)).count();
    assert_eq!(wrong, 0, "pixels on the other side");
    // Seen in no other frame but this one: a frame that differs in every pixel.
    let other = |t: f32| Shown::new(6.0, move |x, y| texture(y + 900.0 * t, 1.9 * x), |_, _| 3);
    let kept = fused(&[other(1.0), shot(0.0), other(2.0)], 1);
    let kept = kept.iter().zip(own).filter(|(a, b)| a == b).count();
    assert!(kept * 100 > own.len() * 95, "{kept} of {}", own.len());
}

#[test]
fn the_past_and_the_future_weigh_the_same() {
    let frames = moving((2.6, -1.3));
    let forwards = fused(&frames, 1);
    let backwards = fused(&frames.into_iter().rev().collect::<Vec<_>>(), 1);
    let off = forwards.iter().zip(&backwards).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(off < 1e-4, "{off}");
}

/// A lamp of 9 × 9 pixels in a texture, on in some frames.
fn lamp(on: [bool; 5]) -> Vec<Shown> {
    on.into_iter()
        .map(|on| {
            let inside = |x: f32, y: f32| (56.0..65.0).contains(&x) && (36.0..45.0).contains(&y);
            let picture = move |x, y| if on && inside(x, y) { 0.95 } else { 0.6 * texture(x, y) };
            Shown::new(6.0, picture, move |x, y| usize::from(on && inside(x, y)))
        })
        .collect()
}

#[test]
fn a_highlight_that_blinks_is_there_in_its_frame_and_in_no_other() {
    for on in [[false, false, true, false, false], [true, true, false, true, true], [false, false, true, true, true]] {
        let frames = lamp(on);
        let fused = margin(&fused(&frames, 1));
        let own = margin(&frames[2].logits);
        let off = fused.iter().zip(&own).filter(|(a, b)| (**a > 0.0) != (**b > 0.0)).count();
        assert_eq!(off, 0, "{on:?}");
        assert!(fused.iter().zip(&own).all(|(a, b)| (a - b).abs() < 1.0), "{on:?}");
    }
}

#[test]
fn a_flicker_is_outvoted_and_leaves_no_haze() {
    let class = |class: usize| Shown::new(8.0, texture, move |_, _| class);
    let fused = fused(&[class(0), class(0), class(1), class(0), class(0)], 1);
    let margin = margin(&fused);
    assert!(
        margin.iter().all(|m| *m < -6.5),
        "sure of the majority: {:?}",
        margin.iter().copied().fold(-8.0, f32::max)
    );
}

#[test]
fn without_other_frames_and_with_broken_ones_logits_stay() {
    let frames = moving((1.0, 0.0));
    let own = &frames[2].logits;
    assert_eq!(fuse(own.view(), frames[2].picture.view(), &[], 1).unwrap(), own);
    let mut broken = moving((0.0, 0.0));
    for (t, value) in [(1, f32::NAN), (3, f32::INFINITY)] {
        broken[t].logits.fill(value);
    }
    let finite = [0, 2, 4].map(|t| Shown { picture: broken[t].picture.clone(), logits: broken[t].logits.clone() });
    let found = fused(&broken, 1);
    assert!(found.iter().all(|v| v.is_finite()));
    let off = found.iter().zip(&fused(&finite, 1)).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(off < 1e-4, "they weigh nothing: {off}");
    broken[2].logits.fill(f32::NAN);
    assert!(fused(&broken, 1).iter().all(|v| v.is_nan()), "left to softmax, which knows what to do");
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let frames = moving((2.6, -1.3));
    let one = fused(&frames, 1);
    for threads in [2, 3, 7] {
        assert!(fused(&frames, threads) == one, "{threads} threads");
    }
}

#[test]
fn a_motion_of_another_size_is_enlarged_and_shapes_that_do_not_fit_are_refused() {
    let frames = moving((0.0, 0.0));
    let mut field = Array3::zeros((3, 40, 60));
    field.index_axis_mut(Axis(0), 0).fill(1.0);
    field.index_axis_mut(Axis(0), 2).fill(1.0);
    let motion = Motion::from_field(field).unwrap();
    let flat = Array3::from_elem((1, SIZE.height, SIZE.width), 0.5);
    let beside = Beside { logits: frames[1].logits.view(), picture: flat.view(), motion: &motion, weight: 1e6 };
    let shifted = margin(&fuse(frames[2].logits.view(), flat.view(), &[beside], 1).unwrap());
    // One pixel of the motion is two of the logits.
    let columns = shifted.row(40).iter().filter(|m| **m > 0.0).count();
    assert_eq!(columns, 48);
    let small = noise(CLASSES, 8, 8);
    for wrong in [Beside { logits: small.view(), ..beside }, Beside { picture: small.view(), ..beside }] {
        assert!(fuse(frames[2].logits.view(), flat.view(), &[wrong], 1).is_err());
    }
    assert!(Motion::from_field(noise(2, 8, 8)).is_err());
    assert!(Motion::from_field(Array3::zeros((3, 0, 8))).is_err());
}
