//! The JSON of a frame of an analysis.

use std::collections::BTreeMap;

use kurbo::{Point, Rect};
use serde::{Deserialize, Serialize};

use super::FrameAnalysis;
use crate::stored::{Block, Outline};
use crate::{Landmark, LandmarkSet, Presence};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FrameText {
    landmarks: Vec<Option<LandmarkText>>,
    presence: Vec<f64>,
    crop: [f64; 4],
    picture: String,
    // Strings of earlier versions do not have it, and without it they read what we write.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    settings: BTreeMap<String, String>,
}

/// x, y, confidence, presence.
#[derive(Serialize, Deserialize)]
struct LandmarkText(f64, f64, f64, Presence);

impl Block for FrameAnalysis {
    fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let landmark = |landmark: &Landmark| {
            let at = landmark.known_position()?;
            Some(LandmarkText(at.x, at.y, landmark.confidence, landmark.presence))
        };
        serde_json::to_vec(&FrameText {
            landmarks: self.landmarks.iter().map(landmark).collect(),
            presence: self.presence.clone(),
            crop: [self.crop.x0, self.crop.y0, self.crop.x1, self.crop.y1],
            picture: format!("{:016x}", self.picture),
            settings: self.settings.clone(),
        })
    }

    fn from_json(json: &[u8], outline: &Outline) -> Result<Self, String> {
        let text: FrameText = serde_json::from_slice(json).map_err(|found| found.to_string())?;
        let landmark = |text: LandmarkText| {
            let LandmarkText(x, y, confidence, presence) = text;
            Landmark { position: Point::new(x, y), confidence, presence }
        };
        let landmarks = text.landmarks.into_iter().map(|text| text.map_or(Landmark::MISSING, landmark)).collect();
        let [x0, y0, x1, y1] = text.crop;
        let digits = (text.picture.len() == 16).then(|| u64::from_str_radix(&text.picture, 16).ok()).flatten();
        let picture = digits.ok_or("\"picture\" is not 16 hexadecimal digits")?;
        LandmarkSet::new(landmarks)
            .and_then(|landmarks| {
                let (presence, crop) = (text.presence, Rect { x0, y0, x1, y1 });
                let found = Self { landmarks, presence, crop, picture, settings: text.settings };
                found.checked(outline)
            })
            .map_err(|found| found.to_string())
    }
}
