//! PNG, JPEG and TIFF. Their alpha is not multiplied into the colors.

use super::{FileKind, Frame, FrameInfo, ReadOptions, check_size, jpeg_end, tiff_directory, write_whole};
use crate::error::{Error, Result};
use image::{ColorType, DynamicImage, ImageDecoder, ImageEncoder, ImageError, ImageFormat, ImageReader, Limits};
use ofx_sdk::{Components, Depth, Premultiplication, RectI};
use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _};
use std::path::Path;

/// No still-picture format packs more than this many bytes of pixels into one byte of file; a header that claims
/// more belongs to a truncated or forged file, and nothing is allocated for it.
const BEST_COMPRESSION: u64 = 20_000;

/// What a decoder may always take, so that a small `max_pixels` is reported as such.
const LEAST_MEMORY: u64 = 1 << 23;

type Reader = ImageReader<BufReader<File>>;

fn open(path: &Path, kind: FileKind, options: &ReadOptions) -> Result<(Reader, u64)> {
    let file = File::open(path).map_err(|e| Error::input(path, e))?;
    let length = file.metadata().map_err(|e| Error::input(path, e))?.len();
    if length == 0 {
        return Err(Error::input(path, "the file is empty"));
    }
    let mut file = BufReader::new(file);
    check_jpeg_end(path, &mut file)?;
    check_tiff_directory(path, &mut file, length, options)?;
    let mut reader = ImageReader::new(file);
    reader.set_format(match kind {
        FileKind::Jpeg => ImageFormat::Jpeg,
        FileKind::Tiff => ImageFormat::Tiff,
        FileKind::Png | FileKind::Exr => ImageFormat::Png,
    });
    // A file may carry another format's extension.
    let reader = reader.with_guessed_format().map_err(|e| Error::input(path, e))?;
    Ok((reader, length))
}

/// Decoders fill what a cut JPEG lacks with grey, and a grey band is found when the shot is delivered.
fn check_jpeg_end(path: &Path, file: &mut BufReader<File>) -> Result<()> {
    let whole = jpeg_end::is_whole(file).map_err(|e| Error::input(path, e))?;
    if !whole {
        return Err(Error::input(path, "truncated: the JPEG ends before its end marker; copy or render it again"));
    }
    file.rewind().map_err(|e| Error::input(path, e))
}

fn check_tiff_directory(path: &Path, file: &mut BufReader<File>, length: u64, options: &ReadOptions) -> Result<()> {
    match tiff_directory::fault(file, length, options.max_pixels).map_err(|e| Error::input(path, e))? {
        Some(fault) => Err(Error::input(path, fault)),
        None => file.rewind().map_err(|e| Error::input(path, e)),
    }
}

/// What a decoder says of a file, and what to do about it.
fn damaged(path: &Path, error: &ImageError) -> Error {
    if matches!(error, ImageError::IoError(e) if e.kind() == std::io::ErrorKind::UnexpectedEof) {
        return Error::input(path, "truncated: the file ends too early; copy or render it again");
    }
    let advice = match error {
        ImageError::Decoding(_) => "; copy or render it again",
        ImageError::Unsupported(_) => "; save it as PNG, JPEG, TIFF or EXR",
        ImageError::Limits(_) => "; raise --max-pixels if its size is right",
        _ => "",
    };
    let words: Vec<_> = error.to_string().split_whitespace().map(str::to_owned).collect();
    let reason: String = words.join(" ").chars().take(300).collect();
    Error::input(path, format!("{reason}{advice}"))
}

fn decoder(path: &Path, kind: FileKind, options: &ReadOptions) -> Result<impl ImageDecoder> {
    let (mut reader, length) = open(path, kind, options)?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(options.max_pixels.saturating_mul(16).max(LEAST_MEMORY));
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(|e| damaged(path, &e))?;
    let (width, height) = decoder.dimensions();
    check_size(path, width.into(), height.into(), options)?;
    if decoder.total_bytes() / BEST_COMPRESSION > length {
        return Err(Error::input(path, format!("truncated: {length} bytes cannot hold {width}×{height} pixels")));
    }
    Ok(decoder)
}

