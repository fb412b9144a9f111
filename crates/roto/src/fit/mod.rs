//! Curves through and along points: the baselines that learned shapes are held against, and what revectorising uses.

mod catmull_rom;
mod least_squares;
mod normal_equations;
mod spans;

pub use catmull_rom::{Knots, catmull_rom};
pub use least_squares::{fit_cubic, fit_shape};
pub(crate) use spans::{Knot, fit_spans};
