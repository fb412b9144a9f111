//! What a flow is asked once it is known: pictures brought along it, and how far it can be trusted.

use super::{Flow, same_size};
use crate::{Result, Size, bands, rows};
use ndarray::{Array2, Array3, ArrayView3, ArrayViewMut3, Axis};

/// How far the way there and back may miss its start, squared: a part of the way itself, and half a pixel (Sundaram, Brox
/// and Keutzer, "Dense Point Trajectories by GPU-accelerated Large Displacement Optical Flow", ECCV 2010, equation 5).
const MISS: (f32, f32) = (0.01, 0.5);

impl Flow {
    /// The picture `[channels, height, width]` that the flow leads to, brought back to where the flow starts: each pixel is
    /// `picture` at `p + u(p)`, bilinear. Beyond the edge, the border goes on.
    ///
    /// Where the flow is zero, pixels are copied bit for bit, as long as their neighbors are finite.
    ///
    /// # Errors
    /// When the picture has another size, or its rows are not contiguous.
    pub fn warp(&self, picture: ArrayView3<f32>, threads: usize) -> Result<Array3<f32>> {
        let mut out = Array3::zeros(picture.dim());
        self.warp_into(picture, out.view_mut(), threads)?;
        Ok(out)
    }

    /// As [`warp`](Self::warp), into an array that the caller keeps.
    ///
    /// # Errors
    /// As `warp`, and when `out` has another shape than the picture.
    pub fn warp_into(&self, picture: ArrayView3<f32>, out: ArrayViewMut3<f32>, threads: usize) -> Result<()> {
        rows::check(&picture, "picture to warp", picture.dim().0, self.size())?;
        rows::check(&out.view(), "warped picture", picture.dim().0, self.size())?;
        bands::for_each_band(out, threads, |first, mut band| {
            let planes: Vec<Plane> = (0..picture.dim().0).map(|channel| Plane::of(&picture, channel)).collect();
            let mut taps = Vec::new();
            for y in 0..band.dim().1 {
                self.taps(first + y, &mut taps);
                for (plane, out) in planes.iter().zip(rows::channels_mut(&mut band, y)) {
                    out.iter_mut().zip(&taps).for_each(|(out, tap)| *out = plane.sample(tap));
                }
            }
        });
        Ok(())
    }

    /// How well the way there and back meets its start, `[height, width]`, 0 to 1, with `back` the flow from the other plane
    /// to this one: 1 / (1 + (d² / m)²) for a miss of d and m = 0.01 (|u|² + |v|²) + ½, in pixels.
    ///
    /// 1 where it meets, ½ where it misses by what is usual, 0 where the way leads out of the picture. What is seen in only
    /// one of the two planes has no way back, and is near 0.
    ///
    /// # Errors
    /// When the sizes differ.
    pub fn consistency(&self, back: &Flow, threads: usize) -> Result<Array2<f32>> {
        same_size("flow back", self.size(), back.size())?;
        let size = self.size();
        let mut out = Array2::zeros((size.height, size.width));
        let (vectors, back) = (self.vectors(), back.vectors());
        bands::for_each_band(out.view_mut().insert_axis(Axis(0)), threads, |first, mut band| {
            let (back_x, back_y) = (Plane::of(&back, 0), Plane::of(&back, 1));
            let mut taps = Vec::new();
            for y in 0..band.dim().1 {
                self.taps(first + y, &mut taps);
                let (ux, uy) = (rows::row(&vectors, 0, first + y), rows::row(&vectors, 1, first + y));
                let out = rows::row_mut(&mut band, 0, y);
                for (((out, tap), ux), uy) in out.iter_mut().zip(&taps).zip(ux).zip(uy) {
                    let (vx, vy) = (back_x.sample(tap), back_y.sample(tap));
                    let miss = (ux + vx).powi(2) + (uy + vy).powi(2);
                    let usual = MISS.0 * (ux * ux + uy * uy + vx * vx + vy * vy) + MISS.1;
                    *out = if tap.inside { 1.0 / (1.0 + (miss / usual).powi(2)) } else { 0.0 };
                }
            }
        });
        Ok(out)
    }

    /// Where the pixels of a row are led.
    fn taps(&self, y: usize, taps: &mut Vec<Tap>) {
        let vectors = self.vectors();
        Tap::fill(taps, self.size(), y, rows::row(&vectors, 0, y), rows::row(&vectors, 1, y));
    }
}

/// The four pixels around a place, and how far it lies between them.
pub(crate) struct Tap {
    columns: [u32; 2],
    rows: [u32; 2],
    fraction: [f32; 2],
    /// Whether the place lies in the picture.
    pub(crate) inside: bool,
}

impl Tap {
    /// Where the pixels of row `y` are led by displacements along x and along y.
    pub(crate) fn fill(taps: &mut Vec<Self>, size: Size, y: usize, along_x: &[f32], along_y: &[f32]) {
        taps.clear();
        taps.extend(along_x.iter().zip(along_y).enumerate().map(|(x, (ux, uy))| {
            let (x, y) = (x as f32 + ux, y as f32 + uy);
            let inside = |v: f32, side: usize| v >= -0.5 && v <= side as f32 - 0.5;
            let (left, right, fraction_x) = split(x, size.width);
            let (above, below, fraction_y) = split(y, size.height);
            Self {
                columns: [left, right],
                rows: [above, below],
                fraction: [fraction_x, fraction_y],
                inside: inside(x, size.width) && inside(y, size.height),
            }
        }));
    }
}

/// The rows of one channel.
pub(crate) struct Plane<'a>(Vec<&'a [f32]>);

impl<'a> Plane<'a> {
    pub(crate) fn of(picture: &ArrayView3<'a, f32>, channel: usize) -> Self {
        Self((0..picture.dim().1).map(|y| rows::row(picture, channel, y)).collect())
    }

    pub(crate) fn sample(&self, tap: &Tap) -> f32 {
        let [left, right] = tap.columns;
        let [above, below] = tap.rows.map(|y| {
            let row = self.0[y as usize];
            row[left as usize] + (row[right as usize] - row[left as usize]) * tap.fraction[0]
        });
        above + (below - above) * tap.fraction[1]
    }
}

/// The pixels before and after a place along one axis, and the fraction between them; held at the border.
fn split(v: f32, side: usize) -> (u32, u32, f32) {
    let last = (side - 1) as f32;
    // Also takes what is no number, to 0.
    let v = if v > 0.0 { v.min(last) } else { 0.0 };
    let before = v as u32;
    (before, (before + 1).min(side as u32 - 1), v - before as f32)
}
