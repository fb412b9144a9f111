//! Lives without lies, which say what a plug-in uses and whether it is still whole, and the end of every life.

use super::{Asked, Cast, Given, HostGiven, Sequence, Who, plain_source::BOUNDS, sequence::ACTIONS, stage::Inner};
use crate::{
    Context, Error, Result, Status,
    host::{
        Host, Violation, ViolationKind, instance,
        properties::{PropertySet, SetKind, c_string},
        property_tables,
        sync::lock,
    },
    sys,
};
use std::sync::atomic::Ordering;

/// Mistakes that no misbehaviour of the host excuses.
const NEVER: [ViolationKind; 6] = [
    ViolationKind::WroteOutsideImage,
    ViolationKind::WroteInput,
    ViolationKind::NotUtf8,
    ViolationKind::NullArgument,
    ViolationKind::UnescapedMessage,
    ViolationKind::SetOutsideChange,
];

/// Loads of one sequence at most.
const MOST_LOADS: usize = 30;

impl Inner {
    /// Lives through everything once, without lies, and notes what the plug-in uses.
    pub(super) fn rehearse(&self) -> Result<Cast> {
        let description = self.plugin.description(self.context)?;
        let params: Vec<String> = description.params.iter().map(|param| param.id.clone()).collect();
        let _ = self.params.set(params.clone());
        self.sky.watch();
        self.calm_life(true);
        let mut cast = self.sky.seen().into_cast();
        cast.params = params;
        cast.overlay = self.overlay_entry().is_some();
        cast.planes = self.planes.get().cloned().unwrap_or_default();
        let failures = std::mem::take(&mut *lock(&self.failures));
        if failures.is_empty() { Ok(cast) } else { Err(Error::node(failures.join("\n"))) }
    }

    /// A life without lies: everything once where `all` is asked for, else only a render.
    pub(super) fn calm_life(&self, all: bool) {
        self.set_host(HostGiven::Same);
        self.plain(sys::kOfxActionLoad, Who::Null);
        let asked = Asked {
            time: 1.0,
            scale: [1.0; 2],
            window: BOUNDS,
            bounds: BOUNDS,
            field: crate::Field::None,
            planes: Vec::new(),
            param: 0,
        };
        self.create(0);
        if all {
            self.plain(sys::kOfxActionDescribe, Who::Live(0));
            (0..Context::ALL.len()).for_each(|context| self.describe_in(context, Given::Proper));
            self.note_planes();
            for param in 0..self.params.get().map_or(0, Vec::len) {
                let changed = Asked { param, ..asked.clone() };
                self.act(sys::kOfxActionInstanceChanged, Who::Live(0), Given::Proper, Given::Proper, &changed);
            }
            for action in ACTIONS {
                let planes = (0..self.planes.get().map_or(0, Vec::len)).collect();
                let asked = Asked { planes, ..asked.clone() };
                self.act(action, Who::Live(0), Given::Proper, Given::Proper, &asked);
            }
            self.glance_at_all();
            // A life that pressed every button does not show what a new one does.
            self.destroy(Who::Live(0));
            self.create(0);
        }
        let action = self.act(sys::kOfxImageEffectActionRender, Who::Live(0), Given::Proper, Given::Proper, &asked);
        let output = lock(&action.outputs).remove("");
        match output {
            Some(buffer) => {
                let judged = (self.judge)(&buffer.into_image());
                judged.unwrap_or_else(|wrong| self.fail(format!("a render without lies went wrong: {wrong}")));
            }
            None => self.fail(format!("a render without lies gave no picture: {}", action.error(Status::FAILED))),
        }
        self.sweep(&Sequence { seed: 0, faults: Vec::new(), steps: Vec::new() });
    }

    fn note_planes(&self) {
        let Some(effect) = self.live(0) else { return };
        let name = sys::planes::kFnOfxImageEffectActionGetClipComponents;
        let out = self.out_args(name);
        let in_args = PropertySet::new(
            self.host().core(),
            SetKind::InArgs,
            "",
            &[&property_tables::arguments(&[sys::kOfxPropTime], false)],
        );
        self.tell(name, effect.raw().cast_const().cast(), Some(&effect), [in_args.raw(), out.raw()]);
        let prefix = sys::planes::kFnOfxImageEffectActionGetClipComponentsPropString.to_string_lossy();
        let property = c_string(&format!("{prefix}Output"));
        let mut planes = out.texts(&property);
        planes.push("uk.co.thefoundry.OfxImagePlaneOfTomorrow".into());
        let _ = self.planes.set(planes);
    }

    /// Destroys all, and looks for what is left or was done wrong.
    pub(super) fn sweep(&self, sequence: &Sequence) {
        self.set_host(HostGiven::Same);
        *lock(&self.slots) = Default::default();
        let null = std::ptr::null_mut();
        for effect in std::mem::take(&mut *lock(&self.born)) {
            let handle = effect.raw().cast_const().cast();
            self.tell(sys::kOfxActionDestroyInstance, handle, Some(&effect), [null; 2]);
            instance::reclaim(&effect);
        }
        // Viewers that stay after their nodes.
        self.close_viewers();
        // A render may have outlived these, and what it allocated had time until now.
        std::mem::take(&mut *lock(&self.gone)).iter().for_each(instance::reclaim);
        if self.counted.swap(false, Ordering::Relaxed) {
            // More than there can have been loads; one load stays, which is the host library's own.
            (0..MOST_LOADS).for_each(|_| self.plain(sys::kOfxActionUnload, Who::Null));
            self.plain(sys::kOfxActionLoad, Who::Null);
        } else {
            self.plain(sys::kOfxActionUnload, Who::Null);
        }
        let excused = sequence.may_leak();
        let violations: Vec<Violation> =
            [self.host(), &self.older].into_iter().flat_map(Host::take_violations).collect();
        for violation in violations {
            let leak = matches!(violation.kind, ViolationKind::ImageNotReleased | ViolationKind::MemoryNotFreed);
            // A thread that asks whether to stop may be in that very call when another one destroys its node.
            let asks = violation.detail.starts_with("abort ");
            // And a host that destroys what it creates for the second time has only itself to blame.
            let creates = violation.action == "OfxActionCreateInstance";
            let stale = violation.kind == ViolationKind::BadHandle && sequence.gives_good_handles();
            let stale = stale && !asks && !creates;
            // What a viewer sets, it may set: of the node that it was made for, where the host names none or another.
            let viewed =
                violation.kind == ViolationKind::SetOutsideChange && violation.action.starts_with("OfxInteractAction");
            if (NEVER.contains(&violation.kind) && !viewed) || stale || (leak && !excused) {
                self.fail(violation.to_string());
            }
        }
        [self.host(), &self.older].into_iter().for_each(|host| drop(host.messages()));
    }
}
