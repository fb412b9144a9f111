//! The multithread suite.

use super::{Suites, check, function};
use crate::Result;
use std::{
    any::Any,
    collections::BTreeMap,
    ffi::{c_uint, c_void},
    panic::{AssertUnwindSafe, catch_unwind},
    ptr,
    sync::{
        Arc, LazyLock, Mutex, PoisonError, RwLock, TryLockError,
        atomic::{AtomicUsize, Ordering},
    },
};

type Work<'a> = dyn Fn(usize) + Sync + 'a;

/// Pieces of work that any thread may take from. A host passes its number, not a pointer, through its own threads,
/// so that a call that comes too late finds nothing instead of freed memory.
pub(crate) struct Job {
    /// Erased in life only: `run` closes the job before the work's borrow ends.
    work: *const Work<'static>,
    pieces: usize,
    next: AtomicUsize,
    open: RwLock<bool>,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

// SAFETY: `work` is Sync, and only reached while `open` is read-locked and true.
unsafe impl Send for Job {}
// SAFETY: as above.
unsafe impl Sync for Job {}

static JOBS: LazyLock<Mutex<BTreeMap<usize, Arc<Job>>>> = LazyLock::new(Mutex::default);
static NEXT_JOB: AtomicUsize = AtomicUsize::new(1);

impl Job {
    /// Calls `work` once for each piece, on threads of the host where it lends any, and on this one. A panic of one
    /// piece goes on here when all are done.
    pub(crate) fn run(suites: &Suites, pieces: usize, work: &(dyn Fn(usize) + Sync)) {
        let threads = suites.thread_count().min(pieces);
        if threads < 2 {
            return (0..pieces).for_each(work);
        }
        // SAFETY: only the lifetime changes; the job is closed below before `work`'s borrow ends.
        let erased = unsafe { std::mem::transmute::<*const Work<'_>, *const Work<'static>>(ptr::from_ref(work)) };
        let job = Arc::new(Self {
            work: erased,
            pieces,
            next: AtomicUsize::new(0),
            open: RwLock::new(true),
            panic: Mutex::new(None),
        });
        let number = NEXT_JOB.fetch_add(1, Ordering::Relaxed);
        jobs().insert(number, job.clone());
        if let Err(e) = suites.multi_thread(threads, number) {
            log::debug!("{e}; working on one thread");
        }
        // What no thread of the host took, because it lends none or lent them without calling us.
        job.take_pieces();
        jobs().remove(&number);
        *job.open.write().unwrap_or_else(PoisonError::into_inner) = false;
        let panic = job.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(panic) = panic {
            std::panic::resume_unwind(panic);
        }
    }

    fn take_pieces(&self) {
        // Who closes it waits for us; and a host that calls back from inside a piece must not wait for who closes it.
        let open = match self.open.try_read() {
            Ok(open) => open,
            Err(TryLockError::Poisoned(open)) => open.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        if !*open {
            return;
        }
        // SAFETY: the job is open, and closing it waits for our lock.
        let work = unsafe { &*self.work };
        loop {
            let piece = self.next.fetch_add(1, Ordering::Relaxed);
            if piece >= self.pieces {
                return;
            }
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| work(piece))) {
                self.panic.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(panic);
            }
        }
    }
}

fn jobs() -> std::sync::MutexGuard<'static, BTreeMap<usize, Arc<Job>>> {
    JOBS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the host calls on each of its threads.
unsafe extern "C" fn on_thread(_index: c_uint, _count: c_uint, job: *mut c_void) {
    let job = jobs().get(&(job as usize)).cloned();
    if let Some(job) = job {
        job.take_pieces();
    }
}

impl Suites {
    /// How many threads the host lends; 1 where it does not say.
    pub(crate) fn thread_count(&self) -> usize {
        let Some(count) = self.threads.as_ref().and_then(|s| s.multiThreadNumCPUs) else { return 1 };
        let mut cpus: c_uint = 1;
        // SAFETY: see the module; `cpus` outlives the call.
        let status = unsafe { count(&mut cpus) };
        match check(status, "multiThreadNumCPUs", String::new) {
            Ok(()) => (cpus as usize).clamp(1, 256),
            Err(_) => 1,
        }
    }

    fn multi_thread(&self, threads: usize, job: usize) -> Result<()> {
        let run = function(self.threads.as_ref(), "multiThread", |s| s.multiThread)?;
        // SAFETY: see the module; the argument is a number that `on_thread` looks up.
        let status = unsafe { run(Some(on_thread), threads as c_uint, ptr::without_provenance_mut(job)) };
        check(status, "multiThread", || threads.to_string())
    }
}
