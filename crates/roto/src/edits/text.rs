//! The JSON of a frame of edits.

use std::collections::BTreeMap;

use kurbo::{Point, Vec2};
use serde::{Deserialize, Serialize};

use super::{FrameEdits, VertexEdit};
use crate::stored::{Block, Outline};

#[derive(Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct FrameText {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    landmarks: BTreeMap<usize, (f64, f64)>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    vertices: BTreeMap<usize, BTreeMap<usize, VertexText>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    presence: BTreeMap<usize, bool>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct VertexText {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    anchor: Option<(f64, f64)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    incoming: Option<(f64, f64)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outgoing: Option<(f64, f64)>,
}

impl Block for FrameEdits {
    fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let mut vertices: BTreeMap<usize, BTreeMap<usize, VertexText>> = BTreeMap::new();
        for (&(shape, vertex), edit) in &self.vertices {
            let [incoming, outgoing] = [edit.incoming, edit.outgoing].map(|handle| handle.map(Into::into));
            let text = VertexText { anchor: edit.anchor.map(Into::into), incoming, outgoing };
            vertices.entry(shape).or_default().insert(vertex, text);
        }
        serde_json::to_vec(&FrameText {
            landmarks: self.landmarks.iter().map(|(&landmark, &at)| (landmark, at.into())).collect(),
            vertices,
            presence: self.presence.clone(),
        })
    }

    fn from_json(json: &[u8], outline: &Outline) -> Result<Self, String> {
        let text: FrameText = serde_json::from_slice(json).map_err(|found| found.to_string())?;
        let vertices = text.vertices.into_iter().flat_map(|(shape, vertices)| {
            vertices.into_iter().map(move |(vertex, text)| {
                let [incoming, outgoing] = [text.incoming, text.outgoing].map(|handle| handle.map(Vec2::from));
                ((shape, vertex), VertexEdit { anchor: text.anchor.map(Point::from), incoming, outgoing })
            })
        });
        let written = Self {
            landmarks: text.landmarks.into_iter().map(|(landmark, at)| (landmark, at.into())).collect(),
            vertices: vertices.collect(),
            presence: text.presence,
        };
        let mut edit = Self::default();
        edit.set_all(outline, &written).map_err(|found| found.to_string())?;
        Ok(edit)
    }
}
