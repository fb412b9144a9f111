use kurbo::Point;

use crate::exchange::fixture::{assert_near, scene};
use crate::exchange::xml_tree::{Element, parse};
use crate::exchange::{Format, WriteOptions};
use crate::{BezierShape, Vertex};

fn session() -> Element {
    let mut scene = scene();
    scene.styles.entry("left_eye".into()).or_default().group = "eyes & <lids>".into();
    let written = Format::Silhouette.write(&scene, &WriteOptions::default()).expect("a scene that can be written");
    assert_eq!(written.notes.len(), 2, "{:?}", written.notes);
    parse(&written.files[0].text)
}

fn property<'e>(object: &'e Element, id: &str) -> &'e Element {
    object.all("Property").into_iter().find(|found| found.attribute("id") == id).expect("the property")
}

/// A point of the session on the plate: the fixture has 200 by 120 px with pixels twice as wide as high.
fn place(pair: &str) -> Point {
    let (x, y) = pair.trim_matches(['(', ')']).split_once(',').expect("two numbers");
    let [x, y]: [f64; 2] = [x, y].map(|number| number.parse().expect("a number"));
    Point::new(100.0 + x * 120.0 / 2.0, 60.0 + y * 120.0)
}

#[test]
fn sizes_and_range_are_those_of_the_plate() {
    let session = session();
    let told =
        ["width", "height", "workRangeStart", "workRangeEnd", "sessionStartFrame"].map(|name| session.attribute(name));
    assert_eq!(told, ["200", "120", "0", "11", "1001"]);
    let labels: Vec<_> = session.all("Layer").into_iter().map(|layer| layer.attribute("label")).collect();
    assert_eq!(labels, ["eyes & <lids>", "seams", "Rotocel"]);
}

#[test]
fn the_paths_are_the_shapes() {
    let (session, scene) = (session(), scene());
    let objects = session.all("Object");
    assert_eq!(objects.len(), 3);
    for object in objects {
        let name = object.attribute("label");
        let own = &scene.shot.shape(name).expect("one of ours").track;
        let keys = property(object, "path").all("Key");
        assert_eq!(keys.len(), own.keys().len());
        for (key, expected) in keys.iter().zip(own.keys()) {
            assert_eq!(key.attribute("frame").parse::<f64>(), Ok(expected.time - 1001.0));
            let points = key.all("Point").into_iter().map(|point| {
                let pairs: Vec<_> = point.text.replace("),(", ") (").split(' ').map(place).collect();
                let [anchor, before, after] = pairs[..] else { panic!("{}", point.text) };
                Vertex { anchor, incoming: before - anchor, outgoing: after - anchor }
            });
            let closed = key.all("Path")[0].attribute("closed") == "True";
            let found = BezierShape::new(points.collect(), closed).expect("a shape");
            assert_near(name, expected.time, &found, &expected.shape, 1e-6);
        }
    }
}

#[test]
fn hidden_frames_are_steps_of_opacity() {
    let session = session();
    let steps = |index: usize| -> Vec<(String, String)> {
        let keys = property(session.all("Object")[index], "opacity").all("Key");
        assert!(keys.iter().all(|key| key.attribute("interp") == "hold"));
        keys.iter().map(|key| (key.attribute("frame").to_owned(), key.text.clone())).collect()
    };
    let steps: Vec<_> = (0..3).map(steps).collect();
    let expected =
        [vec![("0", "100"), ("5", "0"), ("7", "100")], vec![("0", "0"), ("1", "100"), ("11", "0")], vec![("0", "75")]];
    for (found, expected) in steps.iter().zip(expected) {
        assert!(found.iter().map(|(frame, value)| (frame.as_str(), value.as_str())).eq(expected), "{found:?}");
    }
}
