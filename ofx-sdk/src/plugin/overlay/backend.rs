//! From what was painted to what the artist sees.

use super::gl;
pub(crate) use super::gl::Outcome;
use crate::{
    Result,
    drawing::{DrawList, Primitive, mesh},
    plugin::suites::{DrawContextHandle, DrawnShape, Suites},
};

/// What is known of how the canonical plane lies in a viewer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sight {
    /// The size of a pixel of the screen, in canonical units.
    pub(crate) pixel_scale: [f64; 2],
    /// Where the pen was last: its canonical position, and the pixel of the viewer.
    pub(crate) pen: Option<([f64; 2], [i32; 2])>,
}

impl Sight {
    /// The canonical position of the viewer's lower left corner. That of the pen lies in the middle of its pixel.
    pub(crate) fn origin(&self) -> Option<[f64; 2]> {
        let (position, pixel) = self.pen?;
        Some([0, 1].map(|axis| position[axis] - (f64::from(pixel[axis]) + 0.5) * self.pixel_scale[axis]))
    }
}

/// Draws through the DrawSuite where the host gave a context for it, else through OpenGL.
pub(crate) fn replay(suites: &Suites, context: Option<DrawContextHandle>, list: &DrawList, sight: &Sight) -> Outcome {
    let Some(context) = context.filter(|_| suites.can_draw()) else {
        return gl::draw(&mesh(list, sight.pixel_scale), sight);
    };
    match through_suite(suites, context, list) {
        Ok(()) => Outcome::Drawn,
        Err(e) => {
            log::debug!("{e}; the rest of the overlay is not drawn");
            Outcome::Impossible
        }
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
