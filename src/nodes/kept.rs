//! What renders share: made once for each key, by one of those who want it, and kept while it is likely to be wanted again.

use super::picture;
use ofx_sdk::plugin::{Image, Instance};
use ofx_sdk::{Error, Result};
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use xxhash_rust::xxh3::Xxh3;

/// Bytes kept at most beside those that are kept whatever their size. One 4K frame takes 135 to 220 MB.
const MOST_BYTES: usize = 320 << 20;

/// How often a render that waits for what another one makes asks its host whether to stop.
const POLL_PERIOD: Duration = Duration::from_millis(10);

/// How long a render waits for another one before it makes the same itself: a host may need the very thread that waits to
/// do the other's work. One at a time gives up waiting: each has a frame of its own in memory.
const LONGEST_WAIT: Duration = Duration::from_secs(4);

/// A hash of all that a value depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(u128);

impl Key {
    /// The key of images and of `rest`, a text of everything else that matters.
    ///
    /// Pixels are hashed because the image identifiers of hosts cannot be trusted: Nuke's is constant, MLT's random.
    pub fn of(instance: &Instance, images: &[&Image<'_>], rest: &str) -> Self {
        let mut hash = Xxh3::new();
        hash.update(rest.as_bytes());
        for image in images {
            let b = image.bounds();
            let layout = (b, image.depth(), image.components(), image.premultiplication(), image.has_alpha());
            hash.update(format!("{layout:?}").as_bytes());
            hash.update(&picture::pixel_hash(instance, image).to_ne_bytes());
        }
        Self(hash.digest128())
    }

    /// The key of texts, in their order.
    pub fn of_texts(texts: &[&str]) -> Self {
        let mut hash = Xxh3::new();
        for text in texts {
            hash.update(&(text.len() as u64).to_ne_bytes());
            hash.update(text.as_bytes());
        }
        Self(hash.digest128())
    }

    /// The key of what is made of other keyed values, and of `rest`.
    pub fn joined(keys: impl IntoIterator<Item = Self>, rest: &str) -> Self {
        let mut hash = Xxh3::new();
        hash.update(rest.as_bytes());
        keys.into_iter().for_each(|key| hash.update(&key.0.to_ne_bytes()));
        Self(hash.digest128())
    }
}

/// How many values are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// The newest, whatever their size: a host may be half through its tiles.
    pub least: usize,
    /// As far as their bytes allow.
    pub most: usize,
}

/// Values of one kind. What was asked for last stays longest.
pub struct Shelf<T> {
    kept: Mutex<VecDeque<(Key, Arc<T>)>>,
    /// The keys that some render makes a value for.
    making: Mutex<Vec<Key>>,
    made: Condvar,
    /// The widest that anybody has asked for: who wants less must not take from those who want more.
    room: Mutex<Room>,
    bytes: fn(&T) -> usize,
}

impl<T> Shelf<T> {
    /// An empty one; `bytes` says what a value holds.
    pub const fn new(bytes: fn(&T) -> usize) -> Self {
        Self {
            kept: Mutex::new(VecDeque::new()),
            making: Mutex::new(Vec::new()),
            made: Condvar::new(),
            room: Mutex::new(Room { least: 0, most: 0 }),
            bytes,
        }
    }

    /// The value of a key: a kept one, or the one that another render is making, or else what `make` makes. No lock is held
    /// while it does.
    ///
    /// # Errors
    /// Those of `make`; an abort while waiting.
    pub fn find_or_make(
        &self,
        key: Key,
        room: Room,
        aborted: &dyn Fn() -> bool,
        make: impl FnOnce() -> Result<T>,
    ) -> Result<Arc<T>> {
        let start = Instant::now();
        let _turn = loop {
            let mut making = lock(&self.making);
            // Looked for under the lock: who takes its key from the list has kept what it made.
            if let Some(value) = self.find(key) {
                return Ok(value);
            }
            let makers = making.iter().filter(|other| **other == key).count();
            if may_make(start.elapsed(), makers) {
                making.push(key);
                break Turn { shelf: self, key };
            }
            drop(self.made.wait_timeout(making, POLL_PERIOD).unwrap_or_else(PoisonError::into_inner));
            if aborted() {
                return Err(Error::Aborted);
            }
        };
        let value = Arc::new(make()?);
        self.keep(key, &value, room);
        Ok(value)
    }

    /// The value of a key, if it is kept.
    pub fn find(&self, key: Key) -> Option<Arc<T>> {
        let mut kept = lock(&self.kept);
        let place = kept.iter().position(|(other, _)| *other == key)?;
        let found = kept.remove(place)?;
        let value = found.1.clone();
        kept.push_front(found);
        Some(value)
    }

    /// Keeps a value, and lets go of what is older and too much.
    fn keep(&self, key: Key, value: &Arc<T>, room: Room) {
        let room = {
            let mut widest = lock(&self.room);
            *widest = Room { least: widest.least.max(room.least), most: widest.most.max(room.most) };
            *widest
        };
        let mut kept = lock(&self.kept);
        kept.retain(|(other, _)| *other != key);
        kept.push_front((key, value.clone()));
        let mut bytes = 0;
        let mut fits = |value: &T| {
            bytes += (self.bytes)(value);
            bytes <= MOST_BYTES
        };
        let more = room.most.saturating_sub(room.least);
        let fitting = room.least + kept.iter().skip(room.least).take(more).take_while(|(_, value)| fits(value)).count();
        // Dropped after the lock: large arrays take their time.
        let fitting = fitting.min(kept.len());
        let dropped = kept.split_off(fitting);
        drop(kept);
        drop(dropped);
    }

