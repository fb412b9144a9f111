use super::*;
use crate::fixture::{cut, noise, window_in};
use crate::{Region, Size, Window};
use ndarray::{Array3, array};
use proptest::prelude::*;

fn pixel(values: &[f32]) -> Array3<f32> {
    Array3::from_shape_vec((values.len(), 1, 1), values.to_vec()).unwrap()
}

#[test]
fn softmax_gives_the_shares_of_the_exponentials() {
    let mut mattes = pixel(&[1.0, 2.0, 3.0]);
    softmax(mattes.view_mut(), &[0.0; 3], 1).unwrap();
    for (found, expected) in mattes.iter().zip([0.090_030_57, 0.244_728_47, 0.665_240_96]) {
        assert!((found - expected).abs() < 1e-6);
    }
    let mut level = pixel(&[1.0, 2.0, 3.0]);
    softmax(level.view_mut(), &[1.0, 0.0, -1.0], 1).unwrap();
    assert!(level.iter().all(|v| (v - 1.0 / 3.0).abs() < 1e-6));
}

#[test]
fn a_logit_that_is_not_a_number_is_background_and_infinity_wins() {
    let mut broken = pixel(&[-5.0, f32::NAN, 9.0]);
    softmax(broken.view_mut(), &[0.0; 3], 1).unwrap();
    assert_eq!(broken, pixel(&[1.0, 0.0, 0.0]));
    let mut infinite = pixel(&[0.0, f32::INFINITY, f32::INFINITY, f32::NEG_INFINITY]);
    softmax(infinite.view_mut(), &[0.0; 4], 1).unwrap();
    assert!(infinite.iter().zip([0.0, 0.5, 0.5, 0.0]).all(|(v, e)| (v - e).abs() < 1e-6), "{infinite}");
}

#[test]
fn a_bias_for_every_class_is_needed() {
    let mut logits = Array3::zeros((3, 2, 2));
    assert!(softmax(logits.view_mut(), &[0.0; 2], 1).is_err());
    assert!(softmax(logits.view_mut(), &[0.0, f32::NAN, 0.0], 1).is_err());
    assert!(levels(logits.view_mut(), f32::NAN, 1.0, 1).is_err());
}

#[test]
fn normalizing_drops_negatives_and_leaves_background_where_nothing_is_left() {
    let mut mattes = array![[[0.5, -1.0, f32::NAN]], [[-0.25, -2.0, 0.5]], [[1.5, 0.0, 0.5]]];
    normalize(mattes.view_mut(), 1).unwrap();
    assert_eq!(mattes, array![[[0.25, 1.0, 0.0]], [[0.0, 0.0, 0.5]], [[0.75, 0.0, 0.5]]]);
}

#[test]
fn the_background_is_completed_from_what_the_others_leave() {
    let mut mattes = array![[[9.0, 9.0, 9.0, f32::NAN]], [[0.25, 0.75, -1.0, f32::NAN]], [[0.25, 0.75, -1.0, 0.5]]];
    complete(mattes.view_mut(), 1).unwrap();
    assert_eq!(mattes, array![[[0.5, 0.0, 1.0, 0.0]], [[0.25, 0.5, 0.0, 0.0]], [[0.25, 0.5, 0.0, 1.0]]]);
    let mut nobody = array![[[0.0]], [[f32::NAN]]];
    complete(nobody.view_mut(), 1).unwrap();
    assert_eq!(nobody, array![[[1.0]], [[0.0]]], "nobody's pixel is background");
}

#[test]
fn levels_clip_and_the_largest_takes_what_is_clipped_away() {
    let mut mattes = array![[[0.01, 0.3, 0.35]], [[0.99, 0.35, 0.35]], [[0.0, 0.35, 0.3]]];
    levels(mattes.view_mut(), 0.02, 0.98, 1).unwrap();
    assert_eq!(mattes[[0, 0, 0]], 0.0);
    assert_eq!(mattes[[1, 0, 0]], 1.0);
    let mut high = array![[[0.3, 0.35]], [[0.35, 0.35]], [[0.35, 0.3]]];
    levels(high.view_mut(), 0.5, 0.6, 1).unwrap();
    assert_eq!(high, array![[[0.0, 1.0]], [[1.0, 0.0]], [[0.0, 0.0]]]);
}

