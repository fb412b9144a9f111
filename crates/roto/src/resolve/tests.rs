use std::ops::RangeInclusive;

use kurbo::Affine;

use super::*;
use crate::exchange::KeyMode;
use crate::fixture::{PLATE, mouth, mouth_analysis, mouth_model};
use crate::{FrameAnalysis, KeyKind, Plate, Shot, VertexEdit};

const BLEND: Blend = Blend { falloff_frames: 4.0, presence_threshold: 0.5 };
const EYE: f64 = 1e-9;

/// A vertex of the opening that is no landmark.
const FREE: (usize, usize) = (1, 3);

fn edits() -> Edits {
    Edits::new(&mouth(), PLATE).expect("a plate")
}

fn shown(analysis: &Analysis, edits: &Edits, frame: i64) -> Resolved {
    let Blend { falloff_frames, presence_threshold } = BLEND;
    resolve(&mouth(), analysis, edits, frame, falloff_frames, presence_threshold, &mouth_model).expect("it resolves")
}

fn shot(analysis: &Analysis, edits: &Edits, frames: RangeInclusive<i64>, mode: KeyMode) -> Shot {
    let topology = mouth();
    let mut resolver = Resolver::new(&topology, analysis, edits, BLEND, &mouth_model).expect("they belong together");
    to_shot(&mut resolver, frames, mode).expect("a shot")
}

fn landmark(resolved: &Resolved, landmark: usize) -> Point {
    resolved.landmarks[landmark].position
}

fn vertex(resolved: &Resolved, (shape, vertex): (usize, usize)) -> Vertex {
    resolved.curve(shape).expect("a curve").vertices()[vertex]
}

#[test]
fn without_edits_the_prediction_is_shown() {
    let analysis = mouth_analysis(1..=3, 0);
    let resolved = shown(&analysis, &edits(), 2);
    let found = analysis.frame(2).expect("analysed");
    assert_eq!(resolved.landmarks, found.landmarks);
    assert_eq!(resolved.shapes, mouth_model(&found.landmarks).expect("shapes"));
    assert_eq!(resolved.hand, HandSet::default());
}

#[test]
fn a_fix_on_two_frames_repairs_those_between_and_fades_beyond() {
    // The model is off by the same everywhere; the artist fixes two frames.
    let (truth, off) = (mouth_analysis(1..=30, 0), Vec2::new(6.0, -3.0));
    let mut wrong = truth.clone();
    for (frame, found) in truth.frames() {
        let landmarks = found.landmarks.transformed(Affine::translate(off)).expect("finite");
        wrong.insert(frame, FrameAnalysis { landmarks, ..found.clone() }).expect("it belongs");
    }
    let place = |frame, index: usize| truth.frame(frame).expect("analysed").landmarks[index].position;
    let mut edits = edits();
    for frame in [10, 20] {
        edits.set_landmark(frame, 4, place(frame, 4)).expect("in range");
    }
    for frame in 10..=20 {
        let resolved = shown(&wrong, &edits, frame);
        assert!(landmark(&resolved, 4).distance(place(frame, 4)) < 2e-3, "frame {frame}");
        assert_eq!(vertex(&resolved, (0, 4)).anchor, landmark(&resolved, 4), "the shape follows");
        assert_eq!(landmark(&resolved, 3), wrong.frame(frame).expect("analysed").landmarks[3].position);
    }
    for (frame, left) in [(6, 0.0), (7, 0.25), (9, 0.75), (21, 0.75), (23, 0.25), (24, 0.0), (30, 0.0)] {
        let miss = landmark(&shown(&wrong, &edits, frame), 4) - place(frame, 4);
        assert!((miss - off * (1.0 - left)).hypot() < 2e-3, "frame {frame}: {miss:?}");
    }
}

#[test]
fn a_hand_key_stays_where_it_was_set_whatever_the_analysis_becomes() {
    let (at, handle) = (Point::new(12.345, 678.9), Vec2::new(-7.25, 0.001));
    let mut edits = edits();
    edits.set_landmark(5, 0, at).expect("in range");
    let edit = VertexEdit { anchor: Some(at), incoming: None, outgoing: Some(handle) };
    edits.set_vertex(5, FREE, edit).expect("in range");
    let nothing = Analysis::new(&mouth(), "none", PLATE).expect("a plate");
    for analysis in [mouth_analysis(1..=9, 0), mouth_analysis(1..=9, 3), mouth_analysis(6..=7, 1), nothing] {
        let resolved = shown(&analysis, &edits, 5);
        assert_eq!(resolved.landmarks[0], Landmark::visible(at));
        assert_eq!((resolved.hand.landmarks.len(), resolved.hand.vertices.len()), (1, 1));
        if analysis.frame(5).is_some() {
            assert_eq!((vertex(&resolved, FREE).anchor, vertex(&resolved, FREE).outgoing), (at, handle));
        }
    }
}

