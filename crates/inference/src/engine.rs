//! The engine: models in, logits out, for the whole process.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crate::cache::{Cached, ContentKey, ResultCache};
use crate::custom::CustomModels;
use crate::flight::Flight;
use crate::model::{HashStore, find_shipped};
use crate::pool::Pool;
use crate::request::{Request, arrange};
use crate::runtime::{Runtime, cuda_missing};
use crate::within::Within;
use crate::worker::{Job, blank, work};
use crate::{
    Device, DeviceReport, EngineConfig, EngineStats, Error, Fallback, Inference, Model, ModelEntry, Provider, Result,
};

/// Width and height of a device check's picture, before it is padded to the model's stride.
const CHECK_SIZE: usize = 256;

/// Runs networks for everybody in the process: sessions are shared, equal requests run once, results are kept.
///
/// All methods may be called from several threads at once. No lock is held while a caller's `abort` runs.
#[derive(Debug)]
pub struct Engine {
    core: Arc<Core>,
}

/// What worker threads share with the engine.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) config: EngineConfig,
    pub(crate) threads: usize,
    pub(crate) pool: Arc<Pool>,
    /// What Auto chose for a model (by hash), and why not CUDA.
    pub(crate) choices: Mutex<HashMap<String, (Provider, Option<Fallback>)>>,
    pub(crate) runs: AtomicU64,
    cache_hits: AtomicU64,
    salt: AtomicU64,
    hashes: HashStore,
    customs: CustomModels,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    cache: ResultCache,
    flights: HashMap<ContentKey, Arc<Flight>>,
    workers: Vec<JoinHandle<()>>,
}

static GLOBAL: Mutex<Option<Arc<Engine>>> = Mutex::new(None);

impl Engine {
    /// An engine of its own. Nothing is loaded before the first use. Logs the overrides.
    pub fn new(config: EngineConfig) -> Self {
        for line in config.overrides.lines() {
            // A warning, so that it is seen: what renders is not what the project says.
            log::warn!("{line}");
        }
        let core = Core {
            threads: config.threads(),
            pool: Arc::new(Pool::new(Arc::clone(&config.clock))),
            choices: Mutex::default(),
            runs: AtomicU64::new(0),
            cache_hits: AtomicU64::new(0),
            salt: AtomicU64::new(0),
            hashes: HashStore::default(),
            customs: CustomModels::default(),
            state: Mutex::new(State {
                cache: ResultCache::new(config.overrides.cache_bytes.unwrap_or(config.cache_bytes)),
                flights: HashMap::new(),
                workers: Vec::new(),
            }),
            config,
        };
        Self { core: Arc::new(core) }
    }

    /// The process's engine, made by the first caller's `configure`, which runs without a lock.
    ///
    /// # Errors
    /// Those of `configure`; the next call tries again.
    pub fn global(configure: impl FnOnce() -> Result<EngineConfig>) -> Result<Arc<Self>> {
        if let Some(engine) = global().as_ref() {
            return Ok(Arc::clone(engine));
        }
        // Made before the lock is taken: it logs, and a sink may ask for the engine.
        let engine = Arc::new(Self::new(configure()?));
        let kept = Arc::clone(global().get_or_insert_with(|| Arc::clone(&engine)));
        Ok(kept)
    }

    /// The process's engine if there is one, e.g. to purge it.
    pub fn existing() -> Option<Arc<Self>> {
        global().clone()
    }

    /// Finds a shipped network: first in the folders of `ROTOCEL_MODEL_PATH`, then in `folders`.
    ///
    /// # Errors
    /// [`Error::ModelMissing`], [`Error::WrongHash`], [`Error::Read`], or [`Error::NotAModel`] for an empty file.
    pub fn shipped_model(&self, entry: &ModelEntry, folders: &[PathBuf]) -> Result<Arc<Model>> {
        let searched = [&self.core.config.overrides.model_path, folders].concat();
        find_shipped(entry, &searched, &self.core.hashes)
    }

