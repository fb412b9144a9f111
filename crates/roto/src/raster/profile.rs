//! How much a place counts, by its distance from the edge, averaged over a pixel or a part of one.

use super::Falloff;

/// The ramp across an edge: 1 up to the inner end of the feather, 0 from its outer end on.
pub(super) struct Profile {
    /// Inner and outer end, in signed distance (negative inside).
    pub(super) ends: (f64, f64),
    falloff: Falloff,
}

impl Profile {
    pub(super) fn new(feather_px: f64, falloff: Falloff) -> Self {
        Self { ends: (feather_px.min(0.0), feather_px.max(0.0)), falloff }
    }

    pub(super) fn width(&self) -> f64 {
        self.ends.1 - self.ends.0
    }

    /// The mean over a small square at signed distance `s` from a filled area; `slope` is how fast the distance grows along
    /// the square's two sides, per side.
    pub(super) fn of_area(&self, s: f64, slope: [f64; 2]) -> f64 {
        if self.width() == 0.0 {
            return half_plane(s, slope);
        }
        let half = half_width(slope);
        if s + half <= self.ends.0 {
            1.0
        } else if s - half >= self.ends.1 {
            0.0
        } else if half < 1e-9 {
            self.value(s)
        } else {
            ((self.integral(s + half) - self.integral(s - half)) / (2.0 * half)).clamp(0.0, 1.0)
        }
    }

    /// The same for a stroke of this radius, at distance `d` from its middle line. A stroke may be narrower than the square.
    pub(super) fn of_stroke(&self, d: f64, radius: f64, slope: [f64; 2]) -> f64 {
        if self.width() == 0.0 {
            return (half_plane(d - radius, slope) - half_plane(d + radius, slope)).clamp(0.0, 1.0);
        }
        let half = half_width(slope);
        if d >= half || half < 1e-9 {
            return self.of_area(d - radius, slope);
        }
        // The square reaches over the middle line, where the distance turns around.
        let start = self.integral(-radius);
        let (beyond, back) = (self.integral(d + half - radius) - start, self.integral(half - d - radius) - start);
        ((beyond + back) / (2.0 * half)).clamp(0.0, 1.0)
    }

    fn value(&self, s: f64) -> f64 {
        let inward = ((self.ends.1 - s) / self.width()).clamp(0.0, 1.0);
        let ramp = power(inward, self.falloff.exponent);
        if self.falloff.smooth { ramp * ramp * (3.0 - 2.0 * ramp) } else { ramp }
    }

    /// The integral of the ramp from its inner end to `s`.
    fn integral(&self, s: f64) -> f64 {
        let width = self.width();
        if s <= self.ends.0 {
            return s - self.ends.0;
        }
        let inward = ((self.ends.1 - s) / width).max(0.0);
        width * (self.ramp_integral(1.0) - self.ramp_integral(inward))
    }

    /// The integral of the ramp from the outer end, for a ramp of length 1.
    fn ramp_integral(&self, inward: f64) -> f64 {
        let e = self.falloff.exponent;
        let term = |n: f64| power(inward, n * e + 1.0) / (n * e + 1.0);
        if self.falloff.smooth { 3.0 * term(2.0) - 2.0 * term(3.0) } else { term(1.0) }
    }
}

/// A power of a number from 0 to 1; the usual exponents are whole numbers, for which this is ten times faster.
fn power(base: f64, exponent: f64) -> f64 {
    if exponent.fract() == 0.0 && exponent <= 16.0 { base.powi(exponent as i32) } else { base.powf(exponent) }
}

/// Half the width of the even spread of distances that has the variance of a square's.
fn half_width(slope: [f64; 2]) -> f64 {
    0.5 * slope[0].hypot(slope[1])
}

/// The share of a square that lies within a half-plane, whose edge is at signed distance `s` from the square's middle. Exact.
fn half_plane(s: f64, slope: [f64; 2]) -> f64 {
    let (long, short) = (slope[0].abs().max(slope[1].abs()), slope[0].abs().min(slope[1].abs()));
    let reach = 0.5 * (long + short) - s;
    if reach <= 0.0 {
        0.0
    } else if reach >= long + short {
        1.0
    } else if reach < short {
        0.5 * reach * reach / (long * short)
    } else if reach <= long {
        (reach - 0.5 * short) / long
    } else {
        1.0 - 0.5 * (long + short - reach).powi(2) / (long * short)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_plane_covers_what_many_samples_say() {
        let (n, slope) = (400, [0.8, 0.6]);
        for s in [-0.8, -0.6, -0.3, 0.0, 0.05, 0.2, 0.45, 0.69, 0.71] {
            let at = |k: usize| (k as f64 + 0.5) / n as f64 - 0.5;
            let inside = |x: f64, y: f64| s + slope[0] * x + slope[1] * y <= 0.0;
            let hits = (0..n * n).filter(|k| inside(at(k % n), at(k / n))).count();
            assert!((half_plane(s, slope) - hits as f64 / (n * n) as f64).abs() < 1e-3, "{s}");
        }
        assert_eq!(half_plane(0.25, [1.0, 0.0]), 0.25);
    }

    #[test]
    fn the_mean_over_a_square_is_that_of_many_samples_for_every_falloff() {
        for (exponent, smooth) in [(1.0, false), (2.0, false), (0.5, false), (1.0, true), (1.7, true)] {
            for feather in [3.0, -3.0, 0.4] {
                let profile = Profile::new(feather, Falloff { exponent, smooth });
                for s in [-3.2, -2.9, -1.5, -0.2, 0.0, 0.1, 1.5, 2.8, 3.1] {
                    let value = |k: usize| profile.value(s + (k as f64 + 0.5) / 1000.0 - 0.5);
                    let mean = (0..1000).map(value).sum::<f64>() / 1000.0;
                    assert!((profile.of_area(s, [1.0, 0.0]) - mean).abs() < 2e-3, "{exponent} {smooth} {feather} {s}");
                }
            }
        }
    }

    #[test]
    fn a_stroke_narrower_than_a_square_covers_its_own_width() {
        let hard = Profile::new(0.0, Falloff::LINEAR);
        assert!((hard.of_stroke(0.1, 0.05, [1.0, 0.0]) - 0.1).abs() < 1e-12);
        let soft = Profile::new(0.1, Falloff::LINEAR);
        // The stroke, and half of the feather on both of its sides.
        assert!((soft.of_stroke(0.0, 0.05, [1.0, 0.0]) - 0.2).abs() < 1e-12);
    }
}
