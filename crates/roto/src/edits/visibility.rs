//! What an artist shows and hides on a frame.

use std::collections::BTreeSet;

use super::{Edits, Grip};
use crate::stored::Outline;
use crate::{Resolved, Result};

impl Edits {
    /// Sets whether the shapes that a selection lies in are to be seen on a frame: all through a landmark, and that of a vertex.
    /// Returns how many these are.
    ///
    /// # Errors
    /// [`Error::NoSuchPoint`](crate::Error::NoSuchPoint); the edits are then as they were.
    pub fn show(&mut self, frame: i64, selection: &BTreeSet<Grip>, shown: bool) -> Result<usize> {
        let shapes = shapes_of(&self.outline, selection)?;
        self.change(frame, |edit, outline| shapes.iter().try_for_each(|&s| edit.set_presence(outline, s, shown)))?;
        Ok(shapes.len())
    }

    /// Shows the shapes that a selection lies in, where `seen` has them all hidden: who moves what is hidden means it to be seen. A
    /// selection that lies in a shape to be seen too, such as that of a whole face, leaves hidden what is.
    ///
    /// # Errors
    /// As [`show`](Self::show).
    pub fn show_where_hidden(&mut self, frame: i64, seen: &Resolved, selection: &BTreeSet<Grip>) -> Result<()> {
        let shapes = shapes_of(&self.outline, selection)?;
        let is_hidden = |shape: &usize| seen.hidden.get(*shape).is_some_and(Option::is_some);
        match !shapes.is_empty() && shapes.iter().all(is_hidden) {
            true => self.show(frame, selection, true).map(drop),
            false => Ok(()),
        }
    }
}

/// The shapes that a selection lies in: all through a landmark, and that of a vertex.
pub(super) fn shapes_of(outline: &Outline, selection: &BTreeSet<Grip>) -> Result<BTreeSet<usize>> {
    let mut shapes = BTreeSet::new();
    for grip in selection {
        match grip.on(outline)? {
            Grip::Landmark(landmark) => {
                let is_through = |shape: &usize| outline.shapes[*shape].iter().any(|v| v.landmark() == Some(landmark));
                shapes.extend((0..outline.shapes.len()).filter(is_through));
            }
            Grip::Anchor((shape, _)) | Grip::Incoming((shape, _)) | Grip::Outgoing((shape, _)) => {
                shapes.insert(shape);
            }
        }
    }
    Ok(shapes)
}
