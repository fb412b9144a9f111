//! Every reader of command lines on damaged text. Readers of files are in the package `fuzz`.

#[path = "../../../tests/damage/mod.rs"]
mod damage;

use crate::fixture::node;
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
}
