//! The property suite.
#![allow(unsafe_code)]

use super::{gate, give, null_argument, text};
use crate::{
    PropertyType, Status,
    host::{
        handles,
        hostile::{Told, foreign_address},
        properties::{PropertySet, Value, Values},
    },
    sys,
};
use std::{
    ffi::{CStr, c_char, c_int, c_void},
    sync::Arc,
};

type Set = sys::OfxPropertySetHandle;
type Name = *const c_char;

pub(crate) static TABLE: sys::OfxPropertySuiteV1 = sys::OfxPropertySuiteV1 {
    propSetPointer: Some(set_pointer),
    propSetString: Some(set_string),
    propSetDouble: Some(set_double),
    propSetInt: Some(set_int),
    propSetPointerN: Some(set_pointers),
    propSetStringN: Some(set_strings),
    propSetDoubleN: Some(set_doubles),
    propSetIntN: Some(set_ints),
    propGetPointer: Some(get_pointer),
    propGetString: Some(get_string),
    propGetDouble: Some(get_double),
    propGetInt: Some(get_int),
    propGetPointerN: Some(get_pointers),
    propGetStringN: Some(get_strings),
    propGetDoubleN: Some(get_doubles),
    propGetIntN: Some(get_ints),
    propReset: Some(reset),
    propGetDimension: Some(get_dimension),
};

/// Finds the set and reads the property's name.
///
/// # Safety
/// `name` is null or a C string that lives as long as the call.
unsafe fn open<'a>(set: Set, name: Name) -> Result<(Arc<PropertySet>, &'a CStr), Status> {
    let set = handles::properties(set).ok_or(Status::BAD_HANDLE)?;
    // SAFETY: the caller's promise.
    Ok((set, unsafe { text(name, "a property's name") }?))
}

/// Reads one value of an array of a plug-in, copied.
type Convert<T> = unsafe fn(T) -> Result<Value, Status>;

fn pointer(value: *mut c_void) -> Result<Value, Status> {
    Ok(Value::Pointer(value.expose_provenance()))
}

/// # Safety
/// `value` is null or a C string.
unsafe fn string(value: *const c_char) -> Result<Value, Status> {
    // SAFETY: the caller's promise.
    Ok(Value::String(unsafe { text(value, "a property's new text") }?.to_owned()))
}

/// # Safety
/// The plug-in's pointers are null or valid for what the standard says of them.
unsafe fn set<T>(set: Set, name: Name, index: c_int, value: T, convert: Convert<T>) -> Result<(), Status> {
    // SAFETY: the caller's promise.
    unsafe {
        let (set, name) = open(set, name)?;
        if set.lie(name).is_some_and(|lie| lie.refuses_setting()) {
            return Err(Status::UNKNOWN);
        }
        set.set_by_plugin(name, index, convert(value)?)
    }
}

/// # Safety
/// As [`set`]; `values` is null or holds `count` values.
unsafe fn set_all<T: Copy>(
    set: Set,
    name: Name,
    count: c_int,
    values: *const T,
    convert: Convert<T>,
) -> Result<(), Status> {
    // SAFETY: the caller's promise; each value is read at an index below `count`.
    unsafe {
        let (set, name) = open(set, name)?;
        let count = usize::try_from(count).map_err(|_| Status::BAD_INDEX)?;
        if values.is_null() && count > 0 {
            return Err(null_argument("a property's new values"));
        }
        let values = (0..count).map(|n| convert(values.add(n).read_unaligned())).collect::<Result<_, _>>()?;
        set.set_all_by_plugin(name, values)
    }
}

/// # Safety
/// `to` is null or has room for `count` values.
unsafe fn get<T: Copy>(
    set: Set,
    name: Name,
    kind: PropertyType,
    index: c_int,
    count: c_int,
    to: *mut T,
    select: impl Fn(&Values, usize) -> Option<T>,
) -> Result<(), Status> {
    // SAFETY: the caller's promise.
    let (set, name) = unsafe { open(set, name) }?;
    match set.lie(name).map(|lie| lie.told(kind)) {
        None | Some(Told::Truth) => {}
        Some(Told::Refused(status)) => return Err(status),
        Some(Told::Nothing) => return Ok(()),
        Some(Told::ForeignText) if !to.is_null() => {
            // SAFETY: a string is asked for, so there is room for a pointer.
            return unsafe { give(to.cast(), foreign_address(), "a lie") };
        }
        Some(Told::ForeignText) => {}
        Some(Told::Instead(values)) => {
            let value = select(&values, 0).ok_or(Status::VALUE)?;
            // SAFETY: the caller's promise; there is room for `count` values.
            return (0..count.max(0) as usize).try_for_each(|n| unsafe { give(to.add(n), value, "a lie") });
        }
    }
    let values: Vec<T> = set.read_by_plugin(name, kind, index, count, |values, first| {
        (0..count.max(0) as usize).filter_map(|n| select(values, first + n)).collect()
    })?;
    for (n, value) in values.into_iter().enumerate() {
        // SAFETY: `n` is below `count`; a null `to` is refused before it is moved.
        unsafe { give(if to.is_null() { to } else { to.add(n) }, value, "where a property's value goes") }?;
    }
    Ok(())
}

