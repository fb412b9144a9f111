//! Kinds of parameter: how an artist's setting is declared, and which Rust value it becomes.
//!
//! A kind is built inside [`settings!`](crate::settings): `Double::new("Softness").range(0.0, 100.0).default(1.0)`.
//! Each kind says which plain value a node sees ([`Kind::Value`]) and how that value crosses to the host.

mod choice;
mod double;
mod layout;
mod text;
mod whole;

pub use choice::{Choice, ChoiceOption, ChoiceValue, DynamicChoice};
pub use double::{Coordinates, Double, Double2D, DoubleType, Rgb, Rgba};
pub use layout::{Group, Page, PushButton};
pub use text::{Directory, FilePath, Label, MultiLine, StringMode, Text};
pub use whole::{Boolean, Integer};

use crate::ParamKind;
use std::{fmt, marker::PhantomData};

/// What every kind declares, whatever its value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Common {
    /// What the artist reads beside the control.
    pub label: &'static str,
    /// The id of the [`Group`] it lies in.
    pub parent: Option<&'static str>,
    /// Hidden from the artist.
    pub secret: bool,
    /// Can be edited when the node is made.
    pub enabled: bool,
    /// May carry keyframes.
    pub animates: bool,
    /// A change makes the host render again.
    pub evaluate_on_change: bool,
    /// Saved with the project.
    pub persistent: bool,
    /// A change is a step that the artist can undo.
    pub can_undo: bool,
    /// Which of the host's cached frames a change makes stale.
    pub cache_invalidation: CacheInvalidation,
}

impl Common {
    /// The standard's defaults under a label.
    pub const fn new(label: &'static str) -> Self {
        Self {
            label,
            parent: None,
            secret: false,
            enabled: true,
            animates: true,
            evaluate_on_change: true,
            persistent: true,
            can_undo: true,
            cache_invalidation: CacheInvalidation::ValueChange,
        }
    }
}

/// Which of the host's cached frames a change of a parameter makes stale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CacheInvalidation {
    /// The frames whose value changed.
    #[default]
    ValueChange,
    /// Those, and every later frame.
    ValueChangeToEnd,
    /// Every frame.
    All,
}

/// A value on its way between a node and the host.
#[derive(Clone, Debug, PartialEq)]
pub enum RawValue {
    /// The kind has no value.
    Nothing,
    /// A whole number, a choice's index, or 0 and 1 for off and on.
    Int(i32),
    /// Up to four numbers; how many count is said by [`ParamKind::transport`].
    Doubles([f64; 4]),
    /// Text.
    Text(String),
}

/// Lowest and highest values, one per dimension of the parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// Lowest.
    pub min: [f64; 4],
    /// Highest.
    pub max: [f64; 4],
}

impl Span {
    /// The same span in every dimension.
    pub const fn uniform(min: f64, max: f64) -> Self {
        Self { min: [min; 4], max: [max; 4] }
    }
}

/// One parameter as data: what a host is told, and what documentation and tests read.
#[derive(Clone, Debug, PartialEq)]
pub struct Declaration {
    /// Its id, which is never renamed once released.
    pub id: &'static str,
    /// The text that explains it to the artist.
    pub hint: String,
    /// Its kind.
    pub kind: ParamKind,
    /// What all kinds share.
    pub common: Common,
    /// The value of a new node.
    pub default: RawValue,
    /// Values outside are refused.
    pub range: Option<Span>,
    /// What a slider covers.
    pub display: Option<Span>,
    /// The step of a slider.
    pub increment: Option<f64>,
    /// Decimals shown.
    pub digits: Option<i32>,
    /// What a double stands for.
    pub double_type: DoubleType,
    /// The units of a spatial default.
    pub coordinates: Coordinates,
    /// The options of a choice, in the order of their indices.
    pub options: Vec<ChoiceOption>,
    /// How text is edited; `None` where the parameter holds no text.
    pub string_mode: Option<StringMode>,
    /// A path must exist already.
    pub path_must_exist: bool,
    /// A group starts unfolded.
    pub open: bool,
    /// The ids on a page, in order.
    pub children: &'static [&'static str],
}

