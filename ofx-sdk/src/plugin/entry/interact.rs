//! Where a host comes in to an overlay, and from the name of an action to the method of [`Overlay`].

use super::{
    dispatch::scale,
    gate::{Call, pass},
    process::{Node, kept, process},
};
use crate::{
    Error, Result, Status,
    plugin::{
        effect::Effect,
        host_info::FetchedHost,
        instance::Instance,
        message::MessageKind,
        overlay::{DrawArgs, FocusArgs, Key, KeyArgs, Outcome, Overlay, Painter, PenArgs, Sight, View, replay},
        properties::Properties,
        suites::{EffectHandle, Handle, InteractHandle},
    },
    sys,
};
use std::{
    collections::HashMap,
    ffi::{CStr, c_char, c_void},
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

/// The overlay of one node in one viewer.
struct Viewer<O> {
    overlay: O,
    /// The host that made it.
    host: Arc<FetchedHost>,
    /// Until the host destroys it.
    alive: AtomicBool,
    /// The node that it was made for, as far as the host said so then.
    effect: Option<EffectHandle>,
    /// Where the pen was last: its canonical position, and the pixel of the viewer.
    pen: Mutex<Option<([f64; 2], [i32; 2])>>,
    /// Whether the overlay could not be drawn for want of a pen.
    needs_pen: AtomicBool,
}

/// The viewers of one type of overlay, kept for good. The lock is held for a look-up only, never while the host or the
/// overlay is called.
struct Viewers<O>(RwLock<HashMap<usize, Arc<Viewer<O>>>>);

fn viewers<O: Overlay>() -> &'static Viewers<O> {
    kept(|| Viewers::<O>(RwLock::default()))
}

impl<O> Viewers<O> {
    fn get(&self, handle: InteractHandle) -> Option<Arc<Viewer<O>>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&handle.key()).cloned()
    }

    fn insert(&self, handle: InteractHandle, viewer: Viewer<O>) {
        let old = self.0.write().unwrap_or_else(PoisonError::into_inner).insert(handle.key(), Arc::new(viewer));
        if let Some(old) = old {
            log::warn!("the host created an overlay twice without destroying it");
            old.retire();
        }
    }

    fn remove(&self, handle: InteractHandle) -> bool {
        // Dropped after the lock: the overlay's own code runs then.
        let old = self.0.write().unwrap_or_else(PoisonError::into_inner).remove(&handle.key());
        old.map(|viewer| viewer.retire()).is_some()
    }
}

/// The one way into an overlay.
pub(crate) unsafe extern "C" fn interact_entry<O: Overlay>(
    action: *const c_char,
    handle: *const c_void,
    in_args: sys::OfxPropertySetHandle,
    out_args: sys::OfxPropertySetHandle,
) -> sys::OfxStatus {
    if action.is_null() {
        return Status::VALUE.0;
    }
    // SAFETY: not null, and the host promises a NUL-terminated string.
    let action = unsafe { CStr::from_ptr(action) };
    let call = Call::new(action, handle, in_args, out_args);
    let label = <O::Effect as Effect>::DESCRIPTOR.label;
    let status = pass(label, action, || dispatch::<O>(&call, handle), |text| report::<O>(&call, handle, text));
    // A host drops an overlay that fails to draw, and the next drawing may well succeed.
    if action == sys::kOfxInteractActionDraw && status == Status::FAILED { Status::REPLY_DEFAULT.0 } else { status.0 }
}

/// Calls the method that an action stands for.
fn dispatch<O: Overlay>(call: &Call<'_>, handle: *const c_void) -> Result<Status> {
    let action = call.action;
    let interact = Handle::new(handle.cast_mut().cast()).ok_or_else(|| call.lacks("a null handle"))?;
    if action == sys::kOfxActionDescribe {
        return Ok(Status::OK);
    }
    if action == sys::kOfxActionCreateInstance {
        return create::<O>(interact);
    }
    if action == sys::kOfxActionDestroyInstance {
        let removed = viewers::<O>().remove(interact);
        return if removed { Ok(Status::OK) } else { Err(call.unknown_handle()) };
    }
    if !action.to_bytes().starts_with(b"OfxInteractAction") {
        return Ok(Status::REPLY_DEFAULT);
    }
    let viewer = viewers::<O>().get(interact).ok_or_else(|| call.unknown_handle())?;
    on_viewer(&viewer, interact, call)
}

fn create<O: Overlay>(interact: InteractHandle) -> Result<Status> {
    let host = process::<O::Effect>()
        .host()
        .ok_or_else(|| Error::Missing("OfxHost: setHost was not called, or with null".to_owned()))?
        .fetched();
    let mut effect = None;
    if let Ok(set) = host.suites.interact_properties(interact) {
        let p = Properties::new(&host.suites, set);
        effect = effect_of(&p);
        p.set_strings(sys::kOfxInteractPropSlaveToParam, O::REDRAW_PARAMS.iter().copied());
    }
    let overlay = O::create(&host.info)?;
    let (pen, needs_pen) = (Mutex::default(), AtomicBool::new(false));
    let viewer = Viewer { overlay, host, alive: AtomicBool::new(true), effect, pen, needs_pen };
    viewers::<O>().insert(interact, viewer);
    Ok(Status::OK)
}

