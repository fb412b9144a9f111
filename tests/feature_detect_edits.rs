//! Each kind of edit of FeatureDetect, what undoes it, and what it does to the frames around; by overlay and by numbers.

mod shot;
mod stage;

use ofx_sdk::drawing::{Color, Viewport};
use ofx_sdk::host::*;
use shot::*;
use stage::*;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Keys as OpenFX numbers them.
const UP: i32 = 0xFF52;
const SHIFT: i32 = 0xFFE1;
const CONTROL: i32 = 0xFFE3;

const SELECTED: Color = Color::rgb(1.0, 0.85, 0.1);

/// The size of a pixel of the screen: the artist has come very near.
const PIXEL: f64 = 0.05;

/// Radius of the left eye.
const RADIUS: f64 = 0.04 * SIDE;

fn drawing_host() -> OnlyHost {
    host(HostOptions { overlays: true, draw_suite: true, ..HostOptions::default() })
}

fn analysed(host: &Host) -> Instance {
    let node = node(host, &Arc::new(Shot::default()));
    node.press("analyse").unwrap();
    node
}

fn viewer(node: &Instance) -> Overlay {
    let overlay = node.overlay().unwrap().expect("the node has an overlay");
    overlay.set_viewport(Viewport { pixel_scale: [PIXEL; 2], ..Viewport::new(640, 480) });
    overlay
}

fn drag(overlay: &Overlay, from: [f64; 2], to: [f64; 2]) {
    assert!(overlay.pen(PenAction::Down, from, 1.0).unwrap());
    assert!(overlay.pen(PenAction::Motion, to, 1.0).unwrap());
    assert!(overlay.pen(PenAction::Up, to, 1.0).unwrap());
}

fn with_key(overlay: &Overlay, key: i32, work: impl FnOnce()) {
    overlay.key(KeyAction::Down, key, "").unwrap();
    work();
    overlay.key(KeyAction::Up, key, "").unwrap();
}

/// The left corner of the left eye on frame 3, canonical: landmark 5, and the free end of the left seam.
fn corner() -> [f64; 2] {
    let (x, y) = centroid(3.0);
    [x - 0.1 * SIDE - RADIUS - 20.0, 138.0 - (y - 0.02 * SIDE)]
}

/// Where a landmark is on a frame, canonical.
fn place(node: &Instance, frame: i64, landmark: usize) -> [f64; 2] {
    node.set_time(frame as f64).unwrap();
    set(node, "selected_point", &(landmark + 1).to_string());
    match node.get("point_xy").unwrap() {
        ParamValue::Double2(at) => at,
        other => panic!("{other:?}"),
    }
}

fn put(node: &Instance, frame: i64, landmark: usize, by: [f64; 2]) {
    let [x, y] = place(node, frame, landmark);
    node.set("point_xy", &ParamValue::Double2([x + by[0], y + by[1]])).unwrap();
}

#[test]
fn a_correction_on_two_frames_repairs_those_between_and_beyond_them_follows_the_falloff() {
    let host = harsh_host();
    let node = analysed(&host);
    let before: Vec<[f64; 2]> = (1..=8).map(|frame| place(&node, frame, 2)).collect();
    let put_off = |frame: i64, by: [f64; 2]| {
        let was = before[frame as usize - 1];
        place(&node, frame, 2);
        node.set("point_xy", &ParamValue::Double2([was[0] + by[0], was[1] + by[1]])).unwrap();
    };
    put_off(2, [4.0, 0.0]);
    put_off(6, [8.0, -4.0]);
    let moved = |frame: i64| {
        let (now, was) = (place(&node, frame, 2), before[frame as usize - 1]);
        [now[0] - was[0], now[1] - was[1]]
    };
    let assert_moved = |frame: i64, expected: [f64; 2]| {
        let found = moved(frame);
        assert!((found[0] - expected[0]).hypot(found[1] - expected[1]) < 0.02, "frame {frame}: {found:?}");
    };
    assert_moved(4, [6.0, -2.0]);
    assert_moved(5, [7.0, -3.0]);
    set(&node, "correction_falloff", "0");
    assert_moved(7, [0.0, 0.0]);
    assert_moved(1, [0.0, 0.0]);
    set(&node, "correction_falloff", "-1");
    assert_moved(8, [8.0, -4.0]);
    assert_moved(1, [4.0, 0.0]);
    set(&node, "correction_falloff", "4");
    let fading = [6, 7, 8].map(|frame| moved(frame)[0]);
    assert!(fading[0] > fading[1] && fading[1] > fading[2] && fading[2] > 0.0, "{fading:?}");
    assert_well_behaved(&host);
}

