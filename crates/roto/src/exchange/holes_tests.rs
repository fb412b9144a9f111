//! Shapes that are cut out of others, and styles that change, in every format.

use imaging::Window;
use ndarray::Array2;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg;
use serde_json::{Value, json};

use super::fixture::{assert_same, scene_with_a_hole as scene};
use super::xml_tree::{Element, parse};
use super::{Format, ReadOptions, Scene, ShapeStyle, TextFile, WriteOptions, Written, python_run};
use crate::{Style, View, coverage};

fn written(format: Format) -> Written {
    format.write(&scene(), &WriteOptions::default()).expect("a scene that can be written")
}

fn text(format: Format) -> String {
    written(format).files.remove(0).text
}

fn read(format: Format, text: &str) -> Scene {
    let scene = scene();
    let (plate, frames) = (Some(scene.plate), Some(scene.shot.frames()));
    let options = ReadOptions { plate, frames, frame_rate: scene.frame_rate };
    format.read(&[TextFile::whole(text)], &options).expect("what was written").scene
}

fn without_groups() -> Scene {
    let mut scene = scene();
    scene.styles.values_mut().for_each(|style| style.group.clear());
    scene
}

const LAYERS: &str = "Layers are left out, because shapes are cut out of those before them.";

#[test]
fn our_json_holds_holes_and_keys_of_style() {
    assert_eq!(read(Format::RotocelShot, &text(Format::RotocelShot)), scene());
}

#[test]
fn files_without_holes_are_what_older_programs_read() {
    let plain = Format::RotocelShot.write(&super::fixture::scene(), &WriteOptions::default()).expect("a scene");
    assert!(!plain.files[0].text.contains("\"cut\"") && !plain.files[0].text.contains("style_keys"));
}

#[test]
fn a_roto_node_with_a_hole_comes_back() {
    let text = text(Format::NukeRoto);
    let place = |name: &str| text.find(&format!("curvegroup {name}")).expect(name);
    assert!(place("area_2") < place("hole_1") && place("hole_1") < place("area_1"), "the top comes first: {text}");
    assert_same(&read(Format::NukeRoto, &text), &without_groups(), 1e-4);
    assert!(written(Format::NukeRoto).notes.contains(&LAYERS.to_owned()));
}

#[test]
fn what_a_roto_node_says_of_blending_is_told() {
    let blended = text(Format::NukeRoto).replacen(" r 0 g 0 b 0 a 0", " r 0 g 0 b 0 a 0.5 inv 1 bm 4", 1);
    let found = Format::NukeRoto
        .read(&[TextFile::whole(blended)], &ReadOptions { plate: Some(scene().plate), ..ReadOptions::default() })
        .expect("a node");
    assert!(found.scene.shot.shapes().iter().all(|shape| !found.scene.style(&shape.name).cut));
    let told = found.notes.join(" ");
    assert!(told.contains("\"hole_1\": it is inverted") && told.contains("\"hole_1\": its blending mode"), "{told}");
}

fn built(format: Format, report: &str) -> Option<Vec<Value>> {
    let report = python_run::run(report, &text(format), scene().shot.frames())?;
    Some(report["shapes"].as_array().expect("a list").clone())
}

#[test]
fn the_script_for_nuke_paints_a_hole_with_nothing_and_sets_keys_of_style() {
    let Some(shapes) = built(Format::NukePython, "report_nuke.py") else { return };
    let names: Vec<_> = shapes.iter().map(|told| told["name"].as_str().expect("a name")).collect();
    assert_eq!(names, ["area_2", "hole_1", "area_1"], "the top comes first");
    assert!(shapes.iter().all(|told| told["layer"] == "Root"));
    let (soft, hole, area) = (&shapes[0], &shapes[1], &shapes[2]);
    let color = |told: &Value| ["r", "g", "b", "a"].map(|name| told["attributes"][name].clone());
    assert_eq!((color(hole), color(area)), ([0, 0, 0, 0].map(Value::from), [const { Value::Null }; 4]));
    assert_eq!(soft["attributes"]["fx"], json!([[1001, 2.0], [1005, 6.0]]));
    assert_eq!(hole["opacity"], json!([0.75, 0.75, 0.75, 0.75, 0.75, 0.75]));
    let opacity: Vec<f64> = serde_json::from_value(soft["opacity"].clone()).expect("numbers");
    let expected = [0.25, 0.4375, 0.0, 0.8125, 1.0, 1.0];
    assert!(opacity.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9), "{opacity:?}");
}

