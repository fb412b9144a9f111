use kurbo::{Point, Vec2};
use serde_json::Value;

use crate::exchange::fixture::{assert_near, scene};
use crate::exchange::{Format, Scene, WriteOptions, python_run};
use crate::{BezierShape, Vertex};

fn built(scene: &Scene) -> Option<Value> {
    let written = Format::NukePython.write(scene, &WriteOptions::default()).expect("a scene that can be written");
    python_run::run("report_nuke.py", &written.files[0].text, scene.shot.frames())
}

/// A shape of the report at a frame, back on the plate.
fn shape(scene: &Scene, told: &Value, frame: i64) -> BezierShape {
    let pairs: Vec<(f64, f64)> =
        serde_json::from_value(told["frames"][frame.to_string()].clone()).expect("pairs of numbers");
    let vertices = pairs.chunks(3).map(|p| Vertex {
        anchor: Point::from(p[1]),
        incoming: Vec2::from(p[0]),
        outgoing: Vec2::from(p[2]),
    });
    let shape = BezierShape::new(vertices.collect(), told["open"] == false).expect("a shape");
    shape.transformed(scene.plate.to_host_pixels().inverse()).expect("finite")
}

#[test]
fn the_script_builds_the_shapes_of_every_frame_in_a_host_with_smooth_keys() {
    let scene = scene();
    let Some(report) = built(&scene) else { return };
    assert_eq!((&report["kind"], &report["name"]), (&Value::from("Roto"), &Value::from("Rotocel")));
    let told = report["shapes"].as_array().expect("a list");
    assert_eq!(told.len(), 3);
    for told in told {
        let name = told["name"].as_str().expect("a name");
        let own = scene.shot.shape(name).expect("one of ours");
        for key in own.track.keys() {
            assert_near(name, key.time, &shape(&scene, told, key.time as i64), &key.shape, 1e-9);
        }
        for frame in scene.shot.frames() {
            assert_near(
                name,
                frame as f64,
                &shape(&scene, told, frame),
                &own.track.at(frame as f64),
                0.25 * 2f64.sqrt(),
            );
        }
    }
}

#[test]
fn layers_feather_and_hidden_frames_are_set() {
    let scene = scene();
    let Some(report) = built(&scene) else { return };
    let told =
        |name: &str| report["shapes"].as_array().into_iter().flatten().find(|told| told["name"] == name).expect(name);
    let (eye, seam, brow) = (told("left_eye"), told("nose_seam"), told("left_brow"));
    assert_eq!(
        (&eye["layer"], &seam["layer"], &brow["layer"]),
        (&"eyes".into(), &"seams".into(), &Value::from("Root"))
    );
    assert_eq!(eye["attributes"], serde_json::json!({ "fx": 6.0, "fy": 6.0, "ff": 1.5, "osw": 0.0 }));
    let seen = [1., 1., 1., 1., 1., 0., 0., 1., 1., 1., 1., 1.];
    assert_eq!(eye["opacity"], serde_json::json!(seen));
    let seam_expected =
        serde_json::json!({ "fx": 0.0, "fy": 0.0, "ff": 1.0, "osw": 2.5, "ltn": 1002, "ltm": 1011, "ltt": 4 });
    assert_eq!((&seam["attributes"], &seam["open"]), (&seam_expected, &Value::from(true)));
    assert_eq!(brow["opacity"], serde_json::json!(vec![0.75; 12]));
}
