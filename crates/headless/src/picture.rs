//! Frames as a screen shows them: 8 bits, sRGB, y down.

use crate::cli::PicturesArgs;
use crate::error::{Error, Result};
use crate::frames::{self, FileKind, Frame, ReadOptions};
use crate::sequence::{FrameList, Pattern};
use imaging::color::Colorspace;
use ofx_sdk::{Components, Premultiplication};
use std::path::Path;

/// An 8-bit RGB picture, top row first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// Three bytes a pixel.
    pub rgb: Vec<u8>,
}

/// What lies behind and between pictures.
const BACKGROUND: u8 = 24;
/// Pixels between pictures.
const GAP: usize = 4;

impl Picture {
    /// Reads a file and shows it `width` pixels wide, in its own proportions, over black. Floating-point files go
    /// through the sRGB curve unless `raw`.
    ///
    /// # Errors
    /// [`Error::Input`].
    pub fn read(path: &Path, options: &ReadOptions, width: usize, raw: bool) -> Result<Self> {
        let frame = frames::read(path, options)?;
        let linear = !raw && FileKind::of(path)?.usual_colorspace(frame.depth) == "linear_rec709";
        Self::of(&frame, width, linear).map_err(|reason| Error::input(path, reason))
    }

    /// A frame, `width` pixels wide, in its own proportions, over black; `linear` ones go through the sRGB curve.
    ///
    /// # Errors
    /// Why it cannot be brought to this size.
    pub fn of(frame: &Frame, width: usize, linear: bool) -> Result<Self, String> {
        let across = f64::from(frame.display[0]) * frame.pixel_aspect;
        let height = (width as f64 * f64::from(frame.display[1]) / across).round().clamp(1.0, 65_536.0) as usize;
        // A matte is not multiplied by itself.
        let matte =
            frame.is_matte().then(|| Frame { premultiplication: Premultiplication::Premultiplied, ..frame.clone() });
        let small = matte.as_ref().unwrap_or(frame).at_size(width, height)?;
        let over_black =
            small.components == Components::Rgba && small.premultiplication == Premultiplication::Unpremultiplied;
        let mut rgb = Vec::with_capacity(width * height * 3);
        for y in (0..height as i32).rev() {
            for x in 0..width as i32 {
                let [r, g, b, a] = small.rgba(x, y).unwrap_or_default();
                let weight = if over_black { a } else { 1.0 };
                let mut color = [r, g, b].map(|v| v * weight);
                if linear && small.components != Components::Alpha {
                    color = Colorspace::Srgb.from_linear_rec709(color);
                }
                rgb.extend(color.map(|v| frames::quantized(v, 255.0) as u8));
            }
        }
        Ok(Self { width, height, rgb })
    }

    /// One flat color.
    pub fn flat(width: usize, height: usize) -> Self {
        Self { width, height, rgb: vec![BACKGROUND; width * height * 3] }
    }

    /// Puts another picture with its top left corner at `x`, `y`; what does not fit is cut off.
    pub fn put(&mut self, other: &Self, x: usize, y: usize) {
        let run = other.width.min(self.width.saturating_sub(x)) * 3;
        for row in 0..other.height.min(self.height.saturating_sub(y)) {
            let (to, from) = (((y + row) * self.width + x) * 3, row * other.width * 3);
            self.rgb[to..to + run].copy_from_slice(&other.rgb[from..from + run]);
        }
    }

    /// Pictures in a row, tops aligned, with gaps between.
    pub fn side_by_side(pictures: &[Self]) -> Self {
        let width = pictures.iter().map(|p| p.width + GAP).sum::<usize>().saturating_sub(GAP);
        let mut whole = Self::flat(width, pictures.iter().map(|p| p.height).max().unwrap_or(0));
        let mut x = 0;
        for picture in pictures {
            whole.put(picture, x, 0);
            x += picture.width + GAP;
        }
        whole
    }

