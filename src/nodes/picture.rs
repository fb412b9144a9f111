//! Between the host's images and arrays with the top row first.

use imaging::color::{Colorspace, NetworkEncoder, luminance};
use ndarray::{Array2, Array3, ArrayViewMut3, Axis};
use ofx_sdk::plugin::{Clip, Image, ImageMut, Instance, RowMut};
use ofx_sdk::{Components, Depth, Error, Premultiplication, RectI, Result};
use std::sync::{Mutex, MutexGuard, PoisonError};
use xxhash_rust::xxh3::Xxh3;

/// Rows of a picture that one piece of work converts.
const BAND_ROWS: usize = 64;

/// Rows that are hashed as one piece of work.
const HASHED_ROWS: i32 = 256;

/// Samples along the longer side of a frame, from which its exposure is metered.
const SAMPLES_A_SIDE: usize = 384;

/// Premultiplied pixels with less alpha are not straightened. Nuke calls every picture premultiplied, a plate with somebody's
/// key in its alpha too: divided by what a key leaves of its background, that would be white.
pub const LEAST_ALPHA: f32 = 1.0 / 255.0;

/// Premultiplied pixels with less alpha are not metered.
const LEAST_METERED_ALPHA: f32 = 0.5;

/// A frame beyond this many pixels is a mistake of the project, not a plate; arrays of it would exhaust memory.
const MOST_PIXELS: usize = 1 << 28;

/// What an image's alpha has to do with its colors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SourceAlpha {
    /// What the host says.
    #[default]
    Host,
    /// Colors are multiplied by it.
    Premultiplied,
    /// Colors are not.
    Unpremultiplied,
}

impl SourceAlpha {
    /// What holds for an image. One without alpha is opaque, whatever anybody says.
    pub fn of(self, image: &Image<'_>) -> Premultiplication {
        match self {
            Self::Premultiplied if image.has_alpha() => Premultiplication::Premultiplied,
            Self::Unpremultiplied if image.has_alpha() => Premultiplication::Unpremultiplied,
            Self::Host | Self::Premultiplied | Self::Unpremultiplied => image.premultiplication(),
        }
    }
}

/// The straight colors of the pixels of `bounds`, display-encoded for a network, `[3, height, width]`; black where the image
/// has none.
///
/// # Errors
/// An image that no machine could hold.
pub fn display_colors(
    instance: &Instance,
    image: &Image<'_>,
    bounds: RectI,
    alpha: SourceAlpha,
    encoder: &NetworkEncoder,
) -> Result<Array3<f32>> {
    let straighten = alpha.of(image) == Premultiplication::Premultiplied;
    convert(instance, bounds, 3, |y, x1, pixels, mut planes| {
        image.read_row(y, x1, pixels);
        if straighten {
            pixels.iter_mut().for_each(unpremultiply);
        }
        let mut rows = planes.axis_iter_mut(Axis(0)).filter_map(|plane| plane.into_slice());
        if let (Some(r), Some(g), Some(b)) = (rows.next(), rows.next(), rows.next()) {
            for (((pixel, r), g), b) in pixels.iter().zip(&mut *r).zip(&mut *g).zip(&mut *b) {
                [*r, *g, *b, _] = *pixel;
            }
            encoder.encode_row(r, g, b);
        }
    })
}

/// An even sample of an image's pixels.
pub struct Sample {
    /// Their luminances, straight and in linear light.
    pub luminances: Vec<f32>,
    /// How many more are left out, because alpha says that they are mostly transparent.
    pub transparent: usize,
}

/// Samples an image's light. What is mostly transparent does not count: straightened, the faint end of a glow would be brighter
/// than the lamp.
pub fn sample(image: &Image<'_>, alpha: SourceAlpha, colorspace: Colorspace) -> Sample {
    let bounds = image.bounds();
    let step = bounds.width().max(bounds.height()).div_ceil(SAMPLES_A_SIDE).max(1);
    let first = |length: usize| (step / 2).min(length.saturating_sub(1) / 2);
    let straighten = alpha.of(image) == Premultiplication::Premultiplied;
    let mut pixels = vec![[0.0; 4]; bounds.width()];
    let (mut luminances, mut transparent) = (Vec::new(), 0);
    for y in (bounds.y1..bounds.y2).skip(first(bounds.height())).step_by(step) {
        image.read_row(y, bounds.x1, &mut pixels);
        for pixel in pixels.iter_mut().skip(first(bounds.width())).step_by(step) {
            if straighten {
                if pixel[3] < LEAST_METERED_ALPHA {
                    transparent += 1;
                    continue;
                }
                unpremultiply(pixel);
            }
            luminances.push(luminance(colorspace.to_linear_rec709([pixel[0], pixel[1], pixel[2]])));
        }
    }
    Sample { luminances, transparent }
}

