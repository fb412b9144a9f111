//! Borders of a pixel's width between mattes, wherever they cross and however slowly.

use super::continued::Continued;
use crate::{Region, Result, bands, rows};
use ndarray::{ArrayView3, ArrayViewMut3};

/// How far around its output [`draw_borders`] reads: the neighbors that a slope is measured between.
pub const BORDER_MARGIN_PX: usize = 1;

/// A lead grows by at least this much a pixel, or counts as if it did: where it is flatter two classes are in doubt over
/// an area, and borders around every grain of it would be hard ones.
const LEAST_SLOPE: f32 = 0.25;

/// Draws each class up to the border where another one begins to lead: a pixel gets the share of it that lies on the
/// class's side, so that borders are a pixel wide and antialiased, and what is more than half a pixel away is decided.
///
/// A network's doubt reaches far into areas, where an artist wants a matte without holes and without haze; and a border that
/// is rounded to whole pixels has steps that no blur afterwards takes away. Here the lead of a class over the best of the
/// others, over the length of its gradient, is the distance to the border in pixels; half a pixel more than that is
/// the share that a straight border through the pixel leaves. Where the lead changes by less than a quarter a pixel, what
/// two classes share stays shared, and a lead of an eighth decides.
///
/// `mattes`, `[K, …]`, hold `region.input`, `out` holds `region.output`; mattes must lie within 0 to 1 and sum to one, as
/// [`softmax`](super::softmax) and [`complete`](super::complete) leave them, and so do those that come out. Past the frame
/// its border pixels continue. A tile is bit for bit the same part of the whole frame's result.
///
/// # Errors
/// When shapes do not fit the region, the margin of [`BORDER_MARGIN_PX`] is missing, or rows are not contiguous.
pub fn draw_borders(mattes: ArrayView3<f32>, region: &Region, out: ArrayViewMut3<f32>, threads: usize) -> Result<()> {
    region.check(BORDER_MARGIN_PX)?;
    let classes = mattes.dim().0;
    rows::check(&mattes, "mattes between which borders are drawn", classes, region.input.size())?;
    rows::check(&out.view(), "mattes with borders", classes, region.output.size())?;
    let source = Continued { mattes: &mattes, region };
    bands::for_each_band(out, threads, |first, mut band| {
        let top = region.output.y0 + first as i64;
        let mut leads = [top - 1, top, top].map(|y| Leads::of_row(&source, y));
        for (y, row) in (top..).zip(0..band.dim().1) {
            leads[2].measure(&source, y + 1);
            let [above, own, below] = &leads;
            draw_row([above, own, below], &mut rows::channels_mut(&mut band, row));
            leads.rotate_left(1);
        }
    });
    Ok(())
}

/// The leads of every class in one row of the output, and a pixel to either side.
struct Leads {
    classes: Vec<Vec<f32>>,
    most: Vec<f32>,
    second: Vec<f32>,
}

impl Leads {
    fn of_row(source: &Continued, y: i64) -> Self {
        let width = source.region.output.width() + 2 * BORDER_MARGIN_PX;
        let plane = vec![0.0; width];
        let classes = vec![plane.clone(); source.mattes.dim().0];
        let mut leads = Self { classes, most: plane.clone(), second: plane };
        leads.measure(source, y);
        leads
    }

    /// Takes over another row.
    fn measure(&mut self, source: &Continued, y: i64) {
        let Self { classes, most, second } = self;
        most.fill(0.0);
        second.fill(0.0);
        let x0 = source.region.output.x0 - BORDER_MARGIN_PX as i64;
        for (channel, row) in classes.iter_mut().enumerate() {
            source.fill(channel, y, x0, row);
            for ((v, most), second) in row.iter().zip(most.iter_mut()).zip(second.iter_mut()) {
                *second = second.max(v.min(*most));
                *most = v.max(*most);
            }
        }
        for row in classes {
            for ((v, &most), &second) in row.iter_mut().zip(most.iter()).zip(second.iter()) {
                *v -= if *v < most { most } else { second };
            }
        }
    }
}

/// How much the lead grows a pixel between two neighbors of one. Where both are decided, for different classes, it has grown
/// from one end to the other within that pixel, half the way.
fn growth(before: f32, after: f32) -> f32 {
    0.5 * (after - before) * (1.0 + (-before * after).max(0.0))
}

