//! Color spaces that footage comes in, and the display-referred picture that the networks see.

mod exposure;
mod network;
mod primaries;
mod transfer;

pub use exposure::metered_stops;
pub use network::{NetworkEncoder, encode_for_network};

use primaries::{Matrix, Primaries};
use std::sync::LazyLock;
use transfer::Curve;

/// The linear value that infinities and values beyond it are clamped to: the largest half float.
const LARGEST: f32 = 65504.0;

/// The luminance of linear Rec.709 light (ITU-R BT.709-6); of display-encoded colors, their luma.
pub fn luminance([r, g, b]: [f32; 3]) -> f32 {
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

/// A transfer function together with a set of primaries. Values are scene-referred in all but sRGB and BT.1886.
///
/// The discriminant is an option's place in a saved project: append, never reorder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Colorspace {
    /// Linear light, Rec.709 primaries, D65.
    LinearRec709,
    /// ACEScg (S-2014-004): linear light, AP1 primaries, ACES white.
    AcesCg,
    /// ACEScct (S-2016-001): logarithmic with a toe, AP1 primaries.
    AcesCct,
    /// ARRI LogC3 at EI 800, ARRI Wide Gamut 3.
    LogC3,
    /// ARRI LogC4, ARRI Wide Gamut 4.
    LogC4,
    /// Sony S-Log3, S-Gamut3.Cine: the pair that Sony recommends for grading.
    SLog3,
    /// Kodak Cineon printing density, black at 95 and white at 685 of 1023; Rec.709 primaries, as compositors use it.
    Cineon,
    /// sRGB (IEC 61966-2-1).
    Srgb,
    /// Rec.709 camera curve (ITU-R BT.709-6), not the BT.1886 display.
    Rec709,
    /// What a Rec.709 display makes of code values (ITU-R BT.1886, of a black that is none): video as it was graded.
    Bt1886,
}

impl Colorspace {
    /// Every color space, in the order of their places.
    pub const ALL: [Colorspace; 10] = [
        Colorspace::LinearRec709,
        Colorspace::AcesCg,
        Colorspace::AcesCct,
        Colorspace::LogC3,
        Colorspace::LogC4,
        Colorspace::SLog3,
        Colorspace::Cineon,
        Colorspace::Srgb,
        Colorspace::Rec709,
        Colorspace::Bt1886,
    ];

    /// The name that files and command lines use.
    pub const fn id(self) -> &'static str {
        match self {
            Colorspace::LinearRec709 => "linear_rec709",
            Colorspace::AcesCg => "acescg",
            Colorspace::AcesCct => "acescct",
            Colorspace::LogC3 => "logc3",
            Colorspace::LogC4 => "logc4",
            Colorspace::SLog3 => "slog3",
            Colorspace::Cineon => "cineon",
            Colorspace::Srgb => "srgb",
            Colorspace::Rec709 => "rec709",
            Colorspace::Bt1886 => "rec709_display",
        }
    }

    /// The name that an artist reads.
    pub const fn label(self) -> &'static str {
        match self {
            Colorspace::LinearRec709 => "Linear Rec.709",
            Colorspace::AcesCg => "ACEScg",
            Colorspace::AcesCct => "ACEScct",
            Colorspace::LogC3 => "LogC3",
            Colorspace::LogC4 => "LogC4",
            Colorspace::SLog3 => "S-Log3",
            Colorspace::Cineon => "Cineon",
            Colorspace::Srgb => "sRGB",
            Colorspace::Rec709 => "Rec.709",
            Colorspace::Bt1886 => "Rec.709 display",
        }
    }

    /// The color space with this [`id`](Self::id).
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|space| space.id() == id)
    }

    /// The linear Rec.709 light of a color in this space, 1.0 being diffuse white (0.18 a grey card).
    ///
    /// NaN becomes 0 and values beyond ±65504 are clamped, so the result is always finite.
    pub fn to_linear_rec709(self, color: [f32; 3]) -> [f32; 3] {
        let curve = self.curve();
        let linear = color.map(|v| finite(curve.decode(f64::from(if v.is_nan() { 0.0 } else { v })) as f32, v));
        multiply(self.matrix_to_rec709(), linear)
    }

    /// The color in this space of linear Rec.709 light; the inverse of [`to_linear_rec709`](Self::to_linear_rec709).
    pub fn from_linear_rec709(self, linear: [f32; 3]) -> [f32; 3] {
        let curve = self.curve();
        let native = multiply(self.matrix_from_rec709(), linear.map(|v| finite(v, v)));
        native.map(|v| curve.encode(f64::from(v)) as f32)
    }

    pub(crate) const fn curve(self) -> Curve {
        match self {
            Colorspace::LinearRec709 | Colorspace::AcesCg => Curve::Linear,
            Colorspace::AcesCct => Curve::AcesCct,
            Colorspace::LogC3 => Curve::LogC3,
            Colorspace::LogC4 => Curve::LogC4,
            Colorspace::SLog3 => Curve::SLog3,
            Colorspace::Cineon => Curve::Cineon,
            Colorspace::Srgb => Curve::Srgb,
            Colorspace::Rec709 => Curve::Rec709,
            Colorspace::Bt1886 => Curve::Bt1886,
        }
    }

    const fn primaries(self) -> Option<Primaries> {
        match self {
            Colorspace::AcesCg | Colorspace::AcesCct => Some(primaries::AP1),
            Colorspace::LogC3 => Some(primaries::ARRI_WIDE_GAMUT_3),
            Colorspace::LogC4 => Some(primaries::ARRI_WIDE_GAMUT_4),
            Colorspace::SLog3 => Some(primaries::S_GAMUT3_CINE),
            Colorspace::LinearRec709
            | Colorspace::Cineon
            | Colorspace::Srgb
            | Colorspace::Rec709
            | Colorspace::Bt1886 => None,
        }
    }

    /// The matrix from this space's primaries to Rec.709's; `None` where they are the same.
    pub(crate) fn matrix_to_rec709(self) -> Option<&'static [[f32; 3]; 3]> {
        MATRICES[self as usize].as_ref().map(|(to, _)| to)
    }

    fn matrix_from_rec709(self) -> Option<&'static [[f32; 3]; 3]> {
        MATRICES[self as usize].as_ref().map(|(_, from)| from)
    }
}

