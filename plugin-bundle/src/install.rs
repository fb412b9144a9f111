//! `cargo xtask install`: puts the built bundle where hosts look.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::{
    folders::{copy_folder, replace_folder},
    platform::CACHE_ADVICE,
    workspace::{BUNDLE, Workspace},
};

/// Copies the built bundle into a plug-in folder (the platform's standard one when none is given) and says what to do
/// next.
///
/// # Errors
/// When there is no bundle, or the folder cannot be written.
pub fn install(workspace: &Workspace, to: Option<&Path>) -> Result<PathBuf> {
    let standard = workspace.platform.plugin_folder();
    let folder = to.unwrap_or(&standard);
    let place = install_bundle(&workspace.bundle(), folder)?;
    println!("Installed {}", place.display());
    if folder != standard {
        println!("Hosts find it there when the environment holds OFX_PLUGIN_PATH={}", folder.display());
    }
    println!("{CACHE_ADVICE}");
    Ok(place)
}

fn install_bundle(bundle: &Path, folder: &Path) -> Result<PathBuf> {
    ensure!(bundle.is_dir(), "{} is not built yet: run `cargo xtask bundle`", bundle.display());
    let place = folder.join(BUNDLE);
    replace_folder(&place, |new| copy_folder(bundle, new)).with_context(|| {
        format!(
            "cannot install into {}: run this as a user who may write there, or install elsewhere with \
             `cargo xtask install --to DIR` and set OFX_PLUGIN_PATH=DIR for the host",
            folder.display()
        )
    })?;
    Ok(place)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn bundle(root: &Path, content: &str) -> PathBuf {
        let bundle = root.join("built").join(BUNDLE);
        fs::create_dir_all(bundle.join("Contents/Linux-x86-64")).unwrap();
        fs::write(bundle.join("Contents/Linux-x86-64/Rotocel.ofx"), content).unwrap();
        bundle
    }

    #[test]
    fn an_older_bundle_is_replaced_and_nothing_stays_beside() {
        let root = tempfile::tempdir().unwrap();
        let plugins = root.path().join("Plugins");
        install_bundle(&bundle(root.path(), "old"), &plugins).unwrap();
        let place = install_bundle(&bundle(root.path(), "new"), &plugins).unwrap();
        assert_eq!(fs::read_to_string(place.join("Contents/Linux-x86-64/Rotocel.ofx")).unwrap(), "new");
        assert_eq!(fs::read_dir(&plugins).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_that_cannot_be_written_says_what_to_do() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        fs::write(&file, "").unwrap();
        // A file where the folder should be: it refuses even root, who runs these tests on some machines.
        let error = install_bundle(&bundle(root.path(), ""), &file.join("Plugins")).unwrap_err().to_string();
        assert!(error.contains("--to DIR") && error.contains("OFX_PLUGIN_PATH"), "{error}");
    }

    #[test]
    fn without_a_bundle_the_command_that_builds_it_is_named() {
        let root = tempfile::tempdir().unwrap();
        let error = install_bundle(&root.path().join(BUNDLE), root.path()).unwrap_err().to_string();
        assert!(error.contains("cargo xtask bundle"), "{error}");
    }
}
