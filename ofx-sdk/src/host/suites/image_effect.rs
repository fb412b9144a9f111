//! The image-effect suite.
#![allow(unsafe_code)]

use super::{gate, give, memory, utf8};
use crate::{
    RectD, Status,
    host::{
        action,
        clip::Clip,
        handles,
        loan::Loan,
        sync::{lock, write},
        violation::ViolationKind,
    },
    sys,
};
use std::{
    ffi::{c_char, c_int},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

pub(crate) static TABLE: sys::OfxImageEffectSuiteV1 = sys::OfxImageEffectSuiteV1 {
    getPropertySet: Some(get_property_set),
    getParamSet: Some(get_param_set),
    clipDefine: Some(clip_define),
    clipGetHandle: Some(clip_get_handle),
    clipGetPropertySet: Some(clip_get_property_set),
    clipGetImage: Some(clip_get_image),
    clipReleaseImage: Some(clip_release_image),
    clipGetRegionOfDefinition: Some(clip_get_region_of_definition),
    abort: Some(abort),
    imageMemoryAlloc: Some(memory::image_memory_alloc),
    imageMemoryFree: Some(memory::image_memory_free),
    imageMemoryLock: Some(memory::image_memory_lock),
    imageMemoryUnlock: Some(memory::image_memory_unlock),
};

unsafe extern "C" fn get_property_set(
    effect: sys::OfxImageEffectHandle,
    set: *mut sys::OfxPropertySetHandle,
) -> sys::OfxStatus {
    gate("getPropertySet", || {
        let effect = handles::effect(effect).ok_or(Status::BAD_HANDLE)?;
        // SAFETY: the plug-in's pointer, as the standard has it.
        unsafe { give(set, effect.properties.raw(), "where a property set goes") }
    })
}

unsafe extern "C" fn get_param_set(
    effect: sys::OfxImageEffectHandle,
    set: *mut sys::OfxParamSetHandle,
) -> sys::OfxStatus {
    gate("getParamSet", || {
        let effect = handles::effect(effect).ok_or(Status::BAD_HANDLE)?;
        // SAFETY: the plug-in's pointer, as the standard has it.
        unsafe { give(set, effect.raw_params(), "where a parameter set goes") }
    })
}

unsafe extern "C" fn clip_define(
    effect: sys::OfxImageEffectHandle,
    name: *const c_char,
    properties: *mut sys::OfxPropertySetHandle,
) -> sys::OfxStatus {
    gate("clipDefine", || {
        let effect = handles::effect(effect).ok_or(Status::BAD_HANDLE)?;
        // SAFETY: the plug-in's pointer, as the standard has it.
        let name = unsafe { utf8(name, "a clip's name") }?;
        let described = action::current().is_some_and(|a| a.name == sys::kOfxImageEffectActionDescribeInContext);
        if effect.life.is_some() || !described {
            effect.violation(ViolationKind::DefineOutsideDescribe, format!("clip {name}"));
            return Err(Status::FAILED);
        }
        if effect.clip(name).is_some() {
            effect.violation(ViolationKind::DuplicateName, format!("clip {name}"));
            return Err(Status::EXISTS);
        }
        let clip = Clip::define(&effect.host, &effect, name);
        let raw = clip.properties.raw();
        write(&effect.clips).push(clip);
        // SAFETY: the plug-in's pointer, as the standard has it; null means that it does not care.
        if properties.is_null() { Ok(()) } else { unsafe { give(properties, raw, "a clip's properties") } }
    })
}

unsafe extern "C" fn clip_get_handle(
    effect: sys::OfxImageEffectHandle,
    name: *const c_char,
    handle: *mut sys::OfxImageClipHandle,
    properties: *mut sys::OfxPropertySetHandle,
) -> sys::OfxStatus {
    gate("clipGetHandle", || {
        let effect = handles::effect(effect).ok_or(Status::BAD_HANDLE)?;
        // SAFETY: the plug-in's pointer, as the standard has it.
        let name = unsafe { utf8(name, "a clip's name") }?;
        if effect.life.is_none() {
            effect.violation(ViolationKind::WrongAction, format!("clipGetHandle of {name} on a descriptor"));
            return Err(Status::BAD_HANDLE);
        }
        let Some(clip) = effect.clip(name) else {
            effect.violation(ViolationKind::UnknownName, format!("clip {name}"));
            return Err(Status::UNKNOWN);
        };
        // SAFETY: the plug-in's pointers, as the standard has them; each may be null where it does not care.
        unsafe {
            if !handle.is_null() {
                give(handle, clip.raw(), "a clip's handle")?;
            }
            if !properties.is_null() {
                give(properties, clip.properties.raw(), "a clip's properties")?;
            }
        }
        Ok(())
    })
}

unsafe extern "C" fn clip_get_property_set(
    clip: sys::OfxImageClipHandle,
    set: *mut sys::OfxPropertySetHandle,
) -> sys::OfxStatus {
    gate("clipGetPropertySet", || {
        let clip = handles::clip(clip).ok_or(Status::BAD_HANDLE)?;
        // SAFETY: the plug-in's pointer, as the standard has it.
        unsafe { give(set, clip.properties.raw(), "where a property set goes") }
    })
}

/// Reads a region that a plug-in may leave out.
///
/// # Safety
/// `region` is null or points to a rectangle.
pub(crate) unsafe fn region(region: *const sys::OfxRectD) -> Option<RectD> {
    if region.is_null() {
        return None;
    }
    // SAFETY: not null; a rectangle by the caller's promise.
    let r = unsafe { region.read_unaligned() };
    Some(RectD::new(r.x1, r.y1, r.x2, r.y2))
}

/// Gives an image to the plug-in, or null.
///
/// # Safety
/// `to` is null or writable.
pub(crate) unsafe fn hand_over(
    loan: Result<Arc<Loan>, Status>,
    to: *mut sys::OfxPropertySetHandle,
) -> Result<(), Status> {
    match loan {
        // SAFETY: the caller's promise.
        Ok(loan) => unsafe { give(to, loan.properties.raw(), "where an image goes") },
        Err(status) => {
            if !to.is_null() {
                // SAFETY: not null, writable by the caller's promise.
                unsafe { to.write_unaligned(std::ptr::null_mut()) };
            }
            Err(status)
        }
    }
}

unsafe extern "C" fn clip_get_image(
    clip: sys::OfxImageClipHandle,
    time: sys::OfxTime,
    part: *const sys::OfxRectD,
    image: *mut sys::OfxPropertySetHandle,
) -> sys::OfxStatus {
    gate("clipGetImage", || {
        let clip = handles::clip(clip).ok_or(Status::BAD_HANDLE);
        // SAFETY: the plug-in's pointers, as the standard has them.
        unsafe { hand_over(clip.and_then(|clip| clip.fetch(time, region(part), None)), image) }
    })
}

unsafe extern "C" fn clip_release_image(image: sys::OfxPropertySetHandle) -> sys::OfxStatus {
    gate("clipReleaseImage", || {
        let loan = handles::image(image).ok_or(Status::BAD_HANDLE)?;
        let action = loan.action.upgrade().ok_or(Status::BAD_HANDLE)?;
        let mut loans = lock(&action.loans);
        let at = loans.iter().position(|other| Arc::ptr_eq(other, &loan)).ok_or(Status::BAD_HANDLE)?;
        let released = loans.swap_remove(at);
        drop(loans);
        drop(released);
        Ok(())
    })
}

unsafe extern "C" fn clip_get_region_of_definition(
    clip: sys::OfxImageClipHandle,
    time: sys::OfxTime,
    bounds: *mut sys::OfxRectD,
) -> sys::OfxStatus {
    gate("clipGetRegionOfDefinition", || {
        let clip = handles::clip(clip).ok_or(Status::BAD_HANDLE)?;
        let mischief = clip.effect.upgrade().and_then(|effect| effect.host.options.mischief.clone());
        let lie = mischief.and_then(|mischief| mischief.region());
        let region = match lie {
            Some(lie) => sys::OfxRectD { x1: lie.x1, y1: lie.y1, x2: lie.x2, y2: lie.y2 },
            None => region_of(&clip, time)?,
        };
        // SAFETY: the plug-in's pointer, as the standard has it.
        unsafe { give(bounds, region, "where a region goes") }
    })
}

pub(crate) fn region_of(clip: &Arc<Clip>, time: f64) -> Result<sys::OfxRectD, Status> {
    let region = if clip.is_output() {
        let effect = clip.effect.upgrade().ok_or(Status::BAD_HANDLE)?;
        let action = action::of(&effect).ok_or(Status::FAILED)?;
        let aspect = effect.preferences().clips.get(&clip.name).map_or(1.0, |p| p.pixel_aspect);
        action.frame.whole.to_canonical(action.frame.scale, aspect)
    } else {
        clip.source().ok_or(Status::FAILED)?.region_of_definition(time)
    };
    Ok(sys::OfxRectD { x1: region.x1, y1: region.y1, x2: region.x2, y2: region.y2 })
}

unsafe extern "C" fn abort(effect: sys::OfxImageEffectHandle) -> c_int {
    catch_unwind(AssertUnwindSafe(|| {
        let interceptor = action::current().and_then(|a| a.host.options.interceptor.clone());
        if let Some(status) = interceptor.and_then(|i| i("abort")) {
            return status.0;
        }
        let Some(effect) = handles::effect(effect) else {
            return gate("abort", || Err(Status::BAD_HANDLE)).min(0);
        };
        c_int::from(effect.life.as_ref().is_some_and(|life| life.abort.poll()))
    }))
    .unwrap_or(0)
}