#[test]
fn a_shape_is_shown_and_hidden_on_one_frame_by_its_points() {
    let host = drawing_host();
    let node = analysed(&host);
    set(&node, "correction_falloff", "0");
    let eye = |frame: i64| {
        let (x, y) = centroid(frame as f64);
        let middle = ((x - 0.1 * SIDE - 20.0).floor() as i32, (138.0 - (y - 0.02 * SIDE)).floor() as i32);
        matte(&node, &RenderRequest::at(frame as f64)).pixel(middle.0, middle.1).unwrap()[0]
    };
    place(&node, 3, 7);
    node.press("hide_shapes").unwrap();
    assert_eq!(node.undo_steps().last().map(String::as_str), Some("Hide shapes"));
    assert_eq!((eye(3), eye(4)), (0.0, 1.0));
    // Whoever moves a point of what is hidden means it to be seen.
    put(&node, 3, 7, [0.5, 0.0]);
    assert_eq!(eye(3), 1.0);
    // What is selected in the viewer, which knows no number: a box around the eye's corner.
    node.press("hide_shapes").unwrap();
    set(&node, "selected_point", "0");
    assert!(node.press("show_shapes").unwrap_err().to_string().contains("select points of shapes"));
    let overlay = viewer(&node);
    let at = corner();
    drag(&overlay, [at[0] - 1.0, at[1] - 1.0], [at[0] + 1.0, at[1] + 1.0]);
    node.press("show_shapes").unwrap();
    assert_eq!(eye(3), 1.0);
    // A number that is chosen later is what is meant: the nose is in no eye.
    set(&node, "selected_point", "3");
    node.press("hide_shapes").unwrap();
    assert_eq!(eye(3), 1.0);
    assert_well_behaved(&host);
}

#[test]
fn a_step_that_was_undone_can_be_done_again_and_hosts_may_tell_the_node_or_not() {
    let host = harsh_host();
    let node = analysed(&host);
    for told in [false, true] {
        put(&node, 3, 7, [5.0, 5.0]);
        let stored = text(&node, "edits");
        node.undo(told).unwrap();
        assert_eq!(text(&node, "edits"), "", "told: {told}");
        node.redo(told).unwrap();
        assert_eq!(text(&node, "edits"), stored, "told: {told}");
        node.press("reset_frame").unwrap();
        assert_eq!(text(&node, "edits"), "");
        node.undo(told).unwrap();
        assert_eq!(text(&node, "edits"), stored);
        node.press("reset_point").unwrap();
        assert_eq!(text(&node, "edits"), "");
    }
    assert_well_behaved(&host);
}

#[test]
fn analysis_clearing_import_and_load_are_one_step_each() {
    let host = harsh_host();
    let folder = tempfile::tempdir().unwrap();
    let node = node(&host, &Arc::new(Shot::default()));
    let name = |id: &str, file: &str| {
        node.set(id, &ParamValue::String(folder.path().join(file).to_str().unwrap().to_owned())).unwrap();
    };
    let one_step = |button: &str, id: &str| {
        let (steps, before) = (node.undo_steps().len(), text(&node, id));
        node.press(button).unwrap_or_else(|error| panic!("{button}: {error}"));
        let after = text(&node, id);
        assert_ne!(after, before, "{button}");
        assert_eq!(node.undo_steps().len(), steps + 1, "{button}");
        node.undo(false).unwrap();
        assert_eq!(text(&node, id), before, "{button}");
        node.redo(false).unwrap();
        assert_eq!(text(&node, id), after, "{button}");
    };
    one_step("analyse", "analysis");
    put(&node, 3, 7, [5.0, 5.0]);
    name("export_dir", "");
    node.press("export_json").unwrap();
    name("import_file", "rotocel.rotocel.json");
    name("analysis_file", "shot.json");
    node.press("save_analysis").unwrap();
    node.set("edits", &ParamValue::String(String::new())).unwrap();
    one_step("import", "edits");
    one_step("clear_analysis", "analysis");
    one_step("load_analysis", "analysis");
    assert_well_behaved(&host);
}

