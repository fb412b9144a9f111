//! From any color space to the display-referred picture that the networks see, fast enough for every pixel of a frame.
//!
//! Both curves are tables: the decoder's in parabolas over the code value, the encoder's in lines over the float's own
//! exponent and mantissa bits, 64 pieces an octave. The result differs from the exact formula by less than 1/4096, for
//! colors up to eight times white; beyond, where a matrix cancels channels, single precision itself is the limit.

use super::transfer::Curve;
use super::{Colorspace, LARGEST, finite, multiply};
use crate::{Result, bands, rows};
use ndarray::ArrayViewMut3;
use std::sync::{Arc, LazyLock};

/// Converts pixels of one color space and exposure to sRGB for display, clipped to 0..1.
///
/// That is what photographs look like and what the networks were trained on. Highlights above diffuse white clip, as
/// they do on a display; `exposure_stops` brings them back. NaN and everything below zero become 0. Infinity is the largest value
/// of half floats: at exposures above -16 stops white, as it is there.
#[derive(Debug, Clone)]
pub struct NetworkEncoder {
    decoder: Decoder,
    gain: f32,
    matrix: Option<[[f32; 3]; 3]>,
}

#[derive(Debug, Clone)]
enum Decoder {
    /// The pixels are linear already.
    Linear,
    /// The pixels are sRGB and no exposure is asked for: only the clip remains.
    Clip,
    Table(Arc<DecodeTable>),
}

impl NetworkEncoder {
    /// An encoder for pixels of `colorspace`, brightened by `exposure_stops` (a factor of two each, in linear light).
    ///
    /// An exposure that is not a number counts as 0; the range is ±32 stops.
    pub fn new(colorspace: Colorspace, exposure_stops: f32) -> Self {
        let stops = if exposure_stops.is_nan() { 0.0 } else { exposure_stops.clamp(-32.0, 32.0) };
        let decoder = match colorspace.curve() {
            Curve::Linear => Decoder::Linear,
            Curve::Srgb if stops == 0.0 => Decoder::Clip,
            curve => Decoder::Table(decode_table(curve)),
        };
        Self { decoder, gain: stops.exp2(), matrix: colorspace.matrix_to_rec709().copied() }
    }

    /// One pixel.
    pub fn encode(&self, color: [f32; 3]) -> [f32; 3] {
        let [mut r, mut g, mut b] = color.map(|v| [v]);
        self.encode_row(&mut r, &mut g, &mut b);
        [r[0], g[0], b[0]]
    }

    /// The pixels of a row in place, one slice a channel. Slices of unequal length are encoded to the shortest.
    pub fn encode_row(&self, r: &mut [f32], g: &mut [f32], b: &mut [f32]) {
        let width = r.len().min(g.len()).min(b.len());
        let (r, g, b) = (&mut r[..width], &mut g[..width], &mut b[..width]);
        match &self.decoder {
            Decoder::Clip => return [r, g, b].into_iter().for_each(clip_row),
            Decoder::Linear => [&mut *r, &mut *g, &mut *b].into_iter().for_each(finite_row),
            Decoder::Table(table) => [&mut *r, &mut *g, &mut *b].into_iter().for_each(|row| table.decode_row(row)),
        }
        if let Some(matrix) = &self.matrix {
            for ((r, g), b) in r.iter_mut().zip(g.iter_mut()).zip(b.iter_mut()) {
                [*r, *g, *b] = multiply(Some(matrix), [*r, *g, *b]);
            }
        }
        let table: &EncodeTable = &SRGB;
        for row in [r, g, b] {
            for v in row {
                *v = table.encode(*v * self.gain);
            }
        }
    }
}

/// Converts pixels `[3, height, width]` in place; see [`NetworkEncoder`].
///
/// # Errors
/// When there are not three channels, or rows are not contiguous.
pub fn encode_for_network(
    pixels: ArrayViewMut3<f32>,
    colorspace: Colorspace,
    exposure_stops: f32,
    threads: usize,
) -> Result<()> {
    rows::check(&pixels.view(), "pixels to encode", 3, rows::size(&pixels.view()))?;
    let encoder = NetworkEncoder::new(colorspace, exposure_stops);
    bands::for_each_band(pixels, threads, |_, mut band| {
        for y in 0..band.dim().1 {
            if let [r, g, b] = rows::channels_mut(&mut band, y).as_mut_slice() {
                encoder.encode_row(r, g, b);
            }
        }
    });
    Ok(())
}

fn clip_row(row: &mut [f32]) {
    for v in row {
        *v = if v.is_nan() { 0.0 } else { v.clamp(0.0, 1.0) };
    }
}

fn finite_row(row: &mut [f32]) {
    for v in row {
        *v = if v.is_nan() { 0.0 } else { v.clamp(-LARGEST, LARGEST) };
    }
}