#[test]
fn the_script_for_natron_stencils_a_hole_and_sets_keys_of_style() {
    let Some(shapes) = built(Format::NatronPython, "report_natron.py") else { return };
    let of = |name: &str| -> Vec<Value> { shapes.iter().map(|told| told[name].clone()).collect() };
    assert_eq!(of("name"), ["area_1", "hole_1", "area_2"], "the newest lies on top");
    assert_eq!(of("operator"), ["over", "stencil", "over"]);
    assert_eq!(of("layer"), ["Base"; 3]);
    assert_eq!(shapes[2]["styles"], json!([[1001, 2.0, 0.25], [1005, 6.0, 1.0]]));
}

#[test]
fn silhouette_subtracts_a_hole_and_keeps_keys_of_opacity() {
    let session = parse(&text(Format::Silhouette));
    let objects = session.all("Object");
    let property = |object: &Element, id: &str| -> Vec<(String, String, String)> {
        let found = object.all("Property").into_iter().find(|property| property.attribute("id") == id);
        let told = |element: &&Element| {
            let of = |name: &str| element.attributes.get(name).cloned().unwrap_or_default();
            (of("frame"), of("interp"), element.text.clone())
        };
        found.map(|found| found.children.iter().map(|child| told(&child)).collect()).unwrap_or_default()
    };
    let labels: Vec<_> = objects.iter().map(|object| object.attribute("label")).collect();
    assert_eq!(labels, ["area_2", "hole_1", "area_1"]);
    let modes: Vec<_> = objects.iter().map(|object| property(object, "mode")).collect();
    assert_eq!(modes, [vec![], vec![(String::new(), String::new(), "Subtract".to_owned())], vec![]]);
    let keys = property(objects[0], "opacity");
    let keys: Vec<_> = keys.iter().map(|(frame, way, value)| (frame.as_str(), way.as_str(), value.as_str())).collect();
    let expected = [
        ("0", "linear", "25"),
        ("1", "hold", "43.75"),
        ("2", "hold", "0"),
        ("3", "linear", "81.25"),
        ("4", "linear", "100"),
        ("5", "hold", "100"),
    ];
    assert_eq!(keys, expected);
}

#[test]
fn after_effects_subtracts_a_hole_and_sets_keys_of_style() {
    let text = text(Format::AfterEffects);
    for said in [
        "{name: \"hole_1\", closed: true, cut: true,",
        "{name: \"area_2\", closed: true, cut: false,",
        "feather: [[0, 2, 1], [4, 6, 3]],",
        "opacity: [[0, 25, false], [1, 43.75, true], [2, 0, true], [3, 81.25, false], [4, 100, false], [5, 100, true]],",
        "data.cut ? MaskMode.SUBTRACT : MaskMode.ADD",
    ] {
        assert!(text.contains(said), "{said} is not in {text}");
    }
}

#[test]
fn fusion_subtracts_a_hole_from_the_masks_before_it_and_sets_keys_of_style() {
    let text = text(Format::Fusion);
    let masks: Vec<&str> = text.split(" = PolylineMask {").skip(1).collect();
    let subtracts: Vec<bool> = masks.iter().map(|mask| mask.contains("FuID { \"Subtract\" }")).collect();
    assert_eq!(subtracts, [false, true, false]);
    assert!(masks[1].contains("SourceOp = \"area_1\"") && masks[2].contains("SourceOp = \"hole_1\""));
    let spline = |name: &str| text.split(&format!("{name} = BezierSpline")).nth(1).expect(name).to_owned();
    let soft = spline("area_2SoftEdge");
    assert!(soft.contains("[1001] = { 0.005, Flags") && soft.contains("[1005] = { 0.015, Flags = { Linear = true } }"));
    let level = spline("area_2Level");
    assert!(level.contains("[1002] = { 0.4375, Flags = { Linear") && level.contains("[1003] = { 0, Flags = { StepIn"));
    assert!(masks[2].contains("SourceOp = \"area_2SoftEdge\""), "{}", masks[2]);
}

