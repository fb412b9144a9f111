//! The plane suite of Nuke (version 1) and Natron (version 2).
#![allow(unsafe_code)]

use super::{
    gate, give,
    image_effect::{hand_over, region, region_of},
    text,
};
use crate::{
    Status,
    host::handles,
    sys::{self, planes},
};
use std::ffi::{c_char, c_int};

pub(crate) static TABLE_V1: planes::FnOfxImageEffectPlaneSuiteV1 =
    planes::FnOfxImageEffectPlaneSuiteV1 { clipGetImagePlane: Some(get_plane_v1) };

pub(crate) static TABLE_V2: planes::FnOfxImageEffectPlaneSuiteV2 = planes::FnOfxImageEffectPlaneSuiteV2 {
    clipGetImagePlane: Some(get_plane_v2),
    clipGetRegionOfDefinition: Some(get_region_of_definition),
    getViewName: Some(get_view_name),
    getViewCount: Some(get_view_count),
};

/// # Safety
/// The plug-in's pointers are null or valid for what the suite says of them.
unsafe fn get_plane(
    clip: sys::OfxImageClipHandle,
    time: sys::OfxTime,
    plane: *const c_char,
    part: *const sys::OfxRectD,
    image: *mut sys::OfxPropertySetHandle,
) -> Result<(), Status> {
    // SAFETY: the caller's promise.
    unsafe {
        let plane = text(plane, "a plane's name")?.to_string_lossy();
        let clip = handles::clip(clip).ok_or(Status::BAD_HANDLE);
        hand_over(clip.and_then(|clip| clip.fetch(time, region(part), Some(&plane))), image)
    }
}

unsafe extern "C" fn get_plane_v1(
    clip: sys::OfxImageClipHandle,
    time: sys::OfxTime,
    plane: *const c_char,
    part: *const sys::OfxRectD,
    image: *mut sys::OfxPropertySetHandle,
) -> sys::OfxStatus {
    // SAFETY: the plug-in's pointers, as the suite has them.
    gate("clipGetImagePlane", || unsafe { get_plane(clip, time, plane, part, image) })
}

unsafe extern "C" fn get_plane_v2(
    clip: sys::OfxImageClipHandle,
    time: sys::OfxTime,
    _view: c_int,
    plane: *const c_char,
    part: *const sys::OfxRectD,
    image: *mut sys::OfxPropertySetHandle,
) -> sys::OfxStatus {
    // SAFETY: the plug-in's pointers, as the suite has them.
    gate("clipGetImagePlane", || unsafe { get_plane(clip, time, plane, part, image) })
}

unsafe extern "C" fn get_region_of_definition(
    clip: sys::OfxImageClipHandle,
    time: sys::OfxTime,
    _view: c_int,
    bounds: *mut sys::OfxRectD,
) -> sys::OfxStatus {
    gate("clipGetRegionOfDefinition", || {
        let clip = handles::clip(clip).ok_or(Status::BAD_HANDLE)?;
        let region = region_of(&clip, time)?;
        // SAFETY: the plug-in's pointer, as the suite has it.
        unsafe { give(bounds, region, "where a region goes") }
    })
}

unsafe extern "C" fn get_view_name(
    effect: sys::OfxImageEffectHandle,
    view: c_int,
    name: *mut *const c_char,
) -> sys::OfxStatus {
    gate("getViewName", || {
        handles::effect(effect).ok_or(Status::BAD_HANDLE)?;
        if view != 0 {
            return Err(Status::BAD_INDEX);
        }
        // SAFETY: the plug-in's pointer, as the suite has it.
        unsafe { give(name, c"Main".as_ptr(), "where a view's name goes") }
    })
}

unsafe extern "C" fn get_view_count(effect: sys::OfxImageEffectHandle, count: *mut c_int) -> sys::OfxStatus {
    gate("getViewCount", || {
        handles::effect(effect).ok_or(Status::BAD_HANDLE)?;
        // SAFETY: the plug-in's pointer, as the suite has it.
        unsafe { give(count, 1, "where a count goes") }
    })
}
