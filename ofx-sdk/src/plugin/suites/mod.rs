//! The host's suites behind safe calls: one method per function, every function pointer optional, every string
//! copied before it is handed out.
//!
//! What makes these calls sound: a [`Handle`] is only ever made from a pointer that the host itself gave us, it is
//! passed back to the suites of that same host and never dereferenced here; and suite functions stay callable while
//! the plug-in is loaded, which the standard promises.

mod binary;
mod draw;
mod effect;
mod heap;
mod interact;
mod memory;
mod message;
mod param;
mod progress;
mod property;
mod threads;
mod timeline;

pub(crate) use binary::path_of_this_binary;
pub(crate) use draw::DrawnShape;
pub use heap::release_free_memory;
pub use memory::HostMemory;
pub(crate) use threads::Job;

use crate::{Error, Result, Status, sys};
use std::{
    ffi::{CStr, CString, c_char, c_void},
    ptr::NonNull,
};

/// An opaque handle that a host gave us. Never dereferenced on this side.
pub(crate) struct Handle<T>(NonNull<T>);

// SAFETY: a handle is a token; this side never reads what it points to.
unsafe impl<T> Send for Handle<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Handle<T> {}

impl<T> Clone for Handle<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Handle<T> {}

impl<T> std::fmt::Debug for Handle<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:p}", self.0)
    }
}

impl<T> Handle<T> {
    /// A handle from a pointer that the host passed in; `None` where it is null.
    pub(crate) fn new(pointer: *mut T) -> Option<Self> {
        NonNull::new(pointer).map(Self)
    }

    /// A number that tells this handle from others that are alive.
    pub(crate) fn key(self) -> usize {
        self.0.as_ptr() as usize
    }

    fn raw(self) -> *mut T {
        self.0.as_ptr()
    }

    fn untyped(self) -> *mut c_void {
        self.0.as_ptr().cast()
    }
}

pub(crate) type PropertyHandle = Handle<sys::OfxPropertySetStruct>;
pub(crate) type EffectHandle = Handle<sys::OfxImageEffectStruct>;
pub(crate) type ClipHandle = Handle<sys::OfxImageClipStruct>;
pub(crate) type ParamHandle = Handle<sys::OfxParamStruct>;
pub(crate) type ParamSetHandle = Handle<sys::OfxParamSetStruct>;
pub(crate) type InteractHandle = Handle<sys::OfxInteract>;
pub(crate) type DrawContextHandle = Handle<sys::OfxDrawContext>;

/// Copies of the suites of one host. What it lacks is `None`.
#[derive(Default)]
pub(crate) struct Suites {
    property: Option<sys::OfxPropertySuiteV1>,
    effect: Option<sys::OfxImageEffectSuiteV1>,
    param: Option<sys::OfxParameterSuiteV1>,
    memory: Option<sys::OfxMemorySuiteV1>,
    threads: Option<sys::OfxMultiThreadSuiteV1>,
    message_v1: Option<sys::OfxMessageSuiteV1>,
    message_v2: Option<sys::OfxMessageSuiteV2>,
    progress_v1: Option<sys::OfxProgressSuiteV1>,
    progress_v2: Option<sys::OfxProgressSuiteV2>,
    timeline: Option<sys::OfxTimeLineSuiteV1>,
    interact: Option<sys::OfxInteractSuiteV1>,
    draw: Option<sys::OfxDrawSuiteV1>,
    planes_v1: Option<sys::planes::FnOfxImageEffectPlaneSuiteV1>,
    planes_v2: Option<sys::planes::FnOfxImageEffectPlaneSuiteV2>,
}

/// What a host gave in `setHost`, copied.
#[derive(Clone, Copy)]
pub(crate) struct HostTable {
    host: *mut sys::OfxPropertySetStruct,
    fetch: unsafe extern "C" fn(*mut sys::OfxPropertySetStruct, *const c_char, i32) -> *const c_void,
}

// SAFETY: the pointer is an opaque token for the host, and hosts must let suites be fetched from any thread that
// they call us on.
unsafe impl Send for HostTable {}
// SAFETY: as above.
unsafe impl Sync for HostTable {}

impl HostTable {
    /// Copies a host's table; `None` where it is null or cannot fetch suites.
    ///
    /// # Safety
    /// `host` is null or points to a readable `OfxHost`.
    pub(crate) unsafe fn copy(host: *const sys::OfxHost) -> Option<Self> {
        // SAFETY: the caller vouches for the pointer.
        let host = unsafe { host.as_ref() }?;
        Some(Self { host: host.host, fetch: host.fetchSuite? })
    }

    /// The host's own properties.
    pub(crate) fn properties(&self) -> Option<PropertyHandle> {
        Handle::new(self.host)
    }

