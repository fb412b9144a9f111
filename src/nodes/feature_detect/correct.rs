//! Corrections in numbers, for hosts without overlays; and the buttons around them.

use super::analyse::{changed_frames, source_plate};
use super::networks::Networks;
use super::results::Results;
use super::settings::{AnalysisSettings, FeatureDetectSettings};
use super::{FeatureDetect, NODE, exchange};
use crate::nodes::analysis::{listed, range_of};
use crate::nodes::kept::lock;
use kurbo::Point;
use ofx_sdk::plugin::*;
use ofx_sdk::{Error, Result};
use roto::{Analysis, Concern, Edits, Grip, Review, Topology};
use std::sync::Arc;

/// Does what a change of one of these parameters asks for; others are nobody's here.
///
/// # Errors
/// Damaged results, a host that refuses.
pub fn react(effect: &FeatureDetect, args: &ChangedArgs<'_, FeatureDetect>, id: &str) -> Result<()> {
    let is = |other: &str| id == other;
    if is(AnalysisSettings::selected_point.name()) {
        return show_point(effect, args);
    }
    if is(AnalysisSettings::point_xy.name()) {
        return move_point(effect, args);
    }
    if is(AnalysisSettings::reset_point.name()) {
        return reset_point(effect, args);
    }
    if is(AnalysisSettings::reset_frame.name()) {
        let frame = frame_of(args);
        change(effect, args, "Reset frame", |edits| {
            edits.remove_frame(frame);
            Ok(())
        })?;
        return show_point(effect, args);
    }
    if is(AnalysisSettings::previous_unsure.name()) {
        return go_to_unsure(effect, args, false);
    }
    if is(AnalysisSettings::next_unsure.name()) {
        return go_to_unsure(effect, args, true);
    }
    if is(AnalysisSettings::check_frames.name()) {
        return check_frames(effect, args);
    }
    exchange::react(effect, args, id)
}

/// The frame that the artist looks at.
pub fn frame_of(args: &ChangedArgs<'_, FeatureDetect>) -> i64 {
    args.time.round() as i64
}

/// What is stored, or an empty shot on Source's plate.
///
/// # Errors
/// Damaged results, no model.
pub fn results_or_new(
    effect: &FeatureDetect,
    instance: &Instance,
    settings: &FeatureDetectSettings,
    networks: &Networks,
    time: f64,
) -> Result<Results> {
    let topology = networks.topology();
    match effect.store.results(settings, topology)? {
        Some(results) => Ok(results),
        None => Results::empty(topology, source_plate(instance, time)?),
    }
}

/// Changes the corrections, as one step that the artist can undo.
///
/// # Errors
/// Damaged results, which are left as they are; those of `change`.
pub fn change(
    effect: &FeatureDetect,
    args: &ChangedArgs<'_, FeatureDetect>,
    label: &str,
    change: impl FnOnce(&mut Edits) -> roto::Result<()>,
) -> Result<()> {
    let settings = args.settings();
    let networks = Networks::open(&settings.analysis)?;
    let results = results_or_new(effect, args, &settings, &networks, args.time)?;
    let mut edits = Edits::clone(&results.edits);
    change(&mut edits).map_err(Error::node)?;
    store_edits(effect, &args.params(), edits, label)
}

/// Stores corrections, as one step that the artist can undo.
///
/// # Errors
/// A host that refuses.
pub fn store_edits(effect: &FeatureDetect, params: &ParamSet<'_, Editing>, edits: Edits, label: &str) -> Result<()> {
    let text = if edits.is_empty() { String::new() } else { edits.write().map_err(Error::node)? };
    if !text.is_empty() {
        effect.store.wrote_edits(&text, edits);
    }
    params.edit(label, |params| params.set(AnalysisSettings::edits, text))
}

/// The landmark that is selected, as an index.
fn selected(settings: &FeatureDetectSettings, networks: &Networks) -> Option<usize> {
    let index = usize::try_from(settings.analysis.selected_point).ok()?.checked_sub(1)?;
    (index < networks.topology().landmarks().len()).then_some(index)
}

