//! Images: pixels that a host lends for the length of one call.
//!
//! Whatever a host says of an image is checked before a pixel is touched: the bounds, the row bytes (negative where
//! rows run downwards), the depth and components, and that no two images lend the same memory for writing.

use super::{
    clips::ClipInstance,
    instance::Instance,
    planes::Plane,
    properties::Properties,
    rows::{self, Sample},
    suites::PropertyHandle,
};
use crate::{Components, Depth, Error, Field, Premultiplication, RectI, RenderScale, Result, sys};
use std::{
    ptr, slice,
    sync::{Mutex, PoisonError},
};

/// No image is wider or higher; keeps sizes far from overflow.
pub(crate) const MOST_ACROSS: usize = 1 << 20;

/// How the pixels of an image lie in memory.
#[derive(Clone, Copy, Debug)]
struct Layout {
    bounds: RectI,
    components: Components,
    depth: Depth,
    /// From one row to the one above; checked to be at least a row long.
    row_bytes: isize,
}

impl Layout {
    /// Refuses what cannot be true.
    fn checked(bounds: RectI, components: Components, depth: Depth, row_bytes: i32) -> Result<Self, String> {
        if bounds.width() > MOST_ACROSS || bounds.height() > MOST_ACROSS {
            return Err(format!("the host says that it covers {bounds:?}, which no image does"));
        }
        let row_bytes = row_bytes as isize;
        let layout = Self { bounds, components, depth, row_bytes };
        let row = layout.row_len();
        if !bounds.is_empty() && row_bytes.unsigned_abs() < row {
            return Err(format!(
                "the host says that rows are {row_bytes} bytes apart, but {} {depth:?} {components:?} pixels take {row}",
                bounds.width()
            ));
        }
        Ok(layout)
    }

    fn pixel_len(&self) -> usize {
        self.components.count() * self.depth.bytes()
    }

    /// Bytes of the pixels of one row.
    fn row_len(&self) -> usize {
        self.bounds.width() * self.pixel_len()
    }

    /// Bytes from the first row's start to a row's start.
    fn row_offset(&self, y: i32) -> isize {
        (y as isize - self.bounds.y1 as isize) * self.row_bytes
    }

    /// First and last byte's offsets, the latter outside, from the first row's start.
    fn extent(&self) -> (isize, isize) {
        let top = self.row_offset(self.bounds.y2.wrapping_sub(1));
        (top.min(0), top.max(0) + self.row_len() as isize)
    }
}

/// The images that are out during one call.
#[derive(Default)]
pub(crate) struct LentMemory {
    ranges: Mutex<Vec<Lease>>,
}

#[derive(Clone, Copy, PartialEq)]
struct Lease {
    start: usize,
    end: usize,
    writes: bool,
}

impl LentMemory {
    /// Enters a range of memory; false where it would alias one that is out.
    fn enter(&self, lease: Lease) -> bool {
        let mut ranges = self.ranges.lock().unwrap_or_else(PoisonError::into_inner);
        let aliases =
            |other: &Lease| (lease.writes || other.writes) && lease.start < other.end && other.start < lease.end;
        if ranges.iter().any(aliases) {
            return false;
        }
        ranges.push(lease);
        true
    }

    fn leave(&self, lease: Lease) {
        let mut ranges = self.ranges.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(i) = ranges.iter().position(|other| *other == lease) {
            ranges.swap_remove(i);
        }
    }
}

/// An image to read, given back to the host when dropped.
///
/// Row 0 of the picture is its lowest; rows and columns are counted in the pixel coordinates of the image's
/// [`bounds`](Self::bounds), which need not start at 0. Rows may be read on any thread.
#[doc(alias = "kOfxTypeImage")]
pub struct Image<'a> {
    instance: &'a Instance,
    handle: PropertyHandle,
    clip: &'static str,
    data: *mut u8,
    layout: Layout,
    premultiplication: Premultiplication,
    field: Field,
    scale: Option<RenderScale>,
    pixel_aspect: f64,
    lease: Option<Lease>,
}

// SAFETY: the pixels are the host's, which lends them until the image is released and, as the standard has it,
// changes them no more; `LentMemory` keeps two images from aliasing for writing. All else is plain data and handles.
unsafe impl Send for Image<'_> {}
// SAFETY: as above; shared access only reads.
unsafe impl Sync for Image<'_> {}

