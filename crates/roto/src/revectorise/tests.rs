use kurbo::{Affine, ParamCurve, Vec2};
use proptest::prelude::*;

use super::*;
use crate::distance::curve_distance;
use crate::exchange::{CubicSegments, Layout};
use crate::fixture::{RAW, REVECTORISED, TEST, TEST_LATER, blob, mouth, mouth_frame};
use crate::{Annotation, Landmark, LandmarkSet, Topology, Vertex, VertexOrder};

fn imported(text: &str) -> Annotation {
    let (file, layouts) = (CubicSegments::parse(text).expect("a public file"), Layout::puppet().expect("shipped"));
    let layout = Layout::of(&layouts, &file).expect("a public layout");
    layout.import(&Topology::puppet().expect("shipped"), &file).expect("a public file")
}

/// Each shape of the published frame: name, raw curve, published curve, index in the topology.
fn published() -> Vec<(String, BezierShape, BezierShape, usize)> {
    let (topology, frame) = (Topology::puppet().expect("shipped"), imported(REVECTORISED));
    let raw = CubicSegments::parse(RAW).expect("a public file");
    let shape = |(index, shape): (usize, &Option<BezierShape>)| {
        let name = topology.shapes()[index].name.clone();
        let raw = raw.shapes.get(&name.replace("brow", "eyebrow"))?.clone();
        Some((name, raw, shape.clone()?, index))
    };
    frame.shapes().iter().enumerate().filter_map(shape).collect()
}

/// The figures behind the test, for the record: `cargo test -p roto -- --nocapture production`.
#[test]
fn production_splines_come_no_farther_from_the_raw_curve_than_the_published_ones() {
    let (topology, frame) = (Topology::puppet().expect("shipped"), imported(REVECTORISED));
    for (name, raw, theirs, index) in published() {
        let guide = Guide::from_landmarks(&topology.shapes()[index], frame.landmarks()).expect("all points are there");
        let start = std::time::Instant::now();
        let by_points = revectorise(&raw, &guide).expect("a contour");
        let by_shape = revectorise(&raw, &Guide::from_reference(&theirs)).expect("a contour");
        println!("{name:14} took {:.1?} for both", start.elapsed());
        let published = curve_distance(&raw, &theirs);
        for (how, ours) in [("points", &by_points), ("reference", &by_shape)] {
            let text = |d: CurveDistance| format!("{:.3} {:.3} {:.3}", d.median_px, d.p95_px, d.max_px);
            println!("{name:14} by {how:9}: {} px; published {}", text(ours.error), text(published));
        }
        // The public numbers are rounded to a hundredth of a pixel.
        let ours = by_points.error;
        assert!(ours.median_px <= published.median_px && ours.p95_px <= published.p95_px, "{name}: {ours:?}");
        assert!(ours.max_px <= published.max_px + 0.005, "{name}: {ours:?}, published {published:?}");
    }
}

#[test]
fn the_points_of_a_frame_are_found_by_a_reference_from_another_shot() {
    let (topology, frame) = (Topology::puppet().expect("shipped"), imported(REVECTORISED));
    for reference in [TEST, TEST_LATER].map(imported) {
        for (name, raw, theirs, index) in published() {
            let Some(reference) = &reference.shapes()[index] else { continue };
            let found = revectorise(&raw, &Guide::from_reference(reference)).expect("a contour");
            let off = found.shape.vertices().iter().zip(&topology.shapes()[index].vertices).map(|(vertex, place)| {
                let landmark = place.landmark().expect("all vertices of these shapes are landmarks");
                vertex.anchor.distance(frame.landmarks()[landmark].position)
            });
            let off: Vec<_> = off.collect();
            let width = theirs.bounding_box().width();
            println!("{name:12} anchors off {off:.1?}, width {width:.0}");
            let mean = off.iter().sum::<f64>() / off.len() as f64;
            assert!(mean < 0.08 * width && off.iter().all(|&off| off < 0.15 * width), "{name}: {off:.1?} of {width}");
        }
    }
}

