//! Load: thousands of instances and frames in one process, watched for what grows.
//!
//! The ordinary run is short; `cargo xtask soak` sets ROTOCEL_LOAD to 10,000, or ROTOCEL_LOAD_MINUTES to go on for a
//! time instead. ROTOCEL_SEED repeats a run.

mod stage;

use ofx_sdk::host::{HostOptions, Instance, Plugin, Project, RenderRequest, StillSource};
use ofx_sdk::{Context, FrameRange, RectI, RenderScale};
use stage::*;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

const RANGE: FrameRange = FrameRange { min: 1.0, max: 10.0 };

/// Growth of the resident size, over the second half of a run, that allocators make by themselves.
const RESIDENT_SLACK: u64 = 12 << 20;

/// A number from the environment.
fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is {text}, which is no number")))
}

/// How far a run has come, from 0 to 1: of its number of instances or frames, or of its time.
fn share(done: u64, start: Instant) -> f64 {
    match number("ROTOCEL_LOAD_MINUTES") {
        Some(minutes) => start.elapsed().as_secs_f64() / (60.0 * minutes as f64),
        None => done as f64 / number("ROTOCEL_LOAD").unwrap_or(400) as f64,
    }
}

/// A generator whose seed is printed.
struct Random(u64);

impl Random {
    fn new() -> Self {
        let seed = number("ROTOCEL_SEED").unwrap_or(1);
        println!("ROTOCEL_SEED={seed}");
        Self(seed)
    }

    /// Below `end`. Vigna's splitmix64.
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }

    fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

/// What the system says of this process.
#[derive(Clone, Copy, Debug, Default)]
struct Footprint {
    resident: u64,
    threads: u64,
    files: u64,
}

impl Footprint {
    fn now() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let number = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key));
            line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0)
        };
        let files = std::fs::read_dir("/proc/self/fd").map_or(0, |files| files.count() as u64);
        Self { resident: number("VmRSS:") * 1024, threads: number("Threads:"), files }
    }

    /// The larger of both, number by number.
    fn max(self, other: Self) -> Self {
        Self {
            resident: self.resident.max(other.resident),
            threads: self.threads.max(other.threads),
            files: self.files.max(other.files),
        }
    }
}

impl fmt::Display for Footprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let resident = self.resident as f64 / (1 << 20) as f64;
        write!(f, "{resident:8.1} MiB, {:3} threads, {:3} files", self.threads, self.files)
    }
}

/// Does `step` until the run is over, prints the largest footprint of every tenth, and fails on growth. The largest, because
/// what caches hold goes up and down: a look now and then finds either.
fn watch(what: &str, mut step: impl FnMut(usize)) {
    let start = Instant::now();
    let mut footprints = Vec::new();
    let mut largest = Footprint::default();
    for done in 1.. {
        step(done - 1);
        largest = largest.max(Footprint::now());
        let share = share(done as u64, start);
        if share * 10.0 >= (footprints.len() + 1) as f64 {
            println!("{done:7} {what}: {largest}");
            footprints.push(std::mem::take(&mut largest));
        }
        if share >= 1.0 {
            break;
        }
    }
    assert_no_growth(what, &footprints);
}

/// Compares the middle of a run with its end: what is opened once and kept has been opened by then.
fn assert_no_growth(what: &str, footprints: &[Footprint]) {
    if footprints.iter().all(|footprint| footprint.resident == 0) {
        eprintln!("SKIPPED: this system does not tell the resident size the way Linux does");
        return;
    }
    let half = footprints.len() / 2;
    let most = |range: &[Footprint], of: fn(&Footprint) -> u64| range.iter().map(of).max().unwrap_or(0);
    let (middle, last) = (&footprints[half - half / 2..=half], &footprints[half + 1..]);
    let grown = |of: fn(&Footprint) -> u64| most(last, of).saturating_sub(most(middle, of));
    assert!(grown(|f| f.resident) <= RESIDENT_SLACK, "{what} grow in memory: {footprints:?}");
    // A thread that has just been told to end may still be counted.
    assert!(grown(|f| f.threads) <= 2, "{what} leave threads: {footprints:?}");
    assert!(grown(|f| f.files) <= 1, "{what} leave files open: {footprints:?}");
}

fn instance(plugin: &Plugin, size: (i32, i32), tag: f32) -> Instance {
    let instance = plugin.create(Context::General, Project::new(f64::from(size.0), f64::from(size.1), RANGE)).unwrap();
    connect(&instance, size, tag);
    use_model(&instance, &fixture("tiny_tone.onnx"));
    instance
}

/// Another picture for each size and tag.
fn connect(instance: &Instance, (width, height): (i32, i32), tag: f32) {
    let source = frame(width, height, |x, y| scenery(x, y).map(|v| (v + tag).fract()));
    instance.connect("Source", Arc::new(StillSource::new(source, RANGE))).unwrap();
}

