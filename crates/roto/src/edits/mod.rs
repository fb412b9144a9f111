//! What an artist corrected: hand keys, at absolute positions that no analysis and no model moves.

mod drag;
mod merge;
mod text;
mod visibility;

use std::collections::{BTreeMap, BTreeSet};

use kurbo::{Affine, Point, Vec2};

pub use drag::{Grip, Handles};

use crate::analysis::kept_position;
use crate::stored::{Frames, Kind, Outer, Outline, write};
use crate::{Plate, Result, Topology};
use visibility::shapes_of;

/// What an artist set of a vertex; the rest follows the prediction.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct VertexEdit {
    /// Where the curve passes, in pixels of the plate. Only a vertex that is no landmark has one of its own.
    pub anchor: Option<Point>,
    /// The handle of the segment that ends here, relative to the anchor.
    pub incoming: Option<Vec2>,
    /// The handle of the segment that begins here, relative to the anchor.
    pub outgoing: Option<Vec2>,
}

impl VertexEdit {
    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What an artist set in one frame.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FrameEdits {
    /// Landmarks by index, in pixels of the plate.
    pub landmarks: BTreeMap<usize, Point>,
    /// Vertices by shape and vertex.
    pub vertices: BTreeMap<(usize, usize), VertexEdit>,
    /// Shapes by index that the artist says are, or are not, to be seen.
    pub presence: BTreeMap<usize, bool>,
}

impl FrameEdits {
    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        self.landmarks.is_empty() && self.vertices.is_empty() && self.presence.is_empty()
    }
}

/// An artist's corrections of a shot, as they are stored in a project.
///
/// Positions are absolute, and kept to a thousandth of a pixel, as they are stored.
///
/// ```
/// use kurbo::Point;
/// use roto::{Edits, Plate, Topology};
///
/// let plate = Plate { x1: 0.0, y2: 1566.0, width: 2348.0, height: 1566.0, pixel_aspect: 1.0 };
/// let mut edits = Edits::new(&Topology::puppet()?, plate)?;
/// edits.set_landmark(1010, 3, Point::new(812.5, 640.25))?;
/// let stored = edits.write()?;
/// edits.set_presence(1011, 0, false)?;
/// let undone = Edits::parse(&stored)?;
/// assert!(undone.frame(1011).is_none());
/// assert_eq!(undone.frame(1010).map(|frame| frame.landmarks[&3]), Some(Point::new(812.5, 640.25)));
/// # Ok::<(), roto::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Edits {
    outline: Outline,
    plate: Plate,
    frames: Frames<FrameEdits>,
}

impl Edits {
    /// No edits yet, of pictures on `plate`. Take the analysis' plate where there is one.
    ///
    /// # Errors
    /// As [`Plate::checked`].
    pub fn new(topology: &Topology, plate: Plate) -> Result<Self> {
        Ok(Self { outline: Outline::of(topology), plate: plate.checked()?, frames: Frames::default() })
    }

    /// Reads what [`write`](Self::write) wrote.
    ///
    /// # Errors
    /// [`Error::Stored`](crate::Error::Stored) says what is wrong, and in which frame.
    pub fn parse(text: &str) -> Result<Self> {
        let outer = Outer::parse(Kind::Edits, text)?;
        if outer.model.is_some() {
            return Err(Kind::Edits.wrong("edits have no field \"model\"; this may be an analysis under a wrong name"));
        }
        let outline = outer.outline();
        Ok(Self { plate: outer.plate, frames: Frames::read(Kind::Edits, outer.frames, &outline)?, outline })
    }

    /// The string to store; its form stands at [`stored`](crate::stored). Frames that did not change since they were read or
    /// written are not compressed anew.
    ///
    /// # Errors
    /// [`Error::Stored`](crate::Error::Stored), which no edits that these functions made give.
    pub fn write(&self) -> Result<String> {
        write(Kind::Edits, &self.outline, None, self.plate, self.frames.blocks(Kind::Edits)?)
    }

    /// Name of the topology.
    pub fn topology(&self) -> &str {
        &self.outline.topology
    }

    /// Where the pixels lie that positions are in.
    pub fn plate(&self) -> &Plate {
        &self.plate
    }

