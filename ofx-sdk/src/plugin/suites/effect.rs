//! The image effect suite and the plane suite.

use super::{ClipHandle, EffectHandle, Handle, ParamSetHandle, PropertyHandle, Suites, c_text, check, function};
use crate::{Error, RectD, Result, Status, sys};
use std::{ffi::CStr, ptr};

/// A handle that the host must have written, or the error that says it did not.
fn written<T>(pointer: *mut T, call: &'static str, subject: &str) -> Result<Handle<T>> {
    Handle::new(pointer).ok_or_else(|| Error::Call { call: format!("{call}({subject})"), status: Status::BAD_HANDLE })
}

fn c_rect(rect: RectD) -> sys::OfxRectD {
    sys::OfxRectD { x1: rect.x1, y1: rect.y1, x2: rect.x2, y2: rect.y2 }
}

impl Suites {
    pub(crate) fn effect_properties(&self, effect: EffectHandle) -> Result<PropertyHandle> {
        let get = function(self.effect.as_ref(), "getPropertySet", |s| s.getPropertySet)?;
        let mut set = ptr::null_mut();
        // SAFETY: see the module; `set` outlives the call.
        let status = unsafe { get(effect.raw(), &mut set) };
        check(status, "getPropertySet", String::new)?;
        written(set, "getPropertySet", "")
    }

    pub(crate) fn param_set(&self, effect: EffectHandle) -> Result<ParamSetHandle> {
        let get = function(self.effect.as_ref(), "getParamSet", |s| s.getParamSet)?;
        let mut set = ptr::null_mut();
        // SAFETY: see the module; `set` outlives the call.
        let status = unsafe { get(effect.raw(), &mut set) };
        check(status, "getParamSet", String::new)?;
        written(set, "getParamSet", "")
    }

    pub(crate) fn define_clip(&self, effect: EffectHandle, name: &CStr) -> Result<PropertyHandle> {
        let define = function(self.effect.as_ref(), "clipDefine", |s| s.clipDefine)?;
        let mut set = ptr::null_mut();
        // SAFETY: see the module; `set` outlives the call.
        let status = unsafe { define(effect.raw(), name.as_ptr(), &mut set) };
        check(status, "clipDefine", || name.to_string_lossy().into_owned())?;
        written(set, "clipDefine", &name.to_string_lossy())
    }

    pub(crate) fn clip(&self, effect: EffectHandle, name: &CStr) -> Result<ClipHandle> {
        let get = function(self.effect.as_ref(), "clipGetHandle", |s| s.clipGetHandle)?;
        let mut clip = ptr::null_mut();
        // SAFETY: see the module; the standard lets the property set be null.
        let status = unsafe { get(effect.raw(), name.as_ptr(), &mut clip, ptr::null_mut()) };
        check(status, "clipGetHandle", || name.to_string_lossy().into_owned())?;
        written(clip, "clipGetHandle", &name.to_string_lossy())
    }

    pub(crate) fn clip_properties(&self, clip: ClipHandle) -> Result<PropertyHandle> {
        let get = function(self.effect.as_ref(), "clipGetPropertySet", |s| s.clipGetPropertySet)?;
        let mut set = ptr::null_mut();
        // SAFETY: see the module; `set` outlives the call.
        let status = unsafe { get(clip.raw(), &mut set) };
        check(status, "clipGetPropertySet", String::new)?;
        written(set, "clipGetPropertySet", "")
    }

    pub(crate) fn clip_region_of_definition(&self, clip: ClipHandle, time: f64) -> Result<RectD> {
        let get = function(self.effect.as_ref(), "clipGetRegionOfDefinition", |s| s.clipGetRegionOfDefinition)?;
        let mut bounds = c_rect(RectD::default());
        // SAFETY: see the module; `bounds` outlives the call.
        let status = unsafe { get(clip.raw(), time, &mut bounds) };
        check(status, "clipGetRegionOfDefinition", || format!("time {time}"))?;
        Ok(RectD::new(bounds.x1, bounds.y1, bounds.x2, bounds.y2))
    }

    /// `None` where the host has no image there. An image that is given must be released exactly once.
    pub(crate) fn clip_image(
        &self,
        clip: ClipHandle,
        time: f64,
        region: Option<RectD>,
    ) -> Result<Option<PropertyHandle>> {
        let get = function(self.effect.as_ref(), "clipGetImage", |s| s.clipGetImage)?;
        let region = region.map(c_rect);
        let mut image = ptr::null_mut();
        // SAFETY: see the module; region and `image` outlive the call, and the standard lets the region be null.
        let status = unsafe { get(clip.raw(), time, region.as_ref().map_or(ptr::null(), ptr::from_ref), &mut image) };
        fetched(status, image, "clipGetImage", time)
    }

    pub(crate) fn has_planes(&self) -> bool {
        self.planes_v2.is_some_and(|s| s.clipGetImagePlane.is_some())
            || self.planes_v1.is_some_and(|s| s.clipGetImagePlane.is_some())
    }

    /// As [`clip_image`](Self::clip_image), of a named plane.
    pub(crate) fn clip_image_plane(
        &self,
        clip: ClipHandle,
        time: f64,
        plane: &str,
        region: Option<RectD>,
    ) -> Result<Option<PropertyHandle>> {
        let plane = c_text(plane);
        let region = region.map(c_rect);
        let region = region.as_ref().map_or(ptr::null(), ptr::from_ref);
        let mut image = ptr::null_mut();
        let status = if let Some(get) = self.planes_v2.and_then(|s| s.clipGetImagePlane) {
            // SAFETY: see the module; region, plane and `image` outlive the call. View 0 is the main one.
            unsafe { get(clip.raw(), time, 0, plane.as_ptr(), region, &mut image) }
        } else {
            let get = function(self.planes_v1.as_ref(), "clipGetImagePlane", |s| s.clipGetImagePlane)?;
            // SAFETY: as above.
            unsafe { get(clip.raw(), time, plane.as_ptr(), region, &mut image) }
        };
        fetched(status, image, "clipGetImagePlane", time)
    }

    pub(crate) fn release_image(&self, image: PropertyHandle) -> Result<()> {
        let release = function(self.effect.as_ref(), "clipReleaseImage", |s| s.clipReleaseImage)?;
        // SAFETY: see the module; the caller gives up the image.
        let status = unsafe { release(image.raw()) };
        check(status, "clipReleaseImage", String::new)
    }

    /// Whether the host asks to stop; a host that cannot say never does.
    pub(crate) fn abort(&self, effect: EffectHandle) -> bool {
        // SAFETY: see the module.
        self.effect.as_ref().and_then(|s| s.abort).is_some_and(|abort| unsafe { abort(effect.raw()) } == 1)
    }
}

fn fetched(
    status: i32,
    image: *mut sys::OfxPropertySetStruct,
    call: &'static str,
    time: f64,
) -> Result<Option<PropertyHandle>> {
    match Status(status) {
        // The standard: the image does not exist there; take it as black and transparent.
        Status::FAILED => Ok(None),
        _ => check(status, call, || format!("time {time}")).map(|()| Handle::new(image)),
    }
}
