//! Transfer functions, both ways, in the notation of the documents that define them.

/// A transfer function between a code value (0 to 1) and linear light.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Curve {
    Linear,
    AcesCct,
    LogC3,
    LogC4,
    SLog3,
    Cineon,
    Srgb,
    Rec709,
    Bt1886,
}

impl Curve {
    /// Linear light of a code value.
    pub(crate) fn decode(self, code: f64) -> f64 {
        match self {
            Curve::Linear => code,
            Curve::AcesCct => acescct::decode(code),
            Curve::LogC3 => logc3::decode(code),
            Curve::LogC4 => logc4::decode(code),
            Curve::SLog3 => slog3::decode(code),
            Curve::Cineon => cineon::decode(code),
            Curve::Srgb => mirrored(code, srgb::decode),
            Curve::Rec709 => mirrored(code, rec709::decode),
            Curve::Bt1886 => mirrored(code, bt1886::decode),
        }
    }

    /// Code value of linear light.
    pub(crate) fn encode(self, linear: f64) -> f64 {
        match self {
            Curve::Linear => linear,
            Curve::AcesCct => acescct::encode(linear),
            Curve::LogC3 => logc3::encode(linear),
            Curve::LogC4 => logc4::encode(linear),
            Curve::SLog3 => slog3::encode(linear),
            Curve::Cineon => cineon::encode(linear),
            Curve::Srgb => mirrored(linear, srgb::encode),
            Curve::Rec709 => mirrored(linear, rec709::encode),
            Curve::Bt1886 => mirrored(linear, bt1886::encode),
        }
    }
}

/// A power curve is undefined below zero; out-of-gamut negatives keep their sign and size.
fn mirrored(v: f64, curve: fn(f64) -> f64) -> f64 {
    if v < 0.0 { -curve(-v) } else { curve(v) }
}

/// ACEScct, Academy S-2016-001, "ACEScct: A Quasi-Logarithmic Encoding of ACES Data for use within Color Grading
/// Systems", equations 1 and 2.
mod acescct {
    const X_BREAK: f64 = 0.0078125;
    const Y_BREAK: f64 = 0.155251141552511;
    const A: f64 = 10.5402377416545;
    const B: f64 = 0.0729055341958355;

    pub fn decode(y: f64) -> f64 {
        if y <= Y_BREAK { (y - B) / A } else { (y * 17.52 - 9.72).exp2() }
    }

    pub fn encode(x: f64) -> f64 {
        if x <= X_BREAK { A * x + B } else { (x.log2() + 9.72) / 17.52 }
    }
}

/// ARRI, "ALEXA Log C Curve, Usage in VFX" (2012), scene exposure at EI 800.
mod logc3 {
    const CUT: f64 = 0.010591;
    const A: f64 = 5.555556;
    const B: f64 = 0.052272;
    const C: f64 = 0.247190;
    const D: f64 = 0.385537;
    const E: f64 = 5.367655;
    const F: f64 = 0.092809;

    pub fn decode(t: f64) -> f64 {
        if t > E * CUT + F { (10f64.powf((t - D) / C) - B) / A } else { (t - F) / E }
    }

    pub fn encode(x: f64) -> f64 {
        if x > CUT { C * (A * x + B).log10() + D } else { E * x + F }
    }
}

/// ARRI, "LogC4 Logarithmic Color Space Specification" (2022), section 2.
mod logc4 {
    use std::f64::consts::LN_2;

    const A: f64 = (262_144.0 - 16.0) / 117.45;
    const B: f64 = (1023.0 - 95.0) / 1023.0;
    const C: f64 = 95.0 / 1023.0;

    /// The slope of the linear part below `t`.
    fn s() -> f64 {
        7.0 * LN_2 * (7.0 - 14.0 * C / B).exp2() / (A * B)
    }

    /// The light of code 0, where the curve becomes linear.
    fn t() -> f64 {
        ((14.0 * (-C / B) + 6.0).exp2() - 64.0) / A
    }

    pub fn decode(e: f64) -> f64 {
        if e >= 0.0 { ((14.0 * (e - C) / B + 6.0).exp2() - 64.0) / A } else { e * s() + t() }
    }

    pub fn encode(x: f64) -> f64 {
        if x >= t() { ((A * x + 64.0).log2() - 6.0) / 14.0 * B + C } else { (x - t()) / s() }
    }
}

/// Sony, "Technical Summary for S-Gamut3.Cine/S-Log3 and S-Gamut3/S-Log3", appendix.
mod slog3 {
    const BREAK: f64 = 171.2102946929;

    pub fn decode(y: f64) -> f64 {
        if y >= BREAK / 1023.0 {
            10f64.powf((y * 1023.0 - 420.0) / 261.5) * (0.18 + 0.01) - 0.01
        } else {
            (y * 1023.0 - 95.0) * 0.01125 / (BREAK - 95.0)
        }
    }

