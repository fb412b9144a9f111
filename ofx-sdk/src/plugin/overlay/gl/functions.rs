//! The functions of OpenGL that overlays need, with the types that the standard gives them.
#![allow(non_snake_case)]

use super::lookup::Lookup;
use std::ffi::{CStr, c_char, c_int, c_uint, c_void};

/// Declares a set of functions that are found together or not at all.
macro_rules! functions {
    ($(#[$doc:meta])* $set:ident { $($name:ident($($argument:ty),*) $(-> $result:ty)?;)+ }) => {
        $(#[$doc])*
        pub(super) struct $set {
            $(pub(super) $name: unsafe extern "system" fn($($argument),*) $(-> $result)?,)+
        }

        impl $set {
            /// `None` where one of them is missing.
            pub(super) fn find(lookup: &Lookup) -> Option<Self> {
                Some(Self { $(
                    // SAFETY: the function of this name has this type, by the standard of OpenGL.
                    $name: unsafe {
                        std::mem::transmute::<*mut c_void, unsafe extern "system" fn($($argument),*) $(-> $result)?>(
                            lookup.function(name(concat!(stringify!($name), "\0")))?.as_ptr(),
                        )
                    },
                )+ })
            }
        }
    };
}

fn name(text: &'static str) -> &'static CStr {
    CStr::from_bytes_with_nul(text.as_bytes()).unwrap_or_default()
}

functions! {
    /// What every context has.
    Base {
        glGetString(c_uint) -> *const u8;
        glGetIntegerv(c_uint, *mut c_int);
        glIsEnabled(c_uint) -> u8;
        glEnable(c_uint);
        glDisable(c_uint);
        glBlendFunc(c_uint, c_uint);
        glPolygonMode(c_uint, c_uint);
    }
}

functions! {
    /// The fixed pipeline of OpenGL 1.
    Fixed {
        glPushAttrib(c_uint);
        glPopAttrib();
        glShadeModel(c_uint);
        glBegin(c_uint);
        glEnd();
        glColor4f(f32, f32, f32, f32);
        glVertex2d(f64, f64);
    }
}

functions! {
    /// More than one texture at once: OpenGL 1.3.
    Units {
        glActiveTexture(c_uint);
    }
}

functions! {
    /// Blending as pictures with alpha want it: OpenGL 1.4.
    Blending {
        glBlendFuncSeparate(c_uint, c_uint, c_uint, c_uint);
        glBlendEquation(c_uint);
    }
}

functions! {
    /// Shaders beside the fixed pipeline: OpenGL 2.
    Programs {
        glUseProgram(c_uint);
    }
}

functions! {
    /// OpenGL 3.2 without the fixed pipeline.
    Modern {
        glBlendFuncSeparate(c_uint, c_uint, c_uint, c_uint);
        glBlendEquationSeparate(c_uint, c_uint);
        glUseProgram(c_uint);
        glCreateShader(c_uint) -> c_uint;
        glShaderSource(c_uint, c_int, *const *const c_char, *const c_int);
        glCompileShader(c_uint);
        glDeleteShader(c_uint);
        glCreateProgram() -> c_uint;
        glAttachShader(c_uint, c_uint);
        glBindAttribLocation(c_uint, c_uint, *const c_char);
        glLinkProgram(c_uint);
        glGetProgramiv(c_uint, c_uint, *mut c_int);
        glDeleteProgram(c_uint);
        glGenVertexArrays(c_int, *mut c_uint);
        glBindVertexArray(c_uint);
        glDeleteVertexArrays(c_int, *const c_uint);
        glGenBuffers(c_int, *mut c_uint);
        glBindBuffer(c_uint, c_uint);
        glBufferData(c_uint, isize, *const c_void, c_uint);
        glDeleteBuffers(c_int, *const c_uint);
        glVertexAttribPointer(c_uint, c_int, c_uint, u8, c_int, *const c_void);
        glEnableVertexAttribArray(c_uint);
        glDrawArrays(c_uint, c_int, c_int);
    }
}

pub(super) const BLEND: c_uint = 0x0BE2;
pub(super) const SRC_ALPHA: c_uint = 0x0302;
pub(super) const ONE_MINUS_SRC_ALPHA: c_uint = 0x0303;
pub(super) const ONE: c_uint = 1;
pub(super) const FUNC_ADD: c_uint = 0x8006;
pub(super) const TRIANGLES: c_uint = 4;
pub(super) const FRONT_AND_BACK: c_uint = 0x0408;
pub(super) const FILL: c_uint = 0x1B02;
pub(super) const CURRENT_PROGRAM: c_uint = 0x8B8D;

/// What would keep flat triangles from the screen in any context: the tests of depth and stencil, culling, and logical
/// operations.
pub(super) const IN_THE_WAY: [c_uint; 4] = [0x0B71, 0x0B90, 0x0B44, 0x0BF2];

impl Base {
    /// Some numbers of the context's state.
    pub(super) fn integers<const N: usize>(&self, name: c_uint) -> [c_int; N] {
        const { assert!(N <= 4) };
        // No state that is asked for here has more.
        let mut values = [0; 4];
        // SAFETY: see the module; there is room for all.
        unsafe { (self.glGetIntegerv)(name, values.as_mut_ptr()) };
        std::array::from_fn(|i| values[i])
    }

    /// A number of the context's state.
    pub(super) fn integer(&self, name: c_uint) -> c_int {
        let [value] = self.integers(name);
        value
    }

    /// An object that the context has bound.
    pub(super) fn bound(&self, name: c_uint) -> c_uint {
        self.integer(name).cast_unsigned()
    }

    /// Whether something is switched on.
    pub(super) fn is_enabled(&self, what: c_uint) -> bool {
        // SAFETY: see the module.
        unsafe { (self.glIsEnabled)(what) != 0 }
    }

    /// Switches something on or off.
    pub(super) fn enable(&self, what: c_uint, on: bool) {
        // SAFETY: see the module.
        unsafe { if on { (self.glEnable)(what) } else { (self.glDisable)(what) } }
    }
}
