//! Images as the host holds them: rows from the lowest up, without gaps.
#![allow(unsafe_code)]

use crate::{Components, Depth, Error, Field, Premultiplication, RectI, RenderScale, Result};
use std::{fmt, ops};

/// Bytes that start on a 64-byte border, so that a plug-in may read them as any number type.
#[derive(Clone, Default)]
pub struct PixelBuffer {
    blocks: Vec<Block>,
    length: usize,
}

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Block([u8; 64]);

impl PixelBuffer {
    /// `length` bytes of zero.
    pub fn zeroed(length: usize) -> Self {
        Self { blocks: vec![Block([0; 64]); length.div_ceil(64)], length }
    }

    /// As [`PixelBuffer::zeroed`]; `None` when there is not that much memory.
    pub fn try_zeroed(length: usize) -> Option<Self> {
        let mut blocks = Vec::new();
        blocks.try_reserve_exact(length.div_ceil(64)).ok()?;
        blocks.resize(length.div_ceil(64), Block([0; 64]));
        Some(Self { blocks, length })
    }
}

impl ops::Deref for PixelBuffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: `Block` is 64 initialised bytes without padding, and `length` never exceeds the blocks' bytes.
        unsafe { std::slice::from_raw_parts(self.blocks.as_ptr().cast(), self.length) }
    }
}

impl ops::DerefMut for PixelBuffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `deref`; every bit pattern is a valid byte, and `self` is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.blocks.as_mut_ptr().cast(), self.length) }
    }
}

impl fmt::Debug for PixelBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PixelBuffer({} bytes)", self.length)
    }
}

impl PartialEq for PixelBuffer {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

/// One picture. Row 0 is the lowest; pixels are interleaved; rows follow each other without gaps.
#[derive(Clone, Debug, PartialEq)]
pub struct HostImage {
    /// Which pixels it holds, at its own scale.
    pub bounds: RectI,
    /// Components of a pixel.
    pub components: Components,
    /// Depth of a component.
    pub depth: Depth,
    /// `bounds.height()` rows of [`HostImage::row_bytes`] bytes.
    pub data: PixelBuffer,
    /// What alpha has to do with color.
    pub premultiplication: Premultiplication,
    /// Which lines it holds.
    pub field: Field,
    /// Pixels per canonical pixel.
    pub scale: RenderScale,
    /// Width of a pixel over its height.
    pub pixel_aspect: f64,
}

impl HostImage {
    /// A picture of zeros.
    ///
    /// # Errors
    /// [`Error::Memory`] when the size does not fit into memory's address range.
    pub fn zeroed(bounds: RectI, components: Components, depth: Depth) -> Result<Self> {
        let bytes = bounds
            .width()
            .checked_mul(bounds.height())
            .and_then(|n| n.checked_mul(components.count() * depth.bytes()))
            .filter(|n| *n <= isize::MAX as usize / 2)
            .ok_or(Error::Memory)?;
        Ok(Self {
            bounds,
            components,
            depth,
            data: PixelBuffer::zeroed(bytes),
            premultiplication: if components == Components::Rgba {
                Premultiplication::Premultiplied
            } else {
                Premultiplication::Opaque
            },
            field: Field::None,
            scale: RenderScale::FULL,
            pixel_aspect: 1.0,
        })
    }

    /// A float picture from interleaved values, row 0 lowest.
    ///
    /// # Errors
    /// When `values` does not hold width × height × components numbers.
    pub fn from_f32(bounds: RectI, components: Components, values: &[f32]) -> Result<Self> {
        let mut image = Self::zeroed(bounds, components, Depth::Float)?;
        let wanted = bounds.width() * bounds.height() * components.count();
        if values.len() != wanted {
            return Err(Error::Value {
                subject: "HostImage::from_f32".into(),
                reason: format!("{} values for {wanted} of {bounds:?} {components:?}", values.len()),
            });
        }
        for (bytes, value) in image.data.chunks_exact_mut(4).zip(values) {
            bytes.copy_from_slice(&value.to_ne_bytes());
        }
        Ok(image)
    }

    /// Every value as a float, interleaved, row 0 lowest: integers become 0-1.
    pub fn to_f32(&self) -> Vec<f32> {
        let mut values = vec![0.0; self.data.len() / self.depth.bytes()];
        decode(self.depth, &self.data, &mut values);
        values
    }

    /// Bytes of one pixel.
    pub fn pixel_bytes(&self) -> usize {
        self.components.count() * self.depth.bytes()
    }

    /// Bytes from one row to the next.
    pub fn row_bytes(&self) -> usize {
        self.bounds.width() * self.pixel_bytes()
    }

    /// The bytes of row `y`, or `None` outside of the bounds.
    pub fn row(&self, y: i32) -> Option<&[u8]> {
        let n = usize::try_from(i64::from(y) - i64::from(self.bounds.y1)).ok()?;
        let bytes = self.row_bytes();
        self.data.get(n.checked_mul(bytes)?..n.checked_add(1)?.checked_mul(bytes)?)
    }

