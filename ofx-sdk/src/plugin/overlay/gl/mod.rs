//! Drawing with OpenGL in the context that the host has made current on this thread.
//!
//! OpenGL is never linked: a program that renders without a screen has none. Its functions are looked up for every
//! drawing, because on Windows they belong to the context. What makes calls of them sound: they come from the library
//! whose context is current here, have the types that the standard gives them, and are of a version that the context
//! has. No call makes the host's error flag rise, and all state that is touched is put back.

mod core;
mod fixed;
mod functions;
mod lookup;

use super::backend::Sight;
use crate::drawing::Vertex;
use functions::{Base, Fixed, Modern};
use lookup::Lookup;
use std::{ffi::CStr, sync::Once};

/// What became of a drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is on the screen, or there was nothing to draw.
    Drawn,
    /// It cannot be placed before the host has said where the pen is.
    NeedsPen,
    /// There is nothing to draw with.
    Impossible,
}

/// Draws triangles.
pub(super) fn draw(vertices: &[Vertex], sight: &Sight) -> Outcome {
    if vertices.is_empty() {
        return Outcome::Drawn;
    }
    let outcome = match Lookup::of_current_context() {
        Some(lookup) => draw_with(&lookup, vertices, sight),
        None => Err("no OpenGL context is current"),
    };
    outcome.unwrap_or_else(|why| {
        static SAID: Once = Once::new();
        SAID.call_once(|| log::warn!("overlays cannot be drawn here: {why}"));
        Outcome::Impossible
    })
}

fn draw_with(lookup: &Lookup, vertices: &[Vertex], sight: &Sight) -> Result<Outcome, &'static str> {
    let base = Base::find(lookup).ok_or("OpenGL lacks its basic functions")?;
    let version = version(&base).ok_or("this is not OpenGL for desktops")?;
    if is_core(&base, version) {
        let modern = Modern::find(lookup).ok_or("OpenGL lacks functions of its version 3.2")?;
        return core::draw(&base, &modern, vertices, sight);
    }
    let fixed = Fixed::find(lookup).ok_or("OpenGL lacks the functions of its fixed pipeline")?;
    fixed::draw(&base, &fixed, lookup, version, vertices)
}

/// Version of the context, the major number first; `None` for OpenGL ES.
fn version(base: &Base) -> Option<(u32, u32)> {
    const VERSION: u32 = 0x1F02;
    // SAFETY: see the module; a context is current.
    let text = unsafe { (base.glGetString)(VERSION) };
    if text.is_null() {
        return None;
    }
    // SAFETY: not null; OpenGL's strings are NUL-terminated and live as long as the context.
    let text = unsafe { CStr::from_ptr(text.cast()) }.to_string_lossy();
    parse_version(&text)
}

fn parse_version(text: &str) -> Option<(u32, u32)> {
    let (major, rest) = text.split_once('.')?;
    let minor = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// Whether the fixed pipeline was left out of the context.
fn is_core(base: &Base, version: (u32, u32)) -> bool {
    const CONTEXT_PROFILE_MASK: u32 = 0x9126;
    const CORE: i32 = 1;
    version >= (3, 2) && base.integer(CONTEXT_PROFILE_MASK) & CORE != 0
}

#[cfg(test)]
mod tests {
    use super::parse_version;

    #[test]
    fn versions_are_read_as_drivers_write_them() {
        assert_eq!(parse_version("4.6.0 NVIDIA 535.54"), Some((4, 6)));
        assert_eq!(parse_version("3.3 (Core Profile) Mesa 22.3.6"), Some((3, 3)));
        assert_eq!(parse_version("2.1"), Some((2, 1)));
        assert_eq!(parse_version("OpenGL ES 3.2 Mesa"), None);
        assert_eq!(parse_version(""), None);
    }
}
