//! Borders between mattes, a pixel wide wherever two classes are not in doubt over an area.

use super::continued::Continued;
use crate::{Region, Result, bands, rows};
use ndarray::{ArrayView3, ArrayViewMut3};

/// How far around its output [`draw_borders`] reads: a smoothed row takes two neighbors, a slope one more.
pub const BORDER_MARGIN_PX: usize = SMOOTHED_PX + 1;

/// How far around a pixel the smoothed mattes look.
const SMOOTHED_PX: usize = 2;

/// The weights of that: a binomial, about a Gaussian of one pixel.
const BINOMIAL: [f32; 2 * SMOOTHED_PX + 1] = [1.0 / 16.0, 4.0 / 16.0, 6.0 / 16.0, 4.0 / 16.0, 1.0 / 16.0];

/// A lead grows by at least this much a pixel, or counts as if it did: where it is flatter two classes are in doubt over
/// an area, and borders around every grain of it would be hard ones.
const LEAST_SLOPE: f32 = 0.25;

/// From this slope on a border is the picture's own edge, which smoothing would round. Flatter ones are borders of light, and
/// what is uneven in them is grain. Between both slopes the one turns into the other.
const EDGE_SLOPE: f32 = 0.5;

/// Draws each class up to the border where another one begins to lead: a pixel gets the share of it that lies on the
/// class's side, so that borders are a pixel wide and antialiased, and what is more than half a pixel away is decided.
///
/// A network's doubt reaches far into areas, where an artist wants a matte without holes and without haze; and a border that
/// is rounded to whole pixels has steps that no blur afterwards takes away. Here the lead of a class over the best of the
/// others, over the length of its gradient, is the distance to the border in pixels; half a pixel more than that is
/// the share that a straight border through the pixel leaves. Where the lead changes by less than a quarter a pixel, what
/// two classes share stays shared, and a lead of an eighth decides; there, and up to twice that slope less and less, it is
/// the lead of smoothed mattes, so that grain, which refined mattes take over from the picture, does not fray borders.
///
/// `mattes`, `[K, …]`, hold `region.input`, `out` holds `region.output`; mattes must lie within 0 to 1 and sum to one, as
/// [`softmax`](super::softmax) and [`complete`](super::complete) leave them, and so do those that come out. Past the frame
/// its border pixels continue, so that a border along its outermost pixels is drawn harder. A tile is bit for bit the same
/// part of the whole frame's result.
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
        let mut window = Rolling::new(&source, region.output.y0 + first as i64);
        for row in 0..band.dim().1 {
            window.advance(&source);
            window.draw(&mut rows::channels_mut(&mut band, row));
        }
    });
    Ok(())
}

/// Rows of all classes, and of each the lead over the best of the others.
#[derive(Clone)]
struct Leads {
    mattes: Vec<Vec<f32>>,
    leads: Vec<Vec<f32>>,
    most: Vec<f32>,
    second: Vec<f32>,
}

impl Leads {
    fn new(classes: usize, width: usize) -> Self {
        let (row, rows) = (vec![0.0; width], vec![vec![0.0; width]; classes]);
        Self { mattes: rows.clone(), leads: rows, most: row.clone(), second: row }
    }

    /// Measures the leads of the mattes.
    fn measure(&mut self) {
        let Self { mattes, leads, most, second } = self;
        most.fill(0.0);
        second.fill(0.0);
        for row in mattes.iter() {
            for ((&v, most), second) in row.iter().zip(most.iter_mut()).zip(second.iter_mut()) {
                *second = second.max(v.min(*most));
                *most = v.max(*most);
            }
        }
        for (row, leads) in mattes.iter().zip(leads) {
            for (((&v, lead), &most), &second) in row.iter().zip(leads).zip(most.iter()).zip(second.iter()) {
                *lead = v - if v < most { most } else { second };
            }
        }
    }
}

/// What one row of borders is drawn from, moving down a picture.
struct Rolling {
    /// The row that it stands at.
    y: i64,
    /// That row and as many above and below it as a pixel depends on, with as many columns beside the output's.
    plain: [Leads; 2 * BORDER_MARGIN_PX + 1],
    /// The same smoothed: the row above, the row itself and the one below, with a column beside the output's.
    smooth: [Leads; 3],
    mixed: Vec<f32>,
    /// How much of each pixel is the picture's own edge.
    edge: Vec<f32>,
    sum: Vec<f32>,
}

