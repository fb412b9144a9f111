use std::collections::BTreeMap;

use kurbo::Vec2;

use super::blend::HandKeys;
use crate::Edits;

/// The hand keys of a shot by what they set, so that the ones around a frame are found at once.
#[derive(Debug, Clone, Default)]
pub(super) struct KeysByPoint {
    pub(super) landmarks: BTreeMap<usize, HandKeys<Vec2>>,
    /// By shape and vertex.
    pub(super) vertices: BTreeMap<(usize, usize), VertexKeys>,
    /// By shape: 1 for present, 0 for absent.
    pub(super) presence: BTreeMap<usize, HandKeys<f64>>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct VertexKeys {
    pub(super) anchor: HandKeys<Vec2>,
    pub(super) incoming: HandKeys<Vec2>,
    pub(super) outgoing: HandKeys<Vec2>,
}

impl KeysByPoint {
    pub(super) fn of(edits: &Edits) -> Self {
        let mut keys = Self::default();
        for (frame, edit) in edits.frames() {
            for (&landmark, at) in &edit.landmarks {
                keys.landmarks.entry(landmark).or_default().push(frame, at.to_vec2());
            }
            for (&vertex, edit) in &edit.vertices {
                let keys = keys.vertices.entry(vertex).or_default();
                edit.anchor.iter().for_each(|at| keys.anchor.push(frame, at.to_vec2()));
                edit.incoming.iter().for_each(|&handle| keys.incoming.push(frame, handle));
                edit.outgoing.iter().for_each(|&handle| keys.outgoing.push(frame, handle));
            }
            for (&shape, &present) in &edit.presence {
                keys.presence.entry(shape).or_default().push(frame, f64::from(u8::from(present)));
            }
        }
        keys
    }
}
