//! The linear functions (a, b) of every window.

use crate::box_sum::{BoxSpan, Scratch};
use crate::{Error, Result, Window, rows};
use ndarray::ArrayView3;

/// What is to be fitted: a guide and targets that hold `input`, a part of `frame`.
pub(super) struct Fit<'a> {
    span: BoxSpan,
    epsilon: f32,
    guide: ArrayView3<'a, f32>,
    targets: ArrayView3<'a, f32>,
    frame: Window,
    input: Window,
}

/// The coefficients of all windows around the pixels of one step.
pub(super) struct Fitted<'a, 'f> {
    fit: &'f Fit<'a>,
    statistics: Statistics,
    scratch: &'f mut Scratch,
}

/// What all targets share: the guide's means and the inverse of its regularised covariance, one value a pixel each.
struct Statistics {
    /// The pixels that they are known for.
    area: Window,
    means: Vec<Vec<f32>>,
    /// The upper triangle row by row: rr rg rb gg gb bb, or the single one of a grey guide.
    inverse: Vec<Vec<f32>>,
}

/// About how many pixels are worked on at once, so that the planes of a step stay in the cache and memory stays small.
const STEP_PIXELS: usize = 1 << 16;

impl<'a> Fit<'a> {
    pub(super) fn new(
        span: BoxSpan,
        epsilon: f32,
        guide: ArrayView3<'a, f32>,
        targets: ArrayView3<'a, f32>,
        frame: Window,
        input: Window,
    ) -> Result<Self> {
        let channels = guide.dim().0;
        if channels != 1 && channels != 3 {
            let size = input.size();
            return Err(Error::Shape {
                what: "guide (one or three channels)",
                expected: vec![3, size.height, size.width],
                found: guide.shape().to_vec(),
            });
        }
        rows::check(&guide, "guide", channels, input.size())?;
        rows::check(&targets, "targets of the guided filter", targets.dim().0, input.size())?;
        Ok(Self { span, epsilon, guide, targets, frame, input })
    }

    /// The part of the guide's row `y` that goes with coefficient number `coefficient`; `None` for b, the last one.
    pub(super) fn guide_row(&self, coefficient: usize, y: i64, x0: i64, count: usize) -> Option<&[f32]> {
        (coefficient < self.guide.dim().0).then(|| self.part(&self.guide, coefficient, y, x0, count))
    }

    /// Calls `work` for pieces of `output`, from its first rows to its last, with the windows around each piece fitted.
    pub(super) fn in_steps(&self, output: Window, mut work: impl FnMut(Window, &mut Fitted<'a, '_>)) {
        let mut scratch = Scratch::default();
        // Windows around a step are fitted for it alone, so a step is not much lower than what they overlap.
        let rows = (STEP_PIXELS / output.width().max(1)).max(8 * self.span.reach()).max(16) as i64;
        let mut y = output.y0;
        while y < output.y1 {
            let step = Window::new(output.x0, y, output.x1, (y + rows).min(output.y1));
            let area = step.grow(self.span.reach()).intersect(&self.frame);
            let statistics = self.statistics(area, &mut scratch);
            let mut fitted = Fitted { fit: self, statistics, scratch: &mut scratch };
            work(step, &mut fitted);
            let Statistics { means, inverse, .. } = fitted.statistics;
            scratch.keep(means.into_iter().chain(inverse));
            y += rows;
        }
    }

    /// A part of a row of an array that holds `input`.
    fn part<'s>(&self, array: &'s ArrayView3<'a, f32>, channel: usize, y: i64, x0: i64, count: usize) -> &'s [f32] {
        let row = rows::row(array, channel, (y - self.input.y0) as usize);
        &row[(x0 - self.input.x0) as usize..][..count]
    }

