//! What is said of models and characters: manifests, descriptions, topologies, and an ONNX file's outer layers.

use std::path::Path;

use inference::{Error, Manifest, ModelEntry};
use roto::Topology;
use roto::exchange::Layout;

use crate::files::seeds;
use crate::{Target, assert_readable};

pub(crate) const TOPOLOGY: Target = Target {
    name: "topology",
    seeds: || seeds(&[PUPPET, include_str!("../../crates/roto/fixtures/topologies/mouth.toml")]),
    words: &[
        b"\"free\"",
        b"[[0, 4]]",
        b"-1",
        b"99999999999999999999",
        b"mirror_landmarks",
        b"closed = true",
        b"nan",
        b"\"\"",
        b"subsets",
    ],
    cases: 1000,
    run: topology,
};

pub(crate) const LAYOUTS: Target = Target {
    name: "layouts",
    seeds: || seeds(&[include_str!("../../models/topologies/puppet_layouts.toml")]),
    words: &[b"[[layout]]", b"\"points\"", b"-1", b"99999999999999999999", b"[]", b"\"\"", b"nan"],
    cases: 500,
    run: layouts,
};

pub(crate) const MODEL_MANIFEST: Target = Target {
    name: "model_manifest",
    seeds: || {
        let shipped = include_str!("../../models/manifest.toml");
        seeds(&[shipped])
    },
    words: &[
        b"[[model]]",
        b"[model.output]",
        b"nan",
        b"-1",
        b"99999999999999999999",
        b"stride = 0",
        b"\"",
        b"'''",
        b"../",
        b"\n",
    ],
    cases: 1000,
    run: manifest,
};

pub(crate) const MODEL_DESCRIPTION: Target = Target {
    name: "model_description",
    seeds: || seeds(&[DESCRIPTION]),
    words: &[
        b"null",
        b"1e999",
        b"1e39",
        b"-0",
        b"\"absent\"",
        b"18446744073709551616",
        b"\\ud800",
        b"{",
        b"[[[[",
        b"\"role\"",
    ],
    cases: 1500,
    run: description,
};

pub(crate) const ONNX_FILE: Target = Target {
    name: "onnx_file",
    seeds: || vec![include_bytes!("../../models/fixtures/tiny_tone.onnx").to_vec()],
    words: &[b"\x3a", b"\x2a", b"\x6a\x00", b"\x70\x01", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"],
    cases: 1500,
    run: onnx_file,
};

const PUPPET: &str = include_str!("../../models/topologies/puppet.toml");

const DESCRIPTION: &str = r#"{"name": "m", "label": "M", "node": "N", "stride": 4, "colorspace": "srgb", "classes": ["a", "b"],
    "input": [{"name": "image", "role": "image", "channels": 3, "range": [0, 1]},
              {"name": "subject", "role": "subject", "channels": 1, "range": [0, 1], "absent": 0.5}],
    "output": {"name": "logits", "channels": 2}, "scores": {"a": 0.5}}"#;

fn topology(bytes: &[u8]) -> bool {
    let found: Result<Topology, _> = toml::from_str(&String::from_utf8_lossy(bytes));
    let Ok(topology) = found else { return false };
    let shapes = topology.shapes().iter().flat_map(|shape| &shape.vertices);
    assert!(shapes.filter_map(|vertex| vertex.landmark()).all(|index| index < topology.landmarks().len()));
    assert_eq!(topology.shape_mirrors().len(), topology.shapes().len());
    let json = serde_json::to_string(&topology).expect("a topology is JSON");
    assert_eq!(serde_json::from_str::<Topology>(&json).expect("what was written"), topology);
    true
}

fn layouts(bytes: &[u8]) -> bool {
    let puppet = Topology::puppet().expect("the topology that is compiled in");
    match Layout::parse(&String::from_utf8_lossy(bytes), &puppet) {
        Ok(_) => true,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            false
        }
    }
}

/// What holds of every entry that is taken, whatever the text was.
fn assert_sound(entry: &ModelEntry) {
    assert!(!entry.name.trim().is_empty() && !entry.node.trim().is_empty() && (1..=1024).contains(&entry.stride));
    assert_eq!(entry.classes.len(), entry.output.channels);
    assert!(entry.inputs.iter().all(|input| (1..=4096).contains(&input.channels) && input.range[0] < input.range[1]));
    assert!(entry.inputs.iter().filter_map(|input| input.absent).all(f32::is_finite));
}

fn assert_named(error: &Error, file: &str) {
    let text = error.to_string();
    assert!(text.starts_with(&format!("{file}: ")), "the file is not named: {text}");
}

fn manifest(bytes: &[u8]) -> bool {
    match Manifest::parse(&String::from_utf8_lossy(bytes), Path::new("manifest.toml")) {
        Ok(manifest) => {
            manifest.models.iter().for_each(assert_sound);
            let mut names: Vec<_> = manifest.models.iter().map(|entry| &entry.name).collect();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), manifest.models.len(), "two entries have one name");
            assert!(manifest.models.iter().all(|entry| !entry.file.contains('/')));
            true
        }
        Err(error) => {
            assert_named(&error, "manifest.toml");
            false
        }
    }
}

fn description(bytes: &[u8]) -> bool {
    match ModelEntry::from_json(&String::from_utf8_lossy(bytes), Path::new("net.onnx.json")) {
        Ok(entry) => {
            assert_sound(&entry);
            true
        }
        Err(error) => {
            assert_named(&error, "net.onnx.json");
            false
        }
    }
}

fn onnx_file(bytes: &[u8]) -> bool {
    match inference::check_onnx_file(bytes) {
        Ok(()) => true,
        Err(reason) => {
            assert_readable(&reason);
            false
        }
    }
}
