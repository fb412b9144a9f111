//! The three networks behind the node: landmarks, shapes, finder; and the topology that they share.

use super::NODE;
use super::face::{LANDMARK_CHANNELS, Picture, Seen, read_landmarks};
use super::locate::{Eyes, FINDER_CHANNELS, Look};
use super::mirrored::both_ways;
use super::settings::AnalysisSettings;
use super::shape_model::{self, VERTEX_CHANNELS};
use crate::nodes::model::{self, Selection};
use inference::{Device, Engine, Extent, Model, Request, Role, tensor};
use kurbo::Rect;
use ndarray::{Array3, s};
use ofx_sdk::{Error, Result};
use roto::{BezierShape, LandmarkSet, Topology};
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// The longest topology file that is read.
const MOST_TOPOLOGY_BYTES: u64 = 1 << 20;

/// The networks of one choice of model. Cheap to make: files are known by their stamps, sessions are shared.
pub struct Networks {
    engine: Arc<Engine>,
    landmarks: Arc<Model>,
    topology: Arc<Topology>,
    device: Device,
    /// What the artist should know of a GPU that does not run them, once one did not.
    lost_gpu: OnceLock<String>,
}

fn selection<'a>(settings: &'a AnalysisSettings, saved_id: &'a str) -> Selection<'a> {
    Selection { node: NODE, choice: settings.model, custom: &settings.network.custom_model, saved_id }
}

impl Networks {
    /// The networks that the settings name.
    ///
    /// # Errors
    /// No model, a missing or different file, a topology that is not there.
    pub fn open(settings: &AnalysisSettings) -> Result<Self> {
        Self::chosen(settings, &settings.network.model_id)
    }

    /// As [`open`](Self::open), whatever model the project remembers.
    ///
    /// # Errors
    /// As `open`.
    pub fn chosen(settings: &AnalysisSettings, saved_id: &str) -> Result<Self> {
        let engine = model::engine()?;
        let landmarks = selection(settings, saved_id).resolve(&engine, &LANDMARK_CHANNELS)?;
        let topology = topology(&landmarks)?;
        let device = settings.network.engine_device();
        let networks = Self { engine, landmarks, topology, device, lost_gpu: OnceLock::new() };
        networks.crop_size()?;
        Ok(networks)
    }

    /// The entry of the menu or the file that the settings choose, whatever model the project remembers.
    pub fn chosen_by(settings: &AnalysisSettings) -> String {
        selection(settings, "").chosen_by()
    }

    /// The landmarks and shapes that there are.
    pub fn topology(&self) -> &Arc<Topology> {
        &self.topology
    }

    /// Name and SHA-256 of the landmark model.
    pub fn id(&self) -> String {
        self.landmarks.id()
    }

    /// What the artist reads of the landmark model.
    pub fn label(&self) -> &str {
        &self.landmarks.entry.label
    }

    /// What the artist should know of a GPU that did not run these networks, if any run wanted one.
    pub fn lost_gpu(&self) -> Option<&str> {
        self.lost_gpu.get().map(String::as_str)
    }

    /// Runs the landmark network, and says how fast and on what.
    ///
    /// # Errors
    /// Those of the run.
    pub fn check_device(&self, aborted: &dyn Fn() -> bool) -> Result<String> {
        let report = self.engine.check_device(&self.landmarks, self.device, aborted).map_err(model::to_node_error)?;
        Ok(report.to_string())
    }

    /// The networks as the search uses them.
    ///
    /// # Errors
    /// A finder that is named and not there.
    pub fn eyes<'a>(&'a self, threads: usize, aborted: &'a dyn Fn() -> bool) -> Result<NetworkEyes<'a>> {
        let finder =
            model::companion(&self.engine, &self.landmarks, "finder", "FeatureDetect.finder", &FINDER_CHANNELS)?;
        Ok(NetworkEyes { networks: self, finder, threads, aborted })
    }

    /// What makes shapes of landmarks.
    ///
    /// # Errors
    /// A model without a network for shapes.
    pub fn shapes<'a>(&'a self, pixel_aspect: f64, aborted: &'a dyn Fn() -> bool) -> Result<Shaper<'a>> {
        let shapes =
            model::companion(&self.engine, &self.landmarks, "shapes", "FeatureDetect.shapes", &VERTEX_CHANNELS)?;
        let network = shapes.ok_or_else(|| {
            Error::node(format!(
                "model \"{}\" ({}) finds landmarks only: it names no companion for shapes; switch Make shapes off, or choose \
                 another model",
                self.landmarks.entry.name,
                self.landmarks.path.display()
            ))
        })?;
        Ok(Shaper { networks: self, network, pixel_aspect, aborted })
    }

