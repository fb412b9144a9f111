//! Files that are whole or not there, and texts that end.

use crate::error::{Error, Result};
use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::Path;

/// Writes bytes beside `path` and renames them into place, so that a full disk, a crash or Ctrl-C leaves either the
/// old file or the new one. It is on the disk then: a network share tells only there that a quota is used up. The folder is
/// made where it is missing.
///
/// # Errors
/// [`Error::Output`] or [`Error::DiskFull`] names the file; nothing is left behind.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    if is_stream(path) {
        return write_through(path, bytes);
    }
    let folder = folder_of(path);
    std::fs::create_dir_all(folder).map_err(|e| refused(path, &e))?;
    let mut file = part_file(folder).map_err(|e| refused(path, &e))?;
    file.write_all(bytes).and_then(|()| on_disk(file.as_file().sync_all())).map_err(|e| refused(path, &e))?;
    file.persist(path).map_err(|e| refused(path, &e.error))?;
    Ok(())
}

/// Says now what [`write_whole`] would say after an hour's work. Nothing is made, and nothing left behind.
///
/// # Errors
/// [`Error::Output`] or [`Error::DiskFull`] names the file.
pub fn check_writable(path: &Path) -> Result<()> {
    if is_stream(path) {
        // Whoever reads a pipe would take its first end for the last one.
        return Ok(());
    }
    let told = |e: &std::io::Error| refused(path, e);
    if path.is_dir() {
        return Err(told(&ErrorKind::IsADirectory.into()));
    }
    let mut folder = folder_of(path);
    // What is missing is made when it is written to, if the folder above may be written to.
    while let (Err(found), Some(above)) = (std::fs::metadata(folder), folder.parent()) {
        if found.kind() != ErrorKind::NotFound {
            return Err(told(&found));
        }
        folder = if above.as_os_str().is_empty() { Path::new(".") } else { above };
    }
    part_file(folder).map(drop).map_err(|e| told(&e))
}

/// Not every share can be asked to put a file on its disk: on macOS most of SMB cannot. That is no failure to write.
fn on_disk(asked: std::io::Result<()>) -> std::io::Result<()> {
    asked.or_else(|e| match e.kind() {
        ErrorKind::Unsupported | ErrorKind::InvalidInput => Ok(()),
        _ => Err(e),
    })
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn part_file(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".rotocel-").suffix(".part");
    // A temporary file is private; a frame is as readable as any other file that the user writes.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

/// Whether the path is a pipe, a terminal or a device: renaming would put a file in its place.
fn is_stream(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

fn write_through(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut stream = File::options().write(true).open(path).map_err(|e| refused(path, &e))?;
    stream.write_all(bytes).and_then(|()| stream.flush()).map_err(|e| refused(path, &e))
}

/// Reads a text of at most `most` bytes; a device or a wrong file must not fill the memory.
///
/// # Errors
/// [`Error::Input`] names the file.
pub fn read_text(path: &Path, most: u64) -> Result<String> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|e| match e.kind() {
        ErrorKind::NotFound => Error::input(path, "there is no such file"),
        _ => Error::input(path, e),
    })?;
    file.take(most + 1).read_to_end(&mut bytes).map_err(|e| Error::input(path, e))?;
    if bytes.len() as u64 > most {
        return Err(Error::input(path, format!("it is longer than {most} bytes; it is not the file that is meant")));
    }
    String::from_utf8(bytes).map_err(|_| Error::input(path, "it is not text (UTF-8)"))
}

