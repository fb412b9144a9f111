use std::collections::BTreeSet;

use super::*;
use crate::fixture::{PLATE, mouth, mouth_analysis, mouth_model};
use crate::{Analysis, Change, Concern, FrameState, Now, Resolved, Review, Vertex, resolve};

const FRAME: i64 = 4;
/// A vertex of the opening that is no landmark, and one that is landmark 9.
const FREE: (usize, usize) = (1, 1);
const TEETH: (usize, usize) = (1, 2);

fn edits() -> Edits {
    Edits::new(&mouth(), PLATE).expect("a plate")
}

fn seen(edits: &Edits) -> Resolved {
    resolve(&mouth(), &mouth_analysis(1..=8, 0), edits, FRAME, 0.0, 0.5, &mouth_model).expect("it resolves")
}

fn vertex(resolved: &Resolved, (shape, vertex): (usize, usize)) -> Vertex {
    resolved.curve(shape).expect("a curve").vertices()[vertex]
}

/// What is seen after a selection was dragged, and before.
fn dragged(selection: &[Grip], by: Affine, handles: Handles) -> (Resolved, Resolved, Edits) {
    let (mut edits, before) = (edits(), seen(&edits()));
    let selection: BTreeSet<Grip> = selection.iter().copied().collect();
    edits.transform(FRAME, &before, &selection, by, |_| handles).expect("in range");
    (before, seen(&edits), edits)
}

fn near(one: impl Into<Vec2>, other: impl Into<Vec2>) -> bool {
    (one.into() - other.into()).hypot() < 2e-3
}

fn at(point: Point) -> Vec2 {
    point.to_vec2()
}

#[test]
fn a_dragged_landmark_takes_the_shapes_through_it_along() {
    let by = Vec2::new(7.0, -2.0);
    for grip in [Grip::Landmark(9), Grip::Anchor(TEETH)] {
        let (before, after, edits) = dragged(&[grip], Affine::translate(by), Handles::Smooth);
        assert!(near(at(vertex(&after, TEETH).anchor), at(vertex(&before, TEETH).anchor) + by));
        let frame = edits.frame(FRAME).expect("edited");
        assert_eq!((frame.landmarks.len(), frame.vertices.len()), (1, 0), "{grip:?}: the vertex is the landmark");
        assert!(near(at(after.landmarks[9].position), at(vertex(&after, TEETH).anchor)));
    }
}

#[test]
fn a_moved_anchor_keeps_its_handles_and_a_turned_one_turns_them() {
    let by = Affine::translate((3.0, 4.0));
    let (before, after, edits) = dragged(&[Grip::Anchor(FREE), Grip::Outgoing(FREE)], by, Handles::Smooth);
    let (old, new) = (vertex(&before, FREE), vertex(&after, FREE));
    assert!(near(at(new.anchor), at(old.anchor) + Vec2::new(3.0, 4.0)));
    assert_eq!((new.incoming, new.outgoing), (old.incoming, old.outgoing));
    assert_eq!(edits.frame(FRAME).expect("edited").vertices[&FREE].outgoing, None, "a move sets no handle");

    let center = Point::new(200.0, 300.0);
    let turn = Affine::scale_about(2.0, center) * Affine::rotate_about(0.5, center);
    let (before, after, _) = dragged(&[Grip::Anchor(FREE)], turn, Handles::Broken);
    let (old, new) = (vertex(&before, FREE), vertex(&after, FREE));
    assert!(near(at(new.anchor), at(turn * old.anchor)));
    assert!(near(at(new.anchor + new.incoming), at(turn * (old.anchor + old.incoming))));
    assert!(near(at(new.anchor + new.outgoing), at(turn * (old.anchor + old.outgoing))));
}

#[test]
fn a_broken_handle_moves_alone_and_a_smooth_one_turns_the_other() {
    let by = Vec2::new(-3.0, 9.0);
    let (before, after, _) = dragged(&[Grip::Outgoing(TEETH)], Affine::translate(by), Handles::Broken);
    let (old, new) = (vertex(&before, TEETH), vertex(&after, TEETH));
    assert!(near(new.outgoing, old.outgoing + by) && new.incoming == old.incoming && new.anchor == old.anchor);

    let (before, after, _) = dragged(&[Grip::Incoming(FREE)], Affine::translate(by), Handles::Smooth);
    let (old, new) = (vertex(&before, FREE), vertex(&after, FREE));
    assert!(near(new.incoming, old.incoming + by));
    assert!((new.outgoing.hypot() - old.outgoing.hypot()).abs() < 2e-3, "the length stays");
    assert!(
        new.outgoing.dot(new.incoming) < 0.0 && new.outgoing.normalize().cross(new.incoming.normalize()).abs() < 1e-3
    );

    let both = [Grip::Incoming(FREE), Grip::Outgoing(FREE)];
    let (before, after, _) = dragged(&both, Affine::translate(by), Handles::Smooth);
    let (old, new) = (vertex(&before, FREE), vertex(&after, FREE));
    assert!(near(new.incoming, old.incoming + by) && near(new.outgoing, old.outgoing + by));
}

