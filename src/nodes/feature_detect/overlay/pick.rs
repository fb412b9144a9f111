//! What the pen takes hold of.

use kurbo::{Point, Rect};
use roto::{Grip, Resolved, Topology};
use std::collections::BTreeSet;

/// How near the pen must be, in pixels of the screen.
const REACH_PX: f64 = 8.0;

/// What lies nearer together than this, in pixels of the screen, lies in one place.
const SAME_PX: f64 = 1.0;

/// The nearest thing within reach. Of what lies in one place, a landmark comes first, then a handle that is shown, then the
/// anchor of a vertex that is no landmark. `distance` tells how far a place of the plate is from the pen, in pixels of the
/// screen.
pub fn nearest(
    seen: &Resolved,
    topology: &Topology,
    selection: &BTreeSet<Grip>,
    distance: impl Fn(Point) -> f64,
) -> Option<Grip> {
    let kinds = [landmarks(seen), shown_handles(seen, topology, selection), free_anchors(seen, topology)];
    let kinds = kinds.map(|grips| {
        let near = grips.into_iter().map(|(grip, at)| (grip, distance(at))).filter(|(_, far)| *far <= REACH_PX);
        near.min_by(|a, b| a.1.total_cmp(&b.1))
    });
    let best = kinds.iter().flatten().map(|(_, far)| *far).fold(f64::INFINITY, f64::min);
    kinds.into_iter().flatten().find(|(_, far)| *far <= best + SAME_PX).map(|(grip, _)| grip)
}

/// Landmarks and free anchors within a part of the plate.
pub fn grips_within(seen: &Resolved, topology: &Topology, part: Rect) -> BTreeSet<Grip> {
    places(seen, topology).into_iter().filter(|(_, at)| part.contains(*at)).map(|(grip, _)| grip).collect()
}

/// Every known landmark and free anchor.
pub fn places(seen: &Resolved, topology: &Topology) -> Vec<(Grip, Point)> {
    landmarks(seen).into_iter().chain(free_anchors(seen, topology)).collect()
}

/// Every known landmark.
pub fn landmarks(seen: &Resolved) -> Vec<(Grip, Point)> {
    let known = seen.landmarks.iter().enumerate();
    known.filter_map(|(k, landmark)| Some((Grip::Landmark(k), landmark.known_position()?))).collect()
}

/// The anchors of shapes that are no landmarks.
pub fn free_anchors(seen: &Resolved, topology: &Topology) -> Vec<(Grip, Point)> {
    let mut anchors = Vec::new();
    for (shape, spec) in topology.shapes().iter().enumerate() {
        let Some(curve) = seen.shapes[shape].as_ref() else { continue };
        let vertices = curve.vertices().iter().zip(&spec.vertices).enumerate();
        let free = vertices.filter(|(_, (_, spec))| spec.landmark().is_none());
        anchors.extend(free.map(|(k, (vertex, _))| (Grip::Anchor((shape, k)), vertex.anchor)));
    }
    anchors
}

/// The vertices whose handles are shown: those that are selected, by their anchor, their landmark or a handle.
pub fn open_vertices(seen: &Resolved, topology: &Topology, selection: &BTreeSet<Grip>) -> Vec<(usize, usize)> {
    let mut open = Vec::new();
    for (shape, spec) in topology.shapes().iter().enumerate() {
        if seen.shapes[shape].is_none() {
            continue;
        }
        for (k, vertex) in spec.vertices.iter().enumerate() {
            let at = (shape, k);
            let own = [Grip::Anchor(at), Grip::Incoming(at), Grip::Outgoing(at)];
            let landmark = vertex.landmark().map(Grip::Landmark);
            if own.iter().chain(&landmark).any(|grip| selection.contains(grip)) {
                open.push(at);
            }
        }
    }
    open
}

/// The ends of the handles that are shown. One of no length lies under its anchor and cannot be taken.
pub fn shown_handles(seen: &Resolved, topology: &Topology, selection: &BTreeSet<Grip>) -> Vec<(Grip, Point)> {
    let handles = |at: (usize, usize)| {
        let vertex = seen.shapes[at.0].as_ref().and_then(|curve| curve.vertices().get(at.1).copied());
        let both = vertex.map(|vertex| {
            [(Grip::Incoming(at), vertex.anchor, vertex.incoming), (Grip::Outgoing(at), vertex.anchor, vertex.outgoing)]
        });
        both.into_iter()
            .flatten()
            .filter(|(_, _, handle)| handle.hypot() > 0.0)
            .map(|(grip, anchor, handle)| (grip, anchor + handle))
    };
    open_vertices(seen, topology, selection).into_iter().flat_map(handles).collect()
}