#[test]
fn a_project_that_is_saved_and_opened_again_shows_and_edits_as_before() {
    let host = harsh_host();
    let shot = Arc::new(Shot::default());
    let first = node(&host, &shot);
    first.press("analyse").unwrap();
    put(&first, 3, 7, [5.0, 5.0]);
    let (stored, shown) = (text(&first, "edits"), matte(&first, &RenderRequest::at(3.0)));
    let saved = first.save_params().unwrap();
    drop(first);
    let second = node(&host, &shot);
    // Told of every parameter, as some hosts do; none of it is an edit.
    second.load_params(&saved).unwrap();
    assert_eq!(text(&second, "edits"), stored);
    assert_eq!(matte(&second, &RenderRequest::at(3.0)), shown);
    put(&second, 4, 7, [2.0, 0.0]);
    assert_eq!(edits(&second).frames().map(|(frame, _)| frame).collect::<Vec<_>>(), [3, 4]);
    second.press("analyse").unwrap();
    assert_eq!(
        text(&second, "status"),
        "8 of 8 frames analysed; to look again with other settings, press Clear analysis first"
    );
    assert_well_behaved(&host);
}

/// An artist who cancels the search for landmarks as soon as it begins, when asked to.
struct Wavering(AtomicBool);

impl Observer for Wavering {
    fn progress(&self, label: &str, fraction: f64) -> ControlFlow<()> {
        let cancels = label.contains("landmarks") && fraction > 0.3 && self.0.load(Ordering::SeqCst);
        if cancels { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[test]
fn another_models_analysis_is_replaced_as_a_whole_or_not_at_all_and_moves_no_hand_key() {
    let wavering = Arc::new(Wavering(AtomicBool::new(true)));
    let observer: Arc<dyn Observer> = wavering.clone();
    let host = host(HostOptions { observer: Some(observer), ..HostOptions::default() });
    wavering.0.store(false, Ordering::SeqCst);
    let node = analysed(&host);
    put(&node, 3, 7, [5.0, 5.0]);
    let by_hand = text(&node, "edits");
    let older = text(&node, "analysis").replace(analysis(&node).model(), "older_landmarks 0123");
    node.set("analysis", &ParamValue::String(older.clone())).unwrap();
    let message = node.press("analyse_frame").unwrap_err().to_string();
    assert!(message.contains("older_landmarks"), "{message}");
    wavering.0.store(true, Ordering::SeqCst);
    node.press("analyse").unwrap();
    assert_eq!(text(&node, "analysis"), older, "{}", text(&node, "status"));
    assert!(text(&node, "status").contains("older_landmarks stays"), "{}", text(&node, "status"));
    wavering.0.store(false, Ordering::SeqCst);
    node.press("analyse").unwrap();
    assert!(analysis(&node).model().starts_with("tiny_landmarks "));
    assert_eq!(text(&node, "edits"), by_hand);
    assert_well_behaved(&host);
}

#[test]
fn shift_adds_to_the_selection_and_takes_away_and_a_free_vertex_gets_a_key_of_its_own() {
    let host = drawing_host();
    let node = analysed(&host);
    node.set_time(3.0).unwrap();
    let overlay = viewer(&node);
    let at = corner();
    drag(&overlay, [at[0] - 1.0, at[1] - 1.0], [at[0] + 1.0, at[1] + 1.0]);
    // The landmark and the seam's free end lie in one place; without the landmark only that is left.
    with_key(&overlay, SHIFT, || {
        assert!(overlay.pen(PenAction::Down, at, 1.0).unwrap());
        overlay.pen(PenAction::Up, at, 1.0).unwrap();
    });
    assert!(overlay.key(KeyAction::Down, UP, "").unwrap());
    let edits = edits(&node);
    let frame = edits.frame(3).unwrap();
    assert!(frame.landmarks.is_empty(), "{frame:?}");
    let (shape, vertex) = *frame.vertices.keys().next().expect("the free end");
    let topology = roto::Topology::puppet().unwrap();
    assert!(topology.shapes()[shape].vertices[vertex].landmark().is_none());
    let anchor = frame.vertices[&(shape, vertex)].anchor.unwrap();
    assert!((anchor.y - (138.0 - at[1] - 1.0)).abs() < 0.1, "a pixel up: {anchor:?}");
    assert_eq!(node.undo_steps().last().map(String::as_str), Some("Nudge points"));
    assert_well_behaved(&host);
}

#[test]
fn a_handle_takes_its_opposite_along_where_they_are_in_line_and_not_with_control() {
    let host = drawing_host();
    let node = analysed(&host);
    node.set_time(3.0).unwrap();
    let overlay = viewer(&node);
    let at = corner();
    drag(&overlay, at, at);
    // A third of the way to the neighbors; on screen one goes up, the other down.
    let (across, up) = (RADIUS / 6.0, RADIUS * 0.75_f64.sqrt() / 3.0);
    let handles = |node: &Instance| {
        let edits = edits(node);
        let vertex = edits.frame(3).unwrap().vertices[&(0, 0)];
        [vertex.incoming, vertex.outgoing]
    };
    let outgoing = [at[0] + across, at[1] + up];
    let in_line = [at[0] - across, at[1] + up];
    drag(&overlay, outgoing, in_line);
    assert_eq!(handles(&node)[0], None, "it was a corner, and its other handle stays");
    let level = [at[0], at[1] + 2.0];
    drag(&overlay, in_line, level);
    let [incoming, dragged] = handles(&node).map(|handle| handle.expect("both are keys now"));
    assert!(dragged.x.abs() < 0.1 && (dragged.y + 2.0).abs() < 0.1, "{dragged:?}");
    assert!(incoming.x.abs() < 0.1 && incoming.y > 1.0, "it turned to the opposite, and kept its length: {incoming:?}");
    with_key(&overlay, CONTROL, || drag(&overlay, level, [at[0] + 2.0, at[1] + 2.0]));
    let [stayed, broken] = handles(&node).map(|handle| handle.unwrap());
    assert_eq!(stayed, incoming);
    assert!((broken.x - 2.0).abs() < 0.1, "{broken:?}");
    assert_well_behaved(&host);
}

#[test]
fn what_is_drawn_looks_as_it_should_once_it_is_rasterized() {
    let host = drawing_host();
    let node = analysed(&host);
    node.set_time(3.0).unwrap();
    let overlay = node.overlay().unwrap().expect("the node has an overlay");
    let (x, y) = nose(3.0);
    let (x, y) = (x - 20.0, 138.0 - y);
    let viewport = Viewport { pixel_scale: [0.25; 2], ..Viewport::new(640, 480) };
    overlay.set_viewport(viewport);
    let color_at = |[x, y]: [f64; 2]| {
        overlay.draw().unwrap();
        let picture = overlay.drawn().rasterized(&viewport);
        let (column, row) = ((x / 0.25) as usize, 479 - (y / 0.25) as usize);
        let [r, g, b, _] = picture.pixel(column, row).unwrap();
        [r, g, b].map(|value| f32::from(value) / 255.0)
    };
    let near = |a: [f32; 3], b: Color| a.iter().zip([b.r, b.g, b.b]).all(|(a, b)| (a - b).abs() < 0.1);
    let sure = color_at([x, y]);
    assert!(sure[1] > sure[0], "a sure landmark is greener than red: {sure:?}");
    drag(&overlay, [x, y], [x + 9.0, y]);
    // Beside its middle: the handles of the seam begin there, which is shown since its point was moved.
    let beside = (-3..=3).flat_map(|dx| (-3..=3).map(move |dy| [0.25 * f64::from(dx), 0.25 * f64::from(dy)]));
    let around: Vec<_> = beside.map(|[dx, dy]| color_at([x + 9.0 + dx, y + dy])).collect();
    assert!(around.iter().any(|color| near(*color, SELECTED)), "{around:?}");
    overlay.key(KeyAction::Down, 0xFF1B, "").unwrap();
    assert!(near(color_at([x + 9.0, y]), Color::WHITE), "set by hand, and not selected");
    assert_well_behaved(&host);
}
