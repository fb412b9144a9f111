//! How much work is left: a simulated artist corrects the shot in the node until every curve is right.
//!
//! The artist sees what the node shows and knows the truth. As long as a shape is shown that is absent, or the other way round,
//! that is set first. Then the landmark that is farthest off, of all landmarks of shapes that are not right, is dragged to
//! its true place, on the frame where it is farthest off. Once these are all within [`RIGHT_PX`], vertices are dragged in the
//! same order, a vertex with its handles. After each the node blends the corrections between keys and makes the shapes
//! anew. One edit is one landmark, one vertex with its handles, or one shape shown or hidden, on one frame.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use roto::distance::curve_distance;
use roto::{BezierShape, Edits, Topology, VertexEdit};

use super::args::ScoreFeaturesArgs;
use super::hand_keys::controls;
use super::node::{FaceNode, Shown};
use super::truth::AnnotatedShot;
use crate::error::{Error, Result};

/// A landmark that is as near needs no drag.
const RIGHT_PX: f64 = 1.0;
/// A curve none of whose control points moved farther is not measured again, until the artist is content.
const SAME_PX: f64 = 0.02;

/// What the artist did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Effort {
    /// Landmarks dragged.
    pub landmarks: usize,
    /// Vertices dragged.
    pub vertices: usize,
    /// Shapes shown or hidden.
    pub presence: usize,
    /// Whether every curve is right in the end, within the limits of the run.
    pub content: bool,
}

impl Effort {
    /// All edits.
    pub fn edits(&self) -> usize {
        self.landmarks + self.vertices + self.presence
    }
}

/// One drag of the artist.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Drag {
    Presence { shape: usize },
    Landmark { index: usize },
    Vertex { at: (usize, usize) },
}

/// Lets the artist work on a shot.
///
/// # Errors
/// Those of the node.
pub fn corrected(
    shot: &AnnotatedShot,
    node: &FaceNode,
    start: &Shown,
    topology: &Topology,
    args: &ScoreFeaturesArgs,
) -> Result<Effort> {
    let wrong = |found: roto::Error| Error::Plugin(found.to_string());
    let mut edits = Edits::new(topology, *node.analysis().plate()).map_err(wrong)?;
    let mut artist = Artist { shot, topology, content_px: args.content_px, measured: BTreeMap::new() };
    let (mut effort, mut shown) = (Effort::default(), start.clone());
    let until = args.most_minutes.map(|minutes| Instant::now() + Duration::from_secs_f64(minutes * 60.0));
    loop {
        let Some((frame, drag)) = artist.next(&shown, &edits) else {
            effort.content = artist.is_content(&shown);
            break;
        };
        if effort.edits() >= args.most_edits || until.is_some_and(|until| Instant::now() >= until) {
            break;
        }
        let truth = &shot.frames[&frame];
        match drag {
            Drag::Presence { shape } => {
                edits.set_presence(frame, shape, truth.present[shape]).map_err(wrong)?;
                effort.presence += 1;
            }
            Drag::Landmark { index } => {
                edits.set_landmark(frame, index, truth.landmarks[index]).map_err(wrong)?;
                effort.landmarks += 1;
            }
            Drag::Vertex { at } => {
                let Some(own) = truth.curves[at.0].as_ref().map(|curve| curve.vertices()[at.1]) else { break };
                let (anchor, incoming, outgoing) = (Some(own.anchor), Some(own.incoming), Some(own.outgoing));
                edits.set_vertex(frame, at, VertexEdit { anchor, incoming, outgoing }).map_err(wrong)?;
                effort.vertices += 1;
            }
        }
        shown = node.shown(Some(&edits))?;
    }
    Ok(effort)
}

struct Artist<'a> {
    shot: &'a AnnotatedShot,
    topology: &'a Topology,
    content_px: f64,
    /// By frame and shape: the curve that was measured, and how far off it is at most.
    measured: BTreeMap<(i64, usize), (BezierShape, f64)>,
}