/// What Position was filled with: it does not move with the time line, and hosts tell a node nothing of that.
#[derive(Clone, Copy, Debug)]
pub struct ShownPoint {
    landmark: usize,
    frame: i64,
    at: [f64; 2],
}

impl ShownPoint {
    /// What the artist wants of a landmark on a frame whose own place is `own`: a coordinate that still shows another frame's
    /// was not touched, and stays as the frame has it.
    fn meant(self, landmark: usize, frame: i64, typed: [f64; 2], own: [f64; 2]) -> [f64; 2] {
        match self.landmark == landmark && self.frame != frame {
            true => [0, 1].map(|axis| if typed[axis] == self.at[axis] { own[axis] } else { typed[axis] }),
            false => typed,
        }
    }
}

/// Shows where the selected landmark is on this frame.
fn show_point(effect: &FeatureDetect, args: &ChangedArgs<'_, FeatureDetect>) -> Result<()> {
    let settings = args.settings();
    let networks = Networks::open(&settings.analysis)?;
    let Some(index) = selected(&settings, &networks) else {
        return args.params().set(AnalysisSettings::point_name, "none");
    };
    let results = results_or_new(effect, args, &settings, &networks, args.time)?;
    let frame = results.landmarks(frame_of(args), &settings)?;
    let (landmark, name) = (frame[index], &networks.topology().landmarks()[index].name);
    let by_hand = results.edits.frame(frame_of(args)).is_some_and(|edit| edit.landmarks.contains_key(&index));
    let now = frame_of(args);
    let text = match landmark.known_position() {
        Some(_) if by_hand => format!("{name}, frame {now}: set by hand"),
        Some(_) => format!("{name}, frame {now}: {:.0} % sure", landmark.confidence * 100.0),
        None => format!("{name}, frame {now}: not found"),
    };
    let at = landmark.known_position().map(|at| results.plate().to_canonical() * at);
    let shown = at.map(|at| ShownPoint { landmark: index, frame: now, at: [at.x, at.y] });
    *lock(&effect.shown) = shown;
    let params = args.params();
    params.set(AnalysisSettings::point_name, text)?;
    at.map_or(Ok(()), |at| params.set(AnalysisSettings::point_xy, [at.x, at.y]))
}

/// Makes a key by hand where the artist put the selected landmark.
fn move_point(effect: &FeatureDetect, args: &ChangedArgs<'_, FeatureDetect>) -> Result<()> {
    let settings = args.settings();
    let networks = Networks::open(&settings.analysis)?;
    let index = selected(&settings, &networks).ok_or_else(|| {
        let count = networks.topology().landmarks().len();
        Error::node(format!("no point is selected: set Selected point to 1-{count} before you move it"))
    })?;
    let results = results_or_new(effect, args, &settings, &networks, args.time)?;
    let (typed, now) = (settings.analysis.point_xy, frame_of(args));
    let own = results.landmarks(now, &settings)?[index].known_position().map(|at| results.plate().to_canonical() * at);
    let shown = *lock(&effect.shown);
    let [x, y] = match (shown, own) {
        (Some(shown), Some(own)) => shown.meant(index, now, typed, [own.x, own.y]),
        _ => typed,
    };
    let at = results.plate().from_canonical() * Point::new(x, y);
    change(effect, args, "Move point", |edits| edits.set_landmark(now, index, at))?;
    if [x, y] == typed {
        *lock(&effect.shown) = Some(ShownPoint { landmark: index, frame: now, at: typed });
        return Ok(());
    }
    show_point(effect, args)
}

fn reset_point(effect: &FeatureDetect, args: &ChangedArgs<'_, FeatureDetect>) -> Result<()> {
    let settings = args.settings();
    let networks = Networks::open(&settings.analysis)?;
    let Some(index) = selected(&settings, &networks) else {
        return Err(Error::node("no point is selected: set Selected point first".to_owned()));
    };
    change(effect, args, "Reset point", |edits| edits.reset(frame_of(args), Grip::Landmark(index)))?;
    show_point(effect, args)
}

