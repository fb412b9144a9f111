//! How large a network's tensors are, by what its entry says.

use serde::Deserialize;

use crate::{ModelEntry, OutputEntry, Role};

/// More points than any character has, and more cells or pixels along a side than any picture.
pub(crate) const MOST_VALUES: usize = 1 << 16;

/// Height and width of a network's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Extent {
    /// Those of the picture that it is shown: a value for each pixel. In an entry `extent = "picture"`, or nothing.
    #[default]
    Picture,
    /// One row of this many values, whatever the input is: `extent = "list"` and `length`.
    List {
        /// Number of values of each channel.
        length: usize,
    },
    /// One value for each square of this many pixels of the picture: `extent = "cells"` and `cell`.
    Cells {
        /// Side of a square, in pixels of the picture.
        cell: usize,
    },
}

/// What an entry says of the output.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OutputText {
    name: String,
    channels: usize,
    #[serde(default)]
    extent: ExtentName,
    length: Option<usize>,
    cell: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ExtentName {
    #[default]
    Picture,
    List,
    Cells,
}

impl TryFrom<OutputText> for OutputEntry {
    type Error = String;

    fn try_from(text: OutputText) -> Result<Self, String> {
        let extent = match (text.extent, text.length, text.cell) {
            (ExtentName::Picture, None, None) => Extent::Picture,
            (ExtentName::List, Some(length), None) => Extent::List { length },
            (ExtentName::Cells, None, Some(cell)) => Extent::Cells { cell },
            (ExtentName::Picture, ..) => {
                return Err("an output of the extent \"picture\" takes neither length nor cell".to_owned());
            }
            (ExtentName::List, ..) => return Err("an output of the extent \"list\" needs length alone".to_owned()),
            (ExtentName::Cells, ..) => return Err("an output of the extent \"cells\" needs cell alone".to_owned()),
        };
        Ok(Self { name: text.name, channels: text.channels, extent })
    }
}

impl ModelEntry {
    /// Holds sizes and extent against each other.
    pub(crate) fn check_sizes(&self) -> Result<(), String> {
        for input in &self.inputs {
            let Some(size) = input.size else { continue };
            let name = &input.name;
            if !(1..=MOST_VALUES).contains(&size) {
                return Err(format!("input \"{name}\" has the size {size}, expected 1 to {MOST_VALUES}"));
            }
            match input.role {
                Role::Subject => return Err(format!("input \"{name}\" has a size; the image's counts for it too")),
                Role::Image if !size.is_multiple_of(self.stride) => {
                    return Err(format!(
                        "input \"{name}\" has the size {size}, no multiple of the stride {}",
                        self.stride
                    ));
                }
                Role::Image | Role::Points => {}
            }
        }
        match self.output.extent {
            Extent::List { length } if !(1..=MOST_VALUES).contains(&length) => {
                Err(format!("the output has the length {length}, expected 1 to {MOST_VALUES}"))
            }
            Extent::Cells { cell } if !self.stride.is_multiple_of(cell) => {
                Err(format!("the output has cells of {cell} pixels, which do not divide the stride {}", self.stride))
            }
            Extent::Picture | Extent::Cells { .. } if self.input(Role::Image).is_none() => {
                Err("an output of the extent \"picture\" or \"cells\" needs an input with the role \"image\""
                    .to_owned())
            }
            _ => Ok(()),
        }
    }

    /// Height and width of the output for inputs of these heights and widths, in the entry's order.
    pub(crate) fn output_size(&self, inputs: &[(usize, usize)]) -> Option<(usize, usize)> {
        let pictured = |role| matches!(role, Role::Image | Role::Subject);
        let picture = || self.inputs.iter().zip(inputs).find(|(entry, _)| pictured(entry.role)).map(|(_, size)| *size);
        match self.output.extent {
            Extent::Picture => picture(),
            Extent::List { length } => Some((1, length)),
            Extent::Cells { cell } => picture().map(|(height, width)| (height / cell, width / cell)),
        }
    }
}
