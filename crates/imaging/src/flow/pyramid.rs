//! One plane at several sizes, with gradients, ready to be matched.

use crate::{Error, Result, Size, bands, rows};
use ndarray::{ArrayView2, ArrayView3, ArrayViewMut3, Axis};

/// Border pixels repeated around each level, so that a patch that reaches over the edge needs no branch.
pub(super) const PAD: usize = 16;

/// A level is halved until its long side is at most this: a patch then sees a quarter of the picture.
const COARSEST: usize = 32;

/// Values beyond ± this count as this, so that squares stay finite.
const LARGEST: f32 = 1e4;

/// A plane made ready for [`Flow::between`](super::Flow::between): made once, matched with any number of others.
#[derive(Debug, Clone, PartialEq)]
pub struct FlowPyramid {
    /// Finest first.
    pub(super) levels: Vec<Level>,
}

/// One size of the plane, with [`PAD`] repeated pixels on every side.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Level {
    pub(super) size: Size,
    pub(super) stride: usize,
    pub(super) values: Vec<f32>,
    /// Change per pixel along x and along y.
    pub(super) gradient: [Vec<f32>; 2],
}

impl FlowPyramid {
    /// The pyramid of `plane`, `[height, width]`: one channel such as luma, in display encoding, about 0 to 1. What is not
    /// a number counts as 0.
    ///
    /// It holds about four times the memory of the plane.
    ///
    /// # Errors
    /// When the plane has no pixels.
    pub fn new(plane: ArrayView2<f32>, threads: usize) -> Result<Self> {
        let (height, width) = plane.dim();
        for (name, value) in [("width of a plane to match", width), ("height of a plane to match", height)] {
            if value == 0 {
                return Err(Error::Parameter { name, value: 0.0, range: "at least 1" });
            }
        }
        let mut levels = vec![Level::new(Size::new(width, height), threads, |y, row| {
            for (out, v) in row.iter_mut().zip(plane.row(y)) {
                *out = if v.is_nan() { 0.0 } else { v.clamp(-LARGEST, LARGEST) };
            }
        })];
        while let Some(last) = levels.last()
            && last.size.width.max(last.size.height) > COARSEST
        {
            let next = last.halved(threads);
            levels.push(next);
        }
        Ok(Self { levels })
    }

    /// Width and height of the plane.
    pub fn size(&self) -> Size {
        self.levels[0].size
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.levels.iter().map(|level| 3 * level.values.len() * size_of::<f32>()).sum()
    }
}

impl Level {
    /// A level whose rows `fill(y, row)` writes.
    fn new(size: Size, threads: usize, fill: impl Fn(usize, &mut [f32]) + Sync) -> Self {
        let (stride, height) = (size.width + 2 * PAD, size.height + 2 * PAD);
        let mut values = vec![0.0; stride * height];
        bands::for_each_band(plane(&mut values, stride), threads, |first, mut band| {
            for y in 0..band.dim().1 {
                let row = rows::row_mut(&mut band, 0, y);
                let inside = (first + y).saturating_sub(PAD).min(size.height - 1);
                fill(inside, &mut row[PAD..PAD + size.width]);
                let (left, right) = (row[PAD], row[PAD + size.width - 1]);
                row[..PAD].fill(left);
                row[PAD + size.width..].fill(right);
            }
        });
        let gradient = [1, stride].map(|step| differences(&values, step, stride, threads));
        Self { size, stride, values, gradient }
    }

    /// Half the size: each pixel a binomial mean of 4 × 4, which leaves little for the coarser grid to alias.
    fn halved(&self, threads: usize) -> Self {
        const TAPS: [f32; 4] = [0.125, 0.375, 0.375, 0.125];
        let size = Size::new(self.size.width.div_ceil(2), self.size.height.div_ceil(2));
        Self::new(size, threads, |y, row| {
            let mut mixed = vec![0.0; 2 * size.width + 2];
            rows::mix(&mut mixed, &TAPS, |t| {
                &self.values[(2 * y + PAD + t - 1) * self.stride + PAD - 1..][..2 * size.width + 2]
            });
            for (out, taken) in row.iter_mut().zip(mixed.windows(4).step_by(2)) {
                *out = TAPS.iter().zip(taken).fold(0.0, |sum, (w, v)| sum + w * v);
            }
        })
    }
}

/// Half the difference between the pixels after and before each, `step` values apart; 0 on the outermost.
fn differences(values: &[f32], step: usize, stride: usize, threads: usize) -> Vec<f32> {
    let mut out = vec![0.0; values.len()];
    let height = values.len() / stride;
    bands::for_each_band(plane(&mut out, stride), threads, |first, mut band| {
        for y in 0..band.dim().1 {
            if first + y == 0 || first + y + 1 == height {
                continue;
            }
            let start = (first + y) * stride + 1;
            let row = &mut rows::row_mut(&mut band, 0, y)[1..stride - 1];
            let (after, before) = (&values[start + step..], &values[start - step..]);
            for ((out, after), before) in row.iter_mut().zip(after).zip(before) {
                *out = (after - before) * 0.5;
            }
        }
    });
    out
}

/// A buffer as one plane of rows.
fn plane(values: &mut [f32], stride: usize) -> ArrayViewMut3<'_, f32> {
    let height = values.len() / stride;
    ArrayViewMut3::from_shape((1, height, stride), values).expect("whole rows")
}

/// The mean of red, green and blue as the eye weighs them (Rec. 709), `[height, width]`; a single channel as it is.
///
/// # Errors
/// When the picture has neither one nor three channels.
pub fn luma(picture: ArrayView3<f32>) -> Result<ndarray::Array2<f32>> {
    match picture.dim().0 {
        1 => Ok(picture.index_axis_move(Axis(0), 0).to_owned()),
        3 => {
            let mut out = ndarray::Array2::zeros((picture.dim().1, picture.dim().2));
            for (channel, weight) in picture.axis_iter(Axis(0)).zip([0.2126, 0.7152, 0.0722]) {
                out.scaled_add(weight, &channel);
            }
            Ok(out)
        }
        _ => {
            let (_, height, width) = picture.dim();
            Err(Error::Shape { what: "picture", expected: vec![3, height, width], found: picture.shape().to_vec() })
        }
    }
}