    /// The mean over each window of `area` of the rows that `fill(y, x0, row)` gives, which lie in the frame.
    fn means(&self, area: Window, scratch: &mut Scratch, mut fill: impl FnMut(i64, i64, &mut [f32])) -> Vec<f32> {
        let mut out = scratch.plane(area.width() * area.height());
        self.each_mean(area, scratch, &mut fill, |y, x0, means| {
            let at = (y - area.y0) as usize * area.width() + (x0 - area.x0) as usize;
            out[at..at + means.len()].copy_from_slice(means);
        });
        out
    }

    fn each_mean(
        &self,
        area: Window,
        scratch: &mut Scratch,
        mut fill: impl FnMut(i64, i64, &mut [f32]),
        mut emit: impl FnMut(i64, i64, &[f32]),
    ) {
        let frame = self.frame;
        let inside = |y: i64, x0: i64, row: &mut [f32]| {
            row.fill(0.0);
            if y >= frame.y0 && y < frame.y1 {
                let (first, end) = (x0.max(frame.x0), (x0 + row.len() as i64).min(frame.x1));
                fill(y, first, &mut row[(first - x0) as usize..(end - x0) as usize]);
            }
        };
        let across: Vec<f32> = (area.x0..area.x1).map(|x| self.span.weight_within(x, frame.x0, frame.x1)).collect();
        let mut means = Vec::new();
        self.span.sums(area, scratch, inside, |y, x0, sums| {
            let down = self.span.weight_within(y, frame.y0, frame.y1);
            let across = &across[(x0 - area.x0) as usize..];
            means.clear();
            // A true division: ones have a mean of exactly one.
            means.extend(sums.iter().zip(across).map(|(sum, weight)| sum / (weight * down)));
            emit(y, x0, &means);
        });
    }

