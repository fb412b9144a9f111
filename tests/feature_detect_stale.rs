//! Frames of FeatureDetect whose picture, model or settings changed since they were analysed: marked, found, and done again.

mod shot;
mod stage;

use ofx_sdk::RenderScale;
use ofx_sdk::drawing::Color;
use ofx_sdk::host::*;
use roto::{Analysis, FrameAnalysis};
use shot::*;
use stage::*;
use std::sync::Arc;

/// Keys as OpenFX numbers them.
const PAGE_UP: i32 = 0xFF55;
const PAGE_DOWN: i32 = 0xFF56;

const STALE: Color = Color::rgb(1.0, 0.45, 0.0);

fn drawing_host() -> OnlyHost {
    host(HostOptions { overlays: true, draw_suite: true, ..HostOptions::default() })
}

fn analysed(host: &Host) -> (Arc<Shot>, Instance, Overlay) {
    let shot = Arc::new(Shot::default());
    let node = node(host, &shot);
    node.press("analyse").unwrap();
    node.set_time(3.0).unwrap();
    let overlay = node.overlay().unwrap().expect("the node has an overlay");
    (shot, node, overlay)
}

/// What the overlay says of the frame's age, if it does in its color.
fn mark(overlay: &Overlay) -> Option<String> {
    overlay.draw().unwrap();
    let list = overlay.drawn();
    let marked = list.of_color(STALE).count() > 0;
    let told = list.texts().find(|text| text.starts_with("stale")).map(str::to_owned);
    assert_eq!(marked, told.is_some(), "color and word come together");
    told
}

#[test]
fn meter_sets_the_exposure_by_the_frame_and_what_was_analysed_at_another_is_stale() {
    let host = drawing_host();
    let (_shot, node, overlay) = analysed(&host);
    set(&node, "exposure", "0.5");
    node.press("analyse").unwrap();
    assert_eq!(mark(&overlay), None);
    // The drawn face has white.
    node.press("meter").unwrap();
    assert_eq!(node.get("exposure").unwrap(), ParamValue::Double(0.0));
    assert_eq!(text(&node, "status"), "Exposure +0 by frame 3");
    assert_eq!(mark(&overlay).as_deref(), Some("stale: exposure changed"));
    assert_well_behaved(&host);
}

#[test]
fn a_frame_whose_plate_changed_is_marked_once_it_was_seen_and_no_more_when_it_was_analysed_anew() {
    let host = drawing_host();
    let (shot, node, overlay) = analysed(&host);
    assert_eq!(mark(&overlay), None);
    *shot.changed.lock().unwrap() = Some(3);
    render(&node, &RenderRequest::at(3.0)).unwrap();
    assert_eq!(mark(&overlay).as_deref(), Some("stale: picture changed"));
    node.set_time(4.0).unwrap();
    render(&node, &RenderRequest::at(4.0)).unwrap();
    assert_eq!(mark(&overlay), None, "another frame is as it was");
    node.press("analyse").unwrap();
    node.set_time(3.0).unwrap();
    assert_eq!(mark(&overlay), None);
    assert_well_behaved(&host);
}

#[test]
fn a_plate_that_is_as_it_was_again_is_not_held_against_what_was_seen_in_between() {
    let host = drawing_host();
    let (shot, node, overlay) = analysed(&host);
    assert_eq!(mark(&overlay), None);
    *shot.changed.lock().unwrap() = Some(3);
    render(&node, &RenderRequest::at(3.0)).unwrap();
    assert!(mark(&overlay).is_some());
    *shot.changed.lock().unwrap() = None;
    node.press("check_frames").unwrap();
    assert!(text(&node, "status").contains("as they were"), "{}", text(&node, "status"));
    assert_eq!(mark(&overlay), None);
    assert_well_behaved(&host);
}

#[test]
fn an_input_that_is_connected_anew_makes_what_was_seen_of_it_nothing() {
    let host = drawing_host();
    let (shot, node, overlay) = analysed(&host);
    assert_eq!(mark(&overlay), None);
    *shot.changed.lock().unwrap() = Some(3);
    render(&node, &RenderRequest::at(3.0)).unwrap();
    assert!(mark(&overlay).is_some());
    node.connect("Source", Arc::new(Shot::default())).unwrap();
    assert_eq!(mark(&overlay), None, "nobody has seen it yet");
    assert_well_behaved(&host);
}

#[test]
fn tiles_and_proxies_say_nothing_of_the_plate() {
    let host = drawing_host();
    let (_, node, overlay) = analysed(&host);
    assert_eq!(mark(&overlay), None);
    let half = RenderRequest { scale: RenderScale::uniform(0.5), ..RenderRequest::at(3.0) };
    for request in [half, RenderRequest { tile: Some(40), ..RenderRequest::at(3.0) }] {
        render(&node, &request).unwrap();
        assert_eq!(mark(&overlay), None, "{request:?}");
    }
    assert_well_behaved(&host);
}

