//! The multithread suite: real threads, and mutexes that one thread may lock several times.
#![allow(unsafe_code)]

use super::{gate, give, null_argument};
use crate::{
    Status,
    host::{
        action,
        handles::{self, Handle, Object},
        sync::lock,
    },
    sys,
};
use std::{
    cell::Cell,
    ffi::{c_int, c_uint, c_void},
    mem::ManuallyDrop,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread::{self, ThreadId},
};

pub(crate) static TABLE: sys::OfxMultiThreadSuiteV1 = sys::OfxMultiThreadSuiteV1 {
    multiThread: Some(multi_thread),
    multiThreadNumCPUs: Some(num_cpus),
    multiThreadIndex: Some(thread_index),
    multiThreadIsSpawnedThread: Some(is_spawned_thread),
    mutexCreate: Some(mutex_create),
    mutexDestroy: Some(mutex_destroy),
    mutexLock: Some(mutex_lock),
    mutexUnLock: Some(mutex_unlock),
    mutexTryLock: Some(mutex_try_lock),
};

thread_local! {
    /// The index of a thread that this suite has started.
    static INDEX: Cell<Option<c_uint>> = const { Cell::new(None) };
}

fn processors() -> c_uint {
    let threads = action::current().map(|action| action.host.options.threads);
    let threads = threads.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from));
    c_uint::try_from(threads.max(1)).unwrap_or(1)
}

/// A plug-in's pointer on its way to another thread.
#[derive(Clone, Copy)]
struct Argument(*mut c_void);

// SAFETY: the plug-in gives the pointer for all threads to use; that is what the suite is for.
unsafe impl Send for Argument {}

impl Argument {
    fn get(self) -> *mut c_void {
        self.0
    }
}

unsafe extern "C" fn multi_thread(
    function: sys::OfxThreadFunctionV1,
    threads: c_uint,
    argument: *mut c_void,
) -> sys::OfxStatus {
    gate("multiThread", || {
        let function = function.ok_or_else(|| null_argument("the function of multiThread"))?;
        if INDEX.get().is_some() {
            return Err(Status::EXISTS);
        }
        // The plug-in may ask for more threads than there are processors; they run in groups of those.
        let count = if threads == 0 { processors() } else { threads };
        let action = action::current();
        let argument = Argument(argument);
        let mut next = 0;
        while next < count {
            let group = next..count.min(next + processors());
            next = group.end;
            let started = thread::scope(|scope| {
                group
                    .map(|index| {
                        let action = action.clone();
                        thread::Builder::new().spawn_scoped(scope, move || {
                            let _entered = action.map(action::enter);
                            INDEX.set(Some(index));
                            // SAFETY: the plug-in's function and argument, called as the standard has it.
                            unsafe { function(index, count, argument.get()) };
                        })
                    })
                    .all(|thread| thread.is_ok())
            });
            if !started {
                return Err(Status::FAILED);
            }
        }
        Ok(())
    })
}

unsafe extern "C" fn num_cpus(to: *mut c_uint) -> sys::OfxStatus {
    // A thread that was spawned cannot spawn more.
    let count = if INDEX.get().is_some() { 1 } else { processors() };
    // SAFETY: the plug-in's pointer, as the standard has it.
    gate("multiThreadNumCPUs", || unsafe { give(to, count, "where a count goes") })
}

unsafe extern "C" fn thread_index(to: *mut c_uint) -> sys::OfxStatus {
    // SAFETY: the plug-in's pointer, as the standard has it.
    gate("multiThreadIndex", || unsafe { give(to, INDEX.get().unwrap_or(0), "where an index goes") })
}

unsafe extern "C" fn is_spawned_thread() -> c_int {
    c_int::from(INDEX.get().is_some())
}

/// A mutex that its owner may lock again.
pub(crate) struct RecursiveMutex {
    /// The plug-in that made it; empty if that cannot be told.
    pub plugin: String,
    state: Mutex<(Option<ThreadId>, u32)>,
    freed: Condvar,
}

impl RecursiveMutex {
    fn new(locks: u32) -> Self {
        let owner = (locks > 0).then(|| thread::current().id());
        let plugin = action::current().map(|action| action.plugin.clone()).unwrap_or_default();
        Self { plugin, state: Mutex::new((owner, locks)), freed: Condvar::new() }
    }

    fn take(state: &mut (Option<ThreadId>, u32)) -> bool {
        let this = thread::current().id();
        let free = state.0.is_none() || state.0 == Some(this);
        if free {
            *state = (Some(this), state.1 + 1);
        }
        free
    }

    fn lock(&self) {
        let mut state = lock(&self.state);
        while !Self::take(&mut state) {
            state = self.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn try_lock(&self) -> bool {
        Self::take(&mut lock(&self.state))
    }

    /// `false` when this thread does not hold it.
    fn unlock(&self) -> bool {
        let mut state = lock(&self.state);
        if state.0 != Some(thread::current().id()) {
            return false;
        }
        state.1 -= 1;
        if state.1 == 0 {
            state.0 = None;
            self.freed.notify_one();
        }
        true
    }
}

unsafe extern "C" fn mutex_create(to: *mut sys::OfxMutexHandle, locks: c_int) -> sys::OfxStatus {
    gate("mutexCreate", || {
        // The table of handles keeps the mutex alive until it is destroyed; the number is never given again.
        let handle = ManuallyDrop::new(Handle::reserve());
        // SAFETY: the plug-in's pointer, as the standard has it.
        unsafe { give(to, handle.raw(), "where a mutex goes") }?;
        handle.bind(Object::Mutex(Arc::new(RecursiveMutex::new(u32::try_from(locks).unwrap_or(0)))));
        Ok(())
    })
}

unsafe extern "C" fn mutex_destroy(mutex: sys::OfxMutexHandle) -> sys::OfxStatus {
    gate("mutexDestroy", || {
        handles::mutex(mutex).ok_or(Status::BAD_HANDLE)?;
        handles::forget(mutex.cast_const().cast());
        Ok(())
    })
}

unsafe extern "C" fn mutex_lock(mutex: sys::OfxMutexHandle) -> sys::OfxStatus {
    gate("mutexLock", || handles::mutex(mutex).map(|mutex| mutex.lock()).ok_or(Status::BAD_HANDLE))
}

unsafe extern "C" fn mutex_unlock(mutex: sys::OfxMutexHandle) -> sys::OfxStatus {
    gate("mutexUnLock", || {
        let mutex = handles::mutex(mutex).ok_or(Status::BAD_HANDLE)?;
        if mutex.unlock() { Ok(()) } else { Err(Status::FAILED) }
    })
}

unsafe extern "C" fn mutex_try_lock(mutex: sys::OfxMutexHandle) -> sys::OfxStatus {
    gate("mutexTryLock", || {
        let mutex = handles::mutex(mutex).ok_or(Status::BAD_HANDLE)?;
        if mutex.try_lock() { Ok(()) } else { Err(Status::FAILED) }
    })
}
