//! Formats that other programs and data sets hold shapes in.
//!
//! A [`Scene`] is what files hold; [`Format`] lists the formats, and reads and writes them. Positions in a scene are pixels
//! of its plate with rows down; each format turns and scales them at its own border.

mod after_effects;
mod cubic_frames;
mod cubic_segments;
mod fault;
#[cfg(test)]
mod fixture;
mod format;
mod fusion;
#[cfg(test)]
mod holes_tests;
mod keying;
mod layers;
mod layout;
pub(crate) mod limits;
mod mlt;
mod names;
mod natron;
mod nuke;
mod options;
mod python_data;
#[cfg(test)]
mod python_run;
mod scene;
mod shot_json;
mod silhouette;
mod svg;
mod visibility;
mod xml;
#[cfg(test)]
mod xml_tree;

pub(crate) use keying::keyed_track;

pub use cubic_segments::CubicSegments;
pub use format::Format;
pub use layout::{Layout, ShapeLayout};
pub use options::{Imported, KeyMode, ReadOptions, TextFile, WriteOptions, Written};
pub use scene::{Scene, ShapeStyle, StyleKey, Tracker};
pub use shot_json::SCHEMA as ROTOCEL_SHOT_SCHEMA;
