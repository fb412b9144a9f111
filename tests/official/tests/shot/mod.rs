//! One node in two hosts, HostSupport's and ours, with the same pictures and settings.

use super::stage::*;
use official_programs::{ForeignHost, Row, foreign_host};
use ofx_sdk::host::*;
use ofx_sdk::{Components, Context, FrameRange, Premultiplication, RectD, RectI, RenderScale, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// The size of the sample shot.
pub const WHOLE: RectI = RectI::new(0, 0, 640, 360);

/// The folder of the built bundle.
pub fn folder() -> &'static str {
    bundle().path().bundle.parent().unwrap().to_str().unwrap()
}

/// The library in it.
pub fn binary() -> &'static str {
    bundle().path().binary.to_str().unwrap()
}

/// HostSupport with our bundle loaded.
pub fn with_bundle() -> Option<ForeignHost> {
    let mut foreign = ForeignHost::start(foreign_host()?);
    foreign.must(&["load", folder()]);
    Some(foreign)
}

/// The pictures of a clip by frame, which may be replaced; it holds its first and last.
struct Frames(Mutex<BTreeMap<i32, HostImage>>);

impl Frames {
    fn at(&self, time: f64) -> HostImage {
        let frames = self.0.lock().unwrap();
        let before = frames.range(..=time as i32).next_back();
        before.or(frames.iter().next()).unwrap().1.clone()
    }
}

impl Source for Frames {
    fn info(&self) -> ClipInfo {
        let frames = self.0.lock().unwrap();
        let (first, last) = (frames.keys().next().unwrap(), frames.keys().next_back().unwrap());
        ClipInfo {
            premultiplication: Premultiplication::Opaque,
            frame_range: FrameRange { min: f64::from(*first), max: f64::from(*last) },
            ..ClipInfo::default()
        }
    }

    fn region_of_definition(&self, time: f64) -> RectD {
        self.at(time).bounds.to_canonical(RenderScale::FULL, 1.0)
    }

    fn frame(&self, time: f64, _scale: RenderScale, _region: RectI) -> Result<HostImage> {
        Ok(self.at(time))
    }
}

/// ToneSegment in both hosts.
pub struct Stand {
    pub foreign: ForeignHost,
    pub node: Instance,
    frames: Arc<Frames>,
    settings: Vec<Vec<String>>,
    files: tempfile::TempDir,
    // Dropped after its instance.
    host: OnlyHost,
}

impl Stand {
    /// With frames of the sample shot; `None` where HostSupport could not be built.
    pub fn new(frames: &[i32]) -> Option<Self> {
        let read = |frame: &i32| {
            let path = root().join(format!("models/sample/tone_orbit/frames/{frame:04}.png"));
            (*frame, read_png(&path))
        };
        Self::on(frames.iter().map(read).collect())
    }

    /// With pictures by frame.
    pub fn on(frames: Vec<(i32, HostImage)>) -> Option<Self> {
        let foreign = with_bundle()?;
        let host = harsh_host();
        let frames = Arc::new(Frames(Mutex::new(frames.into_iter().collect())));
        let node = tone_segment(&host).create(Context::General, project(&frames)).unwrap();
        node.connect("Source", Arc::clone(&frames) as Arc<dyn Source>).unwrap();
        let files = tempfile::tempdir().unwrap();
        let mut stand = Self { foreign, node, frames, settings: Vec::new(), files, host };
        stand.create_there();
        // Its default depends on the host's name.
        stand.set("source_colorspace", "srgb");
        Some(stand)
    }

    /// A new instance in HostSupport with the pictures and without the settings.
    pub fn create_there(&mut self) {
        let project = self.node.project();
        let numbers = [project.size[0], project.size[1], project.range.min, project.range.max].map(|v| v.to_string());
        let context = Context::General.ofx_name().to_str().unwrap();
        self.foreign.must(&["create", TONE_SEGMENT, context].with(&numbers.each_ref().map(String::as_str)));
        let frames = self.frames.0.lock().unwrap().clone();
        for (time, picture) in frames {
            self.hand_over("Source", time, &picture);
        }
    }

    fn hand_over(&mut self, clip: &str, time: i32, picture: &HostImage) {
        let file = self.file("frame");
        write_floats(Path::new(&file), &picture.to_f32());
        let opaque = Premultiplication::Opaque.ofx_name().to_str().unwrap();
        let words = with_rect("frame", &[clip, &time.to_string()], picture.bounds);
        self.foreign.must(&words.with(&[file.as_str(), opaque]));
    }

