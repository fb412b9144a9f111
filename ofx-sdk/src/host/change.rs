//! Changes of an instance, by the artist, by time, or by the plug-in itself, and what the plug-in is told of them.

use super::{
    action::{self, Frame},
    curve::Curve,
    effect::Effect,
    param::Param,
    properties::{PropertySet, SetKind},
    property_tables,
    value::ParamValue,
    violation::ViolationKind,
};
use crate::{Error, Result, Status, sys};
use std::{
    ffi::CStr,
    sync::{Arc, atomic::Ordering},
};

/// What brought a change about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Reason {
    UserEdited,
    PluginEdited,
    Time,
}

impl Reason {
    const fn ofx_name(self) -> &'static CStr {
        match self {
            Self::UserEdited => sys::kOfxChangeUserEdited,
            Self::PluginEdited => sys::kOfxChangePluginEdited,
            Self::Time => sys::kOfxChangeTime,
        }
    }
}

/// What has changed.
#[derive(Clone, Debug)]
pub(crate) enum Changed {
    Param(String),
    Clip(String),
}

/// Changes that the plug-in makes in answer to its own changes, in answer to its own changes…: more is a loop.
const DEEPEST: u32 = 32;

/// Tells the plug-in of changes, between begin and end.
pub(crate) fn tell(effect: &Arc<Effect>, reason: Reason, changes: &[Changed]) -> Result<()> {
    let host = &effect.host;
    let around = property_tables::arguments(&[sys::kOfxPropChangeReason], false);
    let around = PropertySet::new(host, SetKind::InArgs, "of changes", &[&around]);
    around.put_strings(sys::kOfxPropChangeReason, [reason.ofx_name()]);
    let time = effect.time();
    let scale = effect.proxy();
    let frame = || Frame { by_artist: reason == Reason::UserEdited, ..Frame::at(time, scale) };
    let mut outcome = Ok(());
    let mut perform = |name: &'static CStr, args: &PropertySet| {
        let (status, action) = effect.perform(name, frame(), Some(args), None);
        if !matches!(status, Status::OK | Status::REPLY_DEFAULT) && outcome.is_ok() {
            outcome = Err(action.error(status));
        }
    };
    perform(sys::kOfxActionBeginInstanceChanged, &around);
    let names = [
        sys::kOfxPropType,
        sys::kOfxPropName,
        sys::kOfxPropChangeReason,
        sys::kOfxPropTime,
        sys::kOfxImageEffectPropRenderScale,
    ];
    for change in changes {
        let args = property_tables::arguments(&names, false);
        let args = PropertySet::new(host, SetKind::InArgs, "of a change", &[&args]);
        let (kind, name) = match change {
            Changed::Param(name) => (sys::kOfxTypeParameter, name),
            Changed::Clip(name) => (sys::kOfxTypeClip, name),
        };
        args.put_strings(sys::kOfxPropType, [kind]);
        args.put_string(sys::kOfxPropName, name);
        args.put_strings(sys::kOfxPropChangeReason, [reason.ofx_name()]);
        args.put_doubles(sys::kOfxPropTime, &[time]);
        args.put_doubles(sys::kOfxImageEffectPropRenderScale, &[scale.x, scale.y]);
        perform(sys::kOfxActionInstanceChanged, &args);
    }
    perform(sys::kOfxActionEndInstanceChanged, &around);
    close_blocks(effect);
    outcome
}

/// Names blocks that the plug-in has left open, once no action runs on this thread.
pub(crate) fn close_blocks(effect: &Effect) {
    let Some(life) = &effect.life else { return };
    if action::depth() == 0 && life.history.end_all_blocks() {
        effect.violation(ViolationKind::Unbalanced, "paramEditBegin without paramEditEnd".into());
    }
}

/// Names a value that a plug-in must not set.
pub(crate) fn refuse(param: &Param, kind: ViolationKind, detail: String) {
    if let Some(effect) = param.effect.upgrade() {
        effect.violation(kind, format!("parameter {}: {detail}", param.name));
    }
}

/// Sets a value as paramSetValue and paramSetValueAtTime do.
pub(crate) fn set_by_plugin(param: &Arc<Param>, time: Option<f64>, value: ParamValue) -> Result<(), Status> {
    let effect = param.effect.upgrade().ok_or(Status::BAD_HANDLE)?;
    let value = checked(param, value)?;
    let now = effect.time();
    let animates = param.animates(&effect.host);
    if time.is_some_and(|time| !time.is_finite()) {
        return Err(Status::VALUE);
    }
    if time.is_some() && !animates {
        refuse(param, ViolationKind::IllegalValue, "a key was set, but it does not animate in this host".into());
    }
    by_plugin(param, move |curve| {
        match time {
            Some(time) if animates => curve.set_key(time, value),
            // A value that is animated is set where the artist stands, as hosts with auto-keying do.
            None if curve.is_animated() => curve.set_key(now, value),
            _ => curve.set(value),
        }
        Ok(())
    })
}