/// Fills one row of all classes from the leads above it, in it and below it.
fn draw_row(leads: [&Leads; 3], out: &mut [&mut [f32]]) {
    let mut sum = vec![0.0; out.first().map_or(0, |row| row.len())];
    for (class, out) in out.iter_mut().enumerate() {
        let [above, own, below] = leads.map(|leads| &leads.classes[class]);
        // Iterated together, so that no index is checked: left and right of, above and below the pixel itself.
        let beside = own.iter().zip(&own[2..]);
        let over = above[1..].iter().zip(&below[1..]);
        for (((out, sum), &lead), ((left, right), (up, down))) in
            out.iter_mut().zip(&mut sum).zip(&own[1..]).zip(beside.zip(over))
        {
            let (dx, dy) = (growth(*left, *right), growth(*up, *down));
            let slope = (dx * dx + dy * dy).sqrt().max(LEAST_SLOPE);
            *out = (0.5 + lead / slope).clamp(0.0, 1.0);
            *sum += *out;
        }
    }
    // The class that leads has at least one half.
    sum.iter_mut().for_each(|sum| *sum = 1.0 / *sum);
    for row in out {
        row.iter_mut().zip(&sum).for_each(|(v, scale)| *v *= scale);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{cases, cut, noise, window_in};
    use crate::matte::{normalize, strongest};
    use crate::{Size, Window};
    use ndarray::{Array3, array};
    use proptest::prelude::*;

    fn drawn(mattes: &Array3<f32>) -> Array3<f32> {
        let mut out = Array3::zeros(mattes.dim());
        let size = Size::new(mattes.dim().2, mattes.dim().1);
        draw_borders(mattes.view(), &Region::whole(size), out.view_mut(), 1).unwrap();
        out
    }

    /// Two classes left and right of a line through the middle at this angle; the lead grows by `slope` a pixel.
    fn across(angle: f32, offset: f32, slope: f32) -> (Array3<f32>, impl Fn(usize, usize) -> f32) {
        let distance = move |y: f32, x: f32| (x - 16.0) * angle.cos() + (y - 16.0) * angle.sin() - offset;
        let mattes = Array3::from_shape_fn((2, 33, 33), |(k, y, x)| {
            let share = 0.5 + (0.5 * slope * distance(y as f32, x as f32)).clamp(-0.5, 0.5);
            if k == 0 { share } else { 1.0 - share }
        });
        let covered = move |y: usize, x: usize| {
            let at = |i: usize, n: usize| (i as f32 + 0.5) / n as f32 - 0.5;
            let inside = |i: usize| distance(y as f32 + at(i / 16, 16), x as f32 + at(i % 16, 16)) > 0.0;
            (0..256).filter(|i| inside(*i)).count() as f32 / 256.0
        };
        (mattes, covered)
    }

    #[test]
    fn a_border_covers_pixels_as_a_straight_edge_does_however_slowly_the_lead_grows() {
        for angle in [0.0, 0.3, 0.785, 1.2, 2.6] {
            for (slope, tolerance) in [(0.3, 0.1), (0.6, 0.1), (1.2, 0.15), (2.0, 0.1)] {
                let (mattes, covered) = across(angle, 0.37, slope);
                let found = drawn(&mattes);
                for (y, x) in (8..25).flat_map(|y| (8..25).map(move |x| (y, x))) {
                    let error = (found[[0, y, x]] - covered(y, x)).abs();
                    assert!(error < tolerance, "{error} at {x}, {y}; angle {angle}, slope {slope}");
                }
            }
        }
    }

    #[test]
    fn a_lead_over_an_area_decides_and_what_is_shared_there_stays_shared() {
        let flat = |shares: [f32; 3]| {
            let found = drawn(&Array3::from_shape_fn((3, 4, 4), |(k, _, _)| shares[k]));
            [0, 1, 2].map(|k| found[[k, 2, 2]])
        };
        assert_eq!(flat([0.6, 0.4, 0.0]), [1.0, 0.0, 0.0]);
        assert_eq!(flat([0.5, 0.5, 0.0]), [0.5, 0.5, 0.0]);
        assert_eq!(flat([0.53125, 0.46875, 0.0]), [0.75, 0.25, 0.0]);
        // Where three meet, each has a third.
        assert!(flat([1.0 / 3.0; 3]).iter().all(|share| (share - 1.0 / 3.0).abs() < 1e-6));
    }

    #[test]
    fn a_line_of_one_pixel_is_kept_and_a_frame_of_one_pixel_is_whole() {
        let line = drawn(&Array3::from_shape_fn((2, 5, 5), |(k, _, x)| if (x == 2) == (k == 1) { 1.0 } else { 0.0 }));
        assert_eq!(line.index_axis(ndarray::Axis(0), 1).row(2).to_vec(), [0.0, 0.0, 1.0, 0.0, 0.0]);
        assert_eq!(drawn(&array![[[0.75]], [[0.25]]]), array![[[1.0]], [[0.0]]]);
    }

    #[test]
    fn a_missing_margin_is_refused() {
        let (frame, output) = (Window::new(0, 0, 8, 8), Window::new(2, 2, 6, 6));
        let region = Region { frame, input: output, output };
        let mut out = Array3::zeros((2, 4, 4));
        assert!(draw_borders(Array3::zeros((2, 4, 4)).view(), &region, out.view_mut(), 1).is_err());
    }

    proptest! {
        #![proptest_config(cases(64))]

        #[test]
        fn a_tile_with_borders_is_the_whole_cut_out(
            (w, h) in (1usize..60, 1usize..50), threads in 1usize..5,
            (a, b, c, d) in (0.0f64..1.0, 0.0f64..1.0, 0.0f64..1.0, 0.0f64..1.0),
        ) {
            let mut mattes = noise(3, h, w);
            normalize(mattes.view_mut(), 1).unwrap();
            let expected = drawn(&mattes);
            let frame = Window::new(5, -9, w as i64 + 5, h as i64 - 9);
            let window = window_in(w, h, (a, b), (c, d));
            let tile = Region::tile(frame, window.translate(5, -9), BORDER_MARGIN_PX);
            let input = cut(&mattes.view(), tile.input.translate(-5, 9));
            let mut found = Array3::from_elem((3, window.height(), window.width()), f32::NAN);
            draw_borders(input, &tile, found.view_mut(), threads).unwrap();
            prop_assert_eq!(found, cut(&expected.view(), window));
        }

        #[test]
        fn shares_sum_to_one_and_the_leading_class_still_leads((w, h) in (1usize..40, 1usize..30), power in 1i32..9) {
            let mut mattes = noise(5, h, w).mapv(|v| v.powi(power));
            normalize(mattes.view_mut(), 1).unwrap();
            let found = drawn(&mattes);
            prop_assert_eq!(strongest(found.view()), strongest(mattes.view()));
            for pixel in found.lanes(ndarray::Axis(0)) {
                prop_assert!((pixel.sum() - 1.0).abs() < 1e-6 && pixel.iter().all(|v| (0.0..=1.0).contains(v)), "{}", pixel);
            }
        }
    }
}
