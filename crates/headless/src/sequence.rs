//! Numbered files and lists of frames.
//!
//! A sequence is written `shot.%04d.png` or `shot.####.png`; a path without either is one file, which stands for
//! every frame. The number may stand in a folder's name too. Frame numbers may be negative.

use crate::error::{Error, Result};
use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

/// The most frames that one list may name: a typing error must not fill the memory.
const MOST_FRAMES: u64 = 1_000_000;

/// Characters of a list that a message repeats.
const MOST_SHOWN: usize = 200;

/// A path in which the frame number stands for itself, or one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    before: String,
    number: Option<Digits>,
    after: String,
    text: String,
}

/// How a frame number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Digits {
    /// Least number of characters, filled with zeros.
    width: usize,
}

impl Pattern {
    /// Reads `%d`, `%04d` or a run of `#` out of a path.
    ///
    /// # Errors
    /// When the frame number stands in more than one place, or its width is more than 18.
    pub fn parse(text: &str) -> Result<Self> {
        if text.is_empty() {
            return Err(Error::Usage("a file name is empty".into()));
        }
        let whole =
            |text: &str| Self { before: text.to_owned(), number: None, after: String::new(), text: text.to_owned() };
        let Some((start, end, width)) = find_number(text) else { return Ok(whole(text)) };
        if find_number(&text[end..]).is_some() {
            return Err(Error::Usage(format!(
                "{text}: the frame number may stand in one place only; leave one %04d or ####, and rename what else has a #"
            )));
        }
        if width > 18 {
            return Err(Error::Usage(format!("{text}: a frame number has 18 digits at most")));
        }
        Ok(Self {
            before: text[..start].to_owned(),
            number: Some(Digits { width }),
            after: text[end..].to_owned(),
            text: text.to_owned(),
        })
    }

    /// The files of a folder whose names are a number of at least `width` digits and `extension`. The folder's own name is
    /// taken as it is, whatever it holds.
    pub fn numbered(folder: &Path, width: usize, extension: &str) -> Self {
        let before = folder.join("").to_string_lossy().into_owned();
        let after = format!(".{extension}");
        let text = format!("{before}%0{width}d{after}");
        Self { before, number: Some(Digits { width }), after, text }
    }

    /// Whether the path holds a frame number.
    pub fn is_sequence(&self) -> bool {
        self.number.is_some()
    }

    /// The file of one frame.
    pub fn path(&self, frame: i64) -> PathBuf {
        match self.number {
            None => PathBuf::from(&self.before),
            Some(Digits { width }) => PathBuf::from(format!("{}{frame:0width$}{}", self.before, self.after)),
        }
    }

    /// The extension in lower case, without the dot.
    pub fn extension(&self) -> String {
        Path::new(&self.text).extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default()
    }

