//! What is known of a frame before any parameter shapes it, kept for the renders that follow: a host asks for a frame in
//! tiles, and an artist drags a slider.

use super::mattes::{Frame, NetworkPicture, Tones, Weighing};
use crate::nodes::picture;
use imaging::Size;
use ndarray::{Array3, ArrayView3};
use ofx_sdk::plugin::{Image, Instance};
use ofx_sdk::{Error, Result};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use xxhash_rust::xxh3::Xxh3;

/// Analyses kept at most: two nodes that a host renders in turns.
const MOST_KEPT: usize = 2;

/// Bytes kept at most beside the newest analysis. One 4K frame takes about 220 MB.
const MOST_BYTES: usize = 320 << 20;

/// Rows that are hashed as one piece of work.
const BAND_ROWS: i32 = 256;

/// A frame, what the network was shown of it, and what it answered.
pub struct Analysis {
    pub frame: Frame,
    picture: NetworkPicture,
    size: Size,
    logits: Arc<Array3<f32>>,
    /// The tones of the last weighing; tiles of one frame share them.
    tones: Mutex<Option<(Weighing, Arc<Tones>)>>,
}

impl Analysis {
    /// `logits` are those of the padded picture; `size` is the picture's own.
    pub fn new(frame: Frame, picture: NetworkPicture, size: Size, logits: Arc<Array3<f32>>) -> Self {
        Self { frame, picture, size, logits, tones: Mutex::new(None) }
    }

    /// The frame's tones as `weighing` wants them.
    ///
    /// # Errors
    /// When the shapes of picture and logits do not fit each other.
    pub fn tones(&self, weighing: &Weighing, threads: usize) -> imaging::Result<Arc<Tones>> {
        // Held while they are made, which calls nobody: tiles that need the same tones wait instead of making them again.
        let mut kept = lock(&self.tones);
        if let Some((weighed, tones)) = &*kept
            && weighed == weighing
        {
            return Ok(tones.clone());
        }
        let logits: ArrayView3<f32> = inference::tensor::crop(&self.logits, self.size.width, self.size.height);
        let tones = Arc::new(Tones::new(logits, self.picture.image.view(), self.frame.size(), weighing, threads)?);
        *kept = Some((*weighing, tones.clone()));
        Ok(tones)
    }

    /// Bytes held, by the frame and, for each pixel of the network's picture, by its tones.
    fn bytes(&self) -> usize {
        let subject = |subject: Option<usize>| subject.unwrap_or(0);
        let floats = self.frame.display.len()
            + subject(self.frame.subject.as_ref().map(|s| s.len()))
            + self.picture.image.len()
            + subject(self.picture.subject.as_ref().map(|s| s.len()))
            + self.logits.len();
        floats * size_of::<f32>() + self.size.width * self.size.height * Tones::PIXEL_BYTES
    }
}

impl Drop for Analysis {
    fn drop(&mut self) {
        picture::recycle(std::mem::take(&mut self.frame.display));
    }
}

/// A hash of all that an analysis depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
            let layout = (b, image.depth(), image.components(), image.premultiplication());
            hash.update(format!("{layout:?}").as_bytes());
            hash.update(&pixels(instance, image));
        }
        Self(hash.digest128())
    }
}

/// The hashes of an image's bands, one after the other.
fn pixels(instance: &Instance, image: &Image<'_>) -> Vec<u8> {
    let bounds = image.bounds();
    let bands: Vec<i32> = (bounds.y1..bounds.y2).step_by(BAND_ROWS as usize).collect();
    let hashes: Vec<Mutex<u128>> = bands.iter().map(|_| Mutex::new(0)).collect();
    instance.for_each_piece(bands.len(), |i| {
        let mut hash = Xxh3::new();
        let end = bands[i].saturating_add(BAND_ROWS).min(bounds.y2);
        (bands[i]..end).for_each(|y| hash.update(image.bytes(y)));
        *lock(&hashes[i]) = hash.digest128();
    });
    hashes.iter().flat_map(|hash| lock(hash).to_ne_bytes()).collect()
}

static KEPT: Mutex<VecDeque<(Key, Arc<Analysis>)>> = Mutex::new(VecDeque::new());

/// How often a render that waits for another one's analysis asks its host whether to stop.
const POLL_PERIOD: Duration = Duration::from_millis(10);

/// How long a render waits for another one's analysis before it makes its own: a host may need the very thread that
/// waits to do the other's work.
const LONGEST_WAIT: Duration = Duration::from_secs(4);

/// The keys that some render makes an analysis for.
static MAKING: Mutex<Vec<Key>> = Mutex::new(Vec::new());
static MADE: Condvar = Condvar::new();

/// The analysis of a key: a kept one, or the one that another render is making, or else what `make` makes.
///
/// # Errors
/// Those of `make`; an abort while waiting.
pub fn find_or_make(
    key: Key,
    aborted: &dyn Fn() -> bool,
    make: impl FnOnce() -> Result<Analysis>,
) -> Result<Arc<Analysis>> {
    let start = Instant::now();
    let _turn = loop {
        let mut making = lock(&MAKING);
        // Looked for under the lock: who takes its key from the list has kept what it made.
        if let Some(analysis) = find(key) {
            return Ok(analysis);
        }
        if !making.contains(&key) || start.elapsed() > LONGEST_WAIT {
            making.push(key);
            break Turn(key);
        }
        drop(MADE.wait_timeout(making, POLL_PERIOD).unwrap_or_else(PoisonError::into_inner));
        if aborted() {
            return Err(Error::Aborted);
        }
    };
    let analysis = Arc::new(make()?);
    keep(key, &analysis);
    Ok(analysis)
}

