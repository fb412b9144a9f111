//! The overlay: landmarks, shapes and handles over the picture, and the artist's pen on them.
//!
//! A drag lives here until the pen goes up; then it becomes corrections by hand, as one step that the artist can undo. Click a
//! point to select it, with Shift to add to the selection; drag on empty ground to select what lies in a box. Dragging moves the
//! selection; with Control, a handle moves without its opposite. Around more than one point stands a box whose corners and sides
//! scale and whose ring turns. Arrow keys nudge by a pixel, with Shift by ten; Delete lets the selection follow the network
//! again; Page Down and Page Up go to frames that want a look; Escape lets go.

mod drag;
mod keyboard;
mod paint;
mod pick;
mod scene;
mod transform_box;

use super::FeatureDetect;
use super::correct::store_edits;
use super::freshness::{Freshness, named};
use super::input::{Input, STALE_BY};
use super::settings::{AnalysisSettings, OutputSettings};
use crate::nodes::kept::lock;
use drag::{Drag, Dragged, State};
use kurbo::{Affine, Point, Rect};
use ofx_sdk::Result;
use ofx_sdk::plugin::Host;
use ofx_sdk::plugin::overlay::*;
use paint::Look;
use pick::grips_within;
use roto::{Change, FrameState};
use scene::Scene;
use std::sync::Mutex;

/// A pen that moves less than this, in pixels of the screen, clicks.
const CLICK_PX: f64 = 2.0;

/// The overlay of one node in one viewer.
#[derive(Default)]
pub struct FeatureOverlay {
    state: Mutex<State>,
}

impl FeatureOverlay {
    fn state(&self) -> State {
        lock(&self.state).clone()
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut lock(&self.state));
    }

    /// Tells the panel's buttons what is selected.
    fn tell_selection(&self, effect: &FeatureDetect) {
        let selection = self.state().selection;
        *lock(&effect.selection) = selection;
    }
}

/// What changed since the frame was analysed, as far as a glance tells.
fn change_of(args: &DrawArgs<'_, FeatureDetect>, scene: &Scene) -> Option<Change> {
    let (analysis, model) = (&scene.results.analysis, scene.networks.id());
    let settings = &scene.settings.analysis;
    let input = Input { instance: args, params: args.params(), settings, plate: *analysis.plate(), scale: args.scale };
    let freshness = Freshness { input, seen_pictures: &args.effect.seen_pictures, model: &model };
    match analysis.state(scene.frame, &freshness.glance(analysis, scene.frame)) {
        FrameState::Stale(change) => Some(change),
        FrameState::Missing | FrameState::Current => None,
    }
}

/// The parameters that are drawn.
const DRAWN: [&str; 6] = [
    AnalysisSettings::analysis.name(),
    AnalysisSettings::edits.name(),
    OutputSettings::make_shapes.name(),
    AnalysisSettings::confidence_threshold.name(),
    AnalysisSettings::correction_falloff.name(),
    AnalysisSettings::selected_point.name(),
];

/// These, and those whose change marks a frame as stale.
const fn redraw_params() -> [&'static str; DRAWN.len() + STALE_BY.len()] {
    let mut all = [""; DRAWN.len() + STALE_BY.len()];
    let mut index = 0;
    while index < all.len() {
        all[index] = if index < DRAWN.len() { DRAWN[index] } else { STALE_BY[index - DRAWN.len()] };
        index += 1;
    }
    all
}

impl Overlay for FeatureOverlay {
    type Effect = FeatureDetect;

