//! From the name of an action to the method of [`Effect`].

use super::{
    gate::Call,
    process::{Node, process},
    questions,
};
use crate::{
    Error, Field, FrameRange, RenderScale, Result, Status,
    plugin::{
        args::{ChangeReason, Changed, ChangedArgs, CreatedArgs, EditArgs, RenderArgs, SequenceArgs},
        describe,
        effect::Effect,
        host_info::FetchedHost,
        image::MOST_ACROSS,
        instance::{Instance, Link},
        planes::Plane,
        properties::Properties,
        suites::{EffectHandle, c_text},
    },
    sys,
};
use std::{
    ffi::CStr,
    marker::PhantomData,
    sync::{Arc, atomic::AtomicBool},
};

/// Calls the method that an action stands for.
pub(super) fn dispatch<E: Effect>(call: &Call<'_>) -> Result<Status> {
    let action = call.action;
    // These two give things back, which a host that took itself away may still ask for.
    if action == sys::kOfxActionUnload {
        return unload::<E>();
    }
    if action == sys::kOfxActionDestroyInstance {
        let removed = process::<E>().remove(call.handle()?);
        return if removed { Ok(Status::OK) } else { Err(call.unknown_handle()) };
    }

    let host = host::<E>(action == sys::kOfxActionLoad)?;
    if action == sys::kOfxActionLoad {
        load::<E>(&host)
    } else if action == sys::kOfxActionDescribe {
        describe::describe::<E>(&host, call.handle()?)
    } else if action == sys::kOfxImageEffectActionDescribeInContext {
        describe::describe_in_context::<E>(&host, call.handle()?, call.in_args()?)
    } else if action == sys::kOfxActionCreateInstance {
        create::<E>(&host, call)
    } else if is_known(action) {
        on_node::<E>(call)
    } else {
        Ok(Status::REPLY_DEFAULT)
    }
}

/// Actions of a node that stand for a method.
fn is_known(action: &CStr) -> bool {
    [
        sys::kOfxImageEffectActionRender,
        sys::kOfxImageEffectActionIsIdentity,
        sys::kOfxImageEffectActionGetRegionOfDefinition,
        sys::kOfxImageEffectActionGetRegionsOfInterest,
        sys::kOfxImageEffectActionGetFramesNeeded,
        sys::kOfxImageEffectActionGetTimeDomain,
        sys::kOfxImageEffectActionGetClipPreferences,
        sys::planes::kFnOfxImageEffectActionGetClipComponents,
        sys::kOfxImageEffectActionBeginSequenceRender,
        sys::kOfxImageEffectActionEndSequenceRender,
        sys::kOfxActionInstanceChanged,
        sys::kOfxActionBeginInstanceChanged,
        sys::kOfxActionEndInstanceChanged,
        sys::kOfxActionSyncPrivateData,
        sys::kOfxActionPurgeCaches,
    ]
    .contains(&action)
}

/// The host, if there is one that a plug-in can work in. At load its suites are fetched anew.
fn host<E: Effect>(renew: bool) -> Result<Arc<FetchedHost>> {
    let process = process::<E>();
    let state =
        process.host().ok_or_else(|| Error::Missing("OfxHost: setHost was not called, or with null".to_owned()))?;
    if renew {
        process.renew_host(&state);
    }
    let host = process.host().unwrap_or(state).fetched();
    if host.suites.are_usable() {
        Ok(host)
    } else {
        Err(Error::Missing("property, image effect or parameter suite".to_owned()))
    }
}

fn load<E: Effect>(host: &FetchedHost) -> Result<Status> {
    if process::<E>().load()
        && let Err(e) = E::load(&host.info)
    {
        log::error!("{}: {e}", E::DESCRIPTOR.label);
    }
    Ok(Status::OK)
}

fn unload<E: Effect>() -> Result<Status> {
    if process::<E>().unload() {
        E::unload();
    }
    Ok(Status::OK)
}

