//! The one error type of this crate.

use crate::status::Status;

/// What went wrong, on either side of the boundary.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The other side answered a call with an error.
    #[error("{call} answered {status}")]
    Call {
        /// The function or action that was called, with what it was called for.
        call: String,
        /// What it answered.
        status: Status,
    },
    /// The host lacks a suite, a function of a suite, or a property.
    #[error("the host has no {0}")]
    Missing(String),
    /// An image cannot be used as the host describes it.
    #[error("image of clip {clip}: {reason}")]
    Image {
        /// The clip that the image was fetched from.
        clip: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A parameter, property or clip was asked for by a name that does not exist, or set to a value it cannot take.
    #[error("{subject}: {reason}")]
    Value {
        /// What was asked for or set.
        subject: String,
        /// What is wrong, and what would be right.
        reason: String,
    },
    /// A file or library could not be read or loaded.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: String,
        /// What is wrong with it, and what to do.
        reason: String,
    },
    /// The host asked to stop. Not a failure: nothing is reported to the artist.
    #[error("stopped on request of the host")]
    Aborted,
    /// Memory could not be had.
    #[error("out of memory")]
    Memory,
    /// A node's own error; its message reaches the artist.
    #[error(transparent)]
    Node(Box<dyn std::error::Error + Send + Sync>),
}

/// The result of every fallible call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Wraps a node's own error.
    pub fn node(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Node(error.into())
    }

    /// The status that carries this error across the boundary.
    pub fn status(&self) -> Status {
        match self {
            Self::Call { status, .. } => *status,
            Self::Missing(_) => Status::MISSING_HOST_FEATURE,
            Self::Image { .. } => Status::IMAGE_FORMAT,
            Self::Value { .. } => Status::VALUE,
            Self::Memory => Status::MEMORY,
            Self::File { .. } | Self::Aborted | Self::Node(_) => Status::FAILED,
        }
    }
}
