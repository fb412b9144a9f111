//! Corrections in numbers, for hosts without overlays; and the buttons around them.

use super::analyse::source_plate;
use super::networks::Networks;
use super::results::Results;
use super::settings::{AnalysisSettings, FeatureDetectSettings};
use super::{FeatureDetect, exchange, review};
use crate::nodes::kept::lock;
use crate::nodes::model_choice;
use kurbo::Point;
use ofx_sdk::plugin::*;
use ofx_sdk::{Error, Result};
use roto::{Edits, Grip};
use std::collections::BTreeSet;

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
    for (button, shown, label) in
        [(AnalysisSettings::show_shapes, true, "Show shapes"), (AnalysisSettings::hide_shapes, false, "Hide shapes")]
    {
        if is(button.name()) {
            return show_shapes(effect, args, shown, label);
        }
    }
    if is(AnalysisSettings::reset_frame.name()) {
        let frame = frame_of(args);
        return change_and_show(effect, args, "Reset frame", |edits| {
            edits.remove_frame(frame);
            Ok(())
        });
    }
    if let Some(done) = review::react(effect, args, id) {
        return done;
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
    store_edits(effect, &args.params(), (&settings, &networks), edits, label)
}

/// As [`change`], with what Position shows of it: one step too.
fn change_and_show(
    effect: &FeatureDetect,
    args: &ChangedArgs<'_, FeatureDetect>,
    label: &str,
    work: impl FnOnce(&mut Edits) -> roto::Result<()>,
) -> Result<()> {
    args.params().edit(label, |_| {
        change(effect, args, label, work)?;
        show_point(effect, args)
    })
}

/// Stores corrections, as one step that the artist can undo. A project that remembers no model yet is tied to the one whose shapes
/// were corrected.
///
/// # Errors
/// A host that refuses.
pub fn store_edits(
    effect: &FeatureDetect,
    params: &ParamSet<'_, Editing>,
    (settings, networks): (&FeatureDetectSettings, &Networks),
    edits: Edits,
    label: &str,
) -> Result<()> {
    let text = if edits.is_empty() { String::new() } else { edits.write().map_err(Error::node)? };
    if !text.is_empty() {
        effect.store.wrote_edits(&text, edits);
    }
    params.edit(label, |params| {
        if settings.analysis.network.model_id.is_empty() {
            model_choice::remember(params, networks.id(), Networks::chosen_by(&settings.analysis))?;
        }
        params.set(AnalysisSettings::edits, text)
    })
}

/// Shows or hides the shapes of what is selected, in the viewer or by number.
fn show_shapes(effect: &FeatureDetect, args: &ChangedArgs<'_, FeatureDetect>, shown: bool, label: &str) -> Result<()> {
    let mut selection = lock(&effect.selection).clone();
    if selection.is_empty() {
        let settings = args.settings();
        let networks = Networks::open(&settings.analysis)?;
        selection.extend(selected(&settings, &networks).map(Grip::Landmark));
    }
    let (frame, mut shapes) = (frame_of(args), 0);
    if !selection.is_empty() {
        change(effect, args, label, |edits| {
            shapes = edits.show(frame, &selection, shown)?;
            Ok(())
        })?;
    }
    match shapes {
        0 => Err(Error::node(format!("{label}: select points of shapes in the viewer, or set Selected point first"))),
        _ => Ok(()),
    }
}

/// The landmark that is selected, as an index.
fn selected(settings: &FeatureDetectSettings, networks: &Networks) -> Option<usize> {
    let index = usize::try_from(settings.analysis.selected_point).ok()?.checked_sub(1)?;
    (index < networks.topology().landmarks().len()).then_some(index)
}

/// What Position was filled with: it does not move with the time line, and hosts tell a node nothing of that. It is kept in a
/// parameter, so that an undo takes it back together with Position, and is no edit itself.
#[derive(Clone, Copy, Debug, PartialEq)]
struct ShownPoint {
    landmark: usize,
    at: [f64; 2],
}

/// What is stored of a position is rounded; a typed one that is as near as this stays as it was typed.
const ROUNDED_PX: f64 = 1e-2;

