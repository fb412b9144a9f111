use super::*;
use crate::fixture::{cut, noise, window_in};
use crate::{Extent, Size};
use proptest::prelude::*;

/// Two halves of a picture, 0.2 and 0.8, with a hard vertical edge at column `edge`.
fn halves(channels: usize, height: usize, width: usize, edge: usize) -> Array3<f32> {
    Array3::from_shape_fn((channels, height, width), |(_, _, x)| if x < edge { 0.2 } else { 0.8 })
}

/// Equations 5, 6 and 8 written down as they stand, for a grey guide, in double precision.
fn by_definition(guide: &Array3<f32>, target: &Array3<f32>, radius: i64, epsilon: f64) -> Array3<f64> {
    let (_, height, width) = guide.dim();
    let around = |y: usize, x: usize| {
        let ys = (y as i64 - radius).max(0)..(y as i64 + radius + 1).min(height as i64);
        ys.flat_map(move |y| {
            ((x as i64 - radius).max(0)..(x as i64 + radius + 1).min(width as i64))
                .map(move |x| (y as usize, x as usize))
        })
    };
    let mean = |y, x, f: &dyn Fn(usize, usize) -> f64| {
        let (sum, count) = around(y, x).fold((0.0, 0.0), |(sum, n), (y, x)| (sum + f(y, x), n + 1.0));
        sum / count
    };
    let (i, p) = (|y, x| f64::from(guide[[0, y, x]]), |y, x| f64::from(target[[0, y, x]]));
    let a = Array3::from_shape_fn((1, height, width), |(_, y, x)| {
        let (mi, mp) = (mean(y, x, &i), mean(y, x, &p));
        let variance = mean(y, x, &|y, x| i(y, x) * i(y, x)) - mi * mi;
        (mean(y, x, &|y, x| i(y, x) * p(y, x)) - mi * mp) / (variance + epsilon)
    });
    let b = Array3::from_shape_fn((1, height, width), |(_, y, x)| mean(y, x, &p) - a[[0, y, x]] * mean(y, x, &i));
    Array3::from_shape_fn((1, height, width), |(_, y, x)| {
        mean(y, x, &|y, x| a[[0, y, x]]) * i(y, x) + mean(y, x, &|y, x| b[[0, y, x]])
    })
}

#[test]
fn it_is_the_filter_of_the_paper() {
    let (guide, target) = (noise(2, 14, 17), noise(3, 14, 17));
    let (guide, target) = (cut_channel(&guide, 1), cut_channel(&target, 2));
    let expected = by_definition(&guide, &target, 3, 0.01);
    let filter = GuidedFilter::new(3.0, 0.01).unwrap();
    let found = filter.filter(guide.view(), target.view(), &Region::whole(Size::new(17, 14)), 1).unwrap();
    for (found, expected) in found.iter().zip(&expected) {
        assert!((f64::from(*found) - expected).abs() < 1e-5, "{found} {expected}");
    }
}

fn cut_channel(array: &Array3<f32>, channel: usize) -> Array3<f32> {
    array.select(ndarray::Axis(0), &[channel])
}

#[test]
fn a_grey_guide_and_the_same_guide_in_color_agree() {
    let (grey, targets) = (noise(1, 20, 24), noise(2, 20, 24));
    let color = grey.select(ndarray::Axis(0), &[0, 0, 0]);
    let region = Region::whole(Size::new(24, 20));
    // In color the variance lies along the diagonal: three times as large, so epsilon is too.
    let one = GuidedFilter::new(4.0, 0.01).unwrap().filter(grey.view(), targets.view(), &region, 1).unwrap();
    let three = GuidedFilter::new(4.0, 0.03).unwrap().filter(color.view(), targets.view(), &region, 1).unwrap();
    for (one, three) in one.iter().zip(&three) {
        assert!((one - three).abs() < 1e-4, "{one} {three}");
    }
}

#[test]
fn a_target_that_is_the_guide_keeps_its_edge() {
    for channels in [1, 3] {
        let guide = halves(channels, 20, 30, 13);
        let filter = GuidedFilter::new(5.0, 1e-4).unwrap();
        let found = filter.filter(guide.view(), guide.view(), &Region::whole(Size::new(30, 20)), 1).unwrap();
        for (found, expected) in found.iter().zip(&guide) {
            // A window that holds a single column of the other side keeps a little less than all of a.
            assert!((found - expected).abs() < 5e-3, "{found} {expected}");
        }
    }
}

