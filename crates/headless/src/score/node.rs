//! The node that is scored, with a shot connected.

use super::folder::{CLASSES, Shot};
use super::passes::{REFINE, SHADOWS_OUTSIDE, SMOOTHING};
use crate::cli::{MaskChannel, ScoreToneArgs};
use crate::error::{Error, Result};
use crate::frames::ReadOptions;
use crate::layers;
use crate::report::{Terminal, interrupted};
use crate::session::{Session, Setup};
use ndarray::Array3;
use ofx_sdk::Depth;
use ofx_sdk::host::{HostImage, ParamValue, RenderRequest, Source};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The parameter that uses the Mask clip.
pub const USE_MASK: &str = "use_mask";

/// The parameter that says how the files are encoded.
pub const COLORSPACE: &str = "source_colorspace";

/// What scoring sets by itself, to one value and back; the first two for every render.
const SET_BY_SCORING: [&str; 5] = [USE_MASK, COLORSPACE, SMOOTHING, REFINE, SHADOWS_OUTSIDE];

/// What the network is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Network {
    /// The one that the node is set to.
    Own,
    /// An ONNX file of one's own.
    File(PathBuf),
}

impl Network {
    /// Settings that choose it.
    fn settings(&self) -> Vec<String> {
        match self {
            Self::Own => Vec::new(),
            Self::File(path) => vec![format!("custom_model={}", path.display()), "model=custom".to_owned()],
        }
    }
}

/// A node whose mattes are asked for.
#[derive(Debug)]
pub struct ScoredNode {
    /// The node and what is connected to it.
    pub session: Session,
    /// The planes of the five mattes, in class order.
    planes: Vec<String>,
    size: (usize, usize),
}

impl ScoredNode {
    /// Loads the node and connects the shot: frames to Source, the subject, where there is one, to Mask, which is not
    /// used until `use_mask` is set.
    ///
    /// # Errors
    /// See [`Error`]; a node that offers no plane for each tone.
    pub fn open(
        shot: &Shot,
        network: &Network,
        args: &ScoreToneArgs,
        threads: Option<u16>,
        terminal: &Arc<Terminal>,
    ) -> Result<Self> {
        let mut files = vec![("Source", shot.pictures.clone())];
        files.extend(shot.subject.clone().map(|subject| ("Mask", subject)));
        let forced = network.settings();
        let setup = Setup {
            node: &args.node,
            bundle: &args.run.bundle,
            context: None,
            files,
            clips: &[],
            mask_channel: MaskChannel::Luminance,
            settings: &args.run.settings,
            forced: &forced.iter().map(String::as_str).collect::<Vec<_>>(),
            colorspace: Some(shot.colorspace.id().to_owned()),
            read: ReadOptions::default(),
            frame_rate: shot.frame_rate,
            threads,
            current: None,
            skip_missing: true,
        };
        let mut session = Session::open(&setup, terminal.clone())?;
        check_settings(&session, args)?;
        if session.node.param(COLORSPACE).is_some() {
            // A file of parameters says how the plate was encoded that it was made for.
            choose(&session, COLORSPACE, shot.colorspace.id())?;
        }
        session.press_buttons()?;
        let time = shot.frames[0] as f64;
        let made = session.instance.clip_components(time).map_err(|e| Error::Plugin(e.to_string()))?;
        let offered = layers::offered(&session.node.label, &made)?;
        let plane = |class: &str| {
            let wanted = format!("tone.{class}");
            let found = offered.iter().find(|(_, name)| *name == wanted).map(|(plane, _)| plane.clone());
            found.ok_or_else(|| Error::Usage(format!("{} makes no plane {wanted}", session.node.label)))
        };
        let planes = CLASSES.iter().map(|class| plane(class)).collect::<Result<_>>()?;
        let node = Self { session, planes, size: (shot.height, shot.width) };
        if node.has(USE_MASK) {
            node.set(USE_MASK, &ParamValue::Bool(false))?;
        }
        Ok(node)
    }

    /// Whether the node has a parameter.
    pub fn has(&self, id: &str) -> bool {
        self.session.node.param(id).is_some()
    }

    /// A whole number that a parameter is set to, where the node has it.
    pub fn integer(&self, id: &str) -> Option<i32> {
        match self.session.instance.get(id).ok()? {
            ParamValue::Int(value) => Some(value),
            _ => None,
        }
    }

    /// What a parameter is set to.
    ///
    /// # Errors
    /// When the node has no such parameter.
    pub fn get(&self, id: &str) -> Result<ParamValue> {
        self.session.instance.get(id).map_err(|e| Error::Usage(format!("parameter {id}: {e}")))
    }

