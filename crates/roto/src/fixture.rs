//! Shapes and files that several modules' tests share.

use std::ops::RangeInclusive;

use kurbo::{Affine, Point, Rect, Vec2};

use crate::fit::{Knots, catmull_rom};
use crate::{
    Analysis, Annotation, BezierShape, FrameAnalysis, Landmark, LandmarkSet, Plate, Result, Topology, Vertex,
    VertexOrder,
};

/// A closed, smooth curve without any symmetry, about 100 px wide.
pub(crate) fn blob(vertices: usize) -> BezierShape {
    let step = std::f64::consts::TAU / vertices as f64;
    let at = |index: usize| {
        let (angle, k) = (index as f64 * step, index as f64);
        let radius = 40.0 + 9.0 * (1.7 * k).sin();
        (angle, Point::new(120.0 + 1.4 * radius * angle.cos(), 90.0 + radius * angle.sin()))
    };
    let vertex = |index: usize| {
        let (angle, anchor) = at(index);
        let along = Vec2::new(-1.4 * angle.sin(), angle.cos()) * (14.0 * step);
        Vertex { anchor, incoming: along * -1.1, outgoing: along * 0.8 }
    };
    BezierShape::new((0..vertices).map(vertex).collect(), true).expect("a fixture that holds")
}

/// An 11-point, 3-shape mouth, to hold the code to knowing no eye.
pub(crate) fn mouth() -> Topology {
    toml::from_str(include_str!("../fixtures/topologies/mouth.toml")).expect("a fixture that holds")
}

/// A frame of the mouth, turned and lopsided: landmarks and shapes.
pub(crate) fn mouth_frame() -> Annotation {
    let topology = mouth();
    let at = |x: f64, y: f64| Point::new(200.0 + x + 0.2 * y, 300.0 + y - 0.15 * x);
    let ring = |width: f64, height: f64, count: usize| -> Vec<Point> {
        let angle = |k: usize| std::f64::consts::TAU * k as f64 / count as f64;
        (0..count).map(|k| at(-width * angle(k).cos(), -height * angle(k).sin() * (1.0 + 0.1 * k as f64))).collect()
    };
    let lines = [ring(60.0, 25.0, 8), ring(30.0, 9.0, 4), vec![at(-30.0, 60.0), at(2.0, 70.0), at(33.0, 58.0)]];
    let mut landmarks = LandmarkSet::missing(topology.landmarks().len());
    let mut shapes = Vec::new();
    for (spec, line) in topology.shapes().iter().zip(&lines) {
        for (vertex, anchor) in spec.vertices.iter().zip(line) {
            if let Some(index) = vertex.landmark() {
                landmarks[index] = Landmark::visible(*anchor);
            }
        }
        shapes.push(Some(catmull_rom(line, spec.closed, Knots::Centripetal).expect("distinct points")));
    }
    // The opening begins above; the ring begins at its left.
    if let Some(Some(opening)) = shapes.get_mut(1) {
        *opening = VertexOrder { reversed: false, first: 3 }.apply(opening);
        for (vertex, index) in [(0, 8), (2, 9)] {
            landmarks[index] = Landmark::visible(opening.vertices()[vertex].anchor);
        }
    }
    Annotation::new(&topology, landmarks, shapes).expect("a fixture that holds")
}

/// The plate of the mouth's shots.
pub(crate) const PLATE: Plate = Plate { x1: -4.0, y2: 600.0, width: 800.0, height: 600.0, pixel_aspect: 1.0 };

/// The mouth as a model sees it on some frames: it travels, opens and turns, a little differently for each `model`.
pub(crate) fn mouth_analysis(frames: RangeInclusive<i64>, model: u32) -> Analysis {
    let topology = mouth();
    let mut analysis = Analysis::new(&topology, format!("mouth {model}"), PLATE).expect("a plate");
    for frame in frames {
        let (t, lean) = (frame as f64, f64::from(model));
        let by = Affine::translate((3.0 * t, 20.0 * (0.3 * t + lean).sin())) * Affine::rotate(0.02 * t + 0.1 * lean);
        let landmarks = mouth_frame().landmarks().transformed(by).expect("finite");
        let landmarks = LandmarkSet::new(landmarks.iter().map(|seen| Landmark { confidence: 0.8, ..*seen }).collect());
        let (presence, crop) = (vec![0.9, 0.8, 0.7], Rect::new(100.0, 150.0, 500.0, 550.0));
        let found = FrameAnalysis {
            landmarks: landmarks.expect("in range"),
            presence,
            crop,
            picture: frame as u64,
            settings: Default::default(),
        };
        analysis.insert(frame, found).expect("it belongs to the topology");
    }
    analysis
}

/// What a shape model does, without a model: vertices between landmarks, handles along their neighbors.
pub(crate) fn mouth_model(landmarks: &LandmarkSet) -> Result<Vec<Option<BezierShape>>> {
    let place = |index: usize| landmarks[index].known_position();
    let around = |at: Point| [Vec2::new(-30.0, -8.0), Vec2::new(31.0, -9.0)].map(|side| at + side);
    let line = |points: Option<Vec<Point>>, closed| {
        points.map(|points| catmull_rom(&points, closed, Knots::Centripetal)).transpose()
    };
    let opening = place(8).zip(place(9)).map(|(upper, lower)| {
        let [left, right] = around(upper.midpoint(lower));
        vec![upper, left, lower, right]
    });
    let chin = place(10).map(|chin| {
        let [left, right] = around(chin);
        vec![left, chin, right]
    });
    Ok(vec![line((0..8).map(place).collect(), true)?, line(opening, true)?, line(chin, false)?])
}

/// The public data set's sample frame as the artist drew it.
pub(crate) const RAW: &str = include_str!("../fixtures/laika/raw_shapes-shot0-frame020.json");
/// The same frame, revectorised by its publishers.
pub(crate) const REVECTORISED: &str = include_str!("../fixtures/laika/revec_shapes-shot0-frame020.json");
/// A test frame: 28 points.
pub(crate) const TEST: &str = include_str!("../fixtures/laika/shapes-test-frame042.json");
/// Another test frame.
pub(crate) const TEST_LATER: &str = include_str!("../fixtures/laika/shapes-test-frame170.json");
/// A computer-generated frame: 45 points, no shape.
pub(crate) const GENERATED: &str = include_str!("../fixtures/laika/points-CG-frame000.json");
