//! What FeatureDetect looks at: the Crop input, proxies, pixels that are not square, other topologies; and de-jitter.

mod shot;
mod stage;

use ofx_sdk::host::*;
use ofx_sdk::{Context, RectD, RectI, RenderScale};
use shot::*;
use stage::*;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// The frame on which the artist has drawn no garbage matte.
const EMPTY: i64 = 5;

/// A garbage matte around the square, off its middle, in a picture of its own size.
struct Garbage {
    /// How far it was moved since.
    moved: Mutex<i32>,
    /// Black and white, with an alpha of 1, as Fusion's masks come.
    opaque: bool,
}

impl Garbage {
    const BOUNDS: RectI = RectI::new(0, 20, 100, 130);

    /// Left, top, width and height, in pixels of the plate.
    fn part(time: f64) -> (f64, f64, f64, f64) {
        let (left, top) = square(time);
        (left - 4.0, top - 10.0, 72.0, 64.0)
    }
}

impl Source for Garbage {
    fn info(&self) -> ClipInfo {
        ClipInfo { frame_range: RANGE, ..ClipInfo::default() }
    }

    fn region_of_definition(&self, _time: f64) -> RectD {
        Self::BOUNDS.to_canonical(RenderScale::FULL, 1.0)
    }

    fn frame(&self, time: f64, scale: RenderScale, region: RectI) -> ofx_sdk::Result<HostImage> {
        let (left, top, width, height) = Self::part(time);
        let left = left + f64::from(*self.moved.lock().unwrap());
        let image = picture(Self::BOUNDS, |x, y| {
            let (x, y) = (f64::from(x) + 20.5, 138.0 - f64::from(y) - 0.5);
            let inside = (left..left + width).contains(&x) && (top..top + height).contains(&y);
            let value = if inside && time as i64 != EMPTY { 1.0 } else { 0.0 };
            [value, value, value, if self.opaque { 1.0 } else { value }]
        });
        StillSource::new(image, RANGE).frame(time, scale, region)
    }
}

fn assert_near(found: kurbo::Point, expected: (f64, f64), off: f64, told: &str) {
    let far = (found.x - expected.0).hypot(found.y - expected.1);
    assert!(far < off, "{told}: {found:?}, expected {expected:?}");
}

#[test]
fn a_black_and_white_crop_with_alpha_one_as_fusion_has_it_is_read_by_its_luminance() {
    let host = harsh_host();
    let found = |opaque, channel| {
        let node = node(&host, &Arc::new(Shot::default()));
        set(&node, "crop_channel", channel);
        node.connect("Crop", Arc::new(Garbage { moved: Mutex::new(0), opaque })).unwrap();
        node.press("analyse").unwrap();
        let crops: Vec<_> = analysis(&node).frames().map(|(frame, found)| (frame, found.crop)).collect();
        crops
    };
    let matte = found(false, "alpha");
    assert!(matte.iter().all(|(frame, _)| *frame != EMPTY), "{matte:?}");
    assert_eq!(found(true, "luminance"), matte);
    assert_eq!(found(false, "luminance"), matte);
    assert!(found(true, "alpha").iter().any(|(frame, _)| *frame == EMPTY), "alpha says that all is face");
    assert_well_behaved(&host);
}

#[test]
fn the_crop_input_is_followed_frame_by_frame_with_its_margin_and_where_it_is_empty_no_face_is_found() {
    let host = harsh_host();
    let node = node(&host, &Arc::new(Shot::default()));
    set(&node, "crop_margin", "0.25");
    let garbage = Arc::new(Garbage { moved: Mutex::new(0), opaque: false });
    node.connect("Crop", garbage.clone()).unwrap();
    node.press("analyse").unwrap();
    assert_eq!(frames(&node), [1, 2, 3, 4, 6, 7, 8]);
    assert!(text(&node, "status").contains("no face on 5"), "{}", text(&node, "status"));
    let stored = analysis(&node);
    for (frame, found) in stored.frames() {
        let (left, top, width, height) = Garbage::part(frame as f64);
        let middle = (left + width / 2.0, top + height / 2.0);
        // The wider side with its margins, as a square.
        let side = 1.5 * width;
        let crop = kurbo::Rect::from_center_size(middle, (side, side));
        assert!((found.crop.origin() - crop.origin()).hypot() < 1e-2, "{frame}: {:?}", found.crop);
        assert!((found.crop.width() - side).abs() < 1e-2 && (found.crop.height() - side).abs() < 1e-2);
        let (x, y) = centroid_in(middle, (side, side), frame as f64);
        assert_near(found.landmarks[2].position, (x, y - 0.02 * side), 0.1, &format!("frame {frame}"));
    }
    node.press("check_frames").unwrap();
    assert!(text(&node, "status").contains("as they were"), "{}", text(&node, "status"));
    *garbage.moved.lock().unwrap() = 3;
    node.press("check_frames").unwrap();
    assert!(text(&node, "status").contains("1-4, 6-8; by crop"), "{}", text(&node, "status"));
    set(&node, "use_crop_input", "false");
    node.press("analyse").unwrap();
    assert_eq!(frames(&node), (1..=8).collect::<Vec<_>>(), "the rectangle is there on every frame");
    assert_well_behaved(&host);
}

