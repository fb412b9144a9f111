//! Time of ToneSegment through the built bundle, beside one look of the bare network on the same tensors in the same run.
//!
//! `cargo xtask bench` prints the ratios; a figure alone says little on a shared machine.

mod sizes;
#[path = "../tests/stage/mod.rs"]
mod stage;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use inference::{Device, Engine, EngineConfig, Request, Role, tensor};
use ndarray::Array3;
use ofx_sdk::host::{HostOptions, RenderRequest, StillSource};
use ofx_sdk::{Context, FrameRange, RectI};
use sizes::SIZES;
use stage::*;
use std::hint::black_box;
use std::sync::Arc;

/// The bare network: `inference` alone, on a picture that is new each time, so that no result is taken from the cache.
fn bare_network(c: &mut Criterion) {
    let library = std::env::var_os("ROTOCEL_ONNXRUNTIME")
        .map_or_else(|| root().join("target/onnxruntime/libonnxruntime.so.1.31.1"), Into::into);
    let engine = Engine::new(EngineConfig { cache_bytes: 0, ..EngineConfig::new(library) });
    let model = engine.custom_model(&root().join("models/tone_fast.onnx")).expect("the shipped model");
    let mut group = c.benchmark_group("bare_network");
    group.sample_size(10);
    for size in SIZES {
        let (w, h) = size.network();
        let image = tensor::pad_to_stride(Array3::from_elem((3, h, w), 0.5), model.entry.stride);
        group.bench_function(BenchmarkId::from_parameter(size.name), |b| {
            b.iter(|| {
                let inputs = vec![(Role::Image, image.clone())];
                let request = Request { model: model.clone(), device: Device::Cpu, inputs };
                black_box(engine.infer(request, &|| false).expect("a run"))
            });
        });
    }
    group.finish();
}

fn tone_segment(c: &mut Criterion) {
    let host = host(HostOptions::default());
    for (state, again, masked) in
        [("steady", false, false), ("after_change", true, false), ("after_change_masked", true, true)]
    {
        let mut group = c.benchmark_group(state);
        group.sample_size(10);
        for size in SIZES {
            let source = picture(RectI::new(0, 0, size.width, size.height), scenery);
            let bounds = source.bounds;
            let node = with_source(&host, Context::General, source);
            if masked {
                let range = FrameRange { min: 1.0, max: 10.0 };
                let half = move |x, _| if x < bounds.x2 / 2 { [1.0; 4] } else { [0.0; 4] };
                node.connect("Mask", Arc::new(StillSource::new(picture(bounds, half), range))).expect("a mask");
            }
            set(&node, "model", "tone_fast");
            let mut step = 0;
            group.bench_function(BenchmarkId::from_parameter(size.name), |b| {
                b.iter(|| {
                    step += 1;
                    // Another exposure is another picture for the network; another softness is not.
                    let (id, unit) = if again { ("edge_softness_px", 0.01) } else { ("exposure", 0.001) };
                    set(&node, id, &(f64::from(step % 1000) * unit).to_string());
                    black_box(render(&node, &RenderRequest::at(1.0)).expect("a render"))
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, bare_network, tone_segment);
criterion_main!(benches);
