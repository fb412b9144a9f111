//! What nodes share that analyse a shot on a button: the walk over its frames with progress and Cancel, the stored texts that
//! hold what was found, and the files beside a project.
//!
//! Nuke and Resolve animate no strings, so results live in secret strings that do not animate: one for what was found, written
//! once a run, and one for what the artist corrected, written once a drag. Readers decode a text when its hash changes, and
//! wait for no notification: an undo may give none.

mod decoded;
mod file_texts;
mod files;
mod frames;
mod walk;

pub use decoded::Decoded;
pub use files::{forget_files, given_up, holds_result, is_given_up, read_text, store_in_file, stored_text, write_text};
pub use frames::{NEAR, Plan, listed, range_of};
pub use walk::{End, search, walk};
