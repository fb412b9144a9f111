//! Looks: the same shot as other cameras, lights and files would have shown it.
//!
//! Each look is worked out in linear Rec.709 light and stored again as the shot's files are: whole numbers, cut off at
//! white, of as many bits (10 instead of 8 where the look is a logarithmic curve), or floating point. Seeds are
//! fixed: the same frame gets the same grain in every run.
//!
//! | look | what is done |
//! |---|---|
//! | `exposure_up`, `exposure_down` | light × 4, light ÷ 4 |
//! | `warm`, `cool` | light × (1.35, 1, 0.65) and × (0.7, 1, 1.4) |
//! | `log_declared` | stored as LogC3, and the node is told so |
//! | `log_undeclared` | stored as LogC3, and the node is told the shot's own color space |
//! | `grain` | normal noise of variance 0.0012 × light + 0.00002 in each channel, 3×3 binomially blurred |
//! | `chroma_420` | BT.709 color differences at half the size on both axes |
//! | `codec` | JPEG of quality 30 |
//! | `defocus` | a disk of 0.5 % of the frame's width as its radius |

use super::grain::{Dice, grain};
use imaging::Size;
use imaging::color::{Colorspace, luminance};
use imaging::resample::{Filter, Resampler};
use ndarray::{Array2, Array3, ArrayViewMut2, Axis};

/// A change of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Look {
    /// Two stops more light.
    ExposureUp,
    /// Two stops less.
    ExposureDown,
    /// Light of a lamp.
    Warm,
    /// Light of an overcast sky.
    Cool,
    /// Log footage, declared.
    LogDeclared,
    /// Log footage, taken for something else.
    LogUndeclared,
    /// Noise that grows with light.
    Grain,
    /// Halved color.
    Chroma420,
    /// Blocks.
    Codec,
    /// A lens off its focus.
    Defocus,
}

impl Look {
    /// All of them, in the order of tables.
    pub const ALL: [Self; 10] = [
        Self::ExposureUp,
        Self::ExposureDown,
        Self::Warm,
        Self::Cool,
        Self::LogDeclared,
        Self::LogUndeclared,
        Self::Grain,
        Self::Chroma420,
        Self::Codec,
        Self::Defocus,
    ];

    /// The name in tables and JSON.
    pub const fn id(self) -> &'static str {
        match self {
            Self::ExposureUp => "exposure_up",
            Self::ExposureDown => "exposure_down",
            Self::Warm => "warm",
            Self::Cool => "cool",
            Self::LogDeclared => "log_declared",
            Self::LogUndeclared => "log_undeclared",
            Self::Grain => "grain",
            Self::Chroma420 => "chroma_420",
            Self::Codec => "codec",
            Self::Defocus => "defocus",
        }
    }

    /// Whether it is a logarithmic curve.
    pub const fn is_log(self) -> bool {
        matches!(self, Self::LogDeclared | Self::LogUndeclared)
    }

    /// The encoding that its pictures have.
    pub fn stored(self, shot: Colorspace) -> Colorspace {
        match self {
            // Of a shot that is LogC3 itself nobody forgot to say so: it is shown in another log.
            Self::LogUndeclared if shot == Colorspace::LogC3 => Colorspace::Cineon,
            Self::LogDeclared | Self::LogUndeclared => Colorspace::LogC3,
            _ => shot,
        }
    }

    /// The encoding that the node is told.
    pub fn declared(self, shot: Colorspace) -> Colorspace {
        if self == Self::LogDeclared { Colorspace::LogC3 } else { shot }
    }

    /// The look of linear light, `[3, height, width]`; `seed` tells frames apart.
    pub fn apply(self, light: &mut Array3<f32>, seed: u64) {
        match self {
            Self::ExposureUp => *light *= 4.0,
            Self::ExposureDown => *light *= 0.25,
            Self::Warm => balance(light, [1.35, 1.0, 0.65]),
            Self::Cool => balance(light, [0.7, 1.0, 1.4]),
            Self::LogDeclared | Self::LogUndeclared => {}
            Self::Grain => grain(light, 1.0, seed),
            Self::Chroma420 => in_display(light, half_chroma),
            Self::Codec => in_display(light, |display| jpeg(display, 30)),
            Self::Defocus => defocus(light),
        }
    }
}

