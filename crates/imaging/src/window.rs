use crate::{Error, Result};
use std::fmt;

/// The width and height of a picture, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Size {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

impl Size {
    /// A size of `width` columns and `height` rows.
    pub const fn new(width: usize, height: usize) -> Self {
        Self { width, height }
    }
}

/// A half-open rectangle of pixels, `x0 ≤ x < x1` and `y0 ≤ y < y1`, in the frame's coordinates (any origin).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    /// First column.
    pub x0: i64,
    /// First row.
    pub y0: i64,
    /// One past the last column.
    pub x1: i64,
    /// One past the last row.
    pub y1: i64,
}

impl Window {
    /// The window from `(x0, y0)` to `(x1, y1)`; empty where an end does not lie past its start.
    pub const fn new(x0: i64, y0: i64, x1: i64, y1: i64) -> Self {
        Self { x0, y0, x1, y1 }
    }

    /// The window of a whole picture whose first pixel is `(0, 0)`.
    pub const fn of_size(size: Size) -> Self {
        Self::new(0, 0, size.width as i64, size.height as i64)
    }

    /// Columns, 0 when empty.
    pub const fn width(&self) -> usize {
        if self.x1 > self.x0 { (self.x1 - self.x0) as usize } else { 0 }
    }

    /// Rows, 0 when empty.
    pub const fn height(&self) -> usize {
        if self.y1 > self.y0 { (self.y1 - self.y0) as usize } else { 0 }
    }

    /// Columns and rows.
    pub const fn size(&self) -> Size {
        Size::new(self.width(), self.height())
    }

    /// Whether the window holds no pixel.
    pub const fn is_empty(&self) -> bool {
        self.width() == 0 || self.height() == 0
    }

    /// Whether every pixel of `other` lies in this window; an empty window lies in every window.
    pub const fn contains(&self, other: &Window) -> bool {
        other.is_empty() || (self.x0 <= other.x0 && self.y0 <= other.y0 && self.x1 >= other.x1 && self.y1 >= other.y1)
    }

    /// The pixels that both windows hold.
    pub fn intersect(&self, other: &Window) -> Window {
        Window::new(self.x0.max(other.x0), self.y0.max(other.y0), self.x1.min(other.x1), self.y1.min(other.y1))
    }

    /// The window with `px` more pixels on every side.
    pub const fn grow(&self, px: usize) -> Window {
        let px = px as i64;
        Window::new(self.x0 - px, self.y0 - px, self.x1 + px, self.y1 + px)
    }

    /// The window moved by `(dx, dy)`.
    pub const fn translate(&self, dx: i64, dy: i64) -> Window {
        Window::new(self.x0 + dx, self.y0 + dy, self.x1 + dx, self.y1 + dy)
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}, {}) × [{}, {})", self.x0, self.x1, self.y0, self.y1)
    }
}

/// A rectangle in continuous pixel coordinates: pixel *i* covers `[i, i + 1]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extent {
    /// Left edge.
    pub x0: f64,
    /// Lower edge of the rows' numbering.
    pub y0: f64,
    /// Right edge.
    pub x1: f64,
    /// Upper edge of the rows' numbering.
    pub y1: f64,
}

impl Extent {
    /// The extent from `(x0, y0)` to `(x1, y1)`.
    pub const fn new(x0: f64, y0: f64, x1: f64, y1: f64) -> Self {
        Self { x0, y0, x1, y1 }
    }

    /// The area that the pixels of a window cover.
    pub const fn of_window(window: Window) -> Self {
        Self::new(window.x0 as f64, window.y0 as f64, window.x1 as f64, window.y1 as f64)
    }

    /// The area of a whole picture whose first pixel is `(0, 0)`.
    pub const fn of_size(size: Size) -> Self {
        Self::new(0.0, 0.0, size.width as f64, size.height as f64)
    }
}

/// What an operation that looks at neighbors reads and writes.
///
/// Pixels outside `frame` do not exist: each operation says how it treats the frame's edge. Pixels inside `frame` but
/// outside `input` exist and are not at hand, so `input` must reach the operation's margin around `output`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// The whole picture.
    pub frame: Window,
    /// The part of it that the input arrays hold.
    pub input: Window,
    /// The part of it that is wanted.
    pub output: Window,
}

impl Region {
    /// The whole of a picture at once.
    pub const fn whole(size: Size) -> Self {
        let frame = Window::of_size(size);
        Self { frame, input: frame, output: frame }
    }

    /// The tile `output` of `frame`, with the input that an operation with this margin needs.
    pub fn tile(frame: Window, output: Window, margin_px: usize) -> Self {
        let output = output.intersect(&frame);
        Self { frame, input: output.grow(margin_px).intersect(&frame), output }
    }

    /// Refuses a region whose parts do not lie in each other or whose input is short of the margin.
    pub(crate) fn check(&self, margin_px: usize) -> Result<()> {
        let inside = |what, window: Window, bounds: Window| {
            if bounds.contains(&window) { Ok(()) } else { Err(Error::Window { what, window, bounds }) }
        };
        inside("input of the region", self.input, self.frame)?;
        if self.output.is_empty() {
            return Ok(());
        }
        inside("output of the region", self.output, self.frame)?;
        inside("margin around the output", self.output.grow(margin_px).intersect(&self.frame), self.input)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tile_takes_its_margin_only_where_the_frame_has_it() {
        let frame = Window::new(-5, 0, 95, 50);
        let region = Region::tile(frame, Window::new(-5, 10, 20, 20), 8);
        assert_eq!(region.input, Window::new(-5, 2, 28, 28));
        assert!(region.check(8).is_ok());
        assert!(region.check(9).is_err());
    }

    #[test]
    fn an_inverted_window_is_empty_and_lies_everywhere() {
        let inverted = Window::new(5, 5, 3, 9);
        assert_eq!(inverted.size(), Size::new(0, 4));
        assert!(inverted.is_empty());
        assert!(Window::new(0, 0, 1, 1).contains(&inverted));
    }
}