fn effect_of(p: &Properties<'_>) -> Option<EffectHandle> {
    Handle::new(p.pointer(sys::kOfxPropEffectInstance).cast())
}

/// Property sets in which a value of an action may stand: its arguments, then the viewer itself.
struct Sources<'a>([Option<Properties<'a>>; 2]);

impl<'a> Sources<'a> {
    fn new<O>(viewer: &'a Viewer<O>, interact: InteractHandle, call: &Call<'_>) -> Self {
        let suites = &*viewer.host.suites;
        let args = call.in_args().ok().map(|set| Properties::new(suites, set));
        let own = suites.interact_properties(interact).ok();
        Self([args, own.map(|set| Properties::while_alive(suites, set, &viewer.alive))])
    }

    fn find<T>(&self, get: impl Fn(&Properties<'a>) -> Option<T>) -> Option<T> {
        self.0.iter().flatten().find_map(get)
    }

    fn args(&self) -> Option<&Properties<'a>> {
        self.0[0].as_ref()
    }
}

/// Calls a method of an overlay, if its node exists. Both are kept alive until it returns, whatever the host does
/// meanwhile.
fn on_viewer<O: Overlay>(viewer: &Viewer<O>, interact: InteractHandle, call: &Call<'_>) -> Result<Status> {
    let sources = Sources::new(viewer, interact, call);
    let Some(node) = viewer.node(&sources) else {
        // A viewer that came before its node or stays after it shows nothing.
        return Ok(Status::REPLY_DEFAULT);
    };
    let instance = Instance::new(node.link.clone());
    let view = view(viewer, &sources, &node.effect, &instance, interact);
    let overlay = &viewer.overlay;
    let action = call.action;
    if action == sys::kOfxInteractActionDraw {
        return draw(viewer, view, &sources);
    }
    if action == sys::kOfxInteractActionGainFocus {
        return overlay.gain_focus(&FocusArgs { view }).map(|()| Status::OK);
    }
    if action == sys::kOfxInteractActionLoseFocus {
        return overlay.lose_focus(&FocusArgs { view }).map(|()| Status::OK);
    }
    let taken = if let Some(method) = pen_method::<O>(action) {
        let args = pen(view, &sources, call)?;
        viewer.see_pen(&args);
        method(overlay, &args)?
    } else if let Some(method) = key_method::<O>(action) {
        method(overlay, &key(view, &sources, call)?)?
    } else {
        false
    };
    Ok(if taken { Status::OK } else { Status::REPLY_DEFAULT })
}

type PenMethod<O> = fn(&O, &PenArgs<'_, <O as Overlay>::Effect>) -> Result<bool>;
type KeyMethod<O> = fn(&O, &KeyArgs<'_, <O as Overlay>::Effect>) -> Result<bool>;

fn pen_method<O: Overlay>(action: &CStr) -> Option<PenMethod<O>> {
    let methods: [(&CStr, PenMethod<O>); 3] = [
        (sys::kOfxInteractActionPenDown, O::pen_down),
        (sys::kOfxInteractActionPenMotion, O::pen_motion),
        (sys::kOfxInteractActionPenUp, O::pen_up),
    ];
    methods.into_iter().find(|(name, _)| *name == action).map(|(_, method)| method)
}

fn key_method<O: Overlay>(action: &CStr) -> Option<KeyMethod<O>> {
    let methods: [(&CStr, KeyMethod<O>); 3] = [
        (sys::kOfxInteractActionKeyDown, O::key_down),
        (sys::kOfxInteractActionKeyUp, O::key_up),
        (sys::kOfxInteractActionKeyRepeat, O::key_repeat),
    ];
    methods.into_iter().find(|(name, _)| *name == action).map(|(_, method)| method)
}

impl<O> Viewer<O> {
    /// From now on the host is asked nothing of it. A call that still holds the viewer keeps its state alive.
    fn retire(&self) {
        self.alive.store(false, Ordering::Release);
    }
}

impl<O: Overlay> Viewer<O> {
    /// The node that it belongs to, while that exists.
    fn node(&self, sources: &Sources<'_>) -> Option<Arc<Node<O::Effect>>> {
        sources.find(effect_of).or(self.effect).and_then(|effect| process::<O::Effect>().node(effect))
    }

    /// Remembers where the pen is, and asks for a drawing that waits for it.
    fn see_pen(&self, args: &PenArgs<'_, O::Effect>) {
        let Some(pixel) = args.viewport_position else { return };
        *self.pen.lock().unwrap_or_else(PoisonError::into_inner) = Some((args.position, pixel));
        if self.needs_pen.swap(false, Ordering::AcqRel) {
            args.request_redraw();
        }
    }
}

fn view<'a, O: Overlay>(
    viewer: &'a Viewer<O>,
    sources: &Sources<'_>,
    effect: &'a O::Effect,
    instance: &'a Instance,
    interact: InteractHandle,
) -> View<'a, O::Effect> {
    let color = |name| sources.find(|p| p.doubles::<3>(name).filter(|c| c.iter().all(|v| v.is_finite())));
    let sizes = |sizes: [f64; 2]| Some(sizes).filter(|s| s.iter().all(|v| v.is_finite() && *v > 0.0));
    let time = sources.find(|p| p.double(sys::kOfxPropTime)).filter(|time| time.is_finite());
    View {
        time: time.or_else(|| instance.timeline().time().ok().filter(|time| time.is_finite())).unwrap_or(0.0),
        scale: sources.args().and_then(|p| scale(p).ok()).unwrap_or_default(),
        pixel_scale: sources.find(|p| p.doubles(sys::kOfxInteractPropPixelScale).and_then(sizes)).unwrap_or([1.0; 2]),
        viewport: sources
            .find(|p| p.ints::<2>(sys::kOfxInteractPropViewportSize).and_then(|size| sizes(size.map(f64::from)))),
        background: color(sys::kOfxInteractPropBackgroundColour),
        suggested_color: color(sys::kOfxInteractPropSuggestedColour),
        effect,
        instance,
        suites: &viewer.host.suites,
        interact,
        alive: &viewer.alive,
    }
}