#[test]
fn seams_keep_their_ends_and_the_artists_direction() {
    let (topology, frame) = (Topology::puppet().expect("shipped"), imported(REVECTORISED));
    let raw = CubicSegments::parse(RAW).expect("a public file");
    for name in ["left_seam", "nose_seam", "right_seam"] {
        let spec = &topology.shapes()[topology.shape_index(name).expect("a seam")];
        let guide = Guide::from_landmarks(spec, frame.landmarks()).expect("the middle is known");
        let found = revectorise(&raw.shapes[name], &guide).expect("a curve");
        println!("{name}: {:?}, at {:.2?}", found.error, found.shares);
        let (ours, theirs) = (found.shape.vertices(), raw.shapes[name].vertices());
        assert!(!found.reversed && ours.len() == 3, "{name}");
        assert!(ours[0].anchor.distance(theirs[0].anchor) + ours[2].anchor.distance(theirs[2].anchor) < 1e-6, "{name}");
        assert!(found.error.max_px < 0.5, "{name}: {:?}", found.error);
    }
}

/// The same curve with `cuts` more vertices in each segment.
fn cut(shape: &BezierShape, cuts: usize) -> BezierShape {
    let share = |k: usize| (k as f64 / (cuts + 1) as f64).powf(1.2);
    let pieces = shape.segments().flat_map(|s| (0..=cuts).map(move |k| s.subsegment(share(k)..share(k + 1))));
    let pieces: Vec<_> = pieces.collect();
    let mut vertices: Vec<_> = pieces.iter().map(|piece| Vertex::corner(piece.p0)).collect();
    if !shape.is_closed() {
        vertices.push(Vertex::corner(pieces[pieces.len() - 1].p3));
    }
    let count = vertices.len();
    for (k, piece) in pieces.iter().enumerate() {
        vertices[k].outgoing = piece.p1 - piece.p0;
        vertices[(k + 1) % count].incoming = piece.p2 - piece.p3;
    }
    BezierShape::new(vertices, shape.is_closed()).expect("finite")
}

fn farthest_anchor(one: &BezierShape, other: &BezierShape) -> f64 {
    let pairs = one.vertices().iter().zip(other.vertices());
    pairs.map(|(a, b)| a.anchor.distance(b.anchor)).fold(0.0, f64::max)
}

#[test]
fn a_mouth_goes_through_everything_that_an_eye_does() {
    let layouts = r#"
        topology = "mouth"
        [[layouts]]
        name = "all"
        label = "All"
        points = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
        shapes = [
            { key = "lips", shape = "lips", vertices = [3, 2, 1, 0, 7, 6, 5, 4] },
            { key = "opening", shape = "opening" },
            { key = "chin", shape = "chin_line", vertices = [2, 1, 0] },
        ]
    "#;
    let (topology, frame) = (mouth(), mouth_frame());
    let layouts = Layout::parse(layouts, &topology).expect("a layout that fits");
    let text = layouts[0].export(&frame).write().expect("what the format can say");
    let file = CubicSegments::parse(&text).expect("what was written");
    let read =
        Layout::of(&layouts, &file).and_then(|layout| layout.import(&topology, &file)).expect("what was written");
    let mirrored = read.mirrored(&topology, 210.0).expect("a topology with a mirror");
    for (index, spec) in topology.shapes().iter().enumerate() {
        let shape = mirrored.shapes()[index].as_ref().expect("all three");
        let raw = cut(&shape.reversed(), 2);
        let last = read.shapes()[index].as_ref().expect("all three");
        let guide = Guide::from_reference(last).with_landmarks(spec, mirrored.landmarks()).expect("the same vertices");
        let found = revectorise(&raw, &guide).expect("a contour");
        assert!(found.error.max_px < 0.7, "{}: {:?}", spec.name, found.error);
        assert!(curve_distance(&found.shape, shape).max_px < 0.7, "{}", spec.name);
        for (vertex, place) in found.shape.vertices().iter().zip(&spec.vertices) {
            let Some(landmark) = place.landmark() else { continue };
            let off = vertex.anchor.distance(mirrored.landmarks()[landmark].position);
            assert!(off < 1.0, "{}, landmark {landmark}: {off} px", spec.name);
        }
        let angles = distance::handle_angles(&found.shape, shape).expect("the same vertices");
        assert!(
            angles.iter().filter_map(|angle| angle.outgoing_deg).all(|deg| deg < 25.0),
            "{}: {angles:?}",
            spec.name
        );
    }
}

