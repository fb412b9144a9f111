//! `rotocel-shot-1`, the JSON of our own: everything that a [`Scene`] holds, one file a shot. Its schema is
//! `crates/roto/schema/rotocel-shot-1.schema.json`.

mod layout;
mod read;
mod write;

pub(super) use read::read;
pub(super) use write::write;

use super::fault::Fault;

/// The published schema (JSON Schema 2020-12) of the files.
pub const SCHEMA: &str = include_str!("../../../schema/rotocel-shot-1.schema.json");

/// What the field `format` says.
const FORMAT: &str = "rotocel-shot-1";
/// What a file's errors begin with.
const FAULT: Fault = Fault("rotocel-shot JSON");

/// 1,000 frames of the puppet with a key on each take 7 MB.
const MOST_BYTES: usize = 64 << 20;
const MOST_FRAMES: u64 = 1_000_000;
const MOST_LANDMARKS: usize = 16_384;
const MOST_VERTICES: usize = 8192;
/// Farther out, squares of pixels lose what an editor needs.
const FARTHEST_PX: f64 = 1e7;

#[cfg(test)]
mod tests;