#[test]
fn settings_that_the_networks_picture_depends_on_mark_every_frame_while_they_are_others() {
    let host = drawing_host();
    let (_, node, overlay) = analysed(&host);
    for (id, other, own, told) in [
        ("exposure", "1.5", "0", "stale: exposure changed"),
        ("source_colorspace", "aces_cg", "srgb", "stale: source colorspace changed"),
        ("source_alpha", "unpremultiplied", "host", "stale: source alpha changed"),
        ("crop_top_right", "100,130", "108,138", "stale: crop changed"),
        ("use_crop_rectangle", "false", "true", "stale: crop changed"),
        ("crop_margin", "0.2", "0", "stale: crop changed"),
        ("second_look", "true", "false", "stale: second look changed"),
        ("dejitter", "2", "0", "stale: de-jitter changed"),
    ] {
        set(&node, id, other);
        assert_eq!(mark(&overlay).as_deref(), Some(told), "{id}");
        set(&node, id, own);
        assert_eq!(mark(&overlay), None, "{id}");
    }
    set(&node, "confidence_threshold", "0.9");
    assert_eq!(mark(&overlay), None, "what the network saw is the same");
    let stored = text(&node, "analysis");
    let id = analysis(&node).model().to_owned();
    let older = stored.replace(&id, "tiny_landmarks 0123");
    node.set("analysis", &ParamValue::String(older)).unwrap();
    assert_eq!(mark(&overlay).as_deref(), Some("stale: model changed"));
    assert_well_behaved(&host);
}

#[test]
fn analyse_does_frames_with_other_settings_again_and_only_those() {
    let host = drawing_host();
    let (_, node, overlay) = analysed(&host);
    let before = analysis(&node);
    // Only the last frames: the exposure is keyed.
    node.set_at("exposure", 6.0, &ParamValue::Double(0.0)).unwrap();
    node.set_at("exposure", 7.0, &ParamValue::Double(-1.0)).unwrap();
    node.press("check_frames").unwrap();
    assert!(text(&node, "status").contains("analysis: 7-8; by exposure"), "{}", text(&node, "status"));
    node.press("analyse").unwrap();
    let after = analysis(&node);
    for frame in 1..=8 {
        let same = before.frame(frame) == after.frame(frame);
        assert_eq!(same, frame < 7, "frame {frame}");
    }
    node.set_time(8.0).unwrap();
    assert_eq!(mark(&overlay), None);
    assert_well_behaved(&host);
}

#[test]
fn a_crop_that_cannot_be_told_is_said_and_does_not_pass_for_one_that_is_as_it_was() {
    let host = drawing_host();
    let (_, node, overlay) = analysed(&host);
    set(&node, "crop_top_right", "-20,10");
    for button in ["check_frames", "next_unsure"] {
        let told = node.press(button).unwrap_err().to_string();
        assert!(told.contains("crop rectangle has no area"), "{button}: {told}");
    }
    assert_eq!(mark(&overlay), None, "a glance stops at nothing");
    assert_well_behaved(&host);
}

#[test]
fn next_unsure_goes_to_stale_frames_by_button_and_key_forth_and_back() {
    let host = drawing_host();
    let (shot, node, overlay) = analysed(&host);
    let press = |key: i32| overlay.key(KeyAction::Down, key, "").unwrap();
    node.press("next_unsure").unwrap();
    assert_eq!((node.time(), text(&node, "status").as_str()), (3.0, "no frame after this one wants a look"));
    *shot.changed.lock().unwrap() = Some(6);
    node.press("next_unsure").unwrap();
    assert_eq!(node.time(), 6.0);
    assert_eq!(text(&node, "status"), "frame 6: its picture has changed since it was analysed");
    assert_eq!(mark(&overlay).as_deref(), Some("stale: picture changed"), "it was seen on the way");
    node.set_time(8.0).unwrap();
    assert!(press(PAGE_UP));
    assert_eq!(node.time(), 6.0);
    node.set_time(2.0).unwrap();
    assert!(press(PAGE_DOWN));
    assert_eq!(node.time(), 6.0);
    set(&node, "confidence_threshold", "0.99");
    assert!(press(PAGE_DOWN));
    assert_eq!(node.time(), 7.0);
    assert!(text(&node, "status").contains("% sure"), "{}", text(&node, "status"));
    set(&node, "exposure", "2");
    assert!(press(PAGE_UP));
    assert!(text(&node, "status").contains("its exposure has changed"), "{}", text(&node, "status"));
    node.press("clear_analysis").unwrap();
    assert!(!press(PAGE_DOWN), "the key is the host's again");
    assert_well_behaved(&host);
}

#[test]
fn a_string_of_an_earlier_version_is_read_and_knows_its_pictures_and_nothing_of_settings() {
    let host = drawing_host();
    let (shot, node, overlay) = analysed(&host);
    let stored = analysis(&node);
    let topology = roto::Topology::puppet().unwrap();
    let mut older = Analysis::new(&topology, stored.model(), *stored.plate()).unwrap();
    for (frame, found) in stored.frames() {
        assert!(found.settings.contains_key("exposure"), "{:?}", found.settings);
        older.insert(frame, FrameAnalysis { settings: Default::default(), ..found.clone() }).unwrap();
    }
    node.set("analysis", &ParamValue::String(older.write().unwrap())).unwrap();
    set(&node, "exposure", "1");
    assert_eq!(mark(&overlay), None, "nobody knows what it was");
    *shot.changed.lock().unwrap() = Some(3);
    render(&node, &RenderRequest::at(3.0)).unwrap();
    assert_eq!(mark(&overlay).as_deref(), Some("stale: picture changed"));
    assert_well_behaved(&host);
}
