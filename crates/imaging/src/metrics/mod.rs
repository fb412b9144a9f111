//! How far a result is from the truth: classes, borders, mattes and their flicker.
//!
//! Labels are `[height, width]` arrays of class numbers, mattes arrays of 0 to 1. A figure that nothing was measured
//! for is `None`, never a number that looks like a score.

mod border;
mod confusion;
mod distance;
mod mattes;

pub use border::{border_band, boundary_f};
pub use confusion::ConfusionMatrix;
pub use distance::{distance_to, squared_distance_to};
pub use mattes::{MattePair, dtssd, mean_absolute_difference, mean_squared_error};

use crate::{Error, Result};

/// Refuses an array that is not as large as another.
fn same_shape(what: &'static str, found: &[usize], expected: &[usize]) -> Result<()> {
    if found == expected {
        Ok(())
    } else {
        Err(Error::Shape { what, expected: expected.to_vec(), found: found.to_vec() })
    }
}
