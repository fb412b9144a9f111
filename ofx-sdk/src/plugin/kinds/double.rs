//! Numbers with a fraction: double, double2D and colors.

use super::{Common, Declaration, Kind, RawValue, Span, value_builders};
use crate::{ParamKind, sys};
use std::ffi::CStr;

/// What a double stands for, so that the host can offer the right control.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DoubleType {
    /// A number without a unit.
    #[default]
    Plain,
    /// A factor.
    Scale,
    /// Degrees.
    Angle,
    /// A time offset in frames.
    Time,
    /// A frame.
    AbsoluteTime,
    /// A horizontal size, in pixels of full resolution.
    X,
    /// A horizontal position, in pixels of full resolution.
    XAbsolute,
    /// A vertical size, in pixels of full resolution.
    Y,
    /// A vertical position, in pixels of full resolution.
    YAbsolute,
    /// A size, in pixels of full resolution.
    Xy,
    /// A position, in pixels of full resolution.
    XyAbsolute,
}

impl DoubleType {
    /// The standard's string for it.
    pub const fn ofx_name(self) -> &'static CStr {
        match self {
            Self::Plain => sys::kOfxParamDoubleTypePlain,
            Self::Scale => sys::kOfxParamDoubleTypeScale,
            Self::Angle => sys::kOfxParamDoubleTypeAngle,
            Self::Time => sys::kOfxParamDoubleTypeTime,
            Self::AbsoluteTime => sys::kOfxParamDoubleTypeAbsoluteTime,
            Self::X => sys::kOfxParamDoubleTypeX,
            Self::XAbsolute => sys::kOfxParamDoubleTypeXAbsolute,
            Self::Y => sys::kOfxParamDoubleTypeY,
            Self::YAbsolute => sys::kOfxParamDoubleTypeYAbsolute,
            Self::Xy => sys::kOfxParamDoubleTypeXY,
            Self::XyAbsolute => sys::kOfxParamDoubleTypeXYAbsolute,
        }
    }

    /// Whether it names a place or size in the picture.
    pub const fn is_spatial(self) -> bool {
        !matches!(self, Self::Plain | Self::Scale | Self::Angle | Self::Time | Self::AbsoluteTime)
    }
}

/// The units in which a spatial parameter's default is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Coordinates {
    /// Canonical coordinates.
    #[default]
    Canonical,
    /// Fractions of the project's size.
    Normalized,
}

impl Coordinates {
    /// The standard's string for it.
    pub const fn ofx_name(self) -> &'static CStr {
        match self {
            Self::Canonical => sys::kOfxParamCoordinatesCanonical,
            Self::Normalized => sys::kOfxParamCoordinatesNormalised,
        }
    }
}

/// The first `N` numbers, if all are finite.
fn finite<const N: usize>(raw: RawValue) -> Option<[f64; N]> {
    let RawValue::Doubles(values) = raw else { return None };
    let mut first = [0.0; N];
    first.copy_from_slice(&values[..N]);
    first.iter().all(|v| v.is_finite()).then_some(first)
}

fn padded<const N: usize>(values: [f64; N]) -> [f64; 4] {
    let mut padded = [0.0; 4];
    padded[..N].copy_from_slice(&values);
    padded
}

/// Holds values within a span; a span that is upside down holds nothing.
fn held<const N: usize>(mut values: [f64; N], range: Option<Span>) -> [f64; N] {
    if let Some(span) = range {
        for (i, v) in values.iter_mut().enumerate() {
            *v = v.min(span.max[i]).max(span.min[i]);
        }
    }
    values
}

/// A number. Its value is `f64`.
#[doc(alias = "kOfxParamTypeDouble")]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Double {
    common: Common,
    default: f64,
    range: Option<Span>,
    display: Option<Span>,
    increment: Option<f64>,
    digits: Option<i32>,
    double_type: DoubleType,
}

