//! What can go wrong, and the exit code that says so.

use crate::sequence::FrameList;
use std::path::{Path, PathBuf};

/// Exit code of a command that did all it was asked.
pub const EXIT_OK: u8 = 0;
/// Exit code of a bad argument: unknown node, parameter, clip or option, or a value out of range.
pub const EXIT_USAGE: u8 = 2;
/// Exit code of an input that cannot be read, or a frame that is missing.
pub const EXIT_INPUT: u8 = 3;
/// Exit code of an output that cannot be written: no permission, no folder, no space.
pub const EXIT_OUTPUT: u8 = 4;
/// Exit code of a plug-in that is not found, not loaded or not described.
pub const EXIT_PLUGIN: u8 = 5;
/// Exit code of a plug-in that failed to render.
pub const EXIT_RENDER: u8 = 6;
/// Exit code of a button that could not do what it is for; what it did is kept.
pub const EXIT_BUTTON: u8 = 7;
/// Exit code of a run that Ctrl-C or SIGTERM stopped; the frames written so far are whole, and what a button found is kept.
pub const EXIT_INTERRUPTED: u8 = 130;

/// Every failure of the command line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An argument names something that does not exist, or has a value it cannot take.
    #[error("{0}")]
    Usage(String),
    /// A file cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    Input {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Frames of a sequence do not exist.
    #[error("{pattern}: missing {frames}{advice}", frames = FrameList::describe(frames))]
    MissingFrames {
        /// The sequence.
        pattern: String,
        /// The frame numbers that have no file.
        frames: Vec<i64>,
        /// What to do about it, which begins with a semicolon; empty where the command knows no way around.
        advice: &'static str,
    },
    /// A file cannot be written.
    #[error("cannot write {}: {reason}", path.display())]
    Output {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The disk that a file is written to is full.
    #[error("cannot write {}: the disk is full; free some space{}", path.display(), if *resumable { ", then go on with --skip-existing" } else { "" })]
    DiskFull {
        /// The file.
        path: PathBuf,
        /// Whether the command can leave out what it has written.
        resumable: bool,
    },
    /// A bundle is not found, not loaded, or its plug-in does not describe itself.
    #[error("{0}")]
    Plugin(String),
    /// A button failed.
    #[error("button {id}: {reason}")]
    Button {
        /// The button's parameter.
        id: String,
        /// What the node said.
        reason: String,
    },
    /// A render failed.
    #[error("frame {frame}: {reason}")]
    Render {
        /// The frame.
        frame: i64,
        /// What the plug-in answered.
        reason: String,
    },
    /// Ctrl-C, or SIGTERM.
    #[error("interrupted; {done} of {total} frames are written and whole")]
    Interrupted {
        /// Frames that are on disk.
        done: usize,
        /// Frames that were asked for.
        total: usize,
    },
    /// Ctrl-C, or SIGTERM, while a button was at work.
    #[error("interrupted; button {id}: {said}")]
    Cancelled {
        /// The button's parameter.
        id: String,
        /// What the node said of what it had done until then.
        said: String,
    },
    /// Ctrl-C, or SIGTERM, where nothing is written before the end.
    #[error("interrupted; nothing was written")]
    Stopped,
}

/// The result of every fallible call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The code that the process ends with.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => EXIT_USAGE,
            Self::Input { .. } | Self::MissingFrames { .. } => EXIT_INPUT,
            Self::Output { .. } | Self::DiskFull { .. } => EXIT_OUTPUT,
            Self::Plugin(_) => EXIT_PLUGIN,
            Self::Render { .. } => EXIT_RENDER,
            Self::Button { .. } => EXIT_BUTTON,
            Self::Interrupted { .. } | Self::Cancelled { .. } | Self::Stopped => EXIT_INTERRUPTED,
        }
    }

    /// An input file and what is wrong with it.
    pub fn input(path: &Path, reason: impl ToString) -> Self {
        Self::Input { path: path.to_path_buf(), reason: reason.to_string() }
    }

    /// Adds how to go on to what is said of a full disk, where a command can leave out what it has written.
    pub fn and_skip_existing(self) -> Self {
        match self {
            Self::DiskFull { path, .. } => Self::DiskFull { path, resumable: true },
            other => other,
        }
    }

    /// Adds how to go on to what is said of missing frames, where a command can leave them out.
    pub fn and_skip_missing(self) -> Self {
        match self {
            Self::MissingFrames { pattern, frames, .. } => {
                let advice = "; render what is there with --skip-missing, or name the frames with --frames";
                Self::MissingFrames { pattern, frames, advice }
            }
            other => other,
        }
    }

    /// As [`and_skip_missing`](Self::and_skip_missing), where that was asked for and has left nothing.
    pub fn and_other_frames(self) -> Self {
        match self {
            Self::MissingFrames { pattern, frames, .. } => Self::MissingFrames {
                pattern,
                frames,
                advice: "; none of the frames has an input, name others with --frames",
            },
            other => other,
        }
    }

    /// An output file and why it cannot be written.
    pub fn output(path: &Path, reason: impl ToString) -> Self {
        Self::Output { path: path.to_path_buf(), reason: reason.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_command_that_can_leave_frames_out_says_so() {
        let missing = |advice| Error::MissingFrames { pattern: "s.%04d.png".into(), frames: vec![3], advice };
        assert_eq!(missing("").to_string(), "s.%04d.png: missing frame 3");
        let of_render = missing("; name others").and_skip_missing().to_string();
        assert!(of_render.contains("--skip-missing") && !of_render.contains("name others"), "{of_render}");
    }
}
