//! What can go wrong between a tensor and its logits, in words that an artist can act on.

use std::path::{Path, PathBuf};

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that this crate reports. Cloneable, because one failed run is told to every caller that waited for it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The host asked to stop, or the engine was shut down while the caller waited.
    #[error("inference was aborted")]
    Aborted,

    /// The file of ONNX Runtime is not there.
    #[error(
        "ONNX Runtime was not found at {}; install the bundle again (in a source tree: run `cargo xtask fetch`)",
        shown(.path)
    )]
    LibraryMissing {
        /// Where it was expected.
        path: PathBuf,
    },

    /// The file is there, but it is no ONNX Runtime that can be used.
    #[error(
        "{} cannot be used as ONNX Runtime: {reason}; install the bundle again, or name another library (1.22 or newer)",
        shown(.path)
    )]
    Library {
        /// The library that was tried.
        path: PathBuf,
        /// What the loader said.
        reason: String,
    },

    /// A file could not be read.
    #[error("{} cannot be read: {reason}; check the path and the rights to it", shown(.path))]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },

    /// A manifest, or a single model's entry, is malformed or contradicts itself.
    #[error("{}: {entry}: {reason}", shown(.path))]
    Manifest {
        /// The manifest, the ONNX file or the JSON file that holds the entry.
        path: PathBuf,
        /// Which entry, as `model "name"`, or `manifest` where none can be named.
        entry: String,
        /// What is wrong with it.
        reason: String,
    },

    /// A shipped model's file is in none of the folders.
    #[error(
        "the file {file} of model \"{model}\" was not found; looked in: {}; set ROTOCEL_MODEL_PATH to its folder, or install the bundle again",
        list(.searched)
    )]
    ModelMissing {
        /// Name of the model.
        model: String,
        /// File name in the manifest.
        file: String,
        /// Folders that were searched, in this order.
        searched: Vec<PathBuf>,
    },

    /// The file is not the one that the manifest names, or not the one any more that was found.
    #[error(
        "model file {} is not the one that {asked_by} names: expected SHA-256 {expected}, found {found}; put the right file there, or choose another model",
        shown(.path)
    )]
    WrongHash {
        /// The file.
        path: PathBuf,
        /// Who asked for the hash, e.g. `the manifest's model "tone_small"`.
        asked_by: String,
        /// Lowercase hexadecimal SHA-256 that was asked for.
        expected: String,
        /// Lowercase hexadecimal SHA-256 of the file.
        found: String,
    },

    /// The project was saved with another file of the model than the one that is here.
    #[error(
        "this project was saved with another file of model \"{model}\" than {}: it had SHA-256 {saved}, this one has {found}; put that file back, or press Accept model to go on with this one",
        shown(.path)
    )]
    ReplacedModel {
        /// Name of the model.
        model: String,
        /// The file that is here.
        path: PathBuf,
        /// Lowercase hexadecimal SHA-256 of the file that the project was saved with.
        saved: String,
        /// That of the file that is here.
        found: String,
    },

    /// The project was saved with another model than the one chosen now.
    #[error(
        "this project was saved with model \"{saved}\", but the model here is \"{found}\" ({}); choose the saved model, or press Accept model to go on with this one",
        shown(.path)
    )]
    WrongModel {
        /// The saved identity, `name sha256`.
        saved: String,
        /// The present identity, `name sha256`.
        found: String,
        /// The present model's file.
        path: PathBuf,
    },

    /// The model is made for another node.
    #[error("model \"{model}\" ({}) is made for the node {made_for}, not for {asked_by}; choose another model", shown(.path))]
    WrongNode {
        /// Name of the model.
        model: String,
        /// The model's file.
        path: PathBuf,
        /// Node in the model's entry.
        made_for: String,
        /// Node that wants to use it.
        asked_by: String,
    },

    /// A custom model says nothing about its inputs and classes.
    #[error(
        "{} carries no description: it needs the metadata key \"rotocel\" or a file {} beside it; choose another model, or write one",
        shown(.path), shown(.sidecar)
    )]
    NoDescription {
        /// The ONNX file.
        path: PathBuf,
        /// Where a description beside it would be.
        sidecar: PathBuf,
    },

    /// The file is no ONNX, or ONNX Runtime refuses it: truncated, damaged, no ONNX, or operators that it does not know.
    #[error(
        "{} is not an ONNX model that can be loaded; copy it again or choose another: {reason}", shown(.path)
    )]
    NotAModel {
        /// The file.
        path: PathBuf,
        /// What ONNX Runtime said.
        reason: String,
    },

    /// The network's real inputs and outputs are not those that its entry promises.
    #[error(
        "{} does not match its entry \"{model}\": {reason}; choose another model, or mend the entry", shown(.path)
    )]
    Interface {
        /// The ONNX file.
        path: PathBuf,
        /// Name of the entry.
        model: String,
        /// Which input or output, and how it differs.
        reason: String,
    },

    /// The caller's tensors do not fit the model.
    #[error("the input of model \"{model}\" is wrong: {reason}")]
    Input {
        /// Name of the model.
        model: String,
        /// Which tensor, and what was expected.
        reason: String,
    },

    /// The device that was asked for by name cannot run the model.
    #[error("{device} cannot be used: {reason}; choose Auto or CPU to go on without it")]
    Device {
        /// The device, as `CUDA 0`.
        device: String,
        /// Why not.
        reason: String,
    },

    /// The network failed while it ran.
    #[error("model \"{model}\" ({}) failed on {provider}; choose another model or device: {reason}", shown(.path))]
    Run {
        /// Name of the model.
        model: String,
        /// The model's file.
        path: PathBuf,
        /// What it ran on.
        provider: String,
        /// What ONNX Runtime said.
        reason: String,
    },

    /// An environment variable has a value that means nothing.
    #[error("environment variable {variable}={value} is not usable: expected {expected}")]
    Override {
        /// Name of the variable.
        variable: &'static str,
        /// Its value.
        value: String,
        /// What may stand there.
        expected: &'static str,
    },

    /// A defect of ours or of a library, caught before it could take the host down.
    #[error("internal error during inference: {reason}; please report it")]
    Panic {
        /// The panic's message.
        reason: String,
    },
}

