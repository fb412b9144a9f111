//! EXR round trips: windows, layers, headers, bytes.

use super::*;
use crate::frames::{ReadOptions, inspect, inspect_channels, read, read_channels};
use exr::prelude::attribute::TimeCode;
use ofx_sdk::Premultiplication;

fn ramp(bounds: RectI, components: Components) -> Frame {
    let count = bounds.width() * bounds.height() * components.count();
    Frame {
        display: [8, 6],
        bounds,
        pixels: (0..count).map(|v| v as f32 / 64.0 - 0.5).collect(),
        ..Frame::filling(0, 0, components, Vec::new())
    }
}

fn layer(name: &str) -> ReadOptions {
    ReadOptions { layer: Some(name.into()), ..Default::default() }
}

#[test]
fn float_pixels_windows_and_aspect_come_back_as_they_were() {
    let dir = tempfile::tempdir().unwrap();
    for bounds in
        [RectI::new(0, 0, 8, 6), RectI::new(-3, -2, 5, 4), RectI::new(2, 1, 20, 30), RectI::new(100, -50, 101, -49)]
    {
        let path = dir.path().join("a.exr");
        let mut frame = ramp(bounds, Components::Rgba);
        frame.pixel_aspect = 2.0;
        write_exr(&path, &frame, &[], None, &BTreeMap::new(), Depth::Float).unwrap();
        let back = read(&path, &ReadOptions::default()).unwrap();
        assert_eq!((back.bounds, back.display, &back.pixels), (bounds, [8, 6], &frame.pixels));
        assert_eq!((back.pixel_aspect, back.depth), (2.0, Depth::Float));
        assert_eq!(back.premultiplication, Premultiplication::Premultiplied);
        assert_eq!(inspect(&path, &ReadOptions::default()).unwrap().bounds, bounds);
    }
}

#[test]
fn rows_lie_in_the_file_with_y_down() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.exr");
    // A data window of one row at the top of the display window.
    write_exr(&path, &ramp(RectI::new(0, 5, 8, 6), Components::Rgb), &[], None, &BTreeMap::new(), Depth::Half).unwrap();
    let meta = exr::prelude::MetaData::read_from_file(&path, true).unwrap();
    assert_eq!(meta.headers[0].data_window().position, Vec2(0, 0));
    let back = read(&path, &ReadOptions::default()).unwrap();
    assert_eq!((back.bounds, back.depth), (RectI::new(0, 5, 8, 6), Depth::Half));
}

#[test]
fn planes_become_layers_that_can_be_read_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.exr");
    let main = ramp(RectI::new(0, 0, 8, 6), Components::Rgba);
    let plane = ExrPlane { name: "tone.highlight".into(), frame: ramp(RectI::new(2, 2, 4, 4), Components::Alpha) };
    write_exr(&path, &main, std::slice::from_ref(&plane), None, &BTreeMap::new(), Depth::Float).unwrap();
    let back = read(&path, &layer("tone.highlight")).unwrap();
    assert_eq!(back.components, Components::Alpha);
    assert_eq!(back.cropped_to(plane.frame.bounds).pixels, plane.frame.pixels);
    assert_eq!(back.pixel(0, 0), Some(&[0.0][..]));
    assert_eq!(read(&path, &ReadOptions::default()).unwrap().pixels, main.pixels);
    let error = read(&path, &layer("shadow")).unwrap_err().to_string();
    assert!(error.contains("tone.highlight") && error.contains("--layer"), "{error}");
}

