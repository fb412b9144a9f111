//! Values of parameters: as numbers, as text, over time.

use super::description::ParamDescription;
use crate::{Error, ParamKind, Result};
use std::fmt;

/// The value of one parameter at one time. Kinds without a value (buttons, groups, pages) have none.
#[derive(Clone, Debug, PartialEq)]
pub enum ParamValue {
    /// One number.
    Double(f64),
    /// Two numbers.
    Double2([f64; 2]),
    /// Three numbers.
    Double3([f64; 3]),
    /// One whole number.
    Int(i32),
    /// Two whole numbers.
    Int2([i32; 2]),
    /// Three whole numbers.
    Int3([i32; 3]),
    /// On or off.
    Bool(bool),
    /// The index of an option.
    Choice(usize),
    /// Text, of string and custom parameters.
    String(String),
    /// A color.
    Rgb([f64; 3]),
    /// A color with alpha.
    Rgba([f64; 4]),
}

impl ParamValue {
    /// Zero, off, the first option or the empty text; `None` for kinds without a value.
    pub fn zero(kind: ParamKind) -> Option<Self> {
        Some(match kind {
            ParamKind::Double => Self::Double(0.0),
            ParamKind::Double2D => Self::Double2([0.0; 2]),
            ParamKind::Double3D => Self::Double3([0.0; 3]),
            ParamKind::Integer => Self::Int(0),
            ParamKind::Integer2D => Self::Int2([0; 2]),
            ParamKind::Integer3D => Self::Int3([0; 3]),
            ParamKind::Boolean => Self::Bool(false),
            ParamKind::Choice => Self::Choice(0),
            ParamKind::Rgb => Self::Rgb([0.0; 3]),
            ParamKind::Rgba => Self::Rgba([0.0; 4]),
            ParamKind::String | ParamKind::Custom => Self::String(String::new()),
            ParamKind::PushButton | ParamKind::Group | ParamKind::Page => return None,
        })
    }

    /// Whether a parameter of `kind` can hold this value.
    pub fn fits(&self, kind: ParamKind) -> bool {
        Self::zero(kind).is_some_and(|zero| std::mem::discriminant(&zero) == std::mem::discriminant(self))
    }

    /// The numbers of a double or color value; empty for the others.
    pub fn doubles(&self) -> &[f64] {
        match self {
            Self::Double(v) => std::slice::from_ref(v),
            Self::Double2(v) => v,
            Self::Double3(v) | Self::Rgb(v) => v,
            Self::Rgba(v) => v,
            _ => &[],
        }
    }

    /// The whole numbers as they cross the C boundary (a boolean is 0 or 1, a choice its index); empty for the others.
    pub fn ints(&self) -> Vec<i32> {
        match self {
            Self::Int(v) => vec![*v],
            Self::Int2(v) => v.to_vec(),
            Self::Int3(v) => v.to_vec(),
            Self::Bool(v) => vec![i32::from(*v)],
            Self::Choice(v) => vec![i32::try_from(*v).unwrap_or(i32::MAX)],
            _ => Vec::new(),
        }
    }

    /// A value of `kind` from numbers: `None` for another count, or a kind that has no doubles.
    pub fn from_doubles(kind: ParamKind, v: &[f64]) -> Option<Self> {
        Some(match kind {
            ParamKind::Double => Self::Double(<[f64; 1]>::try_from(v).ok()?[0]),
            ParamKind::Double2D => Self::Double2(v.try_into().ok()?),
            ParamKind::Double3D => Self::Double3(v.try_into().ok()?),
            ParamKind::Rgb => Self::Rgb(v.try_into().ok()?),
            ParamKind::Rgba => Self::Rgba(v.try_into().ok()?),
            _ => return None,
        })
    }

    /// A value of `kind` from whole numbers: `None` for another count, a negative choice, or a kind without.
    pub fn from_ints(kind: ParamKind, v: &[i32]) -> Option<Self> {
        let one = || <[i32; 1]>::try_from(v).ok().map(|v| v[0]);
        Some(match kind {
            ParamKind::Integer => Self::Int(one()?),
            ParamKind::Integer2D => Self::Int2(v.try_into().ok()?),
            ParamKind::Integer3D => Self::Int3(v.try_into().ok()?),
            ParamKind::Boolean => Self::Bool(one()? != 0),
            ParamKind::Choice => Self::Choice(usize::try_from(one()?).ok()?),
            _ => return None,
        })
    }

