//! Messages and progress, as they reach the person in front of the host.

use crate::sys;
use std::{ffi::CStr, ops::ControlFlow};

/// What kind of message a plug-in posts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// The plug-in can no longer be used.
    Fatal,
    /// Something failed that the artist can mend.
    Error,
    /// It goes on, but something is not as it should be.
    Warning,
    /// Something worth knowing.
    Message,
    /// For the log.
    Log,
    /// A yes-or-no question.
    Question,
}

impl MessageKind {
    const TABLE: &'static [(Self, &'static CStr)] = &[
        (Self::Fatal, sys::kOfxMessageFatal),
        (Self::Error, sys::kOfxMessageError),
        (Self::Warning, sys::kOfxMessageWarning),
        (Self::Message, sys::kOfxMessageMessage),
        (Self::Log, sys::kOfxMessageLog),
        (Self::Question, sys::kOfxMessageQuestion),
    ];

    /// The kind that a string of the standard stands for.
    pub fn from_ofx(name: &CStr) -> Option<Self> {
        Self::TABLE.iter().find(|(_, ofx)| *ofx == name).map(|(kind, _)| *kind)
    }
}

/// One message of a plug-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The plug-in that posted it; empty if that cannot be told.
    pub plugin: String,
    /// How serious it is.
    pub kind: MessageKind,
    /// The plug-in's own name for this message; may be empty.
    pub id: String,
    /// The text, formatted.
    pub text: String,
    /// Whether it stays until the plug-in clears it.
    pub persistent: bool,
    /// Whether this takes earlier persistent messages away; then `text` is empty.
    pub cleared: bool,
}

/// Who watches a host: a terminal, a progress bar, a test. Called on the thread that the plug-in calls on.
pub trait Observer: Send + Sync {
    /// A plug-in posted a message. It is also kept for [`Host::messages`](super::Host::messages).
    fn message(&self, message: &Message) {
        let _ = message;
    }

    /// A plug-in asks a yes-or-no question; `true` is yes.
    fn question(&self, message: &Message) -> bool {
        let _ = message;
        true
    }

    /// A long task went on: its label and how much is done, 0 to 1. `Break` asks the plug-in to cancel.
    fn progress(&self, label: &str, fraction: f64) -> ControlFlow<()> {
        let _ = (label, fraction);
        ControlFlow::Continue(())
    }
}
