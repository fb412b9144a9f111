//! The manifest: what each network expects, gives, and may be used for.
//!
//! `models/manifest.toml` lists the shipped networks, in an order that is only ever appended to. A custom network
//! carries the same entry as JSON, without hash, in its ONNX metadata or beside it.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use serde::Deserialize;

use crate::extent::{Extent, OutputText};
use crate::{Error, Result};

/// Networks are fully convolutional with a handful of poolings; a stride beyond this is a mistake in the entry.
const MAX_STRIDE: usize = 1024;
/// More planes than any picture or set of classes has.
const MAX_CHANNELS: usize = 4096;

/// All shipped networks, in the manifest's order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Manifest {
    /// The entries.
    pub models: Vec<ModelEntry>,
}

/// One network.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelEntry {
    /// Identifier, unique in the manifest, never changed once released.
    pub name: String,
    /// What the artist reads.
    pub label: String,
    /// The node that it is made for, as `ToneSegment`.
    pub node: String,
    /// File name of the ONNX file, without folders.
    #[serde(default)]
    pub file: String,
    /// Lowercase hexadecimal SHA-256 of the file; a shipped network has it, a custom one need not.
    #[serde(default)]
    pub sha256: Option<String>,
    /// Licence of the weights, as an SPDX expression.
    #[serde(default)]
    pub licence: String,
    /// File name of the model card.
    #[serde(default)]
    pub card: String,
    /// Height and width of every input must be multiples of this many pixels.
    pub stride: usize,
    /// Color encoding of the image input, as the id of a color space in the imaging crate.
    pub colorspace: String,
    /// What each channel of the output stands for, in order.
    pub classes: Vec<String>,
    /// The tensors that the network takes.
    #[serde(rename = "input")]
    pub inputs: Vec<InputEntry>,
    /// The tensor that it gives.
    pub output: OutputEntry,
    /// Name of the landmarks and shapes that it finds or makes, for a network that does.
    #[serde(default)]
    pub topology: Option<String>,
    /// Names of the networks that work with this one, by what they do, as `shapes`.
    #[serde(default)]
    pub companions: BTreeMap<String, String>,
    /// Quality of each class on held-out scenes, 0 to 1.
    #[serde(default)]
    pub scores: BTreeMap<String, f64>,
}

/// One input tensor: `[1, channels, height, width]`, or `[1, channels, 1, number]` of points.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputEntry {
    /// Name in the ONNX graph.
    pub name: String,
    /// What it holds.
    pub role: Role,
    /// Number of channels.
    pub channels: usize,
    /// Values that the network was trained on, lowest and highest.
    pub range: [f32; 2],
    /// What the whole tensor holds where the artist gives no such picture; without it the picture is needed.
    #[serde(default)]
    pub absent: Option<f32>,
    /// The one size that the network takes: width and height of a square picture in pixels, or the number of points.
    /// Without it, any multiple of the stride will do, and any number of points.
    #[serde(default)]
    pub size: Option<usize>,
}

/// What an input tensor holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The picture.
    Image,
    /// The subject's matte: 1 inside, 0 outside.
    Subject,
    /// Points in one row, of which each channel holds a part: x, y, ….
    Points,
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Image => "image",
            Self::Subject => "subject",
            Self::Points => "points",
        })
    }
}

/// The output tensor, `[1, channels, height, width]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "OutputText")]
pub struct OutputEntry {
    /// Name in the ONNX graph.
    pub name: String,
    /// Number of channels: one for each class.
    pub channels: usize,
    /// Height and width.
    pub extent: Extent,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ManifestText {
    // Entries are read one by one afterwards, so that an error can name the entry.
    #[serde(default)]
    model: Vec<toml::Table>,
}

impl Manifest {
    /// Reads `text`; `origin` is the file that errors name.
    ///
    /// # Errors
    /// [`Error::Manifest`] for anything but a list of complete, consistent entries with unique names and files.
    pub fn parse(text: &str, origin: &Path) -> Result<Self> {
        let error = |entry: String, reason: String| Error::Manifest { path: origin.to_owned(), entry, reason };
        let whole: ManifestText =
            toml::from_str(text).map_err(|found| error("manifest".to_owned(), found.to_string().trim().to_owned()))?;
        let mut models = Vec::new();
        let (mut names, mut files) = (HashSet::new(), HashSet::new());
        for (index, table) in whole.model.into_iter().enumerate() {
            let named = match table.get("name").and_then(toml::Value::as_str) {
                Some(name) => format!("model \"{name}\""),
                None => format!("model number {}", index + 1),
            };
            let entry: ModelEntry = table
                .try_into()
                .map_err(|found: toml::de::Error| error(named.clone(), found.to_string().trim().to_owned()))?;
            entry.check().and_then(|()| entry.check_shipped()).map_err(|reason| error(named.clone(), reason))?;
            if !names.insert(entry.name.clone()) {
                return Err(error(named, "another entry has the same name".to_owned()));
            }
            if !files.insert(entry.file.clone()) {
                return Err(error(named, format!("another entry has the same file {}", entry.file)));
            }
            models.push(entry);
        }
        let whole = Self { models };
        match whole.models.iter().find_map(|entry| Some((entry, entry.lost_companion(&whole)?))) {
            Some((entry, reason)) => Err(error(format!("model \"{}\"", entry.name), reason)),
            None => Ok(whole),
        }
    }

