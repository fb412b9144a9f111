//! The lies of a host, one type for each place where it can tell one.

use crate::{
    Depth, PropertyType, Status,
    host::{
        image::HostImage,
        loan::corners,
        properties::{PropertySet, Values},
    },
    sys,
};
use std::ffi::{CString, c_char};

/// Bytes that are no UTF-8.
const FOREIGN: &std::ffi::CStr = c"\xff\xfe\x80 100%s%n";

/// What a host gives for a suite that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SuiteLie {
    /// Nothing.
    Absent,
    /// The suite, all of its functions null.
    Hollow,
    /// The suite, the function of this number (modulo their count) null.
    Without(usize),
}

/// What a host says of a property.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PropertyLie {
    /// There is no such property.
    Gone,
    /// It is of another type.
    WrongType,
    /// It has this many values more than it has.
    Longer(usize),
    /// Says that all went well, and writes nothing.
    Unwritten,
    /// A text that is not UTF-8 and holds conversions of printf.
    ForeignText,
    /// This number, as every value.
    Int(i32),
    /// This number, as every value.
    Double(f64),
}

/// What becomes of a read.
pub(crate) enum Told {
    Truth,
    Refused(Status),
    Nothing,
    /// The address of a text that is not UTF-8.
    ForeignText,
    /// The first of these, as every value.
    Instead(Values),
}

impl PropertyLie {
    /// What a read of type `kind` is told.
    pub(crate) fn told(self, kind: PropertyType) -> Told {
        match self {
            Self::Gone => Told::Refused(Status::UNKNOWN),
            Self::WrongType => Told::Refused(Status::VALUE),
            Self::Unwritten => Told::Nothing,
            Self::ForeignText if kind == PropertyType::String => Told::ForeignText,
            Self::Int(v) if kind == PropertyType::Int => Told::Instead(Values::Ints(vec![v])),
            Self::Double(v) if kind == PropertyType::Double => Told::Instead(Values::Doubles(vec![v])),
            Self::Longer(_) | Self::ForeignText | Self::Int(_) | Self::Double(_) => Told::Truth,
        }
    }

    /// How many values it says there are.
    pub(crate) fn dimension(self, truth: Result<usize, Status>) -> Result<usize, Status> {
        match self {
            Self::Gone => Err(Status::UNKNOWN),
            Self::Longer(more) => Ok(truth.unwrap_or(0).saturating_add(more)),
            _ => truth,
        }
    }

    /// Whether it cannot be set either.
    pub(crate) fn refuses_setting(self) -> bool {
        matches!(self, Self::Gone | Self::WrongType)
    }
}

/// What a host gives for a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextLie {
    /// A null pointer, as MLT for custom parameters.
    Null,
    /// Bytes that are no UTF-8.
    Foreign,
}

impl TextLie {
    pub(crate) fn address(self) -> *const c_char {
        match self {
            Self::Null => std::ptr::null(),
            Self::Foreign => FOREIGN.as_ptr(),
        }
    }
}

/// The text of [`PropertyLie::ForeignText`].
pub(crate) fn foreign() -> CString {
    FOREIGN.to_owned()
}

/// The address of that text, which stays.
pub(crate) fn foreign_address() -> *mut c_char {
    FOREIGN.as_ptr().cast_mut()
}

/// What a host says of an image, or gives for its pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ImageLie {
    /// No pixels.
    NullData,
    /// Rows one byte closer than a row is long.
    ShortRows,
    /// Rows on top of each other.
    NoRows,
    /// Bounds without a pixel.
    Empty,
    /// Bounds whose left and lower edges lie beyond the others.
    Inverted,
    /// Bounds wider than any image, whose rows do not fit between two.
    Huge,
    /// Bounds over all numbers.
    Endless,
    /// Bounds of the same size elsewhere.
    Elsewhere(i32, i32),
    /// Bytes are called floats, as HostSupport's demo host does.
    FloatLabel,
    /// A depth and components that nobody knows.
    NoLabels,
    /// This scale along both axes, whatever was rendered: Resolve says 1, Fusion something else.
    Scale(f64),
}

impl ImageLie {
    /// Tells it in an image's properties. `row_bytes` is the true distance of rows.
    pub(crate) fn tell(self, set: &PropertySet, image: &HostImage, row_bytes: i32) {
        let b = image.bounds;
        let bounds = |x1, y1, x2, y2| set.put_ints(sys::kOfxImagePropBounds, &[x1, y1, x2, y2]);
        let rows = |bytes| set.put_ints(sys::kOfxImagePropRowBytes, &[bytes]);
        match self {
            Self::NullData => set.put_pointer(sys::kOfxImagePropData, 0),
            Self::ShortRows => rows((image.row_bytes() as i32 - 1) * row_bytes.signum()),
            Self::NoRows => rows(0),
            Self::Empty => bounds(b.x1, b.y1, b.x1, b.y1),
            Self::Inverted => bounds(b.x2, b.y2, b.x1, b.y1),
            Self::Huge => bounds(b.x1, b.y1, b.x1.saturating_add(1 << 19), b.y2),
            Self::Endless => bounds(i32::MIN, i32::MIN, i32::MAX, i32::MAX),
            Self::Elsewhere(x, y) => {
                let to = |a: i32, by: i32| a.checked_add(by);
                // Only where all four edges move: a smaller image is no lie, a larger one has no memory.
                if let (Some(x1), Some(y1), Some(x2), Some(y2)) = (to(b.x1, x), to(b.y1, y), to(b.x2, x), to(b.y2, y)) {
                    set.put_ints(sys::kOfxImagePropBounds, &corners(crate::RectI::new(x1, y1, x2, y2)));
                }
            }
            Self::FloatLabel => {
                let as_float = image.bounds.width() * image.components.count() * size_of::<f32>();
                // Told only where the rows give it away: padding would hide it, and no plug-in could know.
                if row_bytes.unsigned_abs() < as_float as u32 {
                    set.put_strings(sys::kOfxImageEffectPropPixelDepth, [Depth::Float.ofx_name()]);
                }
            }
            Self::Scale(scale) => set.put_doubles(sys::kOfxImageEffectPropRenderScale, &[scale; 2]),
            Self::NoLabels => {
                set.put_strings(sys::kOfxImageEffectPropPixelDepth, [foreign()]);
                set.put_strings(sys::kOfxImageEffectPropComponents, [foreign()]);
            }
        }
    }
}
