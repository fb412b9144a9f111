//! The parameter suite; its variadic functions arrive through variadic.c, unpacked.
#![allow(unsafe_code)]

use super::{
    gate, give, text, utf8,
    variadic::{self, Argument, Asked},
};
use crate::{
    FrameRange, ParamKind, Status, Transport,
    host::{
        action, change, handles,
        hostile::TextLie,
        param::Param,
        sync::{lock, write},
        value::ParamValue,
        violation::ViolationKind,
    },
    sys,
};
use std::{
    borrow::Cow,
    ffi::{c_char, c_int, c_uint, c_void},
    sync::Arc,
};

pub(crate) static TABLE: sys::OfxParameterSuiteV1 = sys::OfxParameterSuiteV1 {
    paramDefine: Some(define),
    paramGetHandle: Some(get_handle),
    paramSetGetPropertySet: Some(set_get_property_set),
    paramGetPropertySet: Some(get_property_set),
    paramGetValue: Some(variadic::get_value),
    paramGetValueAtTime: Some(variadic::get_value_at_time),
    paramGetDerivative: Some(variadic::get_derivative),
    paramGetIntegral: Some(variadic::get_integral),
    paramSetValue: Some(variadic::set_value),
    paramSetValueAtTime: Some(variadic::set_value_at_time),
    paramGetNumKeys: Some(get_num_keys),
    paramGetKeyTime: Some(get_key_time),
    paramGetKeyIndex: Some(get_key_index),
    paramDeleteKey: Some(delete_key),
    paramDeleteAllKeys: Some(delete_all_keys),
    paramCopy: Some(copy),
    paramEditBegin: Some(edit_begin),
    paramEditEnd: Some(edit_end),
};

unsafe extern "C" fn define(
    set: sys::OfxParamSetHandle,
    kind: *const c_char,
    name: *const c_char,
    properties: *mut sys::OfxPropertySetHandle,
) -> sys::OfxStatus {
    gate("paramDefine", || {
        let effect = handles::params(set).ok_or(Status::BAD_HANDLE)?;
        // SAFETY: the plug-in's pointers, as the standard has them.
        let (kind, name) = unsafe { (text(kind, "a parameter's type")?, utf8(name, "a parameter's name")?) };
        if effect.life.is_some() || !action::current().is_some_and(|a| a.allows_define()) {
            effect.violation(ViolationKind::DefineOutsideDescribe, format!("parameter {name}"));
            return Err(Status::FAILED);
        }
        let Some(kind) = ParamKind::from_ofx(kind) else {
            effect.violation(ViolationKind::UnknownParamType, format!("{kind:?} of parameter {name}"));
            return Err(Status::UNKNOWN);
        };
        if effect.param(name).is_some() {
            effect.violation(ViolationKind::DuplicateName, format!("parameter {name}"));
            return Err(Status::EXISTS);
        }
        let param = Param::define(&effect.host, &effect, name, kind);
        let raw = param.properties.raw();
        write(&effect.params).push(param);
        // SAFETY: the plug-in's pointer, as the standard has it; null means that it does not care.
        if properties.is_null() { Ok(()) } else { unsafe { give(properties, raw, "a parameter's properties") } }
    })
}

unsafe extern "C" fn get_handle(
    set: sys::OfxParamSetHandle,
    name: *const c_char,
    handle: *mut sys::OfxParamHandle,
    properties: *mut sys::OfxPropertySetHandle,
) -> sys::OfxStatus {
    gate("paramGetHandle", || {
        let effect = handles::params(set).ok_or(Status::BAD_HANDLE)?;
        // SAFETY: the plug-in's pointer, as the standard has it.
        let name = unsafe { utf8(name, "a parameter's name") }?;
        let Some(param) = effect.param(name) else {
            effect.violation(ViolationKind::UnknownName, format!("parameter {name}"));
            return Err(Status::UNKNOWN);
        };
        // SAFETY: the plug-in's pointers, as the standard has them; each may be null where it does not care.
        unsafe {
            if !handle.is_null() {
                give(handle, param.raw(), "a parameter's handle")?;
            }
            if !properties.is_null() {
                give(properties, param.properties.raw(), "a parameter's properties")?;
            }
        }
        Ok(())
    })
}