#[test]
fn a_smooth_target_takes_the_edge_of_the_full_resolution_guide() {
    // A low-resolution matte whose edge is a ramp over four cells; at full resolution the guide's edge is one pixel.
    let (full, low) = (halves(3, 64, 96, 50), Size::new(24, 16));
    let shrink = crate::resample::Resampler::whole(Size::new(96, 64), low, crate::resample::Filter::Triangle).unwrap();
    let low_guide = shrink.resample(full.view(), 1).unwrap();
    let ramp = Array3::from_shape_fn((1, 16, 24), |(_, _, x)| ((x as f32 + 0.5 - 12.5) / 4.0 + 0.5).clamp(0.0, 1.0));
    let mapping = Mapping::new(Extent::new(0.0, 0.0, 96.0, 64.0), low).unwrap();
    let window = Window::new(0, 0, 96, 64);
    let found = guided_upsample(ramp.view(), low_guide.view(), full.view(), window, &mapping, 4.0, 1e-4, 1).unwrap();
    let (before, after) = (found[[0, 32, 49]], found[[0, 32, 50]]);
    assert!(before < 0.3 && after > 0.7, "the edge runs from {before} to {after}");
}

#[test]
fn mattes_that_sum_to_one_still_do() {
    let mut mattes = noise(4, 18, 22);
    crate::matte::normalize(mattes.view_mut(), 1).unwrap();
    let guide = noise(3, 18, 22);
    let filter = GuidedFilter::new(3.5, 1e-3).unwrap();
    let found = filter.filter(guide.view(), mattes.view(), &Region::whole(Size::new(22, 18)), 1).unwrap();
    for sum in found.sum_axis(ndarray::Axis(0)) {
        assert!((sum - 1.0).abs() < 1e-4, "{sum}");
    }
}

#[test]
fn a_certain_matte_stays_exactly_certain() {
    let guide = noise(3, 18, 22);
    let sure = Array3::ones((1, 18, 22));
    let filter = GuidedFilter::new(3.0, 1e-5).unwrap();
    let found = filter.filter(guide.view(), sure.view(), &Region::whole(Size::new(22, 18)), 1).unwrap();
    assert!(found.iter().all(|&v| (v - 1.0).abs() < 1e-6));
}

#[test]
fn what_does_not_fit_together_is_refused() {
    assert!(GuidedFilter::new(f64::NAN, 0.01).is_err());
    assert!(GuidedFilter::new(2.0, 0.0).is_err());
    let filter = GuidedFilter::new(2.0, 0.01).unwrap();
    let (two, three, target) = (noise(2, 8, 8), noise(3, 8, 8), noise(1, 8, 8));
    let region = Region::whole(Size::new(8, 8));
    assert!(matches!(filter.filter(two.view(), target.view(), &region, 1), Err(Error::Shape { .. })));
    let short = Region { frame: Window::new(0, 0, 20, 20), input: region.frame, output: Window::new(3, 3, 6, 6) };
    assert!(matches!(filter.filter(three.view(), target.view(), &short, 1), Err(Error::Window { .. })));
    let fitted = filter.fit(three.view(), target.view(), 1).unwrap();
    let other = Mapping::new(Extent::new(0.0, 0.0, 8.0, 8.0), Size::new(4, 4)).unwrap();
    assert!(fitted.upsample(three.view(), region.frame, &other, 1).is_err());
}