#[test]
fn whether_a_handle_breaks_away_is_each_vertex_own_matter() {
    let (mut edits, before) = (edits(), seen(&edits()));
    let handles = |at| if at == TEETH { Handles::Broken } else { Handles::Smooth };
    let selection = [Grip::Outgoing(TEETH), Grip::Outgoing(FREE)].into();
    edits.transform(FRAME, &before, &selection, Affine::translate((-3.0, 9.0)), handles).expect("in range");
    let keys = &edits.frame(FRAME).expect("edited").vertices;
    assert!(keys[&TEETH].incoming.is_none() && keys[&FREE].incoming.is_some(), "{keys:?}");
}

#[test]
fn a_reset_point_follows_the_prediction_again_and_an_empty_frame_is_gone() {
    let grips = [Grip::Landmark(0), Grip::Anchor(FREE), Grip::Incoming(FREE), Grip::Outgoing(TEETH)];
    let (before, _, mut edits) = dragged(&grips, Affine::translate((5.0, 5.0)), Handles::Broken);
    edits.set_presence(FRAME, 2, true).expect("in range");
    assert_eq!(seen(&edits).hand.presence, BTreeSet::from([2]));
    for grip in grips {
        edits.reset(FRAME, grip).expect("it exists");
    }
    edits.reset_presence(FRAME, 2).expect("it exists");
    assert!(edits.is_empty() && edits.frame(FRAME).is_none());
    assert_eq!(seen(&edits), before);
    assert!(edits.reset(FRAME, Grip::Anchor((0, 8))).is_err());
    edits.set_landmark(FRAME, 1, Point::ORIGIN).expect("in range");
    assert!(edits.remove_frame(FRAME).is_some_and(|frame| frame.landmarks.len() == 1) && edits.is_empty());
}

#[test]
fn what_is_hidden_is_shown_where_somebody_moves_it_and_not_where_the_whole_face_goes_along() {
    let (opening, outer) = (Grip::Landmark(9), Grip::Landmark(0));
    let by = Affine::translate((3.0, 0.0));
    let mut hidden = edits();
    hidden.show(FRAME, &BTreeSet::from([opening]), false).expect("in range");
    let before = seen(&hidden);
    assert!(before.shapes[1].is_none() && before.shapes[0].is_some(), "one shape goes through the landmark");

    let moved = |selection: &[Grip]| {
        let mut edits = hidden.clone();
        let selection = selection.iter().copied().collect();
        edits.transform(FRAME, &before, &selection, by, |_| Handles::Smooth).expect("in range");
        seen(&edits)
    };
    assert!(moved(&[opening]).shapes[1].is_some());
    assert!(moved(&[Grip::Anchor(FREE)]).shapes[1].is_some());
    assert!(moved(&[opening, outer]).shapes[1].is_none());
    // A point that follows the prediction again takes along what its shape was said to be.
    let mut reset = hidden.clone();
    reset.set_landmark(FRAME, 9, Point::new(1.0, 1.0)).expect("in range");
    reset.reset(FRAME, Grip::Incoming(FREE)).expect("it exists");
    assert!(seen(&reset).shapes[1].is_none(), "another point of it is set by hand");
    reset.reset(FRAME, opening).expect("it exists");
    assert!(reset.is_empty());
    assert!(hidden.show(FRAME, &BTreeSet::from([Grip::Landmark(11)]), true).is_err());
}

#[test]
fn a_selection_with_an_unknown_point_changes_nothing() {
    let (mut edits, before) = (edits(), seen(&edits()));
    for wrong in [Grip::Landmark(11), Grip::Incoming((1, 4)), Grip::Anchor((9, 0))] {
        let selection = BTreeSet::from([Grip::Landmark(0), wrong]);
        assert!(
            edits.transform(FRAME, &before, &selection, Affine::translate((1.0, 1.0)), |_| Handles::Broken).is_err()
        );
    }
    let selection = BTreeSet::from([Grip::Landmark(0)]);
    assert!(edits.transform(FRAME, &before, &selection, Affine::scale(f64::INFINITY), |_| Handles::Broken).is_err());
    assert!(edits.is_empty());
}

