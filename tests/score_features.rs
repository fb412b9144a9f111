//! `rotocel score features` over a shot whose truth is what the node itself finds, and over that shot moved aside.

mod stage;
mod terminal;

use serde_json::{Value, json};
use stage::*;
use std::path::Path;
use terminal::{fails, succeeds};

const FRAMES: i64 = 4;
const SIDE: u32 = 128;

/// The fixture's networks, looking once at the whole picture.
fn settings() -> Vec<String> {
    let model = format!("custom_model={}", fixture("tiny_landmarks.onnx").display());
    let rest = "model=custom use_crop_rectangle=true crop_bottom_left=0,0 crop_top_right=128,128 crop_margin=0 second_look=false";
    let all = std::iter::once(model).chain(rest.split_whitespace().map(str::to_owned));
    all.flat_map(|setting| ["--set".to_owned(), setting]).collect()
}

/// Pictures of a bright square that moves two pixels a frame.
fn pictures(folder: &Path) {
    std::fs::create_dir_all(folder.join("shot/frames")).unwrap();
    for frame in 1..=FRAMES {
        let left = 30 + 2 * frame as u32;
        let picture = image::RgbImage::from_fn(SIDE, SIDE, |x, y| {
            let inside = (left..left + 48).contains(&x) && (36..84).contains(&y);
            image::Rgb([if inside { 230 } else { 25 }; 3])
        });
        picture.save(folder.join(format!("shot/frames/{frame:04}.png"))).unwrap();
    }
    std::fs::write(folder.join("shot/shot.json"), r#"{"split":"test","topology":"puppet"}"#).unwrap();
}

/// What the node exports of the shot, not de-jittered.
fn found(folder: &Path) -> Value {
    let settings = settings();
    let mut words = vec!["render", "FeatureDetect", "-i", "shot/frames/%04d.png", "-o", "out.png", "--frames", "1"];
    words.extend(settings.iter().map(String::as_str));
    for setting in ["dejitter=0", "key_mode=every", "export_dir=.", "export_name=found"] {
        words.extend(["--set", setting]);
    }
    succeeds(folder, &[&words[..], &["--press", "analyse", "--press", "export_json"]].concat());
    serde_json::from_str(&std::fs::read_to_string(folder.join("found.rotocel.json")).unwrap()).unwrap()
}

/// Writes the node's own answer as the truth, `right` pixels farther right.
fn annotate(folder: &Path, found: &Value, right: f64) {
    std::fs::create_dir_all(folder.join("shot/annotations")).unwrap();
    let number = |value: &Value| value.as_f64().unwrap();
    for (at, frame) in found["landmarks"]["frames"].as_array().unwrap().iter().enumerate() {
        let points = frame["points"].as_array().unwrap();
        let landmark = |point: &Value| json!([number(&point[0]) + right, point[1], 1, 1]);
        let mut shapes = serde_json::Map::new();
        for shape in found["shapes"].as_array().unwrap() {
            let vertex =
                |v: &Value| json!({ "anchor": [number(&v[0]) + right, v[1]], "in": [v[2], v[3]], "out": [v[4], v[5]] });
            // A shape that is hidden on all frames has one key.
            let (keys, hidden) = (&shape["keys"], shape["hidden"].as_array().is_some_and(|runs| !runs.is_empty()));
            let key = keys.get(at).unwrap_or(&keys[0]);
            let vertices: Vec<Value> = key["vertices"].as_array().unwrap().iter().map(vertex).collect();
            let text = json!({ "closed": shape["closed"], "present": !hidden, "seen": 1.0, "vertices": vertices });
            shapes.insert(shape["name"].as_str().unwrap().to_owned(), text);
        }
        let note = json!({
            "format": "rotocel-face-1", "frame": frame["frame"], "width": SIDE, "height": SIDE,
            "landmarks": points.iter().map(landmark).collect::<Vec<_>>(), "shapes": shapes, "boxes": {}, "facts": {},
        });
        let name = format!("shot/annotations/{:04}.json", frame["frame"].as_i64().unwrap());
        std::fs::write(folder.join(name), note.to_string()).unwrap();
    }
}

fn score(folder: &Path, more: &[&str]) -> Value {
    let settings = settings();
    let words: Vec<&str> =
        ["score", "features", "shot", "--json"].into_iter().chain(settings.iter().map(String::as_str)).collect();
    serde_json::from_str(&succeeds(folder, &[&words[..], more].concat())).unwrap()
}

#[test]
fn what_the_node_finds_scores_without_error_and_needs_no_edit() {
    let folder = tempfile::tempdir().unwrap();
    pictures(folder.path());
    annotate(folder.path(), &found(folder.path()), 0.0);
    let told = score(folder.path(), &["--out", "told.json"]);
    let shot = &told["shots"][0];
    let own = &shot["without_dejitter"];
    assert_eq!(
        (&own["frames"], &own["untouched_share"], &own["presence"]["f1"]),
        (&json!(4), &json!(1.0), &json!(1.0))
    );
    assert!(own["landmarks_px"]["max"].as_f64().unwrap() < 0.01, "{own}");
    assert_eq!((&shot["effort"]["edits"], &shot["effort"]["shots_right_in_the_end"]), (&json!(0), &json!(1)));
    assert!(told["model"].as_str().unwrap().starts_with("tiny_landmarks "), "{}", told["model"]);
    let written = std::fs::read_to_string(folder.path().join("told.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), told);
}

#[test]
fn what_is_off_is_told_in_pixels_and_an_artist_sets_it_right_through_the_node() {
    let folder = tempfile::tempdir().unwrap();
    pictures(folder.path());
    annotate(folder.path(), &found(folder.path()), 4.0);
    let told = score(folder.path(), &["--leave-out", "4"]);
    let shot = &told["shots"][0];
    assert_eq!(shot["without_dejitter"]["frames"], 3);
    assert!((shot["without_dejitter"]["landmarks_px"]["mean"].as_f64().unwrap() - 4.0).abs() < 0.01, "{shot}");
    let effort = &shot["effort"];
    assert_eq!(effort["shots_right_in_the_end"], 1, "{effort}");
    // One correction of each landmark serves all frames, because it is blended on to them.
    let (edits, by_hand) = (effort["edits"].as_u64().unwrap(), effort["by_hand_edits"].as_u64().unwrap());
    assert!(edits > 0 && edits <= 3 * 49 && by_hand >= 40, "{effort}");
}

#[test]
fn a_folder_without_annotations_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    pictures(folder.path());
    let told = fails(folder.path(), &["score", "features", "shot"], 3);
    assert!(told.contains("annotations"), "{told}");
    assert!(fails(folder.path(), &["score", "features", "nowhere"], 3).contains("nowhere"));
}
