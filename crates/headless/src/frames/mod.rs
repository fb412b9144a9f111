//! Pictures in memory, read from and written to files.
//!
//! A [`Frame`] has y up, as OpenFX has it: row 0 is the lowest, and the display window's lower left corner is (0, 0).
//! Files have y down; the readers and writers here are the one place that turns rows over.

mod atomic;
mod canvas;
mod decoding;
mod exr_pixels;
mod exr_read;
mod exr_write;
mod jpeg_end;
mod proxy;
mod still;
mod tiff_directory;

pub use atomic::{check_writable, read_text, write_whole};
pub use decoding::hush_decoders;
pub use exr_write::{ExrPlane, write_exr};
pub(crate) use still::quantized;
pub use still::write_png;

use crate::error::{Error, Result};
use exr::meta::header::{ImageAttributes, LayerAttributes};
use ofx_sdk::{Components, Depth, Premultiplication, RectI};
use std::path::Path;

/// What an EXR file says about itself, kept so that the output can say it too.
#[derive(Clone, Debug)]
pub struct ExrHeader {
    /// Display window, pixel aspect, timecode and attributes of the file.
    pub image: ImageAttributes,
    /// Attributes of the part that was read.
    pub layer: LayerAttributes,
}

/// One picture.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Width and height of the display window in pixels; its lower left corner is (0, 0).
    pub display: [i32; 2],
    /// Where the pixels lie, y up; may reach past the display window or cover a part of it.
    pub bounds: RectI,
    /// What a pixel holds.
    pub components: Components,
    /// Interleaved values, row 0 lowest; `bounds.width() × bounds.height() × components.count()` of them.
    pub pixels: Vec<f32>,
    /// How the file stores a value.
    pub depth: Depth,
    /// What alpha has to do with the colors.
    pub premultiplication: Premultiplication,
    /// Width of a pixel over its height.
    pub pixel_aspect: f64,
    /// Header of an EXR file.
    pub header: Option<Box<ExrHeader>>,
}

/// What a reader is told.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// The layer of an EXR file; `None` for its R, G, B and A.
    pub layer: Option<String>,
    /// The most pixels that a header may claim.
    pub max_pixels: u64,
}

impl ReadOptions {
    /// 500 megapixels, which is more than 22,000 × 22,000.
    pub const DEFAULT_MAX_PIXELS: u64 = 500_000_000;
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self { layer: None, max_pixels: Self::DEFAULT_MAX_PIXELS }
    }
}

/// Size, place and format of a picture, read without its pixels.
#[derive(Clone, Debug)]
pub struct FrameInfo {
    /// Width and height of the display window in pixels.
    pub display: [i32; 2],
    /// Where the pixels lie.
    pub bounds: RectI,
    /// How the file stores a value.
    pub depth: Depth,
    /// Width of a pixel over its height.
    pub pixel_aspect: f64,
    /// Frames a second, where the file says.
    pub frame_rate: Option<f64>,
}

/// The kinds of file that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// PNG, 8 or 16 bits.
    Png,
    /// JPEG.
    Jpeg,
    /// TIFF, 8 or 16 bits or float.
    Tiff,
    /// OpenEXR.
    Exr,
}

impl FileKind {
    /// The kind that a file's extension stands for.
    ///
    /// # Errors
    /// When no kind of file that is read has this extension.
    pub fn of(path: &Path) -> Result<Self> {
        let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
        match extension.as_str() {
            "png" => Ok(Self::Png),
            "jpg" | "jpeg" => Ok(Self::Jpeg),
            "tif" | "tiff" => Ok(Self::Tiff),
            "exr" => Ok(Self::Exr),
            _ => Err(Error::input(path, "the extension is none of png, jpg, jpeg, tif, tiff, exr")),
        }
    }

    /// The id of the color space that such a file usually has: `linear_rec709` for floating point, `srgb` otherwise.
    pub fn usual_colorspace(self, depth: Depth) -> &'static str {
        match (self, depth) {
            (Self::Exr, _) | (_, Depth::Half | Depth::Float) => "linear_rec709",
            _ => "srgb",
        }
    }
}

/// Reads a picture.
///
/// # Errors
/// [`Error::Input`] names the file and what is wrong: missing, truncated, of a kind that is not read, larger than
/// [`ReadOptions::max_pixels`], or without the layer that was asked for.
pub fn read(path: &Path, options: &ReadOptions) -> Result<Frame> {
    let kind = FileKind::of(path)?;
    guarded(path, || match kind {
        FileKind::Exr => exr_read::read(path, options),
        _ => still::read(path, kind, options),
    })
}

/// Reads what a file's header says of the picture.
///
/// # Errors
/// As [`read`].
pub fn inspect(path: &Path, options: &ReadOptions) -> Result<FrameInfo> {
    let kind = FileKind::of(path)?;
    guarded(path, || match kind {
        FileKind::Exr => exr_read::inspect(path, options),
        _ => still::inspect(path, kind, options),
    })
}

/// How many bits a grey PNG file has for a pixel, and none of others: of fewer than 8 numbers are not what [`read`] gives.
///
/// # Errors
/// [`Error::Input`] where the file cannot be opened.
pub fn grey_bits(path: &Path) -> Result<Option<u8>> {
    still::grey_bits(path)
}

/// Reads channels of an EXR file by name, as planes of one value a pixel over the display window: the first of `sets` of
/// which the file has every name, alone or within a layer.
///
/// # Errors
/// As [`read`]; also where the file is no EXR file, or has no whole set.
pub fn read_channels(path: &Path, sets: &[&[&str]], options: &ReadOptions) -> Result<Vec<Frame>> {
    if FileKind::of(path)? != FileKind::Exr {
        return Err(Error::input(path, "channels are read by name from EXR files only"));
    }
    guarded(path, || exr_read::read_channels(path, sets, options))
}

/// As [`inspect`], of what [`read_channels`] would read.
///
/// # Errors
/// As [`read_channels`].
pub fn inspect_channels(path: &Path, sets: &[&[&str]], options: &ReadOptions) -> Result<FrameInfo> {
    guarded(path, || exr_read::inspect_channels(path, sets, options))
}

/// A decoder's panic on a damaged file is an error about the file.
fn guarded<T>(path: &Path, read: impl FnOnce() -> Result<T>) -> Result<T> {
    decoding::guarded(read).unwrap_or_else(|| Err(Error::input(path, DECODER_GAVE_UP)))
}

/// What is said of a file whose decoder panicked.
const DECODER_GAVE_UP: &str = "the file is damaged (its decoder gave up); copy or render it again";

/// Refuses a size that would take the machine's memory, or that is none.
fn check_size(path: &Path, width: u64, height: u64, options: &ReadOptions) -> Result<()> {
    if width == 0 || height == 0 {
        return Err(Error::input(path, format!("the picture is empty ({width}×{height})")));
    }
    if width > i32::MAX as u64 / 4 || height > i32::MAX as u64 / 4 || width.saturating_mul(height) > options.max_pixels
    {
        return Err(Error::input(
            path,
            format!("{width}×{height} is more than {} pixels; raise --max-pixels if it is right", options.max_pixels),
        ));
    }
    Ok(())
}
