//! Every reader of exchange files on damaged text.

#[path = "../../../tests/damage/mod.rs"]
mod damage;

use damage::{Fuzz, no_repair};
use roto::Plate;
use roto::exchange::{Format, ReadOptions, TextFile, WriteOptions};

/// What the writer of a format made of the fixture, without the head of the reference file.
fn reference(snapshot: &'static str) -> &'static str {
    snapshot.splitn(3, "---\n").nth(2).expect("a reference file has a head")
}

fn options() -> ReadOptions {
    let plate = Plate { x1: -16.0, y2: 150.0, width: 200.0, height: 120.0, pixel_aspect: 2.0 };
    ReadOptions { plate: Some(plate), ..ReadOptions::default() }
}

/// What is read is a scene that can be written again; what is not is an error that a person can read.
fn check(format: Format, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    match format.read(&[TextFile { frame: Some(7), text }], &options()) {
        Ok(found) => {
            found.scene.check().expect("a reader gives out what writers take");
            assert!(found.notes.iter().map(String::len).sum::<usize>() < 10_000 + 4 * bytes.len());
            let again = Format::RotocelShot.write(&found.scene, &WriteOptions::default());
            let again = again.and_then(|written| Format::RotocelShot.read(&written.files, &ReadOptions::default()));
            assert_eq!(again.expect("JSON holds every scene").scene, found.scene);
        }
        Err(error) => {
            let message = error.to_string();
            assert!(!message.is_empty() && message.len() < 1000, "{message}");
            assert!(!message.chars().any(char::is_control), "{message:?}");
        }
    }
}

fn fuzz(format: Format, reader: &str, seeds: &[&str], words: &[&[u8]]) {
    let seeds: Vec<Vec<u8>> = seeds.iter().map(|seed| seed.as_bytes().to_vec()).collect();
    let fuzz = Fuzz { reader, seeds: &seeds, words, count: 1500, repair: no_repair, knowing: None };
    fuzz.run(&std::env::temp_dir(), |_, bytes| check(format, bytes));
}

#[test]
fn any_text_is_a_shot_or_an_error() {
    let seed = reference(include_str!("../src/exchange/snapshots/roto__exchange__format__tests__rotocel_shot.snap"));
    let words: [&[u8]; 10] = [
        b"null",
        b"-1",
        b"1e999",
        b"1e308",
        b"9223372036854775807",
        b"[[[[[[[[",
        b"{}",
        b"\"\\ud800\"",
        b"\"hand\"",
        b"true",
    ];
    fuzz(Format::RotocelShot, ".shot.json", &[seed], &words);
}

#[test]
fn any_text_is_a_roto_node_or_an_error() {
    let seed = reference(include_str!("../src/exchange/snapshots/roto__exchange__format__tests__nuke_roto.snap"));
    let feather = "Roto { curves {{{v 1} {layer Root {layer a {t 1 2 0 0 0 0 0 0 0 1 1 1 0} {curvegroup \"a b\" 512 bezier \
                   {{cc {f 8192} {px 5 {0 0} {1 2} {3 4} {0 0} {9 {=a 2}} {3 4}}} {cc {f 8192} {px 5 {0 0} {1 1} {0 0} {0 0} \
                   {-1 {{1 2 -} {3 4}}} {0 0}}}} {tx 5 1 1} {a opc {{1 0} {9 1}} ltt 4 ltn 2 ltm 8 fo 1 fx 3 fy 3}}}}}} }";
    let words: [&[u8]; 14] = [
        b"{",
        b"}",
        b"{{",
        b"}}",
        b"\"",
        b"x7f800000",
        b"x4b800000",
        b"-1e300",
        b"{px",
        b"{p ",
        b"bezier",
        b"{=",
        b"ltt 2",
        b"\\",
    ];
    fuzz(Format::NukeRoto, ".nk", &[seed, feather], &words);
}

#[test]
fn any_text_is_a_tracker_node_or_an_error() {
    let seed = reference(include_str!("../src/exchange/snapshots/roto__exchange__format__tests__nuke_tracker.snap"));
    let words: [&[u8]; 10] =
        [b"{curve", b"x1e9", b"x-16777216", b"x16777216 1 2 3", b"}", b"{", b"\"", b"nan", b"K ", b"track_x"];
    fuzz(Format::NukeTracker, ".tracker.nk", &[seed], &words);
}

#[test]
fn any_text_is_a_frame_of_cubic_segments_or_an_error() {
    let frame = reference(include_str!("../src/exchange/snapshots/roto__exchange__format__tests__cubic_segments.snap"));
    let public = include_str!("../fixtures/laika/shapes-test-frame042.json");
    let words: [&[u8]; 8] = [b"null", b"1e999", b"[[[[[[", b"{}", b"\"points\"", b"[0, 0]", b"-1e7", b","];
    fuzz(Format::CubicSegments, ".json", &[frame, public], &words);
}
