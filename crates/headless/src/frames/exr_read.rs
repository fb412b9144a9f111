//! OpenEXR, from files to frames: windows, layers, header.

use super::exr_pixels::{self, OpenExr, block_bytes};
use super::{ExrHeader, Frame, FrameInfo, ReadOptions, check_size};
use crate::error::{Error, Result};
use exr::meta::header::Header;
use exr::prelude::*;
use ofx_sdk::{Components, Depth, Premultiplication, RectI};
use std::path::Path;

/// Channels that make up a picture.
const COLORS: [&str; 10] = ["R", "G", "B", "A", "Y", "red", "green", "blue", "alpha", "luminance"];

/// A layer's place in the file: which part, and which of its channels are red, green, blue and alpha.
struct Chosen {
    part: usize,
    /// Indices of channels. One entry is a lone value, three or four are colors.
    channels: Vec<Option<usize>>,
    components: Components,
}

/// No compression of OpenEXR packs more than this many bytes of samples into one byte of file.
const BEST_COMPRESSION: u64 = 20_000;

/// Bytes of a block for each pixel that a picture may have: a few blocks are unpacked at once.
const BLOCK_BYTES_PER_PIXEL: u64 = 16;

/// Opens a file and refuses it where its header claims what it cannot hold, or what would take the machine's memory.
fn open(path: &Path, options: &ReadOptions) -> Result<OpenExr, Error> {
    let (reader, length) = exr_pixels::open(path)?;
    reader.headers().iter().try_for_each(|header| check(path, header, length, options))?;
    Ok(reader)
}

fn check(path: &Path, header: &Header, length: u64, options: &ReadOptions) -> Result<(), Error> {
    let size = header.layer_size;
    check_size(path, size.width() as u64, size.height() as u64, options)?;
    let display = header.shared_attributes.display_window.size;
    check_size(path, display.width() as u64, display.height() as u64, options)?;
    // Each block has an entry in the offset table and a header of its own, however well it compresses.
    if (header.chunk_count as u64).saturating_mul(16) > length {
        return Err(Error::input(path, format!("truncated: {length} bytes cannot hold {} blocks", header.chunk_count)));
    }
    if header.deep {
        return Err(Error::input(path, "deep pixels are not read; flatten the file first"));
    }
    if header.channels.list.iter().any(|c| c.sampling != Vec2(1, 1)) {
        return Err(Error::input(path, "channels of different resolutions (subsampling) are not read"));
    }
    let channels = header.channels.list.len();
    let bytes = (size.area() as u64).saturating_mul(header.channels.bytes_per_pixel as u64);
    if bytes / BEST_COMPRESSION > length {
        let (width, height) = (size.width(), size.height());
        return Err(Error::input(
            path,
            format!("truncated: {length} bytes cannot hold {width}×{height} pixels of {channels} channels"),
        ));
    }
    let block = block_bytes(header);
    if block > options.max_pixels.saturating_mul(BLOCK_BYTES_PER_PIXEL) {
        return Err(Error::input(
            path,
            format!("one block of its {channels} channels takes {block} bytes; raise --max-pixels if it is right"),
        ));
    }
    Ok(())
}

/// Size and windows of the layer that would be read.
pub(super) fn inspect(path: &Path, options: &ReadOptions) -> Result<FrameInfo, Error> {
    let reader = open(path, options)?;
    let Chosen { part, channels, .. } = choose(path, reader.headers(), options.layer.as_deref())?;
    info(path, &reader.headers()[part], &channels)
}

/// Size and windows of the part that [`read_channels`] would read.
pub(super) fn inspect_channels(path: &Path, sets: &[&[&str]], options: &ReadOptions) -> Result<FrameInfo, Error> {
    let reader = open(path, options)?;
    let Layer { part, channels, .. } = layer_of(path, reader.headers(), sets)?;
    info(path, &reader.headers()[part], &channels)
}

fn info(path: &Path, header: &Header, channels: &[Option<usize>]) -> Result<FrameInfo, Error> {
    Ok(FrameInfo {
        display: display(header),
        bounds: bounds(path, header)?,
        depth: depth(header, channels),
        pixel_aspect: aspect(header.shared_attributes.pixel_aspect),
        frame_rate: header
            .own_attributes
            .frames_per_second
            .and_then(|(n, d)| (d > 0 && n > 0).then(|| f64::from(n) / f64::from(d))),
    })
}

/// The pixels of one layer.
pub(super) fn read(path: &Path, options: &ReadOptions) -> Result<Frame, Error> {
    let reader = open(path, options)?;
    let chosen = choose(path, reader.headers(), options.layer.as_deref())?;
    let header = reader.headers()[chosen.part].clone();
    let bounds = bounds(path, &header)?;
    let pixels = exr_pixels::read(path, reader, chosen.part, &chosen.channels)?;
    Ok(Frame {
        display: display(&header),
        bounds,
        components: chosen.components,
        pixels,
        depth: depth(&header, &chosen.channels),
        premultiplication: if chosen.components == Components::Rgba {
            Premultiplication::Premultiplied
        } else {
            Premultiplication::Opaque
        },
        pixel_aspect: aspect(header.shared_attributes.pixel_aspect),
        header: Some(Box::new(ExrHeader { image: header.shared_attributes, layer: header.own_attributes })),
    })
}