fn create<E: Effect>(host: &Arc<FetchedHost>, call: &Call<'_>) -> Result<Status> {
    let handle = call.handle()?;
    let effect = E::create(&host.info)?;
    let link = Arc::new(Link { host: host.clone(), handle, alive: AtomicBool::new(true) });
    let node = Arc::new(Node { effect, link });
    process::<E>().insert(node.clone());
    // A host destroys nothing that it could not create: a panic below must not leave the node behind.
    let mut birth = Birth::<E> { handle, done: false, effect: PhantomData };
    let instance = Instance::new(node.link.clone());
    if let Err(e) = node.effect.created(&CreatedArgs { instance: &instance, effect: PhantomData }) {
        log::warn!("{}: {e}", E::DESCRIPTOR.label);
    }
    birth.done = true;
    Ok(Status::OK)
}

/// A node that is being created; taken out again where that is not done.
struct Birth<E: Effect> {
    handle: EffectHandle,
    done: bool,
    effect: PhantomData<fn() -> E>,
}

impl<E: Effect> Drop for Birth<E> {
    fn drop(&mut self) {
        if !self.done {
            process::<E>().remove(self.handle);
        }
    }
}

/// Calls a method of a node. The node is kept alive until it returns, whatever the host does meanwhile.
fn on_node<E: Effect>(call: &Call<'_>) -> Result<Status> {
    let node = process::<E>().node(call.handle()?).ok_or_else(|| call.unknown_handle())?;
    let instance = Instance::new(node.link.clone());
    let effect = &node.effect;
    let edit = EditArgs { instance: &instance, effect: PhantomData };
    let action = call.action;
    if action == sys::kOfxImageEffectActionRender {
        render(effect, &instance, call)
    } else if action == sys::kOfxActionInstanceChanged {
        effect.changed(&changed(&instance, call)?).map(|()| Status::OK)
    } else if action == sys::kOfxActionBeginInstanceChanged {
        effect.begin_changes(&edit).map(|()| Status::OK)
    } else if action == sys::kOfxActionEndInstanceChanged {
        effect.end_changes(&edit).map(|()| Status::OK)
    } else if action == sys::kOfxActionSyncPrivateData {
        effect.sync_private_data(&synchronized(&instance)).map(|()| Status::OK)
    } else if action == sys::kOfxActionPurgeCaches {
        effect.purge_caches();
        Ok(Status::OK)
    } else if action == sys::kOfxImageEffectActionBeginSequenceRender {
        effect.begin_sequence(&sequence(&instance, call)?).map(|()| Status::OK)
    } else if action == sys::kOfxImageEffectActionEndSequenceRender {
        effect.end_sequence(&sequence(&instance, call)?).map(|()| Status::OK)
    } else {
        questions::ask(effect, &instance, call)
    }
}

fn render<E: Effect>(effect: &E, instance: &Instance, call: &Call<'_>) -> Result<Status> {
    let p = Properties::new(instance.suites(), call.in_args()?);
    let time = time(&p)?;
    let window = p
        .rect_i(sys::kOfxImageEffectPropRenderWindow)
        .ok_or_else(|| Error::Missing("render window in the arguments of render".to_owned()))?;
    if window.is_empty() {
        return Ok(Status::OK);
    }
    if window.width() > MOST_ACROSS || window.height() > MOST_ACROSS {
        return Err(Error::Value {
            subject: format!("render window {window:?}"),
            reason: "the host asks for more pixels than an image can have".to_owned(),
        });
    }
    let flag = |name| p.flag(name).unwrap_or(false);
    let args = RenderArgs::<E> {
        time,
        window,
        scale: scale(&p)?,
        field: field(&p),
        settings: instance.settings_at(time),
        planes: planes::<E>(instance, &p),
        sequential: flag(sys::kOfxImageEffectPropSequentialRenderStatus),
        interactive: flag(sys::kOfxImageEffectPropInteractiveRenderStatus),
        draft: flag(sys::kOfxImageEffectPropRenderQualityDraft),
        instance,
    };
    effect.render(&args).map(|()| Status::OK)
}