impl<'a> Image<'a> {
    /// Takes over an image that the host gave, whatever it holds; it is released even where this fails.
    pub(crate) fn new(
        instance: &'a Instance,
        handle: PropertyHandle,
        clip: &ClipInstance<'_>,
        plane: &Plane,
    ) -> Result<Self> {
        // Made first, so that every way out releases it.
        let mut image = Self {
            instance,
            handle,
            clip: clip.name(),
            data: ptr::null_mut(),
            layout: Layout {
                bounds: RectI::default(),
                components: Components::Rgba,
                depth: Depth::Float,
                row_bytes: 0,
            },
            premultiplication: Premultiplication::Premultiplied,
            field: Field::None,
            scale: None,
            pixel_aspect: 1.0,
            lease: None,
        };
        let p = Properties::new(instance.suites(), handle);
        let lacks = |what: &str| image.unusable(format!("the host does not say its {what}"));
        let bounds = p.rect_i(sys::kOfxImagePropBounds).ok_or_else(|| lacks("bounds"))?;
        let depth = p
            .named(sys::kOfxImageEffectPropPixelDepth, Depth::from_ofx)
            .or_else(|| clip.depth())
            .ok_or_else(|| lacks("pixel depth"))?;
        let components = components_of(&p, plane).or_else(|| clip.components()).ok_or_else(|| lacks("components"))?;
        let row_bytes = p.int(sys::kOfxImagePropRowBytes).ok_or_else(|| lacks("row bytes"))?;
        image.layout = Layout::checked(bounds, components, depth, row_bytes).map_err(|e| image.unusable(e))?;
        image.data = p.pointer(sys::kOfxImagePropData).cast();
        image.premultiplication = p
            .named(sys::kOfxImageEffectPropPreMultiplication, Premultiplication::from_ofx)
            .or_else(|| clip.premultiplication())
            .unwrap_or(Premultiplication::Premultiplied);
        image.field = p.named(sys::kOfxImagePropField, Field::from_ofx).unwrap_or(Field::None);
        image.scale = p.doubles(sys::kOfxImageEffectPropRenderScale).map(|[x, y]| RenderScale { x, y });
        image.pixel_aspect =
            p.positive(sys::kOfxImagePropPixelAspectRatio).or_else(|| clip.pixel_aspect()).unwrap_or(1.0);
        Ok(image)
    }

    /// Whether there is nothing to read though the bounds say so.
    pub(crate) fn has_no_pixels(&self) -> bool {
        self.data.is_null()
    }

    /// Makes the pixels usable, for reading or for writing too.
    pub(crate) fn lend(mut self, writes: bool) -> Result<Self> {
        if self.layout.bounds.is_empty() {
            return Ok(self);
        }
        if self.data.is_null() {
            return Err(self.unusable("the host gave it without pixels".to_owned()));
        }
        let (start, end) = self.layout.extent();
        let base = self.data as isize;
        let (Some(start), Some(end)) = (base.checked_add(start), base.checked_add(end)) else {
            return Err(self.unusable("its rows leave the address space".to_owned()));
        };
        let lease = Lease { start: start as usize, end: end as usize, writes };
        if !self.instance.lent.enter(lease) {
            return Err(self.unusable("the host lends the same memory a second time, for writing".to_owned()));
        }
        self.lease = Some(lease);
        Ok(self)
    }

    fn unusable(&self, reason: String) -> Error {
        Error::Image { clip: self.clip.to_owned(), reason }
    }

    /// The pixels that it holds, in pixels of its own scale.
    #[doc(alias = "kOfxImagePropBounds")]
    pub fn bounds(&self) -> RectI {
        self.layout.bounds
    }

    /// The components of a pixel.
    pub fn components(&self) -> Components {
        self.layout.components
    }

    /// How a component is stored.
    pub fn depth(&self) -> Depth {
        self.layout.depth
    }

    /// What alpha has to do with the color channels; premultiplied where the host does not say.
    pub fn premultiplication(&self) -> Premultiplication {
        self.premultiplication
    }

    /// The fields that it holds; a full frame where the host does not say.
    #[doc(alias = "kOfxImagePropField")]
    pub fn field(&self) -> Field {
        self.field
    }

