//! The property suite.

use super::{
    PropertyHandle, Suites, UNWRITTEN_DOUBLE, UNWRITTEN_INT, c_text, check, copied, function, written_double,
    written_int,
};
use crate::{Error, Result};
use std::{
    ffi::{CStr, c_int, c_void},
    ptr,
};

/// The subject of an error: which value of which property.
fn subject(name: &CStr, index: usize) -> String {
    format!("{}, {index}", name.to_string_lossy())
}

fn c_index(index: usize) -> c_int {
    c_int::try_from(index).unwrap_or(c_int::MAX)
}

impl Suites {
    pub(crate) fn get_int(&self, set: PropertyHandle, name: &CStr, index: usize) -> Result<i32> {
        let get = function(self.property.as_ref(), "propGetInt", |s| s.propGetInt)?;
        let mut value: c_int = UNWRITTEN_INT;
        // SAFETY: see the module; `value` outlives the call.
        let status = unsafe { get(set.raw(), name.as_ptr(), c_index(index), &mut value) };
        check(status, "propGetInt", || subject(name, index))?;
        written_int(value, || subject(name, index))
    }

    pub(crate) fn get_double(&self, set: PropertyHandle, name: &CStr, index: usize) -> Result<f64> {
        let get = function(self.property.as_ref(), "propGetDouble", |s| s.propGetDouble)?;
        let mut value = UNWRITTEN_DOUBLE;
        // SAFETY: see the module; `value` outlives the call.
        let status = unsafe { get(set.raw(), name.as_ptr(), c_index(index), &mut value) };
        check(status, "propGetDouble", || subject(name, index))?;
        written_double(value, || subject(name, index))
    }

    /// A null string is an error, so that callers fall back to their default.
    pub(crate) fn get_string(&self, set: PropertyHandle, name: &CStr, index: usize) -> Result<String> {
        let get = function(self.property.as_ref(), "propGetString", |s| s.propGetString)?;
        let mut value = ptr::null_mut();
        // SAFETY: see the module; `value` outlives the call.
        let status = unsafe { get(set.raw(), name.as_ptr(), c_index(index), &mut value) };
        check(status, "propGetString", || subject(name, index))?;
        if value.is_null() {
            return Err(Error::Missing(format!("value of property {}", name.to_string_lossy())));
        }
        // SAFETY: the host said that it wrote one of its strings, which lives until the property changes.
        Ok(unsafe { copied(value) })
    }

    pub(crate) fn get_pointer(&self, set: PropertyHandle, name: &CStr, index: usize) -> Result<*mut c_void> {
        let get = function(self.property.as_ref(), "propGetPointer", |s| s.propGetPointer)?;
        let mut value = ptr::null_mut();
        // SAFETY: see the module; `value` outlives the call.
        let status = unsafe { get(set.raw(), name.as_ptr(), c_index(index), &mut value) };
        check(status, "propGetPointer", || subject(name, index)).map(|()| value)
    }

    /// How many values a property has; a negative answer is none.
    pub(crate) fn dimension(&self, set: PropertyHandle, name: &CStr) -> Result<usize> {
        let get = function(self.property.as_ref(), "propGetDimension", |s| s.propGetDimension)?;
        let mut count: c_int = 0;
        // SAFETY: see the module; `count` outlives the call.
        let status = unsafe { get(set.raw(), name.as_ptr(), &mut count) };
        check(status, "propGetDimension", || name.to_string_lossy().into_owned())
            .map(|()| usize::try_from(count).unwrap_or(0))
    }

    pub(crate) fn set_int(&self, set: PropertyHandle, name: &CStr, index: usize, value: i32) -> Result<()> {
        let call = function(self.property.as_ref(), "propSetInt", |s| s.propSetInt)?;
        // SAFETY: see the module.
        let status = unsafe { call(set.raw(), name.as_ptr(), c_index(index), value) };
        check(status, "propSetInt", || subject(name, index))
    }

    pub(crate) fn set_double(&self, set: PropertyHandle, name: &CStr, index: usize, value: f64) -> Result<()> {
        let call = function(self.property.as_ref(), "propSetDouble", |s| s.propSetDouble)?;
        // SAFETY: see the module.
        let status = unsafe { call(set.raw(), name.as_ptr(), c_index(index), value) };
        check(status, "propSetDouble", || subject(name, index))
    }

    pub(crate) fn set_pointer(&self, set: PropertyHandle, name: &CStr, index: usize, value: *mut c_void) -> Result<()> {
        let call = function(self.property.as_ref(), "propSetPointer", |s| s.propSetPointer)?;
        // SAFETY: see the module; the host only keeps the pointer.
        let status = unsafe { call(set.raw(), name.as_ptr(), c_index(index), value) };
        check(status, "propSetPointer", || subject(name, index))
    }

    pub(crate) fn set_string(&self, set: PropertyHandle, name: &CStr, index: usize, value: &str) -> Result<()> {
        let call = function(self.property.as_ref(), "propSetString", |s| s.propSetString)?;
        let text = c_text(value);
        // SAFETY: see the module; the host copies the text before it returns.
        let status = unsafe { call(set.raw(), name.as_ptr(), c_index(index), text.as_ptr()) };
        check(status, "propSetString", || subject(name, index))
    }
}