#[test]
fn channels_by_name_keep_the_pixels_aspect_and_the_frame_rate() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tones.exr");
    let layer = Layer::new(
        (8, 6),
        LayerAttributes { frames_per_second: Some((25, 1)), ..LayerAttributes::default() },
        Encoding::UNCOMPRESSED,
        AnyChannels::sort([AnyChannel::new("tone.highlight", FlatSamples::F32(vec![0.5; 48]))].into_iter().collect()),
    );
    let mut image = Image::from_layer(layer);
    image.attributes.pixel_aspect = 2.0;
    image.write().to_file(&path).unwrap();
    let found = read_channels(&path, &[&["tone.highlight"]], &ReadOptions::default()).unwrap();
    assert_eq!((found.len(), found[0].pixel_aspect, found[0].pixels[0]), (1, 2.0, 0.5));
    let info = inspect_channels(&path, &[&["tone.highlight"]], &ReadOptions::default()).unwrap();
    assert_eq!((info.display, info.pixel_aspect, info.frame_rate), ([8, 6], 2.0, Some(25.0)));
}

#[test]
fn vectors_are_two_channels_in_either_case_and_no_two_of_three() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("motion.exr");
    let read = |names: &[&str]| {
        let plane = |name: &&str| AnyChannel::new(*name, FlatSamples::F32(vec![0.5; 48]));
        let channels = AnyChannels::sort(names.iter().map(plane).collect());
        let layer = Layer::new((8, 6), LayerAttributes::default(), Encoding::UNCOMPRESSED, channels);
        Image::from_layer(layer).write().to_file(&path).unwrap();
        read_channels(&path, &[&["x", "y"], &["R", "G"]], &ReadOptions::default()).map(|found| found.len())
    };
    for two in [["x", "y"], ["X", "Y"], ["forward.x", "forward.y"], ["R", "G"]] {
        assert_eq!(read(&two).unwrap(), 2, "{two:?}");
    }
    assert_eq!(read(&["f.x", "f.y", "f.X", "f.Y"]).unwrap(), 2);
    for three in [["x", "y", "z"], ["X", "Y", "Z"], ["R", "G", "B"]] {
        assert!(read(&three).unwrap_err().to_string().contains("needs the channels x, y or R, G"), "{three:?}");
    }
}

#[test]
fn of_several_parts_the_one_that_has_the_channels_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("parts.exr");
    let part = |name: &str, size: (usize, usize), channel: &str| {
        let channels = AnyChannels::sort(
            [AnyChannel::new(channel, FlatSamples::F32(vec![0.5; size.0 * size.1]))].into_iter().collect(),
        );
        Layer::new(size, LayerAttributes::named(name), Encoding::UNCOMPRESSED, channels)
    };
    let mut image = Image::from_layers(
        ImageAttributes::new(IntegerBounds::from_dimensions((8, 6))),
        vec![part("beauty", (8, 6), "Y"), part("motion", (4, 3), "x")],
    );
    image.attributes.pixel_aspect = 1.0;
    image.write().to_file(&path).unwrap();
    let bounds_of = |channel| {
        let info = inspect_channels(&path, &[&[channel]], &ReadOptions::default()).unwrap();
        (info.display, info.bounds)
    };
    assert_eq!(bounds_of("x"), ([8, 6], RectI::new(0, 3, 4, 6)));
    assert_eq!(bounds_of("Y"), ([8, 6], RectI::new(0, 0, 8, 6)));
}