    /// # Errors
    /// [`Error::Mismatch`](crate::Error::Mismatch) when the edits were made with another topology.
    pub fn check(&self, topology: &Topology) -> Result<()> {
        self.outline.check("edits", topology)
    }

    /// Whether nothing is set in any frame.
    pub fn is_empty(&self) -> bool {
        self.frames.len() == 0
    }

    /// What is set in a frame.
    pub fn frame(&self, frame: i64) -> Option<&FrameEdits> {
        self.frames.get(frame)
    }

    /// The frames in which something is set, in order.
    pub fn frames(&self) -> impl DoubleEndedIterator<Item = (i64, &FrameEdits)> {
        self.frames.iter()
    }

    /// Sets a landmark's place, in pixels of the plate.
    ///
    /// # Errors
    /// [`Error::NoSuchPoint`](crate::Error::NoSuchPoint), and [`Error::Parameter`](crate::Error::Parameter) for a place that
    /// is no number or farther out than 10^7 px, or for more than 100,000 frames. The edits are then as they were, here and
    /// in all that follow.
    pub fn set_landmark(&mut self, frame: i64, landmark: usize, to: Point) -> Result<()> {
        self.change(frame, |edit, outline| edit.set_landmark(outline, landmark, to))
    }

    /// Sets the parts of a vertex that `to` has; the others stay as they are. The anchor of a vertex that is a landmark sets
    /// that landmark, so that all shapes through it stay joined.
    ///
    /// # Errors
    /// As [`set_landmark`](Self::set_landmark).
    pub fn set_vertex(&mut self, frame: i64, vertex: (usize, usize), to: VertexEdit) -> Result<()> {
        self.change(frame, |edit, outline| edit.set_vertex(outline, vertex, to))
    }

    /// Says that a shape is, or is not, to be seen in a frame.
    ///
    /// # Errors
    /// As [`set_landmark`](Self::set_landmark).
    pub fn set_presence(&mut self, frame: i64, shape: usize, present: bool) -> Result<()> {
        self.change(frame, |edit, outline| edit.set_presence(outline, shape, present))
    }

    /// Sets in a frame all that `with` has; what else is set there stays.
    ///
    /// # Errors
    /// As [`set_landmark`](Self::set_landmark).
    pub fn set_frame(&mut self, frame: i64, with: &FrameEdits) -> Result<()> {
        self.change(frame, |edit, outline| edit.set_all(outline, with))
    }

    /// Lets what `grip` holds follow the prediction again in this frame, and whether its shapes are to be seen, where nothing else of
    /// them is set there.
    ///
    /// # Errors
    /// [`Error::NoSuchPoint`](crate::Error::NoSuchPoint).
    pub fn reset(&mut self, frame: i64, grip: Grip) -> Result<()> {
        self.change(frame, |edit, outline| edit.reset(outline, grip))
    }

    /// Lets a shape's presence follow the prediction again in this frame.
    ///
    /// # Errors
    /// [`Error::NoSuchPoint`](crate::Error::NoSuchPoint).
    pub fn reset_presence(&mut self, frame: i64, shape: usize) -> Result<()> {
        self.change(frame, |edit, outline| {
            outline.check_shape(shape)?;
            edit.presence.remove(&shape);
            Ok(())
        })
    }

    /// Takes all that is set in a frame away, and returns it.
    pub fn remove_frame(&mut self, frame: i64) -> Option<FrameEdits> {
        self.frames.remove(frame)
    }

    /// The same places in the picture, in pixels of another plate: for edits that were made before the region of definition
    /// or the pixel aspect changed.
    ///
    /// # Errors
    /// As [`Plate::checked`], and [`Error::Parameter`](crate::Error::Parameter) for a point that comes to lie too far out.
    pub fn on_plate(&self, plate: Plate) -> Result<Self> {
        let mut moved = Self { outline: self.outline.clone(), plate: plate.checked()?, frames: Frames::default() };
        if moved.plate == self.plate {
            return Ok(self.clone());
        }
        let by = moved.plate.from_canonical() * self.plate.to_canonical();
        for (frame, edit) in self.frames() {
            moved.set_frame(frame, &edit.transformed(by))?;
        }
        Ok(moved)
    }