    /// Another picture at a time, in both hosts.
    pub fn replace(&mut self, time: i32, picture: HostImage) {
        self.hand_over("Source", time, &picture);
        self.frames.0.lock().unwrap().insert(time, picture);
    }

    /// One picture at every time of another clip, in both hosts.
    pub fn connect(&mut self, clip: &str, picture: &HostImage) {
        self.hand_over(clip, 1, picture);
        let still = StillSource::new(picture.clone(), self.node.project().range);
        self.node.connect(clip, Arc::new(still)).unwrap();
    }

    /// A path in a folder that goes with the test.
    pub fn file(&self, name: &str) -> String {
        self.files.path().join(name).to_str().unwrap().to_owned()
    }

    /// Sets a parameter in both hosts, from text as a person would write it.
    pub fn set(&mut self, id: &str, text: &str) {
        set(&self.node, id, text);
        self.tell(vec!["set".into(), id.into()], id, text);
    }

    /// Sets a key in both hosts.
    pub fn key(&mut self, id: &str, time: f64, text: &str) {
        let value = ParamValue::parse(&self.node.param(id).unwrap(), text).unwrap();
        self.node.set_at(id, time, &value).unwrap();
        self.tell(vec!["key".into(), id.into(), time.to_string()], id, text);
    }

    fn tell(&mut self, mut words: Vec<String>, id: &str, text: &str) {
        let value = ParamValue::parse(&self.node.param(id).unwrap(), text).unwrap();
        match &value {
            ParamValue::String(text) => words.push(text.clone()),
            numbers => {
                words.extend(numbers.doubles().iter().map(f64::to_string));
                words.extend(numbers.ints().iter().map(i32::to_string));
            }
        }
        self.foreign.must(&words);
        self.settings.push(words);
    }

    /// Sets everything again that was set so far, in HostSupport.
    pub fn repeat_settings(&mut self) {
        for words in self.settings.clone() {
            self.foreign.must(&words);
        }
    }

    /// The tiny analytic network, which needs no real picture.
    pub fn use_tiny_model(&mut self) {
        self.set("custom_model", fixture("tiny_tone.onnx").to_str().unwrap());
        self.set("model", "custom");
    }

    /// A part of a frame, rendered by our host.
    pub fn here(&self, time: f64, window: RectI) -> HostImage {
        render(&self.node, &RenderRequest { window: Some(window), ..RenderRequest::at(time) }).unwrap()
    }

    /// A part of some frames, rendered by HostSupport on as many threads at once.
    pub fn there(&mut self, times: &[f64], window: RectI) -> Vec<HostImage> {
        let files: Vec<String> = times.iter().map(|time| self.file(&format!("out{time}"))).collect();
        let mut words = with_rect("render", &[], window);
        for (time, file) in times.iter().zip(&files) {
            words.extend([time.to_string(), file.clone()]);
        }
        self.foreign.must(&words);
        let read = |file: &String| HostImage::from_f32(window, Components::Rgba, &read_floats(file)).unwrap();
        files.iter().map(read).collect()
    }

    /// Both hosts must render the same pixels.
    pub fn assert_same(&mut self, times: &[f64], window: RectI, what: &str) {
        let there = self.there(times, window);
        for (time, there) in times.iter().zip(there) {
            let here = self.here(*time, window);
            keep(&there, what, *time);
            let difference = largest_difference(&here, &there);
            assert!(difference <= super::TOLERANCE, "{what}, frame {time}: {difference}");
        }
    }

    /// Neither host saw anything wrong, and HostSupport's process ends well.
    pub fn finish(mut self) {
        let watched = self.foreign.must(&["watched"]);
        let violations: Vec<&Row> = watched.iter().filter(|row| row[0] == "violation").collect();
        assert!(violations.is_empty(), "{violations:?}");
        assert_well_behaved(&self.host);
        self.foreign.finish();
    }
}

fn project(frames: &Frames) -> Project {
    let (info, bounds) = (frames.info(), frames.at(0.0).bounds);
    Project::new(bounds.width() as f64, bounds.height() as f64, info.frame_range)
}

fn read_png(path: &Path) -> HostImage {
    let file = image::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).into_rgb32f();
    let (width, height) = file.dimensions();
    frame(width as i32, height as i32, |x, y| {
        let [r, g, b] = file.get_pixel(x as u32, height - 1 - y as u32).0;
        [r, g, b, 1.0]
    })
}

fn write_floats(path: &Path, values: &[f32]) {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_ne_bytes()).collect();
    std::fs::write(path, bytes).unwrap();
}

