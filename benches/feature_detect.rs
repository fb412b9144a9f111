//! Time of FeatureDetect through the built bundle, on a plate of 2348×1566 with the face shot in it.
//!
//! `feature_detect/source` is the baseline: what the same frames cost our host alone.

#[path = "../tests/stage/mod.rs"]
mod stage;

use criterion::{Criterion, criterion_group, criterion_main};
use ofx_sdk::host::*;
use ofx_sdk::{Context, FrameRange, RectD, RectI, RenderScale};
use stage::*;
use std::hint::black_box;
use std::sync::Arc;

/// The plate, and where the shot's picture lies in it.
const PLATE: RectI = RectI::new(0, 0, 2348, 1566);
const CORNER: (i32, i32) = (900, 420);
/// Frames of the shot that are analysed; each is kept as 59 MB.
const FRAMES: usize = 6;

/// The face shot, set into a plate.
struct Plates(Vec<StillSource>);

impl Plates {
    fn load() -> Self {
        let frames = root().join("models/sample_face/puppet_hand/frames");
        let load = |number: usize| {
            let path = frames.join(format!("{number:04}.jpg"));
            let face = image::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).to_rgb8();
            let (width, height) = (face.width() as i32, face.height() as i32);
            let plate = picture(PLATE, |x, y| {
                let (x, y) = (x - CORNER.0, PLATE.y2 - 1 - y - CORNER.1);
                if !(0..width).contains(&x) || !(0..height).contains(&y) {
                    return grey(0.2);
                }
                let [r, g, b] = face.get_pixel(x as u32, y as u32).0.map(|value| f32::from(value) / 255.0);
                [r, g, b, 1.0]
            });
            StillSource::new(plate, range())
        };
        Self((1..=FRAMES).map(load).collect())
    }

    fn still(&self, time: f64) -> &StillSource {
        &self.0[(time.round().max(1.0) as usize - 1).min(FRAMES - 1)]
    }
}

impl Source for Plates {
    fn info(&self) -> ClipInfo {
        self.0[0].info()
    }

    fn region_of_definition(&self, time: f64) -> RectD {
        self.still(time).region_of_definition(time)
    }

    fn frame(&self, time: f64, scale: RenderScale, region: RectI) -> ofx_sdk::Result<HostImage> {
        self.still(time).frame(time, scale, region)
    }
}

fn range() -> FrameRange {
    FrameRange { min: 1.0, max: FRAMES as f64 }
}

fn feature_detect(c: &mut Criterion) {
    let host = host(HostOptions { overlays: true, draw_suite: true, ..HostOptions::default() });
    let plates = Arc::new(Plates::load());
    let project = Project::new(f64::from(PLATE.x2), f64::from(PLATE.y2), range());
    let node = stage::feature_detect(&host).create(Context::General, project).expect("a node");
    node.connect("Source", plates.clone()).expect("a clip");
    set(&node, "source_colorspace", "srgb");
    let mut group = c.benchmark_group("feature_detect");
    group.sample_size(10);
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