fn depth_of(color: ColorType) -> Depth {
    match color {
        ColorType::Rgb32F | ColorType::Rgba32F => Depth::Float,
        ColorType::L16 | ColorType::La16 | ColorType::Rgb16 | ColorType::Rgba16 => Depth::Short,
        _ => Depth::Byte,
    }
}

/// Size and depth of a file.
pub(super) fn inspect(path: &Path, kind: FileKind, options: &ReadOptions) -> Result<FrameInfo> {
    let decoder = decoder(path, kind, options)?;
    let (width, height) = decoder.dimensions();
    let bounds = RectI::new(0, 0, width as i32, height as i32);
    Ok(FrameInfo {
        display: [bounds.x2, bounds.y2],
        bounds,
        depth: depth_of(decoder.color_type()),
        pixel_aspect: 1.0,
        frame_rate: None,
    })
}

/// How many bits a grey PNG has for a pixel; none of other files. The decoder widens fewer than eight to the whole range, and
/// does not tell.
pub(super) fn grey_bits(path: &Path) -> Result<Option<u8>> {
    // Signature, length and name of the header, its width and height; then bits, and 0 for grey.
    let mut head = [0; 26];
    let mut file = File::open(path).map_err(|e| Error::input(path, e))?;
    let whole = file.read_exact(&mut head).is_ok();
    Ok((whole && head.starts_with(b"\x89PNG\r\n\x1a\n") && head[25] == 0).then_some(head[24]))
}

/// The pixels of a file; grey becomes red, green and blue.
pub(super) fn read(path: &Path, kind: FileKind, options: &ReadOptions) -> Result<Frame> {
    if options.layer.is_some() {
        return Err(Error::input(path, "only EXR files have layers; leave out --layer"));
    }
    let decoder = decoder(path, kind, options)?;
    let depth = depth_of(decoder.color_type());
    let picture = DynamicImage::from_decoder(decoder).map_err(|e| damaged(path, &e))?;
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let alpha = picture.color().has_alpha();
    let components = if alpha { Components::Rgba } else { Components::Rgb };
    let mut pixels = if alpha { picture.into_rgba32f().into_raw() } else { picture.into_rgb32f().into_raw() };
    turn_over(&mut pixels, width * components.count());
    let mut frame = Frame::filling(width, height, components, pixels);
    frame.depth = depth;
    if alpha {
        frame.premultiplication = Premultiplication::Unpremultiplied;
    }
    Ok(frame)
}

/// Puts rows into the opposite order, where they lie: a picture of 16k × 16k should not be in memory twice.
fn turn_over(values: &mut [f32], row: usize) {
    let rows = values.len() / row;
    let (upper, lower) = values.split_at_mut(rows.div_ceil(2) * row);
    for (a, b) in upper.chunks_exact_mut(row).zip(lower.chunks_exact_mut(row).rev()) {
        a.swap_with_slice(b);
    }
}

/// Writes the display window as PNG: RGBA, RGB or grey, 8 bits (`Depth::Byte`) or 16 (any other).
///
/// Values are clamped to 0-1 and rounded; what is not a number becomes 0. Premultiplied colors are divided by alpha,
/// because PNG's alpha is not multiplied in. Pixels outside the bounds are 0.
///
/// # Errors
/// [`Error::Output`] names the file.
pub fn write_png(path: &Path, frame: &Frame, depth: Depth) -> Result<()> {
    let window = frame.display_window();
    let frame = if frame.bounds == window { frame.clone() } else { frame.cropped_to(window) }.unpremultiplied();
    let count = frame.components.count();
    let rows = frame.pixels.chunks_exact((window.width() * count).max(1)).rev();
    use image::ExtendedColorType as Color;
    let (bytes, color) = if depth == Depth::Byte {
        let bytes: Vec<u8> = rows.flatten().map(|v| quantized(*v, 255.0) as u8).collect();
        (bytes, [Color::L8, Color::Rgb8, Color::Rgba8])
    } else {
        // The encoder takes samples in the machine's byte order.
        let bytes = rows.flatten().flat_map(|v| (quantized(*v, 65535.0) as u16).to_ne_bytes()).collect();
        (bytes, [Color::L16, Color::Rgb16, Color::Rgba16])
    };
    let color = match frame.components {
        Components::Alpha => color[0],
        Components::Rgb => color[1],
        Components::Rgba => color[2],
    };
    let mut file = Vec::new();
    image::codecs::png::PngEncoder::new(&mut file)
        .write_image(&bytes, window.width() as u32, window.height() as u32, color)
        .map_err(|e| Error::output(path, e))?;
    write_whole(path, &file)
}

