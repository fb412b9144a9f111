//! The suites: tables of C functions. Every one passes one gate, and finds its object by handle.
#![allow(unsafe_code)]

pub(crate) mod doctored;
pub(crate) mod draw;
pub(crate) mod image_effect;
pub(crate) mod interact;
pub(crate) mod memory;
pub(crate) mod message;
pub(crate) mod multi_thread;
pub(crate) mod param;
pub(crate) mod plane;
pub(crate) mod progress;
pub(crate) mod property;
pub(crate) mod time_line;
pub(crate) mod variadic;

use super::{action, plugin::HostCore, violation::ViolationKind};
use crate::{Status, sys};
use std::{
    ffi::{CStr, c_char, c_int, c_void},
    panic::{AssertUnwindSafe, catch_unwind},
};

/// What every suite function does first and last: a panic of ours becomes a failure of the call, never the end of the
/// program; a test may look at the call before it runs.
pub(crate) fn gate(function: &'static str, body: impl FnOnce() -> Result<(), Status>) -> sys::OfxStatus {
    let guarded = catch_unwind(AssertUnwindSafe(|| {
        let action = action::current();
        if let Some(status) = action.as_ref().and_then(|a| a.host.options.interceptor.clone()).and_then(|i| i(function))
        {
            return Err(status);
        }
        drop(action);
        let outcome = body();
        if let Err(Status::BAD_HANDLE) = outcome
            && let Some(action) = action::current()
        {
            let detail = format!("{function} was given a handle that is null, stale or of another kind");
            action.host.violation_of(&action.plugin, action.name, ViolationKind::BadHandle, detail);
        }
        outcome
    }));
    match guarded {
        Ok(Ok(())) => Status::OK.0,
        Ok(Err(status)) => status.0,
        Err(_) => {
            log::error!("{function} panicked in the host");
            Status::FAILED.0
        }
    }
}

/// Names a null argument.
pub(crate) fn null_argument(what: &str) -> Status {
    if let Some(action) = action::current() {
        let detail = format!("{what} is null");
        action.host.violation_of(&action.plugin, action.name, ViolationKind::NullArgument, detail);
    }
    Status::VALUE
}

/// A C string of a plug-in.
///
/// # Safety
/// `text` is null or a C string that stays unchanged while the result is used.
pub(crate) unsafe fn text<'a>(text: *const c_char, what: &str) -> Result<&'a CStr, Status> {
    if text.is_null() {
        return Err(null_argument(what));
    }
    // SAFETY: not null; a C string by the caller's promise.
    Ok(unsafe { CStr::from_ptr(text) })
}

/// A C string of a plug-in as UTF-8; a name that is none is a mistake.
///
/// # Safety
/// As [`text`].
pub(crate) unsafe fn utf8<'a>(raw: *const c_char, what: &str) -> Result<&'a str, Status> {
    // SAFETY: the caller's promise.
    let text = unsafe { text(raw, what) }?;
    text.to_str().map_err(|_| {
        if let Some(action) = action::current() {
            let detail = format!("{what} is {text:?}");
            action.host.violation_of(&action.plugin, action.name, ViolationKind::NotUtf8, detail);
        }
        Status::VALUE
    })
}

/// Writes a result where the plug-in wants it.
///
/// # Safety
/// `to` is null or points to writable memory for one `T`.
pub(crate) unsafe fn give<T>(to: *mut T, value: T, what: &str) -> Result<(), Status> {
    if to.is_null() {
        return Err(null_argument(what));
    }
    // SAFETY: not null; writable by the caller's promise. Unaligned pointers of careless plug-ins are fine.
    unsafe { to.write_unaligned(value) };
    Ok(())
}

/// The tables of one host, as far as its options offer them.
pub(crate) fn find(host: &HostCore, name: &CStr, version: c_int) -> *const c_void {
    let options = &host.options;
    let absent = options.without_suites.iter().any(|(n, v)| n.as_bytes() == name.to_bytes() && *v == version);
    if absent {
        return std::ptr::null();
    }
    /// A table, and how many functions it holds: it holds nothing else.
    fn table<T>(table: &'static T) -> (*const c_void, usize) {
        (std::ptr::from_ref(table).cast(), size_of::<T>() / size_of::<*const c_void>())
    }
    let known: &[(&CStr, c_int, bool, (*const c_void, usize))] = &[
        (sys::kOfxPropertySuite, 1, true, table(&property::TABLE)),
        (sys::kOfxImageEffectSuite, 1, true, table(&image_effect::TABLE)),
        (sys::kOfxParameterSuite, 1, true, table(&param::TABLE)),
        (sys::kOfxMemorySuite, 1, true, table(&memory::TABLE)),
        (sys::kOfxMultiThreadSuite, 1, options.threads > 0, table(&multi_thread::TABLE)),
        (sys::kOfxMessageSuite, 1, options.message_suite >= 1, table(&message::TABLE_V1)),
        (sys::kOfxMessageSuite, 2, options.message_suite >= 2, table(&message::TABLE_V2)),
        (sys::kOfxProgressSuite, 1, options.progress_suite >= 1, table(&progress::TABLE_V1)),
        (sys::kOfxProgressSuite, 2, options.progress_suite >= 2, table(&progress::TABLE_V2)),
        (sys::kOfxTimeLineSuite, 1, options.timeline, table(&time_line::TABLE)),
        (sys::kOfxInteractSuite, 1, options.overlays, table(&interact::TABLE)),
        (sys::kOfxDrawSuite, 1, options.overlays && options.draw_suite, table(&draw::TABLE)),
        (sys::planes::kFnOfxImageEffectPlaneSuite, 1, options.multi_plane, table(&plane::TABLE_V1)),
        (sys::planes::kFnOfxImageEffectPlaneSuite, 2, options.multi_plane, table(&plane::TABLE_V2)),
    ];
    let found = known.iter().find(|(n, v, offered, _)| *offered && *n == name && *v == version);
    let Some((_, _, _, (table, functions))) = found else { return std::ptr::null() };
    match options.mischief.as_ref().and_then(|mischief| mischief.suite(name, version)) {
        None => *table,
        Some(lie) => host.doctored.table(*table, *functions, lie),
    }
}