impl Artist<'_> {
    /// What to drag next; `None` when there is nothing left that is not right or not set.
    fn next(&mut self, shown: &Shown, edits: &Edits) -> Option<(i64, Drag)> {
        if let Some((frame, shape)) = self.wrong_presence(shown, edits) {
            return Some((frame, Drag::Presence { shape }));
        }
        let mut off = self.off(shown);
        if off.is_empty() {
            // Once more without what was taken for the same.
            self.measured.clear();
            off = self.off(shown);
        }
        let landmarks = off.iter().flat_map(|&(frame, shape)| self.landmarks(frame, shape, shown, edits));
        let landmark = landmarks.filter(|&(_, _, far)| far > RIGHT_PX).max_by(|a, b| a.2.total_cmp(&b.2));
        let vertices = off.iter().flat_map(|&(frame, shape)| self.vertices(frame, shape, shown, edits));
        landmark
            .map(|(frame, drag, _)| (frame, drag))
            .or_else(|| vertices.max_by(|a, b| a.2.total_cmp(&b.2)).map(|(frame, drag, _)| (frame, drag)))
    }

    /// Whether nothing is missing, made up or off.
    fn is_content(&mut self, shown: &Shown) -> bool {
        let right = |(frame, truth): (&i64, &super::truth::FaceTruth)| {
            (0..truth.present.len()).all(|shape| truth.present[shape] == shown.shape(*frame, shape).is_some())
        };
        self.shot.frames.iter().all(right) && self.off(shown).is_empty()
    }

    /// The first frame and shape that is shown and absent, or there and not shown, and not yet set by hand.
    fn wrong_presence(&self, shown: &Shown, edits: &Edits) -> Option<(i64, usize)> {
        self.shot.frames.iter().find_map(|(&frame, truth)| {
            let set = |shape: usize| edits.frame(frame).is_some_and(|edit| edit.presence.contains_key(&shape));
            let wrong = |shape: &usize| truth.present[*shape] != shown.shape(frame, *shape).is_some() && !set(*shape);
            (0..truth.present.len()).find(wrong).map(|shape| (frame, shape))
        })
    }

    /// Frames and shapes that are shown, there, and not right.
    fn off(&mut self, shown: &Shown) -> Vec<(i64, usize)> {
        let mut off = Vec::new();
        for (&frame, truth) in &self.shot.frames {
            for shape in 0..truth.present.len() {
                let (Some(curve), Some(found)) = (truth.shown(shape), shown.shape(frame, shape)) else { continue };
                let far = match self.measured.get(&(frame, shape)) {
                    Some((before, far)) if is_same(before, found) => *far,
                    _ => {
                        let far = curve_distance(found, curve).max_px;
                        self.measured.insert((frame, shape), (found.clone(), far));
                        far
                    }
                };
                if far > self.content_px {
                    off.push((frame, shape));
                }
            }
        }
        off
    }

    /// The landmarks of a shape that are not set on this frame, and how far off they are.
    fn landmarks<'s>(
        &'s self,
        frame: i64,
        shape: usize,
        shown: &'s Shown,
        edits: &'s Edits,
    ) -> impl Iterator<Item = (i64, Drag, f64)> + 's {
        let set = edits.frame(frame);
        let own = self.topology.shapes()[shape].vertices.iter().filter_map(|vertex| vertex.landmark());
        own.filter(move |index| set.is_none_or(|edit| !edit.landmarks.contains_key(index))).map(move |index| {
            let truth = self.shot.frames[&frame].landmarks[index];
            let far = shown.landmark(frame, index).map_or(f64::INFINITY, |found| found.distance(truth));
            (frame, Drag::Landmark { index }, far)
        })
    }

    /// The vertices of a shape whose curve is not set on this frame, and how far off the farthest of their controls is.
    fn vertices<'s>(
        &'s self,
        frame: i64,
        shape: usize,
        shown: &'s Shown,
        edits: &'s Edits,
    ) -> impl Iterator<Item = (i64, Drag, f64)> + 's {
        let pair = shown.shape(frame, shape).zip(self.shot.frames[&frame].curves[shape].as_ref());
        let vertices = pair.into_iter().flat_map(|(found, truth)| found.vertices().iter().zip(truth.vertices()));
        vertices.enumerate().filter_map(move |(vertex, (&found, &truth))| {
            let at = (shape, vertex);
            let set = edits.frame(frame).and_then(|edit| edit.vertices.get(&at));
            if set.is_some_and(|set| set.incoming.is_some() && set.outgoing.is_some()) {
                return None;
            }
            let far = controls(found).iter().zip(controls(truth)).map(|(a, b)| a.distance(b)).fold(0.0, f64::max);
            Some((frame, Drag::Vertex { at }, far))
        })
    }
}

