//! The overlay: landmarks, shapes and handles over the picture, and the artist's pen on them.
//!
//! A drag lives here until the pen goes up; then it becomes corrections by hand, as one step that the artist can undo. Click a
//! point to select it, with Shift to add to the selection; drag on empty ground to select what lies in a box. Dragging moves the
//! selection; with Control, a handle moves without its opposite. Arrow keys nudge by a pixel, with Shift by ten; Delete lets the
//! selection follow the network again; Escape lets go.

mod paint;
mod pick;

use super::FeatureDetect;
use super::correct::{results_or_new, store_edits};
use super::networks::Networks;
use super::results::Results;
use super::settings::FeatureDetectSettings;
use crate::nodes::kept::lock;
use kurbo::{Affine, Point, Rect, Vec2};
use ofx_sdk::plugin::overlay::*;
use ofx_sdk::plugin::{Host, Instance};
use ofx_sdk::{Error, Result};
use paint::Look;
use pick::{grips_within, nearest};
use roto::{Edits, Grip, Handles, Resolved};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

/// How far an arrow key moves, in pixels of the plate; with Shift this many times as far.
const NUDGE_PX: f64 = 1.0;
const SHIFT_FACTOR: f64 = 10.0;

/// The cosine between handles that are in line, within some eleven degrees.
const IN_LINE: f64 = -0.98;

/// A pen that moves less than this, in pixels of the screen, clicks.
const CLICK_PX: f64 = 2.0;

/// The overlay of one node in one viewer.
#[derive(Default)]
pub struct FeatureOverlay {
    state: Mutex<State>,
}

#[derive(Clone, Default)]
struct State {
    selection: BTreeSet<Grip>,
    drag: Option<Drag>,
    shift: bool,
    control: bool,
}

/// A pen that is down.
#[derive(Clone)]
struct Drag {
    what: Dragged,
    frame: i64,
    /// Where it went down, and where it is, canonical.
    from: [f64; 2],
    to: [f64; 2],
}

#[derive(Clone)]
enum Dragged {
    /// The selection, as it was seen, with the corrections of that moment.
    Selection { seen: Arc<Resolved>, edits: Arc<Edits> },
    /// A box around what is to be selected.
    Box,
}

/// What a viewer shows at the moment.
struct Scene {
    settings: FeatureDetectSettings,
    networks: Networks,
    results: Results,
    frame: i64,
}

impl Scene {
    /// `None` where there is nothing to be shown, or it cannot be read: the panel says why.
    fn of(
        effect: &FeatureDetect,
        instance: &Instance,
        settings: FeatureDetectSettings,
        time: f64,
    ) -> Result<Option<Self>> {
        if settings.analysis.analysis.is_empty() && settings.analysis.edits.is_empty() {
            return Ok(None);
        }
        let networks = Networks::open(&settings.analysis)?;
        let results = results_or_new(effect, instance, &settings, &networks, time)?;
        Ok(Some(Self { settings, networks, results, frame: time.round() as i64 }))
    }

    fn resolved(&self) -> Result<Arc<Resolved>> {
        self.results.frame(self.frame, &self.settings, &self.networks, &|| false)
    }

    /// The frame as it will be when the drag ends here.
    fn dragged(&self, edits: &Edits) -> Result<Arc<Resolved>> {
        let moved = self.results.with_edits(edits.clone());
        moved
            .with_resolver(&self.settings, &self.networks, &|| false, |resolver| resolver.frame(self.frame))
            .map(Arc::new)
    }

    /// A canonical position in pixels of the plate.
    fn on_plate(&self, [x, y]: [f64; 2]) -> Point {
        self.results.plate().from_canonical() * Point::new(x, y)
    }

    fn threshold(&self) -> f64 {
        self.settings.analysis.confidence_threshold
    }
}

impl Drag {
    /// The corrections as they are once the pen is where it is now.
    fn applied(&self, scene: &Scene, state: &State) -> Result<Option<Edits>> {
        let Dragged::Selection { seen, edits } = &self.what else { return Ok(None) };
        let by = scene.on_plate(self.to) - scene.on_plate(self.from);
        moved(edits, self.frame, seen, state, by).map(Some)
    }
}

/// Corrections with the selection moved by some pixels of the plate.
fn moved(edits: &Edits, frame: i64, seen: &Resolved, state: &State, by: Vec2) -> Result<Edits> {
    // The handles of a corner were never in line, and one that is moved must not flatten it.
    let corner = |grip: &Grip| match *grip {
        Grip::Incoming(at) | Grip::Outgoing(at) => is_corner(seen, at),
        Grip::Landmark(_) | Grip::Anchor(_) => false,
    };
    let broken = state.control || state.selection.iter().any(corner);
    let handles = if broken { Handles::Broken } else { Handles::Smooth };
    let mut edits = edits.clone();
    edits.transform(frame, seen, &state.selection, Affine::translate(by), handles).map_err(Error::node)?;
    Ok(edits)
}

/// Whether the handles of a vertex are not in line.
fn is_corner(seen: &Resolved, (shape, vertex): (usize, usize)) -> bool {
    let Some(vertex) = seen.curve(shape).and_then(|curve| curve.vertices().get(vertex)) else { return false };
    let size = vertex.incoming.hypot() * vertex.outgoing.hypot();
    size > 1e-9 && vertex.incoming.dot(vertex.outgoing) > IN_LINE * size
}

