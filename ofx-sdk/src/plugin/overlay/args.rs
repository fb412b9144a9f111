//! What each method of [`Overlay`](super::Overlay) is given.

use super::keys::Key;
use crate::{
    RenderScale,
    plugin::{
        effect::Effect,
        instance::Instance,
        params::{Editing, ParamSet, Reading},
        suites::{InteractHandle, Suites},
    },
};
use std::{
    marker::PhantomData,
    ops::Deref,
    sync::atomic::{AtomicBool, Ordering},
};

/// One viewer during one call. Every argument struct of [`Overlay`](super::Overlay) is one, and through it an
/// [`Instance`].
pub struct View<'a, E: Effect> {
    /// The frame that the artist looks at.
    pub time: f64,
    /// Pixels per canonical pixel of images fetched now.
    pub scale: RenderScale,
    /// Width and height of a pixel of the screen in canonical units: small when zoomed in. 1 where the host does not
    /// say.
    pub pixel_scale: [f64; 2],
    /// Width and height of the viewer in pixels of the screen; many hosts do not say.
    pub viewport: Option<[f64; 2]>,
    /// The color of the program behind the viewer, where the host says.
    pub background: Option<[f64; 3]>,
    /// The color that the artist has chosen for overlays, where the host lets it be chosen.
    pub suggested_color: Option<[f64; 3]>,
    /// The node.
    pub effect: &'a E,
    pub(crate) instance: &'a Instance,
    /// The suites of the viewer's host.
    pub(crate) suites: &'a Suites,
    pub(crate) interact: InteractHandle,
    /// Whether the viewer still exists.
    pub(crate) alive: &'a AtomicBool,
}

impl<E: Effect> View<'_, E> {
    /// The parameters at [`time`](Self::time). Read when asked for, because long strings take time and the pen moves
    /// often.
    pub fn settings(&self) -> E::Settings {
        self.instance.settings_at::<E::Settings>(self.time)
    }

    /// The parameters at another time.
    pub fn settings_at(&self, time: f64) -> E::Settings {
        self.instance.settings_at::<E::Settings>(time)
    }

    /// How far two canonical positions are apart on the screen, in pixels: what hit targets are measured in.
    pub fn pixels_between(&self, a: [f64; 2], b: [f64; 2]) -> f64 {
        ((a[0] - b[0]) / self.pixel_scale[0]).hypot((a[1] - b[1]) / self.pixel_scale[1])
    }

    fn redraw(&self) {
        if self.alive.load(Ordering::Acquire)
            && let Err(e) = self.suites.redraw(self.interact)
        {
            log::debug!("{e}");
        }
    }
}

impl<E: Effect> Deref for View<'_, E> {
    type Target = Instance;

    fn deref(&self) -> &Instance {
        self.instance
    }
}

macro_rules! is_a_view {
    ($($name:ident),+) => {$(
        impl<'a, E: Effect> Deref for $name<'a, E> {
            type Target = View<'a, E>;

            fn deref(&self) -> &View<'a, E> {
                &self.view
            }
        }
    )+};
}

/// Events, in which parameters may be set.
macro_rules! is_an_event {
    ($($name:ident),+) => {$(
        impl<E: Effect> $name<'_, E> {
            /// The parameters, to set them: inside one [`edit`](ParamSet::edit), so that the artist undoes one step.
            pub fn params(&self) -> ParamSet<'_, Editing> {
                ParamSet::new(self.view.instance, PhantomData)
            }

            /// Asks the host to draw this viewer's overlay again, which it may do at once.
            #[doc(alias = "interactRedraw")]
            pub fn request_redraw(&self) {
                self.view.redraw();
            }
        }
    )+};
}

is_a_view!(DrawArgs, PenArgs, KeyArgs, FocusArgs);
is_an_event!(PenArgs, KeyArgs, FocusArgs);

/// What is to be drawn.
pub struct DrawArgs<'a, E: Effect> {
    pub(crate) view: View<'a, E>,
}

impl<E: Effect> DrawArgs<'_, E> {
    /// The parameters, to read keyframes and single values.
    pub fn params(&self) -> ParamSet<'_, Reading> {
        ParamSet::new(self.view.instance, PhantomData)
    }
}

/// What the pen does.
pub struct PenArgs<'a, E: Effect> {
    /// Where it is, in canonical coordinates.
    pub position: [f64; 2],
    /// Where it is in the viewer, in pixels from the lower left corner, where the host says.
    pub viewport_position: Option<[i32; 2]>,
    /// How hard it is pressed, 0-1; 1 where the host does not say.
    pub pressure: f64,
    pub(crate) view: View<'a, E>,
}

/// What a key does.
pub struct KeyArgs<'a, E: Effect> {
    /// The key.
    pub key: Key,
    /// The character that it types; empty where it types none.
    pub text: String,
    pub(crate) view: View<'a, E>,
}

/// Focus that comes or goes.
pub struct FocusArgs<'a, E: Effect> {
    pub(crate) view: View<'a, E>,
}
