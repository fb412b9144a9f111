//! The built bundle on a stage: found, loaded in our host, fed with pictures.
#![allow(dead_code)] // each test file uses a part of it

use ofx_sdk::host::*;
use ofx_sdk::{Components, Context, Depth, Error, FrameRange, Premultiplication, RectI, Result};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::SystemTime;

/// The identifier of the node under test.
pub const TONE_SEGMENT: &str = "org.rotocel.ToneSegment";

/// The identifier of the node of landmarks and shapes.
pub const FEATURE_DETECT: &str = "org.rotocel.FeatureDetect";

/// The tones in the order of their numbers.
pub const CLASSES: [&str; 5] = ["background", "highlight", "material", "diffuse_shadow", "cast_shadow"];

/// The repository, from whichever of its packages the test is.
pub fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().find(|folder| folder.join("Cargo.lock").is_file()).unwrap_or(package)
}

/// The folder that holds the bundle: ROTOCEL_BUNDLE, or where `cargo xtask bundle` puts it.
pub fn bundle_folder() -> PathBuf {
    std::env::var_os("ROTOCEL_BUNDLE").map_or_else(|| root().join("target/bundle"), PathBuf::from)
}

/// The built bundle. Fails when it is older than what it is built from, so that no test passes on yesterday's code.
pub fn bundle() -> &'static Bundle {
    static BUNDLE: OnceLock<Bundle> = OnceLock::new();
    BUNDLE.get_or_init(|| {
        let folder = bundle_folder();
        let found = Bundle::search([&folder]).into_iter().find(|b| b.binary.starts_with(&folder));
        let path = found.unwrap_or_else(|| panic!("no bundle in {}: run `cargo xtask bundle`", folder.display()));
        let sources = [
            "build.rs",
            "src",
            "ofx-sdk/src",
            "ofx-sdk/src/plugin",
            "crates/imaging/src",
            "crates/roto/src",
            "crates/inference/src",
            "models/manifest.toml",
        ];
        assert_current(&path.binary, sources.map(|source| root().join(source)), "cargo xtask bundle");
        Bundle::open(&path.bundle).unwrap()
    })
}

/// Fails where `built` is older than one of its sources, files or folders, or where one is gone; `command` builds it anew.
pub fn assert_current(built: &Path, sources: impl IntoIterator<Item = PathBuf>, command: &str) {
    let time = modified(built);
    for source in sources {
        assert!(
            source.exists(),
            "{} was built from {}, which is gone: run `{command}`",
            built.display(),
            source.display()
        );
        let newest = newest_below(&source);
        assert!(time >= newest.0, "{} is older than {}: run `{command}`", built.display(), newest.1.display());
    }
}

fn modified(path: &Path) -> SystemTime {
    std::fs::metadata(path).and_then(|m| m.modified()).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The newest file at a path that a program is built from. Modules that only tests have are not, nor is the side of the SDK
/// that the program does not use, which has to be named for itself.
fn newest_below(path: &Path) -> (SystemTime, PathBuf) {
    if !path.is_dir() {
        return (modified(path), path.to_owned());
    }
    let files = files_below(path);
    let sides = if path.ends_with("ofx-sdk/src") { &["host", "plugin"][..] } else { &[] };
    let mut left_out: Vec<String> = sides.iter().map(|side| (*side).to_owned()).collect();
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "rs")) {
        let text = std::fs::read_to_string(file).unwrap();
        let lines: Vec<_> = text.lines().map(str::trim).collect();
        let only_tests = lines.windows(2).filter(|pair| pair[0].starts_with("#[cfg(") && pair[0].contains("test"));
        left_out.extend(only_tests.filter_map(|pair| module(pair[1])));
    }
    let is_built = |file: &&PathBuf| {
        let within = file.strip_prefix(path).unwrap().with_extension("");
        !within.iter().any(|part| left_out.iter().any(|name| part == name.as_str()))
    };
    let snapshot = |file: &&PathBuf| file.extension().is_some_and(|extension| extension == "snap");
    let built = files.iter().filter(is_built).filter(|file| !snapshot(file));
    built.map(|file| (modified(file), file.clone())).max().unwrap_or((SystemTime::UNIX_EPOCH, path.to_owned()))
}

