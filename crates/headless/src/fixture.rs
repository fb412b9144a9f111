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

fn param(id: &str, kind: ParamKind, default: Option<ParamValue>) -> ParamDescription {
    ParamDescription {
        id: id.into(),
        label: id.into(),
        hint: String::new(),
        kind,
        default,
        min: Vec::new(),
        max: Vec::new(),
        display_min: Vec::new(),
        display_max: Vec::new(),
        options: Vec::new(),
        secret: false,
        enabled: true,
        parent: String::new(),
        animates: kind != ParamKind::String,
        persistent: true,
        evaluate_on_change: true,
        string_mode: None,
        children: Vec::new(),
        properties: Vec::new(),
    }
}

/// A filter with one parameter of each kind that the command line treats in its own way.
pub fn node() -> Description {
    let mut softness = param("softness", ParamKind::Double, Some(ParamValue::Double(1.0)));
    (softness.min, softness.max) = (vec![0.0], vec![1000.0]);
    let mut output = param("output", ParamKind::Choice, Some(ParamValue::Choice(0)));
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
            param("note", ParamKind::String, Some(ParamValue::String(String::new()))),
            param("tint", ParamKind::Rgb, Some(ParamValue::Rgb([1.0; 3]))),
            param("check", ParamKind::PushButton, None),
        ],
        properties: Vec::new(),
    }
}