#[test]
fn corners_snap_to_corners_and_stay_corners() {
    let leaf = |shift: f64| {
        let at = [(0.0, 0.0), (50.0 + shift, -22.0), (100.0, 4.0), (46.0 + shift, 30.0)].map(Point::from);
        let handle = |x: f64, y: f64| Vec2::new(x, y);
        let vertices = vec![
            Vertex { anchor: at[0], incoming: handle(10.0, 16.0), outgoing: handle(12.0, -14.0) },
            Vertex { anchor: at[1], incoming: handle(-20.0, 0.0), outgoing: handle(20.0, 0.0) },
            Vertex { anchor: at[2], incoming: handle(-12.0, -14.0), outgoing: handle(-16.0, 12.0) },
            Vertex { anchor: at[3], incoming: handle(20.0, 1.0), outgoing: handle(-18.0, -0.9) },
        ];
        BezierShape::new(vertices, true).expect("a leaf")
    };
    let raw = cut(&leaf(0.0), 3);
    // The reference's tips are some pixels off, and it lies elsewhere.
    let reference = leaf(6.0).transformed(Affine::translate((300.0, 40.0)) * Affine::rotate(0.2)).expect("finite");
    let found = revectorise(&raw, &Guide::from_reference(&reference)).expect("a contour");
    assert_eq!(found.corners, [true, false, true, false]);
    assert!(found.shape.vertices()[0].anchor.distance(Point::ZERO) < 1e-6);
    assert!(found.shape.vertices()[2].anchor.distance(Point::new(100.0, 4.0)) < 1e-6);
    assert!(found.error.max_px < 0.1, "{:?}", found.error);
    let straight = |vertex: &Vertex| vertex.incoming.cross(vertex.outgoing).abs() < 1e-6;
    assert!(straight(&found.shape.vertices()[1]) && !straight(&found.shape.vertices()[0]));
}

#[test]
fn a_contour_of_thousands_of_corners_gets_its_vertices_and_the_strongest_corners_draw_them() {
    // A saw around a square: its four tips stand out, and break more than the teeth.
    let tips = [(0.0, 0.0), (400.0, 0.0), (400.0, 400.0), (0.0, 400.0)].map(Point::from);
    let side = |k: usize| {
        let (from, to) = (tips[k], tips[(k + 1) % 4]);
        let tooth = move |i: usize| {
            let inwards = (to - from).turn_90() * if i.is_multiple_of(2) { 0.0 } else { 6e-4 };
            Vertex::corner(from.lerp(to, i as f64 / 1000.0) + inwards)
        };
        (0..1000).map(tooth)
    };
    let saw = BezierShape::new((0..4).flat_map(side).collect(), true).expect("a saw");
    assert_eq!(corners(&ArcLengthCurve::new(&saw)).len(), 4000);
    let square = BezierShape::new(tips.map(Vertex::corner).into(), true).expect("a square");
    let found = revectorise(&saw, &Guide::from_reference(&square)).expect("a contour");
    assert_eq!(found.corners, [true; 4]);
    assert!(farthest_anchor(&found.shape, &square) < 1e-6, "{:?}", found.shape);
}

