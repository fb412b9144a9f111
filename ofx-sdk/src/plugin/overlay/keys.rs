//! Keys of the keyboard.

use crate::sys;

/// A key, by the number that X11 and OpenFX give it. Letters and digits are their characters.
///
/// ```
/// use ofx_sdk::plugin::overlay::Key;
///
/// assert_eq!(Key(0xFF1B), Key::ESCAPE);
/// assert_eq!(Key(0x72), Key::character('r'));
/// ```
#[doc(alias = "kOfxPropKeySym")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key(pub i32);

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident = $raw:ident;)+) => {
        impl Key { $($(#[$doc])* pub const $name: Self = Self(sys::$raw as i32);)+ }
    };
}

keys! {
    /// A key that the host could not name; its text may say more.
    UNKNOWN = kOfxKey_Unknown;
    /// Backspace.
    BACKSPACE = kOfxKey_BackSpace;
    /// Tabulator.
    TAB = kOfxKey_Tab;
    /// Return.
    RETURN = kOfxKey_Return;
    /// Enter, on the number pad.
    ENTER = kOfxKey_KP_Enter;
    /// Escape.
    ESCAPE = kOfxKey_Escape;
    /// Delete.
    DELETE = kOfxKey_Delete;
    /// Arrow to the left.
    LEFT = kOfxKey_Left;
    /// Arrow to the right.
    RIGHT = kOfxKey_Right;
    /// Arrow upwards.
    UP = kOfxKey_Up;
    /// Arrow downwards.
    DOWN = kOfxKey_Down;
    /// Home.
    HOME = kOfxKey_Home;
    /// End.
    END = kOfxKey_End;
    /// Page up.
    PAGE_UP = kOfxKey_Page_Up;
    /// Page down.
    PAGE_DOWN = kOfxKey_Page_Down;
    /// Shift on the left.
    SHIFT_LEFT = kOfxKey_Shift_L;
    /// Shift on the right.
    SHIFT_RIGHT = kOfxKey_Shift_R;
    /// Control on the left.
    CONTROL_LEFT = kOfxKey_Control_L;
    /// Control on the right.
    CONTROL_RIGHT = kOfxKey_Control_R;
    /// Alt on the left.
    ALT_LEFT = kOfxKey_Alt_L;
    /// Alt on the right.
    ALT_RIGHT = kOfxKey_Alt_R;
    /// Command, or Windows, on the left.
    SUPER_LEFT = kOfxKey_Super_L;
    /// Command, or Windows, on the right.
    SUPER_RIGHT = kOfxKey_Super_R;
}

impl Key {
    /// The key of a character of Latin-1; [`UNKNOWN`](Self::UNKNOWN) for others. Hosts differ in whether they name
    /// the small or the capital letter.
    pub const fn character(character: char) -> Self {
        if (character as u32) < 0x100 { Self(character as i32) } else { Self::UNKNOWN }
    }

    /// Whether it is one of the shift keys.
    pub fn is_shift(self) -> bool {
        matches!(self, Self::SHIFT_LEFT | Self::SHIFT_RIGHT)
    }

    /// Whether it is one of the control keys, or of the command keys, which take their place on a Mac.
    pub fn is_control(self) -> bool {
        matches!(self, Self::CONTROL_LEFT | Self::CONTROL_RIGHT | Self::SUPER_LEFT | Self::SUPER_RIGHT)
    }

    /// Whether it is one of the alt keys.
    pub fn is_alt(self) -> bool {
        matches!(self, Self::ALT_LEFT | Self::ALT_RIGHT)
    }
}
