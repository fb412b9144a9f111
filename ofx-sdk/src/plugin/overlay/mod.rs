//! Overlays: what a node draws over the picture in the host's viewer, and how the artist takes hold of it there.
//!
//! ```
//! use ofx_sdk::{Result, drawing::Color, plugin::{*, overlay::*}};
//! use std::sync::Mutex;
//!
//! ofx_sdk::settings! {
//!     /// What the artist may adjust.
//!     struct SpotSettings {
//!         /// Where the spot is.
//!         center: Double2D = Double2D::new("Center").position().default([100.0, 100.0]),
//!     }
//! }
//!
//! struct Spot;
//!
//! impl Effect for Spot {
//!     type Settings = SpotSettings;
//!     const DESCRIPTOR: Descriptor = Descriptor { identifier: c"org.example.Spot", label: "Spot", ..Descriptor::DEFAULT };
//!     // 1. The node has an overlay.
//!     const OVERLAY: Option<OverlayEntry<Self>> = Some(OverlayEntry::of::<SpotOverlay>());
//!
//!     fn create(_host: &Host) -> Result<Self> {
//!         Ok(Self)
//!     }
//!
//!     fn render(&self, _args: &RenderArgs<'_, Self>) -> Result<()> {
//!         Ok(())
//!     }
//! }
//!
//! // 2. One value for each viewer; a drag in progress lives here and nowhere else.
//! struct SpotOverlay {
//!     dragged_to: Mutex<Option<[f64; 2]>>,
//! }
//!
//! impl SpotOverlay {
//!     // Copied out, because no lock may be held while the host is called.
//!     fn dragged_to(&self) -> Option<[f64; 2]> {
//!         *self.dragged_to.lock().unwrap_or_else(|e| e.into_inner())
//!     }
//!
//!     fn drag_to(&self, to: Option<[f64; 2]>) {
//!         *self.dragged_to.lock().unwrap_or_else(|e| e.into_inner()) = to;
//!     }
//! }
//!
//! impl Overlay for SpotOverlay {
//!     type Effect = Spot;
//!     const REDRAW_PARAMS: &'static [&'static str] = &["center"];
//!
//!     fn create(_host: &Host) -> Result<Self> {
//!         Ok(Self { dragged_to: Mutex::new(None) })
//!     }
//!
//!     fn draw(&self, args: &DrawArgs<'_, Spot>, painter: &mut Painter) -> Result<()> {
//!         let center = self.dragged_to().unwrap_or(args.settings().center);
//!         painter.point(center, PointForm::Disc, 9.0, Color::WHITE);
//!         painter.text(center, [8.0, 8.0], "spot", Color::WHITE);
//!         Ok(())
//!     }
//!
//!     fn pen_down(&self, args: &PenArgs<'_, Spot>) -> Result<bool> {
//!         let hit = args.pixels_between(args.position, args.settings().center) < 8.0;
//!         if hit {
//!             self.drag_to(Some(args.position));
//!         }
//!         Ok(hit)
//!     }
//!
//!     fn pen_motion(&self, args: &PenArgs<'_, Spot>) -> Result<bool> {
//!         let dragging = self.dragged_to().is_some();
//!         if dragging {
//!             self.drag_to(Some(args.position));
//!             args.request_redraw();
//!         }
//!         Ok(dragging)
//!     }
//!
//!     fn pen_up(&self, args: &PenArgs<'_, Spot>) -> Result<bool> {
//!         let dragging = self.dragged_to().is_some();
//!         self.drag_to(None);
//!         if dragging {
//!             // 3. One step for the artist to undo.
//!             args.params().edit("Move spot", |params| params.set(SpotSettings::center, args.position))?;
//!         }
//!         Ok(dragging)
//!     }
//! }
//! ```
//!
//! What is painted is recorded first, and drawn when [`Overlay::draw`] has returned: through the host's DrawSuite where
//! it has one, else through OpenGL in the host's context. A host that offers neither shows no overlay, and the node
//! must be usable without.

mod args;
mod backend;
#[allow(unsafe_code)]
mod gl;
mod keys;
mod painter;

pub use args::{DrawArgs, FocusArgs, KeyArgs, PenArgs, View};
pub use keys::Key;
pub use painter::{Painter, PointForm, Stroke};

