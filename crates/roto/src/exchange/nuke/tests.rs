use kurbo::{Point, Vec2};

use crate::exchange::fixture::{assert_same, scene};
use crate::exchange::{Format, Imported, KeyMode, ReadOptions, Scene, StyleKey, TextFile, WriteOptions};
use crate::{BezierShape, Plate, ShapeTrack, Shot, ShotShape, Vertex};

/// What Nuke saved, with numbers of our own: y up, origin at the lower left.
const SAVED: &str = "set cut_paste_input [stack 0]
version 13.0 v1
Roto {
 output alpha
 cliptype none
 curves {{{v x3f99999a}
  {f 0}
  {n
   {layer Root
    {f 2097152}
    {t x44700000 x44070000}
    {a pt1x 0 ptmot x40800000 ptref 0}
    {curvegroup eye_L 512 bezier
     {{cc
       {f 8192}
       {px x447a4000
        {xc1a00000 0}
        {x43c80000 x44160000}
        {x41a00000 0}
        {7 -3.5}
        {450 x44160000}
        {-8 2}}}
      idem}
     {tx x447a4000 x43c80000 x44160000}
     {a osw x41200000 osf 0 str 1 tt x40800000}}}}}}
 toolbox {selectAll {
  { selectAll str 1 ssx 1 ssy 1 sf 1 }
} }
 name Roto1
}
";

fn options() -> ReadOptions {
    let scene = scene();
    ReadOptions { plate: Some(scene.plate), frames: Some(scene.shot.frames()), frame_rate: scene.frame_rate }
}

fn hd() -> ReadOptions {
    ReadOptions { plate: Some(Plate::sized(1920.0, 1080.0)), ..ReadOptions::default() }
}

fn text(format: Format, scene: &Scene, keys: KeyMode) -> String {
    let options = WriteOptions { keys, ..WriteOptions::default() };
    format.write(scene, &options).expect("a scene that can be written").files.remove(0).text
}

fn read(format: Format, text: &str, options: &ReadOptions) -> crate::Result<Imported> {
    format.read(&[TextFile::whole(text)], options)
}

/// Nuke puts shapes of one layer together, and open shapes only have a width.
fn expected() -> Scene {
    let scene = scene();
    Scene { trackers: vec![], topology: None, ..scene }
}

#[test]
fn a_saved_node_is_read() {
    let found = read(Format::NukeRoto, SAVED, &hd()).expect("what Nuke saved");
    assert_eq!(found.notes, [""; 0]);
    let shape = &found.scene.shot.shapes()[0];
    assert_eq!((shape.name.as_str(), shape.track.is_closed(), found.scene.shot.frames()), ("eye_L", true, 1001..=1001));
    let [first, second] = shape.track.keys()[0].shape.vertices() else { panic!("two points") };
    assert_eq!((first.anchor, first.incoming), (Point::new(400.0, 480.0), Vec2::new(-20.0, 0.0)));
    assert_eq!(first.outgoing, Vec2::new(20.0, 0.0));
    assert_eq!(
        (second.anchor, second.incoming, second.outgoing),
        ((450.0, 480.0).into(), Vec2::new(7.0, 3.5), Vec2::new(-8.0, -2.0))
    );
}

#[test]
fn a_roto_node_comes_back() {
    let written = text(Format::NukeRoto, &scene(), KeyMode::Keep);
    let back = read(Format::NukeRoto, &written, &options()).expect("what was written");
    assert_same(&back.scene, &expected(), 1e-4);
    assert_eq!(back.notes, [""; 0]);
    assert!(written.contains("{layer eyes"), "{written}");
    assert!(written.contains("{f 8224}"), "no curve is open: {written}");
}

#[test]
fn a_fade_comes_back_and_hides_the_frames_that_show_nothing() {
    let key = |frame: i64, opacity: f64| StyleKey { frame, feather_px: 1.5, opacity };
    let mut scene = expected();
    let style = scene.styles.get_mut("left_brow").expect("it is there");
    style.keys = vec![key(1001, 0.0), key(1005, 0.75), key(1009, 0.75), key(1012, 0.0)];
    (style.feather_px, style.opacity) = (0.0, 1.0);
    let back = read(Format::NukeRoto, &text(Format::NukeRoto, &scene, KeyMode::Keep), &options()).expect("written");
    scene.shot.shape_mut("left_brow").expect("it is there").hidden = [1001, 1012].into();
    assert_same(&back.scene, &scene, 1e-4);
}

#[test]
fn size_and_range_are_found_in_the_node_where_nobody_tells_them() {
    let (mut scene, options) = (expected(), ReadOptions { frame_rate: Some(25.0), ..ReadOptions::default() });
    scene.plate = Plate { pixel_aspect: 2.0, ..Plate::sized(200.0, 120.0) };
    let back = read(Format::NukeRoto, &text(Format::NukeRoto, &scene, KeyMode::Keep), &options).expect("all is in it");
    assert_same(&back.scene, &scene, 1e-4);
    let message = read(Format::NukeRoto, SAVED, &ReadOptions::default()).expect_err("no size").to_string();
    assert!(message.contains("give the size"), "{message}");
}