impl Rolling {
    /// One row above `y`.
    fn new(source: &Continued, y: i64) -> Self {
        let (classes, width) = (source.mattes.dim().0, source.region.output.width());
        let plain = Leads::new(classes, width + 2 * BORDER_MARGIN_PX);
        let above = 2 * BORDER_MARGIN_PX;
        let mut rolling = Self {
            y: y - 1 - above as i64,
            plain: std::array::from_fn(|_| plain.clone()),
            smooth: std::array::from_fn(|_| Leads::new(classes, width + 2)),
            mixed: vec![0.0; width + 2 * BORDER_MARGIN_PX],
            edge: vec![0.0; width],
            sum: vec![0.0; width],
        };
        for row in 0..above {
            rolling.fetch(source);
            // The rows above and at `y` alone: before, not all that they are made of is there.
            if row + 2 >= above {
                rolling.smooth();
            }
        }
        rolling
    }

    /// Moves down by a row.
    fn advance(&mut self, source: &Continued) {
        self.fetch(source);
        self.smooth();
    }

    /// Takes the next row of the mattes.
    fn fetch(&mut self, source: &Continued) {
        self.y += 1;
        self.plain.rotate_left(1);
        let [.., next] = &mut self.plain;
        let x0 = source.region.output.x0 - BORDER_MARGIN_PX as i64;
        for (channel, row) in next.mattes.iter_mut().enumerate() {
            source.fill(channel, self.y + BORDER_MARGIN_PX as i64, x0, row);
        }
        next.measure();
    }

    /// Smooths the lowest rows to the next one.
    fn smooth(&mut self) {
        self.smooth.rotate_left(1);
        let Self { plain, smooth: [.., below], mixed, .. } = self;
        let taken = &plain[plain.len() - BINOMIAL.len()..];
        for (channel, row) in below.mattes.iter_mut().enumerate() {
            rows::mix(mixed, &BINOMIAL, |t| &taken[t].mattes[channel]);
            let width = row.len();
            rows::mix(row, &BINOMIAL, |t| &mixed[t..][..width]);
        }
        below.measure();
    }

    /// Draws the row that it stands at.
    fn draw(&mut self, out: &mut [&mut [f32]]) {
        let Self { plain, smooth: [smooth_above, smooth, smooth_below], edge, sum, .. } = self;
        let [_, _, above, own, below, _, _] = plain;
        let width = sum.len();
        let soft = |class| Cross::new([smooth_above, smooth, smooth_below], class, 1, width);
        let hard = |class| Cross::new([above, own, below], class, BORDER_MARGIN_PX, width);
        edge.fill(0.0);
        sum.fill(0.0);
        // One answer for all classes: borders that are drawn by two would not meet.
        for class in 0..out.len() {
            let (soft, hard) = (soft(class), hard(class));
            for (x, edge) in edge.iter_mut().enumerate() {
                // On the ridge of a line the slope is none, and what smoothing takes away is the line.
                let steepest = soft.slope(x, flat).max((hard.own[x] - soft.own[x]).abs());
                *edge = edge.max(((steepest - LEAST_SLOPE) / (EDGE_SLOPE - LEAST_SLOPE)).min(1.0));
            }
        }
        for (class, out) in out.iter_mut().enumerate() {
            let (soft, hard) = (soft(class), hard(class));
            for (x, ((out, sum), &edge)) in out.iter_mut().zip(sum.iter_mut()).zip(edge.iter()).enumerate() {
                let lead = soft.own[x] + (hard.own[x] - soft.own[x]) * edge;
                let slope = soft.slope(x, flat);
                let slope = slope + (hard.slope(x, grown) - slope) * edge;
                *out = (0.5 + lead / slope.max(LEAST_SLOPE)).clamp(0.0, 1.0);
                *sum += *out;
            }
        }
        // Where three meet in grain, less than a half may be drawn: the mattes themselves have the rest.
        for (out, matte) in out.iter_mut().zip(&own.mattes) {
            for ((v, sum), matte) in out.iter_mut().zip(sum.iter()).zip(&matte[BORDER_MARGIN_PX..]) {
                let rest = (1.0 - 2.0 * sum).max(0.0);
                *v = (*v + rest * matte) / (sum + rest);
            }
        }
    }
}

/// The leads of a row of pixels and of the neighbors of each.
struct Cross<'a> {
    left: &'a [f32],
    own: &'a [f32],
    right: &'a [f32],
    up: &'a [f32],
    down: &'a [f32],
}

