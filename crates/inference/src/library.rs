//! Shared libraries, looked at before they are loaded.

use std::fs::File;
use std::path::Path;

use object::read::ReadCache;
use object::{Object, ObjectSegment};

/// Checks that the file at `path` is a shared library of some platform and is all there.
///
/// The loader maps what the headers promise without looking at the file's length: one cut short by an interrupted
/// copy ends the whole process with SIGBUS instead of an error.
pub(crate) fn check_whole(path: &Path) -> Result<(), String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let length = file.metadata().map_err(|error| error.to_string())?.len();
    let cache = ReadCache::new(file);
    let library = object::File::parse(&cache).map_err(|error| format!("it is no whole shared library ({error})"))?;
    let end = library.segments().map(|segment| segment.file_range()).map(|(start, size)| start.saturating_add(size));
    match end.max() {
        Some(end) if end <= length => Ok(()),
        Some(end) => Err(format!("it is cut short: {length} of at least {end} bytes are there")),
        None => Err("it has nothing to load".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_program_is_whole_and_any_part_of_it_is_not() {
        let program = std::env::current_exe().unwrap();
        assert_eq!(check_whole(&program), Ok(()));
        let bytes = std::fs::read(&program).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let part = folder.path().join("part");
        for length in [0, 1, 16, 64, 1000, bytes.len() / 10, bytes.len() / 2, bytes.len() * 9 / 10] {
            std::fs::write(&part, &bytes[..length]).unwrap();
            assert!(check_whole(&part).is_err(), "{length} of {} bytes", bytes.len());
        }
    }

    #[test]
    fn text_is_no_library() {
        let folder = tempfile::tempdir().unwrap();
        let text = folder.path().join("text");
        std::fs::write(&text, "hello, loader ".repeat(100)).unwrap();
        assert!(check_whole(&text).unwrap_err().contains("no whole shared library"));
    }
}
