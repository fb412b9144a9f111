//! FeatureDetect through the built bundle: analysis, corrections, rendering and files, with the fixture's networks.

mod shot;
mod stage;

use ofx_sdk::host::*;
use ofx_sdk::{Context, Premultiplication, RectI, RenderScale};
use roto::Analysis;
use roto::exchange::{Format, ReadOptions, Scene, TextFile};
use shot::*;
use stage::*;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How far the antialiased 64-pixel picture of the network may move a centroid, in pixels of the plate.
const OFF_PX: f64 = 0.05;

fn analysed(host: &Host) -> (Arc<Shot>, Instance) {
    let shot = Arc::new(Shot::default());
    let node = node(host, &shot);
    node.press("analyse").unwrap();
    (shot, node)
}

fn assert_near(found: (f64, f64), expected: (f64, f64), told: &str) {
    let off = (found.0 - expected.0).hypot(found.1 - expected.1);
    assert!(off < OFF_PX, "{told}: {found:?}, expected {expected:?}");
}

/// Where a landmark was found.
fn found(node: &Instance, frame: i64, landmark: usize) -> (f64, f64) {
    let at = analysis(node).frame(frame).unwrap().landmarks[landmark].position;
    (at.x, at.y)
}

#[test]
fn landmarks_are_found_where_the_network_puts_them_on_a_plate_off_the_origin() {
    let host = harsh_host();
    let (_, node) = analysed(&host);
    assert_eq!(frames(&node), (1..=8).collect::<Vec<_>>());
    for frame in 1..=8 {
        assert_near(found(&node, frame, 2), nose(frame as f64), &format!("frame {frame}"));
    }
    let stored = analysis(&node);
    let plate = stored.plate();
    assert_eq!((plate.x1, plate.y2, plate.width, plate.height), (-20.0, 138.0, 128.0, 128.0));
    assert_eq!(text(&node, "status"), "8 of 8 frames analysed");
    assert!(stored.model().starts_with("tiny_landmarks "), "{}", stored.model());
    assert_well_behaved(&host);
}

#[test]
fn frames_beyond_source_are_told() {
    let host = harsh_host();
    let node = node(&host, &Arc::new(Shot::default()));
    node.set("first_frame", &ParamValue::Int(7)).unwrap();
    node.set("last_frame", &ParamValue::Int(10)).unwrap();
    node.press("analyse").unwrap();
    let status = text(&node, "status");
    assert!(status.contains("Source runs from 1 to 8") && status.contains("9-10"), "{status}");
}

#[test]
fn the_menu_has_custom_and_a_fresh_node_passes_its_picture_on_and_says_what_analyse_misses() {
    let host = harsh_host();
    let shot = Arc::new(Shot::default());
    let project = Project::new(108.0, 138.0, RANGE);
    let fresh = feature_detect(&host).create(Context::General, project).unwrap();
    fresh.connect("Source", shot).unwrap();
    set(&fresh, "model", "custom");
    let out = render(&fresh, &RenderRequest::at(1.0)).unwrap();
    assert_eq!(out.pixel(40, 80).unwrap()[3], 0.0, "nothing is in the matte");
    let message = fresh.press("analyse").unwrap_err().to_string();
    assert!(message.contains("Custom model"), "{message}");
    assert!(text(&fresh, "status").contains("Custom model"));
    assert_eq!(text(&fresh, "analysis"), "");
}

#[test]
fn shapes_take_their_names_from_the_topology_and_the_rest_is_hidden() {
    let host = harsh_host();
    let node = node(&host, &Arc::new(Shot::default()));
    assert_eq!(node.param("shape_01").unwrap().label, "Left eye");
    assert_eq!(node.param("group_2_feather_px").unwrap().label, "Brows feather");
    let secret = |id: &str| node.is_secret(id).unwrap();
    assert!(!secret("shape_09") && secret("shape_10") && secret("shape_32") && !secret("group_4_opacity"));
    assert!(secret("analysis") && secret("edits") && secret("model_id"));
}

