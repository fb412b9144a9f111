//! The overlay of FeatureDetect, driven by our host's pen and keys.

mod shot;
mod stage;

use ofx_sdk::drawing::{Color, Primitive};
use ofx_sdk::host::*;
use shot::*;
use stage::*;
use std::sync::Arc;

/// Keys as OpenFX numbers them.
const RIGHT: i32 = 0xFF53;
const SHIFT: i32 = 0xFFE1;
const DELETE: i32 = 0xFFFF;
const ESCAPE: i32 = 0xFF1B;

const SELECTED: Color = Color::rgb(1.0, 0.85, 0.1);

fn drawing_host() -> OnlyHost {
    host(HostOptions { overlays: true, draw_suite: true, ..HostOptions::default() })
}

fn analysed(host: &Host) -> (Instance, Overlay) {
    let node = node(host, &Arc::new(Shot::default()));
    node.press("analyse").unwrap();
    node.set_time(3.0).unwrap();
    let overlay = node.overlay().unwrap().expect("the node has an overlay");
    (node, overlay)
}

/// Where landmark 2 lies on frame 3, canonical.
fn nose_canonical() -> [f64; 2] {
    let (x, y) = nose(3.0);
    [x - 20.0, 138.0 - y]
}

fn drag(overlay: &Overlay, from: [f64; 2], to: [f64; 2]) {
    assert!(overlay.pen(PenAction::Down, from, 1.0).unwrap());
    assert!(overlay.pen(PenAction::Motion, to, 1.0).unwrap());
    assert!(overlay.pen(PenAction::Up, to, 1.0).unwrap());
}

fn key(overlay: &Overlay, symbol: i32) {
    overlay.key(KeyAction::Down, symbol, "").unwrap();
    overlay.key(KeyAction::Up, symbol, "").unwrap();
}

fn landmark(node: &Instance, index: usize) -> Option<(f64, f64)> {
    let at = *edits(node).frame(3)?.landmarks.get(&index)?;
    Some((at.x, at.y))
}

#[test]
fn landmarks_and_shapes_are_drawn_and_a_node_without_results_draws_nothing() {
    let host = drawing_host();
    let (node, overlay) = analysed(&host);
    overlay.draw().unwrap();
    let list = overlay.drawn();
    let discs = list.primitives.iter().filter(|p| matches!(p, Primitive::Polygon { .. })).count();
    assert!(discs >= 2 * 45, "a disc and its outline for each landmark: {discs}");
    let left_eye = list.of_color(Color::rgb(0.95, 0.45, 0.10)).count();
    assert_eq!(left_eye, 1, "the outline of the first shape");
    node.press("clear_analysis").unwrap();
    overlay.draw().unwrap();
    assert!(overlay.drawn().primitives.is_empty());
    assert_well_behaved(&host);
}

#[test]
fn a_dragged_landmark_shows_at_once_and_becomes_one_step_when_the_pen_goes_up() {
    let host = drawing_host();
    let (node, overlay) = analysed(&host);
    let [x, y] = nose_canonical();
    let steps = node.undo_steps().len();
    assert!(overlay.pen(PenAction::Down, [x + 1.0, y], 1.0).unwrap());
    assert!(overlay.pen(PenAction::Motion, [x + 11.0, y - 4.0], 1.0).unwrap());
    assert_eq!(text(&node, "edits"), "", "a drag on its way is in no parameter");
    overlay.draw().unwrap();
    let selected: Vec<_> = overlay.drawn().of_color(SELECTED).map(Primitive::center).collect();
    assert!(selected.iter().any(|at| (at[0] - x - 10.0).hypot(at[1] - y + 4.0) < 0.1), "{selected:?}");
    assert!(overlay.drawn().texts().any(|text| text == "seam_nose_mid"));
    assert!(overlay.pen(PenAction::Up, [x + 11.0, y - 4.0], 1.0).unwrap());
    let (plate_x, plate_y) = nose(3.0);
    let moved = landmark(&node, 2).unwrap();
    assert!((moved.0 - plate_x - 10.0).hypot(moved.1 - plate_y - 4.0) < 0.1, "{moved:?}");
    assert_eq!(node.undo_steps().len(), steps + 1);
    node.undo(false).unwrap();
    assert_eq!(text(&node, "edits"), "");
    overlay.draw().unwrap();
    assert_well_behaved(&host);
}

