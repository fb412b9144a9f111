//! Pixel depths, components, premultiplication and fields.

use crate::sys;
use std::ffi::CStr;

macro_rules! named {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $raw:ident),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            /// Every value, in the standard's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The standard's string for this value.
            pub const fn ofx_name(self) -> &'static CStr {
                match self { $(Self::$variant => sys::$raw),+ }
            }

            /// The value that a string of the standard stands for.
            pub fn from_ofx(name: &CStr) -> Option<Self> {
                Self::ALL.iter().copied().find(|v| v.ofx_name() == name)
            }
        }
    };
}

named! {
    /// How one component of a pixel is stored.
    pub enum Depth {
        /// 8 bits, 0-255 for 0-1.
        Byte = kOfxBitDepthByte,
        /// 16 bits, 0-65535 for 0-1.
        Short = kOfxBitDepthShort,
        /// 16-bit floating point.
        Half = kOfxBitDepthHalf,
        /// 32-bit floating point.
        Float = kOfxBitDepthFloat,
    }
}

impl Depth {
    /// Bytes of one component.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Byte => 1,
            Self::Short | Self::Half => 2,
            Self::Float => 4,
        }
    }
}

named! {
    /// Which components a pixel has.
    pub enum Components {
        /// Red, green, blue, alpha.
        Rgba = kOfxImageComponentRGBA,
        /// Red, green, blue.
        Rgb = kOfxImageComponentRGB,
        /// One value.
        Alpha = kOfxImageComponentAlpha,
    }
}

impl Components {
    /// How many values a pixel holds.
    pub const fn count(self) -> usize {
        match self {
            Self::Rgba => 4,
            Self::Rgb => 3,
            Self::Alpha => 1,
        }
    }
}

named! {
    /// What alpha has to do with the color channels.
    pub enum Premultiplication {
        /// There is no alpha that matters.
        Opaque = kOfxImageOpaque,
        /// Colors are already multiplied by alpha.
        Premultiplied = kOfxImagePreMultiplied,
        /// Colors are not multiplied by alpha.
        Unpremultiplied = kOfxImageUnPreMultiplied,
    }
}

named! {
    /// Which lines of an interlaced frame are meant.
    pub enum Field {
        /// A full progressive frame.
        None = kOfxImageFieldNone,
        /// Both fields of an interlaced frame.
        Both = kOfxImageFieldBoth,
        /// The field of even lines.
        Lower = kOfxImageFieldLower,
        /// The field of odd lines.
        Upper = kOfxImageFieldUpper,
    }
}

named! {
    /// The situation in which a host uses an effect.
    pub enum Context {
        /// Makes pictures from nothing.
        Generator = kOfxImageEffectContextGenerator,
        /// One input, one output.
        Filter = kOfxImageEffectContextFilter,
        /// From one clip to another over time.
        Transition = kOfxImageEffectContextTransition,
        /// A filter with a brush mask.
        Paint = kOfxImageEffectContextPaint,
        /// Any inputs.
        General = kOfxImageEffectContextGeneral,
        /// Changes a clip's time.
        Retimer = kOfxImageEffectContextRetimer,
    }
}
