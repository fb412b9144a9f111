//! Pure pixel maths for Rotocel: arrays in, arrays out. Nothing here knows OpenFX, models or files.
//!
//! # Conventions
//! - Pictures are `f32` arrays of shape `[channels, height, width]`. Rows are contiguous: the stride along x is 1.
//!   Which end of the picture row 0 lies at is the caller's affair.
//! - Pixel *i* covers `[i, i + 1]`; its center is at `i + 0.5`.
//! - A [`Window`] is a half-open rectangle of pixels in the frame's own coordinates. Operations that look at neighbors
//!   take a [`Region`]: the frame, the part that the input arrays hold, and the part that is wanted.
//! - `threads` is the most pieces of work that may run at once. With 1, everything runs on the calling thread and rayon
//!   is not touched; with more, the work goes into the current rayon pool (`pool.install(…)` picks one).
//!
//! # What is bit-identical
//! Every function that returns pixels gives the same bits for any number of threads. Every function that takes a window
//! or a region gives the same bits as the same window cut out of the whole frame's result. No value depends on where a
//! tile starts: no running sum is carried across pixels.
#![forbid(unsafe_code)]

mod approx;
mod bands;
mod box_sum;
pub mod color;
mod error;
#[cfg(test)]
mod fixture;
pub mod flow;
pub mod guided;
pub mod matte;
pub mod metrics;
pub mod resample;
mod rows;
mod window;

pub use error::{Error, Result};
pub use window::{Extent, Region, Size, Window};
