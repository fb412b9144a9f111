//! A sequence of files as an input clip.

use crate::error::{Error, Result};
use crate::frames::{self, ExrHeader, FileKind, Frame, FrameInfo, ReadOptions};
use crate::sequence::Pattern;
use ofx_sdk::host::{ClipInfo, HostImage, Source};
use ofx_sdk::{Components, Depth, FrameRange, Premultiplication, RectD, RectI, RenderScale};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// What a clip takes from its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Red, green, blue and alpha; alpha is 1 where files have none.
    Color,
    /// One value: alpha.
    Alpha,
    /// One value: luminance.
    Luminance,
}

type Loaded = std::result::Result<Arc<HostImage>, String>;
type Slot = Arc<OnceLock<Loaded>>;

/// The files of one clip. The decoded frames asked for last are kept, as many as [`FileSource::keep`] says; each is read once,
/// however many threads ask. Outside of its frames a clip holds its first and last.
#[derive(Debug)]
pub struct FileSource {
    pattern: Pattern,
    options: ReadOptions,
    takes: Takes,
    info: ClipInfo,
    first: FrameInfo,
    /// Whether the first file has an alpha.
    alpha: bool,
    existing: Vec<i64>,
    kept: AtomicUsize,
    slots: Mutex<Vec<((i64, u64), Slot)>>,
    facts: Mutex<BTreeMap<i64, FrameInfo>>,
    headers: Mutex<BTreeMap<i64, Arc<ExrHeader>>>,
    errors: Mutex<Vec<(i64, Error)>>,
    /// Set once a change of size was told.
    size_told: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FileSource {
    /// Finds the files and reads the first, which says what the clip is. `kept` decoded frames stay in memory.
    ///
    /// # Errors
    /// When there is no file, or the first cannot be read, or has no alpha where that is what the clip takes.
    pub fn open(
        pattern: Pattern,
        options: ReadOptions,
        takes: Takes,
        frame_rate: Option<f64>,
        kept: usize,
    ) -> Result<Self> {
        let existing = pattern.existing()?;
        let (Some(&first), Some(&last)) = (existing.first(), existing.last()) else { return Err(none_of(&pattern)) };
        let path = pattern.path(first);
        let facts = frames::inspect(&path, &options)?;
        let frame = frames::read(&path, &options)?;
        if takes == Takes::Alpha && !has_alpha(&frame) {
            let reason = "it has no alpha channel; give files that have one, or --mask-channel luminance";
            return Err(Error::input(&path, reason));
        }
        let range = FrameRange { min: first as f64, max: last as f64 };
        let info = ClipInfo {
            components: if takes == Takes::Color { Components::Rgba } else { Components::Alpha },
            depth: Depth::Float,
            premultiplication: if takes == Takes::Color { frame.premultiplication } else { Premultiplication::Opaque },
            pixel_aspect: facts.pixel_aspect,
            frame_range: if pattern.is_sequence() { range } else { FrameRange { min: 1.0, max: 1.0 } },
            frame_rate: frame_rate.or(facts.frame_rate).unwrap_or(24.0),
            ..ClipInfo::default()
        };
        Ok(Self {
            pattern,
            options,
            takes,
            info,
            first: facts,
            alpha: has_alpha(&frame),
            existing,
            kept: AtomicUsize::new(kept.max(1)),
            slots: Mutex::default(),
            facts: Mutex::default(),
            headers: Mutex::default(),
            errors: Mutex::default(),
            size_told: AtomicBool::new(false),
        })
    }

    /// Whether the first file's alpha says something, so that a mask should take it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn first_has_alpha(pattern: &Pattern, options: &ReadOptions) -> Result<bool> {
        let first = pattern.existing()?.first().copied().ok_or_else(|| none_of(pattern))?;
        Ok(frames::read(&pattern.path(first), options)?.has_transparency())
    }

    /// How many decoded frames stay in memory from now on; at least one.
    pub fn keep(&self, frames: usize) {
        self.kept.store(frames.max(1), Ordering::Relaxed);
    }

    /// The files.
    pub fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// Frames that have a file.
    pub fn existing(&self) -> &[i64] {
        &self.existing
    }

    /// Whether `frame` has a file; one file stands for every frame.
    pub fn has(&self, frame: i64) -> bool {
        !self.pattern.is_sequence() || self.existing.binary_search(&frame).is_ok()
    }

    /// The first frame that has a file.
    pub fn first_frame(&self) -> i64 {
        self.existing[0]
    }

