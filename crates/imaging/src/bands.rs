//! Work split into bands of rows, at most `threads` of them at once.

use ndarray::{ArrayViewMut3, Axis};

/// Calls `work(first_row, band)` for bands of rows that together cover `out`.
///
/// With one thread the whole is one band on the calling thread, and rayon is not touched: a host that already renders
/// on all of its threads gets no further ones from us.
pub(crate) fn for_each_band<F>(out: ArrayViewMut3<f32>, threads: usize, work: F)
where
    F: Fn(usize, ArrayViewMut3<f32>) + Sync,
{
    if out.is_empty() {
        return;
    }
    let bands = threads.clamp(1, out.dim().1);
    split(out, 0, bands, &work);
}

fn split<F>(out: ArrayViewMut3<f32>, first_row: usize, bands: usize, work: &F)
where
    F: Fn(usize, ArrayViewMut3<f32>) + Sync,
{
    if bands == 1 {
        work(first_row, out);
        return;
    }
    let lower_bands = bands / 2;
    let at = out.dim().1 * lower_bands / bands;
    let (lower, upper) = out.split_at(Axis(1), at);
    rayon::join(
        || split(lower, first_row, lower_bands, work),
        || split(upper, first_row + at, bands - lower_bands, work),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    #[test]
    fn bands_cover_every_row_once_for_any_number_of_threads() {
        for threads in [0, 1, 2, 3, 7, 64] {
            let mut out = Array3::<f32>::zeros((2, 13, 3));
            for_each_band(out.view_mut(), threads, |y0, mut band| {
                for (i, mut rows) in band.axis_iter_mut(Axis(1)).enumerate() {
                    rows += (y0 + i) as f32 + 1.0;
                }
            });
            assert!(out.indexed_iter().all(|((_, y, _), &v)| v == y as f32 + 1.0), "{threads} threads");
        }
    }
}
