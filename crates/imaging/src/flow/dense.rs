//! From displacements of patches to one of every pixel.

use super::pyramid::{Level, PAD};
use super::search::{Grid, PATCH, Shifted, lanes};
use crate::{bands, rows};
use ndarray::{Array3, ArrayView3};

/// A patch that fits a pixel better than this gets no more weight.
const BEST_FIT: f32 = 0.01;

/// The mean of the displacements of the patches that hold a pixel, `[2, height, width]`, each weighed by how well it fits
/// this very pixel (Kroeger et al., equation 3).
pub(super) fn densify(from: &Level, to: &Level, patches: ArrayView3<f32>, threads: usize) -> Array3<f32> {
    let grid = Grid::of(from.size);
    let (width, height) = (from.size.width, from.size.height);
    let mut out = Array3::zeros((2, height, width));
    bands::for_each_band(out.view_mut(), threads, |first, mut band| {
        let end = first + band.dim().1;
        let mut weights = vec![0.0; band.dim().1 * width];
        for row in 0..grid.rows {
            let y = grid.y(row);
            // Rows of this patch that lie in the band.
            let inside = first.saturating_sub(y)..(end.min(height).saturating_sub(y)).min(PATCH);
            if inside.is_empty() {
                continue;
            }
            for column in 0..grid.columns {
                let (x, u) = (grid.x(column), (patches[[0, row, column]], patches[[1, row, column]]));
                let shifted = Shifted::new(to, (x, y), u);
                let columns = PATCH.min(width - x);
                for in_patch in inside.clone() {
                    let (above, below) = (shifted.row(to, in_patch), shifted.row(to, in_patch + 1));
                    let own = lanes(&from.values, (y + in_patch + PAD) * from.stride + x + PAD);
                    let weight: [f32; PATCH] = std::array::from_fn(|i| {
                        let value = above[i] + (below[i] - above[i]) * shifted.fraction_y;
                        1.0 / (value - own[i]).abs().max(BEST_FIT)
                    });
                    let at = y + in_patch - first;
                    for (i, weight) in weight.iter().enumerate().take(columns) {
                        band[[0, at, x + i]] += weight * u.0;
                        band[[1, at, x + i]] += weight * u.1;
                        weights[at * width + x + i] += weight;
                    }
                }
            }
        }
        for (y, weights) in weights.chunks_exact(width).enumerate() {
            for row in rows::channels_mut(&mut band, y) {
                row.iter_mut().zip(weights).for_each(|(v, weight)| *v /= weight);
            }
        }
    });
    out
}

/// The median of 3 × 3 of each component: outliers go, borders of motion stay (Sun, Roth and Black, "Secrets of Optical
/// Flow Estimation", CVPR 2010). The picture's border is repeated.
pub(super) fn median(flow: ArrayView3<f32>, threads: usize) -> Array3<f32> {
    let (_, height, width) = flow.dim();
    let mut out = Array3::zeros(flow.dim());
    bands::for_each_band(out.view_mut(), threads, |first, mut band| {
        let mut padded = [const { Vec::new() }; 3];
        for channel in 0..2 {
            for y in 0..band.dim().1 {
                for (i, padded) in padded.iter_mut().enumerate() {
                    let source = (first + y + i).saturating_sub(1).min(height - 1);
                    let row = rows::row(&flow, channel, source);
                    padded.clear();
                    padded.push(row[0]);
                    padded.extend_from_slice(row);
                    padded.push(row[width - 1]);
                }
                let [above, own, below] = &padded;
                let out = rows::row_mut(&mut band, channel, y);
                for (x, out) in out.iter_mut().enumerate() {
                    let at = |row: &[f32]| [row[x], row[x + 1], row[x + 2]];
                    *out = median_of_9(at(above), at(own), at(below));
                }
            }
        }
    });
    out
}

/// The middle of nine: of each row's least the largest, of the middles the middle, of the largest the least.
fn median_of_9(a: [f32; 3], b: [f32; 3], c: [f32; 3]) -> f32 {
    let [a, b, c] = [a, b, c].map(sorted);
    let low = a[0].max(b[0]).max(c[0]);
    let middle = sorted([a[1], b[1], c[1]])[1];
    let high = a[2].min(b[2]).min(c[2]);
    sorted([low, middle, high])[1]
}

fn sorted([a, b, c]: [f32; 3]) -> [f32; 3] {
    let (low, high) = (a.min(b), a.max(b));
    let middle = high.min(c);
    [low.min(c), low.max(middle), high.max(c)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_nine_is_their_middle_in_any_order() {
        let mut values: Vec<f32> = (0..9).map(|i| i as f32).collect();
        for turn in 0..2000 {
            values.swap(turn % 9, turn * 7 % 9);
            values.swap(turn * 5 % 9, turn / 3 % 9);
            let row = |i: usize| [values[i], values[i + 1], values[i + 2]];
            assert_eq!(median_of_9(row(0), row(3), row(6)), 4.0, "{values:?}");
        }
    }
}