/// The grain and codec of one take of a locked-off frame: a quarter of the look's variance, and a JPEG of a quality
/// from 80 to 95.
pub fn take(light: &mut Array3<f32>, seed: u64) {
    grain(light, 0.25, seed);
    let quality = 80 + (Dice::new(seed ^ 0xC0DEC).next() % 16) as u8;
    in_display(light, |display| jpeg(display, quality));
}

fn balance(light: &mut Array3<f32>, gains: [f32; 3]) {
    light.outer_iter_mut().zip(gains).for_each(|(mut plane, gain)| plane *= gain);
}

/// Does something to the display-encoded picture. Light above white is cut off on the way, as an 8-bit file does.
fn in_display(light: &mut Array3<f32>, work: impl FnOnce(&mut Array3<f32>)) {
    each_color(light, |color| Colorspace::Srgb.from_linear_rec709(color).map(|v| v.clamp(0.0, 1.0)));
    work(light);
    each_color(light, |color| Colorspace::Srgb.to_linear_rec709(color));
}

/// Replaces every color of `[3, height, width]`.
pub fn each_color(picture: &mut Array3<f32>, change: impl Fn([f32; 3]) -> [f32; 3]) {
    for mut lane in picture.lanes_mut(Axis(0)) {
        let color = change([lane[0], lane[1], lane[2]]);
        lane.iter_mut().zip(color).for_each(|(v, new)| *v = new);
    }
}

/// BT.709 luma at full size, color differences at half of it.
fn half_chroma(display: &mut Array3<f32>) {
    let (_, height, width) = display.dim();
    each_color(display, |[r, g, b]| {
        let y = luminance([r, g, b]);
        [y, (b - y) / 1.8556, (r - y) / 1.5748]
    });
    let (whole, half) = (Size::new(width, height), Size::new(width.div_ceil(2), height.div_ceil(2)));
    let resampled = |view| {
        let down = Resampler::whole(whole, half, Filter::Triangle)?.resample(view, 1)?;
        Resampler::whole(half, whole, Filter::Triangle)?.resample(down.view(), 1)
    };
    let view = display.view();
    let (_, differences) = view.split_at(Axis(0), 1);
    if let Ok(differences) = resampled(differences) {
        for (mut plane, new) in display.outer_iter_mut().skip(1).zip(differences.outer_iter()) {
            plane.assign(&new);
        }
    }
    each_color(display, |[y, cb, cr]| {
        let (b, r) = (y + cb * 1.8556, y + cr * 1.5748);
        [r, (y - 0.2126 * r - 0.0722 * b) / 0.7152, b].map(|v| v.clamp(0.0, 1.0))
    });
}

/// Through a JPEG file in memory.
fn jpeg(display: &mut Array3<f32>, quality: u8) {
    let (_, height, width) = display.dim();
    let mut bytes = Vec::with_capacity(width * height * 3);
    for lane in display.lanes(Axis(0)) {
        bytes.extend(lane.iter().map(|v| (v.clamp(0.0, 1.0) * 255.0).round() as u8));
    }
    let mut file = Vec::new();
    let mut encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut file, quality);
    let written = encoder.encode(&bytes, width as u32, height as u32, image::ExtendedColorType::Rgb8);
    let read = written.and_then(|()| image::load_from_memory_with_format(&file, image::ImageFormat::Jpeg));
    // A side of more than 65535 pixels is all that a JPEG does not take: such a frame stays as it is.
    if let Ok(picture) = read {
        let bytes = picture.into_rgb8();
        for (mut lane, new) in display.lanes_mut(Axis(0)).into_iter().zip(bytes.pixels()) {
            lane.iter_mut().zip(new.0).for_each(|(v, new)| *v = f32::from(new) / 255.0);
        }
    }
}

/// Light spread over a disk.
fn defocus(light: &mut Array3<f32>) {
    // Of a small frame at least the neighbors, or nothing would happen.
    let radius = (0.005 * light.dim().2 as f64).max(1.0);
    for mut plane in light.outer_iter_mut() {
        let spread = disk(plane.view_mut(), radius);
        plane.assign(&spread);
    }
}