    /// Reads what a person wrote for this parameter, and checks it against the range.
    ///
    /// Numbers are separated by commas. A choice takes an option's id (its label in lower case with underscores), its
    /// label, or its index. A color takes `1,0.5,0` or `#rrggbb`, with alpha `1,0.5,0,1` or `#rrggbbaa`; one without
    /// alpha is opaque. A boolean takes true, false, on, off, yes, no, 1, 0.
    ///
    /// # Errors
    /// [`Error::Value`] names the parameter, and what it takes.
    pub fn parse(param: &ParamDescription, text: &str) -> Result<Self> {
        let wrong = |reason: String| Error::Value { subject: format!("parameter {}", param.id), reason };
        let value = match param.kind {
            ParamKind::String | ParamKind::Custom => Self::String(text.to_owned()),
            ParamKind::Boolean => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "on" | "yes" | "1" => Self::Bool(true),
                "false" | "off" | "no" | "0" => Self::Bool(false),
                _ => return Err(wrong(format!("\"{text}\" is neither true nor false"))),
            },
            ParamKind::Choice => Self::Choice(param.option_index(text).ok_or_else(|| {
                wrong(format!("has no option \"{text}\"; it takes one of {}", param.option_ids().join(", ")))
            })?),
            ParamKind::Integer | ParamKind::Integer2D | ParamKind::Integer3D => {
                let numbers: Vec<i32> =
                    numbers(text).map_err(|part| wrong(format!("\"{part}\" is no whole number")))?;
                Self::from_ints(param.kind, &numbers).ok_or_else(|| wrong(count_message(param.kind, numbers.len())))?
            }
            ParamKind::Double | ParamKind::Double2D | ParamKind::Double3D | ParamKind::Rgb | ParamKind::Rgba => {
                let mut numbers = match text.trim().strip_prefix('#') {
                    Some(hex) if matches!(param.kind, ParamKind::Rgb | ParamKind::Rgba) => hex_color(hex)
                        .ok_or_else(|| wrong(format!("\"{text}\" is no color of the form #rrggbb or #rrggbbaa")))?,
                    _ => numbers(text).map_err(|part| wrong(format!("\"{part}\" is no number")))?,
                };
                if param.kind == ParamKind::Rgba && numbers.len() == 3 {
                    numbers.push(1.0);
                }
                Self::from_doubles(param.kind, &numbers)
                    .ok_or_else(|| wrong(count_message(param.kind, numbers.len())))?
            }
            ParamKind::PushButton => return Err(wrong("is a button: press it, it has no value".into())),
            ParamKind::Group | ParamKind::Page => return Err(wrong("is a group and has no value".into())),
        };
        param.check(&value)?;
        Ok(value)
    }
}

fn numbers<T: std::str::FromStr>(text: &str) -> Result<Vec<T>, String> {
    text.split(',').map(|part| part.trim().parse().map_err(|_| part.trim().to_owned())).collect()
}

fn count_message(kind: ParamKind, given: usize) -> String {
    let wanted = match kind.transport() {
        crate::Transport::Doubles(n) | crate::Transport::Ints(n) => n,
        _ => 0,
    };
    format!("takes {wanted} number{} separated by commas, not {given}", if wanted == 1 { "" } else { "s" })
}

fn hex_color(hex: &str) -> Option<Vec<f64>> {
    if !matches!(hex.len(), 6 | 8) || !hex.is_ascii() {
        return None;
    }
    (0..hex.len() / 2)
        .map(|n| u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).ok().map(|byte| f64::from(byte) / 255.0))
        .collect()
}

/// The text that [`ParamValue::parse`] reads back as the same value. A choice is its index.
impl fmt::Display for ParamValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, values: &[T]) -> fmt::Result {
            values.iter().enumerate().try_for_each(|(n, v)| write!(f, "{}{v}", if n == 0 { "" } else { "," }))
        }
        match self {
            Self::Double(v) => write!(f, "{v}"),
            Self::Double2(v) => list(f, v),
            Self::Double3(v) | Self::Rgb(v) => list(f, v),
            Self::Rgba(v) => list(f, v),
            Self::Int(v) => write!(f, "{v}"),
            Self::Int2(v) => list(f, v),
            Self::Int3(v) => list(f, v),
            Self::Bool(v) => write!(f, "{v}"),
            Self::Choice(v) => write!(f, "{v}"),
            Self::String(v) => f.write_str(v),
        }
    }
}