#[test]
fn an_analysis_of_proxies_stores_pixels_of_the_whole_plate() {
    let host = harsh_host();
    let node = node(&host, &Arc::new(Shot::default()));
    node.set_proxy(RenderScale::uniform(0.5));
    node.press("analyse").unwrap();
    let stored = analysis(&node);
    let plate = stored.plate();
    assert_eq!((plate.x1, plate.y2, plate.width, plate.height), (-20.0, 138.0, 128.0, 128.0));
    for (frame, found) in stored.frames() {
        assert_near(found.landmarks[2].position, nose(frame as f64), 0.1, &format!("frame {frame}"));
        assert_eq!((found.crop.width(), found.crop.height()), (SIDE, SIDE));
    }
    let half = matte(&node, &RenderRequest::at(4.0));
    node.set_proxy(RenderScale::FULL);
    node.press("check_frames").unwrap();
    assert!(text(&node, "status").contains("as they were"), "a proxy is no change: {}", text(&node, "status"));
    node.press("clear_analysis").unwrap();
    node.press("analyse").unwrap();
    let difference = largest_difference(&half, &matte(&node, &RenderRequest::at(4.0)));
    assert!(difference < 0.1, "the same shapes from the proxy and from the plate: {difference}");
    assert_well_behaved(&host);
}

#[test]
fn a_crop_input_at_proxy_size_means_the_same_part_of_the_plate() {
    let host = harsh_host();
    let node = node(&host, &Arc::new(Shot::default()));
    node.connect("Crop", Arc::new(Garbage { moved: Mutex::new(0), opaque: false })).unwrap();
    node.set_proxy(RenderScale::uniform(0.5));
    node.set_time(2.0).unwrap();
    node.press("analyse_frame").unwrap();
    let (left, top, width, height) = Garbage::part(2.0);
    let crop = analysis(&node).frame(2).unwrap().crop;
    assert_near(crop.center(), (left + width / 2.0, top + height / 2.0), 1e-2, "middle");
    assert_eq!(crop.width(), width);
}

#[test]
fn landmarks_lie_in_pixels_of_the_plate_where_these_are_not_square() {
    let host = harsh_host();
    let node = node(&host, &Arc::new(Shot { pixel_aspect: 2.0, ..Shot::default() }));
    set(&node, "crop_bottom_left", "-40,10");
    set(&node, "crop_top_right", "216,138");
    node.press("analyse").unwrap();
    let stored = analysis(&node);
    let plate = stored.plate();
    assert_eq!((plate.x1, plate.y2, plate.width, plate.pixel_aspect), (-20.0, 138.0, 128.0, 2.0));
    // Square on screen: twice as many pixels down as across, and beyond the border the ground goes on.
    let size = (SIDE, 2.0 * SIDE);
    for (frame, found) in stored.frames() {
        assert_eq!((found.crop.width(), found.crop.height()), size);
        let (x, y) = centroid_in((SIDE / 2.0, SIDE / 2.0), size, frame as f64);
        assert_near(found.landmarks[2].position, (x, y - 0.02 * size.1), 0.2, &format!("frame {frame}"));
    }
    let eye = &stored.frame(4).unwrap().landmarks;
    let middle = eye[5].position.midpoint(eye[8].position);
    let at = ((middle.x - 20.0).floor() as i32, (138.0 - middle.y).floor() as i32);
    let whole = matte(&node, &RenderRequest::at(4.0));
    assert_eq!(whole.pixel(at.0, at.1).unwrap(), [1.0; 4], "the matte lies on the eye");
    set(&node, "selected_point", "6");
    node.set_time(4.0).unwrap();
    set(&node, "selected_point", "9");
    let ParamValue::Double2([x, _]) = node.get("point_xy").unwrap() else { panic!("no position") };
    assert!((x - 2.0 * (eye[8].position.x - 20.0)).abs() < 0.02, "Position is canonical: {x}");
    assert_well_behaved(&host);
}