#[test]
fn what_a_format_cannot_say_of_holes_is_told() {
    let told = |format: Format| written(format).notes.join(" ");
    let mlt = told(Format::Mlt);
    assert!(mlt.contains("hole_1: give it a filter of its own after the others") && mlt.contains("Subtract"), "{mlt}");
    assert!(mlt.contains("area_2: set the filter's feather to 1; that it changes is left out"), "{mlt}");
    let segments = told(Format::CubicSegments);
    assert!(segments.contains("hole_1: nothing in the file says that it is cut out"), "{segments}");
}

/// The scene by our own rasteriser: each shape over, or cut out of, those before it.
fn drawn(scene: &Scene, frame: i64) -> Array2<f32> {
    let window = Window::new(0, 0, scene.plate.width as i64, scene.plate.height as i64);
    let mut matte = Array2::zeros((window.height(), window.width()));
    for (name, shape) in scene.shot.shapes_at(frame as f64) {
        let style = scene.style(name);
        let own = coverage(&[shape], &Style::default(), &View::of_plate(window)).expect("a shape");
        let opacity = style.opacity_at(frame) as f32;
        matte.zip_mut_with(&own, |a, b| *a = *a * (1.0 - b * opacity) + if style.cut { 0.0 } else { b * opacity });
    }
    matte
}

/// The file by a renderer that is not ours, at one pixel of the picture for one of the plate.
fn rendered(svg: &str, scene: &Scene) -> Array2<f32> {
    let tree = usvg::Tree::from_str(svg, &usvg::Options::default()).expect("SVG that others read");
    let (width, height) = (scene.plate.width as u32, scene.plate.height as u32);
    let mut picture = Pixmap::new(width, height).expect("a small picture");
    let narrow = Transform::from_scale(1.0 / scene.plate.pixel_aspect as f32, 1.0);
    resvg::render(&tree, narrow, &mut picture.as_mut());
    let alpha = picture.pixels().iter().map(|pixel| f32::from(pixel.alpha()) / 255.0).collect();
    Array2::from_shape_vec((height as usize, width as usize), alpha).expect("as many pixels")
}

#[test]
fn another_renderer_draws_svg_as_we_draw_the_shapes() {
    let mut plain = super::fixture::scene();
    // Its line is drawn with a width, which the raster above does not have.
    plain.styles.insert("nose_seam".into(), ShapeStyle::default());
    for scene in [scene(), plain] {
        let written = Format::SvgFrames.write(&scene, &WriteOptions::default()).expect("a scene");
        for file in &written.files {
            let frame = file.frame.expect("a number");
            let (ours, theirs) = (drawn(&scene, frame), rendered(&file.text, &scene));
            let off = (&ours - &theirs).mapv(f32::abs);
            let worst = off.iter().copied().fold(0.0, f32::max);
            // Both compute areas of pixels, one of them with 4 by 16 samples and 8 bits.
            assert!(off.mean() < Some(0.003) && worst < 0.15, "frame {frame}: {:?}, at worst {worst}", off.mean());
            assert!(ours.sum() > 500.0, "an empty picture shows nothing");
        }
    }
}

#[test]
fn the_animated_svg_has_the_mask_of_the_hole_over_what_lies_before_it() {
    let svg = parse(&text(Format::Svg));
    let (group, mask) = (svg.all("g"), svg.all("mask"));
    assert_eq!((group.len(), mask.len()), (2, 1), "a layer, and the group that is masked");
    assert_eq!(group[1].attribute("mask"), format!("url(#{})", mask[0].attribute("id")));
    let ids = |element: &Element| -> Vec<String> {
        element.all("path").iter().map(|path| path.attribute("id").to_owned()).collect()
    };
    assert_eq!((ids(group[1]), ids(mask[0])), (vec!["area_1".to_owned()], vec!["hole_1".to_owned()]));
    let island = svg.all("path").into_iter().find(|path| path.attribute("id") == "area_2").expect("the island");
    let animate = island.all("animate").into_iter().find(|found| found.attribute("attributeName") == "opacity");
    assert_eq!(animate.expect("it changes").attribute("values"), "0.25;1;1");
}