/// A place in the list of keys, given up by return, error and panic alike.
struct Turn(Key);

impl Drop for Turn {
    fn drop(&mut self) {
        let mut making = lock(&MAKING);
        if let Some(place) = making.iter().position(|key| *key == self.0) {
            making.swap_remove(place);
        }
        drop(making);
        MADE.notify_all();
    }
}

/// The analysis of a key, if it is kept.
fn find(key: Key) -> Option<Arc<Analysis>> {
    lock(&KEPT).iter().find(|(kept, _)| *kept == key).map(|(_, analysis)| analysis.clone())
}

/// A node that may ask for analyses. The last one to go takes them all with it.
pub struct Keeper(());

static KEEPERS: AtomicUsize = AtomicUsize::new(0);

impl Keeper {
    /// Counts one node more.
    pub fn new() -> Self {
        KEEPERS.fetch_add(1, Ordering::AcqRel);
        Self(())
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if KEEPERS.fetch_sub(1, Ordering::AcqRel) == 1 {
            forget();
        }
    }
}

/// Keeps an analysis, and lets go of what is older and too much. The newest is kept whatever its size: the host may be
/// half through its tiles.
fn keep(key: Key, analysis: &Arc<Analysis>) {
    let mut kept = lock(&KEPT);
    kept.retain(|(other, _)| *other != key);
    kept.push_front((key, analysis.clone()));
    let mut bytes = 0;
    let mut room = |analysis: &Analysis| {
        bytes += analysis.bytes();
        bytes <= MOST_BYTES
    };
    let fitting = 1 + kept.iter().skip(1).take(MOST_KEPT - 1).take_while(|(_, analysis)| room(analysis)).count();
    // Dropped after the lock: large arrays take their time.
    let dropped = kept.split_off(fitting);
    drop(kept);
    drop(dropped);
}

/// Lets go of everything.
pub fn forget() {
    let dropped = std::mem::take(&mut *lock(&KEPT));
    drop(dropped);
    picture::forget();
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tests that look at what is kept take turns.
    static ALONE: Mutex<()> = Mutex::new(());

    fn bare(side: usize) -> Analysis {
        let frame = Frame { display: Array3::zeros((3, side, side)), subject: None };
        let picture = NetworkPicture { image: Array3::zeros((3, 4, 4)), subject: None };
        Analysis::new(frame, picture, Size::new(4, 4), Arc::new(Array3::zeros((5, 16, 16))))
    }

    fn analysis(side: usize) -> Arc<Analysis> {
        Arc::new(bare(side))
    }

    #[test]
    fn renders_of_one_frame_share_one_analysis_and_a_failure_is_the_next_ones_turn() {
        let _alone = lock(&ALONE);
        let made = AtomicUsize::new(0);
        let make = || {
            // The others arrive meanwhile.
            std::thread::sleep(Duration::from_millis(50));
            match made.fetch_add(1, Ordering::SeqCst) {
                0 => Err(Error::Memory),
                _ => Ok(bare(8)),
            }
        };
        let results: Vec<_> = std::thread::scope(|scope| {
            let render = || find_or_make(Key(77), &|| false, make).map(|_| ());
            let threads: Vec<_> = (0..6).map(|_| scope.spawn(render)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(results.iter().filter(|result| result.is_err()).count(), 1, "{results:?}");
        assert_eq!(made.load(Ordering::SeqCst), 2, "one failed, one made it for all others");
        assert!(!lock(&MAKING).contains(&Key(77)));
    }

    #[test]
    fn a_render_that_waits_for_anothers_analysis_stops_when_its_host_says_so() {
        lock(&MAKING).push(Key(78));
        let result = find_or_make(Key(78), &|| true, || panic!("another one makes it"));
        assert!(matches!(result, Err(Error::Aborted)));
        drop(Turn(Key(78)));
    }

    #[test]
    fn the_newest_stays_whatever_its_size_and_older_ones_as_far_as_there_is_room() {
        let _alone = lock(&ALONE);
        forget();
        let small = analysis(8);
        (1..=3).for_each(|n| keep(Key(n), &small));
        assert!(find(Key(1)).is_none() && find(Key(2)).is_some() && find(Key(3)).is_some());
        let large = analysis(5400); // 350 MB
        keep(Key(4), &large);
        assert!(find(Key(4)).is_some() && find(Key(3)).is_some());
        keep(Key(5), &small);
        assert!(find(Key(5)).is_some() && find(Key(4)).is_none(), "more than may be kept beside the newest");
        let first = Keeper::new();
        drop(Keeper::new());
        assert!(find(Key(5)).is_some());
        drop(first);
        assert!(find(Key(5)).is_none(), "the last node is gone");
    }

    #[test]
    fn tones_are_made_once_for_each_weighing() {
        let analysis = analysis(8);
        let weighing = Weighing { bias: [0.0; 5], refine_px: 2.0 };
        let first = analysis.tones(&weighing, 1).unwrap();
        assert!(Arc::ptr_eq(&first, &analysis.tones(&weighing, 1).unwrap()));
        let other = analysis.tones(&Weighing { refine_px: 3.0, ..weighing }, 1).unwrap();
        assert!(!Arc::ptr_eq(&first, &other));
    }
}
