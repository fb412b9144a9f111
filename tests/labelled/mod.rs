//! Labelled shots that are made up: five stripes, one of each class, that the tiny network tells apart by their
//! brightness, and that move to the right by a pixel a frame.
#![allow(dead_code)] // each test file uses a part of it

use exr::prelude::{
    AnyChannel, AnyChannels, Encoding, FlatSamples, Image, Layer, LayerAttributes, SmallVec, WritableImage as _,
};
use std::path::{Path, PathBuf};

/// Pixels across and down.
pub const SIZE: (u32, u32) = (60, 32);

/// What the tiny network sees each class in, in class order: values of sRGB.
const BRIGHTNESS: [u8; 5] = [0, 244, 168, 92, 38];

/// A shot to be written.
#[derive(Clone, Debug)]
pub struct Labelled {
    pub first: u32,
    pub frames: u32,
    /// Pixels by which the labels lie further right than the pictures.
    pub shift: i32,
    pub exr: bool,
    pub soft: bool,
    pub subject: bool,
    pub motion: bool,
    /// A square of 10 pixels, going along, is left out; its shares are nothing, its motion is no number, and in its midst the pictures are
    /// wrong.
    pub left_out: bool,
    /// Outside the subject the pictures look like material: only a mask tells that it is background.
    pub bright_outside: bool,
}

impl Default for Labelled {
    /// Pictures and labels alone.
    fn default() -> Self {
        Self {
            first: 1,
            frames: 3,
            shift: 0,
            exr: false,
            soft: false,
            subject: false,
            motion: false,
            left_out: false,
            bright_outside: false,
        }
    }
}

impl Labelled {
    /// With everything that a shot may have, beginning at frame 1001.
    pub fn whole() -> Self {
        Self { first: 1001, frames: 8, soft: true, subject: true, motion: true, ..Self::default() }
    }

    /// The class at a pixel of a frame counted from 0: stripes of 12 pixels that come in again at the left.
    pub fn class(x: i32, frame: u32) -> u8 {
        ((x - frame as i32).rem_euclid(SIZE.0 as i32) / 12) as u8
    }

    /// Writes the folder.
    pub fn write(&self, folder: &Path) {
        let facts = serde_json::json!({
            "classes": crate::stage::CLASSES,
            "width": SIZE.0,
            "height": SIZE.1,
            "frames": self.frames,
            "first_frame": self.first,
            "colorspace": if self.exr { "linear_rec709" } else { "srgb" },
            "frame_rate": 25,
        });
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(folder.join("shot.json"), facts.to_string()).unwrap();
        (0..self.frames).for_each(|frame| self.write_frame(folder, frame));
    }

    fn write_frame(&self, folder: &Path, frame: u32) {
        let file = |kind: &str, extension: &str| {
            std::fs::create_dir_all(folder.join(kind)).unwrap();
            path(folder, kind, self.first + frame, extension)
        };
        let label = |x: u32| Self::class(x as i32 - self.shift, frame);
        let picture = |x: u32| match Self::class(x as i32, frame) {
            0 if self.bright_outside => BRIGHTNESS[2],
            class => BRIGHTNESS[usize::from(class)],
        };
        // Whether a pixel lies in the square, or at least `deep` pixels in it.
        let out = |x: u32, y: u32, deep: u32| {
            let (left, lower) = (20 + frame, 10);
            self.left_out
                && (left + deep..left + 10 - deep).contains(&x)
                && (lower + deep..lower + 10 - deep).contains(&y)
        };
        if self.exr {
            let light = row(|x| linear(picture(x)));
            write_exr(&file("frames", "exr"), &["B", "G", "R"].map(|name| (name, light.clone())));
        } else {
            let color = |x, y| image::Rgb([if out(x, y, 3) { 128 } else { picture(x) }; 3]);
            image::RgbImage::from_fn(SIZE.0, SIZE.1, color).save(file("frames", "png")).unwrap();
        }
        grey(&file("labels", "png"), |x, y| if out(x, y, 0) { 255 } else { label(x) });
        if self.subject {
            grey(&file("subject", "png"), |x, _| if label(x) == 0 { 0 } else { 255 });
        }
        if self.soft {
            let share =
                |class: usize| pixels(|x, y| f32::from(u8::from(usize::from(label(x)) == class && !out(x, y, 0))));
            let shares: Vec<(&str, Vec<f32>)> =
                crate::stage::CLASSES.iter().enumerate().map(|(class, name)| (*name, share(class))).collect();
            write_exr(&file("soft", "exr"), &shares);
        }
        if self.motion && frame + 1 < self.frames {
            let along = pixels(|x, y| if out(x, y, 0) { f32::NAN } else { 1.0 });
            write_exr(&file("motion", "exr"), &[("x", along), ("y", row(|_| 0.0))]);
        }
    }
}

/// The file of a kind and a frame.
pub fn path(folder: &Path, kind: &str, frame: u32, extension: &str) -> PathBuf {
    folder.join(kind).join(format!("{frame:04}.{extension}"))
}

/// An 8-bit grey file.
pub fn grey(path: &Path, value: impl Fn(u32, u32) -> u8) {
    image::GrayImage::from_fn(SIZE.0, SIZE.1, |x, y| image::Luma([value(x, y)])).save(path).unwrap();
}

/// One value for each column, all rows alike.
pub fn row(value: impl Fn(u32) -> f32) -> Vec<f32> {
    pixels(|x, _| value(x))
}

/// One value for each pixel, row by row.
pub fn pixels(value: impl Fn(u32, u32) -> f32) -> Vec<f32> {
    (0..SIZE.1).flat_map(|y| (0..SIZE.0).map(move |x| (x, y))).map(|(x, y)| value(x, y)).collect()
}

/// Float channels of the shot's size.
pub fn write_exr(path: &Path, channels: &[(&str, Vec<f32>)]) {
    let list: SmallVec<[AnyChannel<FlatSamples>; 4]> =
        channels.iter().map(|(name, values)| AnyChannel::new(*name, FlatSamples::F32(values.clone()))).collect();
    let size = (SIZE.0 as usize, SIZE.1 as usize);
    let layer = Layer::new(size, LayerAttributes::default(), Encoding::FAST_LOSSLESS, AnyChannels::sort(list));
    Image::from_layer(layer).write().to_file(path).unwrap();
}

fn linear(code: u8) -> f32 {
    let v = f64::from(code) / 255.0;
    (if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }) as f32
}