    /// Size and format of the first frame.
    pub fn first(&self) -> &FrameInfo {
        &self.first
    }

    /// The color space that such files usually have.
    pub fn usual_colorspace(&self) -> &'static str {
        let kind = FileKind::of(&self.pattern.path(0)).unwrap_or(FileKind::Exr);
        kind.usual_colorspace(self.first.depth)
    }

    /// What a frame's file says of itself, once the frame was read.
    pub fn header(&self, frame: i64) -> Option<Arc<ExrHeader>> {
        lock(&self.headers).get(&self.file_frame(frame as f64)).cloned()
    }

    /// Forgets the header of a frame that is written.
    pub fn forget(&self, frame: i64) {
        if self.pattern.is_sequence() {
            lock(&self.headers).remove(&frame);
        }
    }

    /// Takes the error of a frame's file; `None` takes any, but for a gap, which a node that looks at the frames around one
    /// may do without.
    pub fn take_error(&self, frame: Option<i64>) -> Option<Error> {
        let mut errors = lock(&self.errors);
        let wanted = |of: i64, error: &Error| match frame {
            Some(frame) => self.file_frame(frame as f64) == of,
            None => !matches!(error, Error::MissingFrames { .. }),
        };
        let at = errors.iter().position(|(of, error)| wanted(*of, error))?;
        Some(errors.remove(at).1)
    }

    /// Takes the errors of all files, and all gaps.
    pub fn take_errors(&self) -> Vec<Error> {
        std::mem::take(&mut *lock(&self.errors)).into_iter().map(|(_, error)| error).collect()
    }

    /// The size of the display window of a frame, in pixels.
    pub fn display(&self, frame: i64) -> [i32; 2] {
        self.facts(self.file_frame(frame as f64)).display
    }

    /// Refuses a frame of another size than this clip has then. It would be laid into this one's lower left corner, which is
    /// never what is meant.
    ///
    /// # Errors
    /// [`Error::Usage`] names both files and both sizes, and says what to do.
    pub fn check_size_of(&self, clip: &str, other: &Self, frame: i64) -> Result<()> {
        let (own, its) = (self.file_frame(frame as f64), other.file_frame(frame as f64));
        let (wanted, found) = (self.facts(own), other.facts(its));
        let across = |facts: &FrameInfo| f64::from(facts.display[0]) * facts.pixel_aspect;
        let covers = wanted.display[1] == found.display[1] && (across(&wanted) - across(&found)).abs() < 1.0;
        if wanted.display == found.display || covers {
            return Ok(());
        }
        let ([width, height], [its_width, its_height]) = (wanted.display, found.display);
        let (file, its_file) = (self.pattern.path(own), other.pattern.path(its));
        let (file, its_file) = (file.display(), its_file.display());
        Err(Error::Usage(format!(
            "--clip {clip}: {its_file} is {its_width}×{its_height}, but Source's {file} is {width}×{height}; resize it, or \
             render it at Source's size"
        )))
    }

    /// The frame whose file is shown at a time.
    fn file_frame(&self, time: f64) -> i64 {
        if !self.pattern.is_sequence() {
            return self.existing[0];
        }
        let (first, last) = (self.existing[0], self.existing[self.existing.len() - 1]);
        (time.round() as i64).clamp(first, last)
    }

    fn facts(&self, frame: i64) -> FrameInfo {
        if let Some(facts) = lock(&self.facts).get(&frame) {
            return facts.clone();
        }
        // A file that cannot be read is reported when its pixels are asked for.
        let Ok(facts) = frames::inspect(&self.pattern.path(frame), &self.options) else { return self.first.clone() };
        lock(&self.facts).insert(frame, facts.clone());
        facts
    }

    fn load(&self, frame: i64, scale: RenderScale) -> Loaded {
        let error = |error: Error| {
            let text = error.to_string();
            lock(&self.errors).push((frame, error));
            text
        };
        if !self.has(frame) {
            let pattern = self.pattern.to_string();
            return Err(error(Error::MissingFrames { pattern, frames: vec![frame], advice: "" }));
        }
        let path = self.pattern.path(frame);
        let mut picture = frames::read(&path, &self.options).map_err(error)?;
        self.check_format(&path, &picture).map_err(error)?;
        if let Some(header) = picture.header.take() {
            lock(&self.headers).insert(frame, header.into());
        }
        let picture = match self.takes {
            Takes::Color => picture.into_rgba(),
            Takes::Alpha => picture.as_mask(true),
            Takes::Luminance => picture.as_mask(false),
        };
        // The clip says one thing of all its frames.
        let picture = match (self.info.premultiplication, picture.premultiplication) {
            (Premultiplication::Unpremultiplied, Premultiplication::Premultiplied) => picture.unpremultiplied(),
            _ => picture,
        };
        let scaled = picture.at_scale(scale).map_err(|reason| error(Error::input(&path, reason)))?;
        self.as_host_image(&scaled, scale).map(Arc::new).map_err(|e| error(Error::input(&path, e)))
    }

    /// A clip says one thing of all its frames. A file of which that is not true would be shown wrongly in silence, so it
    /// is refused; another size is each frame's own, and told once.
    fn check_format(&self, path: &Path, picture: &Frame) -> Result<()> {
        let first = self.pattern.path(self.existing[0]);
        let differs = |how: String| {
            Err(Error::input(
                path,
                format!(
                    "{how}, unlike {}, with which the sequence begins; convert one like the other, or make it a sequence \
                     of its own",
                    first.display()
                ),
            ))
        };
        match (self.takes, self.alpha, has_alpha(picture)) {
            // Programs that save space leave out an alpha that is 1 everywhere, file by file.
            (Takes::Color, false, true) if picture.has_transparency() => {
                return differs("it has an alpha channel".into());
            }
            (Takes::Alpha, _, false) => return differs("it has no alpha channel".into()),
            _ => {}
        }
        let linear = |depth| matches!(depth, Depth::Half | Depth::Float);
        if linear(picture.depth) != linear(self.first.depth) {
            let what = if linear(picture.depth) { "floating-point" } else { "whole" };
            return differs(format!("its values are {what} numbers"));
        }
        if (picture.pixel_aspect - self.first.pixel_aspect).abs() > 1e-5 {
            return differs(format!("its pixels have the aspect {}", picture.pixel_aspect));
        }
        if picture.display != self.first.display && !self.size_told.swap(true, Ordering::Relaxed) {
            let ([width, height], [first_width, first_height]) = (picture.display, self.first.display);
            let (path, first) = (path.display(), first.display());
            log::warn!(
                "{path} is {width}×{height}, but the sequence begins with {first_width}×{first_height} ({first}); every \
                 frame is rendered at its own size"
            );
        }
        Ok(())
    }

    fn as_host_image(&self, frame: &Frame, scale: RenderScale) -> ofx_sdk::Result<HostImage> {
        let mut image = HostImage::from_f32(frame.bounds, frame.components, &frame.pixels)?;
        image.premultiplication = self.info.premultiplication;
        image.pixel_aspect = self.info.pixel_aspect;
        image.scale = scale;
        Ok(image)
    }

    /// The place where a frame at a scale is, or will be; the oldest makes room.
    fn slot(&self, frame: i64, scale: RenderScale) -> Slot {
        let key = (frame, scale.x.to_bits());
        let mut slots = lock(&self.slots);
        if let Some(at) = slots.iter().position(|(known, _)| *known == key) {
            let found = slots.remove(at);
            let slot = found.1.clone();
            slots.push(found);
            return slot;
        }
        let too_many = (slots.len() + 1).saturating_sub(self.kept.load(Ordering::Relaxed));
        slots.drain(..too_many);
        let slot = Slot::default();
        slots.push((key, slot.clone()));
        slot
    }
}

