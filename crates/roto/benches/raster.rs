//! Time to draw 105 frames of a face's eye at plate size, against sampling the same curves 16 times a pixel.
//!
//! Read times as ratios within one run: `fill` over `supersampled_16`, and all others over `fill`.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use imaging::Window;
use kurbo::{Affine, ParamCurve, Point, Vec2};
use roto::{BezierShape, KeyKind, ShapeKey, ShapeTrack, Shutter, Style, Vertex, View, coverage, motion_blurred};

const FRAMES: usize = 105;
const PLATE: Window = Window::new(0, 0, 2348, 1566);

/// An eye of six segments, about 300 by 140 pixels.
fn eye() -> BezierShape {
    let vertex = |x: f64, y: f64, hx: f64, hy: f64| {
        let along = Vec2::new(hx, hy);
        Vertex { anchor: Point::new(x, y), incoming: -along, outgoing: along }
    };
    let vertices = vec![
        vertex(900.0, 700.0, 5.0, -30.0),
        vertex(980.0, 640.0, 45.0, -12.0),
        vertex(1110.0, 645.0, 45.0, 16.0),
        vertex(1200.0, 715.0, -5.0, 30.0),
        vertex(1110.0, 772.0, -45.0, 8.0),
        vertex(980.0, 770.0, -45.0, -12.0),
    ];
    BezierShape::new(vertices, true).expect("an eye")
}

/// The eye drifting and turning over the frames.
fn track() -> ShapeTrack {
    let key = |frame: usize| {
        let t = frame as f64;
        let by = Affine::translate((2.3 * t, 0.7 * t)) * Affine::rotate_about(0.002 * t, (1050.0, 700.0));
        ShapeKey { time: t, kind: KeyKind::Predicted, shape: eye().transformed(by).expect("finite") }
    };
    ShapeTrack::new((0..=FRAMES).map(key).collect()).expect("a track")
}

/// Four by four samples a pixel, scanline by scanline, by the even-odd crossings of the curves' chains: what a plain filler
/// does. It draws into a buffer of the plate's size, as the others do.
fn supersampled(shape: &BezierShape) -> Vec<f32> {
    const SIDE: usize = 4;
    let (width, height) = (PLATE.width(), PLATE.height());
    let mut out = vec![0.0; width * height];
    let points: Vec<Point> = shape.segments().flat_map(|s| (0..64).map(move |k| s.eval(f64::from(k) / 64.0))).collect();
    let bounds = shape.bounding_box();
    for line in (bounds.y0 as usize * SIDE)..((bounds.y1 as usize + 1) * SIDE) {
        let y = (line as f64 + 0.5) / SIDE as f64;
        let mut crossings: Vec<f64> = (0..points.len())
            .map(|k| (points[k], points[(k + 1) % points.len()]))
            .filter(|(a, b)| (a.y <= y) != (b.y <= y))
            .map(|(a, b)| a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x))
            .collect();
        crossings.sort_by(f64::total_cmp);
        for span in crossings.chunks_exact(2) {
            let sample = |x: f64| (x * SIDE as f64 + 0.5) as usize;
            for x in sample(span[0])..sample(span[1]) {
                out[line / SIDE * width + x / SIDE] += 1.0 / (SIDE * SIDE) as f32;
            }
        }
    }
    out
}

fn raster(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("105_shapes_at_2348x1566");
    group.sample_size(10).warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_secs(1));
    let (track, view) = (track(), View::of_plate(PLATE));
    let shapes: Vec<BezierShape> = (0..FRAMES).map(|frame| track.at(frame as f64)).collect();
    group.bench_function("supersampled_16", |b| {
        b.iter(|| shapes.iter().for_each(|shape| drop(black_box(supersampled(shape)))));
    });
    let mut still = |name: &str, style: Style| {
        group.bench_function(name, |b| {
            b.iter(|| {
                for shape in &shapes {
                    black_box(coverage(std::slice::from_ref(shape), &style, &view).expect("a matte"));
                }
            });
        });
    };
    still("fill", Style::default());
    still("grow_5", Style { grow_px: 5.0, ..Style::default() });
    still("feather_10", Style { feather_px: 10.0, ..Style::default() });
    still("feather_30", Style { feather_px: 30.0, ..Style::default() });
    group.bench_function("fill_blurred_8", |b| {
        b.iter(|| {
            for frame in 0..FRAMES {
                let shutter = Shutter::centered(0.5, 8);
                black_box(
                    motion_blurred(&[&track], frame as f64, &shutter, &Style::default(), &view).expect("a matte"),
                );
            }
        });
    });
    group.finish();
}

criterion_group!(benches, raster);
criterion_main!(benches);
