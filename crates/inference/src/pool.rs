//! Opened networks, shared by the whole process and dropped when nobody needs them.
//!
//! There is one session for each model, provider and number of threads, and one run at a time on it: a second run
//! beside the first would share the same cores and double the memory.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::flight::{POLL_PERIOD, Stop};
use crate::session::Network;
use crate::within::Within;
use crate::{Clock, Error, Provider, Result};

/// Time after the last use when a session is dropped, if no instance is alive.
pub const IDLE_TIME: Duration = Duration::from_secs(30);
/// How often the janitor looks; short, because an injected clock cannot wake it.
const JANITOR_PERIOD: Duration = Duration::from_millis(200);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct SessionKey {
    pub(crate) sha256: String,
    /// All that the entry says: two may describe one file differently, and an artist may correct the one beside a file.
    pub(crate) description: String,
    pub(crate) provider: Provider,
    pub(crate) threads: usize,
}

#[derive(Debug)]
pub(crate) struct Pool {
    slots: Mutex<Slots>,
    wake: Condvar,
    clock: Arc<dyn Clock>,
}

#[derive(Debug, Default)]
struct Slots {
    by_key: HashMap<SessionKey, Slot>,
    instances: usize,
    janitor: Option<JoinHandle<()>>,
    janitor_runs: bool,
    stop: bool,
}

#[derive(Debug)]
struct Slot {
    place: Arc<Place>,
    users: usize,
    last_used: Duration,
}

/// Where a network waits for its next run. A mutex that is held through a run would not do: whose run is given up while it waits
/// must be able to leave, and take its inputs along.
#[derive(Debug, Default)]
struct Place {
    seat: Mutex<Seat>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct Seat {
    network: Option<Network>,
    /// Whether somebody opens the network, or runs it.
    taken: bool,
}

impl Place {
    /// Waits for the turn of a run, and takes the network, if it is open, out: a panic drops it then.
    fn take(&self, stop: &Stop) -> Result<(Turn<'_>, Option<Network>)> {
        let mut seat = self.lock();
        while seat.taken {
            if stop.requested() {
                return Err(Error::Aborted);
            }
            seat = self.freed.wait_timeout(seat, POLL_PERIOD).unwrap_or_else(PoisonError::into_inner).0;
        }
        seat.taken = true;
        let network = seat.network.take();
        drop(seat);
        Ok((Turn(self), network))
    }

    fn is_empty(&self) -> bool {
        let seat = self.lock();
        !seat.taken && seat.network.is_none()
    }

    fn lock(&self) -> MutexGuard<'_, Seat> {
        self.seat.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A run's turn on a network; lets the next one in when it is dropped, also by a panic.
struct Turn<'a>(&'a Place);

impl Turn<'_> {
    fn put_back(&self, network: Network) {
        self.0.lock().network = Some(network);
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.lock().taken = false;
        self.0.freed.notify_one();
    }
}

