//! Temporal smoothing through the built bundle: which frames it looks at, and that nothing else changes what it gives.

mod stage;

use ofx_sdk::host::*;
use ofx_sdk::{Components, Context, Error, Field, FrameRange, RectD, RectI, RenderScale, Status};
use stage::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

const RANGE: FrameRange = FrameRange { min: 1.0, max: 9.0 };
const BOUNDS: RectI = RectI::new(0, 0, 96, 64);

/// A clip whose pictures are a function of time, with gaps and damaged frames.
struct Clip {
    pixel: fn(f64, i32, i32) -> [f32; 4],
    gaps: Vec<f64>,
    damaged: Vec<f64>,
    /// The times at which pictures were fetched.
    fetched: Mutex<Vec<f64>>,
}

impl Clip {
    fn new(pixel: fn(f64, i32, i32) -> [f32; 4]) -> Self {
        Self { pixel, gaps: vec![], damaged: vec![], fetched: Mutex::default() }
    }

    /// The times fetched since the last call, in order.
    fn times(&self) -> Vec<f64> {
        let mut times = std::mem::take(&mut *self.fetched.lock().unwrap());
        times.sort_by(f64::total_cmp);
        times.dedup();
        times
    }
}

impl Source for Clip {
    fn info(&self) -> ClipInfo {
        let still = picture(BOUNDS, |_, _| [0.0; 4]);
        ClipInfo { frame_range: RANGE, premultiplication: still.premultiplication, ..ClipInfo::default() }
    }

    fn region_of_definition(&self, _time: f64) -> RectD {
        BOUNDS.to_canonical(RenderScale::FULL, 1.0)
    }

    fn frame(&self, time: f64, scale: RenderScale, region: RectI) -> ofx_sdk::Result<HostImage> {
        self.fetched.lock().unwrap().push(time);
        if self.gaps.contains(&time) {
            return Err(Error::Missing(format!("frame {time}")));
        }
        if self.damaged.contains(&time) {
            return Err(Error::File { path: format!("frame.{time}.exr"), reason: "it is damaged".into() });
        }
        let still = picture(BOUNDS, |x, y| (self.pixel)(time, x, y));
        StillSource::new(still, RANGE).frame(time, scale, region)
    }
}

/// Grain of a frame, about ± 0.05.
fn grain(time: f64, x: i32, y: i32) -> f32 {
    let seed = (time as i64 as u32).wrapping_mul(0x9E37_79B9)
        ^ (x as u32).wrapping_mul(0x85EB_CA6B)
        ^ (y as u32).wrapping_mul(0xC2B2_AE35);
    let mixed = (seed ^ (seed >> 15)).wrapping_mul(0x2C1B_3C6D);
    ((mixed ^ (mixed >> 12)) & 0xffff) as f32 / 65_536.0 * 0.1 - 0.05
}

/// A textured picture that moves two pixels a frame, without grain.
fn clean(time: f64, x: i32, y: i32) -> [f32; 4] {
    let (x, y) = (x as f32 - 2.0 * time as f32, y as f32);
    let waves = (0.21 * x + 0.05 * y).sin() + (0.13 * y - 0.08 * x).cos() + (0.4 * x + 0.33 * y).sin();
    grey(0.5 + 0.13 * waves)
}

fn grainy(time: f64, x: i32, y: i32) -> [f32; 4] {
    grey(clean(time, x, y)[0] + grain(time, x, y))
}

/// A node that smooths over `frames` each way, running the tiny network, whose mattes are a function of one pixel alone.
fn node(host: &Host, clip: &Arc<Clip>, frames: &str) -> Instance {
    let node = pointwise(host, picture(BOUNDS, |_, _| [0.0; 4]));
    node.connect("Source", clip.clone()).unwrap();
    set(&node, "output", "packed_light");
    set(&node, "clip_black", "0");
    set(&node, "clip_white", "1");
    // About the frames' own size: enlarged, neighbouring pixels share their grain.
    set(&node, "working_size", "128");
    set(&node, "temporal_smoothing", frames);
    node
}