    pub fn encode(x: f64) -> f64 {
        if x >= 0.01125 {
            (420.0 + ((x + 0.01) / (0.18 + 0.01)).log10() * 261.5) / 1023.0
        } else {
            (x * (BREAK - 95.0) / 0.01125 + 95.0) / 1023.0
        }
    }
}

/// Kodak, "Conversion of 10-bit Log Film Data To 8-bit Linear or Video Data for the Cineon Digital Film System" (1995):
/// 0.002 density a code, film gamma 0.6, reference black 95 and white 685, black raised so that 95 is zero light.
mod cineon {
    const WHITE: f64 = 685.0;
    const CODES_A_DECADE: f64 = 0.6 / 0.002;

    fn black() -> f64 {
        10f64.powf((95.0 - WHITE) / CODES_A_DECADE)
    }

    pub fn decode(y: f64) -> f64 {
        (10f64.powf((y * 1023.0 - WHITE) / CODES_A_DECADE) - black()) / (1.0 - black())
    }

    /// Light below what code −1 stands for has no logarithm and gets that code.
    pub fn encode(x: f64) -> f64 {
        let density = (x * (1.0 - black()) + black()).max(10f64.powf((-1023.0 - WHITE) / CODES_A_DECADE));
        (WHITE + CODES_A_DECADE * density.log10()) / 1023.0
    }
}

/// IEC 61966-2-1:1999.
mod srgb {
    pub fn decode(v: f64) -> f64 {
        if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
    }

    pub fn encode(l: f64) -> f64 {
        if l <= 0.0031308 { l * 12.92 } else { 1.055 * l.powf(1.0 / 2.4) - 0.055 }
    }
}

/// ITU-R BT.709-6 item 1.2, with the constants of BT.2020 at full precision, for which the two parts meet.
mod rec709 {
    const ALPHA: f64 = 1.099_296_826_809_44;
    const BETA: f64 = 0.018_053_968_510_807;

    pub fn decode(v: f64) -> f64 {
        if v < 4.5 * BETA { v / 4.5 } else { ((v + ALPHA - 1.0) / ALPHA).powf(1.0 / 0.45) }
    }

    pub fn encode(l: f64) -> f64 {
        if l < BETA { 4.5 * l } else { ALPHA * l.powf(0.45) - (ALPHA - 1.0) }
    }
}

/// ITU-R BT.1886-0, annex 1, for a display whose black gives no light.
mod bt1886 {
    const GAMMA: f64 = 2.4;

    pub fn decode(v: f64) -> f64 {
        v.powf(GAMMA)
    }

    pub fn encode(l: f64) -> f64 {
        l.powf(1.0 / GAMMA)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Curve; 9] = [
        Curve::Linear,
        Curve::AcesCct,
        Curve::LogC3,
        Curve::LogC4,
        Curve::SLog3,
        Curve::Cineon,
        Curve::Srgb,
        Curve::Rec709,
        Curve::Bt1886,
    ];

    #[test]
    fn published_codes_come_out() {
        let published = [
            // S-2016-001, table 1: the largest half float, and zero.
            (Curve::AcesCct, 65504.0, 1.467_996_312, 1e-6),
            (Curve::AcesCct, 0.0, 0.072_905_53, 1e-7),
            // ARRI 2012: the linear part at black.
            (Curve::LogC3, 0.0, 0.092_809, 1e-6),
            // ARRI 2022: code 1.0 is 469.8 times diffuse white, and black lies at 95/1023.
            (Curve::LogC4, 469.8, 1.0, 1e-5),
            (Curve::LogC4, 0.0, 95.0 / 1023.0, 1e-9),
            // Sony: black 95, grey 420, 90 % white 598 of 1023.
            (Curve::SLog3, 0.0, 95.0 / 1023.0, 1e-9),
            (Curve::SLog3, 0.9, 598.0 / 1023.0, 5e-4),
            // Kodak: black 95 and white 685.
            (Curve::Cineon, 0.0, 95.0 / 1023.0, 1e-9),
            (Curve::Cineon, 1.0, 685.0 / 1023.0, 1e-9),
            (Curve::Srgb, 0.5, 0.735_356_98, 1e-6),
            (Curve::Rec709, 0.5, 0.705_5, 2e-4),
            (Curve::Bt1886, 0.5, 0.749_153_5, 1e-6),
        ];
        for (curve, linear, code, tolerance) in published {
            let found = curve.encode(linear);
            assert!((found - code).abs() < tolerance, "{curve:?} of {linear}: {found} instead of {code}");
        }
    }

    #[test]
    fn decode_undoes_encode_and_both_rise() {
        for curve in ALL {
            let mut last = f64::NEG_INFINITY;
            for step in -4..4000 {
                let linear = f64::from(step) * 0.002;
                let code = curve.encode(linear);
                assert!(code > last, "{curve:?} falls at {linear}");
                last = code;
                // ARRI publishes its constants to six digits, so the two parts of LogC3 meet to about 1e-6.
                assert!((curve.decode(code) - linear).abs() < 2e-6 * linear.abs().max(1.0), "{curve:?} at {linear}");
            }
        }
    }
}
