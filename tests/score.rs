//! `rotocel score tone` over shots of which the answer is known.

mod labelled;
mod stage;
mod terminal;

use labelled::Labelled;
use ofx_sdk::Depth;
use ofx_sdk::host::{HostOptions, RenderRequest};
use serde_json::Value;
use stage::*;
use std::path::{Path, PathBuf};
use terminal::{fails, succeeds, tiny};

/// The tiny network, its mattes a function of one pixel alone.
fn pointwise_score(folder: &Path, more: &[&str]) -> Value {
    let tiny = tiny();
    let plain = [&*tiny, "model=custom", "edge_refine_px=0", "edge_softness_px=0", "second_look=false"];
    let plain = plain.map(|setting| ["--set", setting]).concat();
    let told = succeeds(folder, &[&["score", "tone"], more, &plain, &["--json"]].concat());
    serde_json::from_str(&told).unwrap()
}

fn written(shots: &[(&str, Labelled)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    shots.iter().for_each(|(name, shot)| shot.write(&folder.path().join(name)));
    folder
}

fn near(value: &Value, expected: f64) {
    let found = value.as_f64().unwrap_or_else(|| panic!("{value} is no number"));
    assert!((found - expected).abs() < 1e-6, "{found}, expected {expected}");
}

/// Nothing flickers, but for the outermost pixels: how a border goes on past the frame is not known.
fn still(value: &Value) {
    let found = value.as_f64().unwrap_or_else(|| panic!("{value} is no number"));
    assert!((0.0..2e-4).contains(&found), "{found}");
}

#[test]
fn a_perfect_answer_scores_one_and_a_shifted_one_as_counted_by_hand() {
    let shifted = Labelled { shift: 3, ..Labelled::whole() };
    let folder = written(&[("right", Labelled::whole()), ("wrong/off", shifted)]);
    let scores = pointwise_score(folder.path(), &["right", "wrong", "--boundary-px", "2"]);
    let total = |column: usize| &scores["columns"][column]["total"]["variants"]["default"];
    let (right, wrong) = (total(0), total(1));
    for value in [&right["mean_iou"], &right["accuracy"], &right["boundary_f"], &right["mean_iou_of_tones_in_subject"]]
    {
        near(value, 1.0);
    }
    // Of each stripe of 12 columns 9 are found, and 3 of the next: 9 of 15. Borders lie 3 pixels off.
    near(&wrong["mean_iou"], 9.0 / 15.0);
    near(&wrong["accuracy"], 9.0 / 12.0);
    near(&wrong["classes"]["material"]["iou"], 9.0 / 15.0);
    let wider = pointwise_score(folder.path(), &["wrong", "--boundary-px", "3"]);
    let wider = wider["columns"][0]["total"]["variants"]["default"]["boundary_f"].as_f64().unwrap();
    assert!(wider > 0.95, "{wider}: a border that is about to leave the frame has no counterpart");
    assert!(wrong["boundary_f"].as_f64().unwrap() < 0.3, "{}", wrong["boundary_f"]);
    let mad = |tally: &Value| tally["mad_in_band"].as_f64().unwrap();
    assert!(mad(wrong) > mad(right) + 0.05);
    // What moves along with the truth neither lags nor flickers along the motion.
    still(&right["dtssd_along_motion"]);
    assert!(right["lag"]["frames"].as_f64().unwrap().abs() < 0.3, "{}", right["lag"]);
}

#[test]
fn what_is_left_out_changes_no_figure_but_the_number_of_pixels() {
    let folder = written(&[("whole", Labelled::whole()), ("part", Labelled { left_out: true, ..Labelled::whole() })]);
    let scores = pointwise_score(folder.path(), &["whole", "part"]);
    let total = |column: usize| &scores["columns"][column]["total"]["variants"]["default"];
    let (whole, part) = (total(0), total(1));
    let pixels = |tally: &Value| {
        let rows = tally["confusion"].as_array().unwrap().iter().flat_map(|row| row.as_array().unwrap());
        rows.map(|count| count.as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!(pixels(whole) - pixels(part), 8 * 100, "the square is left out of 8 frames");
    for value in [&part["mean_iou"], &part["accuracy"], &part["boundary_f"]] {
        near(value, 1.0);
    }
    still(&part["dtssd_along_motion"]);
    for key in ["mad_in_band", "dtssd"] {
        let (whole, part) = (whole[key].as_f64().unwrap(), part[key].as_f64().unwrap());
        assert!((whole - part).abs() < 0.1 * whole, "{key}: {whole} and {part}");
    }
    assert_eq!(whole["core"]["leaking_share"], part["core"]["leaking_share"]);
    assert!((whole["lag"]["frames"].as_f64().unwrap() - part["lag"]["frames"].as_f64().unwrap()).abs() < 0.05);
}

#[test]
fn what_shot_json_says_is_part_of_the_hash_because_it_changes_figures() {
    let folder = written(&[("shot", Labelled::default())]);
    let hash = || pointwise_score(folder.path(), &["shot"])["data_xxh3"]["shot"].clone();
    let before = hash();
    assert_eq!(hash(), before);
    let facts = folder.path().join("shot/shot.json");
    let text = std::fs::read_to_string(&facts).unwrap();
    std::fs::write(&facts, text.replace("\"srgb\"", "\"linear_rec709\"")).unwrap();
    assert_ne!(hash(), before);
}

#[test]
fn a_mask_makes_what_lies_outside_the_subject_background() {
    let folder = written(&[("shot", Labelled { bright_outside: true, ..Labelled::whole() })]);
    let scores = pointwise_score(folder.path(), &["shot"]);
    let variants = &scores["columns"][0]["total"]["variants"];
    near(&variants["with_mask"]["mean_iou"], 1.0);
    near(&variants["default"]["classes"]["background"]["iou"], 0.0);
    assert_eq!(scores["columns"][0]["shots"][0]["variants"]["with_mask"]["frames"], 8);
}

#[test]
fn frames_of_light_in_exr_score_as_those_in_png() {
    let float = Labelled { exr: true, ..Labelled::whole() };
    let folder = written(&[("png", Labelled::whole()), ("exr", float)]);
    let scores = pointwise_score(folder.path(), &["png", "exr"]);
    let confusion = |column: usize| &scores["columns"][column]["total"]["variants"]["default"]["confusion"];
    assert_eq!(confusion(0), confusion(1));
}

#[test]
fn every_figure_that_the_files_allow_is_told_with_what_it_takes_to_do_it_again() {
    let folder = written(&[("shots/a", Labelled::whole()), ("shots/b", Labelled { shift: 1, ..Labelled::whole() })]);
    let out = folder.path().join("made/scores.json");
    let tiny = fixture("tiny_tone.onnx");
    let more = ["shots", "--all", "--out", "made/scores.json", "--also", tiny.to_str().unwrap()];
    let scores = pointwise_score(folder.path(), &more);
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(out).unwrap()).unwrap();
    assert_eq!(kept, scores);
    assert!(scores["date"].as_str().unwrap().ends_with('Z') && scores["node"]["version"].is_string());
    assert_eq!(scores["data_xxh3"]["shots"].as_str().unwrap().len(), 32);
    assert!(scores["command"].as_array().unwrap().iter().any(|part| part == "--all"));
    let columns = scores["columns"].as_array().unwrap();
    assert_eq!(columns.len(), 2, "the node's network and the other");
    for column in columns {
        assert!(column["model"].as_str().unwrap().starts_with("tiny_tone "), "{}", column["model"]);
        let total = &column["total"];
        let default = &total["variants"]["default"];
        for key in ["mean_iou", "boundary_f", "mad_in_band", "dtssd", "dtssd_along_motion"] {
            assert!(default[key].is_number(), "{key}: {default:#}");
        }
        assert!(default["best_blurred"]["sigma_px"].is_number() && default["lag"]["frames"].is_number());
        assert!(default["core"]["leaking_share"].is_number());
        for variant in ["with_mask", "bilinear", "frozen_first_frame"] {
            assert!(total["variants"][variant]["mean_iou"].is_number(), "{variant}");
        }
        assert_eq!(total["looks"].as_object().unwrap().len(), 10);
        let look = |id: &str| total["looks"][id]["mean_iou"].as_f64().unwrap();
        near(&default["mean_iou"], look("log_declared"));
        assert!(look("log_undeclared") < look("log_declared") - 0.1 && look("exposure_down") < look("grain"));
        assert!(total["worst_look"]["mean_iou"].is_number());
        assert!(total["locked_off"]["smoothing_off"].is_number() && total["ms_per_frame"].is_number());
        // Inside the subject the labels of `b` lie a column of 12 further right than the brightness that goes with them.
        let expected = (24.0 / 25.0 + 23.0 / 25.0 + 23.0 / 25.0 + 23.0 / 24.0) / 4.0;
        near(&total["thresholds"]["with_mask"]["mean_iou_of_tones_in_subject"], expected);
        let worst = total["worst_shot"].as_f64().unwrap();
        let best = 2.0 * total["mean_of_shots"].as_f64().unwrap() - worst;
        near(&total["tenth_percentile_shot"], worst + 0.1 * (best - worst));
        assert!(total["variants"]["smoothing_on"]["dtssd"].is_number(), "{:#}", total["variants"]);
        assert!(total["locked_off"]["smoothing_on"].is_number());
        assert_eq!(column["shots"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn a_folder_of_pictures_and_labels_alone_is_enough_and_the_table_shows_what_is_missing() {
    let folder = written(&[("bare", Labelled::default()), ("whole", Labelled::whole())]);
    let tiny = tiny();
    let set = ["--set", tiny.as_str(), "--set", "model=custom"];
    let bare = succeeds(folder.path(), &[&["score", "tone", "bare"][..], &set].concat());
    assert!(bare.contains("mean IoU") && !bare.contains("classes, with Mask"), "{bare}");
    let both = succeeds(folder.path(), &[&["score", "tone", "bare", "whole"][..], &set].concat());
    let row = both.lines().find(|line| line.contains("MAD")).unwrap();
    let of_one = both.lines().find(|line| line.contains("shots that have a subject")).unwrap();
    assert_eq!(of_one.split_whitespace().rev().take(2).collect::<Vec<_>>(), ["1", "-"], "{of_one}");
    let tenth = both.lines().find(|line| line.contains("10th-percentile")).unwrap();
    assert_eq!(tenth.split_whitespace().filter(|cell| *cell == "-").count(), 2, "of one shot there is none: {tenth}");
    assert_eq!(row.split_whitespace().filter(|cell| *cell == "-").count(), 1, "one of two columns: {row}");
    assert!(both.contains("tiny_tone") && both.contains("1 / 8"), "{both}");
}

#[test]
fn a_still_needs_no_motion_and_has_a_time() {
    let folder = written(&[("still", Labelled { frames: 1, ..Labelled::default() })]);
    std::fs::create_dir(folder.path().join("still/motion")).unwrap();
    let scores = pointwise_score(folder.path(), &["still", "--time"]);
    let total = &scores["columns"][0]["total"];
    assert!(total["ms_per_frame"].is_number(), "{total:#}");
    near(&total["variants"]["default"]["mean_iou"], 1.0);
    let tiny = tiny();
    let table = succeeds(folder.path(), &["score", "tone", "still", "--set", &tiny, "--set", "model=custom"]);
    assert!(!table.contains("lost to smoothing"), "a still has no neighbors: {table}");
}

#[test]
fn the_eye_gets_a_gif_of_picture_truth_and_answer() {
    let folder = written(&[("shot", Labelled::whole())]);
    let tiny = tiny();
    let line = ["score", "tone", "shot", "--gif", "seen", "--gif-width", "60", "--set", &tiny, "--set", "model=custom"];
    let told = succeeds(folder.path(), &line);
    assert!(told.contains("shot.gif: 8 frames, 188×32"), "{told}");
    assert!(std::fs::metadata(folder.path().join("seen/shot.gif")).unwrap().len() > 1000);
    let again = ["score", "tone", "shot", "shot", "--gif", "twice", "--set", &tiny, "--set", "model=custom"];
    assert!(fails(folder.path(), &again, 2).contains("two shots are named shot"));
    assert!(!folder.path().join("twice").exists());
}

#[test]
fn the_output_index_is_the_class_of_the_largest_plane() {
    let host = host(HostOptions::default());
    let instance = with_source(&host, ofx_sdk::Context::General, frame(160, 96, scenery));
    use_model(&instance, &fixture("tiny_tone.onnx"));
    set(&instance, "output", "index");
    let planes: Vec<String> = CLASSES.iter().map(|class| format!("tone.{class}")).collect();
    let wanted = std::iter::once(String::new()).chain(planes).collect();
    let request = RenderRequest { planes: wanted, depth: Some(Depth::Float), ..RenderRequest::at(1.0) };
    let images = instance.render(&request).unwrap();
    let values: Vec<Vec<f32>> = images.iter().map(|(_, image)| image.to_f32()).collect();
    for pixel in 0..160 * 96 {
        let index = values[0][pixel * 4] as usize;
        let matte = |class: usize| values[class + 1][pixel];
        let largest = (1..5).fold(0, |best, class| if matte(class) > matte(best) { class } else { best });
        assert_eq!(index, largest, "pixel {pixel}");
    }
}

/// What is done to a folder, and words that the complaint must hold.
type Damage = (fn(&Path), &'static [&'static str]);

fn replaced(folder: &Path, from: &str, to: &str) {
    let path = folder.join("shot.json");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(path, text.replace(from, to)).unwrap();
}

/// Puts a copy of a file somewhere.
fn copied(from: PathBuf, to: PathBuf) {
    std::fs::copy(from, to).unwrap();
}

fn file(folder: &Path, kind: &str, extension: &str) -> PathBuf {
    labelled::path(folder, kind, 1003, extension)
}

const DAMAGES: [Damage; 26] = [
    (|f| std::fs::write(f.join("shot.json"), "{").unwrap(), &["shot.json", "not JSON"]),
    (|f| replaced(f, "\"highlight\",\"material\"", "\"material\",\"highlight\""), &["shot.json", "classes"]),
    (|f| replaced(f, "\"width\":60", "\"width\":\"60\""), &["shot.json", "width", "whole number"]),
    (|f| replaced(f, "\"srgb\"", "\"sRGB\""), &["shot.json", "colorspace", "linear_rec709"]),
    (|f| replaced(f, "\"first_frame\":1001,", ""), &["shot.json", "first_frame", "missing"]),
    (
        |f| replaced(f, "\"first_frame\":1001", "\"first_frame\":1000"),
        &["1008.png", "shot.json knows frames 1000-1007"],
    ),
    (|f| replaced(f, "\"height\":32", "\"height\":33"), &["frames/1001.png", "60×32", "60×33"]),
    (|f| std::fs::remove_dir_all(f.join("frames")).unwrap(), &["frames", "missing"]),
    (|f| std::fs::remove_file(file(f, "labels", "png")).unwrap(), &["labels/1003.png", "missing"]),
    (|f| std::fs::remove_file(file(f, "soft", "exr")).unwrap(), &["soft/1003.exr", "missing"]),
    (|f| std::fs::rename(file(f, "frames", "png"), f.join("frames/3.png")).unwrap(), &["frames/3.png", "%04d.png"]),
    (|f| copied(file(f, "frames", "png"), f.join("frames/1003.exr")), &["frames/1003", "%04d"]),
    (|f| copied(file(f, "labels", "png"), f.join("labels/1099.png")), &["labels/1099.png", "knows"]),
    (|f| labelled::grey(&file(f, "labels", "png"), |_, _| 7), &["labels/1003.png", "(0, 31) is 7", "0-4"]),
    (|f| image::GrayImage::new(60, 31).save(file(f, "labels", "png")).unwrap(), &["labels/1003.png", "60×31"]),
    (
        |f| image::ImageBuffer::<image::Luma<u16>, _>::new(60, 32).save(file(f, "labels", "png")).unwrap(),
        &["labels/1003.png", "8-bit"],
    ),
    (
        |f| {
            let bytes = std::fs::read(file(f, "labels", "png")).unwrap();
            std::fs::write(file(f, "labels", "png"), &bytes[..bytes.len() / 2]).unwrap();
        },
        &["labels/1003.png"],
    ),
    (
        |f| {
            let subject = |frame| labelled::path(f, "subject", frame, "png");
            (1001..=1008).for_each(|frame| labelled::grey(&subject(frame), |x, _| u8::from(x > 9)));
        },
        &["subject/1001.png", "255"],
    ),
    (
        |f| labelled::write_exr(&file(f, "soft", "exr"), &[("background", labelled::row(|_| 1.0))]),
        &["soft/1003.exr", "needs the channels background, highlight", "it has background"],
    ),
    (
        |f| {
            let shares = CLASSES.map(|name| (name, labelled::row(|_| 0.25)));
            labelled::write_exr(&file(f, "soft", "exr"), &shares);
        },
        &["soft/1003.exr", "(0, 31)", "sum to 1.25"],
    ),
    (
        |f| copied(labelled::path(f, "soft", 1008, "exr"), file(f, "soft", "exr")),
        &["soft/1003.exr", "agree", "another frame"],
    ),
    (
        |f| labelled::write_exr(&file(f, "motion", "exr"), &[("u", labelled::row(|_| 0.0))]),
        &["motion/1003.exr", "x, y or R, G"],
    ),
    // Colors are no motion, and of two motions it is not said which is meant.
    (
        |f| {
            let picture = ["R", "G", "B"].map(|name| (name, labelled::row(|_| 0.5)));
            labelled::write_exr(&file(f, "motion", "exr"), &picture);
        },
        &["motion/1003.exr", "x, y or R, G", "it has B, G, R"],
    ),
    (
        |f| {
            let two = ["N.x", "N.y", "motion.x", "motion.y"].map(|name| (name, labelled::row(|_| 0.0)));
            labelled::write_exr(&file(f, "motion", "exr"), &two);
        },
        &["motion/1003.exr", "more than once: N.x, motion.x"],
    ),
    (
        |f| {
            let motion = [("R", labelled::row(|_| f32::NAN)), ("G", labelled::row(|_| 0.0))];
            labelled::write_exr(&file(f, "motion", "exr"), &motion);
        },
        &["motion/1003.exr", "not a number"],
    ),
    (|f| std::fs::write(file(f, "frames", "png"), b"damaged").unwrap(), &["frames/1003.png"]),
];

#[test]
fn every_damage_to_a_shot_is_told_with_its_file() {
    let tiny = tiny();
    for (number, (damage, words)) in DAMAGES.iter().enumerate() {
        let folder = written(&[("shot", Labelled::whole())]);
        damage(&folder.path().join("shot"));
        let told = fails(folder.path(), &["score", "tone", "shot", "--set", &tiny, "--set", "model=custom"], 3);
        for word in *words {
            assert!(told.contains(word), "damage {number} lacks {word}: {told}");
        }
    }
}

#[test]
fn a_shot_may_lie_in_any_folder_and_its_endings_be_in_capitals() {
    let folder = written(&[("take#2 %d", Labelled::whole())]);
    for kind in ["frames", "labels"] {
        for entry in std::fs::read_dir(folder.path().join("take#2 %d").join(kind)).unwrap() {
            let file = entry.unwrap().path();
            std::fs::rename(&file, file.with_extension("PNG")).unwrap();
        }
    }
    let scores = pointwise_score(folder.path(), &["take#2 %d"]);
    near(&scores["columns"][0]["total"]["variants"]["default"]["mean_iou"], 1.0);
}

#[test]
fn shots_are_found_at_any_depth_and_none_is_passed_over() {
    let folder = written(&[("day/a", Labelled::default()), ("day/night/b", Labelled::default())]);
    let inside = folder.path().join("day");
    #[cfg(unix)]
    std::os::unix::fs::symlink(&inside, inside.join("night/back")).unwrap();
    let names = |scores: &Value| {
        let shots = scores["columns"][0]["shots"].as_array().unwrap().iter();
        shots.map(|shot| shot["shot"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let scores = pointwise_score(folder.path(), &["day"]);
    assert_eq!(names(&scores), ["a", "night/b"]);
    // However the way to a shot is typed, it is the same.
    let hash = |scores: &Value| scores["columns"][0]["data_xxh3"].clone();
    let (outside, within) = (pointwise_score(folder.path(), &["day/a"]), pointwise_score(&inside.join("a"), &["."]));
    assert_eq!((names(&within), hash(&within)), (vec!["a".to_owned()], hash(&outside)));
    std::fs::rename(inside.join("night/b/shot.json"), inside.join("night/b/shot.txt")).unwrap();
    let told = fails(folder.path(), &["score", "tone", "day"], 3);
    assert!(told.contains("night/b") && told.contains("no shot.json"), "{told}");
    #[cfg(unix)]
    {
        std::fs::remove_dir_all(inside.join("night")).unwrap();
        std::os::unix::fs::symlink("nowhere", inside.join("gone")).unwrap();
        assert!(fails(folder.path(), &["score", "tone", "day"], 3).contains("day/gone"));
    }
}

#[test]
fn the_sample_is_scored_where_no_folder_is_given_and_not_beside_one() {
    let folder = written(&[("sample", Labelled::default()), ("own", Labelled::default())]);
    let groups = |more: &[&str]| {
        let scores = pointwise_score(folder.path(), &[&["--sample", "sample"], more].concat());
        scores["columns"].as_array().unwrap().iter().map(|c| c["group"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(groups(&[]), ["sample"]);
    assert_eq!(groups(&["--boundary-px", "3", "own"]), ["own"]);
}

#[test]
fn arguments_that_mean_nothing_are_told() {
    let folder = written(&[("shot", Labelled::default())]);
    let told = |more: &[&str], code| fails(folder.path(), &[&["score", "tone"], more].concat(), code);
    assert!(told(&["nowhere"], 3).contains("nowhere"));
    assert!(told(&["shot/labels"], 3).contains("shot.json"));
    assert!(told(&["shot", "--also", "none.onnx"], 2).contains("none.onnx"));
    assert!(told(&["shot", "--boundary-px=-1"], 2).contains("boundary-px"));
    assert!(told(&["shot", "--gif", "gifs", "--looks"], 2).contains("--looks"));
    let told = told(&["shot", "--set", "source_colorspace=logc3"], 2);
    assert!(told.contains("source_colorspace") && told.contains("shot.json"), "{told}");
}

#[test]
fn a_shot_is_encoded_as_it_says_whatever_a_file_of_parameters_was_saved_for() {
    let folder = written(&[("shot", Labelled::default())]);
    let saved = folder.path().join("log.json");
    let tiny = tiny();
    let settings = ["--set", &*tiny, "--set", "model=custom", "--set", "source_colorspace=logc3"];
    let render = ["render", "ToneSegment", "-i", "shot/frames/%04d.png", "-o", "%04d.png", "--frames", "1"];
    succeeds(folder.path(), &[&render[..], &settings, &["--save-params", "log.json"]].concat());
    assert!(std::fs::read_to_string(&saved).unwrap().contains("source_colorspace"));
    // A mark of the encoding, as editors of Windows leave it.
    let facts = folder.path().join("shot/shot.json");
    std::fs::write(&facts, format!("\u{feff}{}", std::fs::read_to_string(&facts).unwrap())).unwrap();
    let scores = pointwise_score(folder.path(), &["shot", "--load-params", "log.json"]);
    near(&scores["columns"][0]["total"]["variants"]["default"]["mean_iou"], 1.0);
    let keyed = ["score", "tone", "shot", "--set", "edge_refine_px@1=0", "--set", "edge_refine_px@2=9"];
    let told = fails(folder.path(), &keyed, 2);
    assert!(told.contains("edge_refine_px has keys"), "{told}");
}

#[test]
fn figures_that_cannot_be_written_are_told_before_anything_is_rendered() {
    let folder = written(&[("shot", Labelled::default())]);
    std::fs::write(folder.path().join("file"), b"").unwrap();
    let tiny = tiny();
    let start = ["score", "tone", "shot", "--set", &tiny, "--set", "model=custom"];
    // A model that is missing fails the first render: it is never come to.
    let none = ["score", "tone", "shot", "--set", "custom_model=none.onnx", "--set", "model=custom"];
    for out in ["file/scores.json", "shot"] {
        let told = fails(folder.path(), &[&none[..], &["--out", out]].concat(), 4);
        assert!(told.contains(&format!("cannot write {out}")), "{told}");
    }
    let told = fails(folder.path(), &[&none[..], &["--gif", "file"]].concat(), 4);
    assert!(told.contains("cannot write file/shot.gif"), "{told}");
    let facts = std::fs::read(folder.path().join("shot/shot.json")).unwrap();
    for out in ["shot/shot.json", "shot/../shot/labels/0001.png"] {
        let told = fails(folder.path(), &[&start[..], &["--out", out]].concat(), 2);
        assert!(told.contains(&format!("--out {out}")) && told.contains("would replace"), "{told}");
    }
    assert_eq!(std::fs::read(folder.path().join("shot/shot.json")).unwrap(), facts);
    succeeds(folder.path(), &[&start[..], &["--out", "shot/scores.json"]].concat());
}

#[test]
#[cfg(target_os = "linux")]
fn figures_are_on_the_screen_before_the_file_fails() {
    let folder = written(&[("shot", Labelled::default())]);
    let tiny = tiny();
    let full = ["score", "tone", "shot", "--set", &tiny, "--set", "model=custom", "--out", "/dev/full"];
    let output = terminal::rotocel(folder.path(), &full);
    assert_eq!(output.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&output.stdout).contains("mean IoU"));
    assert!(String::from_utf8_lossy(&output.stderr).contains("/dev/full: the disk is full"));
}
