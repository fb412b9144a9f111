//! Viewers of a plug-in on the stage: its overlay is called without manners, too.

use super::{
    Dice, Given, Glance, Who,
    sequence::{NUMBERS, given, who},
    stage::{Inner, stale},
};
use crate::{
    RenderScale, Status,
    host::{
        action::{Action, Frame, MainEntry},
        interact::{self, Interact},
        properties::{PropertySet, SetKind},
        property_tables,
        suites::draw::Drawing,
        sync::lock,
    },
    sys,
};
use std::{
    ffi::{CStr, c_void},
    sync::{Arc, Mutex},
};

/// Viewers of one sequence at most.
const MOST_VIEWERS: usize = 2;

/// Every action of a viewer, and one that nobody knows.
const ACTIONS: [&CStr; 12] = [
    sys::kOfxActionCreateInstance,
    sys::kOfxInteractActionDraw,
    sys::kOfxInteractActionPenDown,
    sys::kOfxInteractActionPenMotion,
    sys::kOfxInteractActionPenUp,
    sys::kOfxInteractActionKeyDown,
    sys::kOfxInteractActionKeyRepeat,
    sys::kOfxInteractActionKeyUp,
    sys::kOfxInteractActionGainFocus,
    sys::kOfxInteractActionLoseFocus,
    c"OfxInteractActionOfTomorrow\xff",
    sys::kOfxActionDestroyInstance,
];

/// The viewers of a stage.
#[derive(Default)]
pub(super) struct Viewers {
    slots: Mutex<[Option<Arc<Interact>>; MOST_VIEWERS]>,
    /// Every viewer that the plug-in may still know.
    born: Mutex<Vec<Arc<Interact>>>,
}

impl Glance {
    /// Anything that may happen in a viewer, mostly as it should.
    pub(super) fn random(dice: &mut Dice) -> Self {
        let mut number = |usual: f64| if dice.once_in(12) { dice.pick(&NUMBERS) } else { usual };
        let numbers = [number(100.0), number(50.0), number(1.0), number(1.0), number(1.0)];
        Self {
            action: dice.pick(&ACTIONS),
            viewer: who(dice),
            instance: who(dice),
            in_args: given(dice),
            context: given(dice),
            numbers,
            key: dice.pick(&[sys::kOfxKey_Right as i32, 0, -1, i32::MAX]),
        }
    }

    /// As a host without faults would do it.
    fn proper(action: &'static CStr) -> Self {
        Self {
            action,
            viewer: Who::Live(0),
            instance: Who::Live(0),
            in_args: Given::Proper,
            context: Given::Proper,
            numbers: [100.0, 50.0, 1.0, 1.0, 1.0],
            key: sys::kOfxKey_Right as i32,
        }
    }

    pub(super) fn has_good_handles(&self) -> bool {
        (self.in_args, self.context) == (Given::Proper, Given::Proper)
    }
}

impl Inner {
    /// The way in to the plug-in's overlay, if it has one.
    pub(super) fn overlay_entry(&self) -> Option<MainEntry> {
        let (descriptor, _) = self.plugin.context(self.context).ok()?;
        interact::entry(&self.host().core().options, descriptor).map(|(entry, _)| entry)
    }

    /// Everything that happens in a viewer, once and without lies.
    pub(super) fn glance_at_all(&self) {
        ACTIONS.iter().for_each(|action| self.glance(&Glance::proper(action)));
    }

    pub(super) fn glance(&self, glance: &Glance) {
        let Some(entry) = self.overlay_entry() else { return };
        if glance.action == sys::kOfxActionCreateInstance {
            return self.create_viewer(entry, glance);
        }
        let (handle, viewer) = self.viewer(glance.viewer);
        if glance.action == sys::kOfxActionDestroyInstance {
            return self.destroy_viewer(entry, handle, viewer, glance);
        }
        let drawing = Drawing::begin();
        let args = self.viewer_args(glance, &drawing);
        let status = self.call_viewer(entry, handle, self.given(glance.in_args, &args), glance);
        drawing.end();
        let right = [Status::BAD_HANDLE, Status::MISSING_HOST_FEATURE].contains(&status);
        if viewer.is_none() && !right {
            let Glance { action, viewer, .. } = glance;
            self.fail(format!("{action:?} of a viewer that is not there ({viewer:?}) answered {status}"));
        }
    }

    /// The handle of a viewer, and the viewer behind it.
    fn viewer(&self, who: Who) -> (*const c_void, Option<Arc<Interact>>) {
        match who {
            Who::Null => (std::ptr::null(), None),
            Who::Stale => (stale(), None),
            Who::Foreign => (self.plugin.core().descriptor.raw_params().cast_const().cast(), None),
            Who::Live(n) => match lock(&self.viewers.slots)[n % MOST_VIEWERS].clone() {
                Some(viewer) => (viewer.raw(), Some(viewer)),
                None => (std::ptr::null(), None),
            },
        }
    }

