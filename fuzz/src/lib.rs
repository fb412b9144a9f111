//! Every reader of bytes from outside, as a function that takes any bytes and panics where the reader breaks a promise.
//!
//! The promises: no panic, no endless loop, no more memory than the file is worth; what is taken is sound and can be written
//! again; what is not taken is an error that a person can read. `cargo xtask fuzz` gives these functions to libFuzzer,
//! `tests/damaged_readers.rs` gives them damaged files, and what was ever found, in every ordinary run.
#![forbid(unsafe_code)]

mod descriptions;
mod exchange;
mod files;
mod parameters;
mod pictures;
pub mod program;
mod scene;
mod stored;

/// One reader.
#[derive(Debug)]
pub struct Target {
    /// What command lines and folders of finds call it.
    pub name: &'static str,
    /// Files as they should be; each is taken.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Pieces that mean something to the reader.
    pub words: &'static [&'static [u8]],
    /// Cases of the ordinary test.
    pub cases: usize,
    /// Reads the bytes and says whether they were taken.
    run: fn(&[u8]) -> bool,
}

impl Target {
    /// The target with this name.
    pub fn of_name(name: &str) -> Option<&'static Self> {
        TARGETS.iter().find(|target| target.name == name)
    }

    /// Reads the bytes, and says whether the reader took them.
    ///
    /// # Panics
    /// Where the reader breaks a promise.
    pub fn check(&self, bytes: &[u8]) -> bool {
        (self.run)(bytes)
    }
}

/// All of them. A reader that is missing here is not fuzzed.
pub const TARGETS: &[Target] = &[
    exchange::ROTOCEL_SHOT,
    exchange::CUBIC_SEGMENTS,
    exchange::NUKE_ROTO,
    exchange::NUKE_TRACKER,
    stored::STORED,
    stored::BLOCKS,
    stored::MERGED,
    descriptions::TOPOLOGY,
    descriptions::LAYOUTS,
    descriptions::MODEL_MANIFEST,
    descriptions::MODEL_DESCRIPTION,
    descriptions::ONNX_FILE,
    parameters::PARAMETERS,
    pictures::PICTURES,
];

/// Holds an error to be for a person: not empty, not longer than a screen, and nothing in it that moves a terminal.
#[track_caller]
fn assert_readable(error: &impl std::fmt::Display) {
    let message = error.to_string();
    assert!(!message.trim().is_empty() && message.chars().count() < 2000, "{message}");
    assert!(!message.chars().any(char::is_control), "{message:?}");
}