/// A file that the system does not let us write, with what to do.
fn refused(path: &Path, error: &std::io::Error) -> Error {
    use std::io::ErrorKind;
    let reason = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            return Error::DiskFull { path: path.to_path_buf(), resumable: false };
        }
        ErrorKind::FileTooLarge => format!("no file may be this large here; raise the limit or free a quota ({error})"),
        // `create_dir_all` finds that something exists where a folder should be.
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            format!("a part of the path is a file, not a folder ({error})")
        }
        ErrorKind::InvalidFilename => format!("the name or the path is too long; choose a shorter one ({error})"),
        ErrorKind::PermissionDenied => format!("no permission to write here; choose another folder ({error})"),
        ErrorKind::ReadOnlyFilesystem => "the disk is read-only; choose another folder".to_owned(),
        ErrorKind::IsADirectory => "a folder of that name exists; choose another name".to_owned(),
        _ => error.to_string(),
    };
    Error::output(path, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("made/here/a.bin");
        write_whole(&path, b"one").unwrap();
        write_whole(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_share_that_cannot_be_asked_for_its_disk_is_written_to_and_a_full_one_is_not() {
        for kind in [ErrorKind::Unsupported, ErrorKind::InvalidInput] {
            on_disk(Err(kind.into())).unwrap();
        }
        for kind in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded] {
            assert_eq!(on_disk(Err(kind.into())).unwrap_err().kind(), kind);
        }
    }

    #[test]
    fn what_cannot_be_written_is_known_before_and_what_can_be_leaves_no_trace() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("file"), b"kept").unwrap();
        std::fs::create_dir(at("folder")).unwrap();
        for bad in ["file/a.json", "file/deeper/a.json", "folder"] {
            let told = check_writable(&at(bad)).unwrap_err();
            assert_eq!(told.exit_code(), crate::error::EXIT_OUTPUT, "{told}");
            assert!(told.to_string().contains(bad), "{told}");
        }
        for good in ["file", "new.json", "made/here/new.json"] {
            check_writable(&at(good)).unwrap();
        }
        assert_eq!(std::fs::read(at("file")).unwrap(), b"kept");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_device_is_written_to_and_never_replaced_and_a_full_one_says_so() {
        use std::os::unix::fs::FileTypeExt as _;
        let full = Path::new("/dev/full");
        let error = write_whole(full, b"x").unwrap_err();
        assert_eq!(error.exit_code(), crate::error::EXIT_OUTPUT);
        assert!(error.to_string().ends_with("/dev/full: the disk is full; free some space"), "{error}");
        let of_frames = error.and_skip_existing().to_string();
        assert!(of_frames.ends_with("free some space, then go on with --skip-existing"), "{of_frames}");
        write_whole(Path::new("/dev/null"), b"x").unwrap();
        for device in [full, Path::new("/dev/null")] {
            assert!(std::fs::metadata(device).unwrap().file_type().is_char_device(), "{}", device.display());
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_text_without_an_end_is_not_read_to_its_end() {
        assert!(read_text(Path::new("/dev/zero"), 1000).unwrap_err().to_string().contains("/dev/zero: it is longer"));
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("latin1.json");
        std::fs::write(&path, b"gr\xf6\xdfer").unwrap();
        assert!(read_text(&path, 1000).unwrap_err().to_string().contains("latin1.json: it is not text"));
        std::fs::write(&path, "größer").unwrap();
        assert_eq!(read_text(&path, 8).unwrap(), "größer");
        assert!(read_text(&path, 7).is_err());
        assert!(
            read_text(&dir.path().join("none"), 7).unwrap_err().to_string().ends_with("none: there is no such file")
        );
    }

    #[test]
    fn paths_that_no_file_can_have_are_errors_that_say_why() {
        let dir = tempfile::tempdir().unwrap();
        let told = |path: &Path| write_whole(path, b"x").unwrap_err().to_string();
        assert!(told(&dir.path().join("x".repeat(4000))).contains("too long"));
        std::fs::write(dir.path().join("file"), b"").unwrap();
        for inside in ["file/a.exr", "file/deeper/a.exr"] {
            let told = told(&dir.path().join(inside));
            assert!(told.contains(inside) && told.contains("a part of the path is a file, not a folder"), "{told}");
        }
    }

    #[test]
    fn a_folder_in_the_way_is_an_output_error_that_names_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("taken");
        std::fs::create_dir_all(path.join("inside")).unwrap();
        let error = write_whole(&path, b"x").unwrap_err();
        assert_eq!(error.exit_code(), crate::error::EXIT_OUTPUT);
        assert!(error.to_string().contains("taken"));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "the part file was left behind");
    }
}
