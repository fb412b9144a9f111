use std::collections::BTreeMap;

use kurbo::{Point, Vec2};

use super::{Edits, FrameEdits, VertexEdit};
use crate::{Error, Result};

impl Edits {
    /// The edits of several artists, or of a shot's chunks, as one. A point may be set in several that agree on it.
    ///
    /// # Errors
    /// [`Error::Merge`] when there are none, when topology or plate differ, or two set a point of a frame differently, which
    /// it names.
    pub fn merged(parts: impl IntoIterator<Item = Self>) -> Result<Self> {
        let wrong = |reason: String| Error::Merge { what: "edits", reason };
        let mut parts = parts.into_iter();
        let mut all = parts.next().ok_or_else(|| wrong("there are none".to_owned()))?;
        for part in parts {
            if all.outline != part.outline {
                let (one, other) = (&all.outline, &part.outline);
                return Err(wrong(format!("their topologies differ: {one} and {other}")));
            }
            if all.plate != part.plate {
                let (one, other) = (&all.plate, &part.plate);
                return Err(wrong(format!("their plates differ: {one:?} and {other:?}; store both from one project")));
            }
            for (frame, kept) in part.frames.into_iter() {
                let Some(own) = all.frames.get(frame) else {
                    all.frames.put(frame, kept)?;
                    continue;
                };
                let merged = own.merged(kept.value()).map_err(|place| {
                    wrong(format!("frame {frame}, {place} is set differently in two of them; reset it in one"))
                })?;
                if merged != *own {
                    all.frames.insert(frame, merged)?;
                }
            }
        }
        Ok(all)
    }
}

impl FrameEdits {
    /// What either says; an error names what they contradict each other on.
    fn merged(&self, other: &Self) -> Result<Self, String> {
        let mut vertices = self.vertices.clone();
        for (&(shape, vertex), edit) in &other.vertices {
            let own = vertices.entry((shape, vertex)).or_default();
            *own = own.merged(edit).map_err(|part| format!("{part} of shape {shape}, vertex {vertex}"))?;
        }
        Ok(Self {
            landmarks: united(&self.landmarks, &other.landmarks).map_err(|index| format!("landmark {index}"))?,
            vertices,
            presence: united(&self.presence, &other.presence).map_err(|index| format!("presence of shape {index}"))?,
        })
    }
}

impl VertexEdit {
    fn merged(&self, other: &Self) -> Result<Self, &'static str> {
        fn either<T: PartialEq>(
            one: Option<T>,
            other: Option<T>,
            what: &'static str,
        ) -> Result<Option<T>, &'static str> {
            match (one, other) {
                (Some(one), Some(other)) if one != other => Err(what),
                (one, other) => Ok(one.or(other)),
            }
        }
        Ok(Self {
            anchor: either::<Point>(self.anchor, other.anchor, "the anchor")?,
            incoming: either::<Vec2>(self.incoming, other.incoming, "the incoming handle")?,
            outgoing: either::<Vec2>(self.outgoing, other.outgoing, "the outgoing handle")?,
        })
    }
}

/// Both maps in one; an error is the key on which they differ.
fn united<T: Copy + PartialEq>(
    one: &BTreeMap<usize, T>,
    other: &BTreeMap<usize, T>,
) -> Result<BTreeMap<usize, T>, usize> {
    let mut all = one.clone();
    for (&key, &value) in other {
        if *all.entry(key).or_insert(value) != value {
            return Err(key);
        }
    }
    Ok(all)
}
