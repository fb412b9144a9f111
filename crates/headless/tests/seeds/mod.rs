//! Small pictures of every format and compression that is read, as bytes.
#![allow(dead_code)] // each test file uses a part of it

use exr::prelude::{
    AnyChannel, AnyChannels, Compression, Encoding, FlatSamples, Image, ImageAttributes, IntegerBounds, Layer,
    LayerAttributes, LineOrder, SmallVec, Text, Vec2, WritableImage as _, f16,
};
use headless::frames::{Frame, FrameInfo};
use image::{DynamicImage, ImageFormat};
use std::io::Cursor;

/// Holds a frame that was read against what looking at its file said, and against the most pixels that were allowed.
#[track_caller]
pub fn assert_sound(info: Result<FrameInfo, impl std::fmt::Debug>, frame: &Frame, max_pixels: u64) {
    let info = info.expect("what can be read can be looked at");
    assert_eq!((info.bounds, info.display), (frame.bounds, frame.display));
    let area = frame.bounds.width() * frame.bounds.height();
    assert!(area > 0 && area as u64 <= max_pixels, "{:?}", frame.bounds);
    assert_eq!(frame.pixels.len(), area * frame.components.count());
}

pub fn gradient(width: u32, height: u32) -> DynamicImage {
    let value = |x: u32, y: u32| [(x * 5) as u8, (y * 9) as u8, (x ^ y) as u8, (x + y) as u8];
    DynamicImage::ImageRgba8(image::RgbaImage::from_fn(width, height, |x, y| image::Rgba(value(x, y))))
}

pub fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

pub fn png() -> Vec<Vec<u8>> {
    let p = gradient(20, 12);
    [p.clone(), p.to_rgb8().into(), p.to_luma8().into(), p.to_luma_alpha16().into(), p.to_rgb16().into()]
        .iter()
        .map(|p| encoded(p, ImageFormat::Png))
        .collect()
}

pub fn jpeg() -> Vec<Vec<u8>> {
    let p = gradient(40, 24);
    [DynamicImage::from(p.to_rgb8()), p.to_luma8().into()].iter().map(|p| encoded(p, ImageFormat::Jpeg)).collect()
}

pub fn tiff() -> Vec<Vec<u8>> {
    let p = gradient(20, 12);
    let mut made: Vec<Vec<u8>> = [p.clone(), p.to_rgb16().into(), p.to_rgb32f().into(), p.to_luma8().into()]
        .iter()
        .map(|p| encoded(p, ImageFormat::Tiff))
        .collect();
    use tiff::encoder::{Compression, DeflateLevel, TiffEncoder, colortype::RGB8};
    for compression in [Compression::Lzw, Compression::Deflate(DeflateLevel::Fast), Compression::Packbits] {
        let mut bytes = Cursor::new(Vec::new());
        let mut encoder = TiffEncoder::new(&mut bytes).unwrap().with_compression(compression);
        encoder.write_image::<RGB8>(20, 12, &p.to_rgb8()).unwrap();
        made.push(bytes.into_inner());
    }
    made
}

pub fn exr() -> Vec<Vec<u8>> {
    use Compression::*;
    let scan = exr::image::Blocks::ScanLines;
    let tiles = exr::image::Blocks::Tiles(Vec2(8, 8));
    let kinds = [Uncompressed, RLE, ZIP1, ZIP16, PIZ, PXR24, B44, B44A];
    let scans = kinds.map(|kind| one_exr(kind, scan, &["A", "B", "G", "R"]));
    let more = [one_exr(ZIP16, tiles, &["R", "tone.key", "Z"]), one_exr(PIZ, tiles, &["Y"])];
    scans.into_iter().chain(more).collect()
}

/// A picture of many lines, ZIP in blocks of 16.
pub fn sized_exr(size: Vec2<usize>, names: &[&str]) -> Vec<u8> {
    made_exr(size, Compression::ZIP16, exr::image::Blocks::ScanLines, names)
}

fn one_exr(compression: Compression, blocks: exr::image::Blocks, names: &[&str]) -> Vec<u8> {
    made_exr(Vec2(20, 18), compression, blocks, names)
}

fn made_exr(size: Vec2<usize>, compression: Compression, blocks: exr::image::Blocks, names: &[&str]) -> Vec<u8> {
    let channel = |(n, name): (usize, &&str)| {
        let values = (0..size.area()).map(|i| (i * (n + 1) % 97) as f32 / 97.0);
        let samples = match n {
            0 => FlatSamples::F32(values.collect()),
            _ => FlatSamples::F16(values.map(f16::from_f32).collect()),
        };
        AnyChannel::new(Text::new_or_panic(*name), samples)
    };
    let channels: SmallVec<[_; 4]> = names.iter().enumerate().map(channel).collect();
    let encoding = Encoding { compression, blocks, line_order: LineOrder::Increasing };
    let layer = Layer::new(size, LayerAttributes::named("beauty"), encoding, AnyChannels::sort(channels));
    let mut bytes = Cursor::new(Vec::new());
    let window = ImageAttributes::new(IntegerBounds::new(Vec2(-1, 2), size));
    Image::new(window, layer).write().to_buffered(&mut bytes).unwrap();
    bytes.into_inner()
}
