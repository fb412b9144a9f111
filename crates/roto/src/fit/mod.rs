//! Curves through and along points: the baselines that learned shapes are held against, and what revectorising uses.

mod catmull_rom;

pub use catmull_rom::{Knots, catmull_rom};
