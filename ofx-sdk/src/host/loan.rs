//! Images as plug-ins get them: laid out as the host's options say, with known bytes around the rows.
#![allow(unsafe_code)]

use super::{
    action::Action,
    handles::Object,
    image::{HostImage, PixelBuffer},
    options::ImageLayout,
    plugin::HostCore,
    properties::{PropertySet, SetKind},
    property_tables,
    violation::ViolationKind,
};
use crate::{RectI, Result, sys};
use std::{
    cell::UnsafeCell,
    sync::{Arc, Weak},
};

/// Known bytes before the first and after the last row.
const GUARD: usize = 256;

/// Pixels that a plug-in may read, and write where they are the output.
pub(crate) struct LoanBuffer {
    pub clip: String,
    /// Everything but the pixels.
    pub image: HostImage,
    storage: UnsafeCell<PixelBuffer>,
    /// Offset of the lowest row's first byte.
    first: usize,
    row_bytes: isize,
    layout: ImageLayout,
    /// The pixels of an input as they were, where writing them is looked for.
    original: Option<PixelBuffer>,
}

// SAFETY: the pixels are written through the raw pointer by the plug-in alone, during its action; we read them only
// after that action has returned, or under its own promise that renders of one frame do not overlap.
unsafe impl Sync for LoanBuffer {}
// SAFETY: nothing in it belongs to a thread.
unsafe impl Send for LoanBuffer {}

impl LoanBuffer {
    /// Lays out `image`; `input` ones must come back unchanged.
    pub fn new(clip: &str, mut image: HostImage, layout: ImageLayout, input: bool) -> Self {
        let data = std::mem::take(&mut image.data);
        let plain = !layout.negative_rows && layout.row_padding == 0 && !layout.canaries;
        let tight = image.row_bytes();
        let rows = image.bounds.height();
        let guard = if layout.canaries { GUARD } else { 0 };
        let step = tight + layout.row_padding.next_multiple_of(image.depth.bytes());
        let (first, row_bytes) = match (plain, layout.negative_rows) {
            (true, _) => (0, tight as isize),
            (false, false) => (guard, step as isize),
            (false, true) => (guard + step * rows.saturating_sub(1), -(step as isize)),
        };
        let clip = clip.to_owned();
        if plain {
            return Self { clip, image, storage: UnsafeCell::new(data), first, row_bytes, layout, original: None };
        }
        let mut storage = PixelBuffer::zeroed(step * rows + 2 * guard);
        for (n, byte) in storage.iter_mut().enumerate() {
            *byte = canary(n);
        }
        for y in 0..rows {
            let at = first.wrapping_add_signed(row_bytes * y as isize);
            storage[at..at + tight].copy_from_slice(&data[y * tight..(y + 1) * tight]);
        }
        let original = (input && layout.canaries).then_some(data);
        Self { clip, image, storage: UnsafeCell::new(storage), first, row_bytes, layout, original }
    }

    /// The address of the pixel at the lower left corner of the bounds.
    pub fn address(&self) -> usize {
        // SAFETY: only the address is taken; `UnsafeCell` lets the plug-in write behind it.
        let storage = unsafe { &mut *self.storage.get() };
        storage.as_mut_ptr().wrapping_add(self.first).expose_provenance()
    }

    pub fn row_bytes(&self) -> isize {
        self.row_bytes
    }

    fn row_at(&self, y: usize) -> usize {
        self.first.wrapping_add_signed(self.row_bytes * y as isize)
    }

    /// What was written that must not be.
    pub fn damage(&self) -> Vec<(ViolationKind, String)> {
        if !self.layout.canaries {
            return Vec::new();
        }
        // SAFETY: called after the action has returned.
        let storage = unsafe { &*self.storage.get() };
        let (tight, rows) = (self.image.row_bytes(), self.image.bounds.height());
        let mut found = Vec::new();
        let mut own: Vec<(usize, usize)> = (0..rows).map(|y| (self.row_at(y), y)).collect();
        own.sort_unstable();
        let mut from = 0;
        for (start, after) in own
            .iter()
            .map(|(at, y)| (*at, format!("before row {y}")))
            .chain([(storage.len(), "after the last row in memory".to_owned())])
        {
            if let Some(n) = (from..start).find(|n| storage[*n] != canary(*n)) {
                let detail = format!("byte {} of the gap {after} ({:?})", n - from, self.image.bounds);
                found.push((ViolationKind::WroteOutsideImage, detail));
                break;
            }
            from = start + tight;
        }
        if let Some(original) = &self.original {
            let changed = (0..rows).find(|y| {
                let at = self.row_at(*y);
                storage[at..at + tight] != original[y * tight..(y + 1) * tight]
            });
            if let Some(y) = changed {
                found.push((ViolationKind::WroteInput, format!("row {}", i64::from(self.image.bounds.y1) + y as i64)));
            }
        }
        found
    }

    /// The pixels, after the action has returned.
    pub fn into_image(self: Arc<Self>) -> HostImage {
        let mut image = self.image.clone();
        let plain = self.first == 0 && self.row_bytes == image.row_bytes() as isize && !self.layout.canaries;
        match (Arc::try_unwrap(self), plain) {
            (Ok(buffer), true) => image.data = buffer.storage.into_inner(),
            (Ok(buffer), false) => image.data = buffer.tight(),
            (Err(shared), _) => image.data = shared.tight(),
        }
        image
    }