impl Pool {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { slots: Mutex::default(), wake: Condvar::new(), clock }
    }

    /// Runs `job` on the key's network, opened by `open` if need be. Waits for its turn, unless it is told to `stop`; a network
    /// whose job panicked, or failed in a way that `breaks` it, is not used again.
    pub(crate) fn with<T>(
        self: &Arc<Self>,
        key: &SessionKey,
        stop: &Stop,
        open: impl FnOnce() -> Result<Network>,
        job: impl FnOnce(&mut Network) -> Result<T>,
        breaks: impl FnOnce(&Error) -> bool,
    ) -> Result<T> {
        let place = self.acquire(key);
        let user = User { pool: self, key, place: &place };
        let (turn, network) = place.take(stop)?;
        let mut working = match network {
            Some(network) => network,
            None => open()?,
        };
        let result = job(&mut working);
        let broken = match &result {
            Err(error) if breaks(error) => Some(working),
            _ => {
                turn.put_back(working);
                None
            }
        };
        drop(turn);
        drop(user);
        drop(broken);
        result
    }

    fn acquire(&self, key: &SessionKey) -> Arc<Place> {
        let mut slots = self.lock();
        let now = self.clock.now();
        let slot =
            slots.by_key.entry(key.clone()).or_insert_with(|| Slot { place: Arc::default(), users: 0, last_used: now });
        slot.users += 1;
        Arc::clone(&slot.place)
    }

    fn release(self: &Arc<Self>, key: &SessionKey, place: &Arc<Place>) {
        let mut slots = self.lock();
        let now = self.clock.now();
        // After a purge the key may belong to a newer network, or to none.
        if let Some(slot) = slots.by_key.get_mut(key).filter(|slot| Arc::ptr_eq(&slot.place, place)) {
            slot.users -= 1;
            slot.last_used = now;
            if slot.users == 0 && slot.place.is_empty() {
                slots.by_key.remove(key);
            }
        }
        let failed = self.start_janitor(&mut slots);
        drop(slots);
        warn_of(failed);
    }

    /// Number of networks that are held.
    pub(crate) fn sessions(&self) -> usize {
        self.lock().by_key.len()
    }

    pub(crate) fn instances(&self) -> usize {
        self.lock().instances
    }

    pub(crate) fn instance_added(&self) {
        self.lock().instances += 1;
    }

    /// True if that was the last one.
    pub(crate) fn instance_removed(self: &Arc<Self>) -> bool {
        let mut slots = self.lock();
        slots.instances = slots.instances.saturating_sub(1);
        let last = slots.instances == 0;
        let failed = self.start_janitor(&mut slots);
        drop(slots);
        warn_of(failed);
        last
    }

    /// Drops every network; one that runs goes when its run ends.
    pub(crate) fn clear(&self) {
        let dropped = std::mem::take(&mut self.lock().by_key);
        drop(dropped);
    }

    /// Ends the janitor, and waits for it if `join`.
    pub(crate) fn stop_janitor(&self, join: bool) {
        let janitor = {
            let mut slots = self.lock();
            slots.stop = true;
            slots.janitor.take()
        };
        self.wake.notify_all();
        if let Some(janitor) = janitor
            && join
            && janitor.thread().id() != std::thread::current().id()
        {
            // A janitor that panicked has ended, too.
            let _ = janitor.join();
        }
        self.lock().stop = false;
    }

    /// Starts the janitor if there is work for one. The error is for the caller to log, without the lock.
    fn start_janitor(self: &Arc<Self>, slots: &mut Slots) -> Option<std::io::Error> {
        if slots.instances > 0 || slots.by_key.is_empty() || slots.janitor_runs {
            return None;
        }
        let pool = Arc::clone(self);
        let spawned = std::thread::Builder::new().name("rotocel-sessions".to_owned()).spawn(move || pool.tidy());
        match spawned {
            Ok(janitor) => {
                slots.janitor_runs = true;
                // The one before has ended: it cleared `janitor_runs` as its last act.
                slots.janitor = Some(janitor);
                None
            }
            Err(error) => Some(error),
        }
    }

    /// The janitor's work: drops networks as they get old, and ends when there is nothing more to wait for.
    fn tidy(self: Arc<Self>) {
        let _within = Within::enter();
        let mut slots = self.lock();
        loop {
            let old = self.take_idle(&mut slots);
            if slots.stop || slots.instances > 0 || slots.by_key.is_empty() {
                slots.janitor_runs = false;
                drop(slots);
                drop(old);
                return;
            }
            if old.is_empty() {
                slots = self.wake.wait_timeout(slots, JANITOR_PERIOD).unwrap_or_else(PoisonError::into_inner).0;
            } else {
                // Closing a session takes a while; nobody shall wait for it.
                drop(slots);
                drop(old);
                slots = self.lock();
            }
        }
    }

    fn take_idle(&self, slots: &mut Slots) -> Vec<Slot> {
        if slots.instances > 0 {
            return Vec::new();
        }
        let now = self.clock.now();
        let idle = |slot: &Slot| slot.users == 0 && now.saturating_sub(slot.last_used) >= IDLE_TIME;
        slots.by_key.extract_if(|_, slot| idle(slot)).map(|(_, slot)| slot).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts as a use of the key until it is dropped, also by a panic.
struct User<'a> {
    pool: &'a Arc<Pool>,
    key: &'a SessionKey,
    place: &'a Arc<Place>,
}

impl Drop for User<'_> {
    fn drop(&mut self) {
        self.pool.release(self.key, self.place);
    }
}

fn warn_of(failed: Option<std::io::Error>) {
    if let Some(error) = failed {
        log::warn!("idle sessions stay open, because no thread could be started: {error}");
    }
}
