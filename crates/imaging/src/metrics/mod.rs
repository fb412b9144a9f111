//! How far a result is from the truth: classes, borders, mattes, their flicker and their lag; and what can be done
//! without a network, to compare with.
//!
//! Labels are `[height, width]` arrays of class numbers, mattes arrays of 0 to 1. A figure that nothing was measured
//! for is `None`, never a number that looks like a score.

mod blurred;
mod border;
mod confusion;
mod core;
mod distance;
mod ladder;
mod lag;
mod mattes;
mod motion;
mod range;

pub use self::core::{CORE_LEAST, CORE_MOST_OTHER, CoreLeakage};
pub use blurred::{gaussian, one_hot};
pub use border::{BoundaryCounts, border_band, core_area};
pub use confusion::ConfusionMatrix;
pub use distance::{distance_to, squared_distance_to};
pub use ladder::{BrightnessByClass, Ladder};
pub use lag::{Lag, LagMeter, LagSums, MOST_LAG};
pub use mattes::{MattePair, dtssd, mean_absolute_difference, mean_squared_error};
pub use motion::dtssd_along_motion;
pub use range::{PixelRange, percentile};

use crate::{Error, Result};

/// The label of a pixel that no figure looks at.
pub const LEFT_OUT: u8 = 255;

/// Refuses an array that is not as large as another.
fn same_shape(what: &'static str, found: &[usize], expected: &[usize]) -> Result<()> {
    if found == expected {
        Ok(())
    } else {
        Err(Error::Shape { what, expected: expected.to_vec(), found: found.to_vec() })
    }
}

/// Refuses a distance that is negative or not a number.
fn check_px(name: &'static str, value: f64) -> Result<()> {
    if value >= 0.0 { Ok(()) } else { Err(Error::Parameter { name, value, range: "at least 0" }) }
}
