//! The Rust side of variadic.c: what arrives of the variadic functions, unpacked.
#![allow(unsafe_code)]

use super::{
    gate,
    message::{self, Posted},
    param,
};
use crate::{Status, Transport, host::handles, sys};
use std::{
    ffi::{CStr, c_char, c_double, c_int, c_void},
    panic::{AssertUnwindSafe, catch_unwind},
    slice,
    sync::Once,
};

/// One argument of a setter.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) union Argument {
    pub int: c_int,
    pub double: c_double,
    pub text: *const c_char,
}

/// The functions that variadic.c calls; the same order stands there.
#[repr(C)]
struct Calls {
    kind: unsafe extern "C" fn(sys::OfxParamHandle, *mut c_int) -> c_char,
    get: unsafe extern "C" fn(sys::OfxParamHandle, c_int, f64, f64, *const *mut c_void, c_int) -> sys::OfxStatus,
    set: unsafe extern "C" fn(sys::OfxParamHandle, *const f64, *const Argument, c_int) -> sys::OfxStatus,
    message: unsafe extern "C" fn(
        c_int,
        *mut c_void,
        *const c_char,
        *const c_char,
        *const c_char,
        *const c_char,
    ) -> sys::OfxStatus,
}

static CALLS: Calls = Calls { kind, get, set, message: post };

unsafe extern "C" {
    fn ofx_sdk_set_calls(table: *const Calls);
    #[link_name = "ofx_sdk_paramGetValue"]
    pub(crate) fn get_value(param: sys::OfxParamHandle, ...) -> sys::OfxStatus;
    #[link_name = "ofx_sdk_paramGetValueAtTime"]
    pub(crate) fn get_value_at_time(param: sys::OfxParamHandle, time: f64, ...) -> sys::OfxStatus;
    #[link_name = "ofx_sdk_paramGetDerivative"]
    pub(crate) fn get_derivative(param: sys::OfxParamHandle, time: f64, ...) -> sys::OfxStatus;
    #[link_name = "ofx_sdk_paramGetIntegral"]
    pub(crate) fn get_integral(param: sys::OfxParamHandle, time1: f64, time2: f64, ...) -> sys::OfxStatus;
    #[link_name = "ofx_sdk_paramSetValue"]
    pub(crate) fn set_value(param: sys::OfxParamHandle, ...) -> sys::OfxStatus;
    #[link_name = "ofx_sdk_paramSetValueAtTime"]
    pub(crate) fn set_value_at_time(param: sys::OfxParamHandle, time: f64, ...) -> sys::OfxStatus;
    #[link_name = "ofx_sdk_message_v1"]
    pub(crate) fn message_v1(
        handle: *mut c_void,
        kind: *const c_char,
        id: *const c_char,
        format: *const c_char,
        ...
    ) -> sys::OfxStatus;
    #[link_name = "ofx_sdk_message_v2"]
    pub(crate) fn message_v2(
        handle: *mut c_void,
        kind: *const c_char,
        id: *const c_char,
        format: *const c_char,
        ...
    ) -> sys::OfxStatus;
    #[link_name = "ofx_sdk_setPersistentMessage"]
    pub(crate) fn set_persistent_message(
        handle: *mut c_void,
        kind: *const c_char,
        id: *const c_char,
        format: *const c_char,
        ...
    ) -> sys::OfxStatus;
}

/// Gives variadic.c its functions; before a plug-in can have a suite.
pub(crate) fn connect() {
    static ONCE: Once = Once::new();
    // SAFETY: the table is static, and its layout is the one that variadic.c declares.
    ONCE.call_once(|| unsafe { ofx_sdk_set_calls(&raw const CALLS) });
}

/// What is asked of a getter; the same numbers stand in variadic.c.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Asked {
    Now,
    At(f64),
    Derivative(f64),
    Integral(f64, f64),
}

unsafe extern "C" fn kind(handle: sys::OfxParamHandle, count: *mut c_int) -> c_char {
    let found = catch_unwind(AssertUnwindSafe(|| handles::param(handle).map(|p| p.kind.transport()))).ok().flatten();
    let (letter, number) = match found {
        Some(Transport::Ints(n)) => (b'i', n),
        Some(Transport::Doubles(n)) => (b'd', n),
        Some(Transport::String) => (b's', 1),
        Some(Transport::Nothing) => (b'-', 0),
        None => (0, 0),
    };
    // SAFETY: variadic.c passes the address of its own variable.
    unsafe { *count = number as c_int };
    if letter == 0 {
        // Lets the gate name the mistake; variadic.c answers with the same status.
        gate("a function of the parameter suite", || Err(Status::BAD_HANDLE));
    }
    letter as c_char
}

unsafe extern "C" fn get(
    param: sys::OfxParamHandle,
    what: c_int,
    t1: f64,
    t2: f64,
    out: *const *mut c_void,
    count: c_int,
) -> sys::OfxStatus {
    let (name, asked) = match what {
        0 => ("paramGetValue", Asked::Now),
        1 => ("paramGetValueAtTime", Asked::At(t1)),
        2 => ("paramGetDerivative", Asked::Derivative(t1)),
        _ => ("paramGetIntegral", Asked::Integral(t1, t2)),
    };
    gate(name, || {
        // SAFETY: variadic.c passes an array of `count` pointers, which are the plug-in's.
        unsafe { param::get(param, asked, slice::from_raw_parts(out, count as usize)) }
    })
}

unsafe extern "C" fn set(
    param: sys::OfxParamHandle,
    time: *const f64,
    arguments: *const Argument,
    count: c_int,
) -> sys::OfxStatus {
    let name = if time.is_null() { "paramSetValue" } else { "paramSetValueAtTime" };
    gate(name, || {
        // SAFETY: variadic.c passes null or the address of its own variable, and an array of `count` arguments of the
        // kind that it was told.
        unsafe { param::set(param, time.as_ref().copied(), slice::from_raw_parts(arguments, count as usize)) }
    })
}

unsafe extern "C" fn post(
    which: c_int,
    handle: *mut c_void,
    kind: *const c_char,
    id: *const c_char,
    format: *const c_char,
    text: *const c_char,
) -> sys::OfxStatus {
    let persistent = which == 2;
    gate(if persistent { "setPersistentMessage" } else { "message" }, || {
        /// # Safety
        /// `raw` is null or a C string.
        unsafe fn optional<'a>(raw: *const c_char) -> Option<&'a CStr> {
            // SAFETY: the caller's promise.
            (!raw.is_null()).then(|| unsafe { CStr::from_ptr(raw) })
        }
        // SAFETY: the plug-in's strings, as the standard has them; the text is variadic.c's own.
        let posted = unsafe {
            Posted {
                handle,
                kind: optional(kind),
                id: optional(id),
                format: optional(format),
                text: optional(text),
                persistent,
            }
        };
        message::post(&posted)
    })
}