type Matrix32 = [[f32; 3]; 3];

static MATRICES: LazyLock<[Option<(Matrix32, Matrix32)>; 10]> = LazyLock::new(|| {
    let single = |m: Matrix| m.map(|row| row.map(|v| v as f32));
    Colorspace::ALL.map(|space| {
        let native = space.primaries()?;
        let to = primaries::conversion(&native, &primaries::REC709);
        let from = primaries::conversion(&primaries::REC709, &native);
        Some((single(to), single(from)))
    })
});

/// `value` within ±65504; 0 where `source` was NaN.
fn finite(value: f32, source: f32) -> f32 {
    if source.is_nan() || value.is_nan() { 0.0 } else { value.clamp(-LARGEST, LARGEST) }
}

fn multiply(matrix: Option<&Matrix32>, v: [f32; 3]) -> [f32; 3] {
    match matrix {
        None => v,
        Some(m) => [0, 1, 2].map(|i| m[i][0] * v[0] + m[i][1] * v[1] + m[i][2] * v[2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ids_are_unique_and_lead_back() {
        for (place, space) in Colorspace::ALL.into_iter().enumerate() {
            assert_eq!(space as usize, place);
            assert_eq!(Colorspace::from_id(space.id()), Some(space));
        }
        assert_eq!(Colorspace::from_id("Linear Rec.709"), None);
    }

    #[test]
    fn a_grey_card_has_its_published_code_in_every_space() {
        let published = [
            (Colorspace::LinearRec709, 0.18),
            (Colorspace::AcesCg, 0.18),
            (Colorspace::AcesCct, 0.413_588_4),
            (Colorspace::LogC3, 0.391_007),
            (Colorspace::LogC4, 0.278_396),
            (Colorspace::SLog3, 420.0 / 1023.0),
            (Colorspace::Cineon, 0.457_32),
            (Colorspace::Srgb, 0.461_356),
            (Colorspace::Rec709, 0.408_848),
            (Colorspace::Bt1886, 0.489_437),
        ];
        for (space, code) in published {
            for channel in space.from_linear_rec709([0.18; 3]) {
                assert!((channel - code).abs() < 2e-5, "{space:?}: {channel} instead of {code}");
            }
            for channel in space.to_linear_rec709([code; 3]) {
                assert!((channel - 0.18).abs() < 1e-4, "{space:?}: {channel} instead of 0.18");
            }
        }
    }

    #[test]
    fn what_is_not_a_number_is_black_and_infinity_is_finite() {
        for space in Colorspace::ALL {
            for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN] {
                assert!(space.to_linear_rec709([bad, 0.5, bad]).iter().all(|v| v.is_finite()), "{space:?} {bad}");
                assert!(space.from_linear_rec709([0.5, bad, bad]).iter().all(|v| v.is_finite()), "{space:?} {bad}");
            }
        }
        assert_eq!(Colorspace::LinearRec709.to_linear_rec709([f32::NAN; 3]), [0.0; 3]);
    }

    proptest! {
        #![proptest_config(crate::fixture::cases(256))]

        #[test]
        fn every_space_leads_back_to_the_same_light(r in 0.0f32..16.0, g in 0.0f32..16.0, b in 0.0f32..16.0) {
            for space in Colorspace::ALL {
                // Wide gamuts hold every Rec.709 color, so no channel is negative on the way.
                let back = space.to_linear_rec709(space.from_linear_rec709([r, g, b]));
                for (before, after) in [r, g, b].into_iter().zip(back) {
                    prop_assert!((before - after).abs() <= 1e-4 * r.max(g).max(b) + 1e-5, "{space:?} {before} {after}");
                }
            }
        }
    }
}
