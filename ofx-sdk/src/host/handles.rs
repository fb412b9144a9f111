//! Handles: numbers that are looked up in a table of the process, never followed.
//!
//! A handle is given once and never again, so a stale one is not found. The numbers lie where no memory can be: a
//! plug-in that follows one stops at once instead of reading our memory.

use super::{
    clip::Clip,
    effect::Effect,
    interact::Interact,
    loan::Loan,
    param::Param,
    properties::PropertySet,
    suites::{draw::Drawing, memory::ImageMemory, multi_thread::RecursiveMutex},
    sync::{read, write},
};
use std::{
    collections::HashMap,
    ffi::c_void,
    sync::{
        Arc, LazyLock, RwLock, Weak,
        atomic::{AtomicUsize, Ordering},
    },
};

#[derive(Clone)]
pub(crate) enum Object {
    Properties(Weak<PropertySet>),
    Effect(Weak<Effect>),
    Params(Weak<Effect>),
    Param(Weak<Param>),
    Clip(Weak<Clip>),
    Image(Weak<Loan>),
    Interact(Weak<Interact>),
    Drawing(Weak<Drawing>),
    Memory(Arc<ImageMemory>),
    Mutex(Arc<RecursiveMutex>),
}

const SHARDS: usize = 16;
const STEP: usize = 64;
#[cfg(target_pointer_width = "64")]
const FIRST: usize = 0x0F0F_0000_0000_0000;
#[cfg(not(target_pointer_width = "64"))]
const FIRST: usize = 0x4000_0000;

static TABLE: LazyLock<[RwLock<HashMap<usize, Object>>; SHARDS]> = LazyLock::new(Default::default);
static NEXT: AtomicUsize = AtomicUsize::new(FIRST);

fn shard(handle: usize) -> &'static RwLock<HashMap<usize, Object>> {
    &TABLE[(handle / STEP) % SHARDS]
}

/// A handle of our own; it is forgotten when this is dropped.
#[derive(Debug)]
pub(crate) struct Handle(usize);

impl Handle {
    /// A new number that stands for nothing yet.
    pub fn reserve() -> Self {
        Self(NEXT.fetch_add(STEP, Ordering::Relaxed))
    }

    /// Lets the number stand for `object`.
    pub fn bind(&self, object: Object) {
        write(shard(self.0)).insert(self.0, object);
    }

    /// Lets the number stand for nothing again.
    pub fn unbind(&self) {
        write(shard(self.0)).remove(&self.0);
    }

    /// The number as the pointer that it pretends to be.
    pub fn raw<T>(&self) -> *mut T {
        std::ptr::without_provenance_mut(self.0)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.unbind();
    }
}

/// What a pointer from a plug-in stands for.
fn lookup<T>(raw: *const T) -> Option<Object> {
    let handle = raw.addr();
    read(shard(handle)).get(&handle).cloned()
}

pub(crate) fn properties<T>(raw: *const T) -> Option<Arc<PropertySet>> {
    match lookup(raw)? {
        Object::Properties(set) => set.upgrade(),
        Object::Image(loan) => loan.upgrade().map(|loan| Arc::clone(&loan.properties)),
        _ => None,
    }
}

pub(crate) fn effect<T>(raw: *const T) -> Option<Arc<Effect>> {
    match lookup(raw)? {
        Object::Effect(effect) => effect.upgrade(),
        _ => None,
    }
}

pub(crate) fn params<T>(raw: *const T) -> Option<Arc<Effect>> {
    match lookup(raw)? {
        Object::Params(effect) => effect.upgrade(),
        _ => None,
    }
}

pub(crate) fn param<T>(raw: *const T) -> Option<Arc<Param>> {
    match lookup(raw)? {
        Object::Param(param) => param.upgrade(),
        _ => None,
    }
}

pub(crate) fn clip<T>(raw: *const T) -> Option<Arc<Clip>> {
    match lookup(raw)? {
        Object::Clip(clip) => clip.upgrade(),
        _ => None,
    }
}

pub(crate) fn image<T>(raw: *const T) -> Option<Arc<Loan>> {
    match lookup(raw)? {
        Object::Image(loan) => loan.upgrade(),
        _ => None,
    }
}

pub(crate) fn interact<T>(raw: *const T) -> Option<Arc<Interact>> {
    match lookup(raw)? {
        Object::Interact(interact) => interact.upgrade(),
        _ => None,
    }
}

pub(crate) fn drawing<T>(raw: *const T) -> Option<Arc<Drawing>> {
    match lookup(raw)? {
        Object::Drawing(drawing) => drawing.upgrade(),
        _ => None,
    }
}

pub(crate) fn memory<T>(raw: *const T) -> Option<Arc<ImageMemory>> {
    match lookup(raw)? {
        Object::Memory(memory) => Some(memory),
        _ => None,
    }
}

pub(crate) fn mutex<T>(raw: *const T) -> Option<Arc<RecursiveMutex>> {
    match lookup(raw)? {
        Object::Mutex(mutex) => Some(mutex),
        _ => None,
    }
}

/// Forgets an object that its handle alone keeps alive; whether there was one.
pub(crate) fn forget(raw: *const c_void) -> bool {
    write(shard(raw.addr())).remove(&raw.addr()).is_some()
}

/// How many objects have a handle now, of every host of the process.
pub(crate) fn count() -> usize {
    TABLE.iter().map(|shard| read(shard).len()).sum()
}

/// Every mutex that is alive, with its handle.
pub(crate) fn mutexes() -> Vec<(usize, Arc<RecursiveMutex>)> {
    collect(|object| match object {
        Object::Mutex(mutex) => Some(Arc::clone(mutex)),
        _ => None,
    })
}

/// Every image memory that is alive, with its handle.
pub(crate) fn memories() -> Vec<(usize, Arc<ImageMemory>)> {
    collect(|object| match object {
        Object::Memory(memory) => Some(Arc::clone(memory)),
        _ => None,
    })
}

fn collect<T>(select: impl Fn(&Object) -> Option<T>) -> Vec<(usize, T)> {
    let mut found: Vec<_> = TABLE
        .iter()
        .flat_map(|shard| read(shard).iter().filter_map(|(handle, o)| Some((*handle, select(o)?))).collect::<Vec<_>>())
        .collect();
    found.sort_by_key(|(handle, _)| *handle);
    found
}
