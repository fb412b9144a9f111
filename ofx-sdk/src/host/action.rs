//! What a plug-in is doing just now, and on which threads.
#![allow(unsafe_code)]

use super::{
    answers::FramesNeeded,
    effect::Effect,
    loan::{Loan, LoanBuffer},
    plugin::HostCore,
    sync::lock,
    violation::ViolationKind,
};
use crate::{Error, Field, RectD, RectI, RenderScale, Status, sys};
use std::{
    cell::RefCell,
    collections::BTreeMap,
    ffi::{CStr, c_void},
    sync::{Arc, Mutex},
};

/// The function behind every action.
pub(crate) type MainEntry = unsafe extern "C" fn(
    *const std::ffi::c_char,
    *const c_void,
    sys::OfxPropertySetHandle,
    sys::OfxPropertySetHandle,
) -> sys::OfxStatus;

/// The function by which a host introduces itself.
pub(crate) type SetHost = unsafe extern "C" fn(*mut sys::OfxHost);

/// What images an action may fetch, and at which scale.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub time: f64,
    pub scale: RenderScale,
    pub field: Field,
    /// The canonical part of each input that the plug-in asked for.
    pub regions: BTreeMap<String, RectD>,
    /// The frames of each input that the plug-in asked for; `None` where it was not asked, as outside of render.
    pub frames: Option<FramesNeeded>,
    /// Whether the action tells of what the artist has changed.
    pub by_artist: bool,
    /// Where the output lies: its bounds, in render only.
    pub output: Option<RectI>,
    /// Pixels of the output's region of definition, in render only.
    pub whole: RectI,
}

impl Frame {
    pub fn at(time: f64, scale: RenderScale) -> Self {
        Self {
            time,
            scale,
            field: Field::None,
            regions: BTreeMap::new(),
            frames: None,
            by_artist: false,
            output: None,
            whole: RectI::default(),
        }
    }
}

impl Default for Frame {
    fn default() -> Self {
        Self::at(0.0, RenderScale::FULL)
    }
}

/// One action that runs.
pub(crate) struct Action {
    pub host: Arc<HostCore>,
    pub plugin: String,
    pub effect: Option<Arc<Effect>>,
    pub name: &'static CStr,
    pub frame: Frame,
    /// Images that are not released yet.
    pub loans: Mutex<Vec<Arc<Loan>>>,
    /// The pixels of each plane of the output; color is the empty name.
    pub outputs: Mutex<BTreeMap<String, Arc<LoanBuffer>>>,
    /// Every buffer handed out, where they are checked for what was written.
    pub checked: Mutex<Vec<Arc<LoanBuffer>>>,
    /// Why inputs could not be had.
    pub failures: Mutex<Vec<Error>>,
    /// Errors that the plug-in has told the artist of.
    pub complaints: Mutex<Vec<String>>,
}

thread_local! {
    static STACK: RefCell<Vec<Arc<Action>>> = const { RefCell::new(Vec::new()) };
}

/// The innermost action that runs on this thread.
pub(crate) fn current() -> Option<Arc<Action>> {
    STACK.try_with(|stack| stack.borrow().last().cloned()).ok().flatten()
}

/// How deep actions are nested on this thread.
pub(crate) fn depth() -> usize {
    STACK.with(|stack| stack.borrow().len())
}

