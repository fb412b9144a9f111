//! The file as serde sees it.

use serde::{Deserialize, Serialize};

use crate::{KeyKind, Presence};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) format: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) topology: Option<String>,
    pub(super) width: f64,
    pub(super) height: f64,
    #[serde(default = "square")]
    pub(super) pixel_aspect: f64,
    /// Left and top edge in the host's pixels, y up; (0, height) when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) corner: Option<(f64, f64)>,
    pub(super) first_frame: i64,
    pub(super) last_frame: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) frame_rate: Option<f64>,
    #[serde(default)]
    pub(super) landmarks: Landmarks,
    pub(super) shapes: Vec<Shape>,
}

fn square() -> f64 {
    1.0
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Landmarks {
    pub(super) names: Vec<String>,
    pub(super) frames: Vec<LandmarkFrame>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LandmarkFrame {
    pub(super) frame: i64,
    /// In the order of the names; null where nothing is known.
    pub(super) points: Vec<Option<LandmarkPoint>>,
}

/// x, y, confidence, presence.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LandmarkPoint(pub(super) f64, pub(super) f64, pub(super) f64, pub(super) Presence);

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shape {
    pub(super) name: String,
    #[serde(default)]
    pub(super) group: String,
    pub(super) closed: bool,
    #[serde(default)]
    pub(super) feather_px: f64,
    #[serde(default = "square")]
    pub(super) feather_falloff: f64,
    #[serde(default = "square")]
    pub(super) opacity: f64,
    #[serde(default)]
    pub(super) stroke_width_px: f64,
    /// Left out of files in which nothing is cut, so that older programs read them.
    #[serde(default)]
    pub(super) cut: bool,
    /// Left out where nothing changes.
    #[serde(default)]
    pub(super) style_keys: Vec<StyleKey>,
    /// Runs of frames, first and last.
    #[serde(default)]
    pub(super) hidden: Vec<(i64, i64)>,
    pub(super) keys: Vec<Key>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StyleKey {
    pub(super) frame: i64,
    pub(super) feather_px: f64,
    pub(super) opacity: f64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Key {
    pub(super) frame: f64,
    pub(super) kind: KeyKind,
    /// x, y, incoming x, y, outgoing x, y.
    pub(super) vertices: Vec<[f64; 6]>,
}