fn read_floats(path: &str) -> Vec<f32> {
    let bytes = std::fs::read(path).unwrap();
    bytes.chunks_exact(4).map(|four| f32::from_ne_bytes(four.try_into().unwrap())).collect()
}

/// For a person who wants to look: what HostSupport rendered, as PNG files in the folder that ROTOCEL_KEEP names.
fn keep(picture: &HostImage, what: &str, time: f64) {
    let Some(folder) = std::env::var_os("ROTOCEL_KEEP").map(PathBuf::from) else { return };
    let (width, height) = (picture.bounds.width() as u32, picture.bounds.height() as u32);
    let values = picture.to_f32();
    let png = image::RgbaImage::from_fn(width, height, |x, y| {
        let at = ((height - 1 - y) * width + x) as usize * 4;
        image::Rgba(std::array::from_fn(|c| (values[at + c].clamp(0.0, 1.0) * 255.0).round() as u8))
    });
    png.save(folder.join(format!("{}_{time}.png", what.replace(' ', "_")))).unwrap();
}

/// Words of a command, and more of them.
pub trait With {
    fn with(&self, more: &[&str]) -> Vec<String>;
}

impl<S: AsRef<str>> With for [S] {
    fn with(&self, more: &[&str]) -> Vec<String> {
        self.iter().map(AsRef::as_ref).chain(more.iter().copied()).map(str::to_owned).collect()
    }
}

/// A command, words, and the corners of a rectangle.
pub fn with_rect(command: &str, words: &[&str], rect: RectI) -> Vec<String> {
    let corners = [rect.x1, rect.y1, rect.x2, rect.y2].map(|corner| corner.to_string());
    [command].with(words).with(&corners.each_ref().map(String::as_str))
}

pub fn number(word: &str) -> f64 {
    word.parse().unwrap_or_else(|error| panic!("{word}: {error}"))
}

pub fn rect_of(row: &Row) -> RectD {
    let [x1, y1, x2, y2] = [1, 2, 3, 4].map(|n| number(&row[n]));
    RectD { x1, y1, x2, y2 }
}

/// One way to write a number.
fn plain(value: &str) -> String {
    value.parse().map_or_else(|_| value.to_owned(), |number: f64| number.to_string())
}

/// What a node says of itself: each property of each object that both hosts can tell.
type Described = BTreeMap<String, Vec<String>>;

/// As HostSupport heard it.
pub fn described(rows: &[Row]) -> Described {
    let mut all = Described::new();
    for row in rows {
        all.entry(format!("{} {}", row[0], row[1])).or_default().extend(row[2..].iter().map(|value| plain(value)));
    }
    all.remove(" context");
    all
}

/// As our own host heard it, of the same objects and properties.
pub fn described_here(description: &Description) -> Described {
    let mut all = Described::new();
    let mut add = |object: &str, properties: &[PropertySnapshot], names: &[&str]| {
        for name in names {
            let values = properties.iter().find(|p| p.name == *name).map(|p| p.values.as_slice()).unwrap_or_default();
            all.insert(format!("{object} {name}"), values.iter().map(|value| plain(value)).collect());
        }
    };
    // Not pixel depths, of which a node names those that its host knows; and not clip labels, which are the clip's name by
    // default here, as the standard has it, and empty in HostSupport.
    add("", &description.properties, &["OfxPropLabel", "OfxImageEffectPluginPropGrouping"]);
    for clip in &description.clips {
        let names = ["OfxImageClipPropOptional", "OfxImageEffectPropSupportedComponents"];
        add(&format!("clip {}", clip.name), &clip.properties, &names);
    }
    for param in &description.params {
        let names = [
            "OfxParamPropType",
            "OfxPropLabel",
            "OfxParamPropHint",
            "OfxParamPropParent",
            "OfxParamPropSecret",
            "OfxParamPropAnimates",
            "OfxParamPropDefault",
            "OfxParamPropChoiceOption",
        ];
        add(&format!("param {}", param.id), &param.properties, &names);
    }
    all
}

/// Where two descriptions differ.
pub fn differences(there: &Described, here: &Described) -> Vec<String> {
    let names: std::collections::BTreeSet<_> = there.keys().chain(here.keys()).collect();
    let differs = |name: &&&String| there.get(**name) != here.get(**name);
    let tell = |name: &String| format!("{name}: {:?} in HostSupport, {:?} here", there.get(name), here.get(name));
    names.iter().filter(differs).map(|name| tell(name)).collect()
}