#[test]
fn instances_come_and_go_without_growth() {
    let host = host(HostOptions::default());
    let plugin = tone_segment(&host);
    let mut random = Random::new();
    // Some always live, so that sessions stay open as they do in a project.
    let mut alive: Vec<Instance> = Vec::new();
    watch("instances", |nth| {
        let instance = instance(&plugin, (32, 24), 0.0);
        if random.below(8) == 0 {
            set(&instance, "edge_softness_px", &random.below(4).to_string());
            instance.render(&RenderRequest::at(1.0)).unwrap();
        }
        alive.push(instance);
        if alive.len() > 6 {
            alive.swap_remove(nth % alive.len());
        }
    });
    drop(alive);
    assert_well_behaved(&host);
}

#[test]
fn frames_of_many_sizes_and_settings_render_without_growth() {
    let host = host(HostOptions::default());
    let plugin = tone_segment(&host);
    let mut random = Random::new();
    let instances: Vec<Instance> = (0..3).map(|_| instance(&plugin, (64, 48), 0.0)).collect();
    watch("frames", |nth| {
        let node = &instances[random.below(instances.len())];
        let (width, height) = (8 + random.below(160) as i32, 8 + random.below(120) as i32);
        connect(node, (width, height), random.below(1000) as f32 / 1000.0);
        set(node, "output", random.pick(&["flat", "matte", "cutout", "index", "confidence", "packed_light"]));
        set(node, "working_size", random.pick(&["128", "144"]));
        set(node, "edge_softness_px", random.pick(&["0", "1", "7.5"]));
        set(node, "edge_refine_px", random.pick(&["0", "3", "20"]));
        let scale = random.pick(&[1.0, 0.5, 0.25]);
        let tile = random.pick(&[None, Some(33)]);
        let request = RenderRequest { tile, scale: RenderScale { x: scale, y: scale }, ..RenderRequest::at(1.0) };
        if nth % 4 == 0 {
            // Two frames at once, as hosts render them.
            let other = &instances[random.below(instances.len())];
            std::thread::scope(|scope| {
                scope.spawn(|| other.render(&RenderRequest::at(2.0)).unwrap());
                node.render(&request).unwrap();
            });
        } else {
            node.render(&request).unwrap();
        }
        if nth % 97 == 0 {
            node.purge_caches().unwrap();
        }
    });
    assert_well_behaved(&host);
}

#[test]
fn a_purge_gives_the_memory_of_sessions_back_and_the_next_frame_is_the_same() {
    let host = host(HostOptions::default());
    let node = with_source(&host, Context::General, frame(512, 288, scenery));
    set(&node, "model", "tone_fast");
    let first = output(&node, "flat");
    let full = Footprint::now();
    node.purge_caches().unwrap();
    let purged = Footprint::now();
    println!("with a session {full}, purged {purged}");
    assert_eq!(output(&node, "flat").to_f32(), first.to_f32());
    if full.resident == 0 {
        eprintln!("SKIPPED: this system does not tell the resident size the way Linux does");
        return;
    }
    // The weights alone are 12 MB; the memory that a run takes is some times that.
    assert!(purged.resident + (30 << 20) < full.resident, "with a session {full}, purged {purged}");
    assert!(purged.threads < full.threads, "the session's threads end: {full}, {purged}");
}

#[test]
fn bits_depend_on_neither_threads_nor_tiles_nor_the_order_of_frames_nor_on_runs_before() {
    let sizes = [(64, 36), (97, 61), (128, 72)];
    let picture = |threads: usize, tile: Option<u32>, order: &[usize]| {
        let host = host(HostOptions { threads, ..HostOptions::default() });
        let node = with_source(&host, Context::General, frame(8, 8, scenery));
        set(&node, "model", "tone_fast");
        set(&node, "output", "flat");
        let mut pictures = vec![Vec::new(); sizes.len()];
        for &nth in order {
            connect(&node, sizes[nth], nth as f32 / 7.0);
            pictures[nth] = render(&node, &RenderRequest { tile, ..RenderRequest::at(1.0) }).unwrap().to_f32();
        }
        pictures
    };
    let reference = picture(1, None, &[0, 1, 2]);
    assert_ne!(reference[0], reference[1]);
    for (threads, tile, order) in [
        (1, None, vec![0, 1, 2]),
        (2, None, vec![2, 1, 0]),
        (4, Some(29), vec![1, 0, 2, 1, 0]),
        (0, Some(7), vec![2, 0, 1, 2]),
    ] {
        assert!(picture(threads, tile, &order) == reference, "{threads} threads, tiles of {tile:?}, frames {order:?}");
    }
    let bounds = RectI::new(0, 0, 64, 36);
    assert_eq!(reference[0].len(), bounds.width() * bounds.height() * 4);
}
