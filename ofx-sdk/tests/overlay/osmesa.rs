//! OpenGL in memory, by the OSMesa library where the system has it. It is never linked.

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};
use std::{
    ffi::{CString, c_int, c_uint, c_void},
    ptr::null_mut,
};

const RGBA: c_int = 0x1908;
const UNSIGNED_BYTE: c_uint = 0x1401;

type Context = *mut c_void;

/// The library, which gives the program its OpenGL for good.
pub struct OsMesa {
    library: Library,
}

/// A context, current on this thread while this lives, that draws into `pixels`.
pub struct Canvas<'a> {
    mesa: &'a OsMesa,
    context: Context,
    pixels: Vec<[u8; 4]>,
    width: usize,
}

impl OsMesa {
    /// `None` where the system does not have the library.
    pub fn open() -> Option<Self> {
        let names = ["libOSMesa.so.8", "libOSMesa.so.6", "libOSMesa.so"];
        // SAFETY: the library's initialisation has no requirements. Global, as hosts have OpenGL.
        let library =
            names.iter().find_map(|name| unsafe { Library::open(Some(*name), RTLD_NOW | RTLD_GLOBAL) }.ok())?;
        Some(Self { library })
    }

    /// A function of the library.
    ///
    /// # Safety
    /// `F` is its type.
    pub unsafe fn function<F: Copy>(&self, name: &str) -> F {
        let name = CString::new(name).expect("a name without NUL");
        // SAFETY: the caller's promise.
        *unsafe { self.library.get::<F>(name.as_c_str()) }.unwrap_or_else(|e| panic!("{name:?}: {e}"))
    }

    /// A canvas with the fixed pipeline (`core` false), or with OpenGL 3.3 without it. `None` where the library cannot.
    pub fn canvas(&self, core: bool, width: usize, height: usize) -> Option<Canvas<'_>> {
        const FORMAT: c_int = 0x22;
        const PROFILE: c_int = 0x33;
        const CORE_PROFILE: c_int = 0x34;
        const COMPAT_PROFILE: c_int = 0x35;
        const MAJOR: c_int = 0x36;
        const MINOR: c_int = 0x37;
        let version = if core { [3, 3] } else { [2, 1] };
        let profile = if core { CORE_PROFILE } else { COMPAT_PROFILE };
        let attributes = [FORMAT, RGBA, PROFILE, profile, MAJOR, version[0], MINOR, version[1], 0];
        // SAFETY: functions by the header of OSMesa; the buffer lives and stays as long as the canvas, which makes the
        // context current for no longer.
        unsafe {
            let create: unsafe extern "C" fn(*const c_int, Context) -> Context =
                self.function("OSMesaCreateContextAttribs");
            let make_current: unsafe extern "C" fn(Context, *mut c_void, c_uint, c_int, c_int) -> u8 =
                self.function("OSMesaMakeCurrent");
            let context = create(attributes.as_ptr(), null_mut());
            if context.is_null() {
                return None;
            }
            let mut pixels = vec![[0u8; 4]; width * height];
            let size = [width, height].map(|pixels| c_int::try_from(pixels).expect("a small picture"));
            let made = make_current(context, pixels.as_mut_ptr().cast(), UNSIGNED_BYTE, size[0], size[1]);
            assert_eq!(made, 1, "the context is made current");
            Some(Canvas { mesa: self, context, pixels, width })
        }
    }
}

impl Canvas<'_> {
    /// Fills it with black.
    pub fn clear(&mut self) {
        // SAFETY: types by the standard of OpenGL; a context is current.
        unsafe {
            let clear_color: unsafe extern "C" fn(f32, f32, f32, f32) = self.mesa.function("glClearColor");
            let clear: unsafe extern "C" fn(c_uint) = self.mesa.function("glClear");
            clear_color(0.0, 0.0, 0.0, 1.0);
            clear(0x4000);
        }
    }

    /// What was drawn, row by row from the top.
    pub fn picture(&self) -> Vec<[u8; 4]> {
        // SAFETY: type by the standard of OpenGL; a context is current.
        unsafe {
            let finish: unsafe extern "C" fn() = self.mesa.function("glFinish");
            finish();
        }
        // OSMesa has written behind the compiler's back, lowest row first.
        let pixels = std::hint::black_box(&self.pixels);
        pixels.chunks_exact(self.width).rev().flatten().copied().collect()
    }
}

impl Drop for Canvas<'_> {
    fn drop(&mut self) {
        // SAFETY: functions by the header of OSMesa; the context is this canvas's own.
        unsafe {
            let make_current: unsafe extern "C" fn(Context, *mut c_void, c_uint, c_int, c_int) -> u8 =
                self.mesa.function("OSMesaMakeCurrent");
            let destroy: unsafe extern "C" fn(Context) = self.mesa.function("OSMesaDestroyContext");
            make_current(null_mut(), null_mut(), 0, 0, 0);
            destroy(self.context);
        }
    }
}
