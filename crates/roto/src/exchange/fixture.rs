//! A scene that no swapped handle, mirrored axis, lost key or forgotten origin survives.

use std::collections::BTreeMap;

use kurbo::{Affine, Point, Vec2};

use super::{Scene, ShapeStyle, StyleKey, Tracker};
use crate::{BezierShape, KeyKind, Landmark, Plate, Presence, ShapeKey, ShapeTrack, Shot, ShotShape, Vertex};

/// A vertex whose two handles have nothing in common.
fn vertex(x: f64, y: f64, incoming: (f64, f64), outgoing: (f64, f64)) -> Vertex {
    Vertex { anchor: Point::new(x, y), incoming: incoming.into(), outgoing: Vec2::from(outgoing) }
}

/// A closed curve with broken handles; all numbers are float32 as well.
pub(super) fn leaf() -> BezierShape {
    let vertices = vec![
        vertex(101.5, 40.25, (-7.0, 3.5), (12.0, -2.25)),
        vertex(160.0, 31.75, (-9.5, -6.0), (4.0, 1.5)),
        vertex(171.25, 66.0, (2.0, -11.0), (-3.0, 5.75)),
        vertex(120.5, 80.5, (14.5, 2.0), (-8.25, -4.5)),
    ];
    BezierShape::new(vertices, true).expect("a fixture that holds")
}

/// An open curve.
pub(super) fn seam() -> BezierShape {
    let vertices = vec![
        vertex(20.0, 90.5, (0.0, 0.0), (6.0, 1.25)),
        vertex(52.75, 70.0, (-5.5, 4.0), (7.0, -9.5)),
        vertex(77.0, 95.25, (-1.0, -8.0), (0.0, 0.0)),
    ];
    BezierShape::new(vertices, false).expect("a fixture that holds")
}

fn key(time: f64, kind: KeyKind, shape: &BezierShape, by: Affine) -> ShapeKey {
    ShapeKey { time, kind, shape: shape.transformed(by).expect("a fixture that holds") }
}

fn shapes() -> Vec<ShotShape> {
    let turned = Affine::new([1.25, 0.25, -0.5, 0.75, 11.5, -3.25]);
    let eye = vec![
        key(1001.0, KeyKind::Predicted, &leaf(), Affine::IDENTITY),
        key(1004.0, KeyKind::Hand, &leaf(), Affine::translate((8.5, -2.25))),
        key(1010.0, KeyKind::Predicted, &leaf(), turned),
    ];
    let eye = ShapeTrack::new(eye).expect("a fixture that holds");
    let line = vec![
        key(1001.0, KeyKind::Predicted, &seam(), Affine::IDENTITY),
        key(1012.0, KeyKind::Predicted, &seam(), Affine::translate((-4.0, 6.5))),
    ];
    let still =
        ShapeTrack::new(vec![key(1001.0, KeyKind::Predicted, &leaf().reversed(), Affine::translate((30.0, 9.0)))]);
    vec![
        ShotShape { hidden: [1006, 1007].into(), ..ShotShape::new("left_eye", eye) },
        ShotShape {
            hidden: [1001, 1012].into(),
            ..ShotShape::new("nose_seam", ShapeTrack::new(line).expect("a line"))
        },
        ShotShape::new("left_brow", still.expect("a fixture that holds")),
    ]
}

fn trackers() -> Vec<Tracker> {
    let seen = |x: f64, y: f64, confidence: f64| Landmark { confidence, ..Landmark::visible(Point::new(x, y)) };
    let hidden = Landmark { presence: Presence::Occluded, ..seen(42.0, 17.5, 0.25) };
    let inner = BTreeMap::from([
        (1001, seen(40.0, 15.25, 1.0)),
        (1002, seen(40.5, 16.0, 0.75)),
        (1003, hidden),
        (1007, seen(47.25, 21.0, 0.5)),
        (1008, seen(49.0, 20.5, 0.5)),
    ]);
    let mid = BTreeMap::from([(1004, seen(150.75, 3.5, 0.875))]);
    vec![
        Tracker { name: "left_eye_inner".into(), frames: inner },
        Tracker { name: "seam_nose_mid".into(), frames: mid },
    ]
}