#[test]
fn free_vertices_and_missing_landmarks_are_spread_between_the_known_ones() {
    let (topology, frame) = (mouth(), mouth_frame());
    let mut landmarks = frame.landmarks().clone();
    landmarks[5] = Landmark::MISSING;
    let lips = frame.shapes()[0].as_ref().expect("lips");
    let guide = Guide::from_landmarks(&topology.shapes()[0], &landmarks).expect("seven of eight");
    let found = revectorise(&cut(lips, 1), &guide).expect("a contour");
    for (index, (vertex, truth)) in found.shape.vertices().iter().zip(lips.vertices()).enumerate() {
        let allowed = if index == 5 { 12.0 } else { 1.0 };
        assert!(vertex.anchor.distance(truth.anchor) < allowed, "vertex {index}: {vertex:?} {truth:?}");
    }
    let nothing = LandmarkSet::missing(11);
    let message = Guide::from_landmarks(&topology.shapes()[0], &nothing).expect_err("none").to_string();
    assert!(message.contains("shape \"lips\" has 0 known landmarks"), "{message}");
}

#[test]
fn what_cannot_be_revectorised_is_told() {
    let open = BezierShape::new(blob(4).vertices().to_vec(), false).expect("four vertices");
    let message = revectorise(&open, &Guide::from_reference(&blob(4))).expect_err("open").to_string();
    assert!(message.contains("expected a closed curve, found an open curve"), "{message}");
    let place = blob(4).transformed(Affine::scale(0.0)).expect("finite");
    assert!(
        revectorise(&place, &Guide::from_reference(&blob(4))).expect_err("a place").to_string().contains("0 px long")
    );
    assert!(revectorise(&blob(4), &Guide::from_reference(&place)).is_ok(), "a reference without extent says nothing");
    assert!(revectorise(&blob(4), &Guide::from_reference(&blob(129))).is_err());
    for far in [1e8, 1e120, 1e300] {
        let wild = blob(4).transformed(Affine::scale(far)).expect("finite");
        let _ = revectorise(&wild, &Guide::from_reference(&blob(4)));
        let _ = revectorise(&blob(4), &Guide::from_reference(&wild));
        let _ = curve_distance(&wild, &open);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]
    #[test]
    fn neither_direction_nor_beginning_nor_more_vertices_change_the_result(
        count in 3_usize..8,
        first in 0_usize..50,
        reversed: bool,
        cuts in 0_usize..3,
        turn in -0.4_f64..0.4,
    ) {
        let shape = blob(count);
        let raw = cut(&shape, cuts);
        let raw = VertexOrder { reversed, first: first % raw.vertices().len() }.apply(&raw);
        let moved = Affine::translate((40.0, -7.0)) * Affine::rotate(turn) * Affine::scale(1.3);
        let guide = Guide::from_reference(&shape.transformed(moved).expect("finite"));
        let found = revectorise(&raw, &guide).expect("a contour");
        prop_assert!(found.shape.is_closed());
        prop_assert_eq!(found.reversed, reversed);
        let (off, gap) = (farthest_anchor(&found.shape, &shape), ArcLengthCurve::new(&shape).length() / count as f64);
        prop_assert!(off < 0.04 * gap, "{off} px, {gap} px between vertices");
        prop_assert!(found.error.max_px < 0.2, "{:?}", found.error);
    }

    #[test]
    fn shapes_of_any_topology_keep_their_count_their_order_and_their_straight_joins(
        vertices in 2_usize..14, raw in 2_usize..14, closed: bool,
    ) {
        let kind = |count: usize| BezierShape::new(blob(count).vertices().to_vec(), closed).expect("two or more");
        let (raw, guide) = (kind(raw), Guide::from_reference(&kind(vertices)));
        let found = revectorise(&raw, &guide).expect("a contour");
        prop_assert_eq!((found.shape.vertices().len(), found.shape.is_closed()), (vertices, closed));
        let contour = ArcLengthCurve::new(&raw);
        for (k, vertex) in found.shape.vertices().iter().enumerate() {
            prop_assert!(contour.nearest(vertex.anchor).0 < 1e-3);
            prop_assert!(found.corners[k] || vertex.incoming.cross(vertex.outgoing).abs() < 1e-6);
        }
        let falls = |pair: &&[f64]| (pair[1] < pair[0]) != found.reversed;
        prop_assert!(found.shares.windows(2).filter(falls).count() <= usize::from(closed));
    }
}
