//! One run in the air, and everybody who waits for it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ort::session::RunOptions;

use crate::cache::{Cached, ContentKey};
use crate::{Error, Result};

/// How often a waiting caller asks its host whether to stop.
pub(crate) const POLL_PERIOD: Duration = Duration::from_millis(10);

#[derive(Debug)]
pub(crate) struct Flight {
    pub(crate) key: ContentKey,
    pub(crate) stop: Stop,
    /// Changed only under the engine's lock, so that nobody joins a flight that is being given up.
    waiters: AtomicUsize,
    outcome: Mutex<Option<Result<Cached>>>,
    landed: Condvar,
}

impl Flight {
    /// A flight with one waiter.
    pub(crate) fn new(key: ContentKey) -> Arc<Self> {
        Arc::new(Self {
            key,
            stop: Stop::default(),
            waiters: AtomicUsize::new(1),
            outcome: Mutex::new(None),
            landed: Condvar::new(),
        })
    }

    pub(crate) fn join(&self) {
        self.waiters.fetch_add(1, Ordering::Relaxed);
    }

    /// True if the last waiter left.
    pub(crate) fn leave(&self) -> bool {
        self.waiters.fetch_sub(1, Ordering::Relaxed) == 1
    }

    pub(crate) fn land(&self, outcome: Result<Cached>) {
        *self.lock() = Some(outcome);
        self.landed.notify_all();
    }

    /// Waits for the outcome, asking `abort` in between. No lock is held while `abort` runs: it calls the host.
    pub(crate) fn wait(&self, abort: &dyn Fn() -> bool) -> Result<Cached> {
        loop {
            let outcome = self.lock();
            let (outcome, _) = self
                .landed
                .wait_timeout_while(outcome, POLL_PERIOD, |outcome| outcome.is_none())
                .unwrap_or_else(PoisonError::into_inner);
            if let Some(outcome) = outcome.as_ref() {
                return outcome.clone();
            }
            drop(outcome);
            if abort() {
                return Err(Error::Aborted);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Result<Cached>>> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends a run from another thread, whether it has begun or not.
#[derive(Default)]
pub(crate) struct Stop(Mutex<StopState>);

#[derive(Default)]
struct StopState {
    requested: bool,
    running: Option<Arc<RunOptions>>,
}

impl std::fmt::Debug for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stop").field("requested", &self.requested()).finish_non_exhaustive()
    }
}

impl Stop {
    pub(crate) fn request(&self) {
        let running = {
            let mut state = self.lock();
            state.requested = true;
            state.running.clone()
        };
        if let Some(Err(error)) = running.map(|options| options.terminate()) {
            log::warn!("a run that nobody waits for could not be ended: {error}");
        }
    }

    pub(crate) fn requested(&self) -> bool {
        self.lock().requested
    }

    /// Options for a run that is about to begin.
    pub(crate) fn begin(&self) -> Result<Arc<RunOptions>> {
        let mut state = self.lock();
        if state.requested {
            return Err(Error::Aborted);
        }
        let options = RunOptions::new().map_err(|error| Error::Panic { reason: error.to_string() })?;
        Ok(Arc::clone(state.running.insert(Arc::new(options))))
    }

    fn lock(&self) -> MutexGuard<'_, StopState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
