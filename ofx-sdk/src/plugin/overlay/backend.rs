//! From what was painted to what the artist sees.

use super::gl;
use crate::{
    Result,
    drawing::{DrawList, Primitive, mesh},
    plugin::suites::{DrawContextHandle, DrawnShape, Suites},
};

/// Draws through the DrawSuite where the host gave a context for it, else through OpenGL.
pub(crate) fn replay(suites: &Suites, context: Option<DrawContextHandle>, list: &DrawList, pixel_scale: [f64; 2]) {
    match context.filter(|_| suites.can_draw()) {
        Some(context) => {
            if let Err(e) = through_suite(suites, context, list) {
                log::debug!("{e}; the rest of the overlay is not drawn");
            }
        }
        None => gl::draw(&mesh(list, pixel_scale)),
    }
}

fn through_suite(suites: &Suites, context: DrawContextHandle, list: &DrawList) -> Result<()> {
    let mut last = None;
    for primitive in &list.primitives {
        let color = primitive.color();
        if last != Some(color) {
            suites.set_draw_color(context, color)?;
            last = Some(color);
        }
        match primitive {
            Primitive::Line { points, closed, width, .. } => {
                // A host without line widths has lines all the same.
                if let Err(e) = suites.set_line_width(context, *width) {
                    log::debug!("{e}");
                }
                let shape = if *closed { DrawnShape::Closed } else { DrawnShape::Open };
                suites.draw_shape(context, shape, points)?;
            }
            Primitive::Polygon { points, .. } => suites.draw_shape(context, DrawnShape::Filled, points)?,
            Primitive::Text { at, text, .. } => {
                if let Err(e) = suites.draw_text(context, *at, text) {
                    log::debug!("{e}");
                }
            }
        }
    }
    Ok(())
}