impl Error {
    pub(crate) fn read(path: &Path, error: &std::io::Error) -> Self {
        Self::Read { path: path.to_owned(), reason: error.to_string() }
    }

    pub(crate) fn panic(payload: &(dyn std::any::Any + Send)) -> Self {
        let reason = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "unknown panic".to_owned());
        Self::Panic { reason }
    }
}

/// Most characters of a path that a message shows.
const LONGEST_PATH: usize = 400;

/// A path in words. Of a very long one the middle is left out: hosts cut messages off, and what is wrong stands behind.
fn shown(path: &Path) -> String {
    let text = path.display().to_string();
    let length = text.chars().count();
    if length <= LONGEST_PATH {
        return text;
    }
    let part = LONGEST_PATH / 2;
    let (start, end) = (text.chars().take(part), text.chars().skip(length - part));
    format!("{} … {}", start.collect::<String>(), end.collect::<String>())
}

fn list(folders: &[PathBuf]) -> String {
    if folders.is_empty() {
        return "no folder".to_owned();
    }
    folders.iter().map(|folder| shown(folder)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_a_path_without_end_is_left_out() {
        let path = Path::new("/projects").join("größer/".repeat(600)).join("net.onnx");
        let text = Error::Read { path, reason: "the name is too long".to_owned() }.to_string();
        assert!(text.len() < 700 && text.starts_with("/projects/größer/"), "{text}");
        assert!(text.contains("größer/net.onnx cannot be read: the name is too long"), "{text}");
        assert_eq!(shown(Path::new("/projects/net.onnx")), "/projects/net.onnx");
    }
}
