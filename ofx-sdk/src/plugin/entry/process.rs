//! What an effect keeps for the whole program: the host, how often it was loaded, and its nodes.

use crate::plugin::{effect::Effect, host_info::HostState, instance::Link, suites::EffectHandle};
use std::{
    any::{Any, TypeId},
    collections::HashMap,
    sync::{
        Arc, LazyLock, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
};

/// One node.
pub(super) struct Node<E> {
    pub(super) effect: E,
    pub(super) link: Arc<Link>,
}

/// What an effect keeps for the whole program. Its locks are held for a look-up only, never while the host or the
/// effect is called.
pub(super) struct Process<E> {
    host: RwLock<Option<Arc<HostState>>>,
    loads: AtomicUsize,
    nodes: RwLock<HashMap<usize, Arc<Node<E>>>>,
}

type AnyKept = &'static (dyn Any + Send + Sync);

/// One entry per type, made once and kept for good: hosts unload and load again.
static KEPT: LazyLock<RwLock<HashMap<TypeId, AnyKept>>> = LazyLock::new(RwLock::default);

/// The one value of a type. (A `static` inside a generic function would be one for all types.)
pub(super) fn kept<T: Any + Send + Sync>(make: impl FnOnce() -> T) -> &'static T {
    let key = TypeId::of::<T>();
    let found = KEPT.read().unwrap_or_else(PoisonError::into_inner).get(&key).copied();
    let value = found.unwrap_or_else(|| {
        let mut all = KEPT.write().unwrap_or_else(PoisonError::into_inner);
        *all.entry(key).or_insert_with(|| Box::leak(Box::new(make())))
    });
    value.downcast_ref().expect("stored under its own type's key")
}

/// What `E` keeps.
pub(super) fn process<E: Effect>() -> &'static Process<E> {
    kept(Process::<E>::new)
}

impl<E> Process<E> {
    fn new() -> Self {
        Self { host: RwLock::new(None), loads: AtomicUsize::new(0), nodes: RwLock::default() }
    }

    pub(super) fn set_host(&self, host: Option<HostState>) {
        let host = host.map(Arc::new);
        let old = std::mem::replace(&mut *self.host.write().unwrap_or_else(PoisonError::into_inner), host);
        drop(old);
    }

    /// Replaces a host, unless another one has set itself meanwhile.
    pub(super) fn renew_host(&self, old: &Arc<HostState>) {
        let renewed = Arc::new(old.renewed());
        let mut host = self.host.write().unwrap_or_else(PoisonError::into_inner);
        if host.as_ref().is_some_and(|current| Arc::ptr_eq(current, old)) {
            *host = Some(renewed);
        }
    }

    pub(super) fn host(&self) -> Option<Arc<HostState>> {
        self.host.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Counts a load; true for the first.
    pub(super) fn load(&self) -> bool {
        self.loads.fetch_add(1, Ordering::AcqRel) == 0
    }

    /// Counts an unload; true for the one that matches the first load. More unloads than loads count for nothing.
    pub(super) fn unload(&self) -> bool {
        let before = self.loads.fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| n.checked_sub(1));
        before == Ok(1)
    }

    pub(super) fn node(&self, handle: EffectHandle) -> Option<Arc<Node<E>>> {
        self.nodes.read().unwrap_or_else(PoisonError::into_inner).get(&handle.key()).cloned()
    }

    /// Enters a node; the one that had the same handle until now goes.
    pub(super) fn insert(&self, node: Arc<Node<E>>) {
        let key = node.link.handle.key();
        let old = self.nodes.write().unwrap_or_else(PoisonError::into_inner).insert(key, node);
        if let Some(old) = old {
            log::warn!("the host created a node twice without destroying it");
            old.retire();
        }
    }

    /// Takes a node out; false where there is none of that handle.
    pub(super) fn remove(&self, handle: EffectHandle) -> bool {
        let node = self.nodes.write().unwrap_or_else(PoisonError::into_inner).remove(&handle.key());
        node.map(|node| node.retire()).is_some()
    }
}

impl<E> Node<E> {
    /// From now on every call to the host fails. A render that still holds the node keeps its state alive.
    fn retire(&self) {
        self.link.alive.store(false, Ordering::Release);
    }
}