fn at(node: &Instance, time: f64) -> HostImage {
    render(node, &RenderRequest::at(time)).unwrap()
}

#[test]
fn at_zero_a_frame_is_what_it_is_without_others_and_no_other_is_fetched() {
    let host = harsh_host();
    let clip = Arc::new(Clip::new(grainy));
    let node = node(&host, &clip, "0");
    let plain = at(&node, 5.0);
    assert_eq!(clip.times(), [5.0]);
    set(&node, "temporal_smoothing", "2");
    assert_ne!(at(&node, 5.0), plain, "the frames around it are looked at");
    assert_eq!(clip.times(), [3.0, 4.0, 5.0, 6.0, 7.0]);
    set(&node, "temporal_smoothing", "0");
    assert_eq!(at(&node, 5.0), plain);
    node.connect("Source", Arc::new(StillSource::new(picture(BOUNDS, |x, y| grainy(5.0, x, y)), RANGE))).unwrap();
    assert_eq!(at(&node, 5.0).data, plain.data);
    assert_well_behaved(&host);
}

#[test]
fn grain_is_smoothed_along_the_motion_and_the_picture_stays_in_its_place() {
    let host = harsh_host();
    // The network's own doubt: borders are drawn after what is measured here, and smooth over grain themselves.
    let confidence = |clip: &Arc<Clip>, frames: &str| {
        let node = node(&host, clip, frames);
        set(&node, "output", "confidence");
        at(&node, 5.0).to_f32()
    };
    let truth = confidence(&Arc::new(Clip::new(clean)), "0");
    let clip = Arc::new(Clip::new(grainy));
    let off = |frames: &str| {
        let found = confidence(&clip, frames);
        // Off the edges, where frames have nothing to show of each other.
        let inside = |i: usize| (12..84).contains(&(i / 4 % 96));
        let squares: Vec<f32> = found
            .iter()
            .zip(&truth)
            .enumerate()
            .filter(|(i, _)| inside(*i))
            .map(|(_, (a, b))| (a - b) * (a - b))
            .collect();
        (squares.iter().sum::<f32>() / squares.len() as f32).sqrt()
    };
    let [none, one, two, four] = ["0", "1", "2", "4"].map(off);
    // Means of 3, 5 and 9 frames would leave 0.58, 0.45 and 0.33; frames that differ weigh less.
    assert!(one < 0.75 * none && two < 0.65 * none && four < 0.55 * none, "{none} {one} {two} {four}");
    assert_well_behaved(&host);
}

#[test]
fn the_order_of_renders_tiles_and_threads_changes_no_bit() {
    for options in [
        HostOptions { layout: ImageLayout::HARSH, ..HostOptions::default() },
        HostOptions { threads: 1, ..HostOptions::default() },
    ] {
        let host = host(options);
        let clip = Arc::new(Clip::new(grainy));
        let fresh = || node(&host, &clip, "2");
        let all = |order: &[u32], request: &RenderRequest| -> Vec<HostImage> {
            let node = fresh();
            let mut frames: Vec<_> = order
                .iter()
                .map(|t| (*t, render(&node, &RenderRequest { time: f64::from(*t), ..request.clone() }).unwrap()))
                .collect();
            frames.sort_by_key(|(t, _)| *t);
            frames.into_iter().map(|(_, frame)| frame).collect()
        };
        let whole = RenderRequest::default();
        let forwards = all(&[1, 2, 3, 4, 5, 6, 7, 8, 9], &whole);
        assert!(all(&[9, 8, 7, 6, 5, 4, 3, 2, 1], &whole) == forwards, "backwards");
        assert!(all(&[4, 9, 1, 7, 3, 8, 5, 2, 6], &whole) == forwards, "at random");
        assert!(
            all(&[3, 1, 2, 4, 6, 5, 9, 8, 7], &RenderRequest { tile: Some(37), ..whole.clone() }) == forwards,
            "in tiles"
        );
        for t in 1..=9 {
            assert!(at(&fresh(), f64::from(t)) == forwards[t as usize - 1], "frame {t} alone");
        }
        let mut threads = Vec::new();
        let times: Vec<f64> = (1..=9).map(f64::from).collect();
        fresh()
            .render_range(&times, 3, &whole, |_, images| {
                threads.push(images.unwrap().remove(0).1);
                std::ops::ControlFlow::Continue(())
            })
            .unwrap();
        assert!(threads == forwards, "three frames at once");
        assert_well_behaved(&host);
    }
}