/// The planes to render; color where the host does not say.
fn planes<E: Effect>(instance: &Instance, p: &Properties<'_>) -> Vec<Plane> {
    if !(E::DESCRIPTOR.planes && instance.host().has_planes) {
        return vec![Plane::Color];
    }
    let mut planes = Vec::new();
    for plane in p.strings(sys::planes::kOfxImageEffectPropRenderPlanes).iter().map(|name| Plane::from_ofx(name)) {
        if !planes.contains(&plane) {
            planes.push(plane);
        }
    }
    if planes.is_empty() { vec![Plane::Color] } else { planes }
}

/// The time of an action, which must be there and finite.
pub(super) fn time(p: &Properties<'_>) -> Result<f64> {
    let time =
        p.double(sys::kOfxPropTime).ok_or_else(|| Error::Missing("time in the arguments of the action".to_owned()))?;
    if time.is_finite() {
        return Ok(time);
    }
    Err(Error::Value { subject: "time".to_owned(), reason: format!("the host asks for frame {time}") })
}

/// The render scale of an action; 1 where the host does not say.
pub(super) fn scale(p: &Properties<'_>) -> Result<RenderScale> {
    let [x, y] = p.doubles(sys::kOfxImageEffectPropRenderScale).unwrap_or([1.0; 2]);
    if [x, y].iter().all(|v| v.is_finite() && *v > 0.0) {
        return Ok(RenderScale { x, y });
    }
    Err(Error::Value { subject: "render scale".to_owned(), reason: format!("the host asks for {x} by {y}") })
}

pub(super) fn field(p: &Properties<'_>) -> Field {
    p.named(sys::kOfxImageEffectPropFieldToRender, Field::from_ofx).unwrap_or(Field::None)
}

fn sequence<'a, E: Effect>(instance: &'a Instance, call: &Call<'_>) -> Result<SequenceArgs<'a, E>> {
    let p = Properties::new(instance.suites(), call.in_args()?);
    let [min, max] = p.doubles(sys::kOfxImageEffectPropFrameRange).unwrap_or([0.0; 2]);
    Ok(SequenceArgs {
        range: FrameRange { min, max },
        step: p.positive(sys::kOfxImageEffectPropFrameStep).unwrap_or(1.0),
        scale: scale(&p)?,
        sequential: p.flag(sys::kOfxImageEffectPropSequentialRenderStatus).unwrap_or(false),
        interactive: p.flag(sys::kOfxPropIsInteractive).unwrap_or(false),
        instance,
        effect: PhantomData,
    })
}

fn changed<'a, E: Effect>(instance: &'a Instance, call: &Call<'_>) -> Result<ChangedArgs<'a, E>> {
    let p = Properties::new(instance.suites(), call.in_args()?);
    let name = p.string(sys::kOfxPropName).unwrap_or_default();
    let kind = p.string(sys::kOfxPropType).map(|kind| c_text(&kind)).unwrap_or_default();
    let what = if *kind == *sys::kOfxTypeParameter {
        Changed::Param(name)
    } else if *kind == *sys::kOfxTypeClip {
        Changed::Clip(name)
    } else {
        Changed::Other(name)
    };
    let reason = p.string(sys::kOfxPropChangeReason).map(|reason| c_text(&reason)).unwrap_or_default();
    let reason = if *reason == *sys::kOfxChangePluginEdited {
        ChangeReason::PluginEdited
    } else if *reason == *sys::kOfxChangeTime {
        ChangeReason::Time
    } else {
        ChangeReason::UserEdited
    };
    Ok(ChangedArgs {
        what,
        reason,
        time: p.double(sys::kOfxPropTime).filter(|t| t.is_finite()).unwrap_or(0.0),
        scale: scale(&p).unwrap_or_default(),
        instance,
        effect: PhantomData,
    })
}

/// What `sync_private_data` is given: an action without arguments, in which parameters may be set.
fn synchronized<E: Effect>(instance: &Instance) -> ChangedArgs<'_, E> {
    ChangedArgs {
        what: Changed::Other(String::new()),
        reason: ChangeReason::PluginEdited,
        time: instance.timeline().time().ok().filter(|t| t.is_finite()).unwrap_or(0.0),
        scale: RenderScale::FULL,
        instance,
        effect: PhantomData,
    }
}
