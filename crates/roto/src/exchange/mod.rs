//! Formats that other programs and data sets hold shapes in.

mod cubic_segments;
mod layout;

pub use cubic_segments::CubicSegments;
pub use layout::{Layout, ShapeLayout};
