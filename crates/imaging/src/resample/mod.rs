//! Separable resampling with antialiasing: any part of a picture to any size, whole or in tiles.

mod axis;

use crate::{Error, Extent, Result, Size, Window, bands, rows};
use axis::Axis;
use ndarray::{Array3, ArrayView3, ArrayViewMut3};

/// The kernel that weighs source pixels. When the picture shrinks, every kernel is widened by the ratio, so that it
/// covers all source pixels (Smith, "A Pixel Is Not a Little Square", 1995; Heckbert's `zoom`, Graphics Gems III).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Filter {
    /// Tent of radius 1: linear interpolation when enlarging. Never overshoots. What the networks' input is made with.
    Triangle,
    /// Mitchell and Netravali, "Reconstruction Filters in Computer Graphics" (1988), B = C = 1/3: a slight blur, little
    /// overshoot.
    Mitchell,
    /// Catmull-Rom (B = 0, C = 1/2): interpolates, sharp, overshoots at edges.
    CatmullRom,
    /// Sinc windowed by a sinc, radius 3 (Duchon 1979): the sharpest, rings at hard edges.
    Lanczos3,
}

/// The weights that take a picture of one size to another, computed once.
///
/// ```
/// use imaging::resample::{Filter, Resampler};
/// use imaging::{Size, Window};
/// use ndarray::{Array3, s};
///
/// let shrink = Resampler::whole(Size::new(64, 32), Size::new(24, 12), Filter::Triangle)?;
/// let picture = Array3::from_shape_fn((3, 32, 64), |(c, y, x)| (c + x * y) as f32);
/// let small = shrink.resample(picture.view(), 1)?;
/// let tile = shrink.resample_window(picture.view(), Window::new(5, 2, 20, 9), 1)?;
/// assert_eq!(tile, small.slice(s![.., 2..9, 5..20]));
/// # Ok::<(), imaging::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Resampler {
    x: Axis,
    y: Axis,
    source: Size,
    target: Size,
}

impl Resampler {
    /// Takes the part `extent` of a picture of size `source` to `target` pixels.
    ///
    /// The extent may have fractions, and may reach past the picture, whose border pixels then count as continuing.
    ///
    /// # Errors
    /// When a size is zero, or the extent is empty, inverted, not finite or beyond ±1e7 pixels.
    pub fn new(source: Size, extent: Extent, target: Size, filter: Filter) -> Result<Self> {
        Ok(Self {
            x: Axis::new(source.width, (extent.x0, extent.x1), target.width, filter)?,
            y: Axis::new(source.height, (extent.y0, extent.y1), target.height, filter)?,
            source,
            target,
        })
    }

    /// Takes a whole picture to another size.
    ///
    /// # Errors
    /// When a size is zero.
    pub fn whole(source: Size, target: Size, filter: Filter) -> Result<Self> {
        Self::new(source, Extent::of_size(source), target, filter)
    }

    /// The size that a source must have.
    pub fn source_size(&self) -> Size {
        self.source
    }

    /// The size of the whole result.
    pub fn target_size(&self) -> Size {
        self.target
    }

    /// The source pixels that the pixels of `window` (of the target) are made of.
    pub fn source_window(&self, window: Window) -> Window {
        let window = window.intersect(&Window::of_size(self.target));
        if window.is_empty() {
            return Window::new(0, 0, 0, 0);
        }
        let (x0, x1) = self.x.reach(window.x0 as usize, window.x1 as usize);
        let (y0, y1) = self.y.reach(window.y0 as usize, window.y1 as usize);
        Window::new(x0 as i64, y0 as i64, x1 as i64, y1 as i64)
    }

    /// The whole result, `[channels, target height, target width]`.
    ///
    /// # Errors
    /// When `source` is not `[any, source height, source width]` with contiguous rows.
    pub fn resample(&self, source: ArrayView3<f32>, threads: usize) -> Result<Array3<f32>> {
        self.resample_window(source, Window::of_size(self.target), threads)
    }

    /// A window of the result, bit for bit as [`resample`](Self::resample) would give it.
    ///
    /// # Errors
    /// As `resample`, and when the window reaches beyond the target.
    pub fn resample_window(&self, source: ArrayView3<f32>, window: Window, threads: usize) -> Result<Array3<f32>> {
        let mut out = Array3::zeros((source.dim().0, window.height(), window.width()));
        self.resample_window_into(source, window, out.view_mut(), threads)?;
        Ok(out)
    }

    /// As [`resample_window`](Self::resample_window), into an array that the caller keeps.
    ///
    /// # Errors
    /// As `resample_window`, and when `out` is not `[channels, window height, window width]` with contiguous rows.
    pub fn resample_window_into(
        &self,
        source: ArrayView3<f32>,
        window: Window,
        out: ArrayViewMut3<f32>,
        threads: usize,
    ) -> Result<()> {
        rows::check(&source, "picture to resample", source.dim().0, self.source)?;
        rows::check(&out.view(), "resampled picture", source.dim().0, window.size())?;
        let target = Window::of_size(self.target);
        if !target.contains(&window) {
            return Err(Error::Window { what: "resampled window", window, bounds: target });
        }
        if window.is_empty() {
            return Ok(());
        }
        let columns = (window.x0 as usize, window.x1 as usize);
        bands::for_each_band(out, threads, |first, mut band| {
            for channel in 0..band.dim().0 {
                let rows_of = Rows { source: &source, channel, first: window.y0 as usize + first, columns };
                if self.y.enlarges() {
                    self.rows_first(rows_of, &mut band);
                } else {
                    self.columns_first(rows_of, &mut band);
                }
            }
        });
        Ok(())
    }

    /// Shrinking: mixes the source rows of a target row first, which leaves fewer rows for the costlier pass along x.
    fn columns_first(&self, job: Rows, out: &mut ArrayViewMut3<f32>) {
        let (x0, x1) = self.x.reach(job.columns.0, job.columns.1);
        let mut mixed = vec![0.0; x1 - x0];
        for y in 0..out.dim().1 {
            let (start, weights) = self.y.taps(job.first + y);
            rows::mix(&mut mixed, weights, |t| &rows::row(job.source, job.channel, start + t)[x0..x1]);
            self.x.along(&mixed, x0, job.columns.0, rows::row_mut(out, job.channel, y));
        }
    }

    /// Enlarging: resamples each source row along x once and keeps as many as a target row mixes.
    fn rows_first(&self, job: Rows, out: &mut ArrayViewMut3<f32>) {
        let width = job.columns.1 - job.columns.0;
        let kept = self.y.tap_count();
        let mut ring = vec![0.0; kept * width];
        let mut done = self.y.taps(job.first).0;
        for y in 0..out.dim().1 {
            let (start, weights) = self.y.taps(job.first + y);
            for row in done.max(start)..start + kept {
                let place = row % kept * width;
                let source = rows::row(job.source, job.channel, row);
                self.x.along(source, 0, job.columns.0, &mut ring[place..place + width]);
            }
            done = start + kept;
            let mixed = rows::row_mut(out, job.channel, y);
            rows::mix(mixed, weights, |t| &ring[(start + t) % kept * width..][..width]);
        }
    }
}

/// The rows that one band makes: from target row `first` on, target columns `columns.0..columns.1`, of one channel.
struct Rows<'a, 'b> {
    source: &'a ArrayView3<'b, f32>,
    channel: usize,
    first: usize,
    columns: (usize, usize),
}

#[cfg(test)]
mod tests;
