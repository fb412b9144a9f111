//! What an engine is given, and what it tells about itself.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use ndarray::Array3;

use crate::{Clock, Overrides, Provider, SystemClock};

const DEFAULT_CACHE_BYTES: u64 = 256 << 20;

/// What an [`Engine`](crate::Engine) is made of.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// The ONNX Runtime library. The first engine that needs it decides for the whole process.
    pub library: PathBuf,
    /// Threads of a run on the CPU; 0 means one for each core that this process may use.
    pub threads: usize,
    /// Bound of the result cache in bytes; 0 turns it off.
    pub cache_bytes: u64,
    /// What the environment says; it wins over `threads`, `cache_bytes` and every request's device.
    pub overrides: Overrides,
    /// The clock by which idle sessions are dropped.
    pub clock: Arc<dyn Clock>,
}

impl EngineConfig {
    /// Ordinary settings: all cores, a cache of 256 MB, no overrides, the system's clock.
    pub fn new(library: impl Into<PathBuf>) -> Self {
        Self {
            library: library.into(),
            threads: 0,
            cache_bytes: DEFAULT_CACHE_BYTES,
            overrides: Overrides::default(),
            clock: Arc::new(SystemClock::default()),
        }
    }

    /// Threads of a run on the CPU, after the override: 1 or more.
    pub(crate) fn threads(&self) -> usize {
        match self.overrides.threads.unwrap_or(self.threads) {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        }
    }
}

/// Why a network ran on the CPU where CUDA might have been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fallback {
    /// CUDA is not installed.
    NoCuda(String),
    /// CUDA is installed and did not start, for want of a GPU or of its memory. All runs are done on the CPU.
    DidNotStart(String),
    /// A run on a GPU that had worked failed, most often for want of its memory. All later ones are done on the CPU.
    GaveUp(String),
}

impl fmt::Display for Fallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::NoCuda(reason) | Self::DidNotStart(reason) | Self::GaveUp(reason)) = self;
        f.write_str(reason)
    }
}

/// A network's answer.
#[derive(Debug, Clone)]
pub struct Inference {
    /// Logits `[classes, height, width]`, the size of the inputs, rows in their order. May hold NaN where they do.
    pub logits: Arc<Array3<f32>>,
    /// What computed them.
    pub provider: Provider,
    /// Why the provider is not the one that Auto would have preferred.
    pub fallback: Option<Fallback>,
    /// Milliseconds that the network ran for, when it did.
    pub milliseconds: f64,
    /// True if nothing ran for this request: the answer was known.
    pub cached: bool,
}

/// Figures about an engine's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EngineStats {
    /// Runs of a network that were begun.
    pub runs: u64,
    /// Requests answered from the cache.
    pub cache_hits: u64,
    /// Bytes held by the cache.
    pub cache_bytes: u64,
    /// Sessions held open.
    pub sessions: usize,
    /// Instances alive.
    pub instances: usize,
    /// Runs in the air.
    pub flights: usize,
}