/// The name of a module in a file of its own that a line declares.
fn module(line: &str) -> Option<String> {
    let name = line.strip_suffix(';')?.split_once("mod ")?.1;
    Some(name.to_owned())
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// A host that has the process for itself while it lives, as every real one has.
pub struct OnlyHost {
    host: Host,
    _alone: MutexGuard<'static, ()>,
}

impl Deref for OnlyHost {
    type Target = Host;

    fn deref(&self) -> &Host {
        &self.host
    }
}

/// A host. Waits until no other one lives, so drop the first before the second.
pub fn host(options: HostOptions) -> OnlyHost {
    static ALONE: Mutex<()> = Mutex::new(());
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    OnlyHost { host: Host::new(options), _alone: alone }
}

/// A host that lays images out in the way that careless plug-ins trip over.
pub fn harsh_host() -> OnlyHost {
    host(HostOptions { layout: ImageLayout::HARSH, ..HostOptions::default() })
}

/// ToneSegment, loaded in `host`.
pub fn tone_segment(host: &Host) -> Plugin {
    host.load(bundle(), TONE_SEGMENT).unwrap()
}

/// FeatureDetect, loaded in `host`.
pub fn feature_detect(host: &Host) -> Plugin {
    host.load(bundle(), FEATURE_DETECT).unwrap()
}

/// A node with Source connected, running the tiny analytic network of the fixtures; what else is set makes its mattes a
/// function of one pixel alone.
pub fn pointwise(host: &Host, source: HostImage) -> Instance {
    let instance = with_source(host, Context::General, source);
    use_model(&instance, &fixture("tiny_tone.onnx"));
    set(&instance, "edge_refine_px", "0");
    set(&instance, "edge_softness_px", "0");
    set(&instance, "second_look", "false");
    set(&instance, "source_colorspace", "srgb");
    instance
}

/// A node with Source connected, all else as the artist finds it.
pub fn with_source(host: &Host, context: Context, source: HostImage) -> Instance {
    let size = source.bounds;
    let range = FrameRange { min: 1.0, max: 10.0 };
    let project = Project::new(f64::from(size.x2), f64::from(size.y2), range);
    let instance = tone_segment(host).create(context, project).unwrap();
    instance.connect("Source", Arc::new(StillSource::new(source, range))).unwrap();
    instance
}

/// A file of models/fixtures.
pub fn fixture(name: &str) -> PathBuf {
    root().join("models/fixtures").join(name)
}

/// Makes a node run an ONNX file of its own.
pub fn use_model(instance: &Instance, path: &Path) {
    instance.set("custom_model", &ParamValue::String(path.to_str().unwrap().to_owned())).unwrap();
    set(instance, "model", "custom");
}

/// Sets a parameter from text, as a person would write it.
pub fn set(instance: &Instance, id: &str, text: &str) {
    let param = instance.description().param(id).unwrap_or_else(|| panic!("no parameter {id}"));
    instance.set(id, &ParamValue::parse(param, text).unwrap()).unwrap();
}

/// The output at frame 1, every pixel as red, green, blue, alpha.
pub fn render(instance: &Instance, request: &RenderRequest) -> Result<HostImage> {
    let mut images = instance.render(request)?;
    assert_eq!(images.len(), 1, "one plane was asked for");
    Ok(images.remove(0).1)
}

/// The whole output at frame 1, as it is on `output`.
pub fn output(instance: &Instance, output: &str) -> HostImage {
    set(instance, "output", output);
    render(instance, &RenderRequest::at(1.0)).unwrap()
}

/// The message of a render that must fail.
pub fn failure(instance: &Instance) -> String {
    match instance.render(&RenderRequest::at(1.0)) {
        Err(Error::Aborted) => panic!("aborted, not failed"),
        Err(error) => error.to_string(),
        Ok(_) => panic!("the render went well"),
    }
}

/// Fails where the host saw the plug-in do anything wrong.
pub fn assert_well_behaved(host: &Host) {
    let violations = host.violations();
    assert!(violations.is_empty(), "{violations:#?}");
}

/// A float RGBA picture from a function of column and row, row 0 lowest.
pub fn picture(bounds: RectI, pixel: impl Fn(i32, i32) -> [f32; 4]) -> HostImage {
    let rows = bounds.y1..bounds.y2;
    let values: Vec<f32> =
        rows.flat_map(|y| (bounds.x1..bounds.x2).map(move |x| (x, y))).flat_map(|(x, y)| pixel(x, y)).collect();
    let mut image = HostImage::from_f32(bounds, Components::Rgba, &values).unwrap();
    image.premultiplication = Premultiplication::Opaque;
    image
}

/// A picture of the given size with its origin at zero.
pub fn frame(width: i32, height: i32, pixel: impl Fn(i32, i32) -> [f32; 4]) -> HostImage {
    picture(RectI::new(0, 0, width, height), pixel)
}

/// A grey of display value `v`.
pub fn grey(v: f32) -> [f32; 4] {
    [v, v, v, 1.0]
}

/// A smooth picture with every tone of the tiny network in it, and a hard-edged disk.
pub fn scenery(x: i32, y: i32) -> [f32; 4] {
    let (x, y) = (x as f32, y as f32);
    let value = 0.5 + 0.5 * (x * 0.021 + 0.7 * (y * 0.033).sin()).sin();
    let value = if (x - 60.0).hypot(y - 40.0) < 25.0 { 1.0 - value } else { value };
    [value, (value * 0.9 + 0.05).min(1.0), value * 0.8, 1.0]
}

/// Largest difference between two pictures of one size, over all components.
pub fn largest_difference(a: &HostImage, b: &HostImage) -> f32 {
    assert_eq!(a.bounds, b.bounds);
    a.to_f32().iter().zip(b.to_f32()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// The picture at another depth.
pub fn at_depth(image: &HostImage, depth: Depth) -> HostImage {
    image.converted(image.components, depth).unwrap()
}
