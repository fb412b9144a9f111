//! Landmarks and Bézier shapes as values. Nothing here knows OpenFX, models or a host.
//!
//! # Conventions
//! - Positions are `f64` pixels of the plate at full resolution. x runs to the right. Rows run down in pictures and in
//!   this crate; exchange formats that count upwards are turned at their border.
//! - Pixel *i* covers `[i, i + 1]`; its center is at `i + 0.5`.
//! - Handles are stored relative to their anchor, as artists and most formats do.
//! - Times are frames as `f64`, because motion blur asks between them.
#![forbid(unsafe_code)]

mod analysis;
mod annotation;
mod arc_length;
mod dejitter;
pub mod distance;
mod edits;
mod error;
pub mod exchange;
pub mod fit;
#[cfg(test)]
mod fixture;
mod keys;
mod landmarks;
mod plate;
mod raster;
mod resolve;
pub mod revectorise;
mod review;
mod shape;
mod shot;
pub mod stored;
mod topology;
mod trace;
mod track;

pub use analysis::{Analysis, Change, FrameAnalysis, FrameState, Now};
pub use annotation::Annotation;
pub use dejitter::{AlongFlow, Carried, Carry, Dejitter};
pub use edits::{Edits, FrameEdits, Grip, Handles, VertexEdit};
pub use error::{Error, Result};
pub use exchange::KeyMode;
pub use keys::reduce_keys;
pub use landmarks::{Landmark, LandmarkSet, Presence};
pub use plate::Plate;
pub use raster::{Falloff, FillRule, Shutter, Style, View, coverage, motion_blurred};
pub use resolve::{Blend, HandSet, Resolved, Resolver, ShapeModel, resolve, to_shot};
pub use review::{Concern, Review};
pub use shape::{BezierShape, Vertex};
pub use shot::{Shot, ShotShape};
pub use topology::{Free, LandmarkSpec, ShapeMirror, ShapeSpec, Topology, VertexOrder, VertexSpec};
pub use trace::{TraceOptions, Traced, Tracer};
pub use track::{KeyKind, ShapeKey, ShapeTrack};
