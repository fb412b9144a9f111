//! What a plug-in does wrong, by name.

use std::fmt;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal),+ $(,)?) => {
        /// One way in which a plug-in breaks the standard.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum ViolationKind { $($(#[$doc])* $name),+ }

        impl ViolationKind {
            /// The name under which it is reported.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
        }
    };
}

kinds! {
    /// A property was set or read that this object does not have.
    UnknownProperty = "unknown property",
    /// A property was set or read as another type than its own.
    WrongType = "wrong property type",
    /// A property was set that only the host may set.
    ReadOnlyProperty = "read-only property set",
    /// An index lies outside of the property's dimension.
    BadIndex = "bad property index",
    /// A handle was null, stale or of the wrong kind.
    BadHandle = "bad handle",
    /// A null pointer was given where the standard wants a value.
    NullArgument = "null argument",
    /// A text is not UTF-8.
    NotUtf8 = "text is not UTF-8",
    /// An image was not released before the action returned.
    ImageNotReleased = "image not released",
    /// Bytes beside the rows of an image were written.
    WroteOutsideImage = "wrote outside the image",
    /// The pixels of an input were written.
    WroteInput = "wrote into an input image",
    /// A parameter was set to a value outside of its declared range.
    ValueOutOfRange = "value out of range",
    /// A choice was set to an option that does not exist.
    ChoiceOutOfRange = "choice index out of range",
    /// A parameter was set in an action in which hosts do not allow it (Nuke 17 crashes).
    SetOutsideChange = "parameter set outside of instanceChanged",
    /// A parameter or clip was defined outside of a describe action.
    DefineOutsideDescribe = "definition outside of describe",
    /// A parameter of a type that the host did not announce was defined.
    UnknownParamType = "unknown parameter type",
    /// Two parameters or two clips have the same name.
    DuplicateName = "duplicate name",
    /// A name was used that nothing has.
    UnknownName = "unknown name",
    /// A message's format holds a `%` that is not doubled.
    UnescapedMessage = "message format with an unescaped %",
    /// Memory of the memory suite was not freed.
    MemoryNotFreed = "memory not freed",
    /// A mutex was not destroyed.
    MutexNotDestroyed = "mutex not destroyed",
    /// The plug-in was unloaded while instances were alive.
    LiveInstances = "unloaded with live instances",
    /// An action that must be answered was answered with the default or an unknown code.
    MissingReply = "action not answered",
    /// A call was made in an action in which the standard forbids it.
    WrongAction = "call not allowed in this action",
    /// paramEditBegin without paramEditEnd, or progress not ended.
    Unbalanced = "unbalanced begin and end",
    /// paramEditBegin within another block: Natron ends both at the first paramEditEnd, and undo takes half of it back.
    NestedEdit = "edit within an edit",
    /// An output was set to a value that the standard or the host forbids.
    IllegalValue = "illegal value",
    /// Another frame than the current one was read of a clip, though plug-in and clip do not both declare that.
    UndeclaredTemporalAccess = "temporal access not declared",
    /// Another frame than the current one was read in a host that says that it gives no other.
    UnofferedTemporalAccess = "temporal access not offered by this host",
    /// A frame was read in render that the answer to getFramesNeeded leaves out.
    FrameNotNeeded = "frame outside of getFramesNeeded",
}

impl fmt::Display for ViolationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One thing that a plug-in did wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which rule was broken.
    pub kind: ViolationKind,
    /// The plug-in's identifier; empty when the call came from outside of every action.
    pub plugin: String,
    /// The action in which it happened; empty outside of every action.
    pub action: String,
    /// The object, property or value, and what would be right.
    pub detail: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_none = |s: &str| if s.is_empty() { "none".to_owned() } else { s.to_owned() };
        write!(
            f,
            "{}: {} (plug-in {}, action {})",
            self.kind,
            self.detail,
            or_none(&self.plugin),
            or_none(&self.action)
        )
    }
}