impl FeatureOverlay {
    fn state(&self) -> State {
        lock(&self.state).clone()
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut lock(&self.state));
    }
}

impl Overlay for FeatureOverlay {
    type Effect = FeatureDetect;

    const REDRAW_PARAMS: &'static [&'static str] =
        &["analysis", "edits", "make_shapes", "confidence_threshold", "correction_falloff", "selected_point"];

    fn create(_host: &Host) -> Result<Self> {
        Ok(Self::default())
    }

    fn draw(&self, args: &DrawArgs<'_, FeatureDetect>, painter: &mut Painter) -> Result<()> {
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
        if scene.results.analysis.frame(scene.frame).is_none() {
            look.note(painter, "not analysed");
        }
        if let Some(Drag { what: Dragged::Box, from, to, .. }) = drag {
            paint::rubber_band(painter, *from, *to);
        }
        Ok(())
    }

    fn pen_down(&self, args: &PenArgs<'_, FeatureDetect>) -> Result<bool> {
        let Some(scene) = Scene::of(args.effect, args, args.settings(), args.time)? else { return Ok(false) };
        let seen = scene.resolved()?;
        let state = self.state();
        let to_canonical = scene.results.plate().to_canonical();
        let distance = |at: Point| {
            let at = to_canonical * at;
            args.pixels_between(args.position, [at.x, at.y])
        };
        let grip = nearest(&seen, &scene.results.topology, &state.selection, distance);
        let mut selection = state.selection;
        let what = match grip {
            Some(grip) if state.shift && selection.contains(&grip) => {
                selection.remove(&grip);
                None
            }
            Some(grip) => {
                if !state.shift && !selection.contains(&grip) {
                    selection.clear();
                }
                selection.insert(grip);
                Some(Dragged::Selection { seen, edits: scene.results.edits.clone() })
            }
            None => {
                if !state.shift {
                    selection.clear();
                }
                Some(Dragged::Box)
            }
        };
        let (from, to, frame) = (args.position, args.position, scene.frame);
        self.change(|state| {
            state.selection = selection;
            state.drag = what.map(|what| Drag { what, frame, from, to });
        });
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
                Some(edits) => store_edits(args.effect, &args.params(), edits, "Move points")?,
                None => {
                    let part = Rect::from_points(scene.on_plate(drag.from), scene.on_plate(drag.to));
                    let seen = scene.resolved()?;
                    let within = grips_within(&seen, &scene.results.topology, part);
                    self.change(|state| state.selection.extend(within));
                }
            }
        }
        args.request_redraw();
        Ok(true)
    }

    fn key_down(&self, args: &KeyArgs<'_, FeatureDetect>) -> Result<bool> {
        if args.key.is_shift() || args.key.is_control() {
            self.modifier(args.key, true);
            return Ok(false);
        }
        self.press(args)
    }

    fn key_repeat(&self, args: &KeyArgs<'_, FeatureDetect>) -> Result<bool> {
        self.press(args)
    }

    fn key_up(&self, args: &KeyArgs<'_, FeatureDetect>) -> Result<bool> {
        self.modifier(args.key, false);
        Ok(false)
    }

    fn lose_focus(&self, _args: &FocusArgs<'_, FeatureDetect>) -> Result<()> {
        // The end of a drag would never be seen, nor the key that goes up.
        self.change(|state| (state.drag, state.shift, state.control) = (None, false, false));
        Ok(())
    }
}

impl FeatureOverlay {
    fn modifier(&self, key: Key, down: bool) {
        self.change(|state| {
            if key.is_shift() {
                state.shift = down;
            }
            if key.is_control() {
                state.control = down;
            }
        });
    }

    /// Nudges the selection, resets it, or lets go.
    fn press(&self, args: &KeyArgs<'_, FeatureDetect>) -> Result<bool> {
        let state = self.state();
        if args.key == Key::ESCAPE {
            let had = state.drag.is_some() || !state.selection.is_empty();
            self.change(|state| {
                state.drag = None;
                state.selection.clear();
            });
            args.request_redraw();
            return Ok(had);
        }
        let step = match args.key {
            Key::LEFT => Some(Vec2::new(-NUDGE_PX, 0.0)),
            Key::RIGHT => Some(Vec2::new(NUDGE_PX, 0.0)),
            Key::UP => Some(Vec2::new(0.0, -NUDGE_PX)),
            Key::DOWN => Some(Vec2::new(0.0, NUDGE_PX)),
            Key::DELETE | Key::BACKSPACE => None,
            _ => return Ok(false),
        };
        if state.selection.is_empty() || state.drag.is_some() {
            return Ok(false);
        }
        let Some(scene) = Scene::of(args.effect, args, args.settings(), args.time)? else { return Ok(false) };
        let (edits, label) = match step {
            Some(step) => {
                let step = if state.shift { step * SHIFT_FACTOR } else { step };
                let seen = scene.resolved()?;
                (moved(&scene.results.edits, scene.frame, &seen, &state, step)?, "Nudge points")
            }
            None => {
                let mut edits = Edits::clone(&scene.results.edits);
                let mut reset = state.selection.iter().map(|grip| edits.reset(scene.frame, *grip));
                reset.try_for_each(|done| done).map_err(Error::node)?;
                (edits, "Reset points")
            }
        };
        store_edits(args.effect, &args.params(), edits, label)?;
        args.request_redraw();
        Ok(true)
    }
}
