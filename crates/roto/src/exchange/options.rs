use std::ops::RangeInclusive;

use super::Scene;
use crate::Plate;

/// Which keys a writer sets.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum KeyMode {
    /// Those that the tracks have.
    #[default]
    Keep,
    /// The fewest from which every frame comes back within this many pixels; see [`crate::reduce_keys`].
    Reduce(f64),
    /// One on each frame on which the shape is to be seen.
    Every,
    /// One on every n-th of these frames, counted from the first of each run, and on the last of each run. 0 counts as 1.
    EveryNth(u32),
}

/// What a writer is told besides the scene. Hand keys are written in every mode.
#[derive(Debug, Clone, PartialEq)]
pub struct WriteOptions {
    /// Which keys are set.
    pub keys: KeyMode,
    /// Name of the node, layer or clip that is written.
    pub name: String,
    /// Whether landmarks are written too, where the format has a place for them beside shapes.
    pub include_tracks: bool,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self { keys: KeyMode::Keep, name: "Rotocel".to_owned(), include_tracks: true }
    }
}

/// What a reader is told about what its file does not say. What a file of ours says wins; a node of a host knows a format
/// at best, so there what is told wins.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReadOptions {
    /// The picture that the shapes belong to. Formats that count upwards or in shares of the picture need it.
    pub plate: Option<Plate>,
    /// First and last frame of the shot; the span of the file's keys otherwise.
    pub frames: Option<RangeInclusive<i64>>,
    /// Frames a second.
    pub frame_rate: Option<f64>,
}

/// A text of an exchange format: a whole shot, or one frame of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextFile {
    /// The frame that it holds, where the format has a file for each.
    pub frame: Option<i64>,
    /// What stands in it.
    pub text: String,
}

impl TextFile {
    /// A file that holds a whole shot.
    pub fn whole(text: impl Into<String>) -> Self {
        Self { frame: None, text: text.into() }
    }
}

/// What a writer made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// One file, or one for each frame, in order.
    pub files: Vec<TextFile>,
    /// What the format cannot say and therefore does not, in sentences for the artist.
    pub notes: Vec<String>,
}

/// What a reader found.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The shapes and landmarks.
    pub scene: Scene,
    /// What the file holds that this crate has no place for, in sentences for the artist.
    pub notes: Vec<String>,
}
