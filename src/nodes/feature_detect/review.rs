//! Which frames want an artist's look, and the way there.

use super::correct::results_or_new;
use super::freshness::{Freshness, named};
use super::input::Input;
use super::networks::Networks;
use super::settings::{AnalysisSettings, FeatureDetectSettings};
use super::{FeatureDetect, NODE};
use crate::nodes::analysis::{End, listed, range_of, search};
use ofx_sdk::plugin::*;
use ofx_sdk::{Error, RenderScale, Result};
use roto::{Analysis, Concern, Edits, Review, Topology};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A wish for frames to review, from the panel or from a viewer.
pub struct ReviewRequest<'r> {
    /// The node.
    pub effect: &'r FeatureDetect,
    /// Its host's side.
    pub instance: &'r Instance,
    /// The values at the current frame.
    pub settings: FeatureDetectSettings,
    /// The current frame.
    pub frame: i64,
    /// Pixels per canonical pixel of images that are fetched.
    pub scale: RenderScale,
    /// Whether images may be fetched: the standard lets buttons do so, and overlays not.
    pub may_read: bool,
}

/// Which way to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To later frames.
    Forth,
    /// To earlier ones.
    Back,
}

impl ReviewRequest<'_> {
    /// Moves the time line to the next frame that wants a look, and says why it does.
    ///
    /// # Errors
    /// Nothing analysed, damaged results, inputs that cannot be read.
    pub fn go_to_unsure(&self, params: ParamSet<'_, Editing>, way: Way) -> Result<String> {
        let networks = Networks::open(&self.settings.analysis)?;
        let (analysis, edits) = self.analysed(&networks)?;
        let model = networks.id();
        let freshness = self.freshness(params, &analysis, &model);
        let frames = range_of(self.instance, self.settings.analysis.first_frame, self.settings.analysis.last_frame)?;
        let confidence_threshold = self.settings.analysis.confidence_threshold;
        let review = Review { analysis: &analysis, edits: &edits, frames: frames.clone(), confidence_threshold };
        let reads = self.may_read && self.instance.host().supports_temporal_access;
        let known = |frame| match reads {
            true => freshness.apart_from_pictures(frame),
            false => freshness.glance(&analysis, frame),
        };
        let found = match way {
            Way::Forth => review.next(self.frame, known),
            Way::Back => review.previous(self.frame, known),
        };
        // Of the frames before that one nothing is known to be wrong; only their pictures can tell.
        let beyond = found.as_ref().map(|(frame, _)| *frame);
        let quiet: Vec<i64> = match way {
            Way::Forth => (self.frame + 1..beyond.unwrap_or(frames.end() + 1)).collect(),
            Way::Back => (beyond.map_or(*frames.start(), |frame| frame + 1)..self.frame).rev().collect(),
        };
        let quiet: Vec<i64> = quiet.into_iter().filter(|frame| frames.contains(frame)).collect();
        let sooner = match reads {
            true => search(self.instance, "Looking for changed frames", &quiet, |frame| {
                Ok(review.concern(frame, &freshness.look(&analysis, frame)?).map(|concern| (frame, concern)))
            }),
            false => Ok(None),
        };
        let found = match sooner {
            Ok(sooner) => sooner.or(found),
            Err(End::Failed(_, error)) => return Err(error),
            Err(End::Cancelled | End::Done) => return Ok("cancelled".to_owned()),
        };
        let Some((frame, concern)) = found else {
            return Ok(format!(
                "no frame {} this one wants a look",
                if way == Way::Forth { "after" } else { "before" }
            ));
        };
        let told = format!("frame {frame}: {}", worded(&concern, networks.topology()));
        Ok(match self.instance.timeline().go_to(frame as f64) {
            Ok(()) => told,
            Err(_) => format!("{told} (this host's time line cannot be moved from here)"),
        })
    }

    /// Says which frames changed since they were analysed.
    ///
    /// # Errors
    /// As [`go_to_unsure`](Self::go_to_unsure); an abort.
    pub fn check_frames(&self, params: ParamSet<'_, Editing>) -> Result<String> {
        let networks = Networks::open(&self.settings.analysis)?;
        let (analysis, _) = self.analysed(&networks)?;
        let mut frames: Vec<i64> = analysis.frames().map(|(frame, _)| frame).collect();
        if !self.instance.host().supports_temporal_access {
            // Such a host gives the current picture for every frame.
            frames.retain(|&frame| frame == self.frame);
        }
        let model = networks.id();
        let changed = self.freshness(params, &analysis, &model).changed(&analysis, &frames)?;
        if changed.is_empty() {
            return Ok(format!("all {} analysed frames are as they were", frames.len()));
        }
        let reasons: BTreeSet<String> = changed.values().map(named).collect();
        let reasons = reasons.into_iter().collect::<Vec<_>>().join(", ");
        let changed: BTreeSet<i64> = changed.into_keys().collect();
        Ok(format!("changed since the analysis: {}; by {reasons}; Analyse finds them anew", listed(&changed)))
    }

    fn freshness<'s>(
        &'s self,
        params: ParamSet<'s, Editing>,
        analysis: &Analysis,
        model: &'s str,
    ) -> Freshness<'s, Editing> {
        let (instance, scale, plate) = (self.instance, self.scale, *analysis.plate());
        let input = Input { instance, params, settings: &self.settings.analysis, plate, scale };
        Freshness { input, seen_pictures: &self.effect.seen_pictures, model }
    }

    /// The stored analysis and corrections.
    fn analysed(&self, networks: &Networks) -> Result<(Arc<Analysis>, Arc<Edits>)> {
        let time = self.frame as f64;
        let results = results_or_new(self.effect, self.instance, &self.settings, networks, time)?;
        match results.analysis.is_empty() {
            true => Err(Error::node(format!("{NODE} has not analysed a frame yet: press Analyse"))),
            false => Ok((results.analysis, results.edits)),
        }
    }
}

/// Does what the buttons around unsure and changed frames ask for; `None` for other parameters.
///
/// # Errors
/// As [`ReviewRequest::go_to_unsure`].
pub fn react(effect: &FeatureDetect, args: &ChangedArgs<'_, FeatureDetect>, id: &str) -> Option<Result<()>> {
    let request = || ReviewRequest {
        effect,
        instance: args,
        settings: args.settings(),
        frame: args.time.round() as i64,
        scale: args.scale,
        may_read: true,
    };
    let is = |other: &str| id == other;
    let status = if is(AnalysisSettings::previous_unsure.name()) {
        request().go_to_unsure(args.params(), Way::Back)
    } else if is(AnalysisSettings::next_unsure.name()) {
        request().go_to_unsure(args.params(), Way::Forth)
    } else if is(AnalysisSettings::check_frames.name()) {
        request().check_frames(args.params())
    } else {
        return None;
    };
    Some(status.and_then(|status| args.params().set(AnalysisSettings::status, status)))
}

/// Why a frame wants a look, in words.
fn worded(concern: &Concern, topology: &Topology) -> String {
    match concern {
        Concern::Missing => "not analysed".to_owned(),
        Concern::Stale(change) => format!("its {} has changed since it was analysed", named(change)),
        Concern::Unsure { landmark, confidence } => {
            let name = topology.landmarks().get(*landmark).map_or("a landmark", |spec| spec.name.as_str());
            format!("{name} is {:.0} % sure", confidence * 100.0)
        }
    }
}
