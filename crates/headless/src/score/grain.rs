//! Grain: noise that grows with light, the same in every run.

use ndarray::{Array2, Array3, ArrayView2};

/// Noise as a sensor's: its variance grows with light.
pub fn grain(light: &mut Array3<f32>, strength: f32, seed: u64) {
    let (_, height, width) = light.dim();
    for (channel, mut plane) in light.outer_iter_mut().enumerate() {
        let mut dice = Dice::new(seed.wrapping_mul(3).wrapping_add(channel as u64));
        let noise = binomial(Array2::from_shape_simple_fn((height, width), || dice.normal()).view());
        plane.zip_mut_with(&noise, |light, noise| {
            *light += noise * (strength * (0.0012 * light.max(0.0) + 0.00002)).sqrt();
        });
    }
}

/// A 3×3 binomial blur that keeps the variance of white noise.
fn binomial(noise: ArrayView2<f32>) -> Array2<f32> {
    let (height, width) = noise.dim();
    let near = |i: usize, n: usize| [i.saturating_sub(1), i, (i + 1).min(n - 1)];
    // Each axis takes the variance down to 6/16.
    Array2::from_shape_fn((height, width), |(y, x)| {
        let row = |y: usize| {
            let [a, b, c] = near(x, width);
            noise[[y, a]] + 2.0 * noise[[y, b]] + noise[[y, c]]
        };
        let [a, b, c] = near(y, height);
        (row(a) + 2.0 * row(b) + row(c)) / 6.0
    })
}

/// Numbers without a pattern, the same in every run (Steele et al., "Fast Splittable Pseudorandom Number Generators",
/// 2014).
pub struct Dice(u64);

impl Dice {
    /// A row of numbers of its own for each seed.
    pub fn new(seed: u64) -> Self {
        let mut dice = Self(seed.wrapping_mul(0xD134_2543_DE82_EF95) ^ 0x0070_6E65);
        dice.next();
        dice
    }

    /// Any whole number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to below 1.
    fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 24) as f32
    }

    /// Normally distributed, mean 0 and variance 1 (Box and Muller, 1958).
    fn normal(&mut self) -> f32 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f32::consts::TAU * self.unit()).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grain_has_its_variance_grows_with_light_and_is_the_same_in_every_run() {
        for (light, expected) in [(0.18, 0.01537f32), (1.0, 0.03493)] {
            let mut picture = Array3::from_elem((3, 64, 96), light);
            grain(&mut picture, 1.0, 5);
            let mean = picture.mean().unwrap();
            let deviation = picture.mapv(|v| (v - mean).powi(2)).mean().unwrap().sqrt();
            assert!((mean - light).abs() < 0.001, "{mean}");
            assert!((deviation / expected - 1.0).abs() < 0.06, "{deviation} for {light}");
            let mut again = Array3::from_elem((3, 64, 96), light);
            grain(&mut again, 1.0, 5);
            assert_eq!(picture, again);
            grain(&mut again, 1.0, 6);
            assert_ne!(picture, again);
        }
    }
}
