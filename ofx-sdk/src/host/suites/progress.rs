//! The progress suite, versions 1 and 2.
#![allow(unsafe_code)]

use super::{gate, text};
use crate::{
    Status,
    host::{effect::Effect, handles, sync::lock, violation::ViolationKind},
    sys,
};
use std::{
    ffi::{c_char, c_void},
    ops::ControlFlow,
    sync::Arc,
};

pub(crate) static TABLE_V1: sys::OfxProgressSuiteV1 =
    sys::OfxProgressSuiteV1 { progressStart: Some(start_v1), progressUpdate: Some(update), progressEnd: Some(end) };

pub(crate) static TABLE_V2: sys::OfxProgressSuiteV2 =
    sys::OfxProgressSuiteV2 { progressStart: Some(start_v2), progressUpdate: Some(update), progressEnd: Some(end) };

fn instance(handle: *mut c_void) -> Result<Arc<Effect>, Status> {
    handles::effect(handle).filter(|effect| effect.life.is_some()).ok_or(Status::BAD_HANDLE)
}

/// # Safety
/// `label` is null or a C string.
unsafe fn start(handle: *mut c_void, label: *const c_char) -> Result<(), Status> {
    let effect = instance(handle)?;
    // SAFETY: the caller's promise.
    let label = unsafe { text(label, "a progress label") }?.to_string_lossy().into_owned();
    let Some(life) = &effect.life else { return Err(Status::BAD_HANDLE) };
    if lock(&life.progress).replace(label.clone()).is_some() {
        effect.violation(ViolationKind::Unbalanced, format!("progress \"{label}\" started before the last one ended"));
    }
    // The standard lets a bar be refused, not cancelled, before it is there: the first update tells.
    let _ = report(&effect, &label, 0.0);
    Ok(())
}

fn report(effect: &Effect, label: &str, fraction: f64) -> Result<(), Status> {
    let observer = effect.host.options.observer.clone();
    let stop = observer.is_some_and(|o| o.progress(label, fraction) == ControlFlow::Break(()))
        || effect.life.as_ref().is_some_and(|life| life.abort.is_aborted());
    if stop { Err(Status::REPLY_NO) } else { Ok(()) }
}

unsafe extern "C" fn start_v1(effect: *mut c_void, label: *const c_char) -> sys::OfxStatus {
    // SAFETY: the plug-in's pointers, as the standard has them.
    gate("progressStart", || unsafe { start(effect, label) })
}

unsafe extern "C" fn start_v2(effect: *mut c_void, label: *const c_char, _id: *const c_char) -> sys::OfxStatus {
    // SAFETY: the plug-in's pointers, as the standard has them.
    gate("progressStart", || unsafe { start(effect, label) })
}

unsafe extern "C" fn update(effect: *mut c_void, progress: f64) -> sys::OfxStatus {
    gate("progressUpdate", || {
        let effect = instance(effect)?;
        let label = effect.life.as_ref().and_then(|life| lock(&life.progress).clone());
        let Some(label) = label else {
            effect.violation(ViolationKind::Unbalanced, "progressUpdate without progressStart".into());
            return Err(Status::FAILED);
        };
        if !(0.0..=1.0).contains(&progress) {
            effect.violation(ViolationKind::ValueOutOfRange, format!("progress {progress} is not in 0 to 1"));
        }
        report(&effect, &label, progress)
    })
}

unsafe extern "C" fn end(effect: *mut c_void) -> sys::OfxStatus {
    gate("progressEnd", || {
        let effect = instance(effect)?;
        let label = effect.life.as_ref().and_then(|life| lock(&life.progress).take());
        let Some(label) = label else {
            effect.violation(ViolationKind::Unbalanced, "progressEnd without progressStart".into());
            return Err(Status::FAILED);
        };
        // The last call of an observer for this task; whether it asks to cancel no longer matters.
        let _ = report(&effect, &label, 1.0);
        Ok(())
    })
}
