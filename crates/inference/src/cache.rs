//! Results of earlier runs, found by the content of their inputs.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use ndarray::Array3;
use xxhash_rust::xxh3::Xxh3;

use crate::session::Planes;
use crate::{Fallback, Model, Provider};

/// What a run's result depends on: the model, the pixels that the network sees, and what it runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ContentKey {
    content: u128,
    /// `None` while it is not yet known what Auto will choose.
    provider: Option<Provider>,
}

impl ContentKey {
    /// Hash of everything (128 bit, not cryptographic: XXH3). `salt` tells runs apart that must not be shared.
    pub(crate) fn of(model: &Model, inputs: &[Planes], provider: Option<Provider>, salt: u64) -> Self {
        let mut hash = Xxh3::new();
        hash.update(model.sha256.as_bytes());
        // Two entries may describe one file differently.
        hash.update(format!("{:?}", model.entry).as_bytes());
        hash.update(&salt.to_le_bytes());
        for planes in inputs {
            let (channels, height, width) = planes.dim();
            for size in [channels, height, width] {
                hash.update(&(size as u64).to_le_bytes());
            }
            match planes.as_slice() {
                Some(data) => hash.update(bytemuck::cast_slice(data)),
                None => planes.iter().for_each(|value| hash.update(&value.to_ne_bytes())),
            }
        }
        Self { content: hash.digest128(), provider }
    }

    /// The same content, now that it is known what it ran on.
    pub(crate) fn on(self, provider: Provider) -> Self {
        Self { provider: Some(provider), ..self }
    }
}

/// A stored result.
#[derive(Debug, Clone)]
pub(crate) struct Cached {
    pub(crate) logits: Arc<Array3<f32>>,
    pub(crate) provider: Provider,
    pub(crate) fallback: Option<Fallback>,
    pub(crate) milliseconds: f64,
}

impl Cached {
    fn bytes(&self) -> u64 {
        (self.logits.len() * size_of::<f32>()) as u64
    }
}

/// Least recently used results go first when the bound in bytes is passed.
#[derive(Debug)]
pub(crate) struct ResultCache {
    limit: u64,
    bytes: u64,
    tick: u64,
    entries: HashMap<ContentKey, (u64, Cached)>,
    by_age: BTreeMap<u64, ContentKey>,
}

impl ResultCache {
    pub(crate) fn new(limit: u64) -> Self {
        Self { limit, bytes: 0, tick: 0, entries: HashMap::new(), by_age: BTreeMap::new() }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn get(&mut self, key: &ContentKey) -> Option<Cached> {
        let (age, cached) = self.entries.get_mut(key)?;
        self.tick += 1;
        self.by_age.remove(age);
        *age = self.tick;
        self.by_age.insert(self.tick, *key);
        Some(cached.clone())
    }

    /// Keeps `cached`, unless it alone is larger than the bound.
    pub(crate) fn insert(&mut self, key: ContentKey, cached: Cached) {
        self.remove(&key);
        if cached.bytes() > self.limit {
            return;
        }
        self.tick += 1;
        self.bytes += cached.bytes();
        self.by_age.insert(self.tick, key);
        self.entries.insert(key, (self.tick, cached));
        while self.bytes > self.limit {
            let Some((_, oldest)) = self.by_age.pop_first() else { break };
            self.remove(&oldest);
        }
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.limit);
    }

    fn remove(&mut self, key: &ContentKey) {
        if let Some((age, cached)) = self.entries.remove(key) {
            self.by_age.remove(&age);
            self.bytes -= cached.bytes();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(content: u128) -> ContentKey {
        ContentKey { content, provider: Some(Provider::Cpu) }
    }

    fn result(values: usize) -> Cached {
        let logits = Arc::new(Array3::zeros((1, 1, values)));
        Cached { logits, provider: Provider::Cpu, fallback: None, milliseconds: 1.0 }
    }

    #[test]
    fn the_least_recently_used_result_goes_first() {
        let mut cache = ResultCache::new(8);
        cache.insert(key(1), result(1));
        cache.insert(key(2), result(1));
        assert!(cache.get(&key(1)).is_some());
        cache.insert(key(3), result(1));
        assert!(cache.get(&key(2)).is_none());
        assert!(cache.get(&key(1)).is_some() && cache.get(&key(3)).is_some());
        assert_eq!(cache.bytes(), 8);
    }

    #[test]
    fn a_result_larger_than_the_bound_is_not_kept_and_evicts_nothing() {
        let mut cache = ResultCache::new(8);
        cache.insert(key(1), result(2));
        cache.insert(key(2), result(3));
        assert!(cache.get(&key(1)).is_some() && cache.get(&key(2)).is_none());
    }

    #[test]
    fn replacing_a_result_counts_its_bytes_once() {
        let mut cache = ResultCache::new(64);
        cache.insert(key(1), result(2));
        cache.insert(key(1), result(3));
        assert_eq!(cache.bytes(), 12);
        cache.clear();
        assert_eq!((cache.bytes(), cache.get(&key(1)).is_none()), (0, true));
    }

    #[test]
    fn a_bound_of_zero_keeps_nothing() {
        let mut cache = ResultCache::new(0);
        cache.insert(key(1), result(1));
        assert!(cache.get(&key(1)).is_none());
    }
}
