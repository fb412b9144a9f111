//! What no file may exceed, whatever its format.

/// Shapes of a file, or of a traced shot.
pub(crate) const MOST_SHAPES: usize = 1024;

/// Hidden frames of all shapes together: what a file says of them is short, the frames that it stands for are not.
pub(crate) const MOST_HIDDEN: u64 = 4_000_000;

/// The farthest frame from 0: as far as every program counts exactly.
pub(super) const FARTHEST_FRAME: f64 = 16_777_216.0;