/// Channels by name, as planes over the display window with y up: the first of `sets` that the file has whole, as it stands
/// or else in one layer (`tone.background`), in either case. R and G beside a B are colors, and x and y beside a z a vector
/// of three: no sets of two. What the data window lacks is 0.
///
/// # Errors
/// As [`super::read`]; where no set is whole, or several layers have one, the message names what the file has.
pub(super) fn read_channels(path: &Path, sets: &[&[&str]], options: &ReadOptions) -> Result<Vec<Frame>, Error> {
    let reader = open(path, options)?;
    let Layer { part, channels, .. } = layer_of(path, reader.headers(), sets)?;
    let header = reader.headers()[part].clone();
    let (bounds, display) = (bounds(path, &header)?, display(&header));
    let values = exr_pixels::read(path, reader, part, &channels)?;
    let planes = (0..channels.len()).map(|place| {
        let pixels = values.iter().skip(place).step_by(channels.len()).copied().collect();
        let whole = Frame::filling(bounds.width(), bounds.height(), Components::Alpha, pixels);
        let pixel_aspect = aspect(header.shared_attributes.pixel_aspect);
        Frame { bounds, display, pixel_aspect, ..whole }.cropped_to(RectI::new(0, 0, display[0], display[1]))
    });
    Ok(planes.collect())
}

/// A set of channels within one part.
struct Layer {
    part: usize,
    /// What stands before their names, its dot included.
    prefix: String,
    channels: Vec<Option<usize>>,
}

/// The one layer that has the first whole set.
fn layer_of(path: &Path, headers: &[Header], sets: &[&[&str]]) -> Result<Layer, Error> {
    let all = || headers.iter().flat_map(|h| h.channels.list.iter().map(|c| name(&c.name)));
    let whole = sets.iter().find_map(|set| {
        let layers: Vec<Layer> =
            headers.iter().enumerate().flat_map(|(part, header)| layers_with(part, header, set)).collect();
        (!layers.is_empty()).then_some((set, layers))
    });
    let Some((set, layers)) = whole else {
        let wanted: Vec<String> = sets.iter().map(|set| set.join(", ")).collect();
        let has: Vec<String> = all().take(40).collect();
        let reason = format!("needs the channels {}; it has {}", wanted.join(" or "), has.join(", "));
        return Err(Error::input(path, reason));
    };
    let (bare, named): (Vec<Layer>, Vec<Layer>) = layers.into_iter().partition(|layer| layer.prefix.is_empty());
    let mut found = if bare.is_empty() { named } else { bare };
    if found.len() > 1 {
        let names: Vec<String> = found.iter().map(|layer| format!("{}{}", layer.prefix, set[0])).collect();
        let reason = format!("has the channels {} more than once: {}", set.join(", "), names.join(", "));
        return Err(Error::input(path, format!("{reason}; write a file with those that are meant")));
    }
    Ok(found.remove(0))
}

/// Each layer of a part that has a whole set of channels.
fn layers_with(part: usize, header: &Header, set: &[&str]) -> Vec<Layer> {
    let names: Vec<String> = header.channels.list.iter().map(|c| name(&c.name)).collect();
    let third = match set {
        ["R", "G"] => Some("B"),
        ["x", "y"] => Some("z"),
        _ => None,
    };
    // Names that a set gives may have dots of their own.
    let prefix = |name: &'_ String| {
        let length = name.len().checked_sub(set[0].len())?;
        name.get(length..).filter(|end| end.eq_ignore_ascii_case(set[0]))?;
        Some(length)
    };
    let mut prefixes: Vec<&str> = names.iter().filter_map(|name| Some(&name[..prefix(name)?])).collect();
    prefixes.retain(|prefix| prefix.is_empty() || prefix.ends_with('.'));
    // x and X of one layer are one channel of it: that which is written as it is wanted.
    prefixes.sort_unstable();
    prefixes.dedup();
    let at = |prefix: &str, channel: &str| {
        let find = |is: &dyn Fn(&str) -> bool| names.iter().position(|name| name.strip_prefix(prefix).is_some_and(is));
        find(&|rest| rest == channel).or_else(|| find(&|rest| rest.eq_ignore_ascii_case(channel)))
    };
    let layer = |prefix: &str| {
        let channels: Option<Vec<_>> = set.iter().map(|wanted| at(prefix, wanted).map(Some)).collect();
        let more = third.is_some_and(|third| at(prefix, third).is_some());
        channels.filter(|_| !more).map(|channels| Layer { part, prefix: prefix.to_owned(), channels })
    };
    prefixes.into_iter().filter_map(layer).collect()
}

fn display(header: &Header) -> [i32; 2] {
    let size = header.shared_attributes.display_window.size;
    [size.width() as i32, size.height() as i32]
}

