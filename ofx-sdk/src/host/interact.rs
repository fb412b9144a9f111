//! Overlays, driven by hand: a host without a screen has no artist, but tests and recorders move a pen.
#![allow(unsafe_code)]

use super::{
    action::{Action, Frame, MainEntry},
    change,
    effect::Effect,
    handles::{Handle, Object},
    options::HostOptions,
    properties::{PropertySet, SetKind},
    property_tables,
    queries::arguments,
    suites::draw::Drawing,
    sync::lock,
};
use crate::{
    Result, Status,
    drawing::{DrawList, Viewport},
    sys,
};
use std::{
    ffi::{CStr, c_void},
    fmt,
    sync::{
        Arc, Mutex,
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
    pub fn new(properties: Arc<PropertySet>) -> Arc<Self> {
        let interact = Arc::new(Self { handle: Handle::reserve(), properties, redraws: AtomicU32::new(0) });
        interact.handle.bind(Object::Interact(Arc::downgrade(&interact)));
        interact
    }

    pub fn raw(&self) -> *const c_void {
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

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyAction {
    /// It goes down.
    Down,
    /// It goes up.
    Up,
    /// It is held down.
    Repeat,
}

/// The overlay of an instance in one viewer. Dropping it destroys it. It may outlive its instance, as viewers do.
pub struct Overlay(Driver);

/// Who calls an overlay's entry point, also before it is an instance.
struct Driver {
    effect: Arc<Effect>,
    interact: Arc<Interact>,
    entry: MainEntry,
    /// Whether it draws through the DrawSuite.
    draws: bool,
    viewport: Mutex<Viewport>,
    drawn: Mutex<DrawList>,
}

impl fmt::Debug for Overlay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Overlay({})", self.0.effect.binary.identifier)
    }
}

impl Overlay {
    /// Describes and makes the overlay of an instance; `None` when the plug-in has none.
    pub(crate) fn open(effect: &Arc<Effect>, descriptor: &Effect) -> Result<Option<Self>> {
        let Some((entry, draws)) = entry(&effect.host.options, descriptor) else { return Ok(None) };
        let name = &effect.binary.identifier;
        let driver = |properties| Driver {
            effect: Arc::clone(effect),
            interact: Interact::new(properties),
            entry,
            draws,
            viewport: Mutex::new(Viewport::new(640, 480)),
            drawn: Mutex::default(),
        };
        let tables = [property_tables::INTERACT_DESCRIPTOR];
        let described = driver(PropertySet::new(&effect.host, SetKind::Interact, name, &tables));
        described.perform(sys::kOfxActionDescribe, None)?;
        let tables = [property_tables::INTERACT_DESCRIPTOR, property_tables::INTERACT_INSTANCE];
        let set = PropertySet::new(&effect.host, SetKind::Interact, name, &tables);
        set.put_pointer(sys::kOfxPropEffectInstance, effect.raw().addr());
        let instance = driver(set);
        instance.fill(&instance.interact.properties);
        instance.perform(sys::kOfxActionCreateInstance, None)?;
        Ok(Some(Self(instance)))
    }

    /// What plug-ins are given as this overlay. For tests that call a plug-in's functions themselves.
    pub fn as_ptr(&self) -> sys::OfxInteractHandle {
        self.0.interact.raw().cast_mut().cast()
    }

    /// Looks at another part of the canonical plane. The first view is of 640×480 canonical pixels from the origin on.
    pub fn set_viewport(&self, viewport: Viewport) {
        *lock(&self.0.viewport) = viewport;
        self.0.fill(&self.0.interact.properties);
    }

    /// Asks it to draw: through the DrawSuite where this host [has it](super::HostOptions::draw_suite) and the plug-in
    /// can, else by OpenGL, which needs a current context on this thread.
    ///
    /// # Errors
    /// When the plug-in fails.
    pub fn draw(&self) -> Result<bool> {
        let driver = &self.0;
        if !driver.draws {
            return driver.perform(sys::kOfxInteractActionDraw, Some(&driver.arguments(&[])));
        }
        let args = driver.arguments(&[sys::kOfxInteractPropDrawContext]);
        let drawing = Drawing::begin();
        args.put_pointer(sys::kOfxInteractPropDrawContext, drawing.address());
        let outcome = driver.perform(sys::kOfxInteractActionDraw, Some(&args));
        *lock(&driver.drawn) = drawing.end();
        outcome
    }

    /// What was drawn last through the DrawSuite.
    pub fn drawn(&self) -> DrawList {
        lock(&self.0.drawn).clone()
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
        let view = *lock(&self.0.viewport);
        let pixel = |axis: usize| ((position[axis] - view.origin[axis]) / view.pixel_scale[axis]).floor() as i32;
        args.put_doubles(sys::kOfxInteractPropPenPosition, &position);
        args.put_ints(sys::kOfxInteractPropPenViewportPosition, &[pixel(0), pixel(1)]);
        args.put_doubles(sys::kOfxInteractPropPenPressure, &[pressure]);
        let name = match what {
            PenAction::Down => sys::kOfxInteractActionPenDown,
            PenAction::Motion => sys::kOfxInteractActionPenMotion,
            PenAction::Up => sys::kOfxInteractActionPenUp,
        };
        self.0.perform(name, Some(&args))
    }

    /// Presses a key, by the number that OpenFX gives it (`kOfxKey_…`), and the character that it types; `true` when the
    /// plug-in has taken the event for itself.
    ///
    /// # Errors
    /// When the plug-in fails.
    pub fn key(&self, what: KeyAction, symbol: i32, text: &str) -> Result<bool> {
        let driver = &self.0;
        let names = [
            sys::kOfxPropEffectInstance,
            sys::kOfxPropTime,
            sys::kOfxImageEffectPropRenderScale,
            sys::kOfxPropKeySym,
            sys::kOfxPropKeyString,
        ];
        let args = arguments(&driver.effect, false, &names);
        driver.fill(&args);
        args.put_ints(sys::kOfxPropKeySym, &[symbol]);
        args.put_string(sys::kOfxPropKeyString, text);
        let name = match what {
            KeyAction::Down => sys::kOfxInteractActionKeyDown,
            KeyAction::Up => sys::kOfxInteractActionKeyUp,
            KeyAction::Repeat => sys::kOfxInteractActionKeyRepeat,
        };
        driver.perform(name, Some(&args))
    }

    /// Tells it that events come to its viewer from now on, or go elsewhere.
    ///
    /// # Errors
    /// When the plug-in fails.
    pub fn focus(&self, gained: bool) -> Result<bool> {
        let name = if gained { sys::kOfxInteractActionGainFocus } else { sys::kOfxInteractActionLoseFocus };
        self.0.perform(name, Some(&self.0.arguments(&[])))
    }

    /// How often the plug-in has asked to be drawn again.
    pub fn redraws(&self) -> u32 {
        self.0.interact.redraws.load(Ordering::Relaxed)
    }

    /// The ids of the parameters at whose change the plug-in wants to be drawn again.
    pub fn redraw_params(&self) -> Vec<String> {
        self.0.interact.properties.texts(sys::kOfxInteractPropSlaveToParam)
    }
}

/// The way in to a plug-in's overlay, and whether it draws through the DrawSuite.
pub(crate) fn entry(options: &HostOptions, descriptor: &Effect) -> Option<(MainEntry, bool)> {
    let address = |name| Some(descriptor.properties.pointer(name)).filter(|address| *address != 0);
    let new = address(sys::kOfxImageEffectPluginPropOverlayInteractV2).filter(|_| options.draw_suite);
    let draws = new.is_some();
    let address =
        new.or_else(|| address(sys::kOfxImageEffectPluginPropOverlayInteractV1)).filter(|_| options.overlays)?;
    let pointer: *const c_void = std::ptr::with_exposed_provenance(address);
    // SAFETY: the plug-in set this property, which the standard says holds a main entry, to an address that is not null;
    // its binary is loaded.
    Some((unsafe { std::mem::transmute::<*const c_void, MainEntry>(pointer) }, draws))
}

impl Driver {
    /// `true` when the plug-in has taken the event for itself.
    fn perform(&self, name: &'static CStr, args: Option<&PropertySet>) -> Result<bool> {
        let effect = &self.effect;
        let frame = Frame::at(effect.time(), effect.proxy());
        let action = Action::new(&effect.host, &effect.binary.identifier, Some(effect), name, frame);
        let in_args = args.map_or(std::ptr::null_mut(), PropertySet::raw);
        let status = action.perform(self.entry, self.interact.raw(), in_args, std::ptr::null_mut());
        change::close_blocks(effect);
        match status {
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
            sys::kOfxInteractPropViewportSize,
        ];
        let names: Vec<&CStr> = common.iter().chain(more).copied().collect();
        let args = arguments(&self.effect, false, &names);
        self.fill(&args);
        args
    }

    /// Writes what the viewer is like now, as far as a set has properties for it.
    fn fill(&self, set: &PropertySet) {
        let Viewport { pixel_scale, width, height, background: [r, g, b, _], .. } = *lock(&self.viewport);
        set.put_pointer(sys::kOfxPropEffectInstance, self.effect.raw().addr());
        set.put_doubles(sys::kOfxPropTime, &[self.effect.time()]);
        let scale = self.effect.proxy();
        set.put_doubles(sys::kOfxImageEffectPropRenderScale, &[scale.x, scale.y]);
        set.put_doubles(sys::kOfxInteractPropPixelScale, &pixel_scale);
        set.put_doubles(sys::kOfxInteractPropBackgroundColour, &[r, g, b].map(f64::from));
        let pixels = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        set.put_ints(sys::kOfxInteractPropViewportSize, &[pixels(width), pixels(height)]);
    }
}

impl Drop for Overlay {
    fn drop(&mut self) {
        if let Err(error) = self.0.perform(sys::kOfxActionDestroyInstance, None) {
            log::warn!("{error}");
        }
    }
}