    /// Lets go of everything, and of the room that was asked for.
    pub fn clear(&self) {
        *lock(&self.room) = Room { least: 0, most: 0 };
        let dropped = std::mem::take(&mut *lock(&self.kept));
        drop(dropped);
    }
}

/// Whether a render makes a value itself that so many others make, after waiting for them.
fn may_make(waited: Duration, makers: usize) -> bool {
    makers == 0 || waited > LONGEST_WAIT * makers as u32
}

/// A place in the list of keys, given up by return, error and panic alike.
struct Turn<'a, T> {
    shelf: &'a Shelf<T>,
    key: Key,
}

impl<T> Drop for Turn<'_, T> {
    fn drop(&mut self) {
        let mut making = lock(&self.shelf.making);
        if let Some(place) = making.iter().position(|key| *key == self.key) {
            making.swap_remove(place);
        }
        drop(making);
        self.shelf.made.notify_all();
    }
}

/// Locks, whatever a thread that panicked left behind.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const ROOM: Room = Room { least: 1, most: 2 };

    /// A shelf whose values say themselves how many megabytes they are.
    fn shelf() -> Shelf<usize> {
        Shelf::new(|megabytes| megabytes << 20)
    }

    #[test]
    fn renders_of_one_frame_share_one_value_and_a_failure_is_the_next_ones_turn() {
        let shelf = shelf();
        let made = AtomicUsize::new(0);
        let make = || {
            // The others arrive meanwhile.
            std::thread::sleep(Duration::from_millis(50));
            match made.fetch_add(1, Ordering::SeqCst) {
                0 => Err(Error::Memory),
                _ => Ok(8),
            }
        };
        let results: Vec<_> = std::thread::scope(|scope| {
            let render = || shelf.find_or_make(Key(77), ROOM, &|| false, make).map(|_| ());
            let threads: Vec<_> = (0..6).map(|_| scope.spawn(render)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(results.iter().filter(|result| result.is_err()).count(), 1, "{results:?}");
        assert_eq!(made.load(Ordering::SeqCst), 2, "one failed, one made it for all others");
        assert!(lock(&shelf.making).is_empty());
    }

    #[test]
    fn a_render_that_waits_for_another_one_stops_when_its_host_says_so() {
        let shelf = shelf();
        lock(&shelf.making).push(Key(78));
        let result = shelf.find_or_make(Key(78), ROOM, &|| true, || panic!("another one makes it"));
        assert!(matches!(result, Err(Error::Aborted)));
    }

    #[test]
    fn of_those_who_have_waited_too_long_one_at_a_time_makes_it_too() {
        let late = LONGEST_WAIT + POLL_PERIOD;
        assert!(may_make(Duration::ZERO, 0) && !may_make(LONGEST_WAIT, 1) && may_make(late, 1));
        assert!(!may_make(late, 2) && may_make(2 * late, 2));
    }

    #[test]
    fn the_newest_stay_whatever_their_size_and_older_ones_as_far_as_there_is_room() {
        let shelf = shelf();
        let keep = |n: u128, megabytes: usize, room| shelf.keep(Key(n), &Arc::new(megabytes), room);
        (1..=3).for_each(|n| keep(n, 1, ROOM));
        assert!(shelf.find(Key(1)).is_none() && shelf.find(Key(2)).is_some() && shelf.find(Key(3)).is_some());
        keep(4, 350, ROOM);
        assert!(shelf.find(Key(3)).is_some() && shelf.find(Key(4)).is_some());
        keep(5, 1, ROOM);
        assert!(
            shelf.find(Key(5)).is_some() && shelf.find(Key(4)).is_none(),
            "more than may be kept beside the newest"
        );
        let wide = Room { least: 9, most: 18 };
        (10..30).for_each(|n| keep(n, 350, wide));
        let found = (10..30).filter(|n| shelf.find(Key(*n)).is_some()).count();
        assert_eq!(found, 9, "a whole window stays, however large its frames");
    }

    #[test]
    fn what_was_asked_for_last_stays_longest() {
        let shelf = shelf();
        let room = Room { least: 3, most: 3 };
        (1..=3).for_each(|n| shelf.keep(Key(n), &Arc::new(1), room));
        assert!(shelf.find(Key(1)).is_some());
        shelf.keep(Key(4), &Arc::new(1), room);
        assert!(shelf.find(Key(1)).is_some() && shelf.find(Key(2)).is_none());
    }

    #[test]
    fn who_wants_less_takes_nothing_from_who_wants_more_until_all_is_cleared() {
        let shelf = shelf();
        let [narrow, wide] = [ROOM, Room { least: 9, most: 18 }];
        (1..=9).for_each(|n| shelf.keep(Key(n), &Arc::new(1), wide));
        shelf.keep(Key(20), &Arc::new(1), narrow);
        assert!((1..=9).all(|n| shelf.find(Key(n)).is_some()));
        shelf.clear();
        (1..=9).for_each(|n| shelf.keep(Key(n), &Arc::new(1), narrow));
        assert_eq!((1..=9).filter(|n| shelf.find(Key(*n)).is_some()).count(), 2);
    }

    #[test]
    fn joined_keys_depend_on_each_key_their_order_and_the_rest() {
        let joined = |keys: &[u128], rest| Key::joined(keys.iter().map(|key| Key(*key)), rest);
        let all = [joined(&[1, 2], "a"), joined(&[2, 1], "a"), joined(&[1, 2], "b"), joined(&[1], "a")];
        assert!((0..4).all(|i| (0..i).all(|j| all[i] != all[j])), "{all:?}");
    }
}
