//! Time of FeatureDetect through the built bundle, on a plate of 2348×1566 with the face shot in it.
//!
//! `feature_detect/source_105_frames` is the baseline: what the same frames cost our host alone.

mod face;
#[path = "../tests/stage/mod.rs"]
mod stage;

use criterion::{Criterion, criterion_group, criterion_main};
use face::{PLATE, Plates};
use ofx_sdk::host::*;
use ofx_sdk::{Context, FrameRange, RenderScale};
use stage::*;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

/// As many as the shot of the founding document has.
const FRAMES: usize = 105;

fn feature_detect(c: &mut Criterion) {
    let host = host(HostOptions { overlays: true, draw_suite: true, ..HostOptions::default() });
    let plates = Arc::new(Plates::load(FRAMES));
    let range = FrameRange { min: 1.0, max: FRAMES as f64 };
    let project = Project::new(f64::from(PLATE.x2), f64::from(PLATE.y2), range);
    let node = stage::feature_detect(&host).create(Context::General, project).expect("a node");
    node.connect("Source", plates.clone()).expect("a clip");
    set(&node, "source_colorspace", "srgb");
    let mut group = c.benchmark_group("feature_detect");
    group.sample_size(10).warm_up_time(Duration::from_millis(1));
    let frame = |k: usize| plates.frame((k + 1) as f64, RenderScale::FULL, PLATE).expect("a frame");
    group.bench_function(format!("source_{FRAMES}_frames"), |b| {
        b.iter(|| (0..FRAMES).for_each(|k| drop(black_box(frame(k)))))
    });
    let mut step = 0;
    group.bench_function(format!("analyse_{FRAMES}_frames"), |b| {
        b.iter(|| {
            step += 1;
            // Another exposure is another picture for the networks, so that no answer is taken from the cache.
            set(&node, "exposure", &(f64::from(step % 1000) * 1e-4).to_string());
            node.press("clear_analysis").expect("a button");
            node.press("analyse").expect("an analysis");
        });
    });
    group.warm_up_time(Duration::from_secs(1));
    set(&node, "output", "matte");
    group.bench_function("matte", |b| b.iter(|| black_box(render(&node, &RenderRequest::at(2.0)).expect("a render"))));
    node.set_time(2.0).expect("a time");
    let overlay = node.overlay().expect("no failure").expect("an overlay");
    let nose = seam(&node);
    assert!(overlay.pen(PenAction::Down, nose, 1.0).expect("a pen"), "the pen takes hold of a landmark");
    group.bench_function("drag_and_draw", |b| {
        let mut off = 0.0;
        b.iter(|| {
            off = (off + 0.37) % 9.0;
            overlay.pen(PenAction::Motion, [nose[0] + off, nose[1]], 1.0).expect("a pen");
            black_box(overlay.draw().expect("a drawing"))
        });
    });
    group.finish();
}

/// Where the nose's seam was found on frame 2, canonical.
fn seam(node: &Instance) -> [f64; 2] {
    let ParamValue::String(text) = node.get("analysis").expect("a parameter") else { panic!("analysis is a text") };
    let stored = roto::Analysis::parse(&text).expect("an analysis");
    let at = stored.frame(2).expect("frame 2").landmarks[2].position;
    let at = stored.plate().to_canonical() * at;
    [at.x, at.y]
}

criterion_group!(benches, feature_detect);
criterion_main!(benches);
