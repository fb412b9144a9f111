//! Copies folders, and puts finished ones into place in one step.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// Copies a folder with everything below it.
///
/// # Errors
/// Naming the file that could not be read or written.
pub fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot create {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot list {}", from.display()))? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy_folder(&source, &target)?;
        } else {
            copy_file(&source, &target)?;
        }
    }
    Ok(())
}

/// Copies a file.
///
/// # Errors
/// Naming both files.
pub fn copy_file(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).map(drop).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))
}

/// Builds a folder beside its place, then renames it there, so that nobody ever sees half of one.
///
/// What stood there before is renamed aside first and deleted last: a host that has it open keeps its files. A failed
/// `build` leaves the old folder as it was.
///
/// # Errors
/// Those of `build`, and of the renames.
pub fn replace_folder(place: &Path, build: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let parent = place.parent().with_context(|| format!("{} has no folder above it", place.display()))?;
    fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
    // The name must not end in .ofx.bundle, or a host that scans the folder now would load the unfinished one.
    let scratch = tempfile::Builder::new()
        .prefix(".rotocel-")
        .tempdir_in(parent)
        .with_context(|| format!("cannot write in {}", parent.display()))?;
    let (new, old) = (scratch.path().join("new"), scratch.path().join("old"));
    build(&new)?;
    let moved = move_aside(place, &old)?;
    if let Err(error) = fs::rename(&new, place) {
        if moved {
            fs::rename(&old, place).with_context(|| format!("cannot put {} back", place.display()))?;
        }
        return Err(error).with_context(|| format!("cannot put the new {} into place", place.display()));
    }
    Ok(())
}

fn move_aside(place: &Path, aside: &PathBuf) -> Result<bool> {
    match fs::rename(place, aside) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).with_context(|| format!("cannot replace {}: is a host using it?", place.display())),
    }
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    #[test]
    fn an_old_folder_is_replaced_whole() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("deep/A.ofx.bundle");
        fs::create_dir_all(&place).unwrap();
        fs::write(place.join("old"), "").unwrap();
        replace_folder(&place, |new| {
            fs::create_dir(new)?;
            Ok(fs::write(new.join("fresh"), "")?)
        })
        .unwrap();
        assert!(place.join("fresh").exists() && !place.join("old").exists());
        assert_eq!(fs::read_dir(place.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_failed_build_leaves_the_old_folder() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("A.ofx.bundle");
        fs::create_dir_all(&place).unwrap();
        assert!(replace_folder(&place, |_| bail!("no space")).is_err());
        assert!(place.is_dir());
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }
}
