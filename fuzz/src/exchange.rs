//! Exchange files: a scene that can be written again, in every format, or an error.

use roto::Plate;
use roto::exchange::{Format, Imported, KeyMode, ReadOptions, Scene, ShapeStyle, TextFile, WriteOptions};

use crate::files::{BETWEEN, seeds, texts};
use crate::scene::{PLATE, written};
use crate::{Target, assert_readable};

pub(crate) const ROTOCEL_SHOT: Target = Target {
    name: "rotocel_shot",
    seeds: || seeds(&[&written(Format::RotocelShot).concat(), MINIMAL_SHOT]),
    words: &[
        b"null",
        b"-1",
        b"1e999",
        b"1e308",
        b"9223372036854775807",
        b"[[[[[[[[",
        b"{}",
        b"\"\\ud800\"",
        b"\"hand\"",
        b"true",
        b"[0, 999999]",
    ],
    cases: 1500,
    run: |bytes| check(Format::RotocelShot, bytes),
};

pub(crate) const CUBIC_SEGMENTS: Target = Target {
    name: "cubic_segments",
    seeds: || {
        let files = written(Format::CubicSegments);
        let several = files.join(&BETWEEN.to_string());
        let public = include_str!("../../crates/roto/fixtures/laika/shapes-test-frame042.json");
        seeds(&[&several, files.first().map_or("", String::as_str), public])
    },
    words: &[b"null", b"1e999", b"[[[[[[", b"{}", b"\"points\"", b"[0, 0]", b"-1e7", b",", b"\x1e"],
    cases: 1500,
    run: |bytes| check(Format::CubicSegments, bytes),
};

pub(crate) const NUKE_ROTO: Target = Target {
    name: "nuke_roto",
    seeds: || seeds(&[&written(Format::NukeRoto).concat(), WITH_FEATHER_CURVE]),
    words: &[
        b"{",
        b"}",
        b"{{",
        b"}}",
        b"\"",
        b"x7f800000",
        b"x4b800000",
        b"-1e300",
        b"{px",
        b"{p ",
        b"bezier",
        b"{=",
        b"ltt 2",
        b"\\",
        b"curvegroup",
        b"{f 8224}",
        b"opc {",
        b"{layer Root",
    ],
    cases: 1500,
    run: |bytes| check(Format::NukeRoto, bytes),
};

pub(crate) const NUKE_TRACKER: Target = Target {
    name: "nuke_tracker",
    seeds: || seeds(&[&written(Format::NukeTracker).concat()]),
    words: &[b"{curve", b"x1e9", b"x-16777216", b"x16777216 1 2 3", b"}", b"{", b"\"", b"nan", b"K ", b"track_x"],
    cases: 1500,
    run: |bytes| check(Format::NukeTracker, bytes),
};

const MINIMAL_SHOT: &str = r#"{"format": "rotocel-shot-1", "width": 64, "height": 48, "first_frame": -1, "last_frame": 2, "shapes":
[{"name": "a", "closed": false, "keys": [{"frame": 1.5, "kind": "hand", "vertices": [[1,2,0,0,3,4],[5,6,7,8,0,0]]}]}]}"#;

/// Layers in layers, a transform, a feather as a curve, expressions and keys with marks.
const WITH_FEATHER_CURVE: &str = "Roto { curves {{{v 1} {layer Root {layer a {t 1 2 0 0 0 0 0 0 0 1 1 1 0} {curvegroup \"a b\" 512 \
    bezier {{cc {f 8192} {px 5 {0 0} {1 2} {3 4} {0 0} {9 {=a 2}} {3 4}}} {cc {f 8192} {px 5 {0 0} {1 1} {0 0} {0 0} {-1 {{1 2 -} \
    {3 4}}} {0 0}}}} {tx 5 1 1} {a opc {{1 0} {9 1}} ltt 4 ltn 2 ltm 8 fo 1 fx 3 fy 3}}}}}} format \"200 120 0 0 200 120 2 x\" }";

/// A scene of so few frames and vertices is also written in every format.
const FEW_FRAMES: u64 = 64;
const FEW_VERTICES: usize = 2000;

fn check(format: Format, bytes: &[u8]) -> bool {
    let texts = texts(bytes);
    let file = |(index, text): (usize, &String)| TextFile { frame: Some(7 + index as i64), text: text.clone() };
    let files: Vec<TextFile> = match format.is_per_frame() {
        true => texts.iter().enumerate().map(file).collect(),
        false => vec![TextFile::whole(String::from_utf8_lossy(bytes))],
    };
    let _ = Format::of_text(&files[0].text);
    // Some files say themselves what is otherwise told.
    if let Err(error) = format.read(&files, &ReadOptions::default()) {
        assert_readable(&error);
    }
    let told = ReadOptions { plate: Some(PLATE), ..ReadOptions::default() };
    match format.read(&files, &told) {
        Ok(Imported { scene, notes }) => {
            scene.check().expect("a reader gives out what writers take");
            assert!(notes.iter().map(String::len).sum::<usize>() < 10_000 + 4 * bytes.len());
            comes_back(&scene);
            can_be_written(&scene);
            true
        }
        Err(error) => {
            assert_readable(&error);
            false
        }
    }
}

