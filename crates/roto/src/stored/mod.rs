//! How an analysis and an artist's edits are stored: each as one string in the host's project, or as a file.
//!
//! A string is JSON. Each frame in it is a block of its own, the base64 of the zlib of that frame's JSON, so that an edit
//! compresses one frame anew and a host's Python reads any of them:
//!
//! ```python
//! import base64, json, zlib
//! stored = json.loads(node["analysis"].value())
//! frame = json.loads(zlib.decompress(base64.b64decode(stored["frames"]["1001"])))
//! ```
//!
//! | field | in an analysis | in edits |
//! |---|---|---|
//! | `format` | `rotocel-analysis-2` | `rotocel-edits-2` |
//! | `topology`, `landmarks`, `shapes` | name, number of landmarks, and of each shape its vertices in words: the index of a landmark, or `free`; shapes are divided by `, ` | the same |
//! | `model` | name and SHA-256 of the model | |
//! | `plate` | `x1`, `y2`, `width`, `height`, `pixel_aspect`, see [`Plate`](crate::Plate) | the same |
//! | `frames` | frame number → block | the same |
//!
//! A frame of an analysis has `landmarks` (`[x, y, confidence, "visible" or "occluded"]`, `null` for a missing one), `presence`
//! (of each shape, 0 to 1), `crop` (`[left, top, right, bottom]`), `picture` (16 hexadecimal digits) and, where they are known,
//! `settings` (name → text). A frame of edits has `landmarks` (index → `[x, y]`), `vertices` (shape → vertex → `anchor`, `incoming`, `outgoing`, each `[x, y]`) and
//! `presence` (shape → true or false). Everything is in pixels of the plate, to a thousandth.
//!
//! No string has a bracket in it, which Nuke would take for the beginning of a command. Version 1, whose `shapes` were lists, is read.
//!
//! Reading trusts nothing. A field that this version does not know is refused, because writing would lose it. There are limits
//! far above any shot: 100,000 frames, 512 MiB of text, 1 MiB in a frame and 256 MiB in all frames once they are inflated.

mod block;
mod document;
mod frames;
mod outer;
mod outline;

pub use document::Document;

pub(crate) use block::{Block, Budget};
pub(crate) use frames::{Frames, MOST_FRAMES};
pub(crate) use outer::{Kind, Outer, write};
pub(crate) use outline::Outline;

#[cfg(test)]
mod tests;
