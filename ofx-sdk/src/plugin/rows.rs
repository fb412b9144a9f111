//! Pixels of any depth and components as `[f32; 4]`, and back.

use crate::{Components, Depth};
use half::f16;

/// How one component of a pixel is stored.
pub trait Sample: Copy + Send + Sync + sealed::Sealed + 'static {
    /// The depth whose components are stored so.
    const DEPTH: Depth;

    /// The value as a number; integers are 0-1.
    fn to_f32(self) -> f32;

    /// A number as a value. Integers are clamped to 0-1 and rounded, and take 0 for what is not a number.
    fn from_f32(value: f32) -> Self;
}

mod sealed {
    /// Types of which every bit pattern is a value.
    pub trait Sealed: Sized {
        const BYTES: usize = size_of::<Self>();
        fn from_bytes(bytes: &[u8]) -> Self;
        fn to_bytes(self, bytes: &mut [u8]);
    }
}

macro_rules! sample {
    ($type:ty, $depth:ident, $to:expr, $from:expr) => {
        impl Sample for $type {
            const DEPTH: Depth = Depth::$depth;

            #[inline]
            fn to_f32(self) -> f32 {
                $to(self)
            }

            #[inline]
            fn from_f32(value: f32) -> Self {
                $from(value)
            }
        }

        impl sealed::Sealed for $type {
            #[inline]
            fn from_bytes(bytes: &[u8]) -> Self {
                let mut own = [0; size_of::<$type>()];
                own.copy_from_slice(bytes);
                Self::from_ne_bytes(own)
            }

            #[inline]
            fn to_bytes(self, bytes: &mut [u8]) {
                bytes.copy_from_slice(&self.to_ne_bytes());
            }
        }
    };
}

/// The nearest whole number to `value` × `most`, 0-`most`; 0 for what is not a number. From 2²³ on a float's last
/// bit counts ones, so that adding 2²³ leaves the rounded number in its lowest bits: three times as fast as a cast,
/// which does not vectorise.
#[inline]
fn quantized(value: f32, most: f32) -> u32 {
    // Not `clamp`, which lets NaN pass.
    #[expect(clippy::manual_clamp)]
    let held = value.max(0.0).min(1.0);
    (held * most + 8_388_608.0).to_bits() & 0x7f_ffff
}

sample!(u8, Byte, |v| f32::from(v) / 255.0, |v| quantized(v, 255.0) as u8);
sample!(u16, Short, |v| f32::from(v) / 65535.0, |v| quantized(v, 65535.0) as u16);
sample!(f16, Half, |v: f16| v.to_f32(), f16::from_f32);
sample!(f32, Float, |v| v, |v| v);

/// Reads pixels from bytes in the machine's byte order, of any alignment. RGB gets alpha 1, a lone value goes to all
/// four.
pub(crate) fn decode(bytes: &[u8], depth: Depth, components: Components, pixels: &mut [[f32; 4]]) {
    match depth {
        Depth::Byte => decode_samples::<u8>(bytes, components, pixels),
        Depth::Short => decode_samples::<u16>(bytes, components, pixels),
        Depth::Half => decode_samples::<f16>(bytes, components, pixels),
        Depth::Float => decode_samples::<f32>(bytes, components, pixels),
    }
}

fn decode_samples<T: Sample>(bytes: &[u8], components: Components, pixels: &mut [[f32; 4]]) {
    let n = T::BYTES;
    let at = |b: &[u8], i: usize| T::from_bytes(&b[i * n..(i + 1) * n]).to_f32();
    match components {
        Components::Rgba => {
            for (b, p) in bytes.chunks_exact(4 * n).zip(pixels) {
                *p = [at(b, 0), at(b, 1), at(b, 2), at(b, 3)];
            }
        }
        Components::Rgb => {
            for (b, p) in bytes.chunks_exact(3 * n).zip(pixels) {
                *p = [at(b, 0), at(b, 1), at(b, 2), 1.0];
            }
        }
        Components::Alpha => {
            for (b, p) in bytes.chunks_exact(n).zip(pixels) {
                *p = [at(b, 0); 4];
            }
        }
    }
}

/// Writes pixels as bytes. RGB drops alpha, a lone value takes alpha.
pub(crate) fn encode(pixels: &[[f32; 4]], depth: Depth, components: Components, bytes: &mut [u8]) {
    match depth {
        Depth::Byte => encode_samples::<u8>(pixels, components, bytes),
        Depth::Short => encode_samples::<u16>(pixels, components, bytes),
        Depth::Half => encode_samples::<f16>(pixels, components, bytes),
        Depth::Float => encode_samples::<f32>(pixels, components, bytes),
    }
}

fn encode_samples<T: Sample>(pixels: &[[f32; 4]], components: Components, bytes: &mut [u8]) {
    let n = T::BYTES;
    let put = |b: &mut [u8], i: usize, v: f32| T::from_f32(v).to_bytes(&mut b[i * n..(i + 1) * n]);
    match components {
        Components::Rgba => {
            for (b, p) in bytes.chunks_exact_mut(4 * n).zip(pixels) {
                (0..4).for_each(|i| put(b, i, p[i]));
            }
        }
        Components::Rgb => {
            for (b, p) in bytes.chunks_exact_mut(3 * n).zip(pixels) {
                (0..3).for_each(|i| put(b, i, p[i]));
            }
        }
        Components::Alpha => {
            for (b, p) in bytes.chunks_exact_mut(n).zip(pixels) {
                put(b, 0, p[3]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_clamp_round_and_take_zero_for_what_is_no_number() {
        let pixels = [[f32::NAN, f32::INFINITY, -1.0, 0.5]];
        let mut bytes = [9; 4];
        encode(&pixels, Depth::Byte, Components::Rgba, &mut bytes);
        assert_eq!(bytes, [0, 255, 0, 128]);
        let mut wide = [9; 8];
        encode(&pixels, Depth::Short, Components::Rgba, &mut wide);
        assert_eq!(wide.chunks(2).map(|b| u16::from_ne_bytes([b[0], b[1]])).collect::<Vec<_>>(), [0, 65535, 0, 32768]);
    }

    #[test]
    fn every_depth_and_layout_survives_a_round_trip() {
        for depth in Depth::ALL.iter().copied() {
            for components in Components::ALL.iter().copied() {
                // Values that every depth holds exactly.
                let pixel = match components {
                    Components::Rgba => [0.0, 1.0, 0.0, 1.0],
                    Components::Rgb => [1.0, 0.0, 1.0, 1.0],
                    Components::Alpha => [1.0; 4],
                };
                let mut bytes = vec![0; components.count() * depth.bytes() * 3 + 1];
                let row = &mut bytes[1..]; // of odd alignment
                encode(&[pixel; 3], depth, components, row);
                let mut back = [[9.0; 4]; 3];
                decode(row, depth, components, &mut back);
                assert_eq!(back, [pixel; 3], "{depth:?} {components:?}");
            }
        }
    }

    #[test]
    fn integers_take_the_nearest_value() {
        for i in 0..=100_000 {
            let v = i as f32 / 100_000.0;
            assert!((f32::from(u8::from_f32(v)) - v * 255.0).abs() <= 0.5, "{v}");
            assert!((f32::from(u16::from_f32(v)) - v * 65535.0).abs() <= 0.5, "{v}");
        }
    }

    #[test]
    fn eight_bits_round_trip_through_float_unchanged() {
        for value in 0..=u8::MAX {
            assert_eq!(u8::from_f32(value.to_f32()), value);
        }
    }
}