    fn create_viewer(&self, entry: MainEntry, glance: &Glance) {
        let Who::Live(n) = glance.viewer else { return };
        let tables = [property_tables::INTERACT_DESCRIPTOR, property_tables::INTERACT_INSTANCE];
        let set = PropertySet::new(self.host().core(), SetKind::Interact, "of a hostile host", &tables);
        set.put_pointer(sys::kOfxPropEffectInstance, self.handle(glance.instance).0.addr());
        let viewer = {
            let mut slots = lock(&self.viewers.slots);
            // Where there is one, it is created a second time.
            Arc::clone(slots[n % MOST_VIEWERS].get_or_insert_with(|| Interact::new(set)))
        };
        lock(&self.viewers.born).push(Arc::clone(&viewer));
        // A refusal is an answer; the viewer is then closed with all others.
        let _any = self.call_viewer(entry, viewer.raw(), std::ptr::null_mut(), glance);
    }

    fn destroy_viewer(&self, entry: MainEntry, handle: *const c_void, viewer: Option<Arc<Interact>>, glance: &Glance) {
        // The host forgets it first: whoever is called back in the middle finds no such viewer.
        for slot in lock(&self.viewers.slots).iter_mut() {
            if slot.as_ref().is_some_and(|other| other.raw() == handle) {
                *slot = None;
            }
        }
        let status = self.call_viewer(entry, handle, std::ptr::null_mut(), glance);
        if viewer.is_some() && status == Status::OK {
            lock(&self.viewers.born).retain(|other| other.raw() != handle);
            self.sky.note_destroyed();
        }
        if viewer.is_none() && status != Status::BAD_HANDLE {
            self.fail(format!("a viewer that is not there was destroyed with {status}"));
        }
    }

    fn viewer_args(&self, glance: &Glance, drawing: &Drawing) -> Arc<PropertySet> {
        let names = [
            sys::kOfxPropEffectInstance,
            sys::kOfxPropTime,
            sys::kOfxImageEffectPropRenderScale,
            sys::kOfxInteractPropPixelScale,
            sys::kOfxInteractPropBackgroundColour,
            sys::kOfxInteractPropViewportSize,
            sys::kOfxInteractPropDrawContext,
            sys::kOfxInteractPropPenPosition,
            sys::kOfxInteractPropPenViewportPosition,
            sys::kOfxInteractPropPenPressure,
            sys::kOfxPropKeySym,
            sys::kOfxPropKeyString,
        ];
        let table = property_tables::arguments(&names, false);
        let set = PropertySet::new(self.host().core(), SetKind::InArgs, "of a hostile host", &[&table]);
        let [x, y, width, height, time] = glance.numbers;
        set.put_pointer(sys::kOfxPropEffectInstance, self.handle(glance.instance).0.addr());
        set.put_doubles(sys::kOfxPropTime, &[time]);
        set.put_doubles(sys::kOfxInteractPropPixelScale, &[width, height]);
        set.put_doubles(sys::kOfxInteractPropPenPosition, &[x, y]);
        set.put_doubles(sys::kOfxInteractPropPenPressure, &[width]);
        set.put_ints(sys::kOfxInteractPropViewportSize, &[x as i32, y as i32]);
        set.put_ints(sys::kOfxPropKeySym, &[glance.key]);
        let context = match glance.context {
            Given::Proper => drawing.address(),
            Given::Null => 0,
            Given::Stale => stale().addr(),
            Given::Foreign => self.plugin.core().descriptor.raw().addr(),
        };
        set.put_pointer(sys::kOfxInteractPropDrawContext, context);
        set
    }

    /// Calls the overlay. Whatever the host does, the answer is a status of the standard.
    fn call_viewer(
        &self,
        entry: MainEntry,
        handle: *const c_void,
        in_args: sys::OfxPropertySetHandle,
        glance: &Glance,
    ) -> Status {
        let (_, effect) = self.handle(glance.instance);
        let binary = &self.plugin.core().binary;
        let time = glance.numbers[4];
        let frame = Frame::at(if time.is_finite() { time } else { 1.0 }, RenderScale::FULL);
        let action = Action::new(self.host().core(), &binary.identifier, effect.as_ref(), glance.action, frame);
        let status = action.perform(entry, handle, in_args, std::ptr::null_mut());
        lock(&self.answers).push((glance.action, status));
        if status.name().is_none() {
            self.fail(format!("{:?} of a viewer answered {status}, which is no status", glance.action));
        }
        status
    }

    /// Destroys every viewer that the plug-in may still know.
    pub(super) fn close_viewers(&self) {
        *lock(&self.viewers.slots) = Default::default();
        let Some(entry) = self.overlay_entry() else { return };
        for viewer in std::mem::take(&mut *lock(&self.viewers.born)) {
            // Twice for one that was created twice; a refusal then.
            let _any = self.call_viewer(
                entry,
                viewer.raw(),
                std::ptr::null_mut(),
                &Glance::proper(sys::kOfxActionDestroyInstance),
            );
        }
    }
}
