use kurbo::Point;
use serde_json::{Value, json};

use crate::exchange::fixture::{assert_near, scene};
use crate::exchange::{Format, WriteOptions, python_run};
use crate::{BezierShape, Vertex};

fn built() -> Option<Value> {
    let scene = scene();
    let written = Format::NatronPython.write(&scene, &WriteOptions::default()).expect("a scene that can be written");
    assert_eq!(written.notes, ["nose_seam: Natron draws open shapes in its viewer only."]);
    python_run::run("report_natron.py", &written.files[0].text, scene.shot.frames())
}

#[test]
fn the_script_builds_the_shapes_in_canonical_coordinates() {
    let (Some(report), scene) = (built(), scene()) else { return };
    assert_eq!((&report["kind"], &report["label"]), (&json!("fr.inria.built-in.Roto"), &json!("Rotocel")));
    let shapes = report["shapes"].as_array().expect("a list");
    assert_eq!(shapes.len(), 3);
    for told in shapes {
        let name = told["name"].as_str().expect("a name");
        let own = &scene.shot.shape(name).expect("one of ours").track;
        let keys: Vec<(f64, Vec<[f64; 6]>)> = serde_json::from_value(told["keys"].clone()).expect("keys");
        assert!(keys.iter().map(|key| key.0).eq(own.keys().iter().map(|key| key.time)));
        for ((time, points), key) in keys.iter().zip(own.keys()) {
            let place = |x: f64, y: f64| scene.plate.from_canonical() * Point::new(x, y);
            let vertices = points.iter().map(|&[x, y, lx, ly, rx, ry]| {
                let anchor = place(x, y);
                Vertex { anchor, incoming: place(lx, ly) - anchor, outgoing: place(rx, ry) - anchor }
            });
            let found = BezierShape::new(vertices.collect(), told["closed"] == true).expect("a shape");
            assert_near(name, *time, &found, &key.shape, 1e-9);
        }
    }
}

#[test]
fn layers_feather_opacity_and_hidden_frames_are_set() {
    let Some(report) = built() else { return };
    let told =
        |name: &str| report["shapes"].as_array().into_iter().flatten().find(|told| told["name"] == name).expect(name);
    let (eye, seam, brow) = (told("left_eye"), told("nose_seam"), told("left_brow"));
    assert_eq!((&eye["layer"], &seam["layer"], &brow["layer"]), (&json!("eyes"), &json!("seams"), &json!("Base")));
    assert_eq!(eye["values"], json!({ "feather": 6.0, "falloff": 1.5, "opacity": 1.0 }));
    assert_eq!(brow["values"], json!({ "feather": -3.5, "falloff": 1.0, "opacity": 0.75 }));
    assert_eq!(
        (&eye["hidden"], &seam["hidden"], &brow["hidden"]),
        (&json!([1006, 1007]), &json!([1001, 1012]), &json!([]))
    );
}
