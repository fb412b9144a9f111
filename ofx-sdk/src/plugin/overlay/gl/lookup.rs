//! Finding OpenGL in the program that we are part of.

use std::{
    ffi::{CStr, c_char, c_void},
    ptr::NonNull,
};

type Current = unsafe extern "system" fn() -> *mut c_void;
type Find = unsafe extern "system" fn(*const c_char) -> *mut c_void;

/// The systems under which OpenGL has contexts: the function that tells the current one, and the one that finds
/// functions. Without the latter all functions are in the library.
const SYSTEMS: [(&CStr, Option<&CStr>); 5] = [
    (c"glXGetCurrentContext", Some(c"glXGetProcAddressARB")),
    (c"eglGetCurrentContext", Some(c"eglGetProcAddress")),
    (c"OSMesaGetCurrentContext", Some(c"OSMesaGetProcAddress")),
    (c"wglGetCurrentContext", Some(c"wglGetProcAddress")),
    (c"CGLGetCurrentContext", None),
];

/// The way to the functions of the context that is current.
pub(super) struct Lookup {
    libraries: Vec<Library>,
    find: Option<Find>,
}

impl Lookup {
    /// `None` where the program has no OpenGL, or no context is current on this thread.
    pub(super) fn of_current_context() -> Option<Self> {
        let libraries = loaded_libraries();
        let symbol = |name: &CStr| libraries.iter().find_map(|library| symbol(library, name));
        let is_current = |name: &CStr| {
            symbol(name).is_some_and(|function| {
                // SAFETY: the five functions of these names take nothing and give a handle or null.
                let current = unsafe { std::mem::transmute::<*mut c_void, Current>(function.as_ptr()) };
                // SAFETY: as above; they may be called on any thread.
                !unsafe { current() }.is_null()
            })
        };
        let (_, find) = SYSTEMS.into_iter().find(|(current, _)| is_current(current))?;
        // SAFETY: the functions of these names take a C string and give an address or null.
        let find = find.and_then(symbol).map(|f| unsafe { std::mem::transmute::<*mut c_void, Find>(f.as_ptr()) });
        Some(Self { libraries, find })
    }

    /// A function of the context.
    pub(super) fn function(&self, name: &CStr) -> Option<NonNull<c_void>> {
        // SAFETY: the name is a C string.
        let found = self.find.map(|find| unsafe { find(name.as_ptr()) });
        // Windows knows some more ways to say no.
        let found = found.filter(|address| !(-1..=3).contains(&(address.addr() as isize))).and_then(NonNull::new);
        found.or_else(|| self.libraries.iter().find_map(|library| symbol(library, name)))
    }
}

#[cfg(unix)]
use libloading::os::unix::Library;
#[cfg(windows)]
use libloading::os::windows::Library;

fn symbol(library: &Library, name: &CStr) -> Option<NonNull<c_void>> {
    // SAFETY: only the address is taken; who calls it says what it is.
    let symbol = unsafe { library.get::<*mut c_void>(name.to_bytes_with_nul()) }.ok()?;
    NonNull::new(symbol.as_raw_ptr())
}

/// What the program itself can see, and the usual libraries as far as they are loaded. None is loaded here.
#[cfg(unix)]
fn loaded_libraries() -> Vec<Library> {
    use libloading::os::unix::RTLD_LAZY;

    #[cfg(target_os = "macos")]
    const LOADED_ONLY: i32 = 0x10;
    #[cfg(not(target_os = "macos"))]
    const LOADED_ONLY: i32 = 4;
    #[cfg(target_os = "macos")]
    const NAMES: [&str; 1] = ["/System/Library/Frameworks/OpenGL.framework/OpenGL"];
    #[cfg(not(target_os = "macos"))]
    const NAMES: [&str; 4] = ["libGL.so.1", "libOpenGL.so.0", "libGLX.so.0", "libEGL.so.1"];
    let named = NAMES.iter().filter_map(|name| {
        // SAFETY: a library that is loaded already runs no code of its own here.
        unsafe { Library::open(Some(*name), RTLD_LAZY | LOADED_ONLY) }.ok()
    });
    std::iter::once(Library::this()).chain(named).collect()
}

/// The library of OpenGL, if it is loaded.
#[cfg(windows)]
fn loaded_libraries() -> Vec<Library> {
    Library::open_already_loaded("opengl32.dll").into_iter().collect()
}