/// Linear light over code values from −0.25 to 1.5, in pieces of second degree: the log curves rise by a factor of e^11
/// a unit at most, so that a piece of 1/512 is off by (11/512)³/125, about 1e-7 of the value. Accuracy counts here: where
/// a matrix takes a bright channel from another, what is left is small.
#[derive(Debug)]
struct DecodeTable {
    curve: Curve,
    pieces: Vec<Parabola>,
}

/// `value + rise t + bend t²` for t from 0 to 1.
#[derive(Debug, Clone, Copy)]
struct Parabola {
    value: f32,
    rise: f32,
    bend: f32,
}

const DECODE_START: f32 = -0.25;
const DECODE_END: f32 = 1.5;
const DECODE_PIECES_A_UNIT: f32 = 512.0;

impl DecodeTable {
    fn new(curve: Curve) -> Self {
        let count = ((DECODE_END - DECODE_START) * DECODE_PIECES_A_UNIT) as usize;
        let at = |place: f64| {
            let light = curve.decode(f64::from(DECODE_START) + place / f64::from(DECODE_PIECES_A_UNIT));
            light.clamp(f64::from(-LARGEST), f64::from(LARGEST))
        };
        let piece = |i: usize| {
            let (start, middle, end) = (at(i as f64), at(i as f64 + 0.5), at(i as f64 + 1.0));
            let bend = 2.0 * (start + end - 2.0 * middle);
            Parabola { value: start as f32, rise: (end - start - bend) as f32, bend: bend as f32 }
        };
        Self { curve, pieces: (0..count).map(piece).collect() }
    }

    fn decode_row(&self, row: &mut [f32]) {
        // The scan is far cheaper than a branch at every pixel.
        if row.iter().fold(true, |all, v| all & (DECODE_START..DECODE_END).contains(v)) {
            row.iter_mut().for_each(|v| *v = self.decode_inside(*v));
        } else {
            for v in row {
                let inside = (DECODE_START..DECODE_END).contains(v);
                *v = if inside { self.decode_inside(*v) } else { self.decode_outside(*v) };
            }
        }
    }

    #[inline]
    fn decode_inside(&self, v: f32) -> f32 {
        let position = (v - DECODE_START) * DECODE_PIECES_A_UNIT;
        let whole = position as i32;
        let t = position - whole as f32;
        let piece = self.pieces[(whole as usize).min(self.pieces.len() - 1)];
        piece.value + t * (piece.rise + t * piece.bend)
    }

    #[cold]
    fn decode_outside(&self, v: f32) -> f32 {
        finite(self.curve.decode(f64::from(if v.is_nan() { 0.0 } else { v })) as f32, v)
    }
}

fn decode_table(curve: Curve) -> Arc<DecodeTable> {
    static TABLES: LazyLock<Vec<Arc<DecodeTable>>> = LazyLock::new(|| {
        let curves = Colorspace::ALL.map(Colorspace::curve);
        curves.into_iter().filter(|&c| c != Curve::Linear).map(|c| Arc::new(DecodeTable::new(c))).collect()
    });
    match TABLES.iter().find(|table| table.curve == curve) {
        Some(table) => Arc::clone(table),
        None => Arc::new(DecodeTable::new(curve)),
    }
}

/// A piece of a piecewise linear curve: its value at the start, and the rise over the piece.
#[derive(Debug, Clone, Copy)]
struct Piece {
    value: f32,
    rise: f32,
}

/// sRGB code over linear light from 2⁻¹² to 1; below, the curve is a straight line.
#[derive(Debug)]
struct EncodeTable {
    pieces: Vec<Piece>,
}

const ENCODE_OCTAVES: u32 = 12;
const PIECE_BITS: u32 = 6;
/// The mantissa bits that are left for the place within a piece.
const PLACE_BITS: u32 = f32::MANTISSA_DIGITS - 1 - PIECE_BITS;
const ENCODE_START: f32 = 1.0 / (1 << ENCODE_OCTAVES) as f32;

static SRGB: LazyLock<EncodeTable> = LazyLock::new(EncodeTable::new);

impl EncodeTable {
    fn new() -> Self {
        let count = (ENCODE_OCTAVES << PIECE_BITS) as usize;
        let at = |i: usize| {
            let linear = f32::from_bits(ENCODE_START.to_bits() + ((i as u32) << PLACE_BITS));
            Curve::Srgb.encode(f64::from(linear))
        };
        let piece = |i| Piece { value: at(i) as f32, rise: (at(i + 1) - at(i)) as f32 };
        let white = Piece { value: 1.0, rise: 0.0 };
        Self { pieces: (0..count).map(piece).chain([white]).collect() }
    }