#[test]
fn a_lower_white_hardens_what_is_strongest() {
    let border = |white: f32| {
        let mut mattes = array![[[0.9, 0.75, 0.5]], [[0.1, 0.25, 0.5]], [[0.0, 0.0, 0.0]]];
        levels(mattes.view_mut(), 0.02, white, 1).unwrap();
        mattes.index_axis(Axis(0), 0).row(0).to_vec()
    };
    let near = |found: Vec<f32>, expected: [f32; 3]| {
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{found:?}, not {expected:?}");
    };
    near(border(0.98), [0.88 / 0.96, 0.73 / 0.96, 0.5]);
    near(border(0.8), [1.0, 0.55 / 0.6, 0.5]);
    near(border(0.75), [1.0, 1.0, 0.5]);
    near(border(0.3), [1.0, 1.0, 1.0]);
}

#[test]
fn levels_at_zero_and_one_change_nothing() {
    let mut mattes = noise(5, 6, 7);
    normalize(mattes.view_mut(), 1).unwrap();
    let before = mattes.clone();
    levels(mattes.view_mut(), 0.0, 1.0, 1).unwrap();
    assert!(mattes.iter().zip(&before).all(|(a, b)| (a - b).abs() < 1e-6));
}

#[test]
fn confidence_is_one_when_sure_and_zero_when_all_are_equal() {
    let mattes = array![[[1.0, 0.25, 0.5]], [[0.0, 0.25, 0.5]], [[0.0, 0.25, 0.0]], [[0.0, 0.25, 0.0]]];
    let found = confidence(mattes.view(), 1).unwrap();
    for (found, expected) in found.iter().zip([1.0, 0.0, 0.5]) {
        assert!((found - expected).abs() < 1e-5, "{found} {expected}");
    }
    assert_eq!(confidence(Array3::ones((1, 1, 1)).view(), 1).unwrap(), array![[1.0]]);
}

#[test]
fn the_strongest_class_is_the_largest_and_the_lower_of_equals() {
    let mattes = array![[[0.2, 0.4, f32::NAN]], [[0.5, 0.4, 0.1]], [[0.3, 0.2, 0.9]]];
    assert_eq!(strongest(mattes.view()), array![[1, 0, 2]]);
}

#[test]
fn softness_zero_changes_nothing_and_one_is_a_tent() {
    let region = Region::whole(Size::new(9, 1));
    let mut line = Array3::zeros((1, 1, 9));
    line[[0, 0, 4]] = 16.0;
    let sharp = Softening::new(0.0).unwrap();
    assert_eq!((sharp.margin_px(), sharp.soften(line.view(), &region, 1).unwrap()), (0, line.clone()));
    let soft = Softening::new(1.0).unwrap().soften(line.view(), &region, 1).unwrap();
    assert_eq!(soft, array![[[0.0, 0.0, 1.0, 4.0, 6.0, 4.0, 1.0, 0.0, 0.0]]]);
}

#[test]
fn short_and_long_tents_are_the_same_blur() {
    let picture = noise(2, 40, 50);
    let region = Region::whole(Size::new(50, 40));
    for radius in [0.7, 2.0, 5.3, 7.9] {
        let mut softening = Softening::new(radius).unwrap();
        let direct = softening.soften(picture.view(), &region, 1).unwrap();
        softening.kernel = None;
        let boxes = softening.soften(picture.view(), &region, 1).unwrap();
        assert!(direct.iter().zip(&boxes).all(|(a, b)| (a - b).abs() < 1e-5), "{radius}");
    }
}