    /// Reads a custom network's own description, from a JSON file beside it or from its metadata. Opens it for that.
    ///
    /// # Errors
    /// [`Error::Read`], [`Error::NotAModel`], [`Error::NoDescription`], [`Error::Manifest`], or one about the library.
    pub fn custom_model(&self, path: &Path) -> Result<Arc<Model>> {
        self.core.customs.resolve(path, || Runtime::load(&self.core.config.library))
    }

    /// Runs the request's network, or takes the answer from the cache or from an equal request that is running.
    ///
    /// While it waits it calls `abort` every 10 ms; when that says true it leaves, and when the last caller who waits
    /// for a run has left, the run is ended.
    ///
    /// # Errors
    /// [`Error::Aborted`]; [`Error::Input`] for tensors that do not fit; errors of the library, the device, the file
    /// and the run.
    pub fn infer(&self, request: Request, abort: &dyn Fn() -> bool) -> Result<Inference> {
        let inputs = arrange(&request.model, request.inputs)?;
        self.submit(Job { model: request.model, device: self.device(request.device), inputs, keep: true }, abort)
    }

    /// Really runs `model` on `device`, twice, and says what ran, how fast, and why it is not CUDA.
    ///
    /// # Errors
    /// As [`Engine::infer`].
    pub fn check_device(&self, model: &Arc<Model>, device: Device, abort: &dyn Fn() -> bool) -> Result<DeviceReport> {
        let requested = self.device(device);
        // What was wrong may have been repaired since, for every network.
        self.core.choices().clear();
        let inputs = blank(model, CHECK_SIZE);
        let (height, width) = (inputs[0].dim().1, inputs[0].dim().2);
        let job = |inputs| Job { model: Arc::clone(model), device: requested, inputs, keep: false };
        self.submit(job(inputs.clone()), abort)?;
        let measured = self.submit(job(inputs), abort)?;
        Ok(DeviceReport {
            requested,
            provider: measured.provider,
            reason: measured.fallback.map(|why| why.to_string()),
            milliseconds: measured.milliseconds,
            size: (width, height),
            threads: self.core.threads,
            library: Runtime::load(&self.core.config.library)?.library().to_owned(),
        })
    }

    /// Counts an instance as alive until the guard is dropped. Sessions stay open while one is.
    #[must_use = "the instance counts only as long as the guard lives"]
    pub fn instance_guard(&self) -> InstanceGuard {
        self.core.pool.instance_added();
        InstanceGuard(Arc::clone(&self.core))
    }

    /// Gives memory back at once: sessions, results, and what is known about files. Runs go on.
    pub fn purge(&self) {
        self.core.state().cache.clear();
        self.core.choices().clear();
        self.core.hashes.clear();
        self.core.customs.clear();
        self.core.pool.clear();
    }

    /// Ends every run and every thread of this engine, then purges. Callers who wait get [`Error::Aborted`]. The
    /// engine may be used again afterwards.
    ///
    /// Called from within the engine's own work (by a log sink) it ends everything without waiting for the threads.
    pub fn shutdown(&self) {
        let join = !Within::is_entered();
        let (flights, workers) = {
            let mut state = self.core.state();
            let flights: Vec<_> = state.flights.drain().map(|(_, flight)| flight).collect();
            (flights, std::mem::take(&mut state.workers))
        };
        flights.iter().for_each(|flight| flight.stop.request());
        if join {
            // A worker catches its panics itself.
            workers.into_iter().for_each(|worker| drop(worker.join()));
        }
        self.core.pool.stop_janitor(join);
        self.purge();
    }

    /// Figures about the present state.
    pub fn stats(&self) -> EngineStats {
        let (cache_bytes, flights) = {
            let state = self.core.state();
            (state.cache.bytes(), state.flights.len())
        };
        EngineStats {
            runs: self.core.runs.load(Ordering::Relaxed),
            cache_hits: self.core.cache_hits.load(Ordering::Relaxed),
            cache_bytes,
            sessions: self.core.pool.sessions(),
            instances: self.core.pool.instances(),
            flights,
        }
    }

    fn device(&self, requested: Device) -> Device {
        self.core.config.overrides.device.unwrap_or(requested)
    }

