//! Rendered frames against stored ones, so that a change of the picture never goes unseen.
//!
//! After a change that is wanted: `ROTOCEL_UPDATE_REFERENCES=1 cargo test --test references`, then look at the files.

mod stage;

use image::{ImageBuffer, Rgba};
use ofx_sdk::host::{Host, HostOptions};
use ofx_sdk::host::{HostImage, Instance, ParamValue};
use ofx_sdk::{Components, Context, Premultiplication, RectI};
use stage::*;

/// Holds a picture against `tests/references/NAME.png` (16 bits, top row first). At most `few` of its values may differ
/// by more than `tolerance`.
fn assert_as_stored(name: &str, found: &HostImage, tolerance: f32, few: f64) {
    let (width, height) = (found.bounds.width() as u32, found.bounds.height() as u32);
    let values = found.to_f32();
    let at = |x: u32, y: u32, c: usize| values[((height - 1 - y) * width + x) as usize * 4 + c].clamp(0.0, 1.0);
    let path = root().join("tests/references").join(name).with_extension("png");
    if std::env::var_os("ROTOCEL_UPDATE_REFERENCES").is_some() {
        let picture = ImageBuffer::from_fn(width, height, |x, y| {
            Rgba(std::array::from_fn::<u16, 4, _>(|c| (at(x, y, c) * 65535.0).round() as u16))
        });
        picture.save(&path).unwrap();
        return;
    }
    let stored = image::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())).into_rgba16();
    assert_eq!(stored.dimensions(), (width, height), "{name}");
    let off = stored.enumerate_pixels().flat_map(|(x, y, pixel)| (0..4).map(move |c| (x, y, c, pixel.0[c])));
    let off = off.filter(|&(x, y, c, value)| (f32::from(value) / 65535.0 - at(x, y, c)).abs() > tolerance).count();
    let most = (f64::from(width * height * 4) * few) as usize;
    assert!(off <= most, "{name}: {off} values differ by more than {tolerance}; at most {most} may");
}

/// A PNG as a picture of the host, rows turned so that row 0 is the lowest.
fn read(path: &std::path::Path) -> HostImage {
    let picture = image::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display())).into_rgb32f();
    let (width, height) = picture.dimensions();
    let bounds = RectI::new(0, 0, width as i32, height as i32);
    let values: Vec<f32> = (0..height)
        .rev()
        .flat_map(|y| (0..width).map(move |x| (x, y)))
        .flat_map(|(x, y)| {
            let [r, g, b] = picture.get_pixel(x, y).0;
            [r, g, b, 1.0]
        })
        .collect();
    let mut image = HostImage::from_f32(bounds, Components::Rgba, &values).unwrap();
    image.premultiplication = Premultiplication::Opaque;
    image
}

fn sample(host: &Host, frame: u32) -> Instance {
    let path = root().join(format!("models/sample/tone_orbit/frames/{frame:04}.png"));
    let node = with_source(host, Context::General, read(&path));
    set(&node, "source_colorspace", "srgb");
    node
}

#[test]
fn the_analytic_network_at_the_nodes_defaults() {
    let host = host(HostOptions::default());
    let node = with_source(&host, Context::General, frame(96, 64, scenery));
    use_model(&node, &fixture("tiny_tone.onnx"));
    set(&node, "source_colorspace", "srgb");
    set(&node, "working_size", "128");
    for name in ["flat", "packed_light", "packed_shadow"] {
        // One network of exact arithmetic: only the order of sums may differ between processors.
        assert_as_stored(&format!("analytic_{name}"), &output(&node, name), 1e-3, 0.0);
    }
}

#[test]
fn the_shipped_model_on_a_frame_of_the_sample_shot() {
    let host = host(HostOptions::default());
    let node = sample(&host, 9);
    assert!(matches!(node.get("model").unwrap(), ParamValue::Choice(2)), "a new node begins with Tone Fast");
    // Convolutions of another processor round otherwise; that shows where two tones are equally likely.
    assert_as_stored("tone_orbit_0009_flat", &output(&node, "flat"), 4.0 / 255.0, 0.002);
}