fn aspect(value: f32) -> f64 {
    if value.is_finite() && value > 0.01 && value < 100.0 {
        // The file's 32 bits should not make 0.9 into 0.8999999762.
        (f64::from(value) * 1e6).round() / 1e6
    } else {
        1.0
    }
}

/// The data window with y up, counted from the display window's lower left corner.
fn bounds(path: &Path, header: &Header) -> Result<RectI, Error> {
    let (data, display) = (header.data_window(), header.shared_attributes.display_window);
    let edge = |v: i64| i32::try_from(v).map_err(|_| Error::input(path, "the data window lies too far off"));
    let left = i64::from(data.position.x()) - i64::from(display.position.x());
    let bottom_row = i64::from(display.position.y()) + display.size.height() as i64;
    let top = bottom_row - i64::from(data.position.y());
    Ok(RectI::new(
        edge(left)?,
        edge(top - data.size.height() as i64)?,
        edge(left + data.size.width() as i64)?,
        edge(top)?,
    ))
}

fn depth(header: &Header, channels: &[Option<usize>]) -> Depth {
    let half = |i: &usize| header.channels.list[*i].sample_type == SampleType::F16;
    if channels.iter().flatten().all(half) { Depth::Half } else { Depth::Float }
}

/// Finds the layer: part and channels. `None` is the first part that has R, G, B, Y or A.
fn choose(path: &Path, headers: &[Header], layer: Option<&str>) -> Result<Chosen, Error> {
    let part_name = |h: &Header| h.own_attributes.layer_name.as_ref().map(name).unwrap_or_default();
    for (part, header) in headers.iter().enumerate() {
        let names: Vec<String> = header.channels.list.iter().map(|c| name(&c.name)).collect();
        let prefixes: Vec<String> = match layer {
            None => vec![String::new()],
            // `diffuse` is the channels `diffuse.R`…, or the part `diffuse` with channels `R`… or `diffuse.R`….
            Some(layer) if part_name(header) == layer => vec![String::new(), format!("{layer}.")],
            Some(layer) => vec![format!("{layer}.")],
        };
        for prefix in &prefixes {
            if let Some((channels, components)) = colors(&names, prefix) {
                return Ok(Chosen { part, channels, components });
            }
        }
        // A full channel name, or a part of one channel, is a lone value.
        let lone = match layer {
            Some(layer) => names
                .iter()
                .position(|n| n == layer)
                .or_else(|| (names.len() == 1 && part_name(header) == layer).then_some(0)),
            None => (headers.len() == 1 && names.len() == 1).then_some(0),
        };
        if let Some(index) = lone {
            return Ok(Chosen { part, channels: vec![Some(index)], components: Components::Alpha });
        }
    }
    let wanted = layer.map_or("R, G, B".to_owned(), |layer| format!("layer {layer}"));
    let has = layers(headers).join(", ");
    let advice = "Choose with --layer NAME, or where a command has none, write R, G and B without a layer's name";
    Err(Error::input(path, format!("has no {wanted}; it has {has}. {advice}")))
}

/// The channels with `prefix` that are colors: R, G, B, A or Y, in either case. One color alone is no picture but a value,
/// as a matte that was written to red only.
fn colors(names: &[String], prefix: &str) -> Option<(Vec<Option<usize>>, Components)> {
    let find = |short: &str, long: &str| {
        names.iter().position(|n| {
            n.strip_prefix(prefix).is_some_and(|n| n.eq_ignore_ascii_case(short) || n.eq_ignore_ascii_case(long))
        })
    };
    let (r, g, b, a) = (find("R", "red"), find("G", "green"), find("B", "blue"), find("A", "alpha"));
    let y = find("Y", "luminance");
    let (r, g, b) = if r.is_none() && g.is_none() && b.is_none() && y.is_some() { (y, y, y) } else { (r, g, b) };
    match (r.or(g).or(b), a) {
        (lone @ Some(_), None) if [r, g, b].iter().flatten().count() == 1 => Some((vec![lone], Components::Alpha)),
        (Some(_), Some(_)) => Some((vec![r, g, b, a], Components::Rgba)),
        (Some(_), None) => Some((vec![r, g, b], Components::Rgb)),
        (None, Some(_)) => Some((vec![a], Components::Alpha)),
        (None, None) => None,
    }
}

/// A name as people wrote it: UTF-8, which most programs write, or else Latin-1.
fn name(text: &Text) -> String {
    String::from_utf8(text.as_slice().to_vec()).unwrap_or_else(|_| text.to_string())
}

/// Every name that `--layer` takes for this file.
fn layers(headers: &[Header]) -> Vec<String> {
    let mut found = Vec::new();
    for header in headers {
        found.extend(header.own_attributes.layer_name.as_ref().map(name));
        for channel in &header.channels.list {
            let channel = name(&channel.name);
            // Colors are named by their layer, anything else by the channel itself.
            let layer =
                channel.rsplit_once('.').filter(|(_, last)| COLORS.iter().any(|c| c.eq_ignore_ascii_case(last)));
            found.push(layer.map_or(channel.clone(), |(layer, _)| layer.to_owned()));
        }
    }
    found.sort();
    found.dedup();
    found.truncate(40);
    found
}
