//! Every reader of text on damaged text: command lines and files that people and farms write.

#[path = "../../../tests/damage/mod.rs"]
mod damage;

use crate::fixture::node;
use crate::params_file;
use crate::sequence::{FrameList, Pattern};
use crate::settings::{Assignment, button, clip_files};
use damage::{Fuzz, finds, no_repair};
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    std::env::temp_dir()
}

fn fuzz(reader: &str, seeds: &[&str], words: &[&[u8]], check: impl FnMut(&Path, &[u8])) {
    let seeds: Vec<Vec<u8>> = seeds.iter().map(|seed| seed.as_bytes().to_vec()).collect();
    Fuzz { reader, seeds: &seeds, words, count: 1500, repair: no_repair, knowing: None }.run(&folder(), check);
}

/// A message is for a person: it is not empty, and it says no more than a screen holds.
fn assert_readable(error: &crate::error::Error, given: &[u8]) {
    let text = error.to_string();
    assert!(!text.is_empty() && text.len() < 1000 + 4 * given.len(), "{text}");
}

fn check_pattern(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match Pattern::parse(&text) {
        Ok(pattern) => {
            assert_eq!(pattern.to_string(), text);
            let frames = [i64::MIN, -1, 0, 7, i64::MAX];
            let paths: Vec<PathBuf> = frames.iter().map(|frame| pattern.path(*frame)).collect();
            let mut distinct = paths.clone();
            distinct.sort();
            distinct.dedup();
            assert_eq!(distinct.len(), if pattern.is_sequence() { frames.len() } else { 1 }, "{paths:?}");
        }
        Err(error) => assert_readable(&error, bytes),
    }
}

#[test]
fn any_text_is_a_pattern_or_an_error() {
    let seeds = ["shot.%04d.png", "a/b_####.exr", "%d", "f##/x.tif", "50% done.%03d.png", "größe.%2d.jpg"];
    let words: [&[u8]; 6] = [b"%", b"%0", b"d", b"#", b"%99999999999999999999d", "ü".as_bytes()];
    fuzz(".pattern", &seeds, &words, |_, bytes| check_pattern(bytes));
}

fn check_frames(bytes: &[u8]) {
    match FrameList::parse(&String::from_utf8_lossy(bytes)) {
        Ok(list) => {
            assert!(!list.frames().is_empty() && list.frames().len() <= 1_000_000, "{}", list.frames().len());
            assert!(FrameList::describe(list.frames()).len() < 1000);
        }
        Err(error) => assert_readable(&error, bytes),
    }
}

#[test]
fn any_text_is_a_list_of_frames_or_an_error() {
    let seeds = ["1-90", "1-90x2,5,10-20", "-5--3", "7", "1,2,3,4,5-9x3", "0-999999"];
    let words: [&[u8]; 8] = [
        b"-",
        b",",
        b"x",
        b"9223372036854775807",
        b"-9223372036854775808",
        b"1-1000000,",
        b"x18446744073709551615",
        b" ",
    ];
    fuzz(".frames", &seeds, &words, |_, bytes| check_frames(bytes));
}

fn check_params(path: &Path, bytes: &[u8]) {
    let node = node();
    match params_file::load(path, &node) {
        Ok(saved) => {
            for (id, curve) in &saved {
                let param = node.param(id).expect("only parameters that there are");
                let values = curve.keys.iter().map(|key| &key.value).chain([&curve.constant]);
                values.for_each(|value| param.check(value).unwrap());
                assert!(curve.keys.iter().all(|key| key.time.is_finite()), "{id}");
            }
        }
        Err(error) => {
            assert_readable(&error, bytes);
            let name = path.file_name().unwrap().to_str().unwrap();
            assert!(error.to_string().contains(name), "the file is not named: {error}");
        }
    }
}

#[test]
fn any_file_is_parameters_or_an_error_that_names_it() {
    let seeds = [
        r#"{"node": "test.Node", "version": [1, 0], "params": {"softness": 1.5, "output": {"option": "flat", "index": 1},
            "note": "größer", "tint": [0.1, 0.2, 1]}}"#,
        r#"{"node": "test.Node", "version": [1, 0], "params": {"softness": {"keys": [{"frame": 1, "value": 0.5},
            {"frame": 9.5, "value": 4}]}, "check": null}}"#,
    ];
    let words: [&[u8]; 12] = [
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
    ];
    fuzz(".json", &seeds, &words, check_params);
}

#[test]
fn any_text_is_a_setting_or_an_error() {
    let seeds =
        ["softness=2.5", "softness@12=3", "output=flat", "tint=1,0.5,0", "note=a=b", "Mask=m.%04d.png", "check"];
    let words: [&[u8]; 10] = [b"=", b"@", b",", b"nan", b"inf", b"-1e39", b"softness", b"output", b"tint", b"Mask"];
    let node = node();
    fuzz(".setting", &seeds, &words, |_, bytes| {
        let text = String::from_utf8_lossy(bytes);
        match Assignment::parse(&text, &node) {
            Ok(Assignment { id, frame, value }) => {
                node.param(&id).unwrap().check(&value).unwrap();
                assert!(frame.is_none_or(f64::is_finite));
            }
            Err(error) => assert_readable(&error, bytes),
        }
        if let Err(error) = button(&node, &text) {
            assert_readable(&error, bytes);
        }
        match clip_files(&text, &node) {
            Ok((clip, files)) => assert!(clip != "Output" && text.ends_with(files)),
            Err(error) => assert_readable(&error, bytes),
        }
    });
}

#[test]
fn what_was_found_once_is_read_again() {
    let finds_of = |reader: &str| finds(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/finds").join(reader));
    for path in finds_of("frames") {
        let started = std::time::Instant::now();
        check_frames(&std::fs::read(&path).unwrap());
        assert!(started.elapsed().as_secs() < 5, "{} took {:?}", path.display(), started.elapsed());
    }
    for path in finds_of("json") {
        check_params(&path, &std::fs::read(&path).unwrap());
    }
}