#[test]
fn a_shape_that_is_never_seen_comes_back_hidden() {
    let mut scene = expected();
    scene.shot.shape_mut("left_brow").expect("it is there").hidden = (1001..=1012).collect();
    let back = read(Format::NukeRoto, &text(Format::NukeRoto, &scene, KeyMode::Keep), &options()).expect("written");
    assert_same(&back.scene, &scene, 1e-4);
}

#[test]
fn a_feather_curve_becomes_a_width_with_its_sign() {
    // The curve runs clockwise on screen; offsets point away from the square, and y counts upwards.
    let square = |feather: &str| {
        format!(
            "{{layer Root {{curvegroup a 512 bezier {{{{cc {{f 8192}} {{px 1 {{0 0}} {{10 10}} {{0 0}} {{0 0}} {{10 30}} {{0 0}}
             {{0 0}} {{30 30}} {{0 0}} {{0 0}} {{30 10}} {{0 0}}}}}} {{cc {{f 8192}} {{px 1 {feather}}}}}}} {{a ff 2}}}}}}"
        )
    };
    let corner = |x: f64, y: f64| format!("{{0 0}} {{{x} {y}}} {{0 0}} ");
    let outside: String = [(-3.0, -4.0), (-3.0, 4.0), (3.0, 4.0), (3.0, -4.0)].map(|(x, y)| corner(x, y)).concat();
    let style = |feather: &str| read(Format::NukeRoto, &square(feather), &hd()).expect("a square").scene.style("a");
    assert_eq!((style(&outside).feather_px, style(&outside).feather_falloff), (5.0, 2.0));
    let inside: String = [(3.0, 4.0), (3.0, -4.0), (-3.0, -4.0), (-3.0, 4.0)].map(|(x, y)| corner(x, y)).concat();
    assert_eq!(style(&inside).feather_px, -5.0);
}

#[test]
fn shapes_of_one_name_are_all_read_and_told_apart() {
    // Two Roto nodes of a script, each with its own eye_L.
    let imported = read(Format::NukeRoto, &[SAVED, SAVED].concat(), &hd()).expect("both");
    let names: Vec<_> = imported.scene.shot.shapes().iter().map(|shape| &*shape.name).collect();
    assert_eq!(
        names[names.len() / 2..].iter().filter(|name| name.ends_with("_2")).count(),
        names.len() / 2,
        "{names:?}"
    );
    assert!(imported.notes.iter().any(|note| note.contains("eye_L_2")), "{:?}", imported.notes);
}

#[test]
fn what_cannot_be_said_of_a_shape_is_told_and_not_guessed() {
    let moved = SAVED.replace("{tx x447a4000 x43c80000 x44160000}", "{t 960 540 0 {{1001 5}} 0 0 0 0 0 1 1 1 0}");
    let message = read(Format::NukeRoto, &moved, &hd()).expect_err("a transform").to_string();
    assert!(message.contains("shape \"eye_L\", line 13: it is moved by a transform; bake"), "{message}");
    let scaled = SAVED.replace("{tx x447a4000 x43c80000 x44160000}", "{t 960 540 0 0 0 0 0 0 0 {{1001 1}} 1 1 0}");
    assert!(read(Format::NukeRoto, &scaled, &hd()).is_ok());
    let stroke = SAVED.replace(
        "{curvegroup eye_L",
        "{cubiccurve Brush1 512 catmullrom {cc {f 2080} {p {1 2 1} {3 4 1}}}}\n{curvegroup eye_L",
    );
    assert_eq!(
        read(Format::NukeRoto, &stroke, &hd()).expect("the rest").notes,
        ["Strokes are left out: only Bézier shapes are read."]
    );
    let linked = SAVED.replace("{450 x44160000}", "{{=parent.x 450} {{1001 600 -}}}");
    let found = read(Format::NukeRoto, &linked, &hd()).expect("with a value beside it");
    assert_eq!(found.notes.len(), 2);
    assert_eq!(found.scene.shot.shapes()[0].track.keys()[0].shape.vertices()[1].anchor, Point::new(450.0, 480.0));
}

