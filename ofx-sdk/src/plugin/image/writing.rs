//! Images to fill.

use super::{Image, layout::Layout};
use crate::{
    Field, RectI,
    plugin::rows::{self, Sample},
};
use std::slice;

/// An image to fill, given back to the host when dropped.
///
/// Only the pixels of [`window`](Self::window) are ever written, and of an interlaced image only the lines of the
/// field that is rendered; writes elsewhere are ignored.
pub struct ImageMut<'a> {
    image: Image<'a>,
    window: RectI,
    lines: Field,
}

impl<'a> ImageMut<'a> {
    pub(crate) fn new(image: Image<'a>, window: RectI, field: Field) -> Self {
        let window = window.intersection(&image.bounds());
        // An image of a single field holds nothing but the lines to fill.
        let lines = if image.field() == Field::Both { field } else { Field::None };
        Self { image, window, lines }
    }

    /// The pixels to fill: the render window, as far as the image holds it.
    pub fn window(&self) -> RectI {
        self.window
    }

    /// Whether a row is one to fill.
    fn is_written(&self, y: i32) -> bool {
        let of_field = match self.lines {
            Field::Lower => y.rem_euclid(2) == 0,
            Field::Upper => y.rem_euclid(2) == 1,
            Field::None | Field::Both => true,
        };
        of_field && y >= self.window.y1 && y < self.window.y2
    }

    /// Writes pixels `x1`, `x1 + 1`, … of a row, red first. RGB drops alpha, a lone value takes alpha. Integers are
    /// clamped to 0-1 and rounded, and take 0 for what is not a number.
    pub fn write_row(&mut self, y: i32, x1: i32, pixels: &[[f32; 4]]) {
        if let Some(mut row) = self.row_mut(y) {
            row.write(x1, pixels);
        }
    }

    /// The part of a row that is to be filled; `None` where no part is.
    pub fn row_mut(&mut self, y: i32) -> Option<RowMut<'_>> {
        // SAFETY: borrowed from `self` exclusively, so that no other row is out.
        unsafe { self.row(y) }
    }

    /// Every row that is to be filled, lowest first. Rows do not overlap: fill them on as many threads as you like.
    pub fn rows_mut(&mut self) -> Vec<RowMut<'_>> {
        // SAFETY: borrowed from `self` exclusively, and each row once; rows are at least a row's length apart.
        (self.window.y1..self.window.y2).filter_map(|y| unsafe { self.row(y) }).collect()
    }

    /// # Safety
    /// No other reference to the row's bytes may live as long as the result.
    unsafe fn row<'r>(&self, y: i32) -> Option<RowMut<'r>> {
        if self.window.is_empty() || !self.is_written(y) {
            return None;
        }
        let start = self.image.row_start(y);
        if start.is_null() {
            return None;
        }
        let layout = self.image.layout;
        let column = (i64::from(self.window.x1) - i64::from(layout.bounds.x1)) as usize;
        let start = start.wrapping_add(column * layout.pixel_len());
        // SAFETY: the window lies within the bounds that the host gave for this memory, which it lends until the
        // image is dropped; that nothing else refers to it is the caller's promise and `LentMemory`'s work.
        let bytes = unsafe { slice::from_raw_parts_mut(start, self.window.width() * layout.pixel_len()) };
        let bounds = RectI { y1: y, y2: y.saturating_add(1), ..self.window };
        Some(RowMut { y, layout: Layout { bounds, ..layout }, bytes })
    }
}

/// What can be read of an image can be read of one to fill.
impl<'a> std::ops::Deref for ImageMut<'a> {
    type Target = Image<'a>;

    fn deref(&self) -> &Image<'a> {
        &self.image
    }
}

/// The part of one row that is to be filled.
pub struct RowMut<'a> {
    y: i32,
    layout: Layout,
    bytes: &'a mut [u8],
}

impl RowMut<'_> {
    /// Which row it is.
    pub fn y(&self) -> i32 {
        self.y
    }

    /// Its first pixel.
    pub fn x1(&self) -> i32 {
        self.layout.bounds.x1
    }

    /// How many pixels it has.
    pub fn width(&self) -> usize {
        self.layout.bounds.width()
    }

    /// Writes pixels from `x1` on, as [`ImageMut::write_row`] does.
    pub fn write(&mut self, x1: i32, pixels: &[[f32; 4]]) {
        let Some((inside, bytes)) = self.layout.span(x1, pixels.len()) else { return };
        rows::encode(&pixels[inside], self.layout.depth, self.layout.components, &mut self.bytes[bytes]);
    }

    /// The pixels as they are stored, components interleaved; `None` where they are of another depth or lie in memory
    /// in a way that `T` cannot: [`write`](Self::write) always works.
    pub fn samples_mut<T: Sample>(&mut self) -> Option<&mut [T]> {
        if self.layout.depth != T::DEPTH {
            return None;
        }
        // SAFETY: every bit pattern is a value of the four types that implement the sealed trait.
        let (before, samples, after) = unsafe { self.bytes.align_to_mut::<T>() };
        (before.is_empty() && after.is_empty()).then_some(samples)
    }
}
