//! The fixed pipeline, which the hosts of today have; their matrices place the drawing.

use super::{
    Outcome,
    functions::{
        BLEND, Base, Blending, CURRENT_PROGRAM, FILL, FRONT_AND_BACK, FUNC_ADD, Fixed, IN_THE_WAY, ONE,
        ONE_MINUS_SRC_ALPHA, Programs, SRC_ALPHA, TRIANGLES, Units,
    },
    lookup::Lookup,
};
use crate::drawing::Vertex;

const ATTRIB_STACK_DEPTH: u32 = 0x0BB0;
const MAX_ATTRIB_STACK_DEPTH: u32 = 0x0D35;
const ALL_ATTRIB_BITS: u32 = 0xFFFF_FFFF;
const SMOOTH: u32 = 0x1D01;
const MAX_TEXTURE_UNITS: u32 = 0x84E2;
const TEXTURE0: u32 = 0x84C0;

/// Beside what is in the way of every context: lighting, fog, the test of alpha, stippled polygons.
const IN_THE_WAY_TOO: [u32; 4] = [0x0B50, 0x0B60, 0x0BC0, 0x0B42];

/// Kinds of texture, and the version of OpenGL that brought them: in one, two and three dimensions, cubes, rectangles.
const TEXTURES: [(u32, (u32, u32)); 5] =
    [(0x0DE0, (1, 0)), (0x0DE1, (1, 0)), (0x806F, (1, 2)), (0x8513, (1, 3)), (0x84F5, (3, 1))];

pub(super) fn draw(
    base: &Base,
    gl: &Fixed,
    lookup: &Lookup,
    version: (u32, u32),
    vertices: &[Vertex],
) -> Result<Outcome, &'static str> {
    if base.integer(ATTRIB_STACK_DEPTH) >= base.integer(MAX_ATTRIB_STACK_DEPTH) {
        return Err("the host has left no room on OpenGL's stack of attributes");
    }
    let programs = Programs::find(lookup).filter(|_| version >= (2, 0));
    let program = programs.as_ref().map_or(0, |_| base.bound(CURRENT_PROGRAM));
    // SAFETY: see the module above; the stack has room, and what is pushed is popped below.
    unsafe { (gl.glPushAttrib)(ALL_ATTRIB_BITS) };
    prepare(base, gl, lookup, version);
    if let Some(programs) = programs.as_ref().filter(|_| program != 0) {
        // SAFETY: see the module above; 0 is the fixed pipeline.
        unsafe { (programs.glUseProgram)(0) };
    }
    // SAFETY: see the module above; between begin and end stand colors and corners only.
    unsafe {
        (gl.glBegin)(TRIANGLES);
        for Vertex { position: [x, y], color: [r, g, b, a] } in vertices {
            (gl.glColor4f)(*r, *g, *b, *a);
            (gl.glVertex2d)(*x, *y);
        }
        (gl.glEnd)();
    }
    if let Some(programs) = programs.filter(|_| program != 0) {
        // SAFETY: see the module above; the program that was in use.
        unsafe { (programs.glUseProgram)(program) };
    }
    // SAFETY: see the module above; pushed above.
    unsafe { (gl.glPopAttrib)() };
    Ok(Outcome::Drawn)
}

/// Plain triangles over the picture, whatever the host has just drawn with. All of it is on the stack of attributes.
fn prepare(base: &Base, gl: &Fixed, lookup: &Lookup, version: (u32, u32)) {
    for what in IN_THE_WAY.into_iter().chain(IN_THE_WAY_TOO) {
        base.enable(what, false);
    }
    let plain = || {
        for (kind, _) in TEXTURES.iter().filter(|(_, since)| version >= *since) {
            base.enable(*kind, false);
        }
    };
    match Units::find(lookup).filter(|_| version >= (1, 3)) {
        Some(units) => {
            let count = u32::try_from(base.integer(MAX_TEXTURE_UNITS)).unwrap_or(1).clamp(1, 32);
            for unit in 0..count {
                // SAFETY: see the module above; the context has so many units.
                unsafe { (units.glActiveTexture)(TEXTURE0 + unit) };
                plain();
            }
        }
        None => plain(),
    }
    base.enable(BLEND, true);
    // SAFETY: see the module above.
    unsafe {
        (gl.glShadeModel)(SMOOTH);
        (base.glPolygonMode)(FRONT_AND_BACK, FILL);
        match Blending::find(lookup).filter(|_| version >= (1, 4)) {
            Some(blending) => {
                (blending.glBlendEquation)(FUNC_ADD);
                (blending.glBlendFuncSeparate)(SRC_ALPHA, ONE_MINUS_SRC_ALPHA, ONE, ONE_MINUS_SRC_ALPHA);
            }
            None => (base.glBlendFunc)(SRC_ALPHA, ONE_MINUS_SRC_ALPHA),
        }
    }
}
