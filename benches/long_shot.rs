//! What a shot of 1,000 frames costs a project that holds its FeatureDetect node: size of what is stored, time to load it, size of
//! an undo step, keys of what is exported. Prints the sizes; times go to criterion beside those of a fresh node.
//!
//! The bundle analyses 24 frames; their blocks stand for the rest, to and fro, since each frame is compressed by itself.

mod face;
#[path = "../tests/stage/mod.rs"]
mod stage;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use face::{PLATE, Plates};
use ofx_sdk::host::*;
use ofx_sdk::{Context, FrameRange};
use roto::exchange::{Format, ReadOptions, Scene, TextFile};
use roto::{Analysis, Edits, Topology};
use stage::*;
use std::hint::black_box;
use std::sync::Arc;

const FRAMES: i64 = 1000;
const SAMPLE: i64 = 24;
/// Frames between hand keys, and landmarks that are keyed on each.
const KEYED_EVERY: i64 = 10;
const KEYED: usize = 4;

fn node(host: &Host, plates: &Arc<Plates>) -> Instance {
    let range = FrameRange { min: 1.0, max: FRAMES as f64 };
    let project = Project::new(f64::from(PLATE.x2), f64::from(PLATE.y2), range);
    let node = feature_detect(host).create(Context::General, project).expect("a node");
    node.connect("Source", plates.clone()).expect("a clip");
    set(&node, "source_colorspace", "srgb");
    node
}

fn text(node: &Instance, id: &str) -> String {
    let ParamValue::String(text) = node.get(id).expect("a parameter") else { panic!("{id} is a text") };
    text
}

/// The analysis of the sample by the bundle, repeated to and fro.
fn long_analysis(host: &Host, plates: &Arc<Plates>) -> Analysis {
    let node = node(host, plates);
    set(&node, "last_frame", &SAMPLE.to_string());
    node.press("analyse").expect("an analysis");
    let mut long = Analysis::parse(&text(&node, "analysis")).expect("an analysis");
    for frame in SAMPLE + 1..=FRAMES {
        let there = (frame - 1) % (2 * SAMPLE - 2);
        let of = there.min(2 * SAMPLE - 2 - there) + 1;
        let found = long.frame(of).expect("a frame of the sample").clone();
        long.insert(frame, found).expect("a frame");
    }
    long
}

/// Some landmarks are off by a pixel or two on every tenth frame.
fn corrections(analysis: &Analysis, topology: &Topology) -> Edits {
    let mut edits = Edits::new(topology, *analysis.plate()).expect("edits");
    for (frame, found) in analysis.frames().filter(|(frame, _)| frame % KEYED_EVERY == 0) {
        for k in 0..KEYED {
            let landmark = (frame as usize * 7 + k * 11) % topology.landmarks().len();
            let to = found.landmarks[landmark].position + kurbo::Vec2::new(1.37, -0.61);
            edits.set_landmark(frame, landmark, to).expect("a key");
        }
    }
    edits
}

/// What is exported of the first hundred frames.
fn exported(node: &Instance) -> Scene {
    let folder = tempfile::tempdir().expect("a folder");
    set(node, "first_frame", "1");
    set(node, "last_frame", "100");
    set(node, "export_dir", &folder.path().display().to_string());
    node.press("export_json").expect("a file");
    let path = folder.path().join("rotocel.rotocel.json");
    let file = TextFile::whole(std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())));
    Format::RotocelShot.read(&[file], &ReadOptions::default()).expect("our own file").scene
}

fn long_shot(c: &mut Criterion) {
    let host = host(HostOptions::default());
    let plates = Arc::new(Plates::load(FRAMES as usize));
    let topology = Topology::puppet().expect("the puppet");
    let analysis = long_analysis(&host, &plates);
    let edits = corrections(&analysis, &topology);
    let (stored, corrected) = (analysis.write().expect("a text"), edits.write().expect("a text"));
    let mut more = edits.clone();
    more.set_landmark(5, 3, kurbo::Point::new(1000.0, 700.0)).expect("a key");
    let step = more.write().expect("a text").len() - corrected.len();
    println!("project: {FRAMES} frames analysed are {} kB", stored.len() / 1000);
    println!("project: {KEYED} landmarks corrected on every {KEYED_EVERY}th frame are {} kB", corrected.len() / 1000);
    println!(
        "undo: a first correction of a frame adds {step} bytes; a step of a host that keeps whole strings holds {} kB",
        corrected.len() / 1000
    );
    let load = || {
        let node = node(&host, &plates);
        set(&node, "analysis", &stored);
        set(&node, "edits", &corrected);
        node
    };
    let loaded = load();
    for tolerance in ["0.5", "1", "2", "4"] {
        set(&loaded, "key_tolerance_px", tolerance);
        let scene = exported(&loaded);
        let keys: usize = scene.shot.shapes().iter().map(|shape| shape.track.keys().len()).sum();
        println!("keys: {} a shape in 100 frames within {tolerance} px", keys / scene.shot.shapes().len().max(1));
    }
    let mut group = c.benchmark_group("long_shot");
    group.sample_size(10);
    let shown = |node: &Instance| render(node, &RenderRequest::at(500.0)).expect("a render");
    group.bench_function("first_render_of_a_fresh_node", |b| {
        b.iter_batched(|| node(&host, &plates), |node| (black_box(shown(&node)), node), BatchSize::PerIteration)
    });
    group.bench_function("first_render_of_1000_frames", |b| {
        b.iter_batched(load, |node| (black_box(shown(&node)), node), BatchSize::PerIteration)
    });
    group.bench_function("read_1000_frames", |b| b.iter(|| black_box(Analysis::parse(&stored)).expect("an analysis")));
    group.bench_function("write_after_an_edit", |b| {
        let read = Edits::parse(&corrected).expect("edits");
        let mut off = 0.0;
        b.iter(|| {
            off += 0.25;
            let mut edits = read.clone();
            edits.set_landmark(500, 3, kurbo::Point::new(1000.0 + off, 700.0)).expect("a key");
            black_box(edits.write()).expect("a text")
        })
    });
    group.finish();
}

criterion_group!(benches, long_shot);
criterion_main!(benches);