#[test]
fn corrections_of_vertices_and_handles_ride_on_what_the_landmarks_do() {
    let analysis = mouth_analysis(1..=9, 0);
    let (up, longer) = (Vec2::new(0.0, -5.0), Vec2::new(4.0, 0.0));
    let mut edits = edits();
    let before = vertex(&shown(&analysis, &edits, 1), FREE);
    let edit =
        VertexEdit { anchor: Some(before.anchor + up), outgoing: Some(before.outgoing + longer), incoming: None };
    edits.set_vertex(1, FREE, edit).expect("in range");
    // A landmark that the vertex follows is corrected by hand at the other end.
    let teeth = landmark(&shown(&analysis, &edits, 3), 8) + Vec2::new(10.0, 0.0);
    let plain = vertex(&shown(&analysis, &edits, 3), FREE);
    edits.set_landmark(3, 8, teeth).expect("in range");
    let moved = vertex(&shown(&analysis, &edits, 3), FREE);
    // Two of four frames of falloff are left; the base moved by half of what the landmark did, here and by a half of that
    // half where the vertex' own key measures its correction.
    let base = mouth_model(&shown(&analysis, &edits, 3).landmarks).expect("shapes")[1].clone().expect("the opening");
    let at_key = mouth_model(&shown(&analysis, &edits, 1).landmarks).expect("shapes")[1].clone().expect("the opening");
    let correction = before.anchor + up - at_key.vertices()[FREE.1].anchor;
    assert!((moved.anchor - (base.vertices()[FREE.1].anchor + correction * 0.5)).hypot() < 2e-3);
    assert_ne!(plain.anchor, moved.anchor);
    assert_eq!(moved.incoming, base.vertices()[FREE.1].incoming, "what was not set follows the model");
}

#[test]
fn a_frame_without_analysis_shows_keys_alone_and_only_as_far_as_they_reach() {
    let analysis = mouth_analysis(1..=4, 0);
    let mut edits = edits();
    edits.set_landmark(10, 2, Point::new(0.0, 0.0)).expect("in range");
    edits.set_landmark(20, 2, Point::new(10.0, 40.0)).expect("in range");
    let at = |frame| shown(&analysis, &edits, frame).landmarks[2];
    assert_eq!((at(15).position, at(15).confidence), (Point::new(5.0, 20.0), 0.5));
    assert_eq!(at(22).position, Point::new(10.0, 40.0));
    assert_eq!(at(24), Landmark::MISSING);
    assert_eq!(shown(&analysis, &edits, 15).shapes, [None, None, None]);
}

#[test]
fn a_key_between_analysed_frames_is_measured_against_both() {
    let mut analysis = mouth_analysis(1..=20, 0);
    let [one, other] = [8, 12].map(|frame| analysis.frame(frame).expect("analysed").landmarks[1].position);
    (9..=11).for_each(|frame| drop(analysis.remove(frame)));
    let mut edits = edits();
    edits.set_landmark(10, 1, one.midpoint(other) + Vec2::new(0.0, 8.0)).expect("in range");
    let miss = landmark(&shown(&analysis, &edits, 8), 1) - one;
    assert!((miss - Vec2::new(0.0, 4.0)).hypot() < 2e-3, "{miss:?}");
}

#[test]
fn a_hidden_landmark_that_is_corrected_counts_as_seen() {
    let mut analysis = mouth_analysis(1..=5, 0);
    let mut found = analysis.remove(3).expect("analysed");
    found.landmarks[6].presence = Presence::Occluded;
    analysis.insert(3, found).expect("it belongs");
    let mut edits = edits();
    assert_eq!(shown(&analysis, &edits, 3).landmarks[6].presence, Presence::Occluded);
    for frame in [2, 4] {
        edits.set_landmark(frame, 6, Point::new(50.0, 50.0)).expect("in range");
    }
    assert_eq!(shown(&analysis, &edits, 3).landmarks[6].presence, Presence::Visible);
}