#[test]
fn a_drawing_that_is_held_on_twos_stays_as_it_is_while_it_is_held() {
    let host = harsh_host();
    let clip = Arc::new(Clip::new(|time, x, y| grainy((time / 2.0).ceil(), x, y)));
    for reach in ["1", "2", "3", "4"] {
        let node = node(&host, &clip, reach);
        let [a, b, next] = [5.0, 6.0, 7.0].map(|time| at(&node, time));
        assert!(a == b && a != next, "at a reach of {reach}");
        let plain = at(&self::node(&host, &clip, "0"), 5.0);
        assert_eq!(a == plain, reach == "1", "from 2 on a hold of two sees the drawings beside it");
    }
    assert_well_behaved(&host);
}

#[test]
fn frames_needed_reach_as_far_as_the_smoothing() {
    let host = harsh_host();
    let node = node(&host, &Arc::new(Clip::new(clean)), "0");
    for reach in 0..=4 {
        set(&node, "temporal_smoothing", &reach.to_string());
        let needed = node.frames_needed(5.0).unwrap();
        let reach = f64::from(reach);
        for clip in ["Source", "Mask"] {
            assert_eq!(needed[clip], [FrameRange { min: 5.0 - reach, max: 5.0 + reach }], "{clip} at {reach}");
        }
    }
    // Natron renders every frame that is asked for.
    set(&node, "use_mask", "false");
    let needed = node.frames_needed(5.0).unwrap();
    assert_eq!((needed["Source"].len(), &needed["Mask"]), (1, &vec![FrameRange { min: 5.0, max: 5.0 }]));
    let description = node.description();
    assert!(
        description.temporal
            && description.clip("Source").unwrap().temporal
            && description.clip("Mask").unwrap().temporal
    );
    assert!(!description.clip("Output").unwrap().temporal);
}

#[test]
fn at_the_ends_of_a_clip_and_at_its_gaps_the_frames_that_exist_are_used() {
    let host = harsh_host();
    let clip = Arc::new(Clip { gaps: vec![4.0, 6.0], ..Clip::new(grainy) });
    let node = node(&host, &clip, "2");
    for (time, looked_at) in [(1.0, vec![1.0, 2.0, 3.0]), (8.0, vec![6.0, 7.0, 8.0, 9.0]), (9.0, vec![7.0, 8.0, 9.0])] {
        at(&node, time);
        assert_eq!(clip.times(), looked_at, "at frame {time}");
    }
    set(&node, "temporal_smoothing", "1");
    let alone = at(&node, 5.0);
    set(&node, "temporal_smoothing", "0");
    assert_eq!(at(&node, 5.0), alone, "both frames beside it are gaps");
    set(&node, "temporal_smoothing", "2");
    assert_ne!(at(&node, 5.0), alone);
    assert_well_behaved(&host);
}

#[test]
fn a_damaged_frame_is_told_by_the_renders_that_look_at_it() {
    let host = harsh_host();
    let clip = Arc::new(Clip { damaged: vec![7.0], ..Clip::new(clean) });
    let node = node(&host, &clip, "2");
    at(&node, 4.0);
    let told = node.render(&RenderRequest::at(5.0)).unwrap_err().to_string();
    assert!(told.contains("frame.7.exr") && told.contains("damaged"), "{told}");
    set(&node, "temporal_smoothing", "1");
    at(&node, 5.0);
}

