//! OpenEXR, from frames to files.
//!
//! One part, scan lines, ZIP. Channel names are `R`, `G`, `B`, `A` for colors, and the plane's own name for the rest:
//! a viewer or compositor divides at the last dot, so that `tone.highlight` is the channel `highlight` of the layer
//! `tone`. The same picture gives the same bytes on every run: attributes are put in order of their names.

use super::{ExrHeader, Frame, write_whole};
use crate::error::{Error, Result};
use exr::meta::header::{ImageAttributes, LayerAttributes};
use exr::prelude::{
    AnyChannel, AnyChannels, AttributeValue, Compression, Encoding, FlatSamples, Image, IntegerBounds, Layer,
    LineOrder, SmallVec, Text, Vec2, WritableImage as _, f16,
};
use ofx_sdk::{Components, Depth, RectI};
use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::Path;

/// What the names of our own attributes begin with.
const NOTES: &[u8] = b"rotocel/";

/// A picture that goes into the file under a name of its own.
#[derive(Clone, Debug)]
pub struct ExrPlane {
    /// Name of the channel, such as `tone.highlight`; of several, the layer.
    pub name: String,
    /// The picture; its bounds may differ from the main picture's.
    pub frame: Frame,
}

/// Writes `main` as R, G, B, A and each plane under its name.
///
/// The data window encloses all of them. `header` gives timecode, chromaticities and other attributes to keep;
/// `notes` are further text attributes, whose names begin with `rotocel/`. `depth` is half, or float for any other value.
///
/// # Errors
/// [`Error::Output`] names the file.
pub fn write_exr(
    path: &Path,
    main: &Frame,
    planes: &[ExrPlane],
    header: Option<&ExrHeader>,
    notes: &BTreeMap<String, String>,
    depth: Depth,
) -> Result<()> {
    let window = planes.iter().fold(main.bounds, |window, plane| enclosing(window, plane.frame.bounds));
    // A file without pixels cannot be written: an empty picture is one transparent pixel.
    let window = if window.is_empty() { RectI::new(0, 0, 1, 1) } else { window };
    let mut channels = SmallVec::<[AnyChannel<FlatSamples>; 4]>::new();
    add_channels(&mut channels, "", main, window, depth);
    for plane in planes {
        add_channels(&mut channels, &plane.name, &plane.frame, window, depth);
    }

    let origin = header.map_or(Vec2(0, 0), |h| h.image.display_window.position);
    let size = |n: i32| usize::try_from(n).unwrap_or(0).max(1);
    let mut image =
        ImageAttributes::new(IntegerBounds::new(origin, Vec2(size(main.display[0]), size(main.display[1]))));
    image.pixel_aspect = main.pixel_aspect as f32;
    let mut layer = LayerAttributes::default();
    if let Some(header) = header {
        image.time_code = header.image.time_code;
        image.chromaticities = header.image.chromaticities;
        image.other.clone_from(&header.image.other);
        layer = LayerAttributes {
            // What described the pixels or the part that was read, and not the shot.
            layer_name: None,
            preview: None,
            multi_view_names: None,
            deep_image_state: None,
            ..header.layer.clone()
        };
        // A file that went through a node before does not speak for this one.
        let ours = |name: &Text| name.as_slice().starts_with(NOTES);
        image.other.retain(|name, _| !ours(name));
        layer.other.retain(|name, _| !ours(name));
    }
    layer.layer_position = Vec2(origin.x() + window.x1, origin.y() + main.display[1] - window.y2);
    layer.software_name = Some(text(&format!("rotocel {}", env!("CARGO_PKG_VERSION"))));
    for (name, value) in notes {
        image.other.insert(text(name), AttributeValue::Text(text(value)));
    }

    let picture = Image {
        attributes: image,
        layer_data: Layer {
            channel_data: AnyChannels::sort(channels),
            attributes: layer,
            size: Vec2(window.width(), window.height()),
            encoding: Encoding {
                compression: Compression::ZIP16,
                blocks: exr::image::Blocks::ScanLines,
                line_order: LineOrder::Increasing,
            },
        },
    };
    let mut file = Cursor::new(Vec::new());
    picture.write().to_buffered(&mut file).map_err(|e| Error::output(path, e))?;
    let mut bytes = file.into_inner();
    sort_attributes(&mut bytes);
    write_whole(path, &bytes)
}

fn enclosing(a: RectI, b: RectI) -> RectI {
    match (a.is_empty(), b.is_empty()) {
        (true, _) => b,
        (_, true) => a,
        _ => RectI::new(a.x1.min(b.x1), a.y1.min(b.y1), a.x2.max(b.x2), a.y2.max(b.y2)),
    }
}

fn text(value: &str) -> Text {
    // Names and values end at a zero byte.
    Text::from_bytes_unchecked(value.bytes().filter(|b| *b != 0).collect())
}

/// The channels of one picture over `window`, y down.
fn add_channels(
    channels: &mut SmallVec<[AnyChannel<FlatSamples>; 4]>,
    name: &str,
    frame: &Frame,
    window: RectI,
    depth: Depth,
) {
    let own: &[&str] = match frame.components {
        Components::Rgba => &["R", "G", "B", "A"],
        Components::Rgb => &["R", "G", "B"],
        Components::Alpha if name.is_empty() => &["A"],
        Components::Alpha => &[""],
    };
    let cropped;
    let frame = if frame.bounds == window {
        frame
    } else {
        cropped = frame.cropped_to(window);
        &cropped
    };
    let count = own.len();
    for (offset, own) in own.iter().enumerate() {
        let full = match (name, *own) {
            ("", own) => own.to_owned(),
            (name, "") => name.to_owned(),
            (name, own) => format!("{name}.{own}"),
        };
        let rows = frame.pixels.chunks_exact(window.width() * count).rev();
        let values = rows.flat_map(|row| row.iter().skip(offset).step_by(count));
        let samples = if depth == Depth::Half {
            FlatSamples::F16(values.map(|v| half(*v)).collect())
        } else {
            FlatSamples::F32(values.copied().collect())
        };
        channels.push(AnyChannel::new(text(&full), samples));
    }
}

/// Half with finite values kept finite: 70,000 is 65,504, not infinity.
fn half(value: f32) -> f16 {
    if value.is_finite() { f16::from_f32(value.clamp(-65504.0, 65504.0)) } else { f16::from_f32(value) }
}

/// Puts the header's attributes into the order of their names. The encoder keeps them in a hash map, which has another
/// order in each process; nothing moves but the header's own bytes, so the offsets stay right.
fn sort_attributes(file: &mut [u8]) {
    const START: usize = 8; // magic number and version
    let mut attributes: Vec<Vec<u8>> = Vec::new();
    let mut at = START;
    let string_end = |file: &[u8], at: usize| file.get(at..)?.iter().position(|b| *b == 0).map(|n| at + n + 1);
    while file.get(at).is_some_and(|b| *b != 0) {
        let Some(length_at) = string_end(file, at).and_then(|type_at| string_end(file, type_at)) else { return };
        let Some(length) = file.get(length_at..length_at + 4) else { return };
        let end = length_at + 4 + u32::from_le_bytes([length[0], length[1], length[2], length[3]]) as usize;
        let Some(attribute) = file.get(at..end) else { return };
        attributes.push(attribute.to_vec());
        at = end;
    }
    attributes.sort();
    let sorted = attributes.concat();
    file[START..START + sorted.len()].copy_from_slice(&sorted);
}

#[cfg(test)]
#[path = "exr_tests.rs"]
mod tests;
