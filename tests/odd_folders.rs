//! Folders that are full, read-only or oddly named, as `rotocel render` meets them: what is written is whole, what is not
//! written is told.
#![cfg(unix)]

mod stage;
mod terminal;

use std::path::Path;
use std::process::{Command, Output};
use terminal::*;

/// Runs the program in `folder` through a line of shell, in which `"$@"` is the program and its arguments.
fn through(shell: &str, folder: &Path, arguments: &[&str]) -> Output {
    stage::bundle();
    let bundle = stage::bundle_folder();
    let mut command = Command::new("sh");
    command.args(["-c", shell, "sh"]).arg(program()).args(arguments).arg("--bundle").arg(bundle);
    command.current_dir(folder).output().unwrap()
}

/// Whether this machine lets a test mount a file system of its own, where no one else sees it.
fn can_mount(what: &str) -> bool {
    let tried = Command::new("unshare").args(["-rm", "mount", "-t", "tmpfs", "none", "/mnt"]).output();
    let can = tried.is_ok_and(|output| output.status.success());
    if !can {
        eprintln!("SKIPPED: {what}: no mount in a user namespace of its own (unshare -rm)");
    }
    can
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Names in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Frames 1 and 2 are small files, frame 3 is too large for the folder.
fn growing_shot() -> tempfile::TempDir {
    let shot = shot(2);
    let noise = |x: u32, y: u32| (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503) ^ (x * y)) as u8;
    let picture = image::RgbImage::from_fn(400, 400, |x, y| image::Rgb([noise(x, y), noise(y, x), noise(x + y, 7)]));
    picture.save(shot.path().join("shot.0003.png")).unwrap();
    shot
}

/// Frames 1 and 2 are there to the last byte, and of frame 3 there is nothing.
fn assert_two_whole_frames(shot: &Path, written: &Path) {
    let tiny = tiny();
    succeeds(shot, &render("whole.%04d.exr", &tiny, &["--layers", "--depth", "float", "--frames", "1-2"]));
    assert_eq!(names(written), ["o.0001.exr", "o.0002.exr"]);
    for frame in ["0001", "0002"] {
        assert_eq!(bytes(written, &format!("o.{frame}.exr")), bytes(shot, &format!("whole.{frame}.exr")), "{frame}");
    }
}

#[test]
fn a_disk_that_fills_up_keeps_whole_frames_and_says_how_to_go_on() {
    if !can_mount("a full disk") {
        return;
    }
    let (shot, tiny) = (growing_shot(), tiny());
    // The mount is gone with its process, so what it holds is copied out.
    let shell = "mkdir full out && unshare -rm sh -c 'mount -t tmpfs -o size=256k none full && \"$@\"; code=$?; \
                 cp -a full/. out/; exit $code' sh \"$@\"";
    let output = through(shell, shot.path(), &render("full/o.%04d.exr", &tiny, &["--layers", "--depth", "float"]));
    let told = told(&output);
    assert_eq!(output.status.code(), Some(4), "{told}");
    assert!(told.contains("cannot write full/o.0003.exr: the disk is full; free some space"), "{told}");
    assert!(told.contains("--skip-existing"), "{told}");
    assert_two_whole_frames(shot.path(), &shot.path().join("out"));
}

#[test]
fn a_file_that_may_not_grow_is_told_and_nothing_of_it_is_left() {
    let (shot, tiny) = (growing_shot(), tiny());
    // A quota as every Unix has it: without the signal, the write fails.
    let shell = "mkdir out && trap '' XFSZ && ulimit -f 256 && exec \"$@\"";
    let output = through(shell, shot.path(), &render("out/o.%04d.exr", &tiny, &["--layers", "--depth", "float"]));
    let told = told(&output);
    assert_eq!(output.status.code(), Some(4), "{told}");
    assert!(told.contains("cannot write out/o.0003.exr: no file may be this large here"), "{told}");
    assert_two_whole_frames(shot.path(), &shot.path().join("out"));
}

#[test]
fn a_read_only_folder_is_told_for_frames_and_for_parameters() {
    if !can_mount("a read-only disk") {
        return;
    }
    let (shot, tiny) = (shot(1), tiny());
    // Mounted read-only, because root may write into folders that forbid it.
    let shell = "mkdir -p locked && unshare -rm sh -c 'mount -t tmpfs -o ro none locked && exec \"$@\"' sh \"$@\"";
    let locked = [
        (render("locked/o.%04d.exr", &tiny, &[]), "locked/o.0001.exr"),
        (render("locked/deeper/o.%04d.exr", &tiny, &[]), "locked/deeper/o.0001.exr"),
        (render("o.%04d.exr", &tiny, &["--save-params", "locked/look.json"]), "locked/look.json"),
    ];
    for (arguments, name) in locked {
        let output = through(shell, shot.path(), &arguments);
        let told = told(&output);
        assert_eq!(output.status.code(), Some(4), "{told}");
        assert!(told.contains(&format!("cannot write {name}: the disk is read-only; choose another folder")), "{told}");
    }
}