fn none_of(pattern: &Pattern) -> Error {
    let what = if pattern.is_sequence() { "no file of this sequence exists" } else { "there is no such file" };
    Error::Input { path: pattern.to_string().into(), reason: what.into() }
}

fn has_alpha(frame: &Frame) -> bool {
    frame.components != Components::Rgb
}

impl Source for FileSource {
    fn info(&self) -> ClipInfo {
        self.info.clone()
    }

    fn region_of_definition(&self, time: f64) -> RectD {
        self.facts(self.file_frame(time)).bounds.to_canonical(RenderScale::FULL, self.info.pixel_aspect)
    }

    fn frame(&self, time: f64, scale: RenderScale, region: RectI) -> ofx_sdk::Result<HostImage> {
        let frame = self.file_frame(time);
        let slot = self.slot(frame, scale);
        let image = slot.get_or_init(|| self.load(frame, scale)).clone().map_err(|reason| {
            let path = self.pattern.path(frame).display().to_string();
            if self.has(frame) { ofx_sdk::Error::File { path, reason } } else { ofx_sdk::Error::Missing(path) }
        })?;
        if region.contains(&image.bounds) {
            return Ok((*image).clone());
        }
        image.cropped(region.intersection(&image.bounds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::write_png;

    fn shot(folder: &Path, frames: &[i64]) -> Pattern {
        let pattern = Pattern::parse(folder.join("s.%04d.png").to_str().unwrap()).unwrap();
        for frame in frames {
            let level = *frame as f32 / 255.0;
            let picture = Frame::filling(8, 4, Components::Rgb, vec![level; 8 * 4 * 3]);
            write_png(&pattern.path(*frame), &picture, Depth::Byte).unwrap();
        }
        pattern
    }

    fn open(pattern: Pattern, takes: Takes) -> FileSource {
        FileSource::open(pattern, ReadOptions::default(), takes, None, 2).unwrap()
    }

    const WHOLE: RectI = RectI::new(0, 0, 8, 4);

    #[test]
    fn a_clip_shows_its_files_and_holds_its_ends() {
        let dir = tempfile::tempdir().unwrap();
        let source = open(shot(dir.path(), &[2, 3, 4]), Takes::Color);
        assert_eq!(source.info().frame_range, FrameRange { min: 2.0, max: 4.0 });
        assert_eq!(source.info().premultiplication, Premultiplication::Opaque);
        assert_eq!(source.usual_colorspace(), "srgb");
        for (time, shown) in [(-5.0, 2.0), (2.0, 2.0), (3.4, 3.0), (4.0, 4.0), (100.0, 4.0)] {
            let image = source.frame(time, RenderScale::FULL, WHOLE).unwrap();
            let pixel = image.pixel(7, 3).unwrap();
            assert!((f64::from(pixel[0]) * 255.0 - shown).abs() < 1e-3 && pixel[3] == 1.0, "{time}: {pixel:?}");
        }
        assert!(source.take_error(None).is_none());
    }

    #[test]
    fn as_many_frames_are_kept_as_are_asked_for_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let source = open(shot(dir.path(), &[1, 2, 3, 4]), Takes::Color);
        let after = |kept: usize| {
            source.keep(kept);
            (1..=4).for_each(|frame| drop(source.frame(f64::from(frame), RenderScale::FULL, WHOLE).unwrap()));
            lock(&source.slots).iter().map(|((frame, _), _)| *frame).collect::<Vec<_>>()
        };
        assert_eq!([after(3), after(1), after(0)], [vec![2, 3, 4], vec![4], vec![4]]);
    }

    #[test]
    fn a_mask_of_alphas_begins_with_one_or_is_told_by_its_file() {
        let dir = tempfile::tempdir().unwrap();
        let files = shot(dir.path(), &[1, 2]);
        let told = FileSource::open(files, ReadOptions::default(), Takes::Alpha, None, 1).unwrap_err();
        assert_eq!(told.exit_code(), crate::error::EXIT_INPUT);
        for part in ["s.0001.png", "no alpha channel", "--mask-channel luminance"] {
            assert!(told.to_string().contains(part), "{told} lacks {part}");
        }
    }

    #[test]
    fn a_gap_and_a_damaged_file_are_told_for_their_frame_only() {
        let dir = tempfile::tempdir().unwrap();
        let pattern = shot(dir.path(), &[1, 2, 4]);
        std::fs::write(pattern.path(2), b"damaged").unwrap();
        let source = open(pattern, Takes::Color);
        assert!(source.frame(3.0, RenderScale::FULL, WHOLE).is_err());
        assert!(source.frame(2.0, RenderScale::FULL, WHOLE).is_err());
        assert!(source.take_error(Some(1)).is_none());
        assert!(matches!(source.frame(3.0, RenderScale::FULL, WHOLE), Err(ofx_sdk::Error::Missing(_))));
        assert!(source.take_error(Some(3)).unwrap().to_string().contains("frame 3"));
        assert!(source.take_error(Some(2)).unwrap().to_string().contains("s.0002.png"));
        assert!(source.frame(1.0, RenderScale::FULL, WHOLE).is_ok());
        assert!(source.take_error(None).is_none(), "a gap is no reason for another frame's failure");
    }

    #[test]
    fn a_sequence_that_changes_its_format_is_told_with_both_files_and_one_that_changes_its_size_is_shown() {
        let dir = tempfile::tempdir().unwrap();
        let pattern = shot(dir.path(), &[1, 2, 3]);
        let alpha = Frame::filling(8, 4, Components::Rgba, vec![0.5; 8 * 4 * 4]);
        write_png(&pattern.path(2), &alpha, Depth::Byte).unwrap();
        let small = Frame::filling(3, 2, Components::Rgb, vec![0.5; 3 * 2 * 3]);
        write_png(&pattern.path(3), &small, Depth::Short).unwrap();
        let source = open(pattern.clone(), Takes::Color);
        let told = source.frame(2.0, RenderScale::FULL, WHOLE).unwrap_err().to_string();
        for part in ["s.0002.png", "alpha channel", "s.0001.png", "convert"] {
            assert!(told.contains(part), "{told} lacks {part}");
        }
        let image = source.frame(3.0, RenderScale::FULL, WHOLE).unwrap();
        assert_eq!((image.bounds, source.display(3)), (RectI::new(0, 0, 3, 2), [3, 2]));
        // The other way round alpha is 1 where there is none; but a mask of alphas must have them.
        std::fs::copy(pattern.path(2), pattern.path(1)).unwrap();
        assert!(open(pattern.clone(), Takes::Color).frame(3.0, RenderScale::FULL, WHOLE).is_ok());
        let told = open(pattern, Takes::Alpha).frame(3.0, RenderScale::FULL, WHOLE).unwrap_err().to_string();
        assert!(told.contains("s.0003.png") && told.contains("no alpha channel"), "{told}");
    }

    #[test]
    fn a_clip_of_another_size_is_told_with_both_files_and_sizes() {
        let dir = tempfile::tempdir().unwrap();
        let source = open(shot(dir.path(), &[1, 2]), Takes::Color);
        let mask = |frame: i64, width: usize, height: usize| {
            let picture = Frame::filling(width, height, Components::Rgb, vec![0.5; width * height * 3]);
            write_png(&dir.path().join(format!("m.{frame}.png")), &picture, Depth::Byte).unwrap();
        };
        mask(1, 8, 4);
        mask(2, 4, 2);
        let masks = open(Pattern::parse(dir.path().join("m.%d.png").to_str().unwrap()).unwrap(), Takes::Luminance);
        source.check_size_of("Mask", &masks, 1).unwrap();
        let told = source.check_size_of("Mask", &masks, 2).unwrap_err();
        assert_eq!(told.exit_code(), crate::error::EXIT_USAGE);
        for part in ["--clip Mask: ", "m.2.png is 4×2", "s.0002.png is 8×4", "resize it"] {
            assert!(told.to_string().contains(part), "{told} lacks {part}");
        }
    }

    #[test]
    fn whole_numbers_and_floats_in_one_sequence_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let pattern = Pattern::parse(dir.path().join("s.%d.tif").to_str().unwrap()).unwrap();
        image::RgbImage::new(8, 4).save(pattern.path(1)).unwrap();
        image::Rgb32FImage::new(8, 4).save(pattern.path(2)).unwrap();
        let told = open(pattern, Takes::Color).frame(2.0, RenderScale::FULL, WHOLE).unwrap_err().to_string();
        assert!(told.contains("s.2.tif") && told.contains("floating-point"), "{told}");
    }

    #[test]
    fn a_part_and_a_proxy_are_given_as_asked() {
        let dir = tempfile::tempdir().unwrap();
        let source = open(shot(dir.path(), &[1]), Takes::Luminance);
        let part = source.frame(1.0, RenderScale::FULL, RectI::new(2, 1, 5, 3)).unwrap();
        assert_eq!((part.bounds, part.components), (RectI::new(2, 1, 5, 3), Components::Alpha));
        let half = source.frame(1.0, RenderScale::uniform(0.5), RectI::new(0, 0, 4, 2)).unwrap();
        assert_eq!((half.bounds, half.scale), (RectI::new(0, 0, 4, 2), RenderScale::uniform(0.5)));
    }

    #[test]
    fn one_file_stands_for_every_frame() {
        let dir = tempfile::tempdir().unwrap();
        let file = shot(dir.path(), &[7]).path(7);
        let source = open(Pattern::parse(file.to_str().unwrap()).unwrap(), Takes::Color);
        assert!(source.has(1) && source.has(-100));
        assert!(source.frame(33.0, RenderScale::FULL, WHOLE).is_ok());
        let none = Pattern::parse(dir.path().join("none.png").to_str().unwrap()).unwrap();
        let options = ReadOptions::default();
        let told = FileSource::first_has_alpha(&none, &options).unwrap_err().to_string();
        assert!(told.contains("none.png: there is no such file"), "{told}");
        assert_eq!(FileSource::open(none, options, Takes::Color, None, 1).unwrap_err().to_string(), told);
    }
}
