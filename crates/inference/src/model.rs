//! A network's file: found, read, and known by its hash.

use std::collections::HashMap;
use std::fmt;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use crate::{Error, ModelEntry, Result};

/// ONNX files are protocol buffers, which cannot be larger.
const MAX_FILE_BYTES: u64 = 1 << 31;

/// A network whose file was found and whose hash is known. Cheap to share; holds no weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// What it expects and gives.
    pub entry: ModelEntry,
    /// Its ONNX file.
    pub path: PathBuf,
    /// Lowercase hexadecimal SHA-256 of the file.
    pub sha256: String,
}

impl Model {
    /// Identity that a project saves: `name sha256`.
    pub fn id(&self) -> String {
        format!("{} {}", self.entry.name, self.sha256)
    }

    /// Holds a project's saved identity against this network. An empty one fits any network.
    ///
    /// # Errors
    /// [`Error::ReplacedModel`] where only the file differs, [`Error::WrongModel`] where the name differs.
    pub fn check_id(&self, saved: &str) -> Result<()> {
        let saved = saved.trim();
        if saved.is_empty() || saved == self.id() {
            return Ok(());
        }
        match saved.split_once(' ') {
            Some((name, hash)) if name == self.entry.name => Err(Error::ReplacedModel {
                model: name.to_owned(),
                path: self.path.clone(),
                saved: hash.trim().to_owned(),
                found: self.sha256.clone(),
            }),
            _ => Err(Error::WrongModel { saved: saved.to_owned(), found: self.id(), path: self.path.clone() }),
        }
    }

    /// Holds the entry's node against `node`.
    ///
    /// # Errors
    /// [`Error::WrongNode`].
    pub fn check_node(&self, node: &str) -> Result<()> {
        if self.entry.node == node {
            return Ok(());
        }
        Err(Error::WrongNode {
            model: self.entry.name.clone(),
            path: self.path.clone(),
            made_for: self.entry.node.clone(),
            asked_by: node.to_owned(),
        })
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.entry.name, self.path.display())
    }
}

/// Size and time of a file: as long as they stay, its hash is not computed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    pub(crate) fn of(path: &Path) -> Result<Self> {
        let metadata = std::fs::metadata(path).map_err(|error| Error::read(path, &error))?;
        if !metadata.is_file() {
            return Err(Error::Read { path: path.to_owned(), reason: "it is not a file".to_owned() });
        }
        Ok(Self::from(&metadata))
    }
}

impl From<&Metadata> for Stamp {
    fn from(metadata: &Metadata) -> Self {
        Self { bytes: metadata.len(), modified: metadata.modified().ok() }
    }
}

/// Hashes of files that were read before.
#[derive(Debug, Default)]
pub(crate) struct HashStore(Mutex<HashMap<PathBuf, (Stamp, String)>>);

impl HashStore {
    /// SHA-256 of the file, from memory where size and time of change are as before.
    pub(crate) fn sha256(&self, path: &Path) -> Result<String> {
        let stamp = Stamp::of(path)?;
        if let Some((_, hash)) = self.lock().get(path).filter(|(known, _)| *known == stamp) {
            return Ok(hash.clone());
        }
        let hash = hash_of(&read_model(path)?);
        self.lock().insert(path.to_owned(), (stamp, hash.clone()));
        Ok(hash)
    }

    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<PathBuf, (Stamp, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Finds a shipped network: the first of `folders` that has its file, which must be the right one.
pub(crate) fn find_shipped(entry: &ModelEntry, folders: &[PathBuf], hashes: &HashStore) -> Result<Arc<Model>> {
    let path = folders.iter().map(|folder| folder.join(&entry.file)).find(|path| path.exists());
    let path = path.ok_or_else(|| Error::ModelMissing {
        model: entry.name.clone(),
        file: entry.file.clone(),
        searched: folders.to_vec(),
    })?;
    let found = hashes.sha256(&path)?;
    if let Some(expected) = entry.sha256.as_ref().filter(|expected| **expected != found) {
        let asked_by = format!("the manifest's model \"{}\"", entry.name);
        return Err(Error::WrongHash { path, asked_by, expected: expected.clone(), found });
    }
    Ok(Arc::new(Model { entry: entry.clone(), path, sha256: found }))
}

/// The whole file. The same bytes are hashed and loaded, so a file replaced in between cannot slip in.
pub(crate) fn read_model(path: &Path) -> Result<Vec<u8>> {
    let error = |reason: &str| Error::NotAModel { path: path.to_owned(), reason: reason.to_owned() };
    let stamp = Stamp::of(path)?;
    if stamp.bytes == 0 {
        return Err(error("the file is empty"));
    }
    if stamp.bytes > MAX_FILE_BYTES {
        return Err(error("the file is larger than 2 GB"));
    }
    std::fs::read(path).map_err(|error| Error::read(path, &error))
}

/// Lowercase hexadecimal SHA-256.
pub(crate) fn hash_of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
