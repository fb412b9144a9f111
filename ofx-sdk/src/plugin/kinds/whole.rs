//! Whole numbers: integer and boolean.

use super::{Common, Declaration, Kind, RawValue, Span, value_builders};
use crate::ParamKind;

/// A whole number. Its value is `i32`.
#[doc(alias = "kOfxParamTypeInteger")]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Integer {
    common: Common,
    default: i32,
    range: Option<(i32, i32)>,
    display: Option<(i32, i32)>,
}

impl Integer {
    /// A whole number without limits, 0 when new.
    pub const fn new(label: &'static str) -> Self {
        Self { common: Common::new(label), default: 0, range: None, display: None }
    }

    /// The value of a new node.
    pub const fn default(mut self, value: i32) -> Self {
        self.default = value;
        self
    }

    /// The lowest and highest value that may be set.
    pub const fn range(mut self, min: i32, max: i32) -> Self {
        self.range = Some((min, max));
        self
    }

    /// What a slider covers.
    pub const fn display(mut self, min: i32, max: i32) -> Self {
        self.display = Some((min, max));
        self
    }

    value_builders!();
}

impl Kind for Integer {
    type Value = i32;
    const KIND: ParamKind = ParamKind::Integer;

    fn common(&self) -> &Common {
        &self.common
    }

    fn default_value(&self) -> i32 {
        self.default
    }

    fn declaration(&self, id: &'static str, hint: &str) -> Declaration {
        let span = |(min, max): (i32, i32)| Span::uniform(f64::from(min), f64::from(max));
        Declaration {
            default: Self::encode(self.default),
            range: self.range.map(span),
            display: self.display.or(self.range).map(span),
            ..Declaration::new(id, hint, Self::KIND, self.common)
        }
    }

    fn encode(value: i32) -> RawValue {
        RawValue::Int(value)
    }

    fn decode(raw: RawValue) -> Option<i32> {
        if let RawValue::Int(value) = raw { Some(value) } else { None }
    }

    fn accept(&self, raw: RawValue) -> Option<i32> {
        let value = Self::decode(raw)?;
        Some(self.range.map_or(value, |(min, max)| value.min(max).max(min)))
    }
}

/// On or off. Its value is `bool`.
#[doc(alias = "kOfxParamTypeBoolean")]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Boolean {
    common: Common,
    default: bool,
}

impl Boolean {
    /// A switch, off when new.
    pub const fn new(label: &'static str) -> Self {
        Self { common: Common::new(label), default: false }
    }

    /// The value of a new node.
    pub const fn default(mut self, value: bool) -> Self {
        self.default = value;
        self
    }

    value_builders!();
}

impl Kind for Boolean {
    type Value = bool;
    const KIND: ParamKind = ParamKind::Boolean;

    fn common(&self) -> &Common {
        &self.common
    }

    fn default_value(&self) -> bool {
        self.default
    }

    fn declaration(&self, id: &'static str, hint: &str) -> Declaration {
        Declaration { default: Self::encode(self.default), ..Declaration::new(id, hint, Self::KIND, self.common) }
    }

    fn encode(value: bool) -> RawValue {
        RawValue::Int(i32::from(value))
    }

    fn decode(raw: RawValue) -> Option<bool> {
        if let RawValue::Int(value) = raw { Some(value != 0) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wild_number_is_held_in_range_even_where_that_is_upside_down() {
        assert_eq!(Integer::new("Index").range(0, 15).accept(RawValue::Int(i32::MIN)), Some(0));
        assert_eq!(Integer::new("Odd").range(1, 0).accept(RawValue::Int(7)), Some(1));
    }

    #[test]
    fn any_number_but_zero_is_on() {
        assert_eq!(Boolean::decode(RawValue::Int(-7)), Some(true));
        assert_eq!(Boolean::decode(RawValue::Int(0)), Some(false));
        assert_eq!(Boolean::decode(RawValue::Nothing), None);
    }
}
