use super::*;
use crate::fixture::{cut, noise, window_in};
use proptest::prelude::*;

const FILTERS: [Filter; 4] = [Filter::Triangle, Filter::Mitchell, Filter::CatmullRom, Filter::Lanczos3];

/// How far around a target pixel a kernel reads, in source pixels, rounded up.
fn reach(filter: Filter, ratio: f64) -> f64 {
    let radius = match filter {
        Filter::Triangle => 1.0,
        Filter::Mitchell | Filter::CatmullRom => 2.0,
        Filter::Lanczos3 => 3.0,
    };
    radius * ratio.max(1.0) + 1.0
}

#[test]
fn shrinking_by_two_with_a_triangle_weighs_one_three_three_one() {
    let row = Array3::from_shape_vec((1, 1, 6), vec![0.0, 0.0, 8.0, 0.0, 0.0, 0.0]).unwrap();
    let half = Resampler::whole(Size::new(6, 1), Size::new(3, 1), Filter::Triangle).unwrap();
    assert_eq!(half.resample(row.view(), 1).unwrap().into_raw_vec_and_offset().0, vec![1.0, 3.0, 0.0]);
}

#[test]
fn enlarging_by_two_with_a_triangle_puts_quarters_between_centers() {
    let row = Array3::from_shape_vec((1, 1, 3), vec![0.0, 4.0, 8.0]).unwrap();
    let twice = Resampler::whole(Size::new(3, 1), Size::new(6, 1), Filter::Triangle).unwrap();
    let expected = vec![0.0, 1.0, 3.0, 5.0, 7.0, 8.0];
    assert_eq!(twice.resample(row.view(), 1).unwrap().into_raw_vec_and_offset().0, expected);
}

#[test]
fn an_infinite_pixel_is_felt_where_it_weighs_and_nowhere_else() {
    let row = Array3::from_shape_vec((1, 1, 3), vec![2.0, f32::INFINITY, 2.0]).unwrap();
    let twice = Resampler::whole(Size::new(3, 1), Size::new(6, 1), Filter::Triangle).unwrap();
    let found = twice.resample(row.view(), 1).unwrap().into_raw_vec_and_offset().0;
    assert_eq!((found[0], found[5]), (2.0, 2.0));
    assert!(found[1..5].iter().all(|value| *value == f32::INFINITY), "{found:?}");
}

#[test]
fn the_same_size_changes_nothing_with_interpolating_filters() {
    let picture = noise(2, 9, 7);
    for filter in [Filter::Triangle, Filter::CatmullRom, Filter::Lanczos3] {
        let same = Resampler::whole(Size::new(7, 9), Size::new(7, 9), filter).unwrap();
        assert_eq!(same.resample(picture.view(), 1).unwrap(), picture, "{filter:?}");
    }
}

#[test]
fn an_extent_of_whole_pixels_at_the_same_size_is_a_crop() {
    let picture = noise(1, 10, 12);
    let crop = Resampler::new(Size::new(12, 10), Extent::new(3.0, 2.0, 8.0, 9.0), Size::new(5, 7), Filter::CatmullRom);
    assert_eq!(crop.unwrap().resample(picture.view(), 1).unwrap(), cut(&picture.view(), Window::new(3, 2, 8, 9)));
}

#[test]
fn an_extent_past_the_picture_continues_its_border() {
    let picture = noise(1, 4, 4);
    let wide = Resampler::new(Size::new(4, 4), Extent::new(-50.0, 0.0, -40.0, 4.0), Size::new(3, 4), Filter::Triangle);
    let found = wide.unwrap().resample(picture.view(), 1).unwrap();
    for y in 0..4 {
        assert!((0..3).all(|x| (found[[0, y, x]] - picture[[0, y, 0]]).abs() < 1e-6));
    }
}

#[test]
fn senseless_sizes_and_extents_are_refused() {
    let (some, none) = (Size::new(4, 4), Size::new(4, 0));
    assert!(Resampler::whole(none, some, Filter::Triangle).is_err());
    assert!(Resampler::whole(some, none, Filter::Triangle).is_err());
    for x1 in [0.0, -3.0, f64::NAN, f64::INFINITY, 1e12] {
        assert!(Resampler::new(some, Extent::new(0.0, 0.0, x1, 4.0), some, Filter::Triangle).is_err(), "{x1}");
    }
    let same = Resampler::whole(some, some, Filter::Triangle).unwrap();
    assert!(same.resample(noise(1, 4, 5).view(), 1).is_err());
    assert!(same.resample_window(noise(1, 4, 4).view(), Window::new(0, 0, 5, 4), 1).is_err());
}

proptest! {
    #![proptest_config(crate::fixture::cases(256))]

    #[test]
    fn a_tile_is_the_whole_cut_out_and_threads_change_nothing(
        (w, h, tw, th) in (1usize..40, 1usize..40, 1usize..60, 1usize..60),
        (a, b, c, d) in (0.0f64..1.0, 0.0f64..1.0, 0.0f64..1.0, 0.0f64..1.0),
        filter in 0usize..4, threads in 1usize..5,
    ) {
        let extent = Extent::new(-2.0 + a, 0.3 * b, w as f64 - a, h as f64 + 1.0);
        let resampler = Resampler::new(Size::new(w, h), extent, Size::new(tw, th), FILTERS[filter]).unwrap();
        let picture = noise(2, h, w);
        let whole = resampler.resample(picture.view(), 1).unwrap();
        let window = window_in(tw, th, (a, b), (c, d));
        let tile = resampler.resample_window(picture.view(), window, threads).unwrap();
        prop_assert_eq!(&tile, &cut(&whole.view(), window));

        // The tile takes from its source window only.
        let needed = resampler.source_window(window);
        let elsewhere = Array3::from_shape_fn(picture.dim(), |(c, y, x)| {
            let (px, py) = (x as i64, y as i64);
            if needed.contains(&Window::new(px, py, px + 1, py + 1)) { picture[[c, y, x]] } else { 1e6 }
        });
        prop_assert_eq!(tile, resampler.resample_window(elsewhere.view(), window, 1).unwrap());
    }

    #[test]
    fn a_constant_stays_constant(w in 1usize..50, h in 1usize..50, tw in 1usize..70, th in 1usize..70, f in 0usize..4) {
        let resampler = Resampler::whole(Size::new(w, h), Size::new(tw, th), FILTERS[f]).unwrap();
        let flat = Array3::from_elem((1, h, w), 0.7);
        for v in resampler.resample(flat.view(), 1).unwrap() {
            prop_assert!((v - 0.7).abs() < 1e-6, "{v}");
        }
    }

    #[test]
    fn a_ramp_stays_the_same_ramp_away_from_the_border(w in 20usize..80, tw in 3usize..150, f in 0usize..4) {
        let resampler = Resampler::whole(Size::new(w, 1), Size::new(tw, 1), FILTERS[f]).unwrap();
        let ratio = w as f64 / tw as f64;
        let ramp = Array3::from_shape_fn((1, 1, w), |(_, _, x)| (x as f32 + 0.5) / w as f32);
        let found = resampler.resample(ramp.view(), 1).unwrap();
        for (i, &v) in found.iter().enumerate() {
            let center = (i as f64 + 0.5) * ratio;
            let margin = reach(FILTERS[f], ratio);
            if center > margin && center < w as f64 - margin {
                prop_assert!((f64::from(v) - center / w as f64).abs() < 2e-6, "{v} at {center} of {w}");
            }
        }
    }
}
