//! The interact suite.

use super::{Handle, InteractHandle, PropertyHandle, Suites, check, function};
use crate::{Error, Result, Status};
use std::ptr;

impl Suites {
    pub(crate) fn interact_properties(&self, interact: InteractHandle) -> Result<PropertyHandle> {
        let get = function(self.interact.as_ref(), "interactGetPropertySet", |s| s.interactGetPropertySet)?;
        let mut set = ptr::null_mut();
        // SAFETY: see the module; `set` outlives the call.
        let status = unsafe { get(interact.raw(), &mut set) };
        check(status, "interactGetPropertySet", String::new)?;
        Handle::new(set)
            .ok_or_else(|| Error::Call { call: "interactGetPropertySet()".to_owned(), status: Status::BAD_HANDLE })
    }

    /// Asks for a redraw, which may come before this returns.
    pub(crate) fn redraw(&self, interact: InteractHandle) -> Result<()> {
        let redraw = function(self.interact.as_ref(), "interactRedraw", |s| s.interactRedraw)?;
        // SAFETY: see the module.
        let status = unsafe { redraw(interact.raw()) };
        check(status, "interactRedraw", String::new)
    }
}
