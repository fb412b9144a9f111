//! The model and device of a node: what every node with a network behind it shares.

use imaging::color::Colorspace;
use inference::{Engine, EngineConfig, Fallback, Inference, Manifest, Model, ModelEntry, Overrides, Request, Role};
use ofx_sdk::plugin::{ChoiceValue, binary_path};
use ofx_sdk::{Error, Result};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

/// The manifest is compiled in, so that the menu of models and the hashes of their files belong to this build.
static MANIFEST: LazyLock<std::result::Result<Manifest, inference::Error>> =
    LazyLock::new(|| Manifest::parse(include_str!("../../models/manifest.toml"), Path::new("models/manifest.toml")));

/// How often a run may be ended by an unload before it is given up.
const MOST_UNLOADS: usize = 16;

/// Position of *Custom* in the menu of models. Shipped models follow in the manifest's order, which only ever grows.
pub const CUSTOM: usize = 0;

/// Where a network runs, as a choice; the number of the GPU is a parameter of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Device {
    /// A CUDA GPU that works, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// A CUDA GPU, or an error.
    Cuda,
}

impl ChoiceValue for Device {
    const OPTIONS: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Auto, "Auto", "A CUDA GPU that works, the CPU otherwise."),
        (Self::Cpu, "CPU", "The CPU."),
        (Self::Cuda, "CUDA", "The CUDA GPU of the device index, or an error."),
    ];
}

impl Device {
    /// The device that the engine is asked for.
    pub fn with_index(self, index: i32) -> inference::Device {
        match self {
            Self::Auto => inference::Device::Auto,
            Self::Cpu => inference::Device::Cpu,
            Self::Cuda => inference::Device::Cuda(index.max(0) as u32),
        }
    }
}

/// What begins the memory of a file that a model was chosen by.
const FILE: &str = "file ";

/// What the artist chose, and what the project remembers of it.
#[derive(Clone, Copy, Debug)]
pub struct Selection<'a> {
    /// Short name of the node, as in the manifest.
    pub node: &'static str,
    /// Position in the menu of models.
    pub choice: usize,
    /// Path of the custom model.
    pub custom: &'a str,
    /// `name sha256` of the model that the project was made with; empty where none was chosen yet.
    pub saved_id: &'a str,
}

/// The labels of the menu of models of a node.
pub fn labels(node: &'static str) -> Vec<String> {
    let shipped = MANIFEST.iter().flat_map(|m| m.for_node(node)).map(|entry| entry.label.clone());
    std::iter::once("Custom".to_owned()).chain(shipped).collect()
}

/// Whether a node's menu has what a project remembers its model to be chosen by: an entry, or any file.
pub fn offers(node: &str, chosen_by: &str) -> bool {
    chosen_by.starts_with(FILE) || MANIFEST.iter().flat_map(|m| m.for_node(node)).any(|entry| entry.name == chosen_by)
}

impl Selection<'_> {
    /// Finds the model's file and holds it against what the project remembers: the saved name wins over the position
    /// in the menu.
    ///
    /// # Errors
    /// A missing or different file, a saved model that this build does not carry, a model of another node, classes
    /// other than `classes`.
    pub fn resolve(&self, engine: &Engine, classes: &[&str]) -> Result<Arc<Model>> {
        let model = if self.choice == CUSTOM { self.custom_model(engine)? } else { self.shipped(engine)? };
        model.check_node(self.node).map_err(to_node_error)?;
        check_classes(&model, classes)?;
        check_encoding(&model)?;
        Ok(model)
    }

    /// The entry of the menu or the file that the artist chose, whatever the project remembers.
    pub fn chosen_by(&self) -> String {
        let entry = || manifest().ok()?.for_node(self.node).nth(self.choice.checked_sub(1)?);
        match self.choice {
            CUSTOM => format!("{FILE}{}", self.custom.trim()),
            choice => entry().map_or_else(|| format!("option {choice}"), |entry| entry.name.clone()),
        }
    }

    fn custom_model(&self, engine: &Engine) -> Result<Arc<Model>> {
        let path = self.custom.trim();
        if path.is_empty() {
            let made_with = match self.saved_id.split_whitespace().next() {
                Some(name) => format!("; this project was saved with model \"{name}\""),
                None => String::new(),
            };
            return Err(Error::node(format!(
                "Model is Custom, but no file is given{made_with}: choose one in Custom model, or another entry of Model"
            )));
        }
        let model = engine.custom_model(Path::new(path)).map_err(to_node_error)?;
        model.check_id(self.saved_id).map_err(to_node_error)?;
        Ok(model)
    }

    fn shipped(&self, engine: &Engine) -> Result<Arc<Model>> {
        let entry = self.entry()?;
        let model = engine.shipped_model(entry, &folders()).map_err(to_node_error)?;
        model.check_id(self.saved_id).map_err(to_node_error)?;
        Ok(model)
    }

    fn entry(&self) -> Result<&'static ModelEntry> {
        let manifest = manifest()?;
        let by_choice = || manifest.for_node(self.node).nth(self.choice.checked_sub(1)?);
        let by_name = |name: &str| manifest.for_node(self.node).find(|entry| entry.name == name);
        let saved = self.saved_id.split_whitespace().next();
        match saved {
            Some(name) => by_name(name).ok_or_else(|| {
                let carried: Vec<_> = manifest.for_node(self.node).map(|entry| entry.name.as_str()).collect();
                Error::node(format!(
                    "this project was saved with model \"{name}\", which this Rotocel does not carry; it carries {}. \
                     Install a Rotocel that carries {name}, or choose one in Model and press Accept model to go on with that",
                    carried.join(", ")
                ))
            }),
            None => by_choice().ok_or_else(|| {
                Error::node(format!("Model is option {}, which does not exist; choose another", self.choice))
            }),
        }
    }
}

