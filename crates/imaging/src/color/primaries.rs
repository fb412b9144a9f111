//! Matrices between sets of primaries, from their chromaticities (SMPTE RP 177-1993), adapted with Bradford.

pub(crate) type Matrix = [[f64; 3]; 3];

/// CIE 1931 xy of red, green, blue and white.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Primaries {
    red: [f64; 2],
    green: [f64; 2],
    blue: [f64; 2],
    white: [f64; 2],
}

const D65: [f64; 2] = [0.3127, 0.3290];

/// ITU-R BT.709-6, item 1.3.
pub(crate) const REC709: Primaries =
    Primaries { red: [0.640, 0.330], green: [0.300, 0.600], blue: [0.150, 0.060], white: D65 };

/// Academy S-2014-004, with the ACES white near D60.
pub(crate) const AP1: Primaries =
    Primaries { red: [0.713, 0.293], green: [0.165, 0.830], blue: [0.128, 0.044], white: [0.32168, 0.33767] };

/// ARRI, "ALEXA Log C Curve, Usage in VFX" (2012).
pub(crate) const ARRI_WIDE_GAMUT_3: Primaries =
    Primaries { red: [0.6840, 0.3130], green: [0.2210, 0.8480], blue: [0.0861, -0.1020], white: D65 };

/// ARRI, "LogC4 Logarithmic Color Space Specification" (2022).
pub(crate) const ARRI_WIDE_GAMUT_4: Primaries =
    Primaries { red: [0.7347, 0.2653], green: [0.1424, 0.8576], blue: [0.0991, -0.0308], white: D65 };

/// Sony, "Technical Summary for S-Gamut3.Cine/S-Log3 and S-Gamut3/S-Log3".
pub(crate) const S_GAMUT3_CINE: Primaries =
    Primaries { red: [0.766, 0.275], green: [0.225, 0.800], blue: [0.089, -0.087], white: D65 };

/// The Bradford cone responses of XYZ (Lam 1985; ICC.1:2022, annex E).
const BRADFORD: Matrix = [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]];

/// The matrix that takes linear light in the primaries `from` to linear light in the primaries `to`.
///
/// White stays white: where the white points differ, Bradford adaptation lies between.
pub(crate) fn conversion(from: &Primaries, to: &Primaries) -> Matrix {
    let adaptation = adaptation(from.white, to.white);
    multiply(&inverse(&to_xyz(to)), &multiply(&adaptation, &to_xyz(from)))
}

fn to_xyz(p: &Primaries) -> Matrix {
    let columns = [xyz(p.red), xyz(p.green), xyz(p.blue)];
    let unscaled = transpose(&columns);
    let scale = apply(&inverse(&unscaled), xyz(p.white));
    unscaled.map(|row| [row[0] * scale[0], row[1] * scale[1], row[2] * scale[2]])
}

fn adaptation(from: [f64; 2], to: [f64; 2]) -> Matrix {
    let (source, target) = (apply(&BRADFORD, xyz(from)), apply(&BRADFORD, xyz(to)));
    let mut gains = [[0.0; 3]; 3];
    for i in 0..3 {
        gains[i][i] = target[i] / source[i];
    }
    multiply(&inverse(&BRADFORD), &multiply(&gains, &BRADFORD))
}

/// XYZ of a chromaticity at luminance 1.
fn xyz([x, y]: [f64; 2]) -> [f64; 3] {
    [x / y, 1.0, (1.0 - x - y) / y]
}

fn transpose(m: &Matrix) -> Matrix {
    [0, 1, 2].map(|i| [m[0][i], m[1][i], m[2][i]])
}

fn apply(m: &Matrix, v: [f64; 3]) -> [f64; 3] {
    [0, 1, 2].map(|i| m[i][0] * v[0] + m[i][1] * v[1] + m[i][2] * v[2])
}

fn multiply(a: &Matrix, b: &Matrix) -> Matrix {
    let columns = transpose(b).map(|column| apply(a, column));
    transpose(&columns)
}

fn inverse(m: &Matrix) -> Matrix {
    let cofactor = |r: usize, c: usize| {
        let (r1, r2, c1, c2) = ((r + 1) % 3, (r + 2) % 3, (c + 1) % 3, (c + 2) % 3);
        m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1]
    };
    let determinant = m[0][0] * cofactor(0, 0) + m[0][1] * cofactor(0, 1) + m[0][2] * cofactor(0, 2);
    [0, 1, 2].map(|r| [0, 1, 2].map(|c| cofactor(c, r) / determinant))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_near(found: &Matrix, published: &Matrix, tolerance: f64) {
        for (f, p) in found.iter().flatten().zip(published.iter().flatten()) {
            assert!((f - p).abs() < tolerance, "{found:?}\ninstead of\n{published:?}");
        }
    }

    #[test]
    fn acescg_to_rec709_is_the_matrix_of_the_aces_library() {
        let published = [
            [1.705_051, -0.621_792, -0.083_259],
            [-0.130_256, 1.140_805, -0.010_548],
            [-0.024_003, -0.128_969, 1.152_972],
        ];
        assert_near(&conversion(&AP1, &REC709), &published, 1e-4);
    }

    #[test]
    fn wide_gamut_3_to_rec709_is_the_matrix_that_arri_publishes() {
        let published = [
            [1.617_523, -0.537_287, -0.080_237],
            [-0.070_573, 1.334_613, -0.264_040],
            [-0.021_102, -0.226_954, 1.248_056],
        ];
        assert_near(&conversion(&ARRI_WIDE_GAMUT_3, &REC709), &published, 2e-4);
    }

    #[test]
    fn wide_gamut_4_to_xyz_is_the_matrix_that_arri_publishes() {
        let published = [
            [0.704_858_320_4, 0.129_760_295_2, 0.115_837_311_5],
            [0.254_524_176_4, 0.781_477_732_7, -0.036_001_909_1],
            [0.0, 0.0, 1.089_057_750_8],
        ];
        assert_near(&to_xyz(&ARRI_WIDE_GAMUT_4), &published, 1e-8);
    }

    #[test]
    fn white_stays_white() {
        for space in [AP1, ARRI_WIDE_GAMUT_3, ARRI_WIDE_GAMUT_4, S_GAMUT3_CINE] {
            for channel in apply(&conversion(&space, &REC709), [1.0; 3]) {
                assert!((channel - 1.0).abs() < 1e-9);
            }
        }
    }
}