/// The name of the innermost action on this thread; empty outside.
pub(crate) fn current_name() -> String {
    current().map(|action| action.name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The action in which a call for `effect` is made: this thread's, or the latest one of that effect for a thread that
/// the plug-in has started by itself.
pub(crate) fn of(effect: &Arc<Effect>) -> Option<Arc<Action>> {
    let same = |action: &Arc<Action>| action.effect.as_ref().is_some_and(|e| Arc::ptr_eq(e, effect));
    current().filter(same).or_else(|| lock(&effect.active).last().cloned())
}

/// This thread works for an action until this is dropped.
pub(crate) struct Entered;

impl Drop for Entered {
    fn drop(&mut self) {
        STACK.with(|stack| stack.borrow_mut().pop());
    }
}

pub(crate) fn enter(action: Arc<Action>) -> Entered {
    STACK.with(|stack| stack.borrow_mut().push(action));
    Entered
}

impl Action {
    pub fn new(
        host: &Arc<HostCore>,
        plugin: &str,
        effect: Option<&Arc<Effect>>,
        name: &'static CStr,
        frame: Frame,
    ) -> Arc<Self> {
        Arc::new(Self {
            host: Arc::clone(host),
            plugin: plugin.to_owned(),
            effect: effect.cloned(),
            name,
            frame,
            loans: Mutex::default(),
            outputs: Mutex::default(),
            checked: Mutex::default(),
            failures: Mutex::default(),
            complaints: Mutex::default(),
        })
    }

    /// Calls the plug-in, and looks at what it left behind. No lock is held across the call.
    pub fn perform(
        self: &Arc<Self>,
        entry: MainEntry,
        handle: *const c_void,
        in_args: sys::OfxPropertySetHandle,
        out_args: sys::OfxPropertySetHandle,
    ) -> Status {
        if let Some(effect) = &self.effect {
            lock(&effect.active).push(Arc::clone(self));
        }
        let entered = enter(Arc::clone(self));
        // SAFETY: the entry point comes from the plug-in's table, whose binary stays loaded while its plug-in is alive;
        // the action is a C string of ours, and handles are numbers that the suites look up.
        let status = Status(unsafe { entry(self.name.as_ptr(), handle, in_args, out_args) });
        self.clean_up();
        drop(entered);
        if let Some(effect) = &self.effect {
            lock(&effect.active).retain(|action| !Arc::ptr_eq(action, self));
        }
        if status.name().is_none() {
            self.host.violation_of(
                &self.plugin,
                self.name,
                ViolationKind::MissingReply,
                format!("answered {status}, which is no code of the standard"),
            );
        }
        status
    }

    fn clean_up(&self) {
        let left = std::mem::take(&mut *lock(&self.loans));
        for loan in &left {
            self.host.violation_of(
                &self.plugin,
                self.name,
                ViolationKind::ImageNotReleased,
                format!("image of clip {}", loan.buffer.clip),
            );
        }
        drop(left);
        for buffer in std::mem::take(&mut *lock(&self.checked)) {
            for (kind, detail) in buffer.damage() {
                let detail = format!("clip {}: {detail}", buffer.clip);
                self.host.violation_of(&self.plugin, self.name, kind, detail);
            }
        }
    }

    /// The error of an action that was not answered as it should be, with what the plug-in said about it.
    pub fn error(&self, status: Status) -> Error {
        let action = self.name.to_string_lossy();
        let said = lock(&self.complaints).join("; ");
        let said = if said.is_empty() { said } else { format!(" ({said})") };
        Error::Call { call: format!("{}, {action}{said}", self.plugin), status }
    }

    /// Whether a plug-in may set parameters in this action. Nuke crashes where it may not.
    pub fn allows_set(&self) -> bool {
        let name = self.name;
        name == sys::kOfxActionInstanceChanged
            || name == sys::kOfxActionBeginInstanceChanged
            || name == sys::kOfxActionEndInstanceChanged
            || name == sys::kOfxActionSyncPrivateData
            || name == sys::kOfxActionBeginInstanceEdit
            || name == sys::kOfxActionEndInstanceEdit
            || self.is_interact()
    }

    /// Whether images of inputs may be fetched: in render, and where the artist has changed something.
    /// An overlay may not.
    pub fn allows_fetch(&self) -> bool {
        let tells = self.name == sys::kOfxActionInstanceChanged || self.name == sys::kOfxActionEndInstanceChanged;
        self.name == sys::kOfxImageEffectActionRender || (tells && self.frame.by_artist)
    }

    /// Whether it renders a frame or asks about one, so that values of parameters must be those of that frame.
    pub fn has_own_frame(&self) -> bool {
        [
            sys::kOfxImageEffectActionRender,
            sys::kOfxImageEffectActionBeginSequenceRender,
            sys::kOfxImageEffectActionEndSequenceRender,
            sys::kOfxImageEffectActionIsIdentity,
            sys::kOfxImageEffectActionGetRegionOfDefinition,
            sys::kOfxImageEffectActionGetRegionsOfInterest,
            sys::kOfxImageEffectActionGetFramesNeeded,
            sys::planes::kFnOfxImageEffectActionGetClipComponents,
        ]
        .contains(&self.name)
    }

    pub fn is_interact(&self) -> bool {
        self.name.to_bytes().starts_with(b"OfxInteractAction")
    }

    /// Whether parameters and clips may be defined.
    pub fn allows_define(&self) -> bool {
        self.name == sys::kOfxImageEffectActionDescribeInContext || self.name == sys::kOfxActionDescribe
    }
}
