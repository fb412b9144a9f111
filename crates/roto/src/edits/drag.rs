//! What an artist's hand does to a selection: move, nudge, scale, turn.

use std::collections::BTreeSet;

use kurbo::{Affine, Point, Vec2};

use super::{Edits, FrameEdits, VertexEdit};
use crate::stored::Outline;
use crate::{Resolved, Result, Vertex};

/// What an artist can take hold of. A vertex is named by its shape and its index there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Grip {
    /// A landmark.
    Landmark(usize),
    /// The place of a vertex. Of one that is a landmark, it is that landmark.
    Anchor((usize, usize)),
    /// The end of the handle of the segment that ends at a vertex.
    Incoming((usize, usize)),
    /// The end of the handle of the segment that begins at a vertex.
    Outgoing((usize, usize)),
}

/// What the other handle of a vertex does while one is dragged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Handles {
    /// It stays: the curve may get a corner.
    Broken,
    /// It turns to point the opposite way, and keeps its length.
    Smooth,
}

impl Grip {
    /// The same, a vertex that is a landmark called by it.
    pub(super) fn on(self, outline: &Outline) -> Result<Self> {
        match self {
            Self::Landmark(landmark) => outline.check_landmark(landmark).map(|()| self),
            Self::Anchor(at) => Ok(outline.vertex(at)?.landmark().map_or(self, Self::Landmark)),
            Self::Incoming(at) | Self::Outgoing(at) => outline.vertex(at).map(|_| self),
        }
    }
}

impl Edits {
    /// Takes a selection through `by`, as it was seen when the drag began, and sets hand keys there.
    ///
    /// A move or a nudge is [`Affine::translate`]; [`Affine::rotate_about`] and [`Affine::scale_about`] turn and scale around
    /// a point. Call it with the edits as they were at the start of the drag, so that steps of the drag do not add up.
    ///
    /// - A landmark, or a vertex that is one, moves in all shapes through it.
    /// - An anchor takes its handles along; when they turn or change length, they become hand keys too.
    /// - A handle whose anchor is selected too goes with that. Of a vertex with one handle selected, `handles` tells for its
    ///   shape and index there what the other one does.
    /// - What `seen` does not show has no place to start from, and is passed over.
    /// - A selection in hidden shapes alone shows them ([`show_where_hidden`](Self::show_where_hidden)).
    ///
    /// # Errors
    /// As [`set_landmark`](Self::set_landmark); the edits are then as they were.
    pub fn transform(
        &mut self,
        frame: i64,
        seen: &Resolved,
        selection: &BTreeSet<Grip>,
        by: Affine,
        handles: impl Fn((usize, usize)) -> Handles,
    ) -> Result<()> {
        self.change(frame, |edit, outline| {
            selection
                .iter()
                .try_for_each(|&grip| Drag { seen, selection, by, handles: &handles }.apply(edit, outline, grip))
        })?;
        self.show_where_hidden(frame, seen, selection)
    }
}

/// One step of a drag.
struct Drag<'a> {
    seen: &'a Resolved,
    selection: &'a BTreeSet<Grip>,
    by: Affine,
    handles: &'a dyn Fn((usize, usize)) -> Handles,
}

impl Drag<'_> {
    fn apply(&self, edit: &mut FrameEdits, outline: &Outline, grip: Grip) -> Result<()> {
        // An unknown index is an error though nothing is seen there.
        grip.on(outline)?;
        match grip {
            Grip::Landmark(landmark) => match self.seen.landmarks[landmark].known_position() {
                Some(at) => edit.set_landmark(outline, landmark, self.by * at),
                None => Ok(()),
            },
            Grip::Anchor(at) => {
                self.seen_vertex(at).map_or(Ok(()), |vertex| edit.set_vertex(outline, at, self.anchor(vertex)))
            }
            Grip::Incoming(at) | Grip::Outgoing(at) => {
                let both = [Grip::Incoming(at), Grip::Outgoing(at)].iter().all(|grip| self.selection.contains(grip));
                match self.seen_vertex(at).filter(|_| !self.anchor_selected(outline, at)) {
                    Some(vertex) => edit.set_vertex(outline, at, self.handle(grip, vertex, both, (self.handles)(at))),
                    None => Ok(()),
                }
            }
        }
    }

    fn seen_vertex(&self, (shape, vertex): (usize, usize)) -> Option<Vertex> {
        self.seen.curve(shape)?.vertices().get(vertex).copied()
    }

    fn anchor_selected(&self, outline: &Outline, at: (usize, usize)) -> bool {
        let landmark = Grip::Anchor(at).on(outline).ok();
        self.selection.contains(&Grip::Anchor(at)) || landmark.is_some_and(|grip| self.selection.contains(&grip))
    }

    fn turned(&self, handle: Vec2) -> Vec2 {
        (self.by * handle.to_point()) - (self.by * Point::ORIGIN)
    }

    fn anchor(&self, vertex: Vertex) -> VertexEdit {
        let linear = self.by.with_translation(Vec2::ZERO) != Affine::IDENTITY;
        let handle = |handle: Vec2| linear.then(|| self.turned(handle));
        VertexEdit {
            anchor: Some(self.by * vertex.anchor),
            incoming: handle(vertex.incoming),
            outgoing: handle(vertex.outgoing),
        }
    }

    fn handle(&self, grip: Grip, vertex: Vertex, both: bool, handles: Handles) -> VertexEdit {
        let incoming = matches!(grip, Grip::Incoming(_));
        let (own, other) = match incoming {
            true => (vertex.incoming, vertex.outgoing),
            false => (vertex.outgoing, vertex.incoming),
        };
        let own = Some(self.by * (vertex.anchor + own) - vertex.anchor);
        let other = match handles {
            Handles::Smooth if !both => own.and_then(|own| opposite(own, other.hypot())),
            _ => None,
        };
        let [incoming, outgoing] = if incoming { [own, other] } else { [other, own] };
        VertexEdit { anchor: None, incoming, outgoing }
    }
}

/// The handle of this length that points away from `handle`; none when that has no direction.
fn opposite(handle: Vec2, length: f64) -> Option<Vec2> {
    (handle.hypot() > 1e-9).then(|| handle.normalize() * -length)
}