/// An artist who presses Cancel once three of eight frames are done, as long as there is no time.
struct Impatient {
    hurried: AtomicBool,
}

impl Observer for Impatient {
    fn progress(&self, label: &str, fraction: f64) -> ControlFlow<()> {
        let cancels = label.contains("landmarks") && fraction >= 0.375 && self.hurried.load(Ordering::SeqCst);
        if cancels { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[test]
fn cancel_keeps_what_is_done_and_analyse_goes_on_from_there() {
    let impatient = Arc::new(Impatient { hurried: AtomicBool::new(true) });
    let host = host(HostOptions { observer: Some(impatient.clone()), ..HostOptions::default() });
    let (_, node) = analysed(&host);
    assert_eq!(frames(&node), [1, 2, 3], "the fourth was cancelled");
    assert!(text(&node, "status").starts_with("cancelled: 3 of 8"), "{}", text(&node, "status"));
    let before = found(&node, 2, 2);
    impatient.hurried.store(false, Ordering::SeqCst);
    node.press("analyse").unwrap();
    assert_eq!(frames(&node), (1..=8).collect::<Vec<_>>());
    assert_eq!(found(&node, 2, 2), before, "what was done stays");
    assert_well_behaved(&host);
}

#[test]
fn an_analysis_needs_no_progress_suite_and_one_frame_can_be_analysed_alone() {
    let host = host(HostOptions { progress_suite: 0, ..HostOptions::default() });
    let node = node(&host, &Arc::new(Shot::default()));
    node.set_time(5.0).unwrap();
    node.press("analyse_frame").unwrap();
    assert_eq!(frames(&node), [5]);
    set(&node, "first_frame", "3");
    set(&node, "last_frame", "6");
    node.press("analyse").unwrap();
    assert_eq!(frames(&node), [3, 4, 5, 6]);
    node.press("clear_analysis").unwrap();
    assert_eq!(text(&node, "analysis"), "");
    assert_well_behaved(&host);
}

#[test]
fn without_temporal_access_the_current_frame_is_analysed_and_the_status_says_why() {
    let host = host(HostOptions { temporal: false, ..HostOptions::default() });
    let node = node(&host, &Arc::new(Shot::default()));
    node.set_time(4.0).unwrap();
    node.press("analyse").unwrap();
    assert_eq!(frames(&node), [4]);
    assert!(text(&node, "status").contains("no other frame"), "{}", text(&node, "status"));
}

#[test]
fn a_frame_whose_picture_changed_is_found_and_analysed_anew() {
    let host = harsh_host();
    let (shot, node) = analysed(&host);
    node.press("check_frames").unwrap();
    assert!(text(&node, "status").contains("as they were"), "{}", text(&node, "status"));
    *shot.changed.lock().unwrap() = Some(3);
    node.press("check_frames").unwrap();
    assert!(text(&node, "status").contains("changed since the analysis: 3;"), "{}", text(&node, "status"));
    let before = analysis(&node);
    node.press("analyse").unwrap();
    let after = analysis(&node);
    assert_ne!(before.frame(3).unwrap().picture, after.frame(3).unwrap().picture);
    assert_eq!(before.frame(4), after.frame(4));
}

#[test]
fn the_matte_lies_on_the_eyes_and_is_the_same_in_tiles_and_at_half_scale() {
    let host = harsh_host();
    let (_, node) = analysed(&host);
    let whole = matte(&node, &RenderRequest::at(4.0));
    // The left eye is a hexagon with a radius of 0.04 crops, 0.1 left of the centroid and 0.02 above it.
    let (x, y) = centroid(4.0);
    let eye = ((x - 0.1 * SIDE - 20.0).floor() as i32, (138.0 - (y - 0.02 * SIDE)).floor() as i32);
    assert_eq!(whole.pixel(eye.0, eye.1).unwrap(), [1.0; 4]);
    assert_eq!(whole.pixel(eye.0, eye.1 + 6).unwrap(), [0.0; 4], "between eye and brow");
    for tile in [16, 37] {
        let tiled = matte(&node, &RenderRequest { tile: Some(tile), ..RenderRequest::at(4.0) });
        assert_eq!(tiled, whole, "tiles of {tile}");
    }
    let half = matte(&node, &RenderRequest { scale: RenderScale::uniform(0.5), ..RenderRequest::at(4.0) });
    assert_eq!(half.bounds, RectI::new(-10, 5, 54, 69));
    for (x, y) in (-10..54).flat_map(|x| (5..69).map(move |y| (x, y))) {
        let at = |dx, dy| whole.pixel(2 * x + dx, 2 * y + dy).unwrap()[0];
        let mean = (at(0, 0) + at(0, 1) + at(1, 0) + at(1, 1)) / 4.0;
        // Closed shapes are exact by area; lines are good to 0.02 at both scales.
        assert!((half.pixel(x, y).unwrap()[0] - mean).abs() < 0.05, "at {x}, {y}");
    }
    assert_well_behaved(&host);
}

#[test]
fn outputs_combinations_and_switches_do_what_they_say() {
    let host = harsh_host();
    let (_, node) = analysed(&host);
    let (x, y) = centroid(1.0);
    let eye = ((x - 0.1 * SIDE - 20.0).floor() as i32, (138.0 - (y - 0.02 * SIDE)).floor() as i32);
    let at = |output: &str| {
        set(&node, "output", output);
        render(&node, &RenderRequest::at(1.0)).unwrap().pixel(eye.0, eye.1).unwrap()
    };
    let source = at("source_matte");
    assert_eq!((source[0], source[3]), (0.9, 1.0));
    assert_eq!(at("cutout"), [0.9, 0.9, 0.9, 1.0]);
    assert_eq!(at("shape_colors"), [0.95, 0.45, 0.10, 1.0], "the color of the first shape");
    assert_eq!(at("overlay")[3], 1.0);
    set(&node, "invert", "true");
    assert_eq!(at("source_matte")[3], 0.0);
    set(&node, "combine", "max");
    assert_eq!(at("source_matte")[3], 1.0, "Source is opaque");
    set(&node, "combine", "replace");
    set(&node, "invert", "false");
    set(&node, "group_1_opacity", "0.25");
    assert_eq!(at("matte"), [0.25; 4]);
    set(&node, "shape_01", "false");
    assert_eq!(at("matte"), [0.0; 4]);
    set(&node, "output", "cutout");
    assert_eq!(node.clip_preferences().unwrap().premultiplication, Premultiplication::Premultiplied);
    assert_well_behaved(&host);
}

#[test]
fn motion_blur_spreads_an_edge_over_its_way() {
    let host = harsh_host();
    let (_, node) = analysed(&host);
    let soft = |node: &Instance| {
        let image = matte(node, &RenderRequest::at(4.0));
        image.to_f32().iter().filter(|v| (0.01..0.99).contains(*v)).count()
    };
    let sharp = soft(&node);
    set(&node, "motion_blur", "true");
    set(&node, "shutter", "2");
    assert!(soft(&node) > sharp, "{} against {sharp}", soft(&node));
}

#[test]
fn a_point_moved_in_numbers_is_a_key_by_hand_that_no_new_analysis_moves_and_one_step_to_undo() {
    let host = harsh_host();
    let (shot, node) = analysed(&host);
    node.set_time(3.0).unwrap();
    set(&node, "selected_point", "3");
    assert!(text(&node, "point_name").starts_with("seam_nose_mid"), "{}", text(&node, "point_name"));
    let ParamValue::Double2([x, y]) = node.get("point_xy").unwrap() else { panic!("no position") };
    let (plate_x, plate_y) = nose(3.0);
    assert_near((x, y), (plate_x - 20.0, 138.0 - plate_y), "canonical");
    let steps = node.undo_steps().len();
    node.set("point_xy", &ParamValue::Double2([x + 5.0, y - 2.0])).unwrap();
    assert_eq!(node.undo_steps().len(), steps + 1);
    let key = |node: &Instance| edits(node).frame(3).unwrap().landmarks[&2];
    assert_near((key(&node).x, key(&node).y), (plate_x + 5.0, plate_y + 2.0), "on the plate");
    let by_hand = key(&node);
    *shot.changed.lock().unwrap() = Some(3);
    node.press("analyse").unwrap();
    assert_eq!(key(&node), by_hand);
    node.undo(false).unwrap();
    node.undo(false).unwrap();
    assert_eq!(text(&node, "edits"), "", "no notification is needed");
    assert!(render(&node, &RenderRequest::at(3.0)).is_ok());
    assert_well_behaved(&host);
}

#[test]
fn damaged_texts_are_told_and_never_overwritten() {
    let host = harsh_host();
    let (_, node) = analysed(&host);
    set(&node, "selected_point", "1");
    node.set("point_xy", &ParamValue::Double2([30.0, 70.0])).unwrap();
    for id in ["analysis", "edits"] {
        let whole = text(&node, id);
        let damaged = "{\"format\": \"rotocel-".to_owned();
        node.set(id, &ParamValue::String(damaged.clone())).unwrap();
        let message = node.render(&RenderRequest::at(1.0)).unwrap_err().to_string();
        assert!(message.contains("stored") && message.contains("cannot be read"), "{message}");
        node.set("point_xy", &ParamValue::Double2([1.0, 2.0])).unwrap_err();
        if id == "analysis" {
            node.press("analyse").unwrap_err();
        }
        assert_eq!(text(&node, id), damaged);
        node.set(id, &ParamValue::String(whole)).unwrap();
    }
    assert!(node.render(&RenderRequest::at(1.0)).is_ok());
}

#[test]
fn results_lie_in_a_file_when_one_is_given_and_chunks_can_be_loaded_saved_and_cleared() {
    let host = harsh_host();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shot.json");
    let node = node(&host, &Arc::new(Shot::default()));
    node.set("analysis_file", &ParamValue::String(file.to_str().unwrap().to_owned())).unwrap();
    node.press("analyse").unwrap();
    assert!(text(&node, "analysis").len() < 200, "the project does not grow");
    let in_file = matte(&node, &RenderRequest::at(2.0));
    assert!(in_file.to_f32().contains(&1.0));
    node.press("load_analysis").unwrap();
    assert_eq!(frames(&node).len(), 8);
    assert_eq!(matte(&node, &RenderRequest::at(2.0)), in_file);
    set(&node, "selected_point", "3");
    node.set("point_xy", &ParamValue::Double2([10.0, 60.0])).unwrap();
    node.press("save_analysis").unwrap();
    let corrections = edits(&node);
    node.set("edits", &ParamValue::String(String::new())).unwrap();
    node.press("load_analysis").unwrap();
    assert_eq!(edits(&node), corrections);
    std::fs::remove_file(&file).unwrap();
    assert!(node.press("load_analysis").unwrap_err().to_string().contains("shot.json"));
}

/// A file for an analysis in a folder of its own, and its path as a parameter.
fn analysis_file() -> (tempfile::TempDir, PathBuf, ParamValue) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shot.json");
    let param = ParamValue::String(path.to_str().unwrap().to_owned());
    (folder, path, param)
}

/// A node that has analysed a shot into a file, and another that is given the file.
fn farm_and_artist(host: &Host, shot: &Arc<Shot>, file: &ParamValue) -> [Instance; 2] {
    let nodes = [node(host, shot), node(host, shot)];
    nodes.iter().for_each(|node| node.set("analysis_file", file).unwrap());
    nodes[0].press("analyse").unwrap();
    nodes
}

#[test]
fn a_loaded_analysis_ties_the_project_to_the_model_that_made_it() {
    let host = harsh_host();
    let (_folder, path, file) = analysis_file();
    let nothing = ParamValue::String(String::new());
    let shot = Arc::new(Shot::default());
    let [_, artist] = farm_and_artist(&host, &shot, &file);
    artist.set("model_id", &nothing).unwrap();
    artist.press("load_analysis").unwrap();
    assert_eq!(text(&artist, "model_id"), analysis(&artist).model());
    // Another model's is loaded, and said to be another's.
    let older = std::fs::read_to_string(&path).unwrap().replace(analysis(&artist).model(), "older_landmarks 0123");
    std::fs::write(&path, older).unwrap();
    artist.set("model_id", &nothing).unwrap();
    artist.press("load_analysis").unwrap();
    assert!(text(&artist, "status").contains("by older_landmarks"), "{}", text(&artist, "status"));
    assert_eq!(text(&artist, "model_id"), "");
    // A correction ties it to the model whose shapes it is of.
    let fresh = node(&host, &shot);
    fresh.set("model_id", &nothing).unwrap();
    set(&fresh, "selected_point", "3");
    fresh.set("point_xy", &ParamValue::Double2([10.0, 60.0])).unwrap();
    assert!(text(&fresh, "model_id").starts_with("tiny_landmarks "));
    assert_well_behaved(&host);
}

#[test]
fn a_file_that_another_wrote_is_gone_on_with_and_never_shown_or_lost_in_silence() {
    let host = harsh_host();
    let (_folder, path, file) = analysis_file();
    let shot = Arc::new(Shot::default());
    let [farm, artist] = farm_and_artist(&host, &shot, &file);
    artist.set_time(2.0).unwrap();
    artist.press("analyse_frame").unwrap();
    artist.press("load_analysis").unwrap();
    assert_eq!(frames(&artist).len(), 8, "one frame does not replace eight");
    std::fs::write(&path, std::fs::read_to_string(&path).unwrap() + " ").unwrap();
    let message = farm.render(&RenderRequest::at(2.0)).unwrap_err().to_string();
    assert!(message.contains("press Load"), "{message}");
    let damaged = node(&host, &shot);
    std::fs::write(&path, "{").unwrap();
    damaged.set("analysis_file", &file).unwrap();
    assert!(damaged.press("analyse").unwrap_err().to_string().contains("another Analysis file"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "{");
}

#[test]
fn clear_gives_up_the_file_too_and_the_next_analysis_looks_again() {
    let host = harsh_host();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shot.json");
    let node = node(&host, &Arc::new(Shot::default()));
    node.set("analysis_file", &ParamValue::String(path.to_str().unwrap().to_owned())).unwrap();
    node.press("analyse").unwrap();
    std::fs::write(&path, std::fs::read_to_string(&path).unwrap().replace("tiny_landmarks ", "another ")).unwrap();
    node.press("clear_analysis").unwrap();
    assert!(text(&node, "status").contains("the next analysis replaces"), "{}", text(&node, "status"));
    assert_eq!(matte(&node, &RenderRequest::at(2.0)).to_f32().iter().copied().fold(0.0, f32::max), 0.0);
    node.set_time(3.0).unwrap();
    node.press("analyse_frame").unwrap();
    assert_eq!(Analysis::parse(&std::fs::read_to_string(&path).unwrap()).unwrap().len(), 1, "nothing of the old one");
    node.press("clear_analysis").unwrap();
    node.press("analyse").unwrap();
    assert_eq!(text(&node, "status"), "8 of 8 frames analysed");
}

#[test]
fn a_file_of_another_plate_is_refused_and_stays() {
    let host = harsh_host();
    let (_folder, path, file) = analysis_file();
    let wide = node(&host, &Arc::new(Shot { pixel_aspect: 2.0, ..Shot::default() }));
    wide.set("analysis_file", &file).unwrap();
    wide.press("analyse").unwrap();
    let stored = std::fs::read_to_string(&path).unwrap();
    let square = node(&host, &Arc::new(Shot::default()));
    square.set("analysis_file", &file).unwrap();
    let told = square.press("analyse").unwrap_err().to_string();
    assert!(told.contains("its plate is") && told.contains("pixel aspect 2,"), "{told}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), stored);
}

#[test]
fn an_analysis_whose_file_cannot_be_written_stays_in_the_project() {
    let host = harsh_host();
    let node = node(&host, &Arc::new(Shot::default()));
    node.set("analysis_file", &ParamValue::String("/nowhere/at/all/shot.json".to_owned())).unwrap();
    let told = node.press("analyse").unwrap_err().to_string();
    assert!(told.contains("shot.json cannot be written"), "{told}");
    assert_eq!(frames(&node).len(), 8);
    assert!(text(&node, "status").contains("the project keeps the analysis"), "{}", text(&node, "status"));
}

#[test]
fn one_imported_frame_says_nothing_of_the_others() {
    let host = harsh_host();
    let (_, node) = analysed(&host);
    let folder = tempfile::tempdir().unwrap();
    node.set("export_dir", &ParamValue::String(folder.path().to_str().unwrap().to_owned())).unwrap();
    let before = matte(&node, &RenderRequest::at(8.0));
    node.press("export_segments").unwrap();
    let mut files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    node.set("import_file", &ParamValue::String(files[1].to_str().unwrap().to_owned())).unwrap();
    node.press("import").unwrap();
    assert_eq!(edits(&node).frames().map(|(frame, _)| frame).collect::<Vec<_>>(), [2]);
    set(&node, "correction_falloff", "0");
    assert_eq!(matte(&node, &RenderRequest::at(8.0)), before);
}

#[test]
fn an_analysis_and_corrections_survive_nuke_which_takes_brackets_in_texts_for_commands() {
    let name = "uk.co.thefoundry.nuke".to_owned();
    let host = host(HostOptions { name, substitutes_tcl: true, overlays: true, ..HostOptions::default() });
    let (_, node) = analysed(&host);
    assert_eq!(text(&node, "status"), "8 of 8 frames analysed");
    let before = matte(&node, &RenderRequest::at(4.0));
    node.set_time(4.0).unwrap();
    set(&node, "selected_point", "6");
    let ParamValue::Double2([x, y]) = node.get("point_xy").unwrap() else { panic!("no position") };
    node.set("point_xy", &ParamValue::Double2([x - 6.0, y + 3.0])).unwrap();
    let corrected = matte(&node, &RenderRequest::at(4.0));
    assert!(largest_difference(&before, &corrected) > 0.5, "{}", text(&node, "status"));
    assert_well_behaved(&host);
}

/// What a button exported as our own JSON.
fn exported(node: &Instance, folder: &Path) -> Scene {
    node.press("export_json").unwrap();
    let text = std::fs::read_to_string(folder.join("rotocel.rotocel.json")).unwrap();
    Format::RotocelShot.read(&[TextFile::whole(text)], &ReadOptions::default()).unwrap().scene
}

#[test]
fn a_value_whose_keys_lie_before_the_exported_frames_is_that_of_the_first_of_them() {
    let host = harsh_host();
    let (_, node) = analysed(&host);
    let folder = tempfile::tempdir().unwrap();
    node.set("export_dir", &ParamValue::String(folder.path().to_str().unwrap().to_owned())).unwrap();
    set(&node, "overwrite", "true");
    for (frame, opacity, width) in [(-20.0, 0.0, 2.0), (-10.0, 1.0, 6.0)] {
        node.set_at("group_1_opacity", frame, &ParamValue::Double(opacity)).unwrap();
        node.set_at("group_1_feather_falloff", frame, &ParamValue::Double(width)).unwrap();
        node.set_at("seam_width_px", frame, &ParamValue::Double(width)).unwrap();
    }
    // The playhead stands where none of it is seen.
    node.set_time(-20.0).unwrap();
    let scene = exported(&node, folder.path());
    let style = scene.shot.shapes().iter().map(|shape| scene.style(&shape.name)).find(|style| style.group == "eyes");
    let style = style.expect("eyes are the first group");
    assert_eq!((style.opacity, style.feather_falloff, style.keys.len()), (1.0, 6.0, 0));
    let seams = scene.shot.shapes().iter().filter(|shape| !shape.track.is_closed());
    assert!(seams.map(|seam| scene.style(&seam.name).stroke_width_px).eq([6.0; 3]));
    let status = text(&node, "status");
    assert!(status.contains("no keys of Feather falloff of eyes, Seam width: it is as on frame 1"), "{status}");
}

#[test]
fn files_of_a_source_off_the_origin_count_from_the_project() {
    let host = harsh_host();
    let (_, node) = analysed(&host);
    let folder = tempfile::tempdir().unwrap();
    node.set("export_dir", &ParamValue::String(folder.path().to_str().unwrap().to_owned())).unwrap();
    let scene = exported(&node, folder.path());
    assert_eq!(scene.plate, roto::Plate::sized(f64::from(BOUNDS.x2), f64::from(BOUNDS.y2)));
    let stored = analysis(&node);
    let place = scene.trackers.iter().find(|tracker| tracker.name == "seam_nose_mid").unwrap().frames[&4].position;
    let (x, y) = found(&node, 4, 2);
    let (there, here) = (scene.plate.to_canonical() * place, stored.plate().to_canonical() * kurbo::Point::new(x, y));
    assert!((there - here).hypot() < 0.01, "{there:?} {here:?}");
}

#[test]
fn what_is_exported_comes_back_as_corrections_and_no_file_is_replaced_unasked() {
    let host = harsh_host();
    let (_, node) = analysed(&host);
    let folder = tempfile::tempdir().unwrap();
    assert!(node.press("export_json").unwrap_err().to_string().contains("Folder"));
    node.set("export_dir", &ParamValue::String(folder.path().to_str().unwrap().to_owned())).unwrap();
    set(&node, "key_mode", "every");
    let before = matte(&node, &RenderRequest::at(4.0));
    for button in [
        "export_json",
        "export_segments",
        "export_nuke",
        "export_tracker",
        "export_nuke_python",
        "export_natron",
        "export_silhouette",
        "export_after_effects",
        "export_mlt",
        "export_fusion",
        "export_svg",
    ] {
        node.press(button).unwrap_or_else(|error| panic!("{button}: {error}"));
        let again = node.press(button).unwrap_err().to_string();
        assert!(again.contains("Overwrite"), "{button}: {again}");
    }
    set(&node, "overwrite", "true");
    node.press("export_nuke").unwrap();
    let import = |file: &str| {
        node.set("import_file", &ParamValue::String(folder.path().join(file).to_str().unwrap().to_owned())).unwrap();
        node.press("import").unwrap_or_else(|error| panic!("{file}: {error}"));
    };
    for file in ["rotocel.nk", "rotocel.tracker.nk"] {
        import(file);
        assert!(!edits(&node).is_empty(), "{file}: {}", text(&node, "status"));
        let difference = largest_difference(&matte(&node, &RenderRequest::at(4.0)), &before);
        assert!(difference < 0.05, "{file}: {difference}");
        node.set("edits", &ParamValue::String(String::new())).unwrap();
    }
    import("rotocel.rotocel.json");
    assert_eq!(text(&node, "edits"), "", "predictions stay predictions");
    assert!(text(&node, "status").contains("was set by hand"), "{}", text(&node, "status"));
    node.set_time(4.0).unwrap();
    set(&node, "selected_point", "6");
    let ParamValue::Double2([x, y]) = node.get("point_xy").unwrap() else { panic!("no position") };
    node.set("point_xy", &ParamValue::Double2([x - 6.0, y + 3.0])).unwrap();
    let corrected = matte(&node, &RenderRequest::at(4.0));
    node.press("export_json").unwrap();
    node.set("edits", &ParamValue::String(String::new())).unwrap();
    import("rotocel.rotocel.json");
    assert_eq!(edits(&node).frames().map(|(frame, _)| frame).collect::<Vec<_>>(), [4]);
    let difference = largest_difference(&matte(&node, &RenderRequest::at(4.0)), &corrected);
    assert!(difference < 0.05, "{difference}");
    assert_well_behaved(&host);
}
