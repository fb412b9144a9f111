//! Coefficients from a small picture, applied to a guide at full resolution.

use super::GuidedFilter;
use super::coefficients::Fit;
use crate::{Error, Extent, Result, Size, Window, bands, rows};
use ndarray::{Array3, ArrayView3, ArrayViewMut3};

/// Where a low-resolution grid lies on the full-resolution frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mapping {
    covered: Extent,
    low: Size,
}

impl Mapping {
    /// A grid of `low` cells that together cover `covered`, in full-resolution pixels.
    ///
    /// # Errors
    /// When either is empty, inverted or not finite.
    pub fn new(covered: Extent, low: Size) -> Result<Self> {
        let (width, height) = (covered.x1 - covered.x0, covered.y1 - covered.y0);
        for (name, value) in [("width of the covered extent", width), ("height of the covered extent", height)] {
            if !(value.is_finite() && value > 0.0) {
                return Err(Error::Parameter { name, value, range: "finite and above 0" });
            }
        }
        if low.width == 0 || low.height == 0 {
            return Err(Error::Parameter { name: "size of the low-resolution grid", value: 0.0, range: "at least 1" });
        }
        Ok(Self { covered, low })
    }

    /// The low-resolution grid.
    pub fn low(&self) -> Size {
        self.low
    }

    /// How many full-resolution pixels a cell of the grid is wide and high.
    pub fn cell_px(&self) -> (f64, f64) {
        let (width, height) = (self.covered.x1 - self.covered.x0, self.covered.y1 - self.covered.y0);
        (width / self.low.width as f64, height / self.low.height as f64)
    }

    fn column(&self, x: i64) -> Between {
        Between::new(x, self.covered.x0, self.cell_px().0, self.low.width)
    }

    fn row(&self, y: i64) -> Between {
        Between::new(y, self.covered.y0, self.cell_px().1, self.low.height)
    }
}

/// The two cells whose centers a pixel's center lies between, and how near it is to the second, 0 to 1.
#[derive(Debug, Clone, Copy)]
struct Between {
    first: usize,
    second: usize,
    nearness: f32,
}

impl Between {
    fn new(pixel: i64, start: f64, cell_px: f64, cells: usize) -> Self {
        let place = ((pixel as f64 + 0.5 - start) / cell_px - 0.5).clamp(0.0, (cells - 1) as f64);
        let first = place as usize;
        Self { first, second: (first + 1).min(cells - 1), nearness: (place - first as f64) as f32 }
    }
}

/// The averaged coefficients (a, b) of every cell of a low-resolution grid, for K targets.
///
/// Independent of windows and of what is done to the result, so they can be kept as long as the targets.
#[derive(Debug, Clone, PartialEq)]
pub struct GuidedCoefficients {
    /// Cell by cell, target by target: four values, (a of each channel, b), a grey guide's unused ones zero.
    cells: Vec<f32>,
    size: Size,
    targets: usize,
    channels: usize,
}

/// Three channels and b. Four lanes are what every processor has.
const COEFFICIENTS: usize = 4;

impl GuidedFilter {
    /// Fits targets `[K, h, w]` to a guide `[1 or 3, h, w]` of the same small size. The radius is in its pixels.
    ///
    /// # Errors
    /// When the two differ in size, are empty, or the guide has neither one nor three channels.
    pub fn fit(&self, guide: ArrayView3<f32>, targets: ArrayView3<f32>, threads: usize) -> Result<GuidedCoefficients> {
        let (size, channels, count) = (rows::size(&guide), guide.dim().0, targets.dim().0);
        let frame = Window::of_size(size);
        let fit = Fit::new(self.span, self.epsilon, guide, targets, frame, frame)?;
        if frame.is_empty() || count == 0 {
            return Err(Error::Parameter { name: "size of the picture to fit", value: 0.0, range: "at least 1" });
        }
        let mut cells = vec![0.0; size.width * size.height * count * COEFFICIENTS];
        let stride = count * COEFFICIENTS;
        let by_row = ArrayViewMut3::from_shape((1, size.height, size.width * stride), &mut cells);
        let by_row = by_row.expect("the vector has been made with this length");
        bands::for_each_band(by_row, threads, |first, mut band| {
            let rows = (first as i64, (first + band.dim().1) as i64);
            let mut planes = vec![Vec::new(); count * COEFFICIENTS];
            fit.in_steps(Window::new(0, rows.0, frame.x1, rows.1), |window, fitted| {
                planes.iter_mut().for_each(|plane| plane.resize(window.width() * window.height(), 0.0));
                fitted.each_smoothed(window, |target, number, y, x0, values| {
                    // b stands last, whether the guide is grey or not.
                    let lane = if number == channels { COEFFICIENTS - 1 } else { number };
                    let at = (y - window.y0) as usize * window.width() + x0 as usize;
                    planes[target * COEFFICIENTS + lane][at..at + values.len()].copy_from_slice(values);
                });
                for (y, at) in (window.y0..window.y1).zip((0..).step_by(window.width())) {
                    let row = rows::row_mut(&mut band, 0, (y - rows.0) as usize);
                    interleave(&planes, at, row);
                }
            });
        });
        Ok(GuidedCoefficients { cells, size, targets: count, channels })
    }
}

