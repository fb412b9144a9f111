//! The program as a shell sees it: exit codes, messages, files.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn rotocel(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rotocel"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("ROTOCEL_BUNDLE")
        .env_remove("OFX_PLUGIN_PATH")
        .output()
        .expect("the program starts")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("the program was not killed")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A sequence of small pictures, grey levels by frame.
fn sequence(folder: &Path, frames: impl IntoIterator<Item = u8>) -> PathBuf {
    for frame in frames {
        let picture = image::RgbImage::from_fn(16, 8, |x, y| image::Rgb([frame * 10, (x * 8) as u8, (y * 16) as u8]));
        picture.save(folder.join(format!("shot.{frame:04}.png"))).unwrap();
    }
    folder.join("shot.%04d.png")
}

#[test]
fn help_and_version_succeed_and_explain_exit_codes() {
    let dir = tempfile::tempdir().unwrap();
    let help = rotocel(dir.path(), &["--help"]);
    assert_eq!(code(&help), 0);
    assert!(String::from_utf8_lossy(&help.stdout).contains("130"));
    assert_eq!(code(&rotocel(dir.path(), &["--version"])), 0);
}

#[test]
fn bad_arguments_are_usage_errors() {
    let dir = tempfile::tempdir().unwrap();
    for arguments in [
        &["frobnicate"][..],
        &["render", "ToneSegment"],
        &["render", "ToneSegment", "-o", "a.exr", "--scale", "0"],
        &["render", "ToneSegment", "-o", "a.exr", "--scale", "nan"],
        &["render", "ToneSegment", "-o", "a.exr", "--tiles", "0"],
        &["render", "ToneSegment", "-o", "a.gif"],
        &["render", "ToneSegment", "-o", "a.png", "--layers"],
        &["render", "ToneSegment", "-o", "a.png", "--depth", "half"],
        &["render", "ToneSegment", "-o", "a.exr", "--depth", "8"],
        &["render", "ToneSegment", "-o", "a.exr", "--frames", "9-1"],
        &["render", "ToneSegment", "-o", "a.exr", "--frame-rate", "-1"],
        &["gif", "a.%04d.png", "-o", "a.gif", "--fps", "0"],
        &["sheet", "a.%04d.png", "-o", "a.jpg"],
    ] {
        let output = rotocel(dir.path(), arguments);
        assert_eq!(code(&output), 2, "{arguments:?}: {}", said(&output));
    }
}

#[test]
fn limits_of_the_simulated_artist_that_are_no_numbers_are_told() {
    let dir = tempfile::tempdir().unwrap();
    for (option, value) in [("--most-minutes", "nan"), ("--most-minutes", "-1"), ("--content-px", "nan")] {
        let output = rotocel(dir.path(), &["score", "features", ".", &format!("{option}={value}")]);
        assert_eq!(code(&output), 2, "{option}: {}", said(&output));
        assert!(said(&output).contains(&format!("{option}: give a number")), "{}", said(&output));
    }
}

#[test]
fn a_missing_or_broken_bundle_is_a_plug_in_error_that_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let missing = rotocel(dir.path(), &["nodes", "--bundle", "nowhere"]);
    assert_eq!(code(&missing), 5);
    assert!(said(&missing).contains("nowhere"));
    std::fs::write(dir.path().join("broken.ofx"), b"not a library").unwrap();
    let broken = rotocel(dir.path(), &["describe", "ToneSegment", "--bundle", "broken.ofx"]);
    assert_eq!(code(&broken), 5);
    assert!(said(&broken).contains("broken.ofx"), "{}", said(&broken));
}

#[test]
fn a_render_without_an_output_needs_a_button() {
    let dir = tempfile::tempdir().unwrap();
    let nothing = rotocel(dir.path(), &["render", "X", "--bundle", "nowhere"]);
    assert!(code(&nothing) == 2 && said(&nothing).contains("--output"), "{}", said(&nothing));
    let layers = rotocel(dir.path(), &["render", "X", "--press", "analyse", "--layers", "--bundle", "nowhere"]);
    assert!(code(&layers) == 2 && said(&layers).contains("--output"), "{}", said(&layers));
    let button = rotocel(dir.path(), &["render", "X", "--press", "analyse", "--bundle", "nowhere"]);
    assert!(code(&button) == 5 && said(&button).contains("nowhere"), "{}", said(&button));
}

#[test]
fn errors_are_json_where_json_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let output = rotocel(dir.path(), &["render", "X", "-o", "a.exr", "--bundle", "nowhere", "--json"]);
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(value["exit_code"], 5);
    assert!(value["error"].as_str().unwrap().contains("nowhere"));
}

#[test]
fn a_sheet_and_a_gif_show_sequences_side_by_side() {
    let dir = tempfile::tempdir().unwrap();
    let shot = sequence(dir.path(), 1..=5);
    let shot = shot.to_str().unwrap();
    let output = rotocel(dir.path(), &["sheet", shot, shot, "-o", "sheet.png", "--width", "32", "--rows", "3"]);
    assert_eq!(code(&output), 0, "{}", said(&output));
    let sheet = image::open(dir.path().join("sheet.png")).unwrap();
    assert_eq!((sheet.width(), sheet.height()), (32 + 4 + 32, 16 + 4 + 16 + 4 + 16));
    let output = rotocel(dir.path(), &["gif", shot, shot, "-o", "a.gif", "--width", "24", "--frames", "1-5x2"]);
    assert_eq!(code(&output), 0, "{}", said(&output));
    let bytes = std::fs::read(dir.path().join("a.gif")).unwrap();
    let mut decoder = gif::DecodeOptions::new().read_info(&*bytes).unwrap();
    let mut frames = 0;
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        assert_eq!((frame.width, frame.height), (24 + 4 + 24, 12));
        frames += 1;
    }
    assert_eq!(frames, 3);
}

#[test]
fn missing_and_damaged_inputs_are_input_errors_that_name_the_frame() {
    let dir = tempfile::tempdir().unwrap();
    let shot = sequence(dir.path(), [1, 2, 4]);
    let shot = shot.to_str().unwrap();
    let gap = rotocel(dir.path(), &["sheet", shot, "-o", "s.png", "--frames", "1-4"]);
    assert_eq!((code(&gap), said(&gap).contains("frame 3")), (3, true), "{}", said(&gap));
    assert!(said(&gap).contains("--frames") && !said(&gap).contains("--skip-missing"), "{}", said(&gap));
    let none = rotocel(dir.path(), &["sheet", "none.%04d.png", "-o", "s.png"]);
    assert_eq!((code(&none), said(&none).contains("none.%04d.png")), (3, true));
    std::fs::write(dir.path().join("shot.0002.png"), b"\x89PNG\r\n\x1a\n").unwrap();
    let damaged = rotocel(dir.path(), &["gif", shot, "-o", "s.gif"]);
    assert_eq!((code(&damaged), said(&damaged).contains("shot.0002.png")), (3, true), "{}", said(&damaged));
    assert!(!dir.path().join("s.gif").exists() && !dir.path().join("s.png").exists());
}

#[test]
fn an_output_that_cannot_be_written_is_an_output_error() {
    let dir = tempfile::tempdir().unwrap();
    let shot = sequence(dir.path(), 1..=1);
    std::fs::write(dir.path().join("file"), b"in the way").unwrap();
    let output = rotocel(dir.path(), &["sheet", shot.to_str().unwrap(), "-o", "file/sheet.png"]);
    assert_eq!((code(&output), said(&output).contains("sheet.png")), (4, true), "{}", said(&output));
}