    /// The frame numbers that exist on disk, in order. One file that exists is frame 1.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn existing(&self) -> Result<Vec<i64>> {
        if self.number.is_none() {
            let path = Path::new(&self.before);
            return match std::fs::metadata(path) {
                Ok(found) if found.is_dir() => Err(Error::input(path, "it is a folder; name a file or shot.%04d.png")),
                Ok(found) if !found.is_file() => Err(Error::input(path, "it is no ordinary file")),
                Ok(_) => Ok(vec![1]),
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
                Err(e) => Err(Error::input(path, e)),
            };
        }
        // The number may stand in a folder's name: list the folder that holds the numbered component.
        let folder_end = self.before.rfind(['/', std::path::MAIN_SEPARATOR]).map_or(0, |at| at + 1);
        let (folder, stem) = self.before.split_at(folder_end);
        let component_end = self.after.find(['/', std::path::MAIN_SEPARATOR]).unwrap_or(self.after.len());
        let tail = &self.after[..component_end];
        let listed = if folder.is_empty() { Path::new(".") } else { Path::new(folder) };
        let entries = std::fs::read_dir(listed).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => Error::input(listed, format!("there is no such folder, of {self}")),
            _ => Error::input(listed, e),
        })?;
        let mut found = BTreeSet::new();
        for entry in entries {
            let name = entry.map_err(|e| Error::input(listed, e))?.file_name();
            let Some(name) = name.to_str() else { continue };
            let Some(digits) = name.strip_prefix(stem).and_then(|n| n.strip_suffix(tail)) else { continue };
            let Ok(frame) = digits.parse::<i64>() else { continue };
            // Only the spelling that `path` writes, so that `7.png` is not frame 7 of `%04d.png`.
            let path = self.path(frame);
            if path.file_name().is_some() && self.spells(frame, digits) && path.is_file() {
                found.insert(frame);
            }
        }
        Ok(found.into_iter().collect())
    }

    fn spells(&self, frame: i64, digits: &str) -> bool {
        self.number.is_some_and(|Digits { width }| format!("{frame:0width$}") == digits)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Where the first frame number stands: start, end, width.
fn find_number(text: &str) -> Option<(usize, usize, usize)> {
    let hashes = text.find('#').map(|start| {
        let width = text[start..].bytes().take_while(|b| *b == b'#').count();
        (start, start + width, width)
    });
    let percent = text.match_indices('%').find_map(|(start, _)| {
        let rest = &text[start + 1..];
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = rest.split_at(digits);
        let width = if number.is_empty() { 1 } else { number.parse().unwrap_or(usize::MAX) };
        rest.starts_with('d').then_some((start, start + 1 + digits + 1, width))
    });
    match (hashes, percent) {
        (Some(a), Some(b)) => Some(if a.0 < b.0 { a } else { b }),
        (a, b) => a.or(b),
    }
}

/// Frames in the order in which they were asked for, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrameList(Vec<i64>);

impl FrameList {
    /// Reads `1-90`, `1-90x2`, `-5-5`, `7` and lists of them with commas.
    ///
    /// # Errors
    /// Text that is not such a list; a range that runs backwards; a step of 0; more than a million frames.
    pub fn parse(text: &str) -> Result<Self> {
        let shown: String = text.chars().take(MOST_SHOWN).collect();
        let bad = |reason: &str| Error::Usage(format!("--frames {shown}: {reason}; write 1-90, 1-90x2 or 1,5,10-20"));
        let mut seen = BTreeSet::new();
        let mut frames = Vec::new();
        let mut named = 0_u64;
        for part in text.split(',') {
            let (range, step) = match part.trim().split_once('x') {
                Some((range, step)) => (range, step.parse::<u64>().map_err(|_| bad("the step is not a whole number"))?),
                None => (part.trim(), 1),
            };
            if step == 0 {
                return Err(bad("the step is 0"));
            }
            let (first, last) =
                parse_range(range).ok_or_else(|| bad(&format!("'{range}' is not a frame or a range")))?;
            if first > last {
                return Err(bad(&format!("'{range}' runs backwards")));
            }
            // Counted over the whole list, and before a frame of it is kept.
            named = named.saturating_add(first.abs_diff(last) / step).saturating_add(1);
            if named > MOST_FRAMES {
                return Err(bad("more than a million frames"));
            }
            let mut frame = first;
            loop {
                if seen.insert(frame) {
                    frames.push(frame);
                }
                match frame.checked_add_unsigned(step) {
                    Some(next) if next <= last => frame = next,
                    _ => break,
                }
            }
        }
        Ok(Self(frames))
    }

    /// The frames.
    pub fn frames(&self) -> &[i64] {
        &self.0
    }

    /// How many frames, in words: `1 frame`, `90 frames`.
    pub fn count(frames: usize) -> String {
        format!("{frames} frame{}", if frames == 1 { "" } else { "s" })
    }

    /// Frame numbers in words: `frames 3-5, 9`, `frame 7` or `no frame`.
    pub fn describe(frames: &[i64]) -> String {
        if frames.is_empty() {
            return "no frame".to_owned();
        }
        let sorted: BTreeSet<i64> = frames.iter().copied().collect();
        let mut runs: Vec<(i64, i64)> = Vec::new();
        for frame in &sorted {
            match runs.last_mut() {
                Some((_, last)) if last.checked_add(1) == Some(*frame) => *last = *frame,
                _ => runs.push((*frame, *frame)),
            }
        }
        const SHOWN: usize = 20;
        let mut parts: Vec<String> = runs
            .iter()
            .take(SHOWN)
            .map(|(first, last)| if first == last { first.to_string() } else { format!("{first}-{last}") })
            .collect();
        if runs.len() > SHOWN {
            parts.push(format!("and {} more", runs.len() - SHOWN));
        }
        format!("{} {}", if sorted.len() == 1 { "frame" } else { "frames" }, parts.join(", "))
    }
}

/// The frames missing between the first and the last of a sorted list.
pub fn gaps(existing: &[i64]) -> Vec<i64> {
    existing.windows(2).flat_map(|pair| (pair[0] + 1)..pair[1]).take(MOST_FRAMES as usize).collect()
}

fn parse_range(text: &str) -> Option<(i64, i64)> {
    if let Ok(frame) = text.parse::<i64>() {
        return Some((frame, frame));
    }
    // The first character may be a sign; the dash that divides stands after it.
    let dash = text.char_indices().skip(1).find(|(_, c)| *c == '-')?.0;
    Some((text[..dash].parse().ok()?, text[dash + 1..].parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_a_sequence_name_the_same_files() {
        let percent = Pattern::parse("a/shot.%04d.png").unwrap();
        let hashes = Pattern::parse("a/shot.####.png").unwrap();
        for frame in [0, 7, 123, 99_999, -3] {
            assert_eq!(percent.path(frame), hashes.path(frame));
        }
        assert_eq!(percent.path(7), PathBuf::from("a/shot.0007.png"));
        assert_eq!(percent.path(-3), PathBuf::from("a/shot.-003.png"));
        assert_eq!(Pattern::parse("s%d.exr").unwrap().path(12), PathBuf::from("s12.exr"));
        assert_eq!(percent.extension(), "png");
    }

    #[test]
    fn a_path_without_a_number_is_one_file() {
        let pattern = Pattern::parse("100%.png").unwrap();
        assert!(!pattern.is_sequence());
        assert_eq!(pattern.path(5), PathBuf::from("100%.png"));
    }

    #[test]
    fn two_numbers_or_an_absurd_width_are_refused() {
        assert!(Pattern::parse("%04d/%04d.png").is_err());
        assert!(Pattern::parse("##.%d.png").is_err());
        assert!(Pattern::parse("%99999999999999999999999d.png").is_err());
        assert!(Pattern::parse("").is_err());
    }

    #[test]
    fn frames_on_disk_are_those_that_the_pattern_spells() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["s.0001.png", "s.0003.png", "s.10000.png", "s.7.png", "s.x.png", "s.0004.jpg", "t.0002.png"] {
            std::fs::write(dir.path().join(name), b"").unwrap();
        }
        let pattern = Pattern::parse(dir.path().join("s.%04d.png").to_str().unwrap()).unwrap();
        assert_eq!(pattern.existing().unwrap(), vec![1, 3, 10_000]);
        assert_eq!(gaps(&[1, 3, 4, 7]), vec![2, 5, 6]);
    }

    #[test]
    fn a_folder_may_be_named_as_if_it_held_a_number() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("take#2 %d");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("0007.PNG"), b"").unwrap();
        let pattern = Pattern::numbered(&folder, 4, "PNG");
        assert_eq!(pattern.existing().unwrap(), vec![7]);
        assert_eq!(pattern.path(7), folder.join("0007.PNG"));
        assert_eq!(pattern.extension(), "png");
        assert_eq!(pattern.to_string(), folder.join("%04d.PNG").to_string_lossy());
    }

    #[test]
    fn a_number_in_a_folder_is_found() {
        let dir = tempfile::tempdir().unwrap();
        for frame in ["01", "02"] {
            std::fs::create_dir(dir.path().join(format!("f{frame}"))).unwrap();
            std::fs::write(dir.path().join(format!("f{frame}/beauty.exr")), b"").unwrap();
        }
        let pattern = Pattern::parse(dir.path().join("f##/beauty.exr").to_str().unwrap()).unwrap();
        assert_eq!(pattern.existing().unwrap(), vec![1, 2]);
    }

    #[test]
    fn frame_lists_are_read_in_order_and_each_frame_once() {
        let frames = |text: &str| FrameList::parse(text).unwrap().frames().to_vec();
        assert_eq!(frames("1-5"), vec![1, 2, 3, 4, 5]);
        assert_eq!(frames("1-9x3,2,4"), vec![1, 4, 7, 2]);
        assert_eq!(frames("-2-1"), vec![-2, -1, 0, 1]);
        assert_eq!(frames("-5--3"), vec![-5, -4, -3]);
        assert_eq!(frames(&format!("{}-{}", i64::MAX - 1, i64::MAX)), vec![i64::MAX - 1, i64::MAX]);
        for bad in ["", "a", "5-1", "1-5x0", "1-", "1--", "1-99999999999", "1,,2"] {
            assert!(FrameList::parse(bad).is_err(), "{bad} was taken");
        }
    }

    #[test]
    fn missing_frames_are_told_as_ranges() {
        assert_eq!(FrameList::describe(&[3, 4, 5, 9]), "frames 3-5, 9");
        assert_eq!(FrameList::describe(&[7]), "frame 7");
        assert_eq!([0, 1, 2].map(FrameList::count), ["0 frames", "1 frame", "2 frames"]);
    }
}
