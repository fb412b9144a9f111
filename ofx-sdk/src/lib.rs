//! Safe OpenFX for Rust: [`plugin`] to write image effects, [`host`] to load and run them.
//!
//! [OpenFX](https://openfx.readthedocs.io) is the C interface through which Nuke, Natron, Resolve, Fusion and other
//! programs run image effects that others wrote. This crate wraps both sides of it, so that a node is written, and
//! tried, without a line of `unsafe`.
//!
//! - To write a node, start with [`plugin`], which reads as a tutorial, and with `examples/invert.rs`. Feature
//!   `plugin`.
//! - To run nodes without a program around them (in tests, on a render farm), see [`host`]. Feature `host`.
//!
//! What both sides share stands here: rectangles and scales, pixel formats, statuses, the one [`Error`], and what
//! overlays [draw](drawing).
//!
//! # A few words of OpenFX
//!
//! | Word | Meaning |
//! |---|---|
//! | *effect* | a kind of node, described once |
//! | *instance* | one node in an artist's project |
//! | *context* | the situation a node is used in: [`Context::Filter`] has one input, [`Context::General`] any |
//! | *clip* | an input, or the output; gives images at times |
//! | *action* | a call of the host to the plug-in, such as *render* |
//! | *suite* | a table of functions that the host offers, in versions, any of which may be missing |
//! | *property* | a named value on an object of the host; any may be missing, too |
//! | *region of definition* | the area that a clip covers |
//! | *region of interest* | the part of an input that is needed |
//! | *canonical coordinates* | square pixels at full resolution, y up |
//! | *render scale* | pixels rendered per canonical pixel, below 1 for proxies |
#![deny(unsafe_code)]
// With one side left out, links to the other lead nowhere.
#![cfg_attr(not(all(feature = "plugin", feature = "host")), allow(rustdoc::broken_intra_doc_links))]

pub mod drawing;
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
