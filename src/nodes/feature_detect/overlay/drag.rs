//! A drag on its way: it lives here until the pen goes up.

use super::pick::{nearest, places};
use super::scene::Scene;
use super::transform_box::{BoxHandle, Constraint, TransformBox};
use kurbo::{Affine, Point};
use ofx_sdk::{Error, Result};
use roto::{Edits, Grip, Handles, Resolved};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The cosine between handles that are in line, within some eleven degrees.
const IN_LINE: f64 = -0.98;

/// What an overlay remembers between events.
#[derive(Clone, Default)]
pub struct State {
    pub selection: BTreeSet<Grip>,
    pub drag: Option<Drag>,
    pub shift: bool,
    pub control: bool,
}

/// A pen that is down.
#[derive(Clone)]
pub struct Drag {
    pub what: Dragged,
    pub frame: i64,
    /// Where it went down, and where it is, canonical.
    pub from: [f64; 2],
    pub to: [f64; 2],
}

/// What the pen holds.
#[derive(Clone)]
pub enum Dragged {
    /// The selection, as it was seen, with the corrections of that moment.
    Selection { seen: Arc<Resolved>, edits: Arc<Edits>, hold: Hold },
    /// A box around what is to be selected.
    Box,
}

/// By what the selection is held.
#[derive(Clone, Copy, Debug)]
pub enum Hold {
    /// By one of its points: it moves.
    Point,
    /// By a handle of the box around it.
    Handle(BoxHandle, TransformBox),
}

impl State {
    /// The box around the selection of a frame.
    pub fn transform_box(&self, scene: &Scene, seen: &Resolved, pixel_scale: [f64; 2]) -> Option<TransformBox> {
        let to_canonical = scene.results.plate().to_canonical();
        let all = places(seen, &scene.results.topology).into_iter();
        let selected = all.filter(|(grip, _)| self.selection.contains(grip)).map(|(_, at)| to_canonical * at);
        TransformBox::around(selected, pixel_scale)
    }

    /// What the pen takes hold of, and what that does to the selection; `None` where a point was only let go. `distance` tells
    /// how far a canonical place is from the pen, in pixels of the screen.
    pub fn take(
        &mut self,
        scene: &Scene,
        seen: Arc<Resolved>,
        pixel_scale: [f64; 2],
        distance: impl Fn(Point) -> f64,
    ) -> Option<Dragged> {
        let edits = scene.results.edits.clone();
        if let Some(around) = self.transform_box(scene, &seen, pixel_scale)
            && let Some(handle) = around.handle_at(&distance)
        {
            return Some(Dragged::Selection { seen, edits, hold: Hold::Handle(handle, around) });
        }
        let to_canonical = scene.results.plate().to_canonical();
        let grip = nearest(&seen, &scene.results.topology, &self.selection, |at| distance(to_canonical * at));
        if grip.is_some_and(|grip| self.shift && self.selection.remove(&grip)) {
            return None;
        }
        if !self.shift && grip.is_none_or(|grip| !self.selection.contains(&grip)) {
            self.selection.clear();
        }
        self.selection.extend(grip);
        Some(match grip {
            Some(_) => Dragged::Selection { seen, edits, hold: Hold::Point },
            None => Dragged::Box,
        })
    }

    fn held(&self) -> Constraint {
        Constraint { even: self.shift, centered: self.control }
    }
}

impl Drag {
    /// The box that is dragged, and what the drag does to it.
    pub fn dragged_box(&self, state: &State) -> Option<(TransformBox, Affine)> {
        match &self.what {
            Dragged::Selection { hold: Hold::Handle(handle, around), .. } => {
                let [from, to] = [self.from, self.to].map(|[x, y]| Point::new(x, y));
                Some((*around, around.transform(*handle, from, to, state.held())))
            }
            Dragged::Selection { hold: Hold::Point, .. } | Dragged::Box => None,
        }
    }

    /// The corrections as they are once the pen is where it is now; `None` where nothing is moved.
    ///
    /// # Errors
    /// Places that no picture has.
    pub fn applied(&self, scene: &Scene, state: &State) -> Result<Option<Edits>> {
        let Dragged::Selection { seen, edits, hold } = &self.what else { return Ok(None) };
        let by = match self.dragged_box(state) {
            Some((_, by)) => scene.transform_on_plate(by),
            None => Affine::translate(scene.on_plate(self.to) - scene.on_plate(self.from)),
        };
        // On the box, Control means the middle.
        let breaks = state.control && matches!(hold, Hold::Point);
        moved(edits, self.frame, seen, &state.selection, by, breaks).map(Some)
    }

    /// What the artist undoes.
    pub fn label(&self) -> &'static str {
        match &self.what {
            Dragged::Selection { hold: Hold::Handle(BoxHandle::Turn, _), .. } => "Rotate points",
            Dragged::Selection { hold: Hold::Handle(BoxHandle::Scale(..), _), .. } => "Scale points",
            Dragged::Selection { hold: Hold::Point, .. } | Dragged::Box => "Move points",
        }
    }
}

/// Corrections with a selection taken through a transform of the plate. A handle takes its opposite along where they are in line,
/// unless it `breaks` away.
///
/// # Errors
/// Places that no picture has.
pub fn moved(
    edits: &Edits,
    frame: i64,
    seen: &Resolved,
    selection: &BTreeSet<Grip>,
    by: Affine,
    breaks: bool,
) -> Result<Edits> {
    // The handles of a corner were never in line, and one that is moved must not flatten it.
    let handles = |at| if breaks || is_corner(seen, at) { Handles::Broken } else { Handles::Smooth };
    let mut edits = edits.clone();
    edits.transform(frame, seen, selection, by, handles).map_err(Error::node)?;
    Ok(edits)
}

/// Whether the handles of a vertex are not in line.
fn is_corner(seen: &Resolved, (shape, vertex): (usize, usize)) -> bool {
    let Some(vertex) = seen.curve(shape).and_then(|curve| curve.vertices().get(vertex)) else { return false };
    let size = vertex.incoming.hypot() * vertex.outgoing.hypot();
    size > 1e-9 && vertex.incoming.dot(vertex.outgoing) > IN_LINE * size
}