impl<'a> Cross<'a> {
    /// Of a class and `width` pixels, the first of which is at `first` of the middle one of three rows.
    fn new([above, own, below]: [&'a Leads; 3], class: usize, first: usize, width: usize) -> Self {
        // Cut to one length, so that no index is checked.
        let cut = |row: &'a Leads, from: usize| &row.leads[class][from..][..width];
        Self {
            left: cut(own, first - 1),
            own: cut(own, first),
            right: cut(own, first + 1),
            up: cut(above, first),
            down: cut(below, first),
        }
    }

    /// The length of the gradient at a pixel, by how much the lead grows between two neighbors.
    fn slope(&self, x: usize, growth: impl Fn(f32, f32) -> f32) -> f32 {
        let (dx, dy) = (growth(self.left[x], self.right[x]), growth(self.up[x], self.down[x]));
        (dx * dx + dy * dy).sqrt()
    }
}

/// How much the lead grows a pixel between two neighbors of one.
fn flat(before: f32, after: f32) -> f32 {
    0.5 * (after - before)
}

/// The same where the picture has an edge: of neighbors that are both decided, for different classes, the lead has grown from
/// one end to the other within the pixel between them, half the way.
fn grown(before: f32, after: f32) -> f32 {
    flat(before, after) * (1.0 + (-before * after).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{cases, cut, noise, window_in};
    use crate::matte::normalize;
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
    fn a_border_covers_pixels_as_a_straight_edge_does_whatever_the_slope() {
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
    fn below_the_least_slope_a_border_is_as_wide_as_the_doubt() {
        let (mattes, _) = across(0.0, 0.0, 0.1);
        let found = drawn(&mattes);
        // 0.1 of 0.25 a pixel.
        for (x, share) in [(14, 0.0), (15, 0.1), (16, 0.5), (17, 0.9), (18, 1.0)] {
            assert!((found[[0, 16, x]] - share).abs() < 0.01, "{} at {x}", found[[0, 16, x]]);
        }
    }

    #[test]
    fn where_none_leads_mattes_keep_what_they_have() {
        // One pixel of two classes amid two others: what leads there does not once smoothed, and the other way round.
        let (around, odd) = ([0.49, 0.47, 0.02, 0.02], [0.06, 0.08, 0.44, 0.42]);
        let mattes = Array3::from_shape_fn((4, 7, 7), |(k, y, x)| if (y, x) == (3, 3) { odd[k] } else { around[k] });
        let found = drawn(&mattes);
        for (k, share) in odd.into_iter().enumerate() {
            assert!((found[[k, 3, 3]] - share).abs() < 1e-6, "{} of class {k}", found[[k, 3, 3]]);
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
    fn grain_does_not_fray_the_border_of_a_soft_shadow() {
        // A lead that grows by 0.05 a pixel, with grain of about that size.
        let grain = noise(1, 64, 64);
        let mattes = Array3::from_shape_fn((2, 64, 64), |(k, y, x)| {
            let share = 0.5 + (0.025 * (x as f32 - 32.2) + 0.06 * (grain[[0, y, x]] - 0.5)).clamp(-0.5, 0.5);
            if k == 0 { share } else { 1.0 - share }
        });
        // How far neighbors of a column are apart.
        let rough = |mattes: &Array3<f32>, curve: fn(f32) -> f32| {
            let at = |y: usize, x: usize| curve(mattes[[0, y, x]]);
            let pairs = (8..55).flat_map(|y| (8..56).map(move |x| (y, x)));
            pairs.map(|(y, x)| (at(y, x) - at(y + 1, x)).abs()).sum::<f32>()
        };
        let found = rough(&drawn(&mattes), |share| share);
        let frayed = rough(&mattes, |share| (0.5 + (2.0 * share - 1.0) / LEAST_SLOPE).clamp(0.0, 1.0));
        assert!(found < 0.4 * frayed, "{found} of {frayed}");
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
        fn shares_sum_to_one_whatever_the_mattes_are((w, h) in (1usize..40, 1usize..30), power in 1i32..9) {
            let mut mattes = noise(5, h, w).mapv(|v| v.powi(power));
            normalize(mattes.view_mut(), 1).unwrap();
            let found = drawn(&mattes);
            for pixel in found.lanes(ndarray::Axis(0)) {
                prop_assert!((pixel.sum() - 1.0).abs() < 1e-6 && pixel.iter().all(|v| (0.0..=1.0).contains(v)), "{}", pixel);
            }
        }
    }
}