/// A value in range: a number outside is cut to it, as hosts do; a choice that does not exist is refused.
fn checked(param: &Param, value: ParamValue) -> Result<ParamValue, Status> {
    if matches!(value, ParamValue::String(_) | ParamValue::Bool(_)) {
        return Ok(value);
    }
    let description = param.description();
    let Err(error) = description.check(&value) else { return Ok(value) };
    if matches!(value, ParamValue::Choice(_)) {
        refuse(param, ViolationKind::ChoiceOutOfRange, error.to_string());
        return Err(Status::VALUE);
    }
    refuse(param, ViolationKind::ValueOutOfRange, error.to_string());
    let cut = |n: usize, v: f64| {
        let low = description.min.get(n).copied().unwrap_or(f64::NEG_INFINITY);
        let high = description.max.get(n).copied().unwrap_or(f64::INFINITY);
        v.max(low).min(high)
    };
    let doubles: Vec<f64> = value.doubles().iter().enumerate().map(|(n, v)| cut(n, *v)).collect();
    let ints: Vec<i32> = value.ints().iter().enumerate().map(|(n, v)| cut(n, f64::from(*v)) as i32).collect();
    if doubles.iter().any(|v| v.is_nan()) {
        return Err(Status::VALUE);
    }
    ParamValue::from_doubles(param.kind, &doubles)
        .or_else(|| ParamValue::from_ints(param.kind, &ints))
        .ok_or(Status::VALUE)
}

/// Changes a curve on behalf of the plug-in: looks whether it may, and tells it as hosts do.
pub(crate) fn by_plugin(
    param: &Arc<Param>,
    change: impl FnOnce(&mut Curve) -> Result<(), Status>,
) -> Result<(), Status> {
    let effect = param.effect.upgrade().ok_or(Status::BAD_HANDLE)?;
    let life = effect.life.as_ref().ok_or(Status::BAD_HANDLE)?;
    let action = action::of(&effect);
    if !action.as_ref().is_some_and(|action| action.allows_set()) {
        let place = action.as_ref().map_or("outside of every action".into(), |a| a.name.to_string_lossy());
        refuse(param, ViolationKind::SetOutsideChange, format!("set in {place}"));
    }
    let _step = life.history.open(&format!("Set {}", param.name));
    life.history.record(param);
    param.change(change).ok_or(Status::UNSUPPORTED)??;
    mark(&effect, &param.name);
    let answering = action.is_some_and(|a| {
        a.is_interact()
            || a.name == sys::kOfxActionInstanceChanged
            || a.name == sys::kOfxActionBeginInstanceChanged
            || a.name == sys::kOfxActionEndInstanceChanged
    });
    if !answering {
        return Ok(());
    }
    if life.nested_changes.fetch_add(1, Ordering::SeqCst) >= DEEPEST {
        refuse(param, ViolationKind::IllegalValue, "it is set without end in answer to its own change".into());
        life.nested_changes.fetch_sub(1, Ordering::SeqCst);
        return Ok(());
    }
    // What the plug-in answers to news of its own change does not make its call fail; the violation list and its
    // message say so.
    let told = tell(&effect, Reason::PluginEdited, &[Changed::Param(param.name.clone())]);
    life.nested_changes.fetch_sub(1, Ordering::SeqCst);
    if let Err(error) = told {
        log::warn!("{error}");
    }
    Ok(())
}

/// Remembers that clip preferences depend on a parameter that has changed.
pub(crate) fn mark(effect: &Effect, param: &str) {
    let Some(life) = &effect.life else { return };
    if life.preference_params.iter().any(|name| name == param) {
        life.stale.store(true, Ordering::SeqCst);
    }
}

/// The parameter of this id.
pub(crate) fn find(effect: &Effect, id: &str) -> Result<Arc<Param>> {
    effect.param(id).ok_or_else(|| {
        let known: Vec<String> = effect.all_params().iter().map(|param| param.name.clone()).collect();
        Error::Value {
            subject: format!("parameter {id}"),
            reason: format!("{} has no such parameter; it has {}", effect.binary.identifier, known.join(", ")),
        }
    })
}