    fn tight(&self) -> PixelBuffer {
        // SAFETY: called after the action has returned.
        let storage = unsafe { &*self.storage.get() };
        let tight = self.image.row_bytes();
        let mut data = PixelBuffer::zeroed(tight * self.image.bounds.height());
        for y in 0..self.image.bounds.height() {
            let at = self.row_at(y);
            data[y * tight..(y + 1) * tight].copy_from_slice(&storage[at..at + tight]);
        }
        data
    }
}

/// A byte that depends on its place, so that a shifted copy is noticed as well.
fn canary(n: usize) -> u8 {
    (n as u8).wrapping_mul(37) ^ 0xC5
}

/// One image in a plug-in's hands.
pub(crate) struct Loan {
    pub properties: Arc<PropertySet>,
    pub buffer: Arc<LoanBuffer>,
    pub action: Weak<Action>,
}

/// What a plug-in reads of an image besides its pixels.
pub(crate) struct LoanFacts<'a> {
    /// Pixels of the whole region of definition.
    pub region_of_definition: RectI,
    pub identifier: &'a str,
    /// The components string, where it is not the standard's.
    pub plane: Option<&'a str>,
}

impl Loan {
    /// Lends `buffer` for the time of `action`.
    pub fn lend(
        host: &Arc<HostCore>,
        action: &Arc<Action>,
        buffer: Arc<LoanBuffer>,
        facts: &LoanFacts,
    ) -> Result<Arc<Self>> {
        let image = &buffer.image;
        let set = PropertySet::new(host, SetKind::Image, &buffer.clip, &[property_tables::IMAGE]);
        set.put_strings(sys::kOfxImageEffectPropPixelDepth, [image.depth.ofx_name()]);
        match facts.plane {
            Some(plane) => set.put_string(sys::kOfxImageEffectPropComponents, plane),
            None => set.put_strings(sys::kOfxImageEffectPropComponents, [image.components.ofx_name()]),
        }
        set.put_strings(sys::kOfxImageEffectPropPreMultiplication, [image.premultiplication.ofx_name()]);
        set.put_doubles(sys::kOfxImageEffectPropRenderScale, &[image.scale.x, image.scale.y]);
        set.put_doubles(sys::kOfxImagePropPixelAspectRatio, &[image.pixel_aspect]);
        set.put_ints(sys::kOfxImagePropBounds, &corners(image.bounds));
        set.put_ints(sys::kOfxImagePropRegionOfDefinition, &corners(facts.region_of_definition));
        let row_bytes = i32::try_from(buffer.row_bytes()).map_err(|_| crate::Error::Memory)?;
        set.put_ints(sys::kOfxImagePropRowBytes, &[row_bytes]);
        set.put_strings(sys::kOfxImagePropField, [image.field.ofx_name()]);
        set.put_string(sys::kOfxImagePropUniqueIdentifier, facts.identifier);
        set.put_pointer(sys::kOfxImagePropData, buffer.address());
        if let Some(lie) = host.options.mischief.as_ref().and_then(|mischief| mischief.image(&buffer.clip)) {
            lie.tell(&set, &buffer.image, row_bytes);
        }
        let loan = Arc::new(Self { properties: set, buffer, action: Arc::downgrade(action) });
        loan.properties.rebind(Object::Image(Arc::downgrade(&loan)));
        if host.options.layout.canaries {
            let mut checked = super::sync::lock(&action.checked);
            if !checked.iter().any(|other| Arc::ptr_eq(other, &loan.buffer)) {
                checked.push(Arc::clone(&loan.buffer));
            }
        }
        super::sync::lock(&action.loans).push(Arc::clone(&loan));
        Ok(loan)
    }
}

pub(crate) fn corners(r: RectI) -> [i32; 4] {
    [r.x1, r.y1, r.x2, r.y2]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Components, Depth};

    fn image() -> HostImage {
        let values: Vec<f32> = (0..15).map(|n| n as f32 / 15.0).collect();
        HostImage::from_f32(RectI::new(2, -1, 7, 2), Components::Alpha, &values)
            .and_then(|image| image.converted(Components::Alpha, Depth::Byte))
            .unwrap()
    }

    #[test]
    fn every_layout_gives_the_same_pixels_back() {
        for negative_rows in [false, true] {
            for (row_padding, canaries) in [(0, false), (7, false), (0, true), (48, true)] {
                let layout = ImageLayout { negative_rows, row_padding, canaries, ..ImageLayout::default() };
                let buffer = Arc::new(LoanBuffer::new("Source", image(), layout, true));
                assert!(buffer.damage().is_empty());
                assert_eq!(buffer.into_image(), image(), "{layout:?}");
            }
        }
    }

    #[test]
    fn one_byte_beside_a_row_is_found_in_every_gap() {
        for negative_rows in [false, true] {
            let layout = ImageLayout { negative_rows, row_padding: 3, canaries: true, ..ImageLayout::default() };
            for offset in [-1_isize, 5] {
                for y in 0..3 {
                    let buffer = LoanBuffer::new("Output", image(), layout, false);
                    let at = buffer.row_at(y).wrapping_add_signed(offset);
                    // SAFETY: nobody else looks at this buffer.
                    let storage = unsafe { &mut *buffer.storage.get() };
                    storage[at] ^= 1;
                    let kinds: Vec<_> = buffer.damage().into_iter().map(|(kind, _)| kind).collect();
                    assert_eq!(kinds, [ViolationKind::WroteOutsideImage], "row {y} offset {offset}");
                }
            }
        }
    }
}