unsafe extern "C" fn set_get_property_set(
    set: sys::OfxParamSetHandle,
    properties: *mut sys::OfxPropertySetHandle,
) -> sys::OfxStatus {
    gate("paramSetGetPropertySet", || {
        let effect = handles::params(set).ok_or(Status::BAD_HANDLE)?;
        // SAFETY: the plug-in's pointer, as the standard has it.
        unsafe { give(properties, effect.properties.raw(), "where a property set goes") }
    })
}

unsafe extern "C" fn get_property_set(
    param: sys::OfxParamHandle,
    properties: *mut sys::OfxPropertySetHandle,
) -> sys::OfxStatus {
    gate("paramGetPropertySet", || {
        let param = handles::param(param).ok_or(Status::BAD_HANDLE)?;
        // SAFETY: the plug-in's pointer, as the standard has it.
        unsafe { give(properties, param.properties.raw(), "where a property set goes") }
    })
}

/// Writes a value to the plug-in's variables.
///
/// # Safety
/// Each of `out` is null or points to a variable of the parameter's type.
pub(crate) unsafe fn get(handle: sys::OfxParamHandle, asked: Asked, out: &[*mut c_void]) -> Result<(), Status> {
    let param = handles::param(handle).ok_or(Status::BAD_HANDLE)?;
    let Some(curve) = &param.curve else {
        // A descriptor, or a kind without value.
        return Err(if param.kind.transport() == Transport::Nothing {
            Status::UNSUPPORTED
        } else {
            Status::BAD_HANDLE
        });
    };
    let doubles = match asked {
        Asked::Derivative(time) => lock(curve).derivative(time),
        Asked::Integral(from, to) => lock(curve).integral(from, to),
        Asked::Now | Asked::At(_) => {
            let time = if let Asked::At(time) = asked { time } else { now(&param) };
            let value = lock(curve).at(time);
            // SAFETY: the caller's promise.
            return unsafe { give_value(&param, &value, out) };
        }
    };
    if doubles.is_empty() {
        return Err(Status::UNSUPPORTED);
    }
    // SAFETY: the caller's promise: the parameter has doubles, so the variables are doubles.
    unsafe { give_all(&doubles, out) }
}

/// The time that paramGetValue speaks of: where the artist stands, whatever frame is rendered or asked about meanwhile.
fn now(param: &Param) -> f64 {
    let Some(effect) = param.effect.upgrade() else { return 0.0 };
    if let Some(action) = action::of(&effect)
        && action.has_own_frame()
    {
        let detail = format!("paramGetValue of {}; paramGetValueAtTime tells the value at a frame", param.name);
        effect.violation(ViolationKind::WrongAction, detail);
    }
    effect.time()
}

/// # Safety
/// As [`get`].
unsafe fn give_value(param: &Param, value: &ParamValue, out: &[*mut c_void]) -> Result<(), Status> {
    // SAFETY: the caller's promise; the transport of the kind says which type the variables have.
    unsafe {
        match (param.kind.transport(), value) {
            (Transport::String, ParamValue::String(text)) => {
                let effect = param.effect.upgrade();
                let substituted = effect.as_ref().filter(|effect| effect.host.options.substitutes_tcl);
                let text = &*substituted.map_or(Cow::Borrowed(text.as_str()), |_| Cow::Owned(without_tcl(text)));
                let mischief = effect.and_then(|effect| effect.host.options.mischief.clone());
                let lie = mischief.and_then(|mischief| mischief.text());
                give_all(&[lie.map_or_else(|| param.lend_text(text), TextLie::address)], out)
            }
            (Transport::Doubles(_), _) => give_all(value.doubles(), out),
            (Transport::Ints(_), _) => give_all(&value.ints(), out),
            _ => Err(Status::UNSUPPORTED),
        }
    }
}

