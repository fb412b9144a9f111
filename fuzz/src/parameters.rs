//! Files of parameters, as `rotocel render --save-params` writes them.

use std::path::Path;

use headless::params_file;
use ofx_sdk::host::{Description, ParamDescription, ParamValue, ThreadSafety};
use ofx_sdk::{Context, Depth, ParamKind};

use crate::Target;
use crate::files::seeds;

pub(crate) const PARAMETERS: Target = Target {
    name: "parameters",
    seeds: || seeds(SEEDS),
    words: &[
        b"null",
        b"true",
        b"-1",
        b"1e308",
        b"1e999",
        b"\"keys\":",
        b"[[[[[[[[",
        b"{}",
        b"\"index\": 99",
        b"\"\\ud800\"",
        b"\"output\"",
        b"\"check\"",
    ],
    cases: 1500,
    run: parameters,
};

const SEEDS: &[&str] = &[
    r#"{"node": "test.Node", "version": [1, 0], "params": {"softness": 1.5, "output": {"option": "flat", "index": 1},
        "note": "größer", "tint": [0.1, 0.2, 1]}}"#,
    r#"{"node": "test.Node", "version": [1, 0], "params": {"softness": {"keys": [{"frame": 1, "value": 0.5},
        {"frame": 9.5, "value": 4}]}}}"#,
];

fn parameters(bytes: &[u8]) -> bool {
    let node = node();
    match params_file::parse(&String::from_utf8_lossy(bytes), Path::new("saved.json"), &node) {
        Ok(saved) => {
            for (id, curve) in &saved {
                let param = node.param(id).expect("only parameters that there are");
                let values = curve.keys.iter().map(|key| &key.value).chain([&curve.constant]);
                values.for_each(|value| param.check(value).expect("only values that fit"));
                assert!(curve.keys.iter().all(|key| key.time.is_finite()), "{id}");
                assert!(curve.keys.is_sorted_by(|a, b| a.time < b.time), "{id}");
            }
            true
        }
        Err(error) => {
            let text = error.to_string();
            assert!(text.contains("saved.json") && text.len() < 2000 + 4 * bytes.len(), "{text}");
            false
        }
    }
}

/// A node with a parameter of each kind that files say in a way of their own.
fn node() -> Description {
    let mut softness = ParamDescription::new("softness", ParamKind::Double, Some(ParamValue::Double(1.0)));
    (softness.min, softness.max) = (vec![0.0], vec![1000.0]);
    let mut output = ParamDescription::new("output", ParamKind::Choice, Some(ParamValue::Choice(0)));
    output.options = vec!["Source matte".into(), "Flat".into()];
    let note = ParamDescription::new("note", ParamKind::String, Some(ParamValue::String(String::new())));
    let tint = ParamDescription::new("tint", ParamKind::Rgb, Some(ParamValue::Rgb([1.0; 3])));
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
        clips: Vec::new(),
        params: vec![softness, output, note, tint, ParamDescription::new("check", ParamKind::PushButton, None)],
        properties: Vec::new(),
    }
}
