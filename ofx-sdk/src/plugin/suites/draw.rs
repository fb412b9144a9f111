//! The DrawSuite of OpenFX 1.5.

use super::{DrawContextHandle, Suites, c_text, check, function};
use crate::{Result, drawing::Color, sys};
use std::ffi::c_int;

/// What the points of a shape mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DrawnShape {
    Open,
    Closed,
    Filled,
}

impl Suites {
    /// Whether an overlay can be drawn through the suite.
    pub(crate) fn can_draw(&self) -> bool {
        self.draw.is_some_and(|s| s.setColour.is_some() && s.draw.is_some())
    }

    pub(crate) fn set_draw_color(&self, context: DrawContextHandle, color: Color) -> Result<()> {
        let set = function(self.draw.as_ref(), "setColour", |s| s.setColour)?;
        let color = sys::OfxRGBAColourF { r: color.r, g: color.g, b: color.b, a: color.a };
        // SAFETY: see the module; `color` outlives the call.
        let status = unsafe { set(context.raw(), &color) };
        check(status, "setColour", String::new)
    }

    pub(crate) fn set_line_width(&self, context: DrawContextHandle, width: f32) -> Result<()> {
        let set = function(self.draw.as_ref(), "setLineWidth", |s| s.setLineWidth)?;
        // SAFETY: see the module.
        let status = unsafe { set(context.raw(), width) };
        check(status, "setLineWidth", || width.to_string())
    }

    pub(crate) fn draw_shape(&self, context: DrawContextHandle, shape: DrawnShape, points: &[[f64; 2]]) -> Result<()> {
        let draw = function(self.draw.as_ref(), "draw", |s| s.draw)?;
        let points: Vec<_> = points.iter().map(|&[x, y]| sys::OfxPointD { x, y }).collect();
        let primitive = match shape {
            DrawnShape::Open => sys::kOfxDrawPrimitiveLineStrip,
            DrawnShape::Closed => sys::kOfxDrawPrimitiveLineLoop,
            DrawnShape::Filled => sys::kOfxDrawPrimitivePolygon,
        };
        let Ok(count) = c_int::try_from(points.len()) else { return Err(crate::Error::Memory) };
        // SAFETY: see the module; there are `count` points, and they outlive the call.
        let status = unsafe { draw(context.raw(), primitive, points.as_ptr(), count) };
        check(status, "draw", || format!("{count} points"))
    }

    /// Draws text whose baseline begins at a position.
    pub(crate) fn draw_text(&self, context: DrawContextHandle, at: [f64; 2], text: &str) -> Result<()> {
        let draw = function(self.draw.as_ref(), "drawText", |s| s.drawText)?;
        let at = sys::OfxPointD { x: at[0], y: at[1] };
        let alignment = sys::kOfxDrawTextAlignmentLeft | sys::kOfxDrawTextAlignmentBaseline;
        let text = c_text(text);
        // SAFETY: see the module; text and position outlive the call.
        let status = unsafe { draw(context.raw(), text.as_ptr(), &at, alignment as c_int) };
        check(status, "drawText", || text.to_string_lossy().into_owned())
    }
}