/// Frames 1001 to 1012 on a plate of 200 by 120 px that does not begin at the origin and has wide pixels: a closed shape
/// with hand and predicted keys that is hidden in the middle, an open one that is hidden at both ends, a closed one that
/// stands still, and two landmarks with gaps.
pub(super) fn scene() -> Scene {
    let shot = Shot::new(1001, 1012, shapes()).expect("a fixture that holds");
    let plate = Plate { x1: -16.0, y2: 150.0, width: 200.0, height: 120.0, pixel_aspect: 2.0 };
    let eye = ShapeStyle { group: "eyes".into(), feather_px: 6.0, feather_falloff: 1.5, ..ShapeStyle::default() };
    let seam = ShapeStyle { group: "seams".into(), stroke_width_px: 2.5, ..ShapeStyle::default() };
    let brow = ShapeStyle { feather_px: -3.5, opacity: 0.75, ..ShapeStyle::default() };
    Scene {
        frame_rate: Some(25.0),
        topology: Some("puppet".into()),
        trackers: trackers(),
        styles: [("left_eye", eye), ("nose_seam", seam), ("left_brow", brow)]
            .map(|(name, style)| (name.into(), style))
            .into(),
        ..Scene::new(shot, plate)
    }
}

/// An area with a hole and an island in the hole, which move together over frames 1001 to 1006 of a plate as in [`scene`]. The
/// island's feather and opacity change, and it is hidden on frame 1003; the hole takes three quarters.
pub(super) fn scene_with_a_hole() -> Scene {
    let middle = Vec2::new(138.0, 55.0);
    let track = |scale: f64| {
        let own = Affine::translate(middle) * Affine::scale(scale) * Affine::translate(-middle);
        let moved = Affine::translate((-30.5, 12.25)) * own;
        let keys = [(1001.0, own), (1006.0, moved)].map(|(time, by)| key(time, KeyKind::Predicted, &leaf(), by));
        ShapeTrack::new(keys.into()).expect("a fixture that holds")
    };
    let island = ShotShape { hidden: [1003].into(), ..ShotShape::new("area_2", track(0.25)) };
    let shapes = vec![ShotShape::new("area_1", track(1.0)), ShotShape::new("hole_1", track(0.625)), island];
    let keys = [(1001, 2.0, 0.25), (1005, 6.0, 1.0)];
    let keys = keys.map(|(frame, feather_px, opacity)| StyleKey { frame, feather_px, opacity });
    let area = ShapeStyle { group: "areas".into(), ..ShapeStyle::default() };
    let hole = ShapeStyle { group: "holes".into(), cut: true, opacity: 0.75, ..ShapeStyle::default() };
    let soft = ShapeStyle { keys: keys.into(), ..area.clone() };
    Scene {
        frame_rate: Some(25.0),
        styles: [("area_1", area), ("hole_1", hole), ("area_2", soft)].map(|(name, style)| (name.into(), style)).into(),
        ..Scene::new(Shot::new(1001, 1006, shapes).expect("a fixture that holds"), scene().plate)
    }
}

/// Holds two scenes to be the same, but for who set a key, with coordinates within `tolerance_px`.
#[track_caller]
pub(super) fn assert_same(found: &Scene, expected: &Scene, tolerance_px: f64) {
    assert_eq!((found.shot.frames(), found.plate), (expected.shot.frames(), expected.plate));
    let names = |scene: &Scene| -> Vec<String> { scene.shot.shapes().iter().map(|shape| shape.name.clone()).collect() };
    assert_eq!(names(found), names(expected));
    for (one, other) in found.shot.shapes().iter().zip(expected.shot.shapes()) {
        assert_eq!(one.hidden, other.hidden, "{}", one.name);
        assert_eq!(found.style(&one.name), expected.style(&one.name), "{}", one.name);
        let times = |shape: &ShotShape| -> Vec<f64> { shape.track.keys().iter().map(|key| key.time).collect() };
        assert_eq!(times(one), times(other), "{}", one.name);
        for (key, expected) in one.track.keys().iter().zip(other.track.keys()) {
            assert_near(&one.name, key.time, &key.shape, &expected.shape, tolerance_px);
        }
    }
}

/// Holds two curves to be the same, with coordinates within `tolerance_px`.
#[track_caller]
pub(super) fn assert_near(name: &str, time: f64, found: &BezierShape, expected: &BezierShape, tolerance_px: f64) {
    assert_eq!(
        (found.is_closed(), found.vertices().len()),
        (expected.is_closed(), expected.vertices().len()),
        "{name}, frame {time}"
    );
    for (index, (a, b)) in found.vertices().iter().zip(expected.vertices()).enumerate() {
        let off = [a.anchor - b.anchor, a.incoming - b.incoming, a.outgoing - b.outgoing].map(Vec2::hypot);
        assert!(off.iter().all(|&off| off <= tolerance_px), "{name}, frame {time}, vertex {index}: {a:?}, not {b:?}");
    }
}