    /// The components of one pixel as floats; `None` outside of the bounds.
    pub fn pixel(&self, x: i32, y: i32) -> Option<Vec<f32>> {
        let n = usize::try_from(i64::from(x) - i64::from(self.bounds.x1)).ok()?;
        let bytes = self.row(y)?.get(n * self.pixel_bytes()..(n + 1) * self.pixel_bytes())?;
        let mut values = vec![0.0; self.components.count()];
        decode(self.depth, bytes, &mut values);
        Some(values)
    }

    /// The same picture with exactly these bounds: cut, or filled with zeros.
    ///
    /// # Errors
    /// [`Error::Memory`] when `bounds` is too large.
    pub fn cropped(&self, bounds: RectI) -> Result<Self> {
        if bounds == self.bounds {
            return Ok(self.clone());
        }
        let mut image = Self { field: self.field, ..Self::zeroed(bounds, self.components, self.depth)? };
        image.premultiplication = self.premultiplication;
        image.scale = self.scale;
        image.pixel_aspect = self.pixel_aspect;
        image.paste(self);
        Ok(image)
    }

    /// Copies what overlaps from `other`, which has the same components and depth (else nothing is copied).
    pub fn paste(&mut self, other: &Self) {
        let shared = self.bounds.intersection(&other.bounds);
        if shared.is_empty() || self.components != other.components || self.depth != other.depth {
            return;
        }
        let pixel = self.pixel_bytes();
        let offset = |bounds: &RectI, row_bytes: usize, y: i32| {
            (i64::from(y) - i64::from(bounds.y1)) as usize * row_bytes
                + (i64::from(shared.x1) - i64::from(bounds.x1)) as usize * pixel
        };
        let length = shared.width() * pixel;
        let (to_row, from_row) = (self.row_bytes(), other.row_bytes());
        for y in shared.y1..shared.y2 {
            let to = offset(&self.bounds, to_row, y);
            let from = offset(&other.bounds, from_row, y);
            self.data[to..to + length].copy_from_slice(&other.data[from..from + length]);
        }
    }

    /// The same picture in other components and depth. A missing alpha is 1; color from a lone alpha is that alpha in
    /// all channels; alpha from RGB is 1. Integers are clamped and rounded to nearest, NaN becomes 0.
    ///
    /// # Errors
    /// [`Error::Memory`] when the result is too large.
    pub fn converted(&self, components: Components, depth: Depth) -> Result<Self> {
        if components == self.components && depth == self.depth {
            return Ok(self.clone());
        }
        let mut image = Self { field: self.field, ..Self::zeroed(self.bounds, components, depth)? };
        image.premultiplication =
            if components == Components::Rgb { Premultiplication::Opaque } else { self.premultiplication };
        image.scale = self.scale;
        image.pixel_aspect = self.pixel_aspect;
        let width = self.bounds.width();
        let mut from = vec![0.0; width * self.components.count()];
        let mut to = vec![0.0; width * components.count()];
        let (from_bytes, to_bytes) = (self.row_bytes().max(1), image.row_bytes().max(1));
        for (source, target) in self.data.chunks_exact(from_bytes).zip(image.data.chunks_exact_mut(to_bytes)) {
            decode(self.depth, source, &mut from);
            remap(self.components, &from, components, &mut to);
            encode(depth, &to, target);
        }
        Ok(image)
    }

    /// The picture at a smaller `scale`, each pixel the mean of what it covers, over `region` (pixels at that scale).
    pub(crate) fn averaged(&self, scale: RenderScale, region: RectI) -> Self {
        let count = self.components.count();
        let source = self.to_f32();
        let mut values = Vec::with_capacity(region.width() * region.height() * count);
        let span = |n: i32, scale: f64, low: i32, high: i32| {
            let first = ((f64::from(n) / scale).floor() as i32).clamp(low, (high - 1).max(low));
            let last = ((f64::from(n + 1) / scale).ceil() as i32).clamp(first + 1, high.max(first + 1));
            first..last
        };
        let width = self.bounds.width();
        for y in region.y1..region.y2 {
            let rows = span(y, scale.y, self.bounds.y1, self.bounds.y2);
            for x in region.x1..region.x2 {
                let columns = span(x, scale.x, self.bounds.x1, self.bounds.x2);
                let area = (rows.len() * columns.len()) as f32;
                for c in 0..count {
                    let sum: f32 = rows
                        .clone()
                        .flat_map(|sy| columns.clone().map(move |sx| (sx, sy)))
                        .filter_map(|(sx, sy)| {
                            let at = (sy - self.bounds.y1) as usize * width + (sx - self.bounds.x1) as usize;
                            source.get(at * count + c)
                        })
                        .sum();
                    values.push(sum / area);
                }
            }
        }
        let mut data = PixelBuffer::zeroed(values.len() * self.depth.bytes());
        encode(self.depth, &values, &mut data);
        Self { bounds: region, data, scale, ..self.without_data() }
    }

