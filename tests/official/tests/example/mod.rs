//! Official example plug-ins in our host, each in a process of its own, so that a crash names its example.

use super::stage::{at_depth, frame, set};
use official_programs::example;
use ofx_sdk::host::*;
use ofx_sdk::{Context, Depth, FrameRange, RectI};
use std::process::Command;
use std::sync::Arc;

/// Which test a process was started for.
const ALONE: &str = "OFFICIAL_EXAMPLE_TEST";

/// The size of the pictures that examples are given.
pub const BOUNDS: RectI = RectI::new(0, 0, 40, 30);

/// Frames of every clip.
const RANGE: FrameRange = FrameRange { min: 1.0, max: 10.0 };

/// Runs the body of the test `name` in a process and a folder of its own: some examples write log files.
pub fn alone(name: &str, body: impl FnOnce()) {
    if std::env::var(ALONE).is_ok_and(|wanted| wanted == name) {
        return body();
    }
    // Said here, because what that process says is shown only when it fails.
    if official_programs::examples().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([name, "--exact", "--nocapture"]).env(ALONE, name).current_dir(folder.path());
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the process of {name} ended with {}:\n{told}", output.status);
    assert!(told.contains("1 passed"), "there is no test {name}");
}

/// A picture in which every pixel is another.
pub fn chart() -> HostImage {
    frame(BOUNDS.x2, BOUNDS.y2, |x, y| [x as f32 / 40.0, y as f32 / 30.0, 0.25, 1.0])
}

/// An example in a host that lays images out as careless plug-ins trip over.
pub struct Example {
    pub host: Host,
    pub plugin: Plugin,
}

impl Example {
    /// Loads the only plug-in of an example; `None` where it could not be built.
    pub fn load(name: &str) -> Option<Self> {
        let bundle = Bundle::open(example(name)?).unwrap();
        let host = Host::new(HostOptions { layout: ImageLayout::HARSH, ..HostOptions::default() });
        let plugins = host.plugins(&bundle);
        assert_eq!(plugins.len(), 1, "{plugins:?}");
        let plugin = host.load(&bundle, &plugins[0].identifier).unwrap();
        Some(Self { host, plugin })
    }

    /// An instance in a project of the size of the pictures, without any.
    pub fn empty(&self, context: Context) -> Instance {
        let project = Project::new(f64::from(BOUNDS.x2), f64::from(BOUNDS.y2), RANGE);
        self.plugin.create(context, project).unwrap()
    }

    /// An instance with a picture at every required input.
    pub fn create(&self, context: Context, picture: &HostImage) -> Instance {
        let instance = self.empty(context);
        for clip in instance.description().clips.iter().filter(|clip| clip.name != "Output" && !clip.optional) {
            connect(&instance, &clip.name, picture.clone());
        }
        instance
    }

    /// Renders the chart at every depth, whole and in tiles, with these settings, and holds every pixel against what the
    /// example promises to make of the source's pixel there.
    pub fn assert_makes(
        &self,
        context: Context,
        settings: &[(&str, &str)],
        promise: impl Fn(i32, i32, [f32; 4]) -> [f32; 4],
    ) {
        for &depth in &self.plugin.description(context).unwrap().depths {
            let source = at_depth(&chart(), depth);
            let node = self.create(context, &source);
            settings.iter().for_each(|(id, value)| set(&node, id, value));
            let whole = render(&node, &RenderRequest::at(2.0));
            assert_eq!((whole.bounds, whole.depth), (BOUNDS, depth));
            assert_pixels(&whole, tolerance(depth), |x, y| promise(x, y, pixel(&source, x, y)));
            for tile in [7, 16] {
                let tiled = render(&node, &RenderRequest { tile: Some(tile), ..RenderRequest::at(2.0) });
                assert!(tiled == whole, "{context:?} {depth:?}: tiles of {tile} make another picture");
            }
        }
    }

    /// Drops everything, and returns what the host saw the example do wrong, each kind of it once.
    pub fn violations(self) -> Vec<String> {
        let Self { host, plugin } = self;
        drop(plugin);
        let told = |violation: Violation| format!("{} in {}: {}", violation.kind, violation.action, violation.detail);
        let mut violations: Vec<_> = host.take_violations().into_iter().map(told).collect();
        violations.sort();
        violations.dedup();
        violations
    }

    /// The host saw it do nothing wrong, from load to unload.
    pub fn assert_well_behaved(self) {
        assert_eq!(self.violations(), [""; 0]);
    }
}

/// Connects a picture to an input.
pub fn connect(node: &Instance, clip: &str, picture: HostImage) {
    node.connect(clip, Arc::new(StillSource::new(picture, RANGE))).unwrap();
}

/// One frame.
pub fn render(node: &Instance, request: &RenderRequest) -> HostImage {
    node.render(request).unwrap_or_else(|error| panic!("{request:?}: {error}")).remove(0).1
}

/// One pixel as red, green, blue, alpha.
pub fn pixel(image: &HostImage, x: i32, y: i32) -> [f32; 4] {
    image.pixel(x, y).unwrap_or_else(|| panic!("no pixel at {x}, {y}")).try_into().unwrap()
}

/// Holds every pixel of a picture against what it should be.
pub fn assert_pixels(image: &HostImage, tolerance: f32, expected: impl Fn(i32, i32) -> [f32; 4]) {
    let bounds = image.bounds;
    for (x, y) in (bounds.y1..bounds.y2).flat_map(|y| (bounds.x1..bounds.x2).map(move |x| (x, y))) {
        let (found, wanted) = (pixel(image, x, y), expected(x, y));
        let close = found.iter().zip(wanted).all(|(a, b)| (a - b).abs() <= tolerance);
        assert!(close, "{found:?} at {x}, {y} in {:?}; {wanted:?} was promised", image.depth);
    }
}

/// Examples truncate to whole steps, several times on the way.
fn tolerance(depth: Depth) -> f32 {
    match depth {
        Depth::Byte => 2.0 / 255.0,
        Depth::Short => 2.0 / 65535.0,
        Depth::Half => 1e-3,
        Depth::Float => 1e-6,
    }
}
