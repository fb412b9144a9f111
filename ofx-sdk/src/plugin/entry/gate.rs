//! The gate that every call of a host passes: nothing a host passes in is trusted, and neither an error nor a panic
//! leaves other than as a status and a message.

use super::{dispatch, process::process};
use crate::{
    Error, Result, Status,
    plugin::{
        effect::Effect,
        host_info::FetchedHost,
        instance::{Instance, Link},
        message::{MessageKind, show_error},
        suites::{EffectHandle, Handle, PropertyHandle},
    },
    sys,
};
use std::{
    any::Any,
    ffi::{CStr, c_void},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

/// What a host passed in.
pub(super) struct Call<'a> {
    pub(super) action: &'a CStr,
    handle: Option<EffectHandle>,
    in_args: Option<PropertyHandle>,
    out_args: Option<PropertyHandle>,
}

impl<'a> Call<'a> {
    pub(super) fn new(
        action: &'a CStr,
        handle: *const c_void,
        in_args: sys::OfxPropertySetHandle,
        out_args: sys::OfxPropertySetHandle,
    ) -> Self {
        Self {
            action,
            handle: Handle::new(handle.cast_mut().cast()),
            in_args: Handle::new(in_args),
            out_args: Handle::new(out_args),
        }
    }

    /// An error about something that this call should have brought.
    pub(super) fn lacks(&self, what: &str) -> Error {
        Error::Call { call: format!("{} with {what}", self.action.to_string_lossy()), status: Status::BAD_HANDLE }
    }

    pub(super) fn handle(&self) -> Result<EffectHandle> {
        self.handle.ok_or_else(|| self.lacks("a null handle"))
    }

    pub(super) fn in_args(&self) -> Result<PropertyHandle> {
        self.in_args.ok_or_else(|| self.lacks("null inArgs"))
    }

    pub(super) fn out_args(&self) -> Result<PropertyHandle> {
        self.out_args.ok_or_else(|| self.lacks("null outArgs"))
    }

    pub(super) fn unknown_handle(&self) -> Error {
        self.lacks("a handle of no node")
    }

    pub(super) fn is(&self, actions: &[&CStr]) -> bool {
        actions.contains(&self.action)
    }
}

/// Runs one call of an effect and answers it.
pub(super) fn enter<E: Effect>(call: &Call<'_>) -> Status {
    let run = || dispatch::dispatch::<E>(call);
    pass(E::DESCRIPTOR.label, call.action, run, |text| report::<E>(call, text))
}

/// Runs one call and answers it: no panic crosses, and `report` tells the artist what went wrong.
pub(super) fn pass(label: &str, action: &CStr, run: impl FnOnce() -> Result<Status>, report: impl Fn(&str)) -> Status {
    let guarded = AssertUnwindSafe(|| match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(status)) => status,
        Ok(Err(error)) => failed(label, action, &error, &report),
        Err(panic) => {
            let text = panic_text(&*panic).to_owned();
            discard(panic);
            report(&format!("internal error: {text}"));
            Status::FAILED
        }
    });
    catch_unwind(guarded).unwrap_or_else(|panic| {
        // Reporting failed in turn (a logger that panics, say): say nothing, but do not cross.
        discard(panic);
        Status::FAILED
    })
}

/// Logs an error, reports it where an artist could do something about it, and turns it into a status.
fn failed(label: &str, action: &CStr, error: &Error, report: &impl Fn(&str)) -> Status {
    let action = action.to_string_lossy();
    match error {
        Error::Aborted => log::debug!("{label}: {action} stopped on request"),
        // Nothing that an artist could do anything about, and no node to speak of.
        Error::Call { status: Status::BAD_HANDLE, .. } => log::error!("{label}: {action}: {error}"),
        _ => report(&error.to_string()),
    }
    error.status()
}

fn report<E: Effect>(call: &Call<'_>, text: &str) {
    let text = format!("{}: {text}", E::DESCRIPTOR.label);
    let action = call.action.to_string_lossy();
    // Questions about regions and the like are asked many times a second; their errors come back with the render.
    let shown = [
        sys::kOfxImageEffectActionRender,
        sys::kOfxActionInstanceChanged,
        sys::kOfxActionCreateInstance,
        sys::kOfxActionSyncPrivateData,
        sys::kOfxActionDescribe,
        sys::kOfxImageEffectActionDescribeInContext,
    ];
    if !call.is(&shown) {
        log::error!("{action}: {text}");
        return;
    }
    // What the host shows is not told twice; where it cannot, the message itself goes to the log.
    log::debug!("{action}: {text}");
    let process = process::<E>();
    match call.handle.and_then(|handle| process.node(handle)) {
        Some(node) => Instance::new(node.link.clone()).message(MessageKind::Error, &text),
        None => {
            let Some(host) = process.host() else {
                log::error!("{action}: {text}");
                return;
            };
            let host = host.fetched();
            if call.is(&[sys::kOfxActionCreateInstance]) {
                show_for_unborn(call, &host, &text);
            } else if let Err(e) = show_error(&host.suites, &text) {
                log::error!("{action}: {text} ({e})");
            }
        }
    }
}

/// Shows an error of a node that could not be created, whose handle the host knows already.
fn show_for_unborn(call: &Call<'_>, host: &Arc<FetchedHost>, text: &str) {
    if let Some(handle) = call.handle {
        let link = Arc::new(Link { host: host.clone(), handle, alive: true.into() });
        Instance::new(link).message(MessageKind::Error, text);
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without text")
}

/// Drops what a panic carried; leaks it where that panics again.
pub(super) fn discard(panic: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
        std::mem::forget(again);
    }
}
