//! The box around a selection in FeatureDetect's overlay: what it scales and turns, driven by our host's pen and keys.

mod shot;
mod stage;

use ofx_sdk::drawing::{Color, Primitive, Viewport};
use ofx_sdk::host::*;
use shot::*;
use stage::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Keys as OpenFX numbers them.
const SHIFT: i32 = 0xFFE1;

const BOX: Color = Color::rgb(0.45, 0.80, 1.0);

/// The size of a pixel of the screen: the artist has come near.
const PIXEL: f64 = 0.25;

/// How far the box stands off what it encloses, and the ring off the box.
const PADDING: f64 = 14.0 * PIXEL;
const RING: f64 = 26.0 * PIXEL;

/// Radius of the left eye, and how far its highest landmarks lie above its middle.
const RADIUS: f64 = 0.04 * SIDE;

fn high() -> f64 {
    RADIUS * 0.75_f64.sqrt()
}

fn drawing_host() -> OnlyHost {
    host(HostOptions { overlays: true, draw_suite: true, ..HostOptions::default() })
}

/// The middle of the left eye on frame 3, canonical.
fn eye() -> [f64; 2] {
    let (x, y) = centroid(3.0);
    [x - 0.1 * SIDE - 20.0, 138.0 - (y - 0.02 * SIDE)]
}

fn near(overlay: &Overlay) {
    let viewport = Viewport::new(640, 480);
    overlay.set_viewport(Viewport { pixel_scale: [PIXEL; 2], ..viewport });
}

/// An analysed node whose left eye is selected.
fn selected(host: &Host) -> (Instance, Overlay) {
    let node = node(host, &Arc::new(Shot::default()));
    node.press("analyse").unwrap();
    node.set_time(3.0).unwrap();
    let overlay = node.overlay().unwrap().expect("the node has an overlay");
    near(&overlay);
    let [x, y] = eye();
    drag(&overlay, [x - 7.0, y - 6.0], [x + 7.0, y + 6.0]);
    assert_eq!(text(&node, "edits"), "", "a selection is no edit");
    (node, overlay)
}

fn drag(overlay: &Overlay, from: [f64; 2], to: [f64; 2]) {
    assert!(overlay.pen(PenAction::Down, from, 1.0).unwrap());
    assert!(overlay.pen(PenAction::Motion, to, 1.0).unwrap());
    assert!(overlay.pen(PenAction::Up, to, 1.0).unwrap());
}

/// The landmarks that are keys on frame 3, canonical, about the middle of the eye.
fn keys(node: &Instance) -> BTreeMap<usize, [f64; 2]> {
    let [x, y] = eye();
    let edits = edits(node);
    let keys = &edits.frame(3).expect("keys on frame 3").landmarks;
    keys.iter().map(|(&index, at)| (index, [at.x - 20.0 - x, 138.0 - at.y - y])).collect()
}

fn assert_near(found: [f64; 2], expected: [f64; 2], told: &str) {
    let off = (found[0] - expected[0]).hypot(found[1] - expected[1]);
    assert!(off < 0.2, "{told}: {found:?}, expected {expected:?}");
}

/// Where the box's upper right corner, its right side and its ring are.
fn corner() -> [f64; 2] {
    let [x, y] = eye();
    [x + RADIUS + PADDING, y + high() + PADDING]
}

fn right_side() -> [f64; 2] {
    [corner()[0], eye()[1]]
}

fn ring() -> [f64; 2] {
    [eye()[0], corner()[1] + RING]
}

#[test]
fn a_corner_scales_the_selection_around_the_opposite_one_as_one_step() {
    let host = drawing_host();
    let (node, overlay) = selected(&host);
    let steps = node.undo_steps().len();
    let pivot = [eye()[0] - RADIUS, eye()[1] - high()];
    let twice = [pivot[0] + 2.0 * (corner()[0] - pivot[0]), corner()[1]];
    assert!(overlay.pen(PenAction::Down, corner(), 1.0).unwrap());
    assert!(overlay.pen(PenAction::Motion, twice, 1.0).unwrap());
    assert_eq!(text(&node, "edits"), "", "a drag on its way is in no parameter");
    overlay.draw().unwrap();
    let widest = |list: &ofx_sdk::drawing::DrawList| {
        let lines = list.of_color(BOX).filter(|p| matches!(p, Primitive::Line { closed: true, .. }));
        lines.flat_map(|line| line.points().to_vec()).map(|at| at[0]).fold(f64::NEG_INFINITY, f64::max)
    };
    assert!((widest(&overlay.drawn()) - twice[0]).abs() < 0.5, "the box follows the pen");
    assert!(overlay.pen(PenAction::Up, twice, 1.0).unwrap());
    let keys = keys(&node);
    assert_eq!(keys.keys().copied().collect::<Vec<_>>(), [5, 6, 7, 8, 9, 10]);
    assert_near(keys[&5], [-RADIUS, 0.0], "the left corner of the eye stays");
    assert_near(keys[&8], [3.0 * RADIUS, 0.0], "the right one goes twice as far from it");
    assert_eq!(node.undo_steps().len(), steps + 1);
    assert_eq!(node.undo_steps().last().map(String::as_str), Some("Scale points"));
    node.undo(false).unwrap();
    assert_eq!(text(&node, "edits"), "");
    assert_well_behaved(&host);
}