/// A text whose commands and variables stand for nothing.
fn without_tcl(text: &str) -> String {
    let (mut plain, mut depth, mut letters) = (String::new(), 0, text.chars().peekable());
    while let Some(letter) = letters.next() {
        match letter {
            '[' => depth += 1,
            ']' if depth > 0 => depth -= 1,
            _ if depth > 0 => {}
            '\\' => plain.extend(letters.next()),
            '$' => while letters.next_if(|next| next.is_alphanumeric() || *next == '_').is_some() {},
            letter => plain.push(letter),
        }
    }
    plain
}

/// # Safety
/// Each of `out` is null or points to a variable of type `T`.
unsafe fn give_all<T: Copy>(values: &[T], out: &[*mut c_void]) -> Result<(), Status> {
    for (value, to) in values.iter().zip(out) {
        // SAFETY: the caller's promise.
        unsafe { give(to.cast(), *value, "where a parameter's value goes") }?;
    }
    Ok(())
}

/// Takes a value of the plug-in.
///
/// # Safety
/// The arguments are of the parameter's type; a text is null or a C string.
pub(crate) unsafe fn set(handle: sys::OfxParamHandle, time: Option<f64>, arguments: &[Argument]) -> Result<(), Status> {
    let param = handles::param(handle).ok_or(Status::BAD_HANDLE)?;
    if param.curve.is_none() {
        return Err(if param.kind.transport() == Transport::Nothing {
            Status::UNSUPPORTED
        } else {
            Status::BAD_HANDLE
        });
    }
    // SAFETY: the caller's promise; the transport of the kind says which member of the union holds the argument.
    let value = unsafe {
        match param.kind.transport() {
            Transport::Doubles(_) => {
                let values: Vec<f64> = arguments.iter().map(|a| a.double).collect();
                ParamValue::from_doubles(param.kind, &values)
            }
            Transport::Ints(_) => {
                let values: Vec<i32> = arguments.iter().map(|a| a.int).collect();
                let value = ParamValue::from_ints(param.kind, &values);
                if value.is_none() && param.kind == ParamKind::Choice {
                    change::refuse(&param, ViolationKind::ChoiceOutOfRange, format!("option {values:?}"));
                }
                value
            }
            Transport::String => {
                let raw = arguments.first().map_or(std::ptr::null(), |a| a.text);
                Some(ParamValue::String(text(raw, "a parameter's new text")?.to_string_lossy().into_owned()))
            }
            Transport::Nothing => None,
        }
    };
    change::set_by_plugin(&param, time, value.ok_or(Status::VALUE)?)
}

/// The parameter behind a handle, if it can have keys at all.
fn keyed(handle: sys::OfxParamHandle) -> Result<Arc<Param>, Status> {
    let param = handles::param(handle).ok_or(Status::BAD_HANDLE)?;
    if param.curve.is_some() {
        Ok(param)
    } else if param.kind.transport() == Transport::Nothing {
        Err(Status::UNSUPPORTED)
    } else {
        Err(Status::BAD_HANDLE)
    }
}

unsafe extern "C" fn get_num_keys(param: sys::OfxParamHandle, count: *mut c_uint) -> sys::OfxStatus {
    gate("paramGetNumKeys", || {
        let param = keyed(param)?;
        let keys = param.curve.as_ref().map_or(0, |curve| lock(curve).keys.len());
        // SAFETY: the plug-in's pointer, as the standard has it.
        unsafe { give(count, keys as c_uint, "where a count goes") }
    })
}

