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
#[path = "../../../tests/damage/mod.rs"]
mod damage;

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

    /// Headers of 64-bit ELF alone: the file's own, and two segments.
    fn elf() -> Vec<u8> {
        let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
        bytes.resize(16, 0);
        let halves = |values: &[u16]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>();
        let words = |values: &[u64]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>();
        bytes.extend(halves(&[3, 62, 1, 0]));
        bytes.extend(words(&[0, 64, 0]));
        bytes.extend(halves(&[0, 0, 64, 56, 2, 64, 0, 0]));
        for (start, size) in [(0, 176), (176, 100)] {
            bytes.extend(halves(&[1, 0, 5, 0]));
            bytes.extend(words(&[start, 0, 0, size, size, 4096]));
        }
        bytes.resize(276, 7);
        bytes
    }

    #[test]
    fn damaged_headers_are_refused_or_promise_no_more_than_there_is() {
        let seeds = [elf()];
        let folder = std::env::temp_dir();
        let (mut whole, mut refused) = (0, 0);
        let fuzz = damage::Fuzz {
            reader: ".so",
            seeds: &seeds,
            words: &[b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"!<arch>\n"],
            count: 600,
            repair: damage::no_repair,
            knowing: None,
        };
        fuzz.run(&folder, |path, _| match check_whole(path) {
            Ok(()) => whole += 1,
            Err(reason) => {
                assert!(!reason.is_empty());
                refused += 1;
            }
        });
        assert!(whole > 30 && refused > 30, "{whole} whole, {refused} refused");
    }
}