/// The network that works with `model` as its entry says, such as `shapes`; `None` where it names none. A shipped model's
/// companions are shipped too; those of a custom model lie beside it, under their names.
///
/// # Errors
/// A missing or different file, a companion of another kind than `node`, classes other than `classes`.
pub fn companion(
    engine: &Engine,
    model: &Model,
    work: &str,
    node: &str,
    classes: &[&str],
) -> Result<Option<Arc<Model>>> {
    let Some(name) = model.entry.companions.get(work) else { return Ok(None) };
    let manifest = manifest()?;
    let is_shipped = manifest.models.contains(&model.entry);
    let found = match manifest.model(name).filter(|_| is_shipped) {
        Some(entry) => engine.shipped_model(entry, &folders()),
        None => engine.custom_model(&model.path.with_file_name(format!("{name}.onnx"))),
    };
    let found = found.map_err(to_node_error)?;
    found.check_node(node).map_err(to_node_error)?;
    check_classes(&found, classes)?;
    check_encoding(&found)?;
    Ok(Some(found))
}

/// Refuses a model whose output holds something else than `classes`.
fn check_classes(model: &Model, classes: &[&str]) -> Result<()> {
    if model.entry.classes == classes {
        return Ok(());
    }
    Err(Error::node(format!(
        "model \"{}\" ({}) has the classes {}; {} needs {}: choose another in Model",
        model.entry.name,
        model.path.display(),
        model.entry.classes.join(", "),
        model.entry.node,
        classes.join(", "),
    )))
}

/// Refuses a model that expects pixels in a way that no node makes them.
fn check_encoding(model: &Model) -> Result<()> {
    let wrong = |what: String| {
        Err(Error::node(format!(
            "model \"{}\" ({}) {what}; nodes show networks sRGB pixels from 0 to 1: choose another in Model",
            model.entry.name,
            model.path.display()
        )))
    };
    if model.entry.colorspace != Colorspace::Srgb.id() {
        return wrong(format!("wants pixels in {}", model.entry.colorspace));
    }
    let mut pictures = model.entry.inputs.iter().filter(|input| input.role != Role::Points);
    match pictures.find(|input| input.range != [0.0, 1.0]) {
        Some(input) => wrong(format!("wants its input {} from {} to {}", input.name, input.range[0], input.range[1])),
        None => Ok(()),
    }
}

/// The process's engine; the runtime library itself is opened on the first run.
pub fn engine() -> Result<Arc<Engine>> {
    Engine::global(|| {
        let overrides = Overrides::from_environment()?;
        Ok(EngineConfig { overrides, ..EngineConfig::new(runtime_library()) })
    })
    .map_err(to_node_error)
}

/// Runs a network, however often another thread unloads the plug-in meanwhile: hosts of MLT do so while frames render, and a
/// frame that its own host did not stop must not be missing. `request` is asked for anew each time.
///
/// # Errors
/// See [`Engine::infer`].
pub fn infer(engine: &Engine, request: &dyn Fn() -> Request, aborted: &dyn Fn() -> bool) -> Result<Inference> {
    for _ in 0..MOST_UNLOADS {
        match engine.infer(request(), aborted) {
            Err(inference::Error::Aborted) if !aborted() => log::debug!("a run ended with an unload; it begins again"),
            other => return other.map_err(to_node_error),
        }
    }
    Err(Error::node("the host unloads Rotocel again and again while a frame renders"))
}

