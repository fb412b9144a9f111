//! Messages to the artist.

use super::{instance::Instance, suites::Suites};
use crate::{Result, Status, sys};
use std::ffi::CStr;

/// How grave a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// The node can do nothing any more.
    Fatal,
    /// Something failed.
    Error,
    /// Something is not as the artist may think.
    Warning,
    /// For information.
    Message,
    /// For the host's log only.
    Log,
}

impl MessageKind {
    fn ofx_name(self) -> &'static CStr {
        match self {
            Self::Fatal => sys::kOfxMessageFatal,
            Self::Error => sys::kOfxMessageError,
            Self::Warning => sys::kOfxMessageWarning,
            Self::Message => sys::kOfxMessageMessage,
            Self::Log => sys::kOfxMessageLog,
        }
    }
}

impl Instance {
    /// Shows a message. A host without messages leaves it to the log.
    #[doc(alias = "OfxMessageSuiteV1")]
    pub fn message(&self, kind: MessageKind, text: &str) {
        let shown =
            self.handle().and_then(|handle| self.suites().message(Some(handle), kind.ofx_name(), text).map(drop));
        if let Err(e) = shown {
            log::warn!("{text} ({e})");
        }
    }

    /// Asks a question; true for yes. An error where the host cannot ask.
    #[doc(alias = "kOfxMessageQuestion")]
    pub fn ask(&self, question: &str) -> Result<bool> {
        let answer = self.suites().message(Some(self.handle()?), sys::kOfxMessageQuestion, question)?;
        Ok(answer == Status::REPLY_YES)
    }

    /// Shows a message that stays until it is cleared. Nuke renders nothing while an error stands: clear it once its
    /// cause is gone. Where the host has no messages that stay, it is shown as one that passes.
    #[doc(alias = "setPersistentMessage")]
    pub fn set_persistent_message(&self, kind: MessageKind, text: &str) {
        let shown =
            self.handle().and_then(|handle| self.suites().set_persistent_message(handle, kind.ofx_name(), text));
        if let Err(e) = shown {
            log::debug!("{e}");
            self.message(kind, text);
        }
    }

    /// Clears the message that stays.
    #[doc(alias = "clearPersistentMessage")]
    pub fn clear_persistent_message(&self) {
        if let Err(e) = self.handle().and_then(|handle| self.suites().clear_persistent_message(handle)) {
            log::debug!("{e}");
        }
    }
}

/// Shows an error that belongs to no node.
pub(crate) fn show_error(suites: &Suites, text: &str) -> Result<()> {
    suites.message(None, sys::kOfxMessageError, text).map(drop)
}
