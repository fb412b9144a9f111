//! `rotocel convert` as a shell sees it.

use std::path::Path;
use std::process::{Command, Output};

const SHOT: &str = r#"{"format": "rotocel-shot-1", "width": 200, "height": 120, "corner": [-16, 150], "first_frame": 1001,
    "last_frame": 1004, "frame_rate": 25,
    "landmarks": {"names": ["tip"], "frames": [{"frame": 1002, "points": [[40, 15.25, 1, "visible"]]}]},
    "shapes": [{"name": "eye", "closed": true, "hidden": [[1003, 1003]], "keys": [
        {"frame": 1001, "kind": "predicted", "vertices": [[1, 2, -3, 4, 5, 6], [30, 8, 1, -2, 3, 4], [7, 50, 0, 1, 2, -9]]},
        {"frame": 1004, "kind": "predicted", "vertices": [[4, 2, -3, 4, 5, 6], [33, 8, 1, -2, 3, 4], [10, 50, 0, 1, 2, -9]]}]}]}"#;

fn rotocel(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output: Output = Command::new(env!("CARGO_BIN_EXE_rotocel"))
        .arg("convert")
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().expect("it was not killed"), text(&output.stdout), text(&output.stderr))
}

fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("shot.rotocel.json"), SHOT).unwrap();
    dir
}

/// The first key's first vertex of each shape of a file of ours.
fn vertices(path: &Path) -> Vec<[f64; 6]> {
    let file: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let shapes = file["shapes"].as_array().unwrap();
    shapes.iter().map(|shape| serde_json::from_value(shape["keys"][0]["vertices"][0].clone()).unwrap()).collect()
}

#[test]
fn a_shot_goes_to_nuke_and_back() {
    let dir = folder();
    let (code, said, errors) = rotocel(dir.path(), &["shot.rotocel.json", "out/eyes.nk"]);
    assert_eq!(
        (code, said.as_str()),
        (0, "out/eyes.nk: Nuke Roto, 1 shape, 1 landmark, frames 1001-1004\n"),
        "{errors}"
    );
    let plate = ["--size", "200x120", "--origin", "-16,30", "--frames", "1001-1004"];
    let back = [&["out/eyes.nk", "back.json", "--to", "rotocel_shot"][..], &plate].concat();
    let (code, _, errors) = rotocel(dir.path(), &back);
    assert_eq!((code, errors.as_str()), (0, ""));
    assert_eq!(vertices(&dir.path().join("back.json")), [[1.0, 2.0, -3.0, 4.0, 5.0, 6.0]]);
}

#[test]
fn a_shot_of_ours_is_cut_to_the_frames_asked_for_and_keeps_its_plate() {
    let dir = folder();
    let (code, said, errors) = rotocel(dir.path(), &["shot.rotocel.json", "cut.rotocel.json", "--frames", "1002-1003"]);
    assert!(code == 0 && errors.is_empty() && said.contains("1 landmark, frames 1002-1003"), "{said}{errors}");
    let (code, _, errors) = rotocel(dir.path(), &["shot.rotocel.json", "x.rotocel.json", "--frames", "1002-1008"]);
    assert!(code == 2 && errors.contains("--frames 1002-1008: the shot has 1001-1004"), "{errors}");
    let (code, _, errors) = rotocel(dir.path(), &["shot.rotocel.json", "b.rotocel.json", "--size", "640x480"]);
    assert!(code == 0 && errors.contains("--size: shot.rotocel.json says itself"), "{errors}");
    assert!(errors.contains("200×120 from -16,30"), "{errors}");
    let own = ["--size", "200x120", "--origin", "-16,30"];
    let (_, _, errors) = rotocel(dir.path(), &[&["shot.rotocel.json", "c.rotocel.json"], &own[..]].concat());
    assert_eq!(errors, "");
    assert!(!dir.path().join("x.rotocel.json").exists());
}

#[test]
fn every_format_is_written_by_the_name_of_its_file() {
    let dir = folder();
    for (name, label) in [
        ("a.nk", "Nuke Roto,"),
        ("a.nuke.py", "Nuke Roto by Python"),
        ("a.tracker.nk", "Nuke Tracker"),
        ("a.natron.py", "Natron"),
        ("a.fxs", "Silhouette"),
        ("a.jsx", "After Effects"),
        ("a.mlt.json", "MLT"),
        ("a.setting", "Fusion"),
        ("a.svg", "SVG, animated"),
        ("a.rotocel.json", "Rotocel JSON"),
    ] {
        let (code, said, errors) = rotocel(dir.path(), &["shot.rotocel.json", name]);
        assert!(code == 0 && said.contains(label), "{name}: {said}{errors}");
        assert!(dir.path().join(name).metadata().unwrap().len() > 100, "{name}");
    }
}

