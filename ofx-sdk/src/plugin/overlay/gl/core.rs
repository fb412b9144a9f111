//! Contexts without the fixed pipeline. They have no matrices either, so that the drawing is placed by where the host
//! last said that the pen is, in the viewer and on the canonical plane.
//!
//! Shader, buffer and vertex array are made for each drawing and deleted after it: a host may replace its context
//! between two drawings without a word, and a name kept from the old one would be another thing in the new one.

use super::{
    Outcome,
    functions::{
        BLEND, Base, CURRENT_PROGRAM, FILL, FRONT_AND_BACK, FUNC_ADD, IN_THE_WAY, Modern, ONE, ONE_MINUS_SRC_ALPHA,
        SRC_ALPHA, TRIANGLES,
    },
};
use crate::{drawing::Vertex, plugin::overlay::backend::Sight};
use std::{
    ffi::{CStr, c_int, c_uint},
    mem::offset_of,
    ptr,
};

const VIEWPORT: c_uint = 0x0BA2;
const VERTEX_ARRAY_BINDING: c_uint = 0x85B5;
const ARRAY_BUFFER_BINDING: c_uint = 0x8894;
const ARRAY_BUFFER: c_uint = 0x8892;
const STREAM_DRAW: c_uint = 0x88E0;
const VERTEX_SHADER: c_uint = 0x8B31;
const FRAGMENT_SHADER: c_uint = 0x8B30;
const LINK_STATUS: c_uint = 0x8B82;
const FLOAT: c_uint = 0x1406;
const POLYGON_MODE: c_uint = 0x0B40;
const RASTERIZER_DISCARD: c_uint = 0x8C89;
/// Source and destination of color, then of alpha.
const BLEND_FUNCTIONS: [c_uint; 4] = [0x80C9, 0x80C8, 0x80CB, 0x80CA];
/// Of color, then of alpha.
const BLEND_EQUATIONS: [c_uint; 2] = [0x8009, 0x883D];

const VERTEX_SOURCE: &CStr = c"#version 150
in vec2 position;
in vec4 color;
out vec4 shade;
void main() {
    shade = color;
    gl_Position = vec4(position, 0.0, 1.0);
}
";
const FRAGMENT_SOURCE: &CStr = c"#version 150
in vec4 shade;
out vec4 pixel;
void main() {
    pixel = shade;
}
";

/// A corner as the shader takes it: from -1 to 1 across the viewport.
#[repr(C)]
struct Corner {
    position: [f32; 2],
    color: [f32; 4],
}

pub(super) fn draw(base: &Base, gl: &Modern, vertices: &[Vertex], sight: &Sight) -> Result<Outcome, &'static str> {
    let [_, _, width, height] = base.integers::<4>(VIEWPORT).map(f64::from);
    if width < 1.0 || height < 1.0 {
        return Ok(Outcome::Drawn);
    }
    let Some(origin) = sight.origin() else { return Ok(Outcome::NeedsPen) };
    let place = |vertex: &Vertex| {
        let [x, y] = [0, 1].map(|axis| (vertex.position[axis] - origin[axis]) / sight.pixel_scale[axis]);
        Corner { position: [(2.0 * x / width - 1.0) as f32, (2.0 * y / height - 1.0) as f32], color: vertex.color }
    };
    let corners: Vec<Corner> = vertices.iter().map(place).collect();
    let before = State::save(base);
    let outcome = paint(base, gl, &corners);
    before.restore(base, gl);
    outcome.map(|()| Outcome::Drawn)
}