unsafe extern "C" fn get_key_time(param: sys::OfxParamHandle, nth: c_uint, time: *mut f64) -> sys::OfxStatus {
    gate("paramGetKeyTime", || {
        let param = keyed(param)?;
        let key = param.curve.as_ref().and_then(|curve| lock(curve).keys.get(nth as usize).map(|key| key.time));
        // SAFETY: the plug-in's pointer, as the standard has it.
        unsafe { give(time, key.ok_or(Status::BAD_INDEX)?, "where a time goes") }
    })
}

unsafe extern "C" fn get_key_index(
    param: sys::OfxParamHandle,
    time: f64,
    direction: c_int,
    index: *mut c_int,
) -> sys::OfxStatus {
    gate("paramGetKeyIndex", || {
        let param = keyed(param)?;
        let found = param.curve.as_ref().and_then(|curve| {
            let curve = lock(curve);
            match direction {
                0 => curve.find(time),
                1.. => curve.after(time),
                _ => curve.before(time),
            }
        });
        // SAFETY: the plug-in's pointer, as the standard has it.
        unsafe { give(index, found.map_or(-1, |n| n as c_int), "where an index goes") }?;
        found.map(drop).ok_or(Status::FAILED)
    })
}

unsafe extern "C" fn delete_key(param: sys::OfxParamHandle, time: f64) -> sys::OfxStatus {
    gate("paramDeleteKey", || {
        let param = keyed(param)?;
        change::by_plugin(&param, |curve| if curve.delete(time) { Ok(()) } else { Err(Status::BAD_INDEX) })
    })
}

unsafe extern "C" fn delete_all_keys(param: sys::OfxParamHandle) -> sys::OfxStatus {
    gate("paramDeleteAllKeys", || {
        let param = keyed(param)?;
        let time = param.effect.upgrade().map_or(0.0, |effect| effect.time());
        change::by_plugin(&param, |curve| {
            curve.delete_all(time);
            Ok(())
        })
    })
}

unsafe extern "C" fn copy(
    to: sys::OfxParamHandle,
    from: sys::OfxParamHandle,
    offset: f64,
    range: *const sys::OfxRangeD,
) -> sys::OfxStatus {
    gate("paramCopy", || {
        let (to, from) = (keyed(to)?, keyed(from)?);
        if to.kind != from.kind {
            return Err(Status::VALUE);
        }
        // SAFETY: null, or a range by the standard.
        let range = unsafe { range.as_ref() }.map(|r| FrameRange { min: r.min, max: r.max });
        // All keys, by the standard.
        let range = range.filter(|r| r.min != 0.0 || r.max != 0.0);
        let source = from.curve.as_ref().map(|curve| lock(curve).clone()).ok_or(Status::UNSUPPORTED)?;
        change::by_plugin(&to, |curve| {
            curve.copy_from(&source, offset, range);
            Ok(())
        })
    })
}

unsafe extern "C" fn edit_begin(set: sys::OfxParamSetHandle, label: *const c_char) -> sys::OfxStatus {
    gate("paramEditBegin", || {
        let effect = handles::params(set).ok_or(Status::BAD_HANDLE)?;
        let life = effect.life.as_ref().ok_or(Status::BAD_HANDLE)?;
        // SAFETY: the plug-in's pointer, as the standard has it.
        let label = unsafe { utf8(label, "an edit's label") }?;
        if !life.history.begin_block(label) {
            effect.violation(ViolationKind::NestedEdit, format!("paramEditBegin \"{label}\" within another block"));
        }
        Ok(())
    })
}

unsafe extern "C" fn edit_end(set: sys::OfxParamSetHandle) -> sys::OfxStatus {
    gate("paramEditEnd", || {
        let effect = handles::params(set).ok_or(Status::BAD_HANDLE)?;
        let life = effect.life.as_ref().ok_or(Status::BAD_HANDLE)?;
        if !life.history.end_block() {
            effect.violation(ViolationKind::Unbalanced, "paramEditEnd without paramEditBegin".into());
            return Err(Status::FAILED);
        }
        Ok(())
    })
}
