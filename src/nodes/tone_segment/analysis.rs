//! What is known of a frame before any parameter shapes it, kept for the renders that follow: a host asks for a frame in
//! tiles, and an artist drags a slider.

use super::looks::NetworkPicture;
use super::mattes::{Frame, Tones, Weighing};
use super::smoothing::{Between, Sight};
use crate::nodes::kept::{Room, Shelf, lock};
use crate::nodes::picture;
use imaging::Size;
use ndarray::{Array3, ArrayView3};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

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
    /// `logits` are those of the picture, padded or not; `size` is the picture's own.
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

/// The last frames rendered: of two nodes that a host renders in turns.
pub static ANALYSES: Shelf<Analysis> = Shelf::new(Analysis::bytes);

/// How many of them are kept.
pub const ANALYSES_KEPT: Room = Room { least: 1, most: 2 };

/// The frames that temporal smoothing has seen.
pub static SIGHTS: Shelf<Sight> = Shelf::new(Sight::bytes);

/// The motion between any two of them.
pub static MOTIONS: Shelf<Between> = Shelf::new(Between::bytes);

/// The nodes that may ask for analyses.
pub static NODES: Keepers = Keepers::new(forget);

/// Those of them whose last render smoothed over time.
pub static SMOOTHING_NODES: Keepers = Keepers::new(forget_neighbors);

/// Nodes that share what is kept. The last one to go takes it all with it.
pub struct Keepers {
    count: AtomicUsize,
    forget: fn(),
}

impl Keepers {
    const fn new(forget: fn()) -> Self {
        Self { count: AtomicUsize::new(0), forget }
    }

    /// How many nodes there are, at least the one that asks.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Acquire).max(1)
    }

    /// Counts one node more.
    pub fn join(&'static self) -> Keeper {
        self.count.fetch_add(1, Ordering::AcqRel);
        Keeper(self)
    }
}

/// A node's membership.
pub struct Keeper(&'static Keepers);

impl Drop for Keeper {
    fn drop(&mut self) {
        if self.0.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            (self.0.forget)();
        }
    }
}

/// Lets go of everything.
pub fn forget() {
    ANALYSES.clear();
    forget_neighbors();
    picture::forget();
}

/// Lets go of what temporal smoothing alone needs.
pub fn forget_neighbors() {
    SIGHTS.clear();
    MOTIONS.clear();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nodes::kept::Key;

    /// Held by tests of what all nodes share.
    static ALONE: Mutex<()> = Mutex::new(());

    fn analysis(side: usize) -> Analysis {
        let frame = Frame { display: Array3::zeros((3, side, side)), subject: None };
        let picture = NetworkPicture { image: Array3::zeros((3, 4, 4)), subject: None };
        Analysis::new(frame, picture, Size::new(4, 4), Arc::new(Array3::zeros((5, 16, 16))))
    }

    /// Whether a value of `key` had to be made.
    fn is_made<T>(shelf: &Shelf<T>, key: Key, value: impl FnOnce() -> T) -> bool {
        let mut made = false;
        let make = || {
            made = true;
            Ok(value())
        };
        shelf.find_or_make(key, ANALYSES_KEPT, &|| false, make).unwrap();
        made
    }

    #[test]
    fn the_last_node_to_go_takes_what_is_kept_with_it() {
        let _alone = lock(&ALONE);
        let is_made = || is_made(&ANALYSES, Key::joined([], "a test"), || analysis(8));
        let first = NODES.join();
        let once = is_made();
        drop(NODES.join());
        let again = is_made();
        drop(first);
        assert_eq!([once, again, is_made()], [true, false, true]);
    }

    #[test]
    fn the_last_node_that_smooths_takes_the_frames_around_with_it_and_leaves_the_others_theirs() {
        let _alone = lock(&ALONE);
        let sight = || {
            let picture = NetworkPicture { image: Array3::zeros((3, 16, 16)), subject: None };
            Sight::new(&picture, Arc::new(Array3::zeros((5, 16, 16))), 1).unwrap()
        };
        let are_made = || {
            let seen = is_made(&SIGHTS, Key::joined([], "a frame"), sight);
            let moved = is_made(&MOTIONS, Key::joined([], "two"), || Between::new(&sight(), &sight(), 1).unwrap());
            [seen, moved]
        };
        let is_analysed = || is_made(&ANALYSES, Key::joined([], "a frame"), || analysis(8));
        let node = NODES.join();
        let [first, last] = [SMOOTHING_NODES.join(), SMOOTHING_NODES.join()];
        assert_eq!((are_made(), is_analysed()), ([true; 2], true));
        drop(first);
        assert_eq!(are_made(), [false; 2]);
        drop(last);
        assert_eq!((are_made(), is_analysed()), ([true; 2], false));
        drop(node);
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