#[test]
fn edits_of_two_artists_are_merged_and_contradictions_named() {
    let (mut one, mut other) = (edits(), edits());
    let handle = |x| VertexEdit { outgoing: Some(Vec2::new(x, 0.0)), ..VertexEdit::default() };
    let anchor = VertexEdit { anchor: Some(Point::new(2.0, 2.0)), ..VertexEdit::default() };
    one.set_landmark(1, 0, Point::ORIGIN).expect("in range");
    one.set_vertex(1, FREE, handle(4.0)).expect("in range");
    other.set_landmark(1, 0, Point::ORIGIN).expect("in range");
    other.set_vertex(1, FREE, anchor).expect("in range");
    other.set_presence(2, 1, true).expect("in range");
    let merged = Edits::merged([one.clone(), other.clone()]).expect("they agree");
    assert_eq!(
        merged.frame(1).expect("edited").vertices[&FREE],
        VertexEdit { incoming: None, ..handle(4.0) }.with(anchor)
    );
    assert_eq!((merged.frames().count(), merged.frame(1).expect("edited").landmarks.len()), (2, 1));

    let message = |other: &Edits| Edits::merged([one.clone(), other.clone()]).expect_err("contradiction").to_string();
    other.set_vertex(1, FREE, handle(5.0)).expect("in range");
    assert!(message(&other).contains("frame 1, the outgoing handle of shape 1, vertex 1 is set differently"));
    other.set_landmark(1, 0, Point::new(0.0, 1.0)).expect("in range");
    other.remove_frame(1);
    other.set_landmark(1, 0, Point::new(0.0, 1.0)).expect("in range");
    assert!(message(&other).contains("frame 1, landmark 0 is set differently"));
    assert!(message(&Edits::new(&mouth(), Plate { x1: 0.0, ..PLATE }).expect("a plate")).contains("plates differ"));
    assert!(
        message(&Edits::new(&Topology::puppet().expect("shipped"), PLATE).expect("a plate")).contains("topologies")
    );
    assert!(Edits::merged([]).is_err());
}

impl VertexEdit {
    /// This, and the anchor of another.
    fn with(self, other: Self) -> Self {
        Self { anchor: other.anchor, ..self }
    }
}

#[test]
fn chunks_of_a_farm_are_merged_and_contradictions_named() {
    let (one, other) = (mouth_analysis(1..=5, 0), mouth_analysis(5..=9, 0));
    assert_eq!(Analysis::merged([one.clone(), other.clone()]).expect("they agree"), mouth_analysis(1..=9, 0));
    let message = |other: Analysis| Analysis::merged([one.clone(), other]).expect_err("contradiction").to_string();
    assert!(message(mouth_analysis(6..=9, 1)).contains("their models differ: mouth 0 and mouth 1"));
    let mut again = other.clone();
    let found = again.remove(5).expect("analysed");
    again.insert(5, crate::FrameAnalysis { picture: 77, ..found }).expect("it belongs");
    assert!(message(again).contains("frame 5 stands in two of them, and they differ"));
    assert!(Analysis::merged([]).is_err());
}

#[test]
fn frames_that_want_a_look_are_found_forth_and_back() {
    let mut analysis = mouth_analysis(1..=9, 0);
    analysis.remove(6);
    let mut found = analysis.remove(4).expect("analysed");
    (found.landmarks[2].confidence, found.landmarks[7].confidence) = (0.4, 0.3);
    analysis.insert(4, found).expect("it belongs");
    let mut edits = edits();
    let picture = |frame: i64| Some(if frame == 8 { 99 } else { frame as u64 });
    let now = |frame: i64| Now { picture: picture(frame), ..Now::default() };
    let look = |edits: &Edits, back: bool, from: i64| {
        let review = Review { analysis: &analysis, edits, frames: 1..=9, confidence_threshold: 0.5 };
        if back { review.previous(from, now) } else { review.next(from, now) }
    };
    let unsure = |landmark, confidence| Some((4, Concern::Unsure { landmark, confidence }));
    assert_eq!(look(&edits, false, -100), unsure(7, 0.3));
    edits.set_landmark(4, 7, Point::ORIGIN).expect("in range");
    assert_eq!(look(&edits, false, 1), unsure(2, 0.4), "what is set by hand wants no look");
    assert_eq!(look(&edits, false, 4), Some((6, Concern::Missing)));
    assert_eq!(look(&edits, false, 6), Some((8, Concern::Stale(Change::Picture))));
    assert_eq!((look(&edits, false, 8), look(&edits, false, i64::MAX)), (None, None));
    assert_eq!((look(&edits, true, 8), look(&edits, true, 6)), (Some((6, Concern::Missing)), unsure(2, 0.4)));
    assert!(analysis.missing(1..=9).eq([6]));
    assert_eq!(analysis.state(8, &Now::default()), FrameState::Current);
}