fn paint(base: &Base, gl: &Modern, corners: &[Corner]) -> Result<(), &'static str> {
    let count = c_int::try_from(corners.len()).map_err(|_| "an overlay of too many triangles")?;
    let program = program(gl)?;
    for what in IN_THE_WAY.into_iter().chain([RASTERIZER_DISCARD]) {
        base.enable(what, false);
    }
    base.enable(BLEND, true);
    let (mut array, mut buffer) = (0, 0);
    let stride = size_of::<Corner>() as c_int;
    // SAFETY: see the module above. The pointers of glVertexAttribPointer are offsets into the buffer that is bound, whose
    // data has the layout of `Corner` and is copied before glBufferData returns; every object is deleted once.
    unsafe {
        (gl.glBlendEquationSeparate)(FUNC_ADD, FUNC_ADD);
        (gl.glBlendFuncSeparate)(SRC_ALPHA, ONE_MINUS_SRC_ALPHA, ONE, ONE_MINUS_SRC_ALPHA);
        (base.glPolygonMode)(FRONT_AND_BACK, FILL);
        (gl.glGenVertexArrays)(1, &mut array);
        (gl.glBindVertexArray)(array);
        (gl.glGenBuffers)(1, &mut buffer);
        (gl.glBindBuffer)(ARRAY_BUFFER, buffer);
        (gl.glBufferData)(ARRAY_BUFFER, size_of_val(corners) as isize, corners.as_ptr().cast(), STREAM_DRAW);
        for (index, size, offset) in [(0, 2, offset_of!(Corner, position)), (1, 4, offset_of!(Corner, color))] {
            (gl.glVertexAttribPointer)(index, size, FLOAT, 0, stride, ptr::without_provenance(offset));
            (gl.glEnableVertexAttribArray)(index);
        }
        (gl.glUseProgram)(program);
        (gl.glDrawArrays)(TRIANGLES, 0, count);
        (gl.glBindVertexArray)(0);
        (gl.glBindBuffer)(ARRAY_BUFFER, 0);
        (gl.glUseProgram)(0);
        (gl.glDeleteVertexArrays)(1, &array);
        (gl.glDeleteBuffers)(1, &buffer);
        (gl.glDeleteProgram)(program);
    }
    Ok(())
}

/// The program of both shaders; the caller deletes it.
fn program(gl: &Modern) -> Result<c_uint, &'static str> {
    // SAFETY: see the module above. Sources and names are C strings; a shader that is attached lives until its program
    // is deleted.
    unsafe {
        let program = (gl.glCreateProgram)();
        for (kind, source) in [(VERTEX_SHADER, VERTEX_SOURCE), (FRAGMENT_SHADER, FRAGMENT_SOURCE)] {
            let shader = (gl.glCreateShader)(kind);
            (gl.glShaderSource)(shader, 1, &source.as_ptr(), ptr::null());
            (gl.glCompileShader)(shader);
            (gl.glAttachShader)(program, shader);
            (gl.glDeleteShader)(shader);
        }
        (gl.glBindAttribLocation)(program, 0, c"position".as_ptr());
        (gl.glBindAttribLocation)(program, 1, c"color".as_ptr());
        (gl.glLinkProgram)(program);
        let mut linked = 0;
        (gl.glGetProgramiv)(program, LINK_STATUS, &mut linked);
        if linked == 0 {
            (gl.glDeleteProgram)(program);
            return Err("the host's OpenGL does not take our shaders");
        }
        Ok(program)
    }
}

/// All state that a drawing touches.
struct State {
    program: c_uint,
    array: c_uint,
    buffer: c_uint,
    functions: [c_uint; 4],
    equations: [c_uint; 2],
    polygon_mode: c_uint,
    switches: Vec<(c_uint, bool)>,
}

impl State {
    fn save(base: &Base) -> Self {
        let switches = IN_THE_WAY.into_iter().chain([BLEND, RASTERIZER_DISCARD]);
        Self {
            program: base.bound(CURRENT_PROGRAM),
            array: base.bound(VERTEX_ARRAY_BINDING),
            buffer: base.bound(ARRAY_BUFFER_BINDING),
            functions: BLEND_FUNCTIONS.map(|name| base.bound(name)),
            equations: BLEND_EQUATIONS.map(|name| base.bound(name)),
            polygon_mode: base.bound(POLYGON_MODE),
            switches: switches.map(|what| (what, base.is_enabled(what))).collect(),
        }
    }

    fn restore(self, base: &Base, gl: &Modern) {
        for (what, on) in self.switches {
            base.enable(what, on);
        }
        let [source, destination, source_alpha, destination_alpha] = self.functions;
        // SAFETY: see the module above; all values are those that the context had.
        unsafe {
            (gl.glBlendFuncSeparate)(source, destination, source_alpha, destination_alpha);
            (gl.glBlendEquationSeparate)(self.equations[0], self.equations[1]);
            (base.glPolygonMode)(FRONT_AND_BACK, self.polygon_mode);
            (gl.glBindVertexArray)(self.array);
            (gl.glBindBuffer)(ARRAY_BUFFER, self.buffer);
            (gl.glUseProgram)(self.program);
        }
    }
}