#[test]
fn a_click_selects_keys_nudge_and_delete_resets() {
    let host = drawing_host();
    let (node, overlay) = analysed(&host);
    let at = nose_canonical();
    drag(&overlay, at, at);
    assert_eq!(text(&node, "edits"), "", "a click moves nothing");
    key(&overlay, RIGHT);
    overlay.key(KeyAction::Down, SHIFT, "").unwrap();
    key(&overlay, RIGHT);
    overlay.key(KeyAction::Up, SHIFT, "").unwrap();
    let moved = landmark(&node, 2).unwrap();
    assert!((moved.0 - nose(3.0).0 - 11.0).abs() < 0.1, "{moved:?}");
    key(&overlay, DELETE);
    assert_eq!(text(&node, "edits"), "", "nothing is left to correct");
    key(&overlay, ESCAPE);
    assert!(!overlay.key(KeyAction::Down, RIGHT, "").unwrap(), "nothing is selected");
    assert_well_behaved(&host);
}

#[test]
fn a_box_selects_what_lies_in_it_and_all_of_it_moves() {
    let host = drawing_host();
    let (node, overlay) = analysed(&host);
    let (x, y) = centroid(3.0);
    // Around the left eye: a circle of 0.04 crops, 0.1 left of the centroid and 0.02 above it.
    let eye = [x - 0.1 * SIDE - 20.0, 138.0 - (y - 0.02 * SIDE)];
    // From where nothing is, between eye and nose, to the other side of the eye.
    drag(&overlay, [x - 24.0, eye[1] - 10.0], [x - 39.0, eye[1] + 6.0]);
    assert_eq!(text(&node, "edits"), "");
    let outer = [eye[0] - 0.04 * SIDE, eye[1]];
    drag(&overlay, outer, [outer[0], outer[1] + 6.0]);
    let moved = edits(&node);
    let moved: Vec<usize> = moved.frame(3).unwrap().landmarks.keys().copied().collect();
    assert!((5..=10).all(|index| moved.contains(&index)), "{moved:?}");
    assert!(!moved.contains(&2) && !moved.contains(&11), "{moved:?}");
    assert_well_behaved(&host);
}

#[test]
fn a_handle_dragged_off_becomes_a_key_of_its_vertex() {
    let host = drawing_host();
    let (node, overlay) = analysed(&host);
    let (x, y) = centroid(3.0);
    let eye = [x - 0.1 * SIDE - 20.0, 138.0 - (y - 0.02 * SIDE)];
    let outer = [eye[0] - 0.04 * SIDE, eye[1]];
    drag(&overlay, outer, outer);
    // The fixture's handles reach a third of the way to the next vertex, 60 degrees on.
    let radius = 0.04 * SIDE;
    let next = [eye[0] - radius * 0.5, eye[1] + radius * 0.75_f64.sqrt()];
    let handle = [0, 1].map(|k| outer[k] + (next[k] - outer[k]) / 3.0);
    drag(&overlay, handle, [handle[0], handle[1] + 5.0]);
    let edits = edits(&node);
    let frame = edits.frame(3).unwrap();
    assert!(frame.vertices.contains_key(&(0, 0)) && frame.landmarks.is_empty(), "{frame:?}");
    assert_well_behaved(&host);
}

#[test]
fn focus_that_goes_away_ends_a_drag_without_a_change() {
    let host = drawing_host();
    let (node, overlay) = analysed(&host);
    let at = nose_canonical();
    overlay.pen(PenAction::Down, at, 1.0).unwrap();
    overlay.pen(PenAction::Motion, [at[0] + 20.0, at[1]], 1.0).unwrap();
    overlay.focus(false).unwrap();
    assert!(!overlay.pen(PenAction::Up, [at[0] + 20.0, at[1]], 1.0).unwrap());
    assert_eq!(text(&node, "edits"), "");
}