#[test]
fn timecode_display_origin_and_unknown_attributes_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (dir.path().join("a.exr"), dir.path().join("b.exr"));
    let mut image = ImageAttributes::new(IntegerBounds::new(Vec2(10, -7), Vec2(8, 6)));
    image.time_code = Some(TimeCode { hours: 1, minutes: 2, seconds: 3, frame: 4, ..Default::default() });
    image.other.insert(text("slate"), AttributeValue::Text(text("12A take 3")));
    let header = ExrHeader { image, layer: LayerAttributes { frames_per_second: Some((25, 1)), ..Default::default() } };
    let frame = ramp(RectI::new(1, 1, 5, 5), Components::Rgba);
    write_exr(&first, &frame, &[], Some(&header), &BTreeMap::new(), Depth::Half).unwrap();
    let read_back = read(&first, &ReadOptions::default()).unwrap();
    assert_eq!(read_back.bounds, frame.bounds);
    assert_eq!(inspect(&first, &ReadOptions::default()).unwrap().frame_rate, Some(25.0));
    let notes = BTreeMap::from([("rotocel/older".to_owned(), "of another node".to_owned())]);
    write_exr(&second, &read_back, &[], read_back.header.as_deref(), &notes, Depth::Half).unwrap();
    let read_back = read(&second, &ReadOptions::default()).unwrap();
    let notes = BTreeMap::from([("rotocel/model".to_owned(), "tone größer".to_owned())]);
    write_exr(&second, &read_back, &[], read_back.header.as_deref(), &notes, Depth::Half).unwrap();
    let kept = read(&second, &ReadOptions::default()).unwrap().header.unwrap();
    assert_eq!(kept.image.time_code, header.image.time_code);
    assert_eq!(kept.image.display_window, header.image.display_window);
    // The reader counts what it does not know to the part, of which there is one.
    assert_eq!(kept.layer.other[&text("slate")], AttributeValue::Text(text("12A take 3")));
    assert_eq!(kept.layer.other[&text("rotocel/model")], AttributeValue::Text(text("tone größer")));
    assert!(!kept.layer.other.contains_key(&text("rotocel/older")));
}

#[test]
fn the_same_picture_gives_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let notes: BTreeMap<_, _> = (0..40).map(|n| (format!("rotocel/note_{n}"), n.to_string())).collect();
    let bytes: Vec<Vec<u8>> = (0..4)
        .map(|n| {
            let path = dir.path().join(format!("{n}.exr"));
            let frame = ramp(RectI::new(0, 0, 8, 6), Components::Rgba);
            write_exr(&path, &frame, &[], None, &notes, Depth::Half).unwrap();
            std::fs::read(path).unwrap()
        })
        .collect();
    assert!(bytes.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn missing_channels_are_zero_and_a_missing_alpha_is_opaque() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.exr");
    let channel = |name: &str, v: f32| AnyChannel::new(Text::new_or_panic(name), FlatSamples::F32(vec![v; 4]));
    let write = |channels: Vec<AnyChannel<FlatSamples>>| {
        let channels = AnyChannels::sort(channels.into_iter().collect());
        Image::from_channels(Vec2(2, 2), channels).write().to_file(&path).unwrap();
    };
    write(vec![channel("R", 0.5), channel("G", 0.25)]);
    let frame = read(&path, &ReadOptions::default()).unwrap();
    assert_eq!(frame.rgba(1, 1), Some([0.5, 0.25, 0.0, 1.0]));
    write(vec![channel("Y", 0.75), channel("odd name.with dots.and spaces", 0.1)]);
    assert_eq!(read(&path, &ReadOptions::default()).unwrap().rgba(0, 0), Some([0.75, 0.75, 0.75, 1.0]));
    assert_eq!(read(&path, &layer("odd name.with dots.and spaces")).unwrap().pixels, vec![0.1; 4]);
    // One color alone is a value, not a fifth of one.
    for name in ["R", "G", "blue"] {
        write(vec![channel(name, 0.5), channel("depth.Z", 3.0)]);
        let frame = read(&path, &ReadOptions::default()).unwrap();
        assert_eq!((frame.components, frame.rgba(0, 0)), (Components::Alpha, Some([0.5; 4])), "{name}");
    }
    write(vec![channel("R", 0.5), channel("A", 0.25)]);
    assert_eq!(read(&path, &ReadOptions::default()).unwrap().rgba(0, 0), Some([0.5, 0.0, 0.0, 0.25]));
    write(vec![channel("depth.Z", 3.0), channel("normal.X", 0.1)]);
    assert!(read(&path, &ReadOptions::default()).unwrap_err().to_string().contains("depth"));
}