    /// Pixels per canonical pixel, as the image says. Trust the scale of the action instead: Resolve's images always
    /// say 1, Fusion's differ.
    pub fn scale(&self) -> Option<RenderScale> {
        self.scale
    }

    /// Width of a pixel over its height; 1 where the host does not say.
    pub fn pixel_aspect(&self) -> f64 {
        self.pixel_aspect
    }

    /// The start of a row's pixels; null outside the bounds.
    fn row_start(&self, y: i32) -> *mut u8 {
        let bounds = self.layout.bounds;
        if self.lease.is_none() || y < bounds.y1 || y >= bounds.y2 {
            return ptr::null_mut();
        }
        self.data.wrapping_offset(self.layout.row_offset(y))
    }

    /// The bytes of a row's pixels, in the machine's byte order; empty outside the bounds.
    pub fn bytes(&self, y: i32) -> &[u8] {
        let start = self.row_start(y);
        if start.is_null() {
            return &[];
        }
        // SAFETY: the row lies within the bounds that the host gave for this memory, which it lends until the image
        // is dropped; nothing writes it meanwhile (see `LentMemory`, and `ImageMut` for writing through `&mut`).
        unsafe { slice::from_raw_parts(start, self.layout.row_len()) }
    }

    /// A row as it is stored, components interleaved; empty outside the bounds. An error where the image is of
    /// another depth, or lies in memory in a way that `T` cannot: [`read_row`](Self::read_row) always works.
    pub fn samples<T: Sample>(&self, y: i32) -> Result<&[T]> {
        self.require_depth(T::DEPTH)?;
        // SAFETY: every bit pattern is a value of the four types that implement the sealed trait.
        let (before, samples, after) = unsafe { self.bytes(y).align_to::<T>() };
        if before.is_empty() && after.is_empty() { Ok(samples) } else { Err(self.misaligned()) }
    }

    fn require_depth(&self, wanted: Depth) -> Result<()> {
        if self.layout.depth == wanted {
            return Ok(());
        }
        Err(self.unusable(format!("it holds {:?} components, not {wanted:?}", self.layout.depth)))
    }

    fn misaligned(&self) -> Error {
        self.unusable("its rows do not lie where whole components can".to_owned())
    }

    /// Reads pixels `x1`, `x1 + 1`, … of a row as numbers, red first, integers as 0-1. RGB gets alpha 1, a lone value
    /// goes to all four. Pixels outside the bounds are black and transparent.
    pub fn read_row(&self, y: i32, x1: i32, pixels: &mut [[f32; 4]]) {
        pixels.fill([0.0; 4]);
        let Some((inside, bytes)) = self.layout.span(x1, pixels.len()) else { return };
        let row = self.bytes(y);
        if !row.is_empty() {
            rows::decode(&row[bytes], self.layout.depth, self.layout.components, &mut pixels[inside]);
        }
    }
}

impl Layout {
    /// Which of `len` pixels from `x1` on lie within the bounds, and where their bytes lie in a row.
    fn span(&self, x1: i32, len: usize) -> Option<(std::ops::Range<usize>, std::ops::Range<usize>)> {
        let first = i64::from(self.bounds.x1) - i64::from(x1);
        let last = i64::from(self.bounds.x2) - i64::from(x1);
        let first = first.clamp(0, len as i64) as usize;
        let last = last.clamp(0, len as i64) as usize;
        if first >= last {
            return None;
        }
        let column = (i64::from(x1) + first as i64 - i64::from(self.bounds.x1)) as usize;
        let n = self.pixel_len();
        Some((first..last, column * n..(column + last - first) * n))
    }
}

/// The components of an image, by its own word or, for a named plane, by its channels.
fn components_of(p: &Properties<'_>, plane: &Plane) -> Option<Components> {
    p.named(sys::kOfxImageEffectPropComponents, Components::from_ofx)
        .or_else(|| Plane::from_ofx(&p.string(sys::kOfxImageEffectPropComponents)?).components())
        .or_else(|| plane.components())
}

impl Drop for Image<'_> {
    fn drop(&mut self) {
        if let Some(lease) = self.lease {
            self.instance.lent.leave(lease);
        }
        if let Err(e) = self.instance.suites().release_image(self.handle) {
            log::debug!("image of clip {}: {e}", self.clip);
        }
    }
}

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