impl Declaration {
    /// A declaration with nothing but what all kinds share.
    pub fn new(id: &'static str, hint: &str, kind: ParamKind, common: Common) -> Self {
        Self {
            id,
            hint: join_hint(hint),
            kind,
            common,
            default: RawValue::Nothing,
            range: None,
            display: None,
            increment: None,
            digits: None,
            double_type: DoubleType::Plain,
            coordinates: Coordinates::Canonical,
            options: Vec::new(),
            string_mode: None,
            path_must_exist: false,
            open: true,
            children: &[],
        }
    }
}

/// Joins the lines of a doc comment: a line break is a space, an empty line a new paragraph.
fn join_hint(doc: &str) -> String {
    let mut hint = String::new();
    let mut paragraph_ends = false;
    for line in doc.lines().map(str::trim) {
        if line.is_empty() {
            paragraph_ends = !hint.is_empty();
            continue;
        }
        if !hint.is_empty() {
            hint.push(if paragraph_ends { '\n' } else { ' ' });
        }
        hint.push_str(line);
        paragraph_ends = false;
    }
    hint
}

/// A kind of parameter with everything that one parameter declares.
pub trait Kind {
    /// The plain value that a node works with.
    type Value: Clone + fmt::Debug + PartialEq;

    /// The standard's kind that it is defined as.
    const KIND: ParamKind;

    /// What all kinds share.
    fn common(&self) -> &Common;

    /// The value of a new node, which also stands in for a value that a host cannot deliver.
    fn default_value(&self) -> Self::Value;

    /// This parameter as data.
    fn declaration(&self, id: &'static str, hint: &str) -> Declaration;

    /// A value on its way to the host.
    fn encode(value: Self::Value) -> RawValue;

    /// A value that came from the host; `None` where it cannot be one of this kind (a number that is not finite, an
    /// index past the last option).
    fn decode(raw: RawValue) -> Option<Self::Value>;

    /// As [`decode`](Self::decode), and held within the range that this parameter declares.
    fn accept(&self, raw: RawValue) -> Option<Self::Value> {
        Self::decode(raw)
    }
}

/// The id of one parameter and the kind it was declared with.
///
/// [`settings!`](crate::settings) makes one per field, as an associated constant of the field's name, so that a
/// misspelled id or a value of the wrong type does not compile.
pub struct ParamId<K> {
    name: &'static str,
    kind: PhantomData<fn() -> K>,
}

impl<K: Kind> ParamId<K> {
    /// The id of a parameter of kind `K`.
    pub const fn new(name: &'static str) -> Self {
        Self { name, kind: PhantomData }
    }

    /// The id as the host knows it.
    pub const fn name(self) -> &'static str {
        self.name
    }
}

impl<K> Clone for ParamId<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for ParamId<K> {}

impl<K> fmt::Debug for ParamId<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The builder methods that every kind has.
macro_rules! common_builders {
    () => {
        /// Puts it into a group, by the group's id.
        pub const fn parent(mut self, group: &'static str) -> Self {
            self.common.parent = Some(group);
            self
        }

        /// Hides it from the artist.
        pub const fn secret(mut self) -> Self {
            self.common.secret = true;
            self
        }

        /// Shows it, but does not let the artist edit it.
        pub const fn disabled(mut self) -> Self {
            self.common.enabled = false;
            self
        }
    };
}

/// The builder methods of kinds that have a value.
macro_rules! value_builders {
    () => {
        crate::plugin::kinds::common_builders!();

        /// Lets it carry no keyframes.
        pub const fn not_animating(mut self) -> Self {
            self.common.animates = false;
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

        /// Which cached frames a change makes stale; those whose value changed unless told otherwise.
        pub const fn cache_invalidation(mut self, frames: crate::plugin::kinds::CacheInvalidation) -> Self {
            self.common.cache_invalidation = frames;
            self
        }
    };
}

use {common_builders, value_builders};

#[cfg(test)]
mod tests {
    use super::join_hint;

    #[test]
    fn doc_comments_join_into_paragraphs() {
        assert_eq!(join_hint(" One\n two. \n\n\n Three.\n"), "One two.\nThree.");
        assert_eq!(join_hint("\n\n"), "");
    }
}
