//! One node per file.

// `forbid` would refuse ndarray's `s!`, which allows unsafe code in its own expansion.
#![deny(unsafe_code)]

mod analysis;
mod colorspace;
pub mod feature_detect;
mod kept;
mod meter;
mod model;
mod model_choice;
mod network_settings;
mod picture;
mod stages;
pub mod tone_segment;