#[test]
fn damage_is_told_with_its_line() {
    for (from, to, said) in [
        ("{f 8192}", "{f 8192", "never closed"),
        ("{450 x44160000}", "{450}", "line 21: expected {x y}"),
        ("{450 x44160000}", "{450 word}", "line 21: expected a number or a list of keys, found \"word\""),
        ("{450 x44160000}", "{450 1e9}", "farther out"),
        ("{-8 2}", "", "it has 5 pairs"),
        ("px x447a4000", "px", "line 17: px has no time"),
        ("{px", "{pz", "no points"),
        ("curvegroup eye_L", "curvegroup \"\"", "line 13: a curvegroup has no name"),
        ("x447a4000\n", "1e12\n", "frames lie within"),
        ("{curvegroup", "{curvegroop", "no Bézier shape"),
    ] {
        let damaged = SAVED.replacen(from, to, 1);
        assert_ne!(damaged, SAVED, "{from}");
        let message = read(Format::NukeRoto, &damaged, &hd()).expect_err(to).to_string();
        assert!(message.contains(said), "{message}");
    }
}

#[test]
fn keys_that_multiply_are_refused_before_they_fill_the_memory() {
    let keys: String = (0..3000).map(|k| format!("{{{k} 1}}")).collect();
    let points = format!("{{0 0}} {{{{{keys}}} 0}} {{0 0}} {}", "{0 0} {1 2} {0 0} ".repeat(1500));
    let shape = format!("{{layer Root {{curvegroup a 512 bezier {{{{cc {{f 8192}} {{p {points}}}}}}}}}}}");
    let message = read(Format::NukeRoto, &shape, &hd()).expect_err("4.5 million points").to_string();
    assert!(message.contains("more than 4194304 points"), "{message}");
}

#[test]
fn as_many_keys_as_fill_the_memory_are_not_set() {
    let mut scene = scene();
    scene.shot = Shot::new(0, 999_999, scene.shot.shapes().to_vec()).expect("a long shot");
    let message = |format: Format| {
        let options = WriteOptions { keys: KeyMode::Every, ..WriteOptions::default() };
        format.write(&scene, &options).expect_err("too many").to_string()
    };
    assert!(message(Format::NukeRoto).contains("shape \"left_eye\": 999998 keys of 4 vertices are too many"));
    assert!(message(Format::SvgFrames).contains("more than 100000 files"));
}

#[test]
fn what_nuke_cannot_hold_is_not_written() {
    let line = [(0.0, 0.0), (5e6, 1.0)].map(|at| Vertex::corner(at.into()));
    let track = ShapeTrack::still(BezierShape::new(line.into(), false).expect("a line"));
    let far =
        Scene::new(Shot::new(1, 2, vec![ShotShape::new("far", track)]).expect("a shot"), Plate::sized(64.0, 48.0));
    let message = Format::NukeRoto.write(&far, &WriteOptions::default()).expect_err("too far").to_string();
    assert!(message.contains("shape \"far\", frame 0: 5000000.0 is farther out"), "{message}");
    let message = Format::NukeTracker.write(&far, &WriteOptions::default()).expect_err("no landmarks").to_string();
    assert!(message.contains("no landmark is known"), "{message}");
}

#[test]
fn trackers_come_back_and_gaps_are_told_by_a_frame() {
    let written = text(Format::NukeTracker, &scene(), KeyMode::Keep);
    assert!(written.contains("{curve x1001 24 24.5 26 x1007 31.25 33}"), "{written}");
    let back = read(Format::NukeTracker, &written, &options()).expect("what was written").scene;
    let names: Vec<_> = back.trackers.iter().map(|tracker| tracker.name.as_str()).collect();
    assert_eq!(names, ["left_eye_inner", "seam_nose_mid"]);
    for (one, other) in back.trackers.iter().zip(&scene().trackers) {
        assert!(one.frames.keys().eq(other.frames.keys()));
        for (frame, landmark) in &one.frames {
            assert_eq!(landmark.position, other.frames[frame].position, "{frame}");
        }
    }
}

#[test]
fn curves_of_trackers_are_read_as_nuke_counts_them() {
    let node = |x: &str| {
        let written = text(Format::NukeTracker, &scene(), KeyMode::Keep);
        written.replace("{curve x1001 24 24.5 26 x1007 31.25 33}", x)
    };
    let frames = |x: &str| -> crate::Result<Vec<i64>> {
        Ok(read(Format::NukeTracker, &node(x), &options())?.scene.trackers[0].frames.keys().copied().collect())
    };
    assert_eq!(
        frames("{curve K x1001 24 L 24.5 x1003 26 s0 x1007 31.25 t-0.5 33}"),
        Ok(vec![1001, 1002, 1003, 1007, 1008])
    );
    for (wrong, said) in [
        ("{curve 24 25}", "the first value has no frame"),
        ("{curve x1e30 25}", "no whole frame"),
        ("{curve x1001 x41c00000}", "expected a value or x and a frame"),
        ("{curve x1001 hello}", "line 35: expected"),
        ("24", "expected {curve …}, found \"24\""),
    ] {
        let message = frames(wrong).expect_err(wrong).to_string();
        assert!(message.contains("track \"left_eye_inner\"") && message.contains(said), "{message}");
    }
}
