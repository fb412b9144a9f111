use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::{Block, Budget, Kind, Outline};
use crate::{Error, Result};

/// More than an hour of film.
pub(crate) const MOST_FRAMES: usize = 100_000;

/// Frames with what is known of each, and the stored form of those that did not change since it was read or written.
#[derive(Debug, Clone)]
pub(crate) struct Frames<T>(BTreeMap<i64, Kept<T>>);

/// A frame with its stored form, if that is known.
#[derive(Debug, Clone)]
pub(crate) struct Kept<T> {
    value: T,
    block: OnceLock<Arc<str>>,
}

impl<T> Kept<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { value, block: OnceLock::new() }
    }

    pub(crate) fn value(&self) -> &T {
        &self.value
    }
}

impl<T> Default for Frames<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: PartialEq> PartialEq for Frames<T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<T> Frames<T> {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn get(&self, frame: i64) -> Option<&T> {
        self.0.get(&frame).map(|kept| &kept.value)
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (i64, &T)> {
        self.0.iter().map(|(&frame, kept)| (frame, &kept.value))
    }

    /// The frames within `range`, in order.
    pub(crate) fn range(&self, range: impl std::ops::RangeBounds<i64>) -> impl DoubleEndedIterator<Item = (i64, &T)> {
        self.0.range(range).map(|(&frame, kept)| (frame, &kept.value))
    }

    pub(crate) fn insert(&mut self, frame: i64, value: T) -> Result<()> {
        self.put(frame, Kept::new(value))
    }

    pub(crate) fn put(&mut self, frame: i64, kept: Kept<T>) -> Result<()> {
        if self.0.len() >= MOST_FRAMES && !self.0.contains_key(&frame) {
            let (name, value) = ("number of stored frames", MOST_FRAMES as f64 + 1.0);
            return Err(Error::Parameter { name, value, range: "up to 100,000" });
        }
        self.0.insert(frame, kept);
        Ok(())
    }

    pub(crate) fn into_iter(self) -> impl Iterator<Item = (i64, Kept<T>)> {
        self.0.into_iter()
    }

    pub(crate) fn remove(&mut self, frame: i64) -> Option<T> {
        self.0.remove(&frame).map(|kept| kept.value)
    }
}

impl<T: Block> Frames<T> {
    /// Reads the blocks of a stored string.
    pub(crate) fn read(kind: Kind, blocks: BTreeMap<i64, String>, outline: &Outline) -> Result<Self> {
        let mut budget = Budget::default();
        let read = |(frame, text): (i64, String)| {
            let value = T::decode(&text, outline, &mut budget).map_err(|reason| kind.wrong_at(frame, reason))?;
            Ok((frame, Kept { value, block: OnceLock::from(Arc::from(text)) }))
        };
        blocks.into_iter().map(read).collect::<Result<_>>().map(Self)
    }

    /// The blocks for a stored string; only frames that changed are compressed.
    pub(crate) fn blocks(&self, kind: Kind) -> Result<BTreeMap<i64, &str>> {
        self.0.iter().map(|(&frame, kept)| Ok((frame, kept.block(kind, frame)?))).collect()
    }
}

impl<T: Block> Kept<T> {
    fn block(&self, kind: Kind, frame: i64) -> Result<&str> {
        if let Some(block) = self.block.get() {
            return Ok(block);
        }
        let text = self.value.encode().map_err(|reason| kind.wrong_at(frame, reason))?;
        Ok(self.block.get_or_init(|| text.into()))
    }
}