impl Double {
    /// A number without limits, 0 when new.
    pub const fn new(label: &'static str) -> Self {
        Self {
            common: Common::new(label),
            default: 0.0,
            range: None,
            display: None,
            increment: None,
            digits: None,
            double_type: DoubleType::Plain,
        }
    }

    /// The value of a new node.
    pub const fn default(mut self, value: f64) -> Self {
        self.default = value;
        self
    }

    /// The lowest and highest value that may be set. A slider covers it all unless [`display`](Self::display) says
    /// less.
    pub const fn range(mut self, min: f64, max: f64) -> Self {
        self.range = Some(Span::uniform(min, max));
        self
    }

    /// What a slider covers.
    pub const fn display(mut self, min: f64, max: f64) -> Self {
        self.display = Some(Span::uniform(min, max));
        self
    }

    /// The step of a slider.
    pub const fn increment(mut self, step: f64) -> Self {
        self.increment = Some(step);
        self
    }

    /// Decimals shown.
    pub const fn digits(mut self, digits: i32) -> Self {
        self.digits = Some(digits);
        self
    }

    /// What the number stands for.
    pub const fn double_type(mut self, double_type: DoubleType) -> Self {
        self.double_type = double_type;
        self
    }

    value_builders!();
}

impl Kind for Double {
    type Value = f64;
    const KIND: ParamKind = ParamKind::Double;

    fn common(&self) -> &Common {
        &self.common
    }

    fn default_value(&self) -> f64 {
        self.default
    }

    fn declaration(&self, id: &'static str, hint: &str) -> Declaration {
        Declaration {
            default: Self::encode(self.default),
            range: self.range,
            display: self.display.or(self.range),
            increment: self.increment,
            digits: self.digits,
            double_type: self.double_type,
            ..Declaration::new(id, hint, Self::KIND, self.common)
        }
    }

    fn encode(value: f64) -> RawValue {
        RawValue::Doubles(padded([value]))
    }

    fn decode(raw: RawValue) -> Option<f64> {
        finite::<1>(raw).map(|[v]| v)
    }

    fn accept(&self, raw: RawValue) -> Option<f64> {
        finite::<1>(raw).map(|v| held(v, self.range)[0])
    }
}

/// Two numbers. Their value is `[f64; 2]`, x first.
#[doc(alias = "kOfxParamTypeDouble2D")]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Double2D {
    common: Common,
    default: [f64; 2],
    range: Option<Span>,
    display: Option<Span>,
    double_type: DoubleType,
    coordinates: Coordinates,
}

impl Double2D {
    /// Two numbers without limits, 0 when new.
    pub const fn new(label: &'static str) -> Self {
        Self {
            common: Common::new(label),
            default: [0.0; 2],
            range: None,
            display: None,
            double_type: DoubleType::Plain,
            coordinates: Coordinates::Canonical,
        }
    }

    /// The value of a new node.
    pub const fn default(mut self, value: [f64; 2]) -> Self {
        self.default = value;
        self
    }

    /// The lowest and highest values that may be set.
    pub const fn range(mut self, min: [f64; 2], max: [f64; 2]) -> Self {
        self.range = Some(Span { min: [min[0], min[1], 0.0, 0.0], max: [max[0], max[1], 0.0, 0.0] });
        self
    }

    /// What sliders cover.
    pub const fn display(mut self, min: [f64; 2], max: [f64; 2]) -> Self {
        self.display = Some(Span { min: [min[0], min[1], 0.0, 0.0], max: [max[0], max[1], 0.0, 0.0] });
        self
    }

    /// A place in the picture, in pixels of full resolution.
    pub const fn position(mut self) -> Self {
        self.double_type = DoubleType::XyAbsolute;
        self
    }

    /// A size in the picture, in pixels of full resolution.
    pub const fn pixels(mut self) -> Self {
        self.double_type = DoubleType::Xy;
        self
    }

    /// What the numbers stand for.
    pub const fn double_type(mut self, double_type: DoubleType) -> Self {
        self.double_type = double_type;
        self
    }

