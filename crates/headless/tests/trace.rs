//! `rotocel trace` as a shell sees it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use roto::exchange::{Format, ReadOptions, TextFile};

fn rotocel(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let Output { status, stdout, stderr } =
        Command::new(env!("CARGO_BIN_EXE_rotocel")).args(arguments).current_dir(folder).output().expect("it starts");
    let said = String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned();
    (status.code().expect("it was not killed"), said)
}

/// A soft disc in red that moves right and a frame of alpha around it, on three frames.
fn mattes(folder: &Path) {
    for frame in 1001..=1003_u32 {
        let picture = image::RgbaImage::from_fn(64, 48, |x, y| {
            let center = 24.0 + 2.0 * (frame - 1001) as f32;
            let far = (x as f32 + 0.5 - center).hypot(y as f32 + 0.5 - 20.0);
            let red = ((12.5 - far).clamp(0.0, 1.0) * 255.0) as u8;
            image::Rgba([red, 0, 0, if (4..60).contains(&x) && (4..44).contains(&y) { 255 } else { 0 }])
        });
        picture.save(folder.join(format!("matte.{frame}.png"))).expect("a picture");
    }
}

#[test]
fn a_channel_of_a_sequence_becomes_shapes_in_any_format() {
    let dir = tempfile::tempdir().expect("a folder");
    mattes(dir.path());
    let trace = |more: &[&str]| rotocel(dir.path(), &[&["trace", "matte.####.png"][..], more].concat());
    let (code, said) = trace(&["disc.rotocel.json", "--channel", "red"]);
    assert!(code == 0 && said.starts_with("disc.rotocel.json: areas 1, holes 0, vertices "), "{code} {said}");
    let text = fs::read_to_string(dir.path().join("disc.rotocel.json")).expect("a file");
    let read = Format::RotocelShot.read(&[TextFile::whole(text)], &ReadOptions::default()).expect("ours").scene;
    assert_eq!((read.shot.frames(), read.plate.width, read.plate.height), (1001..=1003, 64.0, 48.0));
    for (frame, center) in [(1001.0, 24.0), (1003.0, 28.0)] {
        let bounds = read.shot.shape("area_1").expect("the disc").track.at(frame).bounding_box();
        assert!((bounds.center().x - center).abs() < 0.3 && (bounds.center().y - 20.0).abs() < 0.3, "{bounds:?}");
        assert!((bounds.width() - 24.0).abs() < 0.6, "{bounds:?}");
    }
    // Alpha is not 1 everywhere, so that it is the matte unless something else is asked for.
    let (code, said) = trace(&["frame.nk", "--frames", "1001-1002"]);
    assert!(code == 0 && said.contains("frames 1001-1002"), "{code} {said}");
    assert!(fs::read_to_string(dir.path().join("frame.nk")).expect("a file").contains("area_1"));
}

#[test]
fn a_hole_is_cut_out_of_the_area_before_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let ring = image::GrayImage::from_fn(64, 48, |x, y| {
        let far = (x as f32 + 0.5 - 30.0).hypot(y as f32 + 0.5 - 22.0);
        image::Luma([((18.5 - far).clamp(0.0, 1.0) * (far - 8.5).clamp(0.0, 1.0) * 255.0) as u8])
    });
    ring.save(dir.path().join("ring.png")).expect("a picture");
    let (code, said) = rotocel(dir.path(), &["trace", "ring.png", "ring.rotocel.json", "--frames", "1-2"]);
    assert!(code == 0 && said.contains("areas 1, holes 1"), "{code} {said}");
    let text = fs::read_to_string(dir.path().join("ring.rotocel.json")).expect("a file");
    let scene = Format::RotocelShot.read(&[TextFile::whole(text)], &ReadOptions::default()).expect("ours").scene;
    let told: Vec<_> = scene.shot.shapes().iter().map(|shape| (&*shape.name, scene.style(&shape.name).cut)).collect();
    assert_eq!(told, [("area_1", false), ("hole_1", true)]);
}

#[test]
fn what_cannot_be_traced_is_said_and_nothing_is_written() {
    let dir = tempfile::tempdir().expect("a folder");
    mattes(dir.path());
    fs::remove_file(dir.path().join("matte.1002.png")).expect("it was there");
    for (arguments, code, said) in [
        (&["matte.%04d.png", "a.nk"][..], 3, "missing frame 1002"),
        (&["matte.%04d.png", "a.nk", "--frames", "1001,1003"], 2, "without gaps"),
        (&["none.%04d.png", "a.nk"], 3, "no such file"),
        (&["matte.%04d.png", "a.unknown"], 2, "no format has this name"),
        (&["matte.%04d.png", "a.nk", "--frames", "1001", "--edge-tolerance", "0"], 2, "tolerance of the trace is 0"),
        (&["matte.%04d.png", "a.nk", "--frames", "1001", "--exr-channel", "tone.highlight"], 3, "EXR files only"),
    ] {
        let found = rotocel(dir.path(), &[&["trace"], arguments].concat());
        assert!(found.0 == code && found.1.contains(said), "{arguments:?}: {found:?}");
    }
    assert!(!dir.path().join("a.nk").exists());
}

#[test]
fn an_output_that_exists_or_cannot_be_written_is_told_before_a_frame_is_read() {
    let dir = tempfile::tempdir().expect("a folder");
    mattes(dir.path());
    // What the trace would stop at, were the output not looked at before.
    fs::write(dir.path().join("matte.1001.png"), "damaged").expect("a file");
    fs::write(dir.path().join("mine.nk"), "mine").expect("a file");
    fs::write(dir.path().join("f.1003.frame.svg"), "mine").expect("a file");
    for (output, said) in [
        ("mine.nk", "mine.nk: it exists; replace it with --overwrite"),
        ("f.%04d.frame.svg", "f.1003.frame.svg: it exists"),
        ("mine.nk/a.nk", "a part of the path is a file"),
    ] {
        let found = rotocel(dir.path(), &["trace", "matte.%04d.png", output]);
        assert!(found.0 == 4 && found.1.contains(said), "{output}: {found:?}");
    }
    let found = rotocel(dir.path(), &["trace", "matte.%04d.png", "mine.nk", "--overwrite"]);
    assert!(found.0 == 3 && found.1.contains("matte.1001.png"), "{found:?}");
    assert_eq!(fs::read_to_string(dir.path().join("mine.nk")).expect("still there"), "mine");
}

#[test]
fn alpha_is_traced_only_of_files_that_have_one() {
    let dir = tempfile::tempdir().expect("a folder");
    mattes(dir.path());
    let plain = image::RgbImage::from_pixel(64, 48, image::Rgb([200, 0, 0]));
    plain.save(dir.path().join("matte.1002.png")).expect("a picture");
    let trace = |more: &[&str]| rotocel(dir.path(), &[&["trace", "matte.%04d.png", "a.nk"], more].concat());
    for (arguments, frame) in [
        (&["--frames", "1002", "--channel", "alpha"][..], "matte.1002.png: it has no alpha channel; choose another"),
        (&["--channel", "alpha"], "matte.1002.png: it has no alpha channel"),
        (&[], "matte.1002.png: it has no alpha channel, which the first frame has"),
    ] {
        let found = trace(arguments);
        assert!(found.0 == 3 && found.1.contains(frame), "{arguments:?}: {found:?}");
    }
    assert!(!dir.path().join("a.nk").exists());
    assert_eq!(trace(&["--channel", "red"]).0, 0);
}
