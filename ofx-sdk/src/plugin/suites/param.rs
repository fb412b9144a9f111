//! The parameter suite.

use super::{
    Handle, ParamHandle, ParamSetHandle, PropertyHandle, Suites, UNWRITTEN_DOUBLE, UNWRITTEN_INT, c_text, check,
    copied, function, written_double, written_int,
};
use crate::{Error, ParamKind, Result, Status, Transport, plugin::kinds::RawValue};
use std::{
    ffi::{CStr, c_char, c_int, c_uint},
    ptr,
};

type Get = unsafe extern "C" fn(*mut crate::sys::OfxParamStruct, ...) -> c_int;
type GetAtTime = unsafe extern "C" fn(*mut crate::sys::OfxParamStruct, f64, ...) -> c_int;

/// Calls one of a pair of variadic functions: for now, or for a time.
macro_rules! variadic {
    ($self:ident.$now:ident, $same:ident.$at_time:ident, $param:expr, $time:expr, $($value:expr),+) => {
        match $time {
            // SAFETY: see the module. The values are as many as the parameter's kind takes or more, which a variadic
            // callee leaves alone, and pointers among them outlive the call.
            None => unsafe { $self.$now()?($param.raw(), $($value),+) },
            // SAFETY: as above.
            Some(time) => unsafe { $same.$at_time()?($param.raw(), time, $($value),+) },
        }
    };
}

impl Suites {
    pub(crate) fn define_param(&self, set: ParamSetHandle, kind: &CStr, id: &str) -> Result<PropertyHandle> {
        let define = function(self.param.as_ref(), "paramDefine", |s| s.paramDefine)?;
        let name = c_text(id);
        let mut properties = ptr::null_mut();
        // SAFETY: see the module; `properties` outlives the call.
        let status = unsafe { define(set.raw(), kind.as_ptr(), name.as_ptr(), &mut properties) };
        check(status, "paramDefine", || id.to_owned())?;
        Handle::new(properties)
            .ok_or_else(|| Error::Call { call: format!("paramDefine({id})"), status: Status::BAD_HANDLE })
    }

    pub(crate) fn param(&self, set: ParamSetHandle, id: &str) -> Result<ParamHandle> {
        let get = function(self.param.as_ref(), "paramGetHandle", |s| s.paramGetHandle)?;
        let name = c_text(id);
        let mut param = ptr::null_mut();
        // SAFETY: see the module; the standard lets the property set be null.
        let status = unsafe { get(set.raw(), name.as_ptr(), &mut param, ptr::null_mut()) };
        check(status, "paramGetHandle", || id.to_owned())?;
        Handle::new(param)
            .ok_or_else(|| Error::Call { call: format!("paramGetHandle({id})"), status: Status::BAD_HANDLE })
    }

    pub(crate) fn param_properties(&self, param: ParamHandle) -> Result<PropertyHandle> {
        let get = function(self.param.as_ref(), "paramGetPropertySet", |s| s.paramGetPropertySet)?;
        let mut set = ptr::null_mut();
        // SAFETY: see the module; `set` outlives the call.
        let status = unsafe { get(param.raw(), &mut set) };
        check(status, "paramGetPropertySet", String::new)?;
        Handle::new(set)
            .ok_or_else(|| Error::Call { call: "paramGetPropertySet()".to_owned(), status: Status::BAD_HANDLE })
    }

    /// The value now, or at a time. `kind` must be the kind that the parameter was defined as: it decides how many
    /// values the host writes.
    pub(crate) fn param_value(&self, param: ParamHandle, kind: ParamKind, time: Option<f64>) -> Result<RawValue> {
        match kind.transport() {
            Transport::Nothing => Ok(RawValue::Nothing),
            // Room for the widest kind, in case the host takes the parameter for another.
            Transport::Doubles(count) => {
                let mut v = [UNWRITTEN_DOUBLE; 4];
                let [a, b, c, d] = v.each_mut().map(ptr::from_mut);
                let status = variadic!(self.getter, self.getter_at_time, param, time, a, b, c, d);
                check(status, "paramGetValue", String::new)?;
                for (n, v) in v.iter_mut().enumerate() {
                    // What the kind does not have stays as it was.
                    *v = if n < count { written_double(*v, || "paramGetValue".to_owned())? } else { 0.0 };
                }
                Ok(RawValue::Doubles(v))
            }
            Transport::Ints(_) => {
                let mut v: [c_int; 4] = [UNWRITTEN_INT; 4];
                let [a, b, c, d] = v.each_mut().map(ptr::from_mut);
                let status = variadic!(self.getter, self.getter_at_time, param, time, a, b, c, d);
                check(status, "paramGetValue", String::new)?;
                written_int(v[0], || "paramGetValue".to_owned()).map(RawValue::Int)
            }
            Transport::String => {
                let mut text: *mut c_char = ptr::null_mut();
                let status = variadic!(self.getter, self.getter_at_time, param, time, ptr::from_mut(&mut text));
                check(status, "paramGetValue", String::new)?;
                // SAFETY: null, or a string of the host's that lives at least until its next call.
                Ok(RawValue::Text(unsafe { copied(text) }))
            }
        }
    }

