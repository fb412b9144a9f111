//! Networks that an artist brings along, described by themselves or by a JSON file beside them.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::{Stamp, hash_of, read_model};
use crate::runtime::Runtime;
use crate::session::read_metadata;
use crate::{Error, Model, ModelEntry, Result, onnx_file};

/// Key of the entry in the ONNX file's metadata.
const METADATA_KEY: &str = "rotocel";

/// Longest description.
const MOST_DESCRIPTION_BYTES: u64 = 1 << 20;

/// Custom networks that were resolved before, as long as neither file has changed.
#[derive(Debug, Default)]
pub(crate) struct CustomModels(Mutex<HashMap<PathBuf, Known>>);

#[derive(Debug, Clone)]
struct Known {
    stamps: [Option<Stamp>; 3],
    model: Arc<Model>,
}

impl CustomModels {
    /// The network in `path`. A description beside it (`x.onnx.json`) wins over its own metadata; `x.json`, a name that many
    /// other files have, counts only where it has none.
    pub(crate) fn resolve(&self, path: &Path, runtime: impl FnOnce() -> Result<Arc<Runtime>>) -> Result<Arc<Model>> {
        let model_stamp = Stamp::of(path)?;
        let sidecars = sidecars(path);
        let stamps = [Some(model_stamp), Stamp::of(&sidecars[0]).ok(), Stamp::of(&sidecars[1]).ok()];
        if let Some(known) = self.lock().get(path).filter(|known| known.stamps == stamps) {
            return Ok(Arc::clone(&known.model));
        }
        let bytes = read_model(path)?;
        onnx_file::check(&bytes).map_err(|reason| Error::NotAModel { path: path.to_owned(), reason })?;
        let metadata = read_metadata(&*runtime()?, &bytes, METADATA_KEY)
            .map_err(|reason| Error::NotAModel { path: path.to_owned(), reason })?;
        let [own, other] = sidecars;
        let described = |sidecar: &Path| ModelEntry::from_json(&read_description(sidecar)?, sidecar);
        let entry = match (stamps[1], metadata, stamps[2]) {
            (Some(_), ..) => described(&own)?,
            (None, Some(text), _) => ModelEntry::from_json(&text, path)?,
            (None, None, Some(_)) => described(&other)?,
            (None, None, None) => return Err(Error::NoDescription { path: path.to_owned(), sidecar: own }),
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

/// A description's text. What is longer than any description is another file of that name, and is not read.
fn read_description(path: &Path) -> Result<String> {
    let read = |error: std::io::Error| Error::read(path, &error);
    let mut text = String::new();
    File::open(path).map_err(read)?.take(MOST_DESCRIPTION_BYTES + 1).read_to_string(&mut text).map_err(read)?;
    if text.len() as u64 <= MOST_DESCRIPTION_BYTES {
        return Ok(text);
    }
    let reason = "it is longer than a megabyte; a description holds a name, inputs and classes".to_owned();
    Err(Error::Manifest { path: path.to_owned(), entry: "the model's description".to_owned(), reason })
}

fn sidecars(path: &Path) -> [PathBuf; 2] {
    let mut whole = OsString::from(path.as_os_str());
    whole.push(".json");
    [PathBuf::from(whole), path.with_extension("json")]
}
