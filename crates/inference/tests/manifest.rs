//! The manifest, right and wrong.

use std::path::Path;

use inference::{Error, Manifest, ModelEntry, Role};

const GOOD: &str = r#"
[[model]]
name = "tone_small"
label = "Tone Small"
node = "ToneSegment"
file = "tone_small.onnx"
licence = "Apache-2.0"
card = "tone_small.md"
stride = 16
colorspace = "srgb"
classes = ["background", "highlight"]
sha256 = "4ff2a2c0c8db08b7199d8e017f770e62e065b349eb9c443f01d26d449bd28601"

[[model.input]]
name = "image"
role = "image"
channels = 3
range = [0.0, 1.0]

[[model.input]]
name = "subject"
role = "subject"
channels = 1
range = [0.0, 1.0]
absent = 0.5

[model.output]
name = "logits"
channels = 2

[model.scores]
background = 0.99
"#;

fn parse(text: &str) -> Result<Manifest, Error> {
    Manifest::parse(text, Path::new("models/manifest.toml"))
}

/// The manifest with one line exchanged; the error must name file, entry and what is wrong.
fn refused(old: &str, new: &str, part: &str) {
    assert!(GOOD.contains(old), "{old}");
    let text = parse(&GOOD.replacen(old, new, 1)).unwrap_err().to_string();
    assert!(text.starts_with("models/manifest.toml: model "), "{text}");
    assert!(text.contains(part), "{text} lacks {part}");
}

#[test]
fn a_complete_entry_is_read() {
    let manifest = parse(GOOD).unwrap();
    let entry = manifest.model("tone_small").unwrap();
    assert_eq!((entry.stride, entry.output.channels, entry.classes.len()), (16, 2, 2));
    assert_eq!(entry.input(Role::Subject).unwrap().absent, Some(0.5));
    assert_eq!(entry.input(Role::Image).unwrap().range, [0.0, 1.0]);
    assert_eq!(entry.scores["background"], 0.99);
    assert_eq!(manifest.for_node("ToneSegment").count(), 1);
    assert_eq!((manifest.for_node("SkyMatte").count(), manifest.model("tone")), (0, None));
}

#[test]
fn the_shipped_manifest_is_valid() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/manifest.toml");
    let manifest = Manifest::load(&path).unwrap();
    assert!(manifest.for_node("ToneSegment").count() > 0);
}

#[test]
fn an_empty_manifest_has_no_models() {
    assert_eq!(parse("").unwrap(), Manifest::default());
}

#[test]
fn missing_fields_are_named() {
    for field in ["name", "label", "node", "file", "sha256", "stride", "colorspace", "classes"] {
        let line = GOOD.lines().find(|line| line.starts_with(&format!("{field} = "))).unwrap();
        let text = parse(&GOOD.replacen(line, "", 1)).unwrap_err().to_string();
        assert!(text.contains(field), "{text} lacks {field}");
    }
    refused("[model.output]\nname = \"logits\"\nchannels = 2\n", "", "output");
    refused("role = \"image\"\n", "", "role");
}

#[test]
fn contradictions_are_named() {
    refused("channels = 2", "channels = 3", "2 classes, but the output has 3 channels");
    refused("role = \"subject\"", "role = \"image\"", "two inputs have the role \"image\"");
    refused("name = \"subject\"", "name = \"image\"", "two inputs are named \"image\"");
    refused("role = \"image\"", "role = \"depth\"", "depth");
    refused("role = \"image\"", "role = \"subject\"", "no input with the role \"image\"");
    refused("\"background\", \"highlight\"", "\"background\", \"background\"", "given twice");
    refused("range = [0.0, 1.0]", "range = [1.0, 0.0]", "range 1 to 0");
    refused("channels = 3", "channels = 0", "0 channels");
    refused("stride = 16", "stride = 0", "stride is 0");
    refused("stride = 16", "stride = -1", "stride");
    refused("absent = 0.5", "absent = nan", "no number");
    refused("absent = 0.5", "absnt = 0.5", "absnt");
    refused("file = \"tone_small.onnx\"", "file = \"../tone_small.onnx\"", "without folders");
    refused("name = \"tone_small\"", "name = \"tone small\"", "spaces");
    refused("4ff2a2", "4FF2A2", "lowercase");
    refused("4ff2a2", "4ff2a", "64");
}

#[test]
fn two_entries_must_not_share_a_name_or_a_file() {
    let text = parse(&GOOD.repeat(2)).unwrap_err().to_string();
    assert!(text.contains("tone_small") && text.contains("same name"), "{text}");
    let renamed = GOOD.replacen("name = \"tone_small\"", "name = \"tone_large\"", 1);
    let text = parse(&(GOOD.to_owned() + &renamed)).unwrap_err().to_string();
    assert!(text.contains("tone_large") && text.contains("same file tone_small.onnx"), "{text}");
}

#[test]
fn what_is_no_toml_is_refused_with_the_files_name() {
    for text in ["[[model]", "model = 3", "surprise = 1", "\u{0}"] {
        let message = parse(text).unwrap_err().to_string();
        assert!(message.starts_with("models/manifest.toml: manifest: "), "{message}");
    }
    let missing = Manifest::load(Path::new("/no/such/manifest.toml")).unwrap_err().to_string();
    assert!(missing.contains("/no/such/manifest.toml"), "{missing}");
}

#[test]
fn a_custom_entry_needs_no_hash_but_must_be_consistent() {
    let good = r#"{"name": "m", "label": "M", "node": "N", "stride": 4, "colorspace": "srgb", "classes": ["a"],
        "input": [{"name": "image", "role": "image", "channels": 3, "range": [0, 1]}],
        "output": {"name": "logits", "channels": 1}}"#;
    let origin = Path::new("m.onnx.json");
    assert_eq!(ModelEntry::from_json(good, origin).unwrap().sha256, None);
    let text = ModelEntry::from_json(&good.replace("[\"a\"]", "[]"), origin).unwrap_err().to_string();
    assert!(text.contains("m.onnx.json") && text.contains("0 classes"), "{text}");
    assert!(ModelEntry::from_json("", origin).is_err());
}
