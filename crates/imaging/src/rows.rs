//! Rows of arrays as slices, so that inner loops run over contiguous memory.

use crate::{Error, Result, Size};
use ndarray::{ArrayView3, ArrayViewMut3, Axis};

/// Refuses an array whose rows are not contiguous, or whose shape is not `[channels, size]`.
pub(crate) fn check(array: &ArrayView3<f32>, what: &'static str, channels: usize, size: Size) -> Result<()> {
    let (c, h, w) = array.dim();
    if (c, h, w) != (channels, size.height, size.width) {
        return Err(Error::Shape {
            what,
            expected: vec![channels, size.height, size.width],
            found: array.shape().to_vec(),
        });
    }
    check_rows(array, what)
}

/// Refuses an array whose rows are not contiguous.
pub(crate) fn check_rows(array: &ArrayView3<f32>, what: &'static str) -> Result<()> {
    if array.dim().2 > 1 && array.strides()[2] != 1 {
        return Err(Error::Layout { what });
    }
    Ok(())
}

/// The size of the planes of an array.
pub(crate) fn size(array: &ArrayView3<f32>) -> Size {
    Size::new(array.dim().2, array.dim().1)
}

/// Row `y` of channel `c`; the array has passed [`check`].
pub(crate) fn row<'a>(array: &ArrayView3<'a, f32>, c: usize, y: usize) -> &'a [f32] {
    let row = array.index_axis_move(Axis(0), c).index_axis_move(Axis(0), y);
    row.to_slice().expect("check() has refused rows that are not contiguous")
}

/// Row `y` of channel `c`, for writing; the array has passed [`check`].
pub(crate) fn row_mut<'a>(array: &'a mut ArrayViewMut3<f32>, c: usize, y: usize) -> &'a mut [f32] {
    let plane = array.view_mut().index_axis_move(Axis(0), c);
    plane.index_axis_move(Axis(0), y).into_slice().expect("check() has refused rows that are not contiguous")
}

/// Row `y` of every channel at once, for writing; the array has passed [`check`].
pub(crate) fn channels_mut<'a>(array: &'a mut ArrayViewMut3<f32>, y: usize) -> Vec<&'a mut [f32]> {
    let mut rows = Vec::with_capacity(array.dim().0);
    let mut rest = array.view_mut().index_axis_move(Axis(1), y);
    while rest.dim().0 > 0 {
        let (first, others) = rest.split_at(Axis(0), 1);
        let row = first.index_axis_move(Axis(0), 0);
        rows.push(row.into_slice().expect("check() has refused rows that are not contiguous"));
        rest = others;
    }
    rows
}

/// `out = Σ weights[t] · row(t)`, in the order of t. Rows that weigh nothing are not read.
pub(crate) fn mix<'a>(out: &mut [f32], weights: &[f32], row: impl Fn(usize) -> &'a [f32]) {
    let mut taken = weights.iter().enumerate().filter(|(_, w)| **w != 0.0).map(|(t, &w)| (w, row(t)));
    match (taken.next(), taken.next()) {
        (None, _) => out.fill(0.0),
        (Some((w, row)), None) => out.iter_mut().zip(row).for_each(|(out, &v)| *out = w * v),
        (Some((w0, row0)), Some((w1, row1))) => {
            for ((out, &v0), &v1) in out.iter_mut().zip(row0).zip(row1) {
                *out = w0 * v0 + w1 * v1;
            }
        }
    }
    for (w, row) in taken {
        out.iter_mut().zip(row).for_each(|(out, &v)| *out += w * v);
    }
}