/// Moves the time line to the next frame that wants a look.
fn go_to_unsure(effect: &FeatureDetect, args: &ChangedArgs<'_, FeatureDetect>, forward: bool) -> Result<()> {
    let settings = args.settings();
    let networks = Networks::open(&settings.analysis)?;
    let (analysis, edits) = analysed(effect, args, &settings)?;
    let frames = range_of(args, settings.analysis.first_frame, settings.analysis.last_frame)?;
    let confidence_threshold = settings.analysis.confidence_threshold;
    let review = Review { analysis: &analysis, edits: &edits, frames, confidence_threshold };
    let unknown = |_| None;
    let found = if forward { review.next(frame_of(args), unknown) } else { review.previous(frame_of(args), unknown) };
    let status = match found {
        Some((frame, concern)) => {
            let moved = args.timeline().go_to(frame as f64);
            let told = format!("frame {frame}: {}", worded(concern, networks.topology()));
            match moved {
                Ok(()) => told,
                Err(_) => format!("{told} (this host's time line cannot be moved from here)"),
            }
        }
        None => format!("no frame {} this one wants a look", if forward { "after" } else { "before" }),
    };
    args.params().set(AnalysisSettings::status, status)
}

/// Why a frame wants a look, in words.
fn worded(concern: Concern, topology: &Topology) -> String {
    match concern {
        Concern::Missing => "not analysed".to_owned(),
        Concern::Stale => "its picture has changed since it was analysed".to_owned(),
        Concern::Unsure { landmark, confidence } => {
            let name = topology.landmarks().get(landmark).map_or("a landmark", |spec| spec.name.as_str());
            format!("{name} is {:.0} % sure", confidence * 100.0)
        }
    }
}

/// The stored analysis and corrections.
fn analysed(
    effect: &FeatureDetect,
    args: &ChangedArgs<'_, FeatureDetect>,
    settings: &FeatureDetectSettings,
) -> Result<(Arc<Analysis>, Arc<Edits>)> {
    let networks = Networks::open(&settings.analysis)?;
    let results = results_or_new(effect, args, settings, &networks, args.time)?;
    match results.analysis.is_empty() {
        true => Err(Error::node(format!("{NODE} has not analysed a frame yet: press Analyse"))),
        false => Ok((results.analysis, results.edits)),
    }
}

/// Says which frames changed since they were analysed.
fn check_frames(effect: &FeatureDetect, args: &ChangedArgs<'_, FeatureDetect>) -> Result<()> {
    let settings = args.settings();
    let (analysis, _) = analysed(effect, args, &settings)?;
    let mut frames: Vec<i64> = analysis.frames().map(|(frame, _)| frame).collect();
    if !args.host().supports_temporal_access {
        // Such a host gives the current picture for every frame.
        frames.retain(|&frame| frame == frame_of(args));
    }
    let changed = changed_frames(args, &analysis, &frames)?;
    let status = match changed.is_empty() {
        true => format!("all {} analysed frames are as they were", frames.len()),
        false => format!("changed since the analysis: {}; Analyse finds them anew", listed(&changed)),
    };
    args.params().set(AnalysisSettings::status, status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coordinate_of_another_frame_that_was_not_touched_is_that_of_this_frame() {
        let shown = ShownPoint { landmark: 3, frame: 10, at: [100.0, 200.0] };
        let own = [140.0, 250.0];
        assert_eq!(shown.meant(3, 20, [101.0, 200.0], own), [101.0, 250.0]);
        assert_eq!(shown.meant(3, 10, [101.0, 200.0], own), [101.0, 200.0], "its own frame");
        assert_eq!(shown.meant(4, 20, [101.0, 200.0], own), [101.0, 200.0], "another landmark");
    }
}
