//! The displacement of each patch: inverse search (Kroeger et al., section 2.1) on one level.

use super::pyramid::{Level, PAD};
use crate::{Size, bands, rows};
use ndarray::{Array3, ArrayView3};

/// Side of a patch, in pixels of its level.
pub(super) const PATCH: usize = 8;

/// From one patch to the next: every pixel lies in four.
pub(super) const STEP: usize = 4;

const AREA: f32 = (PATCH * PATCH) as f32;

/// Steps of the descent at most; most patches need three or four.
const MOST_STEPS: usize = 12;

/// A step shorter than this ends the descent, in pixels.
const LAST_STEP: f32 = 0.01;

/// Two starting points nearer than this lead to the same place.
const SAME_START: f32 = 0.5;

/// Added to the curvature: what is flatter than noise is not followed.
const LEAST_CURVATURE: f32 = 1e-4;

/// Added to the curvature, as a part of its mean: along an edge, where any displacement is as good, little moves.
const EVEN_CURVATURE: f32 = 0.01;

pub(super) type Lanes = [f32; PATCH];

/// Where the patches of a level lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Grid {
    pub(super) columns: usize,
    pub(super) rows: usize,
    size: Size,
}

impl Grid {
    pub(super) fn of(size: Size) -> Self {
        let count = |side: usize| side.saturating_sub(PATCH).div_ceil(STEP) + 1;
        Self { columns: count(size.width), rows: count(size.height), size }
    }

    /// First column of the patches in a column of the grid; the last are moved inwards to end with the picture.
    pub(super) fn x(&self, column: usize) -> usize {
        (column * STEP).min(self.size.width.saturating_sub(PATCH))
    }

    /// First row of the patches in a row of the grid.
    pub(super) fn y(&self, row: usize) -> usize {
        (row * STEP).min(self.size.height.saturating_sub(PATCH))
    }
}

/// The displacements of a level's patches, `[2, grid rows, grid columns]`; `coarser` are those of the level above,
/// `[2, height, width]` of its pixels, in its pixels.
pub(super) fn search(from: &Level, to: &Level, coarser: Option<ArrayView3<f32>>, threads: usize) -> Array3<f32> {
    let grid = Grid::of(from.size);
    let mut out = Array3::zeros((2, grid.rows, grid.columns));
    bands::for_each_band(out.view_mut(), threads, |first, mut band| {
        for row in 0..band.dim().1 {
            let y = grid.y(first + row);
            let mut found = rows::channels_mut(&mut band, row);
            let [along_x, along_y] = &mut found[..] else { return };
            for (column, (u, v)) in along_x.iter_mut().zip(along_y.iter_mut()).enumerate() {
                let patch = Patch::new(from, (grid.x(column), y));
                let start = patch.best_start(to, coarser.as_ref());
                (*u, *v) = patch.descend(to, start);
            }
        }
    });
    out
}

/// One patch of the first plane.
struct Patch {
    values: [Lanes; PATCH],
    /// Gradients less their mean, so that a change of brightness moves nothing.
    gradient: [[Lanes; PATCH]; 2],
    /// The inverse of the curvature: xx, xy, yy.
    inverse: [f32; 3],
    place: (usize, usize),
}

/// What a displacement leaves.
#[derive(Clone, Copy)]
struct Residual {
    /// Sum of squares about the mean.
    error: f32,
    /// The way down.
    slope: (f32, f32),
}

impl Patch {
    fn new(from: &Level, place: (usize, usize)) -> Self {
        let (x, y) = place;
        let start = (y + PAD) * from.stride + x + PAD;
        let block =
            |plane: &[f32]| -> [Lanes; PATCH] { std::array::from_fn(|row| lanes(plane, start + row * from.stride)) };
        let gradient = [0, 1].map(|axis| {
            let mut block = block(&from.gradient[axis]);
            let mean = block.iter().flatten().sum::<f32>() / AREA;
            block.iter_mut().flatten().for_each(|v| *v -= mean);
            block
        });
        let product = |a: usize, b: usize| {
            let mut sums = [0.0; PATCH];
            for (a, b) in gradient[a].iter().zip(&gradient[b]) {
                (0..PATCH).for_each(|i| sums[i] += a[i] * b[i]);
            }
            sums.iter().sum::<f32>()
        };
        let (xx, xy, yy) = (product(0, 0), product(0, 1), product(1, 1));
        let floor = LEAST_CURVATURE + EVEN_CURVATURE * 0.5 * (xx + yy);
        let (xx, yy) = (xx + floor, yy + floor);
        // Above floor², because a sum of products never exceeds the mean of the squares.
        let determinant = (xx * yy - xy * xy).max(floor * floor);
        let inverse = [yy / determinant, -xy / determinant, xx / determinant];
        Self { values: block(&from.values), gradient, inverse, place }
    }