/// Writes the values of all planes from place `at` on, cell by cell, in pieces that stay in the first cache.
fn interleave(planes: &[Vec<f32>], at: usize, out: &mut [f32]) {
    const CELLS: usize = 16;
    for (piece, out) in out.chunks_mut(CELLS * planes.len()).enumerate() {
        let start = at + piece * CELLS;
        let cells = out.len() / planes.len();
        for (lane, plane) in planes.iter().enumerate() {
            let values = &plane[start..start + cells];
            out[lane..].iter_mut().step_by(planes.len()).zip(values).for_each(|(out, &v)| *out = v);
        }
    }
}

impl GuidedCoefficients {
    /// The size of the grid that the coefficients were fitted on.
    pub fn size(&self) -> Size {
        self.size
    }

    /// How many targets there are.
    pub fn targets(&self) -> usize {
        self.targets
    }

    /// Bytes held, for a cache that counts them.
    pub fn bytes(&self) -> usize {
        size_of_val(self.cells.as_slice())
    }

    /// The targets at full resolution, `[K, window]`, for a guide that holds `window` of the full-resolution frame.
    ///
    /// Coefficients are enlarged linearly. Each pixel depends on its own guide value and place only, so any window is
    /// bit for bit the same part of the whole, and no margin is needed. A linear function can overshoot: mattes want
    /// [`normalize`](crate::matte::normalize) afterwards.
    ///
    /// # Errors
    /// When the guide has another shape or number of channels, or the mapping another grid.
    pub fn upsample(
        &self,
        guide: ArrayView3<f32>,
        window: Window,
        mapping: &Mapping,
        threads: usize,
    ) -> Result<Array3<f32>> {
        let mut out = Array3::zeros((self.targets, window.height(), window.width()));
        self.upsample_into(guide, window, mapping, out.view_mut(), threads)?;
        Ok(out)
    }

    /// Gives back what the averaging over windows took from the targets: `shares[k]` of the difference at every cell is
    /// added to b, so that with 1 the grid itself keeps its values and only what lies between them follows the guide.
    ///
    /// Small areas, narrower than the windows, would be lost otherwise. With 0 the filter stays what it is, which also
    /// moves a border of the grid onto the guide's edge. `guide` and `targets` are those that were fitted.
    ///
    /// # Errors
    /// When the arrays are not of the fitted size, or there is not one share for each target.
    pub fn recover(&mut self, guide: ArrayView3<f32>, targets: ArrayView3<f32>, shares: &[f32]) -> Result<()> {
        rows::check(&guide, "guide", self.channels, self.size)?;
        rows::check(&targets, "targets to recover", self.targets, self.size)?;
        if shares.len() != self.targets {
            return Err(Error::Shape {
                what: "shares to recover",
                expected: vec![self.targets],
                found: vec![shares.len()],
            });
        }
        for (target, &share) in shares.iter().enumerate().filter(|(_, share)| **share != 0.0) {
            for y in 0..self.size.height {
                let truth = rows::row(&targets, target, y);
                for (x, truth) in truth.iter().enumerate() {
                    let at = ((y * self.size.width + x) * self.targets + target) * COEFFICIENTS;
                    let own = &mut self.cells[at..at + COEFFICIENTS];
                    let found: f32 = (0..self.channels).map(|c| own[c] * guide[[c, y, x]]).sum::<f32>() + own[3];
                    own[3] += share * (truth - found);
                }
            }
        }
        Ok(())
    }