#[test]
fn a_file_in_a_folder_s_place_is_told() {
    let (shot, tiny) = (shot(1), tiny());
    std::fs::write(shot.path().join("taken"), b"").unwrap();
    for output in ["taken/o.%04d.exr", "taken/deeper/o.%04d.exr"] {
        let told = fails(shot.path(), &render(output, &tiny, &[]), 4);
        assert!(told.contains(&output.replace("%04d", "0001")), "{told}");
    }
    std::fs::create_dir(shot.path().join("o.0001.exr")).unwrap();
    let told = fails(shot.path(), &render("o.%04d.exr", &tiny, &[]), 4);
    assert!(told.contains("cannot write o.0001.exr"), "{told}");
}

#[test]
fn a_device_is_never_replaced_by_a_file() {
    let (shot, tiny) = (shot(1), tiny());
    let Some(device) = full_device(shot.path()) else {
        eprintln!("SKIPPED: there is no /dev/full");
        return;
    };
    let told = fails(shot.path(), &render("o.%04d.exr", &tiny, &["--save-params", &device]), 4);
    assert!(told.contains(&format!("cannot write {device}: the disk is full")), "{told}");
    let told = fails(shot.path(), &render("o.%04d.exr", &tiny, &["--load-params", "/dev/zero"]), 3);
    assert!(told.contains("cannot read /dev/zero: it is longer than"), "{told}");
    assert!(!Path::new(&device).is_file());
}

/// A device that is always full: one of our own where that can be made, because who may make one may also replace the
/// system's.
fn full_device(folder: &Path) -> Option<String> {
    let own = folder.join("full");
    let made = Command::new("mknod").arg(&own).args(["c", "1", "7"]).status().is_ok_and(|status| status.success());
    // A folder may be mounted without devices.
    let usable = made && std::fs::OpenOptions::new().write(true).open(&own).is_ok();
    let device = if usable { own } else { "/dev/full".into() };
    device.exists().then(|| device.to_str().expect("a name that is text").to_owned())
}

#[test]
fn paths_with_spaces_quotes_and_other_scripts_are_read_and_written() {
    let (shot, tiny) = (shot(2), tiny());
    let odd = shot.path().join("mon modèle \"1\" 'ü' 模型 100%");
    std::fs::create_dir(&odd).unwrap();
    for name in ["shot.0001.png", "shot.0002.png"] {
        std::fs::rename(shot.path().join(name), odd.join(name)).unwrap();
    }
    let model = odd.join("a net, finally.onnx");
    std::fs::copy(stage::fixture("tiny_tone.onnx"), &model).unwrap();
    let path = |name: &str| odd.join(name).to_str().unwrap().to_owned();
    let own = format!("custom_model={}", model.display());
    let (input, mask, output, look) =
        (path("shot.%04d.png"), path("shot.%04d.png"), path("über/o 1.%04d.exr"), path("look ü.json"));
    let mask = format!("Mask={mask}");
    let base = ["render", "ToneSegment", "-i", &input, "-o", &output, "--clip", &mask];
    let with = |more: &[&str]| succeeds(shot.path(), &[&base[..], more].concat());
    with(&["--set", &own, "--set", "model=custom", "--save-params", &look]);
    let first = bytes(&odd, "über/o 1.0002.exr");
    with(&["--load-params", &look]);
    assert_eq!(bytes(&odd, "über/o 1.0002.exr"), first);
    assert_eq!(names(&odd.join("über")), ["o 1.0001.exr", "o 1.0002.exr"]);
    let missing = fails(shot.path(), &render("o.%04d.exr", &tiny, &[]), 3);
    assert!(missing.contains("shot.%04d.png: no file of this sequence exists"), "{missing}");
}

#[test]
fn paths_of_4000_characters_are_told_for_what_they_are() {
    let (shot, tiny) = (shot(1), tiny());
    let long = "x".repeat(4000);
    let (file, folder) = (format!("{long}.exr"), format!("{}/o.%04d.exr", "yy/".repeat(2000)));
    for output in [&file, &folder] {
        let told = fails(shot.path(), &render(output, &tiny, &["--frames", "1"]), 4);
        assert!(told.contains("cannot write ") && told.contains("too long"), "{}", &told[told.len() - 200..]);
    }
    for input in [format!("{long}.png"), format!("{long}.%04d.png"), format!("{}/a.%04d.png", "yy/".repeat(2000))] {
        let told = fails(shot.path(), &["render", "ToneSegment", "-i", &input, "-o", "o.exr", "--frames", "1"], 3);
        assert!(told.contains(&input[..100]), "{}", &told[..200]);
    }
    let told = fails(shot.path(), &render("o.exr", &tiny, &["--frames", "1", "--load-params", &file]), 3);
    assert!(told.contains(&long), "{}", &told[..200]);
}