/// How the names of hosts begin that call a clip connected though nothing is: no image there means no input.
const HOSTS_THAT_CONNECT_ALL: [&str; 2] = ["DaVinciResolve", "com.blackmagicdesign"];

/// Whether something is connected to an input beside the picture, by the word of a host that can be trusted with it. Without an
/// image, what is connected covers nothing then: a shape, say, that has left the frame.
pub fn is_connected(instance: &Instance, clip: &Clip) -> bool {
    let trusted = !HOSTS_THAT_CONNECT_ALL.iter().any(|host| instance.host().name.starts_with(host));
    trusted && instance.clip(clip).is_ok_and(|clip| clip.says_connected() == Some(true))
}

/// Where a mask is in a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Coverage {
    /// In alpha, or in the luminance of a picture that has none.
    #[default]
    Alpha,
    /// In the luminance, whatever alpha holds.
    Luminance,
}

impl Coverage {
    /// Whether it is the luminance that is read of an image. What holds nothing but alpha has no other.
    fn is_luminance(self, mask: &Image<'_>) -> bool {
        mask.components() != Components::Alpha && (self == Self::Luminance || !mask.has_alpha())
    }
}

/// How much of each pixel of `bounds` a mask covers, `[height, width]`, 0-1.
///
/// # Errors
/// As [`display_colors`].
pub fn coverage(instance: &Instance, mask: &Image<'_>, bounds: RectI, channel: Coverage) -> Result<Array2<f32>> {
    let in_color = channel.is_luminance(mask);
    let planes = convert(instance, bounds, 1, |y, x1, pixels, mut planes| {
        mask.read_row(y, x1, pixels);
        for (out, [r, g, b, a]) in planes.iter_mut().zip(&*pixels) {
            let value = if in_color { luminance([*r, *g, *b]) } else { *a };
            *out = if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) };
        }
    })?;
    Ok(planes.index_axis_move(Axis(0), 0))
}

/// A mask that covers nothing of `bounds`, `[height, width]`.
///
/// # Errors
/// As [`display_colors`].
pub fn nothing(bounds: RectI) -> Result<Array2<f32>> {
    let mut array = plane_array(bounds, 1)?;
    array.fill(0.0);
    Ok(array.index_axis_move(Axis(0), 0))
}

/// A hash of an image's pixels, as the host stores them.
pub fn pixel_hash(instance: &Instance, image: &Image<'_>) -> u128 {
    let bounds = image.bounds();
    let bands: Vec<i32> = (bounds.y1..bounds.y2).step_by(HASHED_ROWS as usize).collect();
    let mut hashes = vec![0; bands.len()];
    instance.for_each_item(bands.into_iter().zip(&mut hashes), |(first, own)| {
        let mut hash = Xxh3::new();
        let end = first.saturating_add(HASHED_ROWS).min(bounds.y2);
        (first..end).for_each(|y| hash.update(image.bytes(y)));
        *own = hash.digest128();
    });
    let mut hash = Xxh3::new();
    hashes.iter().for_each(|band| hash.update(&band.to_ne_bytes()));
    hash.digest128()
}

/// Makes an image black and transparent.
pub fn clear(image: &mut ImageMut<'_>) {
    image.rows_mut().iter_mut().for_each(clear_row);
}

/// Makes a row black and transparent.
pub fn clear_row(row: &mut RowMut<'_>) {
    row.write(row.x1(), &vec![[0.0; 4]; row.width()]);
}

/// The step between neighboring values of an integer image; 1 for floating point.
pub fn code_value(depth: Depth) -> f32 {
    match depth {
        Depth::Byte => 1.0 / 255.0,
        Depth::Short => 1.0 / 65535.0,
        Depth::Half | Depth::Float => 1.0,
    }
}

fn unpremultiply(pixel: &mut [f32; 4]) {
    let alpha = pixel[3];
    // Where next to nothing is, and where alpha is no number, the color stays as it is.
    if alpha >= LEAST_ALPHA && alpha != 1.0 && alpha.is_finite() {
        pixel[..3].iter_mut().for_each(|v| *v /= alpha);
    }
}

/// How many times larger than needed the memory of a past picture may be that a new one takes over.
const MOST_SPARE: usize = 2;

