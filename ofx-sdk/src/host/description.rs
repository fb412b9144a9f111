//! What a plug-in says of itself in one context.

use super::value::ParamValue;
use crate::{Components, Context, Depth, Error, ParamKind, PropertyType, Result};

/// A plug-in as it described itself for one context.
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    /// The identifier of its binary.
    pub identifier: String,
    /// Major and minor version.
    pub version: (u32, u32),
    /// The context.
    pub context: Context,
    /// Every context that it supports.
    pub contexts: Vec<Context>,
    /// What the artist reads in a menu.
    pub label: String,
    /// The menu that it stands in.
    pub group: String,
    /// What it does, for the artist.
    pub description: String,
    /// Pixel depths that it takes.
    pub depths: Vec<Depth>,
    /// How many renders may run at once.
    pub thread_safety: ThreadSafety,
    /// Whether the host may split a frame among threads.
    pub host_frame_threading: bool,
    /// Whether it renders parts of a frame.
    pub tiles: bool,
    /// Whether it reads other frames than the one it renders.
    pub temporal: bool,
    /// Whether it knows planes besides color.
    pub multi_plane: bool,
    /// Clips in the order of their definition.
    pub clips: Vec<ClipDescription>,
    /// Parameters in the order of their definition.
    pub params: Vec<ParamDescription>,
    /// Every property of the descriptor, in alphabetical order.
    pub properties: Vec<PropertySnapshot>,
}

impl Description {
    /// The clip of this name.
    pub fn clip(&self, name: &str) -> Option<&ClipDescription> {
        self.clips.iter().find(|clip| clip.name == name)
    }

    /// The parameter of this id.
    pub fn param(&self, id: &str) -> Option<&ParamDescription> {
        self.params.iter().find(|param| param.id == id)
    }
}

/// How many renders may run at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThreadSafety {
    /// One among all instances.
    Unsafe,
    /// One in each instance.
    InstanceSafe,
    /// Any number.
    FullySafe,
}

/// One clip of a plug-in.
#[derive(Clone, Debug, PartialEq)]
pub struct ClipDescription {
    /// Its name.
    pub name: String,
    /// What the artist reads.
    pub label: String,
    /// Whether the plug-in works without it.
    pub optional: bool,
    /// Whether it is a mask.
    pub mask: bool,
    /// Components that it takes.
    pub components: Vec<Components>,
    /// Whether it is read at other times than the one rendered.
    pub temporal: bool,
    /// Whether it may be handed over in parts.
    pub tiles: bool,
    /// Every property, in alphabetical order.
    pub properties: Vec<PropertySnapshot>,
}

/// How a text parameter is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StringMode {
    /// One line.
    SingleLine,
    /// Several lines.
    MultiLine,
    /// The path of a file.
    FilePath,
    /// The path of a folder.
    DirectoryPath,
    /// Text that the artist only reads.
    Label,
    /// Rich text.
    RichText,
}

/// One parameter of a plug-in.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamDescription {
    /// Its name, which projects save.
    pub id: String,
    /// What the artist reads.
    pub label: String,
    /// The longer help.
    pub hint: String,
    /// What kind of value it has.
    pub kind: ParamKind,
    /// The value of a new instance; `None` for kinds without a value.
    pub default: Option<ParamValue>,
    /// The smallest allowed value of each number; empty for kinds without a range.
    pub min: Vec<f64>,
    /// The largest allowed value of each number; empty for kinds without a range.
    pub max: Vec<f64>,
    /// The lower end of a slider.
    pub display_min: Vec<f64>,
    /// The upper end of a slider.
    pub display_max: Vec<f64>,
    /// The labels of a choice.
    pub options: Vec<String>,
    /// Whether the artist does not see it.
    pub secret: bool,
    /// Whether the artist can change it.
    pub enabled: bool,
    /// The group that it stands in; empty at the top.
    pub parent: String,
    /// Whether it can have keys.
    pub animates: bool,
    /// Whether projects save it.
    pub persistent: bool,
    /// Whether a change renders anew.
    pub evaluate_on_change: bool,
    /// How text is shown; `None` for other kinds.
    pub string_mode: Option<StringMode>,
    /// The children of a page, in order.
    pub children: Vec<String>,
    /// Every property, in alphabetical order.
    pub properties: Vec<PropertySnapshot>,
}

impl ParamDescription {
    /// A parameter as OpenFX has it where a plug-in says no more: no range, shown, saved, changes render.
    pub fn new(id: &str, kind: ParamKind, default: Option<ParamValue>) -> Self {
        Self {
            id: id.to_owned(),
            label: id.to_owned(),
            hint: String::new(),
            kind,
            default,
            min: Vec::new(),
            max: Vec::new(),
            display_min: Vec::new(),
            display_max: Vec::new(),
            options: Vec::new(),
            secret: false,
            enabled: true,
            parent: String::new(),
            animates: kind != ParamKind::String,
            persistent: true,
            evaluate_on_change: true,
            string_mode: None,
            children: Vec::new(),
            properties: Vec::new(),
        }
    }

    /// The ids of a choice's options: labels in lower case with underscores.
    pub fn option_ids(&self) -> Vec<String> {
        self.options.iter().map(|label| option_id(label)).collect()
    }

    /// The index of the option of this id, label or index, in that order.
    pub fn option_index(&self, text: &str) -> Option<usize> {
        let text = text.trim();
        let squeezed =
            |s: &str| s.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
        let position = |test: &dyn Fn(&str) -> bool| self.options.iter().position(|label| test(label));
        position(&|label| option_id(label) == text)
            .or_else(|| position(&|label| label == text))
            .or_else(|| text.parse().ok().filter(|n| *n < self.options.len()))
            .or_else(|| {
                let wanted = squeezed(text);
                position(&|label| !wanted.is_empty() && squeezed(label) == wanted)
            })
    }

