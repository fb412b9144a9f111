//! What a plug-in answers to a host's questions.

use super::planes::{is_color, short_name};
use super::project::Project;
use crate::{Components, Depth, Field, FrameRange, Premultiplication, RectD};
use std::collections::BTreeMap;

/// How one clip's images are handed over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipPreference {
    /// Components.
    pub components: Components,
    /// Depth.
    pub depth: Depth,
    /// Width of a pixel over its height.
    pub pixel_aspect: f64,
}

/// What a plug-in prefers of its clips, after the host's checks.
#[derive(Clone, Debug, PartialEq)]
pub struct Preferences {
    /// Each connected input and `Output`.
    pub clips: BTreeMap<String, ClipPreference>,
    /// Frames a second of the output.
    pub frame_rate: f64,
    /// Field order of the output.
    pub field: Field,
    /// Premultiplication of the output.
    pub premultiplication: Premultiplication,
    /// Whether the output can be sampled between frames.
    pub continuous: bool,
    /// Whether the output differs from frame to frame even if nothing that goes in does.
    pub frame_varying: bool,
}

impl Preferences {
    /// Before anything was asked: the project's rates, no clips.
    pub(crate) fn of_project(project: Option<&Project>) -> Self {
        let default = Project::default();
        let project = project.unwrap_or(&default);
        Self {
            clips: BTreeMap::new(),
            frame_rate: project.frame_rate,
            field: project.field,
            premultiplication: Premultiplication::Premultiplied,
            continuous: false,
            frame_varying: false,
        }
    }
}

/// The answer to whether rendering can be left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    /// The clip that the output equals.
    pub clip: String,
    /// At which time.
    pub time: f64,
}

/// The part of each input that is needed, canonical.
pub type RegionsOfInterest = BTreeMap<String, RectD>;

/// The frames of each input that are needed.
pub type FramesNeeded = BTreeMap<String, Vec<FrameRange>>;

/// The planes that each clip needs or, for `Output`, makes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClipPlanes {
    /// The components strings of each clip, as the plug-in gave them.
    pub clips: BTreeMap<String, Vec<String>>,
    /// The input whose other planes pass through; empty for none.
    pub pass_through_clip: String,
    /// The time at which they pass.
    pub pass_through_time: f64,
}

impl ClipPlanes {
    /// The planes besides color of one clip, in the plug-in's order: the string by which each is rendered, and the name
    /// that people know it by.
    pub fn named(&self, clip: &str) -> Vec<(&str, &str)> {
        let all = self.clips.get(clip).map_or(&[][..], Vec::as_slice);
        all.iter().map(|plane| (plane.as_str(), short_name(plane))).filter(|(plane, _)| !is_color(plane)).collect()
    }
}