    /// Without a branch: on a noisy picture a processor guesses wrong as often as right.
    #[inline]
    fn encode(&self, linear: f32) -> f32 {
        const PLACES: u32 = 1 << PLACE_BITS;
        // What is not a number compares as false and goes the way of zero.
        let positive = if linear > 0.0 { linear } else { 0.0 };
        let within = if positive > ENCODE_START { positive } else { ENCODE_START };
        let within = if within < 1.0 { within } else { 1.0 };
        // Within an octave a float's bits count up linearly, so the bits are the place in the table.
        let offset = within.to_bits().wrapping_sub(ENCODE_START.to_bits());
        let piece = self.pieces[((offset >> PLACE_BITS) as usize).min(self.pieces.len() - 1)];
        let curved = piece.value + piece.rise * ((offset & (PLACES - 1)) as i32 as f32 * (1.0 / PLACES as f32));
        if positive < ENCODE_START { positive * 12.92 } else { curved }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;
    use ndarray::Array3;
    use proptest::prelude::*;

    fn exact(space: Colorspace, stops: f32, color: [f32; 3]) -> [f32; 3] {
        let linear = space.to_linear_rec709(color);
        linear.map(|v| Curve::Srgb.encode(f64::from(v * stops.exp2())).clamp(0.0, 1.0) as f32)
    }

    impl Colorspace {
        /// The light of the brightest channel before the matrix.
        fn curve_light(self, color: [f32; 3]) -> f32 {
            color.into_iter().map(|v| self.curve().decode(f64::from(v)) as f32).fold(0.0, f32::max)
        }
    }

    proptest! {
        #![proptest_config(crate::fixture::cases(256))]

        #[test]
        fn the_tables_agree_with_the_exact_curves(
            r in -0.3f32..1.6, g in -0.3f32..1.6, b in -0.3f32..1.6, stops in -4.0f32..4.0,
        ) {
            for space in Colorspace::ALL {
                if space.curve_light([r, g, b]) * stops.exp2() > 8.0 {
                    continue;
                }
                let fast = NetworkEncoder::new(space, stops).encode([r, g, b]);
                for (fast, exact) in fast.into_iter().zip(exact(space, stops, [r, g, b])) {
                    prop_assert!((fast - exact).abs() < 1.0 / 4096.0, "{space:?} {fast} {exact}");
                }
            }
        }
    }

    #[test]
    fn single_channels_agree_over_the_whole_range_of_codes() {
        for space in Colorspace::ALL {
            let encoder = NetworkEncoder::new(space, 0.0);
            let worst = (0..20_000).map(|i| {
                let code = [i as f32 / 20_000.0; 3];
                (encoder.encode(code)[1] - exact(space, 0.0, code)[1]).abs()
            });
            let worst = worst.fold(0.0, f32::max);
            assert!(worst < 1.0 / 16384.0, "{space:?} is off by {worst}");
        }
    }

    #[test]
    fn an_srgb_picture_without_exposure_passes_unchanged() {
        let encoder = NetworkEncoder::new(Colorspace::Srgb, 0.0);
        assert_eq!(encoder.encode([0.123, 1.5, -0.5]), [0.123, 1.0, 0.0]);
    }

    #[test]
    fn bad_pixels_stay_within_the_range_of_the_network() {
        for space in Colorspace::ALL {
            for stops in [0.0, 2.0, f32::NAN, 1e9] {
                let encoder = NetworkEncoder::new(space, stops);
                for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -1e30, 1e-42] {
                    let codes = encoder.encode([bad, bad, 0.3]);
                    assert!(codes.iter().all(|v| (0.0..=1.0).contains(v)), "{space:?} {bad} {codes:?}");
                }
            }
        }
        assert_eq!(NetworkEncoder::new(Colorspace::LinearRec709, 0.0).encode([f32::NAN; 3]), [0.0; 3]);
        assert_eq!(NetworkEncoder::new(Colorspace::LogC3, 0.0).encode([f32::INFINITY; 3]), [1.0; 3]);
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        let pixels = Array3::from_shape_fn((3, 37, 41), |(c, y, x)| (c * 7 + y * 3 + x) as f32 / 180.0);
        let mut one = pixels.clone();
        encode_for_network(one.view_mut(), Colorspace::LogC4, 0.5, 1).unwrap();
        for threads in [2, 3, 8] {
            let mut many = pixels.clone();
            encode_for_network(many.view_mut(), Colorspace::LogC4, 0.5, threads).unwrap();
            assert_eq!(one, many);
        }
    }

    #[test]
    fn another_number_of_channels_is_refused() {
        let mut grey = Array3::zeros((1, 2, 2));
        assert!(matches!(encode_for_network(grey.view_mut(), Colorspace::Srgb, 0.0, 1), Err(Error::Shape { .. })));
    }
}
