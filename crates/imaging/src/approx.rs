//! Exponential and logarithm in forms that the compiler turns into vector instructions.
//!
//! Moshier, "Methods and Programs for Mathematical Functions" (1989): the single-precision expf and logf.

use std::f32::consts::LOG2_E;

/// e to the power x, to 2e-7 of the value, for x up to 88; anything below −87 counts as −87.
#[inline]
pub(crate) fn exp(x: f32) -> f32 {
    // Adding this pushes the fraction out of the mantissa: what is left in the low bits is the nearest integer.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = x - n * 0.693_359_4 - n * -2.121_944_4e-4;
    let mut poly = 1.987_569_1e-4;
    for coefficient in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        poly = poly * r + coefficient;
    }
    let scale = f32::from_bits((shifted.to_bits() << 23).wrapping_add(1.0f32.to_bits()));
    (poly * r * r + r + 1.0) * scale
}

/// The natural logarithm of x, to 1e-6, for normal positive x.
#[inline]
pub(crate) fn ln(x: f32) -> f32 {
    const HALF_ROOT: u32 = 0x3f35_04f3; // the bits of √½
    let above = x.to_bits().wrapping_sub(HALF_ROOT) as i32;
    let exponent = (above >> 23) as f32;
    let m = f32::from_bits((above as u32 & 0x007f_ffff) + HALF_ROOT) - 1.0;
    let mut poly = 7.037_683_6e-2;
    for coefficient in [
        -1.151_461e-1,
        1.167_699_9e-1,
        -1.242_014_1e-1,
        1.424_932_3e-1,
        -1.666_805_8e-1,
        2.000_071_5e-1,
        -2.499_999_4e-1,
        0.333_333_3,
    ] {
        poly = poly * m + coefficient;
    }
    let square = m * m;
    m + (poly * m * square - 0.5 * square) + exponent * std::f32::consts::LN_2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_exact_to_single_precision() {
        for i in -86_999..88_000 {
            let x = i as f32 * 1e-3;
            let exact = f64::from(x).exp();
            assert!((f64::from(exp(x)) / exact - 1.0).abs() < 3e-7, "{x}");
        }
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(-1e30) > 0.0 && exp(-1e30) < 1e-37);
    }

    #[test]
    fn the_logarithm_is_exact_to_a_millionth() {
        for i in 1..200_000 {
            let x = i as f32 * 1e-5;
            assert!((f64::from(ln(x)) - f64::from(x).ln()).abs() < 1e-6, "{x}");
        }
        assert_eq!(ln(1.0), 0.0);
    }
}