    fn submit(&self, job: Job, abort: &dyn Fn() -> bool) -> Result<Inference> {
        if abort() {
            return Err(Error::Aborted);
        }
        let core = &self.core;
        let salt = if job.keep { 0 } else { core.salt.fetch_add(1, Ordering::Relaxed) + 1 };
        let key = ContentKey::of(&job.model, &job.inputs, core.known_provider(&job), salt);
        let flight = {
            let mut state = core.state();
            if let Some(cached) = state.cache.get(&key) {
                drop(state);
                core.cache_hits.fetch_add(1, Ordering::Relaxed);
                return Ok(answer(cached, true));
            }
            match state.flights.get(&key) {
                Some(flight) => {
                    flight.join();
                    Arc::clone(flight)
                }
                None => core.launch(&mut state, key, job),
            }
        };
        let waiter = Waiter { core, flight };
        waiter.flight.wait(abort).map(|cached| answer(cached, false))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.shutdown();
    }
}

impl Core {
    /// What the job will run on, as far as that is known before it runs.
    fn known_provider(&self, job: &Job) -> Option<Provider> {
        match job.device {
            Device::Cpu => Some(Provider::Cpu),
            Device::Cuda(index) => Some(Provider::Cuda(index)),
            Device::Auto if cuda_missing(&self.config.library).is_some() => Some(Provider::Cpu),
            Device::Auto => self.choices().get(&job.model.sha256).map(|(provider, _)| *provider),
        }
    }

    fn launch(self: &Arc<Self>, state: &mut State, key: ContentKey, job: Job) -> Arc<Flight> {
        let (ended, running) = std::mem::take(&mut state.workers).into_iter().partition(JoinHandle::is_finished);
        state.workers = running;
        let _: Vec<_> = Vec::into_iter(ended).map(JoinHandle::join).collect();
        let flight = Flight::new(key);
        state.flights.insert(key, Arc::clone(&flight));
        let (core, flown) = (Arc::clone(self), Arc::clone(&flight));
        let thread = std::thread::Builder::new().name("rotocel-inference".to_owned());
        match thread.spawn(move || work(&core, &flown, job)) {
            Ok(worker) => state.workers.push(worker),
            Err(error) => {
                state.flights.remove(&key);
                flight.land(Err(Error::Panic { reason: format!("no thread could be started: {error}") }));
            }
        }
        flight
    }

    /// Keeps a run's result and tells everybody who waits for it.
    pub(crate) fn landed(&self, flight: &Arc<Flight>, outcome: Result<Cached>, keep: bool) {
        {
            let mut state = self.state();
            if let Ok(cached) = outcome.as_ref()
                && keep
            {
                state.cache.insert(flight.key.on(cached.provider), cached.clone());
            }
            state.forget(flight);
        }
        flight.land(outcome);
    }

    fn choices(&self) -> MutexGuard<'_, HashMap<String, (Provider, Option<Fallback>)>> {
        self.choices.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes the flight from the list, so that later requests start anew.
    fn forget(&mut self, flight: &Arc<Flight>) {
        if self.flights.get(&flight.key).is_some_and(|listed| Arc::ptr_eq(listed, flight)) {
            self.flights.remove(&flight.key);
        }
    }
}

/// A caller's place in a flight, given up by return, abort and panic alike.
struct Waiter<'a> {
    core: &'a Core,
    flight: Arc<Flight>,
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        let mut state = self.core.state();
        if self.flight.leave() {
            state.forget(&self.flight);
            drop(state);
            // After the landing this ends nothing.
            self.flight.stop.request();
        }
    }
}

/// An instance that may want to run networks. The last one to go takes the kept results with it; sessions follow when
/// they have been idle for a while.
#[derive(Debug)]
pub struct InstanceGuard(Arc<Core>);

impl Drop for InstanceGuard {
    fn drop(&mut self) {
        if self.0.pool.instance_removed() {
            self.0.state().cache.clear();
        }
    }
}

fn answer(cached: Cached, hit: bool) -> Inference {
    let Cached { logits, provider, fallback, milliseconds } = cached;
    Inference { logits, provider, fallback, milliseconds, cached: hit }
}

fn global() -> MutexGuard<'static, Option<Arc<Engine>>> {
    GLOBAL.lock().unwrap_or_else(PoisonError::into_inner)
}
