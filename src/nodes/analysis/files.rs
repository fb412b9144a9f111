//! Results in files beside a project.

use super::file_texts::FileTexts;
use crate::nodes::kept::Key;
use ofx_sdk::{Error, Result};
use std::io::Write as _;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

/// The longest file that is read: beyond it lies no shot.
const MOST_BYTES: u64 = 1 << 30;

/// How a stored text begins that only says that the result lies in a file. Its hash follows, so that the text changes with
/// the file and the host renders again.
const IN_FILE: &str = "in file ";

/// How a stored text begins that says that the artist gave up what lies in a file. Its path follows: of another file nothing
/// is said.
const GIVEN_UP: &str = "cleared ";

/// The files that were read last. Renders of all nodes ask for them.
static RESULTS: FileTexts<ResultFile> = FileTexts::new();

/// A result in a file.
#[derive(Debug)]
pub struct ResultFile {
    text: String,
    stand_in: String,
}

/// A result, wherever it is stored.
#[derive(Debug)]
pub enum StoredText<'t> {
    /// In a parameter.
    InProject(&'t str),
    /// In a file beside the project.
    InFile(Arc<ResultFile>),
}

impl Deref for StoredText<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::InProject(text) => text,
            Self::InFile(file) => &file.text,
        }
    }
}

/// The result that is stored in `text`, or in `file` if it says so; `None` where there is none.
///
/// # Errors
/// A file that cannot be read, that is not named any more, or that is not the one that was written.
pub fn stored_text<'t>(text: &'t str, file: &str) -> Result<Option<StoredText<'t>>> {
    if !holds_result(text) {
        return Ok(None);
    }
    if !text.starts_with(IN_FILE) {
        return Ok(Some(StoredText::InProject(text)));
    }
    if file.trim().is_empty() {
        return Err(Error::node(
            "the analysis lies in a file, but Analysis file is empty: give its path again".to_owned(),
        ));
    }
    let path = Path::new(file.trim());
    let found = RESULTS.get(path, |text| ResultFile { stand_in: stand_in(&text), text })?;
    match text.trim() == found.stand_in {
        true => Ok(Some(StoredText::InFile(found))),
        // Another node's analysis, or one that was made since: to show it would be to show another shot in silence.
        false => Err(Error::node(format!(
            "{} is not the analysis that this node made: press Load to take it, or Clear analysis and analyse again",
            path.display()
        ))),
    }
}

/// Whether a stored text is a result or says where one lies.
pub fn holds_result(text: &str) -> bool {
    !text.trim().is_empty() && !text.starts_with(GIVEN_UP)
}

/// What is stored once the artist has given up the result, whether or not it lies in `file`.
pub fn given_up(file: &str) -> String {
    match file.trim() {
        "" => String::new(),
        file => format!("{GIVEN_UP}{file}"),
    }
}

/// Whether a stored text says that the artist gave up what lies in `file`.
pub fn is_given_up(text: &str, file: &str) -> bool {
    text.strip_prefix(GIVEN_UP).is_some_and(|given_up| given_up == file.trim())
}

/// Lets go of the files that were read.
pub fn forget_files() {
    RESULTS.forget();
}

/// What stands in a project for a result that lies in a file.
fn stand_in(text: &str) -> String {
    format!("{IN_FILE}{:?}", Key::of_texts(&[text]))
}

/// Writes a result into a file, and returns the text that stands for it in the project.
///
/// # Errors
/// As [`write_text`].
pub fn store_in_file(text: &str, file: &Path) -> Result<String> {
    write_text(file, text, true)?;
    Ok(stand_in(text))
}

/// The text of a file.
///
/// # Errors
/// A file that cannot be read, is no UTF-8 or is longer than a gigabyte.
pub fn read_text(path: &Path) -> Result<String> {
    let wrong = |reason: String| Error::node(format!("{} cannot be read: {reason}", path.display()));
    let bytes = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?.len();
    if bytes > MOST_BYTES {
        return Err(wrong("it is larger than a gigabyte; choose another file".to_owned()));
    }
    std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))
}

/// Writes a whole file or none: it is written under another name beside its place and then moved there.
///
/// # Errors
/// A folder that is not there or may not be written to; a file that exists, unless it may be replaced.
pub fn write_text(path: &Path, text: &str, replace: bool) -> Result<()> {
    let wrong = |reason: String| Error::node(format!("{} cannot be written: {reason}", path.display()));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(wrong(format!("there is no folder {}", folder.display())));
    }
    let mut file =
        tempfile::Builder::new().prefix(".rotocel-").tempfile_in(folder).map_err(|error| wrong(error.to_string()))?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.as_file().sync_all())
        .map_err(|error| wrong(error.to_string()))?;
    allow_reading(file.as_file());
    let moved = if replace { file.persist(path) } else { file.persist_noclobber(path) };
    moved.map(drop).map_err(|failed| match failed.error.kind() {
        std::io::ErrorKind::AlreadyExists => wrong("it exists; switch Overwrite on, or give another name".to_owned()),
        _ => wrong(failed.error.to_string()),
    })
}

/// A temporary file is its owner's alone; a result is for everybody who may read the folder.
#[cfg(unix)]
fn allow_reading(file: &std::fs::File) {
    use std::os::unix::fs::PermissionsExt as _;
    if let Err(error) = file.set_permissions(std::fs::Permissions::from_mode(0o644)) {
        log::debug!("{error}; the file stays its owner's");
    }
}

#[cfg(not(unix))]
fn allow_reading(_file: &std::fs::File) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_whole_and_replaced_only_when_that_is_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shot.json");
        write_text(&path, "one", false).unwrap();
        let message = write_text(&path, "two", false).unwrap_err().to_string();
        assert!(message.contains("shot.json") && message.contains("Overwrite"), "{message}");
        assert_eq!(read_text(&path).unwrap(), "one");
        write_text(&path, "two", true).unwrap();
        assert_eq!(read_text(&path).unwrap(), "two");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
        let lost = write_text(&folder.path().join("no/such/folder.json"), "x", true).unwrap_err().to_string();
        assert!(lost.contains("no/such/folder.json"), "{lost}");
    }

    #[test]
    fn what_lies_in_a_file_is_read_from_there_and_its_stand_in_changes_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shot.json");
        let one = store_in_file("one", &path).unwrap();
        assert_eq!(stored_text(&one, path.to_str().unwrap()).unwrap().as_deref(), Some("one"));
        assert_ne!(store_in_file("two", &path).unwrap(), one);
        assert!(stored_text(&one, "").unwrap_err().to_string().contains("Analysis file"));
        assert!(stored_text("", "x").unwrap().is_none());
        assert_eq!(stored_text("{}", "x").unwrap().as_deref(), Some("{}"));
    }

    #[test]
    fn what_was_given_up_is_no_result_and_says_nothing_of_another_file() {
        let text = given_up(" a/shot.json ");
        assert!(stored_text(&text, "a/shot.json").unwrap().is_none());
        assert!(is_given_up(&text, "a/shot.json") && !is_given_up(&text, "b/shot.json") && !is_given_up("", ""));
        assert_eq!(given_up(" "), "");
    }
}
