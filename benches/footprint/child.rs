//! A row's own process.

use crate::Measured;
use crate::sizes::Size;
use crate::stage::*;
use inference::{Device, Engine, EngineConfig, Request, Role, tensor};
use ndarray::Array3;
use ofx_sdk::host::{HostOptions, RenderRequest};
use ofx_sdk::{Context, RectI};
use std::hint::black_box;
use std::time::Instant;

/// Frames of which the median is taken.
const FRAMES: usize = 7;

/// ToneSegment in our host, a host of `threads` threads. The node itself reports its times, into the log.
pub fn node(size: Size, threads: usize) -> Measured {
    let host = host(HostOptions { threads, ..HostOptions::default() });
    let source = picture(RectI::new(0, 0, size.width, size.height), scenery);
    let node = with_source(&host, Context::General, source);
    set(&node, "model", "tone_fast");
    let frame = || drop(black_box(render(&node, &RenderRequest::at(1.0)).expect("a render")));
    frame();
    // Another exposure is another picture for the network; another softness is not.
    for id in ["exposure", "edge_softness_px"] {
        for step in 1..=FRAMES {
            set(&node, id, &(step as f64 * 0.01).to_string());
            frame();
        }
    }
    memory(Measured { bandwidth: bandwidth(), ..Measured::default() })
}

/// The network alone, on a picture of the same size, with as many threads as ONNX Runtime takes by itself in the node.
pub fn bare(size: Size) -> Measured {
    let library = std::env::var_os("ROTOCEL_ONNXRUNTIME")
        .map_or_else(|| root().join("target/onnxruntime/libonnxruntime.so.1.31.1"), Into::into);
    let start = Instant::now();
    let engine = Engine::new(EngineConfig { cache_bytes: 0, ..EngineConfig::new(library) });
    let model = engine.custom_model(&root().join("models/tone_fast.onnx")).expect("the shipped model");
    let (width, height) = size.network();
    let image = tensor::pad_to_stride(Array3::from_elem((3, height, width), 0.5), model.entry.stride);
    let run = || {
        let inputs = vec![(Role::Image, image.clone())];
        let request = Request { model: model.clone(), device: Device::Cpu, inputs };
        // The session's own time: neither our hash nor our thread.
        black_box(engine.infer(request, &|| false).expect("a run")).milliseconds
    };
    run();
    let first = start.elapsed().as_secs_f64() * 1e3;
    let steady = median((0..FRAMES).map(|_| run()).collect());
    let cuda = match engine.check_device(&model, Device::Cuda(0), &|| false) {
        Ok(report) => {
            format!("{:.1} ms at {}×{} on {}", report.milliseconds, report.size.0, report.size.1, report.provider)
        }
        Err(error) => format!("not measured: {error}"),
    };
    memory(Measured { first, steady, cuda, bandwidth: bandwidth(), ..Measured::default() })
}

fn milliseconds<T>(work: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    black_box(work());
    start.elapsed().as_secs_f64() * 1e3
}

/// The middle one.
pub fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Bytes a second that a copy moves on one thread, the best of some.
fn bandwidth() -> f64 {
    const BYTES: usize = 128 << 20;
    let (from, mut to) = (vec![1u8; BYTES], vec![0u8; BYTES]);
    let copies = (0..6).map(|_| milliseconds(|| black_box(&mut to).copy_from_slice(black_box(&from))));
    2.0 * BYTES as f64 / (copies.fold(f64::INFINITY, f64::min) * 1e-3)
}

/// Adds what the system says of this process; zeros where it does not say it like Linux.
fn memory(measured: Measured) -> Measured {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let bytes = |key: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(key))?;
        Some(line.split_whitespace().next()?.parse::<f64>().ok()? * 1024.0)
    };
    Measured { peak: bytes("VmHWM:").unwrap_or(0.0), resident: bytes("VmRSS:").unwrap_or(0.0), ..measured }
}