/// A value clamped to 0-1, scaled and rounded; NaN is 0.
pub(crate) fn quantized(value: f32, top: f32) -> f32 {
    if value.is_nan() { 0.0 } else { (value.clamp(0.0, 1.0) * top).round() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(components: Components, depth: Depth, values: &[f32]) -> Frame {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.png");
        let width = values.len() / components.count() / 2;
        let mut frame = Frame::filling(width, 2, components, values.to_vec());
        if components == Components::Rgba {
            frame.premultiplication = Premultiplication::Unpremultiplied;
        }
        write_png(&path, &frame, depth).unwrap();
        super::super::read(&path, &ReadOptions::default()).unwrap()
    }

    #[test]
    fn png_keeps_every_16_bit_value_and_the_lowest_row_stays_the_lowest() {
        let values: Vec<f32> = (0..24u16).map(|v| f32::from(v) * 2000.0 / 65535.0).collect();
        for components in [Components::Rgb, Components::Rgba] {
            let frame = round_trip(components, Depth::Short, &values);
            assert_eq!(frame.components, components);
            assert_eq!(frame.depth, Depth::Short);
            for (a, b) in frame.pixels.iter().zip(&values) {
                assert!((a - b).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn png_of_8_bits_rounds_clamps_and_drops_what_is_no_number() {
        let frame = round_trip(Components::Rgb, Depth::Byte, &[0.0, 0.5, 1.0, -1.0, 7.0, f32::NAN]);
        assert_eq!(frame.pixels, vec![0.0, 128.0 / 255.0, 1.0, 0.0, 1.0, 0.0]);
    }

    #[test]
    fn premultiplied_colors_are_divided_by_alpha_on_the_way_to_png() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.png");
        write_png(&path, &Frame::filling(1, 1, Components::Rgba, vec![0.25, 0.5, 0.0, 0.5]), Depth::Short).unwrap();
        let back = read(&path, FileKind::Png, &ReadOptions::default()).unwrap();
        for (a, b) in back.pixels.iter().zip([0.5, 1.0, 0.0, 0.5]) {
            assert!((a - b).abs() < 1e-4);
        }
    }

    #[test]
    fn damaged_files_are_errors_that_name_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let whole = dir.path().join("whole.png");
        write_png(&whole, &Frame::filling(64, 64, Components::Rgb, vec![0.3; 64 * 64 * 3]), Depth::Byte).unwrap();
        let bytes = std::fs::read(&whole).unwrap();
        for (name, content) in [
            ("empty.png", &b""[..]),
            ("text.png", &b"not a picture"[..]),
            ("truncated.png", &bytes[..bytes.len() / 2]),
            ("header.png", &bytes[..33]),
            ("text.jpg", &b"not a picture"[..]),
            ("text.tif", &b"II*\0\xff\xff\xff\xff"[..]),
        ] {
            let path = dir.path().join(name);
            std::fs::write(&path, content).unwrap();
            let error = super::super::read(&path, &ReadOptions::default()).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
            assert_eq!(error.exit_code(), crate::error::EXIT_INPUT);
        }
    }

    #[test]
    fn a_header_that_claims_more_than_the_file_can_hold_allocates_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("huge.png");
        // Signature, then IHDR of 16384 × 16384 RGBA 16 bits with its CRC computed by the format's polynomial.
        let mut ihdr = b"IHDR".to_vec();
        ihdr.extend(16384u32.to_be_bytes());
        ihdr.extend(16384u32.to_be_bytes());
        ihdr.extend([16, 6, 0, 0, 0]);
        let crc = !ihdr.iter().fold(!0u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |c, _| (c >> 1) ^ if c & 1 == 1 { 0xEDB8_8320 } else { 0 })
        });
        let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
        file.extend(&ihdr);
        file.extend(crc.to_be_bytes());
        file.extend(b"\0\0\0\x10IDAT");
        file.extend([0; 16]);
        std::fs::write(&path, &file).unwrap();
        let error = super::super::read(&path, &ReadOptions::default()).unwrap_err();
        assert!(error.to_string().contains("truncated"), "{error}");
        let few = ReadOptions { max_pixels: 1000, ..Default::default() };
        assert!(super::super::read(&path, &few).unwrap_err().to_string().contains("--max-pixels"));
    }

    #[test]
    fn pictures_of_one_pixel_and_of_one_column_are_read() {
        let dir = tempfile::tempdir().unwrap();
        for (width, height) in [(1, 1), (1, 10_000), (10_000, 1)] {
            let path = dir.path().join("thin.png");
            let frame = Frame::filling(width, height, Components::Rgb, vec![0.5; width * height * 3]);
            write_png(&path, &frame, Depth::Byte).unwrap();
            assert_eq!(super::super::read(&path, &ReadOptions::default()).unwrap().bounds, frame.bounds);
        }
    }

    #[test]
    fn tiff_of_every_depth_and_jpeg_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let values = [0.0f32, 0.25, 1.0, 1.0, 0.5, 0.0];
        let float = image::Rgb32FImage::from_raw(1, 2, values.to_vec()).unwrap();
        let float = DynamicImage::ImageRgb32F(float);
        for (name, picture, depth, tolerance) in [
            ("8.tif", DynamicImage::ImageRgb8(float.to_rgb8()), Depth::Byte, 0.003),
            ("16.tiff", DynamicImage::ImageRgb16(float.to_rgb16()), Depth::Short, 1e-4),
            ("f.tif", float.clone(), Depth::Float, 0.0),
        ] {
            let path = dir.path().join(name);
            picture.save(&path).unwrap();
            let frame = super::super::read(&path, &ReadOptions::default()).unwrap();
            assert_eq!((frame.depth, frame.components), (depth, Components::Rgb), "{name}");
            // The file's first row is the highest.
            let highest = frame.pixel(0, 1).unwrap();
            assert!(highest.iter().zip(&values).all(|(a, b)| (a - b).abs() <= tolerance), "{name}: {highest:?}");
            let expected = if depth == Depth::Float { "linear_rec709" } else { "srgb" };
            assert_eq!(FileKind::of(&path).unwrap().usual_colorspace(frame.depth), expected);
        }
        let path = dir.path().join("a.jpg");
        image::RgbImage::from_pixel(16, 16, image::Rgb([200, 100, 50])).save(&path).unwrap();
        let frame = super::super::read(&path, &ReadOptions::default()).unwrap();
        assert!((frame.pixel(8, 8).unwrap()[0] - 200.0 / 255.0).abs() < 0.02);
    }

    #[test]
    fn alpha_of_a_png_is_not_multiplied_in_and_grey_is_color() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.png");
        image::RgbaImage::from_pixel(2, 2, image::Rgba([255, 0, 0, 0])).save(&path).unwrap();
        let frame = super::super::read(&path, &ReadOptions::default()).unwrap();
        assert_eq!(frame.premultiplication, Premultiplication::Unpremultiplied);
        assert_eq!(frame.rgba(0, 0), Some([1.0, 0.0, 0.0, 0.0]));
        image::GrayImage::from_pixel(2, 2, image::Luma([255])).save(&path).unwrap();
        let frame = super::super::read(&path, &ReadOptions::default()).unwrap();
        assert_eq!((frame.premultiplication, frame.rgba(1, 1)), (Premultiplication::Opaque, Some([1.0; 4])));
    }
}
