//! A shot of which everything is known.

use std::collections::BTreeMap;

use kurbo::{Point, Vec2};
use roto::{BezierShape, Landmark, LandmarkSet, Topology, Vertex};

use super::node::Shown;
use super::truth::{AnnotatedShot, FaceTruth};

pub fn puppet() -> Topology {
    Topology::puppet().unwrap()
}

/// Each shape's landmarks on an ellipse of its own, three pixels farther right on each frame, from 1.
pub fn shot(frames: i64) -> AnnotatedShot {
    let frames = (1..=frames).map(|frame| (frame, truth(frame))).collect();
    AnnotatedShot::of_frames("known", [800, 600], frames)
}

fn truth(frame: i64) -> FaceTruth {
    let topology = puppet();
    let mut landmarks = vec![Point::ZERO; topology.landmarks().len()];
    let mut curves = Vec::new();
    for (index, spec) in topology.shapes().iter().enumerate() {
        let count = spec.vertices.len() as f64;
        let middle = Point::new(100.0 + 60.0 * index as f64 + 3.0 * frame as f64, 200.0 + 40.0 * (index % 3) as f64);
        let on_ellipse = |k: usize| {
            let turn = Vec2::from_angle(std::f64::consts::TAU * k as f64 / count);
            let along = Vec2::new(-turn.y * 25.0, turn.x * 12.0) * (2.0 / count);
            Vertex { anchor: middle + Vec2::new(turn.x * 25.0, turn.y * 12.0), incoming: -along, outgoing: along }
        };
        let vertices: Vec<Vertex> = (0..spec.vertices.len()).map(on_ellipse).collect();
        for (vertex, place) in vertices.iter().zip(&spec.vertices) {
            place.landmark().into_iter().for_each(|landmark| landmarks[landmark] = vertex.anchor);
        }
        curves.push(Some(BezierShape::new(vertices, spec.closed).unwrap()));
    }
    let (marks, shapes) = (landmarks.len(), curves.len());
    FaceTruth {
        landmarks,
        visible: vec![true; marks],
        curves,
        present: vec![true; shapes],
        seen: vec![1.0; shapes],
        boxes: BTreeMap::new(),
    }
}

/// Everything shown, each point of a frame where `moved` puts it.
pub fn shown(shot: &AnnotatedShot, moved: impl Fn(i64, Point) -> Point) -> Shown {
    let mut all = Shown::default();
    for (&frame, truth) in &shot.frames {
        let marks = truth.landmarks.iter().map(|&at| Landmark::visible(moved(frame, at))).collect();
        all.landmarks.insert(frame, LandmarkSet::new(marks).unwrap());
        let curve = |curve: &BezierShape| {
            let vertex = |v: &Vertex| Vertex { anchor: moved(frame, v.anchor), ..*v };
            BezierShape::new(curve.vertices().iter().map(vertex).collect(), curve.is_closed()).unwrap()
        };
        all.shapes.insert(frame, truth.curves.iter().map(|own| own.as_ref().map(curve)).collect());
    }
    all
}