    /// Sets the value, or a keyframe at a time. The value's variant must be that of the parameter's kind.
    pub(crate) fn set_param_value(
        &self,
        param: ParamHandle,
        kind: ParamKind,
        time: Option<f64>,
        value: &RawValue,
    ) -> Result<()> {
        let status = match (kind.transport(), value) {
            (Transport::Nothing, RawValue::Nothing) => 0,
            (Transport::Doubles(_), RawValue::Doubles([a, b, c, d])) => {
                variadic!(self.setter, self.setter_at_time, param, time, *a, *b, *c, *d)
            }
            (Transport::Ints(1), RawValue::Int(value)) => {
                variadic!(self.setter, self.setter_at_time, param, time, *value)
            }
            (Transport::String, RawValue::Text(text)) => {
                let text = c_text(text);
                variadic!(self.setter, self.setter_at_time, param, time, text.as_ptr())
            }
            _ => {
                return Err(Error::Value {
                    subject: format!("{kind:?} parameter"),
                    reason: format!("{value:?} is no value of this kind"),
                });
            }
        };
        check(status, "paramSetValue", String::new)
    }

    fn getter(&self) -> Result<Get> {
        function(self.param.as_ref(), "paramGetValue", |s| s.paramGetValue)
    }

    fn getter_at_time(&self) -> Result<GetAtTime> {
        function(self.param.as_ref(), "paramGetValueAtTime", |s| s.paramGetValueAtTime)
    }

    fn setter(&self) -> Result<Get> {
        function(self.param.as_ref(), "paramSetValue", |s| s.paramSetValue)
    }

    fn setter_at_time(&self) -> Result<GetAtTime> {
        function(self.param.as_ref(), "paramSetValueAtTime", |s| s.paramSetValueAtTime)
    }

    pub(crate) fn key_count(&self, param: ParamHandle) -> Result<usize> {
        let get = function(self.param.as_ref(), "paramGetNumKeys", |s| s.paramGetNumKeys)?;
        let mut count: c_uint = 0;
        // SAFETY: see the module; `count` outlives the call.
        let status = unsafe { get(param.raw(), &mut count) };
        check(status, "paramGetNumKeys", String::new).map(|()| count as usize)
    }

    pub(crate) fn key_time(&self, param: ParamHandle, nth: usize) -> Result<f64> {
        let get = function(self.param.as_ref(), "paramGetKeyTime", |s| s.paramGetKeyTime)?;
        let mut time = 0.0;
        // SAFETY: see the module; `time` outlives the call.
        let status = unsafe { get(param.raw(), c_uint::try_from(nth).unwrap_or(c_uint::MAX), &mut time) };
        check(status, "paramGetKeyTime", || nth.to_string()).map(|()| time)
    }

    pub(crate) fn delete_key(&self, param: ParamHandle, time: f64) -> Result<()> {
        let delete = function(self.param.as_ref(), "paramDeleteKey", |s| s.paramDeleteKey)?;
        // SAFETY: see the module.
        let status = unsafe { delete(param.raw(), time) };
        check(status, "paramDeleteKey", || time.to_string())
    }

    pub(crate) fn delete_all_keys(&self, param: ParamHandle) -> Result<()> {
        let delete = function(self.param.as_ref(), "paramDeleteAllKeys", |s| s.paramDeleteAllKeys)?;
        // SAFETY: see the module.
        let status = unsafe { delete(param.raw()) };
        check(status, "paramDeleteAllKeys", String::new)
    }

    pub(crate) fn begin_edit(&self, set: ParamSetHandle, label: &str) -> Result<()> {
        let begin = function(self.param.as_ref(), "paramEditBegin", |s| s.paramEditBegin)?;
        let label = c_text(label);
        // SAFETY: see the module.
        let status = unsafe { begin(set.raw(), label.as_ptr()) };
        check(status, "paramEditBegin", String::new)
    }

    pub(crate) fn end_edit(&self, set: ParamSetHandle) -> Result<()> {
        let end = function(self.param.as_ref(), "paramEditEnd", |s| s.paramEditEnd)?;
        // SAFETY: see the module.
        let status = unsafe { end(set.raw()) };
        check(status, "paramEditEnd", String::new)
    }
}
