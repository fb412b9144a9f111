use kurbo::{BezPath, PathEl};

use crate::exchange::fixture::scene;
use crate::exchange::xml_tree::{Element, parse};
use crate::exchange::{Format, KeyMode, WriteOptions};
use crate::{BezierShape, Result};

fn animated(keys: KeyMode) -> Element {
    let options = WriteOptions { keys, ..WriteOptions::default() };
    parse(&Format::Svg.write(&scene(), &options).expect("a scene that can be written").files[0].text)
}

fn path<'e>(svg: &'e Element, id: &str) -> &'e Element {
    svg.all("path").into_iter().find(|path| path.attribute("id") == id).expect("the path")
}

fn animation<'e>(path: &'e Element, name: &str) -> Option<(Vec<&'e str>, Vec<f64>)> {
    let found = path.all("animate").into_iter().find(|found| found.attribute("attributeName") == name)?;
    let shares: Vec<f64> =
        found.attribute("keyTimes").split(';').map(|share| share.parse().expect("a share")).collect();
    assert_eq!(shares[0], 0.0, "the first share is not 0");
    assert_eq!(found.attribute("dur"), "0.48s", "12 frames at 25 a second");
    Some((found.attribute("values").split(';').collect(), shares))
}

/// By the path reader of another library: every number of the curve, absolute.
#[track_caller]
fn assert_is(d: &str, shape: &BezierShape) {
    let found = BezPath::from_svg(d).expect("a path");
    let mut expected = shape.to_path();
    assert!(found.elements().iter().all(|element| !matches!(element, PathEl::LineTo(_) | PathEl::QuadTo(..))));
    let numbers = |path: &BezPath| path.elements().iter().map(|element| format!("{element:?}")).collect::<Vec<_>>();
    if !shape.is_closed() {
        expected = shape.to_path();
    }
    assert_eq!(numbers(&found), numbers(&expected));
}

#[test]
fn the_picture_is_as_large_as_the_plate_and_as_wide_as_its_pixels() {
    let svg = animated(KeyMode::Keep);
    let told = ["width", "height", "viewBox", "preserveAspectRatio"].map(|name| svg.attribute(name));
    assert_eq!(told, ["400", "120", "0 0 200 120", "none"]);
    let groups: Vec<_> = svg.all("g").iter().map(|g| g.attributes.get("id").cloned().unwrap_or_default()).collect();
    assert_eq!(groups, ["group_eyes", "group_seams", ""]);
}

#[test]
fn paths_move_through_the_shapes_of_their_keys() {
    let (svg, scene) = (animated(KeyMode::Keep), scene());
    for shape in scene.shot.shapes() {
        let path = path(&svg, &shape.name);
        assert_is(path.attribute("d"), &shape.track.at(1001.0));
        let Some((values, shares)) = animation(path, "d") else {
            assert_eq!(shape.name, "left_brow", "{} does not move", shape.name);
            continue;
        };
        assert_eq!((values.len(), shares.last()), (shares.len(), Some(&1.0)));
        for (d, share) in values.iter().zip(&shares) {
            assert_is(d, &shape.track.at(1001.0 + (share * 12.0).round()));
        }
    }
    assert_eq!(animation(path(&svg, "left_eye"), "d").expect("it moves").1, [0.0, 0.25, 0.75, 1.0]);
}

#[test]
fn hidden_frames_are_not_displayed() {
    let svg = animated(KeyMode::Every);
    let shown = animation(path(&svg, "left_eye"), "display").expect("it is hidden in between");
    assert_eq!(shown, (vec!["inline", "none", "inline"], vec![0.0, 5.0 / 12.0, 7.0 / 12.0]));
    assert_eq!(animation(path(&svg, "left_brow"), "display"), None);
    let look = |id: &str, name: &str| path(&svg, id).attribute(name).to_owned();
    assert_eq!((look("nose_seam", "stroke-width"), look("nose_seam", "fill")), ("2.5".into(), "none".into()));
    assert_eq!((look("left_brow", "opacity"), look("left_brow", "fill")), ("0.75".into(), "white".into()));
}

#[test]
fn each_frame_has_a_file_with_what_is_to_be_seen_on_it() -> Result<()> {
    let scene = scene();
    let written = Format::SvgFrames.write(&scene, &WriteOptions::default())?;
    assert!(written.files.iter().map(|file| file.frame).eq(scene.shot.frames().map(Some)));
    for file in &written.files {
        let (svg, time) = (parse(&file.text), file.frame.expect("a number") as f64);
        let paths = svg.all("path");
        assert_eq!(paths.len(), scene.shot.shapes_at(time).count());
        for path in paths {
            let shape = scene.shot.shape(path.attribute("id")).expect("one of ours");
            assert_is(path.attribute("d"), &shape.track.at(time));
        }
    }
    Ok(())
}