#[test]
fn frames_needed_stay_within_the_clip_because_natron_renders_them_all() {
    let host = harsh_host();
    let node = node(&host, &Arc::new(Clip::new(clean)), "2");
    for (time, min, max) in [(1.0, 1.0, 3.0), (8.0, 6.0, 9.0), (40.0, 38.0, 42.0)] {
        assert_eq!(node.frames_needed(time).unwrap()["Source"], [FrameRange { min, max }], "at frame {time}");
    }
}

#[test]
fn frames_whose_bounding_box_differs_as_in_nuke_are_used_where_it_covers_the_picture() {
    struct Growing(Arc<Clip>);
    impl Source for Growing {
        fn info(&self) -> ClipInfo {
            self.0.info()
        }
        fn region_of_definition(&self, time: f64) -> RectD {
            let bounds = if time == 5.0 { BOUNDS } else { RectI::new(time as i32, 0, 96, 64) };
            bounds.to_canonical(RenderScale::FULL, 1.0)
        }
        fn frame(&self, time: f64, scale: RenderScale, region: RectI) -> ofx_sdk::Result<HostImage> {
            self.0.frame(time, scale, region)?.cropped(region)
        }
    }
    let host = harsh_host();
    let clip = Arc::new(Clip::new(grainy));
    let plain = at(&node(&host, &clip, "0"), 5.0);
    let whole = at(&node(&host, &clip, "2"), 5.0);
    let node = node(&host, &clip, "2");
    node.connect("Source", Arc::new(Growing(clip))).unwrap();
    let smoothed = at(&node, 5.0);
    // Where all of them have pixels, and nothing comes from where one has none, they smooth as whole frames do.
    let apart = |other: &HostImage| {
        let inside = |i: &usize| (24..80).contains(&(i / 4 % 96));
        let pairs = smoothed.to_f32().into_iter().zip(other.to_f32()).enumerate().filter(|(i, _)| inside(i));
        pairs.map(|(_, (a, b))| (a - b).abs()).fold(0.0, f32::max)
    };
    assert!(apart(&plain) > 0.02 && apart(&whole) < 0.5 * apart(&plain), "{} {}", apart(&plain), apart(&whole));
    assert_eq!(at(&node, 8.0).bounds, RectI::new(8, 0, 96, 64));
    assert_well_behaved(&host);
}

#[test]
fn the_mask_is_that_of_each_frame() {
    let host = harsh_host();
    let node = node(&host, &Arc::new(Clip::new(grainy)), "2");
    let mask = Arc::new(Clip::new(|time, x, _| [0.0, 0.0, 0.0, if x < 40 + 2 * time as i32 { 1.0 } else { 0.0 }]));
    node.connect("Mask", mask.clone()).unwrap();
    let light = at(&node, 5.0);
    assert_eq!(mask.times(), [3.0, 4.0, 5.0, 6.0, 7.0]);
    assert_eq!(light.pixel(70, 30).unwrap(), [0.0, 0.0, 1.0, 1.0], "outside it everything is background");
    assert!(light.pixel(20, 30).unwrap()[2] < 0.5);
    assert_well_behaved(&host);
}

#[test]
fn proxies_fields_and_broken_pixels_are_smoothed_too() {
    let host = harsh_host();
    let broken: fn(f64, i32, i32) -> [f32; 4] = |time, x, y| match (x + 7 * y + time as i32) % 11 {
        0 => [f32::NAN, f32::INFINITY, -5.0, 1.0],
        1 => [1e30, f32::NEG_INFINITY, 0.5, f32::NAN],
        _ => grainy(time, x, y),
    };
    for pixel in [grainy, broken] {
        let node = node(&host, &Arc::new(Clip::new(pixel)), "4");
        let whole = at(&node, 5.0);
        assert!(whole.to_f32().iter().all(|v| v.is_finite()));
        let half =
            render(&node, &RenderRequest { scale: RenderScale::uniform(0.5), ..RenderRequest::at(5.0) }).unwrap();
        assert_eq!(half.bounds, RectI::new(0, 0, 48, 32));
        assert!(half.to_f32().iter().all(|v| v.is_finite()));
        for (field, parity) in [(Field::Lower, 0), (Field::Upper, 1)] {
            let lines = render(&node, &RenderRequest { field, ..RenderRequest::at(5.0) }).unwrap();
            assert!((0..64).filter(|y| y % 2 == parity).all(|y| lines.row(y) == whole.row(y)), "{field:?}");
        }
    }
    assert_well_behaved(&host);
}

