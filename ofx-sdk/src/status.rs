//! Status codes: what every call across the C boundary answers.

use crate::sys;
use std::fmt;

/// The answer of a call across the C boundary.
#[doc(alias = "OfxStatus")]
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[must_use]
pub struct Status(pub i32);

macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident = $raw:ident;)+) => {
        impl Status {
            $($(#[$doc])* pub const $name: Self = Self(sys::$raw as i32);)+

            /// The standard's name of this code, or `None` for a code that the standard does not know.
            pub const fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$name => Some(stringify!($raw)),)+
                    _ => None,
                }
            }
        }
    };
}

statuses! {
    /// The call did what it was asked to.
    OK = kOfxStatOK;
    /// The call failed; the other side may go on.
    FAILED = kOfxStatFailed;
    /// The call failed so badly that the plug-in can no longer be used.
    FATAL = kOfxStatErrFatal;
    /// The other side has never heard of what was asked for.
    UNKNOWN = kOfxStatErrUnknown;
    /// The plug-in cannot run in this host.
    MISSING_HOST_FEATURE = kOfxStatErrMissingHostFeature;
    /// Known, but not supported.
    UNSUPPORTED = kOfxStatErrUnsupported;
    /// A thing of that name exists already.
    EXISTS = kOfxStatErrExists;
    /// A value has the wrong format.
    FORMAT = kOfxStatErrFormat;
    /// Out of memory.
    MEMORY = kOfxStatErrMemory;
    /// A handle is null, stale or of the wrong kind.
    BAD_HANDLE = kOfxStatErrBadHandle;
    /// An index is out of range.
    BAD_INDEX = kOfxStatErrBadIndex;
    /// A value is out of range or not allowed.
    VALUE = kOfxStatErrValue;
    /// A question's answer: yes.
    REPLY_YES = kOfxStatReplyYes;
    /// A question's answer: no.
    REPLY_NO = kOfxStatReplyNo;
    /// The plug-in leaves the matter to the host's default.
    REPLY_DEFAULT = kOfxStatReplyDefault;
    /// An image has a layout that the plug-in cannot read.
    IMAGE_FORMAT = kOfxStatErrImageFormat;
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "OfxStatus({})", self.0),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
