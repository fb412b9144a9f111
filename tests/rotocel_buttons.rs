//! `rotocel render --press` with the built bundle: what a farm relies on when a button works for an hour.

mod stage;
mod terminal;

use serde_json::Value;
use stage::root;
use std::path::Path;
use terminal::*;

/// The frames of the sample face that the tests take.
const FRAMES: std::ops::RangeInclusive<u32> = 1..=4;

/// A folder with the first frames of the sample face, `f.0001.jpg` and on.
fn face() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    FRAMES.for_each(|frame| restore(folder.path(), frame));
    folder
}

fn sample(frame: u32) -> std::path::PathBuf {
    root().join(format!("models/sample_face/puppet_hand/frames/{frame:04}.jpg"))
}

fn restore(folder: &Path, frame: u32) {
    std::fs::copy(sample(frame), folder.join(format!("f.{frame:04}.jpg"))).unwrap();
}

fn cut(folder: &Path, frame: u32) {
    let whole = std::fs::read(sample(frame)).unwrap();
    std::fs::write(folder.join(format!("f.{frame:04}.jpg")), &whole[..whole.len() / 2]).unwrap();
}

fn press<'a>(button: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let base = ["render", "FeatureDetect", "-i", "f.%04d.jpg", "--set", "analysis_file=a.json", "--press", button];
    base.into_iter().chain(more.iter().copied()).collect()
}

/// The frames of the analysis in `a.json`.
fn analysed(folder: &Path) -> Vec<String> {
    let stored: Value = serde_json::from_slice(&bytes(folder, "a.json")).unwrap();
    stored["frames"].as_object().unwrap().keys().cloned().collect()
}

/// Whether the parameters that were saved know of an analysis: every one is in the file, also those that are empty.
fn analysis_is_saved(folder: &Path) -> bool {
    let saved: Value = serde_json::from_slice(&bytes(folder, "p.json")).unwrap();
    !saved["params"]["analysis"].as_str().unwrap().is_empty()
}

#[test]
fn a_button_stores_what_it_could_read_and_ends_with_the_file_that_it_could_not() {
    let folder = face();
    let folder = folder.path();
    cut(folder, 2);
    std::fs::remove_file(folder.join("f.0003.jpg")).unwrap();
    let told = fails(folder, &press("analyse", &["--save-params", "p.json"]), 3);
    let last = told.lines().last().unwrap();
    assert!(last.starts_with("error: cannot read f.0002.jpg: truncated"), "{told}");
    assert!(told.contains("\nanalyse: ") || told.starts_with("analyse: "), "the status is not told: {told}");
    assert_eq!(analysed(folder), ["1", "4"]);
    assert!(analysis_is_saved(folder), "the parameters were saved before the press");
    let told = fails(folder, &press("meter", &["--frames", "2"]), 3);
    assert!(told.lines().last().unwrap().contains("cannot read f.0002.jpg: truncated"), "{told}");

    restore(folder, 2);
    let told = fails(folder, &press("analyse", &[]), 3);
    assert!(told.contains("f.%04d.jpg: missing frame 3; render what is there with --skip-missing"), "{told}");
    assert_eq!(analysed(folder), ["1", "2", "4"]);
    let told = succeeds(folder, &press("analyse", &["--skip-missing", "--json"]));
    let summary: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&summary["frames"], &summary["violations"]), (&Value::from(0), &Value::from(0)), "{summary:#}");
}