    /// The text that a person would write for a value: a choice is its option's id.
    pub fn text(&self, value: &ParamValue) -> String {
        match value {
            ParamValue::Choice(n) => self.options.get(*n).map_or_else(|| n.to_string(), |label| option_id(label)),
            other => other.to_string(),
        }
    }

    /// Whether `value` is of this parameter's kind and in its range.
    ///
    /// # Errors
    /// [`Error::Value`] names the parameter, the value and the range.
    pub fn check(&self, value: &ParamValue) -> Result<()> {
        let wrong = |reason: String| Err(Error::Value { subject: format!("parameter {}", self.id), reason });
        if !value.fits(self.kind) {
            return wrong(format!("is a {:?} and cannot hold {value:?}", self.kind));
        }
        if let ParamValue::Choice(n) = value {
            if *n >= self.options.len() {
                return wrong(format!("has {} options, so there is no option {n}", self.options.len()));
            }
            return Ok(());
        }
        if matches!(value, ParamValue::Bool(_)) {
            return Ok(());
        }
        let numbers: Vec<f64> =
            value.doubles().iter().copied().chain(value.ints().into_iter().map(f64::from)).collect();
        for (n, number) in numbers.iter().enumerate() {
            let low = self.min.get(n).copied().unwrap_or(f64::NEG_INFINITY);
            let high = self.max.get(n).copied().unwrap_or(f64::INFINITY);
            if !(*number >= low && *number <= high) {
                return wrong(format!("{number} is not in its range of {low} to {high}"));
            }
        }
        Ok(())
    }
}

/// A label as an id: lower case, runs of anything but letters and digits as one underscore.
pub(crate) fn option_id(label: &str) -> String {
    let mut id = String::new();
    for c in label.chars() {
        if c.is_alphanumeric() {
            id.extend(c.to_lowercase());
        } else if !id.is_empty() && !id.ends_with('_') {
            id.push('_');
        }
    }
    id.trim_end_matches('_').to_owned()
}

/// One property as it stood when it was looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct PropertySnapshot {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: PropertyType,
    /// Its values as text; pointers only as `null` or `set`.
    pub values: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn param(kind: ParamKind, options: &[&str]) -> ParamDescription {
        ParamDescription {
            min: vec![-1.0; 4],
            max: vec![8.0; 4],
            options: options.iter().map(|s| (*s).to_owned()).collect(),
            ..ParamDescription::new("gain", kind, ParamValue::zero(kind))
        }
    }

    #[test]
    fn a_choice_takes_id_label_or_index() {
        let p = param(ParamKind::Choice, &["Custom", "Source matte", "S-Log3", "7"]);
        for (text, index) in [("source_matte", 1), ("Source matte", 1), ("s_log3", 2), ("slog3", 2), ("7", 3), ("0", 0)]
        {
            assert_eq!(ParamValue::parse(&p, text).unwrap(), ParamValue::Choice(index), "{text}");
        }
        let message = ParamValue::parse(&p, "mat").unwrap_err().to_string();
        assert!(message.contains("gain") && message.contains("source_matte"), "{message}");
    }

    #[test]
    fn colors_are_numbers_or_hexadecimal() {
        let rgb = param(ParamKind::Rgb, &[]);
        assert_eq!(ParamValue::parse(&rgb, "1, 0.5,0").unwrap(), ParamValue::Rgb([1.0, 0.5, 0.0]));
        assert_eq!(ParamValue::parse(&rgb, "#ff0033").unwrap(), ParamValue::Rgb([1.0, 0.0, 0.2]));
        let rgba = param(ParamKind::Rgba, &[]);
        assert_eq!(ParamValue::parse(&rgba, "#ff003300").unwrap(), ParamValue::Rgba([1.0, 0.0, 0.2, 0.0]));
        assert_eq!(ParamValue::parse(&rgba, "1,1,1").unwrap(), ParamValue::Rgba([1.0; 4]));
        assert!(ParamValue::parse(&rgb, "#ff00").is_err());
        assert!(ParamValue::parse(&rgb, "#ff0é3").is_err());
    }

    #[test]
    fn a_value_out_of_range_is_refused_with_the_range() {
        for (kind, text) in [(ParamKind::Double, "8.5"), (ParamKind::Integer, "-2"), (ParamKind::Double, "NaN")] {
            let message = ParamValue::parse(&param(kind, &[]), text).unwrap_err().to_string();
            assert!(message.contains("gain") && message.contains("-1 to 8"), "{message}");
        }
    }

    #[test]
    fn every_value_reads_back_from_its_own_text() {
        let values = [
            (ParamKind::Double, ParamValue::Double(0.1 + 0.2)),
            (ParamKind::Double2D, ParamValue::Double2([1.0 / 3.0, -1e-9])),
            (ParamKind::Double3D, ParamValue::Double3([1.0, 2.0, 3.0])),
            (ParamKind::Integer, ParamValue::Int(-1)),
            (ParamKind::Integer2D, ParamValue::Int2([1, 2])),
            (ParamKind::Integer3D, ParamValue::Int3([1, 2, 3])),
            (ParamKind::Boolean, ParamValue::Bool(true)),
            (ParamKind::Choice, ParamValue::Choice(1)),
            (ParamKind::String, ParamValue::String("a, b\n%".into())),
            (ParamKind::Rgb, ParamValue::Rgb([0.1, 0.2, 0.3])),
            (ParamKind::Rgba, ParamValue::Rgba([0.1, 0.2, 0.3, 0.4])),
        ];
        for (kind, value) in values {
            assert_eq!(ParamValue::parse(&param(kind, &["a", "b"]), &value.to_string()).unwrap(), value);
        }
    }
}
