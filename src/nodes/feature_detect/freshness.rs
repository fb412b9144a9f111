//! Whether what was found on a frame still belongs to the plate, the settings and the model of now.

use super::input::{CROP_SETTING, Input, PROXY_SETTING};
use super::settings::FeatureDetectSettings;
use crate::nodes::analysis::{End, walk};
use crate::nodes::kept::lock;
use crate::nodes::picture;
use ofx_sdk::plugin::{Access, Clip, Image, Settings};
use ofx_sdk::{Error, Result};
use roto::{Analysis, Change, FrameState, Now};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// The pictures of frames as they were last seen. Drawing must be quick, so that an overlay asks here and reads no plate.
#[derive(Debug, Default)]
pub struct SeenPictures {
    last: Mutex<BTreeMap<i64, SeenPicture>>,
    /// Whether anybody asks: a farm has no viewers, and need not hash what it renders.
    wanted: AtomicBool,
}

/// More frames than a shot has; beyond, memory is let go.
const MOST_SEEN: usize = 100_000;

#[derive(Clone, Debug)]
struct SeenPicture {
    picture: u64,
    proxy: String,
    /// Where the Crop input said that the face is, where it was looked at.
    crop: Option<String>,
}

impl SeenPictures {
    /// Remembers what a frame looked like.
    pub fn saw(&self, frame: i64, picture: u64, proxy: String, crop: Option<String>) {
        let mut last = lock(&self.last);
        if last.len() >= MOST_SEEN {
            last.clear();
        }
        let crop = crop.or_else(|| last.get(&frame).and_then(|before| before.crop.clone()));
        last.insert(frame, SeenPicture { picture, proxy, crop });
    }

    /// Forgets all, because an input changed.
    pub fn forget(&self) {
        lock(&self.last).clear();
    }

    /// Whether renders are to remember what they see.
    pub fn are_wanted(&self) -> bool {
        self.wanted.load(Ordering::Relaxed)
    }

    /// Somebody looks.
    pub fn want(&self) {
        self.wanted.store(true, Ordering::Relaxed);
    }

    fn of(&self, frame: i64) -> Option<SeenPicture> {
        lock(&self.last).get(&frame).cloned()
    }
}

/// Tells what is known of frames now.
pub struct Freshness<'r, A> {
    /// What the network would be shown.
    pub input: Input<'r, A>,
    /// Pictures that were seen.
    pub seen_pictures: &'r SeenPictures,
    /// Name and SHA-256 of the model that is chosen.
    pub model: &'r str,
}