#[test]
fn what_is_wrong_with_files_is_told_before_a_button_is_pressed() {
    let folder = face();
    let folder = folder.path();
    std::fs::write(folder.join("file"), b"in the way").unwrap();
    let (width, height) = image::image_dimensions(sample(1)).unwrap();
    for frame in FRAMES {
        let side = if frame == 3 { 2 } else { 1 };
        image::GrayImage::new(width / side, height / side).save(folder.join(format!("m.{frame}.png"))).unwrap();
    }
    for (more, code, part) in [
        (&["-o", "o.png"][..], 2, "4 frames would overwrite each other"),
        (&["-o", "o.%04d.png", "--frames", "1-6"], 3, "missing frames 5-6; render what is there with --skip-missing"),
        (&["-o", "o.%04d.png", "--clip", "Crop=m.%d.png"], 2, "--clip Crop: m.3.png is"),
        (&["--clip", "Crop=m.%d.png"], 2, "--clip Crop: m.3.png is"),
        (&["-o", "o.png", "--frames", "1", "--clip", "Crop=m.%d.png"], 2, "--clip Crop: m.3.png is"),
        (&["-o", "file/o.%04d.png"], 4, "file/o.0001.png: a part of the path is a file"),
        (&["-o", "o.%04d.png", "--save-params", "file/p.json"], 4, "file/p.json: a part of the path is a file"),
        (&["--save-params", "file/p.json"], 4, "file/p.json: a part of the path is a file"),
    ] {
        let told = fails(folder, &press("analyse", more), code);
        assert!(told.contains(part), "{more:?}: {told} lacks {part}");
        assert!(!folder.join("a.json").exists(), "{more:?}: the button was pressed");
    }
}

/// The button warns of each damaged frame, and the pipe that it warns into is not read until it was interrupted: it cannot come
/// to its end before, however long that takes.
#[test]
#[cfg(unix)]
fn an_interrupted_button_keeps_what_it_has_found_and_saves_the_parameters() {
    // Ctrl-C, and how farms end a job.
    ["-INT", "-TERM"].into_iter().for_each(interrupted_button);
}

#[cfg(unix)]
fn interrupted_button(signal: &str) {
    use std::io::{BufRead as _, BufReader, Read as _};
    use std::process::{Command, Stdio};
    const DAMAGED: u32 = 10_000;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    restore(folder, 1);
    std::fs::write(folder.join("damaged"), b"no picture").unwrap();
    for frame in 2..=DAMAGED {
        std::fs::hard_link(folder.join("damaged"), folder.join(format!("f.{frame:04}.jpg"))).unwrap();
    }
    let mut started = Command::new(program())
        .args(press("analyse", &["--save-params", "p.json"]))
        .arg("--bundle")
        .arg(stage::bundle_folder())
        .current_dir(folder)
        .env("RUST_LOG", "ofx_sdk=warn")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(started.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("clip Source at frame") {
        line.clear();
        assert!(told.read_line(&mut line).unwrap() > 0, "it ended without a warning");
    }
    let sent = Command::new("kill").args([signal, &started.id().to_string()]).status().unwrap();
    let mut rest = String::new();
    told.read_to_string(&mut rest).unwrap();
    let ended = started.wait().unwrap();
    let end = &rest[rest.floor_char_boundary(rest.len().saturating_sub(1000))..];
    assert!(sent.success() && ended.code() == Some(130), "{ended}: {end}");
    assert!(end.lines().last().unwrap().starts_with("error: interrupted; button analyse: "), "{end}");
    assert_eq!(analysed(folder), ["1"]);
    assert!(analysis_is_saved(folder), "the parameters were saved before the press");
}

#[test]
fn an_input_frame_is_given_up_once_it_is_rendered() {
    stage::bundle(); // fails when it is older than the sources
    let tiny = tiny();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for frame in 1..=20 {
        let picture =
            image::RgbImage::from_fn(1500, 1000, |x, y| image::Rgb([(x / 6) as u8, (y / 4) as u8, frame * 12]));
        picture.save(folder.join(format!("shot.{frame:04}.png"))).unwrap();
    }
    let peak_mib = |frames: &str| {
        let plain = ["--set", "second_look=false", "--set", "edge_refine_px=0", "--json", "--frames", frames];
        let output = std::process::Command::new(program())
            .args(render("o.%04d.png", &tiny, &plain))
            .arg("--bundle")
            .arg(stage::bundle_folder())
            .current_dir(folder)
            // What the network found is kept by another rule.
            .env("ROTOCEL_CACHE_MB", "0")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        told["peak_memory_mib"].as_f64().filter(|peak| *peak > 0.0).unwrap()
    };
    // 23 MiB a frame: all twenty of them would be 345 MiB more than five. The peak itself wanders by up to 100 MiB.
    let (five, twenty) = (peak_mib("1-5"), peak_mib("1-20"));
    assert!(twenty - five < 170.0, "five frames take {five:.0} MiB, twenty {twenty:.0} MiB");
}