    /// Reads the file at `path`.
    ///
    /// # Errors
    /// [`Error::Read`], or as [`Manifest::parse`].
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| Error::read(path, &error))?;
        Self::parse(&text, path)
    }

    /// The network of this name.
    pub fn model(&self, name: &str) -> Option<&ModelEntry> {
        self.models.iter().find(|entry| entry.name == name)
    }

    /// The networks made for a node, in the manifest's order.
    pub fn for_node<'a>(&'a self, node: &'a str) -> impl Iterator<Item = &'a ModelEntry> {
        self.models.iter().filter(move |entry| entry.node == node)
    }
}

impl ModelEntry {
    /// Reads a custom network's entry; `origin` is the file that errors name.
    ///
    /// # Errors
    /// [`Error::Manifest`] for anything but one complete, consistent entry.
    pub fn from_json(text: &str, origin: &Path) -> Result<Self> {
        let error =
            |entry: &str, reason: String| Error::Manifest { path: origin.to_owned(), entry: entry.to_owned(), reason };
        let entry: Self =
            serde_json::from_str(text).map_err(|found| error("the model's description", found.to_string()))?;
        entry.check().map_err(|reason| error(&format!("model \"{}\"", entry.name), reason))?;
        Ok(entry)
    }

    /// The input that holds `role`.
    pub fn input(&self, role: Role) -> Option<&InputEntry> {
        self.inputs.iter().find(|input| input.role == role)
    }

    fn check(&self) -> Result<(), String> {
        for (key, value) in [("name", &self.name), ("label", &self.label), ("node", &self.node)] {
            check_text(key, value)?;
        }
        if self.name.contains(char::is_whitespace) {
            return Err("name must not contain spaces".to_owned());
        }
        if !(1..=MAX_STRIDE).contains(&self.stride) {
            return Err(format!("stride is {}, expected 1 to {MAX_STRIDE}", self.stride));
        }
        if self.input(Role::Image).is_none() && self.input(Role::Points).is_none() {
            return Err("there is no input with the role \"image\" or \"points\"".to_owned());
        }
        let (mut names, mut roles) = (HashSet::new(), HashSet::new());
        for input in &self.inputs {
            input.check()?;
            if !names.insert(&input.name) {
                return Err(format!("two inputs are named \"{}\"", input.name));
            }
            if !roles.insert(input.role) {
                return Err(format!("two inputs have the role \"{}\"", input.role));
            }
        }
        check_text("output name", &self.output.name)?;
        if !(1..=MAX_CHANNELS).contains(&self.output.channels) {
            return Err(format!("the output has {} channels, expected 1 to {MAX_CHANNELS}", self.output.channels));
        }
        if self.classes.len() != self.output.channels {
            let (classes, channels) = (self.classes.len(), self.output.channels);
            return Err(format!("there are {classes} classes, but the output has {channels} channels"));
        }
        let mut classes = HashSet::new();
        if let Some(class) = self.classes.iter().find(|class| class.trim().is_empty() || !classes.insert(*class)) {
            return Err(format!("class \"{class}\" is empty or given twice"));
        }
        if let Some(topology) = &self.topology {
            check_text("topology", topology)?;
        }
        for (work, name) in &self.companions {
            check_text(&format!("the companion for {work}"), name)?;
        }
        self.check_sizes()
    }

    /// What is wrong with the companions, in a manifest that should hold them.
    fn lost_companion(&self, manifest: &Manifest) -> Option<String> {
        let (work, name) = self.companions.iter().find(|(_, name)| manifest.model(name).is_none())?;
        Some(format!("its companion for {work} is \"{name}\", which has no entry in the manifest"))
    }

    fn check_shipped(&self) -> Result<(), String> {
        check_text("file", &self.file)?;
        if Path::new(&self.file).file_name() != Some(self.file.as_ref()) {
            return Err(format!("file \"{}\" must be a file name without folders", self.file));
        }
        let hash = self.sha256.as_deref().ok_or("missing field `sha256`")?;
        if hash.len() != 64 || !hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(format!("sha256 \"{hash}\" is not 64 lowercase hexadecimal digits"));
        }
        Ok(())
    }
}

impl InputEntry {
    fn check(&self) -> Result<(), String> {
        check_text("input name", &self.name)?;
        if !(1..=MAX_CHANNELS).contains(&self.channels) {
            return Err(format!(
                "input \"{}\" has {} channels, expected 1 to {MAX_CHANNELS}",
                self.name, self.channels
            ));
        }
        let [low, high] = self.range;
        if !(low.is_finite() && high.is_finite() && low < high) {
            return Err(format!("input \"{}\" has the range {low} to {high}", self.name));
        }
        if self.absent.is_some_and(|value| !value.is_finite()) {
            return Err(format!("input \"{}\" has an absent value that is no number", self.name));
        }
        Ok(())
    }
}

fn check_text(key: &str, value: &str) -> Result<(), String> {
    if value.trim().is_empty() { Err(format!("{key} is empty")) } else { Ok(()) }
}