impl<A: Access> Freshness<'_, A> {
    /// What is known apart from pictures. A crop rectangle that means nothing counts as not known.
    pub fn apart_from_pictures(&self, frame: i64) -> Now<'_> {
        self.now(frame, self.crop_apart_from_pictures(frame).ok().flatten())
    }

    fn now(&self, frame: i64, crop: Option<String>) -> Now<'_> {
        Now { picture: None, model: Some(self.model), settings: self.input.depends_on(frame, crop) }
    }

    fn crop_apart_from_pictures(&self, frame: i64) -> Result<Option<String>> {
        (!self.input.crop_is_a_picture()).then(|| Ok(self.input.rough_crop(frame)?.text())).transpose()
    }

    /// What is known without reading a picture: those that were seen last may be others by now.
    pub fn glance(&self, analysis: &Analysis, frame: i64) -> Now<'_> {
        let mut now = self.apart_from_pictures(frame);
        let Some(seen) = self.seen_pictures.of(frame) else { return now };
        now.picture = is_comparable(analysis, frame, &seen.proxy).then_some(seen.picture);
        if let Some(crop) = seen.crop.filter(|_| self.input.crop_is_a_picture()) {
            now.settings.insert(CROP_SETTING.to_owned(), crop);
        }
        now
    }

    /// All that can be known; reads the frame's pictures.
    ///
    /// # Errors
    /// Inputs that cannot be read, and a crop rectangle without area: the frame would look as if nothing had changed.
    pub fn look(&self, analysis: &Analysis, frame: i64) -> Result<Now<'_>> {
        let crop = self.crop_apart_from_pictures(frame)?;
        let mut now = self.now(frame, crop.clone());
        if matches!(analysis.state(frame, &now), FrameState::Missing | FrameState::Stale(_)) {
            // Nothing that a picture could add.
            return Ok(now);
        }
        let input = &self.input;
        let crop = match crop {
            Some(known) => known,
            None => input.rough_crop(frame)?.text(),
        };
        let image = input.instance.image_at(&Clip::SOURCE, frame as f64)?;
        let hash = image.map(|image| picture_hash(input, &image));
        if let Some(hash) = hash {
            self.seen_pictures.saw(frame, hash, input.proxy(), Some(crop.clone()));
        }
        now.picture = hash.filter(|_| is_comparable(analysis, frame, &input.proxy()));
        now.settings.insert(CROP_SETTING.to_owned(), crop);
        Ok(now)
    }

    /// Which of the frames are not as they were when they were analysed, and why.
    ///
    /// # Errors
    /// An abort; a frame that cannot be read.
    pub fn changed(&self, analysis: &Analysis, frames: &[i64]) -> Result<BTreeMap<i64, Change>> {
        let mut changed = BTreeMap::new();
        if frames.is_empty() {
            return Ok(changed);
        }
        let end = walk(self.input.instance, "Looking for changed frames", frames, |frame| {
            if let FrameState::Stale(change) = analysis.state(frame, &self.look(analysis, frame)?) {
                changed.insert(frame, change);
            }
            Ok(())
        });
        match end {
            End::Done => Ok(changed),
            End::Cancelled => Err(Error::Aborted),
            End::Failed(_, error) => Err(error),
        }
    }
}

/// Whether a picture of this scale can be held against the one that was analysed.
fn is_comparable(analysis: &Analysis, frame: i64, proxy: &str) -> bool {
    analysis.frame(frame).is_some_and(|found| found.settings.get(PROXY_SETTING).is_none_or(|was| was == proxy))
}

/// The hash of a picture, as analyses keep it.
pub fn picture_hash<A>(input: &Input<'_, A>, image: &Image<'_>) -> u64 {
    picture::pixel_hash(input.instance, image) as u64
}

/// What changed, as the artist calls it.
pub fn named(change: &Change) -> String {
    let label = |id: &str| FeatureDetectSettings::declarations().iter().find(|d| d.id == id).map(|d| d.common.label);
    match change {
        Change::Model => "model".to_owned(),
        Change::Picture => "picture".to_owned(),
        Change::Setting(name) if name == CROP_SETTING => "crop".to_owned(),
        Change::Setting(name) => label(name).map_or_else(|| name.clone(), str::to_lowercase),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_called_as_the_panel_calls_them() {
        assert_eq!(named(&Change::Setting("source_colorspace".to_owned())), "source colorspace");
        assert_eq!(named(&Change::Setting("dejitter".to_owned())), "de-jitter");
        assert_eq!(named(&Change::Setting(CROP_SETTING.to_owned())), "crop");
        assert_eq!(named(&Change::Setting("of_later".to_owned())), "of_later");
    }

    #[test]
    fn a_sighting_keeps_the_crop_that_was_seen_before_and_all_can_be_forgotten() {
        let seen_pictures = SeenPictures::default();
        seen_pictures.saw(3, 7, "1 1".to_owned(), Some("anywhere".to_owned()));
        seen_pictures.saw(3, 8, "1 1".to_owned(), None);
        let seen = seen_pictures.of(3).unwrap();
        assert_eq!((seen.picture, seen.crop.as_deref()), (8, Some("anywhere")));
        seen_pictures.forget();
        assert!(seen_pictures.of(3).is_none());
    }
}