    /// Changes one frame, wholly or not at all.
    fn change(&mut self, frame: i64, change: impl FnOnce(&mut FrameEdits, &Outline) -> Result<()>) -> Result<()> {
        let mut edit = self.frames.get(frame).cloned().unwrap_or_default();
        change(&mut edit, &self.outline)?;
        match edit.is_empty() {
            true => self.frames.remove(frame).map_or(Ok(()), |_| Ok(())),
            false => self.frames.insert(frame, edit),
        }
    }
}

impl FrameEdits {
    fn set_landmark(&mut self, outline: &Outline, landmark: usize, to: Point) -> Result<()> {
        outline.check_landmark(landmark)?;
        self.landmarks.insert(landmark, kept_position(to)?);
        Ok(())
    }

    fn set_vertex(&mut self, outline: &Outline, at: (usize, usize), to: VertexEdit) -> Result<()> {
        let landmark = outline.vertex(at)?.landmark();
        let handle =
            |handle: Option<Vec2>| handle.map(|to| kept_position(to.to_point()).map(Point::to_vec2)).transpose();
        let mut edit = self.vertices.get(&at).copied().unwrap_or_default();
        edit.incoming = handle(to.incoming)?.or(edit.incoming);
        edit.outgoing = handle(to.outgoing)?.or(edit.outgoing);
        match (to.anchor, landmark) {
            (Some(anchor), Some(landmark)) => self.set_landmark(outline, landmark, anchor)?,
            (Some(anchor), None) => edit.anchor = Some(kept_position(anchor)?),
            (None, _) => {}
        }
        if !edit.is_empty() {
            self.vertices.insert(at, edit);
        }
        Ok(())
    }

    fn set_presence(&mut self, outline: &Outline, shape: usize, present: bool) -> Result<()> {
        outline.check_shape(shape)?;
        self.presence.insert(shape, present);
        Ok(())
    }

    fn set_all(&mut self, outline: &Outline, with: &Self) -> Result<()> {
        with.vertices.iter().try_for_each(|(&at, &to)| self.set_vertex(outline, at, to))?;
        with.landmarks.iter().try_for_each(|(&landmark, &to)| self.set_landmark(outline, landmark, to))?;
        with.presence.iter().try_for_each(|(&shape, &present)| self.set_presence(outline, shape, present))
    }

    fn reset(&mut self, outline: &Outline, grip: Grip) -> Result<()> {
        match grip.on(outline)? {
            Grip::Landmark(landmark) => {
                self.landmarks.remove(&landmark);
            }
            Grip::Anchor(at) => self.reset_part(at, |edit| edit.anchor = None),
            Grip::Incoming(at) => self.reset_part(at, |edit| edit.incoming = None),
            Grip::Outgoing(at) => self.reset_part(at, |edit| edit.outgoing = None),
        }
        // Whether a shape is to be seen is said by its points: once none is set any more, nothing is said.
        for shape in shapes_of(outline, &BTreeSet::from([grip]))? {
            if !self.touches(outline, shape) {
                self.presence.remove(&shape);
            }
        }
        Ok(())
    }

    /// Whether a part of the curve of a shape is set.
    fn touches(&self, outline: &Outline, shape: usize) -> bool {
        let mut landmarks = outline.shapes[shape].iter().filter_map(|vertex| vertex.landmark());
        landmarks.any(|landmark| self.landmarks.contains_key(&landmark))
            || self.vertices.range((shape, 0)..=(shape, usize::MAX)).next().is_some()
    }

    fn reset_part(&mut self, at: (usize, usize), reset: impl FnOnce(&mut VertexEdit)) {
        if let Some(edit) = self.vertices.get_mut(&at) {
            reset(edit);
            if edit.is_empty() {
                self.vertices.remove(&at);
            }
        }
    }

    fn transformed(&self, by: Affine) -> Self {
        let turn = |handle: Vec2| (by * handle.to_point()) - (by * Point::ORIGIN);
        let vertex = |(&at, edit): (&(usize, usize), &VertexEdit)| {
            let anchor = edit.anchor.map(|anchor| by * anchor);
            (at, VertexEdit { anchor, incoming: edit.incoming.map(turn), outgoing: edit.outgoing.map(turn) })
        };
        Self {
            landmarks: self.landmarks.iter().map(|(&landmark, &at)| (landmark, by * at)).collect(),
            vertices: self.vertices.iter().map(vertex).collect(),
            presence: self.presence.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