    /// Copies one suite. `S` must be the struct of that name and version, which each caller below names.
    fn fetch<S: Copy>(&self, name: &CStr, version: i32) -> Option<S> {
        // SAFETY: the function is the host's, and gets the host's own handle and a NUL-terminated name.
        let suite = unsafe { (self.fetch)(self.host, name.as_ptr(), version) }.cast::<S>();
        if suite.is_null() || !suite.is_aligned() {
            return None;
        }
        // SAFETY: not null and aligned; the standard promises the struct of this name and version.
        Some(unsafe { suite.read() })
    }
}

impl Suites {
    /// Fetches the first version of every suite of the standard.
    pub(crate) fn fetch(table: &HostTable) -> Self {
        Self {
            property: table.fetch(sys::kOfxPropertySuite, 1),
            effect: table.fetch(sys::kOfxImageEffectSuite, 1),
            param: table.fetch(sys::kOfxParameterSuite, 1),
            memory: table.fetch(sys::kOfxMemorySuite, 1),
            threads: table.fetch(sys::kOfxMultiThreadSuite, 1),
            message_v1: table.fetch(sys::kOfxMessageSuite, 1),
            progress_v1: table.fetch(sys::kOfxProgressSuite, 1),
            timeline: table.fetch(sys::kOfxTimeLineSuite, 1),
            ..Self::default()
        }
    }

    /// Fetches the second versions of the standard's suites. Only for hosts whose API has them: some abort when
    /// asked for a version that they do not know.
    pub(crate) fn fetch_second_versions(&mut self, table: &HostTable, message: bool, progress: bool) {
        if message {
            self.message_v2 = table.fetch(sys::kOfxMessageSuite, 2);
        }
        if progress {
            self.progress_v2 = table.fetch(sys::kOfxProgressSuite, 2);
        }
    }

    /// Fetches the suites of overlays, for hosts that say they show any.
    pub(crate) fn fetch_overlays(&mut self, table: &HostTable) {
        self.interact = table.fetch(sys::kOfxInteractSuite, 1);
        self.draw = table.fetch(sys::kOfxDrawSuite, 1);
    }

    /// Fetches the plane suite, for hosts that say they know planes.
    pub(crate) fn fetch_planes(&mut self, table: &HostTable) {
        self.planes_v2 = table.fetch(sys::planes::kFnOfxImageEffectPlaneSuite, 2);
        self.planes_v1 = table.fetch(sys::planes::kFnOfxImageEffectPlaneSuite, 1);
    }

    /// Whether a plug-in can do anything at all: the three suites without which there are no properties, clips and
    /// parameters.
    pub(crate) fn are_usable(&self) -> bool {
        self.property.is_some() && self.effect.is_some() && self.param.is_some()
    }
}

/// A function of a suite, or the error that names it.
fn function<S, F>(suite: Option<&S>, name: &'static str, select: impl FnOnce(&S) -> Option<F>) -> Result<F> {
    suite.and_then(select).ok_or_else(|| Error::Missing(name.to_owned()))
}

/// Success, or the error that names the call and its subject.
fn check(status: i32, call: &'static str, subject: impl FnOnce() -> String) -> Result<()> {
    match Status(status) {
        Status::OK | Status::REPLY_DEFAULT | Status::REPLY_YES => Ok(()),
        Status::MEMORY => Err(Error::Memory),
        status => Err(Error::Call { call: format!("{call}({})", subject()), status }),
    }
}

/// What numbers hold before a host writes them. Some hosts say that they wrote one and did not; taken for a real one, an
/// edge of an image that reads as 0 would send rows past its memory.
const UNWRITTEN_INT: i32 = 0x5EED_0BAD;
/// As above: a NaN that no arithmetic makes.
const UNWRITTEN_DOUBLE: f64 = f64::from_bits(0x7FF8_5EED_0BAD_5EED);

/// A number that the host said it wrote, or the error that it did not.
fn written_int(value: i32, subject: impl FnOnce() -> String) -> Result<i32> {
    if value == UNWRITTEN_INT { Err(unwritten(subject())) } else { Ok(value) }
}

/// As [`written_int`].
fn written_double(value: f64, subject: impl FnOnce() -> String) -> Result<f64> {
    if value.to_bits() == UNWRITTEN_DOUBLE.to_bits() { Err(unwritten(subject())) } else { Ok(value) }
}

fn unwritten(subject: String) -> Error {
    Error::Missing(format!("{subject}: the host says that it gave a value, and did not"))
}

/// Text for the host: what follows a NUL is cut off.
pub(crate) fn c_text(text: &str) -> CString {
    let end = text.find('\0').unwrap_or(text.len());
    CString::new(&text[..end]).unwrap_or_default()
}

/// A copy of a string that the host owns; null is empty, bytes that are not UTF-8 become replacement characters.
///
/// # Safety
/// `text` is null or points to a NUL-terminated string that lives for the duration of the call.
unsafe fn copied(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: the caller vouches for the string.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}
