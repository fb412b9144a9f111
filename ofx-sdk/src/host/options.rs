//! How a host presents itself, and how it hands over images.

use super::{hostile::Mischief, message::Observer};
use crate::{Context, Status};
use std::{fmt, sync::Arc};

/// Looks at every call of a suite function before it runs; an answer is returned instead of running it. For tests of
/// plug-ins in hosts that misbehave. Called on the plug-in's thread, without any lock held; it may call the host.
pub type Interceptor = Arc<dyn Fn(&str) -> Option<Status> + Send + Sync>;

/// What a host offers, and how it says so to plug-ins.
#[derive(Clone)]
pub struct HostOptions {
    /// The host's identifier, by which plug-ins tell hosts apart.
    pub name: String,
    /// The host's name for people.
    pub label: String,
    /// Its version.
    pub version: Vec<i32>,
    /// The version of OpenFX that it claims.
    pub api_version: Vec<i32>,
    /// Whether it only renders and shows nothing.
    pub background: bool,
    /// Contexts that it offers.
    pub contexts: Vec<Context>,
    /// Whether it offers planes besides color, by the extension of Nuke and Natron.
    pub multi_plane: bool,
    /// Whether strings can have keys.
    pub animated_strings: bool,
    /// Whether a plug-in is given its texts with commands and variables of TCL replaced, as in Nuke: what stands in brackets, and what
    /// follows a `$`, becomes what it stands for (here nothing), and a backslash is taken away.
    pub substitutes_tcl: bool,
    /// Whether images come in parts.
    pub tiles: bool,
    /// Whether plug-ins may read other frames than the one rendered.
    pub temporal: bool,
    /// Whether clips may differ in depth.
    pub multiple_depths: bool,
    /// Whether clips may differ in pixel aspect.
    pub multiple_pixel_aspects: bool,
    /// Whether it offers overlays (their properties, and the interact suite).
    pub overlays: bool,
    /// Whether overlays are drawn through the DrawSuite of OpenFX 1.5; else a plug-in draws with OpenGL.
    pub draw_suite: bool,
    /// The newest version of the message suite: 0 for none, 1 or 2.
    pub message_suite: i32,
    /// The newest version of the progress suite: 0 for none, 1 or 2.
    pub progress_suite: i32,
    /// Whether there is a timeline suite.
    pub timeline: bool,
    /// How many threads the multithread suite runs; 0 leaves the suite out.
    pub threads: usize,
    /// How images are laid out in memory.
    pub layout: ImageLayout,
    /// Who watches.
    pub observer: Option<Arc<dyn Observer>>,
    /// Suites that this host lacks, by name and version, though its other options offer them.
    pub without_suites: Vec<(String, i32)>,
    /// Properties that every object of this host lacks.
    pub without_properties: Vec<String>,
    /// Looks at every call before it runs.
    pub interceptor: Option<Interceptor>,
    /// Lies to plug-ins, for tests of them.
    pub mischief: Option<Arc<dyn Mischief>>,
}

impl Default for HostOptions {
    /// A background host with everything that this library has, on all processors.
    fn default() -> Self {
        Self {
            name: "org.rotocel.host".into(),
            label: "Rotocel host library".into(),
            version: vec![0, 1, 0],
            api_version: vec![1, 4],
            background: true,
            contexts: Context::ALL.to_vec(),
            multi_plane: true,
            animated_strings: false,
            substitutes_tcl: false,
            tiles: true,
            temporal: true,
            multiple_depths: true,
            multiple_pixel_aspects: true,
            overlays: false,
            draw_suite: false,
            message_suite: 2,
            progress_suite: 2,
            timeline: true,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            layout: ImageLayout::default(),
            observer: None,
            without_suites: Vec::new(),
            without_properties: Vec::new(),
            interceptor: None,
            mischief: None,
        }
    }
}

impl fmt::Debug for HostOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostOptions")
            .field("name", &self.name)
            .field("version", &self.version)
            .field("api_version", &self.api_version)
            .field("layout", &self.layout)
            .finish_non_exhaustive()
    }
}

/// How the images that plug-ins get lie in memory. The default is the plain layout of an ordinary host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImageLayout {
    /// Highest row first, so that row bytes are negative.
    pub negative_rows: bool,
    /// Unused bytes after each row; rounded up to whole components.
    pub row_padding: usize,
    /// Known bytes before, between and after the rows are compared after each action, and inputs with their original.
    pub canaries: bool,
    /// The output starts as NaN (float and half) or 0xA5 (integers) instead of zero, so that what is not rendered shows.
    pub poison_output: bool,
    /// Inputs and outputs always cover the whole region of definition, though tiles are rendered.
    pub whole_images: bool,
}

impl ImageLayout {
    /// Everything that a careless plug-in trips over: for tests.
    pub const HARSH: Self =
        Self { negative_rows: true, row_padding: 48, canaries: true, poison_output: true, whole_images: false };
}