    /// The units of the default; values are always canonical.
    pub const fn coordinates(mut self, coordinates: Coordinates) -> Self {
        self.coordinates = coordinates;
        self
    }

    value_builders!();
}

impl Kind for Double2D {
    type Value = [f64; 2];
    const KIND: ParamKind = ParamKind::Double2D;

    fn common(&self) -> &Common {
        &self.common
    }

    fn default_value(&self) -> [f64; 2] {
        self.default
    }

    fn declaration(&self, id: &'static str, hint: &str) -> Declaration {
        Declaration {
            default: Self::encode(self.default),
            range: self.range,
            display: self.display.or(self.range),
            double_type: self.double_type,
            coordinates: self.coordinates,
            ..Declaration::new(id, hint, Self::KIND, self.common)
        }
    }

    fn encode(value: [f64; 2]) -> RawValue {
        RawValue::Doubles(padded(value))
    }

    fn decode(raw: RawValue) -> Option<[f64; 2]> {
        finite(raw)
    }

    fn accept(&self, raw: RawValue) -> Option<[f64; 2]> {
        finite(raw).map(|v| held(v, self.range))
    }
}

/// A color kind: so many components, nothing but a default.
macro_rules! color {
    ($(#[$doc:meta])* $name:ident, $kind:ident, $n:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $name {
            common: Common,
            default: [f64; $n],
        }

        impl $name {
            /// A color, black (and transparent, where it has alpha) when new.
            pub const fn new(label: &'static str) -> Self {
                Self { common: Common::new(label), default: [0.0; $n] }
            }

            /// The value of a new node.
            pub const fn default(mut self, value: [f64; $n]) -> Self {
                self.default = value;
                self
            }

            value_builders!();
        }

        impl Kind for $name {
            type Value = [f64; $n];
            const KIND: ParamKind = ParamKind::$kind;

            fn common(&self) -> &Common {
                &self.common
            }

            fn default_value(&self) -> Self::Value {
                self.default
            }

            fn declaration(&self, id: &'static str, hint: &str) -> Declaration {
                Declaration {
                    default: Self::encode(self.default),
                    ..Declaration::new(id, hint, Self::KIND, self.common)
                }
            }

            fn encode(value: Self::Value) -> RawValue {
                RawValue::Doubles(padded(value))
            }

            fn decode(raw: RawValue) -> Option<Self::Value> {
                finite(raw)
            }
        }
    };
}

color! {
    /// A color without alpha. Its value is `[f64; 3]`, red first.
    #[doc(alias = "kOfxParamTypeRGB")]
    Rgb, Rgb, 3
}

color! {
    /// A color with alpha. Its value is `[f64; 4]`, red first.
    #[doc(alias = "kOfxParamTypeRGBA")]
    Rgba, Rgba, 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_not_finite_is_refused_and_a_wild_one_is_held_in_range() {
        let kind = Double::new("Softness").range(0.0, 10.0).default(1.0);
        assert_eq!(kind.accept(RawValue::Doubles([f64::NAN, 0.0, 0.0, 0.0])), None);
        assert_eq!(kind.accept(RawValue::Doubles([f64::INFINITY, 0.0, 0.0, 0.0])), None);
        assert_eq!(kind.accept(RawValue::Doubles([99.0, f64::NAN, 0.0, 0.0])), Some(10.0));
    }

    #[test]
    fn a_range_that_is_upside_down_does_not_panic() {
        assert_eq!(Double::new("Odd").range(1.0, 0.0).accept(RawValue::Doubles([0.5; 4])), Some(1.0));
    }

    #[test]
    fn a_slider_covers_the_range_unless_told_otherwise() {
        let plain = Double::new("A").range(0.0, 10.0).declaration("a", "");
        assert_eq!(plain.display, plain.range);
        let shown = Double::new("A").range(0.0, 10.0).display(0.0, 1.0).declaration("a", "");
        assert_eq!(shown.display, Some(Span::uniform(0.0, 1.0)));
    }
}
