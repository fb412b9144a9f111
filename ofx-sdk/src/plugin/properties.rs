//! A property set of the host, in which every property is optional.

use super::{
    instance::{Instance, destroyed},
    suites::{PropertyHandle, Suites},
};
use crate::{RectD, RectI, Result};
use std::{
    ffi::CStr,
    sync::atomic::{AtomicBool, Ordering},
};

/// A property set of the host.
#[derive(Clone, Copy)]
pub(crate) struct Properties<'a> {
    suites: &'a Suites,
    handle: PropertyHandle,
    /// Whether what they go with still exists, where it may go in the middle of a call.
    alive: Option<&'a AtomicBool>,
}

impl<'a> Properties<'a> {
    pub(crate) fn new(suites: &'a Suites, handle: PropertyHandle) -> Self {
        Self { suites, handle, alive: None }
    }

    /// A property set of a node, or of one of its clips and parameters: a host that destroys the node in the middle of
    /// a call takes it away, so it is asked no more from then on.
    pub(crate) fn of(owner: &'a Instance, handle: PropertyHandle) -> Self {
        Self::while_alive(owner.suites(), handle, &owner.link.alive)
    }

    /// A property set of something that a host may destroy in the middle of a call, as [`of`](Self::of).
    pub(crate) fn while_alive(suites: &'a Suites, handle: PropertyHandle, alive: &'a AtomicBool) -> Self {
        Self { suites, handle, alive: Some(alive) }
    }

    /// The suites, while the handle is good.
    fn suites(&self) -> Result<&'a Suites> {
        if self.alive.is_none_or(|alive| alive.load(Ordering::Acquire)) { Ok(self.suites) } else { Err(destroyed()) }
    }

    fn get_int(&self, name: &CStr, index: usize) -> Result<i32> {
        self.suites()?.get_int(self.handle, name, index)
    }

    fn get_double(&self, name: &CStr, index: usize) -> Result<f64> {
        self.suites()?.get_double(self.handle, name, index)
    }

    fn get_string(&self, name: &CStr, index: usize) -> Result<String> {
        self.suites()?.get_string(self.handle, name, index)
    }

    pub(crate) fn int(&self, name: &CStr) -> Option<i32> {
        self.get_int(name, 0).ok()
    }

    pub(crate) fn flag(&self, name: &CStr) -> Option<bool> {
        self.int(name).map(|v| v != 0)
    }

    pub(crate) fn double(&self, name: &CStr) -> Option<f64> {
        self.get_double(name, 0).ok()
    }

    /// A double that makes sense as a factor: finite and above zero.
    pub(crate) fn positive(&self, name: &CStr) -> Option<f64> {
        self.double(name).filter(|v| v.is_finite() && *v > 0.0)
    }

    pub(crate) fn doubles<const N: usize>(&self, name: &CStr) -> Option<[f64; N]> {
        let mut values = [0.0; N];
        for (i, v) in values.iter_mut().enumerate() {
            *v = self.get_double(name, i).ok()?;
        }
        Some(values)
    }

    pub(crate) fn ints<const N: usize>(&self, name: &CStr) -> Option<[i32; N]> {
        let mut values = [0; N];
        for (i, v) in values.iter_mut().enumerate() {
            *v = self.get_int(name, i).ok()?;
        }
        Some(values)
    }

    /// As many ints as there are, at most eight.
    pub(crate) fn all_ints(&self, name: &CStr) -> Vec<i32> {
        (0..self.dimension(name).min(8)).map_while(|i| self.get_int(name, i).ok()).collect()
    }

    pub(crate) fn rect_i(&self, name: &CStr) -> Option<RectI> {
        self.ints(name).map(|[x1, y1, x2, y2]| RectI::new(x1, y1, x2, y2))
    }

    pub(crate) fn rect_d(&self, name: &CStr) -> Option<RectD> {
        self.doubles(name).map(|[x1, y1, x2, y2]| RectD::new(x1, y1, x2, y2))
    }

    pub(crate) fn string(&self, name: &CStr) -> Option<String> {
        self.get_string(name, 0).ok()
    }

    /// As many strings as there are, at most a thousand.
    pub(crate) fn strings(&self, name: &CStr) -> Vec<String> {
        (0..self.dimension(name).min(1000)).map_while(|i| self.get_string(name, i).ok()).collect()
    }

    /// One of the standard's strings, as the value that it stands for.
    pub(crate) fn named<T>(&self, name: &CStr, from_ofx: fn(&CStr) -> Option<T>) -> Option<T> {
        let text = super::suites::c_text(&self.string(name)?);
        from_ofx(&text)
    }

    /// Null where there is none.
    pub(crate) fn pointer(&self, name: &CStr) -> *mut std::ffi::c_void {
        self.suites().and_then(|s| s.get_pointer(self.handle, name, 0)).unwrap_or(std::ptr::null_mut())
    }

    pub(crate) fn dimension(&self, name: &CStr) -> usize {
        self.suites().and_then(|s| s.dimension(self.handle, name)).unwrap_or(0)
    }

    pub(crate) fn try_set_int(&self, name: &CStr, index: usize, value: i32) -> Result<()> {
        self.suites()?.set_int(self.handle, name, index, value)
    }

    pub(crate) fn try_set_double(&self, name: &CStr, index: usize, value: f64) -> Result<()> {
        self.suites()?.set_double(self.handle, name, index, value)
    }

    pub(crate) fn try_set_string(&self, name: &CStr, index: usize, value: &str) -> Result<()> {
        self.suites()?.set_string(self.handle, name, index, value)
    }

    /// Sets what a host may do without: a refusal is only logged.
    pub(crate) fn set_int(&self, name: &CStr, value: i32) {
        tolerate(self.try_set_int(name, 0, value));
    }

    pub(crate) fn set_flag(&self, name: &CStr, value: bool) {
        self.set_int(name, i32::from(value));
    }

    pub(crate) fn set_double(&self, name: &CStr, value: f64) {
        tolerate(self.try_set_double(name, 0, value));
    }

    pub(crate) fn set_doubles(&self, name: &CStr, values: &[f64]) {
        for (i, v) in values.iter().enumerate() {
            tolerate(self.try_set_double(name, i, *v));
        }
    }

    pub(crate) fn set_pointer(&self, name: &CStr, value: *mut std::ffi::c_void) {
        tolerate(self.suites().and_then(|s| s.set_pointer(self.handle, name, 0, value)));
    }

    pub(crate) fn set_string(&self, name: &CStr, value: &str) {
        tolerate(self.try_set_string(name, 0, value));
    }

    pub(crate) fn set_strings<'s>(&self, name: &CStr, values: impl IntoIterator<Item = &'s str>) {
        for (i, v) in values.into_iter().enumerate() {
            tolerate(self.try_set_string(name, i, v));
        }
    }

    /// Sets one of the standard's strings.
    pub(crate) fn set_name(&self, name: &CStr, value: &CStr) {
        self.set_string(name, value.to_str().unwrap_or_default());
    }
}

/// Logs that a host refused what it may do without.
pub(crate) fn tolerate(result: Result<()>) {
    if let Err(e) = result {
        log::debug!("{e}; going on without");
    }
}
