use std::collections::BTreeMap;

use kurbo::Point;
use serde_json::Value;

use crate::exchange::fixture::{assert_near, scene};
use crate::exchange::{Format, Scene, WriteOptions, Written};
use crate::{BezierShape, Shot, Vertex};

type Spline = BTreeMap<i64, Vec<[(f64, f64); 3]>>;

fn written(scene: &Scene) -> Written {
    Format::Mlt.write(scene, &WriteOptions::default()).expect("a scene that can be written")
}

fn splines(scene: &Scene) -> BTreeMap<String, Spline> {
    serde_json::from_str(&written(scene).files[0].text).expect("splines by name")
}

/// A key of a spline on the plate of 200 by 120 px.
fn shape(points: &[[(f64, f64); 3]]) -> BezierShape {
    let place = |(x, y): (f64, f64)| Point::new(x * 200.0, y * 120.0);
    let vertices = points.iter().map(|&[before, at, after]| {
        let anchor = place(at);
        Vertex { anchor, incoming: place(before) - anchor, outgoing: place(after) - anchor }
    });
    BezierShape::new(vertices.collect(), true).expect("a shape")
}

#[test]
fn a_spline_for_each_closed_shape_in_shares_of_the_picture() {
    let (scene, splines) = (scene(), splines(&scene()));
    assert_eq!(splines.keys().collect::<Vec<_>>(), ["left_brow", "left_eye"]);
    let (brow, eye) = (&splines["left_brow"], &splines["left_eye"]);
    assert!(brow.keys().eq(&[0]));
    assert!(eye.keys().eq(&[0, 3, 4, 5, 6, 7, 9, 11]), "{:?}", eye.keys());
    for (name, spline) in &splines {
        let own = scene.shot.shape(name).expect("one of ours");
        for (frame, points) in spline.iter().filter(|(frame, _)| !own.hidden.contains(&(**frame + 1001))) {
            let time = *frame as f64 + 1001.0;
            assert_near(name, time, &shape(points), &own.track.at(time), 1e-9);
        }
    }
}

#[test]
fn a_hidden_spline_stands_outside_of_the_picture() {
    let eye = splines(&scene()).remove("left_eye").expect("a spline");
    for frame in [5, 6] {
        assert!(eye[&frame].as_flattened().iter().all(|point| point.0 < 0.0), "{frame}");
    }
    assert!(eye[&4].as_flattened().iter().chain(eye[&7].as_flattened()).all(|point| point.0 > 0.0));
}

#[test]
fn one_closed_shape_is_the_property_s_value_itself_and_none_is_an_error() {
    let with = |names: &[&str]| {
        let shapes = names.iter().map(|name| scene().shot.shape(name).expect("it is there").clone());
        Scene { shot: Shot::new(1001, 1012, shapes.collect()).expect("a shot"), ..scene() }
    };
    let one = written(&with(&["left_brow", "nose_seam"]));
    let value: Spline = serde_json::from_str(&one.files[0].text).expect("one spline");
    assert_eq!(value.len(), 1);
    assert_eq!(one.notes.len(), 3, "{:?}", one.notes);
    assert!(one.notes.contains(&"nose_seam is left out: a spline of MLT is closed.".to_owned()));
    let none = Format::Mlt.write(&with(&["nose_seam"]), &WriteOptions::default()).expect_err("nothing is closed");
    assert!(none.to_string().contains("no shape is closed"), "{none}");
    assert!(serde_json::from_str::<Value>(&one.files[0].text).is_ok());
}