    /// Side in pixels of the square that the landmark network sees.
    fn crop_size(&self) -> Result<usize> {
        self.landmarks.entry.input(Role::Image).and_then(|image| image.size).ok_or_else(|| {
            Error::node(format!(
                "model \"{}\" ({}) does not say the size of its image; add `size` to that input",
                self.landmarks.entry.name,
                self.landmarks.path.display()
            ))
        })
    }

    fn run(
        &self,
        model: &Arc<Model>,
        device: Device,
        role: Role,
        input: Array3<f32>,
        aborted: &dyn Fn() -> bool,
    ) -> Result<Arc<Array3<f32>>> {
        let request = || Request { model: model.clone(), device, inputs: vec![(role, input.clone())] };
        let answer = model::infer(&self.engine, &request, aborted)?;
        if let Some(told) = model::lost_gpu(NODE, device, answer.fallback.as_ref()) {
            self.lost_gpu.get_or_init(|| told);
        }
        Ok(answer.logits)
    }
}

/// See [`Networks::eyes`].
pub struct NetworkEyes<'a> {
    networks: &'a Networks,
    finder: Option<Arc<Model>>,
    threads: usize,
    aborted: &'a dyn Fn() -> bool,
}

impl Eyes for NetworkEyes<'_> {
    fn look(&self, picture: &Picture, crop: Rect, look: Look) -> Result<Seen> {
        let Self { networks, aborted, .. } = *self;
        let side = networks.crop_size()?;
        let shown = picture.cut(crop, side, side, self.threads)?;
        let run = |shown| networks.run(&networks.landmarks, networks.device, Role::Image, shown, aborted);
        let topology = &networks.topology;
        if look == Look::Glance || !topology.has_mirror() {
            return read_landmarks(run(shown)?.view(), crop, topology)?.within(picture, topology);
        }
        let flipped = run(shown.slice(s![.., .., ..;-1]).to_owned())?;
        let both = both_ways(run(shown)?.view(), flipped.view(), topology);
        read_landmarks(both.view(), crop, topology)?.within(picture, topology)
    }

    fn search(&self, picture: &Picture, width: usize, height: usize) -> Result<Option<(Array3<f32>, usize)>> {
        let Some(finder) = &self.finder else { return Ok(None) };
        let Extent::Cells { cell } = finder.entry.output.extent else {
            return Err(Error::node(format!("model \"{}\" answers no cells; a finder does", finder.entry.name)));
        };
        let whole = picture.whole(width, height, self.threads)?;
        // Black, as its training has it: a repeated border may look like half a face.
        let (wide, high) = tensor::padded_size(width, height, finder.entry.stride);
        let mut shown = Array3::zeros((3, high, wide));
        shown.slice_mut(s![.., ..height, ..width]).assign(&whole);
        let answer = self.networks.run(finder, self.networks.device, Role::Image, shown, self.aborted)?;
        Ok(Some((answer.as_ref().clone(), cell)))
    }
}

/// See [`Networks::shapes`].
pub struct Shaper<'a> {
    networks: &'a Networks,
    network: Arc<Model>,
    pixel_aspect: f64,
    aborted: &'a dyn Fn() -> bool,
}

impl Shaper<'_> {
    /// The shapes of a frame's landmarks.
    ///
    /// # Errors
    /// Those of the run.
    pub fn shapes(&self, landmarks: &LandmarkSet) -> Result<Vec<Option<BezierShape>>> {
        // So small a network is done on the CPU before a GPU has begun, and a drag waits for it.
        let run = |points| {
            let answer = self.networks.run(&self.network, Device::Cpu, Role::Points, points, self.aborted)?;
            Ok(answer.as_ref().clone())
        };
        shape_model::shapes(&self.networks.topology, landmarks, self.pixel_aspect, &run)
    }
}

/// The topology that a model's entry names: one that is compiled in, or a file beside the model.
fn topology(model: &Model) -> Result<Arc<Topology>> {
    let name = model.entry.topology.as_deref().ok_or_else(|| {
        Error::node(format!(
            "model \"{}\" ({}) names no topology; add `topology` to its description",
            model.entry.name,
            model.path.display()
        ))
    })?;
    let puppet = Topology::puppet().map_err(Error::node)?;
    if name == puppet.name() {
        return Ok(Arc::new(puppet));
    }
    let path = model.path.with_file_name(format!("{name}.toml"));
    read_topology(&path).map(Arc::new).map_err(|reason| {
        Error::node(format!("the topology \"{name}\" of model \"{}\" ({}): {reason}", model.entry.name, path.display()))
    })
}

fn read_topology(path: &Path) -> std::result::Result<Topology, String> {
    let bytes = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if bytes > MOST_TOPOLOGY_BYTES {
        return Err("it is longer than a megabyte; a topology lists landmarks and shapes".to_owned());
    }
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    toml::from_str(&text).map_err(|error| error.to_string())
}
