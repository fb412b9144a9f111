//! EXR files that few programs write, and what is seen of those that ours writes.
#![allow(dead_code)] // each test file uses a part of it

use exr::prelude::{
    AnyChannel, AnyChannels, Encoding, FlatSamples, Image, ImageAttributes, IntegerBounds, Layer, LayerAttributes,
    ReadChannels as _, ReadLayers as _, SmallVec, Text, Vec2, WritableImage as _, read,
};
use std::path::Path;

/// Size of the data and of the display window.
pub const SIZE: [usize; 2] = [24, 16];

/// Writes channels of these names, their data window's corner at `position` of the display window's, y down.
pub fn write(path: &Path, position: [i32; 2], names: &[&str]) {
    let size = Vec2(SIZE[0], SIZE[1]);
    let samples = || FlatSamples::F32((0..size.area()).map(|i| i as f32 / size.area() as f32).collect());
    let text = |name: &str| Text::from_bytes_unchecked(name.bytes().collect());
    let channels: SmallVec<[_; 4]> = names.iter().map(|name| AnyChannel::new(text(name), samples())).collect();
    let attributes = LayerAttributes::default().with_position(Vec2(position[0], position[1]));
    let layer = Layer::new(size, attributes, Encoding::FAST_LOSSLESS, AnyChannels::sort(channels));
    Image::new(ImageAttributes::new(IntegerBounds::new(Vec2(0, 0), size)), layer).write().to_file(path).unwrap();
}

/// What is seen of a file.
pub struct Seen {
    pub position: [i32; 2],
    pub data_size: [usize; 2],
    pub display_size: [usize; 2],
    pub finite: bool,
}

impl Seen {
    /// Reads a file whole.
    pub fn read(path: &Path) -> Self {
        let reader = read().no_deep_data().largest_resolution_level().all_channels().all_layers().all_attributes();
        let image = reader.from_file(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let (layer, window) = (&image.layer_data[0], image.attributes.display_window);
        Self {
            position: [
                layer.attributes.layer_position.x() - window.position.x(),
                layer.attributes.layer_position.y() - window.position.y(),
            ],
            data_size: [layer.size.width(), layer.size.height()],
            display_size: [window.size.width(), window.size.height()],
            finite: layer.channel_data.list.iter().all(|c| c.sample_data.values_as_f32().all(f32::is_finite)),
        }
    }
}
