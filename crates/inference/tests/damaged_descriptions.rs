//! Every text that this crate reads, damaged: the manifest and a custom model's description.

#[path = "../../../tests/damage/mod.rs"]
mod damage;

use std::path::{Path, PathBuf};

use damage::{Fuzz, no_repair};
use inference::{Error, Manifest, ModelEntry};

const DESCRIPTION: &str = r#"{"name": "m", "label": "M", "node": "N", "stride": 4, "colorspace": "srgb", "classes": ["a", "b"],
    "input": [{"name": "image", "role": "image", "channels": 3, "range": [0, 1]},
              {"name": "subject", "role": "subject", "channels": 1, "range": [0, 1], "absent": 0.5}],
    "output": {"name": "logits", "channels": 2}, "scores": {"a": 0.5}}"#;

/// A million brackets end a parser that goes one call deeper for each.
const DEEP: usize = 1 << 20;

fn shipped() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/manifest.toml")).unwrap()
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
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

fn check_manifest(bytes: &[u8]) {
    match Manifest::parse(&String::from_utf8_lossy(bytes), Path::new("manifest.toml")) {
        Ok(manifest) => {
            manifest.models.iter().for_each(assert_sound);
            let mut names: Vec<_> = manifest.models.iter().map(|entry| &entry.name).collect();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), manifest.models.len(), "two entries have one name");
            assert!(manifest.models.iter().all(|entry| !entry.file.contains('/')));
        }
        Err(error) => assert_named(&error, "manifest.toml"),
    }
}

fn check_description(bytes: &[u8]) {
    match ModelEntry::from_json(&String::from_utf8_lossy(bytes), Path::new("net.onnx.json")) {
        Ok(entry) => assert_sound(&entry),
        Err(error) => assert_named(&error, "net.onnx.json"),
    }
}

#[test]
fn any_text_is_a_manifest_or_an_error_that_names_it() {
    let doubled = shipped().replace("tone_small", "tone_other") + &shipped();
    let seeds = [shipped().into_bytes(), doubled.into_bytes()];
    let words: [&[u8]; 10] = [
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
    ];
    let fuzz = Fuzz { reader: ".toml", seeds: &seeds, words: &words, count: 1000, repair: no_repair, knowing: None };
    fuzz.run(&folder(), |_, bytes| check_manifest(bytes));
}

#[test]
fn any_text_is_a_description_or_an_error_that_names_it() {
    let seeds = [DESCRIPTION.as_bytes().to_vec()];
    let words: [&[u8]; 10] = [
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
    ];
    let fuzz = Fuzz { reader: ".json", seeds: &seeds, words: &words, count: 1500, repair: no_repair, knowing: None };
    fuzz.run(&folder(), |_, bytes| check_description(bytes));
}

#[test]
fn a_million_brackets_are_an_error_and_no_end_of_the_stack() {
    check_description(&b"[".repeat(DEEP));
    check_description(DESCRIPTION.replace("0.5}]", &format!("{}]", "[".repeat(DEEP))).as_bytes());
    check_manifest(&[&b"x = "[..], &b"[".repeat(DEEP)].concat());
    check_manifest(&[&b"x = "[..], &b"{a=".repeat(DEEP / 4)].concat());
    check_manifest(&b"a.".repeat(DEEP / 16));
}