proptest! {
    #![proptest_config(crate::fixture::cases(96))]

    #[test]
    fn a_tile_is_the_whole_cut_out_and_threads_change_nothing(
        (w, h) in (1usize..60, 1usize..50), radius in 0.0f64..7.0, epsilon in 1e-5f64..0.1, color: bool,
        (a, b, c, d) in (0.0f64..1.0, 0.0f64..1.0, 0.0f64..1.0, 0.0f64..1.0), threads in 1usize..5,
    ) {
        let filter = GuidedFilter::new(radius, epsilon).unwrap();
        let (guide, targets) = (noise(if color { 3 } else { 1 }, h, w), noise(2, h, w));
        let frame = Window::new(-7, 3, w as i64 - 7, h as i64 + 3);
        let whole = Region { frame, input: frame, output: frame };
        let expected = filter.filter(guide.view(), targets.view(), &whole, 1).unwrap();
        prop_assert!(expected.iter().all(|v| v.is_finite()));
        let window = window_in(w, h, (a, b), (c, d));
        let tile = Region::tile(frame, window.translate(-7, 3), filter.margin_px());
        let input = tile.input.translate(7, -3);
        let found =
            filter.filter(cut(&guide.view(), input), cut(&targets.view(), input), &tile, threads).unwrap();
        prop_assert_eq!(found, cut(&expected.view(), window));
    }

    #[test]
    fn an_upsampled_tile_is_the_whole_cut_out(
        (w, h) in (1usize..70, 1usize..50), (lw, lh) in (1usize..30, 1usize..30), color: bool,
        (a, b, c, d) in (0.0f64..1.0, 0.0f64..1.0, 0.0f64..1.0, 0.0f64..1.0), threads in 1usize..5,
    ) {
        let channels = if color { 3 } else { 1 };
        let (guide, low_guide, targets) = (noise(channels, h, w), noise(channels, lh, lw), noise(5, lh, lw));
        let filter = GuidedFilter::new(2.3, 1e-3).unwrap();
        let fitted = filter.fit(low_guide.view(), targets.view(), threads).unwrap();
        prop_assert_eq!(&fitted, &filter.fit(low_guide.view(), targets.view(), 1).unwrap());
        let mapping = Mapping::new(Extent::new(-0.5, 0.0, w as f64, h as f64 + 0.25), Size::new(lw, lh)).unwrap();
        let expected = fitted.upsample(guide.view(), Window::of_size(Size::new(w, h)), &mapping, 1).unwrap();
        let window = window_in(w, h, (a, b), (c, d));
        let found = fitted.upsample(cut(&guide.view(), window), window, &mapping, threads).unwrap();
        prop_assert_eq!(found, cut(&expected.view(), window));
    }

    #[test]
    fn at_the_same_size_upsampling_is_filtering((w, h) in (1usize..40, 1usize..40), radius in 0.0f64..6.0) {
        let (guide, targets) = (noise(3, h, w), noise(2, h, w));
        let filter = GuidedFilter::new(radius, 1e-2).unwrap();
        let size = Size::new(w, h);
        let whole = filter.filter(guide.view(), targets.view(), &Region::whole(size), 1).unwrap();
        let mapping = Mapping::new(Extent::of_size(size), size).unwrap();
        let fitted = filter.fit(guide.view(), targets.view(), 1).unwrap();
        let found = fitted.upsample(guide.view(), Window::of_size(size), &mapping, 1).unwrap();
        for (found, expected) in found.iter().zip(&whole) {
            prop_assert!((found - expected).abs() < 1e-3, "{found} {expected}");
        }
    }

    #[test]
    fn a_constant_stays_constant((w, h) in (1usize..40, 1usize..40), radius in 0.0f64..6.0, value in -1.0f32..1.0) {
        let filter = GuidedFilter::new(radius, 1e-3).unwrap();
        let (guide, flat) = (noise(3, h, w), Array3::from_elem((1, h, w), value));
        let found = filter.filter(guide.view(), flat.view(), &Region::whole(Size::new(w, h)), 1).unwrap();
        for v in found {
            prop_assert!((v - value).abs() < 5e-4, "{v} instead of {value}");
        }
    }
}

#[test]
fn an_area_narrower_than_the_window_is_recovered_and_a_share_of_nothing_changes_nothing() {
    let size = Size::new(24, 24);
    let blob = |y: usize, x: usize| (10..13).contains(&y) && (10..13).contains(&x);
    // The guide shows the blob, and as much again elsewhere, so that a line cannot tell them apart.
    let guide =
        Array3::from_shape_fn((1, 24, 24), |(_, y, x)| if blob(y, x) || (x + y) % 5 == 0 { 0.9f32 } else { 0.4 });
    let targets = Array3::from_shape_fn((1, 24, 24), |(_, y, x)| if blob(y, x) { 1.0 } else { 0.0 });
    let mapping = Mapping::new(Extent::of_size(size), size).unwrap();
    let plain = GuidedFilter::new(4.0, 1e-3).unwrap().fit(guide.view(), targets.view(), 1).unwrap();
    let value = |coefficients: &GuidedCoefficients| {
        coefficients.upsample(guide.view(), Window::of_size(size), &mapping, 1).unwrap()[[0, 11, 11]]
    };
    assert!(value(&plain) < 0.5, "lost: {}", value(&plain));
    let with = |share: f32| {
        let mut coefficients = plain.clone();
        coefficients.recover(guide.view(), targets.view(), &[share]).unwrap();
        coefficients
    };
    assert!((value(&with(1.0)) - 1.0).abs() < 1e-5);
    assert_eq!(with(0.0), plain);
    assert!(plain.clone().recover(guide.view(), targets.view(), &[]).is_err());
}