/// The memory of the last picture that was let go. A plate's planes are past what allocators keep, so that each frame
/// would have them cleared and mapped anew, which takes longer than to fill them.
static SPARE: Mutex<Vec<f32>> = Mutex::new(Vec::new());

/// Takes the memory of a picture of [`display_colors`] for the next one.
pub fn recycle(picture: Array3<f32>) {
    let (mut memory, _) = picture.into_raw_vec_and_offset();
    let mut spare = spare();
    if memory.capacity() > spare.capacity() {
        std::mem::swap(&mut *spare, &mut memory);
    }
    drop(spare);
}

/// Gives the memory of past pictures back.
pub fn forget() {
    let memory = std::mem::take(&mut *spare());
    drop(memory);
}

fn spare() -> MutexGuard<'static, Vec<f32>> {
    SPARE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says whether so many bytes are to be had, before work that would end a host's program without them.
///
/// # Errors
/// [`Error::Memory`].
pub fn check_memory(bytes: usize) -> Result<()> {
    Vec::<u8>::new().try_reserve_exact(bytes).map_err(|_| Error::Memory)
}

/// Fills an array `[channels, height, width]` row by row, on the threads that the host lends. `row` is given a height,
/// the first column, a buffer of a row's pixels, and the array's row as `[channels, 1, width]`.
fn convert(
    instance: &Instance,
    bounds: RectI,
    channels: usize,
    row: impl Fn(i32, i32, &mut [[f32; 4]], ArrayViewMut3<f32>) + Sync,
) -> Result<Array3<f32>> {
    let width = bounds.width();
    let mut array = plane_array(bounds, channels)?;
    instance.for_each_item(array.axis_chunks_iter_mut(Axis(1), BAND_ROWS).enumerate(), |(i, mut band)| {
        let mut pixels = vec![[0.0; 4]; width];
        for (nth, planes) in band.axis_chunks_iter_mut(Axis(1), 1).enumerate() {
            let y = bounds.y2 - 1 - (i * BAND_ROWS + nth) as i32;
            row(y, bounds.x1, &mut pixels, planes);
        }
    });
    Ok(array)
}

/// An array `[channels, height, width]` that holds whatever its memory held. Asks for the memory first, because a host's
/// program must not end with it.
fn plane_array(bounds: RectI, channels: usize) -> Result<Array3<f32>> {
    let (width, height) = (bounds.width(), bounds.height());
    if width.saturating_mul(height) > MOST_PIXELS {
        return Err(Error::node(format!(
            "Source is {width}×{height} pixels; crop it, or give the generator before it a format"
        )));
    }
    let length = channels * height * width;
    // Masks are small beside pictures and must not take their memory.
    let mut values = if channels == 1 { Vec::new() } else { std::mem::take(&mut *spare()) };
    if values.capacity() > MOST_SPARE * length {
        // An 8K frame's memory under a proxy of it would stay unseen.
        values = Vec::new();
    }
    values.truncate(length);
    values.try_reserve_exact(length - values.len()).map_err(|_| Error::Memory)?;
    values.resize(length, 0.0);
    Array3::from_shape_vec((channels, height, width), values).map_err(Error::node)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_no_machine_has_is_told() {
        assert!(check_memory(1 << 20).is_ok());
        assert!(matches!(check_memory(usize::MAX / 4), Err(Error::Memory)));
    }

    #[test]
    fn a_small_picture_does_not_keep_the_memory_of_a_large_one() {
        let large = plane_array(RectI::new(0, 0, 512, 512), 3).unwrap();
        recycle(large);
        let small = plane_array(RectI::new(0, 0, 64, 64), 3).unwrap();
        assert!(small.into_raw_vec_and_offset().0.capacity() <= MOST_SPARE * 3 * 64 * 64);
    }

    #[test]
    fn unpremultiplying_leaves_transparent_and_broken_pixels_alone() {
        let straight = |mut pixel: [f32; 4]| {
            unpremultiply(&mut pixel);
            pixel
        };
        assert_eq!(straight([0.25, 0.5, 0.0, 0.5]), [0.5, 1.0, 0.0, 0.5]);
        assert_eq!(straight([0.25, 0.5, 0.0, 0.0]), [0.25, 0.5, 0.0, 0.0]);
        assert_eq!(straight([0.25, 0.5, 0.0, 1e-4]), [0.25, 0.5, 0.0, 1e-4]);
        assert_eq!(straight([0.25, 0.5, 0.0, f32::INFINITY]), [0.25, 0.5, 0.0, f32::INFINITY]);
        assert!(straight([0.25, 0.5, 0.0, f32::NAN])[3].is_nan());
    }
}