    /// The mean over each window of the product of two channels.
    fn product_means(
        &self,
        area: Window,
        scratch: &mut Scratch,
        (a, i): (&ArrayView3<'a, f32>, usize),
        (b, j): (&ArrayView3<'a, f32>, usize),
    ) -> Vec<f32> {
        self.means(area, scratch, |y, x0, row| {
            let factors = self.part(a, i, y, x0, row.len()).iter().zip(self.part(b, j, y, x0, row.len()));
            row.iter_mut().zip(factors).for_each(|(out, (a, b))| *out = a * b);
        })
    }

    fn plain_means(&self, area: Window, scratch: &mut Scratch, array: &ArrayView3<'a, f32>, i: usize) -> Vec<f32> {
        self.means(area, scratch, |y, x0, row| row.copy_from_slice(self.part(array, i, y, x0, row.len())))
    }

    fn statistics(&self, area: Window, scratch: &mut Scratch) -> Statistics {
        let channels = self.guide.dim().0;
        let means: Vec<_> = (0..channels).map(|c| self.plain_means(area, scratch, &self.guide, c)).collect();
        let mut covariance = Vec::new();
        for i in 0..channels {
            for j in i..channels {
                let mut products = self.product_means(area, scratch, (&self.guide, i), (&self.guide, j));
                let more = if i == j { self.epsilon } else { 0.0 };
                for ((p, a), b) in products.iter_mut().zip(&means[i]).zip(&means[j]) {
                    // Rounding must not make a variance negative.
                    let covariance = *p - a * b;
                    *p = if i == j { covariance.max(0.0) + more } else { covariance };
                }
                covariance.push(products);
            }
        }
        invert(&mut covariance);
        Statistics { area, means, inverse: covariance }
    }
}

impl Fitted<'_, '_> {
    /// Calls `emit(target, coefficient, y, x0, values)` for the coefficients of every target, averaged over the windows
    /// that hold a pixel of `output`: those of the guide's channels, then b.
    pub(super) fn each_smoothed(&mut self, output: Window, mut emit: impl FnMut(usize, usize, i64, i64, &[f32])) {
        for target in 0..self.fit.targets.dim().0 {
            let area = self.statistics.area;
            let planes = self.coefficients(target);
            for (number, plane) in planes.iter().enumerate() {
                let fill = |y: i64, x0: i64, row: &mut [f32]| {
                    let at = (y - area.y0) as usize * area.width() + (x0 - area.x0) as usize;
                    row.copy_from_slice(&plane[at..at + row.len()]);
                };
                self.fit.each_mean(output, self.scratch, fill, |y, x0, values| emit(target, number, y, x0, values));
            }
            self.scratch.keep(planes);
        }
    }

    /// The coefficients of one target for every window: a of each channel, then b. Equations 5 and 6, and 19 and 20.
    fn coefficients(&mut self, target: usize) -> Vec<Vec<f32>> {
        let Statistics { area, means, inverse } = &self.statistics;
        let (fit, channels) = (self.fit, means.len());
        let mut b = fit.plain_means(*area, self.scratch, &fit.targets, target);
        let mut planes: Vec<Vec<f32>> = (0..channels)
            .map(|c| {
                let pair = ((&fit.guide, c), (&fit.targets, target));
                let mut covariance = fit.product_means(*area, self.scratch, pair.0, pair.1);
                covariance.iter_mut().zip(&means[c]).zip(&b).for_each(|((v, m), p)| *v -= m * p);
                covariance
            })
            .collect();
        solve(inverse, &mut planes);
        for (a, means) in planes.iter().zip(means) {
            b.iter_mut().zip(a).zip(means).for_each(|((b, a), m)| *b -= a * m);
        }
        planes.push(b);
        planes
    }
}

/// Multiplies each pixel's vector by its symmetric matrix, in place: one plane each, or three and an upper triangle.
fn solve(matrix: &[Vec<f32>], vector: &mut [Vec<f32>]) {
    match (matrix, vector) {
        ([rr, rg, rb, gg, gb, bb], [red, green, blue]) => {
            let n = red.len();
            // Slices of one length let the compiler drop the checks and use vectors.
            let (rr, rg, rb, gg, gb, bb) = (&rr[..n], &rg[..n], &rb[..n], &gg[..n], &gb[..n], &bb[..n]);
            let (red, green, blue) = (&mut red[..n], &mut green[..n], &mut blue[..n]);
            for i in 0..n {
                let (r, g, b) = (red[i], green[i], blue[i]);
                red[i] = rr[i] * r + rg[i] * g + rb[i] * b;
                green[i] = rg[i] * r + gg[i] * g + gb[i] * b;
                blue[i] = rb[i] * r + gb[i] * g + bb[i] * b;
            }
        }
        (matrix, vector) => {
            for (vector, matrix) in vector.iter_mut().zip(matrix) {
                vector.iter_mut().zip(matrix).for_each(|(v, m)| *v *= m);
            }
        }
    }
}

/// Inverts the symmetric matrix of every pixel in place: one plane, or the upper triangle of 3 × 3.
fn invert(planes: &mut [Vec<f32>]) {
    match planes {
        [rr, rg, rb, gg, gb, bb] => {
            let n = rr.len();
            let (rr, rg, rb) = (&mut rr[..n], &mut rg[..n], &mut rb[..n]);
            let (gg, gb, bb) = (&mut gg[..n], &mut gb[..n], &mut bb[..n]);
            for i in 0..n {
                let (a, b, c, d, e, f) = (rr[i], rg[i], rb[i], gg[i], gb[i], bb[i]);
                let (aa, ab, ac) = (d * f - e * e, c * e - b * f, b * e - c * d);
                let scale = 1.0 / (a * aa + b * ab + c * ac);
                (rr[i], rg[i], rb[i]) = (aa * scale, ab * scale, ac * scale);
                (gg[i], gb[i], bb[i]) = ((a * f - c * c) * scale, (b * c - a * e) * scale, (a * d - b * b) * scale);
            }
        }
        planes => planes.iter_mut().flatten().for_each(|v| *v = 1.0 / *v),
    }
}