/// How much the nose's way bends from frame to frame, in pixels.
fn roughness(node: &Instance) -> f64 {
    let stored = analysis(node);
    let x: Vec<f64> = stored.frames().map(|(_, found)| found.landmarks[2].position.x).collect();
    x.windows(3).map(|w| (w[0] - 2.0 * w[1] + w[2]).abs()).sum::<f64>() / (x.len() - 2) as f64
}

#[test]
fn de_jitter_steadies_what_jumps_while_the_picture_does_not() {
    let host = harsh_host();
    let shot = Arc::new(Shot { flickers: true, ..Shot::default() });
    let node = node(&host, &shot);
    node.press("analyse").unwrap();
    let raw = roughness(&node);
    assert!(raw > 2.0, "the spot pulls the centroid to and fro: {raw}");
    set(&node, "dejitter", "3");
    node.press("analyse").unwrap();
    assert_eq!(text(&node, "status"), "8 of 8 frames analysed");
    let steady = roughness(&node);
    assert!(steady < 0.5 * raw, "{steady} against {raw}");
    let stored = analysis(&node);
    let x = |frame: i64| stored.frame(frame).unwrap().landmarks[2].position.x;
    assert!(x(7) > x(2), "it still travels with the picture");
    assert_well_behaved(&host);
}

/// The tiny networks of an 11-point mouth beside its topology, as a studio would lay out a model of its own.
fn mouth(folder: &Path) -> PathBuf {
    for name in ["tiny_mouth_landmarks.onnx", "tiny_mouth_shapes.onnx", "tiny_mouth_finder.onnx"] {
        std::fs::copy(fixture(name), folder.join(name)).unwrap();
    }
    let topology = root().join("crates/roto/fixtures/topologies/mouth.toml");
    std::fs::copy(topology, folder.join("mouth.toml")).unwrap();
    folder.join("tiny_mouth_landmarks.onnx")
}

#[test]
fn the_overlay_outlives_the_model_whose_point_is_selected() {
    let host = host(HostOptions { overlays: true, draw_suite: true, ..HostOptions::default() });
    let folder = tempfile::tempdir().unwrap();
    let node = node(&host, &Arc::new(Shot::default()));
    node.press("analyse").unwrap();
    node.set_time(4.0).unwrap();
    let overlay = node.overlay().unwrap().expect("the node has an overlay");
    let stored = analysis(&node);
    let at = stored.plate().to_canonical() * stored.frame(4).unwrap().landmarks[30].position;
    for action in [PenAction::Down, PenAction::Up] {
        overlay.pen(action, [at.x, at.y], 1.0).unwrap();
    }
    overlay.draw().unwrap();
    let name = roto::Topology::puppet().unwrap().landmarks()[30].name.clone();
    assert!(overlay.drawn().texts().any(|text| text == name), "the name of what is selected");
    use_model(&node, &mouth(folder.path()));
    node.press("analyse").unwrap();
    overlay.draw().unwrap();
    assert!(!overlay.drawn().primitives.is_empty(), "the mouth is drawn");
    assert_well_behaved(&host);
}

#[test]
fn a_project_of_a_custom_model_names_no_shape_wrong_and_its_own_once_the_node_is_touched() {
    let host = harsh_host();
    let folder = tempfile::tempdir().unwrap();
    let saved = node_with(&host, &Arc::new(Shot::default()), &mouth(folder.path())).save_params().unwrap();
    let project = Project::new(f64::from(BOUNDS.x2), f64::from(BOUNDS.y2), RANGE);
    // A host that tells of no parameter, as on opening a project.
    let opened = feature_detect(&host).create_with(Context::General, project, &saved).unwrap();
    assert_eq!(opened.param("shape_01").unwrap().label, "Shape 1");
    opened.connect("Source", Arc::new(Shot::default())).unwrap();
    set(&opened, "output", "matte");
    assert_eq!(opened.param("shape_01").unwrap().label, "Lips");
    assert!(opened.is_secret("shape_04").unwrap());
    assert_well_behaved(&host);
}

/// A Crop that is connected and has left the frame, so that the host has no image of it.
struct Gone;

