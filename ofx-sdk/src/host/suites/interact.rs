//! The interact suite.
#![allow(unsafe_code)]

use super::{gate, give};
use crate::{Status, host::handles, sys};

pub(crate) static TABLE: sys::OfxInteractSuiteV1 = sys::OfxInteractSuiteV1 {
    interactSwapBuffers: Some(swap_buffers),
    interactRedraw: Some(redraw),
    interactGetPropertySet: Some(get_property_set),
};

unsafe extern "C" fn swap_buffers(interact: sys::OfxInteractHandle) -> sys::OfxStatus {
    // Nothing is shown, so there is nothing to swap.
    gate("interactSwapBuffers", || handles::interact(interact).map(drop).ok_or(Status::BAD_HANDLE))
}

unsafe extern "C" fn redraw(interact: sys::OfxInteractHandle) -> sys::OfxStatus {
    gate("interactRedraw", || {
        handles::interact(interact).ok_or(Status::BAD_HANDLE)?.ask_redraw();
        Ok(())
    })
}

unsafe extern "C" fn get_property_set(
    interact: sys::OfxInteractHandle,
    set: *mut sys::OfxPropertySetHandle,
) -> sys::OfxStatus {
    gate("interactGetPropertySet", || {
        let interact = handles::interact(interact).ok_or(Status::BAD_HANDLE)?;
        // SAFETY: the plug-in's pointer, as the standard has it.
        unsafe { give(set, interact.properties.raw(), "where a property set goes") }
    })
}