/// Keeps an abort an abort; every other failure carries its message to the artist.
pub fn to_node_error(error: inference::Error) -> Error {
    match error {
        inference::Error::Aborted => Error::Aborted,
        error => Error::node(error),
    }
}

/// What to tell an artist whose `device` is not the CPU, where a GPU that somebody put there does not run the network; `None`
/// where nothing is lost.
pub fn lost_gpu(node: &str, device: inference::Device, fallback: Option<&Fallback>) -> Option<String> {
    // What another node's failure left in the cache is no news to one that wants the CPU.
    if device == inference::Device::Cpu {
        return None;
    }
    let why = match fallback? {
        Fallback::NoCuda(_) => return None,
        Fallback::DidNotStart(reason) => format!("on the CPU, because CUDA is installed, but did not start: {reason}"),
        Fallback::GaveUp(reason) => format!("on the CPU from now on, because the GPU failed: {reason}"),
    };
    Some(format!("{node} runs {why}. When the GPU is free again, press Check device."))
}

fn manifest() -> Result<&'static Manifest> {
    MANIFEST.as_ref().map_err(|e| Error::node(e.clone()))
}

/// Folder of the loaded binary, `Contents/Linux-x86-64` of the bundle.
fn binary_folder() -> PathBuf {
    binary_path().and_then(|path| path.parent().map(Path::to_owned)).unwrap_or_default()
}

/// Where shipped weights lie: beside the binary in the bundle's resources.
fn folders() -> Vec<PathBuf> {
    binary_folder().parent().map(|contents| contents.join("Resources/models")).into_iter().collect()
}

/// ROTOCEL_ONNXRUNTIME, or the library beside the binary, whatever version its name carries.
fn runtime_library() -> PathBuf {
    if let Some(own) = std::env::var_os("ROTOCEL_ONNXRUNTIME").filter(|path| !path.is_empty()) {
        return own.into();
    }
    let (prefix, extension) = if cfg!(windows) {
        ("onnxruntime", ".dll")
    } else if cfg!(target_os = "macos") {
        ("libonnxruntime", ".dylib")
    } else {
        ("libonnxruntime", ".so")
    };
    let folder = binary_folder();
    let mut found: Vec<PathBuf> = std::fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.starts_with(prefix) && name.contains(extension) && !name.contains("providers")
        })
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found.pop().unwrap_or_else(|| folder.join(format!("{prefix}{extension}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiled_manifest_is_valid_and_custom_comes_first() {
        let labels = labels("ToneSegment");
        assert_eq!(labels[CUSTOM], "Custom");
        assert!(labels.len() > 1, "at least one model is shipped for ToneSegment: {labels:?}");
    }

    #[test]
    fn only_a_gpu_that_is_there_and_does_not_work_is_told_and_only_to_who_wants_one() {
        let reason = || "out of memory".to_owned();
        let told = |device, fallback: Option<&Fallback>| lost_gpu("ToneSegment", device, fallback);
        let auto = inference::Device::Auto;
        assert_eq!(told(auto, None), None);
        assert_eq!(told(auto, Some(&Fallback::NoCuda(reason()))), None);
        for lost in [Fallback::DidNotStart(reason()), Fallback::GaveUp(reason())] {
            assert!(told(auto, Some(&lost)).is_some_and(|text| text.contains("ToneSegment runs on the CPU")));
            assert_eq!(told(inference::Device::Cpu, Some(&lost)), None);
        }
    }

    #[test]
    fn a_saved_name_wins_over_the_menu_and_an_unknown_one_is_an_error_that_names_what_is_carried() {
        let first = manifest().unwrap().for_node("ToneSegment").next().unwrap().name.clone();
        let saved = format!("{first} 00");
        let selection = Selection { node: "ToneSegment", choice: 77, custom: "", saved_id: &saved };
        assert_eq!(selection.entry().unwrap().name, first);
        let unknown = Selection { saved_id: "lost 00", ..selection };
        let message = unknown.entry().unwrap_err().to_string();
        assert!(message.contains("lost") && message.contains(&first), "{message}");
        let nowhere = Selection { saved_id: "", ..selection };
        assert!(nowhere.entry().unwrap_err().to_string().contains("77"));
    }
}
