//! Networks that an artist brings along, described by themselves or by a JSON file beside them.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::{Stamp, hash_of, read_model};
use crate::runtime::Runtime;
use crate::session::read_metadata;
use crate::{Error, Model, ModelEntry, Result};

/// Key of the entry in the ONNX file's metadata.
const METADATA_KEY: &str = "rotocel";

/// Custom networks that were resolved before, as long as neither file has changed.
#[derive(Debug, Default)]
pub(crate) struct CustomModels(Mutex<HashMap<PathBuf, Known>>);

#[derive(Debug, Clone)]
struct Known {
    stamps: [Option<Stamp>; 3],
    model: Arc<Model>,
}

impl CustomModels {
    /// The network in `path`. A JSON file beside it (`x.onnx.json`, then `x.json`) wins over its own metadata.
    pub(crate) fn resolve(&self, path: &Path, runtime: impl FnOnce() -> Result<Arc<Runtime>>) -> Result<Arc<Model>> {
        let model_stamp = Stamp::of(path)?;
        let sidecars = sidecars(path);
        let stamps = [Some(model_stamp), Stamp::of(&sidecars[0]).ok(), Stamp::of(&sidecars[1]).ok()];
        if let Some(known) = self.lock().get(path).filter(|known| known.stamps == stamps) {
            return Ok(Arc::clone(&known.model));
        }
        let bytes = read_model(path)?;
        let metadata = read_metadata(&*runtime()?, &bytes, METADATA_KEY)
            .map_err(|reason| Error::NotAModel { path: path.to_owned(), reason })?;
        let described = sidecars.iter().zip(&stamps[1..]).find(|(_, stamp)| stamp.is_some());
        let entry = match (described, metadata) {
            (Some((sidecar, _)), _) => {
                let text = std::fs::read_to_string(sidecar).map_err(|error| Error::read(sidecar, &error))?;
                ModelEntry::from_json(&text, sidecar)?
            }
            (None, Some(text)) => ModelEntry::from_json(&text, path)?,
            (None, None) => {
                let [sidecar, _] = sidecars;
                return Err(Error::NoDescription { path: path.to_owned(), sidecar });
            }
        };
        let model = Arc::new(Model { entry, path: path.to_owned(), sha256: hash_of(&bytes) });
        self.lock().insert(path.to_owned(), Known { stamps, model: Arc::clone(&model) });
        Ok(model)
    }

    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PathBuf, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn sidecars(path: &Path) -> [PathBuf; 2] {
    let mut whole = OsString::from(path.as_os_str());
    whole.push(".json");
    [PathBuf::from(whole), path.with_extension("json")]
}
