//! Images: pixels that a host lends for the length of one call.
//!
//! Whatever a host says of an image is checked before a pixel is touched: the bounds, the row bytes (negative where
//! rows run downwards), the depth and components, and that no two images lend the same memory for writing.

mod layout;
mod writing;

pub(crate) use layout::{LentMemory, MOST_ACROSS};
pub use writing::{ImageMut, RowMut};

use super::{
    clips::ClipInstance,
    instance::Instance,
    planes::Plane,
    properties::Properties,
    rows::{self, Sample},
    suites::PropertyHandle,
};
use crate::{Components, Depth, Error, Field, Premultiplication, RectI, RenderScale, Result, sys};
use layout::{Layout, Lease};
use std::{ptr, slice};

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
    has_alpha: bool,
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
            has_alpha: true,
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
        let made_up = components == Components::Rgba && clip.unmapped_components() == Some(Components::Rgb);
        image.has_alpha = components != Components::Rgb && !made_up;
        image.premultiplication = p
            .named(sys::kOfxImageEffectPropPreMultiplication, Premultiplication::from_ofx)
            .or_else(|| clip.premultiplication())
            .filter(|_| image.has_alpha)
            .unwrap_or(if image.has_alpha { Premultiplication::Premultiplied } else { Premultiplication::Opaque });
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

    /// Whether it has an alpha of its own. Of a clip of red, green and blue alone that comes as RGBA, alpha is what the
    /// host made up: 0 everywhere in Nuke, which calls it premultiplied.
    #[doc(alias = "kOfxImageClipPropUnmappedComponents")]
    pub fn has_alpha(&self) -> bool {
        self.has_alpha
    }

    /// What alpha has to do with the color channels; premultiplied where the host does not say, opaque where there is
    /// no [alpha](Self::has_alpha).
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
