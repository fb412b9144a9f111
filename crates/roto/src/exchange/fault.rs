//! What readers and writers say when something is wrong: which format, where, what is expected.

use crate::Error;

/// Faults in files of one format, named as people call it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fault(pub(super) &'static str);

impl Fault {
    /// Something wrong at a place in the file.
    pub(super) fn at(self, place: impl Into<String>, reason: impl Into<String>) -> Error {
        Error::Exchange { format: self.0, place: place.into(), reason: reason.into() }
    }

    /// Something wrong with a shape.
    pub(super) fn of_shape(self, name: &str, reason: impl Into<String>) -> Error {
        self.at(format!("shape {}", shown(name)), reason)
    }

    /// Something wrong with a shape at a frame.
    pub(super) fn of_key(self, name: &str, frame: f64, reason: impl Into<String>) -> Error {
        self.at(format!("shape {}, frame {frame}", shown(name)), reason)
    }

    /// Something wrong with a landmark.
    pub(super) fn of_landmark(self, name: &str, reason: impl Into<String>) -> Error {
        self.at(format!("landmark {}", shown(name)), reason)
    }

    /// Refuses more than a file may hold.
    pub(super) fn at_most(self, place: &str, count: usize, what: &str, most: usize) -> Result<(), Error> {
        match count <= most {
            true => Ok(()),
            false => Err(self.at(place, format!("it has {count} {what}, expected at most {most}"))),
        }
    }
}

/// A name from a file as an error may quote it: no line breaks, not a page long.
pub(super) fn shown(name: &str) -> String {
    let short: String = name.chars().take(40).collect();
    format!("{short:?}{}", if short.len() < name.len() { "…" } else { "" })
}
