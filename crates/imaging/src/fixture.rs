//! Pictures that the tests share.

use crate::Window;
use ndarray::{Array3, ArrayView3, Axis, Slice};
use proptest::test_runner::{Config, RngSeed};

/// Values from 0 to 1 without a pattern, the same in every run.
pub(crate) fn noise(channels: usize, height: usize, width: usize) -> Array3<f32> {
    let hash = |i: usize| {
        let mixed = (i as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        ((mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 40) as f32 / (1 << 24) as f32
    };
    Array3::from_shape_fn((channels, height, width), |(c, y, x)| hash((c * height + y) * width + x))
}

/// A texture without a period in the picture, about 0 to 1, of waves from 5 to 60 pixels.
pub(crate) fn texture(x: f32, y: f32) -> f32 {
    let waves = [
        (0.11, 0.03, 0.3),
        (-0.05, 0.13, 1.1),
        (0.31, 0.22, 2.0),
        (0.45, -0.37, 0.7),
        (-0.72, 0.61, 4.1),
        (0.9, 0.83, 5.0),
    ];
    0.5 + 0.08 * waves.iter().map(|(a, b, phase)| (a * x + b * y + phase).sin()).sum::<f32>()
}

/// The pixels of `window`, of an array whose first pixel is `(0, 0)`. (`s!` holds an attribute that `forbid` refuses.)
pub(crate) fn cut<'a>(array: &ArrayView3<'a, f32>, window: Window) -> ArrayView3<'a, f32> {
    let mut view = *array;
    view.slice_axis_inplace(Axis(1), Slice::new(window.y0 as isize, Some(window.y1 as isize), 1));
    view.slice_axis_inplace(Axis(2), Slice::new(window.x0 as isize, Some(window.x1 as isize), 1));
    view
}

/// A window within a frame, from two fractions of it on each axis.
pub(crate) fn window_in(width: usize, height: usize, (a, b): (f64, f64), (c, d): (f64, f64)) -> Window {
    let range = |p: f64, q: f64, n: usize| {
        let (p, q) = ((p * n as f64) as i64, (q * n as f64) as i64);
        (p.min(q), p.max(q) + 1)
    };
    let ((x0, x1), (y0, y1)) = (range(a, b, width), range(c, d, height));
    Window::new(x0, y0, x1, y1)
}

/// The same `cases` in every run, and no files written beside the sources.
pub(crate) fn cases(cases: u32) -> Config {
    Config { cases, rng_seed: RngSeed::Fixed(0x0070_6e65), failure_persistence: None, ..Config::default() }
}