/// Whether two curves differ by less than is worth measuring.
fn is_same(one: &BezierShape, other: &BezierShape) -> bool {
    let near =
        |a: roto::Vertex, b: roto::Vertex| controls(a).iter().zip(controls(b)).all(|(a, b)| a.distance(b) <= SAME_PX);
    one.vertices().len() == other.vertices().len()
        && one.vertices().iter().zip(other.vertices()).all(|(&a, &b)| near(a, b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::features::fixture::{puppet, shot, shown};
    use kurbo::Vec2;

    fn next(shot: &AnnotatedShot, shown: &Shown, edits: &Edits) -> Option<(i64, Drag)> {
        let topology = puppet();
        Artist { shot, topology: &topology, content_px: 1.5, measured: BTreeMap::new() }.next(shown, edits)
    }

    fn none() -> Edits {
        Edits::new(&puppet(), roto::Plate::sized(800.0, 600.0)).unwrap()
    }

    #[test]
    fn a_shot_that_is_right_is_left_alone() {
        let shot = shot(3);
        assert_eq!(next(&shot, &shown(&shot, |_, at| at + Vec2::new(0.5, 0.5)), &none()), None);
    }

    #[test]
    fn presence_comes_first_then_the_landmark_that_is_farthest_off_where_it_is() {
        let (mut shot, topology) = (shot(3), puppet());
        let mut all = shown(&shot, |frame, at| at + Vec2::new(2.0 * frame as f64, 0.0));
        let own = all.landmarks.get_mut(&3).unwrap();
        own[20].position.x += 1.0;
        assert_eq!(next(&shot, &all, &none()), Some((3, Drag::Landmark { index: 20 })));
        let mut edits = none();
        edits.set_landmark(3, 20, shot.frames[&3].landmarks[20]).unwrap();
        assert!(matches!(next(&shot, &all, &edits), Some((3, Drag::Landmark { index })) if index != 20));
        let eye = topology.shape_index("right_eye").unwrap();
        shot.frames.get_mut(&2).unwrap().present[eye] = false;
        assert_eq!(next(&shot, &all, &none()), Some((2, Drag::Presence { shape: eye })));
    }

    #[test]
    fn once_landmarks_are_right_the_worst_vertex_is_dragged_and_nothing_twice() {
        let (shot, topology) = (shot(2), puppet());
        let mut all = shown(&shot, |_, at| at);
        let brow = topology.shape_index("left_brow").unwrap();
        let mut vertices = all.shape(2, brow).unwrap().vertices().to_vec();
        vertices[3].outgoing *= 4.0;
        vertices[3].outgoing += Vec2::new(0.0, -40.0);
        all.shapes.get_mut(&2).unwrap()[brow] = Some(BezierShape::new(vertices, true).unwrap());
        let drag = Drag::Vertex { at: (brow, 3) };
        assert_eq!(next(&shot, &all, &none()), Some((2, drag)));
        let (own, mut edits) = (shot.frames[&2].curves[brow].as_ref().unwrap().vertices()[3], none());
        let to = VertexEdit { anchor: None, incoming: Some(own.incoming), outgoing: Some(own.outgoing) };
        edits.set_vertex(2, (brow, 3), to).unwrap();
        assert_ne!(next(&shot, &all, &edits), Some((2, drag)));
    }
}