impl Source for Gone {
    fn info(&self) -> ClipInfo {
        ClipInfo::default()
    }

    fn region_of_definition(&self, _time: f64) -> RectD {
        RectD { x1: 0.0, y1: 0.0, x2: 0.0, y2: 0.0 }
    }

    fn frame(&self, _time: f64, _scale: RenderScale, _region: RectI) -> ofx_sdk::Result<HostImage> {
        Err(ofx_sdk::Error::Missing("the matte".to_owned()))
    }
}

#[test]
fn a_crop_that_has_left_the_frame_is_nowhere_and_not_everywhere() {
    let host = harsh_host();
    let node = node(&host, &Arc::new(Shot::default()));
    set(&node, "use_crop_input", "true");
    node.connect("Crop", Arc::new(Gone)).unwrap();
    node.press("analyse").unwrap();
    assert!(text(&node, "status").contains("no face on 1-8"), "{}", text(&node, "status"));
    assert_well_behaved(&host);
}

#[test]
fn a_mouth_of_eleven_points_and_three_shapes_goes_all_the_way_through_the_node() {
    let host = host(HostOptions { overlays: true, draw_suite: true, ..HostOptions::default() });
    let folder = tempfile::tempdir().unwrap();
    let node = node_with(&host, &Arc::new(Shot::default()), &mouth(folder.path()));
    assert_eq!(node.param("shape_01").unwrap().label, "Lips");
    assert_eq!(node.param("shape_03").unwrap().label, "Chin line");
    assert_eq!(node.param("group_2_feather_px").unwrap().label, "Opening feather");
    assert!(node.is_secret("shape_04").unwrap() && node.is_secret("group_4_opacity").unwrap());
    node.press("analyse").unwrap();
    let stored = analysis(&node);
    assert_eq!((stored.topology(), stored.len()), ("mouth", 8));
    let (x, y) = centroid(4.0);
    let chin = (x + 0.03 * SIDE, y + 0.20 * SIDE);
    let found = &stored.frame(4).unwrap().landmarks;
    assert_eq!(found.len(), 11);
    assert_near(found[10].position, chin, 0.05, "the chin");
    let inside = ((x - 20.0).floor() as i32, (138.0 - y).floor() as i32);
    let before = matte(&node, &RenderRequest::at(4.0));
    assert_eq!(before.pixel(inside.0, inside.1).unwrap(), [1.0; 4], "the lips are filled");

    // Corrected in the viewer: the chin, and the corner of the lips with what hangs on it.
    node.set_time(4.0).unwrap();
    let overlay = node.overlay().unwrap().expect("the node has an overlay");
    let canonical = [chin.0 - 20.0, 138.0 - chin.1];
    for (action, at) in [
        (PenAction::Down, canonical),
        (PenAction::Motion, [canonical[0] + 6.0, canonical[1] - 9.0]),
        (PenAction::Up, [canonical[0] + 6.0, canonical[1] - 9.0]),
    ] {
        assert!(overlay.pen(action, at, 1.0).unwrap());
    }
    let key = edits(&node).frame(4).unwrap().landmarks[&10];
    assert_near(key, (chin.0 + 6.0, chin.1 + 9.0), 0.1, "the chin was dragged");
    overlay.draw().unwrap();
    assert!(overlay.drawn().texts().any(|text| text == "chin"));
    let after = matte(&node, &RenderRequest::at(4.0));
    assert!(largest_difference(&before, &after) > 0.5, "the chin line follows");

    // Out and in again.
    node.set("export_dir", &ParamValue::String(folder.path().to_str().unwrap().to_owned())).unwrap();
    node.press("export_json").unwrap();
    node.set("edits", &ParamValue::String(String::new())).unwrap();
    let file = folder.path().join("rotocel.rotocel.json");
    node.set("import_file", &ParamValue::String(file.to_str().unwrap().to_owned())).unwrap();
    node.press("import").unwrap();
    assert_near(edits(&node).frame(4).unwrap().landmarks[&10], (key.x, key.y), 1e-2, "the chin came back");
    let again = largest_difference(&after, &matte(&node, &RenderRequest::at(4.0)));
    assert!(again < 0.05, "{again}");

    // Another model's shot is told, not shown.
    use_model(&node, &fixture("tiny_landmarks.onnx"));
    let message = node.render(&RenderRequest::at(4.0)).unwrap_err().to_string();
    assert!(message.contains("mouth") && message.contains("puppet"), "{message}");
    assert_well_behaved(&host);
}
