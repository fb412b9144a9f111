//! Shapes at one time, ready to be drawn.

use imaging::Window;
use kurbo::Rect;

use super::field::Field;
use super::flatten::Outline;
use super::sweep::Edges;
use super::{Style, View};
use crate::BezierShape;

/// Shapes at one time, in the output.
pub(super) struct Scene {
    edges: Edges,
    /// Whether the filled area is drawn as it is, with neither grow nor feather.
    exact: bool,
    field: Option<Field>,
    /// Where anything but 0 is to be expected.
    drawn: Window,
}

impl Scene {
    pub(super) fn new(shapes: &[BezierShape], style: &Style, view: &View) -> Self {
        let outline =
            |closed| Outline::new(shapes.iter().filter(move |shape| shape.is_closed() == closed), view.to_output);
        let (area, strokes) = (outline(true), outline(false));
        let exact = style.is_exact();
        let field = Field::new(&area, &strokes, style, view.to_output);
        let filled = if exact { area.bounds() } else { None };
        let bounds = [filled, field.as_ref().map(|field| field.bounds)].into_iter().flatten().reduce(|a, b| a.union(b));
        let drawn = bounds.map_or(Window::new(0, 0, 0, 0), |bounds| around(bounds).intersect(&view.window));
        Self { edges: Edges::new(&area, style.fill), exact, field, drawn }
    }

    /// Adds the coverage to a band of rows of the window, the first of which is `first`.
    pub(super) fn add_to(&self, band: &mut [f32], window: Window, first: i64) {
        let last = first + (band.len() / window.width()) as i64;
        let rows = self.drawn.y0.max(first)..self.drawn.y1.min(last);
        if rows.is_empty() || self.drawn.width() == 0 {
            return;
        }
        let mut sweep = self.edges.sweep();
        let mut pen = self.field.as_ref().map(Field::pen);
        let mut values = vec![0.0; self.drawn.width()];
        for row in rows {
            sweep.go_to(row);
            if self.exact {
                sweep.cover(row, self.drawn.x0, &mut values);
            } else {
                values.fill(0.0);
            }
            if let Some(pen) = &mut pen {
                pen.draw(row, self.drawn.x0, &mut values, &mut sweep);
            }
            let start = (row - first) as usize * window.width() + (self.drawn.x0 - window.x0) as usize;
            for (out, value) in band[start..].iter_mut().zip(&values) {
                *out += value.clamp(0.0, 1.0) as f32;
            }
        }
    }
}

/// The pixels that a rectangle touches.
fn around(bounds: Rect) -> Window {
    let (low, high) = (|v: f64| v.floor() as i64, |v: f64| v.ceil() as i64);
    Window::new(low(bounds.x0), low(bounds.y0), high(bounds.x1), high(bounds.y1))
}