fn as_pointer(values: &Values, n: usize) -> Option<*mut c_void> {
    match values {
        Values::Pointers(v) => v.get(n).map(|p| std::ptr::with_exposed_provenance_mut(*p)),
        _ => None,
    }
}

fn as_string(values: &Values, n: usize) -> Option<*mut c_char> {
    match values {
        Values::Strings(v) => v.get(n).map(|s| s.as_ptr().cast_mut()),
        _ => None,
    }
}

fn as_double(values: &Values, n: usize) -> Option<f64> {
    match values {
        Values::Doubles(v) => v.get(n).copied(),
        _ => None,
    }
}

fn as_int(values: &Values, n: usize) -> Option<c_int> {
    match values {
        Values::Ints(v) => v.get(n).copied(),
        _ => None,
    }
}

macro_rules! functions {
    ($($one:ident, $all:ident, $get:ident, $gets:ident: $value:ty, $list:ty, $read:ty, $kind:ident, $convert:expr, $select:ident, $names:expr;)+) => { $(
        unsafe extern "C" fn $one(properties: Set, name: Name, index: c_int, value: $value) -> sys::OfxStatus {
            // SAFETY: the plug-in's pointers, as the standard has them.
            gate($names[0], || unsafe { set(properties, name, index, value, $convert) })
        }

        unsafe extern "C" fn $all(properties: Set, name: Name, count: c_int, values: *const $list) -> sys::OfxStatus {
            // SAFETY: the plug-in's pointers, as the standard has them.
            gate($names[1], || unsafe { set_all(properties, name, count, values, $convert) })
        }

        unsafe extern "C" fn $get(properties: Set, name: Name, index: c_int, value: *mut $read) -> sys::OfxStatus {
            // SAFETY: the plug-in's pointers, as the standard has them.
            gate($names[2], || unsafe { get(properties, name, PropertyType::$kind, index, 1, value, $select) })
        }

        unsafe extern "C" fn $gets(properties: Set, name: Name, count: c_int, values: *mut $read) -> sys::OfxStatus {
            // SAFETY: the plug-in's pointers, as the standard has them.
            gate($names[3], || unsafe { get(properties, name, PropertyType::$kind, 0, count, values, $select) })
        }
    )+ };
}

functions! {
    set_pointer, set_pointers, get_pointer, get_pointers: *mut c_void, *mut c_void, *mut c_void, Pointer,
        pointer, as_pointer, ["propSetPointer", "propSetPointerN", "propGetPointer", "propGetPointerN"];
    set_string, set_strings, get_string, get_strings: *const c_char, *const c_char, *mut c_char, String,
        string, as_string, ["propSetString", "propSetStringN", "propGetString", "propGetStringN"];
    set_double, set_doubles, get_double, get_doubles: f64, f64, f64, Double,
        |v| Ok(Value::Double(v)), as_double, ["propSetDouble", "propSetDoubleN", "propGetDouble", "propGetDoubleN"];
    set_int, set_ints, get_int, get_ints: c_int, c_int, c_int, Int,
        |v| Ok(Value::Int(v)), as_int, ["propSetInt", "propSetIntN", "propGetInt", "propGetIntN"];
}

unsafe extern "C" fn reset(properties: Set, name: Name) -> sys::OfxStatus {
    gate("propReset", || {
        // SAFETY: the plug-in's pointers, as the standard has them.
        let (set, name) = unsafe { open(properties, name) }?;
        set.reset_by_plugin(name)
    })
}

unsafe extern "C" fn get_dimension(properties: Set, name: Name, count: *mut c_int) -> sys::OfxStatus {
    gate("propGetDimension", || {
        // SAFETY: the plug-in's pointers, as the standard has them.
        unsafe {
            let (set, name) = open(properties, name)?;
            let dimension = match set.lie(name) {
                Some(lie) => lie.dimension(set.count_by_plugin(name))?,
                None => set.count_by_plugin(name)?,
            };
            give(count, c_int::try_from(dimension).unwrap_or(c_int::MAX), "where a dimension goes")
        }
    })
}
