//! Text: lines, paths and labels. They never animate, because Nuke, Resolve and MLT animate no strings.

use super::{Common, Declaration, Kind, RawValue, common_builders};
use crate::{ParamKind, sys};
use std::ffi::CStr;

/// How a string parameter is shown and edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StringMode {
    /// One line.
    SingleLine,
    /// Several lines.
    MultiLine,
    /// The path of a file, with a file browser.
    FilePath,
    /// The path of a folder, with a browser.
    DirectoryPath,
    /// Text that the artist only reads.
    Label,
}

impl StringMode {
    /// The standard's string for it.
    pub const fn ofx_name(self) -> &'static CStr {
        match self {
            Self::SingleLine => sys::kOfxParamStringIsSingleLine,
            Self::MultiLine => sys::kOfxParamStringIsMultiLine,
            Self::FilePath => sys::kOfxParamStringIsFilePath,
            Self::DirectoryPath => sys::kOfxParamStringIsDirectoryPath,
            Self::Label => sys::kOfxParamStringIsLabel,
        }
    }
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $mode:ident) => {
        $(#[$doc])*
        #[doc(alias = "kOfxParamTypeString")]
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $name {
            common: Common,
            default: &'static str,
            must_exist: bool,
        }

        impl $name {
            /// A text parameter, empty when new.
            pub const fn new(label: &'static str) -> Self {
                let mut common = Common::new(label);
                common.animates = false;
                Self { common, default: "", must_exist: true }
            }

            /// The value of a new node.
            pub const fn default(mut self, value: &'static str) -> Self {
                self.default = value;
                self
            }

            /// For a path: lets the artist name one that does not exist yet.
            pub const fn may_be_new(mut self) -> Self {
                self.must_exist = false;
                self
            }

            common_builders!();

            /// Lets it carry no keyframes; text never does.
            pub const fn not_animating(self) -> Self {
                self
            }

            /// Whether a change makes the host render again; it does unless told otherwise.
            pub const fn evaluate_on_change(mut self, render: bool) -> Self {
                self.common.evaluate_on_change = render;
                self
            }

            /// Keeps it out of the saved project.
            pub const fn not_persistent(mut self) -> Self {
                self.common.persistent = false;
                self
            }

            /// Keeps changes of it off the host's undo stack.
            pub const fn without_undo(mut self) -> Self {
                self.common.can_undo = false;
                self
            }

            /// Which cached frames a change makes stale.
            pub const fn cache_invalidation(mut self, frames: super::CacheInvalidation) -> Self {
                self.common.cache_invalidation = frames;
                self
            }
        }

        impl Kind for $name {
            type Value = String;
            const KIND: ParamKind = ParamKind::String;

            fn common(&self) -> &Common {
                &self.common
            }

            fn default_value(&self) -> String {
                self.default.to_owned()
            }

            fn declaration(&self, id: &'static str, hint: &str) -> Declaration {
                Declaration {
                    default: Self::encode(self.default.to_owned()),
                    string_mode: Some(StringMode::$mode),
                    path_must_exist: self.must_exist,
                    ..Declaration::new(id, hint, Self::KIND, self.common)
                }
            }

            fn encode(value: String) -> RawValue {
                RawValue::Text(value)
            }

            fn decode(raw: RawValue) -> Option<String> {
                if let RawValue::Text(text) = raw { Some(text) } else { None }
            }
        }
    };
}

text! {
    /// One line of text. Its value is `String`.
    Text, SingleLine
}
text! {
    /// Several lines of text. Its value is `String`.
    MultiLine, MultiLine
}
text! {
    /// The path of a file. Its value is `String`.
    FilePath, FilePath
}
text! {
    /// The path of a folder. Its value is `String`.
    Directory, DirectoryPath
}
text! {
    /// Text that the artist reads and only the node writes. Its value is `String`.
    Label, Label
}
