//! The manifest, right and wrong.

use std::path::Path;

use inference::{Error, Extent, Manifest, ModelEntry, Role};

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
    refused("role = \"image\"", "role = \"subject\"", "no input with the role \"image\" or \"points\"");
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

/// A network of landmarks, as GOOD but for what it gives.
const LANDMARKS: &str = r#"
[[model]]
name = "face"
label = "Face"
node = "FeatureDetect"
file = "face.onnx"
stride = 16
colorspace = "srgb"
topology = "puppet"
classes = ["x", "y"]
sha256 = "4ff2a2c0c8db08b7199d8e017f770e62e065b349eb9c443f01d26d449bd28601"

[[model.input]]
name = "image"
role = "image"
channels = 3
range = [0.0, 1.0]
size = 256

[model.output]
name = "landmarks"
channels = 2
extent = "list"
length = 54

[model.companions]
shapes = "face_shapes"

[[model]]
name = "face_shapes"
label = "Face"
node = "FeatureDetect.shapes"
file = "face_shapes.onnx"
stride = 1
colorspace = "srgb"
classes = ["x"]
sha256 = "4ff2a2c0c8db08b7199d8e017f770e62e065b349eb9c443f01d26d449bd28601"

[[model.input]]
name = "points"
role = "points"
channels = 3
range = [-4.0, 4.0]
size = 45

[model.output]
name = "vertices"
channels = 1
extent = "list"
length = 51
"#;

#[test]
fn sizes_extents_topology_and_companions_are_read() {
    let manifest = parse(LANDMARKS).unwrap();
    let face = manifest.model("face").unwrap();
    assert_eq!((face.input(Role::Image).unwrap().size, face.output.extent), (Some(256), Extent::List { length: 54 }));
    assert_eq!((face.topology.as_deref(), face.companions["shapes"].as_str()), (Some("puppet"), "face_shapes"));
    assert_eq!(manifest.model("face_shapes").unwrap().input(Role::Points).unwrap().size, Some(45));
    assert_eq!(manifest.for_node("FeatureDetect").count(), 1, "companions are made for no node of the menu");
    let cells = parse(&LANDMARKS.replacen("extent = \"list\"\nlength = 54", "extent = \"cells\"\ncell = 8", 1));
    assert_eq!(cells.unwrap().models[0].output.extent, Extent::Cells { cell: 8 });
    assert_eq!(parse(GOOD).unwrap().models[0].output.extent, Extent::Picture);
}

#[test]
fn contradicting_sizes_extents_and_companions_are_named() {
    for (old, new, part) in [
        ("size = 256", "size = 250", "250, no multiple of the stride 16"),
        ("size = 256", "size = 0", "size 0"),
        ("length = 54", "", "\"list\" needs length"),
        ("length = 54", "length = 54\ncell = 8", "\"list\" needs length alone"),
        ("length = 54", "length = 0", "length 0"),
        ("extent = \"list\"\n", "", "neither length nor cell"),
        ("extent = \"list\"\nlength = 54", "extent = \"cells\"\ncell = 5", "do not divide the stride 16"),
        ("extent = \"list\"\nlength = 54", "extent = \"cloud\"", "cloud"),
        ("extent = \"list\"\nlength = 51", "", "needs an input with the role \"image\""),
        ("shapes = \"face_shapes\"", "shapes = \"lost\"", "\"lost\", which has no entry"),
        ("topology = \"puppet\"", "topology = \"\"", "topology is empty"),
    ] {
        assert!(LANDMARKS.contains(old), "{old}");
        let text = parse(&LANDMARKS.replacen(old, new, 1)).unwrap_err().to_string();
        assert!(text.starts_with("models/manifest.toml: model \"face") && text.contains(part), "{text} lacks {part}");
    }
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