proptest! {
    #![proptest_config(crate::fixture::cases(256))]

    #[test]
    fn mattes_sum_to_one_whatever_comes(
        logits in proptest::collection::vec(proptest::num::f32::ANY, 40), bias in -1.0f32..1.0,
        black in -0.5f32..1.5, white in -0.5f32..1.5,
    ) {
        let mut mattes = Array3::from_shape_vec((5, 2, 4), logits.clone()).unwrap();
        let all_sum_to_one = |mattes: &Array3<f32>| {
            mattes.iter().all(|v| (0.0..=1.0).contains(v))
                && mattes.sum_axis(Axis(0)).iter().all(|sum| (sum - 1.0).abs() < 1e-5)
        };
        softmax(mattes.view_mut(), &[bias, 0.0, -bias, 0.5, 0.0], 1).unwrap();
        prop_assert!(all_sum_to_one(&mattes), "{mattes}");
        levels(mattes.view_mut(), black, white, 1).unwrap();
        prop_assert!(all_sum_to_one(&mattes), "{mattes}");
    }

    #[test]
    fn the_strongest_never_falls_with_white_and_is_whole_from_white_on(
        logits in proptest::collection::vec(-4.0f32..4.0, 40), black in 0.0f32..0.4, white in 0.0f32..1.0, less in 0.0f32..1.0,
    ) {
        let mut start = Array3::from_shape_vec((5, 2, 4), logits.clone()).unwrap();
        softmax(start.view_mut(), &[0.0; 5], 1).unwrap();
        let clipped = |white: f32| {
            let mut mattes = start.clone();
            levels(mattes.view_mut(), black, white, 1).unwrap();
            mattes
        };
        let (high, low) = (clipped(white), clipped(white * less));
        for ((place, class), before) in strongest(start.view()).indexed_iter().map(|(place, class)| {
            ((place, usize::from(*class)), start[[usize::from(*class), place.0, place.1]])
        }) {
            let at = [class, place.0, place.1];
            prop_assert!(low[at] >= high[at] - 1e-5, "{} falls to {}", high[at], low[at]);
            prop_assert!(before < white || high[at] > 1.0 - 1e-4, "{before} becomes {}", high[at]);
        }
    }

    #[test]
    fn threads_change_nothing(threads in 2usize..6, h in 1usize..20, w in 1usize..40) {
        let start = noise(5, h, w).mapv(|v| v * 12.0 - 6.0);
        let make = |threads| {
            let mut mattes = start.clone();
            softmax(mattes.view_mut(), &[0.1, 0.0, 0.0, -0.2, 0.3], threads).unwrap();
            levels(mattes.view_mut(), 0.02, 0.98, threads).unwrap();
            let sure = confidence(mattes.view(), threads).unwrap();
            normalize(mattes.view_mut(), threads).unwrap();
            (mattes, sure)
        };
        prop_assert_eq!(make(1), make(threads));
    }

    #[test]
    fn a_softened_tile_is_the_whole_cut_out(
        (w, h) in (1usize..60, 1usize..50), radius in 0.0f64..30.0, threads in 1usize..5,
        (a, b, c, d) in (0.0f64..1.0, 0.0f64..1.0, 0.0f64..1.0, 0.0f64..1.0),
    ) {
        let softening = Softening::new(radius).unwrap();
        let mattes = noise(2, h, w);
        let frame = Window::new(5, -9, w as i64 + 5, h as i64 - 9);
        let whole = Region { frame, input: frame, output: frame };
        let expected = softening.soften(mattes.view(), &whole, 1).unwrap();
        let window = window_in(w, h, (a, b), (c, d));
        let tile = Region::tile(frame, window.translate(5, -9), softening.margin_px());
        let input = cut(&mattes.view(), tile.input.translate(-5, 9));
        let found = softening.soften(input, &tile, threads).unwrap();
        prop_assert_eq!(found, cut(&expected.view(), window));
    }

    #[test]
    fn softening_keeps_a_constant(radius in 0.0f64..40.0, w in 1usize..30, h in 1usize..30) {
        let flat = Array3::from_elem((1, h, w), 0.7);
        let found = Softening::new(radius).unwrap().soften(flat.view(), &Region::whole(Size::new(w, h)), 1).unwrap();
        for v in found {
            prop_assert!((v - 0.7).abs() < 2e-6, "{v}");
        }
    }
}
