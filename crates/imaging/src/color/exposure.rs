//! Metering: the exposure that brings a plate to where the networks know it.

use super::transfer::Curve;

/// This share of a plate's brightness, summed over its pixels in display encoding, lies below [`LEVEL`] once it is exposed.
/// Both were chosen by what Tone Fast found on two-stops-darker frames of the sample, held-out and ray-cast shots.
const SHARE: f64 = 0.9;

/// The display value of that place.
const LEVEL: f64 = 0.7;

/// This share of the pixels may lie above white: hot pixels and the tail of the grain.
const WHITE_SHARE: f64 = 0.0001;

/// No more stops than these either way: what is darker is noise.
const MOST_STOPS: f64 = 6.0;

/// The stops that expose a plate, from the luminances of its pixels, or of an even sample of them, in linear light; sorts
/// them. None where there is no light.
///
/// Each pixel counts by its brightness, so that a black surround, as of an element on nothing, hardly matters, and none
/// counts more than white, so that a few reflections of lamps do not darken all the rest. White is where it stops: no
/// plate is brightened until highlights are lost in what they lie on, nor darkened until what a camera has cut off is
/// grey. So a plate that has white stays as it is.
pub fn metered_stops(luminance: &mut [f32]) -> Option<f32> {
    for light in luminance.iter_mut() {
        *light = if light.is_nan() { 0.0 } else { light.max(0.0) };
    }
    luminance.sort_unstable_by(f32::total_cmp);
    let brightness = |light: f32| Curve::Srgb.encode(f64::from(light).min(1.0));
    let whole: f64 = luminance.iter().copied().map(brightness).sum();
    let last = luminance.len().checked_sub(1).filter(|_| whole > 0.0)?;
    let mut below = 0.0;
    let place = luminance.iter().position(|&light| {
        below += brightness(light);
        below >= SHARE * whole
    });
    let light = |place: usize| f64::from(luminance[place]).max(f64::MIN_POSITIVE);
    let wanted = Curve::Srgb.decode(LEVEL) / light(place.unwrap_or(last));
    let white = light(last - (WHITE_SHARE * last as f64) as usize);
    let to_white = white.recip();
    Some(wanted.clamp(to_white.min(1.0), to_white.max(1.0)).log2().clamp(-MOST_STOPS, MOST_STOPS) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stops(plate: &[f32]) -> f32 {
        metered_stops(&mut plate.to_vec()).unwrap()
    }

    #[test]
    fn a_dark_plate_is_brightened_until_its_brightness_is_in_place_or_a_lamp_is_white() {
        let ramp: Vec<f32> = (0..1000).map(|k| k as f32 / 4000.0).collect();
        assert!((stops(&ramp) - 0.9447).abs() < 1e-3, "{}", stops(&ramp));
        // Dark, but for a few pixels of which the second brightest may come to white.
        let lamps: Vec<f32> = (0..20_000).map(|k| if k < 10 { 0.9 / (k + 1) as f32 } else { 0.02 }).collect();
        assert!((stops(&lamps) - 1.152).abs() < 1e-3, "{}", stops(&lamps));
    }

    #[test]
    fn a_plate_without_light_has_no_exposure_and_one_of_broken_pixels_is_exposed_by_the_others() {
        assert_eq!(metered_stops(&mut []), None);
        assert_eq!(metered_stops(&mut [0.0, -1.0, f32::NAN]), None);
        assert_eq!(stops(&[f32::NAN, 0.18, f32::NEG_INFINITY, 0.18]), stops(&[0.18; 2]));
        assert_eq!(stops(&[f32::INFINITY; 3]), -6.0);
        assert_eq!(stops(&[1e-30; 3]), 6.0);
    }

    #[test]
    fn white_that_was_cut_off_stays_white_and_light_beyond_comes_back() {
        let cut_off: Vec<f32> = (0..1000).map(|k| (k as f32 / 100.0).min(1.0)).collect();
        assert_eq!(stops(&cut_off), 0.0);
        let beyond: Vec<f32> = (0..1000).map(|k| k as f32 / 125.0).collect();
        assert!((stops(&beyond) + 3.0).abs() < 0.02, "{}", stops(&beyond));
    }

    #[test]
    fn a_black_surround_and_hot_pixels_do_not_matter_and_lamps_stop_the_brightening() {
        let subject: Vec<f32> = (0..12_000).map(|k| 0.05 + k as f32 / 72_000.0).collect();
        let alone = stops(&subject);
        assert!(alone > 0.9, "{alone}");
        let on_black = [subject.clone(), vec![0.0; 90_000]].concat();
        assert_eq!(stops(&on_black), alone);
        let with_hot_pixel = [subject.clone(), vec![500.0]].concat();
        assert!((stops(&with_hot_pixel) - alone).abs() < 0.01);
        let with_lamps = [subject, vec![500.0; 15]].concat();
        assert_eq!(stops(&with_lamps), 0.0, "neither brighter nor darker");
    }

    proptest! {
        #![proptest_config(crate::fixture::cases(64))]

        #[test]
        fn however_dark_a_plate_is_it_comes_to_the_same(
            plate in proptest::collection::vec(0.001f32..0.24, 50..200),
            change in -3.0f32..0.5,
        ) {
            // Brightness is a curve of light, and so the place that holds the share moves a little.
            let darker: Vec<f32> = plate.iter().map(|light| light * change.exp2()).collect();
            let found = stops(&plate) - stops(&darker);
            prop_assert!((found - change).abs() < 0.25, "{found} for {change} stops");
        }
    }
}