    const REDRAW_PARAMS: &'static [&'static str] = &redraw_params();

    fn create(_host: &Host) -> Result<Self> {
        Ok(Self::default())
    }

    fn draw(&self, args: &DrawArgs<'_, FeatureDetect>, painter: &mut Painter) -> Result<()> {
        args.effect.seen_pictures.want();
        let Some(scene) = Scene::of(args.effect, args, args.settings(), args.time)? else { return Ok(()) };
        let state = self.state();
        let drag = state.drag.as_ref().filter(|drag| drag.frame == scene.frame);
        let edits = drag.map(|drag| drag.applied(&scene, &state)).transpose()?.flatten();
        let resolved = match &edits {
            Some(edits) => scene.dragged(edits)?,
            None => scene.resolved()?,
        };
        let look = Look {
            topology: &scene.results.topology,
            plate: scene.results.plate(),
            resolved: &resolved,
            selection: &state.selection,
            threshold: scene.threshold(),
        };
        look.paint(painter);
        match scene.results.analysis.frame(scene.frame) {
            None => look.note(painter, "not analysed"),
            Some(found) => {
                if let Some(change) = change_of(args, &scene) {
                    look.stale(painter, found.crop, &format!("stale: {} changed", named(&change)));
                }
            }
        }
        match drag.and_then(|drag| drag.dragged_box(&state)) {
            Some((around, by)) => around.paint(painter, by),
            None => {
                if let Some(around) = state.transform_box(&scene, &resolved, painter.pixel_scale()) {
                    around.paint(painter, Affine::IDENTITY);
                }
            }
        }
        if let Some(Drag { what: Dragged::Box, from, to, .. }) = drag {
            paint::rubber_band(painter, *from, *to);
        }
        Ok(())
    }

    fn pen_down(&self, args: &PenArgs<'_, FeatureDetect>) -> Result<bool> {
        let Some(scene) = Scene::of(args.effect, args, args.settings(), args.time)? else { return Ok(false) };
        let mut state = self.state();
        let distance = |at: Point| args.pixels_between(args.position, [at.x, at.y]);
        let what = state.take(&scene, scene.resolved()?, args.pixel_scale, distance);
        let (from, to, frame) = (args.position, args.position, scene.frame);
        self.change(|own| {
            own.selection = state.selection;
            own.drag = what.map(|what| Drag { what, frame, from, to });
        });
        self.tell_selection(args.effect);
        args.request_redraw();
        Ok(true)
    }

    fn pen_motion(&self, args: &PenArgs<'_, FeatureDetect>) -> Result<bool> {
        let position = args.position;
        let mut dragging = false;
        self.change(|state| {
            if let Some(drag) = &mut state.drag {
                drag.to = position;
                dragging = true;
            }
        });
        if dragging {
            args.request_redraw();
        }
        Ok(dragging)
    }

    fn pen_up(&self, args: &PenArgs<'_, FeatureDetect>) -> Result<bool> {
        let state = self.state();
        let Some(mut drag) = state.drag.clone() else { return Ok(false) };
        drag.to = args.position;
        self.change(|state| state.drag = None);
        let is_click = args.pixels_between(drag.from, drag.to) < CLICK_PX;
        let scene = Scene::of(args.effect, args, args.settings(), args.time)?;
        if let Some(scene) = scene.filter(|scene| !is_click && scene.frame == drag.frame) {
            match drag.applied(&scene, &state)? {
                Some(edits) => {
                    let of = (&scene.settings, &scene.networks);
                    store_edits(args.effect, &args.params(), of, edits, drag.label())?;
                }
                None => {
                    let part = Rect::from_points(scene.on_plate(drag.from), scene.on_plate(drag.to));
                    let seen = scene.resolved()?;
                    let within = grips_within(&seen, &scene.results.topology, part);
                    self.change(|state| state.selection.extend(within));
                    self.tell_selection(args.effect);
                }
            }
        }
        args.request_redraw();
        Ok(true)
    }

    fn key_down(&self, args: &KeyArgs<'_, FeatureDetect>) -> Result<bool> {
        self.modifier(args, true);
        self.press(args)
    }

    fn key_repeat(&self, args: &KeyArgs<'_, FeatureDetect>) -> Result<bool> {
        self.press(args)
    }

    fn key_up(&self, args: &KeyArgs<'_, FeatureDetect>) -> Result<bool> {
        self.modifier(args, false);
        Ok(false)
    }

    fn lose_focus(&self, _args: &FocusArgs<'_, FeatureDetect>) -> Result<()> {
        // The end of a drag would never be seen, nor the key that goes up.
        self.change(|state| (state.drag, state.shift, state.control) = (None, false, false));
        Ok(())
    }
}
