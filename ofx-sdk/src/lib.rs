//! Safe OpenFX for Rust: [`plugin`] to write image effects, [`host`] to load and run them.
#![deny(unsafe_code)]

mod error;
mod geometry;
mod param_kind;
mod pixel;
mod property;
mod status;
#[allow(dead_code, unsafe_code)]
pub mod sys;

#[cfg(feature = "host")]
pub mod host;
#[cfg(feature = "plugin")]
pub mod plugin;

pub use error::{Error, Result};
pub use geometry::{FrameRange, RectD, RectI, RenderScale};
pub use param_kind::{ParamKind, Transport};
pub use pixel::{Components, Context, Depth, Field, Premultiplication};
pub use property::PropertyType;
pub use status::Status;
