//! A node's description, for tests that need no plug-in.

use ofx_sdk::host::{ClipDescription, Description, ParamDescription, ParamValue, ThreadSafety};
use ofx_sdk::{Components, Context, Depth, ParamKind};

fn clip(name: &str, components: Components, optional: bool) -> ClipDescription {
    ClipDescription {
        name: name.into(),
        label: name.into(),
        optional,
        mask: components == Components::Alpha,
        components: vec![components],
        temporal: false,
        tiles: true,
        properties: Vec::new(),
    }
}

/// A filter with one parameter of each kind that the command line treats in its own way.
pub fn node() -> Description {
    let mut softness = ParamDescription::new("softness", ParamKind::Double, Some(ParamValue::Double(1.0)));
    (softness.min, softness.max) = (vec![0.0], vec![1000.0]);
    let mut output = ParamDescription::new("output", ParamKind::Choice, Some(ParamValue::Choice(0)));
    output.options = vec!["Source matte".into(), "Flat".into()];
    Description {
        identifier: "test.Node".into(),
        version: (1, 0),
        context: Context::General,
        contexts: vec![Context::General],
        label: "Node".into(),
        group: "Test".into(),
        description: String::new(),
        depths: vec![Depth::Float],
        thread_safety: ThreadSafety::FullySafe,
        host_frame_threading: false,
        tiles: true,
        temporal: false,
        multi_plane: false,
        clips: vec![
            clip("Source", Components::Rgba, false),
            clip("Mask", Components::Alpha, true),
            clip("Output", Components::Rgba, false),
        ],
        params: vec![
            softness,
            output,
            ParamDescription::new("note", ParamKind::String, Some(ParamValue::String(String::new()))),
            ParamDescription::new("tint", ParamKind::Rgb, Some(ParamValue::Rgb([1.0; 3]))),
            ParamDescription::new("check", ParamKind::PushButton, None),
        ],
        properties: Vec::new(),
    }
}