#[test]
fn truncated_and_flipped_files_are_errors_or_pictures_but_never_panics() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.exr");
    write_exr(&path, &ramp(RectI::new(0, 0, 8, 6), Components::Rgba), &[], None, &BTreeMap::new(), Depth::Half)
        .unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let damaged = dir.path().join("damaged.exr");
    for length in 0..bytes.len() {
        std::fs::write(&damaged, &bytes[..length]).unwrap();
        assert!(read(&damaged, &ReadOptions::default()).is_err(), "{length} of {} bytes were taken", bytes.len());
    }
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        std::fs::write(&damaged, &flipped).unwrap();
        let few = ReadOptions { max_pixels: 1 << 16, ..Default::default() };
        let _ = read(&damaged, &few);
    }
}

#[test]
fn half_keeps_large_values_finite_and_infinity_infinite() {
    assert_eq!(half(1e9).to_f32(), 65504.0);
    assert_eq!(half(f32::NEG_INFINITY).to_f32(), f32::NEG_INFINITY);
    assert!(half(f32::NAN).is_nan());
}

#[test]
fn tiles_and_parts_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.exr");
    let part = |name: &str, position: Vec2<i32>, value: f32| {
        let channels = ["R", "G", "B", "A"].map(|channel| {
            let samples = (0..70 * 40).map(|i| f16::from_f32(value + i as f32 / 4096.0)).collect();
            AnyChannel::new(Text::new_or_panic(channel), FlatSamples::F16(samples))
        });
        Layer::new(
            Vec2(70, 40),
            LayerAttributes::named(name).with_position(position),
            Encoding {
                compression: Compression::ZIP16,
                blocks: exr::image::Blocks::Tiles(Vec2(32, 32)),
                line_order: LineOrder::Increasing,
            },
            AnyChannels::sort(channels.into_iter().collect()),
        )
    };
    let parts: SmallVec<[_; 2]> =
        [part("beauty", Vec2(0, 0), 0.0), part("key light", Vec2(-5, 3), 1.0)].into_iter().collect();
    let attributes = ImageAttributes::new(IntegerBounds::new(Vec2(0, 0), Vec2(70, 40)));
    Image::from_layers(attributes, parts).write().to_file(&path).unwrap();
    let beauty = read(&path, &ReadOptions::default()).unwrap();
    assert_eq!((beauty.bounds, beauty.depth), (RectI::new(0, 0, 70, 40), Depth::Half));
    // The first value of the file is the top left pixel.
    assert_eq!(beauty.pixel(0, 39).unwrap()[0], 0.0);
    assert_eq!(beauty.pixel(69, 39).unwrap()[0], f16::from_f32(69.0 / 4096.0).to_f32());
    let key = read(&path, &layer("key light")).unwrap();
    assert_eq!(key.bounds, RectI::new(-5, -3, 65, 37));
    assert_eq!(key.pixel(-5, 36).unwrap()[3], 1.0);
}

#[test]
fn a_header_of_16k_by_16k_in_a_small_file_is_refused_before_anything_is_allocated() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("huge.exr");
    write_exr(&path, &ramp(RectI::new(0, 0, 8, 6), Components::Rgba), &[], None, &BTreeMap::new(), Depth::Half)
        .unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let put = |bytes: &mut [u8], after: &[u8], at: usize, values: &[u32]| {
        let start = bytes.windows(after.len()).position(|w| w == after).unwrap() + after.len() + at;
        for (n, value) in values.iter().enumerate() {
            bytes[start + n * 4..][..4].copy_from_slice(&value.to_le_bytes());
        }
    };
    put(&mut bytes, b"dataWindow\0box2i\0\x10\0\0\0", 8, &[16_383, 16_383]);
    put(&mut bytes, b"chunkCount\0int\0\x04\0\0\0", 0, &[1024]);
    std::fs::write(&path, &bytes).unwrap();
    let error = read(&path, &ReadOptions::default()).unwrap_err().to_string();
    assert!(error.contains("huge.exr") && error.contains("truncated"), "{error}");
    let few = ReadOptions { max_pixels: 1 << 20, ..Default::default() };
    assert!(inspect(&path, &few).unwrap_err().to_string().contains("--max-pixels"));
}
