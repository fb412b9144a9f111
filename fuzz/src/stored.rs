//! Stored analyses and edits: the whole string, the frames packed within it, and several strings merged.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use roto::stored::Document;
use serde_json::Value;

use crate::files::{BETWEEN, seeds, texts};
use crate::{Target, assert_readable};

pub(crate) const STORED: Target = Target {
    name: "stored",
    seeds: || seeds(&[ANALYSIS, EDITS].map(packed_text).each_ref().map(String::as_str)),
    words: WORDS,
    cases: 1500,
    run: |bytes| check(&String::from_utf8_lossy(bytes)),
};

/// Damage within the frames, which are packed after it was done.
pub(crate) const BLOCKS: Target = Target {
    name: "stored_blocks",
    seeds: || seeds(&[ANALYSIS, EDITS]),
    words: WORDS,
    cases: 1500,
    run: |bytes| with_blocks(&String::from_utf8_lossy(bytes)).is_some_and(|text| check(&text)),
};

/// What farms and several artists give.
pub(crate) const MERGED: Target = Target {
    name: "merged",
    seeds: || {
        let of = |one: &str, other: &str| format!("{one}{BETWEEN}{other}");
        let other = ANALYSIS.replace("1001", "1002");
        seeds(&[&of(ANALYSIS, &other), &of(EDITS, EDITS)])
    },
    words: WORDS,
    cases: 1000,
    run: merge,
};

const WORDS: &[&[u8]] = &[
    b"null",
    b"-1",
    b"1e999",
    b"1e308",
    b"9223372036854775807",
    b"18446744073709551615",
    b"[[[[[[[[",
    b"{}",
    b"\"\\ud800\"",
    b"\"free\"",
    b"\"frames\":",
    b"\"a\\u0000\\n\":1,",
    b"\x1e",
];

/// A string whose frames are not packed yet, of version 1.
const ANALYSIS: &str = r#"{"format":"rotocel-analysis-1","topology":"patch","landmarks":2,"shapes":[[0,"free",1]],"model":"m 01",
"plate":{"x1":0.0,"y2":80.0,"width":100.0,"height":80.0,"pixel_aspect":1.0},"frames":{
"-7":{"landmarks":[[1.5,2.25,0.5,"visible"],null],"presence":[0.75],"crop":[0.0,1.0,50.0,51.0],"picture":"00000000000000ff"},
"1001":{"landmarks":[[3.0,4.0,1.0,"occluded"],[5.0,6.0,0.0,"visible"]],"presence":[1.0],"crop":[0,0,9,9],"picture":"ffffffffffffffff"}}}"#;
/// As [`ANALYSIS`], of version 2.
const EDITS: &str = r#"{"format":"rotocel-edits-2","topology":"patch","landmarks":2,"shapes":"0 free 1",
"plate":{"x1":-3.0,"y2":80.0,"width":100.0,"height":80.0,"pixel_aspect":2.0},"frames":{
"12":{"landmarks":{"1":[7.125,8.0]},"vertices":{"0":{"1":{"anchor":[1.0,2.0],"incoming":[0.0,-1.0]},"2":{"outgoing":[3,4]}}}},
"13":{"presence":{"0":false}}}}"#;

fn packed(frame: &Value) -> Option<String> {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
    zlib.write_all(frame.to_string().as_bytes()).ok()?;
    Some(STANDARD.encode(zlib.finish().ok()?))
}

/// The same text with its frames packed, where it is JSON with frames.
fn with_blocks(text: &str) -> Option<String> {
    let mut value: Value = serde_json::from_str(text).ok()?;
    for frame in value.get_mut("frames")?.as_object_mut()?.values_mut() {
        *frame = Value::String(packed(frame)?);
    }
    Some(value.to_string())
}

fn packed_text(text: &str) -> String {
    with_blocks(text).unwrap_or_default()
}

fn check(text: &str) -> bool {
    match Document::parse(text) {
        Ok(document) => {
            comes_back(&document);
            true
        }
        Err(error) => {
            assert!(error.to_string().starts_with("stored "), "{error}");
            assert_readable(&error);
            false
        }
    }
}

fn comes_back(document: &Document) {
    let again = document.write().expect("what was read can be written");
    assert_eq!(&Document::parse(&again).expect("what was written can be read"), document);
}

fn merge(bytes: &[u8]) -> bool {
    let texts = texts(bytes).into_iter().map(|text| with_blocks(&text).unwrap_or(text));
    let parts: Vec<Document> = texts.filter_map(|text| Document::parse(&text).ok()).collect();
    let count = parts.len();
    match Document::merged(parts) {
        Ok(merged) => {
            comes_back(&merged);
            count > 0
        }
        Err(error) => {
            assert_readable(&error);
            false
        }
    }
}
