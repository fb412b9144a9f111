//! The keys of the overlay.

use super::drag::moved;
use super::scene::Scene;
use super::{FeatureOverlay, State};
use crate::nodes::analysis::holds_result;
use crate::nodes::feature_detect::FeatureDetect;
use crate::nodes::feature_detect::correct::store_edits;
use crate::nodes::feature_detect::review::{ReviewRequest, Way};
use crate::nodes::feature_detect::settings::AnalysisSettings;
use kurbo::{Affine, Vec2};
use ofx_sdk::plugin::overlay::{Key, KeyArgs};
use ofx_sdk::{Error, Result};
use roto::Edits;

/// How far an arrow key moves, in pixels of the plate; with Shift this many times as far.
const NUDGE_PX: f64 = 1.0;
const SHIFT_FACTOR: f64 = 10.0;

/// What a key asks for.
#[derive(Clone, Copy)]
enum Wish {
    LetGo,
    Nudge(Vec2),
    Reset,
    GoToUnsure(Way),
}

fn wish(key: Key) -> Option<Wish> {
    Some(match key {
        Key::ESCAPE => Wish::LetGo,
        Key::LEFT => Wish::Nudge(Vec2::new(-NUDGE_PX, 0.0)),
        Key::RIGHT => Wish::Nudge(Vec2::new(NUDGE_PX, 0.0)),
        Key::UP => Wish::Nudge(Vec2::new(0.0, -NUDGE_PX)),
        Key::DOWN => Wish::Nudge(Vec2::new(0.0, NUDGE_PX)),
        Key::DELETE | Key::BACKSPACE => Wish::Reset,
        Key::PAGE_DOWN => Wish::GoToUnsure(Way::Forth),
        Key::PAGE_UP => Wish::GoToUnsure(Way::Back),
        _ => return None,
    })
}

impl FeatureOverlay {
    /// Takes notice of Shift and Control.
    pub(super) fn modifier(&self, args: &KeyArgs<'_, FeatureDetect>, down: bool) {
        let key = args.key;
        if !key.is_shift() && !key.is_control() {
            return;
        }
        self.change(|state| {
            if key.is_shift() {
                state.shift = down;
            }
            if key.is_control() {
                state.control = down;
            }
        });
        if self.state().drag.is_some() {
            // They change what the drag on its way does.
            args.request_redraw();
        }
    }

    /// Does what a key asks for; `true` where it asks for anything.
    pub(super) fn press(&self, args: &KeyArgs<'_, FeatureDetect>) -> Result<bool> {
        let state = self.state();
        match wish(args.key) {
            None => Ok(false),
            Some(Wish::LetGo) => {
                let had = state.drag.is_some() || !state.selection.is_empty();
                self.change(|state| {
                    state.drag = None;
                    state.selection.clear();
                });
                self.tell_selection(args.effect);
                args.request_redraw();
                Ok(had)
            }
            Some(Wish::GoToUnsure(way)) => go_to_unsure(args, &state, way),
            Some(_) if state.selection.is_empty() || state.drag.is_some() => Ok(false),
            Some(Wish::Nudge(step)) => edit(args, "Nudge points", |scene| {
                let step = if state.shift { step * SHIFT_FACTOR } else { step };
                let seen = scene.resolved()?;
                moved(
                    &scene.results.edits,
                    scene.frame,
                    &seen,
                    &state.selection,
                    Affine::translate(step),
                    state.control,
                )
            }),
            Some(Wish::Reset) => edit(args, "Reset points", |scene| {
                let mut edits = Edits::clone(&scene.results.edits);
                let mut reset = state.selection.iter().map(|grip| edits.reset(scene.frame, *grip));
                reset.try_for_each(|done| done).map_err(Error::node)?;
                Ok(edits)
            }),
        }
    }
}

/// Changes the corrections, as one step that the artist can undo.
fn edit(args: &KeyArgs<'_, FeatureDetect>, label: &str, change: impl FnOnce(&Scene) -> Result<Edits>) -> Result<bool> {
    let Some(scene) = Scene::of(args.effect, args, args.settings(), args.time)? else { return Ok(false) };
    store_edits(args.effect, &args.params(), (&scene.settings, &scene.networks), change(&scene)?, label)?;
    args.request_redraw();
    Ok(true)
}

/// Moves the time line to the next frame that wants a look, and says why in Status.
fn go_to_unsure(args: &KeyArgs<'_, FeatureDetect>, state: &State, way: Way) -> Result<bool> {
    let settings = args.settings();
    if !holds_result(&settings.analysis.analysis) || state.drag.is_some() {
        return Ok(false);
    }
    let (instance, scale, frame) = (args, args.scale, args.time.round() as i64);
    let request = ReviewRequest { effect: args.effect, instance, settings, frame, scale, may_read: false };
    let status = request.go_to_unsure(args.params(), way).unwrap_or_else(|error| error.to_string());
    args.params().set(AnalysisSettings::status, status)?;
    args.request_redraw();
    Ok(true)
}
