//! Optical flow: where each pixel of one plane lies in another.
//!
//! Dense Inverse Search (Kroeger, Timofte, Dai and Van Gool, "Fast Optical Flow using Dense Inverse Search", ECCV 2016):
//! coarse to fine, overlapping patches of 8 × 8 slide to where they fit best, and each pixel takes the mean of its patches,
//! weighed by their fit. Two things differ from the paper. A patch starts from the best of several displacements of the
//! coarser level, among them none, so that a small thing that moves is not lost in its still surroundings; and a median of
//! 3 × 3 a level stands in place of the variational refinement (Sun, Roth and Black, CVPR 2010).
//!
//! Displacements are in pixels, x to the right, y in the direction of the array's rows. Good to about a tenth of a pixel
//! where there is texture, and up to about a quarter of the picture's long side. Where there is none, the displacement is
//! that of the nearest texture at a coarser size, or zero; ask [`Flow::consistency`] before trusting any.

mod dense;
mod motion;
mod pyramid;
pub(crate) mod sample;
mod search;

pub use motion::Motion;
pub use pyramid::{FlowPyramid, luma};

use crate::resample::{Filter, Resampler};
use crate::{Error, Result, Size, bands, rows};
use ndarray::{Array3, ArrayView2, ArrayView3};

/// A level of fewer pixels is done before other threads have begun.
const ALONE: usize = 1 << 14;

/// For every pixel of one plane, how far away it lies in another.
#[derive(Debug, Clone, PartialEq)]
pub struct Flow {
    /// Along x, then along y.
    vectors: Array3<f32>,
}

impl Flow {
    /// The flow from one plane to another, each `[height, width]`, as [`FlowPyramid::new`] takes them: the pixel that is at
    /// `p` in `from` is at `p + u(p)` in `to`.
    ///
    /// Equal planes have a flow of exactly zero. Every displacement is finite.
    ///
    /// ```
    /// use imaging::flow::Flow;
    /// use ndarray::Array2;
    ///
    /// let wave = |x: f32, y: f32| 0.5 + 0.25 * (0.3 * x).sin() + 0.25 * (0.2 * x + 0.35 * y).cos();
    /// let at = |shift: f32| Array2::from_shape_fn((48, 64), |(y, x)| wave(x as f32 - shift, y as f32));
    /// let flow = Flow::of_planes(at(0.0).view(), at(1.5).view(), 1)?;
    /// assert!((flow.vectors()[[0, 24, 32]] - 1.5).abs() < 0.1);
    /// # Ok::<(), imaging::Error>(())
    /// ```
    ///
    /// # Errors
    /// When a plane has no pixels, or their sizes differ.
    pub fn of_planes(from: ArrayView2<f32>, to: ArrayView2<f32>, threads: usize) -> Result<Self> {
        Self::between(&FlowPyramid::new(from, threads)?, &FlowPyramid::new(to, threads)?, threads)
    }

    /// [`of_planes`](Self::of_planes) of planes that are ready: for both directions, or one plane and several others.
    ///
    /// # Errors
    /// When the sizes differ.
    pub fn between(from: &FlowPyramid, to: &FlowPyramid, threads: usize) -> Result<Self> {
        same_size("plane to match", from.size(), to.size())?;
        let mut vectors: Option<Array3<f32>> = None;
        for (from, to) in from.levels.iter().zip(&to.levels).rev() {
            let threads = if from.size.width * from.size.height < ALONE { 1 } else { threads };
            let patches = search::search(from, to, vectors.as_ref().map(|v| v.view()), threads);
            let dense = dense::densify(from, to, patches.view(), threads);
            vectors = Some(dense::median(dense.view(), threads));
        }
        Ok(Self { vectors: vectors.expect("a pyramid has a level") })
    }

    /// A flow of these displacements, `[2, height, width]`: along x, then along y, in pixels.
    ///
    /// # Errors
    /// When there are not two planes, or their rows are not contiguous.
    pub fn from_vectors(vectors: Array3<f32>) -> Result<Self> {
        let size = rows::size(&vectors.view());
        rows::check(&vectors.view(), "displacements", 2, size)?;
        Ok(Self { vectors })
    }

    /// The displacements, `[2, height, width]`: along x, then along y, in pixels.
    pub fn vectors(&self) -> ArrayView3<'_, f32> {
        self.vectors.view()
    }

    /// Width and height.
    pub fn size(&self) -> Size {
        rows::size(&self.vectors.view())
    }

    /// The flow between the same pictures at another size.
    ///
    /// # Errors
    /// When a size is zero.
    pub fn resized(&self, size: Size, threads: usize) -> Result<Self> {
        let own = self.size();
        if own == size {
            return Ok(self.clone());
        }
        let mut vectors = Resampler::whole(own, size, Filter::Triangle)?.resample(self.vectors.view(), threads)?;
        let scale = [size.width as f32 / own.width as f32, size.height as f32 / own.height as f32];
        bands::for_each_band(vectors.view_mut(), threads, |_, mut band| {
            for y in 0..band.dim().1 {
                for (row, scale) in rows::channels_mut(&mut band, y).into_iter().zip(scale) {
                    row.iter_mut().for_each(|v| *v *= scale);
                }
            }
        });
        Ok(Self { vectors })
    }
}

fn same_size(what: &'static str, expected: Size, found: Size) -> Result<()> {
    if expected == found {
        return Ok(());
    }
    Err(Error::Shape { what, expected: vec![expected.height, expected.width], found: vec![found.height, found.width] })
}

#[cfg(test)]
mod tests;
