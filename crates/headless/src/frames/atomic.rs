//! Files that are whole or not there.

use crate::error::{Error, Result};
use std::io::Write as _;
use std::path::Path;

/// Writes bytes beside `path` and renames them into place, so that a full disk, a crash or Ctrl-C leaves either the
/// old file or the new one. The folder is made where it is missing.
///
/// # Errors
/// [`Error::Output`] names the file; nothing is left behind.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(folder).map_err(|e| Error::output(path, explain(&e)))?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".rotocel-").suffix(".part");
    // A temporary file is private; a frame is as readable as any other file that the user writes.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder).map_err(|e| Error::output(path, explain(&e)))?;
    file.write_all(bytes).and_then(|()| file.flush()).map_err(|e| Error::output(path, explain(&e)))?;
    file.persist(path).map_err(|e| Error::output(path, explain(&e.error)))?;
    Ok(())
}

fn explain(error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "the disk is full; free some space, then go on with --skip-existing".into()
        }
        ErrorKind::PermissionDenied => format!("no permission to write here ({error})"),
        ErrorKind::ReadOnlyFilesystem => "the disk is read-only".into(),
        ErrorKind::IsADirectory => "a folder of that name exists".into(),
        _ => error.to_string(),
    }
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
