//! ONNX Runtime: loaded once per process, from a given file, and never trusted to be what its name says.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ort::environment::Environment;
use ort::logging::LogLevel;

use crate::library::check_whole;
use crate::within::Within;
use crate::{Error, Result};

/// The loaded library. ONNX Runtime allows one environment per process, which therefore lives as long as it does.
#[derive(Debug)]
pub(crate) struct Runtime {
    environment: Environment,
    library: PathBuf,
}

static RUNTIME: Mutex<Option<Arc<Runtime>>> = Mutex::new(None);
/// Set once the warning about a second library was given.
static OTHER_LIBRARY: AtomicBool = AtomicBool::new(false);

impl Runtime {
    /// The process's runtime; the first call decides which file it comes from.
    pub(crate) fn load(library: &Path) -> Result<Arc<Self>> {
        let library = &std::path::absolute(library).map_err(|error| Error::read(library, &error))?;
        let _within = Within::enter();
        let mut loaded = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = loaded.as_ref() {
            if runtime.library != *library && !OTHER_LIBRARY.swap(true, Ordering::Relaxed) {
                let (asked, used) = (library.display(), runtime.library.display());
                log::warn!("ONNX Runtime {asked} is ignored: this process has loaded {used}");
            }
            return Ok(Arc::clone(runtime));
        }
        let runtime = Arc::new(Self::open(library)?);
        *loaded = Some(Arc::clone(&runtime));
        Ok(runtime)
    }

    fn open(library: &Path) -> Result<Self> {
        let library = library.to_owned();
        if !library.is_file() {
            return Err(Error::LibraryMissing { path: library });
        }
        if let Err(reason) = check_whole(&library) {
            return Err(Error::Library { path: library, reason });
        }
        // `ort` asserts what a library tells about itself; a foreign one that lies must not unwind into the host.
        let environment = catch_unwind(AssertUnwindSafe(|| {
            let builder = ort::init_from(&library).map_err(|error| error.to_string())?;
            let builder = builder.with_name("rotocel").with_telemetry(false).with_logger(Arc::new(forward));
            let environment = builder.build().map_err(|error| error.to_string())?;
            environment.set_log_level(LogLevel::Warning);
            Ok(environment)
        }))
        .unwrap_or_else(|payload| Err(Error::panic(&*payload).to_string()));
        match environment {
            Ok(environment) => Ok(Self { environment, library }),
            Err(reason) => Err(Error::Library { path: library, reason: one_line(&reason) }),
        }
    }

    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }

    pub(crate) fn library(&self) -> &Path {
        &self.library
    }
}

const CUDA_FILES: [&str; 2] = ["onnxruntime_providers_cuda", "onnxruntime_providers_shared"];

fn beside(library: &Path, name: &str) -> PathBuf {
    library.with_file_name(format!("{}{name}{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX))
}

/// Says why CUDA cannot even be tried with the runtime at `library`: its provider's files are not installed.
pub(crate) fn cuda_missing(library: &Path) -> Option<String> {
    let missing = CUDA_FILES.iter().map(|name| beside(library, name)).find(|path| !path.is_file())?;
    Some(format!("CUDA is not installed: {} is missing", missing.display()))
}

/// Says which of the provider's files would take the process down if it were loaded.
pub(crate) fn cuda_damaged(library: &Path) -> Option<String> {
    CUDA_FILES.iter().find_map(|name| {
        let path = beside(library, name);
        check_whole(&path).err().map(|reason| format!("{} cannot be used: {reason}", path.display()))
    })
}

/// ONNX Runtime's messages are about sessions whose failures we return as errors anyway, so they stay in the
/// background.
fn forward(level: LogLevel, category: &str, _id: &str, _location: &str, message: &str) {
    let level = match level {
        LogLevel::Fatal => log::Level::Error,
        LogLevel::Error | LogLevel::Warning => log::Level::Debug,
        LogLevel::Info | LogLevel::Verbose => log::Level::Trace,
    };
    // Called from C++, where a panicking log sink would abort the process.
    let _ = catch_unwind(|| log::log!(target: "onnxruntime", level, "{category}: {message}"));
}

/// The first 400 characters of `text` on one line: ONNX Runtime's messages hold line breaks and stack traces.
pub(crate) fn one_line(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    words.join(" ").chars().take(400).collect()
}