    /// Sets a parameter.
    ///
    /// # Errors
    /// When the node has no such parameter, or it cannot take the value.
    pub fn set(&self, id: &str, value: &ParamValue) -> Result<()> {
        self.session.instance.set(id, value).map_err(|e| Error::Usage(format!("parameter {id}: {e}")))
    }

    /// Sets a choice by its id.
    ///
    /// # Errors
    /// As [`ScoredNode::set`]; no such option.
    pub fn choose(&self, id: &str, option: &str) -> Result<()> {
        choose(&self.session, id, option)
    }

    /// Connects another Source.
    ///
    /// # Errors
    /// When the node refuses it.
    pub fn feed(&self, source: Arc<dyn Source>) -> Result<()> {
        self.session.instance.connect("Source", source).map_err(|e| Error::Plugin(format!("clip Source: {e}")))
    }

    /// The five mattes of a frame, `[classes, height, width]`, lowest row first, from one render call.
    ///
    /// # Errors
    /// A file that cannot be read; a render that fails; a size that is not the shot's; Ctrl-C.
    pub fn mattes(&self, frame: i64) -> Result<Array3<f32>> {
        let failed = |reason: String| Error::Render { frame, reason };
        let images = self.rendered(frame)?;
        let (height, width) = self.size;
        let mut values = Vec::with_capacity(CLASSES.len() * height * width);
        for image in &images {
            let (own_width, own_height) = (image.bounds.width(), image.bounds.height());
            if (own_height, own_width) != self.size {
                return Err(failed(format!(
                    "the plug-in gave {own_width}×{own_height} pixels, the shot has {width}×{height}"
                )));
            }
            values.extend(image.to_f32().iter().step_by(image.components.count()));
        }
        if values.iter().any(|v: &f32| !v.is_finite()) {
            return Err(failed("a matte is not a number".into()));
        }
        let shape = (CLASSES.len(), height, width);
        Array3::from_shape_vec(shape, values)
            .map_err(|e| failed(format!("the plug-in gave {} planes: {e}", images.len())))
    }

    /// The planes of the five mattes of a frame as the node gives them, from one render call.
    ///
    /// # Errors
    /// A file that cannot be read; a render that fails; Ctrl-C.
    pub fn rendered(&self, frame: i64) -> Result<Vec<HostImage>> {
        if interrupted() {
            return Err(Error::Stopped);
        }
        let request = RenderRequest {
            time: frame as f64,
            depth: Some(Depth::Float),
            planes: self.planes.clone(),
            ..RenderRequest::default()
        };
        let images = self.session.render(frame, &request)?;
        if interrupted() {
            return Err(Error::Stopped);
        }
        if let Some(error) = self.session.take_file_error(frame) {
            return Err(error);
        }
        Ok(images.into_iter().map(|(_, image)| image).collect())
    }

    /// Name and hash of the model that ran, where the node says.
    pub fn model(&self) -> Option<String> {
        self.session.param_text("model_id").filter(|id| !id.is_empty())
    }
}

/// Refuses what scoring would overrule.
fn check_settings(session: &Session, args: &ScoreToneArgs) -> Result<()> {
    let named = |set: &String| set.split(['=', '@']).next().is_some_and(|id| id.trim() == COLORSPACE);
    if args.run.settings.set.iter().any(named) {
        return Err(Error::Usage(format!(
            "--set {COLORSPACE}: a shot's own shot.json says how its frames are encoded"
        )));
    }
    let keyed = |id: &&str| session.instance.keys(id).is_ok_and(|keys| !keys.is_empty());
    // Pictures and times are made with two of them alone.
    let changed = if args.gif.is_some() || args.time_here { &SET_BY_SCORING[..2] } else { &SET_BY_SCORING };
    match changed.iter().find(|id| keyed(id)) {
        Some(id) => Err(Error::Usage(format!("parameter {id} has keys, but scoring changes it: give it one value"))),
        None => Ok(()),
    }
}

fn choose(session: &Session, id: &str, option: &str) -> Result<()> {
    let index = session.node.param(id).and_then(|param| param.option_index(option));
    let index = index.ok_or_else(|| Error::Usage(format!("parameter {id} has no option {option}")))?;
    let value = ParamValue::Choice(index);
    session.instance.set(id, &value).map_err(|e| Error::Usage(format!("parameter {id}: {e}")))
}

/// What stands above a network's column.
pub fn column_name(network: &Network, model: Option<&str>) -> String {
    let stem = |path: &Path| path.file_stem().map(|s| s.to_string_lossy().into_owned());
    match (network, model.and_then(|id| id.split_whitespace().next())) {
        (Network::File(path), _) => stem(path).unwrap_or_else(|| path.display().to_string()),
        (Network::Own, Some(name)) => name.to_owned(),
        (Network::Own, None) => "the node's own".to_owned(),
    }
}
