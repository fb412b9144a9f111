//! Nuke: the Roto and Tracker4 nodes as text, both ways, and Python that builds the Roto node through Nuke's documented
//! interface.
//!
//! Nuke counts y upwards from the lower edge of the format, in pixels that are not scaled by the pixel aspect. Handles are
//! relative to their point: the left one belongs to the segment that ends there, the right one to the one that begins.
//!
//! What is known of the text comes from nodes that Nuke saved: numbers are decimal, or `x` and the eight hexadecimal digits of
//! an IEEE-754 float32; `px` holds points with one key, `p` points whose coordinates are each a number or a list of keys
//! `{{time value} …}`. Nothing in these lists says that a key is linear, and Nuke's own default is a smooth curve.

mod curve;
mod number;
mod python;
mod roto_read;
mod roto_write;
mod tcl;
mod tracker_read;
mod tracker_write;

pub(super) use python::write as write_python;
pub(super) use roto_read::read as read_roto;
pub(super) use roto_write::write as write_roto;
pub(super) use tracker_read::read as read_tracker;
pub(super) use tracker_write::write as write_tracker;

use super::fault::Fault;

const ROTO: Fault = Fault("Nuke Roto");
const TRACKER: Fault = Fault("Nuke Tracker");

/// 105 frames of the puppet with a key on each take 1.5 MB.
const MOST_BYTES: usize = 64 << 20;
/// Farther out, float32 has no tenths of a pixel.
const FARTHEST_PX: f64 = 1e6;
/// Farther apart, a range of frames is no shot, and hidden frames fill the memory.
const MOST_FRAMES: u64 = 1_000_000;

/// Says that a curve is not closed.
const OPEN: u32 = 32;
/// Says that handles are relative, on every curve that Nuke saved.
const RELATIVE: u32 = 8192;

/// When a shape is to be seen: values of the attribute `ltt`.
mod lifetime {
    pub(super) const START_TO_FRAME: f64 = 1.0;
    pub(super) const SINGLE_FRAME: f64 = 2.0;
    pub(super) const FRAME_TO_END: f64 = 3.0;
    pub(super) const RANGE: f64 = 4.0;
}

#[cfg(test)]
mod python_tests;
#[cfg(test)]
mod tests;