    /// The displacement, of those that the coarser level has around here, that fits best.
    fn best_start(&self, to: &Level, coarser: Option<&ArrayView3<f32>>) -> (f32, f32) {
        let (x, y) = self.place;
        let Some(coarser) = coarser else { return (0.0, 0.0) };
        let (_, height, width) = coarser.dim();
        let at = |dx: i64, dy: i64| {
            let place =
                |v: usize, d: i64, side: usize| ((v + PATCH / 2) as i64 / 2 + d).clamp(0, side as i64 - 1) as usize;
            let (x, y) = (place(x, dx, width), place(y, dy, height));
            (2.0 * coarser[[0, y, x]], 2.0 * coarser[[1, y, x]])
        };
        let reach = STEP as i64;
        let starts = [at(0, 0), (0.0, 0.0), at(-reach, 0), at(reach, 0), at(0, -reach), at(0, reach)];
        let mut best = starts[0];
        let mut error = None;
        for (i, &start) in starts.iter().enumerate().skip(1) {
            let near = |other: &(f32, f32)| (other.0 - start.0).abs().max((other.1 - start.1).abs()) < SAME_START;
            if starts[..i].iter().any(near) {
                continue;
            }
            let least = *error.get_or_insert_with(|| self.residual(to, best).error);
            let found = self.residual(to, start).error;
            if found < least {
                (best, error) = (start, Some(found));
            }
        }
        best
    }

    /// Goes down from `start` for as long as it fits better; `start` where that leads far off.
    fn descend(&self, to: &Level, start: (f32, f32)) -> (f32, f32) {
        let (mut best, mut least) = (start, f32::INFINITY);
        let mut u = start;
        for _ in 0..MOST_STEPS {
            let Residual { error, slope: (bx, by) } = self.residual(to, u);
            if error >= least {
                break;
            }
            (best, least) = (u, error);
            let [xx, xy, yy] = self.inverse;
            let (dx, dy) = (xx * bx + xy * by, xy * bx + yy * by);
            u = (u.0 - dx, u.1 - dy);
            if dx.abs().max(dy.abs()) < LAST_STEP {
                best = u;
                break;
            }
        }
        let far = (best.0 - start.0).hypot(best.1 - start.1);
        if far <= PATCH as f32 { best } else { start }
    }

    fn residual(&self, to: &Level, u: (f32, f32)) -> Residual {
        let window = Shifted::new(to, self.place, u);
        let [mut sum, mut square, mut bx, mut by] = [[0.0; PATCH]; 4];
        let mut above = window.row(to, 0);
        for row in 0..PATCH {
            let below = window.row(to, row + 1);
            for i in 0..PATCH {
                let r = above[i] + (below[i] - above[i]) * window.fraction_y - self.values[row][i];
                sum[i] += r;
                square[i] += r * r;
                bx[i] += r * self.gradient[0][row][i];
                by[i] += r * self.gradient[1][row][i];
            }
            above = below;
        }
        let total = |lanes: Lanes| lanes.iter().sum::<f32>();
        let sum = total(sum);
        Residual { error: total(square) - sum * sum / AREA, slope: (total(bx), total(by)) }
    }
}

/// A patch's place in the other plane, displaced.
pub(super) struct Shifted {
    start: usize,
    stride: usize,
    fraction_x: f32,
    pub(super) fraction_y: f32,
}

impl Shifted {
    /// The patch at `place` displaced by `u`; held where the repeated border ends.
    pub(super) fn new(to: &Level, place: (usize, usize), u: (f32, f32)) -> Self {
        let height = to.values.len() / to.stride;
        let split = |at: usize, u: f32, side: usize| {
            let position = ((at + PAD) as f32 + u).clamp(0.0, (side - PATCH - 2) as f32);
            (position as usize, position.fract())
        };
        let (x, fraction_x) = split(place.0, u.0, to.stride);
        let (y, fraction_y) = split(place.1, u.1, height);
        Self { start: y * to.stride + x, stride: to.stride, fraction_x, fraction_y }
    }

    /// Row `row` of the displaced patch, interpolated along x only.
    pub(super) fn row(&self, to: &Level, row: usize) -> Lanes {
        let start = self.start + row * self.stride;
        let (left, right) = (lanes(&to.values, start), lanes(&to.values, start + 1));
        std::array::from_fn(|i| left[i] + (right[i] - left[i]) * self.fraction_x)
    }
}

/// The values of a patch's row.
pub(super) fn lanes(plane: &[f32], start: usize) -> Lanes {
    let mut out = [0.0; PATCH];
    out.copy_from_slice(&plane[start..start + PATCH]);
    out
}