#[test]
fn shift_scales_both_axes_alike_and_a_side_scales_one() {
    let host = drawing_host();
    let (node, overlay) = selected(&host);
    let pivot = [eye()[0] - RADIUS, eye()[1] - high()];
    let arm = [corner()[0] - pivot[0], corner()[1] - pivot[1]];
    // Off the diagonal by a right angle, which counts for nothing.
    let to = [pivot[0] + 1.5 * arm[0] - 0.3 * arm[1], pivot[1] + 1.5 * arm[1] + 0.3 * arm[0]];
    overlay.key(KeyAction::Down, SHIFT, "").unwrap();
    drag(&overlay, corner(), to);
    overlay.key(KeyAction::Up, SHIFT, "").unwrap();
    let even = keys(&node);
    assert_near(even[&8], [2.0 * RADIUS, 0.5 * high()], "half as large again along both axes");
    node.undo(true).unwrap();
    drag(&overlay, right_side(), [right_side()[0] + 2.0 * RADIUS + PADDING, right_side()[1] + 30.0]);
    let wide = keys(&node);
    assert_near(wide[&8], [3.0 * RADIUS, 0.0], "twice as wide");
    assert!((wide[&6][1] - high()).abs() < 0.2, "as high as before: {wide:?}");
    assert_well_behaved(&host);
}

#[test]
fn the_ring_turns_the_selection_around_its_middle_and_shift_turns_in_steps() {
    let host = drawing_host();
    let (node, overlay) = selected(&host);
    let [x, y] = eye();
    drag(&overlay, ring(), [x - 25.0, y]);
    let turned = keys(&node);
    assert_near(turned[&8], [0.0, RADIUS], "a quarter against the clock");
    assert_near(turned[&5], [0.0, -RADIUS], "the other corner");
    assert_eq!(node.undo_steps().last().map(String::as_str), Some("Rotate points"));
    node.undo(false).unwrap();
    overlay.key(KeyAction::Down, SHIFT, "").unwrap();
    let angle = 137.0_f64.to_radians();
    drag(&overlay, ring(), [x + 25.0 * angle.cos(), y + 25.0 * angle.sin()]);
    overlay.key(KeyAction::Up, SHIFT, "").unwrap();
    let stepped = keys(&node);
    let slanted = RADIUS * 0.5_f64.sqrt();
    assert_near(stepped[&8], [slanted, slanted], "45 degrees, not 47");
    assert_well_behaved(&host);
}

#[test]
fn no_drag_of_the_box_collapses_the_selection_or_turns_it_inside_out() {
    let host = drawing_host();
    let (node, overlay) = selected(&host);
    let [x, y] = eye();
    let area = |keys: &BTreeMap<usize, [f64; 2]>| -> f64 {
        let ring: Vec<_> = keys.values().copied().collect();
        (0..6).map(|k| (ring[k], ring[(k + 1) % 6])).map(|(a, b)| a[0] * b[1] - a[1] * b[0]).sum()
    };
    for to in [[x - 300.0, y - 200.0], [x - RADIUS, y - high()], [x - 300.0, y + 200.0]] {
        drag(&overlay, corner(), to);
        let keys = keys(&node);
        assert!(area(&keys) < -1e-3, "clockwise on screen as before, and of some size: {keys:?}");
        matte(&node, &RenderRequest::at(3.0));
        while !text(&node, "edits").is_empty() {
            node.undo(false).unwrap();
        }
    }
    assert_well_behaved(&host);
}

#[test]
fn handles_are_hit_in_pixels_of_the_screen_and_one_point_has_no_box() {
    let host = drawing_host();
    let (node, overlay) = selected(&host);
    let off = [corner()[0] + 3.0, corner()[1]];
    drag(&overlay, off, [off[0] + 1.0, off[1] - 1.0]);
    assert_eq!(text(&node, "edits"), "", "12 pixels of the screen away begins a new selection");
    overlay.draw().unwrap();
    assert_eq!(overlay.drawn().of_color(BOX).count(), 0, "nothing is selected");
    let [x, y] = eye();
    drag(&overlay, [x - RADIUS, y], [x - RADIUS, y]);
    overlay.draw().unwrap();
    assert_eq!(overlay.drawn().of_color(BOX).count(), 0, "one point, and free ends that lie on it");
}

#[test]
fn a_turn_is_one_on_screen_where_pixels_are_not_square() {
    let host = drawing_host();
    let node = node(&host, &Arc::new(Shot { pixel_aspect: 2.0, ..Shot::default() }));
    set(&node, "crop_bottom_left", "-40,10");
    set(&node, "crop_top_right", "216,138");
    node.press("analyse").unwrap();
    node.set_time(3.0).unwrap();
    let before = analysis(&node).frame(3).unwrap().landmarks.clone();
    let place = |k: usize| [2.0 * (before[k].position.x - 20.0), 138.0 - before[k].position.y];
    let (left, right) = (place(5), place(8));
    let middle = [(left[0] + right[0]) / 2.0, left[1]];
    let top = place(6)[1];
    let overlay = node.overlay().unwrap().expect("the node has an overlay");
    near(&overlay);
    drag(&overlay, [left[0] - 3.0, left[1] - 13.0], [right[0] + 3.0, right[1] + 13.0]);
    let ring = [middle[0], top + PADDING + RING];
    drag(&overlay, ring, [middle[0] - 40.0, middle[1]]);
    let edits = edits(&node);
    let keys = &edits.frame(3).unwrap().landmarks;
    let half = (right[0] - left[0]) / 2.0;
    assert!((keys[&8].x - (middle[0] / 2.0 + 20.0)).abs() < 0.2, "{keys:?}");
    assert!((keys[&8].y - (138.0 - middle[1] - half)).abs() < 0.2, "{keys:?}");
    assert_well_behaved(&host);
}