impl ShownPoint {
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let landmark = words.next()?.parse().ok()?;
        let [x, y] = [words.next()?.parse().ok()?, words.next()?.parse().ok()?];
        Some(Self { landmark, at: [x, y] })
    }

    fn text(&self) -> String {
        let Self { landmark, at: [x, y] } = self;
        format!("{landmark} {x} {y}")
    }

    /// What the artist wants of the landmark, whose own place is `own`: a coordinate that shows what was filled in was not
    /// touched, and stays as the frame has it.
    fn meant(self, typed: [f64; 2], own: [f64; 2]) -> [f64; 2] {
        [0, 1].map(|axis| if typed[axis] == self.at[axis] { own[axis] } else { typed[axis] })
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
    let now = frame_of(args);
    let frame = results.landmarks(now, &settings)?;
    let (landmark, name) = (frame[index], &networks.topology().landmarks()[index].name);
    let by_hand = results.edits.frame(now).is_some_and(|edit| edit.landmarks.contains_key(&index));
    let text = match landmark.known_position() {
        Some(_) if by_hand => format!("{name}, frame {now}: set by hand"),
        Some(_) => format!("{name}, frame {now}: {:.0} % sure", landmark.confidence * 100.0),
        None => format!("{name}, frame {now}: not found"),
    };
    let before = settings.analysis.point_xy;
    let own = landmark.known_position().map(|at| results.plate().to_canonical() * at);
    let is_there = own.is_none_or(|at| (before[0] - at.x).hypot(before[1] - at.y) < ROUNDED_PX);
    let at = own.filter(|_| !is_there).map_or(before, |at| [at.x, at.y]);
    args.params().edit("Select point", |params| {
        params.set(AnalysisSettings::point_name, text)?;
        params.set(AnalysisSettings::point_shown, ShownPoint { landmark: index, at }.text())?;
        if is_there { Ok(()) } else { params.set(AnalysisSettings::point_xy, at) }
    })
}

/// Makes a key by hand where the artist put the selected landmark.
fn move_point(effect: &FeatureDetect, args: &ChangedArgs<'_, FeatureDetect>) -> Result<()> {
    let settings = args.settings();
    let networks = Networks::open(&settings.analysis)?;
    let Some(index) = selected(&settings, &networks) else {
        // Told, and no failure: hosts that open a project say that every parameter has changed.
        let count = networks.topology().landmarks().len();
        let told = format!("no point is selected: set Selected point to 1-{count} before you move it");
        return args.params().set(AnalysisSettings::status, told);
    };
    let results = results_or_new(effect, args, &settings, &networks, args.time)?;
    let (typed, now) = (settings.analysis.point_xy, frame_of(args));
    let own = results.landmarks(now, &settings)?[index].known_position().map(|at| results.plate().to_canonical() * at);
    let own = own.map(|at| [at.x, at.y]);
    let shown = ShownPoint::parse(&settings.analysis.point_shown).filter(|shown| shown.landmark == index);
    if shown.is_some_and(|shown| shown.at == typed) || own == Some(typed) {
        // An undo or an opened project that brought Position back.
        return Ok(());
    }
    let wanted = match (shown, own) {
        (Some(shown), Some(own)) => shown.meant(typed, own),
        _ => typed,
    };
    let at = results.plate().from_canonical() * Point::new(wanted[0], wanted[1]);
    // A model without shapes has none to show.
    let seen = match results.frame(now, &settings, &networks, &|| args.aborted()) {
        Err(Error::Aborted) => return Err(Error::Aborted),
        seen => seen.ok(),
    };
    change_and_show(effect, args, "Move point", |edits| {
        edits.set_landmark(now, index, at)?;
        let selection = BTreeSet::from([Grip::Landmark(index)]);
        seen.map_or(Ok(()), |seen| edits.show_where_hidden(now, &seen, &selection))
    })
}

fn reset_point(effect: &FeatureDetect, args: &ChangedArgs<'_, FeatureDetect>) -> Result<()> {
    let settings = args.settings();
    let networks = Networks::open(&settings.analysis)?;
    let Some(index) = selected(&settings, &networks) else {
        return Err(Error::node("no point is selected: set Selected point first".to_owned()));
    };
    change_and_show(effect, args, "Reset point", |edits| edits.reset(frame_of(args), Grip::Landmark(index)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coordinate_that_was_filled_in_and_not_touched_is_that_of_the_frame() {
        let shown = ShownPoint { landmark: 3, at: [100.0, 200.0] };
        let own = [140.0, 250.0];
        assert_eq!(shown.meant([101.0, 200.0], own), [101.0, 250.0]);
        assert_eq!(shown.meant([101.0, 202.0], own), [101.0, 202.0]);
    }

    #[test]
    fn what_was_filled_in_comes_back_from_its_text() {
        let shown = ShownPoint { landmark: 3, at: [100.1, 1.0 / 3.0] };
        assert_eq!(ShownPoint::parse(&shown.text()), Some(shown));
        assert!(["", "3", "3 x 1", "a 1 2"].iter().all(|text| ShownPoint::parse(text).is_none()));
    }
}