    /// As [`upsample`](Self::upsample), into an array that the caller keeps.
    ///
    /// # Errors
    /// As `upsample`, and when `out` is not `[K, window height, window width]` with contiguous rows.
    pub fn upsample_into(
        &self,
        guide: ArrayView3<f32>,
        window: Window,
        mapping: &Mapping,
        out: ArrayViewMut3<f32>,
        threads: usize,
    ) -> Result<()> {
        rows::check(&guide, "full-resolution guide", self.channels, window.size())?;
        rows::check(&out.view(), "enlarged targets", self.targets, window.size())?;
        if mapping.low != self.size {
            return Err(Error::Shape {
                what: "grid of the mapping",
                expected: vec![self.size.height, self.size.width],
                found: vec![mapping.low.height, mapping.low.width],
            });
        }
        let columns: Vec<Between> = (window.x0..window.x1).map(|x| mapping.column(x)).collect();
        bands::for_each_band(out, threads, |first, mut band| {
            let mut mixed = vec![[0.0; COEFFICIENTS]; self.size.width * self.targets];
            for y in 0..band.dim().1 {
                self.mix_rows(mapping.row(window.y0 + (first + y) as i64), &columns, &mut mixed);
                let guide: Vec<&[f32]> = (0..self.channels).map(|c| rows::row(&guide, c, first + y)).collect();
                self.apply(&mixed, &columns, &guide, &mut rows::channels_mut(&mut band, y));
            }
        });
        Ok(())
    }

    /// The coefficients between two rows of the grid, for those columns that are needed.
    fn mix_rows(&self, at: Between, columns: &[Between], mixed: &mut [[f32; COEFFICIENTS]]) {
        let (Some(first), Some(last)) = (columns.first(), columns.last()) else { return };
        let (start, end) = (first.first * self.targets, (last.second + 1) * self.targets);
        let cells = self.cells.as_chunks::<COEFFICIENTS>().0;
        let row = |y: usize| &cells[y * self.size.width * self.targets..][start..end];
        for ((out, a), b) in mixed[start..end].iter_mut().zip(row(at.first)).zip(row(at.second)) {
            for lane in 0..COEFFICIENTS {
                out[lane] = a[lane] + at.nearness * (b[lane] - a[lane]);
            }
        }
    }

    fn apply(&self, mixed: &[[f32; COEFFICIENTS]], columns: &[Between], guide: &[&[f32]], out: &mut [&mut [f32]]) {
        match out {
            // The number of tones, and its neighbors: with a number that it knows, the compiler keeps all in registers.
            [a] => apply([a], mixed, columns, guide),
            [a, b] => apply([a, b], mixed, columns, guide),
            [a, b, c] => apply([a, b, c], mixed, columns, guide),
            [a, b, c, d] => apply([a, b, c, d], mixed, columns, guide),
            [a, b, c, d, e] => apply([a, b, c, d, e], mixed, columns, guide),
            out => {
                for (target, out) in out.iter_mut().enumerate() {
                    let own: Vec<_> = mixed.iter().skip(target).step_by(self.targets).copied().collect();
                    apply([out], &own, columns, guide);
                }
            }
        }
    }
}

fn apply<const K: usize>(
    out: [&mut &mut [f32]; K],
    mixed: &[[f32; COEFFICIENTS]],
    columns: &[Between],
    guide: &[&[f32]],
) {
    let out = out.map(|row| &mut row[..columns.len()]);
    let none: &[f32] = &vec![0.0; columns.len()];
    let [red, green, blue] = [0, 1, 2].map(|c| &guide.get(c).copied().unwrap_or(none)[..columns.len()]);
    let (cells, _) = mixed.as_chunks::<K>();
    for (x, column) in columns.iter().enumerate() {
        let color = [red[x], green[x], blue[x], 1.0];
        let (near, far) = (&cells[column.first], &cells[column.second]);
        for k in 0..K {
            let mut parts = [0.0; COEFFICIENTS];
            for lane in 0..COEFFICIENTS {
                parts[lane] = (near[k][lane] + column.nearness * (far[k][lane] - near[k][lane])) * color[lane];
            }
            out[k][x] = (parts[0] + parts[1]) + (parts[2] + parts[3]);
        }
    }
}

/// Targets `[K, h, w]` at full resolution, with the edges of the full-resolution guide: [`GuidedFilter::fit`] on the
/// low-resolution guide, then [`GuidedCoefficients::upsample`] for `window`.
///
/// `radius_px` is in low-resolution pixels. A caller that needs more than one window fits once and keeps the result.
///
/// # Errors
/// As the two functions that it joins.
#[expect(clippy::too_many_arguments, reason = "two pictures and where they lie; each step alone takes fewer")]
pub fn guided_upsample(
    low_targets: ArrayView3<f32>,
    low_guide: ArrayView3<f32>,
    full_guide: ArrayView3<f32>,
    window: Window,
    mapping: &Mapping,
    radius_px: f64,
    epsilon: f64,
    threads: usize,
) -> Result<Array3<f32>> {
    let coefficients = GuidedFilter::new(radius_px, epsilon)?.fit(low_guide, low_targets, threads)?;
    coefficients.upsample(full_guide, window, mapping, threads)
}
