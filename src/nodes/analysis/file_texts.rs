//! Texts of files that were read: renders ask for the same one again and again, from any instance.

use super::files::read_text;
use crate::nodes::kept::lock;
use ofx_sdk::Result;
use std::collections::VecDeque;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

/// Files that are remembered. What was asked for last stays longest.
const MOST_FILES: usize = 8;

/// A file that was written so shortly before it was read may be written again under the same stamp: clocks of file systems
/// are coarse.
const UNSETTLED: Duration = Duration::from_secs(2);

/// What tells a file from what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    path: PathBuf,
    modified: SystemTime,
    bytes: u64,
    /// Another file under the same name has another number, where there are numbers.
    number: u64,
}

impl Stamp {
    /// `None` where the file system does not say when a file was written.
    fn of(path: &Path) -> Option<Self> {
        let found = std::fs::metadata(path).ok()?;
        let (modified, bytes, number) = (found.modified().ok()?, found.len(), number(&found));
        Some(Self { path: path.to_owned(), modified, bytes, number })
    }

    /// Whether the file was left alone for so long that a new text would show in the stamp.
    fn is_settled(&self) -> bool {
        SystemTime::now().duration_since(self.modified).is_ok_and(|age| age > UNSETTLED)
    }
}

#[cfg(unix)]
fn number(found: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(found)
}

#[cfg(not(unix))]
fn number(_found: &Metadata) -> u64 {
    0
}

/// A file's text with what was made of it.
struct Entry<T> {
    stamp: Stamp,
    value: Arc<T>,
}

/// What was made of the texts of some files.
pub struct FileTexts<T>(Mutex<VecDeque<Entry<T>>>);

impl<T> FileTexts<T> {
    /// None yet.
    pub const fn new() -> Self {
        Self(Mutex::new(VecDeque::new()))
    }

    /// What `make` makes of the file's text, or made of it before, if the file is still the same by path, time, length and
    /// number. No lock is held while the file is read.
    ///
    /// # Errors
    /// As [`read_text`]; what is wrong is not remembered.
    pub fn get(&self, path: &Path, make: impl FnOnce(String) -> T) -> Result<Arc<T>> {
        // Before it is read: a file that changes meanwhile then has another stamp than the one that is remembered.
        let stamp = Stamp::of(path);
        if let Some(known) = stamp.as_ref().and_then(|stamp| self.find(stamp)) {
            return Ok(known);
        }
        let value = Arc::new(make(read_text(path)?));
        if let Some(stamp) = stamp.filter(Stamp::is_settled) {
            self.keep(stamp, &value);
        }
        Ok(value)
    }

    /// Lets go of everything.
    pub fn forget(&self) {
        let dropped = std::mem::take(&mut *lock(&self.0));
        drop(dropped);
    }

    fn find(&self, stamp: &Stamp) -> Option<Arc<T>> {
        let mut entries = lock(&self.0);
        let place = entries.iter().position(|entry| entry.stamp == *stamp)?;
        let found = entries.remove(place)?;
        let value = found.value.clone();
        entries.push_front(found);
        Some(value)
    }

    fn keep(&self, stamp: Stamp, value: &Arc<T>) {
        let mut entries = lock(&self.0);
        let (same, mut others): (VecDeque<_>, VecDeque<_>) =
            entries.drain(..).partition(|entry| entry.stamp.path == stamp.path);
        others.push_front(Entry { stamp, value: value.clone() });
        let dropped = others.split_off(MOST_FILES.min(others.len()));
        *entries = others;
        drop(entries);
        drop((same, dropped));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    fn write(path: &Path, text: &str, age: Duration) {
        std::fs::write(path, text).unwrap();
        let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000) - age;
        let modified = if age.is_zero() { SystemTime::now() } else { modified };
        File::options().write(true).open(path).unwrap().set_modified(modified).unwrap();
    }

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn a_file_is_read_once_until_its_stamp_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shot.json");
        let texts = FileTexts::new();
        let text = || texts.get(&path, |text| text).unwrap();
        write(&path, "one", HOUR);
        let one = text();
        assert!(Arc::ptr_eq(&one, &text()), "shared by all who ask");
        // The stamp says that it is the same, so that nobody reads it.
        write(&path, "two", HOUR);
        assert_eq!(*text(), "one");
        write(&path, "two", 2 * HOUR);
        assert_eq!(*text(), "two", "another time");
        write(&path, "three", 2 * HOUR);
        assert_eq!(*text(), "three", "another length");
        texts.forget();
        assert_eq!(*text(), "three");
        std::fs::remove_file(&path).unwrap();
        assert!(texts.get(&path, |text| text).is_err(), "what is gone is not shown from memory");
    }

    #[test]
    fn a_file_that_was_only_just_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shot.json");
        let texts = FileTexts::new();
        write(&path, "one", Duration::ZERO);
        assert_eq!(*texts.get(&path, |text| text).unwrap(), "one");
        assert!(lock(&texts.0).is_empty(), "it may change again under the same stamp");
    }

    #[test]
    fn a_few_files_are_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let texts = FileTexts::new();
        for k in 0..MOST_FILES + 3 {
            let path = folder.path().join(format!("{k}.json"));
            write(&path, "text", HOUR);
            texts.get(&path, |text| text).unwrap();
        }
        assert_eq!(lock(&texts.0).len(), MOST_FILES);
    }
}
