//! The pixel work of a 1920×1080 frame, on one thread, at the sizes that ToneSegment's defaults make.

use criterion::{Criterion, criterion_group, criterion_main};
use imaging::color::{Colorspace, encode_for_network};
use imaging::flow::{Flow, FlowPyramid, Motion};
use imaging::guided::{GuidedFilter, Mapping};
use imaging::matte::{self, BORDER_MARGIN_PX, Beside, Softening};
use imaging::resample::{Filter, Resampler};
use imaging::{Extent, Region, Size, Window};
use ndarray::{Array2, Array3, s};
use std::hint::black_box;

const FRAME: Size = Size { width: 1920, height: 1080 };
const NETWORK: Size = Size { width: 1024, height: 576 };
const COARSE: Size = Size { width: 512, height: 288 };
const CLASSES: usize = 5;
/// Rows that the node makes at once.
const BAND: i64 = 64;

fn noise(channels: usize, size: Size) -> Array3<f32> {
    let mut state = 1u32;
    Array3::from_shape_simple_fn((channels, size.height, size.width), || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32
    })
}

/// Calls `work` for the windows of a frame's bands.
fn in_bands(mut work: impl FnMut(Window)) {
    let (width, height) = (FRAME.width as i64, FRAME.height as i64);
    (0..height).step_by(BAND as usize).for_each(|y| work(Window::new(0, y, width, (y + BAND).min(height))));
}

fn benches(c: &mut Criterion) {
    let frame = noise(3, FRAME);
    let mut group = c.benchmark_group("imaging_1080p");
    group.sample_size(10);

    let mut pixels = frame.clone();
    group.bench_function("encode", |b| {
        b.iter(|| encode_for_network(pixels.view_mut(), Colorspace::LinearRec709, 0.0, 1).expect("a picture"));
    });
    let shrink = Resampler::whole(FRAME, NETWORK, Filter::Triangle).expect("two sizes");
    group.bench_function("resize", |b| b.iter(|| black_box(shrink.resample(frame.view(), 1).expect("a picture"))));

    let logits = noise(CLASSES, NETWORK) * 8.0;
    group.bench_function("softmax", |b| {
        let mut mattes = logits.clone();
        b.iter(|| {
            mattes.assign(&logits);
            matte::softmax(mattes.view_mut(), &[0.0; CLASSES], 1).expect("logits");
            black_box(matte::confidence(mattes.view(), 1).expect("mattes"))
        });
    });
    let (guide, targets) = (noise(3, COARSE), noise(CLASSES - 1, COARSE));
    let filter = GuidedFilter::new(2.1, 4e-4).expect("a radius");
    group.bench_function("fit", |b| {
        b.iter(|| black_box(filter.fit(guide.view(), targets.view(), 1).expect("a picture")));
    });

    let coefficients = filter.fit(guide.view(), targets.view(), 1).expect("a picture");
    let mapping = Mapping::new(Extent::of_size(FRAME), COARSE).expect("a grid");
    group.bench_function("upsample", |b| {
        b.iter(|| {
            in_bands(|window| {
                let guide = frame.slice(s![.., window.y0 as usize..window.y1 as usize, ..]);
                let mut mattes = Array3::zeros((CLASSES, window.height(), window.width()));
                let tones = mattes.slice_mut(s![1.., .., ..]);
                coefficients.upsample_into(guide, window, &mapping, tones, 1).expect("a picture");
                matte::complete(mattes.view_mut(), 1).expect("mattes");
                black_box(mattes);
            });
        });
    });
    let mut mattes = noise(CLASSES, FRAME);
    matte::complete(mattes.view_mut(), 1).expect("mattes");
    group.bench_function("borders", |b| {
        b.iter(|| {
            in_bands(|window| {
                let region = Region::tile(Window::of_size(FRAME), window, BORDER_MARGIN_PX);
                let input = mattes.slice(s![.., region.input.y0 as usize..region.input.y1 as usize, ..]);
                let mut drawn = Array3::zeros((CLASSES, window.height(), window.width()));
                matte::draw_borders(input, &region, drawn.view_mut(), 1).expect("mattes");
                matte::levels(drawn.view_mut(), 0.02, 0.98, 1).expect("mattes");
                black_box(drawn);
            });
        });
    });
    // What an edge softness above its default adds.
    let softening = Softening::new(1.0).expect("a radius");
    group.bench_function("soften", |b| {
        b.iter(|| {
            in_bands(|window| {
                let region = Region::tile(Window::of_size(FRAME), window, softening.margin_px());
                let input = mattes.slice(s![.., region.input.y0 as usize..region.input.y1 as usize, ..]);
                black_box(softening.soften(input, &region, 1).expect("a picture"));
            });
        });
    });
    group.finish();
}

/// Optical flow at the size that temporal smoothing uses, between frames that move by three pixels and a half.
fn flow(c: &mut Criterion) {
    let waves = [(0.11, 0.03), (-0.05, 0.13), (0.31, 0.22), (0.45, -0.37), (-0.72, 0.61)];
    let frame = |shift: f32| {
        Array2::from_shape_fn((COARSE.height, COARSE.width), |(y, x)| {
            let (x, y) = (x as f32 - shift, y as f32 - 0.5 * shift);
            0.5 + 0.1 * waves.iter().map(|(a, b)| (a * x + b * y).sin()).sum::<f32>()
        })
    };
    let (from, to) = (frame(0.0), frame(3.5));
    let mut group = c.benchmark_group("imaging_512x288");
    group.sample_size(10);
    group.bench_function("flow_pyramid", |b| {
        b.iter(|| black_box(FlowPyramid::new(from.view(), 1).expect("a plane")));
    });
    let [from, to] = [from, to].map(|plane| FlowPyramid::new(plane.view(), 1).expect("a plane"));
    group.bench_function("flow", |b| b.iter(|| black_box(Flow::between(&from, &to, 1).expect("two planes"))));
    let (there, back) = (Flow::between(&from, &to, 1).expect("two planes"), Flow::between(&to, &from, 1).expect("two"));
    group.bench_function("flow_consistency", |b| b.iter(|| black_box(there.consistency(&back, 1).expect("one size"))));
    let logits = noise(CLASSES, COARSE);
    group.bench_function("flow_warp", |b| b.iter(|| black_box(there.warp(logits.view(), 1).expect("one size"))));
    let [motion, _] = Motion::there_and_back(&from, &to, 1).expect("two planes");
    let (logits, picture) = (noise(CLASSES, NETWORK), noise(1, NETWORK));
    let beside = Beside { logits: logits.view(), picture: picture.view(), motion: &motion, weight: 0.5 };
    group.bench_function("fuse_4_at_1024x576", |b| {
        b.iter(|| black_box(matte::fuse(logits.view(), picture.view(), &[beside; 4], 1).expect("one size")));
    });
    group.finish();
}

criterion_group!(stages, benches, flow);
criterion_main!(stages);