/// The mean over a disk: each of its rows is a run, whose sum is the difference of two running sums. The frame's edge
/// goes on beyond it.
fn disk(plane: ArrayViewMut2<f32>, radius: f64) -> Array2<f32> {
    let (height, width) = plane.dim();
    let reach = radius.floor() as i64;
    let runs: Vec<(i64, i64)> =
        (-reach..=reach).map(|dy| (dy, (radius * radius - (dy * dy) as f64).sqrt().floor() as i64)).collect();
    let area: i64 = runs.iter().map(|(_, half)| 2 * half + 1).sum();
    let clamped = |i: i64, n: usize| i.clamp(0, n as i64 - 1) as usize;
    // Running sums of each row, with `reach` values beyond both ends.
    let sums: Vec<Vec<f64>> = plane
        .outer_iter()
        .map(|row| {
            let values = (-reach..width as i64 + reach).map(|x| f64::from(row[clamped(x, width)]));
            let running = values.scan(0.0, |sum, v| {
                *sum += v;
                Some(*sum)
            });
            std::iter::once(0.0).chain(running).collect()
        })
        .collect();
    Array2::from_shape_fn((height, width), |(y, x)| {
        let sum: f64 = runs
            .iter()
            .map(|(dy, half)| {
                let row = &sums[clamped(y as i64 + dy, height)];
                row[(x as i64 + reach + half + 1) as usize] - row[(x as i64 + reach - half) as usize]
            })
            .sum();
        (sum / area as f64) as f32
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(value: f32) -> Array3<f32> {
        Array3::from_elem((3, 64, 96), value)
    }

    fn spread(picture: &Array3<f32>) -> (f32, f32) {
        let n = picture.len() as f32;
        let mean = picture.sum() / n;
        (mean, (picture.mapv(|v| (v - mean).powi(2)).sum() / n).sqrt())
    }

    #[test]
    fn a_flat_grey_survives_chroma_codec_and_defocus() {
        for look in [Look::Chroma420, Look::Codec, Look::Defocus] {
            let mut picture = flat(0.25);
            look.apply(&mut picture, 1);
            let (mean, deviation) = spread(&picture);
            assert!((mean - 0.25).abs() < 0.01 && deviation < 0.002, "{look:?}: {mean} ± {deviation}");
        }
    }

    #[test]
    fn defocus_spreads_a_point_over_a_disk_and_keeps_its_light() {
        let mut picture = Array2::zeros((21, 21));
        picture[[10, 10]] = 1.0;
        let spread = disk(picture.view_mut(), 3.0);
        // Rows of 1, 5, 5, 7, 5, 5, 1 pixels.
        assert!((spread[[10, 10]] - 1.0 / 29.0).abs() < 1e-6);
        assert!((spread.sum() - 1.0).abs() < 1e-5);
        assert_eq!((spread[[10, 13]] > 0.0, spread[[10, 14]], spread[[13, 11]]), (true, 0.0, 0.0));
    }

    #[test]
    fn halved_chroma_keeps_luma_and_smears_color() {
        let mut picture = Array3::from_shape_fn((3, 8, 8), |(c, _, x)| if x < 3 { [0.8, 0.1, 0.1][c] } else { 0.2 });
        let before = picture.clone();
        half_chroma(&mut picture);
        let luma = |p: &Array3<f32>, x: usize| 0.2126 * p[[0, 4, x]] + 0.7152 * p[[1, 4, x]] + 0.0722 * p[[2, 4, x]];
        assert!((luma(&picture, 6) - luma(&before, 6)).abs() < 1e-4);
        assert!((picture[[0, 4, 2]] - before[[0, 4, 2]]).abs() > 0.05, "beside the border red bleeds");
    }

    #[test]
    fn takes_of_one_frame_differ_by_little() {
        let take_of = |seed| {
            let mut picture = flat(0.18);
            take(&mut picture, seed);
            picture
        };
        let (a, b) = (take_of(1), take_of(2));
        assert_ne!(a, b);
        assert!(spread(&a).1 < 0.02);
    }
}