#[test]
fn formats_with_a_file_for_each_frame_are_sequences() {
    let dir = folder();
    let (code, _, errors) = rotocel(dir.path(), &["shot.rotocel.json", "eyes.%04d.json"]);
    assert_eq!((code, errors.as_str()), (0, ""));
    let names: Vec<_> = (1001..=1004).map(|frame| format!("eyes.{frame}.json")).collect();
    assert!(names.iter().all(|name| dir.path().join(name).is_file()));
    let (code, said, errors) =
        rotocel(dir.path(), &["eyes.%04d.json", "b.rotocel.json", "--size", "200x120", "--keys", "reduce"]);
    assert!(code == 0 && said.contains("1 shape, 1 landmark, frames 1001-1004"), "{said}{errors}");
    assert_eq!(vertices(&dir.path().join("b.rotocel.json")), [[1.0, 2.0, -3.0, 4.0, 5.0, 6.0]]);
    for (arguments, said) in [
        (["shot.rotocel.json", "eyes.json"], "name a sequence"),
        (["shot.rotocel.json", "eyes.%04d.nk"], "leave the frame number out"),
    ] {
        let (code, _, errors) = rotocel(dir.path(), &arguments);
        assert!(code == 2 && errors.contains(said), "{errors}");
    }
}

#[test]
fn a_file_that_exists_is_replaced_only_when_asked() {
    let dir = folder();
    std::fs::write(dir.path().join("a.svg"), "mine").unwrap();
    let (code, _, errors) = rotocel(dir.path(), &["shot.rotocel.json", "a.svg"]);
    assert!(code == 4 && errors.contains("a.svg: it exists; replace it with --overwrite"), "{errors}");
    assert_eq!(std::fs::read_to_string(dir.path().join("a.svg")).unwrap(), "mine");
    assert_eq!(rotocel(dir.path(), &["shot.rotocel.json", "a.svg", "--overwrite"]).0, 0);
    assert!(std::fs::read_to_string(dir.path().join("a.svg")).unwrap().starts_with("<?xml"));
}

#[test]
fn keys_are_those_that_are_asked_for() {
    let dir = folder();
    let count = |keys: &str| {
        let arguments = ["shot.rotocel.json", "k.rotocel.json", "--overwrite", "--keys", keys];
        let (code, _, errors) = rotocel(dir.path(), &arguments);
        assert_eq!((code, errors.as_str()), (0, ""));
        let file: serde_json::Value =
            serde_json::from_slice(&std::fs::read(dir.path().join("k.rotocel.json")).unwrap()).unwrap();
        file["shapes"][0]["keys"].as_array().unwrap().len()
    };
    assert_eq!((count("keep"), count("every"), count("2")), (2, 3, 3));
}

#[test]
fn what_is_wrong_has_the_exit_code_of_its_kind_and_leaves_nothing() {
    let dir = folder();
    std::fs::write(dir.path().join("damaged.nk"), "Roto {\n curves {").unwrap();
    std::fs::write(dir.path().join("what.txt"), "hello").unwrap();
    std::fs::write(dir.path().join("far.json"), SHOT.replace("[30, 8,", "[9e6, 8,")).unwrap();
    for (arguments, code, said) in [
        (&["none.nk", "a.svg"][..], 3, "none.nk: no such file"),
        (&["damaged.nk", "a.svg", "--size", "9x9"], 3, "line 2: this { is never closed"),
        (&["damaged.nk", "a.svg", "--size", "9"], 2, "1920x1080"),
        (&["what.txt", "a.svg"], 2, "give --from"),
        (&["shot.rotocel.json", "a.what"], 2, "give --to"),
        (&["shot.rotocel.json", "a.svg", "--to", "svgg"], 2, "svg_frames"),
        (&["shot.rotocel.json", "a.svg", "--keys", "0"], 2, "whole number above 0"),
        (&["shot.rotocel.json", "a.svg", "--keys", "reduce", "--tolerance=-1"], 4, "key tolerance"),
        (&["far.json", "a.nk"], 4, "shape \"eye\", frame 1001"),
        (&["shot.rotocel.json", "what.txt/a.svg"], 4, "what.txt/a.svg"),
    ] {
        let (found, _, errors) = rotocel(dir.path(), arguments);
        assert!(found == code && errors.contains(said), "{arguments:?}: {found}: {errors}");
    }
    assert!(!dir.path().join("a.svg").exists() && !dir.path().join("a.nk").exists());
}
