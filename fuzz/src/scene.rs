//! A small scene in which nothing is symmetric, for seeds that our own writers make.

use std::collections::BTreeMap;

use kurbo::{Affine, Point, Vec2};
use roto::exchange::{Format, Scene, ShapeStyle, StyleKey, Tracker, WriteOptions};
use roto::{BezierShape, KeyKind, Landmark, Plate, Presence, Result, ShapeKey, ShapeTrack, Shot, ShotShape, Vertex};

/// The plate of the scene: not at the origin, with wide pixels.
pub(crate) const PLATE: Plate = Plate { x1: -16.0, y2: 150.0, width: 200.0, height: 120.0, pixel_aspect: 2.0 };

/// What a format's writer makes of the scene, file by file. Nothing where it fails, which a test would tell.
pub(crate) fn written(format: Format) -> Vec<String> {
    let written = scene().and_then(|scene| format.write(&scene, &WriteOptions::default()));
    written.map(|written| written.files.into_iter().map(|file| file.text).collect()).unwrap_or_default()
}

fn scene() -> Result<Scene> {
    let vertex = |x: f64, y: f64, incoming: (f64, f64), outgoing: (f64, f64)| Vertex {
        anchor: Point::new(x, y),
        incoming: Vec2::from(incoming),
        outgoing: Vec2::from(outgoing),
    };
    let leaf = vec![
        vertex(101.5, 40.25, (-7.0, 3.5), (12.0, -2.25)),
        vertex(160.0, 31.75, (-9.5, -6.0), (4.0, 1.5)),
        vertex(120.5, 80.5, (14.5, 2.0), (-8.25, -4.5)),
    ];
    let line = vec![vertex(20.0, 90.5, (0.0, 0.0), (6.0, 1.25)), vertex(52.75, 70.0, (-5.5, 4.0), (0.0, 0.0))];
    let track = |shape: BezierShape, kind: KeyKind| {
        let moved = shape.transformed(Affine::translate((8.5, -2.25)))?;
        let keys = [(1001.0, KeyKind::Predicted, shape), (1004.0, kind, moved)];
        ShapeTrack::new(keys.map(|(time, kind, shape)| ShapeKey { time, kind, shape }).into())
    };
    let eye = ShotShape {
        hidden: [1003].into(),
        ..ShotShape::new("left_eye", track(BezierShape::new(leaf.clone(), true)?, KeyKind::Hand)?)
    };
    let seam = ShotShape {
        hidden: [1001].into(),
        ..ShotShape::new("nose seam", track(BezierShape::new(line, false)?, KeyKind::Predicted)?)
    };
    let still = ShapeTrack::still(BezierShape::new(leaf, true)?.reversed());
    let shot = Shot::new(1001, 1005, vec![eye, seam, ShotShape::new("hole_1", still)])?;
    let seen = |x: f64, y: f64| Landmark { confidence: 0.75, ..Landmark::visible(Point::new(x, y)) };
    let hidden = Landmark { presence: Presence::Occluded, ..seen(42.0, 17.5) };
    let frames = BTreeMap::from([(1001, seen(40.0, 15.25)), (1002, hidden), (1005, seen(44.0, 16.5))]);
    let soft = ShapeStyle { group: "eyes".into(), feather_px: 6.0, feather_falloff: 1.5, ..ShapeStyle::default() };
    let thin = ShapeStyle { stroke_width_px: 2.5, opacity: 0.75, ..ShapeStyle::default() };
    let keys = [(1001, 2.0, 0.25), (1004, 6.5, 1.0)];
    let keys = keys.map(|(frame, feather_px, opacity)| StyleKey { frame, feather_px, opacity });
    let hole = ShapeStyle { cut: true, keys: keys.into(), ..ShapeStyle::default() };
    Ok(Scene {
        frame_rate: Some(25.0),
        topology: Some("puppet".into()),
        trackers: vec![Tracker { name: "left_eye_inner".into(), frames }],
        styles: BTreeMap::from([("left_eye".into(), soft), ("nose seam".into(), thin), ("hole_1".into(), hole)]),
        ..Scene::new(shot, PLATE)
    })
}
