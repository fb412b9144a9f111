//! Choices: one of a list. Hosts save the index, so options are appended, never reordered or removed.

use super::{Common, Declaration, Kind, RawValue, value_builders};
use crate::ParamKind;
use std::{borrow::Cow, fmt, marker::PhantomData};

/// One option of a choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChoiceOption {
    /// What the artist reads.
    pub label: Cow<'static, str>,
    /// What explains it; may be empty.
    pub hint: Cow<'static, str>,
}

impl ChoiceOption {
    /// An option with a label and no hint.
    pub fn new(label: impl Into<Cow<'static, str>>) -> Self {
        Self { label: label.into(), hint: Cow::Borrowed("") }
    }

    /// Adds what explains it.
    pub fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.hint = hint.into();
        self
    }

    /// The option's id outside a host: its label in lower case, everything but letters and digits as `_`.
    pub fn id(&self) -> String {
        let mut id = String::new();
        for c in self.label.chars() {
            if c.is_alphanumeric() {
                id.extend(c.to_lowercase());
            } else if !id.ends_with('_') && !id.is_empty() {
                id.push('_');
            }
        }
        id.truncate(id.trim_end_matches('_').len());
        id
    }
}

/// An enum that a [`Choice`] offers.
///
/// ```
/// use ofx_sdk::plugin::ChoiceValue;
///
/// #[derive(Clone, Copy, Debug, PartialEq)]
/// enum Output { Matte, Cutout }
///
/// impl ChoiceValue for Output {
///     const OPTIONS: &'static [(Self, &'static str, &'static str)] = &[
///         (Self::Matte, "Matte", "The matte in all channels."),
///         (Self::Cutout, "Cutout", "The source multiplied by the matte."),
///     ];
/// }
/// ```
pub trait ChoiceValue: Copy + PartialEq + fmt::Debug + Send + Sync + 'static {
    /// Value, label and hint of each option, in the order that hosts save; at least one. The first is the default
    /// unless the parameter says otherwise.
    const OPTIONS: &'static [(Self, &'static str, &'static str)];

    /// The index that hosts save for this value.
    fn index(self) -> usize {
        Self::OPTIONS.iter().position(|(value, ..)| *value == self).unwrap_or(0)
    }

    /// The label of this value.
    fn label(self) -> &'static str {
        Self::OPTIONS.get(self.index()).map_or("", |(_, label, _)| label)
    }
}

/// One of an enum's options. Its value is the enum.
#[doc(alias = "kOfxParamTypeChoice")]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice<T> {
    common: Common,
    default: Option<T>,
    kind: PhantomData<T>,
}

impl<T: ChoiceValue> Choice<T> {
    /// A choice whose first option is the default. It does not animate unless [`animating`](Self::animating) says so.
    pub const fn new(label: &'static str) -> Self {
        // An empty list would leave a node without any value; refuse it before it ships.
        const { assert!(!T::OPTIONS.is_empty(), "a choice needs at least one option") };
        let mut common = Common::new(label);
        common.animates = false;
        Self { common, default: None, kind: PhantomData }
    }

    /// The value of a new node.
    pub const fn default(mut self, value: T) -> Self {
        self.default = Some(value);
        self
    }

    /// Lets it carry keyframes.
    pub const fn animating(mut self) -> Self {
        self.common.animates = true;
        self
    }

    value_builders!();
}

impl<T: ChoiceValue> Kind for Choice<T> {
    type Value = T;
    const KIND: ParamKind = ParamKind::Choice;

    fn common(&self) -> &Common {
        &self.common
    }

    fn default_value(&self) -> T {
        self.default.unwrap_or(T::OPTIONS[0].0)
    }

    fn declaration(&self, id: &'static str, hint: &str) -> Declaration {
        let options = T::OPTIONS.iter().map(|(_, label, hint)| ChoiceOption::new(*label).hint(*hint)).collect();
        Declaration {
            default: Self::encode(self.default_value()),
            options,
            ..Declaration::new(id, hint, Self::KIND, self.common)
        }
    }

    fn encode(value: T) -> RawValue {
        RawValue::Int(value.index() as i32)
    }

    fn decode(raw: RawValue) -> Option<T> {
        let RawValue::Int(index) = raw else { return None };
        T::OPTIONS.get(usize::try_from(index).ok()?).map(|(value, ..)| *value)
    }
}

/// One of a list that is made when the node is described. Its value is the index, `usize`.
#[doc(alias = "kOfxParamTypeChoice")]
#[derive(Clone, Copy, Debug)]
pub struct DynamicChoice {
    common: Common,
    default: usize,
    options: fn() -> Vec<ChoiceOption>,
}

impl DynamicChoice {
    /// A choice whose first option is the default. `options` is called whenever the parameter is described or read,
    /// and must always give the same list, at least one option long. It does not animate unless
    /// [`animating`](Self::animating) says so.
    pub const fn new(label: &'static str, options: fn() -> Vec<ChoiceOption>) -> Self {
        let mut common = Common::new(label);
        common.animates = false;
        Self { common, default: 0, options }
    }

    /// The index of a new node.
    pub const fn default(mut self, index: usize) -> Self {
        self.default = index;
        self
    }

    /// Lets it carry keyframes.
    pub const fn animating(mut self) -> Self {
        self.common.animates = true;
        self
    }

    value_builders!();
}

impl Kind for DynamicChoice {
    type Value = usize;
    const KIND: ParamKind = ParamKind::Choice;

    fn common(&self) -> &Common {
        &self.common
    }

    fn default_value(&self) -> usize {
        self.default
    }

    fn declaration(&self, id: &'static str, hint: &str) -> Declaration {
        Declaration {
            default: Self::encode(self.default),
            options: (self.options)(),
            ..Declaration::new(id, hint, Self::KIND, self.common)
        }
    }

    fn encode(value: usize) -> RawValue {
        RawValue::Int(i32::try_from(value).unwrap_or(i32::MAX))
    }

    fn decode(raw: RawValue) -> Option<usize> {
        if let RawValue::Int(index) = raw { usize::try_from(index).ok() } else { None }
    }

    fn accept(&self, raw: RawValue) -> Option<usize> {
        let index = Self::decode(raw)?;
        (index < (self.options)().len()).then_some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Side {
        Left,
        Right,
    }

    impl ChoiceValue for Side {
        const OPTIONS: &'static [(Self, &'static str, &'static str)] =
            &[(Self::Left, "Left", ""), (Self::Right, "Right", "The other")];
    }

    #[test]
    fn an_index_outside_the_options_is_no_value() {
        let kind = Choice::<Side>::new("Side").default(Side::Right);
        for index in [-1, 2, i32::MIN, i32::MAX] {
            assert_eq!(kind.accept(RawValue::Int(index)), None);
        }
        assert_eq!(kind.accept(RawValue::Int(1)), Some(Side::Right));
        assert_eq!(kind.default_value().index(), 1);
        let list = DynamicChoice::new("List", || vec![ChoiceOption::new("One")]);
        assert_eq!(list.accept(RawValue::Int(1)), None);
        assert_eq!(list.accept(RawValue::Int(0)), Some(0));
    }

    #[test]
    fn an_option_id_is_its_label_in_lower_snake_case() {
        for (label, id) in
            [("Source matte", "source_matte"), (" S-Log3 ", "s_log3"), ("Linear Rec.709", "linear_rec_709")]
        {
            assert_eq!(ChoiceOption::new(label).id(), id);
        }
    }
}