#[test]
fn presence_set_on_two_frames_holds_between_and_fades_beyond() {
    let analysis = mouth_analysis(1..=20, 0);
    let mut edits = edits();
    for frame in [5, 10] {
        edits.set_presence(frame, 1, false).expect("in range");
    }
    let hidden: Vec<i64> = (1..=20).filter(|&frame| shown(&analysis, &edits, frame).shapes[1].is_none()).collect();
    // Predicted 0.8, corrected by -0.8, of which three quarters are left on the next frame, and a half on the one after it.
    assert_eq!(hidden, [3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    let resolved = shown(&analysis, &edits, 7);
    assert!(resolved.hidden[1].is_some() && resolved.shapes[0].is_some() && resolved.curve(1).is_some());
    edits.set_presence(7, 1, true).expect("in range");
    assert!(shown(&analysis, &edits, 7).shapes[1].is_some());
}

#[test]
fn a_shot_keeps_hand_keys_by_kind_and_hides_what_is_absent() {
    let analysis = mouth_analysis(1..=12, 0);
    let mut edits = edits();
    let at = landmark(&shown(&analysis, &edits, 6), 10) + Vec2::new(0.0, 30.0);
    edits.set_landmark(6, 10, at).expect("in range");
    for frame in 9..=12 {
        edits.set_presence(frame, 0, false).expect("in range");
    }
    for mode in [KeyMode::Every, KeyMode::EveryNth(5), KeyMode::Reduce(0.5)] {
        let shot = shot(&analysis, &edits, 1..=12, mode);
        assert_eq!(shot.shapes().len(), 3);
        let chin = shot.shape("chin_line").expect("the chin");
        let hand: Vec<f64> =
            chin.track.keys().iter().filter(|key| key.kind == KeyKind::Hand).map(|key| key.time).collect();
        assert_eq!(hand, [6.0], "{mode:?}");
        assert_eq!(chin.track.at(6.0).vertices()[1].anchor, Point::new(at.x, at.y), "{mode:?}");
        assert!(shot.shape("lips").expect("lips").hidden.iter().copied().eq(7..=12), "{:?}", shot.shape("lips"));
    }
    let keys = |mode| shot(&analysis, &edits, 1..=12, mode).shape("chin_line").expect("the chin").track.keys().len();
    assert_eq!((keys(KeyMode::Every), keys(KeyMode::EveryNth(5))), (12, 4));
    assert!(keys(KeyMode::Reduce(0.5)) < 12);
}

#[test]
fn a_shape_that_no_frame_knows_is_left_out_of_the_shot() {
    let analysis = Analysis::new(&mouth(), "none", PLATE).expect("a plate");
    let mut edits = edits();
    edits.set_landmark(3, 10, Point::new(5.0, 6.0)).expect("in range");
    let shot = shot(&analysis, &edits, 1..=8, KeyMode::Every);
    assert!(shot.shapes().iter().map(|shape| shape.name.as_str()).eq(["chin_line"]));
    assert!(shot.shapes()[0].hidden.iter().copied().eq([7, 8]), "the falloff of 4 ends there");
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let (topology, analysis) = (mouth(), mouth_analysis(1..=2, 0));
    let elsewhere = Edits::new(&topology, Plate { x1: 7.0, ..PLATE }).expect("a plate");
    let refused = |topology: &Topology, edits: &Edits, threshold| {
        resolve(topology, &analysis, edits, 1, 0.0, threshold, &mouth_model).expect_err("refused").to_string()
    };
    assert!(refused(&topology, &elsewhere, 0.5).starts_with("plate of the edits: expected Plate { x1: -4.0"));
    assert!(refused(&Topology::puppet().expect("shipped"), &edits(), 0.5).contains("\"mouth\" with 11 landmarks"));
    assert!(refused(&topology, &edits(), f64::NAN).contains("presence threshold"));
    let two = |_: &LandmarkSet| Ok::<_, Error>(vec![None, None]);
    let message = resolve(&topology, &analysis, &edits(), 1, 0.0, 0.5, &two).expect_err("two of three").to_string();
    assert!(message.contains("expected 3, found 2"), "{message}");
}

#[test]
fn an_error_of_the_shape_model_comes_through_as_it_is() {
    #[derive(Debug, PartialEq)]
    struct Broken(Option<Error>);
    impl From<Error> for Broken {
        fn from(found: Error) -> Self {
            Self(Some(found))
        }
    }
    let broken = |_: &LandmarkSet| Err(Broken(None));
    let found = resolve(&mouth(), &mouth_analysis(1..=2, 0), &edits(), 1, 0.0, 0.5, &broken);
    assert_eq!(found, Err(Broken(None)));
}

#[test]
fn edits_on_another_plate_stay_where_they_are_in_the_picture() {
    let mut edits = edits();
    edits.set_landmark(1, 0, Point::new(10.0, 20.0)).expect("in range");
    let edit = VertexEdit { anchor: None, incoming: Some(Vec2::new(2.0, 1.0)), outgoing: None };
    edits.set_vertex(1, FREE, edit).expect("in range");
    let squeezed = Plate { x1: 3.0, y2: 610.0, pixel_aspect: 2.0, ..PLATE };
    let moved = edits.on_plate(squeezed).expect("within reach");
    let frame = moved.frame(1).expect("the same frame");
    assert!(frame.landmarks[&0].distance(Point::new((10.0 - 4.0) / 2.0 - 3.0, 30.0)) < EYE);
    assert_eq!(frame.vertices[&FREE].incoming, Some(Vec2::new(1.0, 1.0)));
    assert_eq!(moved.on_plate(PLATE).expect("back"), edits);
}
