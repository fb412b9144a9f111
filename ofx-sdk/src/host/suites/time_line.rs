//! The timeline suite.
#![allow(unsafe_code)]

use super::{gate, give};
use crate::{
    Status,
    host::{effect::Effect, handles, sync::lock},
    sys,
};
use std::{ffi::c_void, sync::Arc};

pub(crate) static TABLE: sys::OfxTimeLineSuiteV1 = sys::OfxTimeLineSuiteV1 {
    getTime: Some(get_time),
    gotoTime: Some(goto_time),
    getTimeBounds: Some(get_time_bounds),
};

fn instance(handle: *mut c_void) -> Result<Arc<Effect>, Status> {
    handles::effect(handle).filter(|effect| effect.life.is_some()).ok_or(Status::BAD_HANDLE)
}

unsafe extern "C" fn get_time(effect: *mut c_void, time: *mut f64) -> sys::OfxStatus {
    gate("getTime", || {
        let effect = instance(effect)?;
        // SAFETY: the plug-in's pointer, as the standard has it.
        unsafe { give(time, effect.time(), "where a time goes") }
    })
}

unsafe extern "C" fn goto_time(effect: *mut c_void, time: f64) -> sys::OfxStatus {
    gate("gotoTime", || {
        let effect = instance(effect)?;
        if !time.is_finite() {
            return Err(Status::VALUE);
        }
        if let Some(life) = &effect.life {
            *lock(&life.time) = time;
        }
        Ok(())
    })
}

unsafe extern "C" fn get_time_bounds(effect: *mut c_void, first: *mut f64, last: *mut f64) -> sys::OfxStatus {
    gate("getTimeBounds", || {
        let effect = instance(effect)?;
        let range = effect.life.as_ref().map(|life| life.project.range).ok_or(Status::BAD_HANDLE)?;
        // SAFETY: the plug-in's pointers, as the standard has them.
        unsafe {
            give(first, range.min, "where a time goes")?;
            give(last, range.max, "where a time goes")
        }
    })
}
