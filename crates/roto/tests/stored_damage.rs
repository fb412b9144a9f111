//! Stored analyses and edits on damaged text: the whole string, and the frames within it.

#[path = "../../../tests/damage/mod.rs"]
mod damage;

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use damage::{Fuzz, no_repair};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use roto::stored::Document;
use serde_json::Value;

/// A string whose frames are not packed yet.
const ANALYSIS: &str = r#"{"format":"rotocel-analysis-1","topology":"patch","landmarks":2,"shapes":[[0,"free",1]],"model":"m 01",
"plate":{"x1":0.0,"y2":80.0,"width":100.0,"height":80.0,"pixel_aspect":1.0},"frames":{
"-7":{"landmarks":[[1.5,2.25,0.5,"visible"],null],"presence":[0.75],"crop":[0.0,1.0,50.0,51.0],"picture":"00000000000000ff"},
"1001":{"landmarks":[[3.0,4.0,1.0,"occluded"],[5.0,6.0,0.0,"visible"]],"presence":[1.0],"crop":[0,0,9,9],"picture":"ffffffffffffffff"}}}"#;
/// As [`ANALYSIS`].
const EDITS: &str = r#"{"format":"rotocel-edits-1","topology":"patch","landmarks":2,"shapes":[[0,"free",1]],
"plate":{"x1":-3.0,"y2":80.0,"width":100.0,"height":80.0,"pixel_aspect":2.0},"frames":{
"12":{"landmarks":{"1":[7.125,8.0]},"vertices":{"0":{"1":{"anchor":[1.0,2.0],"incoming":[0.0,-1.0]},"2":{"outgoing":[3,4]}}}},
"13":{"presence":{"0":false}}}}"#;

fn packed(frame: &Value) -> String {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
    zlib.write_all(frame.to_string().as_bytes()).expect("memory");
    STANDARD.encode(zlib.finish().expect("memory"))
}

/// The same text with its frames packed, where it is JSON with frames.
fn with_blocks(text: &str) -> Option<String> {
    let mut value: Value = serde_json::from_str(text).ok()?;
    for frame in value.get_mut("frames")?.as_object_mut()?.values_mut() {
        *frame = Value::String(packed(frame));
    }
    Some(value.to_string())
}

fn check(text: &str) -> bool {
    match Document::parse(text) {
        Ok(document) => {
            let again = document.write().expect("what was read can be written");
            assert_eq!(Document::parse(&again).expect("what was written can be read"), document);
            true
        }
        Err(error) => {
            let message = error.to_string();
            assert!(message.starts_with("stored ") && message.len() < 2000, "{message}");
            assert!(!message.chars().any(char::is_control), "{message:?}");
            false
        }
    }
}

#[test]
fn any_text_is_stored_frames_or_an_error() {
    let whole = [ANALYSIS, EDITS].map(|text| with_blocks(text).expect("json with frames"));
    assert!(whole.iter().all(|text| check(text)));
    let seeds: Vec<Vec<u8>> =
        [ANALYSIS, EDITS].into_iter().chain(whole.iter().map(|text| &**text)).map(Into::into).collect();
    let words: [&[u8]; 12] = [
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
    ];
    let fuzz = Fuzz { reader: ".stored", seeds: &seeds, words: &words, count: 3000, repair: no_repair, knowing: None };
    fuzz.run(&std::env::temp_dir(), |_, bytes| {
        let text = String::from_utf8_lossy(bytes);
        check(&text);
        if let Some(text) = with_blocks(&text) {
            check(&text);
        }
    });
}