/// Our own JSON holds every scene that is read.
fn comes_back(scene: &Scene) {
    let written = Format::RotocelShot.write(scene, &WriteOptions::default()).expect("JSON holds every scene");
    let again = Format::RotocelShot.read(&written.files, &ReadOptions::default()).expect("what was written");
    assert_same(&again.scene, scene);
}

/// Every other format holds it, or says why not.
fn can_be_written(scene: &Scene) {
    let frames = scene.shot.frames();
    let keys = |shape: &roto::ShotShape| shape.track.keys().len() * shape.track.vertex_count();
    let vertices: usize = scene.shot.shapes().iter().map(keys).sum();
    if frames.start().abs_diff(*frames.end()) > FEW_FRAMES || vertices > FEW_VERTICES {
        return;
    }
    let modes = [KeyMode::Keep, KeyMode::Reduce(0.5)];
    for (format, keys) in Format::ALL.into_iter().flat_map(|format| modes.map(|keys| (format, keys))) {
        let options = WriteOptions { keys, ..WriteOptions::default() };
        match format.write(scene, &options) {
            Ok(written) => assert!(!written.files.is_empty(), "{format:?}"),
            Err(error) => assert_readable(&error),
        }
    }
}

/// The numbers of a style, keys by their frames.
fn style_numbers(style: &ShapeStyle) -> Vec<f64> {
    let still = [style.feather_px, style.feather_falloff, style.opacity, style.stroke_width_px];
    let keys = style.keys.iter().flat_map(|key| [key.frame as f64, key.feather_px, key.opacity]);
    still.into_iter().chain(keys).collect()
}

/// The JSON reader rounds some numbers to a neighbor, so these are compared as numbers, not as bits.
fn assert_same(one: &Scene, other: &Scene) {
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-12 * a.abs().max(b.abs()).max(1.0);
    let names = |scene: &Scene| -> Vec<String> { scene.shot.shapes().iter().map(|shape| shape.name.clone()).collect() };
    assert_eq!((one.shot.frames(), names(one)), (other.shot.frames(), names(other)));
    let plate = |scene: &Scene| {
        let Plate { x1, y2, width, height, pixel_aspect } = scene.plate;
        [x1, y2, width, height, pixel_aspect]
    };
    assert!(plate(one).iter().zip(plate(other)).all(|(a, b)| near(*a, b)), "{:?} {:?}", one.plate, other.plate);
    let rates = [one.frame_rate, other.frame_rate];
    assert!(matches!(rates, [None, None]) || matches!(rates, [Some(a), Some(b)] if near(a, b)), "{rates:?}");
    assert_eq!(one.topology, other.topology);
    for (a, b) in one.shot.shapes().iter().zip(other.shot.shapes()) {
        let (style, twin) = (one.style(&a.name), other.style(&b.name));
        assert_eq!((&a.hidden, &style.group, style.cut), (&b.hidden, &twin.group, twin.cut), "{}", a.name);
        let (numbers, twins) = (style_numbers(&style), style_numbers(&twin));
        assert!(numbers.len() == twins.len(), "{style:?} {twin:?}");
        assert!(numbers.iter().zip(&twins).all(|(a, b)| near(*a, *b)), "{style:?} {twin:?}");
        assert_eq!((a.track.is_closed(), a.track.keys().len()), (b.track.is_closed(), b.track.keys().len()));
        for (a, b) in a.track.keys().iter().zip(b.track.keys()) {
            assert!(near(a.time, b.time) && a.kind == b.kind, "{} {}", a.time, b.time);
            for (a, b) in a.shape.vertices().iter().zip(b.shape.vertices()) {
                let pairs =
                    [(a.anchor.to_vec2(), b.anchor.to_vec2()), (a.incoming, b.incoming), (a.outgoing, b.outgoing)];
                assert!(pairs.iter().all(|(a, b)| near(a.x, b.x) && near(a.y, b.y)), "{a:?} {b:?}");
            }
        }
    }
    assert_eq!(one.trackers.len(), other.trackers.len());
    for (a, b) in one.trackers.iter().zip(&other.trackers) {
        assert!(a.name == b.name && a.frames.keys().eq(b.frames.keys()), "{} {}", a.name, b.name);
        let pairs = || a.frames.values().zip(b.frames.values());
        assert!(pairs().all(|(a, b)| near(a.position.x, b.position.x) && near(a.position.y, b.position.y)));
        assert!(pairs().all(|(a, b)| near(a.confidence, b.confidence) && a.presence == b.presence));
    }
}