#[test]
fn a_render_stops_between_frames_and_the_next_one_is_whole() {
    let host = harsh_host();
    let clip = Arc::new(Clip::new(grainy));
    let whole = at(&node(&host, &clip, "2"), 5.0);
    let mut stopped_early = 0;
    for polls in 0..40 {
        let node = node(&host, &clip, "2");
        node.purge_caches().unwrap();
        clip.times();
        let abort = node.abort_handle();
        abort.abort_at_poll(polls);
        let result = node.render(&RenderRequest::at(5.0));
        let done = result.is_ok();
        assert!(done || matches!(result, Err(Error::Aborted)), "{polls} polls: {result:?}");
        stopped_early += usize::from(!done && clip.times().len() < 5);
        abort.reset();
        assert!(at(&node, 5.0) == whole, "after {polls} polls");
    }
    assert!(stopped_early > 3, "{stopped_early}");
    assert_well_behaved(&host);
}

/// The official host support and Natron give no image once they abort, and say no more than that.
#[test]
fn an_image_that_an_aborting_host_withholds_is_no_missing_frame() {
    let (calls, refused) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(usize::MAX)));
    let abort = Arc::new(OnceLock::<AbortHandle>::new());
    let interceptor = {
        let (calls, refused, abort) = (calls.clone(), refused.clone(), abort.clone());
        move |call: &str| {
            let withhold =
                call == "clipGetImage" && calls.fetch_add(1, Ordering::SeqCst) == refused.load(Ordering::SeqCst);
            withhold.then(|| {
                abort.get().unwrap().abort();
                Status::FAILED
            })
        }
    };
    let host = host(HostOptions { interceptor: Some(Arc::new(interceptor)), ..HostOptions::default() });
    let node = node(&host, &Arc::new(Clip::new(grainy)), "1");
    abort.set(node.abort_handle()).ok().unwrap();
    let whole = at(&node, 5.0);
    let fetches = calls.load(Ordering::SeqCst);
    assert!(fetches >= 4, "Output, Source and the frames beside it: {fetches}");
    for fetch in 0..fetches {
        node.purge_caches().unwrap();
        calls.store(0, Ordering::SeqCst);
        refused.store(fetch, Ordering::SeqCst);
        let result = node.render(&RenderRequest::at(5.0));
        assert!(matches!(result, Err(Error::Aborted)), "fetch {fetch}: {result:?}");
        refused.store(usize::MAX, Ordering::SeqCst);
        node.abort_handle().reset();
        assert!(at(&node, 5.0) == whole, "after fetch {fetch}");
    }
    let told = host.messages();
    assert!(told.iter().all(|message| !message.text.contains("frame")), "{told:?}");
    assert_well_behaved(&host);
}

#[test]
fn the_filter_context_smooths_as_the_general_one_does() {
    let host = harsh_host();
    let clip = Arc::new(Clip::new(grainy));
    let general = at(&node(&host, &clip, "2"), 5.0);
    let filter = with_source(&host, Context::Filter, picture(BOUNDS, |_, _| [0.0; 4]));
    use_model(&filter, &fixture("tiny_tone.onnx"));
    filter.connect("Source", clip).unwrap();
    for (id, value) in [
        ("edge_refine_px", "0"),
        ("edge_softness_px", "0"),
        ("second_look", "false"),
        ("source_colorspace", "srgb"),
        ("output", "packed_light"),
        ("clip_black", "0"),
        ("clip_white", "1"),
        ("temporal_smoothing", "2"),
        ("working_size", "128"),
    ] {
        set(&filter, id, value);
    }
    assert_eq!(at(&filter, 5.0), general);
    assert_eq!(general.components, Components::Rgba);
    assert_well_behaved(&host);
}
