//! The kinds of parameter that both sides know.

use crate::sys;
use std::ffi::CStr;

/// The kind of one parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ParamKind {
    /// One number.
    Double,
    /// Two numbers.
    Double2D,
    /// Three numbers.
    Double3D,
    /// One whole number.
    Integer,
    /// Two whole numbers.
    Integer2D,
    /// Three whole numbers.
    Integer3D,
    /// On or off.
    Boolean,
    /// One of a list, by index.
    Choice,
    /// A color without alpha.
    Rgb,
    /// A color with alpha.
    Rgba,
    /// Text, a file path or a label.
    String,
    /// Text that the plug-in interpolates.
    Custom,
    /// A button.
    PushButton,
    /// A folder of parameters.
    Group,
    /// A page of parameters.
    Page,
}

/// How a kind's values cross the C boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// This many `double`s.
    Doubles(usize),
    /// This many `int`s.
    Ints(usize),
    /// One C string.
    String,
    /// Nothing: the kind has no value.
    Nothing,
}

impl ParamKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[
        Self::Double,
        Self::Double2D,
        Self::Double3D,
        Self::Integer,
        Self::Integer2D,
        Self::Integer3D,
        Self::Boolean,
        Self::Choice,
        Self::Rgb,
        Self::Rgba,
        Self::String,
        Self::Custom,
        Self::PushButton,
        Self::Group,
        Self::Page,
    ];

    /// The standard's string for this kind.
    pub const fn ofx_name(self) -> &'static CStr {
        match self {
            Self::Double => sys::kOfxParamTypeDouble,
            Self::Double2D => sys::kOfxParamTypeDouble2D,
            Self::Double3D => sys::kOfxParamTypeDouble3D,
            Self::Integer => sys::kOfxParamTypeInteger,
            Self::Integer2D => sys::kOfxParamTypeInteger2D,
            Self::Integer3D => sys::kOfxParamTypeInteger3D,
            Self::Boolean => sys::kOfxParamTypeBoolean,
            Self::Choice => sys::kOfxParamTypeChoice,
            Self::Rgb => sys::kOfxParamTypeRGB,
            Self::Rgba => sys::kOfxParamTypeRGBA,
            Self::String => sys::kOfxParamTypeString,
            Self::Custom => sys::kOfxParamTypeCustom,
            Self::PushButton => sys::kOfxParamTypePushButton,
            Self::Group => sys::kOfxParamTypeGroup,
            Self::Page => sys::kOfxParamTypePage,
        }
    }

    /// The kind that a string of the standard stands for.
    pub fn from_ofx(name: &CStr) -> Option<Self> {
        Self::ALL.iter().copied().find(|k| k.ofx_name() == name)
    }

    /// How values of this kind cross the C boundary.
    pub const fn transport(self) -> Transport {
        match self {
            Self::Double => Transport::Doubles(1),
            Self::Double2D => Transport::Doubles(2),
            Self::Double3D | Self::Rgb => Transport::Doubles(3),
            Self::Rgba => Transport::Doubles(4),
            Self::Integer | Self::Boolean | Self::Choice => Transport::Ints(1),
            Self::Integer2D => Transport::Ints(2),
            Self::Integer3D => Transport::Ints(3),
            Self::String | Self::Custom => Transport::String,
            Self::PushButton | Self::Group | Self::Page => Transport::Nothing,
        }
    }
}