    /// Pictures below each other, left sides aligned, with gaps between.
    pub fn stacked(pictures: &[Self]) -> Self {
        let height = pictures.iter().map(|p| p.height + GAP).sum::<usize>().saturating_sub(GAP);
        let mut whole = Self::flat(pictures.iter().map(|p| p.width).max().unwrap_or(0), height);
        let mut y = 0;
        for picture in pictures {
            whole.put(picture, 0, y);
            y += picture.height + GAP;
        }
        whole
    }
}

/// Several sequences and the frames to show of them.
#[derive(Debug)]
pub struct Reel {
    sequences: Vec<Pattern>,
    options: ReadOptions,
    raw: bool,
    /// The frames.
    pub frames: Vec<i64>,
}

impl Reel {
    /// Finds the sequences' files. Frames are those that were named, or those of the first sequence.
    ///
    /// # Errors
    /// When frames of a sequence are missing, or there are none.
    pub fn open(args: &PicturesArgs) -> Result<Self> {
        let sequences = args.inputs.iter().map(|text| Pattern::parse(text)).collect::<Result<Vec<_>>>()?;
        let frames = match &args.frames {
            Some(list) => FrameList::parse(list)?.frames().to_vec(),
            None => sequences
                .iter()
                .find(|s| s.is_sequence())
                .or(sequences.first())
                .map_or(Ok(vec![]), Pattern::existing)?,
        };
        if frames.is_empty() {
            let name = sequences.first().map(ToString::to_string).unwrap_or_default();
            return Err(Error::Input { path: name.into(), reason: "no such file or sequence".into() });
        }
        for sequence in &sequences {
            let missing: Vec<i64> = frames.iter().copied().filter(|f| !sequence.path(*f).is_file()).collect();
            if !missing.is_empty() {
                let (pattern, advice) = (sequence.to_string(), "; name the frames that are there with --frames");
                return Err(Error::MissingFrames { pattern, frames: missing, advice });
            }
        }
        Ok(Self { sequences, options: args.read.options(), raw: args.raw, frames })
    }

    /// All sequences at one frame, side by side.
    ///
    /// # Errors
    /// [`Error::Input`].
    pub fn at(&self, frame: i64, width: usize) -> Result<Picture> {
        let read = |s: &Pattern| {
            let path = s.path(frame);
            // `--layer` is for the EXR files among the sequences.
            let layer = self.options.layer.clone().filter(|_| FileKind::of(&path).is_ok_and(|k| k == FileKind::Exr));
            Picture::read(&path, &ReadOptions { layer, ..self.options.clone() }, width, self.raw)
        };
        let pictures = self.sequences.iter().map(read).collect::<Result<Vec<_>>>()?;
        Ok(Picture::side_by_side(&pictures))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matte_is_shown_with_its_own_values() {
        let shown = |pixel: [f32; 4]| {
            let mut frame = Frame::filling(4, 2, Components::Rgba, pixel.repeat(8));
            frame.premultiplication = Premultiplication::Unpremultiplied;
            Picture::of(&frame, 2, false).unwrap().rgb
        };
        assert_eq!(shown([0.6; 4]), [153; 6]);
        assert_eq!(shown([1.0, 1.0, 1.0, 0.6]), [153; 6]);
    }

    #[test]
    fn pictures_of_different_heights_stand_beside_each_other() {
        let white = |w: usize, h: usize| Picture { width: w, height: h, rgb: vec![255; w * h * 3] };
        let whole = Picture::side_by_side(&[white(2, 3), white(1, 1)]);
        assert_eq!((whole.width, whole.height), (2 + GAP + 1, 3));
        assert_eq!(whole.rgb.iter().filter(|v| **v == 255).count(), (6 + 1) * 3);
        let stack = Picture::stacked(&[white(2, 3), white(1, 1)]);
        assert_eq!((stack.width, stack.height), (2, 3 + GAP + 1));
    }
}