pub(crate) use backend::{Outcome, Sight, replay};

use super::{effect::Effect, entry::interact_entry, host_info::Host};
use crate::{Result, sys};
use std::marker::PhantomData;

/// An overlay. One value of the type is the overlay of one node in one viewer.
///
/// What holds for [`Effect`] holds here: methods are called from any thread and again while one runs (setting a
/// parameter may draw, and calls [`Effect::changed`]), so state needs locks, and none may be held while the host is
/// called. Errors and panics are reported and answered with a failure; those of [`draw`](Self::draw) are only logged,
/// because hosts drop an overlay that fails to draw.
///
/// A viewer may be there before its node and after it. No method but [`create`](Self::create) is called then.
#[doc(alias = "OfxInteractHandle")]
pub trait Overlay: Sized + Send + Sync + 'static {
    /// The node that it belongs to.
    type Effect: Effect;

    /// The ids of the parameters that it shows: hosts draw it again when one changes.
    #[doc(alias = "kOfxInteractPropSlaveToParam")]
    const REDRAW_PARAMS: &'static [&'static str] = &[];

    /// Makes the overlay of one viewer.
    fn create(host: &Host) -> Result<Self>;

    /// Paints the overlay. Parameters must not be set here.
    #[doc(alias = "kOfxInteractActionDraw")]
    fn draw(&self, args: &DrawArgs<'_, Self::Effect>, painter: &mut Painter) -> Result<()>;

    /// The pen or mouse button went down. `true` takes the event: the host gives it to nobody else.
    #[doc(alias = "kOfxInteractActionPenDown")]
    fn pen_down(&self, _args: &PenArgs<'_, Self::Effect>) -> Result<bool> {
        Ok(false)
    }

    /// The pen moved, up or down. `true` takes the event.
    #[doc(alias = "kOfxInteractActionPenMotion")]
    fn pen_motion(&self, _args: &PenArgs<'_, Self::Effect>) -> Result<bool> {
        Ok(false)
    }

    /// The pen went up: the place to set parameters after a drag. `true` takes the event.
    #[doc(alias = "kOfxInteractActionPenUp")]
    fn pen_up(&self, _args: &PenArgs<'_, Self::Effect>) -> Result<bool> {
        Ok(false)
    }

    /// A key went down. `true` takes the event.
    #[doc(alias = "kOfxInteractActionKeyDown")]
    fn key_down(&self, _args: &KeyArgs<'_, Self::Effect>) -> Result<bool> {
        Ok(false)
    }

    /// A key went up. `true` takes the event.
    #[doc(alias = "kOfxInteractActionKeyUp")]
    fn key_up(&self, _args: &KeyArgs<'_, Self::Effect>) -> Result<bool> {
        Ok(false)
    }

    /// A key that is held down repeats. `true` takes the event.
    #[doc(alias = "kOfxInteractActionKeyRepeat")]
    fn key_repeat(&self, _args: &KeyArgs<'_, Self::Effect>) -> Result<bool> {
        Ok(false)
    }

    /// Events come to this viewer from now on.
    #[doc(alias = "kOfxInteractActionGainFocus")]
    fn gain_focus(&self, _args: &FocusArgs<'_, Self::Effect>) -> Result<()> {
        Ok(())
    }

    /// Events go elsewhere from now on, perhaps in the middle of a drag, whose end is then never seen.
    #[doc(alias = "kOfxInteractActionLoseFocus")]
    fn lose_focus(&self, _args: &FocusArgs<'_, Self::Effect>) -> Result<()> {
        Ok(())
    }
}

/// The way from a host to an overlay, for [`Effect::OVERLAY`].
#[doc(alias = "kOfxImageEffectPluginPropOverlayInteractV1")]
pub struct OverlayEntry<E> {
    entry: sys::OfxPluginEntryPoint,
    effect: PhantomData<fn() -> E>,
}

impl<E: Effect> OverlayEntry<E> {
    /// The way to overlays of type `O`.
    pub const fn of<O: Overlay<Effect = E>>() -> Self {
        Self { entry: Some(interact_entry::<O>), effect: PhantomData }
    }

    /// The function as the standard has it. For tests that call it themselves.
    pub const fn as_ofx(&self) -> sys::OfxPluginEntryPoint {
        self.entry
    }
}
