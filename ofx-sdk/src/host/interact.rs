//! Overlays, driven by hand: a host without a screen has no artist, but tests and recorders move a pen.
#![allow(unsafe_code)]

use super::{
    action::{Action, Frame, MainEntry},
    effect::Effect,
    handles::{Handle, Object},
    properties::{PropertySet, SetKind},
    property_tables,
    queries::arguments,
};
use crate::{RenderScale, Result, Status, sys};
use std::{
    ffi::{CStr, c_void},
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

/// What the interact suite knows of an overlay or of its descriptor.
pub(crate) struct Interact {
    handle: Handle,
    pub properties: Arc<PropertySet>,
    /// How often a redraw was asked for.
    redraws: AtomicU32,
}

impl Interact {
    fn new(properties: Arc<PropertySet>) -> Arc<Self> {
        let interact = Arc::new(Self { handle: Handle::reserve(), properties, redraws: AtomicU32::new(0) });
        interact.handle.bind(Object::Interact(Arc::downgrade(&interact)));
        interact
    }

    fn raw(&self) -> *const c_void {
        self.handle.raw::<c_void>().cast_const()
    }

    pub fn ask_redraw(&self) {
        self.redraws.fetch_add(1, Ordering::Relaxed);
    }
}

/// What a pen does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PenAction {
    /// It goes down.
    Down,
    /// It moves, up or down.
    Motion,
    /// It goes up.
    Up,
}

/// The overlay of an instance. Dropping it destroys it.
pub struct Overlay(Driver);

/// Who calls an overlay's entry point, also before it is an instance.
struct Driver {
    effect: Arc<Effect>,
    interact: Arc<Interact>,
    entry: MainEntry,
}

impl fmt::Debug for Overlay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Overlay({})", self.0.effect.binary.identifier)
    }
}

impl Overlay {
    /// Describes and makes the overlay of an instance; `None` when the plug-in has none.
    pub(crate) fn open(effect: &Arc<Effect>, descriptor: &Effect) -> Result<Option<Self>> {
        let address = descriptor.properties.pointer(sys::kOfxImageEffectPluginPropOverlayInteractV1);
        if address == 0 || !effect.host.options.overlays {
            return Ok(None);
        }
        let pointer: *const c_void = std::ptr::with_exposed_provenance(address);
        // SAFETY: the plug-in set this property, which the standard says holds a main entry, to an address that is not
        // null; its binary is loaded.
        let entry: MainEntry = unsafe { std::mem::transmute(pointer) };
        let name = &effect.binary.identifier;
        let tables = [property_tables::INTERACT_DESCRIPTOR];
        let described = Interact::new(PropertySet::new(&effect.host, SetKind::Interact, name, &tables));
        let driver = |interact| Driver { effect: Arc::clone(effect), interact, entry };
        driver(described).perform(sys::kOfxActionDescribe, None)?;
        let tables = [property_tables::INTERACT_DESCRIPTOR, property_tables::INTERACT_INSTANCE];
        let set = PropertySet::new(&effect.host, SetKind::Interact, name, &tables);
        set.put_pointer(sys::kOfxPropEffectInstance, effect.raw().addr());
        let instance = driver(Interact::new(set));
        instance.perform(sys::kOfxActionCreateInstance, None)?;
        Ok(Some(Self(instance)))
    }

    /// Asks it to draw. A plug-in that draws by OpenGL needs a current context on this thread.
    ///
    /// # Errors
    /// When the plug-in fails.
    pub fn draw(&self) -> Result<bool> {
        self.0.perform(sys::kOfxInteractActionDraw, Some(&self.0.arguments(&[])))
    }

    /// Moves the pen to a canonical position; `true` when the plug-in has taken the event for itself.
    ///
    /// # Errors
    /// When the plug-in fails.
    pub fn pen(&self, what: PenAction, position: [f64; 2], pressure: f64) -> Result<bool> {
        let args = self.0.arguments(&[
            sys::kOfxInteractPropPenPosition,
            sys::kOfxInteractPropPenViewportPosition,
            sys::kOfxInteractPropPenPressure,
        ]);
        args.put_doubles(sys::kOfxInteractPropPenPosition, &position);
        args.put_ints(sys::kOfxInteractPropPenViewportPosition, &[position[0] as i32, position[1] as i32]);
        args.put_doubles(sys::kOfxInteractPropPenPressure, &[pressure]);
        let name = match what {
            PenAction::Down => sys::kOfxInteractActionPenDown,
            PenAction::Motion => sys::kOfxInteractActionPenMotion,
            PenAction::Up => sys::kOfxInteractActionPenUp,
        };
        self.0.perform(name, Some(&args))
    }

    /// How often the plug-in has asked to be drawn again.
    pub fn redraws(&self) -> u32 {
        self.0.interact.redraws.load(Ordering::Relaxed)
    }
}

impl Driver {
    /// `true` when the plug-in has taken the event for itself.
    fn perform(&self, name: &'static CStr, args: Option<&PropertySet>) -> Result<bool> {
        let effect = &self.effect;
        let frame = Frame::at(effect.time(), RenderScale::FULL);
        let action = Action::new(&effect.host, &effect.binary.identifier, Some(effect), name, frame);
        let in_args = args.map_or(std::ptr::null_mut(), PropertySet::raw);
        match action.perform(self.entry, self.interact.raw(), in_args, std::ptr::null_mut()) {
            Status::OK => Ok(true),
            Status::REPLY_DEFAULT => Ok(false),
            status => Err(action.error(status)),
        }
    }

    fn arguments(&self, more: &[&CStr]) -> Arc<PropertySet> {
        let common = [
            sys::kOfxPropEffectInstance,
            sys::kOfxPropTime,
            sys::kOfxImageEffectPropRenderScale,
            sys::kOfxInteractPropPixelScale,
            sys::kOfxInteractPropBackgroundColour,
        ];
        let names: Vec<&CStr> = common.iter().chain(more).copied().collect();
        let args = arguments(&self.effect, false, &names);
        args.put_pointer(sys::kOfxPropEffectInstance, self.effect.raw().addr());
        args.put_doubles(sys::kOfxPropTime, &[self.effect.time()]);
        args
    }
}

impl Drop for Overlay {
    fn drop(&mut self) {
        if let Err(error) = self.0.perform(sys::kOfxActionDestroyInstance, None) {
            log::warn!("{error}");
        }
    }
}