    /// Fills it with what no plug-in leaves by chance: NaN, or 0xA5 bytes.
    pub(crate) fn poison(&mut self) {
        match self.depth {
            Depth::Float => self.data.chunks_exact_mut(4).for_each(|b| b.copy_from_slice(&f32::NAN.to_ne_bytes())),
            Depth::Half => self.data.chunks_exact_mut(2).for_each(|b| b.copy_from_slice(&half::f16::NAN.to_ne_bytes())),
            Depth::Byte | Depth::Short => self.data.fill(0xA5),
        }
    }

    fn without_data(&self) -> Self {
        Self { data: PixelBuffer::default(), ..*self }
    }
}

/// Reads components of any depth as floats; integers become 0-1.
fn decode(depth: Depth, bytes: &[u8], values: &mut [f32]) {
    match depth {
        Depth::Byte => values.iter_mut().zip(bytes).for_each(|(v, b)| *v = f32::from(*b) / 255.0),
        Depth::Short => values
            .iter_mut()
            .zip(bytes.chunks_exact(2))
            .for_each(|(v, b)| *v = f32::from(u16::from_ne_bytes([b[0], b[1]])) / 65535.0),
        Depth::Half => values
            .iter_mut()
            .zip(bytes.chunks_exact(2))
            .for_each(|(v, b)| *v = half::f16::from_ne_bytes([b[0], b[1]]).to_f32()),
        Depth::Float => values
            .iter_mut()
            .zip(bytes.chunks_exact(4))
            .for_each(|(v, b)| *v = f32::from_ne_bytes([b[0], b[1], b[2], b[3]])),
    }
}

/// Writes floats in any depth; integers are clamped and rounded to nearest, NaN becomes 0.
fn encode(depth: Depth, values: &[f32], bytes: &mut [u8]) {
    match depth {
        Depth::Byte => bytes.iter_mut().zip(values).for_each(|(b, v)| *b = (v.clamp(0.0, 1.0) * 255.0).round() as u8),
        Depth::Short => bytes.chunks_exact_mut(2).zip(values).for_each(|(b, v)| {
            b.copy_from_slice(&((v.clamp(0.0, 1.0) * 65535.0).round() as u16).to_ne_bytes());
        }),
        Depth::Half => bytes
            .chunks_exact_mut(2)
            .zip(values)
            .for_each(|(b, v)| b.copy_from_slice(&half::f16::from_f32(*v).to_ne_bytes())),
        Depth::Float => {
            bytes.chunks_exact_mut(4).zip(values).for_each(|(b, v)| b.copy_from_slice(&v.to_ne_bytes()));
        }
    }
}

fn remap(from: Components, source: &[f32], to: Components, target: &mut [f32]) {
    for (s, t) in source.chunks_exact(from.count()).zip(target.chunks_exact_mut(to.count())) {
        let rgba = match from {
            Components::Rgba => [s[0], s[1], s[2], s[3]],
            Components::Rgb => [s[0], s[1], s[2], 1.0],
            Components::Alpha => [s[0]; 4],
        };
        match to {
            Components::Rgba => t.copy_from_slice(&rgba),
            Components::Rgb => t.copy_from_slice(&rgba[..3]),
            Components::Alpha => t[0] = rgba[3],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_depth_round_trips_its_own_values() {
        let bounds = RectI::new(-3, 2, 2, 5);
        let values: Vec<f32> = (0..60).map(|n| (n as f32 * 4.0).round() / 255.0).collect();
        let image = HostImage::from_f32(bounds, Components::Rgba, &values).unwrap();
        for depth in [Depth::Byte, Depth::Short, Depth::Float] {
            let back = image.converted(Components::Rgba, depth).unwrap().to_f32();
            assert!(back.iter().zip(&values).all(|(a, b)| (a - b).abs() < 1e-6), "{depth:?}");
        }
    }

    #[test]
    fn a_crop_keeps_pixels_where_they_are_and_fills_with_zero() {
        let values: Vec<f32> = (0..12).map(|n| n as f32).collect();
        let image = HostImage::from_f32(RectI::new(0, 0, 4, 3), Components::Alpha, &values).unwrap();
        let cut = image.cropped(RectI::new(-1, 1, 2, 5)).unwrap();
        assert_eq!(cut.pixel(1, 2), Some(vec![9.0]));
        assert_eq!(cut.pixel(-1, 1), Some(vec![0.0]));
        assert_eq!(cut.pixel(1, 4), Some(vec![0.0]));
        assert_eq!(cut.pixel(2, 2), None);
    }

    #[test]
    fn half_scale_is_the_mean_of_four() {
        let values: Vec<f32> = (0..16).map(|n| n as f32).collect();
        let image = HostImage::from_f32(RectI::new(0, 0, 4, 4), Components::Alpha, &values).unwrap();
        let small = image.averaged(RenderScale::uniform(0.5), RectI::new(0, 0, 2, 2));
        assert_eq!(small.to_f32(), [2.5, 4.5, 10.5, 12.5]);
    }
}
