//! Landmarks and Bézier shapes as values. Nothing here knows OpenFX, models or a host.
//!
//! # Conventions
//! - Positions are `f64` pixels of the plate at full resolution. x runs to the right. Rows run down in pictures and in
//!   this crate; exchange formats that count upwards are turned at their border.
//! - Pixel *i* covers `[i, i + 1]`; its center is at `i + 0.5`.
//! - Handles are stored relative to their anchor, as artists and most formats do.
//! - Times are frames as `f64`, because motion blur asks between them.
#![forbid(unsafe_code)]

mod dejitter;
mod error;
mod keys;
mod raster;
mod shape;
mod shot;
mod track;

pub use dejitter::{AlongFlow, Carried, Carry, Dejitter, Observation};
pub use error::{Error, Result};
pub use keys::reduce_keys;
pub use raster::{Falloff, FillRule, Shutter, Style, View, coverage, motion_blurred};
pub use shape::{BezierShape, Vertex};
pub use shot::{Shot, ShotShape};
pub use track::{KeyKind, ShapeKey, ShapeTrack};