/// Paints, and draws what was painted.
fn draw<O: Overlay>(viewer: &Viewer<O>, view: View<'_, O::Effect>, sources: &Sources<'_>) -> Result<Status> {
    let mut painter = Painter::new(view.pixel_scale);
    let args = DrawArgs { view };
    if let Err(error) = viewer.overlay.draw(&args, &mut painter) {
        log::error!("{}: overlay: {error}", <O::Effect as Effect>::DESCRIPTOR.label);
        return Ok(Status::REPLY_DEFAULT);
    }
    // Painting may have called the host, and the host may have destroyed the node.
    if args.handle().is_err() {
        return Ok(Status::REPLY_DEFAULT);
    }
    let context = sources.args().and_then(|p| Handle::new(p.pointer(sys::kOfxInteractPropDrawContext).cast()));
    let pen = *viewer.pen.lock().unwrap_or_else(PoisonError::into_inner);
    let sight = Sight { pixel_scale: args.pixel_scale, pen };
    let outcome = replay(&viewer.host.suites, context, &painter.finish(), &sight);
    viewer.needs_pen.store(outcome == Outcome::NeedsPen, Ordering::Release);
    Ok(Status::OK)
}

fn pen<'a, E: Effect>(view: View<'a, E>, sources: &Sources<'_>, call: &Call<'_>) -> Result<PenArgs<'a, E>> {
    let p = sources.args().ok_or_else(|| call.lacks("null inArgs"))?;
    let position = p
        .doubles::<2>(sys::kOfxInteractPropPenPosition)
        .ok_or_else(|| Error::Missing("pen position in the arguments of the action".to_owned()))?;
    if !position.iter().all(|v| v.is_finite()) {
        let reason = format!("the host says that the pen is at {position:?}");
        return Err(Error::Value { subject: "pen position".to_owned(), reason });
    }
    let pressure = p.double(sys::kOfxInteractPropPenPressure).filter(|v| v.is_finite());
    Ok(PenArgs {
        position,
        viewport_position: p.ints(sys::kOfxInteractPropPenViewportPosition),
        pressure: pressure.map_or(1.0, |v| v.clamp(0.0, 1.0)),
        view,
    })
}

fn key<'a, E: Effect>(view: View<'a, E>, sources: &Sources<'_>, call: &Call<'_>) -> Result<KeyArgs<'a, E>> {
    let p = sources.args().ok_or_else(|| call.lacks("null inArgs"))?;
    Ok(KeyArgs {
        key: p.int(sys::kOfxPropKeySym).map_or(Key::UNKNOWN, Key),
        text: p.string(sys::kOfxPropKeyString).unwrap_or_default(),
        view,
    })
}

/// Logs what went wrong, and shows it where the artist has just done something.
fn report<O: Overlay>(call: &Call<'_>, handle: *const c_void, text: &str) {
    let text = format!("{}: {text}", <O::Effect as Effect>::DESCRIPTOR.label);
    log::error!("{}: {text}", call.action.to_string_lossy());
    let shown = [sys::kOfxInteractActionPenDown, sys::kOfxInteractActionPenUp, sys::kOfxInteractActionKeyDown];
    if !call.is(&shown) {
        return;
    }
    let Some(interact) = Handle::new(handle.cast_mut().cast()) else { return };
    let Some(viewer) = viewers::<O>().get(interact) else { return };
    if let Some(node) = viewer.node(&Sources::new(&viewer, interact, call)) {
        Instance::new(node.link.clone()).message(MessageKind::Error, &text);
    }
}
